"""What remedies gain, and how a number changes in steps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import style
from helpers.figures.causes import mean_bar, verdict
from helpers.figures.chart import Chart, made
from helpers.figures.style import COLOURS
from helpers.words import number, quantity


def gains(table: pd.DataFrame, x_title: str, unit: str = "patient", **said) -> Chart:
    """A dot per unit ("drawing", "patient") and a bar at their mean, a row per remedy.

    table: rows of remedies, columns of units; crosses mark a mean below zero.
    """
    figure, axis = style.new(7.5, 0.8 + 0.42 * len(table))
    for place, (_, numbers) in enumerate(table.iterrows()):
        numbers = numbers.dropna()
        hurts = numbers.mean() < 0
        axis.scatter(
            numbers,
            [place] * len(numbers),
            s=36,
            alpha=0.7,
            zorder=3,
            color=COLOURS["target" if hurts else "wished"],
            marker="X" if hurts else "o",
            edgecolor="white",
        )
        if len(numbers):
            mean_bar(axis, numbers.mean(), place)
    axis.axvline(0, color=COLOURS["faint"], lw=1)
    style.rows(axis, list(table.index), x_title)
    means = table.mean(axis=1).dropna()
    if means.empty:
        found = "No gain is defined"
    else:
        best, worst = means.idxmax(), means.idxmin()
        found = (
            f"'{best}' gains most ({means[best]:+.2f})"
            if means[best] > 0
            else f"Nothing gains; '{best}' loses least ({means[best]:+.2f})"
        )
        if worst != best:
            found += (
                f", '{worst}' loses ({means[worst]:+.2f})"
                if means[worst] < 0 < means[best]
                else f", '{worst}' {'least' if means[worst] >= 0 else 'most'}"
                f" ({means[worst]:+.2f})"
            )
    return made(
        figure,
        said,
        found,
        f"A dot per {unit}, a bar at their mean. "
        + "; ".join(
            f"{name}: {number(row.mean(), '+.2f')}, from "
            f"{number(row.min(), '+.2f')} to {number(row.max(), '+.2f')}"
            for name, row in table.iterrows()
        )
        + ".",
        f"Each dot is a {unit}, each bar the mean; crosses mark what loses. Dots on "
        "both sides of zero mean that it depends.",
    )


def against(
    truth: pd.Series, estimate: pd.Series, x_title: str, y_title: str, **said
) -> Chart:
    """A named dot per factor, and the line on which both agree."""
    figure, axis = style.new(5.6, 4.0)
    low = min(0, truth.min(), estimate.min()) - 0.02
    high = max(truth.max(), estimate.max()) + 0.05
    axis.plot([low, high], [low, high], color=COLOURS["faint"], ls="--", lw=1.2)
    axis.scatter(truth, estimate, color=COLOURS["source"], s=46, zorder=3)
    for name in truth.index:
        axis.annotate(
            name,
            (truth[name], estimate[name]),
            xytext=(6, 4),
            fontsize=9,
            textcoords="offset points",
        )
    axis.set(xlabel=x_title, ylabel=y_title)
    return made(
        figure,
        said,
        verdict(pd.DataFrame({"truth": truth, "estimate": estimate})),
        "; ".join(
            f"{name}: {number(truth[name])} in truth, "
            f"{number(estimate[name])} estimated"
            for name in truth.index
        )
        + ".",
        "On the dashed line, the estimate would be right.",
    )


def steps(values: Mapping[str, float], x_title: str, **said) -> Chart:
    """A bar per step, from the first to the last, with its number."""
    figure, axis = style.new(7.5, 0.7 + 0.42 * len(values))
    names, numbers = list(values), list(values.values())
    colours = [
        COLOURS["source"],
        *[COLOURS["ood_val"]] * (len(numbers) - 2),
        COLOURS["wished"],
    ]
    axis.barh(range(len(numbers)), numbers, color=colours[: len(numbers)])
    for place, value in enumerate(numbers):
        axis.annotate(
            number(value),
            (value, place),
            xytext=(4, 0),
            va="center",
            fontsize=9,
            textcoords="offset points",
        )
    style.rows(axis, names, x_title)
    axis.set_xlim(0, 1)
    jumps = np.diff(numbers)
    biggest = int(np.argmax(np.abs(jumps)))
    found = (
        f"{quantity(x_title)} {words.change(numbers[0], numbers[-1])}; the largest "
        f"step, {jumps[biggest]:+.2f}, is to '{names[biggest + 1]}'"
    )
    return made(
        figure,
        said,
        words.capital(found),
        "Bars. "
        + "; ".join(f"{name}: {number(value)}" for name, value in values.items())
        + ".",
        "Read from above: each bar changes one thing more than the one before.",
    )
