"""Lesson 05's charts of the re-enactments.

Each returns a Chart; `said` gives its title, alt text or caption other words.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import counts, words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.reenact.labels import smoothed_dice, without_overlap

WRONG, RIGHT, PLAIN, FAINT = (
    "#D55E00",
    "#0072B2",
    style.COLOURS["plain"],
    style.COLOURS["faint"],
)


def paired(rows: pd.DataFrame, x_title: str, **said) -> Chart:
    """A line per subject from its right value to its wrong one; rows: subject (the
    index), wrong, right."""
    rows = rows.sort_values("right")
    figure, axis = style.new(7.5, 1.2 + 0.24 * len(rows))
    places = range(len(rows))
    axis.hlines(places, rows["right"], rows["wrong"], color=FAINT, lw=1.5)
    axis.scatter(rows["right"], places, color=RIGHT, s=42, zorder=3, label="right")
    axis.scatter(
        rows["wrong"], places, color=WRONG, marker="D", s=36, zorder=3, label="wrong"
    )
    axis.set_yticks(places, rows.index, fontsize=8)
    axis.set(xlabel=x_title, xlim=(-0.02, 1.02))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        fontsize=8,
        frameon=False,
    )
    gap = (rows["wrong"] - rows["right"]).mean()
    does = "adds" if gap >= 0 else "takes away"
    return made(
        figure,
        said,
        f"On average the wrong way {does} {abs(gap):.2f}",
        "; ".join(
            f"{name}: right {row['right']:.2f}, wrong {row['wrong']:.2f}"
            for name, row in rows.iterrows()
        )
        + ".",
        "A line per subject: the same frames, measured in two ways.",
    )


def modes(shares: dict[str, dict[str, float]], **said) -> Chart:
    """A stacked bar per way of naming failure; shares: way to its modes in percent of
    the labelled frames."""
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
        xlabel="percent of the labelled frames",
        xlim=(0, 100),
        ylim=(len(shares) - 0.5, -0.5),
    )
    figure.legend(loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    missed = {
        way: sum(row.get(mode, 0.0) for mode in ("missed", "FALSE_NEGATIVE"))
        for way, row in shares.items()
    }
    found = "; ".join(f"{way}: {share:.0f} %" for way, share in missed.items())
    return made(
        figure,
        said,
        f"Frames called missed: {found}",
        "Failure modes of labelled frames. "
        + "; ".join(
            f"{way}: "
            + ", ".join(f"{mode} {share:.0f} %" for mode, share in row.items())
            for way, row in shares.items()
        )
        + ".",
        "The same predictions in every row: only the rule that names them differs.",
    )


def coverage(table: pd.DataFrame, **said) -> Chart:
    """The smoothed Dice of labelled frames, on a logarithmic axis, against the labelled
    area."""
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
        xlabel="labelled area, percent of valid pixels",
        ylabel="Dice with epsilon (logarithmic)",
        ylim=(1e-12, 2),
    )
    axis.legend(fontsize=8, loc="center right")
    n, of = int(free.sum()), len(labelled)
    return made(
        figure,
        said,
        f"{n} of {of} labelled frames have no pixel in common: their Dice is epsilon "
        "alone",
        "Dice with epsilon on a logarithmic axis over the labelled area of "
        f"{words.counted(of, 'frame')}, {n} of them without a "
        "pixel in common.",
        "Where nothing overlaps, the height of a dot is arithmetic.",
    )


def null(p: pd.DataFrame, **said) -> Chart:
    """How often each p-value comes up where nothing is: 20 bins, the first of them
    "significant"."""
    figure, axes = style.new(8.0, 3.2, columns=2, sharey=True)
    edges = np.linspace(0, 1, 21)
    units = (
        ("frames", "frames as the unit", WRONG),
        ("subjects", "subjects as the unit", RIGHT),
    )
    for axis, (column, name, colour) in zip(axes, units, strict=True):
        heights = 100 * np.histogram(p[column].dropna(), edges)[0] / max(len(p), 1)
        axis.bar(
            edges[:-1],
            heights,
            width=0.046,
            align="edge",
            color=[colour] + [FAINT] * 19,
        )
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
    found = {name: 100 * float((p[column] < 0.05).mean()) for column, name, _ in units}
    listing = " and ".join(
        f"{share:.0f} % with {name}" for name, share in found.items()
    )
    return made(
        figure,
        said,
        f"Of empty properties, {listing} have p below 0.05",
        f"Histograms of {len(p)} p-values of properties that mean nothing. Below "
        f"0.05: {listing}.",
        "Where nothing is, all bars should be level, and 5 % lie in the first.",
    )


def schedules(wrong: Sequence[float], right: Sequence[float], **said) -> Chart:
    """Two learning rates by epoch (from 1), as shares of the first."""
    figure, axis = style.new(7.0, 2.8)
    epochs = range(1, len(wrong) + 1)
    axis.plot(
        epochs,
        wrong,
        color=WRONG,
        marker="D",
        ms=5,
        lw=2.2,
        label="a cosine that is too short",
    )
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
    axis.set(
        xlabel="epoch", ylabel="learning rate,\nshare of the first", ylim=(-0.03, 1.05)
    )
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(fontsize=8)
    foot = int(np.argmin(wrong)) + 1
    does = (
        f"climbs back to {100 * wrong[-1]:.0f} %"
        if wrong[-1] > min(wrong)
        else "falls to the end"
    )
    return made(
        figure,
        said,
        f"The short cosine reaches its foot in epoch {foot} and {does}"
        if wrong[-1] > min(wrong)
        else f"The short cosine {does}",
        "Two learning rates as shares of the first. The short cosine is least in "
        f"epoch {foot} and ends at "
        f"{100 * wrong[-1]:.0f} %; the other ends at {100 * right[-1]:.0f} %.",
        "A rate that climbs back disturbs what had settled.",
    )


def habits(rows: pd.DataFrame, **said) -> Chart:
    """An arrow per habit from right to wrong; rows: habit, figure, wrong, right,
    between -1 and 1."""
    figure, axis = style.new(7.5, 1.3 + 0.46 * len(rows))
    axis.axvline(0, color=FAINT, lw=1)
    for place, row in enumerate(rows.itertuples()):
        if abs(row.wrong - row.right) > 0.04:  # not where one marker hides the other
            axis.annotate(
                "",
                (row.wrong, place),
                (row.right, place),
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": PLAIN,
                    "lw": 1.4,
                    "shrinkA": 6,
                    "shrinkB": 6,
                },
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
        range(len(rows)),
        [f"{row.habit}\n({row.figure})" for row in rows.itertuples()],
        fontsize=8.5,
    )
    axis.set(
        xlabel="the figure (a share, a rate or a correlation)",
        xlim=(-1.05, 1.05),
        ylim=(len(rows) - 0.4, -0.6),
    )
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        fontsize=8,
        frameon=False,
    )
    worst = rows.iloc[int((rows["wrong"] - rows["right"]).abs().fillna(-1).argmax())]
    return made(
        figure,
        said,
        f"The habit that moves its figure most: {worst['habit']} ({worst['right']:.2f} "
        "becomes "
        f"{worst['wrong']:.2f})",
        "An arrow per habit. "
        + "; ".join(
            f"{row.habit} ({row.figure}): {row.right:.2f} becomes {row.wrong:.2f}"
            for row in rows.itertuples()
        )
        + ".",
        "Circles are measured properly, diamonds by the habit, on the same "
        "predictions.",
    )
