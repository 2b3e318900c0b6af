"""The gallbladder with the structures at its neck."""

import cv2
import numpy as np

from phantom.organs import Body, skin
from phantom.scene import Field, linear, mix, noise, step, thrice


def gallbladder(body: Body, neck: np.ndarray) -> np.ndarray:
    """A bag, grey-green to pink and netted with vessels, that hangs from the liver's
    bed: its far side is bound to the liver, its neck goes down to `neck`, under the
    fat. Where the wall fills the view it only looks out from under the liver. Gives the
    place by which a grasper holds it."""
    paint, rng, side, scale = body.paint, body.rng, body.side, body.scale
    hidden = body.shows("much_wall")
    angle = side * (rng.uniform(-0.5, 0.3) if hidden else rng.uniform(-1.25, -0.45))
    away = np.array([np.cos(angle), np.sin(angle)]) * side
    long, thick = rng.uniform(0.19, 0.24), rng.uniform(0.13, 0.16)
    if not hidden:
        long, thick = long + rng.uniform(0.05, 0.09), thick + rng.uniform(0.01, 0.04)
    reach = 0.12 if hidden else rng.uniform(0.17, 0.25)
    middle = neck + away * reach - [0, 0.06 * hidden]
    if body.shows("no_gallbladder"):
        return middle
    bag = np.maximum(
        paint.ellipse(middle, (long, thick), angle),
        paint.ellipse(neck + away * 0.04, (0.16, 0.085), angle + 0.35 * side),
    )
    bag = cv2.GaussianBlur(bag, (0, 0), 6 * scale) + 8 * body.wobble
    blotch = noise(rng, body.shape, 50 * scale, 2, 0.4)
    along = np.clip(body.towards(neck, away) / float(2.2 * long), 0, 1)
    colour = _bag_skin(body, middle, along, blotch)
    net = body.veins(16, 0.65, (bag > 0).astype(np.float32))
    colour = mix(colour, linear(134, 36, 44), np.clip(1.2 * net, 0, 0.7))
    colour *= thrice(np.clip(1 + 0.04 * body.fine + 0.04 * body.strand, 0.6, 1.4))
    across = np.array([-away[1], away[0]]) * side  # towards the liver
    bed = body.towards(middle, across) / thick
    bound = step(bed + 0.1 * body.mottle, 0.1, 1.1)
    colour = mix(colour, linear(132, 94, 88), 0.65 * bound)
    near = np.clip(0.36 - 0.14 * bound + 0.12 * body.lit, 0.18, 0.7)
    relief = body.rough * 0.25 * body.mottle + scale * 3 * blotch
    gloss, soft = 0.65 * body.look["gloss"], 1.8 + 8 * bound
    paint.lay("gallbladder", bag, colour, relief, 26, near, gloss, soft)
    return middle


def _bag_skin(body: Body, middle: np.ndarray, along: Field, blotch: Field) -> Field:
    green = body.look["green"]
    base = linear(154 - 36 * green, 144 - 6 * green, 126 + 14 * green)
    share = 0.65 - 0.65 * along + 0.25 * blotch + 0.08 * body.strand
    share = np.clip(share + 0.08 * body.mottle, 0, 0.95)
    colour = mix(base, linear(152, 133, 124), share)
    fatty = noise(body.rng, body.shape, 30 * body.scale, 2) - 1.2 * body.down()
    fatty = step(fatty + 1.2 * float(middle[1]), 0.3, 3.0)
    return mix(colour, linear(196, 160, 120), 0.3 * fatty)


def hilum(body: Body, neck: np.ndarray) -> None:
    """What lies at the gallbladder's neck: connective tissue, the vein and, in one clip
    of five, the cystic duct."""
    if body.shows("connective"):
        _connective(body, neck)
    paint, mottle = body.paint, body.mottle
    if body.shows("vein"):
        course = np.array([(0.02, -0.03), (0.08, -0.07), (0.16, -0.06), (0.26, 0.0)])
        tube = paint.tube(neck + course * [body.side, 1], 0.017) + 0.25 * body.bend[0]
        share = np.clip(0.7 + 0.15 * mottle, 0, 1)
        colour = mix(paint.albedo, linear(70, 54, 92), share)
        paint.lay("vein", tube, colour, 0 * mottle, 5, 0.8, 0.9, 2.5)
    if body.shows("duct") and body.clip % 5 == 0:
        course = np.array([(0.02, 0.0), (-0.05, 0.06), (-0.09, 0.15)])
        tube = paint.tube(neck + course * [body.side, 1], 0.024) + 2 * body.wobble
        share = 0.4 + 0.3 * mottle + 0.2 * body.strand
        colour = skin(linear(172, 92, 76), linear(146, 58, 54), share)
        colour = mix(paint.albedo, colour, np.clip(0.75 + 0.2 * mottle, 0, 1))
        relief = 0.5 * body.scale * body.strand
        paint.lay("duct", tube, colour, relief, 6, 0.75, 1.0, 3.0)


def _connective(body: Body, neck: np.ndarray) -> None:
    paint, rng, strand, mottle = body.paint, body.rng, body.strand, body.mottle
    share = 0.4 + 0.18 * strand + 0.35 * mottle
    web = skin(linear(160, 142, 140), linear(182, 177, 175), share)
    sore = np.clip(0.3 * step(mottle, 0.8, 2.2) + 0.7 * body.tree, 0, 0.6)
    axes = (rng.uniform(0.20, 0.30), rng.uniform(0.12, 0.19))
    area = paint.ellipse(neck + [0.02, 0.03], axes, 0.5 * body.side) + 9 * body.wobble
    area = area + body.scale * (3.0 * mottle + 0.8 * strand)
    shown = np.clip(0.76 + 0.2 * mottle + 0.07 * strand, 0.3, 0.98)
    colour = mix(mix(paint.albedo, web, shown), linear(158, 54, 54), 0.5 * sore)
    relief = body.scale * (0.4 * strand + 2.2 * mottle + 8 * body.folds)
    gloss = 1.1 * body.look["gloss"]
    paint.lay("connective", area, colour, relief, 9, 0.8, gloss, 7)
