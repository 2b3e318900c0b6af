"""The organs around a gallbladder, each with its shape, its skin and its place over the others."""

from dataclasses import dataclass

import numpy as np

from helpers.phantom.painter import ID, MARGIN, Painter
from helpers.phantom.scene import (
    Field,
    fibres,
    flat,
    grid,
    linear,
    lobules,
    mix,
    noise,
    step,
    thrice,
    unit,
    vessels,
)
from helpers.phantom.subjects import shows


@dataclass
class Body:
    """One clip's view of a patient: who, which side is which, and the textures that several organs share."""

    paint: Painter
    rng: np.random.Generator
    subject: str
    look: dict[str, float]
    side: float  # 1: the liver lies to the right of the picture, -1: to the left

    def __post_init__(self):
        shape, rng = self.paint.shape, self.rng
        self.shape, self.scale = shape, unit((int(shape[0] / MARGIN + 0.5), 0))
        scale = self.scale
        self.rough = self.look["rough"] * scale
        self.wobble = noise(rng, shape, 46 * scale, 3) * scale
        self.mottle = noise(rng, shape, 22 * scale, 3, 0.6)
        self.fine = noise(rng, shape, 5 * scale)
        course = rng.uniform(-0.5, 0.5) + 0.4 * self.side
        self.strand = fibres(rng, shape, course, 40 * scale, 2.6 * scale, 22 * scale)
        self.tree = vessels(rng, shape, int(self.look["vessels"]) + 6, 1.3)
        self.folds = noise(rng, shape, 70 * scale, 2)

    def wide(self) -> Field:
        """How far to the right of the middle each pixel lies, in scene heights."""
        return (grid(self.shape)[0] - self.shape[1] / 2) / self.paint.high


def skin(base: Field, other: Field, share: Field) -> Field:
    """One colour with another mixed in."""
    return mix(base, other, np.clip(share, 0, 1))


def wall(body: Body) -> None:
    """The wall of the abdomen: far at the top, orange to violet, with fine vessels and folds; on it the
    ligament."""
    w, folds, strand, mottle, rough = body.look["wall"], body.folds, body.strand, body.mottle, body.rough
    colour = skin(
        linear(196 - 30 * w, 118 - 6 * w, 84 + 26 * w),
        linear(150, 96, 106),
        0.3 + 0.35 * folds + 0.08 * strand,
    )
    colour = mix(
        colour, linear(120, 28, 36), 0.5 * vessels(body.rng, body.shape, int(body.look["vessels"]) * 2, 1.0)
    )
    near = np.clip(0.62 + 0.25 * folds - 0.18 * body.side * body.wide(), 0.12, 1.1)
    relief = 14 * body.scale * folds + 0.35 * rough * strand + 0.9 * rough * mottle
    body.paint.lay(
        "wall", np.full(body.shape, 99.0, np.float32), colour, relief, 0.01, near, 0.25 * body.look["gloss"]
    )
    if shows(body.subject, "ligament"):
        course = np.array([(0.15, -0.7), (0.05, -0.3), (0.12, 0.05)]) * [body.side, 1]
        sheet = body.paint.tube(course, 0.10) + 6 * body.wobble
        colour = skin(linear(204, 160, 116), linear(186, 118, 96), 0.3 + 0.2 * strand + 0.2 * mottle)
        body.paint.lay("ligament", sheet, colour, 0.6 * rough * strand + 0.8 * mottle, 7, 0.9, 0.4)


def liver(body: Body) -> None:
    """One or two smooth dark lobes, finely speckled."""
    paint, rng, side, brown = body.paint, body.rng, body.side, body.look["liver"]
    colour = skin(
        linear(132 - 40 * brown, 56 - 2 * brown + 6 * body.look["hue"], 48 + 14 * brown),
        linear(100 - 24 * brown, 40, 40),
        0.4 + 0.3 * body.mottle,
    )
    colour *= thrice(np.clip(1 + 0.07 * body.fine, 0.5, 1.5))
    near = np.clip(0.62 + 0.22 * noise(rng, body.shape, 80 * body.scale), 0.2, 1)
    up, tilt = rng.uniform(-0.10, 0.12), side * rng.uniform(-0.5, 0.2)
    lobe = paint.ellipse((0.52 * side, up), (0.72, 0.40), tilt) + 5 * body.wobble
    if shows(body.subject, "much_liver") or rng.random() < 0.25:
        second = paint.ellipse((-0.35 * side, -0.28), (0.95, 0.42), 0.2 * side) + 5 * body.wobble
        lobe = np.maximum(lobe, second)
    relief = 6 * body.scale * body.folds + 0.12 * body.rough * body.mottle + 0.05 * body.fine
    paint.lay("liver", lobe, colour, relief, 26, near, 0.35 * body.look["gloss"])
    if shows(body.subject, "no_wall"):
        paint.classes[paint.classes == ID["wall"]] = ID["liver"]


def fat(body: Body) -> Field:
    """Below: yellow to orange, lobulated. Gives its lobules."""
    paint, rng, mottle, scale, size = body.paint, body.rng, body.mottle, body.scale, body.look["lobule"]
    dome, tone = lobules(rng, body.shape, size * scale)
    small, _ = lobules(rng, body.shape, 0.5 * size * scale)
    yellow = body.look["yellow"]
    colour = skin(
        linear(208, 148 + 18 * yellow, 84 - 22 * yellow),
        linear(196, 108, 66),
        0.35 + 0.2 * tone + 0.2 * mottle,
    )
    colour = mix(colour, linear(160, 50, 40), 0.5 * body.tree * (mottle > 0))
    down = (grid(body.shape)[1] - body.shape[0] / 2) / paint.high
    below = down - rng.uniform(0.10, 0.24) + 0.25 * body.side * rng.uniform(-0.3, 0.8) * body.wide()
    relief = body.rough * (6.0 * dome + 1.6 * small + 0.5 * mottle)
    relief += 9 * scale * noise(rng, body.shape, 60 * scale, 2)
    paint.lay("fat", below * paint.high + 9 * body.wobble, colour, relief, 16, 0.92, 0.8 * body.look["gloss"])
    return dome


def bowel(body: Body) -> None:
    """A grey-pink loop in a lower corner, in three clips of four."""
    if shows(body.subject, "no_bowel") or body.rng.random() >= 0.75:
        return
    colour = skin(
        linear(206, 138 + 8 * body.look["hue"], 128),
        linear(186, 112, 112),
        0.4 + 0.35 * body.mottle + 0.1 * body.strand,
    )
    colour = mix(colour, linear(168, 60, 64), 0.5 * body.tree)
    middle = (-body.rng.uniform(0.35, 0.6) * body.side, body.rng.uniform(0.26, 0.42))
    loop = body.paint.ellipse(middle, (0.30, 0.15), -0.6 * body.side) + 3 * body.wobble
    body.paint.lay("bowel", loop, colour, 1.2 * body.rough * body.mottle, 18, 0.95, 0.8 * body.look["gloss"])


def gallbladder(body: Body, neck: np.ndarray, dome: Field) -> None:
    """A pale pear, blue-green to yellow-pink, netted with vessels, its neck towards `neck`."""
    if shows(body.subject, "no_gallbladder"):
        return
    paint, rng, green = body.paint, body.rng, body.look["green"]
    angle = body.side * rng.uniform(-0.9, -0.2)
    away = np.array([np.cos(angle), np.sin(angle)]) * body.side
    pear = paint.ellipse(
        neck + away * rng.uniform(0.22, 0.3), (rng.uniform(0.2, 0.27), rng.uniform(0.12, 0.16)), angle
    )
    pear = np.maximum(pear, paint.ellipse(neck + away * 0.07, (0.14, 0.06), angle)) + 2 * body.wobble
    blotch = noise(rng, body.shape, 34 * body.scale, 3)
    colour = mix(
        linear(190 - 50 * green, 158 - 10 * green, 122 + 22 * green),
        linear(196, 124, 92),
        np.clip(0.3 + 0.4 * blotch, 0, 0.85),
    )
    colour = mix(colour, linear(214, 176, 120), np.clip(0.35 * (dome - 0.45) + 0.3 * blotch - 0.1, 0, 0.6))
    net = vessels(rng, body.shape, 16, 1.1, (pear > 0).astype(np.float32))
    colour = mix(colour, linear(142, 36, 40), 0.65 * net)
    paint.lay(
        "gallbladder",
        pear,
        colour,
        body.rough * (0.35 * body.mottle + 1.2 * blotch),
        24,
        0.95,
        0.8 * body.look["gloss"],
    )


def hilum(body: Body, neck: np.ndarray) -> None:
    """What lies at the gallbladder's neck: connective tissue, the vein, the cystic duct."""
    paint, rng, strand, mottle = body.paint, body.rng, body.strand, body.mottle
    if shows(body.subject, "connective"):
        web = skin(linear(192, 140, 100), linear(224, 192, 150), 0.3 + 0.25 * strand + 0.3 * mottle)
        sore = np.clip(0.4 * step(mottle, 0.5, 2.0) + 0.6 * body.tree, 0, 0.8)
        axes = (rng.uniform(0.22, 0.32), rng.uniform(0.13, 0.2))
        area = paint.ellipse(neck + [0.02, 0.05], axes, 0.5 * body.side) + 8 * body.wobble
        paint.lay(
            "connective",
            area,
            mix(web, linear(140, 52, 44), sore),
            body.scale * (0.8 * strand + 3.0 * mottle),
            9,
            0.7,
            1.1 * body.look["gloss"],
        )
    if shows(body.subject, "vein"):
        course = neck + np.array([(0.02, -0.06), (0.12, -0.08), (0.24, -0.02)]) * [body.side, 1]
        paint.lay(
            "vein",
            paint.tube(course, 0.022) + 0.6 * body.wobble,
            flat(linear(78, 58, 92), body.shape),
            0 * mottle,
            5,
            0.8,
            0.9,
        )
    if shows(body.subject, "duct"):
        course = neck + np.array([(0.02, 0.0), (-0.05, 0.06), (-0.09, 0.15)]) * [body.side, 1]
        colour = skin(linear(208, 158, 118), linear(190, 110, 84), 0.4 + 0.3 * mottle)
        paint.lay(
            "duct",
            paint.tube(course, 0.032) + 0.8 * body.wobble,
            colour,
            0.5 * body.scale * strand,
            6,
            1.0,
            1.0,
        )
