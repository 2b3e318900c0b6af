"""Bounds of what the frames of unknown predicted area can change.

The study's score (its domain_analysis.py) is Dice = (2 TP + e) / (2 TP + FP + FN + e)
with e = 1e-7, in single precision, on masks of 256 x 256. Write T = TP + FN for the
scored pixels, which its coverage gives exactly, and P = TP + FP for the predicted ones;
then 2 TP + FP + FN = P + T. Where TP = 0, P follows, and lesson 05 recovers it before
the reader's eyes (`area`, in percent of the frame); elsewhere the published digits
leave a few candidates.
"""

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

from helpers.correlation import auroc

EPSILON, PIXELS = 1e-7, 256 * 256
# The study's ratios are single-precision quotients of whole numbers: good to two units
# in the last of 24 binary places.
PRECISION = 2.0**-22


def in_pixels(frames: pd.DataFrame) -> pd.DataFrame:
    """Frames as lesson 05 recovers them, with T and P as pixels: scored_pixels, and
    predicted (NaN where it is unknown, which is where a pixel is in common)."""
    return frames.assign(
        scored_pixels=np.rint(frames.scored * PIXELS / 100).astype(int),
        predicted=np.rint(frames.area * PIXELS / 100),
    )


def identity_error(frames: pd.DataFrame) -> float:
    """How far e / Dice - e lies from a whole number at most, relative to it, over the
    frames without a common pixel.

    Single precision allows about 1e-7; anything near that says that the arithmetic
    above is the study's.
    """
    free = frames[~frames.common & (frames.dice < 1)]
    total = EPSILON / free.dice - EPSILON
    return float((np.abs(total - np.rint(total)) / total).max())


def candidates(frames: pd.DataFrame) -> pd.DataFrame:
    """Every (TP, P) that gives a frame's published Dice and IoU, for the frames with a
    common pixel (of in_pixels).

    Dice = 2 TP / (P + T) and IoU = TP / (P + T - TP) are fractions of whole numbers, so
    the digits determine them in lowest terms, and what is left open is a small whole
    factor. Returns a row per candidate: row (index into `frames`), tp, predicted.
    """
    found = []
    for row in frames[frames.common].itertuples():
        tp = np.tile(np.arange(1, row.scored_pixels + 1), 3)
        total = np.rint(2 * tp / row.dice).astype(int)  # P + T
        total += np.repeat([-1, 0, 1], row.scored_pixels)
        predicted = total - row.scored_pixels
        fits = (np.abs(2 * tp / total / row.dice - 1) <= PRECISION) & (
            np.abs(tp / (total - tp) / row.iou - 1) <= PRECISION
        )
        fits &= (predicted >= tp) & (predicted - tp <= PIXELS - row.scored_pixels)
        one = {"row": row.Index, "tp": tp[fits], "predicted": predicted[fits]}
        found.append(pd.DataFrame(one))
    return pd.concat(found, ignore_index=True)


def extremes(
    possible: pd.DataFrame, gain: np.ndarray, tp: int, predicted: int
) -> tuple[float, float]:
    """Least and greatest sum of `gain` over one candidate per frame, where the
    candidates' TP and P have the known sums.

    possible: from `candidates`; gain: a number per candidate. Solved as a linear
    programme over mixtures of candidates, whose extremes are never narrower than those
    over whole choices. ValueError where no choice has the sums.
    """
    frame, names = pd.factorize(possible.row)
    n = len(possible)
    one_each = csr_matrix((np.ones(n), (frame, np.arange(n))))
    sums = csr_matrix(possible[["tp", "predicted"]].to_numpy(float).T)
    equal, known = vstack([one_each, sums]).tocsr(), np.ones(len(names) + 2)
    known[-2:] = tp, predicted
    ends = []
    for sign in (1, -1):
        cost = sign * np.asarray(gain, float)
        found = linprog(cost, A_eq=equal, b_eq=known, bounds=(0, 1), method="highs")
        if found.status != 0:
            raise ValueError(
                f"no choice of areas has the published sums: {found.message}"
            )
        ends.append(sign * found.fun)
    return ends[0], ends[1]


def auroc_bounds(
    frames: pd.DataFrame, possible: pd.DataFrame, tp: int, predicted: int
) -> tuple[float, float]:
    """The least and greatest AUROC of predicted area for true blood over all frames,
    the unknown areas within their bounds.

    Pairs of one known and one unknown area are bounded together, over choices that have
    the published sums; the few pairs of two unknown ones are counted as all wrong and
    as all right.
    """
    true, known = (frames.blood > 0).to_numpy(), ~frames.common.to_numpy()
    area = frames.predicted.to_numpy()
    blood, clean = np.sort(area[known & true]), np.sort(area[known & ~true])
    is_blood, open_ = true[possible.row.to_numpy()], possible.predicted.to_numpy()
    # What a candidate adds to U: clean frames below it if it has blood, frames with
    # blood above it if it has none.
    above = len(blood) - _below(blood, open_)
    gain = np.where(is_blood, _below(clean, open_), above)
    low, high = extremes(possible, gain, tp, predicted)
    settled = auroc(area[known], true[known]) * len(blood) * len(clean)
    both = int((true & ~known).sum()) * int((~true & ~known).sum())
    pairs = true.sum() * (~true).sum()
    return float((settled + low) / pairs), float((settled + high + both) / pairs)


def _below(ordered: np.ndarray, value: np.ndarray) -> np.ndarray:
    """How many of `ordered` lie below each value, ties counted half."""
    sides = (np.searchsorted(ordered, value, side) for side in ("left", "right"))
    return sum(sides) / 2


def share_above_bounds(
    frames: pd.DataFrame,
    possible: pd.DataFrame,
    tp: int,
    predicted: int,
    percent: float,
) -> tuple[float, float]:
    """Bounds of the share (percent) of all frames without true blood on which more
    than `percent` of the frame is marked."""
    clean = (frames.blood == 0).to_numpy()
    large = possible.predicted.to_numpy() > percent / 100 * PIXELS
    settled = int((clean & (frames.area.to_numpy() > percent)).sum())
    ends = extremes(possible, clean[possible.row.to_numpy()] & large, tp, predicted)
    low, high = (100 * (settled + end) / int(clean.sum()) for end in ends)
    return low, high
