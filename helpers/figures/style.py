"""Colours and type that all figures share. The colours are Okabe and Ito's, told apart
by colour-blind readers too."""

import matplotlib
import matplotlib.pyplot as plt

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
