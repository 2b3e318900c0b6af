"""Lesson 05's charts of the re-enactments."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import chart
from helpers.figures.chart import BLUE, COLOURS, MARKERS, PALETTE, RED, Chart, made

FAINT, PLAIN = COLOURS["faint"], COLOURS["plain"]


def paired(rows: pd.DataFrame, names: tuple[str, str], x_title: str, **said) -> Chart:
    """A line per subject between two measurements; rows: subject (the index), wrong,
    right; names: of these two."""
    rows = rows.dropna().sort_values("right")
    figure, axis = chart.new(7.0, 1.2 + 0.22 * len(rows))
    places = range(len(rows))
    axis.hlines(places, rows["right"], rows["wrong"], color=FAINT, lw=1.5)
    axis.scatter(rows["right"], places, color=BLUE, s=40, zorder=3, label=names[1])
    axis.scatter(
        rows["wrong"], places, color=RED, marker="D", s=34, zorder=3, label=names[0]
    )
    chart.rows(axis, list(rows.index), x_title, 8)
    axis.set(xlim=(-0.02, 1.02))
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
    means = rows.mean()
    listing = "; ".join(
        f"{name} {row.wrong:.2f} and {row.right:.2f}" for name, row in rows.iterrows()
    )
    what = words.capital(words.quantity(x_title))
    return made(
        figure,
        said,
        f"{what}: {words.number(means['wrong'])} {names[0]}, "
        f"{words.number(means['right'])} {names[1]}",
        f"{what} of each subject, {names[0]} and {names[1]}: {listing}.",
        "Each line is one subject, and nothing but the way of measuring differs "
        "between its ends.",
    )


def null(p: pd.DataFrame, **said) -> Chart:
    """How often each p-value comes up where nothing is there to find; columns
    frames, subjects (p-values)."""
    figure, axes = chart.new(7.5, 2.8, columns=2, sharey=True)
    edges, below = np.linspace(0, 1, 21), {}
    for axis, (column, colour) in zip(
        axes, (("frames", RED), ("subjects", BLUE)), strict=True
    ):
        heights = 100 * np.histogram(p[column].dropna(), edges)[0] / max(len(p), 1)
        below[column] = heights[0]
        colours = [colour] + [FAINT] * 19
        axis.bar(edges[:-1], heights, width=0.046, align="edge", color=colours)
        axis.axhline(5, color=PLAIN, ls="--", lw=1.2, label="what chance gives: 5 %")
        axis.set_title(f"{column} as the unit", fontweight="normal")
        axis.set(xlabel="p-value")
        axis.margins(y=0.3)
    axes[0].set(ylabel="percent of the\nempty properties")
    axes[0].legend(loc="upper right")
    return made(
        figure,
        said,
        f"Empty properties are 'significant' in {below['frames']:.0f} % of tests over "
        f"frames, {below['subjects']:.0f} % over subjects",
        f"Two histograms of {len(p)} p-values. Below 0.05 lie {below['frames']:.0f} % "
        f"over frames and {below['subjects']:.0f} % over subjects.",
        "Where nothing is there to find, every bar should stand at the dashed line.",
    )


def drawings(rows: pd.DataFrame, **said) -> Chart:
    """What each habit adds, a dot per drawing; columns habit, outcome, seed, wrong,
    right."""
    rows = rows.assign(
        added=rows["wrong"] - rows["right"], name=rows["habit"] + "\n" + rows["outcome"]
    )
    names = list(dict.fromkeys(rows["name"]))
    figure, axis = chart.new(7.0, 0.9 + 0.5 * len(names))
    axis.axvline(0, color=PLAIN, lw=1)
    listing = []
    for place, name in enumerate(names):
        added = rows[rows["name"] == name]["added"]
        look = {"color": BLUE, "s": 46, "alpha": 0.75, "edgecolor": "white"}
        axis.scatter(added, [place] * len(added), zorder=3, **look)
        listing.append(
            f"{name.replace(chr(10), ', ')}: "
            f"{', '.join(f'{one:+.3f}' for one in added)}"
        )
    chart.rows(axis, names, "by the habit minus measured properly", 8.5)
    of = rows.groupby("name", sort=False)["added"].agg(["mean", "min", "max"])
    far = of["mean"].abs().idxmax()
    habit, outcome = far.split("\n")
    mean, least, most = of.loc[far]
    return made(
        figure,
        said,
        f"The largest mean effect is that of the {habit} on {outcome}: {mean:+.3f}, "
        f"by drawing {least:+.3f} to {most:+.3f}",
        f"A dot per drawing and habit. {'; '.join(listing)}.",
        f"{words.counted(rows['seed'].nunique(), 'drawing')}, a dot each: too few for "
        f"an interval. Look whether a row's dots lie on one side of zero.",
    )


def flattery(
    curves: Mapping[int, tuple[Sequence[int], Sequence[float]]], **said
) -> Chart:
    """How much better the best option looks where it was chosen; number of patients
    to (numbers of options, gain)."""
    figure, axis = chart.new(7.0, 3.0)
    for place, (patients, (options, gain)) in enumerate(curves.items()):
        look = {"color": PALETTE[place], "marker": MARKERS[place], "ms": 5, "lw": 2}
        label = f"chosen on {words.counted(patients, 'patient')}"
        axis.plot(options, gain, label=label, **look)
    axis.axhline(0, color=FAINT, lw=1)
    axis.set(
        xscale="log",
        xlabel="options to choose from",
        ylabel="Dice where chosen\nminus elsewhere",
    )
    axis.set_xticks(options, [str(one) for one in options])
    axis.minorticks_off()
    axis.legend()
    last = {patients: gain[-1] for patients, (_, gain) in curves.items()}
    few, many = min(last), max(last)
    listing = "; ".join(
        f"{words.counted(patients, 'patient')}: "
        f"{', '.join(words.number(one, '+.3f') for one in gain)}"
        for patients, (_, gain) in curves.items()
    )
    return made(
        figure,
        said,
        f"The best of {options[-1]} options flatters itself by {last[few]:+.3f} "
        f"where {words.counted(few, 'patient')} chose, by {last[many]:+.3f} where "
        f"{many} did",
        f"Flattery for {', '.join(map(str, options))} options. {listing}.",
        "With one option there is nothing to choose, so the curves begin near zero.",
    )
