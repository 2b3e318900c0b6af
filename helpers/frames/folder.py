"""Anybody's frames: a folder with images/ and masks/, and optionally subjects.csv.

An image (PNG or JPEG) and its mask (PNG) have the same stem, the mask's optionally with
_mask at its end; any mask value above 0 is blood. subjects.csv has the columns image
and subject, and optionally clip and frame. Without it the subject is the subfolder of
images/ that a frame stands in; without subfolders all frames are one subject's, which
nobody can split honestly: better to say too few subjects than to let one patient stand
on both sides.
"""

import csv
import re
from pathlib import Path

from helpers.errors import CourseError
from helpers.frames.archives import files
from helpers.frames.bad import SKIP, Bad, named

IMAGE_FORMATS = ("PNG", "JPEG")

# Pictures in other formats are listed too, so that reading them says what is wrong with
# them.
_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
_RELEASED = ("hemoset", "cholecseg8k")


def found_in(folder: Path) -> bool:
    """Does the folder hold images/ or masks/?"""
    return any((folder / side).is_dir() for side in ("images", "masks"))


def rows(folder: Path, bad: Bad) -> list[dict]:
    """A row of the frame table for every image with a mask, by subject, clip and frame
    number.

    dataset is the folder's name. Raises CourseError when images/ or masks/ is missing,
    or subjects.csv can't be used.
    """
    for side in ("images", "masks"):
        if not (folder / side).is_dir():
            raise CourseError(
                f"{named(folder / side)} is not there: put images and masks of the "
                f"same names into images/ and masks/ of {folder.name}."
            )
    images = _side(folder / "images", bad)
    masks = {
        _stem_of_image(stem, images): path
        for stem, path in _side(folder / "masks", bad).items()
    }
    for stem in sorted(images.keys() - masks.keys()):
        bad.add(
            f"{named(images[stem])} has no mask: put masks/{stem}.png beside images/, "
            f"or {SKIP}."
        )
    for stem in sorted(masks.keys() - images.keys()):
        bad.add(
            f"{named(masks[stem])} has no image: put images/{stem}.png beside masks/, "
            f"or {SKIP}."
        )
    stems = sorted(images.keys() & masks.keys(), key=_natural)
    table = folder / "subjects.csv"
    about = (
        _from_table(table, stems, bad)
        if table.is_file()
        else _from_names(folder.name, stems)
    )
    # Those two names say how masks are to be read, so a folder of one's own can't bear
    # them.
    dataset = f"{folder.name} (own)" if folder.name in _RELEASED else folder.name
    found = [
        dict(
            dataset=dataset,
            **about[stem],
            split="",
            image=str(images[stem]),
            mask=str(masks[stem]),
        )
        for stem in stems
        if stem in about
    ]
    return sorted(
        found,
        key=lambda row: (
            _natural(row["subject"]),
            _natural(row["clip"]),
            row["frame"],
            row["image"],
        ),
    )


def _side(side: Path, bad: Bad) -> dict[str, Path]:
    """Path below images/ or masks/ without its ending -> file."""
    found: dict[str, Path] = {}
    for path in files(side):
        if path.suffix.lower() not in _PICTURES:
            continue
        stem = path.relative_to(side).with_suffix("").as_posix()
        if stem in found:
            bad.add(
                f"{named(path)} has the same name as {found[stem].name}: "
                'remove one of the two, or keep the first with on_bad="skip".'
            )
        else:
            found[stem] = path
    return found


def _stem_of_image(mask_stem: str, images: dict[str, Path]) -> str:
    return mask_stem if mask_stem in images else mask_stem.removesuffix("_mask")


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


def _from_table(table: Path, stems: list[str], bad: Bad) -> dict[str, dict]:
    known, listed, about, places = set(stems), set(), {}, {}
    for line, entry in _lines(table):
        stem = re.sub(r"^(\./)?(images/)?", "", entry["image"].replace("\\", "/"))
        if Path(stem).suffix.lower() in _PICTURES:
            stem = Path(stem).with_suffix("").as_posix()
        subject, frame = entry["subject"], entry.get("frame", "")
        where = f"{named(table)}, line {line}"
        listed.add(stem)
        if stem not in known:
            bad.add(
                f"{where}: '{entry['image']}' is no image with a mask: "
                f"correct the name or remove the line, or {SKIP}."
            )
        elif not subject:
            bad.add(
                f"{where}: '{entry['image']}' has no subject: write whose frame it is, "
                f"or {SKIP}."
            )
        elif stem in about:
            bad.add(
                f"{where}: '{entry['image']}' is listed a second time: "
                f"remove one of the two lines, or {SKIP}."
            )
        elif frame and not re.fullmatch(r"\d+", frame):
            bad.add(
                f"{where}: the frame '{frame}' is not a whole number: correct it, or "
                f"{SKIP}."
            )
        else:
            places[subject] = places.get(subject, -1) + 1
            about[stem] = dict(
                subject=subject,
                clip=entry.get("clip") or subject,
                frame=int(frame or places[subject]),
            )
    for stem in stems:
        if stem not in listed:
            bad.add(
                f"{named(table)} has no line for '{stem}': add one that says its "
                f"subject, or {SKIP}."
            )
    return about


def _lines(table: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{named(table)} can't be read as text: save it as CSV in UTF-8."
        ) from error
    # Spreadsheets write semicolons where the comma is the decimal mark.
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(text.splitlines(), delimiter=separator, restval="")
    columns = [(column or "").strip().lower() for column in reader.fieldnames or []]
    if not {"image", "subject"} <= set(columns):
        raise CourseError(
            f"{named(table)} lacks the columns image and subject (it has: "
            f"{', '.join(columns) or 'none'}): write them into its first line."
        )
    reader.fieldnames = columns
    return [
        (
            reader.line_num,
            {
                column: (value or "").strip()
                for column, value in entry.items()
                if column
            },
        )
        for entry in reader
    ]


def _natural(name: str) -> list:
    """A key that sorts pig2 before pig10."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]
