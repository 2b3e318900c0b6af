"""Charts of where errors lie, of what lost Dice is lost to, and how frames fail."""

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.figures.style import MODES
from helpers.words import name_of, number

REGION_COLOURS = {"view": "#009E73", "surround": "#E69F00"}
RIM = 0.15  # the outer part of a map's height and width that is called its rim


def error_map(maps: Mapping[str, np.ndarray], **said) -> Chart:
    """Heat maps over the frame, one per split, on one scale with a colour bar.

    maps: percent of the frames, HxW, NaN where never valid.
    """
    height, width = next(iter(maps.values())).shape
    across = 7.8 / len(maps)
    figure, axes = style.new(
        8.0, across * height / width + 0.5, 1, len(maps), squeeze=False
    )
    top = max(1.0, *(np.nanmax(one) for one in maps.values()))
    colours = matplotlib.colormaps["cividis"].with_extremes(bad="#D9D9D9")
    for axis, (split, one) in zip(axes[0], maps.items()):
        drawn = axis.imshow(np.ma.masked_invalid(one), cmap=colours, vmin=0, vmax=top)
        axis.set_title(name_of(split))
        axis.set(xticks=[], yticks=[], xlabel="across the frame")
    axes[0, 0].set_ylabel("down the frame")
    figure.colorbar(
        drawn, ax=axes, label="falsely marked,\n% of the frames", shrink=0.8
    )
    where = {split: _rim_and_middle(one) for split, one in maps.items()}
    split, (rim, middle) = max(where.items(), key=lambda item: max(item[1]))
    more, less = max(rim, middle), min(rim, middle)
    place = "densest in the middle" if middle > rim else "densest at the rim"
    place = "spread evenly" if more < 1.25 * less else place
    found = (
        f"False marks on {name_of(split)} are {place}: on {rim:.1f} % of the frames at "
        f"the rim, on {middle:.1f} % in the middle"
    )
    if more == 0:
        found = f"No false marks on {words.listed([name_of(one) for one in maps])}"
    listing = "; ".join(
        f"{name_of(one)}: {rim:.1f} % of the frames at the rim, {middle:.1f} % "
        f"in the middle"
        for one, (rim, middle) in where.items()
    )
    return made(
        figure,
        said,
        found,
        f"How often each pixel is falsely marked, as a map over the frame. {listing}.",
        "Look where it is bright: there the network marks what is no blood. Grey "
        "was never valid.",
    )


def _rim_and_middle(one: np.ndarray) -> tuple[float, float]:
    known = ~np.isnan(one)
    if not known.any():
        return 0.0, 0.0
    # Padding is no part of the frame.
    rows, columns = (np.flatnonzero(known.any(axis=axis)) for axis in (1, 0))
    one = one[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    known, rim = ~np.isnan(one), np.ones(one.shape, bool)
    down, across = (round(RIM * side) for side in one.shape)
    rim[down : len(one) - down, across : one.shape[1] - across] = False
    return tuple(
        float(one[part & known].mean()) if (part & known).any() else 0.0
        for part in (rim, ~rim)
    )


def false_by_class(table: pd.DataFrame, split: str = "ood_test", **said) -> Chart:
    """A bar per class: its share of the falsely marked pixels
    (counts.false_by_class)."""
    figure, axis = style.new(7.5, 0.7 + 0.3 * len(table))
    axis.barh(range(len(table)), table["share"].fillna(0), color=style.colour_of(split))
    for place, row in enumerate(table.itertuples()):
        at = (row.share if row.share == row.share else 0, place)
        share = f"{number(row.share, '.1f')} %"
        style.noted(axis, share, at, (4, 0), va="center", fontsize=8)
    style.rows(
        axis, list(table["class"]), "share of the falsely marked pixels, percent", 9
    )
    axis.set_xlim(0, 105)
    first = table.iloc[0]
    none = not table["false_pixels"].any()
    found = (
        f"No pixel of {name_of(split)} is falsely marked"
        if none
        else f"On {name_of(split)}, {words.largest(first.share / 100)} of what is "
        "falsely "
        f"marked lies on {first['class'].lower()} ({first.share:.0f} %)"
    )
    return made(
        figure,
        said,
        found,
        f"Share of the falsely marked pixels of {name_of(split)} by class. "
        + "; ".join(
            f"{row['class']}: {number(row.share, '.1f')} %"
            for _, row in table.iterrows()
        )
        + ".",
        "Which of the label's classes false marks lie on. A large class, and one on "
        "which blood pools, has many by that alone.",
    )


def false_by_region(pixels: Mapping[str, Mapping[str, int]], **said) -> Chart:
    """Where the falsely marked pixels lie, a stacked bar per split.

    pixels: split to the number of such pixels in each region ("view", "surround"). The
    title speaks of the last split that has any.
    """
    figure, axis = style.new(7.5, 0.7 + 0.5 * len(pixels))
    shares = {split: _shares(regions) for split, regions in pixels.items()}
    parts = {
        region: (np.array([shares[split].get(region, 0.0) for split in pixels]), colour)
        for region, colour in REGION_COLOURS.items()
    }
    names = [
        f"{name_of(split)}\n{sum(one.values()):,} pixels"
        for split, one in pixels.items()
    ]
    style.stacked(axis, names, parts, "falsely marked pixels, percent by region", 100)
    marked = [split for split in pixels if shares[split]]
    found = "No pixel is falsely marked anywhere"
    if marked:
        last = shares[marked[-1]]
        region = max(last, key=last.get)
        found = (
            f"On {name_of(marked[-1])}, {last[region]:.0f} % of the falsely marked "
            f"pixels lie in the {region}"
        )
    return made(
        figure,
        said,
        found,
        "Falsely marked pixels by region. "
        + "; ".join(
            f"{name_of(split)}: "
            + (
                ", ".join(f"{name} {value:.0f} %" for name, value in one.items())
                or "none"
            )
            for split, one in shares.items()
        )
        + ".",
        "The view is what the camera shows, the surround the black around it. The "
        "number of pixels stands under each name: a share of few says little.",
    )


def _shares(pixels: Mapping[str, int]) -> dict[str, float]:
    total = sum(pixels.values())
    return (
        {name: 100 * value / total for name, value in pixels.items()} if total else {}
    )


LOST_COLOURS = {
    "surround": "#E69F00",
    "false marks in the view": "#D55E00",
    "missed blood": "#0072B2",
}


def division(lost: pd.DataFrame, **said) -> Chart:
    """The lost Dice, divided, a stacked bar per split.

    lost: rows of splits, columns of what an oracle can repair, in units of Dice
    (means over subjects).
    """
    figure, axis = style.new(7.5, 0.7 + 0.55 * len(lost))
    parts = {part: (lost[part].to_numpy(), LOST_COLOURS[part]) for part in lost}
    names = [name_of(split) for split in lost.index]
    style.stacked(axis, names, parts, "lost Dice (1 - Dice)", 1, edgecolor="white")
    split = lost.index[-1]
    top, total = lost.loc[split].idxmax(), lost.loc[split].sum()
    share = lost.loc[split, top] / total if total else 0
    found = (
        f"Of {total:.2f} Dice lost on {name_of(split)}, {words.largest(share)} "
        f"({lost.loc[split, top]:.2f}) is due to {_due(top)}"
    )
    return made(
        figure,
        said,
        found,
        "The lost Dice by its cause. "
        + "; ".join(
            f"{name_of(split)}: "
            + ", ".join(f"{part} {value:.2f}" for part, value in row.items())
            for split, row in lost.iterrows()
        )
        + ".",
        "Each part is what an oracle would win back by repairing it, averaged "
        "over all orders of repair, so that the parts add up.",
    )


def _due(part: str) -> str:
    return "false marks in the surround" if part == "surround" else part


def failure_bars(shares: pd.DataFrame, **said) -> Chart:
    """Stacked bars of failure modes, a bar per split; shares: rows of splits, columns
    of modes, in percent of the frames of one kind."""
    modes = [mode for mode in MODES if mode in shares]
    figure, axis = style.new(7.5, 0.9 + 0.5 * len(shares))
    parts = {mode: (shares[mode].fillna(0).to_numpy(), MODES[mode]) for mode in modes}
    names = [name_of(split) for split in shares.index]
    style.stacked(axis, names, parts, "percent of the frames", 100, edgecolor="white")
    split = shares.index[-1]
    top = shares.loc[split, modes].idxmax()
    share = shares.loc[split, top]
    blood = set(modes) & {"missed", "elsewhere", "partial", "good"}
    kind = "frames with blood" if blood else "clean frames"
    return made(
        figure,
        said,
        f"On {name_of(split)}, {words.largest(share / 100)} of the {kind} are "
        f"'{top}' ({share:.0f} %)",
        f"Failure modes of {kind}. "
        + "; ".join(
            f"{name_of(split)}: "
            + ", ".join(f"{mode} {number(row[mode], '.0f')} %" for mode in modes)
            for split, row in shares.iterrows()
        )
        + ".",
        "A mean does not say how frames fail; missing blood and marking the wrong "
        "place "
        "are different faults."
        if blood
        else "A clean frame can fail in one way only: by an alarm.",
    )
