"""A name is only text: whatever files, folders and subjects are called, nothing runs,
nothing is fetched, nothing of the machine gets into a page."""

import os
import subprocess
from pathlib import Path

import pytest
from frames_by_hand import write_own
from hostile_names import HOSTILE, may_be_a_file
from lessons_by_hand import lesson as written
from lessons_by_hand import result
from test_browser import Visit

from helpers import frames, names, settings
from helpers.errors import CourseError
from report.build import build
from report.frame import policy
from report.prose import Prose


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_becomes_letters_that_do_nothing(name: str) -> None:
    shown = names.text(name)
    assert not set(shown) & set("<>&$`*[]|\\") and "://" not in shown
    assert shown.isprintable()
    assert names.text(shown) == shown


@pytest.mark.parametrize("name", ["pig1", "video01_00080", "Ärztin 2 (links)", "a-b"])
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert names.text(name) == name


def test_a_name_that_is_no_text_is_shown_by_its_bytes() -> None:
    assert names.text(os.fsdecode(b"pig\xff")) == "pig∖udcff"


@pytest.mark.parametrize(
    "name", [one for one in HOSTILE if may_be_a_file(one) and one.isprintable()]
)
def test_a_subject_called_like_a_command_is_shown_and_its_frames_are_read(
    name: str, tmp_path: Path
) -> None:
    for subject in (name, "other"):
        write_own(tmp_path / "own", [f"{subject}/1", f"{subject}/2"])
    table = frames.index(tmp_path / "own").table
    assert set(table["subject"]) == {names.text(name), "other"}
    for row in table.itertuples():
        assert frames.read(row)[0].ndim == 3


def test_two_subjects_that_would_look_the_same_are_refused(tmp_path: Path) -> None:
    for subject in ("a<b", "a‹b"):
        write_own(tmp_path / "own", [f"{subject}/1"])
    with pytest.raises(CourseError, match="two subjects whose names look the same"):
        frames.index(tmp_path / "own")


def test_a_file_called_like_markup_is_named_in_a_sentence_that_does_nothing(
    tmp_path: Path,
) -> None:
    write_own(tmp_path / "own", ["a/1", "a/<svg onload=taken>"])
    (tmp_path / "own" / "masks" / "a" / "<svg onload=taken>.png").unlink()
    skipped = frames.index(tmp_path / "own", on_bad="skip").skipped
    assert len(skipped) == 1 and "‹svg onload=taken›.png has no mask" in skipped[0]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose notes and results hold such names as they are: the page's own
    defence, behind the reader's."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "lessons").mkdir()
    notes = ", ".join(repr(name) for name in HOSTILE)
    written(folder / "lessons", "00_first", result(notes=notes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(folder / "store"))
        build(settings.course("smoke"), folder / "lessons", folder / "site")
    return folder / "site"


def test_nothing_in_a_page_runs_that_the_course_did_not_write(
    browser, hostile: Path
) -> None:
    for path in sorted(hostile.glob("*.html")):
        visit = Visit(browser, path)
        assert visit.page.title() != "taken" and visit.wrong == [], path.name


def test_a_script_that_got_into_a_page_is_stopped_by_its_policy(
    browser, hostile: Path, tmp_path: Path
) -> None:
    page = (hostile / "index.html").read_text(encoding="utf-8")
    for late in (
        "<script>document.title = 'taken'</script>",
        '<img src="data:," alt="x" onerror="document.title = \'taken\'">',
    ):
        (tmp_path / "index.html").write_text(page.replace("</main>", late + "</main>"))
        visit = Visit(browser, tmp_path / "index.html")
        visit.page.wait_for_timeout(200)
        assert visit.page.title() != "taken"
        assert any("Content Security Policy" in one for one in visit.wrong)


def test_the_policy_lets_in_the_scripts_that_stand_in_the_page() -> None:
    made = policy("<script>one()</script><script src='a.js'></script>")
    # sha256 of "one()", by another program.
    assert "'sha256-" in made and made.count("sha256") == 1
    assert policy("<p>none</p>").startswith("default-src 'none'; script-src 'self';")


@pytest.mark.parametrize(
    "said", ["<script>x</script>", "<p onclick='x'>", "<iframe src='x'></iframe>"]
)
def test_words_run_nothing(said: str, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="words run nothing"):
        Prose(tmp_path)(said)


def test_no_file_outside_the_lessons_is_embedded(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "lessons").mkdir()
    for address in ("../secret.png", str(tmp_path / "secret.png")):
        with pytest.raises(CourseError, match="isn't there"):
            Prose(tmp_path / "lessons")(f"![a]({address})")


def test_make_reads_no_command_in_what_it_is_given(tmp_path: Path) -> None:
    """Neither the shell's nor its own; nor does it matter that a make runs the tests."""
    ours = ("MAKE", "MFLAGS", "PROFILE", "SEED", "DATA", "SOURCE", "TARGET", "ON_BAD")
    ours += ("ENCODER", "WEIGHTS", "ON", "FOLDS", "ENCODERS", "REMEDIES", "SEEDS")
    ours += ("WORKERS", "THREADS", "PLAN")
    alone = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((*ours, "PUBLI"))
    }
    for given in ("`touch taken`", "$(shell touch taken)", '"; touch taken; "', "$x"):
        named = f"/nowhere/{given}"
        # The Makefile's own lines, with a program that prints what it is given.
        shown = subprocess.run(
            ["make", "-f", "-", "shown", f"DATA={named}", f"SEEDS={named}"],
            cwd=tmp_path,
            input=MAKEFILE,
            env=alone,
            capture_output=True,
            text=True,
        )
        lines = shown.stdout.split("\n")
        assert lines[1] == named and lines.count(named) == 3, shown.stderr
        assert lines[lines.index("--seeds") + 1] == named
        assert not (tmp_path / "taken").exists()


_LINES = (settings.ROOT / "Makefile").read_text(encoding="utf-8").split("\n")
_SAID = ("GIVEN :=", "STUDY :=", "$(foreach one", "export ", "said =", "OPTIONS =")
MAKEFILE = "\n".join(
    [
        *(one for one in _LINES if one.startswith(_SAID)),
        "shown:",
        "\t@printf '%s\\n' $(OPTIONS) $(call said,$(STUDY))",
        "",
    ]
)
