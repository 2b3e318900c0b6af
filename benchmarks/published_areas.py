"""Pixel counts recovered from the published ratios, and the bounds that unknown areas
leave.

The study's score (its domain_analysis.py) is Dice = (2 TP + e) / (2 TP + FP + FN + e)
with e = 1e-7, in single precision, on masks of 256 x 256. Write T = TP + FN for the
scored pixels, which its coverage gives exactly, and P = TP + FP for the predicted ones;
then 2 TP + FP + FN = P + T.
"""

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack
from scipy.stats import rankdata

EPSILON = 1e-7
SIDE = 256
PIXELS = SIDE * SIDE
# The study's ratios are single-precision quotients of whole numbers: good to two units
# in the last of 24 binary places.
PRECISION = 2.0**-22


def recover(frames: pd.DataFrame) -> pd.DataFrame:
    """Add what follows from Dice and coverage: scored_pixels, overlap (bool: TP > 0),
    known (bool), predicted, area.

    predicted: predicted pixels P where they follow exactly, NaN elsewhere; area: the
    same in percent of the frame. With TP = 0 and anything scored or predicted, Dice = e
    / (P + T + e), so P = e / Dice - e - T. With nothing scored and nothing predicted
    Dice is e / e = 1. With TP > 0 the least possible Dice is 2 / (2 * 256 * 256), a
    hundred times the greatest without, so the cases can't be mixed up; P then does not
    follow from Dice alone (see `candidates`).
    """
    scored = np.rint(frames.scored * PIXELS / 100).astype(int)
    empty = (scored == 0) & (frames.dice == 1)
    overlap = ~empty & (frames.dice >= 1 / PIXELS)
    predicted = np.rint(EPSILON / frames.dice - EPSILON) - scored
    predicted = predicted.where(~overlap).where(~empty, 0)
    return frames.assign(
        scored_pixels=scored,
        overlap=overlap,
        known=~overlap,
        predicted=predicted,
        area=100 * predicted / PIXELS,
    )


def identity_error(frames: pd.DataFrame) -> float:
    """How far e / Dice - e lies from a whole number at most, relative to it, over the
    frames without overlap (recovered).

    Single precision allows about 1e-7; anything near that says that the arithmetic
    above is the study's.
    """
    free = frames[frames.known & (frames.dice < 1)]
    total = EPSILON / free.dice - EPSILON
    return float((np.abs(total - np.rint(total)) / total).max())


def candidates(frames: pd.DataFrame) -> pd.DataFrame:
    """Every (TP, P) that gives a frame's published Dice and IoU, for the frames with
    overlap (recovered).

    Dice = 2 TP / (P + T) and IoU = TP / (P + T - TP) are fractions of whole numbers, so
    the digits determine them in lowest terms, and what is left open is a small whole
    factor. Returns a row per candidate: row (index into `frames`), tp, predicted.
    """
    found = []
    for row in frames[frames.overlap].itertuples():
        tp = np.arange(1, row.scored_pixels + 1)
        nearest = np.rint(2 * tp / row.dice).astype(int)  # P + T
        total = np.concatenate([nearest - 1, nearest, nearest + 1])
        tp = np.tile(tp, 3)
        predicted = total - row.scored_pixels
        fits = (np.abs(2 * tp / total / row.dice - 1) <= PRECISION) & (
            np.abs(tp / (total - tp) / row.iou - 1) <= PRECISION
        )
        fits &= (predicted >= tp) & (predicted - tp <= PIXELS - row.scored_pixels)
        found.append(
            pd.DataFrame(
                {"row": row.Index, "tp": tp[fits], "predicted": predicted[fits]}
            )
        )
    return pd.concat(found, ignore_index=True)


def totals(frames: pd.DataFrame, training: dict) -> dict[str, int]:
    """Pooled pixel counts from pooled recall and precision: tp, predicted, and of
    these `unknown` in frames with overlap."""
    tp = training["cholecseg8k_recall"] * frames.scored_pixels.sum()
    predicted = tp / training["cholecseg8k_precision"]
    return {
        "tp": round(tp),
        "predicted": round(predicted),
        "unknown": round(predicted - frames.predicted.sum()),
    }


def extremes(
    possible: pd.DataFrame, gain: np.ndarray, tp: int, predicted: int
) -> tuple[float, float]:
    """Least and greatest sum of `gain` over one candidate per frame, where the
    candidates' TP and P have the known sums.

    possible: from `candidates`; gain: a number per candidate. Solved as a linear
    programme over mixtures of candidates, whose extremes are never narrower than those
    over whole choices.
    """
    frame, _ = pd.factorize(possible.row)
    n = len(possible)
    one_each = csr_matrix((np.ones(n), (frame, np.arange(n))))
    equal = vstack(
        [one_each, csr_matrix(possible[["tp", "predicted"]].to_numpy(float).T)]
    ).tocsr()
    known = np.r_[np.ones(one_each.shape[0]), tp, predicted]
    ends = []
    for sign in (1, -1):
        found = linprog(
            sign * np.asarray(gain, float),
            A_eq=equal,
            b_eq=known,
            bounds=(0, 1),
            method="highs",
        )
        if found.status != 0:
            raise ValueError(
                f"no choice of areas has the published sums: {found.message}"
            )
        ends.append(sign * found.fun)
    return ends[0], ends[1]


def auroc(positive: pd.Series, score: pd.Series) -> float:
    """Share of (positive, negative) pairs whose score ranks the positive higher,
    ties counted half (Mann-Whitney U / pairs)."""
    positive = np.asarray(positive, bool)
    n, m = positive.sum(), (~positive).sum()
    if n == 0 or m == 0:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def auroc_bounds(
    frames: pd.DataFrame, possible: pd.DataFrame, tp: int, predicted: int
) -> tuple[float, float]:
    """The least and greatest AUROC of predicted area for true blood over all frames,
    the unknown areas within their bounds.

    Pairs of one known and one unknown area are bounded together, over choices that have
    the published sums; the few pairs of two unknown ones are counted as all wrong and
    as all right.
    """
    true = (frames.blood > 0).to_numpy()
    known = frames.known.to_numpy()
    predicted_known = frames.predicted.to_numpy()
    blood, clean = (
        np.sort(predicted_known[known & true]),
        np.sort(predicted_known[known & ~true]),
    )
    area = possible.predicted.to_numpy()
    is_blood = true[possible.row.to_numpy()]
    # What a candidate adds to U: clean frames below it if it has blood, frames with
    # blood above it if it has none.
    gain = np.where(is_blood, _below(clean, area), len(blood) - _below(blood, area))
    low, high = extremes(possible, gain, tp, predicted)
    settled = (
        auroc(frames.blood[known] > 0, frames.predicted[known])
        * len(blood)
        * len(clean)
    )
    both = int((true & ~known).sum()) * int((~true & ~known).sum())
    pairs = true.sum() * (~true).sum()
    return float((settled + low) / pairs), float((settled + high + both) / pairs)


def _below(ordered: np.ndarray, value: np.ndarray) -> np.ndarray:
    """How many of `ordered` lie below each value, ties counted half."""
    return (
        np.searchsorted(ordered, value, "left")
        + np.searchsorted(ordered, value, "right")
    ) / 2


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
    gain = clean[possible.row.to_numpy()] & (
        possible.predicted.to_numpy() > percent / 100 * PIXELS
    )
    settled = int((clean & (frames.area.to_numpy() > percent)).sum())
    return tuple(
        100 * (settled + end) / int(clean.sum())
        for end in extremes(possible, gain, tp, predicted)
    )
