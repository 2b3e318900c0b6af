"""The target: human gallbladder surgery through a telescope. What bleeds when, and what
the hands hold; the organs are in anatomy.py.
"""

import numpy as np

from phantom.instruments import (
    Canvas,
    clipper,
    dissector,
    entries,
    hands,
    hook,
    path,
    windowed,
)
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
    rng, scale = hands(*name), unit(shape)
    canvas, left, subject = Canvas(shape), bool(rng.integers(2)), name[0]
    # The surgeon's, and the assistant's that holds the gallbladder up.
    for odds, reach in ((0.85, 10), (0.32, 6)):
        if not shows(subject, "no_grasper") and rng.random() < odds:
            aim = held + rng.normal(0, 0.10, 2) * shape[0]
            tip, entry = path(rng, t, aim, reach * scale), entries(shape, rng, left)
            size, spread = float(np.exp(rng.normal(0.12, 0.3))), rng.uniform(0.0, 0.2)
            kind, soft = rng.random(), rng.uniform(0, 1) ** 2
            tool = Canvas(shape)
            draw = windowed if kind < 0.5 else dissector if kind < 0.78 else clipper
            draw(tool, entry, tip, spread, steel, size)
            # The larger it looks, the closer it is to the lens and the less sharp.
            canvas.lay(tool, soft * (1.2 + 2.5 * max(size - 1, 0)))
        left = not left
    if shows(subject, "hook") and rng.random() < 0.95:
        tip = path(rng, t, target + rng.normal(0, 0.10, 2) * shape[0], 12 * scale)
        tool, entry = Canvas(shape), entries(shape, rng, left)
        hook(tool, entry, tip, steel)
        canvas.lay(tool, 2.0 * rng.random() ** 2)
    return canvas
