"""Anybody's frames: a folder with images/ and masks/, and optionally subjects.csv.

An image (PNG or JPEG) and its mask (PNG) have the same stem, the mask's optionally with
_mask at its end; any mask value above 0 is blood. subjects.csv has the columns image
and subject, and optionally clip and frame. Without it the subject is the subfolder of
images/ that a frame stands in; without subfolders all frames are one subject's, which
nobody can split honestly: better to say too few subjects than to let one patient stand
on both sides.
"""

import os
import re
from pathlib import Path

from helpers.errors import CourseError
from helpers.frames.archives import PICTURES, files
from helpers.frames.bad import KEEP_FIRST, SKIP, Bad, named, printable
from helpers.frames.classes import RELEASED
from helpers.frames.names import natural, subjects_apart
from helpers.frames.nearly import advice
from helpers.frames.subjects import from_table, table_of

IMAGE_FORMATS = ("PNG", "JPEG")


def found_in(folder: Path) -> bool:
    """Does the folder hold images/ or masks/?"""
    return any(os.path.isdir(folder / side) for side in ("images", "masks"))


def rows(folder: Path, bad: Bad) -> list[dict]:
    """A row of the frame table for every image with a mask, by subject, clip and frame
    number.

    dataset is the folder's name. Raises CourseError when images/ or masks/ is missing,
    or subjects.csv can't be used.
    """
    for side in ("images", "masks"):
        if not os.path.isdir(folder / side):
            raise CourseError(
                f"{named(folder / side)} is not there: {advice(folder)}"
                if advice(folder)
                else f"{named(folder / side)} is not there: put images and "
                f"masks of the same names into images/ and masks/ of {folder.name}."
            )
    images = _side(folder / "images", bad)
    images = {
        stem: path
        for stem, path in images.items()
        if not _is_mask_among(stem, images, bad)
    }
    masks = _by_image(_side(folder / "masks", bad), images, bad)
    for stem in sorted(images.keys() - masks.keys()):
        bad.add(
            f"{named(images[stem])} has no mask: put "
            f"masks/{printable(stem)}.png beside images/, "
            f"or {SKIP}."
        )
    for stem in sorted(masks.keys() - images.keys()):
        bad.add(
            f"{named(masks[stem])} has no image: put "
            f"images/{printable(stem)}.png beside masks/, "
            f"or {SKIP}."
        )
    stems = sorted(images.keys() & masks.keys(), key=natural)
    table = table_of(folder)
    name = printable(folder.name)
    about = from_table(table, stems, bad) if table else _from_names(name, stems)
    spelled = [
        (said["subject"], said.pop("where", named(images[stem])))
        for stem, said in about.items()
    ]
    twins = subjects_apart(spelled, bad)
    # Those two names say how masks are to be read, so a folder of one's own can't bear
    # them.
    dataset = f"{name} (own)" if name in RELEASED else name
    found = [
        dict(
            dataset=dataset,
            **about[stem],
            split="",
            image=str(images[stem]),
            mask=str(masks[stem]),
        )
        for stem in stems
        if stem in about and about[stem]["subject"] not in twins
    ]
    return sorted(
        found,
        key=lambda row: (
            natural(row["subject"]),
            natural(row["clip"]),
            row["frame"],
            row["image"],
        ),
    )


def _side(side: Path, bad: Bad) -> dict[str, Path]:
    """Path below images/ or masks/ without its ending -> file."""
    found: dict[str, Path] = {}
    for path in files(side, bad):
        if path.suffix.lower() not in PICTURES:
            continue
        stem = path.relative_to(side).with_suffix("").as_posix()
        if stem in found:
            bad.add(
                f"{named(path)} has the same name as {printable(found[stem].name)}: "
                f"remove one of the two, or {KEEP_FIRST}."
            )
        else:
            found[stem] = path
    return found


def _is_mask_among(stem: str, images: dict[str, Path], bad: Bad) -> bool:
    """Is this a mask that stands beside its image? Then it goes to `bad`."""
    first = images.get(stem.removesuffix("_mask"))
    if first is None or not stem.endswith("_mask"):
        return False
    bad.add(
        f"{named(images[stem])} stands beside {printable(first.name)} and is probably "
        f"its mask: move it to masks/, or {SKIP}."
    )
    return True


def _by_image(
    masks: dict[str, Path], images: dict[str, Path], bad: Bad
) -> dict[str, Path]:
    """The masks by the stem of the image that each belongs to."""
    found: dict[str, Path] = {}
    for stem, path in masks.items():
        image = stem if stem in images else stem.removesuffix("_mask")
        if image in found:
            bad.add(
                f"{named(path)} and {printable(found[image].name)} are both the mask "
                f"of one image: remove one of the two, or {KEEP_FIRST}."
            )
        else:
            found[image] = path
    return found


def _from_names(name: str, stems: list[str]) -> dict[str, dict]:
    by_subject: dict[str, list[str]] = {}
    for stem in stems:
        by_subject.setdefault(stem.split("/")[0] if "/" in stem else name, []).append(
            stem
        )
    return {
        stem: dict(subject=subject, clip=subject, frame=frame)
        for subject, own in by_subject.items()
        for stem, frame in zip(own, _numbers(own))
    }


def _numbers(stems: list[str]) -> list[int]:
    """Frame numbers: the last number in each name where that tells all apart, else
    their places in order.
    """
    digits = [re.findall(r"\d+", stem.split("/")[-1]) for stem in stems]
    numbers = [int(found[-1]) for found in digits if found]
    return numbers if len(set(numbers)) == len(stems) else list(range(len(stems)))
