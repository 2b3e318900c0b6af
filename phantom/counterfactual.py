"""The same subjects and scenes with some dials turned: the truth that a cause is held
against.

Both kinds of surgery are shown on one canvas of 4:3. With the source's view the picture
fills it; with the target's a 16:9 picture of the same scene is fitted in, smaller, with
fill above and below it and a round view inside.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from phantom import render
from phantom.classes import ID
from phantom.optics import TRAITS
from phantom.scene import Shape
from phantom.subjects import GROUPS, LAPAROSCOPIC, kind_of
from phantom.subjects import look as look_of

FINER = 2  # how much larger than the canvas it is drawn
TIMES = (0.42, 0.58)  # within each clip, where every clip bleeds
SMOKE = 0.8 * 0.35 * 0.6 * 0.6  # mean thickness over clips and time, for a trait of 1
_scene = lru_cache(maxsize=96)(render.scene)  # the same for many sets of dials


class Frames(NamedTuple):
    """N drawn frames: images uint8 NxHxWx3, blood and fill bool NxHxW, subjects (N)."""

    images: np.ndarray
    blood: np.ndarray
    fill: np.ndarray
    subjects: np.ndarray


def counterfactual(
    subjects: tuple[str, ...],
    swapped: tuple[str, ...] = (),
    size: Shape = (96, 128),
    seed: int = 0,
    frames_per_subject: int = 4,
) -> Frames:
    """Bleeding frames of some pigs or patients with the groups `swapped` taken from the
    other kind; the same scenes and times whatever is swapped.

    size: of the canvas, 4:3. Scenes are kept from call to call.
    """
    moments = [
        (subject, number // 2, TIMES[number % 2])
        for subject in subjects
        for number in range(frames_per_subject)
    ]
    made = [_moment(*moment, tuple(swapped), tuple(size), seed) for moment in moments]
    images, blood, fill = (np.stack(parts) for parts in zip(*made))
    return Frames(images, blood, fill, np.array([one for one, _, _ in moments]))


def _moment(
    subject: str, clip: int, t: float, swapped: tuple[str, ...], size: Shape, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    look = look_of(subject, seed, swapped=swapped)
    share = render.amount(look, subject, clip, seed, t, wished=True)
    target = kind_of(subject) == LAPAROSCOPIC
    wide = target != ("view" in swapped)
    # Pools belong to the scene: they stay as large as the blood's own kind of view
    # makes them, however much of the scene another view shows.
    as_wide = target != ("blood" in swapped)
    share *= (size[1] / size[0] * 9 / 16) ** (int(wide) - int(as_wide))
    seen_by = set(swapped) - {"view"} | ({"view"} if "blood" in swapped else set())
    counted = look_of(subject, seed, swapped=tuple(seen_by))
    # The scene is wide enough for 16:9; a 4:3 picture looks at its middle.
    full = (FINER * size[0], round(FINER * size[0] * 16 / 9))
    shape = full if wide else (full[0], FINER * size[1])
    scene = subject, clip, full, seed, 1.0, "anatomy" in swapped
    name = (subject, clip, seed)
    deep = tuple((one, x) for one, x in look.items() if one not in TRAITS)
    around = tuple((one, counted[one]) for one in ("radius", "aside", "vignette"))
    lit = _surface(scene, deep, name, t, shape, share, around)
    image, classes = render.seen(lit, look, name, t)
    return _placed(image, classes == ID["blood"], size)


@lru_cache(maxsize=64)  # what colour, lens and smoke leave as it is
def _surface(scene: tuple, deep: tuple, *moment):
    *moment, around = moment
    return render.surface(_scene(*scene), dict(deep), *moment, dict(around))


def _placed(image: np.ndarray, blood: np.ndarray, size: Shape):
    """A drawn picture fitted into the canvas; what it leaves free is fill."""
    height, width = size
    rows = round(width * image.shape[0] / image.shape[1])
    top = (height - rows) // 2
    inner = slice(top, top + rows)
    canvas = np.zeros((height, width, 3), np.uint8)
    label, fill = np.zeros((height, width), bool), np.ones((height, width), bool)
    canvas[inner] = cv2.resize(image, (width, rows), interpolation=cv2.INTER_AREA)
    label[inner] = cv2.resize(
        blood.astype(np.uint8), (width, rows), interpolation=cv2.INTER_NEAREST_EXACT
    )
    fill[inner] = False
    return canvas, label, fill


def doses(subject: str, size: Shape = (96, 128), seed: int = 0) -> dict[str, float]:
    """By dial, by how far the patients' trait lies from a pig's own: what an image of
    the pig is turned by for the camera that `counterfactual` would give it.

    contrast, red, blue, saturation, gleams: the logarithm of a factor. brightness: of
    the mean, 0..1. fall_off v: light is divided by 1 + v r^2 at r half picture heights
    from the middle. blur: a Gaussian's standard deviation in percent of the picture's
    height (below 0: sharper). noise: a standard deviation on the canvas, 0..1. height:
    the picture's share of the canvas. radius, aside: the round view's, in half picture
    heights and in picture heights. smoke: mean thickness over frames, 0..1.
    """
    old, new = (look_of(subject, seed, swapped=to) for to in ((), GROUPS))
    logs = {name: name for name in ("contrast", "red", "blue", "saturation")}
    logs |= {"gleams": "speculars"}
    # Lengths are drawn for a picture 240 pixels high.
    sharp = (new["blur"] ** 2 - old["blur"] ** 2) * (100 / 240) ** 2
    return {dial: np.log(new[name] / old[name]) for dial, name in logs.items()} | {
        "brightness": new["goal"] - old["goal"],
        "fall_off": (1 + new["vignette"]) / (1 + old["vignette"]) - 1,
        "blur": np.sign(sharp) * abs(sharp) ** 0.5,
        # Sensor noise is drawn finer than the canvas, and averaged over pixels.
        "noise": max(new["noise"] ** 2 - old["noise"] ** 2, 0) ** 0.5 / FINER,
        "height": round(size[1] * 9 / 16) / size[0],
        "radius": new["radius"],
        "aside": new["aside"],
        "smoke": SMOKE * (new["smoke"] - old["smoke"]),
    }
