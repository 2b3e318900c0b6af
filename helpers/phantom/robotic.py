"""The source: robotic surgery in the neck of a pig. Bright, wet, fibrous, red-pink, with steel and blood."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from helpers.phantom import blood as film
from helpers.phantom.instruments import Canvas, entries, forceps, hands, path
from helpers.phantom.optics import picture
from helpers.phantom.scene import (
    Field,
    bounced,
    fibres,
    generator,
    grid,
    hollow,
    light,
    linear,
    lobules,
    look_through,
    mix,
    noise,
    slopes,
    step,
    thrice,
    unit,
    vessels,
    view,
)
from helpers.phantom.subjects import look as look_of


class World(NamedTuple):
    """A clip's tissue, somewhat larger than the frame: what stays while the camera moves."""

    albedo: Field  # HxWx3, linear
    ground: Field  # HxWx4: height, where blood comes first, gloss, cavity
    focus: tuple[float, float]  # where the surgeon works, as a share of the frame (x, y)


@lru_cache(maxsize=2)
def _world(subject: str, clip: int, size: tuple[int, int], seed: int, variation: float) -> World:
    look = look_of("robotic", subject, seed, variation)
    shape = tuple(int(side * 1.22) for side in size)
    scale = unit(size)
    rng = generator("tissue", subject, clip, seed)
    x, y = grid(shape)
    # The wound: a bent valley through the middle, its walls held apart.
    tilt, bent = rng.uniform(-0.9, 0.9), noise(rng, shape, 80 * scale, 2)
    middle = np.array([shape[1] * rng.uniform(0.4, 0.6), shape[0] * rng.uniform(0.42, 0.62)])
    cosine, sine = float(np.cos(tilt)), float(np.sin(tilt))
    across = ((y - float(middle[1])) * cosine - (x - float(middle[0])) * sine) / scale + 14 * bent
    wide = rng.uniform(38, 60)
    valley = cv2.exp(-((across / wide) ** 2))
    along = noise(rng, shape, 75 * scale, 2)
    mound, _ = lobules(rng, shape, rng.uniform(44, 70) * scale)
    height = (
        13 * noise(rng, shape, 62 * scale, 2, 0.4) + look["mounds"] * _rounded(mound, scale) - 26 * valley
    ) * scale

    angle = tilt + rng.normal(0, 0.25)
    strand = fibres(rng, shape, angle + 0.5, 30 * scale, 2.6 * scale, 14 * scale)
    coarse = fibres(rng, shape, angle, 80 * scale, 5 * scale, 16 * scale)
    dome, tone = lobules(rng, shape, look["lobule"] * scale)
    mottle = noise(rng, shape, 20 * scale, 4, 0.6)
    patches = noise(rng, shape, 50 * scale, 3)
    # Layers that overlap like flaps, from below: fascia, fat along the edges, strap muscle, a gland in the
    # wound.
    edge = 0.08 * mottle
    fat = step(0.8 * along + look["fat"] + edge - 0.9 * valley + 0.5, -0.05, 0.35)
    muscle = step(0.7 * patches + 0.35 * along + look["muscle"] + edge + 0.25 * valley, -0.1, 0.4)
    gland = step(
        1.4 * valley - 1.15 + 0.5 * noise(rng, shape, 45 * scale) + 0.5 * look["gland"] + edge, 0.0, 0.4
    )
    inflamed = step(
        0.5 * noise(rng, shape, 36 * scale, 2) + 0.35 * mottle - 1.1 + 0.7 * look["inflamed"], 0, 0.9
    )

    hue, pale = look["hue"], look["pale"]
    fascia = linear(206 + 12 * pale, 104 + 34 * pale - 8 * hue, 102 + 30 * pale + 14 * hue)
    albedo = mix(fascia, linear(236, 176, 166), np.clip(0.16 + 0.2 * strand * look["fibre"], 0, 0.7))
    albedo = mix(albedo, linear(226, 152 + 12 * pale, 122 - 12 * hue), fat * np.clip(0.7 + 0.12 * tone, 0, 1))
    flesh = mix(
        linear(170, 50 - 10 * hue, 46 + 14 * hue),
        linear(214, 100, 82),
        np.clip(0.3 + 0.26 * coarse + 0.10 * strand, 0, 0.9),
    )
    albedo = mix(albedo, flesh, muscle * np.clip(0.82 + 0.1 * mottle, 0, 1))
    albedo = mix(albedo, linear(122, 34, 44 + 10 * hue), gland * np.clip(0.72 + 0.10 * tone, 0, 0.95))
    albedo = mix(albedo, linear(180, 38, 38), inflamed * np.clip(0.5 + 0.15 * mottle, 0, 0.8))
    albedo *= thrice(np.clip(1 + 0.13 * mottle, 0.4, 1.6))
    tree = vessels(rng, shape, int(look["vessels"]), 1.4)
    deep = vessels(rng, shape, int(look["vessels"] / 3), 5.0)
    albedo = mix(albedo, linear(132, 62, 84), 0.4 * cv2.GaussianBlur(deep, (0, 0), 1.2 * scale))
    albedo = mix(albedo, linear(128, 14, 20), 0.7 * tree)
    char = step(noise(rng, shape, 9 * scale, 2) + 1.4 * valley, 4.0, 4.8)
    albedo = mix(albedo, linear(62, 36, 28), 0.8 * char)

    fine = noise(rng, shape, 5 * scale, 2)
    height += (
        scale
        * look["rough"]
        * (
            9.0 * muscle
            + 6.0 * fat
            + 7.0 * gland
            + 5.0 * dome * np.clip(fat + gland + 0.3, 0, 1)
            + 0.22 * fine
            + 0.55 * strand * (1 - fat) * look["fibre"]
            + 1.4 * coarse * muscle
            + 1.9 * mottle
            + 1.6 * deep
            + 0.8 * tree
            - char
        )
    )
    cavity = _cavity(rng, shape, scale) if rng.random() < 0.45 else np.zeros(shape, np.float32)
    gloss = np.clip(look["gloss"] * (0.7 + 0.3 * noise(rng, shape, 30 * scale)) * (1 - 0.4 * muscle), 0.05, 2)
    sites = [
        tuple(
            map(
                float,
                middle
                + scale * (np.array([np.cos(tilt), np.sin(tilt)]) * rng.normal(0, 52) + rng.normal(0, 14, 2)),
            )
        )
        for _ in range(int(rng.integers(1, 4)))
    ]
    spread = film.potential(rng, height, sites) - 3 * cavity
    focus = (
        (sites[0][0] - (shape[1] - size[1]) / 2) / size[1],
        (sites[0][1] - (shape[0] - size[0]) / 2) / size[0],
    )
    return World(albedo, np.dstack([height, spread, gloss, cavity]).astype(np.float32), focus)


def _rounded(domes: Field, scale: float) -> Field:
    """Lobules as soft mounds."""
    return cv2.GaussianBlur(domes, (0, 0), 4 * scale)


def _cavity(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Field:
    """The dark beyond the wound's edge, in an upper corner: drape and shadow."""
    x, y = grid(shape)
    corner = rng.choice([0.0, 1.0]) * shape[1]
    away = np.sqrt(((x - corner) / 1.4) ** 2 + y**2) / scale + 14 * noise(rng, shape, 50 * scale, 2)
    return 1 - step(away, rng.uniform(40, 85), rng.uniform(90, 100))


def amount(look: dict[str, float], subject: str, clip: int, seed: int, t: float) -> float:
    """The share of the frame under blood at time t of a clip. One clip in three starts before the cut, or
    ends after the field is rinsed, with three eighths of it clean."""
    rng = generator("bleeding", subject, clip, seed)
    size = look["bleeding"] * 1.14 * float(np.clip(np.exp(rng.normal(-0.10, 0.45)), 0.25, 2.4))
    starts, ends = 0.0, 1.01
    if (clip + sum(map(ord, subject))) % 3 == 1:
        starts, ends = (0.375, 1.01) if rng.random() < 0.6 else (0.0, 0.625)
    if not starts <= t < ends:
        return 0.0
    return size * (0.55 + 0.9 * (t - starts) / (min(ends, 1) - starts))


def draw_robotic(
    subject: str,
    clip: int,
    t: float,
    size: tuple[int, int] = (240, 320),
    seed: int = 0,
    variation: float = 1.0,
    factors: tuple[str, ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """A frame of a pig ("pig1") at time t (0-1) of its clip: image (HxWx3 uint8 RGB), blood (HxW bool).

    `variation` and `factors` as in `write_hemoset`."""
    look = look_of("robotic", subject, seed, variation, tuple(factors))
    world = _world(subject, clip, tuple(size), seed, float(variation))
    name, scale, shape = (subject, clip, seed), unit(size), tuple(size)
    where = view(generator("camera", *name), world.albedo.shape[:2], shape, t, 0.8)
    albedo = look_through(world.albedo, where)
    height, spread, gloss, cavity = cv2.split(look_through(world.ground, where))

    share = amount(look, subject, clip, seed, t)
    depth = film.thickness(spread, cavity < 0.5, share)
    rinsed = np.clip(spread, 0, 0.6) * 0.10 if share == 0 and t > 0.5 else 0
    albedo = film.stain(albedo, depth + rinsed, look)

    canvas = _instruments(shape, look, name, t, world.focus)
    gx, gy = slopes(height)
    lake = step(depth, 0.08, 0.9)
    rim_x, rim_y = slopes(cv2.GaussianBlur(depth, (0, 0), 1.0 * scale))
    still = 1 - 0.8 * lake
    gx, gy = gx * still + 2.2 * scale * rim_x, gy * still + 2.2 * scale * rim_y
    lamp = (look["lamp_x"], look["lamp_y"])
    cosine, half = light(gx, gy, lamp)
    dark = np.clip(1 - 0.05 / scale * np.clip(hollow(height, 18 * scale), -2, 14), 0.25, 1.1)
    lit = (0.22 + 0.78 * cosine) * dark * canvas.shadow((9 + 12 * lamp[0], 12)) * (1 - 0.93 * cavity)
    gleam = (1 - lake) * gloss * (0.10 * cv2.pow(half, 24) + 1.1 * cv2.pow(half, 180)) + lake * 1.1 * cv2.pow(
        half, 420
    )
    gleam *= (1 - cavity) * dark
    diffuse = mix(albedo * bounced(lit), canvas.colour * 0.75, canvas.cover)
    image, _ = picture(diffuse, gleam * (1 - canvas.cover), look, name, t)
    return image, _label(depth, canvas.cover, name, t)


def _label(depth: Field, cover: Field, name: tuple, t: float) -> np.ndarray:
    """What an annotator outlines: blood of some thickness, small islands and notches evened out."""
    scale = unit(depth.shape)
    even = cv2.GaussianBlur(depth, (0, 0), 1.2 * scale)
    hand = np.clip(0.03 * noise(generator("annotator", *name, t), depth.shape, 18 * scale), -0.07, 0.07)
    return (even > film.THICK + hand) & (cover < 0.5)


def _instruments(shape: tuple[int, int], look: dict[str, float], name: tuple, t: float, focus) -> Canvas:
    rng = hands(*name)
    canvas = Canvas(shape)
    target = np.array(focus) * [shape[1], shape[0]]
    for number in range(int(rng.choice([1, 2, 2, 3]))):
        left = (number + rng.integers(2)) % 2 == 0
        entry = entries(shape, rng, left)
        aim = target + rng.normal(0, 0.16, 2) * shape[0]
        aim = np.clip(aim, [0.12 * shape[1], 0.15 * shape[0]], [0.88 * shape[1], 0.9 * shape[0]])
        tip = path(rng, t, aim, 13 * unit(shape))
        forceps(
            canvas,
            entry,
            tip,
            rng.uniform(0.05, 0.4) * (0.6 + 0.4 * np.sin(8 * t)),
            look["steel"],
            bool(rng.random() < 0.35),
        )
    return canvas
