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
    inside = round_view(shape, counted or look)[1] > 0.5
    depth = film.thickness(spread, bleeds & inside, share, look["steep"])
    rinses = kind_of(scene.subject) == ROBOTIC and share == 0 and t > 0.5
    rinsed = np.clip(spread, 0, 0.6) * 0.10 if rinses else 0
    albedo = film.stain(albedo, depth + rinsed, look)
    canvas = _instruments(scene, shape, name, t)
    surface = (height, depth, gloss, near, ripples)
    diffuse, gleam = _lit(albedo, surface, canvas, look)
    image, inside = picture(diffuse, gleam, look, name, t)
    return image, _label(classes, depth, canvas, bleeds, inside, name, t)


def _lit(
    albedo: Field, surface: tuple[Field, ...], canvas: Canvas, look: dict[str, float]
) -> tuple[Field, Field]:
    """The lamp's light on tissue, blood and steel (linear HxWx3), and its gleams (HxW).
    surface: height, the blood's depth, gloss, light that gets there, ripples."""
    height, depth, gloss, near, ripples = surface
    scale = unit(height.shape)
    gx, gy = slopes(height)
    lake = step(depth, 0.08, 0.9)
    near += look["pool"] * lake * np.maximum(0.9 - near, 0)  # its surface stands higher
    meniscus = np.float32(look["meniscus"] * scale)
    rim_x, rim_y = slopes(cv2.GaussianBlur(depth, (0, 0), 1.0 * scale))
    rim_x, rim_y = meniscus * rim_x, meniscus * rim_y
    still = 1 - 0.8 * lake
    lamp = (look["lamp_x"], look["lamp_y"])
    cosine, _ = light(gx * still + rim_x, gy * still + rim_y, lamp)
    sunken = np.clip(hollow(height, 16 * scale), -2.5, 15)
    dark = np.clip(1 - look["shade"] / scale * sunken, 0.25, 1.09)
    lit = (look["ambient"] + (1 - look["ambient"]) * cosine) * dark * near
    lit *= canvas.shadow((8.5 + 11 * lamp[0], 11))
    # The wet skin's ripples break a broad reflection up into clusters of small gleams.
    wet_x, wet_y = slopes(ripples)
    sheen = cv2.pow(light(still * gx + rim_x, still * gy + rim_y, lamp)[1], 40)
    wet_x, wet_y = 0.8 * still * gx + wet_x + rim_x, 0.8 * still * gy + wet_y + rim_y
    _, half = light(wet_x, wet_y, lamp)
    sparks = step(sheen, look["sparkle_from"], look["sparkle_from"] + 0.7)
    sharp = look["sparkle"] * sparks * cv2.pow(half, 360)
    gleam = (1 - 0.8 * lake) * gloss * (0.07 * sheen + sharp)
    gleam += look["film_gleam"] * lake * step(sheen, 0.4, 0.95) * cv2.pow(half, 550)
    gleam *= near * dark * (1 - canvas.cover)
    steel = canvas.colour * look["steel_light"]
    return mix(albedo * bounced(lit), steel, canvas.cover), gleam


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


def _label(
    classes, depth: Field, canvas: Canvas, bleeds, inside, name: tuple, t: float
):
    """What an annotator outlines: blood of some thickness, small islands and notches
    evened out, instruments, and the black surround.
    """
    scale = unit(depth.shape)
    even = cv2.GaussianBlur(depth, (0, 0), 1.2 * scale)
    hand = noise(generator("annotator", *name, t), depth.shape, 18 * scale)
    hand = np.clip(0.03 * hand, -0.07, 0.07)
    classes[(even > film.THICK + hand) & bleeds] = ID["blood"]
    classes[canvas.cover >= 0.5] = ID["grasper"]
    classes[canvas.kind == 2] = ID["hook"]
    classes[~inside] = ID["black"]
    return classes
