"""Calibration, uncertainty and the likeness of maps, against brute force."""

import copy
import itertools
import warnings
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from captum import attr
from lessons_by_hand import lifted
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import mahalanobis
from scipy.special import expit, logit
from scipy.stats import rankdata
from sklearn.metrics import roc_curve
from torch import nn

from helpers import models, settings, training
from helpers.settings import device, progress

USED = dict(training=training, torch=torch, pd=pd, cv2=cv2, progress=progress)
UNSURE = "reliability ece cooled likeliest band_of entropy entropies dropped_out turned"
UNSURE += " pairwise_dice mahalanobis false_positives by_subject risk_coverage aurc"
UNSURE += " mean_aurc excess_of"
USED_UNSURE = USED | dict(itertools=itertools, expit=expit, logit=logit)
USED_UNSURE |= dict(minimize_scalar=minimize_scalar, FLIPS=((), (1,), (2,), (1, 2)))
unsure = SimpleNamespace(**lifted("11", *UNSURE.split(), **USED_UNSURE))
MAPS = "Summed grad_cam integrated_gradients guided_backprop map_of edges recoloured"
room = lifted(
    "10",
    *f"{MAPS} similarity".split(),
    **USED,
    attr=attr,
    copy=copy,
    device=device,
    rankdata=rankdata,
    warnings=warnings,
)
METHODS = {name: room[name] for name in MAPS.split()[1:4]}
room["METHODS"] = METHODS
maps = SimpleNamespace(**room)


def answers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Chances that are too sure of blood, and where it is."""
    random = np.random.default_rng(seed)
    chance = random.uniform(0.001, 0.999, 300)
    return chance, random.uniform(size=300) < chance**2


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_is_its_definition(seed: int) -> None:
    chance, blood = answers(seed)
    total = 0.0
    for low in range(10):
        held = [i for i in range(300) if low <= 10 * chance[i] < low + 1]
        if held:
            total += abs(sum(chance[i] for i in held) - sum(blood[i] for i in held))
    assert unsure.ece(chance, blood) == pytest.approx(total / 300, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_a_temperature_makes_the_labels_likelier(seed: int) -> None:
    chance, blood = answers(seed)
    best = unsure.likeliest(chance, blood)

    def likely(temperature: float) -> float:
        cooled = unsure.cooled(chance, temperature)
        return np.log(np.where(blood, cooled, 1 - cooled)).sum()

    grid = np.exp(np.linspace(np.log(0.1), np.log(20), 200))
    assert likely(best) >= max(map(likely, grid)) - 1e-6
    assert unsure.likeliest(chance[:0], blood[:0]) == 1


def test_the_band_never_looks_at_the_label() -> None:
    levels = np.zeros((1, 20, 20), np.uint8)
    levels[0, 5:15, 5:15] = 255  # a sure answer, whose edge is in the band
    levels[0, 0, 0] = 100  # an unsure one
    valid = np.ones(levels.shape, bool)
    valid[0, 4, 4] = False
    band = unsure.band_of(levels, valid)
    assert band[0, 0, 0] and band[0, 5, 10] and band[0, 3, 10]
    assert not band[0, 10, 10] and not band[0, 1, 10] and not band[0, 4, 4]


@pytest.mark.parametrize("seed", range(5))
def test_area_under_risk_coverage_is_its_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    score, risk = random.permutation(40).astype(float), random.uniform(size=40)
    order = sorted(range(40), key=lambda i: score[i])
    brute = np.mean([np.mean([risk[i] for i in order[:k]]) for k in range(1, 41)])
    assert unsure.aurc(score, risk) == pytest.approx(brute, abs=1e-12)


def test_frames_that_score_the_same_have_no_order() -> None:
    one = unsure.aurc([1, 1, 0], [0.2, 0.8, 0.5])
    assert one == pytest.approx(unsure.aurc([1, 1, 0], [0.8, 0.2, 0.5]))
    assert one == pytest.approx(0.5)
    assert np.isnan(unsure.aurc([np.nan, 1], [0.5, np.nan]))


@pytest.mark.parametrize("seed", range(20))
def test_false_positives_are_sklearns(seed: int) -> None:
    random = np.random.default_rng(seed)
    far, near = random.integers(3, 12, 50), random.integers(0, 9, 30)
    scores, labels = np.concatenate([far, near]), np.arange(80) < 50
    false, true, _ = roc_curve(labels, scores, drop_intermediate=False)
    found = unsure.false_positives(far, near)
    assert found == pytest.approx(false[true >= 0.95].min(), abs=1e-9)


def test_an_excess_is_0_in_the_perfect_order_and_1_by_chance() -> None:
    random = np.random.default_rng(0)
    risk = pd.Series(random.uniform(size=60))
    of = pd.Series(np.repeat(["a", "b", "c"], 20))
    given = lifted("11", *UNSURE.split(), **USED_UNSURE, subjects=of)
    excess = given["excess_of"]
    assert excess(risk, risk) == pytest.approx(0)
    assert excess(0 * risk, risk) == pytest.approx(1)
    assert excess(-risk, risk) > 1.5
    assert excess(risk.where(of != "a"), risk) == pytest.approx(0, abs=0.2)


def test_entropy_and_what_members_disagree_about_by_brute_force() -> None:
    members = np.random.default_rng(0).integers(0, 256, (3, 2, 4, 5), np.uint8)
    whole, shared = unsure.entropies(members)
    chance = (members + 0.5) / 256

    def bits(p: np.ndarray) -> np.ndarray:
        return -p * np.log(p) - (1 - p) * np.log(1 - p)

    assert np.allclose(whole, bits(chance.mean(axis=0)), atol=1e-5)
    assert np.allclose(shared, whole - bits(chance).mean(axis=0), atol=1e-5)
    assert unsure.entropies(members[:1])[1].max() == pytest.approx(0, abs=1e-6)


def test_three_that_agree_three_that_do_not_and_three_that_mark_nothing() -> None:
    same = np.full((3, 1, 4, 4), 200, np.uint8)
    other = same.copy()
    other[0] = 20
    assert unsure.entropies(same)[1].max() == pytest.approx(0, abs=1e-6)
    assert unsure.entropies(other)[1].min() > 0.1
    assert unsure.pairwise_dice(same >= 128, 0).tolist() == [1]
    assert unsure.pairwise_dice(other >= 128, 0)[0] == pytest.approx(1 / 3)
    for of_nothing in (0, 1):  # Dice is undefined there, and a convention
        assert unsure.pairwise_dice(same < 128, of_nothing).tolist() == [of_nothing]


@pytest.mark.parametrize("seed", range(5))
def test_distance_in_feature_space_is_its_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    known = random.normal(size=(60, 4)) * [1, 2, 3, 4]
    asked = random.normal(size=(3, 4))
    spread = np.cov(known.T)
    spread += 1e-2 * np.trace(spread) / 4 * np.eye(4)
    expected = [mahalanobis(one, known.mean(0), np.linalg.inv(spread)) for one in asked]
    assert unsure.mahalanobis(known, asked) == pytest.approx(expected)
    for same in (np.ones((1, 4)), np.ones((5, 4))):  # no spread is no unit
        assert np.isnan(unsure.mahalanobis(same, asked)).all()


@pytest.fixture(scope="module")
def network() -> models.Segmenter:
    return models.build("lite0", weights=None, seed=0).eval()


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


def test_integrated_gradients_add_up_to_the_answer(images) -> None:
    torch.manual_seed(0)
    plain = {"padding": 1, "bias": False}
    network = nn.Sequential(  # without a bias, so that each step has the same gradient
        nn.Conv2d(3, 4, 3, **plain), nn.ReLU(), nn.Conv2d(4, 1, 3, **plain)
    )
    summed = maps.Summed(network)
    where = torch.zeros(2, 64, 64, dtype=torch.bool)
    where[:, 20:40, 20:40] = True
    given = torch.from_numpy(images).permute(0, 3, 1, 2).float().to(device()) / 255
    where = where.to(given.device)
    found = maps.integrated_gradients(summed, given, where).sum(dim=(1, 2, 3))
    assert found.tolist() == pytest.approx(summed(given, where).tolist(), rel=1e-4)


class Guided(torch.autograd.Function):
    """A ReLU with a ceiling, whose way back lets only what is positive pass."""

    @staticmethod
    def forward(ctx, x, top):
        ctx.save_for_backward(x)
        ctx.top = top
        return x.clamp(0, top)

    @staticmethod
    def backward(ctx, back):
        [x] = ctx.saved_tensors
        return back.clamp(min=0) * (x > 0) * (x < ctx.top), None


def steps_back(answer: torch.Tensor) -> list[str]:
    """The names of all steps that a gradient of the answer takes."""
    seen, to_come = set(), [answer.grad_fn]
    while to_come:
        if (one := to_come.pop()) is not None and one not in seen:
            seen.add(one)
            to_come += [step for step, _ in one.next_functions]
    return [type(one).__name__ for one in seen]


@pytest.mark.parametrize("decoder", settings.DECODERS)
@pytest.mark.parametrize("encoder", settings.ENCODERS)
def test_guided_backpropagation_guides_every_activation(
    encoder, decoder, images
) -> None:
    network = models.build(encoder, decoder, weights=None, seed=0).eval()
    if encoder in settings.SURGENET:  # attention, GELU: it is not defined
        assert not network.plain
        return
    given = torch.from_numpy(images).permute(0, 3, 1, 2).float().to(device()) / 255
    asked, calls = torch.ones(2, 64, 64, device=given.device), []
    summed = maps.Summed(network)
    given.requires_grad_(True)
    relus = [one for one in summed.modules() if isinstance(one, nn.ReLU)]
    hooks = [one.register_forward_hook(lambda *_: calls.append(1)) for one in relus]
    steps = steps_back(summed(given, asked))
    for hook in hooks:
        hook.remove()
    hooked = {"ReluBackward0": len(calls)}  # what captum's own rule finds
    sixes = sum(isinstance(one, nn.ReLU6) for one in network.modules())
    if sixes:  # and their ceilings, which are linear below
        hooked["HardtanhBackward0"] = sixes
    bent = ("Relu", "tanh", "Gelu", "Silu", "Sigmoid", "Softmax", "Attention", "Clamp")
    found = [one for one in steps if any(word in one for word in bent)]
    assert {one: found.count(one) for one in found} == hooked and len(calls) > 20
    guided = maps.guided_backprop(summed, given, asked)
    for one in network.to(given.device).modules():  # the same by hand
        if isinstance(one, (nn.ReLU, nn.ReLU6)):
            top = 6.0 if isinstance(one, nn.ReLU6) else float("inf")
            one.forward = lambda x, top=top: Guided.apply(x, top)
    by_hand = torch.autograd.grad((network(given)[:, 0] * asked).sum(), given)[0]
    assert by_hand.abs().max() > 0
    assert torch.allclose(guided, by_hand, rtol=1e-4, atol=1e-6 * by_hand.abs().max())


@pytest.mark.parametrize("method", METHODS)
def test_a_map_changes_with_the_weights_and_leaves_the_network_alone(
    network, images, method
) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    asked = np.ones((2, 64, 64), bool)
    one = maps.map_of(network, images, asked, method)
    other = models.build("lite0", weights=None, seed=1).eval()
    moved = maps.map_of(other, images, asked, method)
    assert one.shape == (2, 64, 64) and (one >= 0).all() and one.max() > 0
    assert maps.similarity(one[0], moved[0], asked[0]) < 0.9
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())


def test_dropout_is_put_in_and_taken_out_again(network, images) -> None:
    before = training.predict(network, images)
    drawn = unsure.dropped_out(network, images)
    again = unsure.dropped_out(network, images)
    assert (drawn == again).all() and (drawn[0] != drawn[1]).any()
    assert (training.predict(network, images) == before).all()


def test_turned_frames_are_turned_back(network, images) -> None:
    turned = unsure.turned(network, images)
    mirrored = unsure.turned(network, images[:, :, ::-1])
    assert (turned[0] == training.predict(network, images)).all()
    assert (mirrored[0][:, :, ::-1] == turned[2]).all()
    assert (mirrored[2][:, :, ::-1] == turned[0]).all()


def test_recolouring_takes_the_colour_and_leaves_the_light() -> None:
    random = np.random.default_rng(0)
    image = np.repeat(random.integers(80, 100, (40, 40, 1)), 3, 2).astype(np.uint8)
    image[12:28, 12:28] = (130, 60, 60)
    marked = np.zeros((40, 40), bool)
    marked[12:28, 12:28] = True
    pale = maps.recoloured(image, marked)
    before, after = (cv2.cvtColor(one, cv2.COLOR_RGB2LAB) for one in (image, pale))
    assert (
        before[marked][:, 1].min() > 150
        and np.abs(after[marked][:, 1].astype(int) - 128).max() < 6
    )
    light = np.abs(before[..., 0].astype(int) - after[..., 0])
    assert light.max() <= 3
    outside = np.ones((40, 40), bool)
    outside[9:31, 9:31] = False
    assert np.abs(image.astype(int) - pale)[outside].max() <= 1
    assert maps.edges(np.full((9, 9, 3), 7, np.uint8)).max() == 0


def test_likeness_of_maps() -> None:
    one = np.random.default_rng(0).uniform(size=(8, 9))
    where = np.ones(one.shape, bool)
    assert maps.similarity(one, one**3, where) == pytest.approx(1)
    assert maps.similarity(one, -one, where) == pytest.approx(-1)
    assert np.isnan(maps.similarity(one, 0 * one, where))
