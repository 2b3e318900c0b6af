"""Where the real frames of a role lie: the folder named for it, or the data set found
in the data folder.
"""

from pathlib import Path

from helpers import frames, settings
from helpers.errors import CourseError
from helpers.settings import Course


def real_folder(course: Course, role: str) -> Path | None:
    """The folder of real frames for a role: the one named, or the one in the data
    folder with that role's layout.
    """
    named = getattr(course, role)
    if named is not None:
        return named
    layout = {"source": "hemoset", "target": "cholecseg8k"}[role]
    parent = course.data or settings.data_folder()
    found = [
        folder
        for folder in sorted(parent.iterdir())
        if folder.is_dir() and _layout(folder) == layout
    ]
    if course.data is not None and not any(
        _layout(folder) for folder in parent.iterdir() if folder.is_dir()
    ):
        raise CourseError(
            f"{parent}: none of its folders holds a known data set; put hemoset/ and "
            "cholecseg8k/ into it, or name the two folders with SOURCE=... and "
            "TARGET=... (data/README.md shows the layouts)."
        )
    own = [
        folder.name
        for folder in sorted(parent.iterdir())
        if folder.is_dir() and _layout(folder) == "folder"
    ]
    if course.data is not None and own and not found:
        raise CourseError(
            f"{parent} holds frames of your own ({', '.join(own)}), and which of them "
            "are learned from is not known: name the two folders with SOURCE=... and "
            "TARGET=..."
            " (data/README.md shows how)."
        )
    return found[0] if found else None


def _layout(folder: Path) -> str | None:
    try:
        return frames.layout(folder)
    except CourseError:
        return None  # something else lies beside the data sets, for instance the store
