"""What a frame says of its camera, without a label: cues that rest on what all surgery
shares.

A mean over all tissue says as much of the organs as of the camera (image_statistics, as
the published study had them). Cues look elsewhere: an automatic exposure holds the mean
brightness of the view; gleams and steel have the lamp's colour; black is black; the
sharpest edges are as sharp as the lens lets them be; calm areas show the noise.
"""

from collections.abc import Iterable

import cv2
import numpy as np
import pandas as pd
from scipy.ndimage import maximum_filter, minimum_filter

from helpers.frames import visible

STATISTICS = ["mean_R", "mean_G", "mean_B", "brightness", "saturation"]
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
GLEAM = 0.2  # by so much a gleam's darkest channel exceeds the tissue around it
SPOT = 11  # a gleam is smaller than the picture's height by this, in both directions
NEAR = 20  # by this, the neighbourhood in which clear tissue has some dark channel
FEWEST = 30  # pixels that a cue needs
CUES = ["brightness", "gleam_red", "gleam_blue", "steel_red", "steel_blue", "pure"]
CUES += ["chroma", "steel_blur", "gleam_blur", "noise", "veil"]
CUES += ["height", "radius", "aside"]


def image_statistics(images: Iterable[np.ndarray], seen: np.ndarray) -> pd.DataFrame:
    """Mean R, G, B, brightness and HSV saturation per frame, each in 0..1; a row per
    frame in their order.

    images: uint8 RGB frames, N of HxWx3. seen: bool NxHxW, the pixels to average over;
    a frame without one has NaN. Saturation is (max - min) / max of a pixel's three
    values, 0 for black.
    """
    rows = []
    for image, where in zip(images, seen):
        pixels = image[where]
        if not len(pixels):
            rows.append([np.nan] * len(STATISTICS))
            continue
        high, low = pixels.max(axis=1), pixels.min(axis=1)
        nought = np.zeros(len(pixels))
        saturation = np.divide(high - low, high, out=nought, where=high > 0)
        colour = pixels.mean(axis=0, dtype=float) / 255
        rows.append([*colour, float(LUMA @ colour), float(saturation.mean())])
    return pd.DataFrame(rows, columns=STATISTICS, dtype=float)


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
    pairs = zip(images, valid, strict=True)
    rows = [_of(image / np.float32(255), known) for image, known in pairs]
    return pd.DataFrame(rows, columns=CUES, dtype=float)


def _of(image, valid) -> dict[str, float]:
    seen = visible(image, valid) & valid
    if seen.sum() < FEWEST:
        return {}
    rows = np.flatnonzero(valid.any(axis=1))
    tall = rows[-1] - rows[0] + 1
    inner = minimum_filter(seen, 7, mode="constant")
    bright, lit, spots = luma(image), light(image), gleams(image)
    high, spread = image.max(axis=2), np.ptp(image, axis=2)
    grey = (high > 0.2) & (spread < 0.2 * high)
    # Near-grey areas that are not mere specks.
    steel = cv2.morphologyEx(grey.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3))) > 0
    rim = maximum_filter(steel, 3) & ~minimum_filter(steel, 3, mode="constant")
    around, percent = maximum_filter(spots, 5), (100 / tall) ** 2
    found = {"brightness": bright[seen].mean(), "height": tall / len(valid)}
    found["gleam_red"], found["gleam_blue"] = _gleam_colour(image, lit, spots & inner)
    found["steel_red"], found["steel_blue"] = _steel_colour(image, lit, inner & ~spots)
    found["radius"], found["aside"] = _circle(seen, valid, rows)
    found["pure"], found["chroma"] = _purity(image, inner)
    side = image.shape[0] // NEAR | 1
    dark = cv2.erode(image.min(axis=2), np.ones((side, side), np.uint8))
    return found | {
        "noise": _noise(image, inner),
        "veil": float(dark[seen].mean() / bright[seen].mean()),
        "steel_blur": _blur(bright, inner & rim) * percent,
        "gleam_blur": _blur(bright, inner & around) * percent,
    }


def luma(image: np.ndarray) -> np.ndarray:
    """Brightness per pixel, 0..1."""
    return cv2.transform(image, LUMA[None])


def light(image: np.ndarray) -> np.ndarray:
    """The linear light of display values 0..1 (see dials); white is 5.5 times full
    light."""
    return -np.log(1 - np.minimum(cv2.pow(image, 2.2), np.float32(0.996)))


def top_hat(channel: np.ndarray) -> np.ndarray:
    """By how much what is smaller than a gleam may be exceeds what surrounds it."""
    return cv2.morphologyEx(channel, cv2.MORPH_TOPHAT, _disc(len(channel)))


def _disc(height):
    side = height // SPOT | 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def gleams(image: np.ndarray) -> np.ndarray:
    """Small spots whiter than what surrounds them (bool HxW), by the white top-hat of
    the darkest channel; what is longer (a shaft's sheen) is none."""
    white = (top_hat(image.min(axis=2)) > GLEAM).astype(np.uint8)
    _, parts, boxes, _ = cv2.connectedComponentsWithStats(white)
    sides = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    small = (sides <= len(_disc(len(image)))).all(axis=1)
    small[0] = False
    return small[parts]


def _gleam_colour(image, lit, where):
    where = where & (image.max(axis=2) < 0.97)
    if where.sum() < 8:
        return np.nan, np.nan
    channels = (np.ascontiguousarray(lit[..., c]) for c in range(3))
    red, green, blue = (top_hat(one)[where].sum() for one in channels)
    return np.log(red / green), np.log(blue / green)


def _steel_colour(image, lit, where):
    high, spread = image.max(axis=2), np.ptp(image, axis=2)
    where = where & (high > 0.25) & (high < 0.95) & (spread < 0.16 * high)
    if where.sum() < FEWEST:
        return np.nan, np.nan
    mean = np.median(np.log(np.maximum(lit[where], 1e-4)), axis=0)
    return mean[0] - mean[1], mean[2] - mean[1]


def _purity(image, inner):
    soft = cv2.GaussianBlur(image, (0, 0), 0.7)
    spread, bright = np.ptp(soft, axis=2), luma(soft)
    where = inner & (bright > 0.02)
    pure = strong = 0.0
    if where.sum() >= FEWEST:
        pure = np.quantile(spread[where] / bright[where], 0.99)
    if inner.any():
        strong = np.quantile(spread[inner], 0.9)
    return [float(np.log(one)) if one > 0 else np.nan for one in (pure, strong)]


def _blur(bright, where) -> float:
    """For a step blurred by s, the gradients after Gaussians of s1 and s2 are as
    sqrt((s^2 + s2^2) / (s^2 + s1^2)) (Zhuo and Sim 2011). Of the strongest edges, the
    sharpest count."""
    fine, coarse = (_gradient(bright, sigma) for sigma in (0.6, 1.5))
    if where.sum() < FEWEST:
        return np.nan
    peak = fine >= cv2.dilate(fine, np.ones((3, 3))) - 1e-7
    where = where & peak & (fine > np.quantile(fine[where], 0.98))
    if where.sum() < 4:
        return np.nan
    ratio = np.quantile(fine[where] / coarse[where], 0.9) ** 2
    return float((2.25 - 0.36 * ratio) / (ratio - 1)) if ratio > 1 else np.nan


def _gradient(bright, sigma):
    soft = cv2.GaussianBlur(bright, (0, 0), sigma)
    x, y = (cv2.Sobel(soft, -1, *way, ksize=1) for way in ((1, 0), (0, 1)))
    return cv2.magnitude(x, y)


def _noise(image, inner) -> float:
    if not inner.any():
        return np.nan
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    squared = cv2.blur(cv2.filter2D(image, -1, kernel) ** 2, (7, 7)).mean(axis=2)[inner]
    # Running sums may end below zero.
    return float(np.sqrt(max(np.quantile(squared, 0.1), 0)) / 6)


def _circle(seen, valid, rows) -> tuple[float, float]:
    """The round view's rim, by least squares on where each row begins and ends;
    infinite where less than 1 % of the picture is black up to its edge, or a corner is
    not: shadows are black as well, but not in all four."""
    corners = seen[rows[[0, 0, -1, -1]], [0, -1, 0, -1]]
    if corners.any() or (valid & ~seen).sum() < 0.01 * valid.sum():
        return np.inf, 0.0
    tall, wide = len(rows), seen.shape[1]
    middle = (rows[0] + rows[-1]) / 2
    ends = []
    for row in rows[seen[rows].any(axis=1)]:
        first, last = np.flatnonzero(seen[row])[[0, -1]]
        ends += [(row - middle, first)] if first != 0 else []
        ends += [(row - middle, last)] if last != wide - 1 else []
    y, x = np.array(ends, float).reshape(-1, 2).T
    x = x - (wide - 1) / 2
    keep = np.ones(len(x), bool)
    for _ in range(4):  # dark tissue at the rim eats into it: outliers go
        if keep.sum() < 6:
            return np.inf, 0.0
        sides, square = np.stack([2 * x, np.ones_like(x)], 1), x**2 + y**2
        slope, start = np.linalg.lstsq(sides[keep], square[keep], rcond=None)[0]
        radius = np.sqrt(max(start + slope**2, 0))
        off = np.hypot(x - slope, y) - radius
        keep = np.abs(off) <= max(1.5, np.median(np.abs(off[keep])) * 2.5)
    return 2 * radius / tall, slope / tall
