"""From frames to a statement about subjects: means, and the interval that is offered
only where it is honest.

The unit is the subject. Frames are averaged within their subject first, then the
subjects, each counting once. Which interval may stand beside a result is decided by
benchmarks/interval_coverage.py, not by taste: see OFFERED.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import intervals, permutation, words
from helpers.errors import CourseError


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
# A drawing's value is a mean over its own subjects, so that values of several drawings
# are nearly normal; of such, Student's t covers what it says (near-normal in the same
# table).
DRAWINGS = Offer("student", 0.90, 10)
# An interval wider than this share of the unit (1, or 100 percent) says too little to
# be shown.
WIDEST = 0.3
# What a number can be made from.
DATA = ("phantom", "real", "published", "cited")
# Units whose numbers run to 100.
PERCENT = ("percent", "%", "percent of valid pixels")


@dataclass(frozen=True)
class Estimate:
    """One number of the course, with its interval and all that is needed to read it.

    value: NaN where it is undefined. low, high: the interval's bounds, and level its
    coverage (0.9 for 90 %), all None where no interval is honest; `note` says which it
    is, or why there is none. n_frames, n_subjects: how many have a defined value, None
    where that is not known; `of` names what was counted ("drawing"), "" for the
    subjects of the split. p: of the test that the note names. data: phantom, real,
    published or cited; split: where it was measured; unit: "" for a ratio.

    >>> one = Estimate(0.8, 0.71, 0.93, 0.9, n_subjects=12, split="ood_test")
    >>> f"{one:.2f} ({one.interval})"
    '0.80 (0.71 to 0.93, a 90 % interval over 12 patients)'
    """

    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n_frames: int | None = None
    n_subjects: int | None = None
    estimand: str = ""
    note: str = ""
    p: float | None = None
    data: str = ""
    split: str = ""
    unit: str = ""
    of: str = ""

    def __post_init__(self) -> None:
        if self.data not in ("", *DATA):
            raise ValueError(f"data is '{self.data}'; choose one of {', '.join(DATA)}")
        # One kind of number, so that the same estimate is written the same twice.
        for name in ("low", "high", "level", "p"):
            given = getattr(self, name)
            undefined = given is None or math.isnan(given)
            object.__setattr__(self, name, None if undefined else float(given))
        for name in ("n_frames", "n_subjects"):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else int(given))
        value = math.nan if self.value is None else float(self.value)
        object.__setattr__(self, "value", value)

    def __format__(self, form: str) -> str:
        """The value alone in the given form, "undefined" where there is none."""
        return words.number(self.value, form or ".2f")

    def __str__(self) -> str:
        return format(self, "")

    @property
    def interval(self) -> str:
        """For a sentence: "0.71 to 0.93, a 90 % interval over 12 patients", or
        "no interval, 3 pigs"."""
        if self.low is None or self.high is None:
            return ", ".join(["no interval", *self._who()])
        form = ".1f" if self.unit in PERCENT else ".2f"
        ends = f"{self.low:{form}} to {self.high:{form}}"
        said = "an interval" if self.level is None else f"a {self.level:.0%} interval"
        return " over ".join([f"{ends}, {said.replace('%', ' %')}", *self._who()])

    @property
    def behind(self) -> str:
        """What stands behind the number: "12 patients, 340 frames"."""
        frames = (
            [] if self.n_frames is None else [words.counted(self.n_frames, "frame")]
        )
        return ", ".join([*self._who(), *frames])

    def _who(self) -> list[str]:
        if self.n_subjects is None:
            return []
        return [words.counted(self.n_subjects, self.of or words.noun(self.split))]


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
    centre: str = "mean",
    estimand: str = "",
    bounds: tuple[float, float] | None = (-1.0, 1.0),
) -> Estimate:
    """second minus first on the same frames, averaged within subjects, then the mean
    (or median) over them.

    A frame counts where both values are defined. p: two-sided test that flips the sign
    of whole subjects, None where so few subjects cannot give 0.05. CourseError as for
    mean_over_subjects, and for an unknown centre.
    """
    if centre not in OFFERED:
        raise CourseError(f"The centre '{centre}' is unknown; choose mean or median.")
    table = frame_table(subjects, first=first, second=second)
    table = table.assign(value=table["second"] - table["first"])
    named = (
        estimand or f"{centre} over subjects of the difference between paired frames"
    )
    estimate = _estimate(table, centre, named, bounds)
    p, note = permutation.sign_flip_test(
        table.groupby("subject")["value"].mean().to_numpy()
    )
    return replace(estimate, p=p, note=f"{estimate.note} {note}")


def difference_of_medians(
    first: pd.Series, second: pd.Series, estimand: str = ""
) -> Estimate:
    """Median over the first group's subjects minus that over the second's; a value per
    subject in each.

    The two need not be paired. Where each median's interval by order statistics misses
    with probability a and b, their difference's misses with a + b at most (Bonferroni):
    it is offered at OFFERED's level or above.
    """
    first, second = first.dropna().to_numpy(float), second.dropna().to_numpy(float)
    value = (
        float(np.median(first) - np.median(second))
        if len(first) and len(second)
        else math.nan
    )
    spend, n = 1 - OFFERED["median"].level, min(len(first), len(second))
    # The smaller group spends what its extremes need, the larger the rest.
    least = 2.0 ** (1 - n) if n else 1.0
    spent = {True: max(spend / 2, least), False: spend - max(spend / 2, least)}
    named = estimand or "median over one group's subjects minus that over the other's"
    both = Estimate(value, n_subjects=len(first) + len(second), estimand=named)
    few = replace(both, note=f"No interval: one group has {n} subjects only.")
    if min(spent.values()) <= 0:
        return few
    ends = [
        intervals.order_statistics(group, 1 - spent[len(group) == n])
        for group in (first, second)
    ]
    low, high = float(ends[0][0] - ends[1][1]), float(ends[0][1] - ends[1][0])
    if not math.isfinite(low + high):
        return few
    if high - low > WIDEST:
        return replace(
            both,
            note=f"No interval: it would run from {low:.2f} to "
            f"{high:.2f}, too wide to say anything.",
        )
    level = 1 - spend
    return replace(
        both,
        low=low,
        high=high,
        level=level,
        note=f"{100 * level:.0f} % interval over subjects like these.",
    )


def over_drawings(
    values: Mapping[object, float],
    estimand: str = "mean over drawings",
    bounds: tuple[float, float] | None = (-1.0, 1.0),
) -> Estimate:
    """Mean of one value per drawing, with an interval from ten drawings on.

    values: by drawing (a Series too), each already a mean over what was drawn and
    trained together; NaN is left out. The subjects of one drawing share its training,
    so the drawing is what was drawn independently, and the unit. The interval is
    Student's t, by DRAWINGS; bounds only say what is too wide to be shown.

    >>> over_drawings({0: 0.1, 1: 0.3, 2: 0.2}).interval
    'no interval, 3 drawings'
    """
    each = pd.Series(dict(values.items()), dtype=float).dropna().to_numpy()
    n = len(each)
    value = float(each.mean()) if n else math.nan
    found = Estimate(value, n_subjects=n, estimand=estimand, of="drawing")
    if n < DRAWINGS.least:
        return replace(
            found,
            note=f"No interval: {words.counted(n, 'drawing')}, and one is offered from "
            f"{DRAWINGS.least} on; see them one by one.",
        )
    low, high = map(float, intervals.student(each, DRAWINGS.level))
    if high - low > WIDEST * (max(map(abs, bounds)) if bounds else math.inf):
        return replace(
            found,
            note=f"No interval: {n} drawings, and theirs would run from {low:.2f} to "
            f"{high:.2f}, too wide to say anything; see them one by one.",
        )
    return replace(
        found,
        low=low,
        high=high,
        level=DRAWINGS.level,
        note=f"{100 * DRAWINGS.level:.0f} % interval (Student's t) for the mean over "
        f"drawings like these {n}, each with its own training.",
    )


def frame_table(subjects: Sequence, **columns: Sequence[float]) -> pd.DataFrame:
    """The columns beside `subject`, without frames where one is NaN. CourseError where
    lengths differ."""
    arrays = {name: np.asarray(column, float) for name, column in columns.items()}
    subjects = np.asarray(subjects)
    if any(
        array.shape != subjects.shape or subjects.ndim != 1 for array in arrays.values()
    ):
        lengths = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
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
    if n < offer.least:
        if n < 2:
            why = "one subject says nothing about others." if n else "no frame counts."
            return None, None, f"No interval: {why}"
        return (
            None,
            None,
            (
                f"{here}, and with fewer than {offer.least} none that was tried for "
                f"the {centre} "
                "both covers 90 % and says something; see the subjects one by one."
            ),
        )
    if centre == "median":
        low, high = intervals.order_statistics(means, offer.level)
    elif bounds is None:
        return (
            None,
            None,
            (
                f"{here}, and an interval for the mean rests on bounds that this "
                "measure "
                "does not have."
            ),
        )
    else:
        span = bounds[1] - bounds[0]
        low, high = intervals.bounded(
            np.clip((means - bounds[0]) / span, 0, 1), offer.level
        )
        low, high = bounds[0] + span * low, bounds[0] + span * high
    low, high = float(low), float(high)
    unit = max(map(abs, bounds)) if bounds else math.inf
    if high - low > WIDEST * unit:
        return (
            None,
            None,
            (
                f"{here}, and theirs would run from {low:.2f} to {high:.2f}, "
                "too wide to say anything; see the subjects one by one."
            ),
        )
    return (
        low,
        high,
        (
            f"{100 * offer.level:.0f} % interval for the {centre} over subjects like "
            f"these {n}, "
            "for this trained model and no other."
        ),
    )
