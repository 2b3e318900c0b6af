"""The habits of lesson 05 on three drawings, each measured by the habit and properly.

    python -m benchmarks.habits   writes habits.csv, habits_options.csv and habits.json

habits.csv: a row for each habit, outcome and drawing (seed), with the mean over its
subjects of both figures; the unit is the drawing, and three of them carry no interval.
A split by frames is tried in two of five folds, so that four of the ten pigs are
tested, each once by either network; a schedule that is too short in one. The rest is
arithmetic on one prediction.

habits_options.csv: what somebody who chooses on the test could choose from, a row for
each drawing, network and threshold, with the Dice of each wished-for patient.
"""

import time
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd

import phantom
from benchmarks import recording
from helpers import counts, domains, frames, runs, settings
from helpers.correlation import spearman
from helpers.frames import CLASSES, Packed
from helpers.settings import Course
from helpers.statistics import subject_means

FOLDS = 5
# In which of the folds a network is trained; a short cosine learns from other pigs
# only.
TRIED = {"by pigs": (0, 1), "by frames": (0, 1), "short cosine": (0,)}
# Smaller than the lesson's, since dozens of networks are trained.
SMALL = {
    "drawn": 160,
    "drawn_target": 170,
    "drawn_height": 144,
    "epochs": 5,
    "batch": 8,
    "folds": FOLDS,
}
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ORGAN = next(entry.id for entry in CLASSES if entry.name == "Gastrointestinal Tract")
EPSILON = 1e-7  # of the published study
FOOT = 30 / 49  # its cosine's length, as a share of the epochs that it ran


def course_of(seed: int) -> Course:
    """The quick profile, made smaller."""
    return settings.course("quick", seed).but(**SMALL)


def packed(course: Course, role: str, variation: float = 1.0) -> Packed:
    """The drawn source ("source") or the patients of ood_wished ("wished")."""
    numbers, source = course.numbers, role == "source"
    height = numbers.drawn_height
    what = {
        "n_frames": numbers.drawn if source else numbers.drawn_target,
        "size": (height, height * 4 // 3 if source else height * 16 // 9),
        "seed": course.seed,
        "variation": variation,
    }
    what |= {} if source else {"wished": True}
    write = phantom.write_hemoset if source else phantom.write_cholecseg8k
    place = domains.kept(role, write, what)
    found = frames.pack(frames.index(place).table, course.size)
    if source:
        return found
    table = frames.split_target(found.table, course.seed, wished=True)
    return Packed(table, found.rows, found.place).of("ood_wished")


class BothWays(NamedTuple):
    """Two training sets of one size for the same test frames."""

    by_pigs: Packed
    by_frames: Packed
    id_val: Packed
    test: Packed


def both_ways(source: Packed, seed: int) -> BothWays:
    """Two training sets of the same size, to be tested on the same frames.

    Every second frame of each clip of the id_test pigs is the test. by_pigs: the train
    pigs, as everywhere in the course. by_frames: the other frames of the tested pigs
    too, as a shuffle of frames would have it, and as many fewer, drawn by `seed`, of
    the train pigs. The epoch is chosen on the id_val pigs both times, so that the
    training frames are all that differs.
    """
    table = source.table.reset_index(drop=True)
    ordered = table.sort_values(["subject", "clip", "frame"], kind="stable")
    place = ordered.groupby(["subject", "clip"], sort=False).cumcount()
    second = (place % 2 == 1).reindex(table.index).to_numpy()
    tested = (table["split"] == "id_test").to_numpy()
    train = (table["split"] == "train").to_numpy()
    chosen = tested & second
    kept = np.random.default_rng([abs(int(seed)), 2]).choice(
        np.flatnonzero(train), int(train.sum() - chosen.sum()), replace=False
    )
    by_pigs, test = source.where(train), source.where(tested & ~second)
    chosen[kept] = True
    return BothWays(by_pigs, source.where(chosen), source.of("id_val"), test)


def in_fold(course: Course, source: Packed, fold: int) -> BothWays:
    """Both ways to divide the source's frames in one fold."""
    table = frames.split_source(source.table, course.seed, fold=fold, folds=FOLDS)
    return both_ways(Packed(table, source.rows, source.place), course.seed)


def network(
    course: Course,
    ways: BothWays,
    name: str,
    fold: int,
    variation: float = 1.0,
) -> runs.Run:
    """A network of one fold: a key of TRIED."""
    train = ways.by_frames if name == "by frames" else ways.by_pigs
    foot = max(1, round(FOOT * course.numbers.epochs))
    what = {"fold": fold, "variation": variation}
    what["foot"] = foot if name == "short cosine" else None
    return runs.trained(name, course, train, ways.id_val, **what)


def dice_of(run: runs.Run, packed: Packed, threshold: float = 0.5) -> pd.Series:
    """Dice of each subject, mean over its frames with blood."""
    found = run.probabilities(packed) >= np.ceil(256 * threshold)
    table = counts.count(found, packed.blood, packed.valid)
    return subject_means(counts.on_blood(counts.dice, table), packed.table["subject"])


def smoothed(table: pd.DataFrame, epsilon: float = EPSILON) -> pd.Series:
    """Dice with a constant above and below, as the study computes it."""
    top = 2 * table["tp"] + epsilon
    return top / (top + table["fp"] + table["fn"])


def scoring(run: runs.Run, patients: Packed) -> list[dict]:
    """Wrong class, epsilon in the mode and in the correlation, on one prediction."""
    found = run.probabilities(patients) >= 128
    right = counts.count(found, patients.blood, patients.valid)
    wrong = counts.count(found, np.asarray(patients.classes) == ORGAN, patients.valid)

    def means(values: pd.Series) -> pd.Series:
        return subject_means(values, patients.table["subject"][values.index])

    dice = [means(counts.on_blood(counts.dice, table)) for table in (wrong, right)]
    labelled = wrong[counts.has_blood(wrong)]
    partial, touched = smoothed(labelled) > 0, labelled["tp"] > 0
    missed = labelled[labelled["tp"] == 0]
    area, subjects = counts.coverage(missed), patients.table["subject"][missed.index]
    made, none = (
        spearman(area, smoothed(missed, epsilon)) for epsilon in (EPSILON, 0.0)
    )
    return [
        row("wrong class", "Dice", *dice),
        row(
            "epsilon", "partly found, %", means(100.0 * partial), means(100.0 * touched)
        ),
        {
            "habit": "correlation",
            "outcome": "rank correlation with area",
            "wrong": made,
            "right": none,
            "subjects": subjects.nunique(),
        },
    ]


def row(habit: str, outcome: str, wrong: pd.Series, right: pd.Series) -> dict:
    """Means over the subjects for whom both figures are defined."""
    both = pd.DataFrame({"wrong": wrong, "right": right}).dropna()
    return {"habit": habit, "outcome": outcome, **both.mean(), "subjects": len(both)}


def of_drawing(seed: int) -> tuple[list[dict], list[dict]]:
    """All habits on one drawing, and what one could choose from on its test."""
    course = course_of(seed)
    source, patients = packed(course, "source"), packed(course, "wished")
    pigs, wished, options = {}, {}, []
    for name, fold in ((name, fold) for name, folds in TRIED.items() for fold in folds):
        ways = in_fold(course, source, fold)
        run = network(course, ways, name, fold)
        pigs[name, fold] = dice_of(run, ways.test)
        wished[name, fold] = dice_of(run, patients)
        for threshold in THRESHOLDS:
            option = {"network": f"{name}, fold {fold}", "threshold": threshold}
            options.append(option | dice_of(run, patients, threshold).to_dict())

    def compared(habit: str, outcome: str, found: dict, name: str) -> dict:
        """One network beside "by pigs"; a patient, met in each fold, is averaged."""
        means = (
            pd.concat([found[which, fold] for fold in TRIED[name]])
            .groupby(level=0)
            .mean()
            for which in (name, "by pigs")
        )
        return row(habit, outcome, *means)

    rows = [
        compared("split by frames", "Dice of pigs", pigs, "by frames"),
        compared("schedule", "Dice of pigs", pigs, "short cosine"),
        compared("schedule", "Dice of patients", wished, "short cosine"),
    ]
    fair = network(course, in_fold(course, source, 0), "by pigs", 0)
    return scoring(fair, patients) + rows, options


def main() -> None:
    began, rows, options = time.perf_counter(), [], []
    done = recording.over_drawings(of_drawing)
    for seed, parts in zip(recording.SEEDS, done, strict=True):
        for kept, found in zip((rows, options), parts, strict=True):
            kept += [{"seed": seed} | one for one in found]
    table = pd.DataFrame(rows)[
        ["habit", "outcome", "seed", "wrong", "right", "subjects"]
    ]
    table = table.sort_values(["habit", "outcome", "seed"], ignore_index=True)
    recording.record(
        "habits",
        began,
        {"": table, "_options": pd.DataFrame(options)},
        settings=asdict(course_of(0).numbers),
        drawings=len(recording.SEEDS),
        folds={name: len(folds) for name, folds in TRIED.items()},
    )


if __name__ == "__main__":
    main()
