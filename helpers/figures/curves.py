"""Charts of points, curves, heaps and bars: over epochs, doses and thresholds, by
property and by how frames fail; and of bleedings in time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.ticker import MaxNLocator

from helpers import correlation
from helpers.figures import chart
from helpers.figures.chart import (
    COLOURS,
    PALETTE,
    Chart,
    made,
)
from helpers.figures.dots import verdict
from helpers.words import capital, counted, listed, name_of, number, quantity

WEAK = 0.1  # a rank correlation that is hardly one
# Shapes of points in matplotlib's words and in plotly's.
SHAPES = {"o": "circle", "s": "square", "D": "diamond", "P": "cross", "X": "x"}
SHAPES |= {"^": "triangle-up", "*": "star", "p": "pentagon", "h": "hexagram"}


def line(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x_title: str,
    y_title: str,
    mark: float | None = None,
    **said,
) -> Chart:
    """Curves of y over x by split or by name; mark: the value of x that the course
    uses."""
    used = None if mark is None else (mark, "used")
    figure, _ = chart.lines(curves, x_title, y_title, used)
    what, (split, (x, y)) = quantity(y_title), list(curves.items())[-1]
    found = f"{what} is undefined on {name_of(split)}"
    if np.isfinite(np.asarray(y, float)).any():
        top = int(np.nanargmax(y))
        found = f"On {name_of(split)}, {what} is highest, {y[top]:.2f}, at {x[top]:g}"
        if mark in list(x) and x[top] != mark:
            found += f", against {number(y[list(x).index(mark)])} at {mark:g}"
    ends = "; ".join(f"{name_of(name)}: {_ends(*xy)}" for name, xy in curves.items())
    return made(
        figure,
        said,
        found,
        f"{capital(what)} over {quantity(x_title)}. {ends}.",
        "Compare where each curve is highest, and how far it is from the others.",
    )


def _ends(x, y) -> str:
    if not np.isfinite(np.asarray(y, float)).any():
        return "undefined"
    return (
        f"{number(y[0])} at {x[0]:g}, {number(y[-1])} at {x[-1]:g}, between "
        f"{number(np.nanmin(y))} and {number(np.nanmax(y))}"
    )


def schedule(rates: Sequence[float]) -> Chart:
    """The learning rate as it ran, per epoch (counted from 1)."""
    figure, axis = chart.new(7.0, 2.2)
    epochs = range(1, len(rates) + 1)
    axis.step(epochs, rates, "o-", where="mid", color=COLOURS["plain"], lw=2, ms=4)
    axis.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    steps, low, last = np.diff(rates), int(np.argmin(rates)), f"{rates[-1]:.1g}"
    if not steps.any():
        found = f"is {rates[0]:g} throughout"
    elif (steps <= 0).all():
        found = f"only falls, from {rates[0]:g} to {last}"
    elif (steps >= 0).all():
        found = f"only rises, from {rates[0]:g} to {rates[-1]:g}"
    elif rates[-1] > rates[low]:
        found = f"falls until epoch {low + 1} and climbs back to {last}"
    else:
        found = f"rises and falls, between {min(rates):.1g} and {max(rates):.1g}"
    return Chart(
        figure,
        f"The learning rate {found}",
        f"The learning rate over {counted(len(rates), 'epoch')}: it starts at "
        f"{rates[0]:g}, ends at {last}, and its least is {min(rates):.1g}.",
        "Look whether the rate ever climbs back.",
    )


def decisions(rows: Mapping[str, list], seconds: float) -> Chart:
    """Intervals (start, end in seconds) by name, the truth first, one row each."""
    figure, axis = chart.new(8.0, 0.8 + 0.34 * len(rows))
    for place, spans in enumerate(rows.values()):
        colour = PALETTE[0] if place else COLOURS["plain"]
        bars = [(start, end - start) for start, end in spans]
        axis.broken_barh(bars, (place - 0.32, 0.64), facecolors=colour)
    chart.rows(axis, list(rows), "seconds", 0.34)
    axis.set_xlim(0, seconds)
    (first, true), *rest = rows.items()
    right = listed([name for name, spans in rest if len(spans) == len(true)])
    right = f"the right number by {right}" if right else "nobody counts right"
    found = "; ".join(
        f"{name}: {len(spans)}, together {sum(b - a for a, b in spans):.1f} s"
        for name, spans in rows.items()
    )
    return Chart(
        figure,
        f"{counted(len(true), 'bleeding')} in truth; {right}",
        f"Bars along {seconds:.0f} seconds. Number of intervals, {found}.",
        "The first row is the truth.",
    )


def counted_cases(table: pd.DataFrame) -> Chart:
    """Truth against decision, a dot per case. table: detector, n_true, n_found, true_s,
    found_s, a row per case and detector."""
    many = table["detector"].nunique()
    figure, axes = chart.new(8.0, 4.2, 2, many, squeeze=False, sharey="row")
    ends = (("n_true", "n_found", "number"), ("true_s", "found_s", "seconds"))
    for (name, part), column in zip(table.groupby("detector", sort=False), axes.T):
        turn = np.linspace(-0.15, 0.15, len(part))  # so that equal dots are all seen
        for axis, shift, (true, found, unit) in zip(column, (turn, 0), ends):
            top = float(table[[true, found]].to_numpy().max()) * 1.05 + 0.3
            axis.plot([0, top], [0, top], color=COLOURS["faint"], zorder=0)
            axis.plot(part[true] + shift, part[found], "o", ms=4, alpha=0.7)
            axis.set_xlabel(f"{unit}, truth")
        column[0].set_title(name)
    for axis, (_, _, unit) in zip(axes[:, 0], ends):
        axis.set_ylabel(f"{unit}, found")
    off = (table["n_found"] - table["n_true"]).abs()
    errors = off.groupby(table["detector"], sort=False).mean().map("{:.2f}".format)
    least = min(errors, key=float)
    return Chart(
        figure,
        "The number of bleedings is off least with "
        f"{listed(errors.index[errors == least])}: {least} a case",
        f"Truth against decision by detector. Mean error in number: "
        f"{'; '.join(' '.join(one) for one in errors.items())}.",
        "A dot is a case. On the line the detector counts, or measures, right.",
    )


def against(truth: pd.Series, estimate: pd.Series, x_title: str, y_title: str) -> Chart:
    """A named dot per factor, and the line on which both agree."""
    figure, axis = chart.new(5.6, 4.0)
    low = min(0, truth.min(), estimate.min()) - 0.02
    high = max(truth.max(), estimate.max()) + 0.05
    axis.plot([low, high], [low, high], color=COLOURS["faint"], ls="--", lw=1.2)
    axis.scatter(truth, estimate, color=COLOURS["source"], s=46, zorder=3)
    for name in truth.index:
        chart.noted(axis, name, (truth[name], estimate[name]), (6, 4), fontsize=9)
    axis.set(xlabel=x_title, ylabel=y_title)
    listing = "; ".join(
        f"{name}: {number(truth[name])} in truth, {number(estimate[name])} estimated"
        for name in truth.index
    )
    return Chart(
        figure,
        verdict(pd.DataFrame({"truth": truth, "estimate": estimate})),
        f"{listing}.",
        "On the dashed line, the estimate would be right.",
    )


def hover_scatter(
    table: pd.DataFrame, x: str, y: str, x_title: str, y_title: str
) -> Chart:
    """A point per frame, a colour and a shape per subject; in Jupyter hovering tells
    the subject, the clip and the frame.

    table: one row per frame with the columns x, y, subject, clip and frame.
    """
    figure, axis = chart.new(8.0, 3.8)
    up, down = quantity(y_title), quantity(x_title)
    live, hover = go.Figure(), f"{down} %{{x:.3f}}<br>{up} %{{y:.3f}}"
    for place, (name, rows) in enumerate(table.groupby("subject", sort=True)):
        colour, shape = PALETTE[place % 8], list(SHAPES)[place % 9]
        look = {"color": colour, "marker": shape, "s": 24, "alpha": 0.75, "lw": 0}
        axis.scatter(rows[x], rows[y], label=str(name), **look)
        live.add_scatter(
            x=rows[x].tolist(),
            y=rows[y].tolist(),
            mode="markers",
            name=str(name),
            marker={"color": colour, "symbol": SHAPES[shape], "opacity": 0.75},
            text=[f"{one.clip}, frame {one.frame}" for one in rows.itertuples()],
            hovertemplate=f"%{{text}}<br>{hover}<extra>{name}</extra>",
        )
    live.update_layout(xaxis_title=x_title, yaxis_title=y_title)
    live.update_layout(template="plotly_white", height=440, legend_title="subject")
    axis.set(xlabel=x_title, ylabel=y_title)
    figure.legend(loc="outside right upper", title="subject")
    rho = correlation.spearman(table[x], table[y])
    found = (
        f"{capital(up)} is {'higher' if rho > 0 else 'lower'} where {down} is higher"
    )
    if not abs(rho) >= WEAK:
        found = f"{capital(up)} hardly goes with {down}"
    n = table["subject"].nunique()
    means = table.groupby("subject")[[x, y]].mean().agg(["min", "max"]).map(number)
    return Chart(
        figure,
        f"{found} (rank correlation {number(rho)} over all frames)",
        f"Scatter of {counted(len(table), 'frame')} of {counted(n, 'subject')}: "
        f"rank correlation {number(rho)}. Subjects' means run from "
        f"{' to '.join(means[x])} in {down} and from {' to '.join(means[y])} in {up}.",
        "One point per frame, one colour and shape per subject. Look whether it is "
        "one cloud or several.",
        live=live,
    )
