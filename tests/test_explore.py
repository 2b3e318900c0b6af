"""helpers.play.live: clicks, and curves that grow while a network is trained."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from lessons_by_hand import lifted

from helpers import charts, play
from helpers.clicks import Point
from helpers.play import live
from helpers.training import History
from helpers.words import counted, number

GIVEN = {"pd": pd, "charts": charts, "counted": counted, "number": number}
curves = lifted("02", "curves", **GIVEN)["curves"]


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

    monkeypatch.setattr(live, "display", display)
    return found


def history(epochs: int) -> History:
    dice = [0.25, 0.75, 0.5][:epochs]
    pigs, best = [{"pig1": one} for one in dice], int(np.argmax(dice))
    return History([1.0] * epochs, [1e-3] * epochs, dice, pigs, best)


def test_curves_grow_in_one_place_and_go_when_the_run_is_over(shown) -> None:
    with live.live_curves(partial(curves, finished=False)) as watch:
        for epochs in (1, 2, 3):
            watch(history(epochs))
    # The last curves are shown by whoever asks for them, so these are not seen twice.
    assert len(shown) == 4 and shown[-1].data == ""
    for one in shown[:3]:
        assert "kept" not in one.data
    with pytest.raises(KeyboardInterrupt), live.live_curves(curves) as watch:
        watch(history(1))
        raise KeyboardInterrupt
    assert len(shown) == 6 and shown[-1].data == ""


def test_a_run_that_was_found_shows_no_curves_and_nor_does_the_report(
    shown, monkeypatch
):
    with live.live_curves(curves):
        pass  # nobody trains, so nobody calls it: nothing stands there and waits
    monkeypatch.setenv("COURSE_STATIC", "1")
    with live.live_curves(curves) as watch:
        watch(history(1))
    assert shown == []


def test_curves_draw_the_history_and_mark_the_epoch_that_is_kept() -> None:
    chart = curves(history(3))
    for word in ("0.50 after 3 epochs", "0.75, after 2"):
        assert word in chart.title
    [axis] = chart.axes
    assert list(axis.lines[0].get_ydata()) == [0.25, 0.75, 0.5]
    assert axis.lines[-1].get_xdata()[0] == 2 and axis.texts[0].get_text() == "kept"
    assert not curves(history(3), False).axes[0].texts


def test_clicks_are_a_slider_on_the_page_and_made_by_hand_in_a_notebook(
    shown, monkeypatch
):
    image, asked = np.zeros((10, 12, 3), np.uint8), []

    def segment(points):
        asked.append(list(points))
        return np.zeros((10, 12), bool)

    first, scenes = Point(3, 4), {1: "one click", 2: "two"}
    many = play.Slider("n", "clicks", list(scenes))
    given = play.Interactive("c", [many], lambda n: play.Scene(scenes[n]), "Clicks")
    monkeypatch.setenv("COURSE_STATIC", "1")
    live.clicks(image, segment, first, given)
    assert shown == [given] and asked == []
    monkeypatch.setenv("COURSE_STATIC", "0")
    live.clicks(image, segment, first, given)
    box, still = shown[-2:]  # what is turned, and what a reopened notebook shows
    assert "play-still" in still.data and "one click" in still.data
    (says, undo), frame = box.children[0].children, box.children[1]
    assert asked == [[first]] and frame.size == (12, 10)
    for says.value in (False, True):  # what the browser sends of a click
        frame._handle_custom_msg({"x": 9, "y": 4}, [])
    assert asked[-1] == [first, Point(9, 4, False), Point(9, 4, True)]
    assert frame.said.startswith("3 clicks, 0.0 % marked.")
    assert frame.picture.startswith("data:image/webp;base64,")
    for _ in range(3):  # the first click stays
        undo.click()
    assert asked[-1] == [first]
