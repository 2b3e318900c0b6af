"""Rank correlations against SciPy, statsmodels and formulas; tests against their exact size, and where they say nothing."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from helpers import correlation, permutation
from helpers.errors import CourseError


def frames(subjects=8, each=12, seed=0, between=0.0, within=0.0):
    """x, y and subject of frames whose subjects' levels, and whose frames about them, go together as strongly as said."""
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
        assert correlation.spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
        assert correlation.naive_p(x, y) == pytest.approx(stats.spearmanr(x, y).pvalue, rel=1e-9)
    gone = np.where(generator.random(200) < 0.3, np.nan, x)
    assert correlation.spearman(gone, y) == pytest.approx(stats.spearmanr(gone, y, nan_policy="omit").statistic)
    assert np.isnan(correlation.spearman(np.ones(5), np.arange(5))) and np.isnan(correlation.spearman([], []))


def test_partial_with_one_given_is_the_textbook_formula():
    generator = np.random.default_rng(1)
    for _ in range(50):
        z = generator.integers(0, 8, 40)
        x, y = z + generator.normal(size=(2, 40)) * 3
        xy, xz, yz = (stats.spearmanr(*pair).statistic for pair in ((x, y), (x, z), (y, z)))
        expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        assert correlation.partial_spearman(x, y, z) == pytest.approx(expected, abs=1e-10)


def test_partial_with_several_given_is_read_off_the_inverse_of_the_rank_correlations():
    generator = np.random.default_rng(2)
    data = generator.normal(size=(60, 4)) @ generator.normal(size=(4, 4))
    inverse = np.linalg.inv(stats.spearmanr(data).statistic)
    expected = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    given = {"coverage": data[:, 2], "brightness": data[:, 3]}
    assert correlation.partial_spearman(data[:, 0], data[:, 1], given) == pytest.approx(expected, abs=1e-10)
    # What doesn't vary takes nothing away, and what is given entirely leaves nothing.
    assert correlation.partial_spearman(data[:, 0], data[:, 1], np.ones(60)) == pytest.approx(
        correlation.spearman(data[:, 0], data[:, 1]))
    assert np.isnan(correlation.partial_spearman(data[:, 0], data[:, 1], data[:, 0]))


def test_three_estimands_of_the_same_frames():
    # Between subjects up, within subjects down: Simpson's picture.
    x, y, subjects = frames(between=0.95, within=-0.9, seed=3)
    table = pd.DataFrame({"x": x, "y": y, "subject": subjects})
    pooled = correlation.spearman_pooled(x, y, subjects)
    between = correlation.spearman_between(x, y, subjects)
    within = correlation.spearman_within(x, y, subjects)
    assert pooled.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert between.value == pytest.approx(stats.spearmanr(*table.groupby("subject")[["x", "y"]].mean().T.to_numpy()).statistic)
    assert within.value == pytest.approx(np.mean([stats.spearmanr(t.x, t.y).statistic for _, t in table.groupby("subject")]))
    assert between.value > 0.5 and within.value < -0.5
    for estimate, words in ((pooled, "rank correlation pooled over frames"),
                            (between, "rank correlation between subject means"),
                            (within, "mean over subjects of the rank correlation between a subject's frames")):
        assert estimate.estimand == words
        assert (estimate.n_frames, estimate.n_subjects, estimate.low, estimate.high) == (96, 8, None, None)
    assert pooled.p is None and pooled.note == (
        "No p-value: frames of one subject resemble each other, and a test over frames would take them for independent.")
    given = correlation.spearman_between(x, y, subjects, given={"coverage": x * y})
    assert given.estimand == "rank correlation between subject means, given coverage" and given.value != between.value


def test_frames_in_any_order_and_named_alike_give_the_same():
    x, y, subjects = frames(subjects=4, between=0.5, within=0.5, seed=4)
    order, clips = np.tile(np.arange(12), 4), np.tile(np.repeat(["a", "b"], 6), 4)
    shuffled = np.random.default_rng(0).permutation(len(x))
    for one, other in (
        (correlation.spearman_pooled(x, y, subjects), correlation.spearman_pooled(x[shuffled], y[shuffled], subjects[shuffled])),
        (correlation.spearman_between(x, y, subjects), correlation.spearman_between(x[shuffled], y[shuffled], subjects[shuffled])),
        (correlation.spearman_within(x, y, subjects, clips, order, test="signs"),
         correlation.spearman_within(x[shuffled], y[shuffled], subjects[shuffled], clips[shuffled], order[shuffled], test="signs")),
        (correlation.spearman_within(x, y, subjects, clips, order, test="shifts"),
         correlation.spearman_within(x[shuffled], y[shuffled], subjects[shuffled], clips[shuffled], order[shuffled], test="shifts")),
    ):
        assert one.value == pytest.approx(other.value) and one.p == other.p and one.n_frames == other.n_frames
    # Which clips a subject's frames come in changes the test, not the value.
    assert correlation.spearman_within(x, y, subjects, clips).value == correlation.spearman_within(x, y, subjects).value


def test_doubling_a_subjects_frames_changes_neither_between_nor_within():
    x, y, subjects = frames(seed=5, between=0.4, within=0.4)
    more = np.concatenate([np.arange(96), np.arange(12), np.arange(12)])
    for measure in (correlation.spearman_between, correlation.spearman_within):
        assert measure(x[more], y[more], subjects[more]).value == pytest.approx(measure(x, y, subjects).value, abs=1e-12)
    pooled = correlation.spearman_pooled(x[more], y[more], subjects[more]).value
    assert abs(pooled - correlation.spearman_pooled(x, y, subjects).value) > 0.01


def test_between_p_is_the_share_of_all_orders():
    x, y, subjects = frames(subjects=6, seed=6, between=0.8)
    means = pd.DataFrame({"x": x, "y": y}).groupby(subjects).mean()
    found = correlation.spearman_between(x, y, subjects)
    every = [stats.spearmanr(means["x"], list(order)).statistic for order in itertools.permutations(means["y"])]
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(found.value) - 1e-9))
    assert found.note == "p by permuting 6 subjects."


def test_within_p_is_the_share_of_all_shifts():
    x, y, subjects = frames(subjects=2, each=10, seed=7, within=0.6)
    clips = np.tile(np.repeat([0, 1], 5), 2)
    found = correlation.spearman_within(x, y, subjects, clips)
    every = []
    for steps in itertools.product(range(5), repeat=4):
        moved = np.concatenate([np.roll(part, step) for part, step in zip(np.split(y, 4), steps)])
        every.append(np.mean([stats.spearmanr(x[part], moved[part]).statistic for part in (slice(0, 10), slice(10, 20))]))
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(found.value) - 1e-9))
    assert found.note == "p by shifting the frames within 4 clips."
    # Too many shifts to try them all: a sample comes close.
    sampled = correlation.spearman_within(x, y, subjects, clips, draws=600)
    assert sampled.p == pytest.approx(found.p, abs=0.06) and sampled.p != found.p


def test_a_shift_keeps_clips_together_and_in_order():
    clips = np.array([0, 0, 0, 1, 1, 0])
    every = permutation.every_shift(clips)
    assert len(every) == 8 and len(set(map(tuple, every))) == 8 and every[0].tolist() == list(range(6))
    for places in np.concatenate([every, permutation.random_shifts(clips, 50)]):
        assert (clips[places] == clips).all() and sorted(places) == list(range(6))
        inside = [0, 1, 2, 5]
        followers = {inside[i]: inside[(i + 1) % 4] for i in range(4)}
        moved = places[inside]
        assert all(followers[moved[i]] == moved[(i + 1) % 4] for i in range(4))


@pytest.mark.parametrize(("run", "note"), [
    (lambda: correlation.spearman_between(*frames(subjects=4)),
     "No p-value: permuting 4 subjects cannot give one below 0.083 whatever the effect."),
    (lambda: correlation.spearman_between(*frames(subjects=1)), "No p-value: nothing to rearrange by permuting 1 subject."),
    (lambda: correlation.spearman_within(*frames(subjects=5), test="signs"),
     "No p-value: flipping the sign of 5 subjects cannot give one below 0.062 whatever the effect."),
    (lambda: correlation.spearman_within(*frames(subjects=1, each=8)),
     "No p-value: shifting the frames within 1 clip cannot give one below 0.25 whatever the effect."),
    (lambda: correlation.spearman_within(*frames(subjects=3, each=4)),
     "No p-value: nothing to rearrange by flipping the sign of 0 subjects."),
    (lambda: correlation.auroc_between(np.arange(4.0), [0, 1, 0, 1], list("abcd")),
     "No p-value: permuting the labels of 4 subjects cannot give one below 0.33 whatever the effect."),
])
def test_where_nothing_could_be_significant_the_note_says_so(run, note):
    found = run()
    assert found.p is None and found.note == note


def test_five_subjects_are_enough_to_permute_and_six_to_flip():
    x = np.arange(5.0)
    assert correlation.spearman_between(x, 2 * x, list("abcde")).p == pytest.approx(2 / 120)
    assert permutation.sign_flip_test(np.full(6, 0.1)) == (2 / 64, "p by flipping the sign of 6 subjects.")


def test_sign_flips_equal_scipys_permutation_test():
    means = np.random.default_rng(8).normal(0.4, 1, 9)
    theirs = stats.permutation_test((means,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert permutation.sign_flip_test(means)[0] == pytest.approx(theirs)


def test_many_subjects_are_sampled_the_same_way_each_time():
    x, y, subjects = frames(subjects=17, seed=9, between=0.5)
    first, again = (correlation.spearman_between(x, y, subjects) for _ in range(2))
    assert first == again
    assert first.p == pytest.approx(stats.spearmanr(*pd.DataFrame({"x": x, "y": y}).groupby(subjects).mean().T.to_numpy()).pvalue,
                                    abs=0.02)
    p, _ = permutation.sign_flip_test(np.r_[np.full(15, 1.0), -5])
    exact = stats.permutation_test((np.r_[np.full(15, 1.0), -5],), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert p == pytest.approx(exact, abs=0.01)


def rejections(test, make, repetitions=400):
    """Share of true nulls at which the test finds something, and that of the naive one."""
    generator = np.random.default_rng(10)
    found = [(test(*parts).p, correlation.naive_p(*parts[:2])) for parts in (make(generator) for _ in range(repetitions))]
    return np.mean([p <= 0.05 for p, _ in found]), np.mean([naive <= 0.05 for _, naive in found])


def test_between_keeps_its_size_where_frames_find_something_half_the_time():
    share, naive = rejections(correlation.spearman_between, lambda generator: frames(seed=generator.integers(1e9), each=20))
    assert 0.02 <= share <= 0.08 and naive > 0.4


@pytest.mark.parametrize(("subjects", "memory"), [(2, 0.0), (2, 0.8), (8, 0.8)])
def test_within_keeps_its_size_where_frames_follow_one_another(subjects, memory):
    def make(generator):
        return (*(course_of_time(generator, subjects, 40, memory) for _ in "xy"), np.repeat(np.arange(subjects), 40))

    share, naive = rejections(lambda *parts: correlation.spearman_within(*parts, draws=199), make)
    assert 0.015 <= share <= 0.09
    assert naive > 0.25 or memory == 0


def test_unrelated_drifts_need_the_frame_number_given_or_six_subjects():
    def make(subjects):
        def trends(generator):
            slopes = generator.choice([-0.2, 0.2], (2, subjects, 1))
            x, y = (slopes * np.arange(40) + generator.normal(size=(2, subjects, 40))).reshape(2, -1)
            return x, y, np.repeat(np.arange(subjects), 40)
        return trends

    def given(x, y, subjects):
        number = {"frame number": np.tile(np.arange(40), len(set(subjects)))}
        return correlation.spearman_within(x, y, subjects, given=number, draws=199)

    shifted, _ = rejections(lambda *parts: correlation.spearman_within(*parts, draws=199), make(1), 100)
    mended, _ = rejections(given, make(1), 200)
    flipped, _ = rejections(correlation.spearman_within, make(8), 200)
    assert shifted > 0.9 and mended < 0.12 and flipped < 0.09


def test_an_effect_is_found():
    between = correlation.spearman_between(*frames(subjects=10, between=0.95, seed=11))
    within = correlation.spearman_within(*frames(subjects=2, each=40, within=0.7, seed=12))
    assert between.p < 0.01 and within.p < 0.01


def test_holm_by_hand_and_without_what_is_no_test():
    corrected = correlation.holm({"a": 0.01, "b": None, "c": 0.04, "d": 0.03, "e": float("nan")})
    assert corrected.index.tolist() == list("abcde")
    np.testing.assert_allclose(corrected, [0.03, np.nan, 0.06, 0.06, np.nan])
    assert correlation.holm([0.5]).tolist() == [0.5] and correlation.holm([None, None]).isna().all()
    raw = np.random.default_rng(0).random(20)
    ordered = np.maximum.accumulate(np.sort(raw) * np.arange(20, 0, -1)).clip(max=1)
    np.testing.assert_allclose(np.sort(correlation.holm(raw)), ordered)


def test_auroc_is_sklearns():
    generator = np.random.default_rng(13)
    scores, labels = np.round(generator.normal(size=300), 1), generator.random(300) < 0.3
    assert correlation.auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert np.isnan(correlation.auroc([1.0, 2.0], [True, True])) and np.isnan(correlation.auroc([], []))
    assert correlation.auroc([np.nan, 1, 2], [True, False, True]) == 1


def test_auroc_between_groups_counts_each_group_once():
    generator = np.random.default_rng(14)
    groups = np.repeat(np.arange(16), 10)
    labels = (groups < 9) & (np.tile(np.arange(10), 16) > 4)
    scores = generator.normal(size=160) + (groups < 9)
    found = correlation.auroc_between(scores, labels, groups, unit="clip")
    means = scores.reshape(16, 10).mean(1)
    assert found.value == pytest.approx(roc_auc_score(np.arange(16) < 9, means))
    assert found.p == pytest.approx(stats.mannwhitneyu(means[:9], means[9:], method="exact").pvalue)
    assert found.estimand == "AUROC between 16 clips, 9 of them positive"
    assert found.note == "p by permuting the labels of 16 clips." and found.n_frames == 160 and found.n_subjects == 16
    alone = correlation.auroc_between(scores, np.ones(160), groups)
    assert np.isnan(alone.value) and alone.p is None


@pytest.mark.parametrize(("run", "sentence"), [
    (lambda: correlation.spearman_within([1.0], [1.0], ["a"], test="shuffles"),
     "The test 'shuffles' is unknown; choose shifts or signs."),
    (lambda: correlation.spearman_between([1.0], [1.0, 2.0], ["a"]),
     "Values and subjects do not belong together (x 1, y 2, subjects 1); give one of each per frame."),
])
def test_bad_input_is_one_sentence(run, sentence):
    with pytest.raises(CourseError) as error:
        run()
    assert str(error.value) == sentence
