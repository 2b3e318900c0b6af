"""What is seen of a thing to play with: pictures with what was marked on them, a
sentence, numbers and a small drawing, as HTML in the page's own colours and type."""

import base64
import html
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from helpers.charts import DID
from helpers.words import number

COLUMNS = 8  # pictures side by side in a sheet
LARGER = 3  # marks are as much finer than a small frame, so that edges are smooth
# What a mark did, with its share of the colour in the mixture (pictures.overlay).
MARKS = {
    "nothing": ("#000000", 0.0),
    "hit": (DID["hit"], 0.65),
    "false alarm": (DID["false alarm"], 0.65),
    "missed": (DID["missed"], 0.65),
    "unknown": ("#000000", 0.67),
    "edge": (DID["hit"], 1.0),
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame (HxWx3 uint8) with its title, and what was marked on it.

    blood, valid, found: bool hxw, or None. Without `found` the label's edge is drawn,
    without `blood` nothing.
    """

    image: np.ndarray
    title: str = ""
    blood: np.ndarray | None = None
    valid: np.ndarray | None = None
    found: np.ndarray | None = None

    def marks(self) -> np.ndarray | None:
        """What was marked, as places in MARKS (uint8, LARGER times as large); None
        where there is no label."""
        if self.blood is None:
            return None
        known = np.ones_like(self.blood) if self.valid is None else self.valid
        blood, valid = enlarged(self.blood & known), enlarged(known)
        if self.found is None:
            around = cv2.dilate(blood.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            places, did = [5], [around & ~blood]
        else:
            found = enlarged(self.found & known)
            places, did = [1, 2, 3], [found & blood, found & ~blood, blood & ~found]
        return np.select([~valid, *did], [4, *places]).astype(np.uint8)

    def blended(self) -> str:
        """The address of a picture with the marks on it."""
        image, marks = Image.fromarray(self.image), self.marks()
        if marks is not None:
            layer = _layer(marks).convert("RGBA")
            image = image.resize(layer.size, Image.Resampling.BICUBIC)
            image.paste(layer, mask=layer)
        return address(image)


@dataclass(frozen=True, eq=False)
class Scene:
    """What is seen at one setting: a sentence that says it, pictures, numbers, and a
    small drawing.

    numbers: the same names at every setting. forms: of some of them, ".2f" else.
    """

    words: str
    pictures: Sequence[Picture] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    drawing: str = ""

    def texts(self) -> list[str]:
        """The numbers as they are shown; an undefined one is a dash, as in a table."""
        return [
            "–" if math.isnan(value) else number(value, self.forms.get(name, ".2f"))
            for name, value in self.numbers.items()
        ]

    def html(self, beside: str = "") -> str:
        """The still on the page, and each answer in Jupyter; beside: more HTML."""
        shown = "".join(
            f'<div class="play-picture"><img alt="{html.escape(said)}" '
            f'src="{one.blended()}"><p>{html.escape(one.title)}</p></div>'
            for one in self.pictures
            for said in [f"{one.title}. {self.words}".removeprefix(". ")]
        )
        if shown:
            many = min(len(self.pictures), 3)
            shown = f'<div class="play-pictures many{many}">{shown}</div>'
            if any(one.found is not None for one in self.pictures):
                colours = "".join(
                    f'<span><i class="{said.split()[0]}"></i>{said}</span>'
                    for said in ("hit", "false alarm", "missed")
                )
                shown += f'<p class="play-key">{colours}</p>'
            shown = f'<div class="play-left">{shown}</div>'
        rows = "".join(
            f"<div><dt>{html.escape(name)}</dt><dd>{text}</dd></div>"
            for name, text in zip(self.numbers, self.texts())
        )
        side = f'<dl class="play-numbers">{rows}</dl>' if rows else ""
        side += f'<div class="play-beside">{self.drawing}</div>' if self.drawing else ""
        side = f'<div class="play-side">{side}{beside}</div>' if side + beside else ""
        return (
            f'<div class="play-body">{shown}{side}</div>'
            f'<p class="play-words" aria-live="polite">{html.escape(self.words)}</p>'
        )


def figure(inside: str, title: str, caption: str, kind: str = "") -> str:
    """The figure around a thing to play with; kind: of play.js, on a page."""
    kind = f' data-play="{kind}"' if kind else ""
    title = html.escape(title)
    said = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="play"{kind} aria-label="{title}">'
        f'<p class="play-title">{title}</p>{inside}{said}</figure>'
    )


class Sheets:
    """Many small pictures as two files: frames as lossy WebP, marks as lossless, which
    keeps an edge an edge. Each is a grid of tiles of one size, every tile once.
    """

    def __init__(self) -> None:
        self.tiles: dict[str, dict[bytes, np.ndarray]] = {"frames": {}, "marks": {}}

    def add(self, picture: Picture) -> list[int]:
        """The places of a picture's frame and marks in their sheets; -1 for no
        marks."""
        places = []
        for kind, tile in (("frames", picture.image), ("marks", picture.marks())):
            if tile is None:
                places.append(-1)
            else:
                tiles, key = self.tiles[kind], tile.tobytes()
                tiles.setdefault(key, tile)
                places.append(list(tiles).index(key))
        return places

    def page(self, inside: str, data: dict, title: str) -> str:
        """What stands in a figure on the page: controls to come, a still, the sheets,
        and the data, from which play.js sets everything going."""
        sheets = ""
        for kind, tiles in self.tiles.items():
            if tiles:
                tiles = list(tiles.values())
                columns = min(COLUMNS, len(tiles))
                data[kind] = {"size": tiles[0].shape[:2], "columns": columns}
                tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
                starts = range(0, len(tiles), columns)
                whole = np.vstack([np.hstack(tiles[n : n + columns]) for n in starts])
                said = f"All {kind} of: {html.escape(title)}"
                if kind == "frames":
                    source = address(Image.fromarray(whole))
                else:
                    source = address(_layer(whole).convert("RGBA"), lossless=True)
                sheets += f'<img class="{kind}" alt="{said}" src="{source}">'
        # "<" could end the script that the data stand in.
        written = json.dumps(data, separators=(",", ":"), allow_nan=False)
        written = written.replace("<", "\\u003c")
        return (
            f'<div class="play-controls"></div>{inside}'
            f'<div class="play-sheets" hidden>{sheets}</div>'
            f'<script type="application/json">{written}</script>'
        )


def enlarged(mask: np.ndarray) -> np.ndarray:
    """A mask (bool HxW) LARGER times as large, with a smooth edge instead of steps."""
    grown = mask.repeat(LARGER, axis=0).repeat(LARGER, axis=1).astype(np.float32)
    # So little that a single pixel stays.
    return cv2.GaussianBlur(grown, (0, 0), 0.4 * LARGER) > 0.5


def address(image: Image.Image, lossless: bool = False) -> str:
    """A picture as an address that holds it, of a lossy WebP or of a lossless one."""
    how = {"quality": 100, "method": 4} if lossless else {"quality": 60, "method": 6}
    buffer = io.BytesIO()
    image.save(buffer, "webp", lossless=lossless, **how)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _layer(places: np.ndarray) -> Image.Image:
    """Places in MARKS as a picture of a few transparent colours."""
    image, colours = Image.fromarray(places, "P"), []
    for colour, share in MARKS.values():
        colours += [*bytes.fromhex(colour[1:]), round(255 * share)]
    image.putpalette(colours, "RGBA")
    return image


# Small drawings beside what is played with, and the pieces from which lessons make
# others. Their words are the scene's sentence, so to a screen reader they are pictures.
WIDE = 360  # units of a drawing; letters are 13 of them high


def bars(
    values: Mapping[str, float],
    limits: tuple[float, float],
    reference: Mapping[str, float] | None = None,
    form: str = ".2f",
    about: str = "",
    others: Mapping[str, Sequence[float]] | None = None,
) -> str:
    """A bar from zero for each value, and a tick at its reference.

    limits: of the axis. about: what the bars show, set above them. others: faint dots
    in a value's row.
    """
    across = scale(limits, 132, WIDE - 56)
    zero, parts = across(0), []
    for place, (name, value) in enumerate(values.items()):
        y = 26 + 26 * place
        parts.append(text(0, y + 13, name))
        if np.isfinite(value):
            parts.append(bar(*sorted((zero, across(value))), y))
        parts.append(text(WIDE, y + 13, number(value, form), "end"))
        if others is not None:
            parts.append(dots("others", [(across(x), y + 8) for x in others[name]]))
        if reference is not None and np.isfinite(reference[name]):
            parts.append(path("tick", f"M{across(reference[name]):.1f} {y - 4}v24"))
    high = 30 + 26 * len(values)
    return svg(high, about, *parts, path("axis", f"M{zero:.1f} 20V{high - 6}"))


def line(
    x: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    limits: tuple[float, float],
    at: float,
    about: str = "",
) -> str:
    """Up to three lines over x, each named below, and an upright mark at `at`."""
    ends = (min(x), max(x))
    across, up = scale(ends, 34, WIDE - 8), scale(limits, 150, 30)
    parts = [path("tick", f"M{across(at):.1f} 28V150")]
    for place, (name, values) in enumerate(lines.items()):
        way, pen, left = "", "M", 34 + 108 * place
        for a, b in zip(x, values):
            known = np.isfinite(b)
            way += f"{pen}{across(a):.1f} {up(b):.1f}" if known else ""
            pen = "L" if known else "M"
        parts += [path(f"line line{place}", one) for one in (way, f"M{left} 188h18")]
        parts.append(text(left + 22, 192, name))
    parts += axis(across, ends, 154)
    parts += [text(28, up(one) + 4, f"{one:g}", "end") for one in limits]
    return svg(200, about, *parts)


def scale(limits: tuple[float, float], first: float, last: float) -> Callable:
    """From values between two limits to places between first and last."""
    low, high = map(float, limits)
    return lambda value: first + (float(value) - low) / (high - low) * (last - first)


def axis(across: Callable, limits: tuple[float, float], y: float) -> list[str]:
    """A rule at height y with three numbers below."""
    ticks = zip(np.linspace(*limits, 3), ("start", "middle", "end"))
    rule = path("axis", f"M{across(limits[0]):.1f} {y}H{across(limits[1]):.1f}")
    return [rule] + [text(across(one), y + 16, f"{one:.3g}", at) for one, at in ticks]


def path(kind: str, way: str) -> str:
    """kind: of play.css, such as tick, range or line. way: an SVG path's data."""
    return f'<path class="{kind}" d="{way}" fill="none"/>'


def bar(left: float, right: float, y: float) -> str:
    wide = max(right - left, 0.8)
    return f'<rect class="bar" x="{left:.1f}" y="{y}" height="16" width="{wide:.1f}"/>'


def dots(kind: str, places: Iterable[tuple[float, float]]) -> str:
    """Many dots as one path; kind: others (faint) or chosen."""
    return path(kind, "".join(f"M{x:.0f} {y:.0f}h0" for x, y in places))


def text(x: float, y: float, words: object, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">'
        f"{html.escape(str(words))}</text>"
    )


def svg(high: float, about: str, *parts: str) -> str:
    """The drawing, WIDE by high; about: what it shows, set above it."""
    above = text(0, 13, about) if about else ""
    return (
        f'<svg class="play-drawing" viewBox="0 0 {WIDE} {high}" aria-hidden="true" '
        f'focusable="false">{above}{"".join(parts)}</svg>'
    )
