"""A progress bar that looks right in a terminal, in Jupyter and in the rendered
page."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def progress(
    items: Iterable[Item], label: str, total: int | None = None
) -> Iterator[Item]:
    """Yield the items and show how far they are.

    tqdm's notebook bar is a widget, which a rendered page shows frozen at 0 %; so a
    notebook gets a line of HTML that is replaced as it goes and ends as one quiet
    sentence.
    """
    if total is None and hasattr(items, "__len__"):
        total = len(items)
    if "ipykernel" not in sys.modules:
        yield from tqdm(items, desc=label, total=total, disable=not sys.stderr.isatty())
        return
    from IPython.display import HTML, display

    started, shown, done = time.monotonic(), 0.0, 0
    handle = display(HTML(_line(label, 0, total)), display_id=True)
    for item in items:
        yield item
        done += 1
        if time.monotonic() - shown > 0.3:
            shown = time.monotonic()
            handle.update(HTML(_line(label, done, total)))
    handle.update(
        HTML(
            f'<p class="done">{label}: {done} in {time.monotonic() - started:.0f} s</p>'
        )
    )


def _line(label: str, done: int, total: int | None) -> str:
    bar = (
        f'<progress max="{total}" value="{done}"></progress> {done} of {total}'
        if total
        else f"{done}"
    )
    return f'<p class="progress">{label} {bar}</p>'
