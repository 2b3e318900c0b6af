"""Ranks over frames: areas under ROC curves, and the bounds that unknown areas leave them."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers.published.areas import PIXELS, extremes


def auroc(positive: pd.Series, score: pd.Series) -> float:
    """Share of (positive, negative) pairs whose score ranks the positive higher, ties counted half (Mann-Whitney U / pairs)."""
    positive = np.asarray(positive, bool)
    n, m = positive.sum(), (~positive).sum()
    if n == 0 or m == 0:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def roc(positive: pd.Series, score: pd.Series, points: int = 101) -> pd.DataFrame:
    """The ROC curve at `points` false-positive rates: columns false_positive_rate, true_positive_rate (steps interpolated)."""
    positive = np.asarray(positive, bool)
    order = np.argsort(-np.asarray(score, float), kind="stable")
    score, hit = np.asarray(score, float)[order], positive[order]
    last = np.r_[np.diff(score) != 0, True]  # ties move together
    tpr = np.r_[0, np.cumsum(hit)[last] / hit.sum()]
    fpr = np.r_[0, np.cumsum(~hit)[last] / (~hit).sum()]
    grid = np.linspace(0, 1, points)
    return pd.DataFrame({"false_positive_rate": grid, "true_positive_rate": np.interp(grid, fpr, tpr)})


def auroc_bounds(frames: pd.DataFrame, possible: pd.DataFrame, tp: int, predicted: int) -> tuple[float, float]:
    """The least and greatest AUROC of predicted area for true blood over all frames, the unknown areas within their bounds.

    Pairs of one known and one unknown area are bounded together, over choices that have the published sums; the few pairs of
    two unknown ones are counted as all wrong and as all right.
    """
    true = (frames.blood > 0).to_numpy()
    known = frames.known.to_numpy()
    predicted_known = frames.predicted.to_numpy()
    blood, clean = np.sort(predicted_known[known & true]), np.sort(predicted_known[known & ~true])
    area = possible.predicted.to_numpy()
    is_blood = true[possible.row.to_numpy()]
    # What a candidate adds to U: clean frames below it if it has blood, frames with blood above it if it has none.
    gain = np.where(is_blood, _below(clean, area), len(blood) - _below(blood, area))
    low, high = extremes(possible, gain, tp, predicted)
    settled = auroc(frames.blood[known] > 0, frames.predicted[known]) * len(blood) * len(clean)
    both = int((true & ~known).sum()) * int((~true & ~known).sum())
    pairs = true.sum() * (~true).sum()
    return float((settled + low) / pairs), float((settled + high + both) / pairs)


def _below(ordered: np.ndarray, value: np.ndarray) -> np.ndarray:
    """How many of `ordered` lie below each value, ties counted half."""
    return (np.searchsorted(ordered, value, "left") + np.searchsorted(ordered, value, "right")) / 2


def share_above_bounds(frames: pd.DataFrame, possible: pd.DataFrame, tp: int, predicted: int,
                       percent: float) -> tuple[float, float]:
    """Bounds of the share (percent) of all frames without true blood on which more than `percent` of the frame is marked."""
    clean = (frames.blood == 0).to_numpy()
    gain = clean[possible.row.to_numpy()] & (possible.predicted.to_numpy() > percent / 100 * PIXELS)
    settled = int((clean & (frames.area.to_numpy() > percent)).sum())
    return tuple(100 * (settled + end) / int(clean.sum()) for end in extremes(possible, gain, tp, predicted))
