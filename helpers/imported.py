"""The source of each module of the course as it was when it was imported: the code that
runs, whatever has become of the file since.
"""

import functools
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path

HOUSE = ("helpers", "phantom", "report")
_sources: dict[str, str] = {}
_count: list[str] = []


class _Noting(SourceFileLoader):
    def get_code(self, fullname: str):
        path = Path(self.path)
        source = path.read_bytes()
        code = super().get_code(fullname)
        if path.read_bytes() != source:  # edited in this very moment
            return self.get_code(fullname)
        if (text := source.decode("utf-8")) != _sources.get(fullname):
            _sources[fullname] = text
            _count.append(fullname)
        return code


class _Finder:
    """Python's own way to a module, with a loader that notes what it loads."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> ModuleSpec | None:
        if name.partition(".")[0] not in HOUSE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Noting(spec.loader.name, spec.loader.path)
        return spec


def watch() -> None:
    """Note the source of every module of the course from now on."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


def source(name: str, now: bool = False) -> str | None:
    """A module's source as it was imported, or as the file is where it is not imported
    yet or `now` is asked for; None where there is no such module.

    name: "helpers.training", or a package's.
    """
    if name in _sources and not now:
        return _sources[name]
    path = file(name)
    return None if path is None else path.read_text(encoding="utf-8")


def stamp() -> int:
    """A number that grows with each module that is imported, or imported anew."""
    return len(_count)


@functools.cache
def file(name: str) -> Path | None:
    """Where a module of the course lies, or None."""
    top, _, rest = name.partition(".")
    if top not in HOUSE or (spec := find_spec(top)) is None or spec.origin is None:
        return None
    base = Path(spec.origin).parent.joinpath(*filter(None, rest.split(".")))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file() and (rest or path.name == "__init__.py"):
            return path
    return None
