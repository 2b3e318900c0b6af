"""The camera: what becomes of a lit scene on its way to the picture. All that an
image-space remedy can hope to undo.
"""

import cv2
import numpy as np

from phantom.scene import Field, generator, grid, mix, noise, thrice, unit

TRAITS = "goal contrast vignette red blue saturation blur sharpen noise".split()
TRAITS += ["speculars", "smoke", "radius", "aside"]
"""The traits that act here, and nowhere before."""


def round_view(shape: tuple[int, int], look: dict[str, float]) -> tuple[Field, Field]:
    """Light fall-off (0-1) and the round view (0-1, 1 inside) of this subject's
    telescope.
    """
    (x, y), half = grid(shape), shape[0] / 2
    centre = shape[1] / 2 + look["aside"] * shape[0]
    away = np.sqrt((x - centre) ** 2 + (y - half) ** 2) / half
    inside = np.clip((look["radius"] - away) * (half / 2) + 0.5, 0, 1)
    return 1 / (1 + look["vignette"] * away * away), inside


def picture(
    diffuse: Field, gleam: Field, look: dict[str, float], name: tuple, t: float
) -> tuple[Field, Field]:
    """The scene's light (linear HxWx3) and its gleams (HxW) as an RGB uint8 picture,
    and the round view (bool).

    In order: gleams, fall-off, exposure (to a mean brightness, as a camera's automatic
    does), colour, tone curve, contrast, smoke, sharpness, sensor noise, round view.
    Nothing here moves a pixel.
    """
    shape = gleam.shape
    fall, inside = round_view(shape, look)
    image = (diffuse + thrice(np.float32(look["speculars"]) * gleam)) * thrice(fall)
    gain = _exposure(image[::8, ::8], inside[::8, ::8] > 0.5, look)
    image = _develop(image, gain, look)
    if look["smoke"] > 0:
        image = _smoke(image, look, name, t)
    rng = generator("sensor", *name, t)
    if look["blur"] > 0.3:
        image = cv2.GaussianBlur(image, (0, 0), look["blur"] * max(unit(shape), 0.5))
    soft = cv2.GaussianBlur(image, (0, 0), 1.1 * unit(shape))
    image += np.float32(look["sharpen"]) * (image - soft)
    bits = np.empty((*shape, 3), np.float32)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    # A plain number would reach the red channel alone.
    cv2.randn(bits, (0.0,) * 3, (look["noise"],) * 3)
    image += bits
    surround = generator("surround", name[0], name[2]).uniform(0, 4, 3)
    surround = surround * [1, 0.8, 0.7] / 255
    if inside.min() < 1:
        image = mix(surround.astype(np.float32), image, inside)
    return cv2.convertScaleAbs(np.maximum(image, 0), alpha=255), inside > 0.5


def _develop(image: Field, gain: float, look: dict[str, float]) -> Field:
    """Linear light as a display shows it: white balance, a shoulder on the lights,
    gamma, saturation, contrast about a dark grey.
    """
    balance = -gain * np.diag([look["red"], 1.0, look["blue"]])
    image = cv2.pow(1 - cv2.exp(cv2.transform(image, balance)), 1 / 2.2)
    contrast, saturation = look["contrast"], look["saturation"]
    grey = (1 - saturation) * np.array([0.299, 0.587, 0.114])
    matrix = contrast * (saturation * np.eye(3) + grey)
    shift = np.full((3, 1), 0.35 * (1 - contrast))
    return np.maximum(cv2.transform(image, np.hstack([matrix, shift])), 0)


def _exposure(image: Field, inside: np.ndarray, look: dict[str, float]) -> float:
    """The gain at which the view's mean brightness is the subject's goal (halving in
    the logarithm).
    """
    pixels = np.ascontiguousarray(image[inside][None])
    low, high = -4.0, 5.0
    for _ in range(10):
        middle = (low + high) / 2
        shown = cv2.mean(np.minimum(_develop(pixels, float(np.exp(middle)), look), 1))
        if 0.299 * shown[0] + 0.587 * shown[1] + 0.114 * shown[2] < look["goal"]:
            low = middle
        else:
            high = middle
    return float(np.exp(middle))


def _smoke(image: Field, look: dict[str, float], name: tuple, t: float) -> Field:
    """Smoke from cautery: drifting billows that lift and grey the picture; in about a
    third of the clips.
    """
    rng = generator("smoke", *name)
    strength = look["smoke"] * rng.uniform(0, 1.6) * (rng.random() < 0.35)
    strength *= 0.6 + 0.4 * np.sin(6 * t + rng.uniform(0, 6))
    if strength < 0.02:
        return image
    small = tuple(side // 4 + 1 for side in image.shape[:2])
    billows = noise(rng, (small[0], small[1] + 20), 24 * unit(small) * 2, 3)
    billows = np.ascontiguousarray(billows[:, int(19 * t) :][:, : small[1]])
    veil = np.clip(strength * (0.6 + 0.4 * billows), 0, 0.75).astype(np.float32)
    veil = cv2.resize(veil, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return image + veil[..., None] * (np.array([0.62, 0.60, 0.62], np.float32) - image)
