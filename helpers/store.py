"""Results kept by a hash of what made them: what is found is loaded, what isn't is
made, and nothing is half written.
"""

import ast
import contextlib
import errno
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from helpers.errors import CourseError
from helpers.settings import ROOT, store_folder

Made = TypeVar("Made")

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def key(**what) -> str:
    """16 hexadecimal digits that stand for `what` (anything JSON can write, and paths);
    the order of names is no matter.
    """
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code(*rooms: str) -> str:
    """A hash of what some rooms of `helpers` do, and of all that they import: a changed
    recipe, a new result.

    rooms: "training" for a module, "phantom" for a package, "frames/png" for a module
    in one. What they import from `helpers` is followed, so nobody has to keep a list of
    it. Comments, docstrings and layout change nothing.
    """
    found: dict[str, str] = {}
    for room in rooms:
        _follow("helpers." + room.replace("/", "."), found)
    text = "\n".join(f"{name} {found[name]}" for name in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _follow(name: str, found: dict[str, str]) -> None:
    """Add a module (or each module of a package) and all that it imports from `helpers`
    to `found`.
    """
    path = ROOT.joinpath(*name.split("."))
    files = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    for file in files:
        place = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if place in found or not file.exists():
            continue
        found[place], imported = _understood(file, file.stat().st_mtime_ns)
        for one in imported:
            _follow(one, found)


@functools.cache
def _understood(file: Path, changed: int) -> tuple[str, tuple[str, ...]]:
    """A file's code without comments and docstrings, hashed, and the names that it
    imports from helpers.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            if isinstance(body[0].value, ast.Constant) and isinstance(
                body[0].value.value, str
            ):
                body[:1] = [] if len(body) > 1 else [ast.Pass()]
        if isinstance(node, ast.Import):
            imported += [
                one.name for one in node.names if one.name.startswith("helpers.")
            ]
        if (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").split(".")[0] == "helpers"
        ):
            # `from helpers import x` names a module; `from helpers.x import y` one, or
            # something in one.
            imported += [f"{node.module}.{one.name}" for one in node.names]
            imported += [node.module] if node.module != "helpers" else []
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest(), tuple(imported)


def folder(kind: str, **what) -> Path:
    """The place in the store for one result of a kind (its parent exists, the folder
    itself may not).
    """
    parent = store_folder() / kind
    _made(parent)
    return parent / key(**what)


def _made(parent: Path) -> None:
    with _told(parent):
        parent.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _told(parent: Path) -> Iterator[None]:
    """The sentence for a place of the store that can't be written to."""
    try:
        yield
    except OSError as error:
        cause = "the disk is full" if error.errno in FULL_DISK else error.strerror
        raise CourseError(
            f"{parent} can't be written to ({cause.lower()}): free some space, or "
            "name another folder with COURSE_STORE."
        ) from error


def write_folder(place: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a folder beside `place`, then put it there whole; on any error
    nothing stays behind.

    Raises CourseError when the disk is full or the folder can't be made.
    """
    _made(place.parent)
    with _told(place.parent):
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        write(draft)
        # Another process made the same thing meanwhile; the same key means the same
        # content.
        if place.exists():
            return place
        os.replace(draft, place)
    except OSError as error:
        if place.exists() and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return place
        if error.errno == errno.ENOSPC:
            raise CourseError(
                f"{place}: the disk is full; free some space and run the same command "
                "again."
            ) from error
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def keep(
    kind: str,
    what: dict,
    make: Callable[[], Made],
    save: Callable[[Made, Path], None],
    load: Callable[[Path], Made],
) -> Made:
    """Find a result or make it.

    kind: the folder of the store; what: everything the result depends on; save(result,
    folder) and load(folder).
    """
    place = folder(kind, **what)
    if not place.exists():

        def write(draft: Path) -> None:
            save(make(), draft)
            (draft / "made_from.json").write_text(
                json.dumps(what, indent=1, sort_keys=True, default=str)
            )

        write_folder(place, write)
    return load(place)
