"""What the drawing is measured by beside real frames."""

from functools import partial

import numpy as np
import pytest

from benchmarks.phantom_beside_real import blood, colours, light
from phantom.classes import ID


def test_what_the_drawing_is_measured_by_is_right_where_the_answer_is_known():
    # Pure red on middle grey, whose CIELAB is in every textbook.
    image = np.full((240, 320, 3), 128, np.uint8)
    classes = np.full((240, 320), ID["fat"], np.uint8)
    image[100:140, 100:160], classes[100:140, 100:160] = (255, 0, 0), ID["blood"]
    found, near = blood(image, classes), partial(pytest.approx, abs=0.05)
    assert found["blood's a* above its ring"] == near(80.1)
    assert found["blood's L* below its ring"] == near(53.59 - 53.24)
    shares = colours(image, classes)
    assert shares["share of blood, %"] == near(100 * 2400 / 76800)
    assert (shares["fat L*"], shares["fat b*"]) == (near(53.59), near(0))
    # Light that falls off as exp(-1.5 r^2) in linear light, r in halves of the height.
    y, x = np.mgrid[-1:1:240j, -4 / 3 : 4 / 3 : 320j]
    grey = 250 * np.exp(-1.5 * (x**2 + y**2) / 2.2)
    image = np.repeat(grey[..., None], 3, axis=2).round().astype(np.uint8)
    found = light(image, np.full((240, 320), ID["fat"]))
    slope = found["light fall-off: slope of log linear light on r squared"]
    assert slope == pytest.approx(-1.5, abs=0.03)
