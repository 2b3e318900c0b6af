"""The habits of lesson 05 on drawn surgery: three drawings, with subjects as drawn and all alike.

    python -m benchmarks.habits   writes habits.csv, habits_by_subject.csv and habits.json beside it

`by_subject` has a row for each habit, drawing (seed), variation (1: subjects differ as drawn, 0: all have
one look) and subject, with its figure measured the wrong way and the right way on the same frames or the
same predictions. The CSV sums it up: medians over subjects with their 90 % intervals (order statistics, the
kind that interval_coverage.py allows at these numbers), the median of the paired differences with its own,
and the mean. `from_subjects` says which habits live on the difference between subjects; the control is for
them. The others are arithmetic or a recipe, and subjects that look alike do not mend them.

A split by frames is cross-validated both ways over five folds, so that each pig is tested once by each.
"""

import datetime
import json
import time
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from helpers import counts, environment, frames, phantom, reenact, runs, settings, statistics, store
from helpers.correlation import FEWEST_FRAMES
from helpers.frames import Packed
from helpers.settings import Course

HERE = Path(__file__).parent
SEEDS, VARIATIONS, FOLDS = (0, 1, 2), (1.0, 0.0), 5
# Smaller than the lesson's, since 66 networks are trained; the drawing itself is the same.
SMALL = {"drawn": 160, "drawn_target": 170, "drawn_height": 144, "epochs": 5, "batch": 8, "folds": FOLDS}
ORGAN = "Gastrointestinal Tract"
FROM_SUBJECTS = {
    "split by frames": True,
    "wrong class": False,
    "epsilon": False,
    "epsilon, wrong class": False,
    "correlation": False,
    "correlation, pooled": False,
    "schedule, pigs": False,
    "schedule, patients": False,
}
UNITS = {
    "epsilon": "percent of labelled frames",
    "epsilon, wrong class": "percent of labelled frames",
    "correlation": "Spearman",
    "correlation, pooled": "Spearman",
}


def course_of(seed: int) -> Course:
    """The quick profile with SMALL's numbers."""
    return settings.course("quick", seed).but(**SMALL)


def packed(course: Course, role: str, variation: float) -> Packed:
    """The drawn source or wished-for benchmark at a variation, found in the store or drawn."""
    height, source = course.numbers.drawn_height, role == "source"
    what = {
        "n_frames": course.numbers.drawn if source else course.numbers.drawn_target,
        "size": (height, height * 4 // 3 if source else height * 16 // 9),
        "seed": course.seed,
        "variation": variation,
    }
    what |= {} if source else {"wished": True}
    place = store.folder("phantom", role=role, code=store.code("phantom"), **what)
    if not place.exists():
        (phantom.write_hemoset if source else phantom.write_cholecseg8k)(place, **what)
    return frames.pack(frames.index(place).table, course.size)


def of_fold(course: Course, source: Packed, fold: int) -> reenact.BothWays:
    """Both ways to divide the source's frames in one fold."""
    table = frames.split_source(source.table, course.seed, fold=fold, folds=FOLDS)
    return reenact.both_ways(Packed(table, source.rows, source.place), course.seed)


def by_pigs(
    course: Course, ways: reenact.BothWays, variation: float, fold: int, foot: int | None = None
) -> runs.Run:
    """The network of one fold that saw no tested pig."""
    return runs.trained(
        "split by pigs", course, ways.by_pigs, ways.id_val, fold=fold, foot=foot, variation=variation
    )


def scored(run: runs.Run, frames_of: Packed) -> pd.DataFrame:
    """The frame table with its counts and `dice`, NaN on frames without blood."""
    table = counts.count(runs.probabilities(run, frames_of) >= 128, frames_of.blood, frames_of.valid)
    table = frames_of.table.reset_index(drop=True).join(table)
    return table.assign(dice=counts.on_blood(counts.dice, table))


def wished(seed: int, variation: float) -> tuple[Course, Packed, runs.Run]:
    """The wished-for benchmark's test patients and the network of fold 0 that meets them."""
    course = course_of(seed)
    found = packed(course, "wished", variation)
    table = frames.split_target(found.table, seed, wished=True)
    ways = of_fold(course, packed(course, "source", variation), 0)
    return (
        course,
        Packed(table, found.rows, found.place).of("ood_wished"),
        by_pigs(course, ways, variation, 0),
    )


def compared(wrong: pd.Series, right: pd.Series) -> pd.DataFrame:
    """Two series over subjects side by side, where both are defined."""
    return pd.DataFrame({"wrong": wrong, "right": right}).dropna()


def mean_by(table: pd.DataFrame, values: pd.Series) -> pd.Series:
    return statistics.subject_means(values, table["subject"])


def scoring(patients: Packed, run: runs.Run) -> dict[str, pd.DataFrame]:
    """Wrong class, epsilon and correlation, on one prediction."""
    right = scored(run, patients)
    wrong = reenact.rescored(runs.probabilities(run, patients) >= 128, patients, ORGAN)
    found = {
        "wrong class": compared(
            mean_by(wrong, counts.on_blood(counts.dice, wrong)), mean_by(right, right["dice"])
        )
    }
    for name, table in (("epsilon", right), ("epsilon, wrong class", wrong)):
        labelled = table[counts.has_blood(table)]
        partial = 100.0 * (reenact.smoothed_modes(labelled) == "PARTIAL")
        found[name] = compared(
            mean_by(labelled, partial), mean_by(labelled, 100.0 * ~reenact.without_overlap(labelled))
        )
    missed = wrong[reenact.without_overlap(wrong)]
    enough = {name: part for name, part in missed.groupby("subject") if len(part) >= FEWEST_FRAMES}
    # Without epsilon Dice is 0 on each of these frames, and has no correlation: 0 stands for "nothing there".
    for name, parts in (("correlation", enough), ("correlation, pooled", {"all patients": missed})):
        made = pd.Series({who: reenact.epsilon_correlation(part) for who, part in parts.items()}, dtype=float)
        found[name] = compared(made, 0 * made)
    return found


def trainings(course: Course, variation: float) -> dict[str, pd.DataFrame]:
    """The split by frames over all folds, and the schedule on the first."""
    source, parts = packed(course, "source", variation), []
    for fold in range(FOLDS):
        ways = of_fold(course, source, fold)
        fair = by_pigs(course, ways, variation, fold)
        leaky = runs.trained(
            "split by frames", course, ways.by_frames, ways.id_val, fold=fold, variation=variation
        )
        wrong, right = scored(leaky, ways.test), scored(fair, ways.test)
        parts.append(compared(mean_by(wrong, wrong["dice"]), mean_by(right, right["dice"])))
    ways = of_fold(course, source, 0)
    climbed = by_pigs(course, ways, variation, 0, foot=reenact.climbing(course.numbers.epochs))
    _, patients, fell = wished(course.seed, variation)
    found = {"split by frames": pd.concat(parts)}
    for name, tested in (("schedule, pigs", ways.test), ("schedule, patients", patients)):
        wrong, right = scored(climbed, tested), scored(fell, tested)
        found[name] = compared(mean_by(wrong, wrong["dice"]), mean_by(right, right["dice"]))
    return found


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per habit and variation over the subjects of all drawings."""
    out = []
    for (habit, variation), part in rows.groupby(["habit", "variation"], sort=False):
        names = part["seed"].astype(str) + "/" + part["subject"]
        row = {
            "habit": habit,
            "from_subjects": FROM_SUBJECTS[habit],
            "variation": variation,
            "unit": UNITS.get(habit, "Dice"),
            "subjects": len(part),
        }
        for name, values in (
            ("wrong", part["wrong"]),
            ("right", part["right"]),
            ("difference", part["wrong"] - part["right"]),
        ):
            found = statistics.median_over_subjects(values, names, bounds=None)
            row |= {
                name: found.value,
                f"{name}_low": found.low,
                f"{name}_high": found.high,
                f"mean_{name}": values.mean(),
            }
        by_drawing = (part["wrong"] - part["right"]).groupby(part["seed"]).mean()
        out.append(row | {"lowest_drawing": by_drawing.min(), "highest_drawing": by_drawing.max()})
    return pd.DataFrame(out)


def main() -> None:
    began, parts = time.perf_counter(), []
    for variation in VARIATIONS:
        for seed in SEEDS:
            course, patients, run = wished(seed, variation)
            for habit, table in (scoring(patients, run) | trainings(course, variation)).items():
                parts.append(
                    table.rename_axis("subject")
                    .reset_index()
                    .assign(habit=habit, seed=seed, variation=variation)
                )
            print(f"variation {variation:g}, drawing {seed}: {time.perf_counter() - began:.0f} s", flush=True)
    rows = pd.concat(parts, ignore_index=True)[["habit", "variation", "seed", "subject", "wrong", "right"]]
    table = summary(rows)
    rows.round(4).to_csv(HERE / "habits_by_subject.csv", index=False)
    table.round(4).to_csv(HERE / "habits.csv", index=False)
    about = {
        "date": datetime.date.today().isoformat(),
        "versions": environment.versions(),
        "phantom": store.code("phantom"),
        "settings": asdict(course_of(0).numbers),
        "drawings": len(SEEDS),
        "level": statistics.OFFERED["median"].level,
        "seconds": round(time.perf_counter() - began),
    }
    (HERE / "habits.json").write_text(json.dumps(about, indent=1) + "\n")
    print(table.to_string(), f"\n{about['seconds']} s")


if __name__ == "__main__":
    main()
