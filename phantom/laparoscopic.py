"""The target: human gallbladder surgery through a telescope. What bleeds when, and what
the hands hold; the organs are in anatomy.py.
"""

import numpy as np

from phantom.instruments import Canvas, entries, grasper, hands, hook, path
from phantom.scene import Shape, generator, unit
from phantom.subjects import BLEEDS, PATIENTS, shows

CLIP = 80
"""Frames in a clip of CholecSeg8k, 25 a second."""

BLEEDS_FROM = PATIENTS[BLEEDS] * CLIP - 692
"""Only video01 shows blood, in 692 of its 1280 frames: the drawn one bleeds in its last
692.
"""


def amount(
    look: dict[str, float], subject: str, clip: int, seed: int, t: float, wished: bool
) -> float:
    """The share of the frame under blood at time t of a clip: as released in video01
    only; where `wished`, in every patient, three quarters of each clip.
    """
    rng = generator("bleeding", subject, clip, seed)
    size = look["bleeding"] * float(np.clip(np.exp(rng.normal(-0.06, 0.4)), 0.3, 2.0))
    late = rng.random() < 0.6
    if wished:
        if (t < 0.25) if late else (t >= 0.75):
            return 0.0
    elif subject != BLEEDS or clip * CLIP + round(t * CLIP) < BLEEDS_FROM:
        return 0.0
    return size * (0.7 + 0.6 * t)


def hold(
    shape: Shape,
    steel: float,
    name: tuple,
    t: float,
    target: np.ndarray,
    held: np.ndarray,
) -> Canvas:
    """The instruments at time t of a clip: at work about `target`, holding at `held`
    (x, y in pixels).
    """
    rng = hands(*name)
    canvas = Canvas(shape)
    left = bool(rng.integers(2))
    subject = name[0]
    if not shows(subject, "no_grasper") and rng.random() < 0.85:
        aim = held + rng.normal(0, 0.10, 2) * shape[0]
        tip = path(rng, t, aim, 10 * unit(shape))
        grasper(canvas, entries(shape, rng, left), tip, rng.uniform(0.03, 0.22), steel)
    if not shows(subject, "no_grasper") and rng.random() < 0.4:
        # The assistant's, that holds the gallbladder up.
        tip = path(rng, t, held + rng.normal(0, 0.08, 2) * shape[0], 6 * unit(shape))
        entry, spread = entries(shape, rng, not left), rng.uniform(0.03, 0.12)
        grasper(canvas, entry, tip, spread, steel)
    if shows(subject, "hook") and rng.random() < 0.8:
        tip = path(rng, t, target + rng.normal(0, 0.10, 2) * shape[0], 12 * unit(shape))
        hook(canvas, entries(shape, rng, not left), tip, steel)
    return canvas
