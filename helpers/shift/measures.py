"""What a frame says of its camera, without a label: cues that rest on what all surgery
shares.

A mean over all tissue says as much of the organs as of the camera. These look
elsewhere: an automatic exposure holds the mean brightness of the view; gleams and steel
have the lamp's colour; black is black; the sharpest edges are as sharp as the lens lets
them be; calm areas show the noise.
"""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd

from helpers.frames import visible
from helpers.shift.distance import LUMA

GLEAM = 0.2  # by so much a gleam's darkest channel exceeds the tissue around it
SPOT = 11  # a gleam is smaller than the picture's height by this, in both directions
NEAR = 20  # by this, the neighbourhood in which clear tissue has some dark channel
PUREST = 0.99
FEWEST = 30  # pixels that a cue needs
CUES = (
    "brightness",
    "gleam_red",
    "gleam_blue",
    "steel_red",
    "steel_blue",
    "pure",
    "chroma",
    "steel_blur",
    "gleam_blur",
    "noise",
    "veil",
    "height",
    "radius",
    "aside",
)


def cues(images: np.ndarray, valid: np.ndarray) -> pd.DataFrame:
    """The cues of N frames (uint8 NxHxWx3, valid bool NxHxW), a row per frame; NaN
    where a frame has nothing to measure one by.

    brightness: mean of the view, 0..1. gleam_red, gleam_blue: logarithm of red and blue
    against green in the light that gleams add to what surrounds them (dichromatic
    reflection, Shafer 1985). steel_red, steel_blue: the same of near-grey pixels. pure:
    how near to a pure colour the pixels come, the logarithm of the 99th percentile of
    (max - min) / luma: red tissue in the shade and blood are as pure as the camera
    shows them. chroma: the same of max - min, in its 90th percentile. steel_blur,
    gleam_blur: variance of the sharpest among the strongest edges of steel and of
    gleams, in squared percent of the picture's height (below 0 where they are sharper
    than a step). noise: standard deviation, 0..1 (Immerkaer 1996), in the calmest
    tenth. veil: the darkest channel of a neighbourhood (He et al. 2009) against the
    brightness. height, radius, aside: see DIALS.
    """
    return pd.DataFrame(
        [
            _of(image / np.float32(255), known)
            for image, known in zip(images, valid, strict=True)
        ],
        columns=list(CUES),
        dtype=float,
    )


def _of(image: np.ndarray, valid: np.ndarray) -> dict[str, float]:
    seen = visible(image, valid) & valid
    if seen.sum() < FEWEST:
        return {}
    rows = np.flatnonzero(valid.any(axis=1))
    tall = rows[-1] - rows[0] + 1
    inner, percent = shrunk(seen, 3), (100 / tall) ** 2
    lit = light(image)
    found = {"brightness": luma(image)[seen].mean(), "height": tall / len(valid)}
    found |= dict(
        zip(("gleam_red", "gleam_blue"), _gleam_colour(image, lit, inner), strict=True)
    )
    found |= dict(
        zip(("steel_red", "steel_blue"), _steel_colour(image, lit, inner), strict=True)
    )
    found |= dict(zip(("radius", "aside"), _circle(seen, valid, rows), strict=True))
    return found | {
        "pure": _pure(image, inner),
        "chroma": _chroma(image, inner),
        "noise": _noise(image, inner),
        "veil": _veil(image, seen),
        "steel_blur": _blur(image, inner & _rim(_steel(image))) * percent,
        "gleam_blur": _blur(image, inner & _grown(gleams(image), 2)) * percent,
    }


def luma(image: np.ndarray) -> np.ndarray:
    """Brightness per pixel, 0..1."""
    return cv2.transform(image, LUMA[None])


def light(image: np.ndarray) -> np.ndarray:
    """The linear light of display values 0..1 (see interventions); white is 5.5 times
    full light."""
    return -np.log(1 - np.minimum(cv2.pow(image, 2.2), np.float32(0.996)))


def spot(image: np.ndarray) -> np.ndarray:
    """The disc that no gleam fills, as a structuring element."""
    side = image.shape[0] // SPOT | 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def gleams(image: np.ndarray) -> np.ndarray:
    """Small spots whiter than what surrounds them (bool HxW), by the white top-hat of
    the darkest channel; what is longer (a shaft's sheen) is none."""
    disc = spot(image)
    white = (
        cv2.morphologyEx(image.min(axis=2), cv2.MORPH_TOPHAT, disc) > GLEAM
    ).astype(np.uint8)
    _, parts, boxes, _ = cv2.connectedComponentsWithStats(white)
    small = (boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] <= len(disc)).all(axis=1)
    small[0] = False
    return small[parts]


def radius_squared(seen: np.ndarray) -> np.ndarray:
    """Squared distance from the middle of what is seen, in half heights of it (HxW)."""
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    y, x = np.ogrid[: seen.shape[0], : seen.shape[1]]
    square = (y - (rows[0] + rows[-1]) / 2) ** 2 + (
        x - (columns[0] + columns[-1]) / 2
    ) ** 2
    return square / ((rows[-1] - rows[0] + 1) / 2) ** 2


def shrunk(seen: np.ndarray, pixels: int) -> np.ndarray:
    """`seen` without the pixels next to its rim, whose edge is no detail."""
    padded = np.pad(seen.astype(np.uint8), 1)
    return cv2.erode(padded, np.ones((2 * pixels + 1,) * 2, np.uint8))[
        1:-1, 1:-1
    ].astype(bool)


def _gleam_colour(
    image: np.ndarray, lit: np.ndarray, inner: np.ndarray
) -> tuple[float, float]:
    where = gleams(image) & inner & (image.max(axis=2) < 0.97)
    if where.sum() < 8:
        return np.nan, np.nan
    excess = np.stack(
        [
            cv2.morphologyEx(
                np.ascontiguousarray(lit[..., c]), cv2.MORPH_TOPHAT, spot(image)
            )[where].sum()
            for c in range(3)
        ]
    )
    return tuple(np.log(excess[[0, 2]] / excess[1]))


def _steel_colour(
    image: np.ndarray, lit: np.ndarray, inner: np.ndarray
) -> tuple[float, float]:
    high, low = image.max(axis=2), image.min(axis=2)
    where = (
        inner
        & (high > 0.25)
        & (high < 0.95)
        & (high - low < 0.16 * high)
        & ~gleams(image)
    )
    if where.sum() < FEWEST:
        return np.nan, np.nan
    mean = np.median(np.log(np.maximum(lit[where], 1e-4)), axis=0)
    return mean[0] - mean[1], mean[2] - mean[1]


def _steel(image: np.ndarray) -> np.ndarray:
    """Near-grey areas that are not mere specks (bool HxW)."""
    high, low = image.max(axis=2), image.min(axis=2)
    grey = ((high > 0.2) & (high - low < 0.2 * high)).astype(np.uint8)
    return cv2.morphologyEx(grey, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(
        bool
    )


def _grown(where: np.ndarray, pixels: int) -> np.ndarray:
    return cv2.dilate(
        where.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)
    ).astype(bool)


def _rim(where: np.ndarray) -> np.ndarray:
    return _grown(where, 1) & ~shrunk(where, 1)


def _pure(image: np.ndarray, inner: np.ndarray) -> float:
    soft = cv2.GaussianBlur(image, (0, 0), 0.7)
    bright = luma(soft)
    where = inner & (bright > 0.02)
    if where.sum() < FEWEST:
        return np.nan
    purity = np.quantile(np.ptp(soft, axis=2)[where] / bright[where], PUREST)
    return float(np.log(purity)) if purity > 0 else np.nan


def _chroma(image: np.ndarray, inner: np.ndarray) -> float:
    spread = np.ptp(cv2.GaussianBlur(image, (0, 0), 0.7), axis=2)[inner]
    strong = np.quantile(spread, 0.9) if len(spread) else 0.0
    return float(np.log(strong)) if strong > 0 else np.nan


def _blur(image: np.ndarray, where: np.ndarray) -> float:
    """For a step blurred by s, the gradients after Gaussians of s1 and s2 are as
    sqrt((s^2 + s2^2) / (s^2 + s1^2)) (Zhuo and Sim 2011). Of the strongest edges, the
    sharpest count."""
    bright = luma(image)
    fine, coarse = (_gradient(bright, sigma) for sigma in (0.6, 1.5))
    if where.sum() < FEWEST:
        return np.nan
    peak = fine >= cv2.dilate(fine, np.ones((3, 3))) - 1e-7
    where = where & peak & (fine > np.quantile(fine[where], 0.98))
    ratio = (
        np.quantile(fine[where] / coarse[where], 0.9) ** 2 if where.sum() >= 4 else 1.0
    )
    return float((2.25 - 0.36 * ratio) / (ratio - 1)) if ratio > 1 else np.nan


def _gradient(bright: np.ndarray, sigma: float) -> np.ndarray:
    soft = cv2.GaussianBlur(bright, (0, 0), sigma)
    return cv2.magnitude(
        cv2.Sobel(soft, -1, 1, 0, ksize=1), cv2.Sobel(soft, -1, 0, 1, ksize=1)
    )


def _noise(image: np.ndarray, inner: np.ndarray) -> float:
    if not inner.any():
        return np.nan
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    squared = cv2.blur(cv2.filter2D(image, -1, kernel) ** 2, (7, 7)).mean(axis=2)[inner]
    return float(
        np.sqrt(max(np.quantile(squared, 0.1), 0)) / 6
    )  # running sums may end below zero


def _veil(image: np.ndarray, seen: np.ndarray) -> float:
    side = image.shape[0] // NEAR | 1
    dark = cv2.erode(image.min(axis=2), np.ones((side, side), np.uint8))
    return float(dark[seen].mean() / luma(image)[seen].mean())


def _circle(
    seen: np.ndarray, valid: np.ndarray, rows: np.ndarray
) -> tuple[float, float]:
    """The round view's rim, by least squares on where each row begins and ends;
    infinite where less than 1 % of the picture is black up to its edge, or a corner is
    not: shadows are black as well, but not in all four."""
    corners = seen[rows[[0, 0, -1, -1]], [0, -1, 0, -1]]
    if corners.any() or (valid & ~seen).sum() < 0.01 * valid.sum():
        return np.inf, 0.0
    tall, wide = len(rows), seen.shape[1]
    middle = (rows[0] + rows[-1]) / 2
    y, x = [], []
    for row in rows:
        columns = np.flatnonzero(seen[row])
        for end, edge in ((columns[:1], 0), (columns[-1:], wide - 1)):
            if len(end) and end[0] != edge:
                y.append(row - middle)
                x.append(end[0] - (wide - 1) / 2)
    y, x = np.array(y), np.array(x, float)
    keep = np.ones(len(x), bool)
    for _ in range(4):  # dark tissue at the rim eats into it: outliers go
        if keep.sum() < 6:
            return np.inf, 0.0
        slope, start = np.linalg.lstsq(
            np.stack([2 * x, np.ones_like(x)], 1)[keep], (x**2 + y**2)[keep], rcond=None
        )[0]
        radius = np.sqrt(max(start + slope**2, 0))
        off = np.hypot(x - slope, y) - radius
        keep = np.abs(off) <= max(1.5, np.median(np.abs(off[keep])) * 2.5)
    return 2 * radius / tall, slope / tall
