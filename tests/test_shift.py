"""Interventions and doses: each changes its own property, labels stay true, doses are
found again."""

import colorsys

import numpy as np
import pandas as pd
import pytest
from drawn_tissue import H, W, gleaming, tissue
from lessons_by_hand import lifted
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance

from helpers import CourseError, shift
from helpers.frames import visible
from helpers.shift import DIALS, GROUPS, IDENTITY, Frames
from helpers.shift.cues import luma

EACH = 4  # frames of a subject


def domain(seeds, draw=tissue) -> Frames:
    """Frames of one subject for each seed, with a disc of blood in each."""
    images = np.concatenate([draw(seed)[:EACH] for seed in seeds])
    y, x = np.ogrid[:H, :W]
    blood = np.stack([(y - 30) ** 2 + (x - 40) ** 2 < 100] * len(images))
    subjects = np.repeat([f"s{seed}" for seed in seeds], EACH)
    return Frames(images, blood, np.ones_like(blood), subjects)


def no_dose(cameras: int = 1) -> pd.DataFrame:
    """Doses that leave every frame as it is."""
    return pd.DataFrame([IDENTITY] * cameras)


def some(frames: Frames, chosen: np.ndarray) -> Frames:
    return Frames(*(part[chosen] for part in frames))


def dose(**dials) -> pd.DataFrame:
    return no_dose().assign(**dials)


def luma_of(frames: Frames) -> np.ndarray:
    return np.stack([luma(image / np.float32(255)) for image in frames.images])


def group_of(dial: str) -> str:
    return next(name for name, dials in DIALS.items() if dial in dials)


@pytest.fixture(scope="module")
def source() -> Frames:
    return domain(range(6), gleaming)


DOSES = dict(brightness=-0.12, fall_off=0.8, contrast=0.2, red=0.2, blue=-0.3)
DOSES |= dict(saturation=-0.3, blur=1.2, noise=0.02, height=0.75, radius=1.1)
DOSES |= dict(smoke=0.15, gleams=0.5)


@pytest.mark.parametrize("group", GROUPS)
def test_a_dose_of_zero_is_the_identity(source, group):
    for doses, groups in ((no_dose(3), [group]), (dose(**DOSES), [])):
        same = shift.apply(source, doses, groups)
        for before, after in zip(source, same, strict=True):
            assert np.array_equal(before, after)
        assert same.images is not source.images
    assert set(IDENTITY) == {dial for dials in DIALS.values() for dial in dials}


@pytest.mark.parametrize("dial", DOSES)
def test_a_dial_changes_images_only_when_its_group_is_turned(source, dial):
    group = group_of(dial)
    doses = dose(**{dial: DOSES[dial]})
    before = source.images.copy()
    changed = shift.apply(source, doses, [group])
    assert np.array_equal(source.images, before)
    assert not np.array_equal(changed.images, before)
    assert changed.images.dtype == np.uint8
    others = shift.apply(source, doses, [name for name in GROUPS if name != group])
    assert np.array_equal(others.images, before)


@pytest.mark.parametrize("group", [name for name in GROUPS if name != "view"])
def test_what_moves_no_pixel_leaves_the_labels(source, group):
    changed = shift.apply(source, dose(**DOSES), [group])
    assert np.array_equal(changed.blood, source.blood) and changed.valid.all()
    before, after = luma_of(source)[0], luma_of(changed)[0]
    rolled = [np.roll(before, step, axis) for axis in (0, 1) for step in (2, -2)]
    here, *moved = (
        np.corrcoef(after.ravel(), one.ravel())[0, 1] for one in (before, *rolled)
    )
    assert max(moved) < here


def test_the_view_moves_image_and_blood_together():
    """Blood is painted into the image, so that the image itself says where it has gone."""
    frames = domain([1])
    frames.images[:] = (90, 120, 90)
    frames.images[frames.blood] = (200, 10, 10)
    view = shift.apply(frames, dose(height=0.75, radius=1.2, aside=0.05), ["view"])
    red = view.images[..., 0].astype(int) - view.images[..., 1] > 60
    assert (red ^ view.blood).sum() < 0.1 * view.blood.sum()
    # A disc at three quarters.
    assert 0.4 < view.blood.sum() / frames.blood.sum() < 0.75


def test_black_in_a_round_view_stays_valid_and_holds_no_blood():
    frames = domain([1])
    frames.blood[:] = True
    view = shift.apply(frames, dose(height=0.75, radius=1.0), ["view"])
    bar = H // 8  # of fill; the surround is known to hold nothing
    assert not view.valid[:, :bar].any() and not view.valid[:, -bar:].any()
    assert view.valid[:, bar:-bar].all()
    black = (view.images.max(axis=3) == 0) & view.valid
    assert black.mean() > 0.2 and not view.blood[black].any()
    assert view.blood[~black & view.valid].all()


def test_what_is_not_valid_or_not_seen_stays_as_it_was(source):
    frames = some(source, np.arange(4))
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
        ({"brightness": -0.1, "contrast": 0.2}, -0.1),
    ):
        groups = list({*map(group_of, dials)})
        after = luma_of(shift.apply(source, dose(**dials), groups)).mean(axis=(1, 2))
        np.testing.assert_allclose(after - before, change, atol=0.006)


def test_each_dial_by_plain_arithmetic(source):
    def turned(frames, group, **dials):
        return shift.apply(frames, dose(**dials), [group]).images.astype(float)

    nowhere = np.zeros((1, H, W), bool)
    grey = np.full((1, H, W, 3), 128, np.uint8)
    flat, images = Frames(grey, nowhere, ~nowhere, np.array(["a"])), source.images
    warm = turned(flat, "colour", red=0.2, blue=-0.2)[0, 0, 0]
    assert warm[0] > warm[1] > warm[2]
    dull = turned(source, "colour", saturation=np.log(0.5))
    spread = np.ptp(dull, axis=-1).mean() / np.ptp(images, axis=-1).mean()
    assert spread == pytest.approx(0.5, abs=0.03)
    assert turned(flat, "lens", noise=0.02).std() / 255 == pytest.approx(0.02, rel=0.03)
    rim = turned(flat, "light", fall_off=1.0)[0, :, :, 0]
    assert rim[H // 2, W // 2] > rim[H // 2, -1] > rim[0, 0]
    assert turned(source, "light", contrast=0.3).std() > 1.15 * images.std()
    many = domain(range(40))
    clear = (turned(many, "air", smoke=0.1) == many.images).all(axis=(1, 2, 3)).mean()
    assert 0.65 < clear < 0.9
    fewer = turned(source, "air", gleams=-3.0)
    assert (fewer.min(-1) > 200).sum() < 0.3 * (images.min(-1) > 200).sum()


def test_sharper_undoes_a_blur(source):
    soft = shift.apply(source, dose(blur=0.8), ["lens"])
    back = shift.apply(soft, dose(blur=-0.8), ["lens"])
    still, blurred = (
        np.abs(one.images.astype(int) - source.images).mean() for one in (back, soft)
    )
    assert still < 0.8 * blurred


TOLERANCE = dict(brightness=0.03, blue=0.1, saturation=0.15, blur=0.3, noise=0.005)
TOLERANCE |= dict(radius=0.06, height=0.011)


@pytest.mark.parametrize("dial", TOLERANCE)
def test_a_known_dose_is_estimated(source, dial):
    """The same subjects with a dose applied, against the same without."""
    target = shift.apply(source, dose(**{dial: DOSES[dial]}), [group_of(dial)])
    found = shift.estimate(source, target)
    assert found.doses[dial].mean() == pytest.approx(DOSES[dial], abs=TOLERANCE[dial])
    assert found.table.loc[found.table["dial"] == dial, "kept"].all()


def test_smoke_is_found_and_not_taken_away(source):
    target = shift.apply(
        domain(range(6, 18), gleaming), dose(smoke=0.15), ["air"], seed=3
    )
    assert 0.03 < shift.estimate(source, target).doses["smoke"].iloc[0] < 0.3
    assert shift.estimate(target, source).doses["smoke"].iloc[0] == 0


def test_the_same_domain_has_no_dose(source):
    """Other subjects of one domain: nothing is told from zero in nearly all cues."""
    kept = [
        shift.estimate(source, domain(range(first, first + 6), gleaming)).table["kept"]
        for first in (6, 12, 18, 24)
    ]
    assert not shift.estimate(source, source).table["kept"].any()
    assert np.mean(kept) < 0.12


def test_a_colour_that_one_witness_denies_is_no_dose(source):
    """Steel of another tint is not another lamp: gleams do not say so."""
    tinted = domain(range(6, 12), lambda seed: gleaming(seed, steel=(158, 155, 142)))
    found = shift.estimate(source, tinted)
    said = found.table.loc["steel_blue"]
    assert abs(said.difference) > said.band
    assert found.doses["blue"].eq(0).all() and not said.kept


def test_cameras_are_given_by_name_or_in_turn(source):
    doses = no_dose(2).assign(brightness=[0.1, -0.1])
    in_turn, named = (
        (luma_of(shift.apply(source, given, ["light"])) - luma_of(source))
        .mean(axis=(1, 2))
        .reshape(6, EACH)
        .mean(axis=1)
        for given in (doses, doses.set_axis(["s3", "s0"]))
    )
    np.testing.assert_allclose(in_turn, [0.1, -0.1] * 3, atol=0.006)
    assert named[0] < 0 < named[3]


def test_chance_is_repeatable(source):
    doses = dose(noise=0.02, smoke=0.2)
    one, again, other = (shift.apply(source, doses, seed=n).images for n in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    head = shift.apply(some(source, np.arange(5)), doses, seed=1).images
    assert np.array_equal(head, one[:5])


def test_the_null_band_is_about_halves_or_a_sample_of_them():
    # Halves of (0, 0, 2, 2): means 0 and 2, 1 and 1, ...; of six ways two differ by 2.
    assert shift.null_band(np.array([0.0, 0, 2, 2]), 4) == pytest.approx(
        2 * np.sqrt(0.5)
    )
    assert shift.null_band(np.ones(5), 3) == 0
    # Forty have 138 thousand million halves.
    values = np.random.default_rng(0).normal(size=40)
    half = 1.96 * values.std(ddof=1) * np.sqrt(1 / 40 + 1 / 20)
    assert shift.null_band(values, 20) == pytest.approx(half, rel=0.05)
    assert shift.null_band(values, 20) == shift.null_band(values, 20)


def test_frames_with_nothing_to_see_have_no_cue():
    table = shift.cues(np.zeros((1, H, W, 3), np.uint8), np.ones((1, H, W), bool))
    assert table.isna().all(axis=None)
    grey = shift.cues(
        np.full((1, H, W, 3), 128, np.uint8), np.ones((1, H, W), bool)
    ).iloc[0]
    assert grey["brightness"] == pytest.approx(128 / 255, abs=1e-4)
    assert np.isnan(grey["gleam_red"]) and np.isinf(grey["radius"])


def test_bad_requests(source):
    with pytest.raises(CourseError, match="1 subjects .* 6"):
        shift.estimate(some(source, source.subject == "s0"), source)


# Means over all tissue, and lesson 01's distance between tables of them


def test_statistics_of_single_pixels_agree_with_colorsys():
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (50, 1, 1, 3), dtype=np.uint8)
    frames[0], frames[1], frames[2] = 0, 255, [[[200, 0, 0]]]
    table = shift.image_statistics(frames, np.ones((50, 1, 1), bool))
    assert list(table.columns) == "mean_R mean_G mean_B brightness saturation".split()
    for row, (r, g, b) in zip(table.itertuples(), frames[:, 0, 0] / 255, strict=True):
        assert (row.mean_R, row.mean_G, row.mean_B) == pytest.approx((r, g, b))
        assert row.brightness == pytest.approx(0.299 * r + 0.587 * g + 0.114 * b)
        assert row.saturation == pytest.approx(colorsys.rgb_to_hsv(r, g, b)[1])


def test_only_the_pixels_that_are_asked_for_count():
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (3, 6, 8, 3), dtype=np.uint8)
    valid = rng.random((3, 6, 8)) < 0.5
    valid[2] = False
    inside = shift.image_statistics(frames, valid)
    assert inside.mean_G[0] == pytest.approx(frames[0][..., 1][valid[0]].mean() / 255)
    assert inside.loc[2].isna().all()
    changed = np.where(valid[..., None], frames, 0).astype(np.uint8)
    pd.testing.assert_frame_equal(shift.image_statistics(changed, valid), inside)


def test_the_energy_distance_of_lesson_01_is_scipys_squared():
    energy = lifted("01", "energy", cdist=cdist)["energy"]
    rng = np.random.default_rng(0)
    a, b = rng.gamma(2, size=80), rng.normal(1, size=50)
    found = energy(a[:, None], b[:, None])
    assert found == pytest.approx(energy_distance(a, b) ** 2)
