"""Keys: a hash of the values that a result was asked with, of the code that makes it,
and of what that code runs on.
"""

import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path

from helpers import imported, settings
from helpers.store import following


def key(**what) -> str:
    """16 hexadecimal digits that stand for `what` (anything JSON can write, and paths);
    the order of names is no matter.
    """
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code(*rooms: str) -> str:
    """A hash of what some rooms of `helpers` do, and of all that they use: a changed
    recipe, a new result. Comments, docstrings and layout change nothing.

    rooms: "training" for a module, "phantom" for a package, "frames/png" for a module
    in one.
    """
    names = ["helpers." + room.replace("/", ".") for room in rooms]
    return following.follow([(name, following.ALL) for name in names]).code


def made_by(*makers: Callable | type | str) -> dict[str, object]:
    """What a result depends on besides the values it is asked with: `code`, of what
    some functions use; the installed versions of the packages in it; and the device,
    where networks run.

    makers: functions or classes of the course, or "module:name". The code is that which
    was imported, not what became of its file since.
    """
    starts = tuple(sorted({following.start(one) for one in makers}))
    return dict(_made_by(starts, imported.stamp()))


def made_of(script: Path, *makers: Callable) -> dict[str, object]:
    """The same of a lesson and what it uses, in which comments and docstrings count,
    since it shows sources; and its own text.
    """
    text = script.read_text(encoding="utf-8")
    shown = following.follow([], as_read=True, text=text)
    return {
        "lesson": hashlib.sha256(text.encode()).hexdigest(),
        "around": made_by(*makers)["code"],
        **_told(shown),
    }


@functools.lru_cache(maxsize=256)
def _made_by(starts: tuple[tuple[str, str], ...], stamp: int) -> dict[str, object]:
    return _told(following.follow(starts))


def _told(found: following.Followed) -> dict[str, object]:
    packages = following.external(found.packages)
    return {
        "code": found.code,
        "packages": versions(frozenset(packages)),
        **({"device": settings.device()} if "torch" in packages else {}),
    }


@functools.cache
def versions(packages: frozenset[str]) -> dict[str, str]:
    """The versions of imported packages, and of those that they require themselves."""
    sold_as = importlib.metadata.packages_distributions()
    names = {name for one in packages for name in sold_as.get(one, [one])}
    for name in set(names):
        names |= _required(name)
    found = {name: _version(name) for name in sorted(names)}
    return {name: version for name, version in found.items() if version}


def _required(name: str) -> set[str]:
    try:
        said = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    always = [one for one in said if "extra ==" not in one]
    names = {re.match(r"[\w.-]+", one)[0] for one in always}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def circumstances() -> dict[str, object]:
    """What is recorded beside a result though it is in no key. The number of threads
    changes the last bits of what a network learns, since sums are taken in another
    order."""
    torch = sys.modules.get("torch")
    found = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }
    if torch is not None:
        found["threads"] = torch.get_num_threads()
        if torch.cuda.is_available():
            found["gpu"] = torch.cuda.get_device_name()
    return found
