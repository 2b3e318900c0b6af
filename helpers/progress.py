"""How far something long is, and how long it still takes: in a terminal and in Jupyter.
A page is the same however long its lesson ran, so there it says nothing."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

from helpers import settings

Item = TypeVar("Item")
SHORT = 2  # what took fewer seconds leaves no line behind


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
    # A line of text: a saved notebook shows tqdm's widget at 0 %.
    lesson = "ipykernel" in sys.modules
    quiet = settings.static() or not (lesson or sys.stderr.isatty())
    place = sys.stdout if lesson else sys.stderr
    with tqdm(desc=label, total=total, disable=quiet, file=place) as bar:

        def tell(done: int) -> None:
            if not bar.n:
                bar.n = bar.initial = done - 1
            bar.update(done - bar.n)

        try:
            yield tell
        finally:
            bar.leave = not quiet and bar.format_dict["elapsed"] > SHORT
