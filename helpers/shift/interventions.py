"""Interventions: one property of a frame is moved towards the target's, and the label stays true.

Each takes a Frame and a strength, and changes the frame's image in place of what the camera, the light or the
air would have changed. Nothing moves a pixel, so blood stays where it is; a pixel that leaves the round view
is no longer valid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from helpers.shift.measures import gleams, luma, radius_squared, spot

WHITE = np.float32(1)


@dataclass
class Frame:
    """A frame on its way: image float32 HxWx3 in 0..1, valid and seen bool HxW (see measures.visible), and
    the random generator of the factor at work."""

    image: np.ndarray
    valid: np.ndarray
    seen: np.ndarray
    random: np.random.Generator = field(default_factory=np.random.default_rng)


def speculars(frame: Frame, strength: float) -> None:
    """Gleams: `strength` above 0 is the share of the view that new ones cover, below 0 the share of the old
    that goes.

    New gleams sit where the tissue is bright; old ones give way to the colour around them.
    """
    image, seen = frame.image, frame.seen
    if strength > 0:
        grain = image.shape[0] / 96
        light = cv2.GaussianBlur(luma(image), (0, 0), 2 * grain)
        likely = _unit(_random(frame, 1.2 * grain), seen) + 0.6 * _unit(light, seen)
        shine = (likely > np.quantile(likely[seen], 1 - strength)).astype(np.float32)
        shine = np.maximum(shine, cv2.GaussianBlur(shine, (0, 0), 0.8 * grain))[..., None]
        image += shine * (WHITE - image)
    elif strength < 0:
        parts, areas = gleams(image)
        order = frame.random.permutation(len(areas))
        gone = np.zeros(len(areas) + 1, np.uint8)
        gone[1 + order[np.cumsum(areas[order]) - areas[order] / 2 < -strength * areas.sum()]] = 1
        mask = cv2.dilate(gone[parts], np.ones((3, 3), np.uint8)).astype(bool)
        image[mask] = cv2.morphologyEx(image, cv2.MORPH_OPEN, spot(image))[mask]


def smoke(frame: Frame, strength: float) -> None:
    """Billows of grey smoke of up to the mean thickness `strength` (0..1); half of the frames stay clear, as
    smoke comes and goes."""
    thickness = strength * max(0.0, 2 * frame.random.random() - 1)
    if thickness == 0:
        return
    billows = _unit(_random(frame, frame.valid.shape[0] / 8), frame.seen)
    veil = np.clip(thickness * (1 + 0.3 * billows), 0, 0.95).astype(np.float32)[..., None]
    grey = np.float32(np.quantile(luma(frame.image)[frame.seen], 0.9))
    frame.image += veil * (grey - frame.image)


def exposure(frame: Frame, strength: float) -> None:
    """A gamma: each value to the power exp(strength), above 0 darker."""
    cv2.pow(frame.image, float(np.exp(strength)), frame.image)


def colour(frame: Frame, strength: np.ndarray) -> None:
    """A colour cast in CIELAB: a and b move by strength[:2], and their spread about the frame's own mean
    grows by the factor exp(strength[2:])."""
    lab = cv2.cvtColor(frame.image, cv2.COLOR_RGB2LAB)
    mean = lab[frame.seen][:, 1:].mean(axis=0)
    growth = np.exp(strength[2:]).astype(np.float32)
    lab[..., 1:] = (lab[..., 1:] - mean) * growth + (mean + strength[:2]).astype(np.float32)
    frame.image[:] = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def contrast(frame: Frame, strength: float) -> None:
    """Contrast of CIELAB's lightness: its spread about the frame's own mean grows by the factor
    exp(strength)."""
    lab = cv2.cvtColor(frame.image, cv2.COLOR_RGB2LAB)
    mean = lab[..., 0][frame.seen].mean()
    lab[..., 0] = np.clip((lab[..., 0] - mean) * np.float32(np.exp(strength)) + mean, 0, 100)
    frame.image[:] = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def sharpness(frame: Frame, strength: float) -> None:
    """Above 0 a Gaussian blur of so many pixels, as of optics or a lower resolution; below 0 that much
    unsharp masking.

    Only what is seen is mixed, so that no padding and no surround bleeds in.
    """
    weight = frame.seen.astype(np.float32)
    sigma = strength if strength > 0 else 1.0
    total = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    blurred = cv2.GaussianBlur(frame.image * weight[..., None], (0, 0), sigma)
    blurred = np.divide(blurred, total, out=frame.image.copy(), where=total > 0)
    frame.image[:] = blurred if strength > 0 else frame.image - strength * (frame.image - blurred)


def field_of_view(frame: Frame, strength: np.ndarray) -> None:
    """A round view and its light: strength[0] of the valid pixels beyond a circle turn black and not valid,
    and brightness falls (strength[1] above 0) or rises towards the rim while its mean stays."""
    square = radius_squared(frame.valid, frame.seen)
    kept = 1 - strength[0] * frame.valid.sum() / max((frame.seen & frame.valid).sum(), 1)
    if strength[0] > 0:
        inside = square <= np.quantile(square[frame.seen & frame.valid], max(kept, 0.0))
        frame.image[~inside & frame.seen] = 0
        frame.valid &= inside
        frame.seen &= inside
        square = square / square[frame.seen].max()
    gain = (1 + abs(strength[1]) * np.minimum(square, 1)) ** -np.sign(strength[1])
    frame.image *= (gain / gain[frame.seen].mean()).astype(np.float32)[..., None]


def noise(frame: Frame, strength: np.ndarray) -> None:
    """Sensor noise of standard deviation strength[0] (below 0: smoothing that keeps edges, mixed in by that
    share), then JPEG, whose quality is 100 - strength[1] (0: none)."""
    if strength[0] > 0:
        frame.image += strength[0] * frame.random.standard_normal(frame.image.shape, dtype=np.float32)
    elif strength[0] < 0:
        smooth = cv2.bilateralFilter(frame.image, 5, 0.15, 1.5)
        frame.image -= strength[0] * (smooth - frame.image)
    if strength[1] > 0:
        written = np.rint(np.clip(frame.image, 0, 1) * 255).astype(np.uint8)[..., ::-1]
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(round(100 - strength[1]))]
        read = cv2.imdecode(cv2.imencode(".jpg", written, quality)[1], cv2.IMREAD_COLOR)
        frame.image[:] = read[..., ::-1].astype(np.float32) / 255


def _random(frame: Frame, grain: float) -> np.ndarray:
    """White noise, blurred to grains of so many pixels (HxW)."""
    return cv2.GaussianBlur(frame.random.standard_normal(frame.valid.shape, dtype=np.float32), (0, 0), grain)


def _unit(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The values with mean 0 and standard deviation 1 over what is seen; a flat one with 0."""
    inside = values[seen]
    spread = inside.std()
    return (values - inside.mean()) / spread if spread > 0 else np.zeros_like(values)


INTERVENTIONS: dict[str, Callable[[Frame, float | np.ndarray], None]] = {
    "speculars": speculars, "smoke": smoke, "exposure": exposure, "colour": colour, "contrast": contrast,
    "sharpness": sharpness, "field_of_view": field_of_view, "noise": noise}
