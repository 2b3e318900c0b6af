"""Alignment (registration): where each pixel of one frame lies in an earlier one.

First one affine for the camera, by the enhanced correlation coefficient (Evangelidis
and Psarakis, 2008) or by ORB features where that does not converge; then dense flow by
inverse search (Kroeger et al., 2016) for what tissue does on its own.
"""

from typing import NamedTuple

import cv2
import numpy as np

STILL = np.eye(2, 3, dtype=np.float32)


class Alignment(NamedTuple):
    """Where to look in the earlier frame: x and y (HxW float32, pixels). way: "ECC",
    "features", or "none" where both failed and the frames were left as they are."""

    x: np.ndarray
    y: np.ndarray
    way: str


def by_ecc(now: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """The affine (2x3) from grey `now` to grey `before` by the enhanced correlation
    coefficient; None where it does not converge. It is sought at half the size."""
    half = dict(fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = [cv2.resize(one, None, **half) for one in (now, before)]
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    how = STILL.copy(), cv2.MOTION_AFFINE, until, None, 3
    try:
        _, found = cv2.findTransformECC(*small, *how)
    except cv2.error:
        return None
    found[:, 2] = 2 * found[:, 2]
    return found if _sensible(found) else None


def by_features(now: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """The same from matched ORB features and RANSAC; None with fewer than 6 that
    agree."""
    orb = cv2.ORB_create(300, patchSize=15, edgeThreshold=8, fastThreshold=5)
    one, first = orb.detectAndCompute(now, None)
    other, second = orb.detectAndCompute(before, None)
    if first is None or second is None:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(first, second)
    if len(matches) < 6:
        return None
    at = np.float32([one[m.queryIdx].pt for m in matches])
    to = np.float32([other[m.trainIdx].pt for m in matches])
    found, agree = cv2.estimateAffinePartial2D(at, to, ransacReprojThreshold=2.0)
    if found is None or agree.sum() < 6 or not _sensible(found):
        return None
    return found.astype(np.float32)


def _sensible(matrix: np.ndarray) -> bool:
    """False where an affine squeezes or turns more than a camera does in a second."""
    return bool(np.abs(matrix[:, :2] - np.eye(2)).max() < 0.3)


def align(now: np.ndarray, before: np.ndarray) -> Alignment:
    """Where each pixel of RGB `now` lies in RGB `before`: the affine first, then the
    tissue is followed."""
    here, there = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (now, before))
    matrix, way = by_ecc(here, there), "ECC"
    if matrix is None:
        matrix, way = by_features(here, there), "features"
    if matrix is None:
        matrix, way = STILL, "none"
    look = dict(flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    look |= dict(borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpAffine(there, matrix, here.shape[::-1], **look)
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    moved = dis.calc(here, seen, None)
    y, x = np.indices(here.shape, np.float32)
    x, y = x + moved[..., 0], y + moved[..., 1]
    across, down = (row[0] * x + row[1] * y + row[2] for row in matrix)
    return Alignment(across.astype(np.float32), down.astype(np.float32), way)


def warp(field: np.ndarray, to: Alignment, outside: float = 0) -> np.ndarray:
    """A picture of the earlier frame as the later one would show it; `outside` where it
    shows nothing."""
    border = dict(borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    return cv2.remap(field, to.x, to.y, cv2.INTER_LINEAR, **border)
