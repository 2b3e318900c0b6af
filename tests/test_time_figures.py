"""Figures of time: their words turn with the values, and the time line stands alone."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers.figures import counted_cases, decisions, timeline


def test_decisions_say_who_counts_right() -> None:
    truth, one = [(1.0, 3.0), (5.0, 6.0)], [(1.0, 2.0)]
    chart = decisions({"truth": truth, "area": truth, "growth": one}, 10)
    assert chart.title == "2 bleedings in truth; the right number by area"
    assert "growth: 1, together 1.0 s" in chart.alt
    turned = decisions({"truth": one, "area": truth, "growth": truth}, 10)
    assert turned.title == "1 bleeding in truth; nobody counts right"


def table(found: list[int], other: list[int]) -> pd.DataFrame:
    rows = [("area", n) for n in found] + [("guided", n) for n in other]
    return pd.DataFrame(
        [{"detector": d, "n_true": 2, "n_found": n, "true_s": 9.0, "found_s": 3.0 * n}
         for d, n in rows]
    )  # fmt: skip


def test_cases_name_the_detector_that_counts_best() -> None:
    assert "least with area: 0.50 a case" in counted_cases(table([2, 3], [5, 5])).title
    assert "least with guided: 0.00" in counted_cases(table([0, 3], [2, 2])).title
    both = counted_cases(table([1, 3], [1, 1])).title
    assert "least with area and guided: 1.00 a case" in both


def test_a_time_line_asks_nothing_of_the_network_and_can_be_reached_by_keys() -> None:
    images = [np.full((24, 32, 3), n, np.uint8) for n in range(50)]
    flags = np.arange(50) > 30
    made = timeline(images, {"truth": flags, "<b>": ~flags}, 5, 5)._repr_html_()
    (control,) = re.findall(r'<input type="range"[^>]*>', made)
    name = re.search(r'id="([^"]+)"', control)[1]
    assert f'<label for="{name}">' in made and 'max="9"' in control
    assert not re.search(r'(?:src|href)="(?!data:)', made) and "<b>:" not in made
    assert re.search(
        r'<img src="data:image/jpeg[^>]*alt="The case at 5.0 seconds"', made
    )
    assert made.count('role="img"') == 2  # the bars are there without a script


def test_a_time_line_that_would_weigh_down_the_page_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 96, 128, 3), np.uint8)
    with pytest.raises(ValueError, match="show every 2th frame"):
        timeline(list(noise), {"truth": np.zeros(60, bool)}, 5, 1)
