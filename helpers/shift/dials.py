"""Dials: one group of a camera's is turned on frames that are there already, and image,
labels and what is valid move together, so that the label stays true.

Light is linear here: a display value v is taken for (1 - exp(-x)) ** (1 / 2.2) of the
light x, a gamma of 2.2 with a shoulder. That is an assumption about every camera; the
drawing's own curve is the same, which flatters what is shown on drawn frames.
"""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from helpers.frames import visible
from helpers.shift.cues import gleams, light, luma, top_hat

DIALS = {
    "light": ("brightness", "fall_off", "contrast"),
    "colour": ("red", "blue", "saturation"),
    "lens": ("blur", "noise"),
    "view": ("height", "radius", "aside"),
    "air": ("smoke", "gleams"),
}
"""The dials of each group.

light: `brightness`, by how much the mean brightness of the view rises (0..1), as a
camera's automatic would have it; `fall_off` v, light divided by 1 + v r^2 at r half
picture heights from the middle (below 0: multiplied); `contrast`, the logarithm of a
factor about a dark grey. colour: `red` and `blue`, the logarithm of their gain against
green in linear light, at unchanged brightness; `saturation`, the logarithm of a factor.
lens: `blur`, a Gaussian's standard deviation in percent of the picture's height (below
0: unsharp masking); `noise`, a standard deviation in 0..1. view: `height`, the share of
the frame's height that the picture is scaled to, with bars above and below; `radius` of
the round view in half picture heights (infinite for none), its middle `aside` of the
picture's. air: `smoke`, the mean thickness over frames (0..1); `gleams`, the logarithm
of a factor on their light.
"""
GROUPS = tuple(DIALS)
IDENTITY = {dial: 0.0 for dials in DIALS.values() for dial in dials} | {
    "height": 1.0,
    "radius": np.inf,
}
"""The dose of each dial that leaves a frame as it is."""
DARK_GREY = 0.35  # contrast turns about it
SMOKY = 3  # smoke comes and goes: it is in one frame of so many


class Frames(NamedTuple):
    """Frames in memory: images uint8 NxHxWx3; blood and valid bool NxHxW; subject N."""

    images: np.ndarray
    blood: np.ndarray
    valid: np.ndarray
    subject: np.ndarray


def apply(
    frames: Frames, doses: pd.DataFrame, groups: Iterable[str] = GROUPS, seed: int = 0
) -> Frames:
    """Frames with the dials of some groups at their dose; the others stay as they are.

    doses: a row for each camera and a column for each dial (see DIALS). A subject takes
    the row of its own name, if there is one; else the cameras are given out in turn, so
    that a domain's spread is applied and not its mean alone. Gleams, fall-off, white
    balance and exposure act on light, in that order, then tone, smoke, lens, noise, and
    last the view, which moves pixels. What lies beyond the picture's sides is its
    mirror image, blood included; bars are not valid; the surround stays valid, as it is
    known to hold no blood. Chance depends on the seed and on a frame's place. KeyError
    for a group that images know nothing of.
    """
    chosen = [dial for group in groups for dial in DIALS[group]]
    images, blood, valid = (np.array(part) for part in frames[:3])
    names = pd.unique(frames.subject)
    turn = {name: number % len(doses) for number, name in enumerate(names)}
    turn |= {name: number for number, name in enumerate(doses.index) if name in turn}
    for i, name in enumerate(frames.subject):
        camera = doses.iloc[turn[name]]
        dials = IDENTITY | {dial: float(camera[dial]) for dial in chosen}
        if dials == IDENTITY or not valid[i].any():
            continue
        image = images[i] / np.float32(255)
        image = _picture(image, visible(image, valid[i]), dials, seed, i)
        image, blood[i], valid[i] = _framed(image, blood[i], valid[i], dials)
        images[i] = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return Frames(images, blood, valid, frames.subject)


def _picture(image, seen, dials, seed, place):
    """What moves no pixel: air, light, colour, lens; only what is seen changes."""
    changed = image.copy()
    toned = (*DIALS["light"], *DIALS["colour"], "gleams")
    if any(dials[dial] for dial in toned):
        changed = _developed(image, seen, dials)
    if dials["smoke"] > 0 and (place + seed) % SMOKY == 0:
        rng = np.random.default_rng([seed, 1, place])
        changed = _smoky(changed, seen, dials["smoke"], rng)
    sigma = abs(dials["blur"]) / 100 * seen.any(axis=1).sum()
    if sigma > 0:
        soft = _blurred(changed, seen, sigma)
        changed = soft if dials["blur"] > 0 else 2 * changed - soft
    if dials["noise"] > 0:
        rng = np.random.default_rng([seed, 2, place])
        grain = rng.standard_normal(image.shape, np.float32)
        changed = changed + np.float32(dials["noise"]) * grain
    return np.where(seen[..., None], np.clip(changed, 0, 1), image)


def _developed(image, seen, dials):
    """Light changed, then exposed anew to the mean brightness that the frame had
    before, plus the dial's: an automatic exposure would make up for what the other
    dials take."""
    x = light(image)
    if dials["gleams"]:
        hat = top_hat(x.min(axis=2)) * gleams(image)
        more = np.float32(np.expm1(dials["gleams"])) * hat[..., None]
        x = np.maximum(x + more, 0)
    if dials["fall_off"]:
        fall = 1 + abs(dials["fall_off"]) * _radius_squared(seen)
        x = x * (fall ** -np.sign(dials["fall_off"])).astype(np.float32)[..., None]
    x = x * np.exp(np.array([dials["red"], 0, dials["blue"]], np.float32))
    sample = np.ascontiguousarray(x[seen][None])
    goal = luma(image)[seen].mean() + dials["brightness"]
    low, high = -4.0, 4.0
    for _ in range(14):
        gain = (low + high) / 2
        dark = luma(_toned(sample * np.float32(np.exp(gain)), dials)).mean() < goal
        low, high = (gain, high) if dark else (low, gain)
    return _toned(x * np.float32(np.exp(gain)), dials)


def _radius_squared(seen):
    """Squared distance from the middle of what is seen, in half heights of it (HxW)."""
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    y, x = np.ogrid[: seen.shape[0], : seen.shape[1]]
    y, x = y - (rows[0] + rows[-1]) / 2, x - (columns[0] + columns[-1]) / 2
    return (y**2 + x**2) / ((rows[-1] - rows[0] + 1) / 2) ** 2


def _toned(x, dials):
    """Display values of linear light (the inverse of cues.light), with their tone."""
    image = cv2.pow(1 - cv2.exp(-x), 1 / 2.2)
    if dials["saturation"]:
        grey = luma(image)[..., None]
        image = grey + np.float32(np.exp(dials["saturation"])) * (image - grey)
    if dials["contrast"]:
        image = DARK_GREY + np.float32(np.exp(dials["contrast"])) * (image - DARK_GREY)
    return np.clip(image, 0, 1)


def _smoky(image, seen, mean, rng):
    """A veil of grey billows, so thick that the mean over all frames is reached."""
    grain = rng.standard_normal(seen.shape, np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), len(seen) / 8)
    veil = np.clip(mean * SMOKY * (1 + 0.3 * grain / grain.std()), 0, 0.95)[..., None]
    return image + veil * (np.float32(np.quantile(luma(image)[seen], 0.9)) - image)


def _blurred(image, seen, sigma):
    """A Gaussian blur into which no bar and no surround bleeds."""
    weight = seen.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    soft = cv2.GaussianBlur(image * weight[..., None], (0, 0), sigma)
    return np.divide(soft, total, out=image.copy(), where=total > 0)


def _framed(image, blood, valid, dials):
    """The picture scaled into the frame with bars above and below, then the round
    view."""
    high, wide = valid.shape
    tall = round(high * dials["height"])
    top = (high - tall) // 2
    if tall < high:
        parts, inside = (image, blood, valid), np.s_[top : top + tall]
        image, blood, valid = (np.zeros_like(part) for part in parts)
        for whole, part in zip((image, blood, valid), parts):
            whole[inside] = _scaled(part, dials["height"], wide)
    if np.isfinite(dials["radius"]):
        y, x = np.ogrid[:high, :wide]
        y, x = y - (top + (tall - 1) / 2), x - ((wide - 1) / 2 + dials["aside"] * tall)
        out = y**2 + x**2 > (dials["radius"] * tall / 2) ** 2
        image[out], blood[out] = 0, False
    return image, blood, valid


def _scaled(part, share, wide):
    pixels, ways = part.astype(np.float32), dict(fx=share, fy=share)
    small = cv2.resize(pixels, None, **ways, interpolation=cv2.INTER_AREA)
    left = (wide - small.shape[1]) // 2
    sides = left, wide - small.shape[1] - left
    small = cv2.copyMakeBorder(small, 0, 0, *sides, cv2.BORDER_REFLECT)
    return small if part.dtype != bool else small > 0.5
