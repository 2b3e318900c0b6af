"""Frames on the page: strips of them, what a prediction did to each pixel, labels, and
pictures that move."""

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence

import cv2
import matplotlib
import numpy as np
import pandas as pd
from IPython.display import HTML
from PIL import Image, ImageDraw, ImageFont

from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.frames import CLASSES, UNKNOWN
from helpers.words import counted, listed, name_of

OVERLAY = ("hit", "false alarm", "missed")


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


def clicked(
    image: np.ndarray,
    mask: np.ndarray,
    points: Sequence[tuple[int, int, bool]],
) -> np.ndarray:
    """A frame (HxWx3 uint8) with a mask's outline and the clicks (x, y, is_blood) that
    made it: a disk for blood, a cross for none.

    Three times the size, as every outline.
    """
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
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height, width = pictures[0].shape[:2]
    across = min(8.0, 2.4 + 2.0 * columns)  # one frame alone need not fill the page
    each = across / columns * height / width + 0.32
    figure, axes = style.new(
        across, rows * each + (0.3 if legend else 0.1), rows, columns, squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, words in zip(axes.flat, pictures, titles):
        # Enlarged smoothly, or shown as it is where it is large.
        axis.imshow(picture, interpolation="lanczos")
        if len(pictures) > 1:  # one alone has its title above
            axis.set_title(words, fontsize=8.5, pad=4)
    if legend:
        patches = [
            matplotlib.patches.Patch(
                facecolor=style.COLOURS[kind], label=kind, edgecolor="#4D4D4D"
            )
            for kind in legend
        ]
        figure.legend(
            handles=patches, loc="outside lower left", ncols=len(legend), fontsize=9
        )
    listing = "; ".join(title.replace("\n", ", ") for title in titles)
    key = "Blue: hit. Yellow: false alarm. White: missed." if legend == OVERLAY else ""
    named = titles[0] if len(pictures) == 1 else counted(len(pictures), "frame")
    return made(
        figure, said, named, f"{counted(len(pictures), 'picture')}: {listing}.", key
    )


def gallery(
    table: pd.DataFrame,
    picture: Callable[[pd.Series], np.ndarray],
    **said,
) -> Chart:
    """Best, middle and worst frame of each split by Dice, with what was marked.

    table: of evaluate, with `dice`; picture(row) gives the overlay (HxWx3 uint8).
    said: title, alt or caption in other words.
    """
    chosen, titles, ends = [], [], []
    for split, part in table.groupby("split", sort=False):
        ranked = part.dropna(subset="dice").sort_values("dice", kind="stable")
        if ranked.empty:
            continue
        for place, name in ((-1, "best"), (len(ranked) // 2, "middle"), (0, "worst")):
            row = ranked.iloc[place]
            chosen.append(picture(row))
            titles.append(f"{name}: {row['subject']}, {row['dice']:.2f}")
        ends.append(
            f"{ranked['dice'].iloc[0]:.2f} to {ranked['dice'].iloc[-1]:.2f} on "
            f"{name_of(split)}"
        )
    if not chosen:
        raise ValueError("no frame has a defined Dice")
    found = "Dice of single frames runs from " + ", and from ".join(ends)
    return strip(
        chosen,
        titles,
        columns=3,
        legend=OVERLAY,
        **{"title": found} | {key: words for key, words in said.items() if words},
    )


def classes(image: np.ndarray, labels: np.ndarray, **said) -> Chart:
    """A frame (HxWx3 uint8) beside its CholecSeg8k label (HxW class ids)."""
    colours = np.full((256, 3), 255, np.uint8)
    for entry in CLASSES:
        colours[entry.id] = entry.rgb
    figure, (left, middle) = style.new(8.0, 3.0, 1, 2)
    left.imshow(image)
    middle.imshow(colours[labels], interpolation="nearest")
    left.set_title("the frame")
    middle.set_title("its label, in the data set's own colours")
    for axis in (left, middle):
        axis.axis("off")
    share = {
        entry.name: 100 * (labels == entry.id).sum() / (labels != UNKNOWN).sum()
        for entry in CLASSES
        if (labels == entry.id).any()
    }
    patches = [
        matplotlib.patches.Patch(facecolor=np.array(entry.rgb) / 255, label=entry.name)
        for entry in CLASSES
        if entry.name in share
    ]
    if (labels == UNKNOWN).any():
        patches.append(
            matplotlib.patches.Patch(
                facecolor="white", edgecolor="#4D4D4D", label="unknown (not valid)"
            )
        )
    figure.legend(handles=patches, loc="outside lower center", ncols=4)
    if not share:
        return made(
            figure,
            said,
            "This label names no classes",
            "A frame beside an empty label: of one's own frames only blood is known.",
            "Blood is all that the mask of such a frame says.",
        )
    top = max(share, key=share.get)
    listing = "; ".join(
        f"{name} {part:.1f} %"
        for name, part in sorted(share.items(), key=lambda item: -item[1])
    )
    return made(
        figure,
        said,
        f"{counted(len(share), 'class').replace('classs', 'classes')} in "
        f"one frame: {top.lower()} takes {share[top]:.0f} % of it, blood "
        f"{share.get('Blood', 0):.1f} %",
        f"A frame beside its label. Classes by area: {listing}.",
        "Each colour is a class. Find the blood in the label, then in the frame.",
    )


def _enlarged(mask: np.ndarray, times: int) -> np.ndarray:
    return mask.repeat(times, axis=0).repeat(times, axis=1) if times > 1 else mask


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
    return tuple(
        int(round(255 * part)) for part in matplotlib.colors.to_rgb(style.COLOURS[kind])
    )


MOST_BYTES = 600_000
PACE = 0.4  # seconds that each moment is shown
GAP, HEAD, WIDE, IN_A_ROW = 4, 16, 240, 4  # pixels, pixels, pixels, pictures


def moving(
    columns: Mapping[str, Sequence[np.ndarray]],
    seconds: Sequence[float],
    title: str,
) -> HTML:
    """Pictures (uint8 RGB of any size, shown WIDE pixels wide) by name, as many of each
    as there are `seconds`, shown in step for PACE seconds each. Where reduced motion
    is preferred the one in the middle stands still. ValueError above MOST_BYTES."""
    frames = [
        _sheet(
            {name: some[n] for name, some in columns.items()}, f"{seconds[n]:+.1f} s"
        )
        for n in range(len(seconds))
    ]
    middle = len(frames) // 2
    first = (
        f"{title}. {len(frames)} moments from {seconds[0]:+.1f} to {seconds[-1]:+.1f} s"
    )
    alt = f"{first}, side by side: {listed(list(columns))}."
    still, film = _uri(frames[middle : middle + 1]), _uri(frames)
    if len(film) > MOST_BYTES:
        raise ValueError(f"{title}: {len(film)} bytes; show fewer or smaller pictures")
    wide, high = frames[0].size
    body = (
        '<figure class="chart moving"><picture>'
        f'<source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
        f'<img src="{film}" alt="{html.escape(alt)}" width="{wide}" height="{high}">'
        f"</picture><figcaption><strong>{html.escape(title)}.</strong> The seconds "
        "count from the onset. Where reduced motion is preferred, one moment stands "
        "still.</figcaption></figure>"
    )
    return HTML(body)


def _sheet(pictures: Mapping[str, np.ndarray], moment: str) -> Image.Image:
    """Named pictures in rows, the moment beside the first name."""
    first = next(iter(pictures.values()))
    wide, high = WIDE, round(WIDE * first.shape[0] / first.shape[1])
    rows = -(-len(pictures) // IN_A_ROW)
    columns = min(len(pictures), IN_A_ROW)
    size = (columns * (wide + GAP) - GAP, rows * (high + HEAD))
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for place, (name, picture) in enumerate(pictures.items()):
        left = (place % IN_A_ROW) * (wide + GAP)
        top = (place // IN_A_ROW) * (high + HEAD)
        text = f"{name}, {moment}" if place == 0 else name
        pen.text((left + 2, top + 1), text, fill="black", font=font)
        fitted = Image.fromarray(picture).resize(
            (wide, high), Image.Resampling.BILINEAR
        )
        sheet.paste(fitted, (left, top + HEAD))
    return sheet


def _uri(frames: list[Image.Image]) -> str:
    held = io.BytesIO()
    how = dict(format="WEBP", quality=50, method=4)
    if len(frames) > 1:
        how |= dict(save_all=True, append_images=frames[1:], loop=0)
        how |= dict(duration=round(1000 * PACE))
    frames[0].save(held, **how)
    return "data:image/webp;base64," + base64.b64encode(held.getvalue()).decode()
