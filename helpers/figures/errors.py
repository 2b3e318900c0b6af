"""Charts of where errors lie and of what kind they are."""

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.words import name_of, number

REGION_COLOURS = {"frame": "#4D4D4D", "view": "#009E73", "surround": "#E69F00"}
RIM = 0.15  # the outer part of a map's height and width that is called its rim


def error_map(maps: Mapping[str, np.ndarray], **said) -> Chart:
    """Heat maps over the frame, one per split, on one scale with a colour bar.

    maps: of evaluation.error_map, percent of the frames HxW, NaN where never valid.
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
    (evaluation.false_by_class)."""
    figure, axis = style.new(7.5, 0.7 + 0.3 * len(table))
    axis.barh(range(len(table)), table["share"].fillna(0), color=style.colour_of(split))
    for place, row in enumerate(table.itertuples()):
        axis.annotate(
            f"{number(row.share, '.1f')} %",
            (max(row.share, 0) if row.share == row.share else 0, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
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
    left = np.zeros(len(pixels))
    for region in dict.fromkeys(name for one in pixels.values() for name in one):
        width = np.array([shares[split].get(region, 0.0) for split in pixels])
        colour = REGION_COLOURS[region]
        axis.barh(range(len(pixels)), width, left=left, color=colour, label=region)
        left += width
    style.rows(
        axis,
        [
            f"{name_of(split)}\n{sum(one.values()):,} pixels"
            for split, one in pixels.items()
        ],
        "falsely marked pixels, percent by region",
    )
    axis.set_xlim(0, 100)
    figure.legend(loc="outside lower left", ncols=2)
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
