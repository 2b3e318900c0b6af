"""Means over subjects, their laws, and the interval: only where the recorded benchmark allows one."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import interval_coverage
from helpers import intervals, statistics
from helpers.errors import CourseError

RECORDED = Path(interval_coverage.__file__).parent
ONE_BY_ONE = "see the subjects one by one."


def frames(subjects, each=10, seed=0, spread=0.03):
    """Values near 0.8 of some subjects' frames."""
    generator = np.random.default_rng(seed)
    values = np.clip(0.8 + spread * generator.normal(size=(subjects, 1)) + 0.05 * generator.normal(size=(subjects, each)), 0, 1)
    return values.ravel(), np.repeat([f"video{i:02d}" for i in range(subjects)], each)


def test_mean_over_subjects_by_hand():
    values, subjects = [0.2, 0.4, np.nan, 1.0, np.nan], ["a", "a", "a", "b", "c"]
    found = statistics.mean_over_subjects(values, subjects)
    assert found.value == pytest.approx((0.3 + 1.0) / 2) and (found.n_frames, found.n_subjects) == (3, 2)
    assert statistics.subject_means(values, subjects).to_dict() == pytest.approx({"a": 0.3, "b": 1.0})
    assert statistics.median_over_subjects([0, 0, 1, 0.5], list("abcd")).value == 0.25
    assert found.estimand == "mean over subjects of the mean over frames"
    assert statistics.mean_over_subjects(values, subjects, estimand="mine").estimand == "mine"


def test_a_table_of_counts_goes_straight_in():
    table = pd.DataFrame({"dice": [0.5, 0.7], "subject": ["a", "b"]}, index=[7, 7])
    assert statistics.mean_over_subjects(table["dice"], table["subject"]).value == pytest.approx(0.6)


@pytest.mark.parametrize("estimate", [statistics.mean_over_subjects, statistics.median_over_subjects])
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
            assert getattr(again, name) == pytest.approx(getattr(first, name), abs=1e-12)
    # Nor does it matter which subject is which.
    reversed_names = estimate(values, np.repeat([f"s{i:02d}" for i in range(12)][::-1], 10))
    assert (reversed_names.low, reversed_names.high) == pytest.approx((first.low, first.high), abs=1e-12)


def test_an_interval_says_what_it_is_for():
    mean, median = (estimate(*frames(17)) for estimate in (statistics.mean_over_subjects, statistics.median_over_subjects))
    assert mean.low < mean.value < mean.high and mean.high - mean.low <= 0.3
    assert mean.note == ("90 % interval for the mean over subjects like these 17, for this trained model and no other.")
    assert median.note.startswith("90 % interval for the median over subjects like these 17, for this trained model")
    assert median.low <= median.value <= median.high


@pytest.mark.parametrize(("estimate", "given", "note"), [
    (statistics.mean_over_subjects, frames(9), "No interval: 9 subjects, and with fewer than 10 none that was tried for the "
     f"mean both covers 90 % and says something; {ONE_BY_ONE}"),
    (statistics.median_over_subjects, frames(4), "No interval: 4 subjects, and with fewer than 5 none that was tried for the "
     f"median both covers 90 % and says something; {ONE_BY_ONE}"),
    (statistics.mean_over_subjects, frames(1), "No interval: one subject says nothing about others."),
    (statistics.mean_over_subjects, ([np.nan], ["a"]), "No interval: no frame counts."),
    (statistics.median_over_subjects, (np.linspace(0, 1, 6), list("abcdef")), "No interval: 6 subjects, and theirs would run "
     f"from 0.00 to 1.00, too wide to say anything; {ONE_BY_ONE}"),
])
def test_no_interval_where_none_is_honest(estimate, given, note):
    found = estimate(*given)
    assert found.low is None and found.high is None and found.note == note
    assert math.isnan(found.value) == (found.n_subjects == 0)


def test_bounds_scale_the_interval_and_what_wide_means():
    values, subjects = frames(17)
    plain = statistics.mean_over_subjects(values, subjects)
    percent = statistics.mean_over_subjects(100 * values, subjects, bounds=(0, 100))
    assert (percent.low, percent.high) == pytest.approx((100 * plain.low, 100 * plain.high))
    # On a range twice as long the same spread leaves an interval about twice as wide, here too wide.
    assert statistics.mean_over_subjects(values, subjects, bounds=(-1, 1)).low is None
    unbounded = statistics.mean_over_subjects(values, subjects, bounds=None)
    assert unbounded.low is None and unbounded.note == (
        "No interval: 17 subjects, and an interval for the mean rests on bounds that this measure does not have.")
    assert statistics.median_over_subjects(1_000 * values, subjects, bounds=None).low is not None


def test_paired_difference_by_hand():
    values, subjects = frames(12, seed=3)
    gain = np.repeat(np.linspace(0.01, 0.12, 12), 10)
    missing = np.where(np.arange(120) % 10 == 0, np.nan, values + gain)
    mean = statistics.paired_difference(values, missing, subjects)
    median = statistics.paired_difference(values, missing, subjects, "median", estimand="what it gains")
    assert mean.value == pytest.approx(0.065) and median.value == pytest.approx(0.065)
    assert mean.n_frames == 108 and mean.p == 2 / 2**12 and mean.low is None
    assert (median.low, median.high) == pytest.approx((0.03, 0.10)) and median.estimand == "what it gains"
    assert mean.estimand == "mean over subjects of the difference between paired frames"
    assert mean.note.endswith("p by flipping the sign of 12 subjects.")
    turned = statistics.paired_difference(missing, values, subjects)
    assert turned.value == pytest.approx(-mean.value) and turned.p == mean.p
    few = statistics.paired_difference(values[:50], missing[:50], subjects[:50])
    assert few.p is None and few.note.endswith(
        "No p-value: flipping the sign of 5 subjects cannot give one below 0.062 whatever the effect.")


@pytest.mark.parametrize(("run", "sentence"), [
    (lambda: statistics.mean_over_subjects([1.2, 0.5], ["a", "b"]),
     "The value 1.2 lies outside its bounds 0 to 1; give the bounds that the measure really has."),
    (lambda: statistics.mean_over_subjects([1.0], ["a", "b"]),
     "Values and subjects do not belong together (value 1, subjects 2); give one of each per frame."),
    (lambda: statistics.paired_difference([1.0], [1.0], ["a"], "mode"),
     "The centre 'mode' is unknown; choose mean or median."),
])
def test_bad_input_is_one_sentence(run, sentence):
    with pytest.raises(CourseError) as error:
        run()
    assert str(error.value) == sentence


# --- the intervals themselves ---------------------------------------------------------------------------------------

def test_bounded_is_clopper_and_pearson_on_zeros_and_ones():
    for n in (3, 10, 17):
        for ones in range(n + 1):
            low, high = intervals.bounded(np.r_[np.ones(ones), np.zeros(n - ones)], draws=40_000)
            exact = stats.binomtest(ones, n).proportion_ci(0.90, method="exact")
            assert (low, high) == pytest.approx((exact.low, exact.high), abs=0.01)


@pytest.mark.parametrize("n", range(10, 18))
def test_offered_intervals_cover_between_the_recorded_numbers_of_subjects(n):
    for name, draw in interval_coverage.POPULATIONS.items():
        rows = pd.DataFrame(interval_coverage.measure(name, draw, 800, (n,))).set_index("method")
        assert rows.loc["bounded", "coverage"] > 0.93, name
        assert rows.loc["order_statistics", "coverage"] > 0.87, name


def test_order_statistics_have_the_binomials_coverage():
    for n in range(2, 40):
        means = np.arange(float(n))
        low, high = intervals.order_statistics(means)
        # The chance that k or more of n lie on either side of the median, k the rank of the lower bound.
        coverage = [1 - 2 * stats.binom.cdf(k - 1, n, 0.5) for k in range(1, n // 2 + 1)]
        allowed = [k for k, share in enumerate(coverage, 1) if share >= 0.90 - 1e-12]
        if allowed:
            assert (low, high) == (max(allowed) - 1, n - max(allowed))
        else:
            assert n < 5 and np.isnan(low) and np.isnan(high)


def test_student_percentile_and_bca_are_scipys():
    means = np.random.default_rng(4).beta(5, 2, 12)
    expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert intervals.student(means) == pytest.approx(tuple(expected))
    for ours, name in ((intervals.percentile, "percentile"), (intervals.bca, "BCa")):
        theirs = stats.bootstrap((means,), np.mean, method=name, n_resamples=50_000, rng=np.random.default_rng(0))
        assert ours(means, draws=20_000) == pytest.approx(tuple(theirs.confidence_interval), abs=0.005)


def test_the_arcsine_scale_keeps_to_the_range_and_to_the_formula():
    means = np.array([0.9, 0.99, 1.0, 0.7])
    angle = np.arcsin(np.sqrt(means))
    half = stats.t.ppf(0.975, 3) * angle.std(ddof=1) / 2
    low, high = intervals.student(means, arcsine=True)
    assert low == pytest.approx(np.sin(angle.mean() - half) ** 2) and high == 1
    assert intervals.student(means)[1] > 1


def test_over_frames_is_the_interval_of_frames_laid_out():
    means, each = np.array([0.2, 0.5, 0.6]), 40
    noise = np.tile([-1.0, 1.0], each // 2) * 0.1
    laid_out = (means[:, None] + noise).ravel()
    half = 1.959964 * laid_out.std(ddof=1) / np.sqrt(len(laid_out))
    assert intervals.over_frames(means, 0.1, each) == pytest.approx((laid_out.mean() - half, laid_out.mean() + half), rel=1e-5)


@pytest.mark.parametrize("interval", interval_coverage.METHODS.values(), ids=interval_coverage.METHODS.keys())
def test_many_samples_at_once_are_one_at_a_time_in_any_order(interval):
    samples = np.random.default_rng(5).beta(5, 1, (6, 7))
    low, high = interval(samples)
    for row, (one_low, one_high) in zip(samples, zip(low, high)):
        assert interval(row[::-1]) == pytest.approx((one_low, one_high), abs=1e-12)


# --- the recorded benchmark ------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def recorded():
    return pd.read_csv(RECORDED / "interval_coverage.csv"), json.loads((RECORDED / "interval_coverage.json").read_text())


def test_the_record_is_whole(recorded):
    table, record = recorded
    wanted = {"near-normal", "skewed", "with outliers", "zero-inflated"}
    assert wanted <= set(table["population"]) and set(table["subjects"]) == {3, 5, 10, 17}
    assert set(table["method"]) == set(interval_coverage.METHODS)
    assert record["repetitions"] >= 2_000 and record["widest"] == statistics.WIDEST and record["date"] and record["versions"]
    verdicts = json.loads(interval_coverage.verdicts(table).to_json(orient="records"))
    assert verdicts == record["verdicts"]


def test_what_is_offered_is_what_the_record_allows(recorded):
    verdicts = pd.DataFrame(recorded[1]["verdicts"])
    for offer in statistics.OFFERED.values():
        allowed = verdicts[(verdicts["method"] == offer.method) & verdicts["allowed"]]["subjects"]
        enough = [n for n in interval_coverage.SUBJECTS if n >= offer.least]
        assert allowed.tolist() == enough and offer.least == enough[0]
        assert (verdicts.set_index(["method", "subjects"]).loc[offer.method].loc[enough, "worst_coverage"] >= 0.90).all()
    # Whatever else was tried is allowed nowhere, and so is offered nowhere.
    others = verdicts[~verdicts["method"].isin([offer.method for offer in statistics.OFFERED.values()])]
    assert not others["allowed"].any() and len(others) == 7 * 4


def test_the_record_can_be_made_again(recorded):
    table, _ = recorded
    again = pd.DataFrame(interval_coverage.measure("with outliers", interval_coverage.POPULATIONS["with outliers"], 1_500, (10,)))
    both = table.merge(again, on=["population", "subjects", "method"])
    assert len(both) == len(again)
    np.testing.assert_allclose(both["coverage_x"], both["coverage_y"], atol=0.05)
    np.testing.assert_allclose(both["width_x"], both["width_y"], atol=0.02)


def test_the_phantoms_own_subjects_join_where_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(interval_coverage, "HERE", tmp_path)
    assert list(interval_coverage.populations()) == list(interval_coverage.POPULATIONS)
    (tmp_path / "phantom_subjects.json").write_text(json.dumps({"id_test Dice": [0.8, 0.9, 0.7]}))
    drawn = interval_coverage.populations()["phantom: id_test Dice"](np.random.default_rng(0), (50, 3))
    assert drawn.shape == (50, 3) and set(drawn.ravel()) == {0.7, 0.8, 0.9}
