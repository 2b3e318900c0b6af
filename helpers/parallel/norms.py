"""Batch norms whose statistics are those of the whole batch, when its frames are
divided among processes.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_dividing = contextvars.ContextVar("dividing", default=False)


@contextlib.contextmanager
def dividing() -> Iterator[None]:
    """All processes are in the forward of the same batch."""
    before = _dividing.set(True)
    try:
        yield
    finally:
        _dividing.reset(before)


@contextlib.contextmanager
def whole_batches(model: nn.Module) -> Iterator[None]:
    """Every batch norm that trains takes its statistics from all processes' shares,
    within `dividing`.

    torch.nn.SyncBatchNorm does the same, but refuses the CPU, where it could not be
    held against one process.
    """
    norms = [part for part in model.modules() if isinstance(part, _BatchNorm)]
    for norm in norms:
        norm.forward = partial(_norm, norm)
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _norm(norm: _BatchNorm, images: Tensor) -> Tensor:
    """A batch norm's forward over the batches of all processes.

    images: (N, C, H, W). Mean and variance are taken one after the other, as sums over
    the whole batch, since a difference of two large sums would lose digits.
    """
    if not (norm.training and _dividing.get()):
        return type(norm).forward(norm, images)
    dtype = norm.running_mean.dtype
    values, shape = images.to(dtype), (1, -1, 1, 1)
    number = values.new_tensor([values.numel() / values.shape[1]])
    total = _Sum.apply(torch.cat([values.sum((0, 2, 3)), number]))
    number, mean = total[-1].detach(), total[:-1] / total[-1].detach()
    away = values - mean.view(shape)
    variance = _Sum.apply(away.square().sum((0, 2, 3))) / number
    with torch.no_grad():
        norm.num_batches_tracked += 1
        momentum = norm.momentum
        if momentum is None:
            momentum = 1 / float(norm.num_batches_tracked)
        norm.running_mean.lerp_(mean, momentum)
        norm.running_var.lerp_(variance * number / (number - 1), momentum)
    scale = (variance + norm.eps).rsqrt() * norm.weight
    found = (away * scale.view(shape) + norm.bias.view(shape)).to(images.dtype)
    # timm's batch norms have their activation inside.
    for name in ("drop", "act"):
        found = getattr(norm, name, _same)(found)
    return found


def _same(value: Tensor) -> Tensor:
    return value


class _Sum(torch.autograd.Function):
    """The sum over all processes. Each one's part of the loss depends on everybody's
    share, so its gradient is a sum over all, too."""

    @staticmethod
    def forward(ctx, part: Tensor) -> Tensor:
        total = part.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return _Sum.forward(ctx, gradient)
