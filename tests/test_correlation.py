"""Rank correlations against SciPy and formulas, their estimands and laws, and what cannot be correlated."""

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
        assert correlation.spearman(x, y) == pytest.approx(
            stats.spearmanr(x, y).statistic, abs=1e-12
        )
        assert correlation.naive_p(x, y) == pytest.approx(
            stats.spearmanr(x, y).pvalue, rel=1e-9
        )
    gone = np.where(generator.random(200) < 0.3, np.nan, x)
    assert correlation.spearman(gone, y) == pytest.approx(
        stats.spearmanr(gone, y, nan_policy="omit").statistic
    )
    assert np.isnan(correlation.spearman(np.ones(5), np.arange(5))) and np.isnan(
        correlation.spearman([], [])
    )


def test_partial_with_one_given_is_the_textbook_formula():
    generator = np.random.default_rng(1)
    for _ in range(50):
        z = generator.integers(0, 8, 40)
        x, y = z + generator.normal(size=(2, 40)) * 3
        xy, xz, yz = (
            stats.spearmanr(*pair).statistic for pair in ((x, y), (x, z), (y, z))
        )
        expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        assert correlation.partial_spearman(x, y, z) == pytest.approx(
            expected, abs=1e-10
        )


def test_partial_with_several_given_is_read_off_the_inverse_of_the_rank_correlations():
    generator = np.random.default_rng(2)
    data = generator.normal(size=(60, 4)) @ generator.normal(size=(4, 4))
    inverse = np.linalg.inv(stats.spearmanr(data).statistic)
    expected = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    given = {"coverage": data[:, 2], "brightness": data[:, 3]}
    assert correlation.partial_spearman(data[:, 0], data[:, 1], given) == pytest.approx(
        expected, abs=1e-10
    )
    # What doesn't vary takes nothing away, and what is given entirely leaves nothing.
    assert correlation.partial_spearman(
        data[:, 0], data[:, 1], np.ones(60)
    ) == pytest.approx(correlation.spearman(data[:, 0], data[:, 1]))
    assert np.isnan(correlation.partial_spearman(data[:, 0], data[:, 1], data[:, 0]))


def test_three_estimands_of_the_same_frames():
    # Between subjects up, within subjects down: Simpson's picture.
    x, y, subjects = frames(between=0.95, within=-0.9, seed=3)
    table = pd.DataFrame({"x": x, "y": y, "subject": subjects})
    pooled = correlation.spearman_pooled(x, y, subjects)
    between = correlation.spearman_between(x, y, subjects)
    within = correlation.spearman_within(x, y, subjects)
    assert pooled.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert between.value == pytest.approx(
        stats.spearmanr(
            *table.groupby("subject")[["x", "y"]].mean().T.to_numpy()
        ).statistic
    )
    assert within.value == pytest.approx(
        np.mean(
            [stats.spearmanr(t.x, t.y).statistic for _, t in table.groupby("subject")]
        )
    )
    assert between.value > 0.5 and within.value < -0.5
    for estimate, words in (
        (pooled, "rank correlation pooled over frames"),
        (between, "rank correlation between subject means"),
        (
            within,
            "mean over subjects of the rank correlation between a subject's frames",
        ),
    ):
        assert estimate.estimand == words
        assert (
            estimate.n_frames,
            estimate.n_subjects,
            estimate.low,
            estimate.high,
        ) == (96, 8, None, None)
    assert pooled.p is None and pooled.note == (
        "No p-value: frames of one subject resemble each other, and a test over frames would take them for "
        "independent."
    )
    given = correlation.spearman_between(x, y, subjects, given={"coverage": x * y})
    assert (
        given.estimand == "rank correlation between subject means, given coverage"
        and given.value != between.value
    )


def test_frames_in_any_order_and_named_alike_give_the_same():
    x, y, subjects = frames(subjects=4, between=0.5, within=0.5, seed=4)
    order, clips = np.tile(np.arange(12), 4), np.tile(np.repeat(["a", "b"], 6), 4)
    shuffled = np.random.default_rng(0).permutation(len(x))
    for one, other in (
        (
            correlation.spearman_pooled(x, y, subjects),
            correlation.spearman_pooled(x[shuffled], y[shuffled], subjects[shuffled]),
        ),
        (
            correlation.spearman_between(x, y, subjects),
            correlation.spearman_between(x[shuffled], y[shuffled], subjects[shuffled]),
        ),
        (
            correlation.spearman_within(x, y, subjects, clips, order, test="signs"),
            correlation.spearman_within(
                x[shuffled],
                y[shuffled],
                subjects[shuffled],
                clips[shuffled],
                order[shuffled],
                test="signs",
            ),
        ),
        (
            correlation.spearman_within(x, y, subjects, clips, order, test="shifts"),
            correlation.spearman_within(
                x[shuffled],
                y[shuffled],
                subjects[shuffled],
                clips[shuffled],
                order[shuffled],
                test="shifts",
            ),
        ),
    ):
        assert (
            one.value == pytest.approx(other.value)
            and one.p == other.p
            and one.n_frames == other.n_frames
        )
    # Which clips a subject's frames come in changes the test, not the value.
    assert (
        correlation.spearman_within(x, y, subjects, clips).value
        == correlation.spearman_within(x, y, subjects).value
    )


def test_doubling_a_subjects_frames_changes_neither_between_nor_within():
    x, y, subjects = frames(seed=5, between=0.4, within=0.4)
    more = np.concatenate([np.arange(96), np.arange(12), np.arange(12)])
    for measure in (correlation.spearman_between, correlation.spearman_within):
        assert measure(x[more], y[more], subjects[more]).value == pytest.approx(
            measure(x, y, subjects).value, abs=1e-12
        )
    pooled = correlation.spearman_pooled(x[more], y[more], subjects[more]).value
    assert abs(pooled - correlation.spearman_pooled(x, y, subjects).value) > 0.01


def test_holm_by_hand_and_without_what_is_no_test():
    corrected = correlation.holm(
        {"a": 0.01, "b": None, "c": 0.04, "d": 0.03, "e": float("nan")}
    )
    assert corrected.index.tolist() == list("abcde")
    np.testing.assert_allclose(corrected, [0.03, np.nan, 0.06, 0.06, np.nan])
    assert (
        correlation.holm([0.5]).tolist() == [0.5]
        and correlation.holm([None, None]).isna().all()
    )


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_statsmodels(seed):
    raw = np.random.default_rng(seed).random(20).round(1) ** 2  # with ties
    wanted = multipletests(raw, method="holm")[1]
    np.testing.assert_allclose(correlation.holm(raw), wanted, atol=1e-12)


def test_auroc_is_sklearns():
    generator = np.random.default_rng(13)
    scores, labels = (
        np.round(generator.normal(size=300), 1),
        generator.random(300) < 0.3,
    )
    assert correlation.auroc(scores, labels) == pytest.approx(
        roc_auc_score(labels, scores), abs=1e-12
    )
    assert np.isnan(correlation.auroc([1.0, 2.0], [True, True])) and np.isnan(
        correlation.auroc([], [])
    )
    assert correlation.auroc([np.nan, 1, 2], [True, False, True]) == 1


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            lambda: correlation.spearman_within([1.0], [1.0], ["a"], test="shuffles"),
            "The test 'shuffles' is unknown; choose shifts or signs.",
        ),
        (
            lambda: correlation.spearman_between([1.0], [1.0, 2.0], ["a"]),
            "Values and subjects do not belong together (x 1, y 2, subjects 1); give one of each per frame.",
        ),
    ],
)
def test_bad_input_is_one_sentence(run, sentence):
    with pytest.raises(CourseError) as error:
        run()
    assert str(error.value) == sentence


def test_holm_takes_two_tests_of_one_name():
    named = pd.Series([0.01, 0.04], index=["edge", "edge"])
    assert correlation.holm(named).tolist() == [0.02, 0.04]
