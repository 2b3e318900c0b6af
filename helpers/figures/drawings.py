"""Figures that are drawn rather than plotted."""

import pandas as pd
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers.figures import style
from helpers.figures.chart import Chart, made


def unet(stages: pd.DataFrame, decoder: list[int], **said) -> Chart:
    """The U-Net as a valley: the encoder goes down from the frame, the decoder comes up
    to its size again, and what lies between is handed across.

    stages: the frame and the encoder's feature maps from fine to coarse, with their
    channels, height, width and scale (models.stages); decoder: the channels of its
    blocks from coarse to fine, each twice as large as the one before.
    """
    figure, axis = style.new(8.0, 4.0)
    plain, blue = style.COLOURS["plain"], style.COLOURS["source"]
    green, across = style.COLOURS["wished"], style.COLOURS["target"]
    # Level 0 is the frame's own size, and a level further down is half as large. An
    # encoder may have no map at some level; the decoder has a block at each.
    down, up, last, handed = {}, {}, None, 0
    for one in stages.itertuples():
        level = one.scale.bit_length() - 1
        place, size = (level, -level), (one.height, one.width)
        down[level] = _block(axis, place, one.channels, size, blue if level else None)
        if last is not None:
            _arrow(axis, last, down[level], plain)
        last = down[level]
    depth, height, width = level, one.height, one.width
    for step, count in enumerate(decoder, start=1):
        level, size = depth - step, (height << step, width << step)
        up[level] = _block(axis, (depth + step, -level), count, size, green)
        _arrow(axis, last, up[level], plain)
        last = up[level]
        if level and level in down:
            _arrow(axis, down[level], up[level], across, dashed=True)
            handed += 1
    axis.text(0, 0.42, "frame", ha="center", fontsize=9)
    axis.text(last[0], last[1] + 0.42, "probability of blood", ha="center", fontsize=9)
    axis.text(
        depth,
        -0.78,
        "handed across (dashed): where things are",
        ha="center",
        fontsize=9,
        color=across,
    )
    axis.set(xlim=(-0.9, depth + len(decoder) + 0.9), ylim=(-depth - 0.6, 0.75))
    axis.axis("off")
    steps, top = len(stages) - 1, stages.iloc[0]
    return made(
        figure,
        said,
        f"A U-Net: {steps} steps down for what, {len(decoder)} up for where",
        f"A U-Net drawn as a valley: the encoder goes down in {steps} steps, from the "
        f"frame's {top['channels']} channels of {top['width']}×{top['height']} pixels "
        f"to {one.channels} channels of {width}×{height}, 1/{one.scale} of its width "
        f"and height; the decoder comes up in {len(decoder)}, and {handed} dashed "
        "arrows hand the encoder's maps across to the decoder's blocks of the same "
        "size. None leads from the frame itself.",
        "In each box: the number of channels, and below it the map's width and height.",
    )


def _block(
    axis,
    place: tuple[int, int],
    channels: int,
    size: tuple[int, int],
    colour: str | None,
) -> tuple[int, int]:
    """A box, filled with a colour, or an outline where there is none."""
    x, y = place
    edge, fill = (style.COLOURS["plain"], "none") if colour is None else (None, colour)
    axis.add_patch(
        Rectangle((x - 0.42, y - 0.26), 0.84, 0.52, facecolor=fill, edgecolor=edge)
    )
    ink = edge or "white"
    axis.text(
        x,
        y + 0.07,
        f"{channels}",
        ha="center",
        va="center",
        color=ink,
        fontsize=9,
        fontweight="bold",
    )
    axis.text(
        x,
        y - 0.13,
        f"{size[1]}×{size[0]}",
        ha="center",
        va="center",
        color=ink,
        fontsize=6.5,
    )
    return place


def _arrow(
    axis,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    dashed: bool = False,
) -> None:
    if start[1] == end[1]:
        start, end = (start[0] + 0.42, start[1]), (end[0] - 0.42, end[1])
    elif start[1] > end[1]:
        start, end = (start[0], start[1] - 0.26), (end[0] - 0.42, end[1] + 0.1)
    else:
        start, end = (start[0] + 0.42, start[1] + 0.1), (end[0], end[1] - 0.26)
    axis.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=9,
            color=colour,
            lw=1.1,
            linestyle="--" if dashed else "-",
        )
    )
