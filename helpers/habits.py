"""Habits of measurement, the wrong way and the right: how often a test finds something
where nothing is, and the recorded tables of `benchmarks/`.

>>> table, about = recorded("habits")
>>> p = p_values(table_of_frames, draws=300, seed=0)
>>> rejected(p["frames"]), rejected(p["subjects"])
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from helpers import settings, statistics
from helpers.errors import CourseError
from helpers.frames import CLASSES, UNKNOWN, Packed
from helpers.statistics import LEVEL

JITTER = 0.5
"""How much a property of a subject varies from frame to frame; between subjects it
varies by 1."""


def recorded(
    name: str, folder: Path = settings.ROOT / "benchmarks", table: str = ""
) -> tuple[pd.DataFrame, dict]:
    """A benchmark's table, and what is recorded with it: date, versions, settings.

    name: its script without the ending; table: another of its tables. CourseError where
    the two files can't be read.
    """
    rows, about = folder / f"{table or name}.csv", folder / f"{name}.json"
    try:
        return pd.read_csv(rows), json.loads(about.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{rows}: the recorded table can't be read ({error}); run python -m "
            f"benchmarks.{name} to record it anew."
        ) from error


def coverage_grid(about: dict) -> pd.DataFrame:
    """interval_coverage's verdicts, a row per method and a column per number of
    subjects: worst coverage over the populations, greatest mean width in brackets, and
    "offered" where allowed."""
    rows = pd.DataFrame(about["verdicts"])
    said = rows["allowed"].map({True: " offered", False: ""})
    pairs = zip(rows["worst_coverage"], rows["widest"], said)
    rows["said"] = [f"{one:.2f} ({wide:.2f}){offered}" for one, wide, offered in pairs]
    grid = rows.pivot(index="method", columns="subjects", values="said")
    grid = grid.reindex(rows["method"].unique()).fillna("").add_suffix(" subjects")
    return grid.rename_axis(columns=None).reset_index()


def puzzle(
    frames: pd.DataFrame | None, ours: Packed, seed: int = 0
) -> tuple[pd.DataFrame, pd.Series]:
    """(areas, scored) for lesson 05's first exercise, which class was scored: each
    class's area by frame in percent, and the area that was scored as blood.

    frames: the published rows; where they are not here, frames of our own are scored
    with one of their classes, drawn by `seed`, which is neither blood nor the surround.
    Frames of one's own know no classes: for them areas are drawn by chance.
    """
    names = [entry.name.lower() for entry in CLASSES]
    if frames is not None:
        return frames[names], frames["scored"]
    classes, rng = np.asarray(ours.classes), np.random.default_rng([abs(int(seed)), 5])
    if (classes == UNKNOWN).all():
        found = rng.dirichlet(np.ones(len(names)), len(classes))
    else:
        found = np.stack([(classes == one.id).mean(axis=(1, 2)) for one in CLASSES], 1)
    areas = pd.DataFrame(100 * found, columns=names)
    large = areas.drop(columns=["blood", "black background"]).mean() > 1
    return areas, areas[str(rng.choice(large.index[large]))].rename("scored")


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
    own = pd.Series(level, index=means.index).loc[table["subject"]].to_numpy()
    return own + JITTER * generator.standard_normal(len(table))


def scores(values: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks, with mean 0 and variance 1; zeros where all are
    equal."""
    found = stats.norm.ppf(stats.rankdata(values) / (len(values) + 1))
    return (found - found.mean()) / (found.std() or 1.0)


def between(drawn: np.ndarray, table: pd.DataFrame) -> float | None:
    """p of a rank correlation of Dice and a property between the subjects' means, whose
    values are handed round among the subjects."""
    both = pd.DataFrame({"x": np.asarray(drawn), "y": table["dice"].to_numpy()})
    ranks = both.groupby(table["subject"].to_numpy()).mean().rank()
    x, y = (ranks - ranks.mean()).to_numpy().T
    orders = math.factorial(len(x))
    given = y, lambda some, axis: some @ x, "pairings", orders, "permuting subjects"
    return statistics.rearranged(*given)[0]


def p_values(
    table: pd.DataFrame,
    draws: int,
    seed: int,
    draw: Callable = of_subject,
    test: Callable[[np.ndarray, pd.DataFrame], float | None] = between,
) -> pd.DataFrame:
    """Two p-values for each of `draws` empty properties: `frames` takes every frame for
    an observation of its own, `subjects` is that of a test that respects them (NaN
    where there is none).

    table: a row per frame with subject, clip, frame and dice. draw: makes a property of
    the table and a random generator.
    """
    table = table.dropna(subset="dice").sort_values(["subject", "clip", "frame"])
    table, rows = table.reset_index(drop=True), []
    for number in range(draws):
        drawn = draw(table, np.random.default_rng([seed, number]))
        over_frames = stats.spearmanr(drawn, table["dice"]).pvalue
        rows.append({"frames": over_frames, "subjects": test(drawn, table)})
    return pd.DataFrame(rows, dtype=float)


def rejected(p: Sequence[float]) -> tuple[float, float, float]:
    """(rate, low, high): percent of tests that reject at 0.05, and its exact 95 %
    interval (Clopper and Pearson 1934); where there is no test (NaN) nothing is
    rejected."""
    hits, n = int((np.asarray(p, float) < LEVEL).sum()), len(p)
    low, high = stats.binomtest(hits, n).proportion_ci(0.95)
    return 100 * hits / n, 100 * low, 100 * high
