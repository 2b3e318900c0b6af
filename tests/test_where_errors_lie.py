"""Lesson 03 says where errors lie before how many there are: what a mutant marks is
found at its place, and nowhere else."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from lessons_by_hand import lifted
from scipy.ndimage import binary_dilation, label, minimum_filter

from helpers.frames import CLASSES
from report.notebooks import FOLDER

PLACES = ["rim of the view", "rest of the view", "surround"]
SQUARE = np.zeros((3, 3, 3), bool)
SQUARE[1] = True


@pytest.fixture
def frames():
    """Two frames of 20x30 with a round view's surround at both sides, and two pools."""
    view, blood = np.zeros((2, 20, 30), bool), np.zeros((2, 20, 30), bool)
    view[:, :, 5:25] = True
    blood[:, 2:4, 6:10] = True  # at the rim
    blood[:, 9:13, 14:18] = True
    classes = np.where(blood, 7, 1).astype(np.uint8)
    table = pd.DataFrame({"subject": ["a", "b"]})
    valid = np.ones_like(blood)
    return SimpleNamespace(
        view=view, blood=blood, valid=valid, classes=classes, table=table
    )


def marking(mask):
    """What stands for a run that marks a mask."""
    return SimpleNamespace(probabilities=lambda packed: np.where(mask, 255, 0))


@pytest.fixture
def room(frames):
    """The lesson's own functions."""
    lesson = SimpleNamespace(frames=lambda split: frames)
    given = {"lesson": lesson, "pd": pd, "RIM": 3, "RING": 1, "FEW": 2}
    given |= {"minimum_filter": minimum_filter, "binary_dilation": binary_dilation}
    given |= {"label": label, "SQUARE": SQUARE, "packed": frames, "CLASSES": CLASSES}
    names = "marked misses false_marks map_of places by_place ring whole_pools by_class"
    return lifted("03", *names.split(), **given)


def test_marks_are_found_where_they_are(room, frames):
    def where(mask):
        return room["by_place"]("ood_test", marking(mask))

    marks = where(~frames.view)
    assert marks["falsely marked"][PLACES].tolist() == [0, 0, 100]
    assert marks["missed"][PLACES[:2]].tolist() == [100, 100]
    assert np.isnan(marks["missed", "surround"])  # there is no blood to miss
    marks = where(frames.view)
    assert marks["falsely marked"][PLACES].tolist() == [100, 100, 0]
    assert marks["missed"][PLACES[:2]].tolist() == [0, 0]
    marks = where(np.zeros_like(frames.view))
    assert (marks["falsely marked"] == 0).all()
    assert (marks["missed"].dropna() == 100).all()


def test_the_rim_is_the_views_and_a_subject_has_one_vote(room, frames):
    half = frames.blood.copy()
    half[1, 2:4] = False  # what b has at the rim is missed, twice as much in all
    frames.blood[1, 4, 6:10] = True
    missed = room["by_place"]("ood_test", marking(half))["missed"]
    assert missed["rim of the view"] == pytest.approx(50)
    assert missed["rest of the view"] == pytest.approx(10)  # 4 of 20 pixels of b


def test_a_map_says_nothing_of_fewer_frames_than_it_takes(room, frames):
    frames.blood[1, 9:13] = False
    half = frames.blood.copy()
    half[0, 2:4] = False
    found = room["map_of"](room["misses"]("ood_test", marking(half)), frames.blood)
    assert (found[2:4, 6:10] == 50).all() and np.isnan(found[9:13, 14:18]).all()


def test_a_pool_that_is_touched_is_found_and_the_ring_lies_around(room, frames):
    found = np.zeros_like(frames.blood)
    found[:, 9, 14] = True
    lost, lost_sizes, found_sizes = room["whole_pools"](frames.blood, found)
    assert [*lost_sizes] == [8, 8] and len(found_sizes) == 2
    assert lost.sum() == 2 * 8 and not lost[:, 9:].any()
    assert lost_sizes.sum() + found_sizes.sum() == frames.blood.sum()
    ring = room["ring"](frames.blood, frames.valid)
    assert (
        ring.sum() == 2 * (4 * 6 - 8 + 6 * 6 - 16) and not (ring & frames.blood).any()
    )


def test_marks_by_class_add_up(room, frames):
    found = room["by_class"](frames.valid)
    assert found.sum() == frames.valid.sum() and found["Abdominal Wall"] > 0
    assert (found > 0).sum() == 2


def test_the_page_shows_misses_then_false_marks_then_any_score():
    text = next(FOLDER.glob("03_*.py")).read_text(encoding="utf-8")
    places = [
        text.index(one)
        for one in ("misses(s, run)", "false_maps(run)", "charts.source(counts.dice)")
    ]
    assert places == sorted(places)
