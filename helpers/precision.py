"""The precision that a network's steps are taken in: float32, or half of its bits where
a machine is faster with them (Micikevicius et al., ICLR 2018).

Whatever it is, the weights, the loss and the probabilities are float32; PyTorch's
autocast takes convolutions and matrix products in the other.
"""

import copy
import time
from contextlib import nullcontext

import torch

from helpers.errors import CourseError
from helpers.names import printable

FLOAT32, BFLOAT16, FLOAT16, FASTEST = "float32", "bfloat16", "float16", "fastest"
TYPES = {FLOAT32: None, BFLOAT16: torch.bfloat16, FLOAT16: torch.float16}
PAYS = 1.2
"""A step in half precision must be so many times as fast as one in float32."""

_FRAMES, _STEPS = 4, 3  # of the measurement


def chosen(
    name: str, model: torch.nn.Module, size: tuple[int, int], device: str
) -> str:
    """What a profile's precision means here: float32, bfloat16 or float16.

    "fastest" is bfloat16 on a GPU that has it, else float16; on a CPU bfloat16 where a
    few steps of this network at this size (height, width) show that it pays, which they
    do with AVX-512 BF16 or AMX; float32 elsewhere. Raises CourseError for another word.
    """
    if name not in (*TYPES, FASTEST):
        raise CourseError(
            f"There is no precision '{printable(name)}'; choose one of "
            f"{', '.join([*TYPES, FASTEST])}."
        )
    if name != FASTEST:
        return name
    if device == "cuda":
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return BFLOAT16 if has else FLOAT16
    if device != "cpu":
        return FLOAT32
    slow, quick = (seconds(model, size, one) for one in (FLOAT32, BFLOAT16))
    return BFLOAT16 if slow > PAYS * quick else FLOAT32


def logits(model: torch.nn.Module, images: torch.Tensor, name: str) -> torch.Tensor:
    """The network's answer on images (N, 3, H, W), taken in a precision and given in
    float32: (N, H, W)."""
    half = TYPES[name]
    with torch.autocast(images.device.type, half) if half else nullcontext():
        found = model(images)[:, 0]
    return found.float()


def of(model: torch.nn.Module) -> str:
    """The precision that a network was trained in, and so predicts in."""
    return getattr(model, "precision", FLOAT32)


def scaler(name: str, device: str) -> torch.amp.GradScaler:
    """What keeps float16's small gradients above zero; for other precisions it changes
    nothing."""
    return torch.amp.GradScaler(device, enabled=name == FLOAT16)


UNSCALED = scaler(FLOAT32, "cpu")


def seconds(model: torch.nn.Module, size: tuple[int, int], name: str) -> float:
    """The shortest of a few steps, forward and backward, on a copy of the network."""
    model, took = copy.deepcopy(model).train(), []
    images = torch.full((_FRAMES, 3, *size), 0.5).to(memory_format=torch.channels_last)
    for _ in range(1 + _STEPS):  # the first prepares what the others use
        began = time.perf_counter()
        logits(model, images, name).mean().backward()
        took.append(time.perf_counter() - began)
    return min(took[1:])
