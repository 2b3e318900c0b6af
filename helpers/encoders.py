"""The encoders that the course offers, and what their weights may be: names alone, for
rooms that need no network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from helpers.words import printable

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True)
class Encoder:
    """An encoder that the course offers: its name in smp and what its weights expect of
    RGB in 0..1.
    """

    smp: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


ENCODERS = {
    "lite0": Encoder("tu-tf_efficientnet_lite0", *HALF),
    "resnet34": Encoder("resnet34", *IMAGENET),
    "resnet18": Encoder("resnet18", *IMAGENET),
    "mobilenet_v2": Encoder("mobilenet_v2", *IMAGENET),
}


def seen(weights: str | Path | None) -> str:
    """What an encoder's weights have seen before the course trains them.

    weights: "imagenet", None (from scratch), or a file.
    """
    return {
        None: "no image before training",
        "imagenet": "ImageNet's photographs, no surgery",
    }.get(weights, "unknown, as the file's")


def said(encoder: str, weights: str | Path | None, usual: str) -> list[str]:
    """A sentence on an encoder and the weights it begins with; none on the usual one
    with ImageNet's."""
    if (encoder, weights) == (usual, "imagenet"):
        return []
    begins = {
        None: "drawn by chance, which have seen no image",
        "imagenet": "those from ImageNet",
    }
    which = begins.get(weights) or f"those in {printable(weights.name)}"
    return [
        f"The network's encoder is {encoder}; the weights it begins with are {which}."
    ]


def told_apart(weights: str | Path | None) -> str:
    """What tells weights from any others in a key: a file's bytes, wherever it lies."""
    if not isinstance(weights, Path):
        return weights or "none"
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
