"""Rank correlations against SciPy and formulas, their estimands and laws, and what cannot be correlated."""

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from random_frames import frames
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from helpers import correlation
from helpers.errors import CourseError


def test_spearman_is_scipys_and_leaves_nan_out():
    generator = np.random.default_rng(0)
    for ties in (False, True):
        x, y = generator.normal(size=(2, 200))
        x, y = (np.round(x), np.round(y)) if ties else (x, y)
        theirs = stats.spearmanr(x, y)
        assert correlation.spearman(x, y) == pytest.approx(theirs.statistic, abs=1e-12)
        assert correlation.naive_p(x, y) == pytest.approx(theirs.pvalue, rel=1e-9)
    gone = np.where(generator.random(200) < 0.3, np.nan, x)
    theirs = stats.spearmanr(gone, y, nan_policy="omit").statistic
    assert correlation.spearman(gone, y) == pytest.approx(theirs)
    assert np.isnan(correlation.spearman(np.ones(5), np.arange(5)))
    assert np.isnan(correlation.spearman([], []))


@pytest.mark.parametrize("n", [1, 2])
def test_partial_is_read_off_the_inverse_of_the_rank_correlations(n):
    generator = np.random.default_rng(n)
    data = generator.normal(size=(60, 2 + n)) @ generator.normal(size=(2 + n, 2 + n))
    inverse = np.linalg.inv(stats.spearmanr(data).statistic)
    expected = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    x, y, *given = data.T
    given = given[0] if n == 1 else dict(enumerate(given))
    found = correlation.partial_spearman(x, y, given)
    assert found == pytest.approx(expected, abs=1e-10)
    # What doesn't vary takes nothing away, and what is given entirely leaves nothing.
    plain = correlation.spearman(x, y)
    assert correlation.partial_spearman(x, y, np.ones(60)) == pytest.approx(plain)
    assert np.isnan(correlation.partial_spearman(x, y, x))


def test_three_estimands_of_the_same_frames():
    # Between subjects up, within subjects down: Simpson's picture.
    x, y, subjects = frames(between=0.95, within=-0.9, seed=3)
    table = pd.DataFrame({"x": x, "y": y}).groupby(subjects)
    pooled = correlation.spearman_pooled(x, y, subjects)
    between = correlation.spearman_between(x, y, subjects)
    within = correlation.spearman_within(x, y, subjects)
    assert pooled.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert between.value == pytest.approx(stats.spearmanr(table.mean()).statistic)
    each = [stats.spearmanr(part).statistic for _, part in table]
    assert within.value == pytest.approx(np.mean(each))
    assert between.value > 0.5 and within.value < -0.5
    for estimate, words in (
        (pooled, "pooled over frames"),
        (between, "between subject means"),
        (within, "mean over subjects .* between a subject's frames"),
    ):
        assert re.search(words, estimate.estimand)
        assert (estimate.n_frames, estimate.n_subjects) == (96, 8)
        assert estimate.low is None and estimate.high is None
    assert pooled.p is None and "would take them for independent" in pooled.note
    given = correlation.spearman_between(x, y, subjects, given={"coverage": x * y})
    assert "given coverage" in given.estimand and given.value != between.value


def test_frames_in_any_order_and_named_alike_give_the_same():
    x, y, subjects = frames(subjects=4, between=0.5, within=0.5, seed=4)
    order, clips = np.tile(np.arange(12), 4), np.tile(np.repeat(["a", "b"], 6), 4)
    shuffled = np.random.default_rng(0).permutation(len(x))
    within = correlation.spearman_within
    for measure, given in (
        (correlation.spearman_pooled, (x, y, subjects)),
        (correlation.spearman_between, (x, y, subjects)),
        (partial(within, test="signs"), (x, y, subjects, clips, order)),
        (partial(within, test="shifts"), (x, y, subjects, clips, order)),
    ):
        one, other = measure(*given), measure(*(part[shuffled] for part in given))
        assert one.value == pytest.approx(other.value)
        assert one.p == other.p and one.n_frames == other.n_frames
    # Which clips a subject's frames come in changes the test, not the value.
    assert within(x, y, subjects, clips).value == within(x, y, subjects).value


def test_doubling_a_subjects_frames_changes_neither_between_nor_within():
    x, y, subjects = frames(seed=5, between=0.4, within=0.4)
    more = np.concatenate([np.arange(96), np.arange(12), np.arange(12)])
    pooled, between, within = (
        measure(x[more], y[more], subjects[more]).value - measure(x, y, subjects).value
        for measure in (
            correlation.spearman_pooled,
            correlation.spearman_between,
            correlation.spearman_within,
        )
    )
    assert abs(pooled) > 0.01 and max(abs(between), abs(within)) < 1e-12


def test_holm_is_statsmodels_and_leaves_out_what_is_no_test():
    raw = np.random.default_rng(0).random(20).round(1) ** 2  # with ties
    wanted = multipletests(raw, method="holm")[1]
    np.testing.assert_allclose(correlation.holm(raw), wanted, atol=1e-12)
    corrected = correlation.holm(
        {"a": 0.01, "b": None, "c": 0.04, "d": 0.03, "e": float("nan")}
    )
    assert corrected.index.tolist() == list("abcde")
    np.testing.assert_allclose(corrected, [0.03, np.nan, 0.06, 0.06, np.nan])
    assert correlation.holm([None, None]).isna().all()
    named = pd.Series([0.01, 0.04], index=["edge", "edge"])
    assert correlation.holm(named).tolist() == [0.02, 0.04]


def test_auroc_is_sklearns():
    generator = np.random.default_rng(13)
    scores, labels = generator.normal(size=300).round(1), generator.random(300) < 0.3
    theirs = roc_auc_score(labels, scores)
    assert correlation.auroc(scores, labels) == pytest.approx(theirs, abs=1e-12)
    assert np.isnan(correlation.auroc([1.0, 2.0], [True, True]))
    assert np.isnan(correlation.auroc([], []))
    assert correlation.auroc([np.nan, 1, 2], [True, False, True]) == 1


def test_bad_input_is_one_sentence():
    with pytest.raises(CourseError, match="'shuffles' .* choose shifts or signs"):
        correlation.spearman_within([1.0], [1.0], ["a"], test="shuffles")
    with pytest.raises(CourseError, match=r"\(x 1, y 2, subjects 1\); give one of"):
        correlation.spearman_between([1.0], [1.0, 2.0], ["a"])
