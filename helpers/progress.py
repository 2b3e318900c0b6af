"""How far something long is, and how long it still takes: in a terminal and in Jupyter.
A page is the same however long its lesson ran, so there it says nothing."""

import contextlib
import html
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from IPython.display import HTML, display
from tqdm import tqdm

from helpers import settings

Item = TypeVar("Item")
_OFTEN = 0.3  # seconds between two updates, at least
_SHORT = 2  # what took fewer seconds leaves no line behind


def progress(
    items: Iterable[Item], label: str, total: int | None = None
) -> Iterator[Item]:
    """Yield the items and show how far they are."""
    if total is None and hasattr(items, "__len__"):
        total = len(items)
    with counting(label, total) as tell:
        for done, item in enumerate(items, 1):
            yield item
            tell(done)


@contextlib.contextmanager
def counting(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A function to be told after each step how many are done.

    What was done before the first step that is told, as of a training that goes on, is
    not timed.
    """
    if settings.static():
        yield lambda done: None
    elif "ipykernel" in sys.modules:
        line = _Line(label, total)
        try:
            yield line.tell
        finally:
            line.end()
    else:
        with tqdm(desc=label, total=total, disable=not sys.stderr.isatty()) as bar:

            def tell(done: int) -> None:
                if not bar.n:
                    bar.n = bar.initial = done - 1
                bar.update(done - bar.n)

            yield tell


class _Line:
    """A line in a notebook that is replaced as it goes and ends as one quiet sentence.
    tqdm's own bar is a widget, which a saved notebook shows at 0 %."""

    def __init__(self, label: str, total: int | None) -> None:
        self.label, self.total = html.escape(label, quote=False), total
        self.done, self.before = 0, None
        self.started = self.shown = time.monotonic()
        self.handle = display(self._now(), display_id=True)

    def tell(self, done: int) -> None:
        if self.before is None:
            self.before = done - 1
        self.done = done
        if time.monotonic() - self.shown > _OFTEN:
            self.shown = time.monotonic()
            self.handle.update(self._now())

    def end(self) -> None:
        took = time.monotonic() - self.started
        of = f" of {self.total}" if self.total not in (None, self.done) else ""
        said = f"<p>{self.label}: {self.done}{of} in {took:.0f} s</p>"
        self.handle.update(HTML(said if took >= _SHORT else ""))

    def _now(self) -> HTML:
        if not self.total:
            return HTML(f"<p>{self.label}: {self.done}</p>")
        share = 100 * self.done / self.total
        bar = f'<progress max="{self.total}" value="{self.done}"></progress>'
        told = f"{self.done} of {self.total}, {share:.0f} %{self._left()}"
        return HTML(f"<p>{self.label} {bar} {told}</p>")

    def _left(self) -> str:
        timed = self.done - (self.before or 0)
        if not timed or self.done >= self.total:
            return ""
        each = (time.monotonic() - self.started) / timed
        return f", about {_spoken(each * (self.total - self.done))} left"


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
