"""A fair division of a total among factors that act together: Shapley values.

Shapley 1953: a factor's value is what it adds to the factors before it, averaged over
all orders of arrival. The values add up to value(all) - value(none), a factor that
never matters gets 0, and two that do the same get the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import factorial

import numpy as np
import pandas as pd


def shapley(
    value_of_subset: Callable[[frozenset], float | np.ndarray],
    factors: Sequence[Hashable],
) -> pd.Series | pd.DataFrame:
    """Exact Shapley values, from the value of each of the 2^n subsets, asked for once.

    value_of_subset(frozenset of factors) gives a number, or a vector (one entry per
    subject, say) that is divided entry by entry. A Series by factor, or a DataFrame
    with a row per factor.
    """
    n = len(factors)
    subsets = [
        frozenset(factor for i, factor in enumerate(factors) if bits >> i & 1)
        for bits in range(2**n)
    ]
    values = [np.asarray(value_of_subset(subset), dtype=float) for subset in subsets]
    found = []
    for i in range(n):
        mine = 1 << i
        gains = {size: [] for size in range(n)}
        for bits in range(2**n):
            if not bits & mine:
                gains[bits.bit_count()].append(values[bits | mine] - values[bits])
        found.append(
            sum(
                factorial(size)
                * factorial(n - size - 1)
                / factorial(n)
                * np.sum(of_size, axis=0)
                for size, of_size in gains.items()
            )
        )
    index = pd.Index(list(factors), name="factor")
    if values[0].ndim == 0:
        return pd.Series(np.array(found, float), index=index, name="value")
    return pd.DataFrame(np.stack(found), index=index)
