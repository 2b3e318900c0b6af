"""SurgeNet's surgical encoders from a checkpoint file, key by key, and what surgery
each has already seen.

Checkpoints: TimJaspers0801/SurgeNet (code MIT, weights CC BY-NC-SA); Jaspers et al.,
Medical Image Analysis 108:103873.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
from timm.models.metaformer import StarReLU
from torch import Tensor, nn

from helpers.encoders import IMAGENET, Encoder
from helpers.errors import CourseError
from helpers.models import Segmenter, assemble, load_exactly, read_state


def _before(name: str) -> Callable[[re.Match], str]:
    """PVTv2 counts its stages from 1, timm from 0."""
    return lambda found: name.format(int(found[1]) - 1)


BLOCKS = (r"^stages\.(\d)\.(\d+)\.", r"stages_\1.blocks.\2.")
# What the keys of one of the three bear, and what of them timm calls otherwise.
MARKS = {
    "caformer_s18": ".token_mixer.",
    "convnextv2_tiny": ".grn.",
    "pvt_v2_b2": "patch_embed1.",
}
NAMES = {
    "caformer_s18": [
        (r"^downsample_layers\.0\.(?:post_)?(conv|norm)\.", r"stem.\1."),
        (
            r"^downsample_layers\.(\d)\.(?:pre_)?(conv|norm)\.",
            r"stages_\1.downsample.\2.",
        ),
        BLOCKS,
    ],
    "convnextv2_tiny": [
        (r"^downsample_layers\.0\.(\d)\.", r"stem_\1."),
        (r"^downsample_layers\.(\d)\.(\d)\.", r"stages_\1.downsample.\2."),
        BLOCKS,
        (r"\.dwconv\.", ".conv_dw."),
        (r"\.pwconv", ".mlp.fc"),
        (r"\.grn\.gamma", ".mlp.grn.weight"),
        (r"\.grn\.beta", ".mlp.grn.bias"),
    ],
    "pvt_v2_b2": [
        (r"^patch_embed1\.", "patch_embed."),
        (r"^patch_embed(\d)\.", _before("stages_{}.downsample.")),
        (r"^block(\d)\.", _before("stages_{}.blocks.")),
        (r"^norm(\d)\.", _before("stages_{}.norm.")),
        (r"\.dwconv\.dwconv\.", ".dwconv."),
    ],
}
# From the tables of SurgeNet's README. Cholec80 is what CholecSeg8k's frames are cut
# from; SurgToolLoc is robotic surgery in pigs, as HemoSet is. HemoSet is in none.
_CAFORMER, _ALL = "caformer_s18", "13 surgical data sets"
EXPOSURE = pd.DataFrame(
    [
        ("SurgeNetXL", _CAFORMER, 4_711_024, _ALL + " and YouTube", True, True),
        ("SurgeNet", _CAFORMER, 2_636_790, _ALL, True, True),
        ("SurgeNetSmall", _CAFORMER, 263_679, "a tenth of " + _ALL, True, True),
        ("CHOLEC", _CAFORMER, 250_655, "Cholec80, HeiChole, hSDB-Chole", True, False),
        ("RAMIE", _CAFORMER, 377_287, "robotic oesophagectomy", False, False),
        (
            "RARP",
            _CAFORMER,
            382_416,
            "ESAD, PSI-AVA, robotic prostatectomy",
            False,
            False,
        ),
        ("SurgeNet_ConvNextv2", "convnextv2_tiny", 2_636_790, _ALL, True, True),
        ("SurgeNet_PVTv2", "pvt_v2_b2", 2_636_790, _ALL, True, True),
    ],
    columns="checkpoint architecture frames data saw_target_videos "
    "saw_porcine_surgery".split(),
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
    saw_target, saw_pigs = EXPOSURE.loc[name].iloc[-2:]
    target = "saw videos" if saw_target else "saw no video"
    source = (
        "robotic surgery in pigs, which the source HemoSet shows"
        if saw_pigs
        else "no surgery in pigs"
    )
    joint = "and" if saw_target == saw_pigs else "but"
    return (
        f"{target} of Cholec80, which the target CholecSeg8k is cut from, {joint} "
        f"{source}"
    )


def build(path: str | Path, decoder: str = "unet", seed: int = 0) -> Segmenter:
    """A network with the SurgeNet encoder whose weights `path` holds, under their
    original names.

    The architecture is read off the keys. Raises CourseError unless every key of the
    file has a place and every weight of the encoder a key; what the model saw in
    pretraining stands in its `exposure`.
    """
    path = Path(path)
    state = read_state(path)
    found = [name for name, mark in MARKS.items() if any(mark in key for key in state)]
    if len(found) != 1:
        raise CourseError(
            f"{path} is not a SurgeNet encoder: its {len(state)} keys (such as "
            f"{next(iter(state))}) lack what marks {', '.join(MARKS)}, so give one of "
            f"the files named *{_FILE}.pth."
        )
    [name] = found
    spec = Encoder(f"tu-{name}", *IMAGENET)
    model = assemble(spec, name, decoder, seed, exposure(path))
    encoder = model.network.encoder
    if name == "caformer_s18":
        _plain_relu(encoder)
    load_exactly(encoder, timm_layout(state, name), path, f"SurgeNet's {name}")
    return model


def timm_layout(state: Mapping[str, Tensor], architecture: str) -> dict[str, Tensor]:
    """A checkpoint's weights under the names and shapes of smp's encoder, without the
    classifier's.

    A key that the original does not have stays as it is, so that loading finds it
    foreign.
    """
    renamed = {}
    for key, value in state.items():
        if key.startswith(("head.", "norm.")):  # the classifier's
            continue
        new = key
        for pattern, name in NAMES[architecture]:
            new = re.sub(pattern, name, new)
        if ".grn." in new:
            value = value.flatten()
        elif architecture == "caformer_s18" and re.match(r"stages_[01]\.blocks", new):
            # timm has 1x1 convolutions there where the original has linear layers.
            value = value[:, :, None, None] if value.ndim == 2 else value
        known = new != key and new.startswith(("stem", "stages_", "patch_embed."))
        renamed[f"model.{new}" if known else key] = value
    return renamed


def _plain_relu(encoder: nn.Module) -> None:
    """Put ReLU in the place of StarReLU, whose scale and bias SurgeNet's CAFormer does
    without."""
    for module in list(encoder.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, StarReLU):
                setattr(module, name, nn.ReLU())
