"""From frames to a statement about subjects: means, and the interval that is offered
only where it is honest.

The unit is the subject. Frames are averaged within their subject first, then the
subjects, each counting once. Which interval may stand beside a result is decided by
benchmarks/interval_coverage.py, not by taste: see OFFERED.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import intervals, permutation
from helpers.errors import CourseError
from helpers.estimate import TOO_WIDE, Estimate


class Offer(NamedTuple):
    """What the coverage benchmark allows: a method of helpers.intervals, its level, the
    fewest subjects."""

    method: str
    level: float
    least: int


# What benchmarks/interval_coverage.csv allows, by what is estimated;
# tests/test_intervals.py holds the two together. Student's t, percentile and BCa fall
# below 90 % on at least one population at every number of subjects tried.
OFFERED = {
    "mean": Offer("bounded", 0.90, 10),
    "median": Offer("order_statistics", 0.90, 10),
}
# An interval wider than this share of the unit (1, or 100 percent) says too little to
# be shown.
WIDEST = 0.3


def subject_means(values: Sequence[float], subjects: Sequence) -> pd.Series:
    """Mean over the frames of each subject, in the subjects' sorted order; these stand
    where no interval can.

    values: one per frame, NaN where undefined; such frames are left out, and so is a
    subject without any other.
    """
    table = frame_table(subjects, value=values)
    return table.groupby("subject")["value"].mean()


def mean_over_subjects(
    values: Sequence[float],
    subjects: Sequence,
    estimand: str = "mean over subjects of the mean over frames",
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> Estimate:
    """Mean over frames within each subject, then over subjects, with an interval where
    one is honest.

    values, subjects: one per frame; NaN values are left out. bounds: the least and
    greatest value that is possible ((0, 100) for percentages, (-1, 1) for differences
    of ratios), on which the interval rests; None where there are none, and then there
    is no interval. CourseError where lengths differ or a value lies outside the bounds.
    """
    table = frame_table(subjects, value=values)
    return _estimate(table, "mean", estimand, bounds)


def median_over_subjects(
    values: Sequence[float],
    subjects: Sequence,
    estimand: str = "median over subjects of the mean over frames",
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> Estimate:
    """Like mean_over_subjects, but the middle subject: its interval needs fewer
    subjects and no bounds.

    The bounds only say what wide means; without them no interval is too wide.
    """
    table = frame_table(subjects, value=values)
    return _estimate(table, "median", estimand, bounds)


def paired_difference(
    first: Sequence[float],
    second: Sequence[float],
    subjects: Sequence,
) -> Estimate:
    """second minus first on the same frames, averaged within subjects, then the mean
    over them.

    A frame counts where both values are defined. p: two-sided test that flips the sign
    of whole subjects, None where so few subjects cannot give 0.05. CourseError as for
    mean_over_subjects.
    """
    table = frame_table(subjects, first=first, second=second)
    table = table.assign(value=table["second"] - table["first"])
    said = "mean over subjects of the difference between paired frames"
    estimate = _estimate(table, "mean", said, (-1.0, 1.0))
    p, note = permutation.sign_flip_test(
        table.groupby("subject")["value"].mean().to_numpy()
    )
    return replace(estimate, p=p, note=f"{estimate.note} {note}")


def frame_table(subjects: Sequence, **columns: Sequence[float]) -> pd.DataFrame:
    """The columns beside `subject`, without frames where one is NaN. CourseError where
    lengths differ."""
    arrays = {name: np.asarray(column, float) for name, column in columns.items()}
    subjects = np.atleast_1d(np.asarray(subjects))
    if any(
        array.shape != subjects.shape or subjects.ndim != 1 for array in arrays.values()
    ):
        lengths = ", ".join(f"{name} {array.size}" for name, array in arrays.items())
        raise CourseError(
            f"Values and subjects do not belong together ({lengths}, subjects "
            f"{len(subjects)}); give one of each per frame."
        )
    return pd.DataFrame({"subject": subjects, **arrays}).dropna()


def _estimate(
    table: pd.DataFrame, centre: str, estimand: str, bounds: tuple[float, float] | None
) -> Estimate:
    """The centre of the subjects' means of table.value, with its interval or the reason
    for having none."""
    if (
        bounds is not None
        and not table["value"].between(bounds[0] - 1e-9, bounds[1] + 1e-9).all()
    ):
        worst = table["value"].iloc[(table["value"] - sum(bounds) / 2).abs().argmax()]
        raise CourseError(
            f"The value {worst:g} lies outside its bounds {bounds[0]:g} to "
            f"{bounds[1]:g}; "
            "give the bounds that the measure really has."
        )
    means = table.groupby("subject")["value"].mean().to_numpy()
    value = float(getattr(np, centre)(means)) if len(means) else math.nan
    low, high, note = _interval(means, centre, bounds)
    level = None if low is None else OFFERED[centre].level
    return Estimate(value, low, high, level, len(table), len(means), estimand, note)


def _interval(means: np.ndarray, centre: str, bounds: tuple[float, float] | None):
    """(low, high, note) by OFFERED and WIDEST; low and high are None where no interval
    is honest."""
    offer, n = OFFERED[centre], len(means)
    here = f"No interval: {n} subjects"
    if n < 2:
        why = "one subject says nothing about others." if n else "no frame counts."
        return None, None, f"No interval: {why}"
    if n < offer.least:
        why = f"and with fewer than {offer.least} none that was tried for the {centre} "
        why += "both covers 90 % and says something; see the subjects one by one."
        return None, None, f"{here}, {why}"
    if centre == "median":
        low, high = intervals.order_statistics(means, offer.level)
    elif bounds is None:
        why = "and an interval for the mean rests on bounds that this measure does not "
        return None, None, f"{here}, {why}have."
    else:
        span = bounds[1] - bounds[0]
        low, high = intervals.bounded(
            np.clip((means - bounds[0]) / span, 0, 1), offer.level
        )
        low, high = bounds[0] + span * low, bounds[0] + span * high
        low, high = np.clip((low, high), *bounds)  # rounding may lead beyond
    low, high = float(low), float(high)
    unit = max(map(abs, bounds)) if bounds else math.inf
    if high - low > WIDEST * unit:
        why = f"and theirs would run from {low:.2f} to {high:.2f}, {TOO_WIDE}; see the "
        return None, None, f"{here}, {why}subjects one by one."
    said = f"{100 * offer.level:.0f} % interval for the {centre} over subjects like "
    return low, high, f"{said}these {n}, for this trained model and no other."
