"""CholecSeg8k as released: videoNN/videoNN_FFFFF/frame_N_endo.png with a watershed and
a colour mask.

Source: Hong et al., arXiv 2012.12453. The class of a pixel is read from the watershed
mask and checked against the colour mask. The third mask, _endo_mask.png, has sparse
strokes and isn't used.
"""

import re
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from helpers.errors import CourseError
from helpers.frames.archives import children, files
from helpers.frames.bad import KEEP_FIRST, SKIP, Bad, frame_number, named
from helpers.frames.classes import BORDER, CLASSES, UNKNOWN, UNLABELLED
from helpers.frames.names import apart
from helpers.frames.png import rgb

_VIDEO = re.compile(r"video(\d+)", re.IGNORECASE)
_CLIP = re.compile(r"video\d+_(\d+)", re.IGNORECASE)
_FILE = re.compile(
    r"frame_(\d+)_endo(|_watershed_mask|_color_mask)\.png", re.IGNORECASE
)
_WATERSHED, _COLOUR = "_watershed_mask", "_color_mask"
_NO_CLASS = 254


def found_in(folder: Path) -> bool:
    """Does the folder hold videos in CholecSeg8k's layout?"""
    return any(_has_clips(video) for video in _videos(folder))


def rows(folder: Path, bad: Bad) -> list[dict]:
    """A row of the frame table for every labelled frame, by video, clip and frame
    number.
    """
    return [
        row
        for video in apart(_videos(folder), bad)
        for clip in _clips(video, bad)
        for row in _rows_of(video, clip, bad)
    ]


def _videos(folder: Path) -> list[Path]:
    found = [
        (int(match[1]), path)
        for path in children(folder)
        if (match := _VIDEO.fullmatch(path.name))
    ]
    return [path for _, path in sorted(found)]


def _has_clips(video: Path) -> bool:
    try:
        return any(_CLIP.fullmatch(clip.name) for clip in children(video))
    except CourseError:
        return True  # `rows` says that it may not be read


def _clips(video: Path, bad: Bad) -> list[Path]:
    try:
        below = children(video)
    except CourseError as error:
        bad.add(str(error))
        return []
    found = [
        (int(match[1]), path) for path in below if (match := _CLIP.fullmatch(path.name))
    ]
    return [path for _, path in sorted(found)]


def _sides(clip: Path, bad: Bad) -> dict[str, dict[int, Path]]:
    """Which file of a frame -> frame number -> path."""
    sides: dict[str, dict[int, Path]] = {"": {}, _WATERSHED: {}, _COLOUR: {}}
    # A link would bring in another patient's frames, and so would a folder inside.
    if clip.is_symlink():
        bad.add(
            f"{named(clip)} is a link to a folder, and inside a data set links are not "
            f"followed: put the folder itself there or remove the link, or {SKIP}."
        )
        return sides
    deeper = set()
    for path in files(clip, bad):
        if not (match := _FILE.fullmatch(path.name)):
            continue
        if path.parent != clip:
            deeper.add(path.parent)
            continue
        side, number = sides[match[2].lower()], frame_number(match[1], path, bad)
        if number in side:
            bad.add(
                f"{named(path)} has the same frame number as {named(side[number])}: "
                f"remove one of the two, or {KEEP_FIRST}."
            )
        elif number is not None:
            side[number] = path
    for inside in sorted(deeper):
        bad.add(
            f"{named(inside)} is a folder with frames inside a clip's folder: move it "
            f"beside the clip if it is one, else remove it, or {SKIP}."
        )
    return sides


def _rows_of(video: Path, clip: Path, bad: Bad) -> list[dict]:
    sides = _sides(clip, bad)
    images, masks, colours = sides.values()
    found = []
    for number in sorted(images.keys() | masks.keys() | colours.keys()):
        if number not in images:
            mask = masks.get(number) or colours[number]
            bad.add(
                f"{named(mask)} has no image (frame_{number}_endo.png): put it beside "
                f"the mask, or {SKIP}."
            )
        elif number not in masks or number not in colours:
            missing = _WATERSHED if number not in masks else _COLOUR
            bad.add(
                f"{named(images[number])} has no mask "
                f"frame_{number}_endo{missing}.png: put it beside the image, or {SKIP}."
            )
        else:
            found.append(
                dict(
                    dataset="cholecseg8k",
                    subject=video.name.lower(),
                    clip=clip.name.lower(),
                    frame=number,
                    split="",
                    image=str(images[number]),
                    mask=str(masks[number]),
                )
            )
    return found


def colour_mask(mask: str) -> str:
    """The address of the colour mask that goes with a watershed mask."""
    return re.sub(rf"{_WATERSHED}(?=\.png$)", _COLOUR, mask, flags=re.IGNORECASE)


def classes(mask: str) -> np.ndarray:
    """The class of each pixel, uint8 HxW, UNKNOWN where the label says nothing.

    mask: the address of the watershed mask. Raises CourseError when a value or a colour
    belongs to no class, and when the watershed and the colour mask disagree on any
    pixel.
    """
    stored = rgb(mask)
    grey = cv2.extractChannel(stored, 0)
    if not _same(stored, cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)):
        raise CourseError(
            f"{named(mask)} is not grey (its channels differ), so it is no watershed "
            f"mask: download it again, or {SKIP}."
        )
    id_of_grey, colour_of_grey = _tables()
    ids = cv2.LUT(grey, id_of_grey)
    if (ids == _NO_CLASS).any():
        raise CourseError(
            f"{named(mask)} has the grey {grey[ids == _NO_CLASS][0]}, which no class "
            f"has: download it again, or {SKIP}."
        )
    _check_colours(mask, grey, colour_of_grey)
    return ids


def _check_colours(mask: str, grey: np.ndarray, colour_of_grey: np.ndarray) -> None:
    address = colour_mask(mask)
    colour = rgb(address)
    if colour.shape[:2] != grey.shape:
        raise CourseError(
            f"{named(address)} is {_size(colour)} but {named(mask)} is {_size(grey)}: "
            f"download both again, or {SKIP}."
        )
    # A colour as one number, so that a pixel is looked up once.
    numbers = np.dstack([colour_of_grey, np.full((1, 256), 255, np.uint8)])
    wanted = cv2.LUT(grey, numbers.view(np.int32))
    if _same(cv2.cvtColor(colour, cv2.COLOR_RGB2RGBA), wanted.view(np.uint8)):
        return
    expected = colour_of_grey[0][grey]
    differs = (colour != expected).any(axis=-1)
    known = {entry.rgb: entry.name for entry in CLASSES} | {UNLABELLED[0]: "unknown"}
    for pixel in np.unique(colour[differs], axis=0):
        if tuple(pixel.tolist()) not in known:
            raise CourseError(
                f"{named(address)} has the colour {tuple(pixel.tolist())}, which no "
                f"class has: download it again, or {SKIP}."
            )
    row, column = np.argwhere(differs)[0]
    here = known[tuple(colour[row, column].tolist())]
    there = known[tuple(expected[row, column].tolist())]
    raise CourseError(
        f"{named(mask)} and its colour mask disagree on {int(differs.sum())} pixels "
        f"(row {row}, column {column}: {there} and {here}): download both again, or "
        f"{SKIP}."
    )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    # Without an array of a truth value for each byte.
    return cv2.norm(one.reshape(-1), other.reshape(-1), cv2.NORM_INF) == 0


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Grey -> class id (256 uint8), and grey -> the colour to be found in the colour
    mask (1x256x3 uint8).
    """
    ids = np.full(256, _NO_CLASS, np.uint8)
    colours = np.zeros((256, 3), np.uint8)
    for entry in CLASSES:
        ids[entry.grey], colours[entry.grey] = entry.id, entry.rgb
    for colour, grey in (UNLABELLED, BORDER):
        ids[grey], colours[grey] = UNKNOWN, colour
    return ids, colours[None]


def _size(array: np.ndarray) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
