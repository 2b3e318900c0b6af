"""Lesson 05's charts: their words follow from what they draw, also when that is
turned round."""

import pandas as pd
import pytest

from helpers.pitfalls import charts as ours
from helpers.published import charts, recorded

KEPT = recorded().results


def rows(**classes: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"class": name, "mean": mean, "greatest": 2 * mean}
            for name, mean in classes.items()
        ]
    )


def test_the_class_that_was_scored_is_named_whichever_it_is():
    assert "Gastrointestinal Tract" in charts.by_class(KEPT["by_class"]).title
    assert (
        charts.by_class(rows(Blood=0.01, Liver=9.0)).title
        == "The scored area is that of the class Blood"
    )
    neither = charts.by_class(rows(Blood=3.0, Liver=9.0))
    assert (
        neither.title.startswith("No class has the scored area")
        and "Liver 9.00" in neither.alt
    )


def test_modes_are_drawn_in_full_and_counted_in_words():
    table = KEPT["modes"]
    chart = charts.modes(table)
    assert (
        sum(bar.get_width() for bar in chart.axes[0].patches) == table["frames"].sum()
    )
    free = table[(table["mode"] == "PARTIAL") & ~table["common"]]["frames"].sum()
    assert f"{free:,} have no pixel in common" in chart.title
    turned = charts.modes(table.assign(common=table["mode"] == "PARTIAL"))
    assert " 0 have no pixel in common" in turned.title


def test_every_validation_frame_stands_at_its_distance():
    chart = charts.neighbours(pd.DataFrame({"distance": [30, 90], "frames": [4, 6]}))
    assert (
        chart.title.startswith("4 of 10 ")
        and sum(bar.get_height() for bar in chart.axes[0].patches) == 10
    )


def test_alarms_have_three_dots_for_each_patient():
    table = KEPT["alarms"]
    chart = charts.alarms(table)
    assert [len(dots.get_offsets()) for dots in chart.axes[0].collections] == [
        len(table)
    ] * 3
    level = charts.alarms(table.assign(**{"1 %": 50.0}))
    assert "at 1 %" in chart.title and "at 1 %:" not in level.title


def test_a_pair_says_which_is_which():
    pairs = pd.DataFrame({"wrong": [0.1, 0.3], "right": [0.5, 0.7]}, index=["a", "b"])
    chart = ours.paired(pairs, ("by the habit", "properly"), "Dice, mean of a pig")
    assert (
        chart.title == "Dice: 0.20 by the habit, 0.60 properly"
        and "a 0.10 and 0.50" in chart.alt
    )


def test_null_names_both_rates():
    p = pd.DataFrame(
        {"frames": [0.01, 0.02, 0.3, 0.9], "subjects": [0.2, 0.4, 0.6, 0.8]}
    )
    assert ours.null(p).title.endswith("50 % of tests over frames, 0 % over subjects")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_dot_per_drawing_and_the_sign_of_the_largest(sign):
    table = pd.DataFrame(
        {
            "habit": ["split", "split", "schedule"],
            "outcome": "Dice",
            "seed": [0, 1, 0],
            "wrong": [0.5 + 0.1 * sign, 0.5 + 0.2 * sign, 0.51],
            "right": 0.5,
        }
    )
    chart = ours.drawings(table)
    ends = sorted((0.1 * sign, 0.2 * sign))
    assert chart.title == (
        f"The largest mean effect is that of the split on Dice: {0.15 * sign:+.3f}, "
        f"by drawing {ends[0]:+.3f} to {ends[1]:+.3f}"
    )
    assert chart.caption.startswith("2 drawings")
    assert [len(dots.get_offsets()) for dots in chart.axes[0].collections] == [2, 1]


def test_flattery_is_read_off_the_last_points():
    chart = ours.flattery({1: ([1, 8], [0.0, 0.2]), 6: ([1, 8], [0.0, -0.05])})
    assert (
        chart.title
        == "The best of 8 options flatters itself by +0.200 where 1 patient chose, "
        "by -0.050 where 6 did"
    )
