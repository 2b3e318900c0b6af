"""Frames on the page: strips of them, what a prediction did to each pixel, maps over
the frame, pictures that move, and the U-Net, drawn."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import cv2
import matplotlib
import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.patches import Patch
from PIL import Image, ImageDraw, ImageFont

from helpers.charts import COLOURS, DID, GREY, Chart, new
from helpers.words import counted, listed, name_of

OVERLAY = {kind: DID[kind] for kind in ("hit", "false alarm", "missed")}
PACE = 0.4  # seconds that each moment of a moving picture is shown
GAP, HEAD, WIDE, IN_A_ROW = 4, 16, 240, 4  # pixels, pixels, pixels, pictures


def overlay(
    image: np.ndarray,
    blood: np.ndarray,
    valid: np.ndarray,
    prediction: np.ndarray | None = None,
) -> np.ndarray:
    """A frame (HxWx3 uint8) with its blood outlined, or with what a prediction did:
    hit, false alarm, missed.

    Without a prediction the label's edge is drawn in blue; pixels without a known label
    are darkened. A frame may be a whole number of times as large as its label, whose
    pixels then stay squares.
    """
    times = len(image) // len(valid)
    blood, valid = _enlarged(blood, times), _enlarged(valid, times)
    prediction = None if prediction is None else _enlarged(prediction, times)
    shown = np.where(valid[..., None], image, image // 3)
    if prediction is None:
        return _outlined(shown, blood & valid, "hit", 1 if times > 1 else 3)
    did = (prediction & blood, prediction & ~blood, ~prediction & blood)
    for kind, where in zip(OVERLAY, did):
        mixed = (0.35 * shown + 0.65 * np.array(_rgb(kind), float)).astype(np.uint8)
        shown = np.where((where & valid)[..., None], mixed, shown)
    return shown


def clicked(
    image: np.ndarray, mask: np.ndarray, points: Sequence[tuple[int, int, bool]]
) -> np.ndarray:
    """A frame (HxWx3 uint8) with a mask's outline and the clicks (x, y, is_blood) that
    made it, three times the size: a disk for blood, a cross for none."""
    shown = _outlined(image, mask, "hit")
    for x, y, is_blood in points:
        at = (3 * x + 1, 3 * y + 1)
        if is_blood:
            cv2.circle(shown, at, 5, (0, 0, 0), -1, cv2.LINE_AA)
            cv2.circle(shown, at, 3, _rgb("missed"), -1, cv2.LINE_AA)
        else:
            for colour, wide in (((0, 0, 0), 5), (_rgb("false alarm"), 2)):
                cv2.drawMarker(shown, at, colour, cv2.MARKER_TILTED_CROSS, 9, wide)
    return shown


def _enlarged(mask: np.ndarray, times: int) -> np.ndarray:
    return mask.repeat(times, axis=0).repeat(times, axis=1)


def _outlined(image, mask, colour: str, times: int = 3) -> np.ndarray:
    # A small frame is enlarged first, so that a thin outline does not hide a small
    # pool.
    large = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    mask = _enlarged(mask.astype(np.uint8), times)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.ascontiguousarray(large), contours, -1, _rgb(colour), 1)


def _rgb(kind: str) -> tuple[int, int, int]:
    return tuple(bytes.fromhex(DID[kind][1:]))


def strip(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str],
    title: str = "",
    *,
    columns: int = 4,
    legend: Mapping = MappingProxyType({}),
    alt: str = "",
    caption: str = "",
) -> Chart:
    """Pictures (HxWx3 uint8) in rows, a short title over each, and one over all; alt
    text: what is seen, in place of a list of the titles. legend: names to colours that
    are told below, such as OVERLAY.
    """
    many = len(pictures)
    columns = min(columns, many)
    rows = -(-many // columns)
    height, width = pictures[0].shape[:2]
    across = min(8.0, 2.4 + 2.0 * columns)  # one frame alone need not fill the page
    each = across / columns * height / width + 0.32
    below = 0.3 * -(-len(legend) // 3) if legend else 0.1
    figure, axes = new(across, rows * each + below, rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, over in zip(axes.flat, pictures, titles):
        # Enlarged smoothly, or shown as it is where it is large.
        axis.imshow(picture, interpolation="lanczos")
        if many > 1 or title:
            axis.set_title(over, fontsize=8.5, pad=4)
    if legend:
        parts = [
            Patch(facecolor=colour, label=name, edgecolor=GREY)
            for name, colour in legend.items()
        ]
        figure.legend(handles=parts, loc="outside lower left", ncols=3, fontsize=9)
    listing = "; ".join(over.replace("\n", ", ") for over in titles)
    named = title or (titles[0] if many == 1 else counted(many, "frame"))
    said = f"{counted(many, 'picture')}: {alt or listing}"
    return Chart(figure, named, f"{said.rstrip('.')}.", caption)


def maps(
    shares: Mapping[str, np.ndarray],
    title: str,
    label: str = "falsely marked,\n% of the frames",
    *,
    alt: str,
    caption: str = "",
) -> Chart:
    """Maps over the frame by split, on one scale with a colour bar.

    shares: percent of the frames, HxW, NaN where never valid. alt: what is seen.
    """
    height, width = next(iter(shares.values())).shape
    high = 7.8 / len(shares) * height / width + 0.5
    figure, axes = new(8.0, high, 1, len(shares), squeeze=False)
    top = max(1.0, *(np.nanmax(one) for one in shares.values()))
    colours = matplotlib.colormaps["cividis"].with_extremes(bad="#D9D9D9")
    for axis, (split, one) in zip(axes[0], shares.items()):
        drawn = axis.imshow(np.ma.masked_invalid(one), cmap=colours, vmin=0, vmax=top)
        axis.set(title=name_of(split), xticks=[], yticks=[], xlabel="across the frame")
    axes[0, 0].set_ylabel("down the frame")
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.8)
    return Chart(figure, title, f"Maps over the frame. {alt}", caption)


def unet(stages: pd.DataFrame, decoder: list[int]) -> Chart:
    """The U-Net as a valley: the encoder goes down from the frame, the decoder comes up
    to its size again, and what lies between is handed across.

    stages: the frame and the encoder's feature maps from fine to coarse, with their
    channels, height, width and scale; decoder: the channels of its
    blocks from coarse to fine, each twice as large as the one before.
    """
    figure, axis = new(8.0, 4.0)
    # Level 0 is the frame's own size, and a level further down is half as large. An
    # encoder may have no map at some level; the decoder has a block at each.
    boxes, down = [], {}
    for one in stages.itertuples():
        level = one.scale.bit_length() - 1
        down[level] = (level, -level)
        boxes.append((down[level], one.channels, one.width, one.height))
    depth, (_, _, width, height) = level, boxes[-1]
    for step, channels in enumerate(decoder, start=1):
        place = (depth + step, step - depth)
        boxes.append((place, channels, width << step, height << step))
    ends = [box[0] for box in boxes]
    ways = [(start, end, GREY, "-") for start, end in zip(ends, ends[1:])]
    across, (x, y) = COLOURS["target"], ends[-1]
    handed = [(down[-v], (u, v)) for u, v in ends[len(stages) :] if v and -v in down]
    ways += [(start, end, across, "--") for start, end in handed]
    for start, end, colour, style in ways:
        look = {"arrowstyle": "-|>", "lw": 1.1, "color": colour, "linestyle": style}
        axis.annotate("", end, start, arrowprops=look | {"shrinkA": 22, "shrinkB": 22})
    for n, (place, channels, wide, high) in enumerate(boxes):
        fill = COLOURS["source" if n < len(stages) else "wished"] if n else "white"
        look = {"ha": "center", "va": "center", "fontsize": 7.5}
        look |= {"color": "white" if n else GREY, "linespacing": 1.4}
        box = {"boxstyle": "square,pad=0.5", "facecolor": fill, "edgecolor": GREY}
        axis.text(*place, f"$\\bf{{{channels}}}$\n{wide}×{high}", bbox=box, **look)
    said_at = {"frame": (0, 0.42), "probability of blood": (x, y + 0.42)}
    said_at["handed across (dashed): where things are"] = (depth, -0.78)
    for text, at in said_at.items():
        colour = across if "dashed" in text else "black"
        axis.text(*at, text, ha="center", fontsize=9, color=colour)
    axis.set(xlim=(-0.9, depth + len(decoder) + 0.9), ylim=(-depth - 0.6, 0.75))
    axis.axis("off")
    steps, top = len(stages) - 1, stages.iloc[0]
    return Chart(
        figure,
        f"A U-Net: {steps} steps down for what, {len(decoder)} up for where",
        f"A U-Net drawn as a valley: the encoder goes down in {steps} steps, from the "
        f"frame's {top['channels']} channels of {top['width']}×{top['height']} pixels "
        f"to {one.channels} channels of {width}×{height}, 1/{one.scale} of its width "
        f"and height; the decoder comes up in {len(decoder)}, and {len(handed)} dashed "
        "arrows hand the encoder's maps across to the decoder's blocks of the same "
        "size. None leads from the frame itself.",
        "In each box: the number of channels, and below it the map's width and height.",
    )


def moving(
    columns: Mapping[str, Sequence[np.ndarray]], seconds: Sequence[float], title: str
) -> HTML:
    """Pictures (uint8 RGB of any size, shown WIDE pixels wide) by name, as many of each
    as there are `seconds`, shown in step for PACE seconds each. Where reduced motion
    is preferred the one in the middle stands still."""
    frames = [
        _sheet({name: some[n] for name, some in columns.items()}, f"{second:+.1f} s")
        for n, second in enumerate(seconds)
    ]
    middle = len(frames) // 2
    alt = (
        f"{title}. {len(frames)} moments from {seconds[0]:+.1f} to {seconds[-1]:+.1f} "
        f"s, side by side: {listed(list(columns))}."
    )
    still, film = _uri(frames[middle : middle + 1]), _uri(frames)
    wide, high = frames[0].size
    return HTML(
        '<figure class="chart moving"><picture>'
        f'<source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
        f'<img src="{film}" alt="{html.escape(alt)}" width="{wide}" height="{high}">'
        f"</picture><figcaption><strong>{html.escape(title)}.</strong> The seconds "
        "count from the onset. Where reduced motion is preferred, one moment stands "
        "still.</figcaption></figure>"
    )


def _sheet(pictures: Mapping[str, np.ndarray], moment: str) -> Image.Image:
    """Named pictures in rows, the moment beside the first name."""
    first = next(iter(pictures.values()))
    wide, high = WIDE, round(WIDE * first.shape[0] / first.shape[1])
    rows, columns = -(-len(pictures) // IN_A_ROW), min(len(pictures), IN_A_ROW)
    size = (columns * (wide + GAP) - GAP, rows * (high + HEAD))
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for place, (name, picture) in enumerate(pictures.items()):
        row, column = divmod(place, IN_A_ROW)
        left, top = column * (wide + GAP), row * (high + HEAD)
        text = name if place else f"{name}, {moment}"
        pen.text((left + 2, top + 1), text, fill="black", font=font)
        fitted = Image.fromarray(picture).resize((wide, high), Image.BILINEAR)
        sheet.paste(fitted, (left, top + HEAD))
    return sheet


def _uri(frames: list[Image.Image]) -> str:
    held, film = io.BytesIO(), {"append_images": frames[1:], "loop": 0}
    film["duration"] = round(1000 * PACE)
    frames[0].save(held, "WEBP", save_all=True, quality=50, method=4, **film)
    return "data:image/webp;base64," + base64.b64encode(held.getvalue()).decode()
