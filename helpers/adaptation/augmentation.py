"""Augmentations against a shift: transforms for training, in the form that
helpers.training takes them.

Each is a torchvision transform on an image (3, H, W) in 0..1 and its masks (2, H, W):
blood, and where nobody knows the label (see training.batch_of). A 0 in both means known
to be no blood. Chance comes from torch's generator, so a seeded training is repeatable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from helpers.adaptation.styles import Style


def heavy_augmentation() -> v2.Transform:
    """Other cameras, other light, other views: each property varied beyond what the
    source shows.

    It looks at no target frame; that laparoscopes give round views on black is common
    knowledge.
    """
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomVerticalFlip(0.5),
            v2.RandomAffine(degrees=30, translate=(0.1, 0.1), scale=(0.6, 1.4)),
            v2.RandomApply(
                [
                    v2.ColorJitter(
                        brightness=0.5, contrast=0.5, saturation=0.6, hue=0.06
                    )
                ],
                p=0.8,
            ),
            v2.RandomApply([v2.RandomChannelPermutation()], p=0.02),
            RandomGamma(0.5, 2.2, p=0.7),
            v2.RandomApply([v2.GaussianBlur(5, sigma=(0.2, 1.5))], p=0.4),
            RoundView(p=0.5),
            v2.RandomApply([v2.GaussianNoise(sigma=0.02)], p=0.3),
        ]
    )


class _OnImages(v2.Transform):
    """A transform that changes images, with probability p, and leaves masks alone."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"act": bool(torch.rand(()) < self.p)} | self.draw()

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not params["act"] or not isinstance(inpt, tv_tensors.Image):
            return inpt
        return tv_tensors.wrap(
            self.change(inpt.as_subclass(Tensor), params).clamp(0, 1), like=inpt
        )

    def draw(self) -> dict[str, Any]:
        """What chance decides for one frame."""
        raise NotImplementedError

    def change(self, image: Tensor, params: dict[str, Any]) -> Tensor:
        """The image (3, H, W) changed, before it is cut to 0..1."""
        raise NotImplementedError


class RandomGamma(_OnImages):
    """Each value to one random power between `low` and `high`, drawn evenly in the
    logarithm; above 1 darkens."""

    def __init__(self, low: float = 0.5, high: float = 2.0, p: float = 0.5) -> None:
        super().__init__(p)
        self.low, self.high = low, high

    def draw(self) -> dict[str, Any]:
        low, high = torch.tensor([self.low, self.high]).log()
        return {"power": float((low + (high - low) * torch.rand(())).exp())}

    def change(self, image: Tensor, params: dict[str, Any]) -> Tensor:
        return image.clamp(0, 1) ** params["power"]


class RandomConvolution(_OnImages):
    """A random filter over the three channels (side 1, 3, 5 or 7), mixed with the image
    in random parts: local texture and colour change, shapes stay (Xu et al. 2021)."""

    SIDES = (1, 3, 5, 7)

    def draw(self) -> dict[str, Any]:
        side = self.SIDES[int(torch.randint(len(self.SIDES), ()))]
        # The variance of He et al. 2015 keeps the values' spread.
        return {
            "kernel": torch.randn(3, 3, side, side) / (3 * side**2) ** 0.5,
            "own": float(torch.rand(())),
        }

    def change(self, image: Tensor, params: dict[str, Any]) -> Tensor:
        kernel = params["kernel"].to(image)
        pad = (kernel.shape[-1] // 2,) * 4
        centred = torch.nn.functional.pad((image - 0.5)[None], pad, mode="reflect")
        mixed = torch.nn.functional.conv2d(centred, kernel)[0] + 0.5
        return params["own"] * image + (1 - params["own"]) * mixed


class Restyle(_OnImages):
    """One of some styles (see helpers.adaptation.styles), as those of single target
    frames, drawn anew for each image."""

    def __init__(self, styles: Sequence[Style], p: float = 0.5) -> None:
        super().__init__(p)
        self.styles = list(styles)

    def draw(self) -> dict[str, Any]:
        return {"style": int(torch.randint(len(self.styles), ()))}

    def change(self, image: Tensor, params: dict[str, Any]) -> Tensor:
        frame = (
            (image.clamp(0, 1) * 255)
            .round()
            .byte()
            .permute(1, 2, 0)
            .contiguous()
            .cpu()
            .numpy()
        )
        changed = self.styles[params["style"]](frame, None)
        return (
            torch.from_numpy(np.ascontiguousarray(changed)).permute(2, 0, 1).to(image)
            / 255
        )


class RoundView(v2.Transform):
    """A round view on black with light that falls off to its rim, with probability p.

    What leaves the view turns 0 in both masks: no blood, and known to be none. So the
    loss sees the black, and a network learns that nothing is there.
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
        return {
            "act": act < self.p,
            "inside": square <= 1,
            "light": 1 / (1 + self.FALL * fall * square),
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not params["act"]:
            return inpt
        values = inpt.as_subclass(Tensor) * params["inside"].to(inpt.device)
        if isinstance(inpt, tv_tensors.Image):
            values = values * params["light"].to(values)
        return tv_tensors.wrap(values, like=inpt)
