"""Frames of any size brought to the working size."""

import cv2
import numpy as np

from helpers.frames.classes import UNKNOWN


def fit(
    image: np.ndarray,
    blood: np.ndarray,
    valid: np.ndarray,
    classes: np.ndarray | None,
    size: tuple[int, int],
    keep_aspect: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(image, blood, valid, classes, fill) at size (h, w), from uint8 HxWx3, bool HxW
    twice and uint8 HxW.

    classes may be None: all UNKNOWN.

    keep_aspect=True fits the whole frame in and pads around it, black and UNKNOWN;
    False squashes it, as the published study did. The padding is fill (bool HxW): it is
    not valid, since it is no part of the frame and counts in no evaluation, but it is
    known to hold no blood, and training says so. An image that shrinks is averaged over
    area, so that thin structures don't alias; one that grows is interpolated. A label
    takes the label at its pixel's centre ("nearest exact"): that leaves the expected
    coverage alone, where a majority vote would wipe out small pools, and doesn't shift
    labels by up to half a pixel against the image as plain nearest (which rounds down)
    does.
    """
    rows, columns = image.shape[:2]
    classes = (
        np.full((rows, columns), UNKNOWN, np.uint8) if classes is None else classes
    )
    height, width = size
    scale = min(height / rows, width / columns)
    inner = (
        (max(1, round(rows * scale)), max(1, round(columns * scale)))
        if keep_aspect
        else (height, width)
    )
    shrinks = inner[0] <= rows and inner[1] <= columns
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    window = (slice(top, top + inner[0]), slice(left, left + inner[1]))

    def placed(array: np.ndarray, padding: int, method: int) -> np.ndarray:
        canvas = np.full((height, width, *array.shape[2:]), padding, array.dtype)
        values = np.ascontiguousarray(array).view(np.uint8)
        if inner != (rows, columns):
            values = cv2.resize(values, inner[::-1], interpolation=method)
        canvas[window] = values.view(array.dtype)
        return canvas

    fill = np.ones((height, width), bool)
    fill[window] = False
    return (
        placed(image, 0, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR),
        placed(blood, False, cv2.INTER_NEAREST_EXACT),
        placed(valid, False, cv2.INTER_NEAREST_EXACT),
        placed(classes, UNKNOWN, cv2.INTER_NEAREST_EXACT),
        fill,
    )
