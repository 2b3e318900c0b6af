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

import argparse
import datetime
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

import phantom
from helpers import (
    counts,
    domains,
    environment,
    frames,
    pitfalls,
    runs,
    settings,
    store,
)
from helpers.correlation import spearman
from helpers.frames import CLASSES, Packed
from helpers.settings import Course
from helpers.statistics import subject_means
from helpers.study import engine

HERE = Path(__file__).parent
SEEDS, FOLDS = (0, 1, 2), 5
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
# So few frames and epochs that every line runs and no number means anything.
TINY = {
    "drawn": 40,
    "drawn_target": 51,
    "drawn_height": 96,
    "epochs": 1,
    "size": (64, 96),
}
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ORGAN = next(entry.id for entry in CLASSES if entry.name == "Gastrointestinal Tract")
EPSILON = 1e-7  # of the published study
FOOT = 30 / 49  # its cosine's length, as a share of the epochs that it ran


def course_of(seed: int, tiny: bool = False) -> Course:
    """The quick profile, made smaller."""
    return settings.course("quick", seed).but(**SMALL | (TINY if tiny else {}))


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


def both_ways(course: Course, source: Packed, fold: int) -> pitfalls.BothWays:
    """Both ways to divide the source's frames in one fold."""
    table = frames.split_source(source.table, course.seed, fold=fold, folds=FOLDS)
    return pitfalls.both_ways(Packed(table, source.rows, source.place), course.seed)


def network(
    course: Course,
    ways: pitfalls.BothWays,
    name: str,
    fold: int,
    variation: float = 1.0,
) -> runs.Run:
    """A network of one fold: a key of TRIED."""
    train = ways.by_frames if name == "by frames" else ways.by_pigs
    foot = max(1, round(FOOT * course.numbers.epochs))
    return runs.trained(
        name,
        course,
        train,
        ways.id_val,
        fold=fold,
        variation=variation,
        foot=foot if name == "short cosine" else None,
    )


def dice_of(run: runs.Run, packed: Packed, threshold: float = 0.5) -> pd.Series:
    """Dice of each subject, mean over its frames with blood."""
    found = runs.probabilities(run, packed) >= np.ceil(256 * threshold)
    table = counts.count(found, packed.blood, packed.valid)
    return subject_means(counts.on_blood(counts.dice, table), packed.table["subject"])


def smoothed(table: pd.DataFrame, epsilon: float = EPSILON) -> pd.Series:
    """Dice with a constant above and below, as the study computes it."""
    top = 2 * table["tp"] + epsilon
    return top / (top + table["fp"] + table["fn"])


def scoring(run: runs.Run, patients: Packed) -> list[dict]:
    """Wrong class, epsilon in the mode and in the correlation, on one prediction."""
    found = runs.probabilities(run, patients) >= 128
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


def drawing(course: Course) -> tuple[list[dict], list[dict]]:
    """All habits on one drawing, and what one could choose from on its test."""
    source, patients = packed(course, "source"), packed(course, "wished")
    pigs, wished, options = {}, {}, []
    for name, fold in ((name, fold) for name, folds in TRIED.items() for fold in folds):
        ways = both_ways(course, source, fold)
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
    fair = network(course, both_ways(course, source, 0), "by pigs", 0)
    return scoring(fair, patients) + rows, options


def main(
    tiny: bool = False, seeds: tuple[int, ...] = SEEDS, folder: Path = HERE
) -> None:
    began, rows, options = time.perf_counter(), [], []
    done = engine.results(drawing, [(course_of(seed, tiny),) for seed in seeds])
    for seed, parts in zip(seeds, done, strict=True):
        for kept, found in zip((rows, options), parts, strict=True):
            kept += [{"seed": seed} | one for one in found]
    table = pd.DataFrame(rows)[
        ["habit", "outcome", "seed", "wrong", "right", "subjects"]
    ]
    table = table.sort_values(["habit", "outcome", "seed"], ignore_index=True)
    table.round(4).to_csv(folder / "habits.csv", index=False)
    pd.DataFrame(options).round(4).to_csv(folder / "habits_options.csv", index=False)
    about = {
        "date": datetime.date.today().isoformat(),
        "versions": environment.versions(),
        "phantom": store.code("phantom"),
        "training": store.code("training"),
        "settings": asdict(course_of(0, tiny).numbers),
        "drawings": len(seeds),
        "folds": {name: len(folds) for name, folds in TRIED.items()},
        "seconds": round(time.perf_counter() - began),
    }
    (folder / "habits.json").write_text(json.dumps(about, indent=1) + "\n")
    print(table.to_string(), f"\n{about['seconds']} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="only try it, in the store")
    if parser.parse_args().tiny:
        place = settings.store_folder() / "tiny_habits"
        place.mkdir(parents=True, exist_ok=True)
        main(True, (0,), place)
    else:
        main()
