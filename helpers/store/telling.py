"""What the store says to the reader besides a lesson's own output."""

import sys
import warnings

from helpers import settings


def say(sentence: str) -> None:
    """A sentence that an executed page doesn't keep: a warning where somebody works,
    a line in the terminal where the report is built."""
    if settings.static():
        print(sentence, file=sys.__stderr__, flush=True)
    else:
        warnings.warn(sentence, stacklevel=2)
