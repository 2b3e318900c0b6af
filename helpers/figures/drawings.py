"""Figures that are drawn rather than plotted."""

from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers.figures import style
from helpers.figures.chart import Chart, made


def unet(
    channels: list[int], decoder: list[int], size: tuple[int, int], **said
) -> Chart:
    """The U-Net as a valley: the encoder goes down, the decoder comes up, and each step
    is handed across.

    channels: of the encoder's feature maps from fine to coarse; decoder: from coarse to
    fine; size: (height, width) of a frame in pixels.
    """
    figure, axis = style.new(8.0, 4.0)
    depth = len(channels)
    places = {}
    blue, green = style.COLOURS["source"], style.COLOURS["wished"]
    for level, count in enumerate(channels):
        places["down", level] = _block(
            axis, level, -level, count, size, level + 1, blue
        )
    for step, count in enumerate(decoder):
        level = depth - 2 - step
        places["up", level] = _block(
            axis, 2 * depth - 2 - level, -level, count, size, level + 1, green
        )
    plain, across = style.COLOURS["plain"], style.COLOURS["target"]
    for level in range(depth - 1):
        _arrow(axis, places["down", level], places["down", level + 1], plain)
        _arrow(axis, places["down", level], places["up", level], across, dashed=True)
        below = (
            places["up", level + 1] if level < depth - 2 else places["down", depth - 1]
        )
        _arrow(axis, below, places["up", level], plain)
    axis.text(0, 0.62, "frame", ha="center", fontsize=9)
    axis.text(2 * depth - 2, 0.62, "probability of blood", ha="center", fontsize=9)
    axis.text(
        depth - 1,
        0.12,
        "handed across (dashed): where things are",
        ha="center",
        fontsize=9,
        color=across,
    )
    axis.set(xlim=(-0.8, 2 * depth - 1.2), ylim=(-depth + 0.2, 0.95))
    axis.axis("off")
    return made(
        figure,
        said,
        f"A U-Net: {depth} steps down for what, {len(decoder)} up for where",
        f"A U-Net drawn as a valley: the encoder goes down in {depth} steps, from "
        f"{channels[0]} channels at half the frame's size to {channels[-1]} at 1/"
        f"{2**depth} of it; the decoder comes up in {len(decoder)}, and a dashed arrow "
        "hands each encoder step across to the decoder step of the same size.",
        "In each box: the number of channels, and below it the map's width and height.",
    )


def _block(
    axis,
    x: float,
    y: float,
    channels: int,
    size: tuple[int, int],
    level: int,
    colour: str,
) -> tuple[float, float]:
    axis.add_patch(Rectangle((x - 0.42, y - 0.26), 0.84, 0.52, facecolor=colour))
    axis.text(
        x,
        y + 0.07,
        f"{channels}",
        ha="center",
        va="center",
        color="white",
        fontsize=9,
        fontweight="bold",
    )
    axis.text(
        x,
        y - 0.13,
        f"{size[1] >> level}×{size[0] >> level}",
        ha="center",
        va="center",
        color="white",
        fontsize=6.5,
    )
    return x, y


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
