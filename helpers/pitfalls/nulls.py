"""How often does a test find something where there is nothing? Empty properties,
tested both ways."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers import correlation, permutation, statistics

LEVEL = 0.05
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
    level = strength * _scores(means.to_numpy()) + np.sqrt(1 - strength**2) * chance
    own = pd.Series(level, index=means.index)
    return own.loc[table["subject"]].to_numpy() + JITTER * generator.standard_normal(
        len(table)
    )


def drift(
    table: pd.DataFrame, generator: np.random.Generator, strength: float = 0.0
) -> np.ndarray:
    """A property that wanders within each clip, such as smoke, and starts each anew;
    one value per frame.

    table: a row per frame with subject, clip, frame and dice, in order of frames.
    strength: how much of it, between 0 and 1, follows the normal scores of Dice within
    the subject.
    """
    clip = table["subject"].astype(str) + "/" + table["clip"].astype(str)
    steps = pd.Series(generator.standard_normal(len(table)), index=table.index)
    walk = steps.groupby(clip.to_numpy()).cumsum()
    scores = table.groupby("subject")["dice"].transform(
        lambda values: _scores(values.to_numpy())
    )
    return (strength * scores + np.sqrt(1 - strength**2) * walk / walk.std()).to_numpy()


PROPERTIES = {"of the subject": of_subject, "drifting within clips": drift}


def p_values(
    table: pd.DataFrame, kind: str, draws: int, seed: int, strength: float = 0.0
) -> pd.DataFrame:
    """Two p-values for each of `draws` drawn properties of a kind (a key of
    PROPERTIES).

    table: a row per frame with subject, clip, frame and dice. Returns the columns
    `frames` (every frame an observation of its own) and `subjects`: between subjects,
    or within them for a drift; NaN without a test. They are correlation.naive_p,
    spearman_between and spearman_within, for all draws at once.
    """
    table = (
        table.dropna(subset="dice")
        .sort_values(["subject", "clip", "frame"])
        .reset_index(drop=True)
    )
    draw = PROPERTIES[kind]
    drawn = np.column_stack(
        [draw(table, np.random.default_rng([seed, n]), strength) for n in range(draws)]
    )
    by_subject = _between if kind == "of the subject" else _within
    return pd.DataFrame(
        {
            "frames": _over_frames(drawn, table["dice"]),
            "subjects": by_subject(drawn, table),
        }
    )


def _over_frames(drawn: np.ndarray, dice: pd.Series) -> np.ndarray:
    n, rho = len(dice), _ranked(drawn).T @ _ranked(dice.to_numpy()[:, None])[:, 0]
    t = rho * np.sqrt((n - 2) / np.maximum((1 - rho) * (1 + rho), 1e-12))
    return 2 * stats.t.sf(np.abs(t), n - 2)


def _between(drawn: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    means = pd.DataFrame(drawn).groupby(table["subject"].to_numpy()).mean().to_numpy()
    own = table.groupby("subject")["dice"].mean().to_numpy()[:, None]
    positions, complete = permutation.orders(len(own))
    shuffled, ranks = _ranked(own)[:, 0][positions], _ranked(means)
    observed = ranks.T @ _ranked(own)[:, 0]
    return np.array(
        [
            permutation.judged(seen, shuffled @ rank, complete, "")[0]
            for seen, rank in zip(observed, ranks.T, strict=True)
        ],
        float,
    )


def _within(drawn: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    enough = [
        rows
        for rows in table.groupby("subject").indices.values()
        if len(rows) >= correlation.FEWEST_FRAMES
        and table["dice"].iloc[rows].nunique() > 1
    ]
    own = [
        _ranked(drawn[rows]).T @ _ranked(table["dice"].to_numpy()[rows, None])[:, 0]
        for rows in enough
    ]
    return np.array(
        [permutation.sign_flip_test(values)[0] for values in np.array(own).T], float
    )


def _ranked(values: np.ndarray) -> np.ndarray:
    """The ranks of each column, of mean 0 and length 1, so that a product of two is
    their correlation."""
    ranks = stats.rankdata(values, axis=0)
    ranks = ranks - ranks.mean(axis=0)
    return ranks / np.maximum(np.sqrt((ranks**2).sum(axis=0)), 1e-12)


def rejected(p: Sequence[float]) -> tuple[float, float, float]:
    """(rate, low, high): percent of tests that reject at 0.05, and its exact 95 %
    interval.

    The interval is Clopper and Pearson's (1934); where there is no test (NaN) nothing
    is rejected.
    """
    hits, n = int((np.asarray(p, float) < LEVEL).sum()), len(p)
    low, high = stats.binomtest(hits, n).proportion_ci(0.95)
    return 100 * hits / n, 100 * low, 100 * high


def _scores(values: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks, with mean 0 and variance 1; zeros where all are
    equal."""
    scores = stats.norm.ppf(stats.rankdata(values) / (len(values) + 1))
    return (
        (scores - scores.mean()) / scores.std()
        if scores.std() > 0
        else np.zeros(len(values))
    )
