"""Bleeding over time: decisions of frames, levels, and how a case is judged; around it
what is measured on a stream (`watching`), and a network of two pathways (`pathways`).

>>> level, f1 = choose(signals, truths)  # of validation cases
>>> judge(smooth(signal > level), video.bleedings)["duration_error_s"]

The counting follows AMAGI (Hong et al., 2022): decisions of frames are smoothed by a
one-second opening and closing; a case has as many bleedings as runs are left, and they
last as long as these runs together.
"""

from collections.abc import Iterable

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from helpers.clips import Bleeding

DETECTORS = ("area", "growth", "unguided", "guided")
CONTROLS = ("always", "never", "motion")
FPS = 5.0


def smooth(decisions: np.ndarray) -> np.ndarray:
    """Opening, then closing, of one second along time: runs shorter than a second go,
    then gaps shorter than one are filled. Before and after the case nothing bleeds."""
    second = np.ones(round(FPS), bool)
    # Beyond the ends stands "no", twice as long as what looks there.
    pad = 2 * len(second)
    opened = ndimage.binary_opening(np.pad(decisions, pad), second)
    return ndimage.binary_closing(opened, second)[pad:-pad]


def f1(found: np.ndarray, true: np.ndarray) -> float:
    """F1 of decided frames (bools): 2 TP / (2 TP + FP + FN); 0 where none is right."""
    return float(2 * (found & true).sum() / max(found.sum() + true.sum(), 1))


def choose(signals: list[np.ndarray], truths: list[np.ndarray]) -> tuple[float, float]:
    """The level at which the smoothed decisions on some cases have the highest F1 by
    frame, and that F1, which flatters since the level was chosen by it. For cases of
    the source only that are no test. What never changes (always: 1, never: 0) is
    decided at a half."""
    every, true = np.concatenate(signals), np.concatenate(truths)
    levels = np.unique(np.quantile(every, np.linspace(0.3, 0.995, 60)))
    levels = levels if every.min() < every.max() else np.array([0.5])
    reached = [
        f1(np.concatenate([smooth(one > level) for one in signals]), true)
        for level in levels
    ]
    best = int(np.argmax(reached))
    return float(levels[best]), reached[best]


def crossed(signals: list[list], truths: list[list]) -> list[list[np.ndarray]]:
    """Decisions on the cases of each split at the level that the other splits choose;
    given are the signals and the truths of each split's cases."""
    found = []
    for here, ours in enumerate(signals):
        others = (sum(some[:here] + some[here + 1 :], []) for some in (signals, truths))
        level, _ = choose(*others)
        found.append([smooth(one > level) for one in ours])
    return found


def runs(decisions: np.ndarray) -> list[tuple[float, float]]:
    """Start and end (seconds) of each run of "yes"."""
    spans = ndimage.find_objects(ndimage.label(decisions)[0])
    return [(one.start / FPS, one.stop / FPS) for (one,) in spans]


def truth(bleedings: Iterable[Bleeding], n_frames: int) -> np.ndarray:
    """For each frame whether it bleeds (bool): from start to just before the end."""
    at, found = np.arange(n_frames) / FPS, np.zeros(n_frames, bool)
    for one in bleedings:
        found |= (at >= one.start_s) & (at < one.end_s)
    return found


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Intersection over union of two intervals of time."""
    shared = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    return shared / (one[1] - one[0] + other[1] - other[0] - shared)


def matched(true: list, found: list) -> int:
    """How many pairs overlap by half or more. None can then claim two partners that do
    not overlap one another, save at exactly a half; each counts once."""
    good = np.array([[overlap(a, b) >= 0.5 for b in found] for a in true], bool)
    good = good.reshape(len(true), len(found))
    return int(good[linear_sum_assignment(~good)].sum())


def judge(decisions: np.ndarray, bleedings: Iterable[Bleeding]) -> dict[str, float]:
    """One case, whose decisions (a bool per frame) are already smooth: count_error and
    duration_error_s (absolute), delay_s (mean from onset to the first "yes" within the
    bleeding, NaN where none was noticed), noticed (how many), false_s_per_min (seconds
    of "yes" while nothing bleeds, in a minute of the case), how many intervals match at
    an overlap of 0.5 (matched, of n_found and n_true), and how long they are together
    (found_s, true_s)."""
    found, at = runs(decisions), np.arange(len(decisions)) / FPS
    true = [(one.start_s, one.end_s) for one in bleedings]
    firsts = [at[decisions & (at >= a) & (at < b)][:1] - a for a, b in true]
    delays = np.concatenate([*firsts, []])
    found_s, true_s = (sum(b - a for a, b in some) for some in (found, true))
    wrong = decisions & ~truth(bleedings, len(decisions))
    return {
        "count_error": float(abs(len(found) - len(true))),
        "duration_error_s": abs(found_s - true_s),
        "delay_s": float(delays.mean()) if len(delays) else np.nan,
        "noticed": len(delays),
        "false_s_per_min": 60 * float(wrong.mean()),
        "matched": matched(true, found),
        "n_found": len(found),
        "n_true": len(true),
        "found_s": found_s,
        "true_s": true_s,
    }
