"""Rank correlations against SciPy and formulas, their estimands and laws; p-values as
shares of all rearrangements, their size under true nulls, and where there can be none."""

import itertools
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from helpers import correlation
from helpers.errors import CourseError


def frames(subjects=8, each=12, seed=0, between=0.0, within=0.0):
    """x, y and subject of frames whose subjects' levels, and frames about them, go together as said."""
    generator = np.random.default_rng(seed)
    level = generator.normal(size=(2, subjects, 1))
    level[1] = between * level[0] + np.sqrt(1 - between**2) * level[1]
    noise = generator.normal(size=(2, subjects, each))
    noise[1] = within * noise[0] + np.sqrt(1 - within**2) * noise[1]
    x, y = (3 * level + noise).reshape(2, -1)
    return x, y, np.repeat([f"pig{i}" for i in range(subjects)], each)


def course_of_time(generator, clips, each, memory):
    """Clips of an autoregressive series."""
    series = generator.normal(size=(clips, each + 60))
    for i in range(1, series.shape[1]):
        series[:, i] += memory * series[:, i - 1]
    return series[:, 60:].ravel()


def test_spearman_is_scipys_and_leaves_nan_out():
    generator = np.random.default_rng(0)
    for ties in (False, True):
        x, y = generator.normal(size=(2, 200))
        x, y = (np.round(x), np.round(y)) if ties else (x, y)
        theirs = stats.spearmanr(x, y)
        assert correlation.spearman(x, y) == pytest.approx(theirs.statistic, abs=1e-12)
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
    found = correlation.spearman(x, y, dict(enumerate(given)))
    assert found == pytest.approx(expected, abs=1e-10)
    # What doesn't vary takes nothing away, and what is given entirely leaves nothing.
    plain = correlation.spearman(x, y)
    assert correlation.spearman(x, y, {"ones": np.ones(60)}) == pytest.approx(plain)
    assert np.isnan(correlation.spearman(x, y, {"x": x}))


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
    given = correlation.spearman_within(x, y, subjects, given={"coverage": x * y})
    assert "given coverage" in given.estimand and given.value != within.value


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
    corrected = correlation.holm([0.01, None, 0.04, 0.03, float("nan")])
    np.testing.assert_allclose(corrected, [0.03, np.nan, 0.06, 0.06, np.nan])
    assert np.isnan(correlation.holm([None, None])).all()


def test_auroc_is_a_chance_and_undefined_where_a_kind_is_missing():
    assert np.isnan(correlation.auroc([1.0, 2.0], [True, True]))
    assert np.isnan(correlation.auroc([], []))
    assert correlation.auroc([np.nan, 1, 2], [True, False, True]) == 1
    assert correlation.auroc([1, 1, 0, 1], [True, False, False, True]) == 0.75


def test_bad_input_is_one_sentence():
    with pytest.raises(CourseError, match="'shuffles' .* choose shifts or signs"):
        correlation.spearman_within([1.0], [1.0], ["a"], test="shuffles")
    with pytest.raises(CourseError, match=r"\(x 1, y 2, subjects 1\); give one of"):
        correlation.spearman_between([1.0], [1.0, 2.0], ["a"])


def test_between_p_is_the_share_of_all_orders():
    x, y, subjects = frames(subjects=6, seed=6, between=0.8)
    means = pd.DataFrame({"x": x, "y": y}).groupby(subjects).mean()
    found = correlation.spearman_between(x, y, subjects)
    every = [
        stats.spearmanr(means["x"], list(order)).statistic
        for order in itertools.permutations(means["y"])
    ]
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(found.value) - 1e-9))
    assert "permuting 6 subjects" in found.note


def test_within_p_is_the_share_of_all_shifts():
    x, y, subjects = frames(subjects=2, each=10, seed=7, within=0.6)
    clips = np.tile(np.repeat([0, 1], 5), 2)
    found = correlation.spearman_within(x, y, subjects, clips)
    every = []
    for steps in itertools.product(range(5), repeat=4):
        moved = np.concatenate([*map(np.roll, np.split(y, 4), steps)])
        pigs = zip(np.split(x, 2), np.split(moved, 2))
        every.append(np.mean([stats.spearmanr(*pig).statistic for pig in pigs]))
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(found.value) - 1e-9))
    assert "shifting the frames within 4 clips" in found.note
    # Too many shifts to try them all: a sample comes close.
    sampled = correlation.spearman_within(x, y, subjects, clips, draws=600)
    assert sampled.p == pytest.approx(found.p, abs=0.06) and sampled.p != found.p


@pytest.mark.parametrize(
    ("test", "given", "note"),
    [
        ("between", {"subjects": 4}, "permuting 4 subjects .* below 0.083"),
        ("between", {"subjects": 1}, "nothing to rearrange by permuting 1 subject"),
        ("signs", {"subjects": 5}, "sign of 5 subjects .* below 0.062"),
        ("within", {"subjects": 1, "each": 8}, "within 1 clip .* below 0.25"),
        ("within", {"subjects": 3, "each": 4}, "nothing .* the sign of 0 subjects"),
    ],
)
def test_where_nothing_could_be_significant_the_note_says_so(test, given, note):
    tests = {
        "between": correlation.spearman_between,
        "within": correlation.spearman_within,
        "signs": partial(correlation.spearman_within, test="signs"),
    }
    found = tests[test](*frames(**given))
    assert found.p is None and re.match(f"No p-value: .*{note}", found.note)


def test_five_subjects_are_enough_to_permute():
    x = np.arange(5.0)
    found = correlation.spearman_between(x, 2 * x, list("abcde"))
    assert found.p == pytest.approx(2 / 120)


def test_many_subjects_are_sampled_the_same_way_each_time():
    x, y, subjects = frames(subjects=17, seed=9, between=0.5)
    first, again = (correlation.spearman_between(x, y, subjects) for _ in range(2))
    means = pd.DataFrame({"x": x, "y": y}).groupby(subjects).mean()
    assert first == again
    assert first.p == pytest.approx(stats.spearmanr(means).pvalue, abs=0.02)


def rejections(test, make, repetitions=400):
    """Share of true nulls at which the test finds something, and that of the naive one."""
    generator = np.random.default_rng(10)
    found = [
        (test(*parts).p, stats.spearmanr(*parts[:2]).pvalue)
        for parts in (make(generator) for _ in range(repetitions))
    ]
    return (np.array(found) <= 0.05).mean(axis=0)


def test_between_keeps_its_size_where_frames_find_something_half_the_time():
    share, naive = rejections(
        correlation.spearman_between,
        lambda generator: frames(seed=generator.integers(1e9), each=20),
    )
    assert 0.02 <= share <= 0.08 and naive > 0.4


@pytest.mark.parametrize(("subjects", "memory"), [(2, 0.0), (2, 0.8), (8, 0.8)])
def test_within_keeps_its_size_where_frames_follow_one_another(subjects, memory):
    def make(generator):
        return (
            *(course_of_time(generator, subjects, 40, memory) for _ in "xy"),
            np.repeat(np.arange(subjects), 40),
        )

    share, naive = rejections(
        lambda *parts: correlation.spearman_within(*parts, draws=199), make
    )
    assert 0.015 <= share <= 0.09
    assert naive > 0.25 or memory == 0


def test_unrelated_drifts_need_the_frame_number_given_or_six_subjects():
    def make(subjects):
        def trends(generator):
            slopes = generator.choice([-0.2, 0.2], (2, subjects, 1))
            x, y = (
                slopes * np.arange(40) + generator.normal(size=(2, subjects, 40))
            ).reshape(2, -1)
            return x, y, np.repeat(np.arange(subjects), 40)

        return trends

    def given(x, y, subjects):
        number = {"frame number": np.tile(np.arange(40), len(set(subjects)))}
        return correlation.spearman_within(x, y, subjects, given=number, draws=199)

    shifted, _ = rejections(
        lambda *parts: correlation.spearman_within(*parts, draws=199), make(1), 100
    )
    mended, _ = rejections(given, make(1), 200)
    flipped, _ = rejections(correlation.spearman_within, make(8), 200)
    assert shifted > 0.9 and mended < 0.12 and flipped < 0.09


def test_an_effect_is_found():
    apart, inside = frames(10, between=0.95, seed=11), frames(2, 40, 12, within=0.7)
    assert correlation.spearman_between(*apart).p < 0.01
    assert correlation.spearman_within(*inside).p < 0.01
