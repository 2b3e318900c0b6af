"""The organs around a gallbladder, laid over one another as a painter would: each a domed body with its own skin."""

from typing import NamedTuple

import cv2
import numpy as np

from helpers.frames.classes import UNKNOWN, by_name
from helpers.phantom import blood as film
from helpers.phantom.scene import Field, fibres, flat, generator, grid, linear, lobules, mix, noise, step, thrice, unit, vessels
from helpers.phantom.subjects import shows

ID = {short: by_name(name).id for short, name in {
    "black": "Black Background", "wall": "Abdominal Wall", "liver": "Liver", "bowel": "Gastrointestinal Tract",
    "fat": "Fat", "grasper": "Grasper", "connective": "Connective Tissue", "blood": "Blood", "duct": "Cystic Duct",
    "hook": "L-hook Electrocautery", "gallbladder": "Gallbladder", "vein": "Hepatic Vein",
    "ligament": "Liver Ligament"}.items()}


class World(NamedTuple):
    """A clip's anatomy, somewhat larger than the frame: what stays while the camera moves."""

    albedo: Field         # HxWx3, linear
    ground: Field         # HxWx4: height, where blood comes first, gloss, how much light gets there
    classes: np.ndarray   # HxW uint8
    focus: tuple[float, float]   # where the surgeon works, as a share of the frame (x, y)


class Painter:
    """What has been laid down so far; `lay` puts another body on top."""

    def __init__(self, shape: tuple[int, int], zoom: float):
        self.shape, self.scale, self.high = shape, unit(shape) / 1.2, zoom * shape[0] / 1.2
        self.albedo = np.zeros((*shape, 3), np.float32)
        self.height, self.gloss, self.near = (np.zeros(shape, np.float32) for _ in range(3))
        self.classes = np.full(shape, ID["wall"], np.uint8)

    def lay(self, inside: Field, skin: Field, relief: Field, bulge: float, near, gloss, name: str) -> None:
        """A body where `inside` (pixels to its edge, positive within) is positive: its skin (colour), relief (height
        on top of a dome `bulge` pixels high), its nearness to the lamp and its gloss; it shades what lies below."""
        share = step(inside, -1.3 * self.scale, 1.3 * self.scale)
        dome = np.sqrt(np.clip(inside / (4.0 * bulge * self.scale), 0, 1)) * bulge * self.scale
        self.near *= 1 - 0.5 * cv2.exp(np.minimum(inside, 0) / (13 * self.scale))
        self.albedo = mix(self.albedo, skin, share)
        for field, new in ((self.height, dome + relief), (self.near, near), (self.gloss, gloss)):
            field += share * (new - field)
        self.classes[inside > 0] = ID[name]


def ellipse(paint, middle, axes, angle: float) -> Field:
    """About how many pixels to an ellipse's edge, positive inside; lengths in scene heights from the centre."""
    shape, high = paint.shape, paint.high
    x, y = grid(shape)
    x, y = x - float(shape[1] / 2 + middle[0] * high), y - float(shape[0] / 2 + middle[1] * high)
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    u, v = (x * cosine + y * sine) / float(axes[0] * high), (y * cosine - x * sine) / float(axes[1] * high)
    return (1 - np.sqrt(u * u + v * v)) * float(min(axes) * high)


def tube(paint, points, half: float) -> Field:
    """Pixels to the edge of a tube along points (scene heights from the centre), positive inside."""
    shape, high = paint.shape, paint.high
    line = np.ones(shape, np.uint8)
    place = np.round((np.array(points) * high + [shape[1] / 2, shape[0] / 2]) * 8).astype(np.int32)
    cv2.polylines(line, [place], False, 0, 1, cv2.LINE_8, 3)
    return float(half * high) - cv2.distanceTransform(line, cv2.DIST_L2, 5)


def build(subject: str, clip: int, size: tuple[int, int], seed: int, look: dict[str, float]) -> World:
    """The anatomy of a patient's clip. The patient keeps its colours and its side; each clip has its own view."""
    shape = tuple(int(side * 1.2) for side in size)
    scale = unit(size)
    rng = generator("anatomy", subject, clip, seed)
    own = generator("body", subject, seed)
    paint = Painter(shape, rng.uniform(0.95, 1.55))
    side = 1.0 if own.random() < 0.65 else -1.0
    x, y = grid(shape)
    down = (y - shape[0] / 2) / paint.high
    wobble = noise(rng, shape, 46 * scale, 3) * scale
    mottle = noise(rng, shape, 22 * scale, 3, 0.6)
    fine = noise(rng, shape, 5 * scale)
    strand = fibres(rng, shape, rng.uniform(-0.5, 0.5) + 0.4 * side, 40 * scale, 2.6 * scale, 22 * scale)
    tree = vessels(rng, shape, int(look["vessels"]) + 6, 1.3)
    rough = look["rough"] * scale

    def skin(base, other, share):
        return mix(base, other, np.clip(share, 0, 1))

    hue = look["hue"]
    # The wall of the abdomen: far at the top, orange to violet, with fine vessels and folds.
    w = look["wall"]
    folds = noise(rng, shape, 70 * scale, 2)
    wall = skin(linear(196 - 30 * w, 118 - 6 * w, 84 + 26 * w), linear(150, 96, 106), 0.3 + 0.35 * folds + 0.08 * strand)
    net = vessels(rng, shape, int(look["vessels"]) * 2, 1.0)
    wall = mix(wall, linear(120, 28, 36), 0.5 * net)
    wall_near = np.clip(0.62 + 0.25 * folds + 0.25 * side * (shape[1] / 2 - x) / size[1], 0.12, 1.1)
    everywhere = np.full(shape, 99.0, np.float32)
    paint.lay(everywhere, wall, 14 * scale * folds + 0.35 * rough * strand + 0.9 * rough * mottle, 0.01, wall_near,
              0.25 * look["gloss"], "wall")
    if shows(subject, "ligament"):
        sheet = tube(paint, [(0.15 * side, -0.7), (0.05 * side, -0.3), (0.12 * side, 0.05)], 0.10) + 6 * wobble
        paint.lay(sheet, skin(linear(204, 160, 116), linear(186, 118, 96), 0.3 + 0.2 * strand + 0.2 * mottle), 0.6 * rough * strand + 0.8 * mottle, 7, 0.9,
                  0.4, "ligament")
    # The liver: one or two smooth dark lobes, finely speckled, broad gleams.
    l = look["liver"]
    dark = skin(linear(140 - 50 * l, 38 - 4 * l + 5 * hue, 34 + 10 * l), linear(104 - 24 * l, 26, 28), 0.4 + 0.3 * mottle)
    dark *= thrice(np.clip(1 + 0.07 * fine, 0.5, 1.5))
    liver_near = np.clip(0.62 + 0.22 * noise(rng, shape, 80 * scale), 0.2, 1)
    up, tilt = rng.uniform(-0.10, 0.12), side * rng.uniform(-0.5, 0.2)
    lobe = ellipse(paint, (0.52 * side, up), (0.72, 0.40), tilt) + 5 * wobble
    if shows(subject, "no_wall") or rng.random() < 0.25:
        lobe = np.maximum(lobe, ellipse(paint, (-0.35 * side, -0.28), (0.95, 0.42), 0.2 * side) + 5 * wobble)
    paint.lay(lobe, dark, 6 * scale * folds + 0.12 * rough * mottle + 0.05 * fine, 26, liver_near, 0.6 * look["gloss"], "liver")
    if shows(subject, "no_wall"):
        paint.classes[paint.classes == ID["wall"]] = ID["liver"]
    # Fat below: yellow to orange, lobulated.
    dome, tone = lobules(rng, shape, look["lobule"] * scale)
    small, _ = lobules(rng, shape, look["lobule"] * 0.5 * scale)
    yellow = look["yellow"]
    fat = skin(linear(208, 148 + 18 * yellow, 84 - 22 * yellow), linear(196, 108, 66), 0.35 + 0.2 * tone + 0.2 * mottle)
    fat = mix(fat, linear(160, 50, 40), 0.5 * tree * (mottle > 0))
    low = (down - rng.uniform(0.10, 0.24) + 0.25 * side * rng.uniform(-0.3, 0.8) * (x - shape[1] / 2) / paint.high) * paint.high
    paint.lay(low + 9 * wobble, fat, rough * (6.0 * dome + 1.6 * small + 0.5 * mottle) + 9 * scale * noise(rng, shape, 60 * scale, 2), 16, 0.92, 0.8 * look["gloss"], "fat")
    if not shows(subject, "no_bowel") and rng.random() < 0.75:
        pink = skin(linear(206, 138 + 8 * hue, 128), linear(186, 112, 112), 0.4 + 0.35 * mottle + 0.1 * strand)
        pink = mix(pink, linear(168, 60, 64), 0.5 * tree)
        gut = ellipse(paint, (-rng.uniform(0.35, 0.6) * side, rng.uniform(0.26, 0.42)), (0.30, 0.15), -0.6 * side) + 3 * wobble
        paint.lay(gut, pink, 1.2 * rough * mottle, 18, 0.95, 0.8 * look["gloss"], "bowel")
    neck = np.array([-0.10 * side + rng.normal(0, 0.05), 0.10 + rng.normal(0, 0.04)])
    if not shows(subject, "no_gallbladder"):
        _gallbladder(paint, rng, look, side, neck, mottle, wobble, dome)
    _hilum(paint, rng, subject, look, side, neck, mottle, strand, wobble, tree)
    # Congested and bruised skin: dark red, dull, no edge. Not blood, and nobody labels it as such.
    bruise = 0.8 * step(noise(rng, shape, 34 * scale, 3, 0.6) + 0.6 * step(ellipse(paint, neck, (0.3, 0.3), 0), 0, 0.3 * paint.high), 0.5, 2.6)
    paint.albedo = mix(paint.albedo, linear(122, 26, 26), bruise)
    # The telescope's beam: brightest somewhere near the work, weak on what lies deep.
    beam = cv2.exp(-np.square(ellipse(paint, rng.normal(0, 0.18, 2), (0.62, 0.5), 0) / (0.5 * paint.high) - 1) * 1.1)
    paint.near *= (0.28 + 0.95 * beam) * np.clip(1 + 0.14 * noise(rng, shape, 90 * scale), 0.5, 1.5)
    # Nobody labels the slits between organs where no light gets.
    slit = (noise(rng, shape, 24 * scale, 2) > 1.9) & (paint.near < 0.4)
    paint.classes[slit] = UNKNOWN
    sites = [tuple(map(float, (neck + rng.normal(0, 0.10, 2)) * paint.high + [shape[1] / 2, shape[0] / 2]))
             for _ in range(int(rng.integers(1, 4)))]
    spread = film.potential(rng, paint.height, sites, 0.7) + 0.5 * np.clip(0.75 - paint.near, -0.3, 0.6)
    ground = np.dstack([paint.height, spread, paint.gloss * (0.75 + 0.25 * mottle).clip(0), paint.near])
    focus = (0.5 + float(neck[0]) * paint.high / size[1], 0.5 + float(neck[1]) * paint.high / size[0])
    return World(paint.albedo, ground.astype(np.float32), paint.classes, focus)


def _gallbladder(paint: Painter, rng, look, side, neck, mottle, wobble, dome) -> None:
    """A pale pear, blue-green to yellow-pink, netted with vessels, its neck towards `neck`."""
    shape, g = paint.shape, look["green"]
    angle = side * rng.uniform(-0.9, -0.2)
    away = np.array([np.cos(angle) * side, np.sin(angle) * side])
    body = ellipse(paint, neck + away * rng.uniform(0.22, 0.3), (rng.uniform(0.2, 0.27), rng.uniform(0.12, 0.16)), angle)
    body = np.maximum(body, ellipse(paint, neck + away * 0.07, (0.14, 0.06), angle)) + 2 * wobble
    blotch = noise(rng, shape, 34 * paint.scale, 3)
    pale = mix(linear(190 - 50 * g, 158 - 10 * g, 122 + 22 * g), linear(196, 124, 92), np.clip(0.3 + 0.4 * blotch, 0, 0.85))
    pale = mix(pale, linear(214, 176, 120), np.clip(0.35 * (dome - 0.45) + 0.3 * blotch - 0.1, 0, 0.6))
    pale = mix(pale, linear(142, 36, 40), 0.65 * vessels(rng, shape, 16, 1.1, (body > 0).astype(np.float32)))
    paint.lay(body, pale, look["rough"] * paint.scale * (0.35 * mottle + 1.2 * blotch), 24, 0.95, 0.8 * look["gloss"],
              "gallbladder")


def _hilum(paint: Painter, rng, subject, look, side, neck, mottle, strand, wobble, tree) -> None:
    """What lies at the gallbladder's neck: connective tissue, the cystic duct, the vein."""
    shape, scale = paint.shape, paint.scale
    if shows(subject, "connective"):
        web = mix(linear(186, 104, 90), linear(214, 160, 134), np.clip(0.3 + 0.18 * strand + 0.3 * mottle, 0, 1))
        web = mix(web, linear(140, 40, 40), np.clip(0.4 * step(mottle, 0.3, 1.6) + 0.6 * tree, 0, 0.8))
        area = ellipse(paint, neck + [0.02, 0.05], (rng.uniform(0.22, 0.32), rng.uniform(0.13, 0.2)), 0.5 * side) + 8 * wobble
        paint.lay(area, web, scale * (0.8 * strand + 3.0 * mottle), 9, 0.95, 1.1 * look["gloss"], "connective")
    if shows(subject, "vein"):
        course = neck + np.array([(0.02, -0.06), (0.12, -0.08), (0.24, -0.02)]) * [side, 1]
        paint.lay(tube(paint, course, 0.022) + 0.6 * wobble, flat(linear(78, 58, 92), shape), 0 * mottle, 5, 0.8,
                  0.9, "vein")
    if shows(subject, "duct"):
        course = neck + np.array([(0.02, 0.0), (-0.05, 0.06), (-0.09, 0.15)]) * [side, 1]
        pale = mix(linear(208, 158, 118), linear(190, 110, 84), np.clip(0.4 + 0.3 * mottle, 0, 1))
        paint.lay(tube(paint, course, 0.032) + 0.8 * wobble, pale, 0.5 * scale * strand, 6, 1.0, 1.0, "duct")
