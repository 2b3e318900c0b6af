"""Remedies on networks: AdaBN changes statistics only, TENT scales and shifts only, an
ensemble gives the mean of probabilities."""

import numpy as np
import pytest
import torch
from drawn_tissue import CHANGED, round_view, tissue
from torch import nn

from helpers import models, training
from helpers.errors import CourseError
from helpers.remedies import networks
from helpers.remedies.networks import (
    Ensemble,
    adabn_transductive,
    adapt_batchnorm,
    entropy,
    tent,
    tent_online,
    without_black,
)

TARGET = CHANGED["exposure"](tissue(1))


@pytest.fixture(scope="module")
def model():
    return models.build("lite0", seed=1).eval()


def state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def changed(one, other):
    """Names of the weights and statistics in which two networks, or their states,
    differ."""
    ours, theirs = (
        state(each) if isinstance(each, nn.Module) else each for each in (one, other)
    )
    return {n for n, value in ours.items() if not torch.equal(value, theirs[n])}


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1)
        )

    def forward(self, x):
        return self.body(x)


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
    assert not after.training


def test_adabn_changes_running_statistics_only_and_leaves_the_given_network(model):
    before = state(model)
    adapted = adapt_batchnorm(model, TARGET)
    names = changed(adapted, model)
    statistics = {"running_mean", "running_var", "num_batches_tracked"}
    assert names and {name.rsplit(".", 1)[1] for name in names} <= statistics
    assert not changed(model, before)
    # And what it was before is forgotten.
    assert not changed(adapted, adapt_batchnorm(adapted, TARGET))


def test_tent_changes_scales_and_shifts_of_batch_norms_only(model):
    norms = {
        name
        for name, module in model.named_modules()
        if "BatchNorm" in type(module).__name__
    }
    before = state(model)
    adapted = tent(model, TARGET)
    names = changed(adapted, model)
    assert names and {name.rsplit(".", 1)[0] for name in names} <= norms
    assert {name.rsplit(".", 1)[1] for name in names} == {"weight", "bias"}
    assert not changed(model, before)
    assert all(p.requires_grad for p in adapted.parameters()) and not adapted.training


def uncertainty(network, rows=slice(None)):
    with torch.inference_mode():
        logits = network(torch.from_numpy(TARGET).permute(0, 3, 1, 2))
    return float(entropy(logits)[:, 0, rows].mean())


def test_tent_lowers_the_entropy_of_the_pixels_that_count(model, monkeypatch):
    monkeypatch.setattr(networks, "RATE", 3e-3)
    seen = np.zeros(TARGET.shape[:3], bool)
    assert changed(tent(model, TARGET, seen), model) == set()
    seen[:, :30] = True
    top, whole = tent(model, TARGET, seen), tent(model, TARGET)
    upper = slice(30)
    assert uncertainty(top, upper) < uncertainty(model, upper)
    assert uncertainty(whole) < uncertainty(model)
    assert uncertainty(top, upper) < uncertainty(whole, upper)


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
    before = state(model)
    found = adabn_transductive(model, TARGET)
    expected = training.predict(adapt_batchnorm(model, TARGET), TARGET)
    assert np.array_equal(found, expected)
    assert (adabn_transductive(model, TARGET[:4]) != found[:4]).any()
    assert not changed(model, before)


def test_online_tent_adapts_to_each_batch_before_it_predicts_it(model, monkeypatch):
    def found(rate):
        monkeypatch.setattr(networks, "RATE", rate)
        return tent_online(model, TARGET)

    before = state(model)
    # Without a step it predicts with the batch's own statistics.
    still = found(rate=0)
    network = adapt_batchnorm(model, TARGET)
    plain = training.predict(network, TARGET)
    assert np.abs(still.astype(int) - plain).max() <= 3  # variances by n and by n - 1
    one = found(rate=3e-2)
    assert (one != still).mean() > 0.1  # the first batch has been adapted to already

    def surety(levels):
        return np.abs(levels.astype(float) - 127.5).mean()

    assert surety(found(rate=3e-3)) > surety(still)
    assert not changed(model, before)


def test_entropy_by_its_formula_and_at_the_ends():
    p = torch.tensor([0.5, 0.1, 0.9])
    expected = -(p * p.log() + (1 - p) * (1 - p).log())
    torch.testing.assert_close(entropy(p.logit()), expected)
    assert torch.equal(entropy(torch.tensor([-200.0, 200.0])), torch.zeros(2))


def test_an_ensemble_is_the_mean_of_probabilities():
    def ensemble(*logits):
        members = [nn.Conv2d(3, 1, 1) for _ in logits]
        for member, logit in zip(members, logits):
            nn.init.zeros_(member.weight)
            nn.init.constant_(member.bias, logit)
        return Ensemble(members)(torch.zeros(1, 3, 2, 2))[0, 0, 0, 0].item()

    logits = -150.0, 0.3, 4.0
    expected = 1 / (1 + np.exp(-np.array(logits)))
    found = 1 / (1 + np.exp(-ensemble(*logits)))
    assert found == pytest.approx(expected.mean(), rel=1e-6)
    assert -150 < ensemble(-150.0, -140.0) < -140  # finite, between the members


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (
            lambda: adapt_batchnorm(nn.Conv2d(3, 1, 1), TARGET),
            "no batch norm, .* lite0",
        ),
        (lambda: tent(nn.Conv2d(3, 1, 1), TARGET), "has no batch norm"),
        (lambda: adapt_batchnorm(Small(), TARGET[:0]), "no target frame to adapt to"),
    ],
)
def test_bad_requests(run, said):
    with pytest.raises(CourseError, match=said):
        run()
