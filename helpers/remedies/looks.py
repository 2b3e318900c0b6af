"""Other looks: three ways to make a frame look like another domain's, and augmentations
that helpers.training takes.

A look is made of frames of that domain, without a label, and is called with a frame
(uint8 HxWx3) and its valid pixels. What shows nothing (padding, the black surround of a
round view) is neither counted nor changed by Reinhard and Histogram.

>>> grey, white = (np.full((4, 4, 3), level, np.uint8) for level in (100, 255))
>>> int(Reinhard([white])(grey)[0, 0, 0])
255
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from helpers.errors import CourseError
from helpers.frames import visible

Many = Iterable[np.ndarray]


class _Look:
    def __call__(self, image: np.ndarray, valid: np.ndarray | None = None):
        valid = np.ones(image.shape[:2], bool) if valid is None else valid
        seen = visible(image / np.float32(255), valid)
        if not seen.any():
            return image
        return np.where(seen[..., None], self._changed(image, seen), image)


class Reinhard(_Look):
    """Mean and standard deviation of CIELAB's three channels (Reinhard et al. 2001, who
    used another such space): the means over frames of each frame's."""

    def __init__(self, images: Many, valid: Many | None = None) -> None:
        lab = [_lab(image)[seen].astype(float) for image, seen in _seen(images, valid)]
        self.mean = np.mean([np.mean(pixels, axis=0) for pixels in lab], axis=0)
        self.deviation = np.mean([np.std(pixels, axis=0) for pixels in lab], axis=0)

    def _changed(self, image: np.ndarray, seen: np.ndarray) -> np.ndarray:
        lab = _lab(image)
        mean, own = (of(lab[seen], axis=0, dtype=float) for of in (np.mean, np.std))
        # A channel without any spread has none to stretch.
        growth = np.divide(self.deviation, own, out=np.ones(3), where=own > 0)
        lab = ((lab - mean) * growth + self.mean).astype(np.float32)
        lab[..., 0] = np.clip(lab[..., 0], 0, 100)
        rgb = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)
        return np.rint(rgb * 255).astype(np.uint8)


class Histogram(_Look):
    """The share of pixels up to each of 256 levels, per channel (256x3, the mean over
    frames): a frame is given the same, keeping the order of its levels (histogram
    specification, Gonzalez and Woods, Digital Image Processing, ch. 3)."""

    def __init__(self, images: Many, valid: Many | None = None) -> None:
        each = [_cumulative(image[seen]) for image, seen in _seen(images, valid)]
        self.cumulative = np.mean(each, axis=0)

    def _changed(self, image: np.ndarray, seen: np.ndarray) -> np.ndarray:
        own, changed = _cumulative(image[seen]), image.copy()
        for channel in range(3):
            # The lowest level of the style that as many pixels reach as do this level.
            levels = np.searchsorted(self.cumulative[:, channel], own[:, channel])
            table = levels.clip(0, 255).astype(np.uint8)
            changed[..., channel] = table[image[..., channel]]
        return changed


class Fourier:
    """The amplitudes of one frame's lowest spatial frequencies (Yang and Soatto 2020):
    another of its size takes them over and keeps its phases, and so its shapes.

    beta: the frequencies below floor(beta x shorter side) are taken over, in both
    directions; so at 0 none (the authors' code counts one more, and changes the mean
    colour even at 0).
    """

    def __init__(self, image: np.ndarray, beta: float = 0.02) -> None:
        self.amplitude = np.abs(np.fft.fft2(image.astype(float), axes=(0, 1)))
        self.reach = int(beta * min(image.shape[:2]))

    def __call__(self, image: np.ndarray, valid=None) -> np.ndarray:
        if self.reach == 0:
            return image
        spectrum = np.fft.fft2(image.astype(float), axes=(0, 1))
        waves = [np.abs(np.fft.fftfreq(n, 1 / n)) < self.reach for n in image.shape[:2]]
        low = np.ix_(*waves)
        spectrum[low] = self.amplitude[low] * np.exp(1j * np.angle(spectrum[low]))
        changed = np.fft.ifft2(spectrum, axes=(0, 1)).real
        return np.rint(changed.clip(0, 255)).astype(np.uint8)


def _lab(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image / np.float32(255), cv2.COLOR_RGB2LAB)


def _seen(images, valid) -> list[tuple[np.ndarray, np.ndarray]]:
    """Frames with the pixels that count, leaving out frames that show nothing."""
    masks = valid if valid is not None else [np.ones(x.shape[:2], bool) for x in images]
    each = [visible(x / np.float32(255), m) & m for x, m in zip(images, masks)]
    found = [(x, seen) for x, seen in zip(images, each) if seen.any()]
    if not found:
        raise CourseError(
            "A style needs at least one frame that shows something: give some of the "
            "domain to look like."
        )
    return found


def _cumulative(pixels: np.ndarray) -> np.ndarray:
    counts = [np.bincount(pixels[:, channel], minlength=256) for channel in range(3)]
    return np.stack(counts, axis=1).cumsum(axis=0) / len(pixels)


def heavy_augmentation() -> v2.Transform:
    """Other cameras, other light, other views: each property varied beyond what the
    source shows.

    It looks at no target frame; that laparoscopes give round views on black is common
    knowledge.
    """
    colours = v2.ColorJitter(brightness=0.5, contrast=0.5, saturation=0.6, hue=0.06)
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomVerticalFlip(0.5),
            v2.RandomAffine(degrees=30, translate=(0.1, 0.1), scale=(0.6, 1.4)),
            v2.RandomApply([colours], p=0.8),
            v2.RandomApply([v2.RandomChannelPermutation()], p=0.02),
            RandomGamma(0.5, 2.2, p=0.7),
            v2.RandomApply([v2.GaussianBlur(5, sigma=(0.2, 1.5))], p=0.4),
            RoundView(p=0.5),
            v2.RandomApply([v2.GaussianNoise(sigma=0.02)], p=0.3),
        ]
    )


class _OnImages(v2.Transform):
    """A transform that changes images (3, H, W) in 0..1, with probability p, by what
    chance has drawn, and leaves masks alone."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"act": bool(torch.rand(()) < self.p), "drawn": self._draw()}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not params["act"] or not isinstance(inpt, tv_tensors.Image):
            return inpt
        changed = self._changed(inpt.as_subclass(Tensor), params["drawn"])
        return tv_tensors.wrap(changed.clamp(0, 1), like=inpt)


class RandomGamma(_OnImages):
    """Each value to one random power between `low` and `high`, drawn evenly in the
    logarithm; above 1 darkens."""

    def __init__(self, low: float = 0.5, high: float = 2.0, p: float = 0.5) -> None:
        super().__init__(p)
        self.low, self.high = low, high

    def _draw(self) -> float:
        low, high = torch.tensor([self.low, self.high]).log()
        return float((low + (high - low) * torch.rand(())).exp())

    def _changed(self, image: Tensor, power: float) -> Tensor:
        return image.clamp(0, 1) ** power


class RandomConvolution(_OnImages):
    """A random filter over the three channels (side 1, 3, 5 or 7), mixed with the image
    in random parts: local texture and colour change, shapes stay (Xu et al. 2021)."""

    SIDES = (1, 3, 5, 7)

    def _draw(self) -> tuple[Tensor, float]:
        side = self.SIDES[int(torch.randint(len(self.SIDES), ()))]
        # The variance of He et al. 2015 keeps the values' spread.
        kernel = torch.randn(3, 3, side, side) / (3 * side**2) ** 0.5
        return kernel, float(torch.rand(()))

    def _changed(self, image: Tensor, drawn: tuple[Tensor, float]) -> Tensor:
        kernel, own = drawn
        pad = (kernel.shape[-1] // 2,) * 4
        centred = torch.nn.functional.pad((image - 0.5)[None], pad, mode="reflect")
        mixed = torch.nn.functional.conv2d(centred, kernel.to(image))[0] + 0.5
        return own * image + (1 - own) * mixed


class Restyle(_OnImages):
    """One of some looks, as those of single target frames, drawn anew for each
    image."""

    def __init__(self, looks: Sequence[Callable], p: float = 0.5) -> None:
        super().__init__(p)
        self._looks = looks

    def _draw(self) -> int:
        return int(torch.randint(len(self._looks), ()))

    def _changed(self, image: Tensor, number: int) -> Tensor:
        levels = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
        changed = self._looks[number](levels.contiguous().cpu().numpy())
        return torch.from_numpy(changed).permute(2, 0, 1).to(image) / 255


class RoundView(v2.Transform):
    """A round view on black with light that falls off to its rim, with probability p.

    What leaves the view turns 0 in both masks (see training.batch_of): no blood, and
    known to be none. So the loss sees the black, and a network learns that nothing is
    there.
    """

    RADIUS = (0.5, 1.0)  # of half the diagonal
    FALL = 1.5

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = flat_inputs[0].shape[-2:]
        act, radius, fall, aside, down = torch.rand(5).tolist()
        radius = self.RADIUS[0] + radius * (self.RADIUS[1] - self.RADIUS[0])
        y = torch.arange(height)[:, None] - height * (0.5 + 0.1 * (down - 0.5))
        x = torch.arange(width)[None] - width * (0.5 + 0.1 * (aside - 0.5))
        square = (x**2 + y**2) / ((height**2 + width**2) / 4 * radius**2)
        light = 1 / (1 + self.FALL * fall * square)
        return {"act": act < self.p, "inside": square <= 1, "light": light}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not params["act"]:
            return inpt
        values = inpt.as_subclass(Tensor) * params["inside"].to(inpt.device)
        if isinstance(inpt, tv_tensors.Image):
            values = values * params["light"].to(values)
        return tv_tensors.wrap(values, like=inpt)
