"""Remedies on a trained network that see target frames without labels, and the
ensemble, which sees none.

Frames are uint8 NxHxWx3, as they are packed. Each remedy leaves the given network as it
was: it gives a new one, or, where it adapts to what it predicts, predictions.

>>> float(entropy(torch.tensor([0.0]))[0].exp())  # of a fair coin: log 2
2.0
"""

from __future__ import annotations

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
    seen = _visible(images) if valid is None else views(images, valid) & valid
    flat = np.array(images)
    for image, mask in zip(flat, seen, strict=True):
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
    norms = _norms(model)
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.train()
        norm.momentum = None  # torch's word for a plain mean over the batches
    with torch.inference_mode():
        for rows in _shuffled(len(images), TOGETHER, np.random.default_rng(0)):
            model(_tensor(model, images[rows]))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model.eval()


def adabn_transductive(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """AdaBN in the paper's own form: the statistics come from the very frames that are
    predicted, all of them together, before the first is predicted.

    The black is replaced first (see without_black). Gives predictions as
    training.predict does.
    """
    adapted = adapt_batchnorm(model, without_black(images))
    return training.predict(adapted, images)


def entropy(logits: Tensor) -> Tensor:
    """Binary entropy of each pixel's probability, in nats: -p log p - (1 - p) log(1 -
    p), finite for every logit."""
    probability = torch.sigmoid(logits)
    return -(probability * logsigmoid(logits) + (1 - probability) * logsigmoid(-logits))


def tent(
    model: nn.Module,
    images: np.ndarray,
    valid: np.ndarray | None = None,
    steps: int = 1,
) -> tuple[nn.Module, list[float]]:
    """TENT (Wang et al. 2021) on frames put aside for it: the scales and shifts of the
    batch norms follow the gradient that lowers the entropy of the predictions.

    steps: how many times all frames are gone through, shuffled anew each time. valid:
    bool NxHxW, the pixels whose entropy counts. Gives the network and the mean entropy
    of each batch before its step. The statistics are those that the network has, so
    give it adapt_batchnorm's; tent_online is the authors' own form.
    """
    model, optimizer = _opened(model)
    random, seen = np.random.default_rng(0), []
    for _ in range(steps):
        for rows in _shuffled(len(images), BATCH, random):
            mask = None if valid is None else valid[rows]
            value = _tent_step(model, optimizer, images[rows], mask)
            seen += [] if value is None else [value]
    return _closed(model), seen


def tent_online(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """TENT as its authors run it: each batch of test frames takes a step, and then is
    predicted by what the network has become by then, with the batch's own statistics.

    Batches are shuffled, as theirs are; the entropy of visible pixels counts. The
    authors predict before the step, from the same pass. Gives predictions as
    training.predict does.
    """
    model, optimizer = _opened(model)
    for norm in _norms(model):
        norm.train()  # the batch's own statistics, now and when predicting
    valid, found = _visible(images), np.empty(images.shape[:3], np.uint8)
    for rows in _shuffled(len(images), BATCH, np.random.default_rng(0)):
        _tent_step(model, optimizer, images[rows], valid[rows])
        with torch.no_grad():
            probability = torch.sigmoid(model(_tensor(model, images[rows]))[:, 0])
        levels = (probability.float() * 256).floor().clamp(max=255)
        found[rows] = levels.byte().cpu().numpy()
    return found


class Ensemble(nn.Module):
    """The mean of several networks' probabilities, as one network: images to logits (N,
    1, H, W)."""

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        if not models:
            raise CourseError(
                "An ensemble needs at least one network: give the trained members."
            )
        self.members = nn.ModuleList(models)
        self.dtype = getattr(models[0], "dtype", "float32")

    def forward(self, images: Tensor) -> Tensor:
        # In float32, since a logarithm in half of its bits is a guess.
        logits = torch.stack([member(images).float() for member in self.members])
        # The logit of the mean, from the logarithms, so that a confident member leaves
        # it finite.
        return logsigmoid(logits).logsumexp(0) - logsigmoid(-logits).logsumexp(0)


def _opened(model: nn.Module) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A copy of which nothing learns but the batch norms' scales and shifts."""
    model = copy.deepcopy(model).eval()
    norms = _norms(model)
    model.requires_grad_(False)
    chosen = [p for norm in norms for p in (norm.weight, norm.bias) if p is not None]
    for parameter in chosen:
        parameter.requires_grad_(True)
    return model, torch.optim.Adam(chosen, lr=RATE)


def _closed(model: nn.Module) -> nn.Module:
    return model.requires_grad_(True).eval()


def _tent_step(model, optimizer, images, valid) -> float | None:
    """One batch: its mean entropy before the step, None where no pixel counts."""
    uncertainty = entropy(model(_tensor(model, images))[:, 0])
    if valid is not None:
        uncertainty = uncertainty[
            torch.from_numpy(np.array(valid)).to(uncertainty.device)
        ]
    if not uncertainty.numel():
        return None
    loss = uncertainty.mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def _visible(images: np.ndarray) -> np.ndarray:
    return views(images, np.ones(images.shape[:3], bool))


def _norms(model: nn.Module) -> list[_BatchNorm]:
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        raise CourseError(
            "This network has no batch norm, which is all that this remedy changes: "
            "take one that has, such as encoder lite0 with decoder unet."
        )
    return norms


def _shuffled(
    number: int, batch: int, random: np.random.Generator
) -> Iterator[np.ndarray]:
    """Rows of batches of about equal size, in random order."""
    if not number:
        raise CourseError("There is no target frame to adapt to: give some.")
    yield from map(
        np.sort, np.array_split(random.permutation(number), -(-number // batch))
    )


def _tensor(model: nn.Module, images: np.ndarray) -> Tensor:
    """Images uint8 NxHxWx3 as (N, 3, H, W), where the model is."""
    device = next(model.parameters()).device
    # A copy, since packed frames are read-only and torch wants to own what it is given.
    return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).to(device)
