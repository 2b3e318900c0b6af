"""A pig's neck laid open: planes of tissue drawn back over one another to either side,
lobes between them, the dark under their edges, drape, retractor and thread."""

import cv2
import numpy as np

from phantom import blood as film
from phantom.classes import ID, UNKNOWN
from phantom.covers import drape, retractor, thread
from phantom.painter import World
from phantom.scene import (
    Shape,
    generator,
    grid,
    hollow,
    linear,
    mix,
    noise,
    step,
    thrice,
    unit,
    vessels,
)
from phantom.wound import MARGIN, NEVER, Wound


def build(
    subject: str, clip: int, size: Shape, seed: int, look: dict[str, float]
) -> World:
    """The wound of a clip. The pig keeps its colours, its lamp and its drape; each clip
    has its own view."""
    shape = tuple(int(side * MARGIN) for side in size)
    rng = generator("neck", subject, clip, seed)
    wound = Wound(shape, unit(size), rng, look)
    _floor(wound)
    _lobes(wound, int(rng.integers(4, 8)), 26.0, 0.68, deep=True)
    if rng.random() < 0.5:
        _vessel(wound)
    _planes(wound)
    _strands(wound)
    _lobes(wound, int(rng.integers(2, 6)), 85.0, 0.95, deep=False)
    _surface(wound)
    drape(wound)
    if rng.random() < 0.35:
        retractor(wound)
    if rng.random() < 0.25:
        thread(wound)
    _beam(wound)
    return _world(wound, size)


def _fascia(wound: Wound, pale: float = 0.0):
    look, hue = wound.look, wound.look["hue"]
    pale = look["pale"] + pale
    base = linear(196 + 10 * pale, 88 + 32 * pale - 8 * hue, 92 + 30 * pale + 12 * hue)
    threads = np.clip(0.14 + 0.16 * wound.strand * look["fibre"], 0, 0.6)
    colour = mix(base, linear(222, 152, 146), threads)
    relief = wound.scale * (2.8 * wound.folds + 0.40 * wound.strand * look["fibre"])
    return colour, relief, 1.0


def _muscle(wound: Wound):
    hue = wound.look["hue"]
    bands = np.clip(0.36 + 0.17 * wound.coarse + 0.08 * wound.strand, 0, 0.9)
    colour = mix(linear(170, 46 - 8 * hue, 42 + 12 * hue), linear(212, 104, 84), bands)
    veil = 0.6 * step(wound.patches + 0.5 * wound.strand, 0.1, 2.4)
    colour = mix(colour, linear(208, 122, 114), veil)
    relief = wound.scale * (0.7 * wound.coarse + 2.6 * wound.folds)
    return colour, relief, 0.7


def _fat(wound: Wound):
    hue, pale = wound.look["hue"], wound.look["pale"]
    base = linear(206, 110 + 14 * pale, 104 + 10 * pale - 8 * hue)
    colour = mix(base, linear(218, 148, 124), np.clip(0.2 + 0.2 * wound.tone, 0, 0.7))
    colour = mix(linear(190, 66, 66), colour, np.clip(0.42 + 0.75 * wound.dome, 0, 1))
    return colour, wound.scale * (5.0 * wound.dome + 2.2 * wound.folds), 1.1


def _gland(wound: Wound, shade: float):
    hue, pale = wound.look["hue"], wound.look["pale"]
    dark, rosy = linear(128, 38, 50 + 12 * hue), linear(204, 112, 118 + 10 * hue)
    colour = dark + np.float32(min(shade + 0.15 * pale, 1.0)) * (rosy - dark)
    colour = mix(
        colour, linear(226, 152, 152), np.clip(0.10 + 0.14 * wound.mottle, 0, 0.5)
    )
    relief = wound.scale * (1.6 * wound.folds + 0.5 * wound.mottle)
    return colour, relief, 1.3


def _floor(wound: Wound) -> None:
    colour, relief, gloss = _fascia(wound, -0.4)
    red = np.clip(0.55 + 0.35 * wound.patches, 0, 1)
    wound.albedo = mix(colour, linear(150, 34, 38), red * 0.8)
    deep = cv2.exp(-((wound.across / np.float32(wound.rng.uniform(32, 52))) ** 2))
    wound.height = relief - 20 * wound.scale * deep
    wound.gloss[:] = gloss
    wound.near = 0.66 - 0.40 * deep * step(wound.patches, -1.4, 0.6)


def _lobes(wound: Wound, number: int, away: float, near: float, deep: bool) -> None:
    """Glands, nodes and fat that bulge, each overlapping the last."""
    rng, scale = wound.rng, wound.scale
    for _ in range(number):
        centre = (rng.normal(0, 70), rng.normal(0, 18))
        if not deep:
            centre = (
                rng.uniform(-150, 150),
                rng.choice([-1, 1]) * rng.normal(away, 24),
            )
        size = rng.uniform(12, 32)
        axes = (size * rng.uniform(1.3, 2.2), size)
        inside = wound.ellipse(centre, axes, wound.tilt + rng.normal(0, 0.5))
        skin, kind = _gland(wound, rng.uniform(0.1, 0.75)), rng.random()
        if kind < 0.2:
            skin = _fascia(wound, 0.4)
        elif kind < (0.45 if deep else 0.75):  # a bunch of fat, its outline scalloped
            skin = _fat(wound)
            inside += 4 * scale * (wound.dome - 0.5)
        # Its far side melts into what it lies on.
        soft = 1.8 + rng.uniform(3, 11) * step(
            wound.patches + wound.mottle / 3, -0.8, 1.4
        )
        level = wound.level(inside) - 0.1 * size
        wound.lay(inside, skin, 0.38 * size, 0.95 * size, level, near, soft)


def _vessel(wound: Wound) -> None:
    """A great vessel along the floor: a blue vein or a pale artery."""
    rng = wound.rng
    along = np.linspace(-230, 230, 40)
    bend = np.cumsum(rng.normal(0, 1.6, 40)) + rng.normal(0, 16)
    points = [wound.place(a, b) for a, b in zip(along, bend)]
    half = rng.uniform(5, 10)
    colour = linear(140, 66, 88) if rng.random() < 0.5 else linear(214, 132, 124)
    colour = mix(colour, linear(230, 160, 156), np.clip(0.1 * wound.mottle, 0, 0.3))
    bed = cv2.GaussianBlur(wound.height, (0, 0), 5 * wound.scale)
    skin = (colour, bed, 1.4)
    wound.lay(wound.tube(points, half), skin, 0.9 * half, half, -1, 0.62, 1.8, 0.4)


def _planes(wound: Wound) -> None:
    """Planes drawn back to either side, the deepest nearest to the axis: each with a
    rolled edge under which no light gets."""
    rng, look, scale = wound.rng, wound.look, wound.scale
    for side in (-1.0, 1.0):
        edge = rng.uniform(24, 52)
        for layer in range(int(rng.integers(2, 5))):
            ragged = 12 * noise(rng, wound.shape, 64 * scale, 3, 0.36)
            ragged += 1.6 * wound.mottle * step(wound.patches, -0.5, 1.5)
            curve = np.float32(rng.normal(0, 0.0006)) * wound.along * wound.along
            slant = np.float32(rng.normal(0, 0.12)) * wound.along
            inside = (side * wound.across - edge + ragged + curve + slant) * scale
            often = np.array([1.1, 0.9 + look["muscle"], 0.3 + 0.7 * look["fat"], 0.3])
            often[3] += 0.7 * look["gland"]
            kind = rng.choice(4, p=often / often.sum())
            if kind == 0:
                skin = _fascia(wound, rng.normal(0, 0.4))
            elif kind == 1:
                skin = _muscle(wound)
            elif kind == 2:
                skin = _fat(wound)
            else:
                skin = _gland(wound, rng.uniform(0.3, 0.8))
            bulge = rng.uniform(6, 13)
            near = 0.84 + 0.05 * layer
            # Wet tissue lies on wet tissue: in places its edge is lost.
            soft = 2.0 + 7.0 * step(wound.patches + 0.5 * wound.mottle, -0.6, 1.6)
            wound.lay(
                inside, skin, bulge, bulge * 2.4, -4 + 4 * layer, near, soft, 0.56
            )
            rim = cv2.exp(-cv2.pow(inside / np.float32(6 * scale) - 0.5, 2))
            wound.cut = np.maximum(wound.cut, rim)
            edge += rng.uniform(24, 50)


def _strands(wound: Wound) -> None:
    """Bands of connective tissue that still bridge the wound."""
    rng = wound.rng
    for _ in range(int(rng.choice([0, 0, 0, 1]))):
        start, side = rng.normal(0, 70), rng.choice([-1.0, 1.0])
        share = np.linspace(0, 1, 12)
        for _ in range(int(rng.integers(1, 4))):  # a fan from one hold
            end, far = start + rng.normal(0, 28), rng.uniform(40, 62)
            along = start + (end - start) * share
            along += 4 * rng.normal(0, 7) * share * (1 - share)
            across = side * (far - (far + 50) * share)
            points = [wound.place(*point) for point in zip(along, across)]
            half = rng.uniform(0.7, 2.0)
            tone = np.clip(0.5 + 0.4 * wound.patches, 0, 1)
            colour = mix(linear(204, 104, 100), linear(232, 166, 156), tone)
            skin = (colour, np.float32(0), 1.2)
            inside = wound.tube(points, half)
            wound.lay(inside, skin, half, half, wound.level(inside) + 1, 0.9, 0.9, 0.2)


def _surface(wound: Wound) -> None:
    """What all tissue shares: mottling, old blood wiped thin over it (nobody labels
    it), vessels, the char that cautery leaves."""
    rng, look, scale, shape = wound.rng, wound.look, wound.scale, wound.shape
    hues = noise(rng, shape, 24 * scale, 3, 0.6)
    wound.albedo *= cv2.exp(cv2.merge([-0.02 * hues, -0.10 * hues, 0.03 * hues]))
    tone = 1 + 0.09 * wound.mottle + 0.07 * wound.fine
    wound.albedo *= thrice(np.clip(tone, 0.4, 1.6))
    wash = noise(rng, shape, 52 * scale, 4, 0.6) + 0.4 * wound.folds
    wash = step(wash, -0.6 - 0.9 * look["inflamed"], 2.6)
    # It has run into every crease, and streaks lie where swabs went over it.
    wash += 0.9 * step(hollow(wound.height, 7 * scale) / np.float32(scale), 0.2, 2.2)
    streaks = step(0.7 * wound.coarse + 0.8 * wound.mottle + 0.5 * hues, 0.6, 2.4)
    wash += 0.8 * streaks * step(wound.patches, -0.8, 1.0)
    thin = cv2.exp(cv2.merge([wash * -k for k in (0.22, 1.0, 0.90)]))
    wound.albedo *= thin
    # A web of whitish threads, denser here and there.
    web = step(np.abs(wound.strand - 0.4 * wound.fine), 1.6, 3.0)
    web *= step(wound.patches, -1.2, 1.4)
    wound.albedo = mix(wound.albedo, linear(232, 176, 168), 0.42 * web)
    wound.height += 0.5 * scale * web
    tree = vessels(rng, shape, int(look["vessels"]), 1.2)
    wound.albedo = mix(wound.albedo, linear(132, 16, 24), 0.55 * tree)
    char = noise(rng, shape, 7 * scale, 2) + 0.9 * noise(rng, shape, 44 * scale)
    char = step(char + 3.4 * wound.cut, 5.4, 6.3)
    wound.albedo = mix(wound.albedo, linear(66, 38, 28), 0.75 * char)
    rough = 0.34 * wound.fine + 1.1 * wound.mottle - char
    wound.height += scale * look["rough"] * rough
    wound.gloss *= 1 - 0.8 * char


def _beam(wound: Wound) -> None:
    """The lamp's pool of light, uneven over the larger folds."""
    rng, scale, shape = wound.rng, wound.scale, wound.shape
    x, y = grid(shape)
    px, py = np.array(shape[::-1]) * rng.uniform((0.35, 0.4), (0.65, 0.75))
    away = ((x - np.float32(px)) ** 2 + (y - np.float32(py)) ** 2) / np.float32(
        (210 * scale) ** 2
    )
    wound.near *= 0.62 + 0.45 * cv2.exp(-away)
    wound.near *= np.clip(1 + 0.10 * noise(rng, shape, 80 * scale), 0.5, 1.5)


def _world(wound: Wound, size: Shape) -> World:
    rng, scale, shape, look = wound.rng, wound.scale, wound.shape, wound.look
    wet = 0.08 + 1.1 * step(noise(rng, shape, 24 * scale, 2), -0.5, 1.0)
    # Gleams stand where the skin bulges towards the lamp.
    proud = step(-hollow(wound.height, 9 * scale) / np.float32(scale), -0.6, 2.0)
    ripples = scale * (1.2 * noise(rng, shape, 12 * scale, 3, 0.45) + 0.03 * wound.fine)
    sites = [
        wound.place(rng.normal(0, 52), rng.normal(0, 16))
        for _ in range(int(rng.integers(1, 4)))
    ]
    spread = film.potential(rng, wound.height, sites, lace=0.5)
    spread[wound.foreign > 0.3] = NEVER
    gloss = look["gloss"] * wound.gloss * wet * (0.3 + 1.3 * proud)
    ground = np.dstack([wound.height, spread, gloss, wound.near])
    classes = np.where(wound.foreign > 0.3, UNKNOWN, ID["connective"]).astype(np.uint8)
    focus = tuple(
        float(0.5 + (place - side / 2) / full)
        for place, side, full in zip(sites[0], shape[::-1], size[::-1])
    )
    return World(
        np.dstack([wound.albedo, ripples]).astype(np.float32),
        ground.astype(np.float32),
        film.soil(rng, shape, wound.strand) * (wound.foreign < 0.3),
        classes,
        focus,
        focus,
    )
