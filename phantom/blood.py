"""Blood as a wet film: where it gathers, how thick it lies, what light makes of it."""

import cv2
import numpy as np

from phantom.scene import (
    Field,
    grid,
    hollow,
    linear,
    mix,
    noise,
    step,
    tiled,
    turned,
    unit,
)

THICK = 0.10
"""Thickness from which a careful annotator calls it blood; below lies a stain."""

DRY = 99.0
"""The brim of a field that holds no blood."""


def potential(
    rng: np.random.Generator,
    height: Field,
    sites: list[tuple[float, float]],
    down: float = 1.0,
    lace: float = 0.6,
) -> Field:
    """Where blood comes first: high near the bleeding `sites` (x, y), in hollows, along
    runs that follow the slope and in smears wiped off them; `lace` (0-1) is how frayed
    pools are. A rising level fills the field from its top."""
    shape, scale = height.shape, unit(height.shape)
    x, y = grid(shape)
    wander = noise(rng, shape, 26 * scale, 4, lace)
    near = np.full(shape, -9.0, np.float32)
    for sx, sy in sites:
        reach, stretch = rng.uniform(28, 60) * scale, rng.uniform(0.6, 1.6)
        away = np.sqrt(((x - sx) * stretch) ** 2 + ((y - sy) / stretch) ** 2) / reach
        near = np.maximum(near, 1 - away)
    pools = (
        near + 0.12 * np.clip(hollow(height, 14 * scale), -4, 5) / scale + 0.30 * wander
    )
    return np.maximum(
        pools,
        np.maximum(
            _runs(rng, height, sites, down), _smears(rng, shape, sites) + 0.2 * wander
        ),
    )


def _runs(
    rng: np.random.Generator,
    height: Field,
    sites: list[tuple[float, float]],
    down: float,
) -> Field:
    """Rivulets: from each site down the slope and towards the lower edge, thinner and
    later the further they get."""
    shape, scale = height.shape, unit(height.shape)
    smooth = cv2.GaussianBlur(height, (0, 0), 3 * scale)
    canvas = np.zeros(shape, np.uint8)
    for sx, sy in sites:
        for _ in range(int(rng.integers(1, 4))):
            px, py = sx + rng.normal(0, 8) * scale, sy + rng.normal(0, 8) * scale
            vx, vy = rng.normal(0, 0.6), down
            length, wide = int(rng.integers(12, 34)), rng.uniform(2.5, 6.5) * scale
            for number in range(length):
                row = int(np.clip(py, 1, shape[0] - 2))
                column = int(np.clip(px, 1, shape[1] - 2))
                right = smooth[row, column + 1] - smooth[row, column - 1]
                below = smooth[row + 1, column] - smooth[row - 1, column]
                vx = 0.7 * vx - 0.8 * right + rng.normal(0, 0.2)
                vy = 0.7 * vy - 0.8 * below + 0.3 * down
                speed = 4 * scale / max(np.hypot(vx, vy), 0.3)
                qx, qy = px + vx * speed, py + vy * speed
                start, end = ((int(x * 8), int(y * 8)) for x, y in ((px, py), (qx, qy)))
                tone = int(235 - 150 * number / length)
                thick = wide * (1 - 0.5 * number / length) * rng.uniform(0.7, 1.3)
                line = max(1, round(thick))
                cv2.line(canvas, start, end, tone, line, cv2.LINE_AA, 3)
                px, py = qx, qy
    soft = cv2.GaussianBlur(canvas, (0, 0), 1.2 * scale)
    return soft.astype(np.float32) / 255 * 1.5 - 0.75


def _smears(
    rng: np.random.Generator, shape: tuple[int, int], sites: list[tuple[float, float]]
) -> Field:
    """Streaks wiped off the sites by an instrument or a swab: thin and broken along the
    stroke."""
    scale, out = unit(shape), np.full(shape, -9.0, np.float32)
    for sx, sy in sites:
        along, across = turned(shape, (sx, sy), rng.uniform(0, 2 * np.pi))
        along = along / (rng.uniform(35, 75) * scale)
        across = across / (rng.uniform(7, 16) * scale)
        tile = rng.standard_normal((96, 96), dtype=np.float32)
        streaks = 0.35 * tiled(tile, along * 6, across * 4)
        streak = 0.55 - cv2.pow(along - 0.7, 2) - 0.5 * across * across + streaks
        out = np.maximum(out, streak)
    return out * 0.8


def soil(rng: np.random.Generator, shape: tuple[int, int], strand: Field) -> Field:
    """How much of the blood that is wiped and trodden about each place takes, 0-1: in
    blotches, speckles and along the `strand` of the tissue."""
    blotch = noise(rng, shape, 20 * unit(shape), 4, 0.75) + 0.35 * strand
    return step(blotch, -1.5, 1.7)


def level(field: Field, within: Field, share: float) -> float:
    """From where on the field lies under blood that covers `share` (0-1) of all pixels,
    of those `within` (bool)."""
    values = np.sort(field[::2, ::2][within[::2, ::2]])
    wanted = min(share * field[::2, ::2].size, values.size * 0.9)
    return float(values[-max(1, round(wanted))]) if share > 0 and len(values) else DRY


def thickness(field: Field, brim: float, steep: float = 1.6) -> Field:
    """The film's thickness: THICK where the field is at its brim, `steep` how fast it
    deepens from there."""
    return np.clip((field - brim) * np.float32(steep) + THICK, 0, 2.5)


def soaked(field: Field, brim: float, soil: Field, soak: float, reach: float) -> Field:
    """What blood leaves around a pool, as a film's thickness: wiped, trodden, soaked
    in, most by the brim, `reach` (of the field) beyond it nothing; `soil` (0-1) is how
    much of it a place has taken. Nobody labels it."""
    wet = soil + (1 - soil) * step(field, brim - 0.5 * reach, brim)
    return soak * wet * step(field, brim - reach, brim)


def stain(albedo: Field, film: Field, clot: Field, look: dict[str, float]) -> Field:
    """The tissue's colour under the film: Beer and Lambert's absorption, then the
    blood's own colour as it thickens, brown where it clots (`clot`, 0-1)."""
    dark, hue = look["blood_dark"], look["blood_hue"]
    absorbs = np.float32(
        [0.5 + 1.2 * dark, 3.0 + 0.3 * dark - 0.5 * hue, 2.6 + 0.2 * dark + 0.5 * hue]
    )
    through = albedo * cv2.exp(cv2.merge([film * -float(share) for share in absorbs]))
    fresh, old = (
        linear(128, 22 + 8 * max(hue, 0), 32),
        linear(92, 30 + 4 * hue, 50 - 14 * hue),
    )
    body = fresh ** (1 - dark) * old**dark
    deep = mix(body, body * (0.82 - 0.14 * min(dark, 1)), step(film, 0.8, 2.5))
    deep = mix(deep, deep * np.float32([0.62, 1.2, 1.05]), clot)
    veil = 0.66 + 0.24 * step(film, 0.3, 1.6)
    return mix(through, deep, veil * (1 - cv2.exp(-(1.6 + 1.8 * dark) * film)))
