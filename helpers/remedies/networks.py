"""Remedies on a trained network that see target frames without labels, and the
ensemble, which sees none.

Frames are uint8 NxHxWx3, as they are packed. Each leaves the given network as it was:
it gives a new one, or, where it adapts to what it predicts, predictions as
training.predict does.

>>> float(entropy(torch.tensor([0.0]))[0].exp())  # of a fair coin: log 2
2.0
"""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.nn.modules.batchnorm import _BatchNorm

from helpers import training
from helpers.errors import CourseError
from helpers.frames import views

RATE, BATCH = 1e-3, 16  # of TENT
TOGETHER = 32  # frames whose statistics AdaBN takes at a time


def without_black(images: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
    """Frames whose black surround and fill bear their view's mean colour instead.

    valid: bool NxHxW. A stand-in for statistics over visible pixels: what is replaced
    still counts, as a flat patch of the view's own colour, but is no longer black.
    """
    flat = np.array(images)
    for image, mask in zip(flat, _seen(images, valid), strict=True):
        if mask.any():
            image[~mask] = image[mask].mean(axis=0).round()
    return flat


def adapt_batchnorm(model: nn.Module, images: np.ndarray) -> nn.Module:
    """AdaBN (Li et al. 2018): the running statistics of every batch norm, estimated
    anew on target frames.

    No weight changes. The frames are shuffled, since those of one patient lie side by
    side; the statistics are the mean over batches of about equal size of each batch's.
    Raises CourseError for a network without batch norm, or without frames.
    """
    model = copy.deepcopy(model).eval()
    for norm in _norms(model):
        norm.reset_running_stats()
        norm.train()
        norm.momentum = None  # torch's word for a plain mean over the batches
    with torch.inference_mode():
        for rows in _shuffled(len(images), TOGETHER):
            model(_tensor(model, images[rows]))
    return model.eval()


def adabn_transductive(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """AdaBN in the paper's own form: the statistics come from the very frames that are
    predicted, all of them, before the first is; their black is replaced first."""
    adapted = adapt_batchnorm(model, without_black(images))
    return training.predict(adapted, images)


def entropy(logits: Tensor) -> Tensor:
    """Binary entropy of each pixel's probability, in nats: -p log p - (1 - p) log(1 -
    p), finite for every logit."""
    probability = torch.sigmoid(logits)
    return -(probability * logsigmoid(logits) + (1 - probability) * logsigmoid(-logits))


def tent(
    model: nn.Module, images: np.ndarray, seen: np.ndarray | None = None
) -> nn.Module:
    """TENT (Wang et al. 2021), one pass over frames put aside for it: the scales and
    shifts of the batch norms follow the gradient that lowers the predictions' entropy.

    seen: bool NxHxW, the pixels whose entropy counts. The statistics are those that the
    network has, so give it adapt_batchnorm's; tent_online is the authors' own form.
    """
    *_, (_, adapted) = _tent_steps(model, images, seen)
    return adapted.requires_grad_(True)


def tent_online(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """TENT as its authors run it: each batch of test frames takes a step, and then is
    predicted by what the network has become by then, with the batch's own statistics.

    Batches are shuffled, as theirs are; the entropy of visible pixels counts. The
    authors predict before the step, from the same pass.
    """
    found = np.empty(images.shape[:3], np.uint8)
    for rows, adapted in _tent_steps(model, images, _seen(images), own=True):
        with torch.no_grad():
            probability = torch.sigmoid(adapted(_tensor(model, images[rows]))[:, 0])
        levels = (probability.float() * 256).floor().clamp(max=255)
        found[rows] = levels.byte().cpu().numpy()
    return found


def _tent_steps(
    model, images, seen, own: bool = False
) -> Iterator[tuple[np.ndarray, nn.Module]]:
    """The rows of each batch, and the network after its step; own: whether each batch
    brings its own statistics."""
    model = copy.deepcopy(model).eval().requires_grad_(False)
    parameters = []
    for norm in _norms(model):
        norm.train(own)
        parameters += [p for p in (norm.weight, norm.bias) if p is not None]
    optimizer = torch.optim.Adam([p.requires_grad_(True) for p in parameters], lr=RATE)
    for rows in _shuffled(len(images), BATCH):
        uncertain = entropy(model(_tensor(model, images[rows]))[:, 0])
        if seen is not None:
            uncertain = uncertain[torch.from_numpy(seen[rows]).to(uncertain.device)]
        if uncertain.numel():
            optimizer.zero_grad()
            uncertain.mean().backward()
            optimizer.step()
        yield rows, model


class Ensemble(nn.Module):
    """The mean of several networks' probabilities, as one network: images to logits (N,
    1, H, W)."""

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(models)
        self.dtype = getattr(models[0], "dtype", "float32")

    def forward(self, images: Tensor) -> Tensor:
        # In float32, since a logarithm in half of its bits is a guess.
        logits = torch.stack([member(images).float() for member in self.members])
        # The logit of the mean, from the logarithms, so that a confident member leaves
        # it finite.
        return logsigmoid(logits).logsumexp(0) - logsigmoid(-logits).logsumexp(0)


def _seen(images: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
    valid = np.ones(images.shape[:3], bool) if valid is None else valid
    return views(images, valid) & valid


def _norms(model: nn.Module) -> list[_BatchNorm]:
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms or not getattr(model, "plain", True):
        raise CourseError(
            "This network's encoder has no batch norm, which is all that this remedy "
            "changes: take one that has, such as lite0."
        )
    return norms


def _shuffled(number: int, batch: int) -> Iterator[np.ndarray]:
    """Rows of batches of about equal size, in random order, always the same."""
    if not number:
        raise CourseError("There is no target frame to adapt to: give some.")
    order = np.random.default_rng(0).permutation(number)
    yield from map(np.sort, np.array_split(order, -(-number // batch)))


def _tensor(model: nn.Module, images: np.ndarray) -> Tensor:
    return training.as_tensor(images, next(model.parameters()).device)
