"""Rank correlation, tests that keep together what belongs together, Holm's correction,
the chance that one kind scores above another; and how often a test finds something
where nothing is. Frames where a value is NaN are left out.

>>> round(spearman([1, 2, 3, 4], [1, 3, 2, 4]), 2)
0.8
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers import statistics
from helpers.statistics import Estimate, judged, rearranged, sign_flip_test
from helpers.words import counted

FEWEST_FRAMES = 5  # of a subject, for a correlation of its own worth averaging
FEWEST_SUBJECTS = 6  # flipping the signs of five can't give 0.05 (2 / 2**5 is 0.0625)
JITTER = 0.5  # how an empty property varies between frames; between subjects it is 1


def spearman(x: Sequence[float], y: Sequence[float], *given: Sequence[float]) -> float:
    """Spearman's rank correlation, ties at mean rank; NaN where one is constant.

    given: what is regressed out of the ranks of both first, by its own ranks: the
    partial rank correlation, NaN where nothing is left to vary.
    """
    rows = np.column_stack([x, y, *given]).astype(float)
    ranks = pd.DataFrame(rows).dropna().rank().to_numpy()
    known = np.column_stack([np.ones(len(ranks)), ranks[:, 2:]])
    rest = ranks[:, :2] - known @ (np.linalg.pinv(known) @ ranks[:, :2])
    size = np.linalg.norm(rest, axis=0)
    if not (size > 1e-6 * np.linalg.norm(ranks[:, :2], axis=0)).all():
        return math.nan  # what only rounding leaves is nothing
    return float(rest[:, 0] @ rest[:, 1] / size.prod())


def spearman_within(
    x: Sequence[float],
    y: Sequence[float],
    subjects: Sequence,
    clips: Sequence | None = None,
    order: Sequence | None = None,
    draws: int = 1_999,
) -> Estimate:
    """Do a subject's frames with more x have more y? The mean over subjects of each
    one's correlation, of those with FEWEST_FRAMES frames in which both vary.

    clips: of each frame (else a subject is one clip); order: the frame number (else
    frames stand in their order). p is None where 0.05 is out of reach.
    From FEWEST_SUBJECTS on the test flips the sign of whole subjects' correlations: it
    speaks about subjects like these, whatever the course of a clip. With fewer it moves
    y round in a circle within each clip: that speaks about these subjects, and holds
    where x and y wander about a level; of unrelated drifts it finds a relation far too
    often (in 21 to 100 % of one clip's random walks and trends, in a simulation).
    """
    table = statistics.frame_table(subjects, x=x, y=y)
    table["clip"] = np.asarray(subjects if clips is None else clips)[table.index]
    if order is not None:
        table = table.iloc[np.argsort(np.asarray(order)[table.index], kind="stable")]
    kept = [
        one
        for _, one in table.groupby("subject")
        if len(one) >= FEWEST_FRAMES and one[["x", "y"]].nunique().min() > 1
    ]
    observed = np.array([spearman(one["x"], one["y"]) for one in kept])
    few = 0 < len(kept) < FEWEST_SUBJECTS
    p, note = _shift_test(kept, draws) if few else sign_flip_test(observed)
    said = "mean over subjects of the rank correlation between a subject's frames"
    behind = {"n_frames": sum(map(len, kept)), "n_subjects": len(kept)}
    value = observed.mean() if kept else math.nan
    return Estimate(value, estimand=said, note=note, p=p, **behind)


def _shift_test(kept: list[pd.DataFrame], draws: int) -> tuple[float | None, str]:
    """(p, note) of the mean correlation, against shifting every clip on its own, in all
    ways if they are few, else in some: every frame but one keeps its neighbours, so
    that a slow course stays one, which shuffling would destroy."""
    clips = [list(one.reset_index().groupby("clip").indices.values()) for one in kept]
    lengths = [len(places) for own in clips for places in own]
    complete = math.prod(lengths) <= draws
    if complete:
        steps = np.array(list(itertools.product(*map(range, lengths))))
    else:
        steps = np.random.default_rng(0).integers(0, lengths, (draws, len(lengths)))
    null, observed, step = np.zeros(len(steps)), 0.0, iter(steps.T)
    for frames, own in zip(kept, clips):
        u, v = stats.zscore(frames[["x", "y"]].rank().to_numpy()).T / len(frames) ** 0.5
        moved = np.empty((len(steps), len(v)))
        for places in own:
            at = (np.arange(len(places)) + next(step)[:, None]) % len(places)
            moved[:, places] = v[places[at]]
        null += moved @ u / len(kept)
        observed += v @ u / len(kept)
    said = f"shifting the frames within {counted(len(lengths), 'clip')}"
    return judged(observed, null, complete, said)


def holm(pvalues: Sequence[float | None]) -> np.ndarray:
    """p-values corrected for being several (Holm 1979); None and NaN stay NaN."""
    raw = np.asarray(pvalues, float)
    order, tests = raw.argsort(), np.isfinite(raw).sum()  # NaN comes last
    # The smallest of m is multiplied by m, the next by m - 1; none may fall below the
    # one before it.
    grown = raw[order] * (tests - np.arange(len(raw)))
    corrected = np.empty_like(raw)
    corrected[order] = np.maximum.accumulate(grown).clip(max=1)
    return corrected


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Chance that a positive scores above a negative (ties half); NaN without both."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    above, below = (scores[where & ~np.isnan(scores)] for where in (labels, ~labels))
    if not len(above) or not len(below):
        return math.nan
    wins = stats.mannwhitneyu(above, below, method="asymptotic").statistic
    return float(wins / len(above) / len(below))


def of_subject(
    table: pd.DataFrame, generator: np.random.Generator, strength: float = 0.0
) -> np.ndarray:
    """A property that a subject has in all its frames, such as its colour; one value
    per frame, a row of `table` (subject, dice). strength: its correlation with the
    normal scores of the subjects' mean Dice; 0, and it knows nothing of Dice."""
    means = statistics.subject_means(table["dice"], table["subject"])
    chance = generator.standard_normal(len(means))
    level = strength * scores(means.to_numpy()) + np.sqrt(1 - strength**2) * chance
    own = pd.Series(level, index=means.index).loc[table["subject"]].to_numpy()
    return own + JITTER * generator.standard_normal(len(table))


def scores(values: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks, mean 0 and variance 1; zeros where all are equal."""
    found = stats.norm.ppf(stats.rankdata(values) / (len(values) + 1))
    return (found - found.mean()) / (found.std() or 1.0)


def between(drawn: np.ndarray, table: pd.DataFrame) -> float | None:
    """p of a rank correlation of Dice and a property between the subjects' means, whose
    values are handed round among the subjects."""
    both = pd.DataFrame({"x": np.asarray(drawn), "y": table["dice"].to_numpy()})
    ranks = both.groupby(table["subject"].to_numpy()).mean().rank()
    x, y = (ranks - ranks.mean()).to_numpy().T
    how = "pairings", math.factorial(len(x)), "permuting subjects"
    return rearranged(y, lambda some, axis: some @ x, *how)[0]


def p_values(
    table: pd.DataFrame,
    draws: int,
    seed: int,
    draw: Callable = of_subject,
    test: Callable[[np.ndarray, pd.DataFrame], float | None] = between,
) -> pd.DataFrame:
    """Two p-values for each of `draws` empty properties: `frames` takes every frame for
    an observation of its own, `subjects` is that of a test that respects them (NaN
    where there is none). table: a row per frame with subject, clip, frame and dice.
    """
    order, rows = ["subject", "clip", "frame"], []
    table = table.dropna(subset="dice").sort_values(order, ignore_index=True)
    for number in range(draws):
        drawn = draw(table, np.random.default_rng([seed, number]))
        over_frames = stats.spearmanr(drawn, table["dice"]).pvalue
        rows.append({"frames": over_frames, "subjects": test(drawn, table)})
    return pd.DataFrame(rows, dtype=float)


def rejected(p: Sequence[float]) -> tuple[float, float, float]:
    """(rate, low, high): percent of tests that reject at 0.05, with its exact 95 %
    interval (Clopper and Pearson 1934); NaN, no test, rejects nothing."""
    hits, n = int((np.asarray(p, float) < statistics.LEVEL).sum()), len(p)
    low, high = stats.binomtest(hits, n).proportion_ci(0.95)
    return 100 * hits / n, 100 * low, 100 * high
