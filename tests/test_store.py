"""Settings and the store: results found by what made them, and nothing half written."""

import errno
import os
from pathlib import Path

import pytest

from helpers import imported, settings, store
from helpers.errors import CourseError


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def test_a_key_depends_on_content_and_not_on_order():
    assert store.key(a=1, b=[2, 3]) == store.key(b=[2, 3], a=1)
    assert store.key(a=1) != store.key(a=2) != store.key(b=1)
    assert len(store.key(a=1)) == 16


def test_what_was_made_is_found_and_not_made_again():
    made = []

    def make() -> str:
        made.append("made")
        return "text"

    def get(what: dict) -> str:
        return store.keep(
            "kind",
            what,
            make,
            lambda text, folder: (folder / "t").write_text(text),
            lambda folder: (folder / "t").read_text(),
        )

    assert [get({"a": 1}), get({"a": 1})] == ["text", "text"] and made == ["made"]
    get({"a": 2})
    assert made == ["made", "made"]


def test_an_error_while_writing_leaves_nothing(own_store):
    def write(draft: Path) -> None:
        (draft / "half").write_text("half")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        store.write_folder(own_store / "kind" / "place", write)
    assert list((own_store / "kind").iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(own_store):
    def write(draft: Path) -> None:
        (draft / "half").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(
        CourseError, match=r"place: the disk is full; free some space"
    ) as told:
        store.write_folder(own_store / "kind" / "place", write)
    assert "\n" not in str(told.value)
    assert list((own_store / "kind").iterdir()) == []


def test_a_twin_that_was_faster_is_kept(own_store, monkeypatch):
    """Where a disk knows no locks, two processes may make the same."""
    place = own_store / "kind" / "place"
    monkeypatch.setattr(store.locks, "_taken", lambda *_: None)

    def write(draft: Path) -> None:
        store.write_folder(place, lambda twin: (twin / "t").write_text("first"))
        draft.joinpath("t").write_text("second")

    store.write_folder(place, write)
    assert (place / "t").read_text() == "first"
    assert [path.name for path in place.parent.iterdir()] == ["place"]


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """A house of its own: `top` imports `low` from a package, and nobody imports `aside`."""
    for name, text in {
        "__init__": "",
        "top": "from helpers.inner.low import a\nb = a + 1",
        "inner/__init__": "",
        "inner/low": "a = 1",
        "aside": "c = 3",
    }.items():
        path = tmp_path / "helpers" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def file(name: str) -> Path | None:
        path = tmp_path.joinpath(*name.split("."))
        for one in (path / "__init__.py", path.with_suffix(".py")):
            if one.is_file():
                return one
        return None

    monkeypatch.setattr(imported, "_sources", {})
    monkeypatch.setattr(imported, "file", file)

    def rewritten(name: str, text: str) -> str:
        (tmp_path / "helpers" / f"{name}.py").write_text(text)
        return store.code("top")

    return rewritten


def test_code_follows_what_a_room_imports_and_nothing_else(rooms):
    before = store.code("top")
    assert rooms("aside", "c = 4") == before
    changed = rooms("inner/low", "a = 2")
    assert changed != before
    assert rooms("top", "from helpers.inner.low import a\nb = a + 2") not in (
        before,
        changed,
    )


def test_a_constant_that_nobody_uses_changes_nothing(rooms):
    before = store.code("top")
    assert rooms("inner/low", "a = 1\nunused = 2") == before
    assert rooms("inner/low", "a = unused + 1\nunused = 0") != before


def test_comments_docstrings_and_layout_change_no_code(rooms):
    before = store.code("top")
    assert rooms("inner/low", "# why\na = (\n    1\n)") == before
    assert rooms("inner/low", '"""One."""\n\n\n# why\na = (\n    1\n)') == before


def test_an_augmentations_settings_and_code_make_another_run():
    from helpers import adaptation, runs, training

    light, gamma = training.light_augmentation(), adaptation.RandomGamma(0.5, 2.0)
    assert (
        runs._recipe(light)
        == runs._recipe(training.light_augmentation())
        != runs._recipe(gamma)
    )
    assert runs._recipe(adaptation.RandomGamma(0.5, 3.0)) != runs._recipe(gamma)


@pytest.mark.parametrize(
    "given, words",
    [
        ({"profile": "huge"}, "no profile 'huge'; choose one of smoke, quick, full"),
        ({"on_bad": "hope"}, "choose stop or skip"),
        ({"data": "/no/such/folder"}, "DATA=/no/such/folder: there is no such folder"),
    ],
)
def test_a_parameter_that_means_nothing_is_told_in_one_sentence(given, words):
    with pytest.raises(CourseError) as told:
        settings.course(**given)
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_relative_folder_is_the_one_where_the_command_was_typed(
    tmp_path, monkeypatch
):
    (tmp_path / "here" / "frames").mkdir(parents=True)
    monkeypatch.setenv("COURSE_FROM", str(tmp_path / "here"))
    monkeypatch.chdir(tmp_path)
    assert (
        settings.course(data="frames").data == (tmp_path / "here" / "frames").resolve()
    )


def test_the_full_profile_is_the_published_recipe():
    full = settings.PROFILES["full"]
    assert (
        full.encoder,
        full.size,
        full.batch,
        full.learning_rate,
        full.weight_decay,
        full.epochs,
        full.patience,
    ) == ("resnet34", (256, 256), 16, 1e-4, 1e-5, 50, 10)


def test_a_changed_number_leaves_the_profile_alone():
    course = settings.course("quick")
    assert (
        course.but(epochs=99).numbers.epochs == 99
        and course.numbers.epochs == settings.PROFILES["quick"].epochs
    )
    assert os.fspath(settings.store_folder()).endswith("store")
