"""When to trust a network: heatmaps and the checks that they have to stand, and several
ways to ask how unsure it is of a frame.

Predictions are 256 levels (uint8 NxHxW) as training.predict gives them; members are
several of the same frames, (M, N, H, W).

>>> maps = heat(network, images, levels >= 128, "Grad-CAM")
>>> whole, shared = entropies(dropped_out(network, images))
"""

import copy
import warnings
from collections.abc import Callable

import cv2
import numpy as np
import torch
from captum import attr
from torch import Tensor, nn

from helpers import models, training
from helpers.settings import device, progress

STEPS = 12  # of the integral
CHUNK = 8  # frames at a time
UNSURE = (0.05, 0.95)
REACH = 2  # pixels on either side of the predicted edge
DRAWS, RATE = 6, 0.3  # predictions with dropout, and the share that is left out

# Heatmaps: float NxHxW, never negative, for the logits of some pixels summed up.


class Summed(nn.Module):
    """A network whose answer is one number per frame: the sum of the logits over the
    pixels that a mask (bool NxHxW) asks about.

    A copy that answers the same, and in which captum finds every ReLU: it hooks nn.ReLU
    alone, and ReLU6 is none, so each becomes a ReLU with a ceiling behind it.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).to(device()).eval()
        for part in list(self.network.modules()):
            for name, child in list(part.named_children()):
                if isinstance(child, nn.ReLU6):
                    ceiling = nn.Hardtanh(0.0, 6.0)
                    setattr(part, name, nn.Sequential(nn.ReLU(), ceiling))
        for part in self.network.modules():
            if hasattr(part, "inplace"):
                part.inplace = False  # captum's hooks need what went in

    def forward(self, images: Tensor, asked: Tensor) -> Tensor:
        return (self.network(images)[:, 0] * asked).sum(dim=(1, 2))


def grad_cam(summed: Summed, images: Tensor, asked: Tensor) -> Tensor:
    """Grad-CAM (Selvaraju et al. 2017) at the decoder's third step, in colours of the
    frame's size: channels weighed by their mean gradient, and what is positive kept."""
    layer = summed.network.way_up[2]
    found = attr.LayerGradCam(summed, layer).attribute(
        images, additional_forward_args=(asked,), relu_attributions=True
    )
    return attr.LayerAttribution.interpolate(found, images.shape[-2:], "bilinear")


def integrated_gradients(summed: Summed, images: Tensor, asked: Tensor) -> Tensor:
    """Integrated gradients (Sundararajan et al. 2017) from a black frame."""
    found = attr.IntegratedGradients(summed, multiply_by_inputs=True)
    how = dict(n_steps=STEPS, internal_batch_size=CHUNK)
    return found.attribute(images, additional_forward_args=(asked,), **how)


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


def methods(network: models.Segmenter) -> list[str]:
    """Those of METHODS that are defined for a network: guided backpropagation is for
    ReLUs alone, and not for SurgeNet's attention and smooth activations."""
    return [one for one in METHODS if network.plain or one != "guided backpropagation"]


def heat(
    network: nn.Module, images: np.ndarray, asked: np.ndarray, method: str
) -> np.ndarray:
    """The map of one of METHODS (float32 NxHxW) for images (uint8 NxHxWx3) and the
    pixels that are asked about (bool NxHxW). Channels are added by size."""
    summed, found = Summed(network), []
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        given = training.as_tensor(images[part], device()).requires_grad_(True)
        mask = torch.from_numpy(np.array(asked[part])).to(given.device)
        each = METHODS[method](summed, given, mask)
        found.append(each.detach().abs().sum(dim=1).float().cpu().numpy())
    return np.concatenate(found)


# Calibration, in the band where it matters, which is chosen by the prediction and never
# by the label.


def probability(levels: np.ndarray) -> np.ndarray:
    """256 levels as probabilities, each at the middle of its level: never 0 or 1."""
    return (levels.astype(np.float32) + 0.5) / 256


def band(levels: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The band of N predictions (bool NxHxW): valid pixels that lie near the edge of
    what is marked, or whose probability is neither low nor high."""
    chance, kernel = probability(levels), np.ones((2 * REACH + 1,) * 2, np.uint8)
    found = (chance >= UNSURE[0]) & (chance <= UNSURE[1])
    for place, one in enumerate((levels >= 128).astype(np.uint8)):
        found[place] |= cv2.dilate(one, kernel) != cv2.erode(one, kernel)
    return found & valid


# Ways to ask how unsure a network is.


def dropped_out(network: nn.Module, images: np.ndarray) -> np.ndarray:
    """Monte-Carlo dropout (Gal and Ghahramani 2016): several predictions, each with
    other channels of the deepest feature map left out. The network was trained without
    dropout: a hook on the encoder puts it in here."""

    def drop(_, __, features):
        deepest = nn.functional.dropout2d(features[-1], RATE, training=True)
        return [*features[:-1], deepest]

    hook = network.network.encoder.register_forward_hook(drop)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            asked = progress(range(DRAWS), "MC dropout, predictions")
            return np.stack([training.predict(network, images) for _ in asked])
    finally:
        hook.remove()


def entropy(chance: np.ndarray) -> np.ndarray:
    """Binary entropy in nats of probabilities strictly between 0 and 1."""
    return -(chance * np.log(chance) + (1 - chance) * np.log1p(-chance))


def entropies(members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of M members' answers (levels MxNxHxW) two maps (float32 NxHxW, nats): the
    predictive entropy, which is that of their mean; and the mutual information (BALD,
    Houlsby et al. 2011), which is that less the mean of their own entropies. Of one
    member the second is 0 by definition, and says nothing."""
    total, own = np.zeros((2, *members.shape[1:]), np.float32)
    for one in members:
        chance = probability(one)
        total += chance / len(members)
        own += entropy(chance) / len(members)
    whole = entropy(total)
    return whole, np.maximum(whole - own, 0)
