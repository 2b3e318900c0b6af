"""Remedies on a trained network that see target frames without labels, and the ensemble, which sees none.

Frames are uint8 NxHxWx3, as they are packed. Each remedy gives a new network and leaves the given one as it
was.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.nn.modules.batchnorm import _BatchNorm

from helpers.errors import CourseError


def adapt_batchnorm(model: nn.Module, images: np.ndarray, batch: int = 32) -> nn.Module:
    """AdaBN (Li et al. 2018): the running statistics of every batch norm, estimated anew on target frames.

    No weight changes. The statistics are the mean over batches of about equal size of each batch's. Raises
    CourseError for a network without batch norm, or without frames.
    """
    model = copy.deepcopy(model).eval()
    norms = _norms(model)
    for norm in norms:
        norm.reset_running_stats()
        norm.train()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = None  # torch's word for a plain mean over the batches
    with torch.inference_mode():
        for frames in _batches(model, images, batch):
            model(frames)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model.eval()


def entropy(logits: Tensor) -> Tensor:
    """Binary entropy of each pixel's probability, in nats: -p log p - (1 - p) log(1 - p), finite for every
    logit."""
    probability = torch.sigmoid(logits)
    return -(probability * logsigmoid(logits) + (1 - probability) * logsigmoid(-logits))


def tent(model: nn.Module, images: np.ndarray, valid: np.ndarray | None = None, steps: int = 1,
         rate: float = 1e-3, batch: int = 16,
         watch: Callable[[int, nn.Module, float], None] | None = None) -> tuple[nn.Module, list[float]]:
    """TENT (Wang et al. 2021): the scales and shifts of the batch norms follow the gradient that lowers the
    entropy of the network's predictions on target frames; nothing else changes.

    steps: how many times all frames are gone through. valid: bool NxHxW, the pixels whose entropy counts.
    Gives the network and the mean entropy of each batch before its step. The authors take each batch's own
    statistics; here they are those that the network has, so give it adapt_batchnorm's. watch(step, model,
    entropy) is called after each batch: low entropy is no proof of a right answer, and with many steps
    everything becomes one class with great confidence.
    """
    model = copy.deepcopy(model).eval()
    chosen = [p for norm in _norms(model) for p in (norm.weight, norm.bias) if p is not None]
    trainable = {p: p.requires_grad for p in model.parameters()}
    for parameter in trainable:
        parameter.requires_grad_(False)
    for parameter in chosen:
        parameter.requires_grad_(True)
    optimizer = torch.optim.Adam(chosen, lr=rate)
    seen = []
    for step in range(steps):
        masks = _slices(np.ones(len(images), bool) if valid is None else valid, batch)
        for frames, mask in zip(_batches(model, images, batch), masks, strict=True):
            uncertainty = entropy(model(frames)[:, 0])
            if valid is not None:
                uncertainty = uncertainty[torch.from_numpy(np.array(mask)).to(uncertainty.device)]
            if not uncertainty.numel():
                continue
            loss = uncertainty.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen.append(float(loss.detach()))
            if watch is not None:
                watch(step, model, seen[-1])
    for parameter, before in trainable.items():
        parameter.requires_grad_(before)
    return model.eval(), seen


class Ensemble(nn.Module):
    """The mean of several networks' probabilities, as one network: images to logits (N, 1, H, W)."""

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        if not models:
            raise CourseError("An ensemble needs at least one network: give the trained members.")
        self.members = nn.ModuleList(models)

    def forward(self, images: Tensor) -> Tensor:
        logits = torch.stack([member(images) for member in self.members])
        # The logit of the mean, from the logarithms, so that a confident member leaves it finite.
        return logsigmoid(logits).logsumexp(0) - logsigmoid(-logits).logsumexp(0)


def _norms(model: nn.Module) -> list[_BatchNorm]:
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        raise CourseError("This network has no batch norm, which is all that this remedy changes: take one "
                          "that has, such as encoder lite0 with decoder unet.")
    return norms


def _slices(values: np.ndarray, batch: int) -> list[np.ndarray]:
    if not len(values):
        raise CourseError("There is no target frame to adapt to: give some.")
    return np.array_split(values, -(-len(values) // batch))


def _batches(model: nn.Module, images: np.ndarray, batch: int) -> Iterable[Tensor]:
    device = next(model.parameters()).device
    for part in _slices(images, batch):
        # A copy, since packed frames are read-only and torch wants to own what it is given.
        yield torch.from_numpy(np.array(part)).permute(0, 3, 1, 2).to(device)
