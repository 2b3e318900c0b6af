"""Results kept by a hash of what made them: what is found whole is loaded, what isn't
is made, and nothing is half written. `python -m helpers.store` says how large it is.

>>> place = entry("sixes", {"twice": 3}, lambda draft: (draft / "a").write_text("6"))
>>> place == entry("sixes", {"twice": 3}, lambda draft: print("never made again"))
True
"""

import ast
import contextlib
import errno
import functools
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock, Timeout

from helpers import CourseError, settings
from helpers.settings import ROOT, store_folder
from helpers.words import printable

ROOMS = ("helpers", "phantom", "report", "study", "benchmarks")
WHOLE = ".whole"  # in each entry: the checksum of its files
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS)
KEPT = 86_400  # seconds for which nothing goes that was used, whatever the limit


def key(**what) -> str:
    """16 hexadecimal digits that stand for `what` (anything JSON can write, and paths),
    in any order."""
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def entry(
    kind: str,
    what: dict,
    write: Callable[[Path], object],
    *makers: Callable | Path,
    anew: bool = False,
) -> Path:
    """The folder of a result, found, or filled by write(draft) and put in place whole.

    kind: a folder of the store; what: the values that the result was asked with;
    makers: whose code makes it, see `made_by`. anew: replace what is there. Processes
    that want the same wait for one another. A damaged entry is made anew, with a
    sentence. CourseError where the disk is full or can't be written, and where the code
    was edited meanwhile.
    """
    place = folder(kind, what, *makers)
    limit()  # said before anything is made
    if anew or not whole(place):
        try:
            with _lock(place):
                if anew or not whole(place):  # nobody else has made it meanwhile
                    now = functools.partial(folder, kind, what, *makers, now=True)
                    _fill(place, write, now)
        except OSError as error:
            # NumPy has words of its own for a full disk.
            full = error.errno in FULL or "requested and" in str(error)
            if not full and place.parent.is_dir():
                raise  # the maker's own trouble
            raise CourseError(
                f"{place} can't be written ({error.strerror or 'the disk is full'}): "
                "free some space, or name another folder with COURSE_STORE."
            ) from error
        fit_limit()
    with contextlib.suppress(OSError):
        os.utime(place)
    return place


def folder(kind: str, what: dict, *makers: Callable | Path, now: bool = False) -> Path:
    """The place of an entry, whether it is there or not; now: see `made_by`."""
    return store_folder() / kind / key(**what | made_by(*makers, now=now))


def _lock(place: Path) -> FileLock:
    """One process at a time at an entry. The system lets go when a process ends."""
    name = f"{place.parent.name}-{place.name.strip('.')[:16]}.lock"
    return FileLock(store_folder() / ".locks" / name)


def _fill(place: Path, write: Callable, now: Callable[[], Path]) -> None:
    draft = place.with_name(f".{place.name}-draft")
    try:
        _remove(draft)  # left by a process that was killed
        draft.mkdir(parents=True)
        write(draft)
        if place != now():  # a room may have been imported after its edit
            raise CourseError(
                "The course's code was edited after this began, so that nobody can say "
                "which code made the result: run the same command again, or restart "
                "the notebook's kernel."
            )
        (draft / WHOLE).write_text(key(**_checksums(draft)))
        _remove(place)
        draft.replace(place)
        _verified.add(place)
    finally:
        _remove(draft)


_verified: set[Path] = set()


def whole(place: Path) -> bool:
    """Whether an entry is there as it was written, its bytes read once a process. One
    that is damaged is told and removed, to be made anew."""
    if place not in _verified and place.exists():
        with contextlib.suppress(OSError):
            if (place / WHOLE).read_bytes() == key(**_checksums(place)).encode():
                _verified.add(place)
        if place not in _verified:
            # A page that is being executed doesn't keep it.
            where = sys.__stderr__ if settings.static() else sys.stderr
            print(f"{place} is damaged, so it is made anew.", file=where, flush=True)
            _remove(place)
    return place in _verified and place.exists()


def content(place: Path) -> str:
    """16 hexadecimal digits that stand for an entry and for the bytes in it."""
    return key(entry=place.name, held=(place / WHOLE).read_text())


def _checksums(folder: Path, ends: tuple[str, ...] = ("",)) -> dict[str, str]:
    """The checksum of each file in a folder, but not of its seal, by its path."""
    files = [one for one in _files(folder) if one.name.endswith(ends)]
    names = [one.relative_to(folder).as_posix() for one in files]
    with ThreadPoolExecutor() as pool:  # neither flushing nor a checksum holds the GIL
        found = dict(zip(names, pool.map(_checksum, files)))
    found.pop(WHOLE, None)
    return found


def _files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


def _checksum(path: Path) -> str:
    """Of a file's bytes, which are on the disk after this."""
    with path.open("rb") as file:
        with contextlib.suppress(OSError):  # where the system can't
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path: Path) -> None:
    """Remove a folder that nobody is to find half removed."""
    gone = path.with_name(f".{path.name.strip('.')}-gone")
    with contextlib.suppress(OSError):
        shutil.rmtree(gone, ignore_errors=True)  # left by a process that was killed
        shutil.rmtree(path.replace(gone))


# What an entry depends on besides its values


def made_by(*makers: Callable | Path, now: bool = False) -> dict[str, object]:
    """`code`, the source of some functions' or classes' modules, and of all of the
    course's that these import, without comments and layout, as it was when the course
    began to run here, or as it is now; the versions of `packages`; and the `device`,
    where networks run.

    A path is a lesson's, which may show any source and table as they are.
    """
    sources = _read() if now else _sources
    code = {one: _understood(sources.get(one, ""))[0] for one in reached(*makers)}
    lessons = {one.name: _checksum(one) for one in makers if isinstance(one, Path)}
    if lessons:
        code |= lessons | _shown()
        # PyTorch's own word takes longer than a report of unchanged lessons.
        device = "cuda" if shutil.which("nvidia-smi") else platform.machine()
    else:
        networks = any(re.search("(?m)^import torch$", text) for text in code.values())
        device = settings.device() if networks else None
    return {"code": key(**code), "packages": _versions(), "device": device}


def _shown() -> dict[str, object]:
    """The checksum of each source and table that a lesson may use."""
    ends = (".py", ".csv", ".json", ".css", ".js")
    rooms = ("helpers", "phantom", "benchmarks")
    return {room: _checksums(ROOT / room, ends) for room in rooms}


def reached(*makers: Callable) -> set[str]:
    """The modules of the course that some makers import, and that these import."""
    found = set()
    waiting = [getattr(one, "func", one).__module__ for one in makers]  # of a partial
    while waiting:
        name = waiting.pop()
        if name not in _sources:  # a name in the module before it, or a package
            name = name.rpartition(".")[0]
        if name in _sources and name not in found:
            found.add(name)
            waiting += _understood(_sources[name])[1]
    return found


# Two threads that parse at once can end in CPython's SystemError (seen on 3.11.7).
_parsing = threading.Lock()


@functools.lru_cache(maxsize=1024)
def _understood(source: str) -> tuple[str, list[str]]:
    """A source without comments and layout, and the names that it imports anywhere."""
    with _parsing:
        tree, names = ast.parse(source), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    return ast.unparse(tree), names


@functools.cache
def _versions() -> dict[str, str | None]:
    """The installed versions of what requirements.txt and the extras pin."""
    files = ("requirements.txt", "pyproject.toml")
    pins = "".join((ROOT / file).read_text("utf-8") for file in files)
    names = re.findall(r"([\w.-]+)==", pins)
    return {name: settings.version_of(name) for name in names}


def _read() -> dict[str, str]:
    """The source of each module of the course, as it is now."""
    found = {}
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


_sources = _read()


# A limit


def kept() -> list[tuple[float, int, Path]]:
    """When each entry, and each draft of a killed process, was used, its bytes and its
    place; the one used longest ago first."""
    found = []
    for place in store_folder().glob("[!.]*/*"):
        # In a folder that holds other things besides, those are not ours.
        if re.match(r"\.?[0-9a-f]{16}\b", place.name):
            with contextlib.suppress(OSError):  # gone meanwhile
                size = sum(one.stat().st_size for one in _files(place))
                found.append((place.stat().st_mtime, size, place))
    return sorted(found)


def drop(place: Path) -> bool:
    """Remove an entry or a draft, unless a process makes it; whether it is gone."""
    with contextlib.suppress(Timeout), _lock(place).acquire(timeout=0):
        _remove(place)
    return not place.exists()


def limit() -> float:
    """The bytes that the store may hold: COURSE_STORE_GB, 20 where it is not said.
    CourseError where that is no number above 0."""
    given = os.environ.get("COURSE_STORE_GB") or "20"
    with contextlib.suppress(ValueError):
        if 0 < float(given) < 1e6:
            return float(given) * 1e9
    raise CourseError(
        f"COURSE_STORE_GB is '{printable(given)}': give gigabytes, such as 20."
    )


def fit_limit() -> None:
    """Drop what was used longest ago, more than a day, until the store is below its
    limit."""
    for place in _verified:  # what this process uses is in use now
        with contextlib.suppress(OSError):
            os.utime(place)
    found = kept()
    over = sum(size for _, size, _ in found) - limit()
    for used, size, place in found:
        # A study's tables are days of work, and small.
        old = used < time.time() - KEPT and place.parent.name != "study"
        if over > 0 and old and drop(place):
            over -= size


def said() -> str:
    """The store's size in a sentence."""
    sizes = [size for _, size, _ in kept()]
    return (
        f"The store {store_folder()} holds {sum(sizes) / 1e9:.1f} GB in "
        f"{len(sizes):,} results (limit {limit() / 1e9:g} GB)."
    )


if __name__ == "__main__":
    try:
        limit()
    except CourseError as error:
        sys.exit(str(error))
    if sys.argv[1:] == ["clear"] and not all([drop(place) for *_, place in kept()]):
        print("What another process makes stays.")
    print(said())
