"""Charts of what does harm and what helps: gains, truth, estimate and placebo."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.figures.style import COLOURS
from helpers.words import number

ANSWERS = {
    "truth": ("#000000", "D"),
    "estimate": ("#0072B2", "o"),
    "placebo": ("#E69F00", "X"),
}


def truth_estimate_placebo(table: pd.DataFrame, **said) -> Chart:
    """Three markers per group, in units of Dice: the truth, the estimate, the placebo.

    table: rows of groups, columns among truth, estimate and placebo, NaN where there is
    none. A row "all" (all groups together) is drawn, and left out of the comparison.
    """
    figure, axis = style.new(7.5, 1.1 + 0.45 * len(table))
    for place, (_, row) in enumerate(table.iterrows()):
        ends = row.reindex(["truth", "estimate"]).dropna()
        axis.plot(ends, [place] * len(ends), color=COLOURS["faint"], lw=2)
    for shift, (answer, (colour, marker)) in zip((-0.12, 0, 0.12), ANSWERS.items()):
        if answer in table:
            axis.scatter(
                table[answer],
                np.arange(len(table)) + shift,
                color=colour,
                s=52,
                marker=marker,
                label=answer,
                zorder=3,
            )
    style.zero(axis)
    style.rows(
        axis, [str(name).replace("_", " ") for name in table.index], "cost in Dice"
    )
    figure.legend(loc="outside lower left", ncols=3)
    each = table.drop(index="all", errors="ignore").astype(float)
    return made(
        figure,
        said,
        verdict(each),
        "Per group, "
        + "; ".join(
            f"{name}: "
            + ", ".join(f"{answer} {number(value)}" for answer, value in row.items())
            for name, row in table.astype(float).iterrows()
        )
        + ".",
        "A long grey line is a wrong estimate. A placebo away from zero says that "
        "the method finds a cause where there is none.",
    )


def verdict(each: pd.DataFrame) -> str:
    parts = []
    both = each.reindex(columns=["truth", "estimate"]).dropna()
    if len(both):
        true, found = both["truth"].idxmax(), both["estimate"].idxmax()
        off = (both["truth"] - both["estimate"]).abs().mean()
        if round(both["truth"][true], 2) <= 0:
            first = "no group costs anything in truth"
        elif round(both["estimate"][found], 2) <= 0:
            first = (
                f"the greatest cause, {true}, is not found: no estimate is above zero"
            )
        elif true == found:
            first = f"the greatest cause, {true}, is found"
        else:
            first = f"the greatest cause is {true}, and images point at {found}"
        parts += [first, f"estimates are off by {off:.2f} on average"]
    placebo = each.get("placebo", pd.Series(dtype=float)).dropna()
    if len(placebo):
        worst = placebo.abs().idxmax()
        size = number(placebo[worst], "+.2f")
        parts.append(f"the largest placebo is {size} ({worst})")
    return words.capital("; ".join(parts)) or "Nothing is known of any group"


def by_drawing(answers: Mapping[str, pd.DataFrame], x_title: str, **said) -> Chart:
    """A dot per drawing for each of several answers, a row per group, no interval.

    answers: name to a table with a row per group and a column per drawing, NaN where
    there is none. A row "total" is drawn and takes no part in the title.
    """
    first = next(iter(answers.values()))
    figure, axis = style.new(7.5, 1.2 + 0.5 * len(first))
    places = np.linspace(-0.24, 0.24, len(answers)) if len(answers) > 1 else [0]
    for number_of, (name, table) in enumerate(answers.items()):
        for column in table:
            axis.scatter(
                table[column],
                np.arange(len(table)) + places[number_of],
                color=style.PALETTE[number_of],
                marker=style.MARKERS[number_of],
                s=34,
                alpha=0.8,
                zorder=3,
                label=name if column == table.columns[0] else None,
            )
    style.zero(axis)
    style.rows(axis, [str(name) for name in first.index], x_title)
    figure.legend(loc="outside lower left", ncols=len(answers))
    found = []
    for name, table in answers.items():
        means = table.drop(index="total", errors="ignore").mean(axis=1).dropna()
        if len(means):
            found.append(f"{name}: {means.idxmax()} {means.max():+.2f}")
    listing = "; ".join(
        f"{name}, {group}: " + ", ".join(number(value, "+.3f") for value in row)
        for name, table in answers.items()
        for group, row in table.astype(float).iterrows()
    )
    return made(
        figure,
        said,
        "Greatest on average: " + "; ".join(found) if found else "Nothing is known",
        f"A marker per drawing. {listing}.",
        f"Each marker is one of {words.counted(len(first.columns), 'drawing')}: too "
        "few for an interval.",
    )


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
        style.mean_bar(axis, numbers, place)
    style.zero(axis)
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
        style.noted(axis, name, (truth[name], estimate[name]), (6, 4), fontsize=9)
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
