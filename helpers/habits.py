"""Habits of measurement, the wrong way and the right: how often a test finds something
where nothing is, lesson 05's charts of it, and the recorded tables of `benchmarks/`.

>>> table, about = recorded("habits")
>>> p = p_values(table_of_frames, draws=300, seed=0)
>>> rejected(p["frames"]), rejected(p["subjects"])
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from helpers import correlation, settings, statistics, words
from helpers.errors import CourseError
from helpers.figures import chart
from helpers.figures.chart import BLUE, COLOURS, RED, Chart
from helpers.frames import CLASSES, UNKNOWN, Packed
from helpers.statistics import LEVEL, Estimate

JITTER = 0.5
"""How much a property of a subject varies from frame to frame; between subjects it
varies by 1."""
FAINT, PLAIN = COLOURS["faint"], COLOURS["plain"]


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
        rows.append({"frames": over_frames, "subjects": test(drawn, table).p})
    return pd.DataFrame(rows, dtype=float)


def rejected(p: Sequence[float]) -> tuple[float, float, float]:
    """(rate, low, high): percent of tests that reject at 0.05, and its exact 95 %
    interval (Clopper and Pearson 1934); where there is no test (NaN) nothing is
    rejected."""
    hits, n = int((np.asarray(p, float) < LEVEL).sum()), len(p)
    low, high = stats.binomtest(hits, n).proportion_ci(0.95)
    return 100 * hits / n, 100 * low, 100 * high


def paired(rows: pd.DataFrame, names: tuple[str, str], x_title: str) -> Chart:
    """A line per subject between two measurements; rows: subject (the index), wrong,
    right; names: of these two."""
    rows = rows.dropna().sort_values("right")
    marks = (
        rows[["wrong", "right"]].set_axis(list(names), axis=1).assign(row=rows.index)
    )
    marks = marks.melt("row", var_name="kind")
    looks = dict(zip(names, ((RED, "D"), (BLUE, "o"))))
    figure, axis = chart.dots(marks, looks, x_title, each=0.22, join=names)
    axis.set_xlim(-0.02, 1.02)
    wrong, right = (words.number(rows[one].mean()) for one in ("wrong", "right"))
    listing = "; ".join(
        f"{name} {row.wrong:.2f} and {row.right:.2f}" for name, row in rows.iterrows()
    )
    what = words.capital(words.quantity(x_title))
    return Chart(
        figure,
        f"{what}: {wrong} {names[0]}, {right} {names[1]}",
        f"{what} of each subject, {names[0]} and {names[1]}: {listing}.",
        "Each line is one subject, and nothing but the way of measuring differs "
        "between its ends.",
    )


def null(p: pd.DataFrame) -> Chart:
    """How often each p-value comes up where nothing is there to find; columns
    frames, subjects (p-values)."""
    figure, axes = chart.new(7.5, 2.8, columns=2, sharey=True)
    edges, below = np.linspace(0, 1, 21), []
    for axis, column, colour in zip(axes, ("frames", "subjects"), (RED, BLUE)):
        heights = 100 * np.histogram(p[column].dropna(), edges)[0] / max(len(p), 1)
        below.append(f"{heights[0]:.0f} %")
        colours = [colour] + [FAINT] * 19
        axis.bar(edges[:-1], heights, width=0.046, align="edge", color=colours)
        axis.axhline(5, color=PLAIN, ls="--", lw=1.2, label="what chance gives: 5 %")
        axis.set_title(f"{column} as the unit", fontweight="normal")
        axis.set(xlabel="p-value")
        axis.margins(y=0.3)
    axes[0].set(ylabel="percent of the\nempty properties")
    axes[0].legend(loc="upper right")
    frames, subjects = below
    return Chart(
        figure,
        f"Empty properties are 'significant' in {frames} of tests over frames, "
        f"{subjects} over subjects",
        f"Two histograms of {len(p)} p-values. Below 0.05 lie {frames} over frames and "
        f"{subjects} over subjects.",
        "Where nothing is there to find, every bar should stand at the dashed line.",
    )


def drawings(rows: pd.DataFrame) -> Chart:
    """What each habit adds, a dot per drawing; columns habit, outcome, seed, wrong,
    right."""
    row = rows["habit"] + "\n" + rows["outcome"]
    marks = rows.assign(row=row, kind="drawing", value=rows["wrong"] - rows["right"])
    added = dict(list(marks.groupby("row", sort=False)["value"]))
    looks, x_title = {"drawing": (BLUE, "o")}, "by the habit minus measured properly"
    figure, _ = chart.dots(marks, looks, x_title, each=0.5, legend=False, mark=0)
    listing = "; ".join(
        f"{name.replace(chr(10), ', ')}: {', '.join(f'{one:+.3f}' for one in each)}"
        for name, each in added.items()
    )
    far = max(added, key=lambda name: abs(added[name].mean()))
    (habit, outcome), each = far.split("\n"), added[far]
    return Chart(
        figure,
        f"The largest mean effect is that of the {habit} on {outcome}: "
        f"{each.mean():+.3f}, by drawing {each.min():+.3f} to {each.max():+.3f}",
        f"A dot per drawing and habit. {listing}.",
        f"{words.counted(rows['seed'].nunique(), 'drawing')}, a dot each: too few for "
        f"an interval. Look whether a row's dots lie on one side of zero.",
    )


def flattery(curves: Mapping[int, tuple[Sequence[int], Sequence[float]]]) -> Chart:
    """How much better the best option looks where it was chosen; number of patients
    to (numbers of options, gain)."""
    who = {patients: words.counted(patients, "patient") for patients in curves}
    figure, axis = chart.lines(
        {f"chosen on {who[n]}": xy for n, xy in curves.items()},
        "options to choose from",
        "Dice where chosen\nminus elsewhere",
    )
    axis.axhline(0, color=FAINT, lw=1)
    axis.set_xscale("log")
    options = next(iter(curves.values()))[0]
    axis.set_xticks(options, options)
    axis.minorticks_off()
    listing = "; ".join(
        f"{who[n]}: {', '.join(words.number(one, '+.3f') for one in gain)}"
        for n, (_, gain) in curves.items()
    )
    few, many = min(curves), max(curves)
    return Chart(
        figure,
        f"The best of {options[-1]} options flatters itself by "
        f"{curves[few][1][-1]:+.3f} where {who[few]} chose, by "
        f"{curves[many][1][-1]:+.3f} where {many} did",
        f"Flattery for {', '.join(map(str, options))} options. {listing}.",
        "With one option there is nothing to choose, so the curves begin near zero.",
    )
