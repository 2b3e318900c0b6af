"""helpers.explore: clicks, and curves that grow while a network is trained."""

import numpy as np
import pytest

from helpers import explore
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


def clicked(frame, x: int, y: int) -> None:
    """What the browser sends when the picture is clicked."""
    frame._handle_custom_msg({"x": x, "y": y}, [])


def test_clicks_are_a_slider_on_the_page_and_made_by_hand_in_a_notebook(
    shown, monkeypatch
):
    image, asked = np.zeros((10, 12, 3), np.uint8), []

    def segment(points):
        asked.append(list(points))
        return np.zeros((10, 12), bool)

    given = [Point(3, 4), Point(8, 2, False), Point(1, 1)]
    monkeypatch.setenv("COURSE_STATIC", "1")
    explore.clicks(image, segment, given, [0.1, 0.7, 0.4])
    scenes = shown[-1].scenes
    assert asked == [given[:1], given[:2], given]
    assert [scene.numbers["Dice"] for scene in scenes] == [0.1, 0.7, 0.4]
    assert "After 2 clicks, the last of which says no blood" in scenes[1].words
    monkeypatch.setenv("COURSE_STATIC", "0")
    asked.clear()
    explore.clicks(image, segment, given, [0.1, 0.7, 0.4])
    (says, undo), frame = shown[-1].children[0].children, shown[-1].children[1]
    assert asked == [given[:1]] and frame.size == (12, 10)
    says.value = False
    clicked(frame, 9, 4)
    says.value = True
    clicked(frame, 9, 4)
    assert asked[-1] == [given[0], Point(9, 4, False), Point(9, 4, True)]
    assert frame.said.startswith("3 clicks, 0.0 % marked.")
    assert frame.picture.startswith("data:image/png;base64,")
    for _ in range(3):  # the first click stays
        undo.click()
    assert asked[-1] == given[:1]
