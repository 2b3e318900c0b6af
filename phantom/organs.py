"""The organs around a gallbladder, each with its shape, its skin and its place over the
others."""

from dataclasses import dataclass

import cv2
import numpy as np

from phantom.classes import ID
from phantom.painter import MARGIN, Painter
from phantom.scene import (
    Field,
    fibres,
    grid,
    linear,
    lobules,
    mix,
    noise,
    step,
    thrice,
    unit,
    vessels,
    warp,
)
from phantom.subjects import shows


@dataclass
class Body:
    """One clip's view of a patient: who, which side is which, and the textures that
    several organs share."""

    paint: Painter
    rng: np.random.Generator
    subject: str
    clip: int
    look: dict[str, float]
    side: float  # 1: the liver lies to the right of the picture, -1: to the left

    def __post_init__(self):
        shape, rng = self.paint.shape, self.rng
        self.shape, self.scale = shape, unit((int(shape[0] / MARGIN + 0.5), 0))
        scale = self.scale
        self.rough = self.look["rough"] * scale
        self.wobble = noise(rng, shape, 80 * scale, 2) * scale
        self.mottle = noise(rng, shape, 22 * scale, 3, 0.6)
        self.fine = noise(rng, shape, 3.5 * scale, 2, 0.7)
        self.fine *= np.clip(0.8 + 0.8 * noise(rng, shape, 50 * scale), 0, 1.9)
        course = rng.uniform(-0.5, 0.5) + 0.4 * self.side
        self.strand = fibres(rng, shape, course, 40 * scale, 2.0 * scale, 11 * scale)
        self.bend = [1.6 * scale * noise(rng, shape, 14 * scale, 2) for _ in range(2)]
        # A net of vessels on fat and bowel: some trunks, many twigs.
        self.tree = np.maximum(
            self.veins(int(self.look["vessels"]) // 3 + 2, 1.2),
            0.8 * self.veins(2 * int(self.look["vessels"]) + 6, 0.6),
        )
        self.folds = noise(rng, shape, 70 * scale, 2)
        self.lit = noise(rng, shape, 110 * scale)

    def wide(self) -> Field:
        """How far to the right of the middle each pixel lies, in scene heights."""
        return (grid(self.shape)[0] - self.shape[1] / 2) / self.paint.high

    def down(self) -> Field:
        """How far below the scene's middle each pixel lies, in scene heights."""
        below = (grid(self.shape)[1] - self.shape[0] / 2) / self.paint.high
        return below - self.paint.drop

    def towards(self, point: np.ndarray, way: np.ndarray) -> Field:
        """How far along `way` from a point each pixel lies, in scene heights."""
        right, below = self.wide() - float(point[0]), self.down() - float(point[1])
        return right * float(way[0]) + below * float(way[1])

    def veins(self, number: int, width: float, within: Field | None = None) -> Field:
        """Vessels that wind, 0-1."""
        return warp(vessels(self.rng, self.shape, number, width, within), *self.bend)

    def shows(self, structure: str) -> bool:
        """Whether this patient is one of those of subjects.RARE."""
        return shows(self.subject, structure)


def skin(base: Field, other: Field, share: Field) -> Field:
    """One colour with another mixed in."""
    return mix(base, other, np.clip(share, 0, 1))


def wall(body: Body) -> None:
    """The wall of the abdomen: far at the top, orange to violet, with fine vessels,
    fibres and folds."""
    w, folds, strand, mottle = body.look["wall"], body.folds, body.strand, body.mottle
    base = linear(190 - 36 * w, 136 - 14 * w, 98 + 30 * w)
    share = 0.35 + 0.3 * folds + 0.09 * strand + 0.08 * mottle
    colour = skin(base, linear(128, 96, 104), share)
    fine = body.veins(int(body.look["vessels"]) * 3, 0.7)
    colour = mix(colour, linear(132, 26, 32), np.clip(2.2 * fine, 0, 0.85))
    colour = mix(colour, linear(120, 34, 44), np.clip(1.0 * body.tree, 0, 0.6))
    colour *= thrice(np.clip(1 + 0.035 * body.fine + 0.05 * strand, 0.6, 1.4))
    lit = 0.3 * folds + 0.95 * body.lit - 0.5 * body.side * body.wide()
    near = 0.35 * cv2.exp(np.clip(lit, -2.3, 1.0))
    rough = body.rough
    relief = 12 * body.scale * folds + 0.2 * rough * strand + 0.7 * rough * mottle
    everywhere = np.full(body.shape, 99.0, np.float32)
    gloss = 0.2 * body.look["gloss"]
    body.paint.lay("wall", everywhere, colour, relief, 0.01, near, gloss)


def ligament(body: Body) -> None:
    """The sheet that hangs from the wall to the liver: pale, yellow, thin."""
    if not body.shows("ligament"):
        return
    course = np.array([(-0.02, -0.8), (0.02, -0.35), (0.14, 0.10)]) * [body.side, 1]
    sheet = body.paint.tube(course, body.rng.uniform(0.24, 0.34)) + 8 * body.wobble
    share = 0.3 + 0.2 * body.strand + 0.2 * body.mottle
    colour = skin(linear(206, 160, 112), linear(182, 132, 106), share)
    colour = mix(colour, linear(150, 44, 40), 0.5 * body.tree)
    relief = 0.5 * body.rough * body.strand + 7 * body.scale * body.folds
    near, gloss = np.clip(0.34 + 0.2 * body.lit, 0.1, 1), 0.5 * body.look["gloss"]
    body.paint.lay("ligament", sheet, colour, relief, 9, near, gloss)


def liver(body: Body) -> None:
    """One or two smooth dark lobes with soft edges, a fine grain and a sheen."""
    paint, rng, side, brown = body.paint, body.rng, body.side, body.look["liver"]
    green = 55 - 2 * brown + 6 * body.look["hue"]
    base, other = linear(118 - 36 * brown, green, 55 + 14 * brown), 92 - 22 * brown
    share = 0.4 + 0.14 * body.mottle + 0.3 * body.folds
    colour = skin(base, linear(other, 43, 45), share)
    colour *= thrice(np.clip(1 + 0.045 * body.fine, 0.7, 1.3))
    near = np.clip(0.46 + 0.16 * noise(rng, body.shape, 90 * body.scale), 0.15, 1)
    up, tilt = rng.uniform(-0.06, 0.08), side * rng.uniform(-0.45, 0.1)
    if body.shows("much_liver"):
        lobe = paint.ellipse((0.45 * side, up - 0.06), (0.85, 0.48), tilt)
        second = paint.ellipse((-0.35 * side, -0.30), (0.95, 0.46), 0.2 * side)
        lobe = np.maximum(lobe + 5 * body.wobble, second + 7 * body.wobble)
    else:
        middle, half = (0.46 * side, up - 0.03), (0.86, 0.49)
        if body.shows("much_wall"):
            middle, half = (0.58 * side, up + 0.10), (0.74, 0.33)
        lobe = paint.ellipse(middle, half, tilt) + 6 * body.wobble
    relief = 12 * body.scale * body.folds + 0.10 * body.rough * body.mottle
    paint.lay("liver", lobe, colour, relief, 22, near, 0.5 * body.look["gloss"])
    if body.shows("no_wall"):
        paint.classes[paint.classes == ID["wall"]] = ID["liver"]


def fat(body: Body, neck: np.ndarray) -> None:
    """Below: yellow to orange, large soft lobes with small ones on them; it climbs up
    to the gallbladder."""
    paint, rng, mottle, scale = body.paint, body.rng, body.mottle, body.scale
    large, tone = lobules(rng, body.shape, 2.6 * body.look["lobule"] * scale)
    small, _ = lobules(rng, body.shape, 0.6 * body.look["lobule"] * scale)
    beads = step(noise(rng, body.shape, 55 * scale), 0.0, 1.2)
    large, small = (
        cv2.GaussianBlur(dome, (0, 0), blur * scale)
        for dome, blur in ((large, 3.5), (small, 1.0))
    )
    yellow = body.look["yellow"]
    base = linear(212, 158 + 12 * yellow, 108 - 22 * yellow)
    share = 0.3 + 0.12 * tone + 0.2 * mottle + 0.7 * (0.5 - large)
    colour = skin(base, linear(200, 124, 84), share)
    colour *= thrice(np.clip(1 + 0.05 * body.fine, 0.6, 1.4))
    colour = mix(colour, linear(160, 30, 28), np.clip(2.0 * body.tree, 0, 0.85))
    line = rng.uniform(0.12, 0.22)
    tilt = 0.25 * body.side * rng.uniform(-0.2, 0.9) * body.wide()
    aside = body.wide() - float(neck[0] - 0.05 * body.side)
    aside = aside / rng.uniform(0.12, 0.22)
    climb = rng.uniform(0.02, 0.11) * cv2.exp(-aside * aside)
    climb *= np.maximum(1 + 0.4 * noise(rng, body.shape, 40 * scale), 0)
    inside = (body.down() - line + tilt + climb) * paint.high + 7 * body.wobble
    inside = inside + scale * (9 * large + 4 * beads * small - 6)
    relief = scale * (17 * large + (2 + 5 * beads) * small)
    relief = relief + body.rough * 0.5 * mottle
    relief += 9 * scale * noise(rng, body.shape, 60 * scale, 2)
    near = 0.08 + 0.95 * large + 0.26 * body.lit + 0.1 * beads * (small - 0.6)
    near, gloss = np.clip(near, 0.12, 1.1), 0.7 * body.look["gloss"]
    paint.lay("fat", inside, colour, relief, 16, near, gloss, 2.0)


def bowel(body: Body) -> None:
    """A grey-pink loop in a lower corner, in three clips of four."""
    if body.shows("no_bowel") or body.rng.random() >= 0.75:
        return
    base = linear(204, 168 + 8 * body.look["hue"], 156)
    share = 0.35 + 0.25 * body.mottle + 0.1 * body.strand
    colour = skin(base, linear(186, 138, 132), share)
    colour = mix(colour, linear(164, 44, 50), np.clip(2.0 * body.tree, 0, 0.85))
    middle = (-body.rng.uniform(0.35, 0.6) * body.side, body.rng.uniform(0.26, 0.42))
    loop = body.paint.ellipse(middle, (0.32, 0.16), -0.6 * body.side) + 7 * body.wobble
    relief = 0.6 * body.rough * body.mottle + 4 * body.scale * body.folds
    near = np.clip(0.6 + 0.25 * body.lit, 0.2, 1.2)
    body.paint.lay("bowel", loop, colour, relief, 20, near, 0.7 * body.look["gloss"])
