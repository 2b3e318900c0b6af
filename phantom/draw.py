"""The frames of a clip of a pig or of a patient."""

from collections.abc import Iterable, Iterator

import numpy as np

from phantom import render
from phantom.subjects import look as look_of


def frames(
    subject: str,
    clip: int,
    times: Iterable[float],
    size: tuple[int, int],
    seed: int = 0,
    variation: float = 1.0,
    wished: bool = False,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames of a pig ("pig1") or a patient ("video01") at some times (0-1) of a clip:
    image (HxWx3 uint8 RGB), classes (HxW uint8, see classes.ID; 255 where nobody
    labels). `variation` and `wished` as in `write_hemoset` and `write_cholecseg8k`.
    """
    look = look_of(subject, seed, variation)
    scene = render.scene(subject, clip, tuple(size), seed, variation)
    for t in times:
        share = render.amount(look, subject, clip, seed, t, wished)
        yield render.frame(scene, look, (subject, clip, seed), t, tuple(size), share)


def draw(subject: str, clip: int, t: float, size=(240, 320), *how, **also) -> tuple:
    """The one frame at time t; the rest as in `frames`."""
    return next(frames(subject, clip, [t], size, *how, **also))
