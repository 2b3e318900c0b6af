"""Segmentation networks: an encoder with its weights and its normalisation, and a
decoder.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from helpers.checkpoints import (
    LITE0_HEAD,
    from_hub,
    lite0_file,
    lite0_layout,
    load_exactly,
    read_state,
)
from helpers.encoders import ENCODERS, seen
from helpers.errors import CourseError

# smp's own decoders; every one of them takes any encoder of ENCODERS.
DECODERS = {"unet": smp.Unet, "unetplusplus": smp.UnetPlusPlus, "fpn": smp.FPN}
# The deepest feature map of each of these encoders is 32 times smaller than the image.
STRIDE = 32


class Segmenter(nn.Module):
    """RGB (N, 3, H, W), float 0..1 or uint8, to logits (N, 1, H, W), through an smp
    network.

    The normalisation stands inside, so that nobody can give one encoder another one's
    mean. Sides that 32 does not divide are padded with the edge's own colour and the
    logits are cropped back.
    """

    precision = "float32"  # that it was trained in, and predicts in (helpers.precision)

    def __init__(
        self,
        network: nn.Module,
        encoder: str,
        decoder: str,
        weights: str,
        mean: tuple,
        std: tuple,
        exposure: str,
    ) -> None:
        super().__init__()
        self.network = network
        self.encoder_name, self.decoder_name = encoder, decoder
        self.weights, self.exposure = weights, exposure
        self.register_buffer(
            "mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False
        )
        self.register_buffer(
            "std", torch.tensor(std).view(1, 3, 1, 1), persistent=False
        )

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        return self.network(self._normalised(images))[..., :height, :width]

    def features(self, images: Tensor) -> list[Tensor]:
        """The encoder's feature maps, from the finest to the coarsest; sides as padded
        for the network.
        """
        return self.network.encoder(self._normalised(images))

    def _normalised(self, images: Tensor) -> Tensor:
        if images.ndim != 4 or images.shape[1] != 3:
            raise CourseError(
                f"A batch of shape {tuple(images.shape)} is not RGB: give images as "
                "(N, 3, H, W), for frames as they are read with "
                "torch.from_numpy(images).permute(0, 3, 1, 2)."
            )
        if images.dtype == torch.uint8:
            images = images.to(self.mean.dtype) / 255
        height, width = images.shape[-2:]
        pad = (0, -width % STRIDE, 0, -height % STRIDE)
        if any(pad):
            images = nn.functional.pad(images, pad, mode="replicate")
        return (images - self.mean) / self.std


def build(
    encoder: str = "lite0",
    decoder: str = "unet",
    weights: str | Path | None = "imagenet",
    seed: int = 0,
) -> Segmenter:
    """A network for one class, its decoder initialised from `seed` (the same seed, the
    same weights).

    weights: "imagenet", None (from scratch), or the path of a file with the encoder's
    weights in their own layout. Raises CourseError for an unknown name, for weights
    that the encoder does not have key by key, and where "imagenet" needs a hub that
    cannot be reached.
    """
    if encoder not in ENCODERS:
        raise CourseError(
            f"There is no encoder {encoder!r}: take one of {', '.join(ENCODERS)}, and "
            "for SurgeNet's use helpers.surgenet.build with the checkpoint's path."
        )
    spec = ENCODERS[encoder]
    model = assemble(
        spec.smp,
        decoder,
        seed,
        encoder,
        "from scratch" if weights is None else str(weights),
        spec.mean,
        spec.std,
        seen(weights),
    )
    if weights is None:
        return model
    if encoder == "lite0":
        path = lite0_file() if weights == "imagenet" else Path(weights)
        state = {
            f"model.{new}": value
            for new, value in lite0_layout(read_state(path), path).items()
        }
        state = {
            key: value for key, value in state.items() if not key.startswith(LITE0_HEAD)
        }
    else:
        path = from_hub(encoder, spec.smp) if weights == "imagenet" else Path(weights)
        state = read_state(path)
        state = {
            key: value
            for key, value in state.items()
            if not key.startswith(("fc.", "classifier."))
        }
    load_exactly(model.network.encoder, state, path, f"encoder {encoder}")
    return model


def assemble(
    smp_name: str,
    decoder: str,
    seed: int,
    encoder: str,
    weights: str,
    mean: tuple,
    std: tuple,
    exposure: str,
) -> Segmenter:
    """The network with initial weights drawn from `seed`, leaving the caller's random
    state as it was.
    """
    if decoder not in DECODERS:
        raise CourseError(
            f"There is no decoder {decoder!r}: take one of {', '.join(DECODERS)}."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DECODERS[decoder](
            smp_name, encoder_weights=None, in_channels=3, classes=1
        )
    return Segmenter(network, encoder, decoder, weights, mean, std, exposure)


def describe(model: Segmenter) -> dict[str, str | int]:
    """What a lesson says of a network: its parts, what its weights have seen, its
    parameters.
    """
    counted = {
        part: sum(p.numel() for p in getattr(model.network, part).parameters())
        for part in ("encoder", "decoder", "segmentation_head")
    }
    return {
        "encoder": model.encoder_name,
        "decoder": model.decoder_name,
        "weights": model.weights,
        "exposure": model.exposure,
        "encoder_parameters": counted["encoder"],
        "decoder_parameters": counted["decoder"] + counted["segmentation_head"],
        "parameters": sum(counted.values()),
    }


@torch.inference_mode()
def stages(model: Segmenter, size: tuple[int, int]) -> pd.DataFrame:
    """The encoder's feature maps for an image of `size` (h, w): channels, height,
    width, scale by row.
    """
    training = model.training
    device = model.mean.device
    features = model.eval().features(torch.zeros(1, 3, *size, device=device))
    model.train(training)
    # smp gives some encoders an empty map at half the scale.
    shapes = [tuple(f.shape[1:]) for f in features if f.shape[1]]
    top = shapes[0][1]
    return pd.DataFrame(
        [
            {"channels": c, "height": h, "width": w, "scale": top // h}
            for c, h, w in shapes
        ]
    )
