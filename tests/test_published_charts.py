"""Lesson 05's charts: their numbers follow from what they draw, also when that is
turned round."""

import pandas as pd
import pytest

from helpers.pitfalls import charts as ours
from helpers.published import charts, recorded

KEPT = recorded().results


def test_the_class_that_was_scored_is_named_whichever_it_is() -> None:
    assert "Gastrointestinal Tract" in charts.by_class(KEPT["by_class"]).title
    rows = pd.DataFrame({"class": ["Blood", "Liver"], "mean": [0.01, 9.0]})
    blood = charts.by_class(rows.assign(greatest=2 * rows["mean"]))
    assert "Blood" in blood.title and "Liver 9.00" in blood.alt
    neither = charts.by_class(rows.assign(greatest=20.0))
    assert neither.title.startswith("No class")


def test_modes_are_drawn_in_full_and_counted_in_words() -> None:
    table = KEPT["modes"]
    chart = charts.modes(table)
    drawn = sum(bar.get_width() for bar in chart.axes[0].patches)
    assert drawn == table["frames"].sum()
    free = table[(table["mode"] == "PARTIAL") & ~table["common"]]["frames"].sum()
    assert f" {free:,} " in chart.title
    turned = charts.modes(table.assign(common=table["mode"] == "PARTIAL"))
    assert " 0 " in turned.title


def test_every_validation_frame_stands_at_its_distance() -> None:
    chart = charts.neighbours(pd.DataFrame({"distance": [30, 90], "frames": [4, 6]}))
    assert chart.title.startswith("4 of 10 ")
    assert sum(bar.get_height() for bar in chart.axes[0].patches) == 10


def test_alarms_have_three_dots_for_each_patient() -> None:
    table = KEPT["alarms"]
    chart = charts.alarms(table)
    dots = [len(one.get_offsets()) for one in chart.axes[0].collections]
    assert dots == [len(table)] * 3 and " 1 %" in chart.title
    assert " 1 %" not in charts.alarms(table.assign(**{"1 %": 50.0})).title


def test_a_pair_says_which_is_which() -> None:
    pairs = pd.DataFrame({"wrong": [0.1, 0.3], "right": [0.5, 0.7]}, index=["a", "b"])
    chart = ours.paired(pairs, ("by the habit", "properly"), "Dice, mean of a pig")
    assert "0.20 by the habit" in chart.title and "0.60 properly" in chart.title
    assert "a 0.10 and 0.50" in chart.alt


def test_null_names_both_rates() -> None:
    p = {"frames": [0.01, 0.02, 0.3, 0.9], "subjects": [0.2, 0.4, 0.6, 0.8]}
    title = ours.null(pd.DataFrame(p)).title
    assert title.index("50 %") < title.index("frames") < title.index(" 0 %")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_dot_per_drawing_and_the_sign_of_the_largest(sign: int) -> None:
    table = pd.DataFrame({"habit": ["split", "split", "schedule"], "seed": [0, 1, 0]})
    wrong = [0.5 + 0.1 * sign, 0.5 + 0.2 * sign, 0.51]
    chart = ours.drawings(table.assign(outcome="Dice", wrong=wrong, right=0.5))
    for number in (0.1 * sign, 0.2 * sign, 0.15 * sign):
        assert f"{number:+.3f}" in chart.title
    assert "split" in chart.title and chart.caption.startswith("2 drawings")
    assert [len(dots.get_offsets()) for dots in chart.axes[0].collections] == [2, 1]


def test_flattery_is_read_off_the_last_points() -> None:
    chart = ours.flattery({1: ([1, 8], [0.0, 0.2]), 6: ([1, 8], [0.0, -0.05])})
    assert "+0.200 where 1 patient" in chart.title
    assert "-0.050 where 6" in chart.title
