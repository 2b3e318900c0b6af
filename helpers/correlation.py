"""Rank correlation with its estimand named, and tests that respect what belongs
together.

Between subjects, within subjects and pooled are three questions with three answers, and
only the first two have a test here: pooled over frames, neighbours count as if each
were a patient of its own. Every function leaves out the frames where a value is NaN.
Where so few subjects, or frames, cannot reach 0.05, `p` is None and the note says so.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import linalg, stats

from helpers import permutation, words
from helpers.errors import CourseError
from helpers.statistics import Estimate, frame_table

# A subject with fewer frames than this has no rank correlation of its own worth
# averaging.
FEWEST_FRAMES = 5
# Below this flipping the signs of whole subjects cannot give 0.05 (2 / 2**5 is 0.0625).
FEWEST_SUBJECTS = 6
Given = Sequence[float] | Mapping[str, Sequence[float]] | None


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation of the pairs without NaN, ties at mean rank; NaN
    where one is constant.
    """
    return partial_spearman(x, y, None)


def partial_spearman(x: Sequence[float], y: Sequence[float], given: Given) -> float:
    """Rank correlation of what x and y have beyond `given`: Pearson's, of the residuals
    of their ranks.

    given: one sequence, or several by name, whose ranks are regressed out of those of x
    and y. NaN where nothing is left to vary. With one given it is the textbook's
    partial correlation, put in terms of ranks.
    """
    table = frame_table(np.zeros(len(x)), x=x, y=y, **_named(given))
    return _observed(*_residuals(table, _named(given)))


def spearman_pooled(x, y, subjects: Sequence) -> Estimate:
    """Over all frames, whoever they belong to. It has no p: see naive_p for the one
    often quoted.
    """
    table, _ = _table(x, y, subjects, None)
    return Estimate(
        _observed(*_residuals(table, {})),
        n_frames=len(table),
        n_subjects=table["subject"].nunique(),
        estimand="rank correlation pooled over frames",
        note="No p-value: frames of one subject resemble each other, and a test over "
        "frames would take them for independent.",
    )


def naive_p(x: Sequence[float], y: Sequence[float]) -> float:
    """The p-value that takes every frame for an observation of its own; to be shown as
    a mistake.
    """
    table = frame_table(np.zeros(len(x)), x=x, y=y)
    return float(stats.spearmanr(table["x"], table["y"]).pvalue)


def spearman_between(
    x, y, subjects: Sequence, given: Given = None, seed: int = 0
) -> Estimate:
    """Do subjects with more x have more y? Over subjects' means; p by giving the
    subjects' y to one another.

    With `given`, y's residuals are permuted (Freedman and Lane 1983, J. Bus. Econ.
    Stat. 1: 292).
    """
    table, given = _table(x, y, subjects, given)
    means = table.groupby("subject").mean()
    u, v, basis = _residuals(means, given)
    positions, complete = permutation.orders(len(means), seed)
    p, note = permutation.judged(
        _observed(u, v, basis),
        _correlations(u, v, basis, positions),
        complete,
        f"permuting {words.counted(len(means), 'subject')}",
    )
    return Estimate(
        _observed(u, v, basis),
        n_frames=len(table),
        n_subjects=len(means),
        estimand=f"rank correlation between subject means{_beyond(given)}",
        note=note,
        p=p,
    )


def spearman_within(
    x,
    y,
    subjects: Sequence,
    clips: Sequence | None = None,
    order: Sequence | None = None,
    given: Given = None,
    test: str | None = None,
    seed: int = 0,
    draws: int = 1_999,
) -> Estimate:
    """Do a subject's frames with more x have more y? The mean over subjects of each
    one's correlation.

    Subjects count that have at least FEWEST_FRAMES frames and in which both vary.
    clips: the clip of each frame (else a subject is one clip); order: the frame number
    (else frames stand in their order).
    test: "signs" flips the sign of whole subjects' correlations. It needs six subjects,
    speaks about subjects like these, and holds whatever the course of a clip, as long
    as without a relation a correlation is as likely up as down: a drift that all clips
    share is a relation to it.
    "shifts" moves y round in a circle within each clip. It speaks about these subjects,
    and holds where x and y wander about a level. Of unrelated drifts it finds a
    relation far too often (in 21 to 100 % of one clip's random walks and trends, in a
    simulation), unless the frame number is given, as in
    given={"frame number": order} (5 to 9 %).
    Without a name the test is signs from six subjects on, else shifts. CourseError for
    another name.
    """
    if test not in (None, "shifts", "signs"):
        raise CourseError(f"The test '{test}' is unknown; choose shifts or signs.")
    table, given = _table(
        x, y, subjects, given, clip=subjects if clips is None else clips, order=order
    )
    kept = []
    for index, (_, frames) in enumerate(table.groupby("subject")):
        parts = _residuals(frames, given)
        if len(frames) >= FEWEST_FRAMES and math.isfinite(_observed(*parts)):
            kept.append((index, frames, parts))
    observed = np.array([_observed(*parts) for _, _, parts in kept])
    if test == "signs" or not kept or (test is None and len(kept) >= FEWEST_SUBJECTS):
        p, note = permutation.sign_flip_test(observed, seed)
    else:
        p, note = _shift_test(kept, observed.mean(), seed, draws)
    return Estimate(
        observed.mean() if kept else math.nan,
        n_frames=sum(len(frames) for _, frames, _ in kept),
        n_subjects=len(kept),
        estimand="mean over subjects of the rank correlation between a subject's "
        f"frames{_beyond(given)}",
        note=note,
        p=p,
    )


def _shift_test(
    kept, observed: float, seed: int, draws: int
) -> tuple[float | None, str]:
    """(p, note) of the mean correlation, against shifting every clip of every subject
    on its own.
    """
    lengths = [n for _, frames, _ in kept for n in frames.groupby("clip").size()]
    if math.prod(lengths) <= draws:
        # Few enough to try all: the combinations over subjects are those over all their
        # clips together.
        clips = [f"{i}/{clip}" for i, frames, _ in kept for clip in frames["clip"]]
        joint = permutation.every_shift(np.array(clips))
        ends = np.cumsum([len(frames) for _, frames, _ in kept])
        columns = [
            (parts, joint[:, end - len(frames) : end] - (end - len(frames)))
            for end, (_, frames, parts) in zip(ends, kept)
        ]
        null, complete = (
            np.mean(
                [_correlations(*parts, places) for parts, places in columns], axis=0
            ),
            True,
        )
    else:
        null, complete = np.zeros(draws), False
        for index, frames, parts in kept:
            places = permutation.random_shifts(
                frames["clip"].to_numpy(), draws, (seed, index)
            )
            null += _correlations(*parts, places) / len(kept)
    within = words.counted(len(lengths), "clip")
    return permutation.judged(
        observed, null, complete, f"shifting the frames within {within}"
    )


def holm(pvalues: Mapping[str, float | None] | Sequence[float | None]) -> pd.Series:
    """p-values corrected for being several, by Holm (1979); None and NaN are not tests,
    and stay NaN.
    """
    raw = pd.Series(pvalues, dtype=float)
    names, raw = raw.index, raw.reset_index(drop=True)  # two may have one name
    ordered = raw.dropna().sort_values()
    # The smallest of m is multiplied by m, the next by m - 1; none may fall below the
    # one before it.
    grown = (ordered * np.arange(len(ordered), 0, -1)).cummax().clip(upper=1)
    raw[ordered.index] = grown
    return raw.set_axis(names)


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Chance that a positive scores above a negative (ties half), from ranks; NaN where
    either is missing.
    """
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    known = ~np.isnan(scores)
    scores, labels = scores[known], labels[known]
    positive, negative = labels.sum(), (~labels).sum()
    if not positive or not negative:
        return math.nan
    return float(
        (stats.rankdata(scores)[labels].sum() / positive - (positive + 1) / 2)
        / negative
    )


def _named(given: Given) -> dict[str, Sequence[float]]:
    """`given` by column names that cannot clash with others."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        given = {getattr(given, "name", None) or "a third": given}
    return {f"given {name}": values for name, values in given.items()}


def _beyond(given: dict) -> str:
    return "".join(f", {name}" for name in given)


def _table(
    x, y, subjects, given: Given, clip=None, order=None
) -> tuple[pd.DataFrame, dict]:
    """The frames without NaN as a table, in the order of `order` where there is one,
    and `given` by name.
    """
    given = _named(given)
    table = frame_table(subjects, x=x, y=y, **given)
    if clip is not None:
        table = table.assign(clip=np.asarray(clip)[table.index])
    if order is not None:
        table = table.iloc[np.argsort(np.asarray(order)[table.index], kind="stable")]
    return table, given


def _residuals(
    table: pd.DataFrame, given: dict
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the ranks of x and y have beyond those of `given`, and an orthonormal basis
    of the latter.
    """
    ranks = table[["x", "y", *given]].rank().to_numpy()
    known = np.column_stack([np.ones(len(ranks)), ranks[:, 2:]])
    basis = linalg.orth(known) if len(ranks) else known
    rest = ranks[:, :2] - basis @ (basis.T @ ranks[:, :2])
    # What only rounding leaves is nothing.
    rest[:, (rest**2).sum(0) <= 1e-12 * (ranks[:, :2] ** 2).sum(0)] = 0
    return rest[:, 0], rest[:, 1], basis


def _correlations(u, v, basis, positions: np.ndarray) -> np.ndarray:
    """Correlation of u with v rearranged by each row, what the basis explains taken out
    again.
    """
    moved = v[positions]
    moved = moved - (moved @ basis) @ basis.T
    size = np.sqrt((moved**2).sum(1) * (u @ u))
    return np.divide(moved @ u, size, out=np.zeros(len(moved)), where=size > 1e-9)


def _observed(u, v, basis) -> float:
    """The correlation of u and v, NaN where one is nothing, or as much is given as
    there are frames.
    """
    if len(u) - basis.shape[1] < 1 or not u.any() or not v.any():
        return math.nan
    return float(_correlations(u, v, basis, np.arange(len(u))[None])[0])
