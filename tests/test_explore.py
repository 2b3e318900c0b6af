"""helpers.explore: still pictures in the report, widgets in Jupyter."""

import numpy as np
import pandas as pd
import pytest

from helpers import explore
from helpers.figures import Chart, style
from helpers.prompts import Point
from helpers.training import History


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed, in order; a displayed thing can be updated."""
    found = []

    class Handle:
        def update(self, thing):
            found.append(thing)

    def display(thing=None, **how):
        found.append(thing)
        return Handle() if how.get("display_id") else None

    monkeypatch.setattr(explore, "display", display)
    return found


def history(epochs: int) -> History:
    dice = [0.25, 0.75, 0.5][:epochs]
    return History(
        [1.0] * epochs,
        [1e-3] * epochs,
        dice,
        [{"pig1": one} for one in dice],
        int(np.argmax(dice)),
    )


def test_the_report_gets_stills_and_a_notebook_gets_a_slider(shown, monkeypatch):
    drawn = []

    def draw(value):
        drawn.append(value)
        return Chart(style.new()[0], f"At {value}", f"seen at {value}")

    monkeypatch.setenv("COURSE_STATIC", "1")
    explore.slider(draw, [1, 2, 3], [1, 3], "x")
    assert drawn == [1, 3] and [chart.alt for chart in shown] == [
        "seen at 1",
        "seen at 3",
    ]
    monkeypatch.setenv("COURSE_STATIC", "0")
    drawn.clear()
    explore.slider(draw, [1, 2, 3], [2], "x")
    assert drawn == [2] and type(shown[-1]).__name__ == "VBox"
    shown[-1].children[0].value = 3
    assert drawn == [2, 3]


def test_the_browser_goes_through_the_frames_of_a_mode(shown, monkeypatch):
    table = pd.DataFrame(
        {"mode": ["good", "missed", "good", "missed"], "frame": [1, 2, 3, 4]}
    )
    drawn = []

    def draw(row):
        drawn.append(row["frame"])
        return np.zeros((8, 8, 3), np.uint8)

    monkeypatch.setenv("COURSE_STATIC", "1")
    explore.browse(table, draw, lambda row: f"frame {row['frame']}")
    assert drawn == [3, 4] and shown[-1].alt == "frame 3; frame 4."
    monkeypatch.setenv("COURSE_STATIC", "0")
    drawn.clear()
    explore.browse(table, draw, lambda row: f"frame {row['frame']}")
    kind, place = shown[-1].children[0].children
    kind.value = "missed"
    assert drawn[-1] == 2 and place.max == 1
    place.value = 1
    assert drawn[-1] == 4


def test_curves_choose_an_epoch_only_when_the_run_is_over(shown, monkeypatch):
    watch = explore.live_curves(3)
    monkeypatch.setenv("COURSE_STATIC", "1")
    watch(history(1))
    monkeypatch.setenv("COURSE_STATIC", "0")
    assert shown == []  # neither in the report nor of a run that was found
    for epochs in (1, 2, 3):
        watch(history(epochs))
    assert len(shown) == 3
    assert "kept" not in shown[1].data and "chosen" not in shown[1].data
    assert "so far" in explore.curves(history(2), finished=False).title
    assert "dashed one marks the epoch that is kept" in shown[2].data
    assert explore.curves(history(3)).title == (
        "Dice on id_val rises from 0.25 to 0.50 over 3 epochs; epoch 2 is kept"
    )


def test_curves_draw_the_history():
    [axis] = explore.curves(history(2)).axes
    assert list(axis.lines[0].get_ydata()) == [0.25, 0.75]
    assert axis.lines[0].get_label() == "mean over subjects"


def test_clicks_are_stills_on_the_page_and_made_by_hand_in_a_notebook(
    shown, monkeypatch
):
    image, asked = np.zeros((10, 12, 3), np.uint8), []

    def segment(points):
        asked.append(list(points))
        return np.zeros((10, 12), bool)

    given = [Point(3, 4), Point(8, 2, False), Point(1, 1)]
    monkeypatch.setenv("COURSE_STATIC", "1")
    explore.clicks(image, segment, given, stills=2)
    assert asked == [given[:1], given[:2]]
    assert "1 click" in shown[-1].alt and "2 clicks" in shown[-1].alt
    monkeypatch.setenv("COURSE_STATIC", "0")
    asked.clear()
    explore.clicks(image, segment, given)
    x, y, buttons, _ = shown[-1].children
    blood, other, undo = buttons.children
    assert asked == [given[:1]] and (x.value, y.value, x.max, y.max) == (3, 4, 11, 9)
    x.value = 9
    other.click()
    blood.click()
    assert asked[-1] == [given[0], Point(9, 4, False), Point(9, 4, True)]
    for _ in range(3):  # the first click stays
        undo.click()
    assert asked[-1] == given[:1]
