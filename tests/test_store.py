"""The store: results are found by what made them, whole or made anew, and what grows too large goes."""

import errno
import os
import random
import shutil
import subprocess
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from entries_by_hand import begun, six

from helpers import CourseError, settings, store
from report.notebooks import lessons

pytestmark = pytest.mark.usefixtures("own_store")


def apart(script: str) -> subprocess.Popen:
    """A script in a process of its own, which has `six` too."""
    here = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    words = here + "from entries_by_hand import six, store\n" + script
    return begun(["-c", words], stderr=subprocess.STDOUT)


# What is found


def test_what_was_made_is_found_and_not_made_again():
    made = []
    assert six(made=made) == six(made=made) != six("seven", made=made)
    assert made == ["six", "seven"]
    six(made=made, anew=True)
    assert made == ["six", "seven", "six"]
    assert store.key(a=1, b=[2]) == store.key(b=[2], a=1) != store.key(a=1, b=[3])


# What an entry depends on

HOUSE = {
    "helpers": "",
    "helpers.top": "from helpers.inner.low import a\nb = a + 1\n",
    "helpers.inner": "",
    "helpers.inner.low": "def a():\n    return 1\n",
    "helpers.late": "def c():\n    from helpers import top\n    return top.b\n",
    "helpers.aside": "d = 3\n",
}


@pytest.mark.parametrize(
    "module, text, anew",
    [
        ("helpers.inner.low", "def a():\n    return 2\n", {"top", "late"}),
        ("helpers.inner.low", "# why\ndef a():\n    return (\n        1)\n", set()),
        ("helpers.top", "from helpers import aside\nb = 2\n", {"top", "late"}),
        ("helpers.late", "c = 0\n", {"late"}),
        ("helpers.aside", "d = 4\n", set()),
    ],
)
def test_an_edit_makes_anew_what_imports_it_and_nothing_else(
    monkeypatch, module, text, anew
):
    def codes() -> dict[str, str]:
        makers = {one: SimpleNamespace(__module__=f"helpers.{one}") for one in names}
        return {one: store.made_by(maker)["code"] for one, maker in makers.items()}

    names = ("top", "late")
    monkeypatch.setattr(store, "_sources", dict(HOUSE))
    before = codes()
    store._sources[module] = text
    assert {one for one, code in codes().items() if code != before[one]} == anew


def test_a_lessons_edit_runs_that_lesson_alone(tmp_path):
    from report.execute import execute

    copies = [Path(shutil.copy(path, tmp_path)) for path in lessons()[:3]]
    key = partial(store.made_by, execute)
    before = [key(one) for one in copies]
    copies[1].write_text(copies[1].read_text() + "# One more line.\n")
    assert [key(one) == was for one, was in zip(copies, before)] == [True, False, True]


@pytest.mark.parametrize("given", ["20 GB", "nan", "0", "-3"])
def test_a_limit_that_is_no_number_is_said_before_anything_is_made(given, monkeypatch):
    monkeypatch.setenv("COURSE_STORE_GB", given)
    with pytest.raises(CourseError, match="COURSE_STORE_GB"):
        store.entry("kind", {"given": given}, lambda draft: pytest.fail("made"))


def test_what_no_network_or_frame_may_wait_for():
    from helpers import domains, frames, training

    aloof = "charts pictures lesson remedies published clicks habits play shift"
    for maker in (domains.kept, frames.pack, training.trained):
        rooms = {name.split(".")[1] for name in store.reached(maker) if "." in name}
        assert "settings" in rooms and not rooms & set(aloof.split()), maker


def test_packages_and_the_device_are_in_the_key(monkeypatch):
    import torch

    from helpers import frames, training

    found = store.made_by(training.trained)
    assert found["device"] == settings.device()
    assert found["packages"]["torch"] == torch.__version__.split("+")[0]
    assert store.made_by(frames.pack)["device"] is None
    assert store.made_by(lessons()[0])["device"]
    monkeypatch.setattr(store, "_versions", lambda: {"torch": "9"})
    assert store.made_by(training.trained) != found


def test_what_was_edited_after_it_began_stores_nothing_under_the_wrong_key(tmp_path):
    """In a small house of the real store, with a room that makes something."""
    house, kept = tmp_path / "clone", tmp_path / "kept"
    shutil.copytree(settings.ROOT / "helpers", house / "helpers")
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(settings.ROOT / name, house)
    tool = house / "helpers" / "tool.py"
    (house / "helpers" / "maker.py").write_text(
        "from pathlib import Path\nfrom helpers import store\n"
        "def made(before=lambda: None):\n"
        "    def write(draft):\n        before()\n        from helpers import tool\n"
        "        (draft / 't').write_text(tool.value)\n"
        "    return (store.entry('kind', {}, write, write) / 't').read_text()\n"
        f"edit = lambda: Path({str(tool)!r}).write_text('value = 2 * \"new\"\\n')\n"
    )

    def run(script: str) -> str:
        script = f"from helpers.maker import edit, made\n{script}"
        place = {"PYTHONPATH": str(house), "COURSE_STORE": str(kept)}
        done = begun(["-c", script], stderr=subprocess.STDOUT, cwd=house, **place)
        return done.communicate()[0].strip()

    imported = "from helpers import tool; made(edit)"
    for script in ("edit(); made()", "made(edit)", imported):
        tool.write_text("value = 'old'\n")
        assert "CourseError: The course's code was edited after" in run(script)
        assert not list((kept / "kind").iterdir())
    assert [run("print(made())") for _ in "12"] == ["newnew"] * 2


# Two at once, and killed


def test_processes_that_want_the_same_make_it_once_and_all_have_it(tmp_path):
    mark = tmp_path / "made.txt"
    script = (
        "import time\ndef write(draft):\n"
        f"    open({str(mark)!r}, 'a').write('x'); time.sleep(1); (draft / 'x').write_text('1')\n"
        "print((store.entry('kind', {}, write) / 'x').read_text())"
    )
    several = [apart(script) for _ in range(3)]
    assert [one.communicate()[0].strip()[-1] for one in several] == ["1"] * 3
    assert mark.read_text() == "x"


def test_a_killed_makers_draft_is_nothing_and_goes(own_store):
    maker = apart(
        "def write(draft):\n    (draft / 'big').write_bytes(bytes(10_000))\n"
        "    print('begun', flush=True); sys.stdin.read()\n"
        "store.entry('kind', {}, write)"
    )
    assert maker.stdout.readline() == "begun\n"
    [(_, size, draft)] = store.kept()
    assert size == 10_000 and not store.drop(draft)  # it is being made
    maker.kill()
    maker.communicate()
    assert [path.name for path in (own_store / "kind").iterdir()] == [draft.name]
    place = store.entry("kind", {}, lambda draft: (draft / "x").write_text("1"))
    assert list((own_store / "kind").iterdir()) == [place]


# Damage


def flip(path: Path, chance: random.Random) -> None:
    held = bytearray(path.read_bytes())
    held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
    path.write_bytes(held)


DAMAGES = {
    "a bit": flip,
    "cut": lambda path, _: path.write_bytes(path.read_bytes()[:-5]),
    "empty": lambda path, _: path.write_bytes(b""),
    "gone": lambda path, _: path.unlink(),
    "one more": lambda path, _: path.with_name("more.npy").write_bytes(b"1"),
}


def predicted() -> bytes:
    def write(draft: Path) -> None:
        np.save(draft / "found.npy", np.arange(600, dtype=np.uint8))

    place = store.entry("predictions", {}, write)
    return np.load(place / "found.npy", mmap_mode="r").tobytes()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("seal", [True, False])
def test_a_damaged_entry_is_made_anew_with_a_sentence(damage, seal, capsys):
    right = predicted()
    [(_, _, place)] = store.kept()
    files = [one for one in place.iterdir() if (one.name == store.WHOLE) == seal]
    damage(files[0], random.Random(0))
    store._verified.clear()  # as another process would meet it
    assert predicted() == right
    assert capsys.readouterr().err.count(f"{place} is damaged") == 1
    assert predicted() == right  # and without a word from now on
    assert not capsys.readouterr().err


# A disk that is full, and places that can't be written


@pytest.mark.parametrize(
    "error, words",
    [
        (OSError(errno.ENOSPC, "No space left on device"), "free some space"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "free some space"),
        (OSError("4096 requested and 512 written"), "free some space"),
        (RuntimeError("stopped"), "stopped"),
        (FileNotFoundError(errno.ENOENT, "There is none", "/no/file"), "There is none"),
    ],
    ids=str,
)
def test_an_error_while_writing_leaves_nothing_and_a_full_disk_is_told(
    own_store, error, words
):
    def write(draft: Path) -> None:
        (draft / "half").write_text("half")
        raise error

    full = words == "free some space"
    with pytest.raises(CourseError if full else type(error), match=words) as told:
        store.entry("kind", {}, write)
    assert full == ("kind" in str(told.value)) and "\n" not in str(told.value)
    assert not list((own_store / "kind").iterdir())


def test_a_real_limit_on_what_a_file_may_hold_leaves_no_draft(own_store):
    said, _ = apart(
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "import numpy as np, torch; from helpers.models import write_state\n"
        "from helpers import CourseError\n"
        "for write in (lambda draft: write_state({'a': torch.zeros(9_999)}, draft / 'a.pt'),\n"
        "              lambda draft: np.save(draft / 'x.npy', np.zeros(40_000))):\n"
        "    try:\n        store.entry('kind', {}, write)\n"
        "    except CourseError as error:\n        print(error)\n"
    ).communicate()
    assert said.count("free some space") == 2 and "Trace" not in said
    assert not list((own_store / "kind").iterdir())


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null", "/dev/null/store"])
def test_a_store_that_cannot_be_written_is_one_sentence(monkeypatch, place):
    monkeypatch.setenv("COURSE_STORE", place)
    with pytest.raises(CourseError, match="name another folder with COURSE_STORE"):
        six()


def test_what_is_there_is_found_where_nothing_can_be_written(monkeypatch):
    right = predicted()

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    store._verified.clear()
    monkeypatch.setattr(store.FileLock, "acquire", refuse)
    monkeypatch.setattr(os, "utime", refuse)
    assert predicted() == right


def test_a_relative_path_is_the_one_where_the_command_was_typed(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", "other/../mine")
    monkeypatch.chdir(tmp_path)
    assert settings.store_folder() == tmp_path / "mine"
    monkeypatch.setenv("COURSE_STORE", "~/mine")
    assert settings.store_folder() == Path("~/mine").expanduser()
    (tmp_path / "here" / "frames").mkdir(parents=True)
    monkeypatch.setenv("COURSE_FROM", str(tmp_path / "here"))
    assert settings.course(data="frames").data == tmp_path / "here" / "frames"


# A limit


def test_above_its_limit_the_store_drops_what_was_used_longest_ago(monkeypatch):
    apart("six('older'); six('old'); six('newer')").communicate()
    older, old, newer = (
        store.folder("sixes", {"name": name}) for name in ("older", "old", "newer")
    )
    six("older")  # so that this process uses it
    for number, place in enumerate((older, old)):
        os.utime(place, (number, number))
    monkeypatch.setenv("COURSE_STORE_GB", str(2500 / 1e9))
    third = six("third")
    assert older.exists() and third.exists() and not old.exists()
    assert newer.exists()  # above the limit, but it was used today


def test_two_writers_at_the_limit_lose_nothing(monkeypatch):
    monkeypatch.setenv("COURSE_STORE_GB", str(1500 / 1e9))
    script = (
        "places = []\nfor number in range(20):\n    places.append(six(f'{me} {number}'))\n"
        "    assert all((one / 'inside' / 'x').exists() for one in places)\n"
        "assert all(map(store.whole, places)); print('whole', flush=True)"
    )
    writers = [apart(f"me = {me}\n{script}") for me in range(2)]
    assert [one.communicate()[0] for one in writers] == ["whole\n"] * 2


def test_the_size_is_said_and_all_goes_but_what_is_not_the_stores(own_store):
    apart("six()").communicate()
    others = [own_store / "thesis" / "chapter.txt", own_store / "sixes" / "notes"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    assert "in 1 results" in store.said()
    said, _ = begun(["-m", "helpers.store", "clear"]).communicate()
    assert "in 0 results" in said
    assert all(path.read_text() == "mine" for path in others)


# What a page's key holds besides, and what a course is made of


def test_published_tables_are_looked_at_when_the_data_lies_elsewhere(
    tmp_path, monkeypatch
):
    from report.execute import inputs

    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "own")
    (tmp_path / "elsewhere").mkdir()
    course = settings.course("smoke", data=str(tmp_path / "elsewhere"))
    before = inputs(course)
    fetched = tmp_path / "own" / "published"
    fetched.mkdir(parents=True)
    assert inputs(course) == before
    (fetched / "per_frame.csv").write_text("a")
    assert inputs(course) != before


def test_a_changed_table_makes_the_pages_anew(monkeypatch):
    """And an edited source: a lesson may show it with its comments."""
    checksum = store._checksum
    codes = []
    for changed in ("", "black.csv", "lesson.py"):
        summed = lambda one, name=changed: f"{one.name == name} {checksum(one)}"  # noqa: E731
        monkeypatch.setattr(store, "_checksum", summed)
        codes.append(store.made_by(lessons()[5])["code"])
    assert len({*codes}) == 3


def test_the_full_profile_is_the_published_recipe():
    full = settings.PROFILES["full"]
    assert (full.encoder, full.size, full.batch) == ("resnet34", (256, 256), 16)
    assert (full.learning_rate, full.weight_decay) == (1e-4, 1e-5)
    assert (full.epochs, full.patience) == (50, 10)
    # And the only one in half precision.
    assert [one.half for one in settings.PROFILES.values()] == [False, False, True]
    course = settings.course("quick").but(epochs=99)
    assert course.numbers.epochs == 99 != settings.PROFILES["quick"].epochs
