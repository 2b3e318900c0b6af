"""A simulated user, who clicks into the middle of the largest error."""

from typing import NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from helpers.prompts.methods import Method, Point


class Clicked(NamedTuple):
    """What came of simulated clicks on one frame: the clicks, and the mask (bool HxW)
    and the Dice after each; dice is NaN without blood."""

    points: list[Point]
    masks: list[np.ndarray]
    dice: list[float]

    def to_reach(self, level: float) -> int | None:
        """The first number of clicks with at least this Dice, None where none has."""
        reached = [n for n, dice in enumerate(self.dice, 1) if dice >= level]
        return reached[0] if reached else None


def next_click(
    found: np.ndarray, blood: np.ndarray, valid: np.ndarray | None = None
) -> Point | None:
    """The middle of the largest error, or None where nothing is wrong.

    found, blood, valid: bool HxW. Missed and falsely marked pixels are taken apart into
    connected parts (of four neighbours); in the one with most pixels the click lies
    where the way to its edge is longest (the distance transform's top), the frame's
    edge being an edge too.
    """
    valid = np.ones_like(blood) if valid is None else valid
    best, area, is_blood = None, 0, True
    for kind, wrong in (
        (True, blood & ~found & valid),
        (False, found & ~blood & valid),
    ):
        _, parts, stats, _ = cv2.connectedComponentsWithStats(
            wrong.astype(np.uint8), connectivity=4
        )
        for part, size in enumerate(stats[1:, cv2.CC_STAT_AREA], 1):
            if size > area:
                best, area, is_blood = parts == part, size, kind
    if best is None:
        return None
    # OpenCV's distances differ in the last bit by where an array lies in memory, so
    # that of two places equally far from the edge now one came first, now the other.
    inside = ndimage.distance_transform_edt(np.pad(best, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(np.argmax(inside), inside.shape)
    return Point(int(x), int(y), is_blood)


def simulated(
    method: Method,
    image: np.ndarray,
    blood: np.ndarray,
    valid: np.ndarray | None = None,
    clicks: int = 5,
    most: int | None = None,
    level: float = 0.8,
) -> Clicked:
    """So many clicks on one frame, each into the middle of the largest error.

    clicks: at least so many; up to `most` as long as Dice stays below `level`. Where
    nothing is wrong any more the mask stays as it is. The label plays the user's eye,
    so this says what the method needs, and not how well a person clicks. A frame
    without blood gets no click.
    """
    valid = np.ones_like(blood) if valid is None else valid
    points, masks, scores = [], [], []
    found = np.zeros(blood.shape, bool)
    for number in range(1, (most or clicks) + 1):
        if number > clicks and max(scores, default=0) >= level:
            break
        point = next_click(found, blood, valid)
        if not masks and point is None:
            break
        if point is not None:
            points.append(point)
            found = method(image, points, None)
        masks.append(found)
        scores.append(_dice(found & valid, blood & valid))
    return Clicked(points, masks, scores)


def _dice(found: np.ndarray, blood: np.ndarray) -> float:
    both = int(found.sum() + blood.sum())
    return 2 * int((found & blood).sum()) / both if both else float("nan")
