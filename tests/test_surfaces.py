"""Surface measures against MONAI where its surfaces are ours, and against brute force everywhere."""

import numpy as np
import pytest
import random_masks as masks
import torch
from monai.metrics import compute_hausdorff_distance, compute_surface_dice

from helpers import surfaces
from helpers.errors import CourseError

# MONAI's own deprecations, and its warnings about the empty masks that these tests mean to give it.
pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore:the (prediction|ground truth) of class 0"
)


def by_hand(prediction, blood, valid):
    """Distances between surfaces by looking at each pixel's neighbours and each pair of surface pixels."""
    height, width = blood.shape
    points = []
    for mask in (prediction, blood):
        found = []
        for y, x in np.argwhere(mask & valid):
            around = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
            if any(
                0 <= r < height and 0 <= c < width and valid[r, c] and not mask[r, c]
                for r, c in around
            ):
                found.append((y, x))
        points.append(np.array(found, float).reshape(-1, 2))
    table = np.sqrt(((points[0][:, None] - points[1][None]) ** 2).sum(-1))
    far = [np.full(len(points[0]), np.inf), np.full(len(points[1]), np.inf)]
    return (table.min(1), table.min(0)) if table.size else far


@pytest.fixture(scope="module")
def padded():
    """1,000 pairs that keep two pixels off the frame's edge, and are valid throughout."""
    prediction, blood, _ = masks.pairs(1_000, size=12, seed=3)
    return tuple(np.pad(mask, ((0, 0), (2, 2), (2, 2))) for mask in (prediction, blood))


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 3])
def test_nsd_is_monais_away_from_the_edge(padded, tolerance):
    prediction, blood = (torch.tensor(mask).float()[:, None] for mask in padded)
    theirs = compute_surface_dice(
        prediction, blood, [float(tolerance)], include_background=True
    )[:, 0].numpy()
    ours = surfaces.nsd(*padded, tolerance=tolerance)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    assert np.isnan(ours).sum() > 10 and (ours == 0).sum() > 10


def test_hd95_is_monais_where_both_surfaces_exist(padded):
    prediction, blood = (torch.tensor(mask).float()[:, None] for mask in padded)
    theirs = compute_hausdorff_distance(
        prediction, blood, include_background=True, percentile=95
    )[:, 0].numpy()
    ours = surfaces.hd95(*padded)
    both = padded[0].any((1, 2)) & padded[1].any((1, 2))
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-6, atol=1e-6)
    # Where a surface is missing MONAI gives infinity or NaN; ours is NaN, which a mean leaves out.
    assert (
        (~both).sum() > 100
        and not np.isfinite(theirs[~both]).any()
        and np.isnan(ours[~both]).all()
    )


def test_at_the_frames_edge_monai_sees_a_surface_and_agreement():
    blood, prediction = np.zeros((1, 8, 8), bool), np.zeros((1, 8, 8), bool)
    blood[:, :4], prediction[:, :6] = True, True
    both = (torch.tensor(mask).float()[:, None] for mask in (prediction, blood))
    theirs = compute_surface_dice(*both, [0.0], include_background=True).item()
    # Ours: two lines, rows 3 and 5, that share no pixel. MONAI's: the rim that both share is agreement.
    assert surfaces.nsd(prediction, blood, tolerance=0)[0] == 0 and theirs > 0.5


def test_both_equal_the_pixel_by_pixel_reference_with_invalid_pixels_and_edges():
    triples = masks.pairs(600, size=9, seed=5)
    nsd, hd95 = surfaces.nsd(*triples, tolerance=1), surfaces.hd95(*triples)
    for one, far, *triple in zip(nsd, hd95, *triples):
        there, back = by_hand(*triple)
        both = np.concatenate([there, back])
        expected = np.mean(both <= 1) if len(both) else np.nan
        np.testing.assert_allclose(one, expected, rtol=1e-12)
        undefined = not len(there) or not len(back)
        np.testing.assert_allclose(
            far,
            np.nan
            if undefined
            else max(np.percentile(there, 95), np.percentile(back, 95)),
        )
    assert (
        np.isnan(nsd).any() and np.isnan(hd95).any() and np.isfinite(hd95).sum() > 200
    )


def test_what_is_under_invalid_pixels_changes_nothing():
    prediction, blood, valid = masks.pairs(300, seed=6)
    noise = np.random.default_rng(0).random(valid.shape) < 0.5
    changed = np.where(valid, prediction, noise), np.where(valid, blood, ~noise), valid
    np.testing.assert_array_equal(
        surfaces.nsd(*changed), surfaces.nsd(prediction, blood, valid)
    )
    np.testing.assert_array_equal(
        surfaces.hd95(*changed), surfaces.hd95(prediction, blood, valid)
    )


def test_padding_a_frame_with_invalid_pixels_changes_nothing():
    triple = masks.pairs(300, seed=7)
    wide = [np.pad(mask, ((0, 0), (4, 1), (0, 5))) for mask in triple]
    np.testing.assert_array_equal(surfaces.nsd(*wide), surfaces.nsd(*triple))
    np.testing.assert_array_equal(surfaces.hd95(*wide), surfaces.hd95(*triple))


def test_the_rim_of_an_invalid_region_is_no_surface():
    blood = np.zeros((8, 10), bool)
    blood[2:6, :7] = True
    prediction, valid = np.roll(blood, 3, axis=0) & False, np.ones_like(blood)
    prediction[2:6, :5] = True
    valid[:, :3] = False  # blood and prediction run into the unknown at the left
    expected = np.zeros_like(blood)
    expected[[2, 5], 3:7] = expected[2:6, 6] = True
    np.testing.assert_array_equal(surfaces.surface(blood, valid), expected)
    # The shared rim at column 3 would be agreement: as background, the unknown raises the score.
    as_background = [np.pad(mask & valid, 1) for mask in (prediction, blood)]
    assert (
        surfaces.nsd(prediction, blood, valid, tolerance=0)[0]
        < surfaces.nsd(*as_background, tolerance=0)[0]
    )


def test_undefined_and_missed():
    blood = np.zeros((4, 6, 6), bool)
    blood[0, 2:4, 2:4] = blood[1] = blood[2, 2:4, 2:4] = True
    prediction = np.zeros_like(blood)
    prediction[1] = prediction[3, 1, 1] = True
    prediction[2, 3:5, 2:4] = True
    # Missed is 0; a frame that is all blood has no outline; found in part; a false alarm's is all wrong.
    np.testing.assert_allclose(
        surfaces.nsd(prediction, blood, tolerance=0), [0, np.nan, 0.5, 0]
    )
    np.testing.assert_allclose(
        surfaces.hd95(prediction, blood), [np.nan, np.nan, 1, np.nan]
    )


def test_laws():
    prediction, blood, valid = masks.pairs(300, seed=8)
    np.testing.assert_array_equal(
        surfaces.nsd(blood, prediction, valid), surfaces.nsd(prediction, blood, valid)
    )
    np.testing.assert_array_equal(
        surfaces.hd95(blood, prediction, valid), surfaces.hd95(prediction, blood, valid)
    )
    same = surfaces.nsd(blood, blood, valid, tolerance=0)
    assert set(same[~np.isnan(same)]) == {1.0}
    by_tolerance = np.array(
        [surfaces.nsd(prediction, blood, valid, tolerance=t) for t in (0, 1, 2, 40)]
    )
    defined = by_tolerance[:, ~np.isnan(by_tolerance[0])]
    assert (np.diff(defined, axis=0) >= 0).all()
    # A tolerance as wide as the frame forgives everything but a missing surface.
    assert set(defined[-1]) == {0.0, 1.0}


@pytest.mark.parametrize("tolerance", [-1, float("nan")])
def test_a_tolerance_below_zero_is_refused(tolerance):
    mask = np.ones((2, 2), bool)
    with pytest.raises(CourseError) as error:
        surfaces.nsd(mask, mask, tolerance=tolerance)
    assert (
        str(error.value)
        == f"The tolerance is {tolerance}; give the distance in pixels that still counts as agreement."
    )
