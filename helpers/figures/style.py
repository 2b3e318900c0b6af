"""Colours and type that all figures share. The colours are Okabe and Ito's, told apart
by colour-blind readers too."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

BLUE, SKY, GREEN, ORANGE, RED, PINK, YELLOW = (
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#E69F00",
    "#D55E00",
    "#CC79A7",
    "#F0E442",
)
COLOURS = {
    "source": BLUE,
    "train": BLUE,
    "id_val": SKY,
    "id_test": BLUE,
    "target": RED,
    "ood_val": ORANGE,
    "ood_test": RED,
    "wished": GREEN,
    "ood_wished_val": GREEN,
    "ood_wished": GREEN,
    # What a prediction did to a pixel, on red tissue: blue and yellow stand out from
    # red for every kind of eye.
    "hit": SKY,
    "false alarm": YELLOW,
    "missed": "#FFFFFF",
    "plain": "#4D4D4D",
    "faint": "#B3B3B3",
}
MODES = {
    "missed": "#000000",
    "elsewhere": ORANGE,
    "partial": SKY,
    "good": GREEN,
    "quiet": BLUE,
    "false alarm": RED,
}
PALETTE = (BLUE, RED, GREEN, PINK, ORANGE, SKY, "#4D4D4D", "#000000")
MARKERS = "osD^vPX*"

matplotlib.rcParams.update(
    {
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.titlesize": 9.5,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "legend.frameon": False,
        "legend.fontsize": 8,
    }
)


def new(
    width: float = 7.0, height: float = 4.0, rows: int = 1, columns: int = 1, **more
):
    """A figure and its axes; sizes in inches."""
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", **more
    )
    plt.close(figure)  # its Chart shows it, and not the notebook a second time
    return figure, axes


def colour_of(name: str, place: int = 0) -> str:
    """A split's own colour, for another name one of the palette by its place."""
    return COLOURS.get(name, PALETTE[place % len(PALETTE)])


def rows(axis, names: list[str], x_title: str, size: float = 10) -> None:
    """An axis with a named row for each of 0, 1, ..., read from above, and a grid in
    x."""
    axis.set_yticks(range(len(names)), names, fontsize=size)
    axis.set(xlabel=x_title, ylim=(len(names) - 0.5, -0.5))
    grid(axis)


def grid(axis) -> None:
    """Faint lines to read values of x by, behind everything."""
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)


def zero(axis) -> None:
    """A faint line at x = 0, where nothing is gained or lost."""
    axis.axvline(0, color=COLOURS["faint"], lw=1)


def mean_bar(axis, numbers, place: float, half: float = 0.3, **how) -> None:
    """An upright bar at the mean of a row's numbers, none where there are none."""
    if len(numbers):
        how = {"color": COLOURS["plain"], "lw": 3} | how
        axis.plot([numbers.mean()] * 2, [place - half, place + half], **how)


def interval(axis, one, place: float, **how) -> None:
    """A bar over an Estimate's interval, none where it has none."""
    if one.low is not None:
        axis.plot([one.low, one.high], [place, place], **how)


def noted(axis, text: str, at: tuple, by: tuple[float, float], **how) -> None:
    """A few words beside a place; by: how far beside, in points."""
    axis.annotate(text, at, xytext=by, textcoords="offset points", **how)


def stacked(
    axis, names: list[str], parts: dict, x_title: str, whole: float, **how
) -> None:
    """A bar for each name, made of parts; parts: name to (widths, colour). whole: what
    a full bar adds up to."""
    left = np.zeros(len(names))
    for part, (widths, colour) in parts.items():
        axis.barh(range(len(names)), widths, left=left, color=colour, label=part, **how)
        left = left + widths
    rows(axis, names, x_title)
    axis.set_xlim(0, whole)
    columns = len(parts) if len(parts) < 4 else 6
    axis.figure.legend(loc="outside lower left", ncols=columns)
