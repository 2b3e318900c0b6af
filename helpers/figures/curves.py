"""Charts over epochs, doses, thresholds and random splits."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.figures.style import COLOURS, MARKERS, PALETTE
from helpers.words import counted, name_of, number, quantity

Curve = tuple[Sequence[float], Sequence[float]]


def line(
    curves: Mapping[str, Curve],
    x_title: str,
    y_title: str,
    mark: float | None = None,
    **said,
) -> Chart:
    """Curves of y over x by split or by name; mark: the value of x that the course
    uses."""
    figure, axis = style.new(7.0, 3.2)
    for place, (split, (x, y)) in enumerate(curves.items()):
        axis.plot(
            x,
            y,
            color=style.colour_of(split, place),
            ls=["-", "--", "-.", ":"][place % 4],
            marker=MARKERS[place % 8],
            markevery=max(1, len(x) // 20),  # many would hide the line
            ms=4,
            lw=2,
            label=name_of(split),
        )
    if mark is not None:
        axis.axvline(mark, color=COLOURS["faint"], lw=1.5)
        within = ("data", "axes fraction")
        style.noted(axis, "used", (mark, 0.02), (4, 0), xycoords=within, fontsize=8)
    if all(float(value).is_integer() for x, _ in curves.values() for value in x):
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(xlabel=x_title, ylabel=y_title)
    axis.legend()
    split, (x, y) = list(curves.items())[-1]
    if np.isfinite(np.asarray(y, float)).any():
        top = int(np.nanargmax(y))
        found = (
            f"On {name_of(split)}, {quantity(y_title)} is highest, {y[top]:.2f}, at "
            f"{x[top]:g}"
        )
        if mark is not None and mark in list(x):
            used = y[list(x).index(mark)]
            found += f", against {number(used)} at {mark:g}" if x[top] != mark else ""
    else:
        found = f"{quantity(y_title)} is undefined on {name_of(split)}"
    listing = "; ".join(
        f"{name_of(split)}: {_ends(x, y)}" for split, (x, y) in curves.items()
    )
    return made(
        figure,
        said,
        found,
        f"{words.capital(quantity(y_title))} over {quantity(x_title)}. {listing}.",
        "Compare where each curve is highest, and how far it is from the others.",
    )


def _ends(x, y) -> str:
    if not np.isfinite(np.asarray(y, float)).any():
        return "undefined"
    return (
        f"{number(y[0])} at {x[0]:g}, {number(y[-1])} at {x[-1]:g}, between "
        f"{number(float(np.nanmin(y)))} and {number(float(np.nanmax(y)))}"
    )


def histories(
    curves: Mapping[str, Sequence[float]],
    best: int,
    y_title: str,
    finished: bool = True,
    **said,
) -> Chart:
    """Curves over epochs (counted from 1), the first of them drawn strongly.

    best: the chosen epoch counted from 0, -1 for none; it is marked once the run has
    finished.
    """
    figure, axis = style.new(7.0, 3.0)
    palette = [COLOURS["plain"], *PALETTE[:5]]
    for place, (name, numbers) in enumerate(curves.items()):
        strong = place == 0
        axis.plot(
            range(1, len(numbers) + 1),
            numbers,
            label=name,
            lw=2.4 if strong else 1.2,
            marker=MARKERS[place % 8],
            ms=5 if strong else 3,
            color=palette[place % 6],
        )
    if best >= 0 and finished:
        axis.axvline(best + 1, color=COLOURS["faint"], ls="--", lw=1.5)
        how = {"xycoords": ("data", "axes fraction"), "fontsize": 9, "ha": "right"}
        style.noted(axis, "chosen", (best + 1, 0.02), (-4, 0), **how)
    axis.set(xlabel="epoch", ylabel=y_title)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.legend()
    name, numbers = next(iter(curves.items()))
    what = words.capital(quantity(y_title))
    epochs = counted(len(numbers), "epoch")
    moved = words.change(numbers[0], numbers[-1])
    if not finished:
        found = f"{what} after {epochs}: {number(numbers[-1])}"
        if best >= 0:
            found += (
                f"; the best so far is {number(numbers[best])}, of epoch {best + 1}"
            )
    elif best >= 0:
        found = f"{what} {moved} over {epochs}; epoch {best + 1} is kept"
    else:
        found = f"{what} {moved} over {epochs}"
    listing = "; ".join(
        f"{name}: from {number(each[0])} to {number(each[-1])}, between "
        f"{number(min(each))} and {number(max(each))}"
        for name, each in curves.items()
    )
    return made(
        figure,
        said,
        found,
        f"{what} over {epochs}. {listing}.",
        f"The strong line is the {name}"
        + (
            "; the dashed one marks the epoch that is kept."
            if best >= 0 and finished
            else "."
        ),
    )


def schedule(rates: Sequence[float], **said) -> Chart:
    """The learning rate as it ran, per epoch (counted from 1)."""
    figure, axis = style.new(7.0, 2.2)
    axis.step(
        range(1, len(rates) + 1),
        rates,
        where="mid",
        color=COLOURS["plain"],
        lw=2,
        marker="o",
        ms=4,
    )
    axis.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    steps = np.diff(rates)
    if not len(steps) or not steps.any():
        found = f"The learning rate is {rates[0]:g} throughout"
    elif (steps <= 0).all():
        found = f"The learning rate only falls, from {rates[0]:g} to {rates[-1]:.1g}"
    elif (steps >= 0).all():
        found = f"The learning rate only rises, from {rates[0]:g} to {rates[-1]:g}"
    else:
        low = int(np.argmin(rates))
        found = (
            f"The learning rate falls until epoch {low + 1} and climbs back to "
            f"{rates[-1]:.1g}"
            if rates[-1] > rates[low]
            else f"The learning rate rises and falls, between {min(rates):.1g} and "
            f"{max(rates):.1g}"
        )
    return made(
        figure,
        said,
        found,
        f"The learning rate over {counted(len(rates), 'epoch')}: it starts at "
        f"{rates[0]:g}, ends at {rates[-1]:.1g}, and its least is {min(rates):.1g}.",
        "Look whether the rate ever climbs back.",
    )


def distance(null: np.ndarray, observed: float, x_title: str, **said) -> Chart:
    """A distance between domains beside those between random halves of the same one."""
    figure, axis = style.new(7.0, 2.6)
    axis.hist(
        null,
        bins=30,
        color=COLOURS["faint"],
        label="two halves of one domain, split by subject",
    )
    axis.axvline(observed, color=COLOURS["target"], lw=2.5, label="source and target")
    axis.set(xlabel=x_title, ylabel="number of splits")
    figure.legend(loc="outside lower left", ncols=2)
    below = float((np.asarray(null) < observed).mean())
    part = "all" if below == 1 else "none" if below == 0 else f"{100 * below:.0f} %"
    return made(
        figure,
        said,
        f"The gap between the domains exceeds {part} of the gaps within them",
        f"Histogram of {quantity(x_title)} between random halves of one domain, from "
        f"{np.min(null):.2f} to {np.max(null):.2f}, with a line at {observed:.2f} "
        "for source and target.",
        "If the two domains were one, the line would lie among the grey bars.",
    )
