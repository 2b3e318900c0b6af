"""From frames to a statement about subjects: a number with its interval, and the
interval is offered only where it is honest.

Frames are averaged within their subject first, then the subjects, each counting once.
Which interval may stand beside a result is decided by benchmarks/interval_coverage.py,
not by taste: see OFFERED.

>>> mean_over_subjects([0.7, 0.9, 0.6], ["pig1", "pig1", "pig2"]).interval
'no interval, 2 subjects'
"""

import math
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from helpers import words
from helpers.errors import CourseError

# What a number can be made from.
DATA = ("phantom", "real", "published", "cited")
# An interval wider than this share of the unit (1, or 100 percent) is called wide.
WIDE = 0.3
# Units whose numbers run to 100.
PERCENT = ("percent", "%", "percent of valid pixels")


Offer = namedtuple("Offer", "method level least")  # least: the fewest subjects
# What benchmarks/interval_coverage.csv allows, by what is estimated. Student's t,
# percentile and BCa fall below 90 % on at least one population at every number of
# subjects tried.
OFFERED = {
    "mean": Offer("bounded", 0.90, 10),
    "median": Offer("order_statistics", 0.90, 10),
}
LEVEL = 0.05
# A test by rearrangement tries all of up to EXACT, a sample of DRAWS beyond.
EXACT, DRAWS = 50_000, 9_999


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
        """The value alone in the given form, "undefined" where there is none."""
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
        """Whether the interval is wider than WIDE: it leaves much open, and what it
        leaves out it leaves out all the same."""
        if self.low is None:
            return False
        whole = 100 if self.unit in PERCENT else math.inf if self.unit else 1
        return self.high - self.low > WIDE * whole

    def apart(self, other: "Estimate") -> bool:
        """Whether the two intervals share no value; never where one has none."""
        if self.low is None or other.low is None:
            return False
        return self.low > other.high or other.low > self.high

    @property
    def interval(self) -> str:
        """For a sentence: the range and whom it is over, "0.71 to 0.93, a 90 % interval
        over 12 patients", "no interval, 3 pigs"."""
        joined = ", " if self.low is None else " over "
        return joined.join(filter(None, [self.range, self._who]))

    @property
    def behind(self) -> str:
        """What stands behind the number: "12 patients, 340 frames"."""
        known = self.n_frames is not None
        frames = words.counted(self.n_frames, "frame") if known else ""
        return ", ".join(filter(None, [self._who, frames]))

    @property
    def _who(self) -> str:
        if self.n_subjects is None:
            return ""
        return words.counted(self.n_subjects, self.of or words.noun(self.split))


def frame_table(subjects: Sequence, **columns: Sequence[float]) -> pd.DataFrame:
    """The columns beside `subject`, without frames where one is NaN. CourseError where
    lengths differ."""
    arrays = {name: np.asarray(column, float) for name, column in columns.items()}
    subjects = np.atleast_1d(np.asarray(subjects))
    if any(array.shape != subjects.shape for array in arrays.values()):
        lengths = ", ".join(f"{name} {array.size}" for name, array in arrays.items())
        raise CourseError(
            f"Values and subjects do not belong together ({lengths}, subjects "
            f"{len(subjects)}); give one of each per frame."
        )
    return pd.DataFrame({"subject": subjects, **arrays}).dropna()


def subject_means(values: Sequence[float], subjects: Sequence) -> pd.Series:
    """Mean over the frames of each subject, in the subjects' sorted order; these stand
    where no interval can.

    values: one per frame, NaN where undefined; such frames are left out, and so is a
    subject without any other.
    """
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
    greatest value that is possible ((0, 100) for percentages, (-1, 1) for differences
    of ratios), on which the interval rests; None where there are none, and then there
    is no interval. CourseError where lengths differ or a value lies outside the bounds.
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


def median_over_subjects(values, subjects, estimand="", bounds=(0.0, 1.0)) -> Estimate:
    """Like mean_over_subjects, but the middle subject: its interval rests on no
    bounds."""
    return mean_over_subjects(values, subjects, estimand, bounds, "median")


def paired_difference(
    first: Sequence[float], second: Sequence[float], subjects: Sequence
) -> Estimate:
    """second minus first on the same frames, averaged within subjects, then the mean
    over them.

    A frame counts where both values are defined. It carries a p (see sign_flip_test)
    in place of an interval, since one for a mean that could lie anywhere in -1 to 1
    leaves open what the subjects, who all gain, do not. CourseError as for
    mean_over_subjects.
    """
    table = frame_table(subjects, first=first, second=second)
    gain, whose = table["second"] - table["first"], table["subject"]
    said = "mean over subjects of the difference between paired frames"
    found = mean_over_subjects(gain, whose, said, (-1.0, 1.0))
    p, note = sign_flip_test(subject_means(gain, whose).to_numpy())
    return replace(found, low=None, high=None, level=None, p=p, note=note)


def _interval(means: np.ndarray, centre: str, bounds: tuple[float, float] | None):
    """(low, high, note) by OFFERED; low and high are None where no interval is
    honest."""
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
        low, high = order_statistics(means, offer.level)
    elif bounds is None:
        why = "and an interval for the mean rests on bounds that this measure does not "
        return None, None, f"{here}, {why}have."
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

    A resampling interval that also gives the subjects nobody has seen their due: each
    draw spreads the weight 1 over the n subjects and one imagined subject more (uniform
    Dirichlet weights), who stands at 0 for the lower bound and at 1 for the upper one.
    Source: Gaffke (2005), Three test statistics for a nonparametric one-sided
    hypothesis on the mean of a nonnegative variable, Mathematical Methods of Statistics
    14; its coverage at every n is a conjecture that no known case contradicts
    (Learned-Miller and Thomas, arXiv 1905.06208). On zeros and ones it is the exact
    interval of Clopper and Pearson.
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
    smallest and the k-th largest, each subject being as likely above the median as
    below it. NaN where even the smallest and the largest are too few (n < 5 at 0.90).
    """
    return tuple(stats.quantile_test(means, p=0.5).confidence_interval(level))


def sign_flip_test(means: np.ndarray) -> tuple[float | None, str]:
    """Is the mean of the subjects' differences zero? Flips the signs of whole subjects;
    (p, note).

    means: one difference per subject. Valid where, without an effect, a difference is
    as likely up as down. Exact up to 15 subjects; five or fewer cannot reach 0.05.
    """
    moved = f"flipping the sign of {words.counted(len(means), 'subject')}"
    return rearranged(means, np.mean, "samples", 2 ** len(means), moved)


def rearranged(
    values: np.ndarray, statistic: Callable, kind: str, ways: int, moved: str
) -> tuple[float | None, str]:
    """(p, note) of a statistic against what it is on the values' rearrangements.

    statistic: of an array and an axis. kind: of scipy's permutation_test. ways: how
    many rearrangements there are. moved: what was rearranged, for the note.
    """
    if len(values) < 2:
        return judged(np.sum(values), np.repeat(values, 2), True, moved)
    found = stats.permutation_test(
        (values,),
        statistic,
        permutation_type=kind,
        vectorized=True,
        n_resamples=EXACT if ways <= EXACT else DRAWS,
        rng=np.random.default_rng(0),
    )
    complete = ways <= EXACT
    return judged(found.statistic, found.null_distribution, complete, moved)


def judged(
    observed: float, null: np.ndarray, complete: bool, moved: str
) -> tuple[float | None, str]:
    """(p, note): the share of rearrangements whose statistic is at least as far from
    zero as the one observed; p is None where none of them could reach 0.05.

    complete: `null` holds every rearrangement, the observed one among them; otherwise
    it is a random sample, to which the observed one is added (Phipson and Smyth 2010,
    Stat. Appl. Genet. Mol. Biol. 9: 39), so that p is never 0.
    """
    if len(null) == 0 or not math.isfinite(observed):
        return None, f"No p-value: nothing to rearrange by {moved}."
    far = np.abs(null)

    def p_value(statistic: float) -> float:
        # Equal on paper, they differ in the last digits by the order of their sums.
        as_far = np.count_nonzero(far >= statistic - 1e-9 * max(statistic, far.max()))
        return float((as_far + 1 - complete) / (len(null) + 1 - complete))

    least = p_value(far.max())
    if least > LEVEL:
        why = f"{moved} cannot give one below {least:.2g} whatever the effect."
        return None, f"No p-value: {why}"
    return p_value(abs(observed)), f"p by {moved}."
