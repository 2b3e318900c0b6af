"""settings.progress: how far something long is, in Jupyter and nowhere else."""

import sys
from types import SimpleNamespace

import pytest

from helpers import models, settings, store, training
from helpers.settings import progress


@pytest.fixture
def shown(monkeypatch, capsys):
    """What a notebook's line reads, one text after the other; `shown.clock` is the
    time in seconds, which stands still until a test turns it."""
    found = SimpleNamespace(clock=0.0)
    found.lines = lambda: capsys.readouterr().out.split("\r")
    monkeypatch.setattr("tqdm.std.time", lambda: found.clock)
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    return found


def loop(shown, items, seconds: float, label: str = "Drawing") -> None:
    """Go through some items, each of which takes some seconds."""
    for _ in progress(items, label):
        shown.clock += seconds


def test_a_long_loop_tells_the_share_done_and_the_time_left(shown) -> None:
    loop(shown, range(4), 10)
    _, one, two, *_, last = shown.lines()
    assert "Drawing:  25%" in one
    assert "25%" in one and "1/4 [00:10<00:30" in one
    assert "2/4 [00:20<00:20" in two
    assert "4/4 [00:40<00:00" in last and last.endswith("\n")


def test_a_short_loop_leaves_no_line_and_a_page_says_nothing(shown, monkeypatch):
    loop(shown, "a", 0.1)
    assert shown.lines()[-1].strip() == ""
    monkeypatch.setenv("COURSE_STATIC", "1")
    loop(shown, range(3), 10)
    assert shown.lines() == [""]


def test_a_training_tells_its_epochs_and_whoever_watches(shown, monkeypatch) -> None:
    def fit(model, train, id_val, numbers, seed, checkpoint, transform, watch, *rest):
        history = training.History()
        history.loss += [1.0] * 2  # of a training that goes on
        for epoch in range(3):
            shown.clock += 10
            history.loss.append(1.0 - epoch / 10)
            watch(history)
        return history

    watched = []
    monkeypatch.setattr(models, "build", lambda *_, **__: None)
    monkeypatch.setattr(training, "fit", fit)
    monkeypatch.setattr(training, "frames_key", lambda packed: "frames")
    monkeypatch.setattr(store, "entry", lambda kind, what, write, *_: write(None))
    for name in ("_save", "_load"):
        monkeypatch.setattr(training, name, lambda *_: None)
    course = settings.course("quick").but(epochs=7)

    def watch(history):
        watched.append(len(history.loss))

    training.trained("one", course, None, None, watch=watch)
    assert watched == [3, 4, 5]
    lines = shown.lines()
    # What was done before is not timed.
    assert "Training 'one', epochs" in lines[1] and "3/7 [00:10<00:40" in lines[1]
    assert "5/7 [00:30<00:20" in lines[-1]
