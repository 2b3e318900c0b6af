"""Frames on the page: strips of them, what a prediction did to each pixel, labels, maps
over the frame, pictures that move, and the U-Net, drawn."""

import base64
import html
import io
from collections.abc import Mapping, Sequence

import cv2
import matplotlib
import numpy as np
from IPython.display import HTML
from matplotlib.patches import Patch
from PIL import Image, ImageDraw, ImageFont

from helpers.figures.chart import COLOURS, Chart, made, new
from helpers.words import counted, listed

OVERLAY = ("hit", "false alarm", "missed")
MOST_BYTES = 600_000
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
        where = where & valid
        colour = np.array(_rgb(kind), float)
        mixed = (0.35 * shown + 0.65 * colour).astype(np.uint8)
        shown = np.where(where[..., None], mixed, shown)
    return shown


def heat(
    values: np.ndarray, size: tuple[int, int], image: np.ndarray | None = None
) -> np.ndarray:
    """A map (float hxw) as colours of a size (height, width), HxWx3 uint8: dark where
    it is least, bright at its 99th percentile and above; laid over an image where one
    is given."""
    wide = cv2.resize(np.asarray(values, np.float32), size[::-1])
    low, high = np.min(wide), np.percentile(wide, 99)
    part = np.clip((wide - low) / (high - low if high > low else 1), 0, 1)
    colours = 255 * matplotlib.colormaps["inferno"](part)[..., :3]
    if image is not None:
        grey = image.mean(axis=2, keepdims=True)
        colours = 0.25 * grey + 0.75 * colours
    return colours.astype(np.uint8)


def _enlarged(mask: np.ndarray, times: int) -> np.ndarray:
    return mask.repeat(times, axis=0).repeat(times, axis=1)


def _outlined(
    image: np.ndarray, mask: np.ndarray, colour: str, times: int = 3
) -> np.ndarray:
    # A small frame is enlarged first, so that a thin outline does not hide a small
    # pool.
    large = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    mask = _enlarged(mask.astype(np.uint8), times)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.ascontiguousarray(large), contours, -1, _rgb(colour), 1)


def _rgb(kind: str) -> tuple[int, int, int]:
    return tuple(bytes.fromhex(COLOURS[kind][1:]))


def strip(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str],
    columns: int = 4,
    *,
    legend: tuple[str, ...] = (),
    **said,
) -> Chart:
    """Pictures (HxWx3 uint8) in rows, a short title over each.

    legend: overlay colours that are named below (OVERLAY, or some of it).
    """
    many = len(pictures)
    columns = min(columns, many)
    rows = -(-many // columns)
    height, width = pictures[0].shape[:2]
    across = min(8.0, 2.4 + 2.0 * columns)  # one frame alone need not fill the page
    each = across / columns * height / width + 0.32
    below = 0.3 if legend else 0.1
    figure, axes = new(across, rows * each + below, rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, title in zip(axes.flat, pictures, titles):
        # Enlarged smoothly, or shown as it is where it is large.
        axis.imshow(picture, interpolation="lanczos")
        if many > 1:  # one alone has its title above
            axis.set_title(title, fontsize=8.5, pad=4)
    if legend:
        _key(figure, {kind: COLOURS[kind] for kind in legend})
    listing = "; ".join(title.replace("\n", ", ") for title in titles)
    key = "Blue: hit. Yellow: false alarm. White: missed." if legend == OVERLAY else ""
    named = titles[0] if many == 1 else counted(many, "frame")
    return made(figure, said, named, f"{counted(many, 'picture')}: {listing}.", key)


def _key(figure, colours: Mapping) -> None:
    patches = [
        Patch(facecolor=colour, label=name, edgecolor="#4D4D4D")
        for name, colour in colours.items()
    ]
    figure.legend(handles=patches, loc="outside lower left", ncols=4, fontsize=9)


def moving(
    columns: Mapping[str, Sequence[np.ndarray]], seconds: Sequence[float], title: str
) -> HTML:
    """Pictures (uint8 RGB of any size, shown WIDE pixels wide) by name, as many of each
    as there are `seconds`, shown in step for PACE seconds each. Where reduced motion
    is preferred the one in the middle stands still. ValueError above MOST_BYTES."""
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
    if len(film) > MOST_BYTES:
        raise ValueError(f"{title}: {len(film)} bytes; show fewer or smaller pictures")
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
    held, film = io.BytesIO(), {}
    if len(frames) > 1:
        film = {"save_all": True, "append_images": frames[1:], "loop": 0}
        film["duration"] = round(1000 * PACE)
    frames[0].save(held, "WEBP", quality=50, method=4, **film)
    return "data:image/webp;base64," + base64.b64encode(held.getvalue()).decode()
