"""Small drawings beside what is played with, as SVG in the page's own colours and type:
bars, dots with an interval, a line with a mark.

Their words are the scene's sentence, so to a screen reader they are pictures.
"""

import html
from collections.abc import Mapping, Sequence

import numpy as np

from helpers.words import number

WIDE = 360  # units of the drawing; letters are 13 of them high
LEFT, RIGHT = 132, 56


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
    scale = _scale(limits, LEFT, WIDE - RIGHT)
    zero, parts = scale(0.0), []
    for place, (name, value) in enumerate(values.items()):
        y = 26 + 26 * place
        parts.append(_text(0, y + 13, name))
        if np.isfinite(value):
            x = sorted((zero, scale(value)))
            wide = max(x[1] - x[0], 0.8)
            parts.append(
                f'<rect class="bar" x="{x[0]:.1f}" y="{y}" width="{wide:.1f}" '
                'height="16"/>'
            )
        parts.append(_text(WIDE, y + 13, number(value, form), "end"))
        if others is not None:
            path = "".join(f"M{scale(one):.0f} {y + 8}h0" for one in others[name])
            parts.append(f'<path class="others" d="{path}" fill="none"/>')
        if reference is not None and np.isfinite(reference[name]):
            at = scale(reference[name])
            parts.append(f'<path class="tick" d="M{at:.1f} {y - 4}v24" fill="none"/>')
    high = 30 + 26 * len(values)
    parts.append(f'<path class="axis" d="M{zero:.1f} 20V{high - 6}" fill="none"/>')
    return _svg(high, about, parts)


def dots(
    values: Mapping[str, float],
    kept: Sequence[str],
    limits: tuple[float, float],
    middle: float,
    interval: tuple[float, float] | None,
    about: str = "",
) -> str:
    """A dot for each subject on one axis (hollow where it is taken away), their middle,
    and its interval."""
    scale, parts = _scale(limits, 12, WIDE - 12), []
    kept = set(kept)
    for place, (name, value) in enumerate(values.items()):
        # Neighbours stand at different heights, so that none hides another.
        y = 46 + 9 * (place % 5)
        kind = "dot" if name in kept else "dot gone"
        parts.append(
            f'<circle class="{kind}" cx="{scale(value):.1f}" cy="{y}" r="5">'
            f"<title>{html.escape(name)}: {value:.2f}</title></circle>"
        )
    if np.isfinite(middle):
        parts.append(f'<path class="tick" d="M{scale(middle):.1f} 96v24" fill="none"/>')
    if interval and np.isfinite(interval).all():
        low, high = (scale(one) for one in interval)
        parts.append(
            f'<path class="range" d="M{low:.1f} 108H{high:.1f}M{low:.1f} 102v12'
            f'M{high:.1f} 102v12" fill="none"/>'
        )
    parts += _axis(scale, limits, 130)
    return _svg(152, about, parts)


def line(
    x: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    limits: tuple[float, float],
    at: float,
    about: str = "",
    said_x: str = "",
) -> str:
    """Up to three lines over x, each named at its end, and an upright mark at `at`."""
    ends = (float(np.min(x)), float(np.max(x)))
    across, up = _scale(ends, 34, WIDE - 8), _scale(limits, 150, 30)
    parts = [f'<path class="tick" d="M{across(at):.1f} 28V150" fill="none"/>']
    for place, (name, values) in enumerate(lines.items()):
        pieces = [
            f"{across(a):.1f} {up(b):.1f}" if np.isfinite(b) else None
            for a, b in zip(x, values)
        ]
        path, pen = "", "M"
        for piece in pieces:
            path, pen = (path + pen + piece, "L") if piece else (path, "M")
        parts.append(f'<path class="line line{place}" d="{path}" fill="none"/>')
        parts.append(
            f'<path class="line line{place}" d="M{34 + 108 * place} 188h18" '
            'fill="none"/>'
        )
        parts.append(_text(56 + 108 * place, 192, name))
    parts += _axis(across, ends, 154)
    parts.append(_text(WIDE - 8, 170, said_x, "end"))
    for value in limits:
        parts.append(_text(28, up(value) + 4, f"{value:g}", "end"))
    return _svg(200, about, parts)


def cloud(
    x: np.ndarray,
    y: np.ndarray,
    chosen: np.ndarray,
    limits: tuple[float, float],
    about: str = "",
    said_x: str = "",
) -> str:
    """A dot for each pair of x and y, the chosen ones (bool) in front; limits: of y."""
    known = np.isfinite(x) & np.isfinite(y)
    ends = (float(x[known].min()), float(x[known].max())) if known.any() else (0, 1)
    ends = ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[1] + 0.5)
    across, up = _scale(ends, 40, WIDE - 8), _scale(limits, 180, 30)
    parts = []
    for kind, where in (("others", ~chosen), ("chosen", chosen)):
        path = "".join(
            f"M{across(a):.0f} {up(b):.0f}h0"
            for a, b in zip(x[where & known], y[where & known])
        )
        parts.append(f'<path class="{kind}" d="{path}" fill="none"/>')
    parts += _axis(across, ends, 188)
    parts.append(_text(WIDE - 8, 222, said_x, "end"))
    parts += [_text(32, up(one) + 4, f"{one:g}", "end") for one in limits]
    return _svg(230, about, parts)


def _scale(limits, first, last):
    low, high = limits
    return lambda value: first + (float(value) - low) / (high - low) * (last - first)


def _axis(scale, limits, y) -> list[str]:
    ticks = np.linspace(*limits, 3)
    rule = (
        f'<path class="axis" d="M{scale(limits[0]):.1f} {y}H{scale(limits[1]):.1f}"/>'
    )
    anchors = ("start", "middle", "end")
    return [rule] + [
        _text(scale(one), y + 16, f"{one:.3g}", anchor)
        for one, anchor in zip(ticks, anchors)
    ]


def _text(x, y, words, anchor="start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">'
        f"{html.escape(str(words))}</text>"
    )


def _svg(high: float, about: str, parts: list[str]) -> str:
    above = _text(0, 13, about) if about else ""
    return (
        f'<svg class="play-drawing" viewBox="0 0 {WIDE} {high}" aria-hidden="true" '
        f'focusable="false">{above}{"".join(parts)}</svg>'
    )
