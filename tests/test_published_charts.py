"""Lesson 05's charts draw every row of what they are given, and count it right."""

import pandas as pd
import pytest

from helpers.pitfalls import charts as ours
from helpers.published import charts, recorded

KEPT = recorded().results


@pytest.mark.parametrize("blood, scored", [(0.01, "Blood"), (20.0, "No class")])
def test_the_class_that_was_scored_is_named_whichever_it_is(blood, scored) -> None:
    assert "Gastrointestinal Tract" in charts.by_class(KEPT["by_class"]).title
    rows = pd.DataFrame({"class": ["Blood", "Liver"], "mean": [blood, 9.0]})
    assert scored in charts.by_class(rows.assign(greatest=2 * rows["mean"])).title


def test_modes_are_drawn_in_full_and_every_frame_stands_at_its_distance() -> None:
    table = KEPT["modes"]
    chart = charts.modes(table)
    drawn = sum(bar.get_width() for bar in chart.axes[0].patches)
    assert drawn == table["frames"].sum()
    free = table[(table["mode"] == "PARTIAL") & ~table["common"]]["frames"].sum()
    assert f" {free:,} " in chart.title
    chart = charts.neighbours(pd.DataFrame({"distance": [30, 90], "frames": [4, 6]}))
    assert chart.title.startswith("4 of 10 ")
    assert sum(bar.get_height() for bar in chart.axes[0].patches) == 10


def test_alarms_have_three_dots_for_each_patient() -> None:
    dots = charts.alarms(KEPT["alarms"]).axes[0].collections
    assert [len(one.get_offsets()) for one in dots] == [len(KEPT["alarms"])] * 3


@pytest.mark.parametrize("sign", [1, -1])
def test_a_dot_per_drawing_and_the_sign_of_the_largest(sign: int) -> None:
    table = pd.DataFrame({"habit": ["split", "split", "schedule"], "seed": [0, 1, 0]})
    wrong = [0.5 + 0.1 * sign, 0.5 + 0.2 * sign, 0.51]
    chart = ours.drawings(table.assign(outcome="Dice", wrong=wrong, right=0.5))
    assert "split" in chart.title and f"{0.15 * sign:+.3f}" in chart.title
    assert [len(dots.get_offsets()) for dots in chart.axes[0].collections] == [2, 1]
