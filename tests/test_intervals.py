"""Each interval against its reference, the record of their coverage, and that the course offers no other."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import interval_coverage
from helpers import intervals, statistics

RECORDED = interval_coverage.recording.HERE


def test_bounded_is_clopper_and_pearson_on_zeros_and_ones():
    for n in (3, 10, 17):
        for ones in range(n + 1):
            found = intervals.bounded(1.0 * (np.arange(n) < ones), draws=40_000)
            exact = stats.binomtest(ones, n).proportion_ci(0.90, method="exact")
            assert found == pytest.approx((exact.low, exact.high), abs=0.01)


@pytest.mark.parametrize("n", range(10, 18))
def test_offered_intervals_cover_between_the_recorded_numbers_of_subjects(n):
    for name, draw in interval_coverage.POPULATIONS.items():
        rows = interval_coverage.measure(name, draw, 800, (n,))
        coverage = pd.DataFrame(rows).set_index("method")["coverage"]
        assert coverage["bounded"] > 0.93, name
        assert coverage["order_statistics"] > 0.87, name


def test_order_statistics_have_the_binomials_coverage():
    for n in range(2, 40):
        means = np.arange(float(n))
        low, high = intervals.order_statistics(means)
        # The chance that k or more of n lie on either side of the median, k the rank of
        # the lower bound.
        ranks = np.arange(1, n // 2 + 1)
        allowed = ranks[1 - 2 * stats.binom.cdf(ranks - 1, n, 0.5) >= 0.90 - 1e-12]
        if allowed.size:
            assert (low, high) == (max(allowed) - 1, n - max(allowed))
        else:
            assert n < 5 and np.isnan(low) and np.isnan(high)


def test_student_percentile_and_bca_are_scipys():
    means = np.random.default_rng(4).beta(5, 2, 12)
    expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert intervals.student(means) == pytest.approx(tuple(expected))
    for ours, name in ((intervals.percentile, "percentile"), (intervals.bca, "BCa")):
        theirs = stats.bootstrap(
            (means,), np.mean, method=name, n_resamples=50_000, rng=0
        )
        assert ours(means, draws=20_000) == pytest.approx(
            tuple(theirs.confidence_interval), abs=0.005
        )


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
    assert intervals.over_frames(means, 0.1, each) == pytest.approx(
        (laid_out.mean() - half, laid_out.mean() + half), rel=1e-5
    )


@pytest.mark.parametrize(
    "interval", interval_coverage.METHODS.values(), ids=interval_coverage.METHODS.keys()
)
def test_many_samples_at_once_are_one_at_a_time_in_any_order(interval):
    samples = np.random.default_rng(5).beta(5, 1, (6, 7))
    low, high = interval(samples)
    for row, (one_low, one_high) in zip(samples, zip(low, high)):
        assert interval(row[::-1]) == pytest.approx((one_low, one_high), abs=1e-12)


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
    assert record["repetitions"] >= 2_000 and record["widest"] == statistics.WIDEST
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
    offered = [offer.method for offer in statistics.OFFERED.values()]
    others = verdicts.drop(index=offered)
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
