"""Rank correlation with its estimand named, and tests that respect what belongs
together.

Between subjects, within subjects and pooled are three questions with three answers, and
only the first two have a test here: pooled over frames, neighbours count as if each
were a patient of its own. Every function leaves out the frames where a value is NaN.
Where so few subjects, or frames, cannot reach 0.05, `p` is None and the note says so.

>>> round(spearman([1, 2, 3, 4], [1, 3, 2, 4]), 2)
0.8
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import linalg, stats

from helpers.errors import CourseError
from helpers.statistics import Estimate, frame_table, judged, rearranged, sign_flip_test
from helpers.words import counted

# A subject with fewer frames than this has no rank correlation of its own worth
# averaging.
FEWEST_FRAMES = 5
# Below this flipping the signs of whole subjects cannot give 0.05 (2 / 2**5 is 0.0625).
FEWEST_SUBJECTS = 6
Given = Mapping[str, Sequence[float]] | None


def spearman(x: Sequence[float], y: Sequence[float], given: Given = None) -> float:
    """Spearman's rank correlation, ties at mean rank; NaN where one is constant.

    given: by name, sequences whose ranks are regressed out of those of x and y first,
    so that it is the partial correlation of ranks; NaN where nothing is left to vary.
    """
    return _observed(*_residuals(_table(x, y, np.zeros(len(x)), given)))


def spearman_pooled(x, y, subjects: Sequence) -> Estimate:
    """Over all frames, whoever they belong to; without a p."""
    table = _table(x, y, subjects)
    return Estimate(
        _observed(*_residuals(table)),
        n_frames=len(table),
        n_subjects=table["subject"].nunique(),
        estimand="rank correlation pooled over frames",
        note="No p-value: frames of one subject resemble each other, and a test over "
        "frames would take them for independent.",
    )


def spearman_between(x, y, subjects: Sequence, seed: int = 0) -> Estimate:
    """Do subjects with more x have more y? Over subjects' means; p by giving the
    subjects' y to one another.
    """
    table = _table(x, y, subjects)
    means = table.groupby("subject").mean()
    n, (u, v, known) = len(means), _residuals(means)

    def statistic(moved: np.ndarray, axis: int) -> np.ndarray:
        return _correlated(u, moved, known)

    null = rearranged(v, statistic, "pairings", math.factorial(n), seed)
    observed = _observed(u, v, known)
    p, note = judged(observed, *null, f"permuting {counted(n, 'subject')}")
    said = "rank correlation between subject means"
    return Estimate(
        observed, n_frames=len(table), n_subjects=n, estimand=said, note=note, p=p
    )


def spearman_within(
    x,
    y,
    subjects: Sequence,
    clips: Sequence | None = None,
    order: Sequence | None = None,
    given: Given = None,
    test: str | None = None,
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
    table = _table(x, y, subjects, given)
    table["clip"] = np.asarray(subjects if clips is None else clips)[table.index]
    if order is not None:
        table = table.iloc[np.argsort(np.asarray(order)[table.index], kind="stable")]
    kept = []
    for index, (_, frames) in enumerate(table.groupby("subject")):
        parts = _residuals(frames)
        if len(frames) >= FEWEST_FRAMES and math.isfinite(_observed(*parts)):
            kept.append((index, frames["clip"].to_numpy(), parts))
    observed = np.array([_observed(*parts) for _, _, parts in kept])
    if test == "signs" or not kept or (test is None and len(kept) >= FEWEST_SUBJECTS):
        p, note = sign_flip_test(observed)
    else:
        p, note = _shift_test(kept, observed.mean(), draws)
    return Estimate(
        observed.mean() if kept else math.nan,
        n_frames=sum(len(clips) for _, clips, _ in kept),
        n_subjects=len(kept),
        estimand="mean over subjects of the rank correlation between a subject's "
        f"frames{''.join(f', given {name}' for name in given or {})}",
        note=note,
        p=p,
    )


def _shift_test(
    kept: list[tuple], observed: float, draws: int
) -> tuple[float | None, str]:
    """(p, note) of the mean correlation, against shifting every clip of every subject
    on its own, in all ways if they are few, else in some.

    A shift keeps every frame's neighbours but one, so that a slow drift stays a slow
    drift, which shuffling frames would destroy.
    """
    clips = [
        [np.flatnonzero(of == one) for one in dict.fromkeys(of)] for _, of, _ in kept
    ]
    lengths = [[len(places) for places in own] for own in clips]
    every = list(itertools.chain(*lengths))
    complete = math.prod(every) <= draws
    if complete:
        joint = np.array(list(itertools.product(*map(range, every))))
        steps = np.split(joint, np.cumsum([len(own) for own in lengths])[:-1], axis=1)
    else:
        steps = [
            np.random.default_rng((0, index)).integers(0, own, (draws, len(own)))
            for (index, _, _), own in zip(kept, lengths)
        ]
    null = np.zeros(len(steps[0]))
    for (_, _, (u, v, known)), own, by in zip(kept, clips, steps):
        moved = np.empty((len(by), len(v)))
        for places, step in zip(own, by.T):
            at = (np.arange(len(places)) + step[:, None]) % len(places)
            moved[:, places] = v[places[at]]
        null += _correlated(u, moved, known) / len(kept)
    said = f"shifting the frames within {counted(len(every), 'clip')}"
    return judged(observed, null, complete, said)


def holm(pvalues: Sequence[float | None]) -> np.ndarray:
    """p-values corrected for being several, by Holm (1979); None and NaN are not tests,
    and stay NaN.
    """
    raw = np.asarray(pvalues, float)
    order, tests = raw.argsort(), np.isfinite(raw).sum()  # NaN comes last
    # The smallest of m is multiplied by m, the next by m - 1; none may fall below the
    # one before it.
    grown = raw[order] * (tests - np.arange(len(raw)))
    corrected = np.empty_like(raw)
    corrected[order] = np.maximum.accumulate(grown).clip(max=1)
    return corrected


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Chance that a positive scores above a negative (ties half); NaN where either is
    missing.
    """
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    above, below = (scores[where & ~np.isnan(scores)] for where in (labels, ~labels))
    if not len(above) or not len(below):
        return math.nan
    wins = stats.mannwhitneyu(above, below, method="asymptotic").statistic
    return float(wins / len(above) / len(below))


def _table(x, y, subjects, given: Given = None) -> pd.DataFrame:
    """The frames without NaN: subject, x, y, and what is given."""
    given = {f"given {name}": values for name, values in (given or {}).items()}
    return frame_table(subjects, x=x, y=y, **given)


def _residuals(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the ranks of x and y have beyond those of what is given, and an orthonormal
    basis of the latter.
    """
    ranks = table.filter(regex="^(x|y|given .*)$").rank().to_numpy()
    known = np.column_stack([np.ones(len(ranks)), ranks[:, 2:]])
    basis = linalg.orth(known) if len(ranks) else known
    rest = ranks[:, :2] - basis @ (basis.T @ ranks[:, :2])
    # What only rounding leaves is nothing.
    rest[:, (rest**2).sum(0) <= 1e-12 * (ranks[:, :2] ** 2).sum(0)] = 0
    return rest[:, 0], rest[:, 1].copy(), basis


def _correlated(u: np.ndarray, moved: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Correlation of u with each row, what the basis explains taken out again (Freedman
    and Lane 1983, J. Bus. Econ. Stat. 1: 292)."""
    moved = moved - (moved @ basis) @ basis.T
    size = np.sqrt((moved**2).sum(-1) * (u @ u))
    return np.divide(moved @ u, size, out=np.zeros_like(size), where=size > 1e-9)


def _observed(u: np.ndarray, v: np.ndarray, basis: np.ndarray) -> float:
    """The correlation of u and v, NaN where one is nothing, or as much is given as
    there are frames.
    """
    if len(u) - basis.shape[1] < 1 or not u.any() or not v.any():
        return math.nan
    return float(_correlated(u, v[None], basis)[0])
