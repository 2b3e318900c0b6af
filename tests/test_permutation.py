"""p-values as shares of all rearrangements, their size under true nulls, and where there can be none."""

import itertools
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from random_frames import course_of_time, frames
from scipy import stats

from helpers import correlation, permutation


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


def test_five_subjects_are_enough_to_permute_and_six_to_flip():
    x = np.arange(5.0)
    found = correlation.spearman_between(x, 2 * x, list("abcde"))
    assert found.p == pytest.approx(2 / 120)
    p, note = permutation.sign_flip_test(np.full(6, 0.1))
    assert p == 2 / 64 and "the sign of 6 subjects" in note


@pytest.mark.parametrize(
    ("means", "within"),
    [
        (np.random.default_rng(8).normal(0.4, 1, 9), 1e-12),
        (np.r_[np.full(15, 1.0), -5], 0.01),  # too many to try them all
    ],
)
def test_sign_flips_equal_scipys_permutation_test_in_any_unit(means, within):
    theirs = stats.permutation_test(
        (means,), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    found = permutation.sign_flip_test(means)
    assert found[0] == pytest.approx(theirs, abs=within)
    assert permutation.sign_flip_test(means / 1e10) == found


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
        (test(*parts).p, correlation.naive_p(*parts[:2]))
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
