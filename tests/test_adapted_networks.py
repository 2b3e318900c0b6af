"""Remedies on networks: AdaBN changes statistics only, and counts what is visible; TENT
changes scales and shifts only; an ensemble gives the mean of probabilities."""

import copy

import numpy as np
import pytest
import torch
from drawn_tissue import CHANGED, round_view, tissue
from torch import nn

from helpers import CourseError, models, remedies, training
from helpers.frames import visible
from helpers.remedies import methods
from helpers.remedies.methods import Ensemble, adabn, entropy, tent, tent_online

TARGET = CHANGED["exposure"](tissue(1))
ALL = np.ones(TARGET.shape[:3], bool)


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
    monkeypatch.setattr(methods, "TOGETHER", 5)
    after = adabn(before, TARGET, ALL)
    with torch.inference_mode():
        x = before.body[0](torch.from_numpy(TARGET).permute(0, 3, 1, 2).float() / 255)
    torch.testing.assert_close(after.body[1].running_mean, x.mean(dim=(0, 2, 3)))
    order = np.random.default_rng(0).permutation(len(x))
    assert not np.array_equal(np.sort(order[:5]), np.arange(5))  # not as they came
    halves = [x[half].var(dim=(0, 2, 3), correction=0) for half in np.split(order, 2)]
    torch.testing.assert_close(after.body[1].running_var, torch.stack(halves).mean(0))
    assert not after.training


def test_where_all_is_visible_adabn_is_torchs_own_estimate_of_every_layer(model):
    theirs = copy.deepcopy(model)
    for norm in methods.norms(theirs):
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    with torch.no_grad():
        theirs(training.as_tensor(TARGET))  # a single batch
    for ours, one in zip(*map(methods.norms, (adabn(model, TARGET, ALL), theirs))):
        torch.testing.assert_close(
            ours.running_mean, one.running_mean, rtol=1e-3, atol=1e-3
        )
        torch.testing.assert_close(  # theirs is over n - 1
            ours.running_var, one.running_var, rtol=0.02, atol=1e-3
        )


def test_adabn_counts_what_is_visible_and_not_what_stands_in_the_black():
    torch.manual_seed(0)
    one = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 1, 1))
    framed = round_view(TARGET.clip(20, 255))
    seen = np.stack([*map(visible, framed, ALL)])
    assert 0.2 < seen.mean() < 0.9
    pixels = torch.from_numpy(framed[seen]).double() / 255
    norm = adabn(one, framed, seen)[0]
    torch.testing.assert_close(norm.running_mean.double(), pixels.mean(0))
    variance = pixels.var(0, correction=0)
    torch.testing.assert_close(norm.running_var.double(), variance, rtol=1e-3, atol=0)
    grey = np.where(seen[..., None], framed, np.uint8(200))
    assert not changed(adabn(one, grey, seen), adabn(one, framed, seen))
    black = np.concatenate([framed, 0 * framed[:3]])  # frames that show nothing
    none = np.concatenate([seen, seen[:3] & False])
    assert not changed(adabn(one, black, none), adabn(one, framed, seen))


def test_adabn_changes_running_statistics_only_and_leaves_the_given_network(model):
    before = state(model)
    adapted = adabn(model, TARGET, ALL)
    names = changed(adapted, model)
    assert names
    assert {name.rsplit(".", 1)[1] for name in names} == {"running_mean", "running_var"}
    assert not changed(model, before)
    # And what it was before is forgotten.
    assert not changed(adapted, adabn(adapted, TARGET, ALL))


def test_tent_changes_scales_and_shifts_of_batch_norms_only(model):
    norms = {
        name
        for name, module in model.named_modules()
        if "BatchNorm" in type(module).__name__
    }
    before = state(model)
    (first, _), (second, _) = tent(model, TARGET, ALL, passes=2)
    for adapted in (first, second):
        names = changed(adapted, model)
        assert names and {name.rsplit(".", 1)[0] for name in names} <= norms
        assert {name.rsplit(".", 1)[1] for name in names} == {"weight", "bias"}
        assert all(p.requires_grad for p in adapted.parameters())
        assert not adapted.training
    assert changed(first, second) and not changed(model, before)
    [(alone, _)] = tent(model, TARGET, ALL)
    assert not changed(alone, first)


def uncertainty(network, rows=slice(None)):
    with torch.inference_mode():
        logits = network(torch.from_numpy(TARGET).permute(0, 3, 1, 2))
    return float(entropy(logits)[:, 0, rows].mean())


def test_tent_lowers_the_entropy_of_the_pixels_that_count(model, monkeypatch):
    monkeypatch.setattr(methods, "RATE", 3e-3)
    seen = np.zeros(TARGET.shape[:3], bool)
    seen[:, :30] = True
    [(top, _)], [(whole, said)] = tent(model, TARGET, seen), tent(model, TARGET, ALL)
    upper = slice(30)
    assert uncertainty(top, upper) < uncertainty(model, upper)
    assert uncertainty(whole) < uncertainty(model)
    assert uncertainty(top, upper) < uncertainty(whole, upper)
    *_, (_, last) = tent(model, TARGET, ALL, passes=4)
    assert last < said


def test_transductive_adabn_takes_its_statistics_from_what_it_predicts(model):
    before = state(model)
    run = remedies.training.Run(model, training.History(), "")
    remedied = remedies.adabn_transductive(remedies.Setting(None, None, run, ""))
    found = remedied.model(TARGET, ALL)
    expected = training.predict(adabn(model, TARGET, ALL), TARGET)
    assert np.array_equal(found, expected)
    assert (remedied.model(TARGET[:4], ALL[:4]) != found[:4]).any()
    assert not changed(model, before)


def test_online_tent_adapts_to_each_batch_before_it_predicts_it(model, monkeypatch):
    def found(rate):
        monkeypatch.setattr(methods, "RATE", rate)
        return tent_online(model, TARGET, ALL)

    before = state(model)
    # Without a step it predicts with the batch's own statistics.
    still = found(rate=0)
    plain = training.predict(adabn(model, TARGET, ALL), TARGET)
    assert np.abs(still.astype(int) - plain).max() <= 1
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
        (lambda: adabn(nn.Conv2d(3, 1, 1), TARGET, ALL), "no batch norm, .* lite0"),
        (lambda: next(tent(nn.Conv2d(3, 1, 1), TARGET, ALL)), "has no batch norm"),
        (lambda: adabn(Small(), TARGET[:0], ALL[:0]), "no target frame to adapt to"),
        (lambda: adabn(Small(), TARGET, ALL & False), "no target frame to adapt to"),
    ],
)
def test_bad_requests(run, said):
    with pytest.raises(CourseError, match=said):
        run()
