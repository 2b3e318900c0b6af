"""How unsure a network is of a frame, by several ways to ask it, and what they are for.

A way gives members: several predictions of the same frames, uint8 (M, N, H, W), in 256
levels as training.predict does. The scores of frames are made from those.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from helpers import training
from helpers.calibration import probability
from helpers.progress import progress

FLIPS = ((), (1,), (2,), (1, 2))  # axes of NxHxW that are turned round
DRAWS, RATE = 6, 0.3  # predictions with dropout, and the share that is left out
SHRINK = 1e-2  # of the features' mean variance, added to each of them


def dropped_out(network: nn.Module, images: np.ndarray) -> np.ndarray:
    """Monte-Carlo dropout (Gal and Ghahramani 2016): several predictions, each with
    other channels of the deepest feature map left out.

    The course's network was trained without dropout: it is put in here, by a hook on
    the encoder, and taken out again.
    """

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


def turned(network: nn.Module, images: np.ndarray) -> np.ndarray:
    """Test-time augmentation: each frame as it is, mirrored, upside down, and both; the
    answers are turned back."""
    return np.stack(
        [
            np.flip(training.predict(network, np.flip(images, axes)), axes)
            for axes in progress(FLIPS, "TTA, predictions")
        ]
    )


def entropy(chance: np.ndarray) -> np.ndarray:
    """Binary entropy in nats of probabilities strictly between 0 and 1."""
    return -(chance * np.log(chance) + (1 - chance) * np.log1p(-chance))


def disagreement(members: np.ndarray) -> np.ndarray:
    """What members disagree about (float32 NxHxW, nats): the entropy of their mean less
    the mean of their entropies (Houlsby et al. 2011)."""
    total = np.zeros(members.shape[1:], np.float32)
    each = np.zeros_like(total)
    for one in members:
        chance = probability(one)
        total += chance
        each += entropy(chance)
    return np.maximum(entropy(total / len(members)) - each / len(members), 0)


def mean_inside(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The mean over some pixels (bool NxHxW) of each frame, NaN where there are
    none."""
    pixels = where.sum(axis=(1, 2))
    total = (values * where).sum(axis=(1, 2), dtype=float)
    return np.divide(total, pixels, out=np.full(len(pixels), np.nan), where=pixels > 0)


def pairwise_dice(marked: np.ndarray) -> np.ndarray:
    """Mean Dice between the members' masks (bool MxNxHxW) of each frame; two that mark
    nothing agree."""
    found = []
    for one, other in itertools.combinations(marked, 2):
        both = (one & other).sum(axis=(1, 2))
        total = one.sum(axis=(1, 2)) + other.sum(axis=(1, 2))
        agree = np.ones(len(total))
        found.append(np.divide(2.0 * both, total, out=agree, where=total > 0))
    return np.mean(found, axis=0)


@torch.inference_mode()
def features(network: nn.Module, images: np.ndarray) -> np.ndarray:
    """The mean of each channel of the deepest feature map: float64 (N, channels)."""
    where, found, batch = next(network.parameters()).device, [], 32
    for start in range(0, len(images), batch):
        given = torch.from_numpy(np.array(images[start : start + batch]))
        maps = network.eval().features(given.permute(0, 3, 1, 2).to(where))
        found.append(maps[-1].mean(dim=(2, 3)).double().cpu().numpy())
    return np.concatenate(found)


def mahalanobis(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Distance of each row of `asked` from the mean of `known` (Lee et al. 2018), in
    units of the spread of `known`, whose covariance is shrunk a little. NaN where
    `known` has no spread."""
    centred = known - known.mean(axis=0)
    spread = centred.T @ centred / max(len(known) - 1, 1)
    level = SHRINK * np.trace(spread) / len(spread)
    if level == 0:
        return np.full(len(asked), np.nan)
    precise = np.linalg.inv(spread + level * np.eye(len(spread)))
    off = asked - known.mean(axis=0)
    return np.sqrt(np.einsum("ij,jk,ik->i", off, precise, off))


def risk_coverage(
    score: Sequence[float], risk: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Coverage k/n and the mean risk of the k frames with the lowest scores, for k of
    1 to n (Geifman and El-Yaniv 2017).

    Frames that score the same share their mean risk, so that their order is no matter.
    Frames where one of the two is NaN are left out.
    """
    score, risk = np.asarray(score, float), np.asarray(risk, float)
    known = ~np.isnan(score) & ~np.isnan(risk)
    score, risk = score[known], risk[known]
    _, group = np.unique(score, return_inverse=True)
    size = np.bincount(group)
    shared = np.bincount(group, risk, len(size)) / np.maximum(size, 1)
    ordered = np.repeat(shared, size)
    count = np.arange(1, len(ordered) + 1)
    return count / max(len(ordered), 1), np.cumsum(ordered) / count


def aurc(score: Sequence[float], risk: Sequence[float]) -> float:
    """The mean of the risk-coverage curve; NaN without frames."""
    risks = risk_coverage(score, risk)[1]
    return float(risks.mean()) if len(risks) else float("nan")


def false_positive_rate(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The share of the negatives at or above the highest threshold that catches 95 % of
    the positives; NaN where either is missing."""
    positive, negative = (np.asarray(one, float) for one in (positive, negative))
    positive, negative = (one[~np.isnan(one)] for one in (positive, negative))
    if not len(positive) or not len(negative):
        return float("nan")
    needed = int(np.ceil(0.95 * len(positive) - 1e-9))
    threshold = np.sort(positive)[::-1][needed - 1]
    return float((negative >= threshold).mean())
