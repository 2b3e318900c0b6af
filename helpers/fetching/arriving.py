"""From a download to a data set in its place: unpacked aside, counted, and put there
whole or not at all.
"""

import os
import shutil
import zipfile
import zlib
from pathlib import Path

from helpers.errors import CourseError
from helpers.fetching.cards import Card
from helpers.fetching.counting import differences
from helpers.fetching.origins import Origin
from helpers.frames import begins_in
from helpers.frames.table import members
from helpers.names import printable
from helpers.progress import progress

ROOM = 2.2
"""Times the size of a download that the disk must have free: the zip, what is unpacked
from it, and a little.
"""
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
_DEEPEST = 4  # folders that a download may have around the videos


def obtain(folder: Path, card: Card, origin: Origin) -> Path:
    """Fetch CholecSeg8k into a folder of data sets; the data set's own folder.

    What has come is kept in a folder beside it, .cholecseg8k-arriving, until it is all
    there and has the counts of the card: a broken download goes on from there the next
    time. Raises CourseError; the data set's own folder is then not made.
    """
    place, aside = folder / card.folder, folder / f".{card.folder}-arriving"
    try:
        aside.mkdir(parents=True, exist_ok=True)
        # Each place's files by themselves: one library would trip over the other's.
        came = origin.bring(_made(aside / origin.library, card))
        videos = _videos(_unpacked(came, aside / "unpacked", card), card, aside)
        _check(videos, card, aside)
        if not videos.is_relative_to(aside):  # a library may show what it may not move
            videos = Path(shutil.copytree(videos, aside / "unpacked"))
        os.rename(videos, place)
    except OSError as error:
        raise CourseError(
            f"{printable(place)} can't be put in place "
            f"({(error.strerror or str(error)).lower()}): make room or change the "
            "folder's permissions, and run make data again."
        ) from error
    shutil.rmtree(aside, ignore_errors=True)
    return place


def _made(folder: Path, card: Card) -> Path:
    need = ROOM * card.gigabytes
    free = shutil.disk_usage(folder.parent).free / 1e9
    if free < need:
        raise CourseError(
            f"{printable(folder.parent.parent)} has {free:.1f} GB free, and fetching "
            f"and unpacking {card.name} takes {need:.1f}: make room, or name a folder "
            "on another disk with DATA=."
        )
    folder.mkdir(exist_ok=True)
    return folder


def _unpacked(came: Path, draft: Path, card: Card) -> Path:
    """The folder itself, or where it holds zips, a folder that those were unpacked
    into."""
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was broken off
    zips = sorted(came.rglob("*.zip"))
    for archive in zips:
        names = members(archive)
        with zipfile.ZipFile(archive) as opened:
            size = sum(opened.getinfo(name).file_size for name in names) / 1e9
            if size > ROOM * card.gigabytes:
                raise CourseError(
                    f"{printable(archive)} would take {size:.1f} GB unpacked, which "
                    f"{card.name} does not: look at it before you use it."
                )
            try:
                for name in progress(names, f"Unpacking {printable(archive.name)}"):
                    opened.extract(name, draft)
            except _DAMAGED as error:
                raise CourseError(
                    f"{printable(archive)} is damaged: remove it, and run make data "
                    "again."
                ) from error
    return draft if zips else came


def _videos(came: Path, card: Card, aside: Path) -> Path:
    """The folder among those that came in which the videos lie."""
    for parent, inner, _ in os.walk(came):
        inner.sort()
        if len(Path(parent).relative_to(came).parts) > _DEEPEST:
            inner.clear()
        elif begins_in(Path(parent)) == "cholecseg8k":
            return Path(parent)
    raise CourseError(
        f"{printable(aside)}: what was fetched holds no video of {card.name}, so "
        f"nothing was put in place; look at it, remove it, and name the other place "
        "with FROM=."
    )


def _check(videos: Path, card: Card, aside: Path) -> None:
    if wrong := differences(videos, card):
        raise CourseError(
            f"What was fetched is not {card.name} as its card says it is "
            f"({'; '.join(wrong)}), so nothing was put in place: remove "
            f"{printable(aside)} and run make data again, or name the other place with "
            "FROM=."
        )
