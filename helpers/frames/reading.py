"""From a row of the frame table to pixels: (image, blood, valid), and classes where
there are any.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.errors import CourseError
from helpers.frames import cholecseg8k, plausible
from helpers.frames.bad import SKIP, named
from helpers.frames.classes import UNKNOWN, by_name
from helpers.frames.folder import IMAGE_FORMATS
from helpers.frames.png import above_zero, rgb


def read(row, blood_class: str = "Blood") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One frame: image uint8 HxWx3 RGB, blood bool HxW, valid bool HxW (False where the
    label is unknown).

    row: a row of the frame table (a Series, a named tuple or a dictionary).
    blood_class: which class of CholecSeg8k counts as blood; another than "Blood" shows
    what a mixed-up label does. Raises CourseError when a file is missing or damaged,
    image and mask differ in size, or a label belongs to no class.
    """
    return read_with_classes(row, blood_class)[:3]


def read_classes(row) -> np.ndarray:
    """The class id of each pixel of a CholecSeg8k frame, uint8 HxW, UNKNOWN (255) where
    there is none.
    """
    if _of(row, "dataset") != "cholecseg8k":
        raise CourseError(
            f"{named(_of(row, 'mask'))} has no classes, only blood: ask for classes of "
            "a CholecSeg8k frame."
        )
    return cholecseg8k.classes(_of(row, "mask"))


def read_with_classes(row, blood_class: str = "Blood") -> tuple[np.ndarray, ...]:
    """(image, blood, valid, classes) as from `read` and `read_classes`; UNKNOWN where
    there is no class.
    """
    dataset, image_at, mask_at = (
        _of(row, name) for name in ("dataset", "image", "mask")
    )
    entry = by_name(blood_class)
    image = rgb(
        image_at, ("PNG",) if dataset in ("hemoset", "cholecseg8k") else IMAGE_FORMATS
    )
    if dataset == "cholecseg8k":
        classes = cholecseg8k.classes(mask_at)
        blood, valid = classes == entry.id, classes != UNKNOWN
    elif entry.name != "Blood":
        raise CourseError(
            f"{named(mask_at)} marks only blood, not '{entry.name}': leave blood_class "
            'at "Blood" for it.'
        )
    else:
        blood = (
            above_zero(mask_at)
            if dataset == "hemoset"
            else plausible.blood(mask_at, image)
        )
        valid, classes = np.ones_like(blood), np.full(blood.shape, UNKNOWN, np.uint8)
    if blood.shape != image.shape[:2]:
        raise CourseError(
            f"{named(image_at)} is {_size(image)} but its mask {named(mask_at)} is "
            f"{_size(blood)}: give both the same size, or {SKIP}."
        )
    return image, blood, valid, classes


def _of(row, name: str) -> str:
    return row[name] if isinstance(row, (Mapping, pd.Series)) else getattr(row, name)


def _size(array: np.ndarray) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
