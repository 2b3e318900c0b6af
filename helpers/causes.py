"""The phantom's own factors, switched in the drawing: the truth that interventions on images are held against.

Both give frames that live in memory only, and were read by the readers.
"""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from helpers import frames, phantom
from helpers.settings import Course
from helpers.shift.measures import visible


def redrawn(course: Course, pigs: Iterable[str], factors: Iterable[str]) -> frames.Packed:
    """The drawn source's frames of some pigs with the target's level of some factors (see phantom.FACTORS);
    scenes and labels are those of the source, and what a round view hides is not valid."""
    packed = _drawn(course, phantom.write_hemoset, course.numbers.drawn, 4 / 3, factors, pigs)
    for image, valid in zip(packed.images, packed.valid, strict=True):
        valid &= visible(image / np.float32(255), valid)
    return packed


def without(course: Course, patients: Iterable[str], factors: Iterable[str]) -> frames.Packed:
    """The drawn target's frames of some patients with the source's level of some factors."""
    return _drawn(course, phantom.write_cholecseg8k, course.numbers.drawn_target, 16 / 9, factors, patients)


def _drawn(course: Course, write: Callable, n_frames: int, aspect: float, factors, subjects) -> frames.Packed:
    height = course.numbers.drawn_height
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "drawing"
        write(drawing, n_frames, (height, int(height * aspect)), course.seed, factors=tuple(sorted(factors)),
              only=tuple(sorted(subjects)))
        packed = frames.pack(frames.index(drawing).table, course.size, folder=Path(folder) / "packed")
        for name in ("images", "blood", "valid", "classes"):
            packed.__dict__[name] = getattr(packed, name).copy()  # before the files go
    return packed
