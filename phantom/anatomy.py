"""A patient's clip put together: the organs in their order, inflammation, the
telescope's beam, where blood gathers."""

import cv2
import numpy as np

from phantom import blood as film
from phantom import gallbladder, organs
from phantom.classes import ID, UNKNOWN
from phantom.painter import MARGIN, Painter, World
from phantom.scene import generator, grid, linear, mix, noise, step
from phantom.subjects import BLEEDS, shows


def build(
    subject: str, clip: int, size: tuple[int, int], seed: int, look: dict[str, float]
) -> World:
    """The anatomy of a clip. The patient keeps its colours and its side; each clip has
    its own view."""
    shape = tuple(int(side * MARGIN) for side in size)
    rng = generator("anatomy", subject, clip, seed)
    zoom, drop = rng.uniform(1.0, 1.5), rng.normal(0, 0.03)
    if shows(
        subject, "much_wall"
    ):  # seen from further off, at times before anything but the wall
        zoom, drop = 0.85 * zoom, drop + (0.22 if rng.random() < 0.2 else 0.05)
    paint = Painter(shape, zoom, drop, (look["lamp_x"], look["lamp_y"]))
    side = 1.0 if generator("body", subject, seed).random() < 0.65 else -1.0
    body = organs.Body(paint, rng, subject, clip, look, side)
    neck = np.array([-0.10 * side + rng.normal(0, 0.05), 0.12 + rng.normal(0, 0.03)])
    organs.wall(body)
    organs.ligament(body)
    if shows(subject, "much_wall"):
        hold = gallbladder.gallbladder(body, neck)
        organs.liver(body)
    else:
        organs.liver(body)
        hold = gallbladder.gallbladder(body, neck)
    organs.fat(body, neck)
    organs.bowel(body)
    gallbladder.hilum(body, neck)
    _inflame(body, neck)
    _dissect(body, neck)
    if look["purple"] > 0.94:  # livid, the one patient among the ruddy
        paint.albedo *= np.float32([0.80, 0.92, 1.45])
    _light(body, neck)
    spread = _bleeding(body, neck)
    wet = 0.1 + 0.95 * step(noise(rng, shape, 36 * body.scale, 2), -0.3, 1.1)
    ripples = body.scale * (
        0.34 * noise(rng, shape, 5 * body.scale, 2, 0.6) + 0.02 * body.fine
    )
    ground = np.dstack([paint.height, spread, paint.gloss * wet, paint.near])
    focus, held = (
        tuple(0.5 + (paint.place(point) - [shape[1] / 2, shape[0] / 2]) / size[::-1])
        for point in (neck, hold)
    )
    return World(
        np.dstack([paint.albedo, ripples]).astype(np.float32),
        ground.astype(np.float32),
        film.soil(rng, shape, body.strand),
        paint.classes,
        tuple(map(float, focus)),
        tuple(map(float, held)),
    )


def _inflame(body: organs.Body, neck: np.ndarray) -> None:
    """Inflamed skin: pinker than the rest, without an edge. Not blood, and nobody
    labels it as such."""
    paint, scale = body.paint, body.scale
    near_neck = step(paint.ellipse(neck, (0.3, 0.3), 0), 0, 0.3 * paint.high)
    flush = step(
        noise(body.rng, body.shape, 44 * scale, 2, 0.6) + 0.8 * near_neck, 0.5, 2.4
    )
    flush *= (0.15 + 0.3 * body.look["inflamed"]) * ~np.isin(
        paint.classes, (ID["liver"], ID["wall"], ID["connective"])
    )
    flush = cv2.GaussianBlur(flush.astype(np.float32), (0, 0), 3 * scale)
    paint.albedo = mix(paint.albedo, linear(196, 92, 84), flush)


def _dissect(body: organs.Body, neck: np.ndarray) -> None:
    """Where the surgeon has been at work: raw, torn and wet, brown with old blood, here
    and there charred; more in some clips than in others, no organ's edge moves."""
    paint, rng, scale, shape = body.paint, body.rng, body.scale, body.shape
    much = rng.uniform(0.45, 1) if body.subject == BLEEDS else rng.uniform(0, 1) ** 1.4
    where = neck + rng.normal(0, 0.05, 2) + [0.06 * body.side, 0.0]
    axes = (0.16 + 0.20 * much, 0.10 + 0.13 * much)
    edge = paint.ellipse(where, axes, rng.uniform(-0.6, 0.6)) + 12 * body.wobble
    share = much * step(edge + 5 * scale * body.mottle, -3 * scale, 16 * scale)
    share[np.isin(paint.classes, (ID["connective"], ID["liver"]))] *= 0.45
    grain = noise(rng, shape, 6 * scale, 3, 0.8)
    torn = step(0.5 * grain + 0.6 * body.strand + 0.5 * body.mottle, -1.2, 1.4)
    raw = mix(linear(84, 34, 34), linear(160, 108, 80), torn)
    raw = mix(raw, linear(112, 28, 30), 0.7 * step(body.mottle - grain, 0.2, 1.8))
    char = step(grain + 1.3 * noise(rng, shape, 30 * scale, 2), 1.9, 2.6)
    raw = mix(raw, linear(48, 32, 28), 0.85 * char)
    paint.albedo = mix(paint.albedo, raw, np.clip(0.9 * share * (0.5 + torn), 0, 0.85))
    rough = 1.1 * grain + 1.0 * body.strand + 2.2 * body.mottle
    paint.height += share * scale * (0.8 * rough - 3.0)
    paint.gloss += share * (1.0 - 0.8 * char) * np.maximum(0.9 - paint.gloss, 0)


def _light(body: organs.Body, neck: np.ndarray) -> None:
    """The telescope's beam: brightest somewhere near the work, weak on what lies deep,
    as the hilum does. Nobody labels the slits between organs where no light gets."""
    paint, rng, scale, shape = body.paint, body.rng, body.scale, body.shape
    spot = rng.normal(0, 0.11, 2) - [0, paint.drop]
    away = paint.ellipse(spot, (0.62, 0.5), 0) / (0.5 * paint.high) - 1
    beam = cv2.exp(-1.9 * away * away)
    deep = step(paint.ellipse(neck, (0.40, 0.34), 0), 0, 0.34 * paint.high)
    paint.near *= 1 - 0.62 * deep * step(noise(rng, shape, 50 * scale), -1.0, 0.8)
    paint.near *= (0.12 + 1.1 * beam) * np.clip(
        1 + 0.2 * noise(rng, shape, 90 * scale), 0.5, 1.5
    )
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(4 * scale) | 1,) * 2)
    slits = cv2.morphologyEx(paint.classes, cv2.MORPH_GRADIENT, disc) > 0
    paint.classes[slits & (noise(rng, shape, 30 * scale, 2) > 1.6)] = UNKNOWN


def _bleeding(body: organs.Body, neck: np.ndarray) -> np.ndarray:
    """Where blood comes first: from vessels about the neck, in the deep, on the liver's
    bed."""
    paint, rng = body.paint, body.rng
    sites = [
        tuple(map(float, paint.place(neck + rng.normal(0, 0.08, 2))))
        for _ in range(int(rng.integers(1, 4)))
    ]
    x, y = grid(body.shape)
    for sx, sy in sites:  # in a cleft, that gets little light
        away = ((x - sx) ** 2 + (y - sy) ** 2) / np.float32((36 * body.scale) ** 2)
        paint.near *= 1 - 0.42 * cv2.exp(-away)
    bed = cv2.GaussianBlur(
        (paint.classes == ID["liver"]).astype(np.float32), (0, 0), 6 * body.scale
    )
    about = step(paint.ellipse(neck, (0.62, 0.46), 0), 0, 0.3 * paint.high)
    deep = about * np.clip(0.6 - paint.near, -0.5, 0.5) - 0.6 * (1 - about)
    return film.potential(rng, paint.height, sites, 0.7, 0.6) + 1.1 * deep + 0.6 * bed
