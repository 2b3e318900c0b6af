"""Who makes an entry, and who uses it: locks that the system lets go when a process
ends, however it ends.
"""

import contextlib
import functools
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from helpers.settings import store_folder
from helpers.store.telling import say

LOCKS, USERS = ".locks", ".using"


@contextlib.contextmanager
def holding(place: Path, wait: bool = True) -> Iterator[bool]:
    """Be the only process at an entry; False where that can't be had: another one is
    there and `wait` is False, or no lock can be written.
    """
    lock = None
    try:
        lock = _taken(place, wait)
    except (OSError, NotImplementedError):
        pass  # what is written is renamed whole, so going on unlocked does no harm
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()


def _taken(place: Path, wait: bool) -> FileLock | None:
    folder = store_folder() / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{place.name.split('.')[0]}.lock")
    try:
        lock.acquire(timeout=2 if wait else 0)
    except Timeout:
        if not wait:
            return None
        say(
            f"Another process is making {place.parent.name}/{place.name}: waiting for "
            "it."
        )
        lock.acquire()
    return lock


def using(place: Path) -> None:
    """Note that this process uses an entry: nobody drops it until it ends."""
    with contextlib.suppress(OSError, NotImplementedError):
        marks = _marks(os.getpid(), store_folder())
        with marks.open("a", encoding="utf-8") as file:
            file.write(f"{place}\n")


@functools.cache
def _marks(pid: int, store: Path) -> Path:
    """The file of this process's marks. Its lock is held as long as the process lives,
    by the cache below."""
    folder = store / USERS
    folder.mkdir(parents=True, exist_ok=True)
    marks = folder / f"{pid}-{secrets.token_hex(4)}.txt"
    lock = FileLock(marks.with_suffix(".lock"))
    lock.acquire()
    _held.append(lock)
    return marks


_held: list[FileLock] = []


def used() -> set[Path]:
    """The entries that living processes use, this one too; the marks of dead ones are
    removed."""
    found: set[Path] = set()
    folder = store_folder() / USERS
    for marks in folder.glob("*.txt") if folder.is_dir() else ():
        lock = FileLock(marks.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            with contextlib.suppress(FileNotFoundError):  # another one tidied up
                lines = marks.read_text(encoding="utf-8").splitlines()
                found |= {Path(line) for line in lines}
            continue
        marks.unlink(missing_ok=True)
        lock.release()
        marks.with_suffix(".lock").unlink(missing_ok=True)
    return found
