"""Results kept by a hash of what made them: what is found is loaded, what isn't is made, and nothing is half written."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from helpers.errors import CourseError
from helpers.settings import ROOT, store_folder

Made = TypeVar("Made")


def key(**what) -> str:
    """16 hexadecimal digits that stand for `what` (anything JSON can write, and paths); the order of names is no matter."""
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code(*rooms: str) -> str:
    """A hash of the source of some rooms of `helpers`, so that a changed recipe makes a new result.

    rooms: "training" for a module, "phantom" for a package.
    """
    digest = hashlib.sha256()
    for room in sorted(rooms):
        path = ROOT / "helpers" / room
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def folder(kind: str, **what) -> Path:
    """The place in the store for one result of a kind (its parent exists, the folder itself may not)."""
    parent = store_folder() / kind
    parent.mkdir(parents=True, exist_ok=True)
    return parent / key(**what)


def write_folder(place: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a folder beside `place`, then put it there whole; on any error nothing stays behind.

    Raises CourseError when the disk is full.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        write(draft)
        if place.exists():  # another process made the same thing meanwhile; the same key means the same content
            return place
        os.replace(draft, place)
    except OSError as error:
        if place.exists() and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return place
        if error.errno == errno.ENOSPC:
            raise CourseError(f"{place}: the disk is full; free some space and run the same command again.") from error
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def keep(kind: str, what: dict, make: Callable[[], Made], save: Callable[[Made, Path], None],
         load: Callable[[Path], Made]) -> Made:
    """Find a result or make it.

    kind: the folder of the store; what: everything the result depends on; save(result, folder) and load(folder).
    """
    place = folder(kind, **what)
    if not place.exists():
        def write(draft: Path) -> None:
            save(make(), draft)
            (draft / "made_from.json").write_text(json.dumps(what, indent=1, sort_keys=True, default=str))

        write_folder(place, write)
    return load(place)
