"""A single frame of a pig or of a patient, and the same frame with some dials
turned."""

import numpy as np

from phantom import laparoscopic, render, robotic
from phantom.painter import ID
from phantom.subjects import LAPAROSCOPIC, ROBOTIC
from phantom.subjects import look as look_of


def draw_robotic(
    subject: str,
    clip: int,
    t: float,
    size: tuple[int, int] = (240, 320),
    seed: int = 0,
    variation: float = 1.0,
    swapped: tuple[str, ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """A frame of a pig ("pig1") at time t (0-1) of its clip: image (HxWx3 uint8 RGB),
    blood (HxW bool). `variation` and `swapped` as in `write_hemoset`.
    """
    look = look_of(ROBOTIC, subject, seed, variation, tuple(swapped))
    share = robotic.amount(look, subject, clip, seed, t)
    scene = render.scene(ROBOTIC, subject, clip, tuple(size), seed, variation, swapped)
    image, classes = render.frame(
        scene, look, (subject, clip, seed), t, tuple(size), share
    )
    return image, classes == ID["blood"]


def draw_laparoscopic(
    subject: str,
    clip: int,
    t: float,
    size: tuple[int, int] = (240, 427),
    seed: int = 0,
    variation: float = 1.0,
    wished: bool = False,
    swapped: tuple[str, ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """A frame of a patient ("video01") at time t (0-1) of its clip: image (HxWx3 uint8
    RGB), classes (HxW uint8 ids of `frames.CLASSES`, 255 unknown: the border and what
    nobody labelled). `variation`, `wished` and `swapped` as in `write_cholecseg8k`.
    """
    look = look_of(LAPAROSCOPIC, subject, seed, variation, tuple(swapped))
    share = laparoscopic.amount(look, subject, clip, seed, t, wished)
    scene = render.scene(
        LAPAROSCOPIC, subject, clip, tuple(size), seed, variation, swapped
    )
    image, classes = render.frame(
        scene, look, (subject, clip, seed), t, tuple(size), share
    )
    return image, render.border(classes)
