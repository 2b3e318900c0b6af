"""Heatmaps of what a network looked at, and the checks that they have to stand.

A map is float NxHxW, never negative, for the logits of some pixels summed up: so that
maps of two networks, or of two images, answer the same question.
"""

import copy
import warnings
from collections.abc import Callable

import cv2
import numpy as np
import torch
from captum import attr
from scipy.stats import rankdata
from torch import Tensor, nn

from helpers import models
from helpers.errors import CourseError
from helpers.settings import device

STEPS = 12  # of the integral
CHUNK = 8  # frames at a time


class Summed(nn.Module):
    """A network whose answer is one number per frame: the sum of the logits over the
    pixels that a mask (bool NxHxW) asks about."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).to(device()).eval()
        for part in self.network.modules():
            if hasattr(part, "inplace"):
                part.inplace = False  # captum's hooks need what went in

    def forward(self, images: Tensor, asked: Tensor) -> Tensor:
        return (self.network(images)[:, 0] * asked).sum(dim=(1, 2))


def grad_cam(summed: Summed, images: Tensor, asked: Tensor) -> Tensor:
    """Grad-CAM (Selvaraju et al. 2017) halfway up the decoder, in colours of the
    frame's size: channels weighed by their mean gradient, and what is positive kept."""
    layer = summed.network.network.decoder.blocks[2]
    found = attr.LayerGradCam(summed, layer).attribute(
        images, additional_forward_args=(asked,), relu_attributions=True
    )
    return attr.LayerAttribution.interpolate(found, images.shape[-2:], "bilinear")


def integrated_gradients(summed: Summed, images: Tensor, asked: Tensor) -> Tensor:
    """Integrated gradients (Sundararajan et al. 2017) from a black frame."""
    found = attr.IntegratedGradients(summed, multiply_by_inputs=True)
    return found.attribute(
        images,
        additional_forward_args=(asked,),
        n_steps=STEPS,
        internal_batch_size=CHUNK,
    )


def guided_backprop(summed: Summed, images: Tensor, asked: Tensor) -> Tensor:
    """Guided backpropagation (Springenberg et al. 2015): the gradient, of which each
    ReLU lets pass only what is positive."""
    with warnings.catch_warnings():  # that it sets hooks is no news here
        warnings.simplefilter("ignore", UserWarning)
        return attr.GuidedBackprop(summed).attribute(
            images, additional_forward_args=(asked,)
        )


METHODS: dict[str, Callable[[Summed, Tensor, Tensor], Tensor]] = {
    "Grad-CAM": grad_cam,
    "integrated gradients": integrated_gradients,
    "guided backpropagation": guided_backprop,
}


def heat(
    network: nn.Module, images: np.ndarray, asked: np.ndarray, method: str
) -> np.ndarray:
    """The map of one of METHODS (float32 NxHxW) for images (uint8 NxHxWx3) and the
    pixels that are asked about (bool NxHxW).

    Channels are added by size. CourseError for another method.
    """
    if method not in METHODS:
        raise CourseError(
            f"There is no map called '{method}'; choose one of {', '.join(METHODS)}."
        )
    summed, found = Summed(network), []
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        given = torch.from_numpy(np.array(images[part])).permute(0, 3, 1, 2)
        given = (given.float() / 255).to(device()).requires_grad_(True)
        mask = torch.from_numpy(np.array(asked[part])).to(given.device)
        each = METHODS[method](summed, given, mask)
        found.append(each.detach().abs().sum(dim=1).float().cpu().numpy())
    return np.concatenate(found)


def randomised(network: models.Segmenter, encoder: str, seed: int) -> nn.Module:
    """A network of the same shape that has learned nothing: its weights drawn anew."""
    return models.build(encoder, network.decoder_name, weights=None, seed=seed).eval()


def similarity(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float:
    """Rank correlation (Spearman) of two maps (HxW) over some pixels (bool HxW).

    NaN where one of them is the same everywhere: it says nothing that could agree.
    """
    ranks = [rankdata(one[where]) for one in (first, second)]
    left, right = (one - one.mean() for one in ranks)
    size = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / size) if size > 0 else float("nan")


def edges(image: np.ndarray) -> np.ndarray:
    """How steep the grey of an image is (HxW): a map that no network has made."""
    grey = cv2.cvtColor(np.array(image), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))


def painted_over(image: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """The image with its marked pixels, and a rim around them, filled in from what
    surrounds them (Telea 2004)."""
    rim = cv2.dilate(marked.astype(np.uint8), np.ones((5, 5), np.uint8))
    return cv2.inpaint(np.array(image), rim, 5, cv2.INPAINT_TELEA)


def share_inside(heat: np.ndarray, where: np.ndarray, valid: np.ndarray) -> float:
    """The share of a map's heat that lies in a region, less the region's share of the
    frame: 0 for a map that doesn't care, NaN for one without heat."""
    total = heat[valid].sum()
    if not total > 0 or not valid.any():
        return float("nan")
    inside = where & valid
    return float(heat[inside].sum() / total - inside.sum() / valid.sum())
