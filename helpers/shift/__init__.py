"""Shift between two kinds of surgery: what frames say of their camera (cues), how far
each of its dials has to be turned (estimate), turning them, and dividing the harm.

>>> doses = estimate(source, target).doses  # from Frames without a label
>>> darker = apply(source, doses, ["light"])
>>> shapley(lambda groups: 0.1 * len(groups), GROUPS)["light"]  # a tenth each

A dose is the difference of a cue between the domains, over subjects. What the source's
own subjects differ by, halves against halves, is its null. A difference within the band
of that null is not told from zero, and its dose is zero; of a larger one the dose is
what lies beyond the band, so that estimates err towards "less".
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import CourseError
from helpers.shift.cues import STATISTICS, cues, image_statistics
from helpers.shift.dials import DIALS, GROUPS, IDENTITY, Frames, apply
from helpers.statistics import DRAWS, EXACT

# In percent of the picture's height.
BLURS = (-1.0, -0.5, 0.0, 0.3, 0.6, 0.9, 1.2, 1.6, 2.0)
WITNESSES = {
    "brightness": ("brightness",),
    "red": ("gleam_red", "steel_red"),
    "blue": ("gleam_blue", "steel_blue"),
    "saturation": ("pure", "chroma"),
    "blur": ("steel_blur", "gleam_blur"),
    "noise": ("noise",),
    "smoke": ("smoke",),
}
"""The cues that a dial is told by. Where there are two, both have to say so, and the
one that says less is believed: gleams take on colour from tissue, steel differs between
instruments. Fall-off, contrast and gleams have none: a beam of light on what lies near,
the tissue and its wetness decide them as much as a camera does, and a target without
them looked as if it had them."""


class Found(NamedTuple):
    """doses: a row for each of the target's subjects, a column for each dial, for
    `apply`. table: a row for each cue with its dial, its mean over the source's and the
    target's subjects, their difference, the null's band, and whether the dose was kept.
    """

    doses: pd.DataFrame
    table: pd.DataFrame


def profile(frames: Frames) -> pd.DataFrame:
    """The cues by subject: the median over its frames. `smoke` is the mean excess of
    `veil` over the subject's own clear median, as the thickness that would explain it:
    smoke comes and goes, and clear tissue of one domain looks more veiled than
    another's. `noise` is squared, as variances add.
    """
    table, of = cues(frames.images, frames.valid), np.asarray(frames.subject)
    table["noise"] **= 2
    veil = table.pop("veil")
    clear = veil.groupby(of).transform("median")
    excess = (veil - clear).clip(lower=0) / (1 - clear)
    found = table.groupby(of, sort=False).median()
    return found.assign(smoke=excess.groupby(of, sort=False).mean())


def estimate(source: Frames, target: Frames) -> Found:
    """Doses that take the source's camera to the target's, from images alone.

    Labels are not looked at. All but the view are the mean over the target's subjects;
    the view, which black tells exactly, is each subject's own. Raises CourseError with
    fewer than two subjects of the source, which have no halves, or none of the target.
    """
    here, there = profile(source), profile(target)
    if len(here) < 2 or not len(there):
        raise CourseError(
            f"The source has {len(here)} subjects and the target {len(there)}: doses "
            "take at least two of the source and one of the target."
        )
    rows, doses = [], pd.DataFrame([IDENTITY] * len(there), there.index)
    for dial, names in WITNESSES.items():
        told = [_told(here[name].dropna(), there[name].dropna()) for name in names]
        rows += [(dial, name, *one[:-1]) for name, one in zip(names, told)]
        said = [one[-1] for one in told]
        agree = len(set(np.sign(said))) == 1
        doses[dial] = min(said, key=abs) if agree else 0.0
    if doses["blur"].any():
        goals = here[list(WITNESSES["blur"])].mean() + doses["blur"].iloc[0]
        doses["blur"] = min(_blurs_that_show(source, goals), key=abs)
    doses["noise"] = np.sqrt(doses["noise"].clip(lower=0))  # noise cannot be taken away
    doses["smoke"] = doses["smoke"].clip(lower=0)  # nor smoke
    if not np.isfinite(here["radius"]).any():
        doses[["radius", "aside"]] = there[["radius", "aside"]]
    doses["height"] = there["height"] / here["height"].mean()
    for dial in DIALS["view"]:
        a, b = (side[dial].replace(np.inf, np.nan).mean() for side in (here, there))
        alike = np.isclose(doses[dial], IDENTITY[dial]).all()
        rows.append((dial, dial, a, b, 0.0 if alike else b - a, 0.0))
    columns = ["dial", "cue", "source", "target", "difference", "band"]
    table = pd.DataFrame(rows, columns=columns).set_index("cue")
    kept = doses.ne(pd.Series(IDENTITY)).any()
    return Found(doses, table.assign(kept=kept[table["dial"]].to_numpy()))


def _told(a, b) -> tuple[float, ...]:
    """A cue's mean over the source's and the target's subjects, their difference, the
    band of chance, and what of the difference lies beyond it."""
    difference = b.mean() - a.mean()
    band = null_band(a.to_numpy(), len(b)) if len(a) > 1 else np.nan
    beyond = np.sign(difference) * (abs(difference) - band)
    said = beyond if abs(difference) > band else 0.0
    return a.mean(), b.mean(), difference, band, said


def _blurs_that_show(source, goals) -> list[float]:
    """The blurs with which the source's own frames show the target's cues: how far a
    cue moves depends on what there is to be blurred."""
    each = [pd.DataFrame([IDENTITY | {"blur": blur}]) for blur in BLURS]
    blurred = [profile(apply(source, one, ["lens"])).mean() for one in each]
    shown = pd.DataFrame(blurred)[goals.index].cummax()
    return [float(np.interp(goals[name], shown[name], BLURS)) for name in goals.index]


def null_band(values: np.ndarray, others: int) -> float:
    """What a difference of means may be by chance: the 95 % quantile of its size
    between two halves of the source's subjects (over all ways to halve them, or a
    sample of many), scaled from halves to the numbers of subjects compared, `others`
    being the target's."""
    number, half, total = len(values), len(values) // 2, values.sum()
    if comb(number, half) <= EXACT:
        halves = np.array(list(combinations(range(number), half)), int)
    else:
        order = np.tile(np.arange(number), (DRAWS, 1))
        halves = np.random.default_rng(0).permuted(order, axis=1)[:, :half]
    sums = values[halves].sum(axis=1)
    gaps = np.abs(sums / half - (total - sums) / (number - half))
    compared, halved = 1 / number + 1 / max(others, 1), 1 / half + 1 / (number - half)
    return float(np.quantile(gaps, 0.95) * np.sqrt(compared / halved))


def shapley(
    value_of_subset: Callable[[frozenset], float | np.ndarray],
    factors: Sequence[Hashable],
) -> pd.Series | pd.DataFrame:
    """Exact Shapley values, from the value of each of the 2^n subsets, asked for once:
    what a factor adds to those before it, averaged over all orders (Shapley 1953).

    value_of_subset(frozenset of factors) gives a number, or a vector (one entry per
    subject, say) that is divided entry by entry. A Series by factor, or a DataFrame
    with a row per factor. They add up to value(all) - value(none).
    """
    n, every = len(factors), range(2 ** len(factors))
    subsets = [[one for i, one in enumerate(factors) if b >> i & 1] for b in every]
    values = np.array([value_of_subset(frozenset(one)) for one in subsets], float)
    found = []
    for i in range(n):
        before = [b for b in every if not b >> i & 1]  # the sets that it can come after
        # Each size is as likely before it as another, and of one size each set.
        weights = [1 / (n * comb(n - 1, len(subsets[b]))) for b in before]
        gains = values[[b | 1 << i for b in before]] - values[before]
        found.append(np.tensordot(weights, gains, axes=1))
    index = pd.Index(list(factors), name="factor")
    made = pd.Series if values.ndim == 1 else pd.DataFrame
    return made(np.array(found), index=index)
