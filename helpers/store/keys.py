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
import shutil
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
    """A hash of what some rooms of `helpers`, or the phantom, do, and of all that they
    use: a changed recipe, a new result. Comments, docstrings and layout change nothing.

    rooms: "training" for a module, "frames/png" for one in a package, "phantom".
    """
    names = [
        room if imported.file(room) else "helpers." + room.replace("/", ".")
        for room in rooms
    ]
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


def made_of(script: Path | str, *makers: Callable | str) -> dict[str, object]:
    """The same of a lesson and what it uses, in which comments and docstrings count,
    since it shows sources; and its own text. A kernel of its own runs it, so this is
    the code as the files are now.
    """
    text = Path(script).read_text(encoding="utf-8")
    shown = following.follow([], lesson=text)
    return {
        "lesson": hashlib.sha256(text.encode()).hexdigest(),
        "around": made_by(*makers)["code"],
        "code": shown.code,
        "packages": versions(frozenset(following.external(shown.packages))),
        "device": _accelerator(),
    }


def maker(of: Callable | type) -> str:
    """A function's name as made_by reads it."""
    return ":".join(following.start(of))


def today(makers: list[str]) -> dict[str, object]:
    """What the makers that an entry names would depend on now."""
    if not makers:
        return {}
    script = makers[0].endswith(".py")
    return made_of(*makers) if script else made_by(*makers)


@functools.lru_cache(maxsize=256)
def _made_by(starts: tuple[tuple[str, str], ...], stamp: int) -> dict[str, object]:
    found = following.follow(starts)
    packages = following.external(found.packages)
    return {
        "code": found.code,
        "packages": versions(frozenset(packages)),
        **({"device": settings.device()} if "torch" in packages else {}),
    }


def _accelerator() -> str:
    """What networks could run on, told without PyTorch, whose import takes longer than
    a report of unchanged lessons."""
    if shutil.which("nvidia-smi"):
        return "cuda"
    apple = (platform.system(), platform.machine()) == ("Darwin", "arm64")
    return "mps" if apple else "cpu"


@functools.cache
def versions(packages: frozenset[str]) -> dict[str, str]:
    """The versions of imported packages, "absent" where one is not installed, and of
    those that they require themselves, as far as the course pins them."""
    sold_as = importlib.metadata.packages_distributions()
    names = {_plain(name) for one in packages for name in sold_as.get(one, [one])}
    pinned = settings.ROOT / "requirements.txt"
    lines = pinned.read_text(encoding="utf-8").splitlines() if pinned.exists() else []
    pins = {_plain(line.split("==")[0]) for line in lines if "==" in line}
    required = {one for name in names for one in _required(name)}
    return {name: _version(name) for name in sorted(names | required & pins)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _required(name: str) -> set[str]:
    try:
        said = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    always = [one for one in said if "extra ==" not in one]
    return {_plain(re.match(r"[\w.-]+", one)[0]) for one in always}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


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
