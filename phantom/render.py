"""One frame, whatever its anatomy: a scene, a film of blood, light, a camera.

Both kinds of surgery are drawn here; what differs between them are traits, in seven
groups of dials (see subjects.GROUPS).
"""

from typing import NamedTuple

import cv2
import numpy as np

from phantom import anatomy, laparoscopic, neck, robotic
from phantom import blood as film
from phantom.classes import ID
from phantom.instruments import Canvas
from phantom.optics import picture, round_view
from phantom.painter import World
from phantom.scene import (
    Field,
    Shape,
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
from phantom.subjects import ROBOTIC, kind_of, partner
from phantom.subjects import look as look_of


class Scene(NamedTuple):
    """What stands before the camera in a clip: whose anatomy, its world."""

    subject: str
    size: Shape  # (height, width) that the world was built for
    world: World


def scene(
    subject: str,
    clip: int,
    size: Shape,
    seed: int,
    variation: float,
    exchanged: bool = False,
) -> Scene:
    """A subject's own anatomy, or where `exchanged` its partner's of the other kind."""
    if exchanged:
        subject = partner(subject, seed)
    build = neck.build if kind_of(subject) == ROBOTIC else anatomy.build
    world = build(subject, clip, size, seed, look_of(subject, seed, variation))
    return Scene(subject, size, world)


def amount(
    look: dict, subject: str, clip: int, seed: int, t: float, wished: bool
) -> float:
    """The share of the frame under blood at time t of a clip."""
    if kind_of(subject) == ROBOTIC:
        return robotic.amount(look, subject, clip, seed, t)
    return laparoscopic.amount(look, subject, clip, seed, t, wished)


def frame(
    scene: Scene,
    look: dict[str, float],
    name: tuple,
    t: float,
    shape: Shape,
    share: float,
    counted: dict[str, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The scene at time t (0-1) through a subject's camera: image (HxWx3 uint8 RGB) and
    classes (HxW uint8, see classes.ID, 255 where nobody labels).

    look: the subject's traits (see subjects.look); name: (subject, clip, seed), which
    moves the camera; share: the part of the frame under blood, counted inside the round
    view of the look `counted` (of this look, if none is given)."""
    lit = surface(scene, look, name, t, shape, share, counted or look)
    return seen(lit, look, name, t)


def seen(
    surface: tuple[Field, Field, np.ndarray], look: dict, name: tuple, t: float
) -> tuple[np.ndarray, np.ndarray]:
    """A `surface` through the camera: image and classes, as of `frame`."""
    diffuse, gleam, classes = surface
    image, inside = picture(diffuse, gleam, look, name, t)
    return image, np.where(inside, classes, np.uint8(ID["black"]))


def surface(
    scene: Scene, look: dict, name: tuple, t: float, shape: Shape, share: float, counted
) -> tuple[Field, Field, np.ndarray]:
    """What the camera looks at: light (linear HxWx3), gleams (HxW), classes. It takes
    none of the traits in optics.TRAITS, and of `counted` the round view alone."""
    world = scene.world
    where = view(
        generator("camera", *name), world.albedo.shape[:2], shape, t, look["drift"]
    )
    *albedo, ripples = cv2.split(look_through(world.albedo, where))
    albedo = cv2.merge(albedo)
    height, spread, gloss, near = cv2.split(look_through(world.ground, where))
    classes = cv2.remap(
        world.classes, *where, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT
    )
    # Drape and retractor never bleed, and nobody calls them blood.
    bleeds = spread > neck.NEVER / 2
    inside = round_view(shape, counted)[1] > 0.5
    soil = look_through(world.soil, where)
    brim = film.level(spread, bleeds & inside, share)
    depth = film.thickness(spread, brim, look["steep"])
    around = film.soaked(spread, brim, soil, look["soak"], look["reach"])
    rinses = kind_of(scene.subject) == ROBOTIC and share == 0 and t > 0.5
    rinsed = np.clip(spread, 0, 0.6) * 0.10 if rinses else 0
    gloss += 0.35 * step(around, 0.05, 0.5)  # wet, as far as it has soaked in
    wet = np.maximum(depth, around) + rinsed
    albedo = film.stain(albedo, wet, 0.8 * step(soil, 0.5, 1.0), look)
    canvas = _instruments(scene, shape, name, t)
    fields = (height, depth, gloss, near, ripples)
    diffuse, gleam = _lit(albedo, fields, canvas, look)
    return diffuse, gleam, _label(classes, depth, canvas, bleeds, name, t)


def _lit(
    albedo: Field, surface: tuple[Field, ...], canvas: Canvas, look: dict[str, float]
) -> tuple[Field, Field]:
    """The lamp's light on tissue, blood and steel (linear HxWx3), and its gleams (HxW).
    surface: height, the blood's depth, gloss, light that gets there, ripples."""
    height, depth, gloss, near, ripples = surface
    scale = unit(height.shape)
    gx, gy, flat = _eased(*slopes(height), scale)
    lake = step(depth, 0.08, 0.9)
    near += look["pool"] * lake * np.maximum(0.9 - near, 0)  # its surface stands higher
    meniscus = np.float32(look["meniscus"] * scale)
    rim_x, rim_y = slopes(cv2.GaussianBlur(depth, (0, 0), 1.0 * scale))
    rim_x, rim_y = meniscus * rim_x, meniscus * rim_y
    still = 1 - look["still"] * lake
    lamp = (look["lamp_x"], look["lamp_y"])
    cosine, _ = light(gx * still + rim_x, gy * still + rim_y, lamp)
    sunken = np.clip(hollow(height, 16 * scale), -2.5, 15)
    dark = np.clip(1 - look["shade"] / scale * sunken, 0.25, 1.09)
    lit = (look["ambient"] + (1 - look["ambient"]) * cosine) * dark * near
    lit *= canvas.shadow((8.5 + 11 * lamp[0], 11))
    # The lamp itself on the bulges of wet skin, where the fluid on it evens them out;
    # its ripples break the reflection up into clusters of small gleams.
    even_x, even_y = (cv2.GaussianBlur(g, (0, 0), 2.2 * scale) for g in (gx, gy))
    even_x, even_y = still * even_x + rim_x, still * even_y + rim_y
    bulge = light(even_x, even_y, lamp)[1]
    sheen = cv2.pow(bulge, 40)
    wet_x, wet_y = slopes(ripples)
    half = light(even_x + wet_x, even_y + wet_y, lamp)[1]
    sparks = step(sheen, look["sparkle_from"], look["sparkle_from"] + 0.6)
    sharp = sparks * cv2.pow(half, 600)
    lamps = step(cv2.pow(0.75 * bulge + 0.25 * half, 220), 0.62, 0.8)
    wet = (1 - 0.7 * lake) * gloss
    gleam = wet * (0.02 * sheen + look["sparkle"] * (sharp + 2.0 * lamps * wet))
    gleam += look["film_gleam"] * lake * step(sheen, 0.4, 0.95) * cv2.pow(half, 550)
    gleam *= near * dark * flat * (1 - canvas.cover)
    tissue = albedo * bounced(lit)
    steel = canvas.colour * look["steel_light"] * _mirrored(tissue, scale)
    return mix(tissue, steel, canvas.cover), gleam


def _eased(gx: Field, gy: Field, scale: float) -> tuple[Field, Field, Field]:
    """Slopes that nowhere reach 0.8, and how flat it is (0-1): where one organ ends on
    another they would draw a black line, and gleams along it."""
    size = 1 / np.sqrt(1 + (gx * gx + gy * gy) / 0.64)
    rim = np.ones((2 * round(2 * scale) + 1,) * 2, np.uint8)
    return gx * size, gy * size, cv2.erode(step(size, 0.55, 0.9), rim)


def _mirrored(tissue: Field, scale: float) -> Field:
    """What polished steel takes on of the tissue about it: its colour, and its light
    relative to the frame's."""
    small = cv2.resize(tissue, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 3 * scale)
    small = 0.62 + (0.38 / max(float(small.mean()), 1e-4)) * small
    return cv2.resize(small, tissue.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _instruments(scene: Scene, shape: Shape, name: tuple, t: float) -> Canvas:
    # A world may be wider than the frame: its places are shares of its own size.
    steel = look_of(scene.subject, name[2])["steel"]
    return held(scene, shape, scene.size, steel, (scene.subject, *name[1:]), t)


def held(
    scene: Scene, shape: Shape, size: Shape, steel: float, name: tuple, t: float
) -> Canvas:
    """The instruments on a frame of some shape at time t of the clip `name`, with the
    scene as large as `size`."""
    middle = np.array(shape[::-1]) / 2
    at = [
        middle + (np.array(p) - 0.5) * size[::-1]
        for p in (scene.world.focus, scene.world.hold)
    ]
    hold = robotic.hold if kind_of(name[0]) == ROBOTIC else laparoscopic.hold
    return hold(shape, steel, name, t, *at)


def _label(classes, depth: Field, canvas: Canvas, bleeds, name: tuple, t: float):
    """What an annotator outlines: blood of some thickness, notches evened out and
    specks passed over, and instruments."""
    scale = unit(depth.shape)
    even = cv2.GaussianBlur(depth, (0, 0), 1.5 * scale)
    hand = noise(generator("annotator", *name, t), depth.shape, 18 * scale)
    hand = np.clip(0.03 * hand, -0.07, 0.07)
    blood = (even > film.THICK + hand) & bleeds
    _, part, about, _ = cv2.connectedComponentsWithStats(blood.astype(np.uint8))
    speck = about[:, cv2.CC_STAT_AREA] < 20 * scale**2
    classes[blood & ~speck[part]] = ID["blood"]
    classes[canvas.cover >= 0.5] = ID["grasper"]
    classes[canvas.kind == 2] = ID["hook"]
    return classes
