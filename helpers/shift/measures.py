"""What can be measured of a frame without a label: one number, or a few, for each factor that an intervention
changes."""

from __future__ import annotations

import cv2
import numpy as np

from helpers.shift.distance import LUMA
from helpers.views import visible

# factor -> what is measured of it, in the order in which light meets the factors on its way into the file
STATISTICS_OF = {
    "speculars": ("specular_share",),
    "smoke": ("veil",),
    "exposure": ("brightness",),
    "colour": ("mean_a", "mean_b", "sd_a", "sd_b"),
    "contrast": ("sd_L",),
    "sharpness": ("detail",),
    "field_of_view": ("outside_share", "falloff"),
    "noise": ("noise", "blocks"),
}
FACTORS = tuple(STATISTICS_OF)
GLEAM = 0.2  # by so much a gleam's darkest channel exceeds the tissue around it
SPOT = 11  # a gleam is smaller than the frame's height by this, in both directions
NEAR = 20  # by this, the neighbourhood in which clear tissue has some dark channel


def measure(image: np.ndarray, valid: np.ndarray, factor: str) -> np.ndarray:
    """The statistics of one factor (see STATISTICS_OF) on one frame, over its visible valid pixels; NaN
    without any.

    image: float32 HxWx3 in 0..1; valid: bool HxW.
    """
    seen = visible(image, valid) & valid
    if seen.sum() < 2:
        return np.full(len(STATISTICS_OF[factor]), np.nan)
    return _MEASURES[factor](image, valid, seen)


def measured(images: np.ndarray, valid: np.ndarray, factor: str) -> np.ndarray:
    """The statistics of one factor on N frames (uint8 NxHxWx3, valid bool NxHxW): N rows, see STATISTICS_OF."""
    return np.array([measure(image / np.float32(255), mask, factor) for image, mask in zip(images, valid, strict=True)])


def luma(image: np.ndarray) -> np.ndarray:
    """Brightness per pixel, 0..1."""
    return cv2.transform(image, LUMA[None])


def darkest(image: np.ndarray) -> np.ndarray:
    """The darkest of a pixel's three values."""
    red, green, blue = cv2.split(image)
    return cv2.min(cv2.min(red, green), blue)


def spot(image: np.ndarray) -> np.ndarray:
    """The disc that no gleam fills, as a structuring element."""
    side = image.shape[0] // SPOT | 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def gleams(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Small spots whiter than what surrounds them: the number of each pixel's gleam (HxW, 0 for none) and the
    areas of gleams 1, 2, ... in pixels. By the white top-hat of the darkest channel; what is longer (a
    shaft's sheen) is none."""
    disc = spot(image)
    white = (cv2.morphologyEx(darkest(image), cv2.MORPH_TOPHAT, disc) > GLEAM).astype(np.uint8)
    _, parts, boxes, _ = cv2.connectedComponentsWithStats(white)
    small = (boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] <= len(disc)).all(axis=1)
    small[0] = False
    return np.where(small, np.cumsum(small), 0)[parts], boxes[small, cv2.CC_STAT_AREA]


def radius_squared(valid: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Squared distance from the middle of the valid pixels' bounding box, 1 at the rim of what is seen
    (HxW)."""
    rows, columns = (np.flatnonzero(valid.any(axis=axis)) for axis in (1, 0))
    y, x = np.ogrid[:valid.shape[0], :valid.shape[1]]
    square = (y - (rows[0] + rows[-1]) / 2) ** 2 + (x - (columns[0] + columns[-1]) / 2) ** 2
    return square / square[seen].max()


def _specular_share(image, valid, seen) -> np.ndarray:
    return np.array([(gleams(image)[0] > 0)[seen].mean()])


def _veil(image, valid, seen) -> np.ndarray:
    """How bright the darkest channel of a neighbourhood is, against the frame's brightness: the dark channel
    prior of He et al. 2009, made independent of exposure. Smoke lifts it."""
    side = image.shape[0] // NEAR | 1
    dark = cv2.erode(darkest(image), np.ones((side, side), np.uint8))
    return np.array([dark[seen].mean() / luma(image)[seen].mean()])


def _brightness(image, valid, seen) -> np.ndarray:
    return np.array([luma(image)[seen].mean()])


def _colour(image, valid, seen) -> np.ndarray:
    ab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[seen][:, 1:]
    return np.concatenate([ab.mean(axis=0), ab.std(axis=0)])


def _contrast(image, valid, seen) -> np.ndarray:
    return np.array([cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 0][seen].std()])


def _detail(image, valid, seen) -> np.ndarray:
    """Standard deviation of the detail between one and two pixels, against that of the brightness."""
    light = luma(image)
    inner = _away_from_the_rim(seen, 5)
    band = cv2.GaussianBlur(light, (0, 0), 0.7) - cv2.GaussianBlur(light, (0, 0), 2)
    spread = light[inner].std()
    return np.array([band[inner].std() / spread if spread > 0 else np.nan])


def _field(image, valid, seen) -> np.ndarray:
    """The share of the valid pixels outside the view, and how brightness falls from its middle to its rim:
    the slope of relative brightness on the squared radius."""
    square = radius_squared(valid, seen)[seen]
    relative = luma(image)[seen]
    relative = relative / relative.mean()
    slope = np.cov(square, relative)[0, 1] / square.var(ddof=1) if square.var() > 0 else np.nan
    return np.array([1 - seen.sum() / valid.sum(), slope])


def _noise(image, valid, seen) -> np.ndarray:
    """Noise by the mask of Immerkaer 1996, in the calmest tenth of the view where texture counts least, and
    JPEG's steps at every eighth pixel against the steps elsewhere."""
    inner = _away_from_the_rim(seen, 4)
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    squared = cv2.blur(cv2.filter2D(image, -1, kernel) ** 2, (7, 7)).mean(axis=2)[inner]
    sigma = np.sqrt(max(np.quantile(squared, 0.1), 0)) / 6  # the blur's running sums may end just below zero
    steps = np.abs(np.diff(luma(image), axis=1))
    inside = inner[:, 1:] & inner[:, :-1]
    at_eighth = np.zeros(steps.shape, bool)
    at_eighth[:, 7::8] = True
    on, off = steps[inside & at_eighth], steps[inside & ~at_eighth]
    blocks = on.mean() / off.mean() - 1 if len(on) and len(off) and off.mean() > 0 else np.nan
    return np.array([sigma, blocks])


def _away_from_the_rim(seen: np.ndarray, pixels: int) -> np.ndarray:
    """`seen` without the pixels next to its rim, whose edge is no detail; all of it where nothing would be
    left."""
    inner = cv2.erode(seen.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)).astype(bool)
    return inner if inner.any() else seen


_MEASURES = {"speculars": _specular_share, "smoke": _veil, "exposure": _brightness, "colour": _colour,
             "contrast": _contrast, "sharpness": _detail, "field_of_view": _field, "noise": _noise}
