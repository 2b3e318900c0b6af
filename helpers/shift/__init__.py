"""Shift between two kinds of surgery: what frames say of their camera (cues), how far
each of its dials has to be turned (doses), turning them, and dividing the harm.

>>> doses = estimate(source, target).doses  # from Frames without a label
>>> darker = apply(source, doses, ["light"])
>>> shapley(lambda groups: 0.1 * len(groups), GROUPS)["light"]  # a tenth each
"""

from collections.abc import Callable, Hashable, Sequence
from math import comb

import numpy as np
import pandas as pd

from helpers.shift.cues import STATISTICS, cues, image_statistics
from helpers.shift.dials import DIALS, GROUPS, IDENTITY, Frames, apply
from helpers.shift.doses import estimate, no_dose, profile, turned


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
