"""Remedies on networks: AdaBN changes statistics only, TENT scales and shifts only, an ensemble of one is
that one."""

import numpy as np
import pytest
import torch
from drawn_tissue import CHANGED, round_view, tissue
from torch import nn

from helpers import models, training
from helpers.adaptation import (
    Ensemble,
    adabn_transductive,
    adapt_batchnorm,
    entropy,
    networks,
    tent,
    tent_online,
    without_black,
)
from helpers.errors import CourseError

TARGET = CHANGED["exposure"](tissue(1))


@pytest.fixture(scope="module")
def model():
    return models.build("lite0", seed=1).eval()


def changed(one, other):
    """Names of the weights and statistics in which two networks differ."""
    theirs = other.state_dict()
    return {
        name
        for name, value in one.state_dict().items()
        if not torch.equal(value, theirs[name])
    }


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1)
        )

    def forward(self, x):
        return self.body(x.float() / 255)


def test_adabn_estimates_the_targets_statistics(monkeypatch):
    torch.manual_seed(0)
    before = Small()
    monkeypatch.setattr(networks, "TOGETHER", 5)
    after = adapt_batchnorm(before, TARGET)
    with torch.inference_mode():
        x = before.body[0](torch.from_numpy(TARGET).permute(0, 3, 1, 2).float() / 255)
    torch.testing.assert_close(after.body[1].running_mean, x.mean(dim=(0, 2, 3)))
    order = np.random.default_rng(0).permutation(len(x))
    assert not np.array_equal(np.sort(order[:5]), np.arange(5))  # not as they came
    halves = torch.stack([x[half].var(dim=(0, 2, 3)) for half in np.split(order, 2)])
    torch.testing.assert_close(after.body[1].running_var, halves.mean(0))
    assert after.body[1].momentum == before.body[1].momentum
    assert not after.training


def test_adabn_changes_running_statistics_only_and_leaves_the_given_network(model):
    before = {k: v.clone() for k, v in model.state_dict().items()}
    adapted = adapt_batchnorm(model, TARGET)
    names = changed(adapted, model)
    assert names and all(
        name.rsplit(".", 1)[-1]
        in ("running_mean", "running_var", "num_batches_tracked")
        for name in names
    )
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert (
        changed(adapted, adapt_batchnorm(model, TARGET)) == set()
    )  # and what it was before is forgotten
    assert changed(adapted, adapt_batchnorm(adapted, TARGET)) == set()


def test_tent_changes_scales_and_shifts_of_batch_norms_only(model, monkeypatch):
    monkeypatch.setattr(networks, "BATCH", 5)
    norms = {
        name
        for name, module in model.named_modules()
        if "BatchNorm" in type(module).__name__
    }
    before = {k: v.clone() for k, v in model.state_dict().items()}
    adapted, entropies = tent(model, TARGET, steps=2)
    names = changed(adapted, model)
    assert names and {name.rsplit(".", 1)[0] for name in names} <= norms
    assert {name.rsplit(".", 1)[1] for name in names} == {"weight", "bias"}
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert len(entropies) == 4  # two batches, twice
    assert all(p.requires_grad for p in adapted.parameters()) and not adapted.training


def test_tent_lowers_the_entropy_it_is_told_to(model, monkeypatch):
    monkeypatch.setattr(networks, "RATE", 3e-3)
    adapted, entropies = tent(model, TARGET, steps=6)
    assert entropies[-1] < entropies[0]
    nothing, none = tent(model, TARGET, steps=0)
    assert none == [] and changed(nothing, model) == set()


def test_tent_counts_valid_pixels_only(model):
    valid = np.zeros(TARGET.shape[:3], bool)
    unchanged, none = tent(model, TARGET, valid)
    assert none == [] and changed(unchanged, model) == set()
    valid[:, :30] = True
    with torch.inference_mode():
        part = entropy(model(torch.from_numpy(TARGET).permute(0, 3, 1, 2)))[
            :, 0, :30
        ].mean()
    assert tent(model, TARGET, valid)[1][0] == pytest.approx(float(part), rel=1e-4)


def test_the_black_takes_the_views_mean_colour_and_the_view_stays():
    framed = round_view(TARGET.clip(20, 255))
    seen = (framed > 12).any(-1)
    flat = without_black(framed)
    assert np.array_equal(flat[seen], framed[seen])
    for image, before, mask in zip(flat, framed, seen):
        assert (image[~mask] == before[mask].mean(axis=0).round()).all()
    assert np.array_equal(without_black(TARGET), TARGET)
    black = np.zeros((2, 8, 8, 3), np.uint8)
    assert np.array_equal(without_black(black), black)
    valid = np.ones(TARGET.shape[:3], bool)
    valid[:, :9] = False
    mean = TARGET[0, 9:].reshape(-1, 3).mean(axis=0).round()
    assert (without_black(TARGET, valid)[0, :9] == mean).all()


def test_transductive_adabn_takes_its_statistics_from_what_it_predicts(model):
    before = {k: v.clone() for k, v in model.state_dict().items()}
    found = adabn_transductive(model, TARGET)
    expected = training.predict(adapt_batchnorm(model, TARGET), TARGET)
    assert np.array_equal(found, expected)
    assert (adabn_transductive(model, TARGET[:4]) != found[:4]).any()
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_online_tent_adapts_to_each_batch_before_it_predicts_it(model, monkeypatch):
    def found(rate):
        monkeypatch.setattr(networks, "RATE", rate)
        return tent_online(model, TARGET)

    before = {k: v.clone() for k, v in model.state_dict().items()}
    # Without a step it predicts with the batch's own statistics.
    still = found(rate=0)
    network = adapt_batchnorm(model, TARGET)
    plain = training.predict(network, TARGET)
    assert np.abs(still.astype(int) - plain).max() <= 3  # variances by n and by n - 1
    one = found(rate=3e-2)
    assert (one != still).mean() > 0.1  # the first batch has been adapted to already

    def uncertainty(levels):
        p = (levels.astype(float) + 0.5) / 256
        return -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()

    assert uncertainty(found(rate=3e-3)) < uncertainty(still)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_entropy_by_its_formula_and_at_the_ends():
    p = torch.tensor([0.5, 0.1, 0.9])
    expected = -(p * p.log() + (1 - p) * (1 - p).log())
    torch.testing.assert_close(entropy(p.logit()), expected)
    assert torch.equal(entropy(torch.tensor([-200.0, 200.0])), torch.zeros(2))


def test_an_ensemble_of_one_network_thrice_is_the_network(model):
    images = torch.from_numpy(TARGET[:2]).permute(0, 3, 1, 2)
    with torch.inference_mode():
        torch.testing.assert_close(
            Ensemble([model] * 3).eval()(images), model(images), rtol=1e-4, atol=1e-5
        )


def test_an_ensemble_is_the_mean_of_probabilities():
    class Constant(nn.Module):
        def __init__(self, logit):
            super().__init__()
            self.logit = torch.tensor(logit)

        def forward(self, x):
            return self.logit.expand(len(x), 1, 2, 2)

    logits = [-150.0, 0.3, 4.0]
    found = Ensemble([Constant(v) for v in logits])(torch.zeros(1, 3, 2, 2))
    expected = torch.tensor(logits, dtype=torch.float64).sigmoid().mean()
    assert float(found[0, 0, 0, 0].double().sigmoid()) == pytest.approx(
        float(expected), rel=1e-6
    )
    certain = Ensemble([Constant(-150.0), Constant(-140.0)])(torch.zeros(1, 3, 2, 2))
    assert -150 < float(certain[0, 0, 0, 0]) < -140  # finite, between the members


def test_bad_requests(model):
    with pytest.raises(
        CourseError, match="has no batch norm, .* such as encoder lite0"
    ):
        adapt_batchnorm(nn.Conv2d(3, 1, 1), TARGET)
    with pytest.raises(CourseError, match="has no batch norm"):
        tent(nn.Conv2d(3, 1, 1), TARGET)
    with pytest.raises(CourseError, match="There is no target frame to adapt to"):
        adapt_batchnorm(model, TARGET[:0])
    with pytest.raises(CourseError, match="An ensemble needs at least one network"):
        Ensemble([])
