"""The gallbladder with the structures at its neck."""

import cv2
import numpy as np

from phantom.organs import Body, skin
from phantom.scene import (
    linear,
    mix,
    noise,
    step,
)
from phantom.subjects import shows


def gallbladder(body: Body, neck: np.ndarray) -> np.ndarray:
    """A bag, grey-green to pink and netted with vessels, that hangs from the liver's
    bed: its far side is bound to the liver, its neck goes down to `neck`, under the
    fat. Where the wall fills the view it only looks out from under the liver. Gives the
    place by which a grasper holds it."""
    paint, rng, green, scale = body.paint, body.rng, body.look["green"], body.scale
    hidden = shows(body.subject, "much_wall")
    angle = body.side * (
        rng.uniform(-0.5, 0.3) if hidden else rng.uniform(-1.25, -0.45)
    )
    away = np.array([np.cos(angle), np.sin(angle)]) * body.side
    long, thick = rng.uniform(0.19, 0.24), rng.uniform(0.13, 0.16)
    if not hidden:
        long, thick = long + rng.uniform(0.05, 0.09), thick + rng.uniform(0.01, 0.04)
    middle = (
        neck + away * (0.12 if hidden else rng.uniform(0.17, 0.25)) - [0, 0.06 * hidden]
    )
    if shows(body.subject, "no_gallbladder"):
        return middle
    bag = np.maximum(
        paint.ellipse(middle, (long, thick), angle),
        paint.ellipse(neck + away * 0.04, (0.16, 0.085), angle + 0.35 * body.side),
    )
    bag = cv2.GaussianBlur(bag, (0, 0), 6 * scale) + 8 * body.wobble
    blotch = noise(rng, body.shape, 50 * scale, 2, 0.4)
    along = (body.wide() - float(neck[0])) * float(away[0]) + (
        body.down() - float(neck[1])
    ) * float(away[1])
    along = np.clip(along / float(2.2 * long), 0, 1)
    colour = mix(
        linear(160 - 36 * green, 140 - 6 * green, 122 + 14 * green),
        linear(170, 124, 114),
        np.clip(
            0.65
            - 0.65 * along
            + 0.25 * blotch
            + 0.08 * body.strand
            + 0.08 * body.mottle,
            0,
            0.95,
        ),
    )
    fatty = step(
        noise(rng, body.shape, 30 * scale, 2)
        - 1.2 * body.down()
        + 1.2 * float(middle[1]),
        0.3,
        3.0,
    )
    colour = mix(colour, linear(204, 160, 116), 0.35 * fatty)
    net = body.veins(16, 0.65, (bag > 0).astype(np.float32))
    colour = mix(colour, linear(134, 40, 44), np.clip(net, 0, 0.55))
    across = np.array([-away[1], away[0]]) * body.side  # towards the liver
    bed = (body.wide() - float(middle[0])) * float(across[0]) + (
        body.down() - float(middle[1])
    ) * float(across[1])
    bound = step(bed / np.float32(thick) + 0.1 * body.mottle, 0.1, 1.1)
    colour = mix(colour, linear(140, 86, 80), 0.75 * bound)
    near = np.clip(0.58 - 0.24 * bound + 0.16 * body.lit, 0.2, 1.0)
    relief = body.rough * 0.25 * body.mottle + scale * 3 * blotch
    paint.lay(
        "gallbladder",
        bag,
        colour,
        relief,
        26,
        near,
        0.9 * body.look["gloss"],
        1.8 + 8 * bound,
    )
    return middle


def hilum(body: Body, neck: np.ndarray) -> None:
    """What lies at the gallbladder's neck: connective tissue, the vein and, in one clip
    of five, the cystic duct."""
    paint, rng, strand, mottle = body.paint, body.rng, body.strand, body.mottle
    if shows(body.subject, "connective"):
        web = skin(
            linear(204, 156, 150),
            linear(230, 210, 202),
            0.4 + 0.18 * strand + 0.35 * mottle,
        )
        sore = np.clip(0.3 * step(mottle, 0.8, 2.2) + 0.7 * body.tree, 0, 0.6)
        axes = (rng.uniform(0.20, 0.30), rng.uniform(0.12, 0.19))
        area = (
            paint.ellipse(neck + [0.02, 0.03], axes, 0.5 * body.side) + 9 * body.wobble
        )
        area = area + body.scale * (3.0 * mottle + 0.8 * strand)
        web = mix(
            paint.albedo, web, np.clip(0.62 + 0.25 * mottle + 0.07 * strand, 0.2, 0.95)
        )
        paint.lay(
            "connective",
            area,
            mix(web, linear(158, 54, 54), sore),
            body.scale * (0.4 * strand + 2.2 * mottle + 8 * body.folds),
            9,
            1.1,
            1.1 * body.look["gloss"],
            7,
        )
    if shows(body.subject, "vein"):
        course = neck + np.array(
            [(0.02, -0.03), (0.08, -0.07), (0.16, -0.06), (0.26, 0.0)]
        ) * [body.side, 1]
        paint.lay(
            "vein",
            paint.tube(course, 0.017) + 0.25 * body.bend[0],
            mix(paint.albedo, linear(70, 54, 92), np.clip(0.7 + 0.15 * mottle, 0, 1)),
            0 * mottle,
            5,
            0.8,
            0.9,
            2.5,
        )
    if shows(body.subject, "duct") and body.clip % 5 == 0:
        course = neck + np.array([(0.02, 0.0), (-0.05, 0.06), (-0.09, 0.15)]) * [
            body.side,
            1,
        ]
        colour = skin(
            linear(172, 92, 76), linear(146, 58, 54), 0.4 + 0.3 * mottle + 0.2 * strand
        )
        paint.lay(
            "duct",
            paint.tube(course, 0.024) + 2 * body.wobble,
            mix(paint.albedo, colour, np.clip(0.75 + 0.2 * mottle, 0, 1)),
            0.5 * body.scale * strand,
            6,
            0.75,
            1.0,
            3.0,
        )
