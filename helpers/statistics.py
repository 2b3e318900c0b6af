"""From frames to a statement about subjects: a number with its interval, and the
interval is offered only where it is honest.

Frames are averaged within their subject first, then the subjects, each counting once.
Which interval may stand beside a result is decided by benchmarks/interval_coverage.py.

>>> mean_over_subjects([0.7, 0.9, 0.6], ["pig1", "pig1", "pig2"]).interval
'no interval, 2 subjects'
"""

import math
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from helpers import CourseError, words

DATA = ("phantom", "real", "published", "cited")  # what a number can be made from
WIDE = 0.3  # of the unit (1, or 100 percent): an interval beyond it is called wide
TIMES = 10  # and in percent one beyond so many times its value, as small areas have
PERCENT = ("percent", "%", "percent of valid pixels")


Offer = namedtuple("Offer", "method level least")  # least: the fewest subjects
# What benchmarks/interval_coverage.csv allows, by what is estimated. Student's t,
# percentile and BCa fall below 90 % somewhere at every number of subjects tried.
OFFERED = {"mean": Offer("bounded", 0.90, 10)}
OFFERED |= {"median": Offer("order_statistics", 0.90, 10)}
LEVEL = 0.05
# A test by rearrangement tries all of up to EXACT, a sample of DRAWS beyond.
EXACT, DRAWS = 50_000, 9_999


@dataclass(frozen=True)
class Estimate:
    """One number of the course, with its interval and all that is needed to read it.

    value: NaN where it is undefined. low, high, level: the interval's bounds and
    coverage (0.9 for 90 %), None where no interval is honest; `note` says which it is,
    or why there is none. n_frames, n_subjects: how many have a defined value, None
    where that is not known; `of` names what was counted ("drawing"), "" for the
    subjects of the split. p: of the test that the note names. data: one of DATA; unit:
    "" for a ratio.

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
        # One kind of number, so that the same estimate is written the same twice.
        for name in ("value", "low", "high", "level", "p"):
            given = getattr(self, name)
            undefined = given is None or math.isnan(given)
            none = math.nan if name == "value" else None
            object.__setattr__(self, name, none if undefined else float(given))
        for name in ("n_frames", "n_subjects"):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else int(given))

    def __format__(self, form: str) -> str:
        return words.number(self.value, form or ".2f")

    def __str__(self) -> str:
        return format(self, "")

    @property
    def range(self) -> str:
        """ "0.71 to 0.93, a 90 % interval", "a wide" one, a p, or "no interval"."""
        if self.low is None:
            return "no interval" if self.p is None else f"p = {self.p:.2g}"
        form = ".1f" if self.unit in PERCENT else ".2f"
        level = "" if self.level is None else f" {100 * self.level:.0f} %"
        kind = "a wide" if self.wide else "a" if level else "an"
        return f"{self.low:{form}} to {self.high:{form}}, {kind}{level} interval"

    @property
    def wide(self) -> bool:
        """Whether the interval leaves much open; what it leaves out it leaves out all
        the same. In percent, 0.4 (0.1 to 22.7) is wide too."""
        if self.low is None:
            return False
        width = self.high - self.low
        if self.unit in PERCENT:
            return width > min(100 * WIDE, TIMES * abs(self.value))
        return not self.unit and width > WIDE

    def apart(self, other: "Estimate") -> bool:
        """Whether the two intervals share no value; never where one has none."""
        both = self.low is not None and other.low is not None
        return both and (self.low > other.high or other.low > self.high)

    @property
    def interval(self) -> str:
        """For a sentence: the range and whom it is over, "0.71 to 0.93, a 90 % interval
        over 12 patients", "no interval, 3 pigs"."""
        joined = ", " if self.low is None else " over "
        return joined.join(filter(None, [self.range, self._who]))

    @property
    def behind(self) -> str:
        """What stands behind the number: "12 patients, 340 frames"."""
        frames = self.n_frames is not None and words.counted(self.n_frames, "frame")
        return ", ".join(filter(None, [self._who, frames]))

    @property
    def _who(self) -> str:
        if self.n_subjects is None:
            return ""
        return words.counted(self.n_subjects, self.of or words.noun(self.split))


def frame_table(subjects: Sequence, **columns: Sequence[float]) -> pd.DataFrame:
    """The columns beside `subject`, without frames where one is NaN."""
    arrays = {name: np.asarray(column, float) for name, column in columns.items()}
    return pd.DataFrame({"subject": np.asarray(subjects), **arrays}).dropna()


def subject_means(values: Sequence[float], subjects: Sequence) -> pd.Series:
    """Mean over the frames of each subject, in the subjects' sorted order; NaN values
    are left out, and so is a subject without any other."""
    return frame_table(subjects, value=values).groupby("subject")["value"].mean()


def mean_over_subjects(
    values: Sequence[float],
    subjects: Sequence,
    estimand: str = "",
    bounds: tuple[float, float] | None = (0.0, 1.0),
    centre: str = "mean",
) -> Estimate:
    """Mean over frames within each subject, then over subjects, with an interval where
    one is honest.

    values, subjects: one per frame; NaN values are left out. bounds: the least and
    greatest possible value ((0, 100) for percentages), on which the interval rests;
    without them (None) there is none. CourseError where a value lies outside them.
    """
    table = frame_table(subjects, value=values)
    if bounds and not table["value"].between(bounds[0] - 1e-9, bounds[1] + 1e-9).all():
        worst = table["value"].iloc[(table["value"] - sum(bounds) / 2).abs().argmax()]
        raise CourseError(
            f"The value {worst:g} lies outside its bounds {bounds[0]:g} to "
            f"{bounds[1]:g}; give the bounds that the measure really has."
        )
    means = table.groupby("subject")["value"].mean().to_numpy()
    value = float(getattr(np, centre)(means)) if len(means) else math.nan
    low, high, note = _interval(means, centre, bounds)
    level = None if low is None else OFFERED[centre].level
    said = estimand or f"{centre} over subjects of the mean over frames"
    return Estimate(value, low, high, level, len(table), len(means), said, note)


# The middle subject instead, whose interval rests on no bounds.
median_over_subjects = partial(mean_over_subjects, centre="median")


def paired_difference(
    first: Sequence[float], second: Sequence[float], subjects: Sequence
) -> Estimate:
    """second minus first on the frames where both are defined, averaged within
    subjects, then the mean over them.

    It carries a p (see sign_flip_test) in place of an interval, since one for a mean
    that could lie anywhere in -1 to 1 leaves open what the subjects, who all gain, do
    not.
    """
    table = frame_table(subjects, first=first, second=second)
    gain, whose = table["second"] - table["first"], table["subject"]
    said = "mean over subjects of the difference between paired frames"
    p, note = sign_flip_test(subject_means(gain, whose).to_numpy())
    return replace(mean_over_subjects(gain, whose, said, None), p=p, note=note)


def _interval(means: np.ndarray, centre: str, bounds: tuple[float, float] | None):
    """(low, high, note) by OFFERED; low and high are None where none is honest."""
    offer, n = OFFERED[centre], len(means)
    why = {0: "no frame counts", 1: "one subject says nothing about others"}.get(n, "")
    if 1 < n < offer.least:
        why = (
            f"{n} subjects, and with fewer than {offer.least} none that was tried for "
            f"the {centre} both covers 90 % and says something; see the subjects one "
            "by one"
        )
    elif n > 1 and centre == "mean" and bounds is None:
        why = (
            f"{n} subjects, and an interval for the mean rests on bounds that this "
            "measure does not have"
        )
    if why:
        return None, None, f"No interval: {why}."
    if centre == "median":
        low, high = order_statistics(means, offer.level)
    else:
        span = bounds[1] - bounds[0]
        ends = bounded(np.clip((means - bounds[0]) / span, 0, 1), offer.level)
        # Rounding may lead beyond.
        low, high = np.clip([bounds[0] + span * end for end in ends], *bounds)
    low, high = float(low), float(high)
    said = f"{100 * offer.level:.0f} % interval for the {centre} over subjects like "
    return low, high, f"{said}these {n}, for this trained model and no other."


def bounded(means: np.ndarray, level: float = 0.90, draws: int = 5_000):
    """(low, high) for the mean of anything that lies in [0, 1], however it is
    distributed; the subjects are the last axis.

    A resampling interval that gives subjects nobody has seen their due: each draw
    spreads the weight 1 over the n subjects and an imagined one (uniform Dirichlet
    weights), who stands at 0 for the lower bound and at 1 for the upper one. Source:
    Gaffke (2005), Three test statistics for a nonparametric one-sided hypothesis on the
    mean of a nonnegative variable, Mathematical Methods of Statistics 14; its coverage
    at every n is a conjecture that no known case contradicts (Learned-Miller and
    Thomas, arXiv 1905.06208). On zeros and ones it is that of Clopper and Pearson.
    """
    n = np.shape(means)[-1]
    weights = np.random.default_rng(0).dirichlet(np.ones(n + 1), draws)
    # Sorting makes the interval independent of the subjects' order, which the drawn
    # weights are not.
    seen, imagined = np.sort(means) @ weights[:, :-1].T, weights[:, -1]
    tail = (1 - level) / 2
    above = np.quantile(seen + imagined, 1 - tail, axis=-1)
    return np.quantile(seen, tail, axis=-1), above


def order_statistics(means: np.ndarray, level: float = 0.90) -> tuple[float, float]:
    """(low, high) for the median over subjects, whatever the distribution: the k-th
    smallest and the k-th largest; NaN where n is too small (below 5 at 0.90)."""
    return tuple(stats.quantile_test(means, p=0.5).confidence_interval(level))


def sign_flip_test(means: np.ndarray) -> tuple[float | None, str]:
    """(p, note): is the mean of the subjects' differences zero? Flips the signs of
    whole subjects: valid where, without an effect, a difference is as likely up as
    down. Exact up to 15 subjects; five or fewer cannot reach 0.05."""
    moved = f"flipping the sign of {words.counted(len(means), 'subject')}"
    return rearranged(means, np.mean, "samples", 2 ** len(means), moved)


def rearranged(
    values: np.ndarray, statistic: Callable, kind: str, ways: int, moved: str
) -> tuple[float | None, str]:
    """(p, note) of a statistic (of an array and an axis) against what it is on the
    values' rearrangements. kind: of scipy's permutation_test; ways: how many there are;
    moved: what was rearranged, for the note."""
    if len(values) < 2:
        return judged(np.sum(values), np.repeat(values, 2), True, moved)
    complete = ways <= EXACT
    how = dict(vectorized=True, n_resamples=EXACT if complete else DRAWS)
    how["rng"] = np.random.default_rng(0)
    given = (values,), statistic
    found = stats.permutation_test(*given, permutation_type=kind, **how)
    return judged(found.statistic, found.null_distribution, complete, moved)


def judged(
    observed: float, null: np.ndarray, complete: bool, moved: str
) -> tuple[float | None, str]:
    """(p, note): the share of rearrangements whose statistic is at least as far from
    zero as the one observed; p is None where none of them could reach 0.05. complete:
    `null` holds them all, the observed one too; else it is a random sample, to which
    that one is added (Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9: 39), so
    that p is never 0."""
    if len(null) == 0 or not math.isfinite(observed):
        return None, f"No p-value: nothing to rearrange by {moved}."
    far = np.abs(null)

    def p_value(statistic: float) -> float:
        # Equal on paper, they differ in the last digits by the order of their sums.
        as_far = np.count_nonzero(far >= statistic - 1e-9 * max(statistic, far.max()))
        return float((as_far + 1 - complete) / (len(null) + 1 - complete))

    if (least := p_value(far.max())) > LEVEL:
        why = f"{moved} cannot give one below {least:.2g} whatever the effect."
        return None, f"No p-value: {why}"
    return p_value(abs(observed)), f"p by {moved}."
