"""helpers.progress: how far something long is, in Jupyter and nowhere else."""

import sys
from types import SimpleNamespace

import pytest

from helpers import models, progress, runs, settings, store, training
from helpers.progress import counting


@pytest.fixture
def shown(monkeypatch):
    """What a notebook's line reads, one text after the other; `shown.clock` is the
    time in seconds, which stands still until a test turns it."""
    found = SimpleNamespace(lines=[], clock=0.0)

    class Handle:
        def update(self, thing):
            found.lines.append(thing.data)

    def display(thing, display_id):
        assert display_id  # else nothing could be replaced
        found.lines.append(thing.data)
        return Handle()

    monkeypatch.setattr(progress, "display", display)
    clock = SimpleNamespace(monotonic=lambda: found.clock)
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    return found


def loop(shown, items, seconds: float, label: str = "Drawing") -> None:
    """Go through some items, each of which takes some seconds."""
    for _ in progress.progress(items, label):
        shown.clock += seconds


def test_a_long_loop_tells_the_share_done_and_the_time_left(shown) -> None:
    loop(shown, range(4), 10)
    first, one, two, three, *_, last = shown.lines
    assert "Drawing" in first and "0 of 4, 0 %<" in first and "left" not in first
    assert '<progress max="4" value="1">' in one and "25 %, about 30 s left" in one
    assert "50 %, about 20 s left" in two and "75 %, about 10 s left" in three
    assert last == "<p>Drawing: 4 in 40 s</p>"


@pytest.mark.parametrize(
    "each, said", [(20, "60 s left"), (100, "5 min left"), (4000, "3.3 h left")]
)
def test_the_time_left_is_told_in_the_unit_that_fits(shown, each, said) -> None:
    for before in (0, 6):  # what was done before, as of a training, is not timed
        with counting("Training", before + 4) as tell:
            shown.clock += each
            tell(before + 1)
        assert said in shown.lines[-2]


def test_a_loop_that_was_stopped_says_how_far_it_came(shown) -> None:
    def until_stopped():
        yield from range(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop(shown, until_stopped(), 3)
    assert shown.lines[-1] == "<p>Drawing: 2 in 6 s</p>"


def test_a_short_loop_leaves_no_line_and_a_name_in_its_label_is_only_text(shown):
    loop(shown, "a", 0.1, "Unpacking <script>.zip")
    assert "<script>" not in shown.lines[0] and "&lt;script&gt;" in shown.lines[0]
    assert shown.lines[-1] == ""


def test_a_page_says_nothing_of_it(shown, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_STATIC", "1")
    loop(shown, range(3), 10)
    assert shown.lines == []


def test_a_training_tells_its_epochs_and_whoever_watches(shown, monkeypatch) -> None:
    def fit(model, train, id_val, numbers, seed, checkpoint, transform, watch, *rest):
        history = training.History()
        for epoch in range(3):
            shown.clock += 10
            history.loss.append(1.0 - epoch / 10)
            watch(history)
        return history

    watched = []
    monkeypatch.setattr(models, "build", lambda *_, **__: None)
    monkeypatch.setattr(training, "fit", fit)
    monkeypatch.setattr(runs, "frames_key", lambda packed: "frames")
    monkeypatch.setattr(store, "keep", lambda kind, what, make, *_: make())
    course = settings.course("quick").but(epochs=5)

    def watch(history):
        watched.append(len(history.loss))

    runs.trained("one", course, None, None, watch=watch)
    assert watched == [1, 2, 3]
    assert "Training 'one', epochs" in shown.lines[0]
    assert "1 of 5, 20 %, about 40 s left" in shown.lines[1]
    assert shown.lines[-1] == "<p>Training 'one', epochs: 3 of 5 in 30 s</p>"
