"""Who is who: names of subjects in the order of their numbers, and names that probably
mean the same one.
"""

import re
import unicodedata
from pathlib import Path

from helpers.frames.bad import KEEP_FIRST, Bad, named, printable


def natural(name: str) -> list:
    """A key that sorts pig2 before pig10."""
    # Compared by length and digits: a number of thousands of digits is no int.
    return [
        (0, len(part.lstrip("0")), part.lstrip("0"))
        if part.isdecimal()
        else (1, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]


def likeness(name: str) -> tuple[str, ...]:
    """The same for names that differ only in upper and lower case, in zeros before a
    number, or in spaces, dots, hyphens and underscores about one: pig2 and Pig_02.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    parts = []
    for part in re.split(r"(\d+)", plain):
        if part.isdecimal():
            parts.append(part.lstrip("0") or "0")
        elif part:
            # Between two numbers a hyphen is all that tells 1-2 from 12.
            parts.append(part.strip(" _.-") or "-")
    return tuple(parts)


def apart(folders: list[Path], bad: Bad) -> list[Path]:
    """The subjects' folders but for those that probably stand for the same subject as
    an earlier one, which go to `bad`.
    """
    kept: dict[tuple[str, ...], Path] = {}
    for folder in folders:
        first = kept.setdefault(likeness(folder.name), folder)
        if first is not folder:
            bad.add(
                f"{named(folder)} and {named(first)} are probably one subject, who "
                "would stand on both sides of a split: put their frames into one "
                f"folder, or {KEEP_FIRST}."
            )
    return list(kept.values())


def subjects_apart(spelled: list[tuple[str, str]], bad: Bad) -> set[str]:
    """Those subjects whose name is probably another spelling of an earlier subject's;
    each goes to `bad`.

    spelled: (subject, where it is written) in order.
    """
    first_of: dict[tuple[str, ...], str] = {}
    twins = set()
    for subject, where in spelled:
        first = first_of.setdefault(likeness(subject), subject)
        if first != subject and subject not in twins:
            twins.add(subject)
            bad.add(
                f"{where}: the subjects '{printable(subject)}' and "
                f"'{printable(first)}' are probably one, who would stand on "
                "both sides of a split: write the "
                f"name the same everywhere, or {KEEP_FIRST}."
            )
    return twins
