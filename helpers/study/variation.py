"""How much a result varies over folds, over seeds and over subjects, each told apart
from the others.

Every job measures the same subjects, so that values stand in a crossed table with one
value in a cell. Its variance is taken apart by the analysis of variance for balanced
crossed random effects: Searle, Casella and McCulloch, Variance Components (Wiley,
1992), chapter 4. A component is an unbiased estimate, and may come out below zero where
there is little or nothing to see; it is left so.

>>> table = pd.DataFrame({"fold": [0, 0, 1, 1], "seed": [0, 1, 0, 1],
...                       "dice": [0.1, 0.1, 0.3, 0.3]})
>>> components(table, ("fold", "seed"), "dice").round(3).to_dict()
{'fold': 0.02, 'seed': 0.0, 'fold x seed': 0.0}
"""

import itertools
import math

import numpy as np
import pandas as pd

from helpers.errors import CourseError


def components(table: pd.DataFrame, factors: tuple[str, ...], value: str) -> pd.Series:
    """Variance components of a full crossed table, one for each factor and each
    combination of factors; the last one holds what is left besides.

    table: one row for each combination of the factors' levels. A factor with a single
    level says nothing, and what it takes part in is NaN. CourseError where a cell is
    missing, taken twice or undefined.
    """
    cells = table.set_index(list(factors))[value].sort_index()
    levels = [len(level.unique()) for _, level in table[list(factors)].items()]
    if cells.index.has_duplicates or len(cells) != math.prod(levels):
        raise CourseError(
            f"{len(cells)} values do not fill a table of {' x '.join(map(str, levels))}"
            f" ({', '.join(factors)}): give one for each cell."
        )
    values = cells.to_numpy(float).reshape(levels)
    if np.isnan(values).any():
        raise CourseError(
            f"{value} is undefined in {np.isnan(values).sum()} of {values.size} cells: "
            "leave those subjects out."
        )
    axes = range(len(factors))
    varying = [axis for axis in axes if levels[axis] > 1]
    sets = [
        chosen
        for size in range(1, len(varying) + 1)
        for chosen in itertools.combinations(varying, size)
    ]
    squares = {chosen: mean_square(values, chosen) for chosen in sets}
    found = {}
    for size in range(1, len(factors) + 1):
        for chosen in itertools.combinations(axes, size):
            name = " x ".join(factors[axis] for axis in chosen)
            found[name] = _component(squares, chosen, levels)
    return pd.Series(found, dtype=float)


def mean_square(values: np.ndarray, chosen: tuple[int, ...]) -> float:
    """The mean square of an effect: of some axes' factors together, beyond what fewer
    of them say."""
    effect = np.zeros_like(values)
    for size in range(len(chosen) + 1):
        for fewer in itertools.combinations(chosen, size):
            others = tuple(axis for axis in range(values.ndim) if axis not in fewer)
            means = values.mean(axis=others, keepdims=True) if others else values
            effect = effect + (-1) ** (len(chosen) - size) * means
    freedom = math.prod(values.shape[axis] - 1 for axis in chosen)
    return float((effect**2).sum() / freedom)


def _component(squares: dict, chosen: tuple[int, ...], levels: list[int]) -> float:
    """An effect's component: its mean square less what larger effects put into it, for
    each value that shares one of its levels."""
    if chosen not in squares:
        return math.nan
    total = sum(
        (-1) ** (len(larger) - len(chosen)) * square
        for larger, square in squares.items()
        if set(chosen) <= set(larger)
    )
    shared = math.prod(n for axis, n in enumerate(levels) if axis not in chosen)
    return total / shared


def complete(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """The rows of a study's table (fold, seed, subject, `value`) that make a crossed
    table: seeds that every fold has, subjects with a defined value in all of these.
    """
    folds = table["fold"].nunique()
    has = table.groupby("seed")["fold"].nunique()
    table = table[table["seed"].isin(has.index[has == folds])]
    jobs = len(table[["fold", "seed"]].drop_duplicates())
    defined = table.dropna(subset=[value]).groupby("subject").size()
    return table[table["subject"].isin(defined.index[defined == jobs])]
