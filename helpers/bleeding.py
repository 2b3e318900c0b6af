"""From frames to bleedings: what is measured on a stream, decisions and intervals, and
how a case is judged.

The counting follows AMAGI (Hong et al., 2022): decisions of frames are smoothed by a
one-second opening and closing; a case has as many bleedings as runs are left, and they
last as long as these runs together.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from scipy import ndimage

from helpers import registration
from helpers.clips import Bleeding
from helpers.frames import visible

Segment = Callable[[np.ndarray], np.ndarray]
"""Images uint8 NxHxWx3 to the probability of blood, uint8 NxHxW in 256 levels."""
CHUNK = 8  # frames that are segmented together: more are no faster, and take memory


class Moment(NamedTuple):
    """What one frame of a stream gives. image (HxWx3) and blood (HxW, probability)
    uint8; the rest in percent of the view: area of blood, blood that was not there a
    second ago, on aligned frames and on frames as they are; motion in pixels a second;
    x, y: where the new blood lies (pixels, NaN without any)."""

    second: float
    image: np.ndarray
    blood: np.ndarray
    area: float
    growth: float
    unaligned: float
    motion: float
    x: float
    y: float
    way: str


def watch(
    frames: Iterable[np.ndarray], segment: Segment, fps: float = 5.0, align: bool = True
) -> Iterator[Moment]:
    """The moments of a stream, one after the other; no more than CHUNK frames and one
    second are held."""
    lag = max(1, round(fps))
    past: deque = deque(maxlen=lag)
    number = 0
    for images in chunks(frames, CHUNK):
        for image, blood in zip(images, segment(images)):
            before = past[0] if len(past) == lag else None
            past.append((image, blood))
            yield _moment(number / fps, image, blood, before, align)
            number += 1


def chunks(items: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Stacks of `size` items, the last one shorter."""
    held = []
    for item in items:
        held.append(item)
        if len(held) == size:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


def _moment(second, image, blood, before, align: bool) -> Moment:
    view = visible(image, np.ones(blood.shape, bool))
    whole = max(int(view.sum()), 1)
    area = 100 * float(((blood >= 128) & view).sum()) / whole
    nothing = Moment(second, image, blood, area, 0.0, 0.0, 0.0, np.nan, np.nan, "")
    if before is None or not align:
        return nothing
    to = registration.align(image, before[0])
    y, x = np.indices(blood.shape, np.float32)
    motion = float(np.median(np.hypot(to.x - x, to.y - y)[view])) if view.any() else 0.0
    new = new_blood(blood, registration.warp(before[1], to, 255)) & view
    as_it_is = new_blood(blood, before[1]) & view
    at = np.argwhere(new)
    row, column = np.median(at, axis=0) if len(at) else (np.nan, np.nan)
    return nothing._replace(
        growth=100 * float(new.sum()) / whole,
        unaligned=100 * float(as_it_is.sum()) / whole,
        motion=motion,
        x=float(column),
        y=float(row),
        way=to.way,
    )


def new_blood(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Pixels that are blood now and were not, nor beside a pixel that was (uint8
    probabilities to bool)."""
    near = cv2.dilate((before >= 128).astype(np.uint8), np.ones((3, 3), np.uint8))
    return (now >= 128) & (near == 0)


def table(moments: Iterable[Moment]) -> pd.DataFrame:
    """The numbers of the moments, a row per frame, without pictures."""
    kept = [name for name in Moment._fields if name not in ("image", "blood")]
    return pd.DataFrame(
        [[getattr(m, name) for name in kept] for m in moments], columns=kept
    )


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
    at = np.arange(n_frames) / fps
    found = np.zeros(n_frames, bool)
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
    from scipy.optimize import linear_sum_assignment

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
    found = runs(decisions, fps)
    true = [(one.start_s, one.end_s) for one in bleedings]
    delays, errors = [], []
    for one in bleedings:
        at = np.arange(len(decisions)) / fps
        seen = np.flatnonzero(decisions & (at >= one.start_s) & (at < one.end_s))
        if not len(seen):
            continue
        delays.append(at[seen[0]] - one.start_s)
        if places is not None and np.isfinite(places[seen[0]]).all():
            far = np.hypot(*(places[seen[0]] - (one.x, one.y)))
            errors.append(100 * far / np.hypot(*size))
    lasts = [sum(b - a for a, b in some) for some in (found, true)]
    return {
        "count_error": float(abs(len(found) - len(true))),
        "duration_error_s": abs(lasts[0] - lasts[1]),
        "delay_s": float(np.mean(delays)) if delays else np.nan,
        "place_error": float(np.mean(errors)) if errors else np.nan,
        "noticed": len(delays),
        "false_alarms": sum(all(overlap(f, t) == 0 for t in true) for f in found),
        "hours": len(decisions) / fps / 3600,
        "matched": matched(true, found),
        "n_found": len(found),
        "n_true": len(true),
        "found_s": lasts[0],
        "true_s": lasts[1],
    }
