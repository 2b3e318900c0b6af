"""helpers.progress: how far something long is, in Jupyter and nowhere else."""

import re
import sys
from types import SimpleNamespace

import pytest
from lessons_by_hand import code, lesson

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
    monkeypatch.setattr(
        progress, "time", SimpleNamespace(monotonic=lambda: found.clock)
    )
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    return found


def test_a_long_loop_tells_the_share_done_and_the_time_left(shown) -> None:
    for _ in progress.progress(range(4), "Drawing"):
        shown.clock += 10
    first, *between, last = shown.lines
    assert "Drawing" in first and "0 of 4, 0 %<" in first and "left" not in first
    assert '<progress max="4" value="1">' in between[0]
    told = [line.split("</progress> ")[1] for line in between]
    assert told[:3] == [
        "1 of 4, 25 %, about 30 s left</p>",
        "2 of 4, 50 %, about 20 s left</p>",
        "3 of 4, 75 %, about 10 s left</p>",
    ]
    assert last == "<p>Drawing: 4 in 40 s</p>"


@pytest.mark.parametrize(
    "each, said", [(20, "about 60 s left"), (100, "5 min left"), (4000, "3.3 h left")]
)
def test_the_time_left_is_told_in_the_unit_that_fits(shown, each, said) -> None:
    with counting("Training", 4) as tell:
        shown.clock += each
        tell(1)
    assert said in shown.lines[1]


def test_what_was_done_before_is_not_timed(shown) -> None:
    with counting("Training", 10) as tell:  # goes on after the seventh epoch
        shown.clock += 30
        tell(8)
    assert "8 of 10, 80 %, about 60 s left" in shown.lines[1]


def test_a_short_loop_leaves_no_line(shown) -> None:
    assert list(progress.progress("abc", "Looking")) == ["a", "b", "c"]
    assert shown.lines[-1] == "" and len(shown.lines) == 2


def test_a_loop_that_was_stopped_says_how_far_it_came(shown) -> None:
    with pytest.raises(KeyboardInterrupt):
        for item in progress.progress(range(9), "Drawing"):
            shown.clock += 3
            if item == 2:
                raise KeyboardInterrupt
    # A generator is closed when nobody holds it any more.
    assert shown.lines[-1] == "<p>Drawing: 2 of 9 in 9 s</p>"


def test_a_stream_of_unknown_length_is_counted(shown) -> None:
    for _ in progress.progress(iter("abc"), "Reading"):
        shown.clock += 1
    assert shown.lines == [
        "<p>Reading: 0</p>",
        *(f"<p>Reading: {n}</p>" for n in (1, 2, 3)),
        "<p>Reading: 3 in 3 s</p>",
    ]


def test_a_name_in_a_label_is_only_text(shown) -> None:
    list(progress.progress("a", "Unpacking <script>.zip"))
    assert "<script>" not in shown.lines[0] and "&lt;script&gt;" in shown.lines[0]


def test_a_page_says_nothing_of_it(shown, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_STATIC", "1")
    for _ in progress.progress(range(3), "Drawing"):
        shown.clock += 10
    with counting("Training", 3) as tell:
        tell(1)
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


SLOW = """import time

from helpers.progress import progress

for _ in progress(range(3), "A slow loop"):
    time.sleep(1)
print("over")"""


def test_a_lessons_page_is_the_same_however_long_it_ran(bench) -> None:
    lesson(bench.folder, "00_first", code(SLOW))
    assert bench.build() == 0
    page = bench.page("00_first")
    assert "over" in page
    shown = re.sub(r"<pre class=\"code\">.*?</pre>", "", page, flags=re.DOTALL)
    assert "A slow loop" not in shown and "<progress" not in shown
