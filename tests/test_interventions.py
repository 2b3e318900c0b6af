"""Interventions: dose 0 changes no byte, dose 1 reaches the target, the label stays true, chance is
repeatable."""

import cv2
import numpy as np
import pytest
from drawn_tissue import CHANGED, H, N, W, jpeg, round_view, sharpened, smoky, stretched, tissue

from helpers.errors import CourseError
from helpers.shift import FACTORS, GROUPS, STATISTICS_OF, TargetLevels, apply, doses_of
from helpers.shift.measures import measure, measured, visible

@pytest.fixture(scope="module")
def source():
    return tissue(0)


@pytest.fixture(scope="module")
def everywhere():
    return np.ones((N, H, W), bool)


@pytest.fixture(scope="module")
def levels(source):
    """For each factor the levels towards tissue that differs in that factor."""
    return {factor: TargetLevels.estimate(source, change(tissue(1)), frames=N, factors=[factor])
            for factor, change in CHANGED.items()}


def domain(frames, valid, factor):
    table = np.array([measure(f / np.float32(255), v, factor) for f, v in zip(frames, valid, strict=True)])
    if factor == "smoke":
        return np.maximum(table - np.median(table), 0).mean(0) / (1 - np.median(table))
    return table.mean(axis=0)


@pytest.mark.parametrize("factor", FACTORS)
def test_dose_1_reaches_the_targets_statistic_and_a_half_is_on_the_way(factor, source, everywhere, levels):
    goal = domain(CHANGED[factor](tissue(1)), everywhere, factor)
    before = domain(source, everywhere, factor)
    half, full = (domain(apply(source, everywhere, {factor: dose}, levels[factor])[0], everywhere, factor)
                  for dose in (0.5, 1.0))
    known = levels[factor].table.query("factor == @factor")
    np.testing.assert_allclose(known.source, before, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(known.target, goal, rtol=1e-5, atol=1e-6)
    first = 0 if factor != "colour" else slice(0, 2)  # what the change was about
    gap = np.abs(goal - before)[first]
    assert (np.abs(full - goal)[first] < 0.05 * gap).all(), (before, full, goal)
    assert ((half - before)[first] * (full - half)[first] > 0).all()  # on the way, and not past it


def test_brightness_and_view_by_plain_arithmetic(source, everywhere, levels):
    """The same without our own measures: means of pixels, and a count of black ones."""
    weights = np.array([0.299, 0.587, 0.114])
    darker = apply(source, everywhere, {"exposure": 1}, levels["exposure"])[0]
    goal = CHANGED["exposure"](tissue(1)) @ weights
    assert (darker @ weights).mean() == pytest.approx(goal.mean(), rel=0.01)
    image, valid = apply(source, everywhere, {"field_of_view": 1}, levels["field_of_view"])
    share = (round_view(tissue(1)) == 3).all(-1).mean()
    assert 1 - valid.mean() == pytest.approx(share, abs=0.01)
    assert (image[~valid] == 0).all()


def test_a_known_change_is_recovered():
    """The target is the source itself, changed: then the level is the change."""
    frames = tissue(2)
    def level(factor):
        return TargetLevels.estimate(frames, CHANGED[factor](frames), factors=[factor]).strengths[factor]

    assert np.exp(level("exposure")) == pytest.approx(1.8, rel=0.02)
    assert level("sharpness") == pytest.approx(1.3, rel=0.05)
    assert level("noise")[0] == pytest.approx(12 / 255, rel=0.05)
    np.testing.assert_allclose(level("colour"), [-12, 6, 0, 0], atol=0.5)
    same = TargetLevels.estimate(frames, frames)
    assert all(not np.any(strength) for strength in same.strengths.values())


def test_jpeg_is_found_by_its_grid():
    frames = tissue(3)
    level = TargetLevels.estimate(frames, jpeg(frames, 15), factors=["noise"])
    assert level.strengths["noise"][1] == pytest.approx(85, abs=8)
    assert level.table.loc["blocks", "reached"] == pytest.approx(level.table.loc["blocks", "target"], rel=0.1)


@pytest.mark.parametrize(("change", "factor", "statistic"), [
    (sharpened, "sharpness", "detail"),
    (lambda f: np.stack([cv2.bilateralFilter(x, 5, 15, 1.5) for x in f]), "noise", "noise"),
    (lambda f: tissue(2, gleams=2), "speculars", "specular_share"),
    (lambda f: stretched(f, 1.3), "contrast", "sd_L"),
])
def test_factors_work_in_the_other_direction_too(change, factor, statistic):
    frames = tissue(2)
    row = TargetLevels.estimate(frames, change(frames), frames=N, factors=[factor]).table.loc[statistic]
    assert abs(row.reached - row.target) < 0.1 * abs(row.source - row.target)


def test_smoke_cannot_be_taken_away_and_the_table_says_so():
    level = TargetLevels.estimate(smoky(tissue(1)), tissue(0), factors=["smoke"])
    row = level.table.loc["veil"]
    assert level.strengths["smoke"] == 0
    assert row.reached == row.source > row.target


def test_dose_0_leaves_every_byte(source, everywhere, levels):
    for doses in ({}, dict.fromkeys(FACTORS, 0), {"noise": 0.0}):
        images, valid = apply(source, everywhere, doses, levels["noise"])
        assert np.array_equal(images, source) and np.array_equal(valid, everywhere)
        assert images is not source and images.dtype == np.uint8


@pytest.mark.parametrize("factor", FACTORS)
def test_the_label_stays_true(factor, source, everywhere, levels):
    before = source.copy()
    images, valid = apply(source, everywhere, {factor: 1}, levels[factor])
    assert np.array_equal(source, before) and everywhere.all()  # what was given is left alone
    assert not np.array_equal(images, source)
    if factor != "field_of_view":
        assert valid.all()
    # No pixel moves: against the source shifted by one pixel in any direction, the change explains itself
    # worse.
    def light(x):
        return x.astype(float).mean(-1)[0][2:-2, 2:-2]
    here = np.corrcoef(light(images).ravel(), light(source).ravel())[0, 1]
    for axis, step in ((1, 1), (1, -1), (2, 1), (2, -1)):
        moved = np.roll(source, step, axis)
        assert np.corrcoef(light(images).ravel(), light(moved).ravel())[0, 1] < here


def test_a_pixel_never_becomes_valid_and_padding_stays_black(levels):
    frames = tissue(4)
    valid = np.ones((N, H, W), bool)
    frames[:, :10], valid[:, :10] = 0, False
    valid[:, 30:40, 30:40] = False  # unlabelled, but seen
    target = round_view(tissue(1))
    level = TargetLevels.estimate(frames, CHANGED["exposure"](target), valid)
    images, now = apply(frames, valid, dict.fromkeys(FACTORS, 1), level)
    assert not (now & ~valid).any() and now.sum() < valid.sum()
    assert (images[:, :10] == 0).all()
    assert (images[:, 30:40, 30:40] != frames[:, 30:40, 30:40]).any()  # what is seen changes, labelled or not


def test_chance_depends_on_the_seed_the_factor_and_the_place_only(source, everywhere, levels):
    for factor in ("speculars", "smoke", "noise"):
        one, again, other = (apply(source, everywhere, {factor: 1}, levels[factor], seed)[0]
                             for seed in (3, 3, 4))
        assert np.array_equal(one, again) and not np.array_equal(one, other)
        head = apply(source[:4], everywhere[:4], {factor: 1}, levels[factor], 3)[0]
        assert np.array_equal(head, one[:4])
    for factor in ("exposure", "colour", "contrast", "sharpness", "field_of_view"):
        one, other = (apply(source, everywhere, {factor: 1}, levels[factor], seed)[0] for seed in (3, 4))
        assert np.array_equal(one, other)


def test_the_order_is_that_of_factors(source, everywhere, levels):
    mixed = TargetLevels({f: levels[f].strengths[f] for f in FACTORS}, levels["noise"].table)
    together = apply(source, everywhere, {"contrast": 1, "exposure": 1}, mixed)[0].astype(int)

    def one_by_one(*factors):
        images = source
        for factor in factors:
            images = apply(images, everywhere, {factor: 1}, mixed)[0]
        return images.astype(int)

    assert np.abs(together - one_by_one("exposure", "contrast")).max() <= 2  # rounding in between
    assert np.abs(together - one_by_one("contrast", "exposure")).max() > 5


def test_visible_tells_a_surround_from_a_shadow():
    image = np.full((40, 60, 3), 0.5, np.float32)
    image[10:15, 20:30] = 0  # a shadow within
    image[:, :8] = 0.01  # a surround
    valid = np.ones((40, 60), bool)
    valid[:, -3:] = False  # padding
    seen = visible(image, valid)
    assert seen[10:15, 20:30].all() and not seen[:, :8].any() and not seen[:, -3:].any()
    assert seen.sum() == 40 * (60 - 8 - 3)


def test_groups_hold_every_factor_once():
    assert sorted(f for group in GROUPS.values() for f in group) == sorted(FACTORS) == sorted(STATISTICS_OF)
    assert doses_of(["light", "colour"], 0.5) == {"exposure": 0.5, "contrast": 0.5, "colour": 0.5}


def test_bad_requests(source, everywhere, levels):
    with pytest.raises(CourseError, match="There is no factor 'fog': take some of speculars, smoke"):
        apply(source, everywhere, {"fog": 1}, levels["noise"])
    for dose in (-0.1, 1.5, float("nan")):
        with pytest.raises(CourseError, match="dose .* of noise is not between 0 and 1: 0 leaves a frame"):
            apply(source, everywhere, {"noise": dose}, levels["noise"])
    with pytest.raises(CourseError, match="levels were not estimated for smoke: name it in `factors`"):
        apply(source, everywhere, {"smoke": 1}, levels["noise"])
    with pytest.raises(CourseError, match="The target has 1 frames to estimate .*: give at least 2"):
        TargetLevels.estimate(source, source[:1])
    with pytest.raises(CourseError, match="speculars of the target cannot be measured, because its frames"):
        TargetLevels.estimate(source, np.zeros_like(source))


def test_measured_is_measure_frame_by_frame(source, everywhere):
    for factor in FACTORS:
        found = measured(source[:3], everywhere[:3], factor)
        by_hand = [measure(image / np.float32(255), valid, factor) for image, valid in zip(source[:3], everywhere[:3])]
        assert np.array_equal(found, by_hand, equal_nan=True)
