"""The detectors of lesson 08 on three drawings, each with its own training.

    python -m benchmarks.bleeding   writes bleeding.csv and bleeding.json beside it

A row per drawing, split and detector. Splits: `left_out`, the cases that levels are
chosen on, where networks are those that a case did not train; id_test and ood_test.

auroc: of frames, whatever their case; within: in a case, mean over a subject's cases,
then over subjects, as the measures of decisions. auroc_seen: of networks on cases that
they were trained on. level: chosen on all left-out cases, and f1_chosen their F1 of
frames at it; these cases are judged (f1 and what follows) at the level that the other
splits choose, tested ones at `level`. own_level, f1_own: what the tested cases would
choose themselves, which nobody may.
frames_per_s: how many frames a second the detector takes, what it needs from the
segmentation and the alignment included.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import numpy as np
import pandas as pd

from benchmarks import recording
from helpers import domains, settings, training, video
from helpers.correlation import auroc
from helpers.statistics import subject_means
from helpers.video import CONTROLS, DETECTORS, pathways, watching

MEASURES = ["count_error", "duration_error_s", "delay_s", "false_s_per_min"]
TIMED = 64  # frames


def of_drawing(seed: int, profile: str = "quick") -> pd.DataFrame:
    """A row per split and detector of one drawing."""
    course = settings.course(profile, seed)
    data = domains.gather(course)
    run = training.baseline(course, data)
    watched = {
        split: watching.watch(course, run, watching.written(cases), split)
        for split, cases in watching.planned(course, data).items()
    }
    splits = watching.in_splits(watched["train"] + watched["id_val"])
    crossed = watching.left_out(course, run, splits)
    final = watching.networks(course, run, sum(splits, []))
    given = {
        "left_out": [
            [watching.signals(one, networks) for one in split]
            for split, networks in zip(splits, crossed)
        ],
        # A network of another split has been trained on this one.
        "seen": [
            [watching.signals(one, networks) for one in split]
            for split, networks in zip(splits, crossed[1:] + crossed[:1])
        ],
    }
    given |= {
        split: [[watching.signals(one, final) for one in watched[split]]]
        for split in watching.TESTED
    }
    speed = throughput(run, splits[0][0], final, course.size)
    rows = []
    for name in (*DETECTORS, *CONTROLS):
        of = {
            split: [[one[name] for one in some] for some in parts]
            for split, parts in given.items()
        }
        for row in of_detector(of, splits, watched):
            row["frames_per_s"] = speed.get(name, np.nan)
            rows.append({"detector": name} | row)
    return pd.DataFrame(rows).assign(drawing=seed)


def of_detector(signals: dict, splits: list[list], watched: dict) -> list[dict]:
    """A row per split of one detector; signals: split to those of its cases, in as many
    lists as the cases that levels are chosen on have `splits`."""
    chosen_on, mine = sum(splits, []), sum(signals["left_out"], [])
    truths = [[one.bleeds for one in some] for some in splits]
    level, f1 = video.choose(mine, sum(truths, []))
    decided = sum(video.crossed(signals["left_out"], truths), [])
    row = {"split": "left_out", "level": level, "f1_chosen": f1}
    row |= {"auroc_seen": known(chosen_on, sum(signals["seen"], []))["auroc"]}
    rows = [row | known(chosen_on, mine) | found(chosen_on, decided)]
    for split in watching.TESTED:
        cases, (mine,) = watched[split], signals[split]
        own, f1 = video.choose(mine, [one.bleeds for one in cases])
        row = {"split": split, "level": level, "own_level": own, "f1_own": f1}
        decided = [video.smooth(one > level) for one in mine]
        rows.append(row | known(cases, mine) | found(cases, decided))
    return rows


def found(cases: list, decided: list) -> dict[str, float]:
    """How some cases' decisions are judged."""
    judged = pd.DataFrame(
        video.judge(flags, one.video.bleedings) for one, flags in zip(cases, decided)
    )
    true = np.concatenate([one.bleeds for one in cases])
    row = {"cases": len(cases), "f1": video.f1(np.concatenate(decided), true)}
    row |= {one: over_subjects(judged[one], cases) for one in MEASURES}
    return row | judged[["noticed", "n_true", "n_found"]].sum().to_dict()


def known(cases: list, signals: list) -> dict[str, float]:
    """What a signal knows of bleeding before a level is set."""
    bleeds = [one.bleeds for one in cases]
    each = [auroc(*both) for both in zip(signals, bleeds)]
    pooled = auroc(np.concatenate(signals), np.concatenate(bleeds))
    return {"auroc": pooled, "within": over_subjects(each, cases)}


def over_subjects(values, cases: list) -> float:
    """Mean over a subject's cases, then over subjects."""
    return subject_means(values, [one.video.subject for one in cases]).mean()


def throughput(run, one: watching.Watched, networks, size) -> dict[str, float]:
    """Frames a second by detector, on the first frames of one case."""
    images = [watching.fitted(image, size) for _, image in zip(range(TIMED), one.video)]
    segment = partial(training.predict, run.model)

    def seconds(work: Callable) -> float:
        began = time.perf_counter()
        for _ in work():
            pass
        return time.perf_counter() - began

    marks = seconds(lambda: watching.moments(images, segment, aligned=False))
    aligned = seconds(lambda: watching.moments(images, segment))
    small = one.small[: len(images)]
    nets = {
        name: seconds(lambda model=model: pathways.scores(model, small))
        for name, model in networks.items()
    }
    needs = {"area": marks, "growth": aligned, "motion": aligned}
    needs |= {"unguided": nets["unguided"], "guided": marks + nets["guided"]}
    return {name: len(images) / took for name, took in needs.items()}


def main() -> None:
    began = time.perf_counter()
    table = pd.concat(recording.over_drawings(of_drawing), ignore_index=True)
    recording.record(
        "bleeding",
        began,
        {"": table},
        plan=watching.PLANS["quick"]._asdict(),
        settings=asdict(settings.course("quick").numbers),
        drawings=recording.SEEDS,
    )


if __name__ == "__main__":
    main()
