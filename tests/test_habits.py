"""The habits re-enacted: laws on hand-made arrays, the rate of empty findings, and
the recorded tables."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from lessons_by_hand import lifted

from benchmarks import habits, null_rejection, recording
from helpers import correlation, counts, frames, settings, training
from helpers.correlation import of_subject, p_values, rejected
from helpers.frames import CLASSES, Packed
from helpers.published import recorded

ID = {entry.name: entry.id for entry in CLASSES}
ORGAN = "Gastrointestinal Tract"


def packed(folder: Path, table: pd.DataFrame, **arrays: np.ndarray) -> Packed:
    """Frames of a table with the given arrays; what is not given is empty, and all
    pixels are valid."""
    shape = (len(table), *next(iter(arrays.values())).shape[1:3])
    made = dict.fromkeys(("blood", "fill"), np.zeros(shape, bool))
    made |= {"valid": np.ones(shape, bool), "classes": np.zeros(shape, np.uint8)}
    made |= {"images": np.zeros((*shape, 3), np.uint8)} | arrays
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in made.items():
        np.save(folder / f"{name}.npy", array)
    whole = pd.DataFrame({"dataset": "hemoset", "image": "", "mask": ""}, table.index)
    return Packed(whole.join(table), np.arange(len(table)), folder)


# What the benchmark scores: another class, and a constant in Dice.


def table_of(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["tp", "fp", "fn", "tn"])


def test_a_perfect_prediction_of_blood_scores_nothing_against_the_organ_beside_it(
    tmp_path,
) -> None:
    # Blood above, the organ below on the left: eight and six pixels a frame, one row of
    # them unknown once.
    classes = np.full((2, 4, 6), ID["Liver"], np.uint8)
    classes[:, :2], classes[:, 2:, :3] = ID["Blood"], ID[ORGAN]
    valid = np.ones(classes.shape, bool)
    valid[1, 3] = False
    arrays = {"classes": classes, "blood": classes == ID["Blood"], "valid": valid}
    patients = packed(tmp_path / "p", pd.DataFrame({"subject": ["a", "b"]}), **arrays)
    run = SimpleNamespace(probabilities=lambda packed: np.uint8(255) * packed.blood)
    rows = pd.DataFrame(habits.scoring(run, patients)).set_index("habit")
    assert rows.loc["wrong class", ["wrong", "right", "subjects"]].tolist() == [0, 1, 2]
    # Nothing overlaps: the rule calls both frames partly found, and neither is.
    assert rows.loc["epsilon", ["wrong", "right"]].tolist() == [100, 0]
    # Twelve wrong pixels of blood on each, and the organ's six and three: the larger
    # organ, the smaller Dice.
    assert rows.loc["correlation", "wrong"] == pytest.approx(-1)
    assert np.isnan(rows.loc["correlation", "right"])


def test_smoothed_dice_is_the_formula_and_without_epsilon_it_is_dice() -> None:
    rows = table_of((0, 5, 5, 90), (0, 0, 10, 90), (5, 5, 5, 85), (0, 3, 0, 97))
    by_hand = [0.5 / 10.5, 0.5 / 10.5, 10.5 / 20.5, 0.5 / 3.5]
    assert habits.smoothed(rows, 0.5).tolist() == pytest.approx(by_hand)
    pd.testing.assert_series_equal(habits.smoothed(rows, 0.0), counts.dice(rows))
    assert (habits.smoothed(rows) > 0).all()


@pytest.mark.parametrize("epsilon", [1e-12, habits.EPSILON, 1e-3])
def test_where_nothing_overlaps_epsilon_orders_frames_by_their_area(epsilon) -> None:
    missed = table_of(*((0, 4, area, 96 - area) for area in (1, 2, 5, 9, 20, 41)))
    area, smoothed = counts.coverage(missed), habits.smoothed(missed, epsilon)
    assert correlation.spearman(area, smoothed) == pytest.approx(-1)
    assert np.isnan(correlation.spearman(area, habits.smoothed(missed, 0.0)))


def test_a_habit_is_compared_over_the_subjects_that_have_both_figures() -> None:
    wrong = pd.Series({"a": 0.2, "b": 0.4, "c": np.nan})
    found = habits.row("h", "Dice", wrong, pd.Series({"a": 0.5, "c": 0.1}))
    assert (found["wrong"], found["right"], found["subjects"]) == (0.2, 0.5, 1)
    rate, low, high = rejected([0.01, 0.2, np.nan, 0.04])  # nan: no test
    assert rate == 50 and low < 7 and high > 93


def test_an_unknown_class_is_found_by_its_area_whatever_it_is(tmp_path: Path) -> None:
    classes = np.full((3, 10, 10), ID["Liver"], np.uint8)
    for frame, rows in enumerate((2, 4, 7)):
        classes[frame, :rows] = ID["Fat"]
    table = pd.DataFrame({"subject": list("abc")})
    ours, names = packed(tmp_path / "p", table, classes=classes), set()
    puzzle = lifted("05", "puzzle", pd=pd, frames=frames)["puzzle"]
    for seed in range(8):
        areas, scored = puzzle(None, ours, seed)
        names.add(areas.sub(scored, axis=0).abs().mean().idxmin())
        assert areas.sum(axis=1).tolist() == [100, 100, 100]
    assert names == {"liver", "fat"}  # never blood, and not always the same
    published = {entry.name.lower(): [1.0] for entry in CLASSES} | {"scored": [2.0]}
    areas, scored = puzzle(pd.DataFrame(published), ours, 0)
    assert scored.tolist() == [2.0] and list(areas) == list(published)[:-1]


# Split by frames.

SPLITS = {"p1": "train", "p2": "train", "p3": "id_val", "p4": "id_test", "p5": "train"}


def source(folder: Path, clips: int = 3, frames: int = 5) -> Packed:
    rows = [
        (pig, f"{pig}/{clip}", 60 * (10 * clip + frame), split)
        for pig, split in SPLITS.items()
        for clip in range(clips)
        for frame in range(frames)
    ]
    table = pd.DataFrame(rows, columns=["subject", "clip", "frame", "split"])
    shuffled = table.sample(frac=1, random_state=0).reset_index(drop=True)
    return packed(folder, shuffled, blood=np.zeros((len(table), 2, 2), bool))


def test_the_two_training_sets_differ_in_the_tested_pigs_neighbours_and_nothing_else(
    tmp_path: Path,
) -> None:
    given = source(tmp_path / "p")
    ways = habits.both_ways(given, seed=3)
    pigs, frames, test = (
        set(part.table[["subject", "frame"]].itertuples(index=False, name=None))
        for part in (ways.by_pigs, ways.by_frames, ways.test)
    )
    assert (len(pigs), len(frames), len(test)) == (45, 45, 9)
    assert {pig for pig, _ in pigs} == {"p1", "p2", "p5"}
    assert {pig for pig, _ in test} == {pig for pig, _ in frames - pigs} == {"p4"}
    assert not test & (frames | pigs)
    # Each tested frame has a neighbour 60 frame numbers away that the split by frames
    # learned from.
    learned = {frame for pig, frame in frames if pig == "p4"}
    assert len(learned) == 6
    assert all({frame - 60, frame + 60} & learned for _, frame in test)
    assert set(ways.id_val.table["subject"]) == {"p3"}
    # The same seed draws the same frames, and another seed others.
    same, other = (habits.both_ways(given, seed).by_frames.table for seed in (3, 4))
    pd.testing.assert_frame_equal(ways.by_frames.table, same)
    assert not same.reset_index(drop=True).equals(other.reset_index(drop=True))


# The learning rate.


@pytest.mark.parametrize("foot, over", [(3, 3), (None, 6)])
def test_a_training_runs_at_the_rates_that_its_foot_says(
    tmp_path, own_store, foot, over
) -> None:
    table = pd.DataFrame({"subject": list("abab"), "clip": list("abab"), "frame": 0})
    frames = packed(tmp_path / "p", table, blood=np.ones((4, 32, 32), bool))
    numbers = settings.course("smoke").but(epochs=6, batch=4).numbers
    given = torch.nn.Conv2d(3, 1, 1), frames, frames, numbers, 0, {}
    # Cosine annealing to zero over that many epochs, in PyTorch's closed form.
    rates = numbers.learning_rate * (1 + np.cos(np.pi * np.arange(6) / over)) / 2
    found = training.fit(*given, foot=foot).learning_rate
    assert found == pytest.approx(rates, abs=1e-12)


# Empty findings.


def patients(subjects=12, frames=6, between=0.15, seed=0) -> pd.DataFrame:
    """Dice of subjects that differ by `between`, in three clips of a few frames
    each."""
    generator = np.random.default_rng(seed)
    rows = [
        (f"v{s:02d}", f"v{s:02d}/{c}", f)
        for s in range(subjects)
        for c in range(3)
        for f in range(frames // 3)
    ]
    table = pd.DataFrame(rows, columns=["subject", "clip", "frame"])
    own = generator.normal(0.5, between, subjects).repeat(frames // 3 * 3)
    return table.assign(dice=own + generator.normal(0, 0.05, len(table)))


def test_empty_findings_are_as_many_as_promised_over_subjects_only() -> None:
    empty = p_values(patients(), 1_000, seed=1)
    rate, low, high = rejected(empty["subjects"])
    assert 3.5 <= rate <= 6.5 and low <= 5 <= high
    assert rejected(empty["frames"])[1] > 30
    # Subjects that are alike take the frames with them.
    alike = p_values(patients(between=0.0), 400, seed=2)
    assert rejected(alike["frames"])[0] < 12
    # Three subjects have no test.
    assert p_values(patients(3), 4, seed=9)["subjects"].isna().all()
    # An effect is found more often than nothing.
    draw = partial(of_subject, strength=0.8)
    there = p_values(patients(), 100, 3, draw)
    assert rejected(there["subjects"])[1] > 50


def test_a_drift_within_clips_is_tested_within_subjects() -> None:
    table, kind = patients(subjects=8, frames=9), "drifting within clips"
    found = p_values(table, 60, 4, *null_rejection.KINDS[kind])
    assert found.notna().all().all() and rejected(found["subjects"])[1] < 5
    walk = null_rejection.drift(table, np.random.default_rng(0), strength=1.0)
    assert pd.Series(walk).groupby(table["subject"]).corr(table["dice"]).min() > 0.8
    middle = null_rejection.middle_of_clips(table)
    assert middle["clip"].is_unique and set(middle["frame"]) == {1}
    assert len(middle) == table["clip"].nunique()
    # A property stays with its subject.
    own = of_subject(table, np.random.default_rng(5))
    spread = pd.Series(own).groupby(table["subject"])
    assert spread.mean().std() > 0.6 and spread.std().mean() < 0.7


# The recorded tables, and what the lesson says of them.


def test_a_row_of_the_recorded_habits_is_a_drawing() -> None:
    table, about = recorded("habits")
    assert about["date"] and about["versions"]["torch"] and about["seconds"] > 0
    assert about["settings"]["drawn"] == habits.SMALL["drawn"]
    assert list(table) == ["habit", "outcome", "seed", "wrong", "right", "subjects"]
    assert table["habit"].nunique() == 5
    for _, part in table.groupby(["habit", "outcome"]):
        assert part["seed"].tolist() == list(recording.SEEDS)
    dice = table[table["outcome"].str.startswith("Dice")]
    assert dice[["wrong", "right"]].stack().between(0, 1).all()
    # Arithmetic, on whatever was drawn: with a constant in it, no labelled frame has a
    # Dice of zero.
    assert (table[table["habit"] == "epsilon"]["wrong"] == 100).all()
    # Of every drawing, every network at every threshold.
    options, _ = recorded("habits", table="habits_options")
    networks = sum(map(len, habits.TRIED.values()))
    assert (options.groupby("seed").size() == networks * len(habits.THRESHOLDS)).all()
    dice = options.drop(columns=["seed", "network", "threshold"])
    assert dice.stack().dropna().between(0, 1).all()
    # Each drawing tests twelve patients; not the same ones.
    there = dice.notna().groupby(options["seed"]).all()
    assert (there.sum(axis=1) == 12).all()


def test_recorded_null_rates() -> None:
    table, about = recorded("null_rejection")
    assert about["draws"] == 2_000 and (table["draws"] == 2_000).all()
    # The test that respects subjects keeps its size on whatever was drawn.
    assert table[table["strength"] == 0]["subjects"].between(3.5, 6.5).all()


def test_the_coverage_grid_marks_what_is_offered_and_nothing_else() -> None:
    rows = [(3, "one", True), (10, "one", True), (10, "two", False)]
    verdicts = pd.DataFrame(rows, columns=["subjects", "method", "allowed"])
    verdicts = verdicts.assign(worst_coverage=0.9, widest=0.25)
    coverage_grid = lifted("05", "coverage_grid", pd=pd)["coverage_grid"]
    three, ten = coverage_grid(verdicts).values.T[1:].tolist()
    assert three == ["0.90 (0.25) offered", ""]
    assert ten == ["0.90 (0.25) offered", "0.90 (0.25)"]


def test_what_is_missed_and_what_is_marked_falsely_add_up_with_dice_to_one() -> None:
    lost = lifted("05", "lost", counts=counts)["lost"]
    rows = table_of((5, 3, 4, 88), (5, 0, 4, 91), (5, 3, 0, 92), (0, 3, 4, 93))
    missed, false = lost(rows)
    assert (counts.dice(rows) + missed + false).tolist() == pytest.approx([1] * 4)
    assert false[1] == missed[2] == 0
    # By hand: 10 / 17 rises to 18 / 21 with the missed, to 10 / 14 without the false.
    by_hand = ((18 / 21 - 10 / 17) + (1 - 10 / 14)) / 2
    assert missed[0] == pytest.approx(by_hand)
