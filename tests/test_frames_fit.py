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
    given = image(0, full), blood, np.ones(full, bool), classes
    _, fitted, valid, ids, _ = frames.fit(*given, size)
    assert fitted.dtype == bool and valid.all() and fitted.shape == size
    assert (fitted == nearest_at_centres(blood, size)).all()
    assert (ids == nearest_at_centres(classes, size)).all()


def test_fit_keeps_the_aspect_in_the_middle_and_pads_with_what_is_not_valid():
    full, size = (240, 427), (96, 128)
    ones, sevens = np.ones(full, bool), np.full(full, 7, np.uint8)
    grey = np.full((*full, 3), 200, np.uint8)
    pixels, blood, valid, classes, fill = frames.fit(grey, ones, ones, sevens, size)
    inside = np.zeros(size, bool)
    inside[12:84] = True  # 240/427 of 128 columns is 72 rows
    assert (valid == inside).all() and (blood == inside).all()
    assert (fill == ~inside).all() and (classes[~inside] == frames.UNKNOWN).all()
    assert (pixels[inside] == 200).all() and not pixels[~inside].any()


def test_fit_averages_a_shrinking_image_over_area():
    pixels = image(4, (40, 60))
    blocks = pixels.reshape(10, 4, 15, 4, 3).mean(axis=(1, 3))
    fitted = frames.fitted(pixels, (10, 15))
    assert np.abs(fitted - blocks).max() <= 0.5
