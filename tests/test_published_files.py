"""The published tables are read whole or not at all, found where they were fetched or
named, and fetched with their checksums."""

import hashlib
import shutil
from pathlib import Path

import pytest
from test_published import SHARED, with_tables

from helpers import settings
from helpers.errors import CourseError
from helpers.published import FILES, fetch, files, read, study


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The published tables, to be changed."""
    shutil.copytree(SHARED, tmp_path / "published", copy_function=shutil.copyfile)
    return tmp_path / "published"


def refused(call, path: Path, *also: str) -> None:
    """`call` ends in one sentence that names the path and what to do."""
    with pytest.raises(CourseError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    for part in (str(path), *also):
        assert part in text


def test_no_folder_is_told_with_the_remedy(tmp_path: Path) -> None:
    first = tmp_path / "nowhere" / "per_frame_analysis.csv"
    refused(lambda: read(tmp_path / "nowhere"), first, "make published")


@with_tables
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_or_changed_is_told_with_the_remedy(
    copied: Path, name: str
) -> None:
    content = bytearray((copied / name).read_bytes())
    (copied / name).unlink()
    refused(lambda: read(copied), copied / name, "No such file", "make published")
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    found = hashlib.sha256(content).hexdigest()[:12]
    refused(lambda: read(copied), copied / name, found, "make published")


@with_tables
def test_the_tables_hold_a_row_per_frame_each_with_its_place(copied: Path) -> None:
    tables = read(copied)
    for table in (tables.per_frame, tables.classes):
        assert len(table) == 8_080
        assert not table.duplicated(["subject", "frame"]).any()
    first = tables.per_frame[["subject", "clip", "frame"]].iloc[0]
    assert first.tolist() == ["video01", "video01_00080", 80]
    assert tables.splits["split"].value_counts().to_dict() == {"train": 769, "val": 193}
    total = tables.classes.drop(columns=["subject", "frame"]).sum(axis=1)
    assert total.between(95, 101).all()  # the areas, not the numbers of objects


class Lesson:
    """What `study` needs of a lesson: where the tables are, and a place for numbers."""

    def __init__(self, published: str | Path = "") -> None:
        self.published, self.numbers = str(published), {}

    def add(self, name, number) -> None:
        self.numbers[name] = number


def test_without_the_files_the_figures_are_the_recorded_ones(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path)
    lesson = Lesson()
    found = study(lesson)
    assert found.tables is None and found.per_frame is None and found.splits is None
    assert "recorded" in found.said and "make published" in found.said
    assert list(found.files.rows["file"]) == list(FILES)
    assert "not on this machine" in found.files.caption
    assert lesson.numbers["published.in_domain_dice"].data == "published"
    with pytest.raises(AttributeError):
        _ = found.nothing_of_the_kind


def test_a_folder_that_was_named_or_fetched_to_is_never_passed_over(
    tmp_path: Path, monkeypatch
) -> None:
    refused(lambda: study(Lesson(tmp_path / "nowhere")), tmp_path / "nowhere")
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path)
    damaged = tmp_path / "published" / "training_results.json"
    damaged.parent.mkdir()
    damaged.write_text("{}")
    refused(lambda: study(Lesson()), damaged.parent, "make published")


@with_tables
def test_fetched_files_are_found(copied: Path, monkeypatch) -> None:
    monkeypatch.setattr(settings, "data_folder", lambda: copied.parent)
    found = study(Lesson())
    assert len(found.per_frame) == len(found.classes) > 8000
    assert "are here" in found.said and "read just now" in found.files.caption


# Fetching, from a stand-in.


@pytest.fixture
def site(tmp_path: Path, monkeypatch) -> Path:
    """A folder in the place of the public address, with two files."""
    there = files.Source("", "project", "commit", "folder", "MIT")
    site = tmp_path / "site" / "project" / "commit" / "folder"
    site.mkdir(parents=True)
    sources = {}
    for name in ("one.csv", "two.json"):
        (site / name).write_text(f"the content of {name}")
        digest = hashlib.sha256((site / name).read_bytes()).hexdigest()
        sources[name] = there._replace(sha256=digest)
    monkeypatch.setattr(files, "FILES", sources)
    monkeypatch.setattr(files, "PUBLIC", (tmp_path / "site").as_uri())
    return site


def test_fetch_brings_what_lacks_and_what_is_damaged(site: Path, tmp_path) -> None:
    folder = tmp_path / "data" / "published"
    assert fetch(folder) == ["one.csv", "two.json"]
    assert fetch(folder) == []
    (folder / "two.json").write_text("damaged")
    assert fetch(folder) == ["two.json"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: f"the content of {name}" for name in ("one.csv", "two.json")
    }


def test_fetch_keeps_nothing_that_differs(site: Path, tmp_path) -> None:
    (site / "two.json").write_text("another content")
    folder = tmp_path / "data"
    refused(lambda: fetch(folder), folder / "two.json", "try again", "hash")
    assert [path.name for path in folder.iterdir()] == ["one.csv"]


def test_fetch_says_what_did_not_answer_or_cannot_be_written(site, tmp_path) -> None:
    path, gone = tmp_path / "data" / "one.csv", site / "one.csv"
    gone.rename(tmp_path / "elsewhere")
    refused(lambda: fetch(path.parent), path, gone.as_uri(), "try again")
    (tmp_path / "elsewhere").rename(gone)
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.write_text("a file where a folder should be")
    refused(lambda: fetch(path.parent), path)
