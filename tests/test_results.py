"""The record of numbers."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from helpers import cells, statistics
from helpers.cells import Record
from helpers.statistics import Estimate
from report import numbers


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed, in order."""
    found = []
    monkeypatch.setattr(cells, "display", lambda thing, **_: found.append(thing))
    return found


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
