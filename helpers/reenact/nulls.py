"""How often does a test find something where there is nothing? Empty properties, tested both ways."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers import correlation, statistics

LEVEL = 0.05
JITTER = 0.5
"""How much a property of a subject varies from frame to frame, where it varies by 1 between subjects."""


def of_subject(table: pd.DataFrame, generator: np.random.Generator, strength: float = 0.0) -> np.ndarray:
    """A property that a subject has in all its frames, such as its colour; one value per frame.

    table: a row per frame with subject and dice. strength: its correlation with the normal scores of the
    subjects' mean Dice; 0, and it knows nothing of Dice.
    """
    means = statistics.subject_means(table["dice"], table["subject"])
    chance = generator.standard_normal(len(means))
    level = strength * _scores(means.to_numpy()) + np.sqrt(1 - strength**2) * chance
    own = pd.Series(level, index=means.index)
    return own.loc[table["subject"]].to_numpy() + JITTER * generator.standard_normal(len(table))


def drift(table: pd.DataFrame, generator: np.random.Generator, strength: float = 0.0) -> np.ndarray:
    """A property that wanders within each clip, such as smoke, and starts each anew; one value per frame.

    table: a row per frame with subject, clip, frame and dice, in order of frames. strength: how much of it,
    between 0 and 1, follows the normal scores of Dice within the subject.
    """
    clip = table["subject"].astype(str) + "/" + table["clip"].astype(str)
    steps = pd.Series(generator.standard_normal(len(table)), index=table.index)
    walk = steps.groupby(clip.to_numpy()).cumsum()
    scores = table.groupby("subject")["dice"].transform(lambda values: _scores(values.to_numpy()))
    return (strength * scores + np.sqrt(1 - strength**2) * walk / walk.std()).to_numpy()


PROPERTIES = {"of the subject": of_subject, "drifting within clips": drift}


def p_values(table: pd.DataFrame, kind: str, draws: int, seed: int, strength: float = 0.0) -> pd.DataFrame:
    """Two p-values for each of `draws` drawn properties of a kind (a key of PROPERTIES).

    table: a row per frame with subject, clip, frame and dice. Returns the columns `frames` (every frame an
    observation of its own) and `subjects` (between subjects, or within them for a drift, as
    helpers.correlation tests it; NaN without a test).
    """
    table = table.dropna(subset="dice").sort_values(["subject", "clip", "frame"]).reset_index(drop=True)
    rows = []
    for draw in range(draws):
        drawn = PROPERTIES[kind](table, np.random.default_rng([seed, draw]), strength)
        if kind == "of the subject":
            found = correlation.spearman_between(drawn, table["dice"], table["subject"])
        else:
            found = correlation.spearman_within(
                drawn, table["dice"], table["subject"], table["clip"], table["frame"], test="signs"
            )
        rows.append((correlation.naive_p(drawn, table["dice"]), found.p))
    return pd.DataFrame(rows, columns=["frames", "subjects"], dtype=float)


def rejected(p: Sequence[float]) -> tuple[float, float, float]:
    """(rate, low, high): percent of tests that reject at 0.05, and its exact 95 % interval.

    The interval is Clopper and Pearson's (1934); where there is no test (NaN) nothing is rejected.
    """
    hits, n = int((np.asarray(p, float) < LEVEL).sum()), len(p)
    low, high = stats.binomtest(hits, n).proportion_ci(0.95)
    return 100 * hits / n, 100 * low, 100 * high


def _scores(values: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks, with mean 0 and variance 1; zeros where all are equal."""
    scores = stats.norm.ppf(stats.rankdata(values) / (len(values) + 1))
    return (scores - scores.mean()) / scores.std() if scores.std() > 0 else np.zeros(len(values))
