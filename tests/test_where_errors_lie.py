"""Lesson 03's first sentence about errors follows from where they lie: a mutant that marks the surround, or the
view, changes it."""

import re

import numpy as np
import pytest

from helpers import figures, lesson, runs
from report.notebooks import FOLDER, notebook

LESSON = next(FOLDER.glob("03_*.py"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        yield lesson.begin("smoke")


def first_sentence(opened, mutant, monkeypatch) -> str:
    """The sentence after the lesson's own cells have met a network that marks by `mutant`."""
    monkeypatch.setattr(runs, "probabilities", lambda run, packed: mutant(packed))
    cells = [cell.source for cell in notebook(LESSON).cells if cell.cell_type == "code"]
    wanted = [
        source
        for source in cells
        if "def false_marks" in source or "def by_region" in source
    ]
    splits = opened.domains.present("id_test", "ood_test", "ood_wished")
    names = {
        "np": np,
        "runs": runs,
        "figures": figures,
        "lesson": opened,
        "run": None,
        "splits": splits,
    }
    for source in wanted:
        exec(compile(source, LESSON.name, "exec"), names)
    return names["where"].title


def test_the_sentence_names_the_region_that_was_marked(opened, monkeypatch):
    def surround(packed):
        return np.where(packed.view, 0, 255).astype(np.uint8)

    def view(packed):
        return np.where(packed.view, 255, 0).astype(np.uint8)

    marked = first_sentence(opened, surround, monkeypatch)
    assert re.search(r"100 % of the falsely marked pixels lie in the surround", marked)
    assert re.search(r"100 % .* in the view", first_sentence(opened, view, monkeypatch))
    nothing = first_sentence(
        opened, lambda packed: np.zeros(packed.valid.shape, np.uint8), monkeypatch
    )
    assert "No pixel is falsely marked" in nothing


def test_the_page_says_that_sentence_before_any_dice():
    text = LESSON.read_text(encoding="utf-8")
    assert text.index("{where.title}") < text.index("dice_of")
