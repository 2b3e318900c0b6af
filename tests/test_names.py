"""A name is only text: whatever files, folders and subjects are called, nothing runs,
nothing is fetched, nothing of the machine gets into a page."""

import html
import io
import os
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from frames_by_hand import write_own
from hostile_names import HOSTILE, may_be_a_file
from lessons_by_hand import lesson as written
from lessons_by_hand import result
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from test_browser import Visit

from helpers import figures, frames, settings, words
from helpers.errors import CourseError
from report.build import build
from report.pages import Cells, plain
from report.site import policy


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_becomes_letters_that_do_nothing(name: str) -> None:
    shown = words.text(name)
    assert not set(shown) & set("<>&$`*[]|\\") and "://" not in shown
    assert shown.isprintable() and words.text(shown) == shown


@pytest.mark.parametrize("name", ["pig1", "video01_00080", "Ärztin 2 (links)", "a-b"])
def test_an_ordinary_name_stays_and_one_that_is_no_text_shows_its_bytes(name) -> None:
    assert words.text(name) == name
    assert words.text(name + os.fsdecode(b"\xff")) == f"{name}∖udcff"


def shown(texts: list[str], place: Path) -> None:
    """Do these do nothing wherever a page, a figure or a record shows them?"""
    for text in texts:
        assert text.isprintable() and words.text(text) == text
        made = Cells(place).prose(f"> note: {text}  ")
        assert plain(made).split() == f"note: {text}".split()
        assert set(re.findall(r"<\s*/?\s*(\w+)", made)) <= {"blockquote", "p"}, made
        assert not is_math_text(text)


def test_hostile_file_names_are_letters_in_the_notes_of_what_was_skipped(tmp_path):
    write_own(tmp_path / "own", ["anna/1", "bert/1"])
    files = [name for name in HOSTILE if may_be_a_file(name)]
    for number, name in enumerate(files):
        place = tmp_path / "own" / "images" / f"s{number}"
        place.mkdir()
        (place / f"{name}.png").write_bytes(b"")
    found = frames.index(tmp_path / "own", on_bad="skip")
    assert set(found.table["subject"]) == {"anna", "bert"}
    assert len(found.skipped) == len(files) > 50
    shown(found.skipped, tmp_path)


def test_hostile_subjects_are_letters_in_tables_notes_and_figures(tmp_path):
    """Each a subject's folder, and written in subjects.csv."""
    told = [name for name in HOSTILE if may_be_a_file(name) and name.strip()]
    write_own(tmp_path / "own", [f"{name}/{n}" for n, name in enumerate(told)])
    rows = [(f"{n}", name, f"clip {name}") for n, name in enumerate(HOSTILE[:-6])]
    write_own(tmp_path / "csv", [row[0] for row in rows])
    table = pd.DataFrame(rows, columns=["image", "subject", "clip"])
    table.to_csv(tmp_path / "csv" / "subjects.csv", index=False)
    found = [frames.index(tmp_path / one, on_bad="skip") for one in ("own", "csv")]
    for one in found:
        assert len(one.table) > 40
        shown(one.skipped, tmp_path)
        for row in one.table.itertuples():
            assert frames.read(row)[0].ndim == 3
    subjects = pd.concat([one.table for one in found])
    shown([*{*subjects["subject"], *subjects["clip"]}], tmp_path)
    made = subjects[["subject"]].to_html()
    for subject in subjects["subject"]:
        assert subject[:45].strip() in html.unescape(made)  # pandas cuts the longest
    assert not re.search(r"<(script|img|svg|iframe|a|b)\b", made)
    table = subjects.drop_duplicates("subject").assign(dice=0.5)
    chart = figures.by_subject({"id_test": table}, "dice", "Dice")
    written = [one.get_text() for one in chart.axes[0].get_yticklabels()]
    assert written == list(table["subject"]) and len(chart.png()) > 1000
    for subject in table["subject"][::10]:
        titled = figures.Chart(Figure((3, 1)), subject, subject, subject)
        titled.figure.savefig(io.BytesIO())
        made = titled.html()
        assert re.findall(r"<(\w+)", made) == ["figure", "img", "figcaption"]
        assert html.escape(subject, quote=True) in made


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


def test_no_file_outside_the_lessons_is_embedded(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "lessons").mkdir()
    for address in ("../secret.png", str(tmp_path / "secret.png")):
        with pytest.raises(CourseError, match="isn't there"):
            Cells(tmp_path / "lessons").prose(f"![a]({address})")


def test_make_reads_no_command_in_what_it_is_given(tmp_path: Path) -> None:
    """Neither the shell's nor its own; nor does it matter that a make runs the tests."""
    alone = {"PATH": os.environ["PATH"]}
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
