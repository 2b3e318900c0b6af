"""SurgeNet's encoders: checkpoints in the original names load key by key, and compute what it computes.

The checkpoints are generated: names and shapes are written out from the architectures' tables, and each
network's forward pass is written by hand over those names (surgenet_by_hand), so that neither the renaming
nor timm vouches for itself.
"""

import pytest
import torch
from surgenet_by_hand import BY_HAND, KEYS, draw, first, last, shapes

from helpers import models, surgenet
from helpers.errors import CourseError

FILES = {
    "caformer_s18": "SurgeNetXL",
    "convnextv2_tiny": "SurgeNet_ConvNextv2",
    "pvt_v2_b2": "SurgeNet_PVTv2",
}
NAMES = list(BY_HAND)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("surgenet")
    found = {}
    for name in NAMES:
        path = folder / f"{FILES[name]}_checkpoint_epoch0050_teacher.pth"
        torch.save(draw(name), path)
        found[name] = path, draw(name)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_published_number_of_keys(name):
    encoder = [key for key in shapes(name) if not key.startswith(("head.", "norm."))]
    assert len(encoder) == KEYS[name]


@pytest.mark.parametrize("decoder", ["unet", "fpn"])
@pytest.mark.parametrize("name", NAMES)
def test_features_are_the_originals(drawn, name, decoder):
    path, state = drawn[name]
    model = surgenet.build(path, decoder).eval()
    assert len(model.network.encoder.state_dict()) == KEYS[name]
    image = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        by_hand = BY_HAND[name](state, first((last(image) - mean) / std))
        features = model.features(image)[-4:]
        assert model(image).shape == (1, 1, 64, 96)
    for ours, original in zip(features, by_hand, strict=True):
        assert ours.shape == original.shape
        assert original.std() > 0.1
        assert (ours - original).abs().max() < 4e-5 * original.abs().max()


def test_the_seed_draws_the_decoder_only(drawn):
    path = drawn["pvt_v2_b2"][0]
    one, same, other = (surgenet.build(path, "fpn", seed).network for seed in (1, 1, 2))
    for key, value in one.state_dict().items():
        assert torch.equal(value, same.state_dict()[key])
    assert all(
        torch.equal(v, other.encoder.state_dict()[k])
        for k, v in one.encoder.state_dict().items()
    )
    assert not torch.equal(one.decoder.p5.weight, other.decoder.p5.weight)


def test_starrelu_is_gone_from_the_caformer(drawn):
    encoder = surgenet.build(drawn["caformer_s18"][0]).network.encoder
    assert sum(isinstance(m, torch.nn.ReLU) for m in encoder.modules()) == 24
    assert not any(isinstance(m, surgenet.StarReLU) for m in encoder.modules())


def refused(path, match):
    with pytest.raises(CourseError, match=match) as caught:
        surgenet.build(path)
    said = str(caught.value)
    assert (
        str(path) in said and said.endswith(".") and ". " not in said
    )  # one sentence that names the file


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_that_is_not_whole_is_refused(drawn, name, monkeypatch):
    path, state = drawn[name]

    def saved(
        what,
    ):  # as if the file held it; writing a hundred megabytes for each fault would take long
        monkeypatch.setattr(surgenet, "read_state", lambda _: what)
        return path

    stage = "block4." if name == "pvt_v2_b2" else "stages.3."
    lost = [k for k in state if k.startswith(stage)]
    refused(
        saved({k: v for k, v in state.items() if k not in lost}),
        rf"{KEYS[name]} weights of SurgeNet's {name}, of which {len(lost)} are missing .such as "
        rf"model.stages_3",
    )
    victim = next(k for k in state if k.startswith(stage))
    refused(
        saved({("module." + k if k == victim else k): v for k, v in state.items()}),
        rf"1 are missing .*, 1 belong to no layer .such as module\.{victim}",
    )
    refused(
        saved({"module." + k: v for k, v in state.items()}),
        rf"{KEYS[name]} are missing",
    )
    refused(
        saved(state | {"extra.weight": torch.zeros(1)}),
        "1 belong to no layer .such as extra.weight.",
    )
    refused(saved(state | {victim: torch.zeros(7)}), "1 have another shape")
    # timm's own names are another network's checkpoint: no exposure is known of it
    layout = surgenet.timm_layout(state, name)
    theirs = {k.removeprefix("model."): v for k, v in layout.items()}
    refused(saved(theirs), "belong to no layer|not a SurgeNet encoder")


def test_foreign_and_cut_files(drawn, tmp_path):
    foreign = tmp_path / "resnet.pth"
    torch.save(
        models.build("resnet18", weights=None).network.encoder.state_dict(), foreign
    )
    refused(
        foreign,
        "not a SurgeNet encoder: its 120 keys .such as conv1.weight. lack what marks "
        "caformer_s18",
    )
    cut = tmp_path / "cut.pth"
    cut.write_bytes(drawn["caformer_s18"][0].read_bytes()[:1_000_000])
    refused(cut, "is cut off or is not a checkpoint: download it again")
    dino = tmp_path / "Public_checkpoint0050.pth"
    torch.save({"student": {}, "teacher": {}, "epoch": 50}, dino)
    refused(
        dino, "is not a table of weights by name .it holds: student, teacher, epoch."
    )
    refused(tmp_path / "away.pth", "is not there")


def test_safetensors_do_too(drawn, tmp_path):
    from safetensors.torch import save_file

    path, state = drawn["convnextv2_tiny"]
    save_file(state, tmp_path / "teacher.safetensors")
    stem = surgenet.build(
        tmp_path / "teacher.safetensors"
    ).network.encoder.model.stem_0.weight
    assert torch.equal(stem, state["downsample_layers.0.0.weight"])


def test_exposure_stands_with_the_model(drawn):
    said = surgenet.build(drawn["caformer_s18"][0]).exposure
    assert said.startswith("saw videos of Cholec80") and "surgery in pigs" in said
    of = {
        one: surgenet.exposure(f"{one}_checkpoint_epoch0050_teacher.pth")
        for one in surgenet.EXPOSURE.index
    }
    unseen = {one for one, words in of.items() if words.startswith("saw no video")}
    assert unseen == {"RAMIE", "RARP"} and len(of) == 8
    assert of["CHOLEC"].endswith("but no surgery in pigs")
    assert surgenet.exposure("a/renamed.pth").startswith("unknown: renamed.pth")
    assert models.build(weights=None).exposure == "no image before training"
