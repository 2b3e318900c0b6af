"""Lesson 05's figures of the re-enactments, each a matplotlib figure; the lesson gives the titles."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import counts
from helpers.figures import style
from helpers.reenact.labels import smoothed_dice, without_overlap

WRONG, RIGHT, PLAIN, FAINT = "#D55E00", "#0072B2", style.COLOURS["plain"], style.COLOURS["faint"]


def paired(rows: pd.DataFrame, title: str, x_title: str):
    """A line per subject from its right value to its wrong one; rows: subject (the index), wrong, right."""
    rows = rows.sort_values("right")
    figure, axis = style.new(7.5, 1.2 + 0.24 * len(rows))
    places = range(len(rows))
    axis.hlines(places, rows["right"], rows["wrong"], color=FAINT, lw=1.5)
    axis.scatter(rows["right"], places, color=RIGHT, s=42, zorder=3, label="right")
    axis.scatter(rows["wrong"], places, color=WRONG, marker="D", s=36, zorder=3, label="wrong")
    axis.set_yticks(places, rows.index, fontsize=8)
    axis.set(title=title, xlabel=x_title, xlim=(-0.02, 1.02))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8, frameon=False
    )
    return figure


def modes(shares: dict[str, dict[str, float]], title: str):
    """A stacked bar per way of naming failure; shares: way to its modes in percent of the labelled frames."""
    colours = {"PARTIAL": "#56B4E9", "FALSE_NEGATIVE": "#000000"} | style.MODES
    figure, axis = style.new(7.5, 1.1 + 0.55 * len(shares))
    named = set()
    for place, row in enumerate(shares.values()):
        left = 0.0
        for mode, share in row.items():
            axis.barh(
                place,
                share,
                left=left,
                color=colours[mode],
                edgecolor="white",
                label=None if mode in named else mode,
            )
            named.add(mode)
            left += share
    axis.set_yticks(range(len(shares)), shares)
    axis.set(
        title=title, xlabel="percent of the labelled frames", xlim=(0, 100), ylim=(len(shares) - 0.5, -0.5)
    )
    figure.legend(loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    return figure


def coverage(table: pd.DataFrame, title: str):
    """The smoothed Dice of labelled frames, on a logarithmic axis, against the labelled area."""
    labelled = table[counts.has_blood(table)]
    free = without_overlap(labelled)
    figure, axis = style.new(7.5, 3.8)
    for which, label, colour, marker in (
        (~free, "a pixel in common", RIGHT, "o"),
        (free, "no pixel in common", WRONG, "D"),
    ):
        part = labelled[which]
        axis.scatter(
            counts.coverage(part),
            smoothed_dice(part),
            color=colour,
            marker=marker,
            s=18,
            alpha=0.6,
            lw=0,
            label=f"{label}: {len(part)} frames",
        )
    axis.set(
        yscale="log",
        title=title,
        xlabel="labelled area, percent of valid pixels",
        ylabel="Dice with epsilon (logarithmic)",
        ylim=(1e-12, 2),
    )
    axis.legend(fontsize=8, loc="center right")
    return figure


def null(p: pd.DataFrame, title: str):
    """How often each p-value comes up where nothing is: 20 bins, the first of them "significant"."""
    figure, axes = style.new(8.0, 3.2, columns=2, sharey=True)
    edges = np.linspace(0, 1, 21)
    units = (("frames", "frames as the unit", WRONG), ("subjects", "subjects as the unit", RIGHT))
    for axis, (column, name, colour) in zip(axes, units, strict=True):
        heights = 100 * np.histogram(p[column].dropna(), edges)[0] / max(len(p), 1)
        axis.bar(edges[:-1], heights, width=0.046, align="edge", color=[colour] + [FAINT] * 19)
        axis.axhline(5, color=PLAIN, ls="--", lw=1.2, label="what chance gives: 5 %")
        axis.annotate(
            f"{heights[0]:.0f} % below 0.05",
            (0.98, 0.95),
            xycoords="axes fraction",
            ha="right",
            va="top",
            fontsize=10,
            color=colour,
            fontweight="bold",
        )
        axis.set_title(name, fontsize=9.5, fontweight="normal")
        axis.set(xlabel="p-value")
        axis.margins(y=0.3)
    axes[0].set(ylabel="percent of the\nempty properties")
    axes[0].legend(fontsize=8, loc="upper right", bbox_to_anchor=(1, 0.88))
    figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
    return figure


def schedules(wrong: Sequence[float], right: Sequence[float], title: str):
    """Two learning rates by epoch (from 1), as shares of the first."""
    figure, axis = style.new(7.0, 2.8)
    epochs = range(1, len(wrong) + 1)
    axis.plot(epochs, wrong, color=WRONG, marker="D", ms=5, lw=2.2, label="a cosine that is too short")
    axis.plot(
        range(1, len(right) + 1),
        right,
        color=RIGHT,
        marker="o",
        ms=5,
        lw=2.2,
        ls="--",
        label="as lesson 02 ran",
    )
    axis.set(title=title, xlabel="epoch", ylabel="learning rate,\nshare of the first", ylim=(-0.03, 1.05))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(fontsize=8)
    return figure


def habits(rows: pd.DataFrame, title: str):
    """An arrow per habit from right to wrong; rows: habit, figure, wrong, right, between -1 and 1."""
    figure, axis = style.new(7.5, 1.3 + 0.46 * len(rows))
    axis.axvline(0, color=FAINT, lw=1)
    for place, row in enumerate(rows.itertuples()):
        if abs(row.wrong - row.right) > 0.04:  # not where one marker hides the other
            axis.annotate(
                "",
                (row.wrong, place),
                (row.right, place),
                arrowprops={"arrowstyle": "-|>", "color": PLAIN, "lw": 1.4, "shrinkA": 6, "shrinkB": 6},
            )
        axis.scatter(
            [row.right],
            [place],
            color=RIGHT,
            s=54,
            zorder=3,
            label="measured properly" if place == 0 else None,
        )
        axis.scatter(
            [row.wrong],
            [place],
            color=WRONG,
            marker="D",
            s=46,
            zorder=3,
            label="by the habit" if place == 0 else None,
        )
    axis.set_yticks(
        range(len(rows)), [f"{row.habit}\n({row.figure})" for row in rows.itertuples()], fontsize=8.5
    )
    axis.set(title=title, xlim=(-1.05, 1.05), ylim=(len(rows) - 0.4, -0.6))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8, frameon=False
    )
    return figure
