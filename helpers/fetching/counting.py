"""Has everything arrived? Counted against the data set's card."""

from pathlib import Path

import pandas as pd

from helpers import frames
from helpers.errors import CourseError
from helpers.fetching.cards import Card
from helpers.names import printable

_SHOWN = 3


def differences(folder: Path, card: Card) -> list[str]:
    """What a folder has otherwise than its data set's card says, as ends of a sentence;
    none where frames, subjects and clips are all there.

    Raises CourseError where the folder holds nothing known. Pixels are not read.
    """
    found = frames.index(folder, on_bad="skip")
    if (layout := frames.layout(folder)) != card.folder:
        raise CourseError(
            f"{printable(folder)} is laid out as {layout} and not as {card.name}: "
            "give it another name."
        )
    wrong = _off(found.table["subject"].value_counts(), card.subjects, "frames")
    if card.clip:
        clips = found.table["clip"].value_counts()
        wrong += _off(clips, dict.fromkeys(clips.index, card.clip), "frames")
        number = clips.groupby([name.split("_")[0] for name in clips.index]).size()
        wanted = {name: n // card.clip for name, n in card.subjects.items()}
        wrong += _off(number, wanted, "clips")
    if found.skipped:
        wrong.append(f"for one, {found.skipped[0].split(':')[0]}")
    return wrong


def _off(counted: pd.Series, wanted: dict[str, int], what: str) -> list[str]:
    """The first few names whose count is another than wanted."""
    names = [*wanted, *sorted(set(counted.index) - set(wanted))]
    off = [
        f"{name} has {counted.get(name, 0):,} {what} and not {wanted.get(name, 0):,}"
        for name in names
        if counted.get(name, 0) != wanted.get(name, 0)
    ]
    more = [f"{len(off) - _SHOWN} more differ"] if len(off) > _SHOWN else []
    return off[:_SHOWN] + more
