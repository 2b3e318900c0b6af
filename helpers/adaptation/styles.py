"""Making a frame look like another domain's: three ways, each learned from frames of
that domain without a label.

A style is made with `.of(frames)` and is called with a frame, uint8 HxWx3 in and out.
Pixels that show nothing (padding, the black surround of a round view) are neither
counted nor changed by Reinhard and Histogram; Fourier knows the whole frame only.

>>> grey, white = (np.full((4, 4, 3), level, np.uint8) for level in (100, 255))
>>> int(Reinhard.of([white])(grey, None)[0, 0, 0])
255
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from helpers.errors import CourseError
from helpers.shift.measures import visible

Style = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class Reinhard:
    """Mean and standard deviation of CIELAB's three channels (Reinhard et al. 2001, who
    used another such space)."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(
        cls, images: Iterable[np.ndarray], valid: Iterable[np.ndarray] | None = None
    ) -> Reinhard:
        """The style of some frames: the mean over frames of each frame's mean, and of
        its standard deviation."""
        lab = [
            _lab(image)[seen].astype(float) for image, seen in _frames(images, valid)
        ]
        return cls(
            *(
                np.mean([of(pixels, axis=0) for pixels in lab], axis=0)
                for of in (np.mean, np.std)
            )
        )

    def __call__(
        self, image: np.ndarray, valid: np.ndarray | None = None
    ) -> np.ndarray:
        seen = _seen(image, valid)
        if not seen.any():
            return image
        lab = _lab(image)
        mean, deviation = (
            lab[seen].mean(axis=0, dtype=float),
            lab[seen].std(axis=0, dtype=float),
        )
        # A channel without any spread has none to stretch.
        growth = np.divide(
            self.deviation, deviation, out=np.ones(3), where=deviation > 0
        )
        lab = ((lab - mean) * growth + self.mean).astype(np.float32)
        lab[..., 0] = np.clip(lab[..., 0], 0, 100)
        changed = np.rint(
            np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255
        ).astype(np.uint8)
        return np.where(seen[..., None], changed, image)


@dataclass(frozen=True)
class Histogram:
    """The share of pixels up to each of 256 levels, per channel (256x3): a frame is
    given the same, keeping the order of its levels (histogram specification, Gonzalez
    and Woods, Digital Image Processing, ch. 3)."""

    cumulative: np.ndarray

    @classmethod
    def of(
        cls, images: Iterable[np.ndarray], valid: Iterable[np.ndarray] | None = None
    ) -> Histogram:
        """The style of some frames: the mean over frames of their histograms."""
        return cls(
            np.mean(
                [_cumulative(image[seen]) for image, seen in _frames(images, valid)],
                axis=0,
            )
        )

    def __call__(
        self, image: np.ndarray, valid: np.ndarray | None = None
    ) -> np.ndarray:
        seen = _seen(image, valid)
        if not seen.any():
            return image
        own, changed = _cumulative(image[seen]), image.copy()
        for channel in range(3):
            # The lowest level of the style that as many pixels reach as do this level.
            table = np.searchsorted(self.cumulative[:, channel], own[:, channel]).clip(
                0, 255
            )
            changed[..., channel] = table.astype(np.uint8)[image[..., channel]]
        return np.where(seen[..., None], changed, image)


@dataclass(frozen=True)
class Fourier:
    """The amplitudes of the lowest spatial frequencies (Yang and Soatto 2020): a frame
    takes them over and keeps its phases, and with them its shapes.

    amplitude: HxWx3. beta: the frequencies below floor(beta x shorter side) are taken
    over, in both directions; so at 0 none (the authors' code counts one more, and
    changes the mean colour even at 0).
    """

    amplitude: np.ndarray
    beta: float

    @classmethod
    def of(cls, images: Iterable[np.ndarray], beta: float = 0.02) -> Fourier:
        """The style of some frames of one size: the mean over frames of their
        amplitudes."""
        amplitudes = [
            np.abs(np.fft.fft2(np.asarray(image, dtype=float), axes=(0, 1)))
            for image in images
        ]
        if not amplitudes:
            raise CourseError(
                "A style needs at least one frame: give some of the domain to look "
                "like."
            )
        return cls(np.mean(amplitudes, axis=0), beta)

    def __call__(
        self, image: np.ndarray, valid: np.ndarray | None = None
    ) -> np.ndarray:
        if image.shape != self.amplitude.shape:
            raise CourseError(
                f"A frame of shape {image.shape} cannot take the amplitudes of frames "
                f"of shape "
                f"{self.amplitude.shape}: bring both to one working size."
            )
        reach = int(self.beta * min(image.shape[:2]))
        if reach == 0:
            return image
        spectrum = np.fft.fft2(image.astype(float), axes=(0, 1))
        rows, columns = (
            np.abs(np.fft.fftfreq(n, 1 / n)) < reach for n in image.shape[:2]
        )
        low = np.ix_(rows, columns)
        spectrum[low] = self.amplitude[low] * np.exp(1j * np.angle(spectrum[low]))
        changed = np.fft.ifft2(spectrum, axes=(0, 1)).real
        return np.rint(changed.clip(0, 255)).astype(np.uint8)


def _lab(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image / np.float32(255), cv2.COLOR_RGB2LAB)


def _seen(image: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    valid = np.ones(image.shape[:2], bool) if valid is None else np.asarray(valid)
    return visible(image / np.float32(255), valid)


def _frames(images, valid) -> list[tuple[np.ndarray, np.ndarray]]:
    """Frames with the pixels that count, leaving out frames that show nothing."""
    images = [np.asarray(image) for image in images]
    masks = [None] * len(images) if valid is None else list(valid)
    found = []
    for image, mask in zip(images, masks, strict=True):
        seen = _seen(image, mask) if mask is None else _seen(image, mask) & mask
        if seen.any():
            found.append((image, seen))
    if not found:
        raise CourseError(
            "A style needs at least one frame that shows something: give some of the "
            "domain "
            "to look like."
        )
    return found


def _cumulative(pixels: np.ndarray) -> np.ndarray:
    counts = np.stack(
        [np.bincount(pixels[:, channel], minlength=256) for channel in range(3)], axis=1
    )
    return counts.cumsum(axis=0) / len(pixels)
