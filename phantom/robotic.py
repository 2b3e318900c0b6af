"""The source: robotic surgery in the neck of a pig. What bleeds when, and what the
robot holds; the tissue is in neck.py.
"""

import numpy as np

from phantom.instruments import Canvas, entries, forceps, hands, path, suction
from phantom.scene import Shape, generator, unit


def amount(
    look: dict[str, float], subject: str, clip: int, seed: int, t: float
) -> float:
    """The share of the frame under blood at time t of a clip. One clip in three starts
    before the cut, or ends after the field is rinsed, with three eighths of it clean.
    """
    rng = generator("bleeding", subject, clip, seed)
    size = (
        look["bleeding"]
        * 1.14
        * float(np.clip(np.exp(rng.normal(-0.10, 0.45)), 0.25, 2.4))
    )
    starts, ends = 0.0, 1.01
    if (clip + sum(map(ord, subject))) % 3 == 1:
        starts, ends = (0.375, 1.01) if rng.random() < 0.6 else (0.0, 0.625)
    if not starts <= t < ends:
        return 0.0
    return size * (0.55 + 0.9 * (t - starts) / (min(ends, 1) - starts))


def hold(
    shape: Shape, steel: float, name: tuple, t: float, target: np.ndarray, _: np.ndarray
) -> Canvas:
    """The surgeon's instruments about `target` (x, y in pixels) at time t of a clip."""
    rng = hands(*name)
    canvas = Canvas(shape)
    for number in range(int(rng.choice([1, 2, 2, 3]))):
        left = (number + rng.integers(2)) % 2 == 0
        entry = entries(shape, rng, left)
        aim = target + rng.normal(0, 0.16, 2) * shape[0]
        aim = np.clip(
            aim, [0.12 * shape[1], 0.15 * shape[0]], [0.88 * shape[1], 0.9 * shape[0]]
        )
        tip = path(rng, t, aim, 13 * unit(shape))
        forceps(
            canvas,
            entry,
            tip,
            rng.uniform(0.05, 0.4) * (0.6 + 0.4 * np.sin(8 * t)),
            steel,
            bool(rng.random() < 0.35),
        )
    if rng.random() < 0.3:
        left = rng.random() < 0.5
        aim = target + rng.normal(0, 0.14, 2) * shape[0]
        tip = path(rng, t, aim, 9 * unit(shape))
        suction(canvas, entries(shape, rng, left), tip, steel)
    return canvas
