"""Frames brought to one size: labels neither shift nor shrink, padding is fill, and not valid."""

import numpy as np
import pytest
from frames_by_hand import image

from helpers import frames


def nearest_at_centres(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The label under each output pixel's centre, by definition."""
    rows, columns = [
        ((np.arange(out) + 0.5) * (full / out)).astype(int)
        for out, full in zip(size, mask.shape)
    ]
    return mask[rows][:, columns]


@pytest.mark.parametrize(
    "full, size",
    [((480, 640), (96, 128)), ((30, 20), (90, 60)), ((96, 128), (96, 128))],
)
def test_fit_without_padding_takes_labels_at_pixel_centres(full, size):
    rng = np.random.default_rng(0)
    blood, classes = rng.random(full) < 0.2, rng.integers(0, 13, full).astype(np.uint8)
    _, fitted, valid, ids, fill = frames.fit(
        image(0, full), blood, np.ones(full, bool), classes, size
    )
    assert fitted.dtype == bool and valid.all() and fitted.shape == size
    assert (fitted == nearest_at_centres(blood, size)).all() and (
        ids == nearest_at_centres(classes, size)
    ).all()


def test_fit_keeps_the_aspect_in_the_middle_and_pads_with_what_is_not_valid():
    full = (240, 427)
    pixels, blood, valid, classes, fill = frames.fit(
        np.full((*full, 3), 200, np.uint8),
        np.ones(full, bool),
        np.ones(full, bool),
        np.full(full, 7, np.uint8),
        (96, 128),
    )
    inside = np.zeros((96, 128), bool)
    inside[12:84] = True  # 240/427 of 128 columns is 72 rows
    assert (
        (valid == inside).all() and (blood == inside).all() and (fill == ~inside).all()
    )
    assert (
        (pixels[inside] == 200).all()
        and not pixels[~inside].any()
        and (classes[~inside] == frames.UNKNOWN).all()
    )


def test_fit_averages_a_shrinking_image_over_area():
    pixels = image(4, (40, 60))
    blocks = pixels.reshape(10, 4, 15, 4, 3).mean(axis=(1, 3))
    nothing = np.zeros((40, 60), bool)
    assert (
        np.abs(frames.fit(pixels, nothing, nothing, None, (10, 15))[0] - blocks).max()
        <= 0.5
    )


def test_fit_does_not_shift_or_bias_coverage_of_small_pools():
    """Over many places, a pool's mean area and centre stay; a nearest that rounds down would shift it."""
    full, size = (480, 640), (96, 128)
    rng = np.random.default_rng(1)
    yy, xx = np.mgrid[: full[0], : full[1]]
    ratios, shifts = [], []
    for _ in range(60):
        row, column, radius = (
            rng.uniform(40, 440),
            rng.uniform(40, 600),
            rng.uniform(4, 20),
        )
        pool = (yy + 0.5 - row) ** 2 + (xx + 0.5 - column) ** 2 < radius**2
        small = frames.fit(
            np.zeros((*full, 3), np.uint8), pool, np.ones(full, bool), None, size
        )[1]
        ratios.append(small.mean() / pool.mean())
        shifts.append((np.argwhere(small).mean(axis=0) + 0.5) * 5 - (row, column))
    assert (
        abs(np.mean(ratios) - 1) < 0.03 and np.abs(np.mean(shifts, axis=0)).max() < 0.5
    )
