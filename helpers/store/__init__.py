"""Results kept by a hash of what made them: what is found whole is loaded, what isn't
is made, and nothing is half written.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from helpers.errors import CourseError
from helpers.settings import store_folder
from helpers.store import locks
from helpers.store.entries import (
    content,
    damaged,
    read_file,
    write_file,
    write_folder,
    writing,
)
from helpers.store.keys import (
    circumstances,
    code,
    key,
    made_by,
    made_of,
    maker,
    today,
)
from helpers.store.tidying import fit_limit

__all__ = [
    "code",
    "content",
    "entry",
    "folder",
    "has",
    "keep",
    "key",
    "locks",
    "made_by",
    "made_of",
    "read_file",
    "write_file",
    "write_folder",
    "writing",
]

Made = TypeVar("Made")


def folder(kind: str, **what) -> Path:
    """The place in the store for one result of a kind (its parent exists, the folder
    itself may not).

    Raises CourseError where the store can't be written.
    """
    place = store_folder() / kind / key(**what)
    with writing(place):  # says in a sentence why it can't
        place.parent.mkdir(parents=True, exist_ok=True)
    return place


def keep(
    kind: str,
    what: dict,
    make: Callable[[], Made],
    save: Callable[[Made, Path], None],
    load: Callable[[Path], Made],
) -> Made:
    """Find a result or make it.

    kind: the folder of the store; what: the values that the result was asked with; the
    code that makes it, the packages in that and the device need not be told (see
    made_by). save(result, folder) and load(folder).
    """
    what = what | made_by(make, save, load)
    return load(entry(kind, what, lambda draft: save(make(), draft), make, save, load))


def has(kind: str, what: dict) -> bool:
    """Whether a whole result is there for a whole key."""
    place = store_folder() / kind / key(**what)
    return place.exists() and damaged(place) is None


def entry(
    kind: str,
    what: dict,
    write: Callable[[Path], None],
    *makers: Callable | str,
    parent: str | Path | None = None,
) -> Path:
    """The folder of a result, found or written: `what` is its whole key,
    made_by(makers) included (or made_of, where the first is a script), and is written
    beside it as made_from.json. parent: another folder than the store's.
    """
    names = [one if isinstance(one, str) else maker(one) for one in makers]

    def write_all(draft: Path) -> None:
        write(draft)
        if what | today(names) != what:
            raise CourseError(
                "The course's code was edited while this ran, so that nobody can say "
                "which code made the result: run the same command again."
            )
        made_from = {
            "kind": kind,
            "what": what,
            "makers": names,
            "circumstances": circumstances(),
        }
        (draft / "made_from.json").write_text(
            json.dumps(made_from, indent=1, sort_keys=True, default=str),
            encoding="utf-8",
        )

    place = Path(parent) / key(**what) if parent else folder(kind, **what)
    fresh = not place.exists()
    write_folder(place, write_all)
    if fresh:
        fit_limit(besides=place)
    return place
