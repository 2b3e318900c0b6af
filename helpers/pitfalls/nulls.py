"""How often does a test find something where there is nothing? Empty properties,
tested over frames and over subjects.

p = p_values(table, draws=300, seed=0)
rejected(p["frames"]), rejected(p["subjects"])
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers import correlation, statistics
from helpers.statistics import LEVEL, Estimate

JITTER = 0.5
"""How much a property of a subject varies from frame to frame; between subjects it
varies by 1."""


def of_subject(
    table: pd.DataFrame, generator: np.random.Generator, strength: float = 0.0
) -> np.ndarray:
    """A property that a subject has in all its frames, such as its colour; one value
    per frame.

    table: a row per frame with subject and dice. strength: its correlation with the
    normal scores of the subjects' mean Dice; 0, and it knows nothing of Dice.
    """
    means = statistics.subject_means(table["dice"], table["subject"])
    chance = generator.standard_normal(len(means))
    level = strength * scores(means.to_numpy()) + np.sqrt(1 - strength**2) * chance
    own = pd.Series(level, index=means.index)
    return own.loc[table["subject"]].to_numpy() + JITTER * generator.standard_normal(
        len(table)
    )


def scores(values: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks, with mean 0 and variance 1; zeros where all are
    equal."""
    found = stats.norm.ppf(stats.rankdata(values) / (len(values) + 1))
    return (found - found.mean()) / (found.std() or 1.0)


def between(drawn: np.ndarray, table: pd.DataFrame) -> Estimate:
    """Dice and a property, correlated and tested between the subjects."""
    return correlation.spearman_between(drawn, table["dice"], table["subject"])


def p_values(
    table: pd.DataFrame,
    draws: int,
    seed: int,
    draw: Callable = of_subject,
    test: Callable[[np.ndarray, pd.DataFrame], Estimate] = between,
) -> pd.DataFrame:
    """Two p-values for each of `draws` properties: `frames` takes every frame for an
    observation of its own, `subjects` is that of a test that respects them (NaN where
    there is none).

    table: a row per frame with subject, clip, frame and dice. draw: makes a property of
    the table and a random generator.
    """
    table = (
        table.dropna(subset="dice")
        .sort_values(["subject", "clip", "frame"])
        .reset_index(drop=True)
    )
    rows = []
    for number in range(draws):
        drawn = draw(table, np.random.default_rng([seed, number]))
        over_frames = stats.spearmanr(drawn, table["dice"]).pvalue
        rows.append({"frames": over_frames, "subjects": test(drawn, table).p})
    return pd.DataFrame(rows, dtype=float)


def rejected(p: Sequence[float]) -> tuple[float, float, float]:
    """(rate, low, high): percent of tests that reject at 0.05, and its exact 95 %
    interval.

    The interval is Clopper and Pearson's (1934); where there is no test (NaN) nothing
    is rejected.
    """
    hits, n = int((np.asarray(p, float) < LEVEL).sum()), len(p)
    low, high = stats.binomtest(hits, n).proportion_ci(0.95)
    return 100 * hits / n, 100 * low, 100 * high
