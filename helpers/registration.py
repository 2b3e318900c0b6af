"""Registration: where each pixel of one frame lies in an earlier one, and how alike two
frames are.

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


def grey(image: np.ndarray) -> np.ndarray:
    """HxWx3 uint8 as HxW uint8."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def by_ecc(now: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """The affine (2x3) from grey `now` to grey `before` by the enhanced correlation
    coefficient; None where it does not converge. It is sought at half the size."""
    small = [
        cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for one in (now, before)
    ]
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _, found = cv2.findTransformECC(
            *small, STILL.copy(), cv2.MOTION_AFFINE, until, None, 3
        )
    except cv2.error:
        return None
    found[:, 2] = 2 * found[:, 2]
    return found if sensible(found) else None


def by_features(now: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """The same from matched ORB features and RANSAC; None with fewer than 6 that
    agree."""
    orb = cv2.ORB_create(300, patchSize=15, edgeThreshold=8, fastThreshold=5)
    (one, first), (other, second) = (
        orb.detectAndCompute(g, None) for g in (now, before)
    )
    if first is None or second is None:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(first, second)
    if len(matches) < 6:
        return None
    at = np.float32([one[m.queryIdx].pt for m in matches])
    to = np.float32([other[m.trainIdx].pt for m in matches])
    found, agree = cv2.estimateAffinePartial2D(at, to, ransacReprojThreshold=2.0)
    if found is None or agree.sum() < 6 or not sensible(found):
        return None
    return found.astype(np.float32)


def sensible(matrix: np.ndarray) -> bool:
    """False where an affine squeezes or turns more than a camera does in a second."""
    return bool(np.abs(matrix[:, :2] - np.eye(2)).max() < 0.3)


def align(now: np.ndarray, before: np.ndarray) -> Alignment:
    """Where each pixel of RGB `now` lies in RGB `before`: the affine first, then the
    tissue is followed."""
    here, there = grey(now), grey(before)
    matrix, way = by_ecc(here, there), "ECC"
    if matrix is None:
        matrix, way = by_features(here, there), "features"
    if matrix is None:
        matrix, way = STILL, "none"
    y, x = np.indices(here.shape, np.float32)
    seen = cv2.warpAffine(
        there,
        matrix,
        here.shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    moved = dis.calc(here, seen, None)
    x, y = x + moved[..., 0], y + moved[..., 1]
    across = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    down = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    return Alignment(across.astype(np.float32), down.astype(np.float32), way)


def warp(field: np.ndarray, to: Alignment, outside: float = 0) -> np.ndarray:
    """A picture of the earlier frame as the later one would show it; `outside` where it
    shows nothing."""
    return cv2.remap(
        field,
        to.x,
        to.y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=outside,
    )


def mean_square(one: np.ndarray, other: np.ndarray) -> float:
    """Mean squared difference of two grey pictures (levels squared); 0 is best."""
    return float(np.mean((one.astype(float) - other) ** 2))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Normalised cross-correlation, -1 to 1; NaN where a picture is flat. It forgives a
    change of brightness and contrast."""
    a, b = one - one.mean(), other - other.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 0 else np.nan


def mutual_information(one: np.ndarray, other: np.ndarray) -> float:
    """How many bits one picture's grey tells of the other's, from their joint
    histogram of uint8 levels (32 bins). It forgives any change of grey that is a
    function."""
    joint, _, _ = np.histogram2d(one.ravel(), other.ravel(), 32, ((0, 256), (0, 256)))
    joint /= joint.sum()
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / apart[seen])).sum())
