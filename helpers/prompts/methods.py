"""GrabCut and marker watershed behind one interface, and what they are asked with."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from helpers.errors import CourseError

Box = tuple[int, int, int, int]
SEED = 2  # pixels around a click that are taken as certain
NEAR = 0.12  # of the shorter side: around a click on blood, more blood is likely
ROUNDS = 2  # of GrabCut; a third changed nothing on training pigs


class Point(NamedTuple):
    """A click: its column x and its row y in pixels, and whether it says "blood"."""

    x: int
    y: int
    is_blood: bool = True


Method = Callable[[np.ndarray, Sequence[Point], Box | None], np.ndarray]


def grabcut(
    image: np.ndarray, points: Sequence[Point], box: Box | None = None
) -> np.ndarray:
    """Mask (bool HxW) of GrabCut (Rother et al., 2004), as OpenCV has it.

    Two mixtures of Gaussians learn the colours of blood and of the rest, and a cut
    through the image's graph divides them where neighbours differ most. Clicks are
    certain; around those on blood, and inside a box, blood is the first guess. What is
    not joined to a click on blood, or to the box, is left out. CourseError where
    nothing asks for blood.
    """
    points = asked(image, points, box)
    labels = np.full(image.shape[:2], cv2.GC_PR_BGD, np.uint8)
    if box is not None:
        labels[:] = cv2.GC_BGD
        labels[_inside(box)] = cv2.GC_PR_FGD
    else:
        near = _disks(image.shape, points, True, round(NEAR * min(image.shape[:2])))
        labels[near] = cv2.GC_PR_FGD
    certain, other = (_disks(image.shape, points, kind, SEED) for kind in (True, False))
    labels[other] = cv2.GC_BGD
    labels[certain] = cv2.GC_FGD
    for x, y, is_blood in points:  # a click's own pixel is never overruled
        labels[y, x] = cv2.GC_FGD if is_blood else cv2.GC_BGD
    if not np.isin(labels, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        return np.ones(labels.shape, bool)  # a box around all of it leaves no rest
    mixtures = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # the mixtures begin with k-means
    cv2.grabCut(
        np.ascontiguousarray(image),
        labels,
        None,
        *mixtures,
        ROUNDS,
        cv2.GC_INIT_WITH_MASK,
    )
    return _joined(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)), points, box)


def watershed(
    image: np.ndarray, points: Sequence[Point], box: Box | None = None
) -> np.ndarray:
    """Mask (bool HxW) of the watershed (Meyer, 1992) from markers at the clicks.

    Without a click on something else, the frame's edge, or what lies outside the box,
    is the other marker; without a click on blood, the middle of the box is the one.
    CourseError where nothing asks for blood.
    """
    points = asked(image, points, box)
    blood, other = (_disks(image.shape, points, kind, SEED) for kind in (True, False))
    edge = np.ones(image.shape[:2], bool)
    edge[1:-1, 1:-1] = False
    if box is not None:
        edge[:] = True
        edge[_inside(box)] = False
    if not blood.any():
        left, top, right, bottom = box
        blood[(top + bottom) // 2, (left + right) // 2] = True
    markers = np.zeros(image.shape[:2], np.int32)
    markers[edge | other] = 1
    markers[blood] = 2
    for x, y, is_blood in points:
        markers[y, x] = 2 if is_blood else 1
    # OpenCV leaves its own outermost ring without a label.
    padded = np.pad(markers, 1, mode="edge")
    wide = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    found = cv2.watershed(wide, padded)[1:-1, 1:-1] == 2
    for x, y, is_blood in points:
        found[y, x] = is_blood
    return found


def asked(
    image: np.ndarray, points: Sequence[Point], box: Box | None = None
) -> list[Point]:
    """The clicks as Points, or a CourseError that says what is wrong with them."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise CourseError(
            f"The image is {image.dtype} {image.shape}; give RGB levels from 0 to 255 "
            "as uint8, height by width by 3."
        )
    height, width = image.shape[:2]
    points = [Point(int(x), int(y), bool(is_blood)) for x, y, is_blood in points]
    for x, y, _ in points:
        if not (0 <= x < width and 0 <= y < height):
            raise CourseError(
                f"The click ({x}, {y}) lies outside the image of {width} by {height} "
                "pixels; give its column first, then its row, both from 0."
            )
    if box is not None:
        left, top, right, bottom = box
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise CourseError(
                f"The box {tuple(box)} does not lie inside the image of {width} by "
                f"{height} pixels; give left, top, right and bottom, in this order."
            )
    if box is None and not any(point.is_blood for point in points):
        raise CourseError(
            "Nothing says where blood is; give at least one click on blood, or a box."
        )
    return points


def _inside(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def _disks(shape, points: Sequence[Point], is_blood: bool, radius: int) -> np.ndarray:
    drawn = np.zeros(shape[:2], np.uint8)
    for x, y, kind in points:
        if kind == is_blood:
            cv2.circle(drawn, (x, y), radius, 1, -1)
    return drawn > 0


def _joined(found: np.ndarray, points: Sequence[Point], box: Box | None) -> np.ndarray:
    """The parts of a mask that hold a click on blood; all of them with a box alone."""
    clicked = [(y, x) for x, y, is_blood in points if is_blood]
    if box is not None and not clicked:
        return found
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    kept = {parts[place] for place in clicked} - {0}
    return np.isin(parts, list(kept))
