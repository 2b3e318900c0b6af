"""Means over subjects, their laws, and the interval: only where the recorded benchmark
allows one, whose record can be made again."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lessons_by_hand import lifted
from scipy import stats

from benchmarks import interval_coverage
from helpers import CourseError, statistics
from helpers.statistics import Estimate

RECORDED = interval_coverage.recording.HERE


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
    ],
)
def test_no_interval_where_none_is_honest(centre, given, why):
    found = getattr(statistics, f"{centre}_over_subjects")(*given)
    assert found.low is None and found.high is None
    assert re.match(f"No interval: .*{why}", found.note)
    assert math.isnan(found.value) == (found.n_subjects == 0)


def test_a_wide_interval_is_shown_called_wide_and_tells_apart():
    wide = statistics.median_over_subjects(np.linspace(0, 1, 12), range(12))
    assert wide.wide and wide.range == "0.18 to 0.82, a wide 90 % interval"
    assert not replace(wide, unit="px").wide and not replace(wide, unit="%").wide
    # Less than a third of 100, and yet nearly nothing is known of so small an area.
    area = replace(wide, value=0.4, low=0.1, high=22.7, unit="percent")
    assert area.wide and area.range == "0.1 to 22.7, a wide 90 % interval"
    assert not replace(area, high=4.0).wide and not replace(area, value=2.3).wide
    far, near = replace(wide, low=0.83, high=0.9), replace(wide, low=0.81, high=0.9)
    assert far.apart(wide) and wide.apart(far) and not near.apart(wide)
    assert not replace(far, low=None, high=None).apart(wide) and not near.wide


def test_bounds_scale_the_interval():
    values, subjects = frames(17)
    plain = statistics.mean_over_subjects(values, subjects)
    percent = statistics.mean_over_subjects(100 * values, subjects, bounds=(0, 100))
    assert (percent.low, percent.high) == pytest.approx(
        (100 * plain.low, 100 * plain.high)
    )
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


def test_a_value_beyond_its_bounds_is_one_sentence():
    said = "value 1.2 lies outside its bounds 0 to 1; give"
    with pytest.raises(CourseError, match=said):
        statistics.mean_over_subjects([1.2, 0.5], ["a", "b"])


def test_an_estimate_is_written_in_its_unit_and_holds_plain_numbers():
    area = Estimate(
        12.345, 10.04, 15.66, 0.9, n_subjects=12, unit="percent of valid pixels"
    )
    assert area.interval == "10.0 to 15.7, a 90 % interval over 12 subjects"
    assert f"{area:.1f}" == "12.3" and f"{Estimate(math.nan):.1f}" == "undefined"
    found = Estimate(np.float32(0.5), np.nan, None, n_frames=np.int64(3))
    assert type(found.value) is float and type(found.n_frames) is int
    assert found.low is None


def test_bounded_is_clopper_and_pearson_on_zeros_and_ones():
    for n in (3, 10, 17):
        for ones in range(n + 1):
            found = statistics.bounded(1.0 * (np.arange(n) < ones), draws=40_000)
            exact = stats.binomtest(ones, n).proportion_ci(0.90, method="exact")
            assert found == pytest.approx((exact.low, exact.high), abs=0.01)


OFFERED = [offer.method for offer in statistics.OFFERED.values()]


@pytest.mark.parametrize("n", range(10, 18))
def test_offered_intervals_cover_between_the_recorded_numbers_of_subjects(n):
    for name, draw in interval_coverage.POPULATIONS.items():
        rows = interval_coverage.measure(name, draw, 800, (n,), OFFERED)
        coverage = pd.DataFrame(rows).set_index("method")["coverage"]
        assert coverage["bounded"] > 0.93, name
        assert coverage["order_statistics"] > 0.87, name


def test_the_interval_that_lesson_03_writes_out_is_the_one_offered():
    written = lifted("03", "interval_of_median", binom=stats.binom)
    for n in range(2, 40):
        means = np.random.default_rng(n).random(n)
        theirs = written["interval_of_median"](means)
        assert theirs == pytest.approx(statistics.order_statistics(means), nan_ok=True)
        assert np.isnan(theirs).all() == (n < 5)


@pytest.mark.parametrize("method", OFFERED)
def test_many_samples_at_once_are_one_at_a_time_in_any_order(method):
    samples = np.random.default_rng(5).beta(5, 1, (6, 7))
    low, high = interval_coverage.METHODS[method](samples)
    for row, *ends in zip(samples, low, high):
        assert getattr(statistics, method)(row[::-1]) == pytest.approx(ends, abs=1e-12)


@pytest.fixture(scope="module")
def recorded():
    return pd.read_csv(RECORDED / "interval_coverage.csv"), json.loads(
        (RECORDED / "interval_coverage.json").read_text()
    )


def test_the_record_is_whole(recorded):
    table, record = recorded
    wanted = {"near-normal", "skewed", "with outliers", "zero-inflated"}
    assert wanted <= set(table["population"])
    assert set(table["subjects"]) == {3, 5, 10, 17}
    assert set(table["method"]) == set(interval_coverage.METHODS)
    assert record["repetitions"] >= 2_000 and record["widest"] == statistics.WIDE
    assert record["date"] and record["versions"]
    verdicts = json.loads(interval_coverage.verdicts(table).to_json(orient="records"))
    assert verdicts == record["verdicts"]


def test_what_is_offered_is_what_the_record_allows(recorded):
    verdicts = pd.DataFrame(recorded[1]["verdicts"]).set_index("method")
    for offer in statistics.OFFERED.values():
        of = verdicts.loc[offer.method].set_index("subjects")
        enough = [n for n in interval_coverage.SUBJECTS if n >= offer.least]
        assert of.index[of["allowed"]].tolist() == enough and offer.least == enough[0]
        assert (of.loc[enough, "worst_coverage"] >= 0.90).all()
    # Whatever else was tried is allowed nowhere, and so is offered nowhere.
    others = verdicts.drop(index=OFFERED)
    assert not others["allowed"].any() and len(others) == 7 * 4


def test_the_record_can_be_made_again(recorded):
    table, _ = recorded
    name = "with outliers"
    draw = interval_coverage.POPULATIONS[name]
    again = pd.DataFrame(interval_coverage.measure(name, draw, 1_500, (10,)))
    both = table.merge(again, on=["population", "subjects", "method"])
    assert len(both) == len(again)
    np.testing.assert_allclose(both["coverage_x"], both["coverage_y"], atol=0.05)
    np.testing.assert_allclose(both["width_x"], both["width_y"], atol=0.02)


def test_the_phantoms_own_subjects_join_where_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(interval_coverage.recording, "HERE", tmp_path)
    assert list(interval_coverage.populations()) == list(interval_coverage.POPULATIONS)
    values = json.dumps({"id_test Dice": [0.8, 0.9, 0.7]})
    (tmp_path / "phantom_subjects.json").write_text(values)
    draw = interval_coverage.populations()["phantom: id_test Dice"]
    drawn = draw(np.random.default_rng(0), (50, 3))
    assert drawn.shape == (50, 3) and set(drawn.ravel()) == {0.7, 0.8, 0.9}


def test_six_subjects_are_enough_to_flip_in_any_unit():
    p, note = statistics.sign_flip_test(np.full(6, 0.1))
    assert p == 2 / 64 and "the sign of 6 subjects" in note
    assert statistics.sign_flip_test(np.full(6, 1e-11))[0] == p
    for n in (0, 1, 5):
        assert statistics.sign_flip_test(np.full(n, 0.1))[0] is None
    # Too many to try them all: a sample comes close.
    exact = stats.binom.sf(10, 16, 0.5) + stats.binom.sf(15, 16, 0.5)
    p, _ = statistics.sign_flip_test(np.r_[np.full(16, 1.0), -5])
    assert p == pytest.approx(exact, abs=0.01)
