"""The record of numbers, the sentences made from it, and figures that always have words."""

import json
import math

import matplotlib
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from helpers import explore, figures, results
from helpers.figures import style
from helpers.results import Record, Result
from helpers.training import History


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed, in order."""
    found = []
    for room in (results, figures.display, explore):
        monkeypatch.setattr(room, "display", lambda thing=None, raw=False, **_: found.append(thing), raising=False)
    return found


def text_of(thing) -> str:
    return getattr(thing, "data", thing)


def test_a_sentence_takes_its_numbers_from_the_record(shown):
    record = Record()
    record.add("id_test.dice", Result(0.8765, 0.81, 0.93, n_frames=40, n_subjects=11, split="id_test"))
    record.add("ood_test.dice", Result(0.1234, n_frames=20, n_subjects=1, split="ood_test"))
    record.say("{id_test.dice:.2f} ({id_test.dice.interval}), {ood_test.dice:.1%} ({ood_test.dice.interval}), {more}.", more=7)
    assert text_of(shown[-1]) == "0.88 (0.81 to 0.93, 11 subjects), 12.3% (no interval, 1 subject), 7."


def test_an_undefined_result_is_said_to_be_undefined(shown):
    record = Record()
    record.add("x", Result(math.nan, n_subjects=0))
    record.say("It is {x:.2f}.")
    assert text_of(shown[-1]) == "It is undefined."
    assert json.loads(json.dumps(shown[0], allow_nan=False))[results.RESULT_TYPE]["result"]["value"] is None


def test_a_number_that_was_not_recorded_cannot_be_said():
    with pytest.raises(KeyError, match="'id_test.dice' is neither recorded nor given"):
        Record().say("{id_test.dice:.2f}")


def test_a_result_knows_what_it_was_made_from():
    with pytest.raises(ValueError, match="choose one of phantom, real, published, cited"):
        Result(0.5, data="imagined")


def test_numbers_of_other_kinds_become_plain_ones():
    result = Result(np.float32(0.5), n_frames=np.int64(3))
    assert type(result.value) is float and type(result.n_frames) is int


@pytest.mark.parametrize("figure", [style.new()[0], go.Figure()], ids=["matplotlib", "plotly"])
def test_a_figure_without_words_is_refused(figure):
    with pytest.raises(ValueError, match="alt text"):
        figures.to_html(figure, "  ")


def test_alt_text_is_on_the_page_whatever_is_in_it():
    page = figures.to_html(style.new()[0], 'a "quoted" <figure> & more')
    assert 'alt="a &quot;quoted&quot; &lt;figure&gt; &amp; more"' in page and page.count("<img") == 1


def test_a_plotly_figure_brings_no_script_of_its_own_and_asks_nothing_of_the_network():
    page = figures.to_html(go.Figure(), "nothing")
    assert 'aria-label="nothing"' in page and len(page) < 20_000 and 'src="http' not in page


def test_the_same_figure_is_the_same_picture():
    def drawn() -> str:
        return figures.to_html(figures.schedule([1e-3, 5e-4], "It goes down"), "a rate")

    assert drawn() == drawn()


def test_an_undefined_cell_is_a_dash_and_not_a_zero(shown):
    figures.table(pd.DataFrame({"name": ["a"], "value": [math.nan]}), "caption <b>")
    assert "–" in shown[-1].data and "0.000" not in shown[-1].data and "caption &lt;b&gt;" in shown[-1].data


def test_the_overlay_gives_each_kind_of_pixel_its_colour():
    image = np.full((2, 3, 3), 100, np.uint8)
    blood = np.array([[True, True, False], [False, True, True]])
    found = np.array([[True, False, True], [False, True, True]])
    valid = np.array([[True, True, True], [True, True, False]])
    picture = figures.overlay(image, blood, valid, found)
    mixed = {kind: tuple((0.35 * 100 + 0.65 * np.round(255 * np.array(matplotlib.colors.to_rgb(style.COLOURS[kind])))).astype(int))
             for kind in ("hit", "missed", "false alarm")}
    assert tuple(picture[0, 0]) == mixed["hit"] and tuple(picture[0, 1]) == mixed["missed"]
    assert tuple(picture[0, 2]) == mixed["false alarm"] and tuple(picture[1, 0]) == (100, 100, 100)
    assert tuple(picture[1, 2]) == (33, 33, 33)  # not valid: it counts nowhere, and is darkened


def test_the_report_gets_stills_and_a_notebook_gets_a_slider(shown, monkeypatch):
    drawn = []

    def draw(value):
        drawn.append(value)
        return style.new()[0]

    monkeypatch.setenv("COURSE_STATIC", "1")
    explore.slider(draw, [1, 2, 3], [1, 3], "x", lambda value: f"at {value}")
    assert drawn == [1, 3] and 'alt="at 1"' in shown[0].data and 'alt="at 3"' in shown[1].data
    monkeypatch.setenv("COURSE_STATIC", "0")
    drawn.clear()
    explore.slider(draw, [1, 2, 3], [2], "x", lambda value: f"at {value}")
    assert drawn == [2] and type(shown[-1]).__name__ == "VBox"
    slider = shown[-1].children[0]
    slider.value = 3
    assert drawn == [2, 3]


def test_the_browser_goes_through_the_frames_of_a_mode(shown, monkeypatch):
    table = pd.DataFrame({"mode": ["good", "missed", "good", "missed"], "frame": [1, 2, 3, 4]})
    drawn = []

    def draw(row):
        drawn.append(row["frame"])
        return np.zeros((8, 8, 3), np.uint8)

    monkeypatch.setenv("COURSE_STATIC", "1")
    explore.browse(table, draw, lambda row: f"frame {row['frame']}")
    assert drawn == [3, 4] and "frame 3; frame 4." in shown[-1].data
    monkeypatch.setenv("COURSE_STATIC", "0")
    drawn.clear()
    explore.browse(table, draw, lambda row: f"frame {row['frame']}")
    kind, place = shown[-1].children[0].children
    kind.value = "missed"
    assert drawn[-1] == 2 and place.max == 1
    place.value = 1
    assert drawn[-1] == 4


def test_the_words_of_the_curves_are_the_history():
    history = History(loss=[1.0, 0.5], learning_rate=[1e-3, 5e-4], id_val=[0.25, 0.75],
                      id_val_subjects=[{"pig1": 0.25}, {"pig1": 0.75}], best_epoch=1)
    assert explore.words(history, 2) == ("Dice on the validation pigs over 2 of 2 epochs: it starts at 0.25, and is best, 0.75, "
                                         "at epoch 2.")
    [axes] = explore.curves(history).axes
    assert list(axes.lines[0].get_ydata()) == [0.25, 0.75] and "Epoch 2" in axes.get_title(loc="left")


def test_a_lesson_opens_with_what_it_was_made_from(shown):
    class Surgeries:
        data, notes, skipped = "phantom", ("The source is drawn.",), ("a.png is cut off.",)

    record = results.begin(Surgeries())
    assert record == {} and shown[0][results.INFO_TYPE] == {"data": "phantom", "notes": ["The source is drawn."],
                                                            "skipped": ["a.png is cut off."]}
    assert "The source is drawn." in shown[1].data and "1 frames were left out: a.png is cut off." in shown[1].data
