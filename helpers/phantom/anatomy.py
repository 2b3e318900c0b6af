"""A patient's clip put together: the organs in their order, inflammation, the telescope's beam, where blood
gathers."""

import cv2
import numpy as np

from helpers.frames.classes import UNKNOWN
from helpers.phantom import blood as film
from helpers.phantom import organs
from helpers.phantom.painter import ID, MARGIN, Painter, World
from helpers.phantom.scene import generator, linear, mix, noise, step


def build(subject: str, clip: int, size: tuple[int, int], seed: int, look: dict[str, float]) -> World:
    """The anatomy of a clip. The patient keeps its colours and its side; each clip has its own view."""
    shape = tuple(int(side * MARGIN) for side in size)
    rng = generator("anatomy", subject, clip, seed)
    paint = Painter(shape, rng.uniform(0.95, 1.55))
    side = 1.0 if generator("body", subject, seed).random() < 0.65 else -1.0
    body = organs.Body(paint, rng, subject, look, side)
    organs.wall(body)
    organs.liver(body)
    dome = organs.fat(body)
    organs.bowel(body)
    neck = np.array([-0.10 * side + rng.normal(0, 0.05), 0.10 + rng.normal(0, 0.04)])
    organs.gallbladder(body, neck, dome)
    organs.hilum(body, neck)
    _inflame(body, neck)
    _light(body, neck)
    spread = _bleeding(body, neck)
    ground = np.dstack(
        [paint.height, spread, paint.gloss * np.maximum(0.75 + 0.25 * body.mottle, 0), paint.near]
    )
    focus = (0.5 + float(neck[0]) * paint.high / size[1], 0.5 + float(neck[1]) * paint.high / size[0])
    return World(paint.albedo, ground.astype(np.float32), paint.classes, focus)


def _inflame(body: organs.Body, neck: np.ndarray) -> None:
    """Inflamed skin: red, without an edge, wet like the rest. Not blood, and nobody labels it as such."""
    paint, scale = body.paint, body.scale
    near_neck = step(paint.ellipse(neck, (0.3, 0.3), 0), 0, 0.3 * paint.high)
    flush = step(noise(body.rng, body.shape, 34 * scale, 3, 0.6) + 0.6 * near_neck, 0.6, 1.8)
    flush *= (0.6 + 0.4 * body.look["inflamed"]) * (paint.classes != ID["liver"])
    paint.albedo = mix(
        paint.albedo, linear(162, 24, 26), cv2.GaussianBlur(flush.astype(np.float32), (0, 0), 2 * scale)
    )


def _light(body: organs.Body, neck: np.ndarray) -> None:
    """The telescope's beam: brightest somewhere near the work, weak on what lies deep, as the hilum does.
    Nobody labels the slits between organs where no light gets."""
    paint, rng, scale, shape = body.paint, body.rng, body.scale, body.shape
    away = paint.ellipse(rng.normal(0, 0.18, 2), (0.62, 0.5), 0) / (0.5 * paint.high) - 1
    beam = cv2.exp(-1.1 * away * away)
    deep = step(paint.ellipse(neck, (0.34, 0.30), 0), 0, 0.26 * paint.high)
    paint.near *= 1 - 0.7 * deep * step(noise(rng, shape, 50 * scale), -1.0, 0.8)
    paint.near *= (0.16 + 1.1 * beam) * np.clip(1 + 0.14 * noise(rng, shape, 90 * scale), 0.5, 1.5)
    paint.classes[(noise(rng, shape, 24 * scale, 2) > 1.9) & (paint.near < 0.4)] = UNKNOWN


def _bleeding(body: organs.Body, neck: np.ndarray) -> np.ndarray:
    """Where blood comes first: from vessels about the neck, in the deep, on the liver's bed."""
    paint, rng = body.paint, body.rng
    centre = np.array([body.shape[1] / 2, body.shape[0] / 2])
    sites = [
        tuple(map(float, (neck + rng.normal(0, 0.10, 2)) * paint.high + centre))
        for _ in range(int(rng.integers(1, 4)))
    ]
    bed = cv2.GaussianBlur((paint.classes == ID["liver"]).astype(np.float32), (0, 0), 6 * body.scale)
    deep = np.clip(0.6 - paint.near, -0.5, 0.5)
    return film.potential(rng, paint.height, sites, 0.7) + 0.7 * deep + 0.4 * bed
