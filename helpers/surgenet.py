"""SurgeNet's surgical encoders from a checkpoint file, key by key, and what surgery
each has already seen.

Checkpoints: TimJaspers0801/SurgeNet (code MIT, weights CC BY-NC-SA); Jaspers et al.,
Medical Image Analysis 108:103873.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from timm.models.metaformer import StarReLU
from torch import Tensor, nn

from helpers.checkpoints import load_exactly, read_state
from helpers.encoders import IMAGENET
from helpers.errors import CourseError
from helpers.models import Segmenter, assemble


def _caformer_name(key: str) -> str | None:
    if key.startswith("norm."):  # the classifier's norm
        return None
    key = re.sub(
        r"^downsample_layers\.0\.(conv|post_norm)\.",
        lambda m: f"stem.{m[1].removeprefix('post_')}.",
        key,
    )
    key = re.sub(
        r"^downsample_layers\.(\d)\.(pre_norm|conv)\.",
        lambda m: f"stages_{m[1]}.downsample.{m[2].removeprefix('pre_')}.",
        key,
    )
    return re.sub(r"^stages\.(\d)\.(\d+)\.", r"stages_\1.blocks.\2.", key)


def _convnext_name(key: str) -> str | None:
    if key.startswith("norm."):
        return None
    key = re.sub(r"^downsample_layers\.0\.(\d)\.", r"stem_\1.", key)
    key = re.sub(r"^downsample_layers\.(\d)\.(\d)\.", r"stages_\1.downsample.\2.", key)
    key = re.sub(r"^stages\.(\d)\.(\d+)\.", r"stages_\1.blocks.\2.", key)
    key = key.replace(".dwconv.", ".conv_dw.").replace(".pwconv", ".mlp.fc")
    return key.replace(".grn.gamma", ".mlp.grn.weight").replace(
        ".grn.beta", ".mlp.grn.bias"
    )


def _pvt_name(key: str) -> str | None:
    key = re.sub(r"^patch_embed1\.", "patch_embed.", key)
    key = re.sub(
        r"^patch_embed(\d)\.", lambda m: f"stages_{int(m[1]) - 1}.downsample.", key
    )
    key = re.sub(
        r"^block(\d)\.(\d+)\.", lambda m: f"stages_{int(m[1]) - 1}.blocks.{m[2]}.", key
    )
    key = re.sub(r"^norm(\d)\.", lambda m: f"stages_{int(m[1]) - 1}.norm.", key)
    return key.replace(".dwconv.dwconv.", ".dwconv.")


def _caformer_value(key: str, value: Tensor) -> Tensor:
    # timm keeps the first two stages as 1x1 convolutions where the original has linear
    # layers.
    pointwise = value.ndim == 2 and re.match(r"stages_[01]\.blocks\.", key)
    return value[:, :, None, None] if pointwise else value


def _convnext_value(key: str, value: Tensor) -> Tensor:
    return value.flatten() if ".grn." in key else value


@dataclass(frozen=True)
class Architecture:
    """One of SurgeNet's three: its name in smp, the mark its keys bear, how keys and
    values are changed."""

    smp: str
    mark: str
    name: Callable[[str], str | None]
    value: Callable[[str, Tensor], Tensor]


ARCHITECTURES = {
    "caformer_s18": Architecture(
        "tu-caformer_s18", ".token_mixer.", _caformer_name, _caformer_value
    ),
    "convnextv2_tiny": Architecture(
        "tu-convnextv2_tiny", ".grn.", _convnext_name, _convnext_value
    ),
    "pvt_v2_b2": Architecture(
        "tu-pvt_v2_b2", "patch_embed1.", _pvt_name, lambda key, value: value
    ),
}

_ALL = "13 surgical data sets"
# From the tables of SurgeNet's README. Cholec80 is what CholecSeg8k's frames are cut
# from; SurgToolLoc is robotic surgery in pigs, as HemoSet is. HemoSet is in none.
EXPOSURE = pd.DataFrame(
    [
        ("SurgeNetXL", "caformer_s18", 4_711_024, _ALL + " and YouTube", True, True),
        ("SurgeNet", "caformer_s18", 2_636_790, _ALL, True, True),
        ("SurgeNetSmall", "caformer_s18", 263_679, "a tenth of " + _ALL, True, True),
        (
            "CHOLEC",
            "caformer_s18",
            250_655,
            "Cholec80, HeiChole, hSDB-Chole",
            True,
            False,
        ),
        ("RAMIE", "caformer_s18", 377_287, "robotic oesophagectomy", False, False),
        (
            "RARP",
            "caformer_s18",
            382_416,
            "ESAD, PSI-AVA, robotic prostatectomy",
            False,
            False,
        ),
        ("SurgeNet_ConvNextv2", "convnextv2_tiny", 2_636_790, _ALL, True, True),
        ("SurgeNet_PVTv2", "pvt_v2_b2", 2_636_790, _ALL, True, True),
    ],
    columns=[
        "checkpoint",
        "architecture",
        "frames",
        "data",
        "saw_target_videos",
        "saw_porcine_surgery",
    ],
).set_index("checkpoint")
_FILE = "_checkpoint_epoch0050_teacher"


def exposure(path: str | Path) -> str:
    """What the checkpoint of this file name saw of source and target in pretraining,
    for a caption."""
    name = Path(path).stem.removesuffix(_FILE)
    if name not in EXPOSURE.index:
        return (
            f"unknown: {Path(path).name} is not the file name of a published checkpoint"
        )
    row = EXPOSURE.loc[name]
    target = (
        "saw videos of Cholec80, which the target CholecSeg8k is cut from"
        if row.saw_target_videos
        else "saw no video of Cholec80, which the target CholecSeg8k is cut from"
    )
    source = (
        "robotic surgery in pigs, which the source HemoSet shows"
        if row.saw_porcine_surgery
        else "no surgery in pigs"
    )
    joint = (
        "and" if bool(row.saw_target_videos) == bool(row.saw_porcine_surgery) else "but"
    )
    return f"{target}, {joint} {source}"


def build(path: str | Path, decoder: str = "unet", seed: int = 0) -> Segmenter:
    """A network with the SurgeNet encoder whose weights `path` holds, under their
    original names.

    The architecture is read off the keys. Raises CourseError unless every key of the
    file has a place and every weight of the encoder a key; what the model saw in
    pretraining stands in its `exposure`.
    """
    path = Path(path)
    state = read_state(path)
    name = _architecture(state, path)
    spec = ARCHITECTURES[name]
    model = assemble(
        spec.smp, decoder, seed, name, path.name, *IMAGENET, exposure(path)
    )
    if name == "caformer_s18":
        _plain_relu(model.network.encoder)
    load_exactly(
        model.network.encoder, timm_layout(state, name), path, f"SurgeNet's {name}"
    )
    return model


def timm_layout(state: Mapping[str, Tensor], architecture: str) -> dict[str, Tensor]:
    """A checkpoint's weights under the names and shapes of smp's encoder, without the
    classifier's.

    A key that the original does not have stays as it is, so that loading finds it
    foreign.
    """
    spec = ARCHITECTURES[architecture]
    renamed = {}
    for key, value in state.items():
        new = None if key.startswith("head.") else spec.name(key)
        if new is not None:
            known = new != key and new.startswith(("stem", "stages_", "patch_embed."))
            renamed[f"model.{new}" if known else key] = spec.value(new, value)
    return renamed


def _architecture(state: Mapping[str, Tensor], path: Path) -> str:
    found = [
        name
        for name, spec in ARCHITECTURES.items()
        if any(spec.mark in key for key in state)
    ]
    if len(found) != 1:
        raise CourseError(
            f"{path} is not a SurgeNet encoder: its {len(state)} keys (such as "
            f"{next(iter(state))}) lack what marks {', '.join(ARCHITECTURES)}, so give "
            "one of "
            f"the files named *{_FILE}.pth."
        )
    return found[0]


def _plain_relu(encoder: nn.Module) -> None:
    """Put ReLU in the place of StarReLU, whose scale and bias SurgeNet's CAFormer does
    without."""
    for module in list(encoder.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, StarReLU):
                setattr(module, name, nn.ReLU())
