"""Means over subjects, their laws, and the interval: only where the recorded benchmark
allows one."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import statistics
from helpers.errors import CourseError
from helpers.statistics import Estimate

ONE_BY_ONE = "see the subjects one by one."


def frames(subjects, each=10, seed=0, spread=0.03):
    """Values near 0.8 of some subjects' frames."""
    generator = np.random.default_rng(seed)
    values = np.clip(
        0.8
        + spread * generator.normal(size=(subjects, 1))
        + 0.05 * generator.normal(size=(subjects, each)),
        0,
        1,
    )
    return values.ravel(), np.repeat([f"video{i:02d}" for i in range(subjects)], each)


def test_mean_over_subjects_by_hand():
    values, subjects = [0.2, 0.4, np.nan, 1.0, np.nan], ["a", "a", "a", "b", "c"]
    found = statistics.mean_over_subjects(values, subjects)
    assert found.value == pytest.approx((0.3 + 1.0) / 2) and (
        found.n_frames,
        found.n_subjects,
    ) == (3, 2)
    assert statistics.subject_means(values, subjects).to_dict() == pytest.approx(
        {"a": 0.3, "b": 1.0}
    )
    assert statistics.median_over_subjects([0, 0, 1, 0.5], list("abcd")).value == 0.25
    assert found.estimand == "mean over subjects of the mean over frames"
    assert (
        statistics.mean_over_subjects(values, subjects, estimand="mine").estimand
        == "mine"
    )


def test_a_table_of_counts_goes_straight_in():
    table = pd.DataFrame({"dice": [0.5, 0.7], "subject": ["a", "b"]}, index=[7, 7])
    assert statistics.mean_over_subjects(
        table["dice"], table["subject"]
    ).value == pytest.approx(0.6)


@pytest.mark.parametrize(
    "estimate", [statistics.mean_over_subjects, statistics.median_over_subjects]
)
def test_frames_in_any_order_and_a_subject_doubled_give_the_same(estimate):
    values, subjects = frames(12)
    first = estimate(values, subjects)
    shuffled = np.random.default_rng(1).permutation(len(values))
    other = estimate(values[shuffled], subjects[shuffled])
    more = np.concatenate([np.arange(120), np.arange(10), np.arange(10)])
    doubled = estimate(values[more], subjects[more])
    assert doubled.n_frames == 140 and doubled.n_subjects == 12
    for name in ("value", "low", "high"):
        for again in (other, doubled):
            assert getattr(again, name) == pytest.approx(
                getattr(first, name), abs=1e-12
            )
    # Nor does it matter which subject is which.
    reversed_names = estimate(
        values, np.repeat([f"s{i:02d}" for i in range(12)][::-1], 10)
    )
    assert (reversed_names.low, reversed_names.high) == pytest.approx(
        (first.low, first.high), abs=1e-12
    )


def test_an_interval_says_what_it_is_for():
    mean, median = (
        estimate(*frames(17))
        for estimate in (statistics.mean_over_subjects, statistics.median_over_subjects)
    )
    assert mean.low < mean.value < mean.high and mean.high - mean.low <= 0.3
    assert mean.note == (
        "90 % interval for the mean over subjects like these 17, for this trained "
        "model and no other."
    )
    assert median.note.startswith(
        "90 % interval for the median over subjects like these 17, for this trained "
        "model"
    )
    assert median.low <= median.value <= median.high


@pytest.mark.parametrize(
    ("estimate", "given", "note"),
    [
        (
            statistics.mean_over_subjects,
            frames(9),
            "No interval: 9 subjects, and with fewer than 10 none that was tried for "
            "the "
            f"mean both covers 90 % and says something; {ONE_BY_ONE}",
        ),
        (
            statistics.median_over_subjects,
            frames(4),
            "No interval: 4 subjects, and with fewer than 10 none that was tried for "
            "the "
            f"median both covers 90 % and says something; {ONE_BY_ONE}",
        ),
        (
            statistics.mean_over_subjects,
            frames(1),
            "No interval: one subject says nothing about others.",
        ),
        (
            statistics.mean_over_subjects,
            ([np.nan], ["a"]),
            "No interval: no frame counts.",
        ),
        (
            statistics.median_over_subjects,
            (np.linspace(0, 1, 12), list("abcdefghijkl")),
            "No interval: 12 subjects, and theirs would run "
            f"from 0.18 to 0.82, too wide to say anything; {ONE_BY_ONE}",
        ),
    ],
)
def test_no_interval_where_none_is_honest(estimate, given, note):
    found = estimate(*given)
    assert found.low is None and found.high is None and found.note == note
    assert math.isnan(found.value) == (found.n_subjects == 0)


def test_bounds_scale_the_interval_and_what_wide_means():
    values, subjects = frames(17)
    plain = statistics.mean_over_subjects(values, subjects)
    percent = statistics.mean_over_subjects(100 * values, subjects, bounds=(0, 100))
    assert (percent.low, percent.high) == pytest.approx(
        (100 * plain.low, 100 * plain.high)
    )
    # On a range twice as long the same spread leaves an interval about twice as wide,
    # here too wide.
    assert statistics.mean_over_subjects(values, subjects, bounds=(-1, 1)).low is None
    unbounded = statistics.mean_over_subjects(values, subjects, bounds=None)
    assert unbounded.low is None and unbounded.note == (
        "No interval: 17 subjects, and an interval for the mean rests on bounds that "
        "this measure "
        "does not have."
    )
    assert (
        statistics.median_over_subjects(1_000 * values, subjects, bounds=None).low
        is not None
    )


def test_paired_difference_by_hand():
    values, subjects = frames(12, seed=3)
    gain = np.repeat(np.linspace(0.01, 0.12, 12), 10)
    missing = np.where(np.arange(120) % 10 == 0, np.nan, values + gain)
    mean = statistics.paired_difference(values, missing, subjects)
    assert mean.value == pytest.approx(0.065)
    assert mean.n_frames == 108 and mean.p == 2 / 2**12 and mean.low is None
    assert mean.estimand == "mean over subjects of the difference between paired frames"
    assert mean.note.endswith("p by flipping the sign of 12 subjects.")
    turned = statistics.paired_difference(missing, values, subjects)
    assert turned.value == pytest.approx(-mean.value) and turned.p == mean.p
    few = statistics.paired_difference(values[:50], missing[:50], subjects[:50])
    assert few.p is None and few.note.endswith(
        "No p-value: flipping the sign of 5 subjects cannot give one below 0.062 "
        "whatever the effect."
    )


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            lambda: statistics.mean_over_subjects([1.2, 0.5], ["a", "b"]),
            "The value 1.2 lies outside its bounds 0 to 1; give the bounds that the "
            "measure really has.",
        ),
        (
            lambda: statistics.mean_over_subjects([1.0], ["a", "b"]),
            "Values and subjects do not belong together (value 1, subjects 2); give "
            "one of each per frame.",
        ),
        (
            lambda: statistics.mean_over_subjects(1.0, "a"),
            "Values and subjects do not belong together (value 1, subjects 1); give "
            "one of each per frame.",
        ),
    ],
)
def test_bad_input_is_one_sentence(run, sentence):
    with pytest.raises(CourseError) as error:
        run()
    assert str(error.value) == sentence


def test_an_estimate_travels_with_its_level():
    mean = statistics.mean_over_subjects(*frames(17))
    assert mean.level == statistics.OFFERED["mean"].level
    assert mean.interval == (
        f"{mean.low:.2f} to {mean.high:.2f}, a 90 % interval over 17 subjects"
    )
    few = statistics.mean_over_subjects(*frames(3))
    assert few.level is None and few.interval == "no interval, 3 subjects"
    pigs = replace(few, split="id_test", data="phantom")
    assert pigs.interval == "no interval, 3 pigs" and pigs.behind == "3 pigs, 30 frames"
    median = statistics.median_over_subjects(np.linspace(0.5, 0.55, 12), range(12))
    assert median.level == statistics.OFFERED["median"].level


def test_an_estimate_is_written_in_its_unit():
    area = Estimate(
        12.345, 10.04, 15.66, 0.9, n_subjects=12, unit="percent of valid pixels"
    )
    assert area.interval == "10.0 to 15.7, a 90 % interval over 12 subjects"
    assert f"{area:.1f}" == "12.3" and f"{Estimate(math.nan):.1f}" == "undefined"


def test_numbers_of_other_kinds_become_plain_ones():
    found = Estimate(np.float32(0.5), np.nan, None, n_frames=np.int64(3))
    assert (
        type(found.value) is float and type(found.n_frames) is int and found.low is None
    )
