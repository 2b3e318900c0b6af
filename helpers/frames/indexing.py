"""Which data set lies in a folder, and the frame table of all its labelled frames."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pandas as pd

from helpers import names
from helpers.errors import CourseError
from helpers.frames import cholecseg8k, hemoset
from helpers.frames import folder as own
from helpers.frames.archives import children
from helpers.frames.bad import SKIP, Bad, misnamed, named, printable, split_address
from helpers.frames.nearly import advice

COLUMNS = ("dataset", "subject", "clip", "frame", "split", "image", "mask")
"""The frame table, a row per frame. All str but frame (int64); a member of a zip is
"PATH.zip!member".
"""

_LAYOUTS: dict[str, ModuleType] = {
    "hemoset": hemoset,
    "cholecseg8k": cholecseg8k,
    "folder": own,
}
_KNOWN = (
    "pigN/imgs.zip and labels.zip (HemoSet), videoNN/videoNN_FFFFF/ (CholecSeg8k), "
    "or images/ and masks/"
)


@dataclass(frozen=True)
class Index:
    """A folder's frame table, and a sentence for everything left out (none under
    on_bad="stop").
    """

    table: pd.DataFrame
    skipped: list[str] = field(default_factory=list)


def layout(folder: str | Path) -> str:
    """What lies in the folder, or in one right below it: "hemoset", "cholecseg8k" or
    "folder" (one's own).

    Raises CourseError when it isn't there, holds nothing known, or holds several data
    sets.
    """
    return _place(folder)[1]


def index(folder: str | Path, on_bad: str = "stop") -> Index:
    """The frame table of every labelled frame of a folder, sorted by subject, clip and
    frame, split still "".

    on_bad: "stop" raises CourseError at the first image without mask, mask without
    image, broken zip and so on; "skip" leaves such frames out and names each in
    Index.skipped. Pixels aren't read here: see `pack`.
    """
    bad = Bad(on_bad)
    place, name = _place(folder)
    rows = _each_once(_LAYOUTS[name].rows(place, bad), bad)
    if not rows:
        reason = (
            f"; the first reason: {bad.sentences[0].rstrip('.')}"
            if bad.sentences
            else ""
        )
        raise CourseError(
            f"{printable(place)} holds no frame that has both an image and a mask: "
            f"it should hold {_KNOWN}{reason}."
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"frame": "int64"})
    return Index(_as_text(table, place), bad.sentences)


def _as_text(table: pd.DataFrame, place: Path) -> pd.DataFrame:
    """The table with names that do nothing wherever they are shown; the paths stay."""
    shown = table.copy()
    for column in ("dataset", "subject", "clip"):
        shown[column] = table[column].map(names.text)
        if shown[column].nunique() < table[column].nunique():
            raise CourseError(
                f"{names.text(place)} has two {column}s whose names look the same: "
                "rename one of them."
            )
    return shown


def _place(folder: str | Path) -> tuple[Path, str]:
    """The folder that the layout begins in, and the layout's name."""
    given = Path(os.path.expanduser(folder))
    shown = printable(given)
    if os.path.isfile(given):
        raise CourseError(
            f"{shown} is a file, not a folder: unpack it and give the folder it was "
            "unpacked into."
        )
    if not os.path.isdir(given):
        raise CourseError(
            f"{shown}: there is no such folder: give the path of the folder that holds "
            f"{_KNOWN}."
        )
    below = [(given, here)] if (here := begins_in(given)) else _below(given)
    if len(below) > 1:
        names = ", ".join(printable(child.name) for child, _ in below)
        raise CourseError(
            f"{shown} holds several data sets ({names}): give the path of one of them"
            + (
                ", or, if each is a patient, put the frames into images/NAME/ and "
                "masks/NAME/ of one folder."
                if {name for _, name in below} == {"folder"}
                else "."
            )
        )
    if not below:
        hint = advice(given)
        raise CourseError(
            f"{shown} holds no known data set: "
            + (hint or f"give the path of the folder that holds {_KNOWN}.")
        )
    if wrong := misnamed(str(below[0][0])):
        raise CourseError(f"{named(below[0][0])} has a name {wrong}: rename it.")
    return below[0]


def _below(given: Path) -> list[tuple[Path, str]]:
    """The data sets right below a folder; what may not be read is none of them."""
    found = []
    for child in children(given):
        try:
            if name := begins_in(child):
                found.append((child, name))
        except CourseError:
            continue
    return found


def _each_once(rows: list[dict], bad: Bad) -> list[dict]:
    """The rows but for those whose image is an earlier one's, by a link: those go to
    `bad`.
    """
    first: dict[tuple, str] = {}
    kept = []
    for row in rows:
        disk, _, member = split_address(row["image"])
        try:
            about = os.stat(disk)
        except OSError:  # reading it will say so
            kept.append(row)
            continue
        key = (about.st_dev, about.st_ino, member)
        if about.st_ino and key in first:
            bad.add(
                f"{named(row['image'])} and {named(first[key])} are one file, by a "
                f"link: remove the link, or {SKIP}."
            )
        else:
            first[key] = row["image"]
            kept.append(row)
    return kept


def begins_in(folder: Path) -> str | None:
    """The layout that begins right in this folder, not in one below it, or None."""
    return next(
        (name for name, room in _LAYOUTS.items() if room.found_in(folder)), None
    )
