"""What the README, the data cards and the first page say is so."""

import re
from pathlib import Path

import pytest
from lessons_by_hand import lesson as written
from lessons_by_hand import result

from helpers import lesson, settings
from report.build import build
from report.notebooks import lessons

README = (settings.ROOT / "README.md").read_text(encoding="utf-8")
CARDS = (settings.ROOT / "data" / "README.md").read_text(encoding="utf-8")


def rooms() -> set[str]:
    """The modules and packages right under helpers."""
    found = [*(settings.ROOT / "helpers").glob("*.py")]
    found += [one.parent for one in (settings.ROOT / "helpers").glob("*/__init__.py")]
    return {one.stem for one in found} - {"__init__"}


def test_the_reading_order_leads_to_every_lesson() -> None:
    linked = re.findall(r"\(notebooks/(\w+)\.ipynb\)", README)
    assert linked == [one.stem for one in lessons()]


def test_the_questions_are_those_of_lesson_00() -> None:
    """One reading order, said twice, in the same words."""
    first = lessons()[0].read_text(encoding="utf-8")
    asked = dict(re.findall(r"\| (\d\d) \|[^|]+\| ([^|]+\?) \|", first))
    assert dict(re.findall(r"\| (\d\d) \|[^|]+\| ([^|]+\?) \|", README)) == {
        "00": "What is domain shift, and what is in this run?",
        **asked,
    }


def test_the_house_names_every_room_once() -> None:
    house = README.split("## The house")[1].split("## ")[0]
    table = [line for line in house.splitlines() if line.startswith("|")]
    named = re.findall(r"`(\w+)`", "\n".join(table[2:]))
    assert sorted(named) == sorted(rooms())


def test_every_key_of_the_parameter_data_is_documented() -> None:
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", CARDS)) == set(lesson.KEYS)


@pytest.mark.parametrize("text", [README, CARDS])
def test_prose_keeps_to_88_columns(text: str) -> None:
    """A table's row, an address and a block of code have no place to break."""
    prose = re.sub(r"(?s)```.*?```", "", text)
    wide = [one for one in prose.splitlines() if len(one) > 88]
    assert [one for one in wide if not one.startswith("|") and "](" not in one] == []


STUDY = "https://github.com/youssof20/surgical-blood-generalization"
OTHERS = ("arclab-hemoset.github.io", "newslab/cholecseg8k", "licenses/by-nc-sa/4.0")


def test_the_first_page_links_the_lessons_the_study_and_the_data(small: Path) -> None:
    page = (small / "index.html").read_text(encoding="utf-8")
    for name in ("00_first.html", "01_second.html", STUDY, *OTHERS):
        assert re.search(rf'href="[^"]*{re.escape(name)}', page), name


def test_the_first_page_names_no_data_set_where_the_data_are_the_readers_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    for name in ("lessons", "a", "b"):
        (tmp_path / name).mkdir()
    own = {"source": "own", "target": "own"}
    written(tmp_path / "lessons", "00_first", result(data="real", domains=own))
    own = {"source": str(tmp_path / "a"), "target": str(tmp_path / "b")}
    index = build(
        settings.course("smoke", **own), tmp_path / "lessons", tmp_path / "site"
    )
    page = index.read_text(encoding="utf-8")
    assert STUDY in page and not [one for one in OTHERS if one in page]
