"""The source: robotic surgery in the neck of a pig. Bright, wet, fibrous, red-pink, with steel and blood."""

from functools import lru_cache

import cv2
import numpy as np

from helpers.phantom import blood as film
from helpers.phantom.instruments import Canvas, entries, forceps, hands, path, suction
from helpers.phantom.neck import NEVER, build
from helpers.phantom.optics import picture
from helpers.phantom.painter import World
from helpers.phantom.scene import (
    Field,
    bounced,
    generator,
    hollow,
    light,
    look_through,
    mix,
    noise,
    slopes,
    step,
    unit,
    view,
)
from helpers.phantom.subjects import look as look_of


@lru_cache(maxsize=2)
def _world(
    subject: str, clip: int, size: tuple[int, int], seed: int, variation: float
) -> World:
    return build(subject, clip, size, seed, look_of("robotic", subject, seed, variation))


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
    *albedo, ripples = cv2.split(look_through(world.albedo, where))
    albedo = cv2.merge(albedo)
    height, spread, gloss, near = cv2.split(look_through(world.ground, where))

    share = amount(look, subject, clip, seed, t)
    depth = film.thickness(spread, spread > NEVER / 2, share, 2.2)
    rinsed = np.clip(spread, 0, 0.6) * 0.10 if share == 0 and t > 0.5 else 0
    albedo = film.stain(albedo, depth + rinsed, look)

    canvas = _instruments(shape, look, name, t, world.focus)
    gx, gy = slopes(height)
    lake = step(depth, 0.08, 0.9)
    near += 0.15 * lake * np.maximum(0.9 - near, 0)  # a pool's surface stands higher
    rim_x, rim_y = slopes(cv2.GaussianBlur(depth, (0, 0), 1.0 * scale))
    rim_x, rim_y = 2.2 * scale * rim_x, 2.2 * scale * rim_y
    still = 1 - 0.8 * lake
    lamp = (look["lamp_x"], look["lamp_y"])
    cosine, _ = light(gx * still + rim_x, gy * still + rim_y, lamp)
    dark = np.clip(1 - 0.04 / scale * np.clip(hollow(height, 16 * scale), -2, 16), 0.2, 1.08)
    lit = (0.22 + 0.78 * cosine) * dark * near * canvas.shadow((9 + 12 * lamp[0], 12))
    # Gleams: ripples of the wet skin break a broad reflection into clusters.
    wet_x, wet_y = slopes(ripples)
    sheen = cv2.pow(light(still * gx + rim_x, still * gy + rim_y, lamp)[1], 40)
    _, half = light(0.8 * still * gx + wet_x + rim_x, 0.8 * still * gy + wet_y + rim_y, lamp)
    gleam = (1 - 0.8 * lake) * gloss * (
        0.07 * sheen + 16 * step(sheen, 0.35, 1.0) * cv2.pow(half, 300)
    )
    gleam = gleam + 3.0 * lake * step(sheen, 0.4, 0.95) * cv2.pow(half, 500)
    diffuse = mix(albedo * bounced(lit), canvas.colour * 0.75, canvas.cover)
    image, _ = picture(diffuse, gleam * near * dark * (1 - canvas.cover), look, name, t)
    foreign = spread < NEVER / 2  # drape and retractor: nobody calls them blood
    return image, _label(depth, np.maximum(canvas.cover, foreign), name, t)


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
    if rng.random() < 0.3:
        left = rng.random() < 0.5
        aim = target + rng.normal(0, 0.14, 2) * shape[0]
        tip = path(rng, t, aim, 9 * unit(shape))
        suction(canvas, entries(shape, rng, left), tip, look["steel"])
    return canvas
