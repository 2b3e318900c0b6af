"""HemoSet as released: pigN/imgs.zip with imgs/NNNNNN.png, pigN/labels.zip with
labels/NNNNNN_mask.png.

Either zip may have been unpacked in place, to pigN/imgs/ and pigN/labels/. Source: Miao
et al., ISMR 2024, arXiv 2403.16286. Masks are palette PNGs with the values 0 and 1; any
value above 0 is blood.
"""

import os
import re
from pathlib import Path

from helpers.errors import CourseError
from helpers.frames.archives import children, files, members
from helpers.frames.bad import KEEP_FIRST, SKIP, Bad, frame_number, named
from helpers.frames.names import apart

CLIP_STEP = 60
"""Frames this many numbers apart or fewer, two seconds at 30 a second, belong to one
clip.
"""

_PIG = re.compile(r"pig(\d+)", re.IGNORECASE)


def found_in(folder: Path) -> bool:
    """Does the folder hold pigs in HemoSet's layout?"""
    return any(
        _is_side(pig, side) for pig in _pigs(folder) for side in ("imgs", "labels")
    )


def rows(folder: Path, bad: Bad) -> list[dict]:
    """A row of the frame table for every labelled frame, by pig and by frame number."""
    pigs = apart(_pigs(folder), bad)
    return [row for pig in pigs for row in _rows_of(pig, bad)]


def _pigs(folder: Path) -> list[Path]:
    found = [
        (int(match[1]), path)
        for path in children(folder)
        if (match := _PIG.fullmatch(path.name))
    ]
    return [path for _, path in sorted(found)]


def _is_side(pig: Path, side: str) -> bool:
    return os.path.isfile(pig / f"{side}.zip") or os.path.isdir(pig / side)


def _rows_of(pig: Path, bad: Bad) -> list[dict]:
    try:
        children(pig)  # says it where the pig's folder may not be read
        images = _side(pig, "imgs", re.compile(r"(\d+)\.png", re.IGNORECASE), bad)
        masks = _side(pig, "labels", re.compile(r"(\d+)_mask\.png", re.IGNORECASE), bad)
    except (
        CourseError
    ) as error:  # without one of its two sides the whole pig has no labelled frame
        bad.add(str(error))
        return []
    for number in sorted(images.keys() ^ masks.keys()):
        if number in images:
            bad.add(
                f"{named(images[number])} has no mask ({pig.name}, "
                f"labels/{number:06d}_mask.png): download {pig.name}/labels.zip again, "
                f"or {SKIP}."
            )
        else:
            bad.add(
                f"{named(masks[number])} has no image ({pig.name}, "
                f"imgs/{number:06d}.png): download {pig.name}/imgs.zip again, or "
                f"{SKIP}."
            )
    numbers = sorted(images.keys() & masks.keys())
    clips = clip_starts(numbers)
    subject = pig.name.lower()
    return [
        dict(
            dataset="hemoset",
            subject=subject,
            clip=f"{subject}_{clips[number]:06d}",
            frame=number,
            split="",
            image=images[number],
            mask=masks[number],
        )
        for number in numbers
    ]


def _side(pig: Path, side: str, pattern: re.Pattern, bad: Bad) -> dict[int, str]:
    """Frame number -> address, from the unpacked folder where it holds anything, else
    from the zip.
    """
    unpacked = files(pig / side, bad) if os.path.isdir(pig / side) else []
    archive = pig / f"{side}.zip"
    if unpacked:
        addresses = [str(path) for path in unpacked]
    elif os.path.isfile(archive):
        addresses = [f"{archive}!{name}" for name in members(archive, bad)]
    else:
        raise CourseError(
            f"{pig.name}/{side}.zip is not there, and {pig.name} can't be used without "
            f"it: download it again, or {SKIP}."
        )
    found: dict[int, str] = {}
    for address in addresses:
        match = pattern.fullmatch(re.split(r"[/\\!]", address)[-1])
        if match is None:
            continue
        number = frame_number(match[1], address, bad)
        if number is None:
            continue
        if number in found:
            bad.add(
                f"{named(address)} has the same frame number as "
                f"{named(found[number])}: remove one of the two, or {KEEP_FIRST}."
            )
        else:
            found[number] = address
    return found


def clip_starts(numbers: list[int]) -> dict[int, int]:
    """Each frame number -> the first number of its clip; a clip goes on while steps are
    at most CLIP_STEP.

    numbers: frame numbers of one pig in rising order.
    """
    starts: dict[int, int] = {}
    for before, number in zip([None, *numbers], numbers):
        starts[number] = (
            number if before is None or number - before > CLIP_STEP else starts[before]
        )
    return starts
