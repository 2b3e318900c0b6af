"""What both kinds of surgery are drawn with: noise, fibres, lobules, vessels, a moving
view, light on wet surfaces.

Lengths are said for a frame 240 pixels high and scaled by `unit(shape)`; heights are in
pixels, so that a slope is a slope; colours are linear light, 0-1. Every field is
float32.
"""

import zlib
from functools import lru_cache

import cv2
import numpy as np

Field = np.ndarray
Shape = tuple[int, int]


def generator(*what) -> np.random.Generator:
    """Its own generator for each thing drawn, by name: drawing one thing more moves no
    other.
    """
    return np.random.default_rng([zlib.crc32(repr(part).encode()) for part in what])


def linear(*srgb: float) -> Field:
    """A display colour 0-255 as linear light 0-1 (gamma 2.2)."""
    return np.power(np.asarray(srgb, np.float32) / 255, 2.2).astype(np.float32)


def unit(shape: Shape) -> float:
    """The side of a 240-pixel-high frame's pixel, in pixels of this one."""
    return shape[0] / 240


@lru_cache(maxsize=8)
def grid(shape: Shape) -> tuple[Field, Field]:
    """Column and row of each pixel; shared, so not to be written to."""
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in shape[::-1]))
    x.flags.writeable = y.flags.writeable = False
    return x, y


def noise(
    rng: np.random.Generator,
    shape: Shape,
    cell: float,
    octaves: int = 1,
    gain: float = 0.5,
) -> Field:
    """Smooth noise of mean 0 and spread near 1, features `cell` pixels wide; each
    octave halves the cell.
    """
    out, amplitude, power = None, 1.0, 0.0
    for _ in range(octaves):
        cell = max(cell, 1.0)
        number = [int(side / cell) + 3 for side in shape]
        knots = rng.standard_normal(number, dtype=np.float32) * amplitude
        high, wide = (max(int(n * cell), side) for n, side in zip(number, shape))
        plane = cv2.resize(knots, (wide, high), interpolation=cv2.INTER_CUBIC)
        top, left = (
            int(rng.integers(have - want + 1)) for have, want in zip(plane.shape, shape)
        )
        layer = plane[top : top + shape[0], left : left + shape[1]]
        out = np.ascontiguousarray(layer) if out is None else cv2.add(out, layer)
        power += amplitude**2
        amplitude, cell = amplitude * gain, cell / 2
    return out * np.float32(1.5 / np.sqrt(power))


def step(field: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, smooth between (Hermite's cubic)."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def warp(field: Field, dx: Field, dy: Field) -> Field:
    """The field seen through a displacement: out(x, y) = field(x + dx, y + dy)."""
    x, y = grid(field.shape[:2])
    return cv2.remap(
        field, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )


def fibres(
    rng: np.random.Generator,
    shape: Shape,
    angle: float,
    length: float,
    width: float,
    bend: float,
) -> Field:
    """Noise drawn out along `angle` (radians), its strands `bend` pixels off a straight
    line.
    """
    x, y = grid(shape)
    x, y = (axis + bend * noise(rng, shape, 70 * unit(shape)) for axis in (x, y))
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    along, across = cosine * x + sine * y, cosine * y - sine * x
    tile = rng.standard_normal((256, 64), dtype=np.float32)
    return 1.3 * tiled(tile, along * (1 / length), across * (1 / width))


def tiled(tile: Field, x: Field, y: Field) -> Field:
    """The tile, repeated without end, at some places."""
    return cv2.remap(tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def lobules(rng: np.random.Generator, shape: Shape, size: float) -> tuple[Field, Field]:
    """Rounded cells `size` pixels wide: their domes (0 in the creases, near 1 at the
    tops) and a tone for each.
    """
    rows, columns = int(shape[0] / size) + 2, int(shape[1] / size) + 2
    y, x = np.mgrid[:rows, :columns] + rng.uniform(0.05, 0.95, (2, rows, columns)) - 0.5
    seeds = np.ones(shape, np.uint8)
    y, x = (np.clip(a * size, 0, n - 1).astype(int) for a, n in zip((y, x), shape))
    seeds[y, x] = 0
    distance, label = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    dome = np.clip(1 - (distance / (0.8 * size)) ** 2, 0, 1)
    tone = rng.standard_normal(rows * columns + 1).astype(np.float32)[label]
    dx, dy = (noise(rng, shape, 1.5 * size) * size * 0.25 for _ in range(2))
    return warp(dome, dx, dy), warp(tone, dx, dy)


def vessels(
    rng: np.random.Generator,
    shape: Shape,
    number: int,
    width: float,
    within: Field | None = None,
) -> Field:
    """Branching curves, 0-1: `number` trees that start anywhere (or where `within` >
    0.5) and thin as they go.
    """
    canvas = np.zeros(shape, np.uint8)
    scale = unit(shape)
    edge, beyond = 12 * scale, np.array(shape[::-1]) + 12 * scale
    places = None if within is None else np.argwhere(within[::4, ::4] > 0.5) * 4
    for _ in range(number):
        if places is not None and not len(places):
            break
        if places is None:
            y, x = rng.uniform((0, 0), shape)
        else:
            y, x = places[rng.integers(len(places))]
        heading, wide = rng.uniform(0, 2 * np.pi), width * scale * rng.uniform(0.6, 1.3)
        branches = [(float(x), float(y), heading, wide, 0)]
        while branches:
            x, y, heading, wide, depth = branches.pop()
            headings = heading + rng.normal(0, 0.24, 22).cumsum()
            points = np.stack([np.cos(headings), np.sin(headings)], axis=1)
            points = points.cumsum(0) * (5 * scale) + (x, y)
            luck = rng.random(7)
            inside = ((points > -edge) & (points < beyond)).all(1).any()
            fixed = (points * 8).astype(np.int32)
            for part in range(0, 21, 3) if inside else ():
                thick = wide * (1 - part / 30)
                tone, line = int(255 * min(max(thick, 0.16), 1.0)), max(1, round(thick))
                piece = [fixed[part : part + 4]]
                cv2.polylines(canvas, piece, False, tone, line, cv2.LINE_AA, 3)
            for part in np.flatnonzero(luck < 0.36) * 3 if depth < 2 else ():
                side = (2 * rng.integers(2) - 1) * rng.uniform(0.4, 1.0)
                new = (*points[part], headings[part] + side, wide * 0.62, depth + 1)
                branches.append(new)
    return cv2.GaussianBlur(canvas, (0, 0), 0.5 + 0.2 * scale).astype(np.float32) / 255


def turned(shape: Shape, middle, angle: float) -> tuple[Field, Field]:
    """How many pixels each pixel lies along and across a direction (radians) from a
    middle (x, y)."""
    x, y = grid(shape)
    x, y = x - float(middle[0]), y - float(middle[1])
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    return x * cosine + y * sine, y * cosine - x * sine


def oval(shape: Shape, middle, axes, angle: float) -> Field:
    """How far from an ellipse's middle each pixel lies, 1 on its edge; middle (x, y)
    and half axes in pixels."""
    along, across = turned(shape, middle, angle)
    u, v = along / float(axes[0]), across / float(axes[1])
    return np.sqrt(u * u + v * v)


def away(shape: Shape, points) -> Field:
    """How many pixels each pixel lies from a line along points (x, y)."""
    line = np.ones(shape, np.uint8)
    place = np.round(np.asarray(points) * 8).astype(np.int32)
    cv2.polylines(line, [place], False, 0, 1, cv2.LINE_8, 3)
    return cv2.distanceTransform(line, cv2.DIST_L2, 5)


def flat(colour: Field, shape: Shape) -> Field:
    """One colour everywhere, HxWx3."""
    return cv2.merge([np.full(shape, channel, np.float32) for channel in colour])


def thrice(field: Field) -> Field:
    """A field as three equal channels: numpy multiplies those some times faster than it
    broadcasts.
    """
    return cv2.merge([field, field, field])


def mix(under: Field, over: Field, share: Field) -> Field:
    """`over` (a colour, or HxWx3) laid on `under` (likewise) where `share` (HxW, 0-1)
    says.
    """
    under, over = (
        flat(one, share.shape) if one.ndim == 1 else one for one in (under, over)
    )
    return under + thrice(share) * (over - under)


def view(
    rng: np.random.Generator, world: Shape, shape: Shape, t: float, drift: float
) -> tuple[Field, Field]:
    """Where each pixel of the frame at time t (0-1) looks on the world: the camera
    drifts, turns and breathes.
    """
    turn = rng.normal(0, 0.08, 2)
    zoom = rng.uniform(0.93, 1.0) + rng.normal(0, 0.03) * t
    phase, swing = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.4, 1.2, 2)
    full, size = np.array(world[::-1]), np.array(shape[::-1])
    swung = np.sin(phase[:2] + swing * 2.5 * t)
    centre = full / 2 + drift * ((full - size) / 2) * swung
    angle = turn[0] + turn[1] * t * drift
    cosine, sine = np.float32(zoom * np.cos(angle)), np.float32(zoom * np.sin(angle))
    x, y = grid(shape)
    x, y = x - np.float32(shape[1] / 2), y - np.float32(shape[0] / 2)
    breath = np.float32(2.0 * unit(shape)) * np.sin(
        x * np.float32(0.02 / unit(shape)) + np.float32(phase[2] + 9 * t)
    )
    return (
        cosine * x - sine * y + np.float32(centre[0]) + breath,
        sine * x + cosine * y + np.float32(centre[1]) + breath,
    )


def look_through(fields: Field, where: tuple[Field, Field]) -> Field:
    """World fields (HxW or HxWxN, N <= 4) as the view sees them."""
    return cv2.remap(fields, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def slopes(height: Field) -> tuple[Field, Field]:
    """The height's derivatives along x and y."""
    return (
        cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125),
        cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125),
    )


def light(gx: Field, gy: Field, towards: tuple[float, float]) -> tuple[Field, Field]:
    """Lambert's cosine, and the cosine to Blinn's half vector, for a lamp at direction
    (x, y, 1) beside the camera.
    """
    lamp = np.array([*towards, 1.0]) / np.sqrt(1 + towards[0] ** 2 + towards[1] ** 2)
    half = (lamp + [0, 0, 1]) / np.linalg.norm(lamp + [0, 0, 1])
    size = 1 / np.sqrt(1 + gx * gx + gy * gy)
    cosine, gleam = (
        (z - x * gx - y * gy) * size for x, y, z in np.float32([lamp, half])
    )
    return np.maximum(cosine, 0), np.clip(gleam, 0, 1)


def hollow(height: Field, reach: float) -> Field:
    """How deep each point lies below its surroundings within `reach` pixels (negative
    on a ridge).
    """
    small = cv2.resize(height, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(small, (0, 0), max(reach / 4, 0.5))
    around = cv2.resize(around, height.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return around - height


def cast(
    cover: Field,
    shift: tuple[float, float],
    soft: float,
    scale: float,
    border: int = cv2.BORDER_CONSTANT,
) -> Field:
    """The shadow of what covers (0-1): displaced by `shift` (x, y) and blurred by
    `soft`, both for a frame 240 high."""
    small = cv2.resize(cover, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    place = np.float32([[1, 0, shift[0] * scale / 4], [0, 1, shift[1] * scale / 4]])
    small = cv2.warpAffine(small, place, small.shape[::-1], borderMode=border)
    small = cv2.GaussianBlur(small, (0, 0), soft * scale / 4 + 0.3)
    return cv2.resize(small, cover.shape[::-1], interpolation=cv2.INTER_LINEAR)


def bounced(lit: Field) -> Field:
    """Light per channel: what reaches a shaded place has bounced off red tissue, so
    shade goes red and not grey.
    """
    return cv2.merge([cv2.pow(lit, 0.85), cv2.pow(lit, 1.18), cv2.pow(lit, 1.15)])
