"""Things to play with: what the page shows is what was computed, by mouse, keyboard and
touch, with the network off and without scripts."""

import html
import itertools
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lessons_by_hand import lifted
from scipy.stats import binom
from test_browser import FAULTS, LESSONS, Visit

import phantom
from helpers import counts, play, shift
from helpers.correlation import spearman
from helpers.play import live
from helpers.play.scene import enlarged
from helpers.statistics import subject_means
from helpers.words import counted, number
from report.pages import faults
from report.site import policy

MOST_BYTES = 600_000
DATA = "f => JSON.parse(f.querySelector('script').textContent)"
SHOWN = """f => ({
  words: f.querySelector('.play-words').textContent,
  numbers: [...f.querySelectorAll('.play-numbers dd')].map(d => d.textContent),
  titles: [...f.querySelectorAll('.play-picture p')].map(p => p.textContent)})"""


@pytest.fixture(autouse=True)
def on_the_page(monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")


def frame(grey: int, blood: bool = True) -> play.Picture:
    label = np.zeros((12, 16), bool)
    label[2:6, 3:9] = blood
    known = np.ones_like(label)
    known[:, -1] = False
    image = np.full((12, 16, 3), grey, np.uint8)
    return play.Picture(image, f"grey {grey}", label, known, np.roll(label, 2, 1))


def draw(kind: str, size: int, on: bool) -> play.Scene:
    drawing = play.bars(
        {"one": size, "two": -0.5}, (-1, 3), {"one": 1, "two": math.nan}
    )
    words = f"{kind} of size {size}, {'on' if on else 'off'} </script>"
    number = math.nan if size == 3 and on else size / 3
    return play.Scene(words, [frame(40 * size)], {"third": number}, drawing=drawing)


def turned() -> play.Interactive:
    controls = [
        play.Choice("kind", "kind", ["pool", "drop"]),
        play.Slider("size", "size", [1, 2, 3], start=2),
        play.Switch("on", "lamp"),
    ]
    return play.Interactive("small", controls, draw, "A small one", "Drag it.")


def albums(times: int = 1) -> play.Browser:
    table = pd.DataFrame({"subject": list("abab"), "dice": [0.9, math.nan, 0.1, 0.5]})
    table["place"], table["label"] = range(4), table["subject"]
    table["words"] = [
        f"{one.subject} {one.Index} has {one.dice:.1f}." for one in table.itertuples()
    ]

    def picture(row: pd.Series) -> play.Picture:
        return frame(20 + 30 * row["place"], not math.isnan(row["dice"]))

    orders = {"lowest": "dice", "highest": "-dice"}
    filters, table = {"subject": "subject"}, pd.concat([table] * times)
    return play.Browser("albums", table, picture, filters, orders, "Frames")


def data_of(made: str) -> dict:
    return json.loads(re.search(r'json">(.*?)</script>', made, re.DOTALL)[1])


def test_a_page_holds_every_combination_as_it_was_computed() -> None:
    made = turned().html()
    states = data_of(made)["states"]
    every = itertools.product(["pool", "drop"], [1, 2, 3], [False, True])
    for state, values in zip(states, every, strict=True):
        scene = draw(*values)
        assert state["words"] == scene.words and state["numbers"] == scene.texts()
        [value] = scene.numbers.values()
        if math.isnan(value):
            assert state["values"] == [None] and state["numbers"] == ["–"]
        else:
            assert state["values"] == [pytest.approx(value)]
    assert not list(faults(made)) and made.count("</script>") == 1
    assert len(data_of(made)["drawings"]) == 3  # one drawing for each size


def test_marks_are_what_a_prediction_did() -> None:
    one = frame(100)
    places = one.marks()[1::3, 1::3]  # the middle of each pixel
    did = np.array([[0, 3], [2, 1]])[one.found.astype(int), one.blood.astype(int)]
    same = places == np.where(one.valid, did, 4)
    assert same.mean() > 0.95 and set(np.unique(places)) == {0, 1, 2, 3, 4}
    lone = np.zeros((5, 7), bool)
    lone[2, 3] = True
    grown = enlarged(lone)
    assert grown[7, 10] and 3 <= grown.sum() <= 12  # a single pixel stays


def test_frames_are_filtered_and_put_in_order_with_the_undefined_last() -> None:
    album = albums()
    assert album.chosen("lowest") == [2, 3, 0, 1]
    assert album.chosen("highest", subject="b") == [3, 1]
    assert not list(faults(album.html()))
    many = albums(100)
    assert len(many.pictures) == 120 and many.caption.startswith("120 of 400 frames")
    shown = live.browser(album)  # in a notebook, by widgets
    subject, order, place = shown.children[0].children
    assert "a 2 has 0.1." in shown.children[1].value
    subject.value, order.value = "b", "highest"
    assert "b 3 has 0.5." in shown.children[1].value and place.max == 1
    place.value = 1
    assert "b 1 has nan." in shown.children[1].value


def test_in_a_notebook_the_same_call_is_a_widget_that_asks_anew(monkeypatch) -> None:
    monkeypatch.setenv("COURSE_STATIC", "0")
    asked = []

    def noted(**turned):
        asked.append(turned)
        return draw(**turned)

    one = turned()
    one.draw = noted
    shown = live.states(one)
    kind, size, lamp = shown.children[0].children
    assert asked == [{"kind": "pool", "size": 2, "on": False}]  # and no other
    size.value, lamp.value = 3, True
    assert asked[-1] == {"kind": "pool", "size": 3, "on": True}
    assert "pool of size 3, on" in shown.children[1].value
    assert ".play-numbers" in shown.children[1].value  # with the page's own style


def test_taking_subjects_away_ends_the_interval_and_not_the_median() -> None:
    subjects = pd.Series(np.linspace(0.1, 0.8, 8), [f"s{n}" for n in range(8)])
    given = {"subjects": subjects, "ways": {"up": subjects.index}, "axis": (0, 1)}
    given |= {"play": play, "scene": play.scene, "escape": html.escape}
    given |= {"counted": counted, "binom": binom}
    names = "interval_of_median", "dot_of_each", "fewer"
    fewer = lifted("03", *names, **given)["fewer"]
    for left in range(1, 9):
        scene = fewer("up", left)
        assert math.isnan(scene.numbers["width"]) == (left < 5)
        assert ("no interval" in scene.words) == (left < 5)
        median = float(np.median(subjects[-left:]))
        assert scene.numbers["median Dice"] == pytest.approx(median)


def test_an_epsilon_moves_the_modes_and_leaves_the_count() -> None:
    table = pd.DataFrame(
        {"tp": [0, 5, 0], "fp": [3, 1, 0], "fn": [4, 2, 0], "tn": [9, 9, 16]}
    ).assign(subject=["a", "b", "c"])
    given = {"scored_against": {"it": table}, "play": play, "counts": counts}
    given |= {"subject_means": subject_means, "spearman": spearman, "number": number}
    names = "with_epsilon", "measured_with", "at_epsilon"
    at_epsilon = lifted("05", *names, **given)["at_epsilon"]
    without, tiny = at_epsilon("it", 0.0), at_epsilon("it", 1e-7)
    assert without.numbers["PARTIAL, %"] == 50 and tiny.numbers["PARTIAL, %"] == 100
    assert math.isnan(without.numbers["Dice, frames without"])
    assert tiny.numbers["Dice, frames without"] == 1
    assert all("on 50 % not one pixel" in scene.words for scene in (without, tiny))


def test_a_cloud_has_a_subject_s_own_dots_in_front() -> None:
    y, own = np.array([0.1, 0.4, 0.3, math.nan]), np.array([True, True, False, False])
    drawn = lifted("04", "patients_dots", scene=play.scene)["patients_dots"](
        np.arange(4.0), y, own, "by"
    )
    dots = [one.split('"')[0] for one in drawn.split(' d="')[1:3]]
    assert [one.count("h0") for one in dots] == [1, 2]  # others, the subject's own


def test_data_in_a_page_are_no_script_to_its_policy() -> None:
    page = '<script type="application/json">{"a":1}</script><script>go()</script>'
    assert policy(page).count("sha256-") == 1


# In a browser.

PAGE = """<!doctype html><html lang="en"><head><title>x</title><meta charset="utf-8">
<link rel="stylesheet" href="style.css"><link rel="stylesheet" href="play.css">
<script src="play.js"></script></head><body><main><h1>Play</h1>
<div class="output figure">{one}</div><div class="output figure">{two}</div></main></body></html>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory, small) -> Path:
    path = tmp_path_factory.mktemp("play") / "page.html"
    for name in ("style.css", "play.css", "play.js"):
        shutil.copy(small / name, path.parent)
    text = PAGE.format(one=turned().html(), two=albums().html())
    path.write_text(text, encoding="utf-8")
    return path


def matches(figure, data: dict, at: list[int]) -> None:
    """What a figure shows is the state of its controls' places."""
    place = 0
    for control, value in zip(data["controls"], at, strict=True):
        place = place * len(control["said"]) + value
    state, shown = data["states"][place], figure.evaluate(SHOWN)
    assert {key: state[key] for key in shown} == shown
    assert figure.get_attribute("data-state") == str(place)
    canvases = figure.query_selector_all(".play-picture canvas")
    assert len(canvases) == len(state["pictures"])
    for canvas in canvases:
        assert state["words"] in canvas.get_attribute("aria-label")


def drive(visit: Visit, figure) -> None:
    """Turn every control of a figure by keyboard, to its end and back by a step, and
    look at what it shows each time."""
    data = figure.evaluate(DATA)
    at = [control["start"] for control in data["controls"]]
    matches(figure, data, at)
    handles = figure.query_selector_all(".play-controls :is(input, select, button)")
    # Switches stand together, so the handles may be in another order than the controls.
    named = {control["label"]: n for n, control in enumerate(data["controls"])}
    for handle in handles:
        label = handle.evaluate(
            "h => h.getAttribute('aria-label') || (h.tagName === 'BUTTON' ? h.textContent"
            " : h.closest('label').firstChild.textContent)"
        )
        n = named[label]
        said, kind = data["controls"][n]["said"], data["controls"][n]["kind"]
        last = len(said) - 1
        handle.focus()
        if kind == "slider":
            visit.page.keyboard.press("End")
            at[n] = last
            matches(figure, data, at)
            visit.page.keyboard.press("ArrowLeft")
            at[n] = max(last - 1, 0)
            assert handle.get_attribute("aria-valuetext") == said[at[n]]
        elif kind == "choice":
            handle.select_option(str(last))
            at[n] = last
        else:
            before = handle.get_attribute("aria-pressed")
            visit.page.keyboard.press("Space")
            at[n] = 1 - at[n]
            assert handle.get_attribute("aria-pressed") != before
        matches(figure, data, at)


def leaf(visit: Visit, figure) -> None:
    """Filter and order a browser's frames, and look at one."""
    data = figure.evaluate(DATA)
    items, selects = data["items"], figure.query_selector_all("select")
    assert len(figure.query_selector_all(".play-thumbs button")) == len(items)
    order = data["orders"][-1]
    selects[-1].select_option(str(len(data["orders"]) - 1))
    field = data["filters"][0]
    selects[0].select_option("1")
    kept = [one for one in items if one["fields"][field["name"]] == field["values"][0]]
    thumbs = figure.query_selector_all(".play-thumbs button")
    shown = [items[int(one.get_attribute("value"))] for one in thumbs]
    assert 0 < len(shown) == len(kept)
    values = [one["values"][order["name"]] for one in shown]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == sorted(known, reverse=order["falling"])
    thumbs[-1].focus()
    visit.page.keyboard.press("Enter")
    assert figure.evaluate(SHOWN)["words"] == shown[-1]["words"]
    assert thumbs[-1].get_attribute("aria-pressed") == "true"


def drag(visit: Visit, handle, start: float, end: float) -> None:
    """Drag a slider's handle from one share of its width to another."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    middle, width = box["y"] + box["height"] / 2, box["width"] - 4
    visit.page.mouse.move(box["x"] + 2 + start * width, middle)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 2 + end * width, middle, steps=4)
    visit.page.mouse.up()


def test_controls_by_keyboard_show_what_was_computed(browser, page: Path) -> None:
    visit = Visit(browser, page)
    one, two = visit.page.query_selector_all("figure.play")
    drive(visit, one)
    leaf(visit, two)
    assert visit.wrong == [] and visit.ask(FAULTS) == []


def test_a_slider_is_dragged_and_a_switch_is_touched(browser, page: Path) -> None:
    visit = Visit(browser, page)
    drag(visit, visit.page.query_selector("figure.play input"), 0.5, 1)
    assert visit.page.query_selector("figure.play output").text_content() == "3"
    phone = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, offline=True
    ).new_page()
    phone.goto(page.as_uri(), wait_until="load")
    phone.tap("figure.play button.switch")
    assert phone.get_attribute("figure.play button.switch", "aria-pressed") == "true"
    assert "pool of size 2, on" in phone.text_content(".play-words")
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    phone.context.close()


def test_a_canvas_is_painted_with_the_frame_and_its_marks(browser, page: Path) -> None:
    visit = Visit(browser, page)
    colours = visit.ask(
        """() => { const c = document.querySelector('figure.play canvas');
        const x = c.getContext('2d'); const at = (u, v) => [...x.getImageData(
          Math.round(u * c.width / 16), Math.round(v * c.height / 12), 1, 1).data];
        return [at(1.5, 9.5), at(6.5, 4.5), at(9.8, 4.5)]; }"""
    )
    grey, hit, false = (np.array(one[:3]) for one in colours)
    assert np.abs(grey - 80).max() < 8
    assert hit[2] > hit[0] + 40 and false[0] > false[2] + 40  # blue, yellow


def test_a_sheet_that_a_page_loads_late_is_waited_for(browser, page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace(
        '<img class="', '<img loading="lazy" class="'
    )
    late = page.with_name("late.html")
    late.write_text(text.replace("<h1>", '<h1 style="margin-top: 9000px">'), "utf-8")
    visit = Visit(browser, late)
    visit.page.wait_for_selector("figure.play[data-state]", state="attached")
    drive(visit, visit.page.query_selector("figure.play"))
    assert visit.wrong == []


def test_without_scripts_the_still_and_its_words_are_there(browser, page: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    plain = context.new_page()
    plain.goto(page.as_uri(), wait_until="load")
    words = plain.locator(".play-words").all_text_contents()
    assert words == [turned().start.words, albums().start.words]
    assert plain.locator(".play-numbers dd").first.text_content() == "0.67"
    for still in plain.locator(".play-picture img").all():
        assert still.is_visible() and still.get_attribute("alt")
    assert not plain.locator(".play-sheets img").first.is_visible()
    context.close()


# The course's own.

SWITCHES = len(phantom.GROUPS)


def played(site: Path, name: str) -> dict:
    """The data of one of the course's things to play with, wherever it stands."""
    for path in sorted(site.glob("[0-9]*.html")):
        text = path.read_text(encoding="utf-8")
        for made in re.findall(r'application/json">(.*?)</script>', text, re.DOTALL):
            if (data := json.loads(made)).get("name") == name:
                return data
    raise AssertionError(f"{name} is on no page")


def recorded(site: Path) -> Callable:
    """The value of a result of the course's, by its name."""
    text = (site / "results.json").read_text(encoding="utf-8")
    return lambda name: json.loads(text)["results"][name]["value"]


@pytest.mark.parametrize("name", ["index", *LESSONS])
def test_everything_on_a_page_of_the_course_can_be_played_with(browser, smoke, name):
    visit = Visit(browser, smoke.site / f"{name}.html")
    playing = visit.page.query_selector_all("figure.play")
    assert playing, "nothing to play with"
    for figure in playing:
        weight = figure.evaluate("f => f.outerHTML.length")
        assert weight <= MOST_BYTES, f"{weight} bytes"
        kind = figure.get_attribute("data-play")
        (leaf if kind == "browser" else drive)(visit, figure)
    assert visit.wrong == []
    visit.context.close()


def test_the_dials_128_numbers_are_those_that_shares_are_recorded_from(smoke) -> None:
    data, value = played(smoke.site, "domain_dial"), recorded(smoke.site)
    costs = [one["values"][3] for one in data["states"]]
    assert len(costs) == 2**SWITCHES

    def cost(chosen):
        bits = [group in chosen for group in phantom.GROUPS]
        return costs[sum(on << SWITCHES - 1 - i for i, on in enumerate(bits))]

    shares = shift.shapley(cost, phantom.GROUPS)
    for group in phantom.GROUPS:
        share = value(f"cause.{group}.truth")
        assert shares[group] == pytest.approx(share, abs=1e-7)
    total = value("cause.all.truth")
    assert costs[-1] == pytest.approx(total, abs=1e-7) and costs[0] == 0


def test_the_frames_to_look_through_have_the_recorded_dice(smoke) -> None:
    data, value = played(smoke.site, "frames"), recorded(smoke.site)
    items = pd.DataFrame(
        [one["fields"] | {"dice": one["values"]["dice"]} for one in data["items"]]
    )
    unseen = items[items["where"] == "unseen pigs"].astype({"dice": float})
    means = unseen.groupby("subject")["dice"].mean()
    assert means.mean() == pytest.approx(value("id_test.dice"), abs=1e-7)
