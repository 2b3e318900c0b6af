"""A fair division of a total among factors that act together: Shapley values, exact or
sampled with their error.

Shapley 1953: a factor's value is what it adds to the factors before it, averaged over
all orders of arrival. The values add up to value(all) - value(none), a factor that
never matters gets 0, and two that do the same get the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import factorial

import numpy as np
import pandas as pd

from helpers.errors import CourseError

Value = Callable[[frozenset], float | np.ndarray]
MOST = 12  # exact needs 2^n values


def shapley(
    value_of_subset: Value, factors: Sequence[Hashable]
) -> pd.Series | pd.DataFrame:
    """Exact Shapley values, from the value of each of the 2^n subsets, asked for once.

    value_of_subset(frozenset of factors) gives a number, or a vector (one entry per
    subject, say) that is divided entry by entry. A Series by factor, or a DataFrame
    with a row per factor. Raises CourseError for a factor named twice, or for more than
    12 factors.
    """
    factors = _checked(factors)
    if len(factors) > MOST:
        raise CourseError(
            f"Exact Shapley values of {len(factors)} factors would take "
            f"{2 ** len(factors)} evaluations: group them into at most {MOST}, or use "
            "shapley_sampled."
        )
    n = len(factors)
    values = [
        np.asarray(value_of_subset(_subset(factors, bits)), dtype=float)
        for bits in range(2**n)
    ]
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
    return _table(factors, found)


def shapley_sampled(
    value_of_subset: Value, factors: Sequence[Hashable], orders: int = 32, seed: int = 0
) -> pd.DataFrame:
    """Shapley values from randomly drawn orders of arrival, each with the standard
    error of that sampling.

    Orders are drawn in pairs, one and its reverse, which halves the error where factors
    hinder or help each other in twos; the error is that of the mean over the pairs
    (Castro et al. 2009; Mitchell et al. 2022). The values still add up to value(all) -
    value(none) exactly. value_of_subset gives a number, and is asked for each subset
    once. A DataFrame with `value` and `standard_error` by factor. Raises CourseError
    with fewer than four orders.
    """
    factors = _checked(factors)
    pairs = orders // 2
    if pairs < 2:
        raise CourseError(f"{orders} orders leave no error to state: draw at least 4.")
    rng = np.random.default_rng(seed)
    known: dict[int, float] = {}

    def value(bits: int) -> float:
        if bits not in known:
            known[bits] = float(value_of_subset(_subset(factors, bits)))
        return known[bits]

    gains = np.zeros((pairs, len(factors)))
    for pair in range(pairs):
        order = rng.permutation(len(factors))
        for direction in (order, order[::-1]):
            bits = 0
            for i in direction:
                gains[pair, i] += (value(bits | 1 << int(i)) - value(bits)) / 2
                bits |= 1 << int(i)
    error = gains.std(axis=0, ddof=1) / np.sqrt(pairs)
    return pd.DataFrame(
        {"value": gains.mean(axis=0), "standard_error": error},
        index=pd.Index(factors, name="factor"),
    )


def _checked(factors: Sequence[Hashable]) -> list[Hashable]:
    factors = list(factors)
    if not factors or len(set(factors)) < len(factors):
        raise CourseError(
            f"The factors ({', '.join(map(str, factors)) or 'none'}) are not a list of "
            "different names: name each once."
        )
    return factors


def _subset(factors: list[Hashable], bits: int) -> frozenset:
    return frozenset(factor for i, factor in enumerate(factors) if bits >> i & 1)


def _table(
    factors: list[Hashable], found: list[np.ndarray]
) -> pd.Series | pd.DataFrame:
    index = pd.Index(factors, name="factor")
    if np.ndim(found[0]) == 0:
        return pd.Series([float(v) for v in found], index=index, name="value")
    return pd.DataFrame(np.stack(found), index=index)
