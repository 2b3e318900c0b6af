"""The detectors of lesson 08 on three drawings, each with its own training.

    python -m benchmarks.bleeding   writes bleeding.csv and bleeding.json beside it

A row per drawing, split, detector and case is judged; the table holds means over a
subject's cases, then over subjects, for each drawing. `guided_minus` columns are the
guided network's count error minus the detector's on the same cases, paired, so that a
negative number speaks for guidance. frames_per_s: how many frames a second the detector
takes, what it needs from the segmentation and the alignment included.
"""

import time
from dataclasses import asdict
from functools import partial

import numpy as np
import pandas as pd

from benchmarks import recording
from helpers import domains, runs, settings, training
from helpers.video import CONTROLS, DETECTORS, FPS, judging, pathways, watching

MEASURES = ["count_error", "duration_error_s", "delay_s"]
NAMES = (*DETECTORS, *CONTROLS)
TIMED = 64  # frames


def of_drawing(seed: int, profile: str = "quick") -> pd.DataFrame:
    """A row per split and detector of one drawing."""
    course = settings.course(profile, seed)
    data = domains.gather(course)
    run = runs.baseline(course, data)
    watched = {
        split: watching.watch(course, run, watching.written(cases), split)
        for split, cases in watching.planned(course, data).items()
    }
    networks = {
        name: watching.network(course, run, watched["train"], name == "guided")
        for name in ("unguided", "guided")
    }
    tested = ("id_val", "id_test", "ood_test")
    signals = {
        one.video.case: watching.signals(one, networks)
        for split in tested
        for one in watched[split]
    }
    val = watched["id_val"]
    levels = {
        name: judging.choose(
            [signals[one.video.case][name] for one in val],
            [one.bleeds for one in val],
        )
        for name in NAMES
        if name not in ("always", "never")
    } | {"always": 0.5, "never": 0.5}
    cases = pd.DataFrame(
        {"split": split, "subject": one.video.subject, "case": one.video.case}
        | {"detector": name}
        | judging.judge(
            judging.decide(signals[one.video.case][name], levels[name]),
            FPS,
            one.video.bleedings,
        )
        for split in tested[1:]
        for one in watched[split]
        for name in NAMES
    )
    keys = ["split", "case"]
    guided = cases[cases["detector"] == "guided"].set_index(keys)["count_error"]
    cases["guided_minus"] = (
        guided.reindex(pd.MultiIndex.from_frame(cases[keys])).to_numpy()
        - cases["count_error"]
    )
    cases["false_alarms_per_hour"] = cases["false_alarms"] / cases["hours"]
    columns = [*MEASURES, "false_alarms_per_hour", "guided_minus"]
    groups = cases.groupby(["split", "detector", "subject"], sort=False)[columns]
    table = groups.mean().groupby(["split", "detector"], sort=False).mean()
    speed = throughput(run, val[0], networks, course.size)
    table = table.reset_index()
    table["frames_per_s"] = table["detector"].map(speed)
    number = cases.groupby("split")["case"].nunique()
    table["cases"] = table["split"].map(number)
    return table.assign(drawing=seed)


def throughput(run, one: watching.Watched, networks, size) -> dict[str, float]:
    """Frames a second by detector, on the first frames of one case."""
    images = [watching.fitted(image, size) for _, image in zip(range(TIMED), one.video)]
    segment = partial(training.predict, run.model)

    def seconds(work) -> float:
        began = time.perf_counter()
        for _ in work():
            pass
        return time.perf_counter() - began

    marks = seconds(lambda: watching.moments(images, segment, align=False))
    aligned = seconds(lambda: watching.moments(images, segment))
    small = one.small[: len(images)]
    nets = {
        name: seconds(lambda model=model: pathways.scores(model, small))
        for name, model in networks.items()
    }
    needs = {"area": marks, "growth": aligned, "motion": aligned}
    needs |= {"unguided": nets["unguided"], "guided": marks + nets["guided"]}
    return {name: len(images) / took for name, took in needs.items()} | {
        "always": np.nan,
        "never": np.nan,
    }


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
