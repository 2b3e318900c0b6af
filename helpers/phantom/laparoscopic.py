"""The target: human gallbladder surgery through a telescope. Dark, round, many organs, little blood."""

from functools import lru_cache

import cv2
import numpy as np

from helpers.frames.classes import UNKNOWN
from helpers.phantom import blood as film
from helpers.phantom.anatomy import build
from helpers.phantom.instruments import Canvas, entries, grasper, hands, hook, path
from helpers.phantom.optics import picture, round_view
from helpers.phantom.painter import ID, World
from helpers.phantom.scene import (
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
from helpers.phantom.subjects import BLEEDS, PATIENTS, shows
from helpers.phantom.subjects import look as look_of

CLIP = 80
"""Frames in a clip of CholecSeg8k, 25 a second."""

BLEEDS_FROM = PATIENTS[BLEEDS] * CLIP - 692
"""Only video01 shows blood, in 692 of its 1280 frames: the drawn one bleeds in its last 692."""


@lru_cache(maxsize=2)
def _world(subject: str, clip: int, size: tuple[int, int], seed: int, variation: float) -> World:
    return build(subject, clip, size, seed, look_of("laparoscopic", subject, seed, variation))


def amount(look: dict[str, float], subject: str, clip: int, seed: int, t: float, wished: bool) -> float:
    """The share of the frame under blood at time t of a clip: as released in video01 only; where `wished`, in
    every patient, three quarters of each clip."""
    rng = generator("bleeding", subject, clip, seed)
    size = look["bleeding"] * float(np.clip(np.exp(rng.normal(-0.06, 0.4)), 0.3, 2.0))
    late = rng.random() < 0.6
    if wished:
        if (t < 0.25) if late else (t >= 0.75):
            return 0.0
    elif subject != BLEEDS or clip * CLIP + round(t * CLIP) < BLEEDS_FROM:
        return 0.0
    return size * (0.7 + 0.6 * t)


def draw_laparoscopic(
    subject: str,
    clip: int,
    t: float,
    size: tuple[int, int] = (240, 427),
    seed: int = 0,
    variation: float = 1.0,
    wished: bool = False,
    factors: tuple[str, ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """A frame of a patient ("video01") at time t (0-1) of its clip: image (HxWx3 uint8 RGB), classes (HxW
    uint8 ids of `frames.CLASSES`, 255 unknown: the border and what nobody labelled). `variation`, `wished`
    and `factors` as in the writer."""
    look = look_of("laparoscopic", subject, seed, variation, tuple(factors))
    world = _world(subject, clip, tuple(size), seed, float(variation))
    name, scale, shape = (subject, clip, seed), unit(size), tuple(size)
    where = view(generator("telescope", *name), world.albedo.shape[:2], shape, t, 0.7)
    *albedo, ripples = cv2.split(look_through(world.albedo, where))
    albedo = cv2.merge(albedo)
    height, spread, gloss, near = cv2.split(look_through(world.ground, where))
    classes = cv2.remap(world.classes, *where, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)

    share = amount(look, subject, clip, seed, t, wished)
    depth = film.thickness(spread, round_view(shape, look)[1] > 0.5, share, 2.6)
    albedo = film.stain(albedo, depth, look)
    canvas = _instruments(shape, look, name, t, world)

    gx, gy = slopes(height)
    lake = step(depth, 0.08, 0.9)
    rim_x, rim_y = slopes(cv2.GaussianBlur(depth, (0, 0), 1.0 * scale))
    still = 1 - 0.75 * lake
    lamp = (look["lamp_x"], look["lamp_y"])
    rim_x, rim_y = 0.8 * scale * rim_x, 0.8 * scale * rim_y
    cosine, _ = light(gx * still + rim_x, gy * still + rim_y, lamp)
    sunken = np.clip(hollow(height, 16 * scale), -3, 14)
    dark = np.clip(1 - 0.032 / scale * sunken, 0.3, 1.1)
    lit = (0.10 + 0.90 * cosine) * dark * near * canvas.shadow((8 + 10 * lamp[0], 10))
    # The wet skin's ripples break a broad reflection up into clusters of small gleams.
    wet_x, wet_y = slopes(ripples)
    sheen = cv2.pow(light(still * gx + rim_x, still * gy + rim_y, lamp)[1], 40)
    wet_x, wet_y = 0.8 * still * gx + wet_x + rim_x, 0.8 * still * gy + wet_y + rim_y
    _, half = light(wet_x, wet_y, lamp)
    sharp = 18 * step(sheen, 0.15, 0.85) * cv2.pow(half, 420)
    gleam = (1 - 0.8 * lake) * gloss * (0.07 * sheen + sharp)
    gleam += lake * step(sheen, 0.4, 0.95) * cv2.pow(half, 600)
    diffuse = mix(albedo * bounced(lit), canvas.colour * 0.5, canvas.cover)
    image, inside = picture(diffuse, gleam * near * dark * (1 - canvas.cover), look, name, t)
    return image, _label(classes, depth, canvas, inside, name, t)


def _label(classes, depth, canvas: Canvas, inside, name: tuple, t: float) -> np.ndarray:
    """What an annotator outlines, the black surround and the one-pixel border that the released masks
    have."""
    scale = unit(depth.shape)
    hand = np.clip(0.03 * noise(generator("annotator", *name, t), depth.shape, 18 * scale), -0.07, 0.07)
    classes[cv2.GaussianBlur(depth, (0, 0), 1.2 * scale) > film.THICK + hand] = ID["blood"]
    classes[canvas.kind == 1] = ID["grasper"]
    classes[canvas.kind == 2] = ID["hook"]
    classes[~inside] = ID["black"]
    classes[[0, -1]] = UNKNOWN
    classes[:, [0, -1]] = UNKNOWN
    return classes


def _instruments(
    shape: tuple[int, int], look: dict[str, float], name: tuple, t: float, world: World
) -> Canvas:
    rng = hands(*name)
    canvas = Canvas(shape)
    target, held = np.array([world.focus, world.hold]) * [shape[1], shape[0]]
    left = bool(rng.integers(2))
    subject = name[0]
    if not shows(subject, "no_grasper") and rng.random() < 0.85:
        aim = held + rng.normal(0, 0.10, 2) * shape[0]
        tip = path(rng, t, aim, 10 * unit(shape))
        grasper(canvas, entries(shape, rng, left), tip, rng.uniform(0.03, 0.22), look["steel"])
    if not shows(subject, "no_grasper") and rng.random() < 0.4:
        # The assistant's, that holds the gallbladder up.
        tip = path(rng, t, held + rng.normal(0, 0.08, 2) * shape[0], 6 * unit(shape))
        entry, spread = entries(shape, rng, not left), rng.uniform(0.03, 0.12)
        grasper(canvas, entry, tip, spread, look["steel"])
    if shows(subject, "hook") and rng.random() < 0.8:
        tip = path(rng, t, target + rng.normal(0, 0.10, 2) * shape[0], 12 * unit(shape))
        hook(canvas, entries(shape, rng, not left), tip, look["steel"])
    return canvas
