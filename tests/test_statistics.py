"""Means over subjects, their laws, and the interval: only where the recorded benchmark
allows one."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import statistics
from helpers.errors import CourseError
from helpers.statistics import Estimate


def frames(subjects, each=10, seed=0):
    """Values near 0.8 of some subjects' frames."""
    generator = np.random.default_rng(seed)
    of_subject, of_frame = (generator.normal(size=(subjects, n)) for n in (1, each))
    values = (0.8 + 0.03 * of_subject + 0.05 * of_frame).clip(0, 1)
    return values.ravel(), np.repeat([f"video{i:02d}" for i in range(subjects)], each)


def test_mean_over_subjects_by_hand():
    values, subjects = [0.2, 0.4, np.nan, 1.0, np.nan], ["a", "a", "a", "b", "c"]
    found = statistics.mean_over_subjects(values, subjects)
    assert found.value == pytest.approx((0.3 + 1.0) / 2)
    assert (found.n_frames, found.n_subjects) == (3, 2)
    means = statistics.subject_means(values, subjects)
    assert means.to_dict() == pytest.approx({"a": 0.3, "b": 1.0})
    assert statistics.median_over_subjects([0, 0, 1, 0.5], list("abcd")).value == 0.25
    mine = statistics.mean_over_subjects(values, subjects, estimand="mine")
    assert "mean over subjects" in found.estimand and mine.estimand == "mine"
    # Columns of a table go straight in, whatever its index.
    table = pd.DataFrame({"dice": [0.5, 0.7], "subject": ["a", "b"]}, index=[7, 7])
    again = statistics.mean_over_subjects(table["dice"], table["subject"])
    assert again.value == pytest.approx(0.6)


@pytest.mark.parametrize(
    "estimate", [statistics.mean_over_subjects, statistics.median_over_subjects]
)
def test_frames_in_any_order_and_a_subject_doubled_give_the_same(estimate):
    values, subjects = frames(12)
    first = estimate(values, subjects)
    shuffled = np.random.default_rng(1).permutation(len(values))
    more = np.r_[np.arange(120), np.arange(10), np.arange(10)]
    other, doubled = (
        estimate(values[some], subjects[some]) for some in (shuffled, more)
    )
    assert doubled.n_frames == 140 and doubled.n_subjects == 12
    # Nor does it matter which subject is which.
    renamed = estimate(values, np.repeat([f"s{i:02d}" for i in range(12)][::-1], 10))
    for again in (other, doubled, renamed):
        assert (again.value, again.low, again.high) == pytest.approx(
            (first.value, first.low, first.high), abs=1e-12
        )


def test_an_interval_says_what_it_is_for():
    for name in ("mean", "median"):
        found = getattr(statistics, f"{name}_over_subjects")(*frames(17))
        assert found.low < found.value < found.high and found.high - found.low <= 0.3
        assert f"90 % interval for the {name} over subjects like these 17" in found.note
        assert "for this trained model" in found.note
        assert found.level == statistics.OFFERED[name].level
        assert found.interval == (
            f"{found.low:.2f} to {found.high:.2f}, a 90 % interval over 17 subjects"
        )
    few = replace(statistics.mean_over_subjects(*frames(3)), data="phantom")
    assert few.level is None and few.interval == "no interval, 3 subjects"
    pigs = replace(few, split="id_test")
    assert pigs.interval == "no interval, 3 pigs" and pigs.behind == "3 pigs, 30 frames"


@pytest.mark.parametrize(
    ("centre", "given", "why"),
    [
        ("mean", frames(9), "9 subjects, and with fewer than 10 .*one by one"),
        ("median", frames(4), "4 subjects, and with fewer than 10 .*one by one"),
        ("mean", frames(1), "one subject says nothing about others"),
        ("mean", ([np.nan], ["a"]), "no frame counts"),
        ("median", (np.linspace(0, 1, 12), range(12)), "0.18 to 0.82, too wide"),
    ],
)
def test_no_interval_where_none_is_honest(centre, given, why):
    found = getattr(statistics, f"{centre}_over_subjects")(*given)
    assert found.low is None and found.high is None
    assert re.match(f"No interval: .*{why}", found.note)
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
    assert unbounded.low is None and "rests on bounds" in unbounded.note
    median = statistics.median_over_subjects(1_000 * values, subjects, bounds=None)
    assert median.low is not None


def test_paired_difference_by_hand():
    values, subjects = frames(12, seed=3)
    gain = np.repeat(np.linspace(0.01, 0.12, 12), 10)
    missing = np.where(np.arange(120) % 10 == 0, np.nan, values + gain)
    mean = statistics.paired_difference(values, missing, subjects)
    assert mean.value == pytest.approx(0.065)
    assert mean.n_frames == 108 and mean.p == 2 / 2**12 and mean.low is None
    assert "difference between paired frames" in mean.estimand
    assert "flipping the sign of 12 subjects" in mean.note
    turned = statistics.paired_difference(missing, values, subjects)
    assert turned.value == pytest.approx(-mean.value) and turned.p == mean.p
    few = statistics.paired_difference(values[:50], missing[:50], subjects[:50])
    assert few.p is None and "5 subjects cannot give one below 0.062" in few.note


@pytest.mark.parametrize(
    ("values", "subjects", "said"),
    [
        ([1.2, 0.5], ["a", "b"], "value 1.2 lies outside its bounds 0 to 1; give"),
        ([1.0], ["a", "b"], r"\(value 1, subjects 2\); give one of each per frame"),
        (1.0, "a", r"\(value 1, subjects 1\); give one of each per frame"),
    ],
)
def test_bad_input_is_one_sentence(values, subjects, said):
    with pytest.raises(CourseError, match=said):
        statistics.mean_over_subjects(values, subjects)


def test_an_estimate_is_written_in_its_unit_and_holds_plain_numbers():
    area = Estimate(
        12.345, 10.04, 15.66, 0.9, n_subjects=12, unit="percent of valid pixels"
    )
    assert area.interval == "10.0 to 15.7, a 90 % interval over 12 subjects"
    assert f"{area:.1f}" == "12.3" and f"{Estimate(math.nan):.1f}" == "undefined"
    found = Estimate(np.float32(0.5), np.nan, None, n_frames=np.int64(3))
    assert type(found.value) is float and type(found.n_frames) is int
    assert found.low is None
