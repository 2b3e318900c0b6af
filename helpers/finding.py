"""Where the real frames of a role lie: the folder named for it, or the data set found
in the data folder. Whatever lies there and is not used gets a sentence.
"""

import os
from pathlib import Path

import pandas as pd

from helpers import frames, names, settings
from helpers.errors import CourseError
from helpers.frames.archives import children
from helpers.frames.bad import named, printable, split_address
from helpers.settings import Course

LAYOUTS = {"source": "hemoset", "target": "cholecseg8k"}
CALLED = {"hemoset": "HemoSet", "cholecseg8k": "CholecSeg8k"}
_CARDS = "(data/README.md shows the layouts)"


def real_folder(course: Course, role: str) -> Path | None:
    """The folder of real frames for a role: the one named, or the one in the data
    folder with that role's layout; None where there is none.

    Raises CourseError where the folder can't be told from what lies in the data folder.
    """
    given = getattr(course, role)
    if given is not None:
        return given
    parent = course.data or settings.data_folder()
    if not parent.is_dir():
        return None
    layout = LAYOUTS[role]
    _check_around(parent, layout, course.data is not None)
    lying = _lying(parent)
    found = [folder for folder, what in lying.items() if what == layout]
    if len(found) > 1:
        raise CourseError(
            f"{printable(parent)} holds {CALLED[layout]} in {len(found)} folders "
            f"({_listed(found)}), and which one is meant is not known: name it with "
            f"{role.upper()}=."
        )
    if found:
        return found[0]
    _check_same_name(parent, layout, lying)
    if course.data is not None:
        _check_named(course, parent, lying)
    return None


def unused(course: Course) -> list[str]:
    """A sentence where the data folder holds frames of one's own that nobody named."""
    parent = course.data or settings.data_folder()
    own = _own(course, parent, _lying(parent)) if parent.is_dir() else []
    if not own:
        return []
    return [
        f"{printable(parent.name)} holds frames of your own ({_listed(own)}) that this "
        "run does not use, because no role was named for them: name them with "
        "SOURCE= or TARGET=."
    ]


def check_apart(source: pd.DataFrame, target: pd.DataFrame, real: set[str]) -> None:
    """Raises CourseError where the two roles share frames or subjects.

    source, target: frame tables. real: the roles that are not drawn.
    """
    files = _files(source)
    for address, file in zip(target["image"], _files(target)):
        if file is not None and file in files:
            raise CourseError(
                f"SOURCE= and TARGET= both hold {named(address)}, and a shift is "
                "measured between two sets of frames: name two folders that share none."
            )
    who = ["dataset", "subject"]
    shared = source[who].merge(target[who], on=who)
    if shared.empty:
        return
    dataset, subject = shared.iloc[0]
    if dataset in CALLED and len(real) == 1:
        drawn = {"source": "target", "target": "source"}[next(iter(real))]
        raise CourseError(
            f"{next(iter(real)).upper()}= holds {CALLED[dataset]}, and so does the "
            f"drawn surgery that is the {drawn} where none is named: name a folder "
            f"with {drawn.upper()}=, too."
        )
    remedy = (
        "name a folder with frames of other subjects for one of the two"
        if dataset in CALLED
        else "rename one of the two folders if these are different people, and take "
        "the subject out of one of them if not"
    )
    raise CourseError(
        f"SOURCE= and TARGET= are both called {CALLED.get(dataset, dataset)} and both "
        f"have the subject {subject}, who would be learned from and tested on: "
        f"{remedy}."
    )


def _files(table: pd.DataFrame) -> list[tuple | None]:
    """What tells each image's file from any other, whatever path leads to it."""
    found = []
    for address in table["image"]:
        disk, _, member = split_address(address)
        try:
            about = os.stat(disk)
        except OSError:  # reading it will say so
            found.append(None)
            continue
        found.append((about.st_dev, about.st_ino or disk, member))
    return found


def _lying(parent: Path) -> dict[Path, str | None]:
    """The folders in a data folder and each one's layout, None where it has none."""
    return {
        folder: _layout(folder)
        for folder in children(parent)
        if not folder.name.startswith(".")  # what is being fetched, for instance
    }


def _own(course: Course, parent: Path, lying: dict[Path, str | None]) -> list[Path]:
    """Folders of frames of one's own that no role was named for."""
    taken = {course.source, course.target}
    here = [parent] if frames.begins_in(parent) == "folder" else []
    own = [folder for folder, what in lying.items() if what == "folder"]
    return [folder for folder in here + own if folder.resolve() not in taken]


def _check_around(parent: Path, layout: str, given: bool) -> None:
    """Does the folder hold data sets, rather than be one?"""
    here = frames.begins_in(parent)
    if here == layout:
        raise CourseError(
            f"{printable(parent)} is {CALLED[layout]} itself, and it should be a "
            f"folder that holds {layout}/: move it there, or name it with "
            f"{'SOURCE' if layout == 'hemoset' else 'TARGET'}=."
        )
    if here == "folder" and given:
        raise CourseError(
            f"{printable(parent)} holds images/ and masks/ itself, and DATA= names a "
            "folder around data sets: name it with SOURCE= or TARGET=."
        )


def _check_same_name(parent: Path, layout: str, lying: dict[Path, str | None]) -> None:
    """Raises CourseError for a folder with the data set's name and nothing of it."""
    for folder, what in lying.items():
        if folder.name.lower() == layout and what is None:
            frames.layout(folder)  # says what it lacks, or that it may not be read
        if folder.name.lower() == layout and what == "folder":
            raise CourseError(
                f"{printable(folder)} holds images/ and masks/ and not "
                f"{CALLED[layout]}: give the folder another name, and name it with "
                "SOURCE= or TARGET=."
            )


def _check_named(course: Course, parent: Path, lying: dict[Path, str | None]) -> None:
    """Raises CourseError where a named data folder gives nothing for a role."""
    if not any(lying.values()) and not (course.source or course.target):
        raise CourseError(
            f"{printable(parent)}: none of its folders holds a known data set; put "
            "hemoset/ and cholecseg8k/ into it, or name the two folders with "
            f"SOURCE= and TARGET= {_CARDS}."
        )
    if own := _own(course, parent, lying):
        raise CourseError(
            f"{printable(parent)} holds frames of your own ({_listed(own)}), and which "
            "of them are learned from is not known: name the two folders with "
            f"SOURCE= and TARGET= {_CARDS}."
        )


def _listed(folders: list[Path]) -> str:
    return names.printable(", ".join(folder.name for folder in folders))


def _layout(folder: Path) -> str | None:
    try:
        return frames.layout(folder)
    except CourseError:
        return None  # something else lies beside the data sets, for instance the store
