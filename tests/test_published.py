"""The published study: every figure is what its tables hold, whether the lesson or the
benchmark computes it, the arithmetic behind both is right, and the tables are fetched
and read whole or not at all."""

import functools
import hashlib
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

from benchmarks import published as benchmark
from benchmarks.published_areas import (
    EPSILON,
    PIXELS,
    auroc_bounds,
    candidates,
    extremes,
    in_pixels,
    share_above_bounds,
)
from helpers import CourseError, published, settings
from helpers.published import FILES, RECORDED, Study, fetch, read, study

SHARED = Path(__file__).resolve().parents[2] / "shared" / "published"
with_tables = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published tables are not beside this checkout"
)

# What the lesson says beyond the study's own summaries, to the digits that the project
# was given.
STATED = [
    {"in_domain_dice": "0.910", "ood_dice": "0.00114", "frechet": "0.216"},
    # 1 wrong class
    {"labelled_frames": "4,556", "labelled_with_organ": "4,556"},
    {"coverage_difference": "0.12", "labelled_with_blood": "137"},
    {"blood_frames": "692", "blood_unlabelled": "555"},
    # 2 and 3 epsilon
    {"partial_tp_free": "3,915", "spearman_tp_free": "-0.863"},
    {"partial_overlap": "641", "spearman_overlap": "-0.156"},
    # 4 split by frames
    {"val_near": "188", "source_frames": "962", "pigs_in_both": "10"},
    # 5 the unit, 6 the schedule
    {"frames": "8,080", "patients": "17", "clips": "101", "patients_with_blood": "1"},
    {"t_max": "30", "epochs_trained": "49"},
    # 7 what the tables support
    {"area_known": "7,439", "area_unknown": "641", "tp_pixels": "11,152"},
    {"alarm_rate": "97.7", "clean_known": "6,763", "alarm_01pct": "92.3"},
    {"clean_area": "1.8", "area_black": "-0.09", "alarm_01pct_patients_mean": "93.5"},
    {"alarm_01pct_patients_least": "59", "alarm_01pct_patients_most": "100"},
    {"alarm_1pct_patients_mean": "55.4", "alarm_1pct_patients_least": "2"},
    {"alarm_1pct_patients_most": "100", "alarm_1pct": "51.2", "blood_1pct": "89"},
    {"auroc_frames": "0.770", "auroc_video01": "0.746", "clips_blood": "9"},
    {"clips_clean": "7", "auroc_clips": "0.76", "auroc_clips_p": "0.09"},
    {"auroc_red": "0.73"},
    # read from code, cited
    {"scored_red": "231", "scored_green": "70", "scored_blue": "156"},
    {"reference_in_domain": "0.745"},
]


@functools.cache
def tables():
    return read(SHARED)


@functools.cache
def computed():
    return benchmark.compute(tables())


@functools.cache
def of_lesson():
    """What lesson 05's own cells define and make of the record, without the tables."""
    study = Study(None)
    return benchmark.run_lesson(study), study.made


@pytest.mark.parametrize("name, said", [one for part in STATED for one in part.items()])
def test_a_stated_number_is_recorded(name, said):
    digits = len(said.partition(".")[2])
    assert f"{Study(None).numbers['value'][name]:,.{digits}f}" == said


@with_tables
def test_all_that_is_recorded_follows_from_the_tables():
    (found, made), kept = computed(), Study(None)
    assert len(kept.numbers) == 173
    pigs = [found[one] for one in found if re.fullmatch(r".*\.pig\d+_frames", one)]
    assert sum(pigs) == found["published.source_frames"] and len(pigs) == 10
    # What does not follow from the rows was read from code, or cited.
    followed = kept.numbers[kept.numbers["data"] == "published"]["value"]
    assert set(found) == set(followed.add_prefix("published.", axis=0).index)
    for name, value in followed.items():
        assert found[f"published.{name}"] == pytest.approx(value, rel=1e-7), name
    for name, result in kept.results.items():
        if isinstance(result, list):
            assert list(made[name]) == result
        else:
            there = made[name].reset_index(drop=True)
            pd.testing.assert_frame_equal(there, result, check_dtype=False, rtol=1e-6)
    # A table of rows is never recorded.
    assert set(made) - set(kept.results) == {"join", "separate", "recover"}


def test_without_the_tables_the_lessons_cells_give_the_record():
    kept, (_, made) = Study(None), of_lesson()
    assert made["join"] is None and made["recover"] is None
    pd.testing.assert_frame_equal(made["alarms"], kept.results["alarms"])
    numbers = kept.numbers["value"][kept.results["organ"]]
    assert made["organ"] == numbers.to_dict()


def shown(table):
    """The columns of a table that shows itself."""
    rows = re.findall(r"(?s)<tr>(.*?)</tr>", table.data)
    return [[*one] for one in zip(*(re.findall("<td>(.*?)</td>", row) for row in rows))]


@with_tables
def test_a_changed_cell_gives_another_number_and_not_the_record():
    study, found = Study(tables()), {"labelled_with_blood": -1, "mine": 7}
    assert study.of(lambda frames: found, tables().per_frame) == found
    what, value, *_ = shown(study.told(found, "Changed"))
    assert value == ["-1", "7"] and what[1] == "mine"
    _, value, _, frames, _ = shown(study.told(["ood_dice", "frames"], "Recorded"))
    assert value == ["0.00114", "8,080"] and frames == ["8,080", "8,080"]


@with_tables
def test_the_studys_own_summaries_follow_from_its_rows():
    numbers, _ = computed()
    ours = benchmark.PROPERTIES | {"blood_coverage_pct": "coverage"}
    for row in tables().correlations.itertuples():
        name = f"published.spearman_{ours[row.feature]}"
        assert numbers[name] == pytest.approx(row.spearman_r, abs=1e-12)
        assert numbers[f"{name}_p"] == pytest.approx(row.p_value, rel=1e-9)
    for mode, count in tables().training["failure_modes"].items():
        assert numbers[f"published.mode_{mode.lower()}"] == count
    for column in ("mean_R", "mean_brightness", "mean_saturation"):
        published = tables().domain["cholecseg8k_test"][column]
        assert numbers[f"published.target_{ours[column]}"] == pytest.approx(published)


@with_tables
def test_the_published_digits_are_single_precision_and_bound_the_unknown_areas():
    numbers, made = computed()
    of = {name.removeprefix("published."): value for name, value in numbers.items()}
    assert of["identity_error"] < 2**-23
    found = candidates(in_pixels(made["recover"]))
    assert found.row.nunique() == of["area_unknown"]  # each has at least one
    assert of["alarm_1pct_any_low"] < of["alarm_1pct_low"] < of["alarm_1pct"]
    assert of["alarm_1pct_high"] < of["alarm_1pct_any_high"]
    assert of["auroc_frames_low"] <= of["auroc_frames_high"]
    assert of["least_unknown_pixels"] < of["unknown_pixels"]


def test_every_number_has_its_kind_and_source_and_no_row_is_recorded():
    text = RECORDED.read_text()
    assert not any(part in text for part in ("_endo", "/frame_", "pig1/"))
    for name, row in json.loads(text)["numbers"].items():
        assert name.startswith("published.") and row["data"] in ("published", "cited")
        assert row["value"] is not None and row["source"] and row["estimand"], name
    for found in Study(None).results.values():  # aggregates, against 962 and 8,080 rows
        assert len(found) < 500


# The arithmetic, where the truth is known.


def drawn(n=60, seed=0, scored_share=0.7):
    """Random counts as single-precision ratios, the way the study computed them,
    with the truth beside them."""
    random = np.random.default_rng(seed)
    scored = np.where(random.random(n) < scored_share, random.integers(1, 4000, n), 0)
    predicted = np.where(random.random(n) < 0.9, random.integers(1, 3000, n), 0)
    tp = np.where(random.random(n) < 0.4, random.integers(0, 50, n), 0).clip(
        max=np.minimum(scored, predicted)
    )
    fp, fn, e = predicted - tp, scored - tp, np.float32(EPSILON)
    two, one = (np.float32(factor) * tp.astype(np.float32) for factor in (2, 1))
    rest = (fp + fn).astype(np.float32)
    columns = {
        "scored": scored / PIXELS * 100,
        "dice": ((two + e) / (two + rest + e)).astype(float),
        "iou": ((one + e) / (one + rest + e)).astype(float),
        "labelled": scored > 0,
        "blood": np.where(random.random(n) < 0.3, 1.0, 0.0),
    }
    truth = {"tp": tp, "predicted": predicted, "scored": scored}
    return pd.DataFrame(columns), pd.DataFrame(truth)


def recovered(frames):
    """What the lesson's own functions say of some frames."""
    lesson, _ = of_lesson()
    return in_pixels(lesson["recover"](lesson["separate"](frames)))


@pytest.mark.parametrize("seed", range(5))
def test_the_lesson_recovers_the_predicted_pixels(seed):
    frames, truth = drawn(400, seed)
    found = recovered(frames)
    assert (found.common == (truth.tp > 0)).all()
    known = ~found.common
    assert (found.predicted[known] == truth.predicted[known]).all()
    assert found.predicted[found.common].isna().all()
    assert (found.scored_pixels == truth.scored).all()


@pytest.mark.parametrize("seed", range(3))
def test_bounds_hold_the_truth(seed):
    frames, truth = drawn(120, seed)
    found = recovered(frames)
    possible = candidates(found)
    for row in np.flatnonzero(truth.tp):
        mine = possible[possible.row == row]
        right = (mine.tp == truth.tp[row]) & (mine.predicted == truth.predicted[row])
        assert right.any()
    sums = int(truth.tp.sum()), int(truth.predicted[found.common].sum())
    ends = extremes(possible, possible.predicted, *sums)
    assert ends == pytest.approx((sums[1], sums[1]))
    blood = frames.blood > 0
    low, high = auroc_bounds(found, possible, *sums)
    assert low - 1e-9 <= roc_auc_score(blood, truth.predicted) <= high + 1e-9
    low, high = share_above_bounds(found, possible, *sums, percent=1)
    share = 100 * (truth.predicted[~blood] > 0.01 * PIXELS).mean()
    assert low - 1e-9 <= share <= high + 1e-9


def test_sums_that_no_choice_has_are_refused():
    possible = candidates(recovered(drawn(60)[0]))
    with pytest.raises(ValueError, match="published sums"):
        extremes(possible, possible.predicted, tp=0, predicted=0)


def test_the_lessons_neighbours_by_hand():
    lesson, _ = of_lesson()
    train = [("pig1", 0), ("pig1", 200), ("pig2", 61)]
    val = [("pig1", 60), ("pig1", 150), ("pig2", 1000)]
    splits = pd.DataFrame(train + val, columns=["subject", "frame"])
    splits["split"] = ["train"] * 3 + ["val"] * 3
    found = lesson["neighbours"](splits)
    assert found.to_dict("list") == {"distance": [50, 60, 939], "frames": [1, 1, 1]}


def test_the_lessons_learning_rate_is_pytorchs():
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 30, 1e-6)
    for rate in of_lesson()[0]["rates"]({"epochs_trained": 49}).rate:
        assert rate == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-6)
        optimiser.step()
        scheduler.step()


# Reading.


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


def at(published: str | Path = "") -> SimpleNamespace:
    """What `study` needs of a lesson: where the tables are."""
    return SimpleNamespace(published=str(published))


def test_without_the_files_the_figures_are_the_recorded_ones(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path)
    found = study(at())
    assert found.tables is None and found.per_frame is None and found.splits is None
    with pytest.raises(AttributeError):
        _ = found.nothing_of_the_kind


def test_a_folder_that_was_named_or_fetched_to_is_never_passed_over(
    tmp_path: Path, monkeypatch
) -> None:
    refused(lambda: study(at(tmp_path / "nowhere")), tmp_path / "nowhere")
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path)
    damaged = tmp_path / "published" / "training_results.json"
    damaged.parent.mkdir()
    damaged.write_text("{}")
    refused(lambda: study(at()), damaged.parent, "make published")


@with_tables
def test_fetched_files_are_found(copied: Path, monkeypatch) -> None:
    monkeypatch.setattr(settings, "data_folder", lambda: copied.parent)
    found = study(at())
    assert len(found.per_frame) == len(found.classes) > 8000


# Fetching, from a stand-in.


@pytest.fixture
def site(tmp_path: Path, monkeypatch) -> Path:
    """A folder in the place of the public address, with two files."""
    there = published.Source("", "project", "commit", "folder")
    site = tmp_path / "site" / "project" / "commit" / "folder"
    site.mkdir(parents=True)
    sources = {}
    for name in ("one.csv", "two.json"):
        (site / name).write_text(f"the content of {name}")
        digest = hashlib.sha256((site / name).read_bytes()).hexdigest()
        sources[name] = there._replace(sha256=digest)
    monkeypatch.setattr(published, "FILES", sources)
    monkeypatch.setattr(published, "PUBLIC", (tmp_path / "site").as_uri())
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
