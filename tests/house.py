"""The house in figures: lines and files by folder, the longest file and functions, and
the floors of `helpers`.

>>> python tests/house.py
"""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST = {
    "helpers": 7_500,
    "phantom": 3_500,
    "report": 1_600,
    "study": 400,
    "benchmarks": 2_160,
    "data": 200,
    "tests": 13_000,
}
"""Lines of Python at most, by folder."""
TOGETHER, LESSONS = 15_000, "notebooks"
"""Lines outside tests and lessons at most; where the lessons stand."""


def files(folder: str, root: Path = ROOT) -> list[Path]:
    """The Python of a folder; of data/ what lies in it itself, since sets lie below."""
    return sorted((root / folder).glob("*.py" if folder == "data" else "**/*.py"))


def lines(paths: list[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module of the house outside tests and lessons, by its name."""
    named = {}
    for folder in MOST:
        for path in files(folder, root) if folder != "tests" else []:
            parts = path.relative_to(root).with_suffix("").parts
            named[".".join(parts).removesuffix(".__init__")] = path
    return named


def imported(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of the house that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{n.name}" for n in node.names)}
    return found & set(known)


def rooms(root: Path = ROOT) -> dict[str, set[str]]:
    """Each room of helpers (a file or a package) with the rooms that it imports."""
    known = modules(root)
    inside: dict[str, set[str]] = {}
    for name, path in known.items():
        if name.startswith("helpers."):
            here = name.split(".")[1]
            there = {one.split(".")[1] for one in imported(path, known) if "." in one}
            others = {one for one in there if f"helpers.{one}" in known} - {here}
            inside.setdefault(here, set()).update(others)
    return inside


def floors(inside: dict[str, set[str]]) -> dict[str, int]:
    """The floor of each room: 0 where it imports none, else one above the highest that
    it imports. graphlib.CycleError where rooms import one another in a circle."""
    found: dict[str, int] = {}
    for room in TopologicalSorter(inside).static_order():
        found[room] = 1 + max((found[one] for one in inside[room]), default=-1)
    return found


def long_functions(most: int = 60, root: Path = ROOT) -> list[str]:
    """Functions of more lines than that."""
    return [
        f"{name}.{node.name}"
        for name, path in modules(root).items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        if node.end_lineno - node.lineno >= most
    ]


def main() -> int:
    counted = {folder: lines(files(folder)) for folder in MOST}
    together = sum(counted.values()) - counted["tests"]
    for folder, number in counted.items():
        print(f"{folder:<12}{number:>7,} of {MOST[folder]:>7,} lines")
    lessons = lines(files(LESSONS))
    print(f"{'together':<12}{together:>7,} of {TOGETHER:>7,} outside tests, lessons")
    print(f"{LESSONS:<12}{lessons:>7,} lines, prose and code")
    long, name = max((lines([path]), name) for name, path in modules().items())
    print(f"longest file: {name}, {long} lines")
    inside, large = floors(rooms()), long_functions()
    high = max(inside.values()) + 1
    print(f"helpers: {len(inside)} rooms on {high} floors")
    print(f"functions over 60 lines: {', '.join(large) or 'none'}")
    over = [folder for folder, number in counted.items() if number > MOST[folder]]
    return len([*over, *large]) + (together > TOGETHER) + (long > 450) + (high > 8)


if __name__ == "__main__":
    sys.exit(main())
