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
import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from helpers import settings
from helpers.errors import CourseError
from helpers.settings import ROOT, store_folder

WHOLE = ".whole"  # in each entry: the checksum of its files
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def key(**what) -> str:
    """16 hexadecimal digits that stand for `what` (anything JSON can write, and paths),
    in any order."""
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def keep(kind: str, what: dict, make: Callable, save: Callable, load: Callable):
    """load(folder) of a result that is found, or made by make() and then kept by
    save(result, folder). kind, what: see `entry`, whose makers these three are."""
    write = lambda draft: save(make(), draft)  # noqa: E731
    return load(entry(kind, what, write, make, save, load))


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
    sentence. Raises CourseError where the disk is full or can't be written, and where
    the code was edited meanwhile.
    """
    place = folder(kind, what, *makers)
    draft = place.with_name(f".{place.name}-draft")
    with _alone(place):
        _use(place, os.getpid())
        if not anew and whole(place):
            with contextlib.suppress(OSError):
                os.utime(place)
            return place
        try:
            _remove(draft)  # left by a process that was killed
            draft.mkdir(parents=True)
            write(draft)
            if place.name != key(**what | made_by(*makers, sources=_read())):
                raise CourseError(
                    "The course's code was edited after this began, so that nobody can "
                    "say which code made the result: run the same command again, or "
                    "restart the notebook's kernel."
                )
            (draft / WHOLE).write_text(_sealed(draft))
            _checksum(draft / WHOLE)
            _remove(place)
            os.replace(draft, place)
        except OSError as error:
            at = Path(error.filename or "/")
            # NumPy has words of its own for a full disk.
            full = error.errno in FULL or "requested and" in str(error)
            if not full and at not in draft.parents and draft not in (at, *at.parents):
                raise
            raise CourseError(
                f"{place} can't be written ({error.strerror or 'the disk is full'}): "
                "free some space, or name another folder with COURSE_STORE."
            ) from error
        finally:
            _remove(draft)
        _verified.add(place)
    fit_limit()
    return place


def folder(kind: str, what: dict, *makers: Callable | Path) -> Path:
    """The place of an entry, whether it is there or not."""
    return store_folder() / kind / key(**what | made_by(*makers))


_verified: set[Path] = set()


def whole(place: Path) -> bool:
    """Whether an entry is there as it was written, its bytes read once a process. One
    that is damaged is told: whoever asked makes it anew."""
    if not place.exists():
        return False
    if place not in _verified:
        with contextlib.suppress(OSError):
            if (place / WHOLE).read_bytes() == _sealed(place).encode():
                _verified.add(place)
    if place not in _verified:
        _say(f"{place} is damaged, so it is made anew.")
    return place in _verified


def content(place: Path) -> str:
    """16 hexadecimal digits that stand for an entry and for the bytes in it."""
    return key(entry=place.name, held=(place / WHOLE).read_text())


def _sealed(place: Path) -> str:
    """One checksum of a folder's files and their names."""
    paths = {one.relative_to(place).as_posix(): one for one in _files(place)}
    paths.pop(WHOLE, None)
    with ThreadPoolExecutor() as pool:  # neither flushing nor a checksum holds the GIL
        return key(**dict(zip(paths, pool.map(_checksum, paths.values()))))


def _files(place: Path) -> list[Path]:
    return [one for one in place.rglob("*") if one.is_file()]


def _checksum(path: Path) -> str:
    """Of a file's bytes, which are on the disk after this."""
    with path.open("rb") as file:
        with contextlib.suppress(OSError):  # where the system can't
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink() if path.is_file() else shutil.rmtree(path)


def _say(sentence: str) -> None:
    """A sentence that an executed page doesn't keep: a warning where somebody works,
    a line in the terminal where the report is built."""
    if settings.static():
        print(sentence, file=sys.__stderr__, flush=True)
    else:
        warnings.warn(sentence, stacklevel=2)


# What an entry depends on besides its values


def made_by(*makers: Callable | Path, sources: dict | None = None) -> dict[str, object]:
    """`code`, the source of some modules, functions' or classes' own, and of all of the
    course's that these import; the versions of `packages`; and the `device`, where
    networks run.

    The code is without comments and layout, as it was when the course began to run here
    unless other `sources` are given. A path is a lesson's, which shows sources as they
    are, and tables.
    """
    sources = sources or _sources
    code = {name: sources[name] for name in reached(*makers, sources=sources)}
    if lessons := [one for one in makers if isinstance(one, Path)]:
        for ending in ("csv", "json", "css", "js"):
            for room in ("benchmarks", "helpers"):
                lessons += (ROOT / room).rglob(f"*.{ending}")
        code |= {one.name: _checksum(one) for one in lessons}
        # PyTorch's own word takes longer than a report of unchanged lessons.
        device = "cuda" if shutil.which("nvidia-smi") else platform.machine()
    else:
        networks = any(re.search("(?m)^import torch$", text) for text in code.values())
        device = settings.device() if networks else None
        code = {name: _understood(text)[0] for name, text in code.items()}
    return {"code": key(**code), "packages": _versions(), "device": device}


def reached(*makers: Callable | Path, sources: dict | None = None) -> set[str]:
    """The modules of the course that some makers import, and that these import."""
    sources, found, waiting = sources or _sources, set(), []
    for one in makers:
        if isinstance(one, Path):
            waiting += _understood(one.read_text(encoding="utf-8"))[1]
        else:
            one = getattr(one, "func", one)  # of a partial
            waiting.append(getattr(one, "__module__", None) or one.__name__)
    while waiting:
        name = waiting.pop()
        if name not in sources:  # a name in the module before it, or a package
            name = name.rpartition(".")[0]
        if name in sources and name not in found:
            found.add(name)
            waiting += _understood(sources[name])[1]
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
def _versions() -> dict[str, str]:
    """The installed versions of what requirements.txt and the extras pin."""
    found = {}
    for file in ("requirements.txt", "pyproject.toml"):
        for name in re.findall(r"([\w.-]+)==", (ROOT / file).read_text("utf-8")):
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                found[name] = importlib.metadata.version(name)
    return found


def _read() -> dict[str, str]:
    """The source of each module of the course, as it is now."""
    found = {}
    for room in ("helpers", "phantom", "report", "study", "benchmarks"):
        for path in (ROOT / room).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


_sources = _read()


# Two processes at once


@contextlib.contextmanager
def _alone(place: Path, wait: bool = True) -> Iterator[bool]:
    """Be the only process at an entry, or at a draft of it; False where another one is
    and nobody is to wait. The system lets go when a process ends, however it ends."""
    name = f"{place.parent.name}-{place.name.strip('.')[:16]}"
    lock = FileLock(store_folder() / ".locks" / f"{name}.lock")
    try:
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=2 if wait else 0)
    except Timeout:
        if not wait:
            yield False
            return
        if not settings.static():  # a page is the same whoever made what it shows
            _say(f"Another process makes {name}: waiting for it.")
        lock.acquire()
    except OSError:  # where nothing can be written, what is there can still be read
        pass
    try:
        yield True
    finally:
        lock.release()


@functools.cache
def _use(place: Path, process: int) -> None:
    """Note that a process uses an entry: nobody drops it until the process ends."""
    with contextlib.suppress(OSError):
        users = store_folder() / ".using"
        users.mkdir(parents=True, exist_ok=True)
        with (users / str(process)).open("a", encoding="utf-8") as file:
            file.write(f"{place}\n")


def used() -> set[Path]:
    """The entries that living processes use."""
    found = set()
    for user in (store_folder() / ".using").glob("*"):
        with contextlib.suppress(OSError, ValueError):
            if psutil.pid_exists(int(user.name)):
                found |= set(map(Path, user.read_text(encoding="utf-8").splitlines()))
            else:
                user.unlink()
    return found


# A limit


def limit() -> float:
    """The bytes that the store may hold: COURSE_STORE_GB, 20 where it is not said."""
    given = os.environ.get("COURSE_STORE_GB") or "20"
    try:
        return float(given) * 1e9
    except ValueError:
        said = f"COURSE_STORE_GB is '{given}', which is no number: give gigabytes."
        raise CourseError(said) from None


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
    """Remove an entry, unless a process makes or uses it; whether it is gone."""
    with _alone(place, wait=False) as alone:
        if not alone or place in used():
            return False
        gone = place.with_name(f".{place.name.strip('.')}-gone")
        with contextlib.suppress(OSError):
            os.replace(place, gone)  # nobody finds what is half removed
        _remove(gone)
    return not place.exists()


def fit_limit() -> None:
    """Drop what was used longest ago until the store is below its limit."""
    found = kept()
    over = sum(size for _, size, _ in found) - limit()
    for _, size, place in found:
        # A study's tables are days of work, and small.
        if over > 0 and place.parent.name != "study" and drop(place):
            over -= size


def said() -> str:
    """The store's size in a sentence."""
    sizes = [size for _, size, _ in kept()]
    return (
        f"The store {store_folder()} holds {sum(sizes) / 1e9:.1f} GB in "
        f"{len(sizes):,} results (limit {limit() / 1e9:g} GB)."
    )


def main(words: list[str]) -> None:
    """Say how large the store is; with `clear`, drop all that no process uses."""
    if words == ["clear"] and not all([drop(place) for _, _, place in kept()]):
        print("What another process uses stays.")
    print(said())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CourseError as error:
        sys.exit(str(error))
