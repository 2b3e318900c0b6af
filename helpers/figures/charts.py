"""Plots of numbers: by subject, with intervals, over epochs and thresholds. Titles are given by the lesson: they state a finding."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.figures import style
from helpers.figures.style import COLOURS, MODES


def by_subject(values: Mapping[str, pd.DataFrame], column: str, title: str, x_title: str):
    """A dot per frame and a bar at each subject's mean, a row per subject, a colour per domain.

    values: domain ("source", "target", "wished") to a table with `subject` and `column`.
    """
    rows = [(domain, subject, part[column].dropna().to_numpy())
            for domain, table in values.items() for subject, part in table.groupby("subject", sort=False)]
    figure, axis = style.new(7.5, 0.6 + 0.2 * len(rows))
    random = np.random.default_rng(0)  # only spreads the dots up and down, so that they do not hide each other
    for place, (domain, subject, numbers) in enumerate(rows):
        axis.scatter(numbers, place + random.uniform(-0.25, 0.25, len(numbers)), s=5, alpha=0.35, color=COLOURS[domain], lw=0)
        if len(numbers):
            axis.plot([numbers.mean()] * 2, [place - 0.4, place + 0.4], color=COLOURS[domain], lw=2.2)
    axis.set_yticks(range(len(rows)), [subject for _, subject, _ in rows], fontsize=8)
    axis.set(title=title, xlabel=x_title, ylim=(len(rows) - 0.4, -0.6))
    for domain in values:
        axis.scatter([], [], color=COLOURS[domain], label=domain, s=20)
    axis.legend(loc="best", fontsize=8)
    return figure


def distance(null: np.ndarray, observed: float, title: str, x_title: str):
    """A distance between domains beside those between random halves of the same subjects."""
    figure, axis = style.new(7.0, 2.6)
    axis.hist(null, bins=30, color=COLOURS["faint"], label="two halves of one domain, split by subject")
    axis.axvline(observed, color=COLOURS["target"], lw=2.5, label="source and target")
    axis.set(title=title, xlabel=x_title, ylabel="number of splits")
    axis.legend(fontsize=8)
    return figure


def histories(curves: Mapping[str, Sequence[float]], best: int, title: str, y_title: str):
    """Curves over epochs (counted from 1), with the chosen epoch marked."""
    figure, axis = style.new(7.0, 3.2)
    palette = [COLOURS["plain"], "#0072B2", "#D55E00", "#009E73", "#CC79A7"]
    for (name, numbers), colour in zip(curves.items(), palette):
        strong = name.startswith("mean")
        axis.plot(range(1, len(numbers) + 1), numbers, marker="o", ms=5 if strong else 3, lw=2.4 if strong else 1.2, label=name,
                  color=colour)
    if best >= 0:
        axis.axvline(best + 1, color=COLOURS["faint"], ls="--", lw=1.5)
        axis.annotate("chosen", (best + 1, 0.02), xycoords=("data", "axes fraction"), fontsize=9, ha="right",
                      xytext=(-4, 0), textcoords="offset points")
    axis.set(title=title, xlabel="epoch", ylabel=y_title)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(fontsize=8)
    return figure


def schedule(rates: Sequence[float], title: str):
    """The learning rate as it ran, per epoch (counted from 1)."""
    figure, axis = style.new(7.0, 2.4)
    axis.step(range(1, len(rates) + 1), rates, where="mid", color=COLOURS["plain"], lw=2)
    axis.set(title=title, xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    axis.xaxis.get_major_locator().set_params(integer=True)
    return figure


def subject_dots(means: Mapping[str, pd.Series], title: str, x_title: str, limits: tuple[float, float] | None = (0, 1)):
    """A dot per subject, a row per split, and the mean over subjects as a bar: what is there when no interval is honest."""
    figure, axis = style.new(7.5, 0.9 + 0.65 * len(means))
    for place, (split, numbers) in enumerate(means.items()):
        numbers = numbers.dropna()
        colour = COLOURS[split]
        axis.scatter(numbers, [place] * len(numbers), color=colour, s=46, alpha=0.75, edgecolor="white", zorder=3)
        if len(numbers):
            axis.plot([numbers.mean()] * 2, [place - 0.28, place + 0.28], color=colour, lw=3)
    axis.set_yticks(range(len(means)), [f"{style.name_of(split)}\n({numbers.notna().sum()} subject"
                                        f"{'s' if numbers.notna().sum() != 1 else ''})" for split, numbers in means.items()])
    axis.set(title=title, xlabel=x_title, ylim=(len(means) - 0.5, -0.5))
    if limits:
        axis.set_xlim(limits[0] - 0.02 * (limits[1] - limits[0]), limits[1] * 1.02)
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
    return figure


def failure_bars(shares: pd.DataFrame, title: str):
    """Stacked bars of failure modes, a bar per split; shares: rows of splits, columns of modes, in percent of frames."""
    figure, axis = style.new(7.5, 1.1 + 0.5 * len(shares))
    left = np.zeros(len(shares))
    for mode in [mode for mode in MODES if mode in shares]:
        width = shares[mode].to_numpy()
        axis.barh(range(len(shares)), width, left=left, color=MODES[mode], label=mode, edgecolor="white")
        left += width
    axis.set_yticks(range(len(shares)), [style.name_of(split) for split in shares.index])
    axis.set(title=title, xlabel="percent of the frames of this kind", xlim=(0, 100), ylim=(len(shares) - 0.5, -0.5))
    figure.legend(loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    return figure


def single_patient(means: pd.Series, title: str, x_title: str):
    """Every patient's mean on the wished-for benchmark, and the mean over all of them: how far one patient can stray."""
    means = means.dropna().sort_values()
    figure, axis = style.new(7.5, 0.9 + 0.23 * len(means))
    axis.hlines(range(len(means)), means.mean(), means, color=COLOURS["faint"], lw=1.5)
    axis.scatter(means, range(len(means)), color=COLOURS["wished"], s=40, zorder=3)
    axis.axvline(means.mean(), color=COLOURS["plain"], lw=1.8)
    axis.annotate("mean over patients", (means.mean(), len(means) - 0.4), fontsize=8, ha="left", xytext=(5, 0),
                  textcoords="offset points")
    axis.set_yticks(range(len(means)), means.index, fontsize=8)
    axis.set(title=title, xlabel=x_title, xlim=(-0.02, 1.02))
    return figure


def line(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str, x_title: str, y_title: str,
         mark: float | None = None):
    """Curves of y over x by split; `mark` is the value of x that the course uses."""
    figure, axis = style.new(7.0, 3.4)
    styles = ["-", "--", "-.", ":"]
    for number, (split, (x, y)) in enumerate(curves.items()):
        axis.plot(x, y, color=COLOURS.get(split, COLOURS["plain"]), ls=styles[number % 4], lw=2, label=style.name_of(split))
    if mark is not None:
        axis.axvline(mark, color=COLOURS["faint"], lw=1.5)
        axis.annotate("used", (mark, 0.02), xycoords=("data", "axes fraction"), fontsize=8, xytext=(4, 0),
                      textcoords="offset points")
    axis.set(title=title, xlabel=x_title, ylabel=y_title)
    axis.legend(fontsize=8)
    return figure


def dots_with_intervals(rows: pd.DataFrame, title: str, x_title: str):
    """A point with its interval (where there is one) per row; rows: label, value, low, high, colour."""
    figure, axis = style.new(7.5, 0.9 + 0.36 * len(rows))
    for place, row in enumerate(rows.itertuples()):
        if row.low is not None and np.isfinite(row.low):
            axis.plot([row.low, row.high], [place, place], color=row.colour, lw=2.5, alpha=0.6, solid_capstyle="butt")
        axis.scatter([row.value], [place], color=row.colour, s=44, zorder=3)
    axis.axvline(0, color=COLOURS["faint"], lw=1)
    axis.set_yticks(range(len(rows)), rows["label"])
    axis.set(title=title, xlabel=x_title, ylim=(len(rows) - 0.5, -0.5))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
    return figure


def correlations(table: pd.DataFrame, title: str):
    """Rank correlations by property: a marker for each estimand, filled where it survives Holm's correction.

    table: columns property, estimand ("pooled", "within subjects", "between subjects"), value, significant (bool).
    """
    markers = {"pooled": ("s", "#4D4D4D"), "within subjects": ("o", "#0072B2"), "between subjects": ("D", "#D55E00")}
    names = list(dict.fromkeys(table["property"]))
    figure, axis = style.new(7.5, 1.2 + 0.45 * len(names))
    for shift, (estimand, (marker, colour)) in zip((-0.2, 0, 0.2), markers.items()):
        for row in table[table["estimand"] == estimand].itertuples():
            axis.scatter([row.value], [names.index(row.property) + shift], marker=marker, s=46, edgecolor=colour, lw=1.6,
                         facecolor=colour if row.significant else "white", zorder=3)
        axis.scatter([], [], marker=marker, edgecolor=colour, facecolor="white", label=estimand, s=46)
    axis.axvline(0, color=COLOURS["faint"], lw=1)
    axis.set_yticks(range(len(names)), names)
    axis.set(title=title, xlabel="Spearman's rank correlation with Dice (filled: significant after Holm's correction)",
             xlim=(-1.05, 1.05), ylim=(len(names) - 0.5, -0.5))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure
