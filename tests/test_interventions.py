"""Interventions and doses: each changes its own property, labels stay true, doses are
found again."""

import numpy as np
import pandas as pd
import pytest
from drawn_tissue import H, W, gleaming, tissue

from helpers import shift
from helpers.errors import CourseError
from helpers.shift import DIALS, GROUPS, IDENTITY, Frames
from helpers.shift.doses import null_band
from helpers.shift.measures import cues, luma
from helpers.views import visible

EACH = 4  # frames of a subject


def domain(seeds, draw=tissue) -> Frames:
    """Frames of one subject for each seed, with a disc of blood in each."""
    images = np.concatenate([draw(seed)[:EACH] for seed in seeds])
    y, x = np.ogrid[:H, :W]
    blood = np.broadcast_to(
        (y - 30) ** 2 + (x - 40) ** 2 < 100, images.shape[:3]
    ).copy()
    return Frames(
        images,
        blood,
        np.ones_like(blood),
        np.repeat([f"s{seed}" for seed in seeds], EACH),
    )


def dose(**dials) -> pd.DataFrame:
    return shift.no_dose().assign(**dials)


@pytest.fixture(scope="module")
def source() -> Frames:
    return domain(range(6), gleaming)


DOSES = {
    "brightness": -0.12,
    "fall_off": 0.8,
    "contrast": 0.2,
    "red": 0.2,
    "blue": -0.3,
    "saturation": -0.3,
    "blur": 1.2,
    "noise": 0.02,
    "height": 0.75,
    "radius": 1.1,
    "smoke": 0.15,
    "gleams": 0.5,
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_dose_of_zero_is_the_identity(source, group):
    for doses, groups in ((shift.no_dose(3), [group]), (dose(**DOSES), [])):
        same = shift.apply(source, doses, groups)
        for before, after in zip(source, same, strict=True):
            assert np.array_equal(before, after)
        assert same.images is not source.images
    assert shift.turned(shift.no_dose()) == []


@pytest.mark.parametrize("dial", DOSES)
def test_a_dial_changes_images_only_when_its_group_is_turned(source, dial):
    group = next(name for name, dials in DIALS.items() if dial in dials)
    doses = dose(**{dial: DOSES[dial]})
    before = source.images.copy()
    changed = shift.apply(source, doses, [group])
    assert np.array_equal(source.images, before)
    assert (
        not np.array_equal(changed.images, before) and changed.images.dtype == np.uint8
    )
    others = shift.apply(source, doses, [name for name in GROUPS if name != group])
    assert np.array_equal(others.images, before)
    assert shift.turned(doses) == [group]


@pytest.mark.parametrize("group", [name for name in GROUPS if name != "view"])
def test_what_moves_no_pixel_leaves_the_labels(source, group):
    changed = shift.apply(source, dose(**DOSES), [group])
    assert np.array_equal(changed.blood, source.blood) and changed.valid.all()
    here = np.corrcoef(luma_of(changed)[0].ravel(), luma_of(source)[0].ravel())[0, 1]
    for axis, step in ((0, 2), (0, -2), (1, 2), (1, -2)):
        moved = np.roll(luma_of(source)[0], step, axis)
        assert np.corrcoef(luma_of(changed)[0].ravel(), moved.ravel())[0, 1] < here


def luma_of(frames: Frames) -> np.ndarray:
    return np.stack([luma(image / np.float32(255)) for image in frames.images])


def test_the_view_moves_image_and_blood_together():
    """Blood is painted into the image, so that the image itself says where it has gone."""
    frames = domain([1])
    frames.images[:] = (90, 120, 90)
    frames.images[frames.blood] = (200, 10, 10)
    view = shift.apply(frames, dose(height=0.75, radius=1.2, aside=0.05), ["view"])
    red = view.images[..., 0].astype(int) - view.images[..., 1] > 60
    assert (red ^ view.blood).sum() < 0.1 * view.blood.sum()
    assert (
        0.4 < view.blood.sum() / frames.blood.sum() < 0.75
    )  # a disc at three quarters


def test_black_in_a_round_view_stays_valid_and_holds_no_blood():
    frames = domain([1])
    frames.blood[:] = True
    view = shift.apply(frames, dose(height=0.75, radius=1.0), ["view"])
    bar = H // 8
    assert (
        not view.valid[:, :bar].any() and not view.valid[:, -bar:].any()
    )  # bars are fill
    assert view.valid[:, bar:-bar].all()  # the surround is known to hold nothing
    black = (view.images.max(axis=3) == 0) & view.valid
    assert black.mean() > 0.2 and not view.blood[black].any()
    assert view.blood[~black & view.valid].all()


def test_what_is_not_valid_or_not_seen_stays_as_it_was(source):
    frames = source.where(np.arange(4))
    frames.valid[:, :9], frames.images[:, :9] = False, 0
    frames.images[:, :, :6] = 0  # a surround
    seen = visible(frames.images[0] / np.float32(255), frames.valid[0])
    groups = ["light", "colour", "lens", "air"]
    changed = shift.apply(frames, dose(**DOSES), groups)
    assert np.array_equal(changed.images[0][~seen], frames.images[0][~seen])
    assert np.array_equal(changed.valid, frames.valid)
    empty = frames._replace(valid=np.zeros_like(frames.valid))
    assert np.array_equal(shift.apply(empty, dose(**DOSES)).images, frames.images)


def test_an_automatic_exposure_holds_the_mean(source):
    before = luma_of(source).mean(axis=(1, 2))
    for dials, change in (
        ({"red": 0.3, "blue": -0.4, "saturation": -0.2}, 0.0),
        ({"fall_off": 1.0}, 0.0),
        ({"brightness": -0.1}, -0.1),
        ({"brightness": -0.1, "contrast": 0.2}, -0.1),
    ):
        groups = [group for group, names in DIALS.items() if set(names) & set(dials)]
        after = luma_of(shift.apply(source, dose(**dials), groups)).mean(axis=(1, 2))
        np.testing.assert_allclose(after - before, change, atol=0.006)


def test_each_dial_by_plain_arithmetic(source):
    flat = Frames(
        np.full((1, H, W, 3), 128, np.uint8),
        np.zeros((1, H, W), bool),
        np.ones((1, H, W), bool),
        np.array(["a"]),
    )
    warm = (
        shift.apply(flat, dose(red=0.2, blue=-0.2), ["colour"])
        .images[0, 0, 0]
        .astype(int)
    )
    assert warm[0] > warm[1] > warm[2]
    dull = shift.apply(source, dose(saturation=np.log(0.5)), ["colour"]).images.astype(
        float
    )
    spread = (dull.max(-1) - dull.min(-1)).mean() / np.ptp(
        source.images.astype(float), axis=-1
    ).mean()
    assert spread == pytest.approx(0.5, abs=0.03)
    noisy = shift.apply(flat, dose(noise=0.02), ["lens"]).images / 255
    assert noisy.std() == pytest.approx(0.02, rel=0.03)
    rim = shift.apply(flat, dose(fall_off=1.0), ["light"]).images[0, :, :, 0]
    assert rim[H // 2, W // 2] > rim[H // 2, -1] > rim[0, 0]
    steep = shift.apply(source, dose(contrast=0.3), ["light"]).images
    assert steep.std() > 1.15 * source.images.std()
    smoke = shift.apply(domain(range(40)), dose(smoke=0.1), ["air"]).images
    clear = (smoke == domain(range(40)).images).all(axis=(1, 2, 3)).mean()
    assert 0.65 < clear < 0.9
    bright = shift.apply(source, dose(gleams=-3.0), ["air"])
    assert (bright.images.min(-1) > 200).sum() < 0.3 * (
        source.images.min(-1) > 200
    ).sum()


def test_sharper_undoes_a_blur(source):
    soft = shift.apply(source, dose(blur=0.8), ["lens"])
    back = shift.apply(soft, dose(blur=-0.8), ["lens"])
    assert (
        np.abs(back.images.astype(int) - source.images).mean()
        < 0.8 * np.abs(soft.images.astype(int) - source.images).mean()
    )


TOLERANCE = {
    "brightness": 0.03,
    "blue": 0.1,
    "saturation": 0.15,
    "blur": 0.3,
    "noise": 0.005,
    "radius": 0.06,
    "height": 0.011,
}


@pytest.mark.parametrize("dial", TOLERANCE)
def test_a_known_dose_is_estimated(source, dial):
    """The same subjects with a dose applied, against the same without."""
    group = next(name for name, dials in DIALS.items() if dial in dials)
    target = shift.apply(source, dose(**{dial: DOSES[dial]}), [group])
    found = shift.estimate(source, target)
    assert found.doses[dial].mean() == pytest.approx(DOSES[dial], abs=TOLERANCE[dial])
    assert found.table.loc[found.table["dial"] == dial, "kept"].all()


def test_smoke_is_found_and_not_taken_away(source):
    target = shift.apply(
        domain(range(6, 18), gleaming), dose(smoke=0.15), ["air"], seed=3
    )
    assert 0.03 < shift.estimate(source, target).doses["smoke"].iloc[0] < 0.3
    assert shift.estimate(target, source).doses["smoke"].iloc[0] == 0


def test_the_same_domain_has_no_dose():
    """Other subjects of one domain: nothing is told from zero in nearly all cues."""
    kept = [
        shift.estimate(
            domain(range(0, 6), gleaming), domain(range(first, first + 6), gleaming)
        ).table["kept"]
        for first in (6, 12, 18, 24)
    ]
    same = domain(range(6), gleaming)
    assert not shift.estimate(same, same).table["kept"].any()
    assert np.mean(kept) < 0.12


def test_a_colour_that_one_witness_denies_is_no_dose(source):
    """Steel of another tint is not another lamp: gleams do not say so."""
    tinted = domain(range(6, 12), lambda seed: gleaming(seed, steel=(158, 155, 142)))
    found = shift.estimate(source, tinted)
    said = found.table.loc["steel_blue"]
    assert abs(said.difference) > said.band
    assert found.doses["blue"].eq(0).all() and not said.kept


def test_cameras_are_given_by_name_or_in_turn(source):
    doses = shift.no_dose(2).assign(brightness=[0.1, -0.1])
    change = (luma_of(shift.apply(source, doses, ["light"])) - luma_of(source)).mean(
        axis=(1, 2)
    )
    np.testing.assert_allclose(
        change.reshape(6, EACH).mean(1), [0.1, -0.1] * 3, atol=0.006
    )
    named = doses.set_axis(["s3", "s0"])
    change = (luma_of(shift.apply(source, named, ["light"])) - luma_of(source)).mean(
        axis=(1, 2)
    )
    assert change[0] < 0 < change[3 * EACH]


def test_chance_is_repeatable(source):
    one, again, other = (
        shift.apply(source, dose(noise=0.02, smoke=0.2), seed=seed).images
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    head = shift.apply(
        source.where(np.arange(5)), dose(noise=0.02, smoke=0.2), seed=1
    ).images
    assert np.array_equal(head, one[:5])


def test_the_null_band_is_about_halves():
    # Halves of (0, 0, 2, 2): means 0 and 2, 1 and 1, ...; of six ways two differ by 2.
    assert null_band(np.array([0.0, 0, 2, 2]), 4) == pytest.approx(2 * np.sqrt(0.5))
    assert null_band(np.ones(5), 3) == 0


def test_frames_with_nothing_to_see_have_no_cue():
    table = cues(np.zeros((1, H, W, 3), np.uint8), np.ones((1, H, W), bool))
    assert table.isna().all(axis=None)
    grey = cues(np.full((1, H, W, 3), 128, np.uint8), np.ones((1, H, W), bool)).iloc[0]
    assert grey["brightness"] == pytest.approx(128 / 255, abs=1e-4)
    assert np.isnan(grey["gleam_red"]) and np.isinf(grey["radius"])


def test_bad_requests(source):
    with pytest.raises(
        CourseError,
        match="Images know nothing of blood: take groups among light, colour",
    ):
        shift.apply(source, shift.no_dose(), ["light", "blood"])
    with pytest.raises(CourseError, match="The doses have no blur: estimate them"):
        shift.apply(source, shift.no_dose().drop(columns="blur"), ["lens"])
    with pytest.raises(CourseError, match="The source has 1 subjects and the target 6"):
        shift.estimate(source.where(source.subject == "s0"), source)
    assert set(IDENTITY) == {dial for dials in DIALS.values() for dial in dials}


def test_the_null_band_of_many_subjects_is_that_of_a_sample_of_halves():
    """Forty have 138 thousand million halves."""
    values = np.random.default_rng(0).normal(size=40)
    half = 1.96 * values.std(ddof=1) * np.sqrt(1 / 40 + 1 / 20)
    assert null_band(values, 20) == pytest.approx(half, rel=0.05)
    assert null_band(values, 20) == null_band(values, 20)
