"""subjects.csv: whose each frame of one's own is, and in which clip."""

import csv
import io
import os
import re
from pathlib import Path

from helpers.errors import CourseError
from helpers.frames.archives import PICTURES
from helpers.frames.bad import SKIP, Bad, named, printable

_LARGEST = 64 * 2**20  # bytes of a table; a million frames have less


def table_of(folder: Path) -> Path | None:
    """The folder's subjects.csv, in upper or lower case, or None."""
    found = sorted(
        name for name in os.listdir(folder) if name.lower() == "subjects.csv"
    )
    if len(found) > 1:
        raise CourseError(
            f"{named(folder / found[0])} and {found[1]} are both there: keep the one "
            "that is right."
        )
    return folder / found[0] if found else None


def from_table(table: Path, stems: list[str], bad: Bad) -> dict[str, dict]:
    """Frame (its path below images/ without the ending) -> subject, clip, frame number
    and the line that says so; what is wrong in a line goes to `bad`.
    """
    known, listed, about, places = set(stems), set(), {}, {}
    for line, entry in _lines(table):
        stem = re.sub(r"^(\./)?(images/)?", "", entry["image"].replace("\\", "/"))
        if os.path.splitext(stem)[1].lower() in PICTURES:
            stem = os.path.splitext(stem)[0]
        subject, frame = entry["subject"], entry.get("frame", "")
        where = f"{named(table)}, line {line}"
        image = printable(entry["image"])
        listed.add(stem)
        if stem not in known:
            bad.add(
                f"{where}: '{image}' is no image with a mask: "
                f"correct the name or remove the line, or {SKIP}."
            )
        elif not subject:
            bad.add(
                f"{where}: '{image}' has no subject: write whose frame it is, "
                f"or {SKIP}."
            )
        elif stem in about:
            bad.add(
                f"{where}: '{image}' is listed a second time: "
                f"remove one of the two lines, or {SKIP}."
            )
        elif frame and not re.fullmatch(r"\d{1,18}", frame):
            bad.add(
                f"{where}: the frame '{printable(frame)}' is not a whole number (of at "
                f"most 18 digits): correct it, or {SKIP}."
            )
        else:
            places[subject] = places.get(subject, -1) + 1
            about[stem] = dict(
                subject=subject,
                clip=entry.get("clip") or subject,
                frame=int(frame or places[subject]),
                where=where,
            )
    for stem in stems:
        if stem not in listed:
            bad.add(
                f"{named(table)} has no line for '{printable(stem)}': add one that "
                f"says its subject, or {SKIP}."
            )
    return about


def _lines(table: Path) -> list[tuple[int, dict[str, str]]]:
    """Each line's number and its values by column, both without spaces about them."""
    text = _text(table)
    # Spreadsheets write semicolons where the comma is the decimal mark.
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=separator, restval=""
    )
    try:
        names = reader.fieldnames or []
        columns = [(column or "").strip().lower() for column in names]
        if not {"image", "subject"} <= set(columns):
            raise CourseError(
                f"{named(table)} lacks the columns image and subject (it has: "
                f"{printable(', '.join(columns)) or 'none'}): write them into its "
                "first line."
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
    except csv.Error as error:  # a field of more than 131,072 characters, for instance
        raise CourseError(
            f"{named(table)}, line {reader.line_num}, can't be read as a table "
            f"({printable(error)}): look for a quotation mark that is never closed, "
            "and save it as CSV in UTF-8."
        ) from error


def _text(table: Path) -> str:
    try:
        if table.stat().st_size > _LARGEST:
            raise CourseError(
                f"{named(table)} is too large for a table of subjects: save it as CSV "
                "with one line for each image."
            )
        text = table.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{named(table)} can't be read as text: save it as CSV in UTF-8."
        ) from error
    if "\0" in text:
        raise CourseError(
            f"{named(table)} can't be read as text (it has zero bytes): save it as "
            "CSV in UTF-8."
        )
    return text
