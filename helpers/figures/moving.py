"""Pictures that move: several beside each other, in step, with a still for those who
prefer that nothing moves."""

import base64
import html
import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from helpers.words import listed

MOST_BYTES = 600_000
PACE = 0.4  # seconds that each moment is shown
GAP, HEAD, WIDE, IN_A_ROW = 4, 16, 240, 4  # pixels, pixels, pixels, pictures


class Moving:
    """An animation as HTML that works without a network and without scripts; shows
    itself."""

    def __init__(self, body: str, frames: list[Image.Image]) -> None:
        self.body, self.frames = body, frames

    def _repr_html_(self) -> str:
        return self.body

    def __repr__(self) -> str:
        return "Pictures that move, in a notebook or on the page."


def moving(
    columns: Mapping[str, Sequence[np.ndarray]],
    seconds: Sequence[float],
    title: str,
) -> Moving:
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
    return Moving(body, frames)


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
