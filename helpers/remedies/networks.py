"""Remedies on a trained network that see target frames without labels, and the
ensemble, which sees none.

Frames are uint8 NxHxWx3, as they are packed; seen (bool NxHxW) says what shows
something. Each leaves the given network as it was.

>>> float(entropy(torch.tensor([0.0]))[0].exp())  # of a fair coin: log 2
2.0
"""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, logsigmoid
from torch.nn.modules.batchnorm import _BatchNorm

from helpers import training
from helpers.errors import CourseError

RATE, BATCH = 1e-3, 16  # of TENT
TOGETHER = 32  # frames whose statistics AdaBN takes at a time


def adabn(model: nn.Module, images: np.ndarray, seen: np.ndarray) -> nn.Module:
    """AdaBN (Li et al. 2018): mean and variance of every batch norm's channels,
    measured anew on target frames where these show something. No weight changes.

    A place of a layer counts by how much of it is visible. Frames are shuffled, since
    those of one patient lie side by side; what stands is the mean over batches.
    """
    model = copy.deepcopy(model).eval()
    found = {norm: [] for norm in norms(model)}

    def measure(norm: nn.Module, given: tuple[Tensor]) -> None:
        weight = adaptive_avg_pool2d(visible, given[0].shape[-2:])
        mean = (weight * given[0]).sum((0, 2, 3)) / weight.sum()
        away = (given[0] - mean[:, None, None]) ** 2
        variance = (weight * away).sum((0, 2, 3)) / weight.sum()
        norm.running_mean, norm.running_var = mean, variance  # for this batch
        found[norm].append((mean, variance))

    hooks = [norm.register_forward_pre_hook(measure) for norm in found]
    with torch.no_grad():
        for batch in _batches(model, images, seen, TOGETHER):
            _, frames, visible = batch
            model(frames)
    for (norm, each), hook in zip(found.items(), hooks):
        means, variances = map(torch.stack, zip(*each))
        norm.running_mean, norm.running_var = means.mean(0), variances.mean(0)
        hook.remove()
    return model


def entropy(logits: Tensor) -> Tensor:
    """Binary entropy of each pixel's probability, in nats: -p log p - (1 - p) log(1 -
    p), finite for every logit."""
    probability = torch.sigmoid(logits)
    return -(probability * logsigmoid(logits) + (1 - probability) * logsigmoid(-logits))


class Tent:
    """TENT (Wang et al. 2021): the scales and shifts of the batch norms follow the
    gradient that lowers the predictions' entropy.

    own: whether each batch is normalized by its own statistics, black included, as its
    authors do; else by those that the network has, such as adabn's.
    """

    def __init__(self, model: nn.Module, own: bool = False) -> None:
        self.network = copy.deepcopy(model).eval().requires_grad_(False)
        turned = nn.ModuleList(norms(self.network)).train(own).requires_grad_(True)
        self.optimizer = torch.optim.Adam(turned.parameters(), lr=RATE)

    def step(self, frames: Tensor, visible: Tensor) -> float:
        """One batch: its mean entropy where something is visible, before the step."""
        uncertain = entropy(self.network(frames))[visible > 0].mean()
        self.optimizer.zero_grad()
        uncertain.backward()
        self.optimizer.step()
        return uncertain.item()


def tent(
    model: nn.Module, images: np.ndarray, seen: np.ndarray, passes: int = 1
) -> Iterator[tuple[nn.Module, float]]:
    """After each pass over frames put aside for it: the network, and the mean entropy
    of the pass's batches."""
    one = Tent(model)
    for number in range(passes):
        batches = _batches(model, images, seen, BATCH, number)
        uncertain = [one.step(frames, visible) for _, frames, visible in batches]
        yield copy.deepcopy(one.network).requires_grad_(True), float(np.mean(uncertain))


def tent_online(model: nn.Module, images: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Probabilities as training.predict gives them: each batch takes a step, and then
    is predicted by what the network has become by then, with the batch's own
    statistics. The authors predict before the step, from the same pass.
    """
    one, found = Tent(model, own=True), np.zeros(images.shape[:3], np.uint8)
    for rows, frames, visible in _batches(model, images, seen, BATCH):
        one.step(frames, visible)
        with torch.no_grad():
            found[rows] = training.levels(one.network(frames)[:, 0])
    return found


class Ensemble(nn.ModuleList):
    """The mean of several networks' probabilities, as one network: images to logits (N,
    1, H, W)."""

    @property
    def dtype(self) -> str:
        return self[0].dtype

    def forward(self, images: Tensor) -> Tensor:
        # In float32, since a logarithm in half of its bits is a guess; from logarithms,
        # so that a confident member leaves the logit of the mean finite.
        logits = torch.stack([member(images).float() for member in self])
        return logsigmoid(logits).logsumexp(0) - logsigmoid(-logits).logsumexp(0)


def norms(model: nn.Module) -> list[nn.Module]:
    """The batch norms of a network; CourseError where it has none, or not only such."""
    found = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not found or not getattr(model, "plain", True):
        raise CourseError(
            "This network's encoder has no batch norm, which is all that this remedy "
            "changes: take one that has, such as lite0."
        )
    return found


def _batches(
    model: nn.Module, images: np.ndarray, seen: np.ndarray, batch: int, seed: int = 0
) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """Frames that show something, in random order, always the same, in batches of about
    equal size: their rows, they as (N, 3, H, W) in 0..1, and what is visible of them
    (N, 1, H, W), 0 or 1."""
    order = np.flatnonzero(seen.any(axis=(1, 2)))
    if not len(order):
        raise CourseError("There is no target frame to adapt to: give some.")
    order = np.random.default_rng(seed).permutation(order)
    device = next(model.parameters()).device
    for rows in map(np.sort, np.array_split(order, -(-len(order) // batch))):
        visible = torch.from_numpy(np.array(seen[rows]))[:, None].float().to(device)
        yield rows, training.as_tensor(images[rows], device), visible
