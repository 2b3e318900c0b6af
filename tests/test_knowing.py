"""Calibration, uncertainty and the likeness of maps, against brute force."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from helpers import calibration, explanation, uncertainty


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_is_its_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    chance = random.uniform(0.001, 0.999, 300)
    blood = random.uniform(size=300) < chance**2
    total = 0.0
    for low in range(10):
        held = [i for i in range(300) if low <= 10 * chance[i] < low + 1]
        if held:
            total += abs(sum(chance[i] for i in held) - sum(blood[i] for i in held))
    assert calibration.ece(chance, blood) == pytest.approx(total / 300, abs=1e-12)
    best = calibration.temperature(chance, blood)
    cooled = calibration.cooled(chance, best)
    assert calibration.nll(cooled, blood) < calibration.nll(chance, blood)


@pytest.mark.parametrize("seed", range(5))
def test_area_under_risk_coverage_is_its_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    score, risk = random.permutation(40).astype(float), random.uniform(size=40)
    order = sorted(range(40), key=lambda i: score[i])
    brute = np.mean([np.mean([risk[i] for i in order[:k]]) for k in range(1, 41)])
    assert uncertainty.aurc(score, risk) == pytest.approx(brute, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_mean_share_below_is_sklearns_auroc(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.integers(3, 12, 50), random.integers(0, 9, 30)
    labels = [1] * 50 + [0] * 30
    expected = roc_auc_score(labels, [*one, *other])
    assert uncertainty.above(one, other).mean() == pytest.approx(expected, abs=1e-9)


def test_likeness_of_maps() -> None:
    one = np.random.default_rng(0).uniform(size=(8, 9))
    where = np.ones(one.shape, bool)
    assert explanation.similarity(one, one**3, where) == pytest.approx(1)
    assert explanation.similarity(one, -one, where) == pytest.approx(-1)
    assert np.isnan(explanation.similarity(one, 0 * one, where))
