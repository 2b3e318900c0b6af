"""Distances between domains against closed forms and independent libraries."""

import colorsys

import numpy as np
import pandas as pd
import pytest
import scipy.linalg
import scipy.stats

from helpers.errors import CourseError
from helpers.shift import (
    STATISTICS,
    energy_distance,
    frechet,
    frechet_parts,
    image_statistics,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_statistics_of_single_pixels_agree_with_colorsys(rng):
    frames = rng.integers(0, 256, (50, 1, 1, 3), dtype=np.uint8)
    frames[0], frames[1], frames[2] = 0, 255, [[[200, 0, 0]]]
    table = image_statistics(frames)
    assert list(table.columns) == STATISTICS
    for row, (r, g, b) in zip(table.itertuples(), frames[:, 0, 0] / 255, strict=True):
        assert (row.mean_R, row.mean_G, row.mean_B) == pytest.approx((r, g, b))
        assert row.brightness == pytest.approx(0.299 * r + 0.587 * g + 0.114 * b)
        assert row.saturation == pytest.approx(colorsys.rgb_to_hsv(r, g, b)[1])


def test_only_valid_pixels_count_unless_the_whole_frame_is_asked_for(rng):
    frames = rng.integers(0, 256, (3, 6, 8, 3), dtype=np.uint8)
    valid = rng.random((3, 6, 8)) < 0.5
    valid[2] = False
    inside = image_statistics(frames, valid)
    assert inside.mean_G[0] == pytest.approx(frames[0][..., 1][valid[0]].mean() / 255)
    assert inside.loc[2].isna().all()
    changed = np.where(valid[..., None], frames, 0).astype(np.uint8)
    pd.testing.assert_frame_equal(image_statistics(changed, valid), inside)
    whole = [image_statistics(one).mean_G[0] for one in (changed, frames)]
    assert not np.isclose(*whole)


def test_a_surround_is_left_out_where_only_the_view_is_asked_for():
    frames = np.full((1, 20, 20, 3), 100, np.uint8)
    frames[:, :, :10] = 0
    frames[:, :5] = 250  # not valid
    valid, seen = np.ones((2, 1, 20, 20), bool)
    valid[:, :5], seen[:, :, :10] = False, False

    def brightness(**masks):
        return 255 * image_statistics(frames, **masks).brightness[0]

    assert brightness(valid=valid, seen=seen) == pytest.approx(100)
    assert brightness(valid=valid) == pytest.approx(50) and brightness(seen=seen) > 100
    assert np.isnan(brightness(valid=valid, seen=~valid))


def gaussian(rng, mean, covariance, n=400):
    """A table whose sample mean and covariance are exactly these."""
    x = rng.standard_normal((n, len(mean)))
    spread = np.linalg.cholesky(np.atleast_2d(np.cov(x.T)))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(spread).T
    return x @ np.linalg.cholesky(covariance).T + mean


def test_frechet_of_diagonal_gaussians_has_a_closed_form(rng):
    sd_a, sd_b, shift = np.array([[1, 2, 0.5], [2, 1, 0.5], [0.3, 0, -1]])
    a = gaussian(rng, np.zeros(3), np.diag(sd_a**2))
    b = gaussian(rng, shift, np.diag(sd_b**2), n=70)
    parts = (shift**2).sum(), ((sd_a - sd_b) ** 2).sum()
    assert frechet_parts(a, b) == pytest.approx(parts)
    assert frechet(a, b) == pytest.approx(sum(parts))


def test_frechet_agrees_with_a_matrix_square_root(rng):
    a = rng.standard_normal((60, 5)) @ rng.standard_normal((5, 5))
    b = rng.standard_normal((90, 5)) @ rng.standard_normal((5, 5)) + 1
    root = scipy.linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(
        np.cov(a.T) + np.cov(b.T) - 2 * root
    )
    assert frechet(a, b) == pytest.approx(expected)


def test_frechet_takes_collinear_columns_as_they_are(rng):
    """Brightness is a sum of R, G and B: the distance is that in the plane of these."""
    a, b = rng.standard_normal((40, 3)), rng.standard_normal((50, 3)) * 2 + 1
    plane = np.linalg.qr(np.vstack([np.eye(3), [0.299, 0.587, 0.114]]))[0]
    assert frechet(a @ plane.T, b @ plane.T) == pytest.approx(frechet(a, b))
    assert frechet(np.ones((5, 2)), np.ones((9, 2)) * 2) == 2


def test_frechet_of_a_sample_with_itself_is_zero_and_of_one_row_undefined(rng):
    a = rng.random((30, 5))
    assert frechet(a, a) == pytest.approx(0, abs=1e-14)
    assert np.isnan(frechet(a[:1], a))


def test_energy_distance_in_one_dimension_is_scipys_squared(rng):
    a, b = rng.gamma(2, size=80), rng.normal(1, size=50)
    assert energy_distance(a, b) == pytest.approx(
        scipy.stats.energy_distance(a, b) ** 2
    )


def test_energy_distance_by_hand_and_in_blocks(rng):
    a, b = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 1.0]])
    # |X-Y|: 1 and sqrt(18); |X-X'|: 0, 5, 5, 0; |Y-Y'|: 0
    assert energy_distance(a, b) == pytest.approx((1 + np.sqrt(18)) - 2.5)
    large = rng.random((2500, 2))
    twice = np.vstack([large, large])
    assert energy_distance(twice, large) == pytest.approx(0, abs=1e-12)


def test_energy_distance_sees_shapes_that_frechet_cannot(rng):
    a = gaussian(rng, np.zeros(1), np.eye(1), n=300)
    two_peaks = np.repeat([[-1.0], [1.0]], 150, axis=0) * np.sqrt(299 / 300)
    assert frechet(a, two_peaks) == pytest.approx(0, abs=1e-12)
    assert energy_distance(a, two_peaks) > 0.05


@pytest.mark.parametrize("distance", [frechet, energy_distance])
def test_neither_the_order_of_rows_nor_of_columns_nor_the_direction_matters(
    distance, rng
):
    a = pd.DataFrame(rng.random((40, 5)), columns=STATISTICS)
    b = pd.DataFrame(rng.random((25, 5)) + 0.2, columns=STATISTICS)
    value = distance(a, b)
    assert value > 0
    rows = a.sample(frac=1, random_state=1), b.iloc[::-1]
    for pair in (rows, (a, b[STATISTICS[::-1]]), (b, a)):
        assert distance(*pair) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("distance", [frechet, energy_distance])
def test_bad_tables_are_named(distance, rng):
    a = pd.DataFrame(rng.random((4, 5)), columns=STATISTICS)
    with pytest.raises(CourseError, match="columns .*hue.*: give the same statistics"):
        distance(a, a.rename(columns={"saturation": "hue"}))
    with pytest.raises(CourseError, match="second table .*: leave these frames out"):
        distance(a, a.assign(saturation=np.nan))
    assert np.isnan(distance(a, a[:0]))
