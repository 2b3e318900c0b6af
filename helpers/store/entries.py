"""Entries: written whole or not at all, flushed to the disk before they are named, and
verified by their checksums when they are used.
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.errors import CourseError
from helpers.settings import store_folder
from helpers.store import locks
from helpers.store.telling import say

MANIFEST = ".manifest.json"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What this process has verified: a file's checksum by its place, size, time of change.
_verified: dict[tuple[str, int, int], str] = {}


def write_folder(place: Path, write: Callable[[Path], None]) -> Path:
    """The entry at `place`, made by `write` where it is not there whole: `write` fills
    a folder beside it, which is then put there; on any error nothing stays behind.

    Another process that makes the same is waited for, an entry that is damaged is
    removed and made anew, with a sentence, and drafts that a killed process left are
    tidied up. Raises CourseError when the disk is full.
    """
    with locks.holding(place) as alone:
        locks.using(place)
        if place.exists() or place.is_symlink():
            if (damage := damaged(place)) is None:
                with contextlib.suppress(OSError):
                    os.utime(place / MANIFEST)  # used just now
                return place
            say(f"{place} is damaged ({damage}), so it is made anew.")
            remove(place)
        if alone:
            tidy_drafts(place)
        with writing(place) as draft:
            draft.mkdir()
            write(draft)
            _seal(draft)
            try:
                os.replace(draft, place)
            except OSError:
                # Without locks, another process may have made the same meanwhile.
                if damaged(place) is not None:
                    raise
            flush(place.parent)
    return place


def write_file(place: Path, content: bytes) -> None:
    """A file that replaces the one at `place`, its checksum first (see read_file)."""
    with writing(place) as draft:
        with draft.open("wb") as file:
            file.write(hashlib.sha256(content).digest())
            file.write(content)
        flush(draft)
        os.replace(draft, place)


def read_file(place: Path) -> bytes | None:
    """What write_file wrote; None where there is nothing. A damaged file is removed,
    with a sentence, and is nothing too."""
    try:
        whole = place.read_bytes()
    except OSError:
        return None
    content = whole[32:]
    if hashlib.sha256(content).digest() == whole[:32]:
        return content
    say(f"{place} is damaged, so what it held is made anew.")
    place.unlink(missing_ok=True)
    return None


@contextlib.contextmanager
def writing(place: Path):
    """A draft's path beside `place`; whatever is left of it in the end is removed. A
    disk that is full, or can't be written, is told in one sentence."""
    draft = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield draft
    except (OSError, RuntimeError) as error:
        if full(error):
            raise CourseError(
                f"{place}: the disk is full; free some space and run the same command "
                "again."
            ) from error
        where = str(getattr(error, "filename", None) or "")
        if where and place.is_relative_to(where) or where.startswith(str(draft)):
            raise CourseError(
                f"{place} can't be written ({(error.strerror or str(error)).lower()}); "
                "name a folder that can with COURSE_STORE."
            ) from error
        raise
    finally:
        remove(draft)


def full(error: Exception) -> bool:
    """Whether an error says that the disk is full; NumPy and PyTorch have words of
    their own for it."""
    words = ("written", "PytorchStreamWriter failed writing")
    return getattr(error, "errno", None) in FULL or (
        getattr(error, "errno", None) is None
        and any(word in str(error) for word in words)
        and type(error) in (OSError, RuntimeError)
    )


def tidy_drafts(place: Path) -> None:
    """Remove what a killed process left of an entry; its lock must be held."""
    name = place.name.split(".")[0]
    for folder in (place.parent, store_folder() / "checkpoints"):
        for draft in folder.glob(f".{name}*-*"):  # as `writing` calls them
            remove(draft)


def damaged(place: Path) -> str | None:
    """What is wrong with an entry, in a few words; None where it is whole.

    Every byte is read once in a process, and again where a file's size or time of
    change is another.
    """
    try:
        about = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        files = {str(name): (int(n), str(sha)) for name, (n, sha) in about.items()}
    except FileNotFoundError:
        return "its list of files is missing"
    except (OSError, ValueError, TypeError, AttributeError):
        return "its list of files can't be read"
    for name, (size, checksum) in files.items():
        path = place / name
        try:
            stat = path.stat()
            if stat.st_size != size:
                return f"{name} has another size"
            known = (str(path), stat.st_size, stat.st_mtime_ns)
            if _verified.get(known) != checksum:
                if _checksum(path) != checksum:
                    return f"{name} has changed"
                _verified[known] = checksum
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError as error:
            return f"{name} can't be read: {(error.strerror or str(error)).lower()}"
    if more := sorted(_files(place) - files.keys()):
        return f"{more[0]} doesn't belong to it"
    return None


def content(place: Path, *names: str) -> str:
    """16 hexadecimal digits that stand for an entry and what some of its files hold."""
    about = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    text = " ".join([place.name, *(about[name][1] for name in names)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _seal(draft: Path) -> None:
    """List the files of a draft with their sizes and checksums, and flush them all."""

    def sealed(path: Path) -> list:
        flush(path)
        return [path.stat().st_size, _checksum(path)]

    names = sorted(_files(draft))
    with ThreadPoolExecutor() as pool:  # neither flushing nor a checksum holds the GIL
        about = dict(zip(names, pool.map(lambda name: sealed(draft / name), names)))
    manifest = draft / MANIFEST
    manifest.write_text(json.dumps(about, indent=0), encoding="utf-8")
    flush(manifest)
    for parent, _, _ in os.walk(draft):
        flush(Path(parent))


def _files(place: Path) -> set[str]:
    return {
        Path(parent, name).relative_to(place).as_posix()
        for parent, _, names in os.walk(place)
        for name in names
        if name != MANIFEST
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Have a file or a folder on the disk before anything names it."""
    # Windows can't open a folder, and some mounted folders know no flush.
    with contextlib.suppress(PermissionError, IsADirectoryError):
        opened = os.open(path, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):
                os.fsync(opened)
        finally:
            os.close(opened)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
