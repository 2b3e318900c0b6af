"""Plots of what does harm and what helps: doses, shares, steps, truth against estimate, gains."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.figures import style
from helpers.figures.style import COLOURS

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D", "#000000")
MARKERS = "osD^vPX*"


def doses(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str):
    """Dice over the dose of each factor: a colour and a marker for each."""
    figure, axis = style.new(7.5, 3.8)
    for number, (name, (x, y)) in enumerate(curves.items()):
        axis.plot(x, y, color=PALETTE[number % 8], marker=MARKERS[number % 8], lw=1.8, ms=6, label=name)
    axis.set(title=title, xlabel="dose (0: untouched, 1: the target's level)", ylabel="Dice, mean over held-out pigs")
    axis.set_ylim(bottom=0)
    axis.set_xticks(sorted({value for x, _ in curves.values() for value in x}))
    figure.legend(loc="outside right center", fontsize=8)
    return figure


def shares(table: pd.DataFrame, title: str, x_title: str = "share of the loss of Dice"):
    """A dot per subject and a bar at their mean, a row per factor; table: rows of factors, columns of subjects."""
    table = table.loc[table.mean(axis=1).sort_values(ascending=False).index]
    figure, axis = style.new(7.5, 1.0 + 0.42 * len(table))
    for place, (_, numbers) in enumerate(table.iterrows()):
        axis.scatter(numbers, [place] * len(numbers), color=COLOURS["source"], s=40, alpha=0.7, edgecolor="white", zorder=3)
        axis.plot([numbers.mean()] * 2, [place - 0.3, place + 0.3], color=COLOURS["plain"], lw=3)
    _rows(axis, [name.replace("_", " ") for name in table.index], title, x_title)
    return figure


def against(truth: pd.Series, estimate: pd.Series, title: str, x_title: str, y_title: str):
    """A named dot per factor, and the line on which both agree."""
    figure, axis = style.new(5.2, 4.2)
    low, high = min(0, truth.min(), estimate.min()) - 0.02, max(truth.max(), estimate.max()) + 0.05
    axis.plot([low, high], [low, high], color=COLOURS["faint"], ls="--", lw=1.2)
    axis.scatter(truth, estimate, color=COLOURS["source"], s=46, zorder=3)
    for name in truth.index:
        axis.annotate(name, (truth[name], estimate[name]), xytext=(6, 4), textcoords="offset points", fontsize=9)
    axis.set(title=title, xlabel=x_title, ylabel=y_title)
    return figure


def steps(values: Mapping[str, float], title: str, x_title: str):
    """A bar per step, with its number."""
    figure, axis = style.new(7.5, 0.9 + 0.42 * len(values))
    numbers = list(values.values())
    axis.barh(range(len(numbers)), numbers, color=[COLOURS["source"], *[COLOURS["ood_val"]] * (len(numbers) - 2), COLOURS["wished"]])
    for place, number in enumerate(numbers):
        axis.annotate(f"{number:.2f}", (number, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    axis.set_yticks(range(len(numbers)), list(values))
    axis.set(title=title, xlabel=x_title, xlim=(0, 1), ylim=(len(numbers) - 0.5, -0.5))
    return figure


def gains(table: pd.DataFrame, title: str, x_title: str):
    """A dot per subject and a bar at their median, a row per remedy; table: rows of remedies, columns of subjects."""
    figure, axis = style.new(7.5, 1.0 + 0.42 * len(table))
    for place, (_, numbers) in enumerate(table.iterrows()):
        numbers = numbers.dropna()
        hurts = np.median(numbers) < 0
        axis.scatter(numbers, [place] * len(numbers), color=COLOURS["target" if hurts else "wished"], marker="X" if hurts else "o",
                     s=36, alpha=0.7, edgecolor="white", zorder=3)
        axis.plot([np.median(numbers)] * 2, [place - 0.3, place + 0.3], color=COLOURS["plain"], lw=3)
    _rows(axis, list(table.index), title, x_title)
    return figure


def _rows(axis, names: list[str], title: str, x_title: str) -> None:
    axis.axvline(0, color=COLOURS["faint"], lw=1)
    axis.set_yticks(range(len(names)), names)
    axis.set(title=title, xlabel=x_title, ylim=(len(names) - 0.5, -0.5))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
