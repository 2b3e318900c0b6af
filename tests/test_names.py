"""A name is only text: whatever files, folders and subjects are called, nothing runs,
nothing is fetched, nothing of the machine gets into a page."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest
from frames_by_hand import write_own
from lessons_by_hand import lesson as written
from lessons_by_hand import result
from matplotlib.cbook import is_math_text
from test_browser import Visit

from helpers import charts, frames, settings, words
from report.build import build
from report.pages import Cells, plain
from report.site import policy

SCRIPTS = [
    "<script>document.title = 'taken'</script>",
    "<svg onload=\"document.title='taken'\">",
    "</script><script>document.title='taken'</script>",
    "<a href=javascript:taken>x</a>",
    "<meta http-equiv=refresh content=0>",
]
MARKUP = ["<!-- taken", "</blockquote></div><h1>taken</h1>", "&#60;b&#62;taken"]
QUOTED = ["&lt;b&gt;taken&lt;/b&gt;", "a' onmouseover='taken", 'a" onmouseover="taken']
LINKS = ["![a](/etc/hostname)", "![a](b.png).png", "[a](https://example.org/)"]
ADDRESSES = ["<https://example.org/>", "https://example.org/a"]
MARKDOWN = ["**bold** & <b>", "_a_", "__a__", "~~a~~", "a|b|c", "```taken```", "a\\*b"]
FORMULAS = ["$$taken$$", "$\\frac{$", "$x$", "\\(x\\)", "$\\unknown$", "a$b$c"]
TEMPLATES = ["{id_test.dice}", "{0.__class__}", "%s%n%d", "{{ config }}", "{% raw %}"]
SHELL = ["$(touch taken)", "`id`", "| tee taken", "&& touch taken", "-rf", "*", "'"]
PATHS = ["a'b\"c", "..", "../taken", "/etc/passwd", "a\\b", "C:taken"]
UNSEEN = ["\x1b]0;taken\x07", "\x1b[31mred\x1b[0m", "a\nb", "a\tb", "\x7f"]
WIDTHLESS = ["\u202egnp.exe", "\u200ba\u200d", "\ufeffa", "a\u2028b"]
BYTES = ["\U0001f469\u200d\u2695\ufe0f", os.fsdecode(b"pig\xff")]
LONG = ["a" * 251, "\u00e4" * 125, "a ", " a", "a..png"]

HOSTILE = [
    *(SCRIPTS + MARKUP + QUOTED + LINKS + ADDRESSES + MARKDOWN + FORMULAS),
    *(TEMPLATES + SHELL + PATHS + UNSEEN + WIDTHLESS + BYTES + LONG),
]


def may_be_a_file(name: str) -> bool:
    """May a file be called so, with four letters more?"""
    return "/" not in name and name not in (".", "..") and len(os.fsencode(name)) < 252


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


def test_hostile_subjects_are_letters_in_the_frame_table_and_in_figures(tmp_path):
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
        shown([*one.skipped, *one.table["subject"], *one.table["clip"]], tmp_path)
    table = pd.concat([one.table for one in found]).drop_duplicates("subject")
    marks = table.rename(columns={"subject": "row"}).assign(value=0.5)
    chart = charts.dots(marks, "Dice", "Dice", caption="A dot a subject.")
    written = [one.get_text() for one in chart.axes[0].get_yticklabels()]
    assert written == list(table["subject"]) and len(chart.html()) > 1000
    assert set(re.findall(r"<(\w+)", chart.html())) == {"figure", "img", "figcaption"}


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
