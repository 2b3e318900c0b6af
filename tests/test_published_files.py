"""helpers/published: the tables are read whole or not at all, recorded without a
row, and fetched with their checksums."""

import functools
import hashlib
import http.server
import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from helpers import settings
from helpers.errors import CourseError
from helpers.frames.classes import CLASSES
from helpers.published import FILES, fetch, read, recorded, study

SHARED = Path(__file__).resolve().parents[2] / "shared" / "published"
with_tables = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published tables are not beside this checkout"
)


# Reading: bad input ends in one sentence, with nothing computed.


def small(folder: Path, n=6) -> Path:
    """Tables of the right form with invented rows; only their checksums are wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [100 + k for k in range(n)]
    rows = pd.DataFrame(
        {
            "frame_id": [f"video01/video01_00100/frame_{k}_endo.png" for k in numbers],
            "dice": 0.1,
            "iou": 0.05,
            "mean_brightness": 0.2,
            "mean_saturation": 0.5,
            "mean_R": 0.3,
            "mean_G": 0.2,
            "mean_B": 0.2,
            "blood_coverage_pct": 1.0,
            "has_blood": True,
            "failure_mode": "PARTIAL",
        }
    )
    rows.to_csv(folder / "per_frame_analysis.csv", index=False)
    pd.DataFrame({"feature": ["mean_R"], "spearman_r": [0.1], "p_value": [0.5]}).to_csv(
        folder / "correlation_analysis.csv"
    )
    columns = ["Image"] + [entry.name.lower() for entry in CLASSES for _ in range(2)]
    data = [[f"video01_frame_{k}_endo.png"] + [1, 2.5] * len(CLASSES) for k in numbers]
    contents = {
        "classes_per_image.json": {"columns": columns, "data": data},
        "training_results.json": dict.fromkeys(
            [
                "hemoset_val_dice",
                "cholecseg8k_dice",
                "cholecseg8k_precision",
                "cholecseg8k_recall",
                "epochs_trained",
                "best_epoch",
                "failure_modes",
            ],
            1,
        ),
        "domain_stats.json": dict.fromkeys(
            ["hemoset_train", "cholecseg8k_test", "frechet_distance_gaussian"], 1
        ),
        "hemoset_splits.json": {"train": ["pig1/000000"], "val": ["pig1/000060"]},
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def refused(folder: Path) -> str:
    """The sentence that reading `folder` ends in."""
    with pytest.raises(CourseError) as caught:
        read(folder)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and str(folder) in text
    return text


def change(path: Path, edit) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_no_folder_and_no_file(tmp_path):
    assert "there is no such folder" in refused(tmp_path / "nowhere")
    (small(tmp_path / "a") / "domain_stats.json").unlink()
    assert "domain_stats.json" in refused(
        tmp_path / "a"
    ) and "make published" in refused(tmp_path / "a")


def test_unknown_csv(tmp_path):
    (small(tmp_path) / "my_results.csv").write_text("a,b\n1,2\n")
    assert "my_results.csv" in refused(
        tmp_path
    ) and "none of the study's tables" in refused(tmp_path)


def test_missing_columns_and_keys(tmp_path):
    table = pd.read_csv(small(tmp_path / "a") / "per_frame_analysis.csv").drop(
        columns=["dice", "mean_R"]
    )
    table.to_csv(tmp_path / "a/per_frame_analysis.csv", index=False)
    assert "the columns dice, mean_R are missing" in refused(tmp_path / "a")
    change(
        small(tmp_path / "b") / "training_results.json",
        lambda content: content.pop("best_epoch"),
    )
    assert "the keys best_epoch are missing" in refused(tmp_path / "b")
    change(
        small(tmp_path / "c") / "classes_per_image.json",
        lambda content: content["columns"].remove("blood"),
    )
    assert "the columns blood are missing" in refused(tmp_path / "c")
    change(
        small(tmp_path / "d") / "classes_per_image.json",
        lambda content: [row.pop() for row in content["data"]],
    )
    assert "fields for" in refused(tmp_path / "d")


def test_unreadable_files(tmp_path):
    (small(tmp_path / "a") / "classes_per_image.json").write_text("{")
    assert "classes_per_image.json: this is not readable JSON" in refused(
        tmp_path / "a"
    )
    (small(tmp_path / "b") / "per_frame_analysis.csv").write_bytes(b"")
    assert "per_frame_analysis.csv: this is not a readable CSV" in refused(
        tmp_path / "b"
    )
    (small(tmp_path / "c") / "correlation_analysis.csv").write_bytes(b"\xff\xfe\x00")
    assert "correlation_analysis.csv: this is not a readable CSV" in refused(
        tmp_path / "c"
    )


def test_rows_that_do_not_join(tmp_path):
    change(
        small(tmp_path / "a") / "classes_per_image.json",
        lambda content: content["data"].pop(2),
    )
    assert "1 rows" in refused(tmp_path / "a") and "video01 frame 102" in refused(
        tmp_path / "a"
    )
    change(
        small(tmp_path / "b") / "classes_per_image.json",
        lambda content: [
            row.__setitem__(0, f"video02_frame_{k}_endo.png")
            for k, row in enumerate(content["data"])
        ],
    )
    assert "12 rows" in refused(tmp_path / "b") and "and 9 more" in refused(
        tmp_path / "b"
    )
    change(
        small(tmp_path / "c") / "classes_per_image.json",
        lambda content: content["data"].append(content["data"][0]),
    )
    assert "1 of its 7 rows repeat a frame (video01 frame 100)" in refused(
        tmp_path / "c"
    )
    change(
        small(tmp_path / "d") / "classes_per_image.json",
        lambda content: content["data"][0].__setitem__(0, "cover.png"),
    )
    assert "1 of its 6 rows name no frame (cover.png)" in refused(tmp_path / "d")
    change(
        small(tmp_path / "e") / "hemoset_splits.json",
        lambda content: content["val"].append("somewhere"),
    )
    assert "hemoset_splits.json: 1 of its 3 rows name no frame (somewhere)" in refused(
        tmp_path / "e"
    )


def test_a_checksum_that_differs(tmp_path):
    assert "its checksum begins with" in refused(
        small(tmp_path)
    ) and "per_frame_analysis.csv" in refused(tmp_path)


@with_tables
def test_one_changed_digit_is_noticed(tmp_path):
    for name in FILES:
        shutil.copy(SHARED / name, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    text = (tmp_path / "training_results.json").read_text()
    (tmp_path / "training_results.json").write_text(text.replace("0.00113", "0.00213"))
    assert "training_results.json: its checksum begins with" in refused(tmp_path)


class Lesson:
    """What `study` needs of a lesson: where the tables are, and a place for numbers."""

    def __init__(self, published: str = "") -> None:
        self.published, self.numbers = str(published), {}

    def add(self, name, number):
        self.numbers[name] = number


def test_without_the_files_the_figures_are_the_recorded_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path)
    lesson = Lesson()
    found = study(lesson)
    assert found.tables is None and found.per_frame is None and found.splits is None
    assert "recorded" in found.said and "make published" in found.said
    assert (
        list(found.files.rows["file"]) == list(FILES)
        and "not on this machine" in found.files.caption
    )
    assert lesson.numbers["published.in_domain_dice"].data == "published"
    with pytest.raises(AttributeError):
        _ = found.nothing_of_the_kind
    small(tmp_path / "published")  # what was fetched and is wrong is never passed over
    with pytest.raises(CourseError, match="checksum"):
        study(Lesson())


def test_a_folder_that_was_named_is_never_passed_over(tmp_path):
    with pytest.raises(CourseError, match="there is no such folder"):
        study(Lesson(tmp_path / "nowhere"))


@with_tables
def test_fetched_files_are_found(tmp_path, monkeypatch):
    shutil.copytree(SHARED, tmp_path / "published")
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path)
    found = study(Lesson())
    assert (
        len(found.per_frame) == len(found.classes) > 8000 and "are here" in found.said
    )


def test_a_damaged_record_is_refused(tmp_path):
    (tmp_path / "recorded.json").write_text('{"numbers": {}')
    with pytest.raises(
        CourseError, match="recorded.json: the recorded figures can't be read"
    ):
        recorded(tmp_path / "recorded.json")


# Fetching, from a stand-in.


@pytest.fixture
def served(tmp_path):
    """A small web server over a folder, and sources whose checksums are those of its
    files."""
    site = tmp_path / "site"
    site.mkdir()
    sources = {}
    for name in ("one.csv", "two.json"):
        (site / name).write_text(f"the content of {name}")
        sources[name] = replace(
            FILES["per_frame_analysis.csv"],
            name=name,
            sha256=hashlib.sha256((site / name).read_bytes()).hexdigest(),
        )

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=site)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield (
        site,
        sources,
        {name: f"http://127.0.0.1:{server.server_port}/{name}" for name in sources},
    )
    server.shutdown()
    server.server_close()
    thread.join()


def test_fetch_brings_what_lacks(served, tmp_path):
    site, sources, addresses = served
    folder = tmp_path / "data" / "published"
    assert fetch(folder, sources, addresses) == ["one.csv", "two.json"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: f"the content of {name}" for name in sources
    }
    assert fetch(folder, sources, addresses) == []
    (folder / "two.json").write_text("damaged")
    assert fetch(
        folder, sources, {name: (site / name).as_uri() for name in sources}
    ) == ["two.json"]


def test_fetch_keeps_nothing_that_differs(served, tmp_path):
    site, sources, addresses = served
    (site / "two.json").write_text("another content")
    with pytest.raises(
        CourseError,
        match="what came has a checksum beginning with .* so two.json was not kept",
    ):
        fetch(tmp_path / "data", sources, addresses)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["one.csv"]


def test_fetch_says_what_did_not_answer(served, tmp_path):
    site, sources, addresses = served
    (site / "one.csv").unlink()
    with pytest.raises(
        CourseError,
        match="one.csv: the published table can't be fetched .*; try again with a "
        "network",
    ):
        fetch(tmp_path / "data", sources, addresses)
    assert not (tmp_path / "data").exists()


def test_fetch_says_what_cannot_be_written(served, tmp_path):
    _, sources, addresses = served
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(CourseError, match="can't be written"):
        fetch(tmp_path / "data", sources, addresses)


def test_addresses_are_the_projects_own():
    for name, source in FILES.items():
        assert source.address == (
            f"https://raw.githubusercontent.com/{source.project}/{source.commit}/{source.folder}/{name}"
        )
        assert len(source.commit) == 40 and len(source.sha256) == 64
