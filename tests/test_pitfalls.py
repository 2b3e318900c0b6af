"""The habits re-enacted: laws on hand-made arrays, the rate of empty findings, and
the recorded tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import habits, null_rejection
from helpers import correlation, counts, pitfalls, settings, training
from helpers.errors import CourseError
from helpers.frames import CLASSES, Packed

ID = {entry.name: entry.id for entry in CLASSES}
ORGAN = "Gastrointestinal Tract"


def table_of(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["tp", "fp", "fn", "tn"])


def packed(folder: Path, table: pd.DataFrame, **arrays: np.ndarray) -> Packed:
    """Frames of a table with the given arrays; what is not given is empty, and all
    pixels are valid."""
    n, shape = len(table), (len(table), *next(iter(arrays.values())).shape[1:3])
    made = {
        "images": np.zeros((*shape, 3), np.uint8),
        "blood": np.zeros(shape, bool),
        "valid": np.ones(shape, bool),
        "fill": np.zeros(shape, bool),
        "classes": np.zeros(shape, np.uint8),
    } | arrays
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in made.items():
        np.save(folder / f"{name}.npy", array)
    return Packed(table, np.arange(n), folder)


def frame_table(**columns) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame(
        {
            "dataset": "hemoset",
            "subject": "a",
            "clip": "a/0",
            "frame": range(n),
            "split": "",
            "image": "",
            "mask": "",
        }
        | columns
    )


# What the benchmark scores: another class, and a constant in Dice.

COUNTS = table_of((0, 5, 5, 90), (0, 0, 10, 90), (5, 5, 5, 85), (0, 3, 0, 97))


def two_patients(folder: Path) -> Packed:
    """Blood above, the organ below on the left: eight and six pixels a frame, one
    row of them unknown once."""
    classes = np.full((2, 4, 6), ID["Liver"], np.uint8)
    classes[:, :2], classes[:, 2:, :3] = ID["Blood"], ID[ORGAN]
    valid = np.ones(classes.shape, bool)
    valid[1, 3] = False
    table = frame_table(subject=["a", "b"])
    return packed(
        folder, table, classes=classes, blood=classes == ID["Blood"], valid=valid
    )


def test_a_perfect_prediction_of_blood_scores_nothing_against_the_organ_beside_it(
    tmp_path, monkeypatch
) -> None:
    patients = two_patients(tmp_path / "p")
    monkeypatch.setattr(
        habits.runs, "probabilities", lambda run, packed: np.uint8(255) * packed.blood
    )
    rows = pd.DataFrame(habits.scoring(None, patients)).set_index("habit")
    assert rows.loc["wrong class", ["wrong", "right", "subjects"]].tolist() == [0, 1, 2]
    # Nothing overlaps: the rule calls both frames partly found, and neither is.
    assert rows.loc["epsilon", ["wrong", "right"]].tolist() == [100, 0]
    # Twelve wrong pixels of blood on each, and the organ's six and three: the larger
    # organ, the smaller Dice.
    assert rows.loc["correlation", "wrong"] == pytest.approx(-1) and np.isnan(
        rows.loc["correlation", "right"]
    )


def test_smoothed_dice_is_the_formula_and_without_epsilon_it_is_dice() -> None:
    found = habits.smoothed(COUNTS, 0.5)
    assert found.tolist() == pytest.approx(
        [0.5 / 10.5, 0.5 / 10.5, 10.5 / 20.5, 0.5 / 3.5]
    )
    pd.testing.assert_series_equal(habits.smoothed(COUNTS, 0.0), counts.dice(COUNTS))
    assert (habits.smoothed(COUNTS) > 0).all() and (
        counts.dice(COUNTS) > 0
    ).tolist() == [False, False, True, False]


@pytest.mark.parametrize("epsilon", [1e-12, habits.EPSILON, 1e-3])
def test_where_nothing_overlaps_epsilon_orders_frames_by_their_area(
    epsilon: float,
) -> None:
    missed = table_of(*((0, 4, area, 96 - area) for area in (1, 2, 5, 9, 20, 41)))
    area = counts.coverage(missed)
    assert correlation.spearman(
        area, habits.smoothed(missed, epsilon)
    ) == pytest.approx(-1)
    assert np.isnan(correlation.spearman(area, habits.smoothed(missed, 0.0)))


def test_a_habit_is_compared_over_the_subjects_that_have_both_figures() -> None:
    found = habits.row(
        "h",
        "Dice",
        pd.Series({"a": 0.2, "b": 0.4, "c": np.nan}),
        pd.Series({"a": 0.5, "c": 0.1}),
    )
    assert found == {
        "habit": "h",
        "outcome": "Dice",
        "wrong": 0.2,
        "right": 0.5,
        "subjects": 1,
    }


def test_an_unknown_class_is_found_by_its_area_whatever_it_is(tmp_path: Path) -> None:
    classes = np.full((3, 10, 10), ID["Liver"], np.uint8)
    for frame, rows in enumerate((2, 4, 7)):
        classes[frame, :rows] = ID["Fat"]
    ours = packed(tmp_path / "p", frame_table(subject=list("abc")), classes=classes)
    names = set()
    for seed in range(8):
        areas, scored = pitfalls.puzzle(None, ours, seed)
        names.add(areas.sub(scored, axis=0).abs().mean().idxmin())
        assert areas.sum(axis=1).tolist() == [100, 100, 100]
    assert names == {"liver", "fat"}  # never blood, and not always the same
    published = pd.DataFrame(
        {entry.name.lower(): [1.0] for entry in CLASSES} | {"scored": [2.0]}
    )
    areas, scored = pitfalls.puzzle(published, ours)
    assert scored.tolist() == [2.0] and list(areas) == [
        entry.name.lower() for entry in CLASSES
    ]


# Split by frames.


def source(folder: Path, clips: int = 3, frames: int = 5) -> Packed:
    rows = [
        (pig, f"{pig}/{clip}", 60 * (10 * clip + frame), split)
        for pig, split in (
            ("p1", "train"),
            ("p2", "train"),
            ("p3", "id_val"),
            ("p4", "id_test"),
            ("p5", "train"),
        )
        for clip in range(clips)
        for frame in range(frames)
    ]
    table = pd.DataFrame(rows, columns=["subject", "clip", "frame", "split"])
    shuffled = table.sample(frac=1, random_state=0).reset_index(drop=True)
    return packed(
        folder,
        frame_table(**{name: shuffled[name] for name in shuffled}),
        blood=np.zeros((len(table), 2, 2), bool),
    )


def test_the_two_training_sets_differ_in_the_tested_pigs_neighbours_and_nothing_else(
    tmp_path: Path,
) -> None:
    ways = pitfalls.both_ways(source(tmp_path / "p"), seed=3)
    assert (
        len(ways.by_pigs) == len(ways.by_frames) == 45
        and ways.shared == 6
        and len(ways.test) == 9
    )
    assert set(ways.by_pigs.table["subject"]) == {"p1", "p2", "p5"} and set(
        ways.test.table["subject"]
    ) == {"p4"}
    assert (ways.by_frames.table["subject"] == "p4").sum() == 6
    frames = {
        name: set(
            map(
                tuple,
                getattr(ways, name).table[["subject", "frame"]].to_numpy().tolist(),
            )
        )
        for name in ("by_pigs", "by_frames", "test")
    }
    assert not frames["test"] & (frames["by_frames"] | frames["by_pigs"])
    assert all(
        subject == "p4" for subject, _ in frames["by_frames"] - frames["by_pigs"]
    )
    # Each tested frame has a neighbour 60 frame numbers away that the split by frames
    # learned from.
    learned = {frame for subject, frame in frames["by_frames"] if subject == "p4"}
    assert all({frame - 60, frame + 60} & learned for _, frame in frames["test"])
    assert set(ways.id_val.table["subject"]) == {"p3"}


def test_the_same_seed_draws_the_same_frames_and_another_seed_others(
    tmp_path: Path,
) -> None:
    one, same, other = (
        pitfalls.both_ways(source(tmp_path / str(n)), seed).by_frames.table
        for n, seed in enumerate((1, 1, 2))
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one["frame"].equals(other["frame"]) or not one["subject"].equals(
        other["subject"]
    )


def test_no_neighbours_no_split_by_frames(tmp_path: Path) -> None:
    with pytest.raises(
        CourseError,
        match="A split by frames needs neighbours of the tested frames and fewer of "
        "them than "
        "training frames, but there are 0 and 9; take a data set",
    ):
        pitfalls.both_ways(source(tmp_path / "p", frames=1), seed=0)


# The learning rate.


def rates(epochs: int, foot: int, start: float = 1.0) -> np.ndarray:
    """Cosine annealing to zero over `foot` epochs, in PyTorch's closed form."""
    return start * (1 + np.cos(np.pi * np.arange(epochs) / foot)) / 2


def test_a_short_cosine_climbs_back_as_the_published_one_did() -> None:
    epochs = habits.SMALL["epochs"]
    ran = rates(epochs, round(habits.FOOT * epochs))
    assert 0 < np.argmin(ran) < epochs - 1 and ran[-1] > ran.min()
    published = rates(49, 30)
    assert np.argmin(published) == 30 and published[-1] > 0.6


def test_a_training_runs_at_the_rates_that_its_foot_says(
    tmp_path: Path, own_store: Path
) -> None:
    table = frame_table(subject=["a", "b"] * 2, clip=list("abab"))
    frames = packed(tmp_path / "p", table, blood=np.ones((4, 32, 32), bool))
    numbers = settings.course("smoke").but(epochs=6, batch=4).numbers
    for foot, over in ((3, 3), (None, 6)):
        model = torch.nn.Conv2d(3, 1, 1)
        history = training.fit(
            model, frames, frames, numbers, 0, {"foot": foot}, foot=foot
        )
        assert history.learning_rate == pytest.approx(
            rates(6, over, numbers.learning_rate), abs=1e-12
        )


# Empty findings.


def patients(
    subjects: int = 12, frames: int = 6, between: float = 0.15, seed: int = 0
) -> pd.DataFrame:
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
    own = pd.Series(
        generator.normal(0.5, between, subjects),
        index=[f"v{s:02d}" for s in range(subjects)],
    )
    return table.assign(
        dice=own.loc[table["subject"]].to_numpy()
        + generator.normal(0, 0.05, len(table))
    )


@pytest.fixture(scope="module")
def empty() -> pd.DataFrame:
    return pitfalls.p_values(patients(), "of the subject", 1_000, seed=1)


def test_over_subjects_nothing_is_found_as_often_as_promised_over_frames_more_often(
    empty: pd.DataFrame,
) -> None:
    rate, low, high = pitfalls.rejected(empty["subjects"])
    assert 3.5 <= rate <= 6.5 and low <= 5 <= high
    assert pitfalls.rejected(empty["frames"])[1] > 30


def test_subjects_that_are_alike_take_the_frames_with_them() -> None:
    alike = pitfalls.p_values(patients(between=0.0), "of the subject", 400, seed=2)
    assert pitfalls.rejected(alike["frames"])[0] < 12


def test_an_effect_is_found_more_often_than_nothing(empty: pd.DataFrame) -> None:
    there = pitfalls.p_values(patients(), "of the subject", 100, seed=3, strength=0.8)
    assert pitfalls.rejected(there["subjects"])[1] > 50


def test_a_drift_within_clips_is_tested_within_subjects() -> None:
    table = patients(subjects=8, frames=9)
    found = pitfalls.p_values(table, "drifting within clips", 60, seed=4)
    assert found.notna().all().all() and pitfalls.rejected(found["subjects"])[1] < 5
    walk = pitfalls.drift(table, np.random.default_rng(0), strength=1.0)
    assert pd.Series(walk).groupby(table["subject"]).corr(table["dice"]).min() > 0.8


def test_a_property_of_the_subject_stays_with_it_and_the_same_seed_draws_it_again() -> (
    None
):
    table = patients()
    one, same = (pitfalls.of_subject(table, np.random.default_rng(5)) for _ in range(2))
    assert (one == same).all()
    spread = pd.Series(one).groupby(table["subject"])
    assert spread.mean().std() > 0.6 and spread.std().mean() < 0.7


@pytest.mark.parametrize("subjects", [3, 7, 12])
def test_all_draws_at_once_are_the_courses_own_tests_one_by_one(subjects: int) -> None:
    table = (
        patients(subjects=subjects, frames=9)
        .sample(frac=0.9, random_state=0)
        .reset_index(drop=True)
    )
    ordered = table.sort_values(["subject", "clip", "frame"]).reset_index(drop=True)
    who, dice, order = ordered["subject"], ordered["dice"], ordered["frame"]
    for kind, draw in pitfalls.PROPERTIES.items():
        found = pitfalls.p_values(table, kind, 6, seed=9)
        for number, row in enumerate(found.itertuples()):
            drawn = draw(ordered, np.random.default_rng([9, number]))
            assert row.frames == pytest.approx(correlation.naive_p(drawn, dice))
            if kind == "of the subject":
                one = correlation.spearman_between(drawn, dice, who)
            else:
                one = correlation.spearman_within(
                    drawn, dice, who, ordered["clip"], order, test="signs"
                )
            assert row.subjects == pytest.approx(
                np.nan if one.p is None else one.p, nan_ok=True
            )
        assert found["subjects"].isna().all() == (subjects == 3)


def test_rejected_counts_no_test_as_no_rejection() -> None:
    rate, low, high = pitfalls.rejected([0.01, 0.2, np.nan, 0.04])
    assert rate == 50 and low < 7 and high > 93


# The recorded tables, and what the lesson says of them.


def recorded(name: str) -> tuple[pd.DataFrame, dict]:
    table, about = pitfalls.recorded(name)
    assert about["date"] and about["versions"]["torch"] and about["seconds"] > 0
    return table, about


def test_a_row_of_the_recorded_habits_is_a_drawing_and_none_has_an_interval() -> None:
    table, about = recorded("habits")
    assert list(table) == ["habit", "outcome", "seed", "wrong", "right", "subjects"]
    assert set(table["habit"]) == {
        "wrong class",
        "epsilon",
        "correlation",
        "split by frames",
        "schedule",
    }
    for _, part in table.groupby(["habit", "outcome"]):
        assert part["seed"].tolist() == list(habits.SEEDS) and about["drawings"] == len(
            part
        )
    dice = table[table["outcome"].str.startswith("Dice")]
    assert (
        dice[["wrong", "right"]].stack().between(0, 1).all()
        and (dice["subjects"] > 0).all()
    )
    # Arithmetic, on whatever was drawn: with a constant in it, no labelled frame has a
    # Dice of zero.
    assert (table[table["habit"] == "epsilon"]["wrong"] == 100).all()
    assert about["settings"]["drawn"] == habits.SMALL["drawn"]


def test_the_recorded_options_are_every_network_at_every_threshold() -> None:
    options, _ = pitfalls.recorded("habits", table="habits_options")
    networks = sum(map(len, habits.TRIED.values()))
    assert (options.groupby("seed").size() == networks * len(habits.THRESHOLDS)).all()
    dice = options.drop(columns=["seed", "network", "threshold"])
    assert dice.stack().dropna().between(0, 1).all()
    # Each drawing tests twelve patients; not the same ones.
    assert (
        dice.groupby(options["seed"]).apply(lambda one: one.notna().all().sum()) == 12
    ).all()


def test_recorded_null_rates() -> None:
    table, about = recorded("null_rejection")
    assert about["draws"] == 2_000 and (table["draws"] == 2_000).all()
    # The test that respects subjects keeps its size on whatever was drawn.
    assert table[table["strength"] == 0]["subjects"].between(3.5, 6.5).all()


def test_a_table_that_is_missing_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(
        CourseError,
        match="habits: the recorded table can't be read .* run python -m "
        "benchmarks.habits",
    ):
        pitfalls.recorded("habits", tmp_path)
    (tmp_path / "habits.csv").write_text("habit\nx\n")
    (tmp_path / "habits.json").write_text("{")
    with pytest.raises(CourseError, match="can't be read"):
        pitfalls.recorded("habits", tmp_path)


# The null benchmark's own pieces.


def test_the_middle_of_a_clip_is_one_frame_of_each() -> None:
    middle = null_rejection.middle_of_clips(patients(subjects=2, frames=9))
    assert middle["clip"].is_unique and len(middle) == 6 and set(middle["frame"]) == {1}


def test_share_between_is_all_where_frames_are_equal_and_none_where_subjects_are() -> (
    None
):
    apart = pd.DataFrame({"subject": list("aabb"), "dice": [0.1, 0.1, 0.9, 0.9]})
    assert null_rejection.share_between(apart) == pytest.approx(100)
    assert null_rejection.share_between(
        apart.assign(dice=[0.1, 0.9, 0.1, 0.9])
    ) == pytest.approx(0)


# What the lesson shows of them.


def test_shown_picks_columns_and_names_them() -> None:
    rows = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
    assert pitfalls.shown(rows, c="the_last", a="first").to_dict("list") == {
        "the last": [3],
        "first": [1],
    }


def test_the_coverage_grid_marks_what_is_offered_and_nothing_else() -> None:
    verdicts = [
        {
            "subjects": n,
            "method": method,
            "worst_coverage": 0.9,
            "widest": 0.25,
            "allowed": method == "one",
        }
        for n in (3, 10)
        for method in ("one", "two")
        if (n, method) != (3, "two")
    ]
    grid = pitfalls.coverage_grid({"verdicts": verdicts})
    assert grid.to_dict("list") == {
        "method": ["one", "two"],
        "3 subjects": ["0.90 (0.25) offered", ""],
        "10 subjects": ["0.90 (0.25) offered", "0.90 (0.25)"],
    }
