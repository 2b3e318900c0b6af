"""How large the store is, and what of it may go: what no code can ask for any more, and
above a limit what was used longest ago. What another process uses is never touched.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from helpers.errors import CourseError
from helpers.settings import store_folder
from helpers.store import entries, locks
from helpers.store.keys import today

LIMIT_GB = 20.0


class Kept(NamedTuple):
    """An entry or a checkpoint: its place, its bytes, when it was last used."""

    place: Path
    size: int
    used: float


def limit() -> float:
    """The bytes that the store may hold: COURSE_STORE_GB, 20 where it is not said."""
    given = os.environ.get("COURSE_STORE_GB") or LIMIT_GB
    try:
        return float(given) * 1e9
    except ValueError:
        raise CourseError(
            f"COURSE_STORE_GB is '{given}', which is no number: give gigabytes, such "
            "as 20."
        ) from None


def kept() -> Iterator[Kept]:
    """All that the store keeps."""
    store = store_folder()
    for kind in sorted(store.iterdir()) if store.is_dir() else ():
        if kind.name.startswith(".") or not kind.is_dir():
            continue
        for place in sorted(kind.iterdir()):
            if place.name.startswith("."):
                continue
            try:
                yield _kept(place)
            except (OSError, ValueError, TypeError):
                continue  # gone, or damaged: whoever asks for it makes it anew


def _kept(place: Path) -> Kept:
    if not place.is_dir():
        about = place.stat()
        return Kept(place, about.st_size, about.st_mtime)
    manifest = place / entries.MANIFEST
    if not manifest.exists():  # of an older course
        sizes = [path.stat().st_size for path in place.rglob("*") if path.is_file()]
        return Kept(place, sum(sizes), 0.0)
    files = json.loads(manifest.read_text(encoding="utf-8"))
    size = sum(size for size, _ in files.values())
    return Kept(place, size, manifest.stat().st_mtime)


def stale(place: Path) -> bool:
    """Whether today's code, packages and device can no longer ask for an entry."""
    if not place.is_dir():
        return False
    try:
        about = json.loads((place / "made_from.json").read_text(encoding="utf-8"))
        now = today(about["makers"])
    except (OSError, ValueError, KeyError, TypeError):
        return True  # of an older course, damaged, or of a lesson that is gone
    return any(about["what"].get(name) != value for name, value in now.items())


def fit_limit(besides: Path | None = None) -> int:
    """Drop what was used longest ago until the store is below its limit; the bytes
    freed."""
    found = list(kept())
    over = sum(one.size for one in found) - limit()
    freed = 0
    for one in sorted(found, key=lambda one: one.used):
        if freed >= over:
            break
        if one.place != besides and drop(one.place):
            freed += one.size
    return freed


def drop(place: Path) -> bool:
    """Remove an entry, unless a process makes or uses it; whether it is gone."""
    with locks.holding(place, wait=False) as alone:
        if not alone or place in locks.used():
            return False
        # Renamed first: a half-removed entry must not be found.
        gone = place.with_name(f".{place.name}-dropped")
        try:
            place.rename(gone)
        except OSError:
            return False
        entries.remove(gone)
    return True


def tidy() -> None:
    """Remove what killed processes left: drafts, and marks of use."""
    locks.used()
    store = store_folder()
    for draft in store.glob("*/.*-*"):
        place = draft.with_name(draft.name[1:].rsplit("-", 1)[0])
        with locks.holding(place, wait=False) as alone:
            if alone:
                entries.remove(draft)


def said() -> str:
    """The store's size in a sentence."""
    found = list(kept())
    size = sum(one.size for one in found) / 1e9
    return (
        f"The store {store_folder()} holds {size:.1f} GB in {len(found):,} results "
        f"(limit {limit() / 1e9:g} GB)."
    )


def clear() -> None:
    """Drop everything that no process uses."""
    tidy()
    left = sum(not drop(one.place) for one in list(kept()))
    if left:
        print(f"{left} results are in use by another process and stay.")
        return
    store = store_folder()
    for path in store.iterdir() if store.is_dir() else ():
        if path.name in (locks.LOCKS, locks.USERS):
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
