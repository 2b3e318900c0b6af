"""The record of numbers, and the sentences that take their numbers from it."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import CourseError, cells, statistics
from helpers.cells import Record, fill
from helpers.statistics import Estimate
from report import numbers


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed, in order."""
    found = []
    monkeypatch.setattr(cells, "display", lambda thing, **_: found.append(thing))
    return found


RECORD = {
    "id_test.dice": Estimate(0.8765, 0.81, 0.93, 0.9, 40, 11, split="id_test"),
    "ood_test.dice": Estimate(0.1234, n_frames=20, n_subjects=1, split="ood_test"),
    "ood_test.dice.view": Estimate(0.47, n_frames=20, n_subjects=1, split="ood_test"),
    "x": Estimate(math.nan, n_subjects=0),
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{id_test.dice:.2f} ({id_test.dice.interval})",
            "0.88 (0.81 to 0.93, a 90 % interval over 11 pigs)",
        ),
        (
            "{ood_test.dice:.1%}, {ood_test.dice.interval}",
            "12.3%, no interval, 1 patient",
        ),
        ("{ood_test.dice.view}", "0.47"),
        ("{id_test.dice.low:.1f} {ood_test.dice.low:.1f}", "0.8 undefined"),
        ("{id_test.dice.n_frames} {id_test.dice.behind}", "40 11 pigs, 40 frames"),
        ("{x:.2f} {x.interval}", "undefined no interval, 0 subjects"),
        (
            "{verdict} {more['a']:.1f} {more[\"b\"]} {rows[1]} {table.shape}",
            "falls 1.0 two 7 (2, 1)",
        ),
        ("{table.a.iloc[1]}", "4"),
        (
            "$x_{i}$ and $$\\sum_{i} {verdict}$$ and `{verdict}`, but {verdict}",
            "$x_{i}$ and $$\\sum_{i} {verdict}$$ and `{verdict}`, but falls",
        ),
        ("```\n{verdict}\n``` {verdict}", "```\n{verdict}\n``` falls"),
        ("5 $ or {verdict} for 6 $", "5 $ or falls for 6 $"),
        ("no {1} or { } or {a b}", "no {1} or { } or {a b}"),
    ],
)
def test_placeholders(text, said):
    names = {
        "verdict": "falls",
        "more": {"a": 1.0, "b": "two"},
        "rows": [5, 7],
        "table": pd.DataFrame({"a": [3, 4]}),
        "x": "hidden by the record",
    }
    assert fill(text, RECORD, names) == said


@pytest.mark.parametrize(
    "text", ["{id_val.dice:.2f}", "{missing}", "{id_test.dice.colour}"]
)
def test_a_number_that_is_not_there_cannot_be_said(text):
    with pytest.raises(CourseError, match="neither recorded nor a variable here"):
        fill(text, RECORD, {})


def test_the_names_that_a_text_asks_for():
    found = cells.placeholders("{id_test.dice:.2f} $x_{i}$ {a['b']} `{c}`")
    assert found == ["id_test.dice", "a['b']"]


def test_what_is_recorded_is_left_for_the_report(shown):
    told = dict(value=0.5, low=0.4, high=0.6, level=0.9, p=0.01)
    told |= dict(n_frames=30, n_subjects=12)
    told |= dict(
        estimand="mean", note="note", data="phantom", split="id_test", unit="%"
    )
    record, one = Record(), Estimate(**told)
    assert record.add("a", one) is record["a"] is one
    left = shown[0][cells.RESULT_TYPE]
    assert left["name"] == "a" and left["result"] == told
    record.add("x", Estimate(math.nan, data="real"))
    written = json.loads(json.dumps(shown[1], allow_nan=False))
    assert written[cells.RESULT_TYPE]["result"]["value"] is None


def test_a_number_says_what_it_was_made_from(shown):
    with pytest.raises(ValueError, match="'x' doesn't say what it was made from"):
        Record().add("x", Estimate(0.5))
    with pytest.raises(ValueError, match="one of phantom, real, published, cited"):
        Record().add("x", Estimate(0.5, data="imagined"))
    assert shown == []


def test_the_first_page_says_a_range_as_a_lesson_does(shown):
    whose = [f"video{number:02}" for number in range(12)]
    wide = statistics.mean_over_subjects(np.linspace(0, 1, 12), whose)
    paired = statistics.paired_difference([0.1] * 12, [0.3] * 12, whose)
    for one, said in ((wide, "a wide 90 % interval"), (paired, "p = 0.00049")):
        Record().add("ood_test.dice", replace(one, data="phantom"))
        kept = shown.pop()[cells.RESULT_TYPE]["result"]
        assert said in one.range and numbers.estimate(kept).range == one.range
