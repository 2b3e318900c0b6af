"""What remedies gain, and how a number changes in steps."""

import pandas as pd

from helpers.figures import style
from helpers.figures.causes import mean_bar, verdict
from helpers.figures.chart import Chart, made
from helpers.figures.style import COLOURS
from helpers.words import number


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
