"""Decisions, bleedings, and how a case is judged.

The counting follows AMAGI (Hong et al., 2022): decisions of frames are smoothed by a
one-second opening and closing; a case has as many bleedings as runs are left, and they
last as long as these runs together.
"""

from collections.abc import Iterable

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from helpers.clips import Bleeding
from helpers.video import FPS


def decide(signal: np.ndarray, level: float) -> np.ndarray:
    """Whether it bleeds, for each frame: the signal over the level, smoothed."""
    return smooth(signal > level, FPS)


def choose(signals: list[np.ndarray], truths: list[np.ndarray]) -> float:
    """The level at which the decisions on some cases, smoothed, have the highest F1 by
    frame; to be chosen on validation cases of the source only."""
    every, true = np.concatenate(signals), np.concatenate(truths)
    best, chosen = -1.0, float(every.max())
    for level in np.unique(np.quantile(every, np.linspace(0.3, 0.995, 60))):
        found = np.concatenate([decide(one, level) for one in signals])
        both = 2 * (found & true).sum() / max(found.sum() + true.sum(), 1)
        if both > best:
            best, chosen = both, float(level)
    return chosen


def smooth(decisions: np.ndarray, fps: float) -> np.ndarray:
    """Opening, then closing, of one second along time: runs shorter than a second go,
    then gaps shorter than one are filled. Before and after the case nothing bleeds."""
    # Beyond the ends stands "no", twice as long as what looks there.
    wide, pad = max(1, round(fps)), 2 * max(1, round(fps))
    padded = np.pad(np.asarray(decisions, bool), pad)
    element = np.ones(wide, bool)
    opened = ndimage.binary_opening(padded, element)
    return ndimage.binary_closing(opened, element)[pad:-pad]


def runs(decisions: np.ndarray, fps: float) -> list[tuple[float, float]]:
    """Start and end (seconds) of each run of "yes"."""
    edges = np.diff(np.concatenate([[0], np.asarray(decisions, np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(float(a / fps), float(b / fps)) for a, b in zip(starts, ends)]


def truth(bleedings: Iterable[Bleeding], n_frames: int, fps: float) -> np.ndarray:
    """For each frame whether it bleeds (bool): from start to just before the end."""
    at, found = np.arange(n_frames) / fps, np.zeros(n_frames, bool)
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
    if not true or not found:
        return 0
    good = np.array([[overlap(a, b) >= 0.5 for b in found] for a in true])
    return int(good[linear_sum_assignment(~good)].sum())


def judge(
    decisions: np.ndarray,
    fps: float,
    bleedings: Iterable[Bleeding],
    places: np.ndarray | None = None,
    size: tuple[int, int] | None = None,
) -> dict[str, float]:
    """One case: count_error and duration_error_s (absolute), delay_s (mean from onset
    to the first "yes" within the bleeding, NaN where none was noticed), noticed (how
    many), false_alarms (runs that touch no bleeding), hours, and how many intervals
    match at an overlap of 0.5 (matched, of n_found and n_true).

    decisions: a bool per frame, already smooth. places: (n, 2) x and y of each frame's
    new blood; with size (h, w) gives place_error, the mean distance at the first "yes"
    from the onset in percent of the diagonal.
    """
    found, at = runs(decisions, fps), np.arange(len(decisions)) / fps
    true = [(one.start_s, one.end_s) for one in bleedings]
    delays, errors = [], []
    for one in bleedings:
        seen = np.flatnonzero(decisions & (at >= one.start_s) & (at < one.end_s))
        if not len(seen):
            continue
        delays.append(at[seen[0]] - one.start_s)
        if places is not None and np.isfinite(places[seen[0]]).all():
            far = np.hypot(*(places[seen[0]] - (one.x, one.y)))
            errors.append(100 * far / np.hypot(*size))
    found_s, true_s = (sum(b - a for a, b in some) for some in (found, true))
    return {
        "count_error": float(abs(len(found) - len(true))),
        "duration_error_s": abs(found_s - true_s),
        "delay_s": float(np.mean(delays)) if delays else np.nan,
        "place_error": float(np.mean(errors)) if errors else np.nan,
        "noticed": len(delays),
        "false_alarms": sum(all(overlap(f, t) == 0 for t in true) for f in found),
        "hours": len(decisions) / fps / 3600,
        "matched": matched(true, found),
        "n_found": len(found),
        "n_true": len(true),
        "found_s": found_s,
        "true_s": true_s,
    }
