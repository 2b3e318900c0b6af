"""Rank correlations against SciPy and formulas, their estimands and laws; p-values as
shares of all rearrangements, their size under true nulls, and where there can be none."""

import itertools
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from lessons_by_hand import lifted
from scipy import stats
from statsmodels.stats.multitest import multipletests

from helpers import correlation

within = correlation.spearman_within


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


def of_lesson(x, y, subjects, seed=0):
    """Lesson 04's own functions, on some frames."""
    table = pd.DataFrame({"x": x, "y": y, "subject": subjects})
    names = "pearson", "spearman", "three_ways", "p_between", "partial"
    known = {"table": table, "pd": pd, "rankdata": stats.rankdata, "seed": seed}
    return lifted("04", *names, **known)


def p_between(*parts):
    return of_lesson(*parts)["p_between"]("x", "y", 999)


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
    assert correlation.spearman(x, y, *given) == pytest.approx(expected, abs=1e-10)
    lesson = of_lesson(x, y, np.zeros(60))["partial"]
    assert lesson(x, y, given) == pytest.approx(expected, abs=1e-10)
    # What doesn't vary takes nothing away, and what is given entirely leaves nothing.
    plain = correlation.spearman(x, y)
    assert correlation.spearman(x, y, np.ones(60)) == pytest.approx(plain)
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(correlation.spearman(x, y, x)) and np.isnan(lesson(x, y, [x]))


def test_three_estimands_of_the_same_frames():
    # Between subjects up, within subjects down: Simpson's picture.
    x, y, subjects = frames(between=0.95, within=-0.9, seed=3)
    table = pd.DataFrame({"x": x, "y": y}).groupby(subjects)
    ways = of_lesson(x, y, subjects)["three_ways"]("x", "y")
    assert ways["pooled"] == pytest.approx(stats.spearmanr(x, y).statistic)
    apart = stats.spearmanr(table.mean()).statistic
    assert ways["between subjects"] == pytest.approx(apart)
    inside = np.mean([stats.spearmanr(part).statistic for _, part in table])
    found = within(x, y, subjects)
    assert found.value == pytest.approx(inside) == ways["within subjects"]
    assert apart > 0.5 and inside < -0.5
    assert re.search("mean over subjects .* between a subject's", found.estimand)
    assert (found.n_frames, found.n_subjects, found.low) == (96, 8, None)


@pytest.mark.parametrize("many", [4, 7])
def test_frames_in_any_order_and_named_alike_give_the_same(many):
    x, y, subjects = frames(subjects=many, between=0.5, within=0.5, seed=4)
    order, clips = np.tile(np.arange(12), many), np.tile(np.repeat([0, 1], 6), many)
    given = x, y, subjects, clips, order
    shuffled = np.random.default_rng(0).permutation(len(x))
    one, other = within(*given), within(*(part[shuffled] for part in given))
    assert one.value == pytest.approx(other.value)
    assert one.p == other.p and one.n_frames == other.n_frames
    # Which clips a subject's frames come in changes the test, not the value.
    assert within(x, y, subjects, clips).value == within(x, y, subjects).value
    # Nor does a subject whose frames come twice.
    more = np.concatenate([np.arange(len(x)), np.arange(12)])
    twice = within(x[more], y[more], subjects[more])
    assert twice.value == pytest.approx(within(x, y, subjects).value)


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


def test_the_lessons_p_between_is_near_the_share_of_all_orders():
    x, y, subjects = frames(subjects=6, seed=6, between=0.8)
    means = pd.DataFrame({"x": x, "y": y}).groupby(subjects).mean()
    seen = stats.spearmanr(means).statistic
    every = [
        stats.spearmanr(means["x"], list(order)).statistic
        for order in itertools.permutations(means["y"])
    ]
    exact = np.mean(np.abs(every) >= abs(seen) - 1e-9)
    lesson = of_lesson(x, y, subjects)
    assert lesson["p_between"]("x", "y", 20_000) == pytest.approx(exact, abs=0.01)
    assert lesson["p_between"]("x", "y") == lesson["p_between"]("x", "y")
    # Of four subjects no order can give 0.05, and what is constant has no order.
    assert np.isnan(p_between(*frames(subjects=4)))
    assert np.isnan(p_between(np.ones(60), *frames(subjects=5)[1:]))
    assert p_between(np.arange(5.0), np.arange(5.0), list("abcde")) < 0.05


def test_within_p_is_the_share_of_all_shifts():
    x, y, subjects = frames(subjects=2, each=10, seed=7, within=0.6)
    clips = np.tile(np.repeat([0, 1], 5), 2)
    found = within(x, y, subjects, clips)
    every = []
    for steps in itertools.product(range(5), repeat=4):
        moved = np.concatenate([*map(np.roll, np.split(y, 4), steps)])
        pigs = zip(np.split(x, 2), np.split(moved, 2))
        every.append(np.mean([stats.spearmanr(*pig).statistic for pig in pigs]))
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(found.value) - 1e-9))
    assert "shifting the frames within 4 clips" in found.note
    # Too many shifts to try them all: a sample comes close.
    sampled = within(x, y, subjects, clips, draws=600)
    assert sampled.p == pytest.approx(found.p, abs=0.06) and sampled.p != found.p


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"subjects": 1, "each": 8}, "within 1 clip .* below 0.25"),
        ({"subjects": 3, "each": 4}, "nothing .* the sign of 0 subjects"),
    ],
)
def test_where_nothing_could_be_significant_the_note_says_so(given, note):
    found = within(*frames(**given))
    assert found.p is None and re.match(f"No p-value: .*{note}", found.note)


def rejections(test, make, repetitions=400):
    """Share of true nulls at which the test finds something, and that of the naive one."""
    generator = np.random.default_rng(10)
    found = [
        (test(*parts), stats.spearmanr(*parts[:2]).pvalue)
        for parts in (make(generator) for _ in range(repetitions))
    ]
    return (np.array(found) <= 0.05).mean(axis=0)


def test_between_keeps_its_size_where_frames_find_something_half_the_time():
    share, naive = rejections(
        p_between,
        lambda generator: frames(seed=generator.integers(1e9), each=20),
    )
    assert 0.02 <= share <= 0.08 and naive > 0.4


def p_within(*parts):
    return within(*parts, draws=199).p


@pytest.mark.parametrize(("subjects", "memory"), [(2, 0.0), (2, 0.8), (8, 0.8)])
def test_within_keeps_its_size_where_frames_follow_one_another(subjects, memory):
    def make(generator):
        return (
            *(course_of_time(generator, subjects, 40, memory) for _ in "xy"),
            np.repeat(np.arange(subjects), 40),
        )

    share, naive = rejections(p_within, make)
    assert 0.015 <= share <= 0.09
    assert naive > 0.25 or memory == 0


def test_unrelated_drifts_need_six_subjects():
    def trends(subjects, generator):
        slopes = generator.choice([-0.2, 0.2], (2, subjects, 1))
        noise = generator.normal(size=(2, subjects, 40))
        x, y = (slopes * np.arange(40) + noise).reshape(2, -1)
        return x, y, np.repeat(np.arange(subjects), 40)

    shifted, _ = rejections(p_within, partial(trends, 1), 100)
    flipped, _ = rejections(p_within, partial(trends, 8), 200)
    assert shifted > 0.9 and flipped < 0.09  # as its docstring warns


def test_an_effect_is_found():
    apart, inside = frames(10, between=0.95, seed=11), frames(2, 40, 12, within=0.7)
    assert p_between(*apart) < 0.01 and within(*inside).p < 0.01
