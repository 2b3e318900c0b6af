"""How much of a lesson's code teaches? Every line of code is given to one of four
kinds.

    python -m benchmarks.teaching_lines [folder of lessons]

A line counts where it holds code: no comment, no empty line. The kind is that of the
innermost statement it belongs to, by syntax alone:

- *set-up*: the cells tagged `setup` and `parameters`, imports, assignments that open
  a lesson (OPENS) or only ask for what is there already (FETCHES), such as frames of a
  split or the standard network.
- *showing*: what calls something of SHOW_ROOTS (`figures.`, `explore.`, `play.`,
  `record.`, `print`, `say`) or of SHOW_METHODS (`.summary`, `.front`, `.add`), a value
  alone on its line, and words: a title, a caption or a part of a sentence put into a
  variable.
- *shaping*: what only builds or rearranges a table (rows of dicts, ROWS, RESHAPES) and
  whose names go, until they are bound anew, to showing or to other shaping alone.
- *teaching*: the rest. The cells of exercises, with their solutions, are teaching.

The head of a loop, a branch or a function is of the kind that most lines inside are of.
Cells tagged `check` and `quiz` are words in the form of code: they are in no kind, and
their lines stand in a column of their own.

The lists of names were set on the lessons as they were before exercises came (`git show
233ef94:notebooks/...`), whose lines had been given to the four kinds by hand: 18 %
set-up, 49 % showing, 11 % shaping, 22 % teaching. There the rule gives 18, 49, 9
and 24.
"""

import ast
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import pandas as pd

from report.exercises import tags
from report.notebooks import FOLDER, lessons

KINDS = ("set-up", "showing", "shaping", "teaching")
OPENS = {"begin", "course", "gather", "Record"}
# What is there already, asked for.
FETCHES = {
    "of",
    "present",
    "folds",
    "data_of",
    "baseline",
    "recorded",
    "evidence",
    "frames",
    "splits",
    "model",
}
SHOW_ROOTS = {
    "figures",
    "explore",
    "play",
    "record",
    "print",
    "display",
    "say",
    "plots",
    "charts",
    "Markdown",
    "HTML",
}
SHOW_METHODS = {"summary", "front", "add"}
ROWS = {"DataFrame", "append", "extend"}
RESHAPES = {
    "Series",
    "apply",
    "assign",
    "concat",
    "crosstab",
    "dict",
    "drop",
    "drop_duplicates",
    "dropna",
    "groupby",
    "head",
    "idxmax",
    "idxmin",
    "int",
    "items",
    "keys",
    "len",
    "list",
    "loc",
    "map",
    "max",
    "min",
    "notna",
    "pivot",
    "pivot_table",
    "reindex",
    "rename",
    "rename_axis",
    "reset_index",
    "round",
    "set_index",
    "size",
    "sort_values",
    "sorted",
    "stack",
    "str",
    "to_dict",
    "to_frame",
    "to_numpy",
    "tolist",
    "unique",
    "unstack",
    "value_counts",
    "values",
    "zip",
    "nunique",
    "astype",
}
WIDTH = 88


def lines_of(node: ast.AST, code: set[int]) -> set[int]:
    """The lines of code that a node spans, decorators included."""
    first = min(
        [node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))]
    )
    return code & set(range(first, node.end_lineno + 1))


def code_lines(source: str) -> set[int]:
    """Numbers of the lines that hold code."""
    return {
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#")
    }


def called(node: ast.AST) -> tuple[set[str], set[str]]:
    """The first and the last names of all that is called inside a node."""
    roots, ends = set(), set()
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            function = one.func
            ends.add(getattr(function, "attr", getattr(function, "id", "")))
            while isinstance(function, (ast.Attribute, ast.Call, ast.Subscript)):
                function = getattr(function, "value", getattr(function, "func", None))
            roots.add(getattr(function, "id", ""))
    return roots, ends


def shows(node: ast.AST) -> bool:
    roots, ends = called(node)
    return bool(roots & SHOW_ROOTS or ends & SHOW_METHODS)


def wordy(value: ast.AST) -> bool:
    """Is a value a text?"""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str)
    if isinstance(value, ast.JoinedStr):
        return True
    if isinstance(value, ast.BinOp):
        return wordy(value.left) or wordy(value.right)
    if isinstance(value, ast.IfExp):
        return wordy(value.body) and wordy(value.orelse)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return value.func.attr in ("join", "format", "replace") and wordy(
            value.func.value
        )
    return False


def stored(node: ast.AST) -> set[str]:
    """The names that a statement binds or fills."""
    names = {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        target = node.value.func
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        names |= {target.id} if isinstance(target, ast.Name) else set()
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            while isinstance(target, (ast.Subscript, ast.Attribute)):
                target = target.value
            names |= {target.id} if isinstance(target, ast.Name) else set()
    return names


def loaded(node: ast.AST) -> set[str]:
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }


@dataclass
class Part:
    """A statement without those that it holds: its node, what of it is its own, its
    lines, its kind (fixed by its cell, or not), and the places of what it holds."""

    node: ast.stmt
    own: list[ast.AST]
    lines: set[int]
    kind: str
    fixed: bool = False
    holds: list[int] = field(default_factory=list)


class Lesson:
    """The statements of one lesson in their order, each with its lines and its kind."""

    def __init__(self, cells: list) -> None:
        self.parts: list[Part] = []
        for cell in cells:
            fixed = "set-up" if {"setup", "parameters"} & set(tags(cell)) else ""
            fixed = "teaching" if "exercise" in tags(cell) else fixed
            code = code_lines(cell.source)
            for node in ast.parse(cell.source).body:
                self._take(node, code, fixed)
        self._heads()
        while self._shape():
            self._heads()

    def _take(self, node: ast.stmt, code: set[int], fixed: str) -> list[int]:
        """Add a statement and what it holds; the places of all of them."""
        inner = [
            one
            for name in ("body", "orelse", "finalbody")
            for one in getattr(node, name, [])
            if isinstance(one, ast.stmt)
        ]
        place, lines = len(self.parts), lines_of(node, code)
        if not inner or fixed:
            self.parts.append(
                Part(node, [node], lines, fixed or kind_of(node), bool(fixed))
            )
            return [place]
        for one in inner:
            lines -= lines_of(one, code)
        own = [getattr(node, name, None) for name in ("iter", "test", "target", "args")]
        here = Part(node, [one for one in own if one is not None], lines, "head")
        self.parts.append(here)
        for one in inner:
            here.holds += self._take(one, code, fixed)
        return [place, *here.holds]

    def _heads(self) -> None:
        """A head is of the kind that most lines of what it holds are of."""
        for part in self.parts:
            if part.holds:
                inside: Counter = Counter()
                for place in part.holds:
                    if not self.parts[place].holds:
                        inside[self.parts[place].kind] += len(self.parts[place].lines)
                part.kind = inside.most_common(1)[0][0]

    def _consumers(self, place: int) -> set[str]:
        """The kinds of the statements that take what this one binds, until it is bound
        anew."""
        part, kinds = self.parts[place], set()
        for name in stored(part.node):
            for other in self.parts[place + 1 :]:
                if any(name in loaded(one) for one in other.own):
                    kinds.add("self" if name in stored(other.node) else other.kind)
                elif not other.holds and binds(other.node, name):
                    break
        return kinds - {"self"}

    def _shape(self) -> bool:
        changed = False
        for place, part in enumerate(self.parts):
            if part.kind != "teaching" or part.fixed or part.holds:
                continue
            if not stored(part.node):
                continue
            if "teaching" not in self._consumers(place) and builds(part.node):
                part.kind, changed = "shaping", True
        return changed

    def count(self) -> Counter:
        """Lines of code by kind."""
        found: Counter = Counter({kind: 0 for kind in KINDS})
        for part in self.parts:
            found[part.kind] += len(part.lines)
        return found


def kind_of(node: ast.stmt) -> str:
    """The kind of a statement that holds no other, by itself."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "set-up"
    value = getattr(node, "value", None)
    if isinstance(node, ast.Assign):
        ends = called(node)[1]
        if ends & OPENS or ends and ends <= FETCHES:
            return "set-up"
        asked = {
            one.value.id
            for one in ast.walk(value)
            if isinstance(one, ast.Subscript) and isinstance(one.value, ast.Name)
        }
        if asked and asked <= {"record"} and not called(node)[1]:
            return "showing"  # a number that was recorded, for a sentence
    acts = (ast.Call, ast.Yield, ast.YieldFrom, ast.Await)
    if shows(node) or isinstance(node, ast.Expr) and not isinstance(value, acts):
        return "showing"
    if value is not None and wordy(value):
        return "showing"
    return "teaching"


def binds(node: ast.stmt, name: str) -> bool:
    """Does a statement give a name a new value?"""
    targets = getattr(node, "targets", [])
    return any(
        isinstance(one, ast.Name) and one.id == name
        for target in targets
        for one in (target.elts if isinstance(target, ast.Tuple) else [target])
    )


def builds(node: ast.stmt) -> bool:
    """Does a statement build or rearrange a table, or pick something out of one?"""
    value = getattr(node, "value", None)
    if isinstance(value, ast.Call) and called(node)[1] & ROWS:
        return True
    if isinstance(value, ast.ListComp) and isinstance(value.elt, ast.Dict):
        return True
    if isinstance(value, (ast.List, ast.Dict, ast.Constant, ast.Tuple, ast.DictComp)):
        return True
    return called(node)[1] <= RESHAPES


def measured(path: Path) -> dict[str, float]:
    """One lesson's numbers, each a count of lines but where its name says otherwise."""
    cells = jupytext.read(
        path, fmt={"extension": ".py", "format_name": "percent"}
    ).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    prose = [cell for cell in cells if cell.cell_type == "markdown"]
    asked = [cell for cell in code if {"check", "quiz"} & set(tags(cell))]
    judged = [cell for cell in code if cell not in asked]
    own = [cell for cell in judged if not {"setup", "parameters"} & set(tags(cell))]
    kinds = Lesson(judged).count()
    lines = [line for cell in judged for line in held(cell.source)]
    # A heading begins something new: it doesn't read what stands above it.
    read = [
        after.cell_type == "markdown" and not after.source.startswith("#")
        for cell, after in zip(cells, [*cells[1:], prose[-1]], strict=True)
        if cell in own and "exercise" not in tags(cell)
    ]
    sizes = [len(cell.source.splitlines()) for cell in own]
    return {
        "lesson": path.stem[:2],
        "lines": len(lines),
        **{kind: kinds[kind] for kind in KINDS},
        f"over {WIDTH}": sum(len(line) > WIDTH for line in lines),
        "asking": sum(len(held(cell.source)) for cell in asked),
        "words": sum(len(cell.source.split()) for cell in prose),
        "code cells": len(read),
        "read by prose": sum(read),
        "median cell": statistics.median(sizes),
        "longest cell": max(sizes),
        "exercises": sum("exercise" in tags(cell) for cell in cells),
    }


def held(source: str) -> list[str]:
    """The lines of a source that hold code."""
    every = source.splitlines()
    return [every[number - 1] for number in sorted(code_lines(source))]


def table(folder: Path = FOLDER) -> pd.DataFrame:
    """A row per lesson from 01 on and one for all, with shares beside the counts."""
    rows = [measured(path) for path in lessons(folder) if path.stem[:2] != "00"]
    found = pd.DataFrame(rows).set_index("lesson")
    found.loc["all"] = found.sum()
    for name, choose in (("median cell", "median"), ("longest cell", "max")):
        found.loc["all", name] = getattr(found[name].iloc[:-1], choose)()
    found["teaching, %"] = 100 * found["teaching"] / found["lines"]
    found[f"over {WIDTH}, %"] = 100 * found[f"over {WIDTH}"] / found["lines"]
    found["words a line"] = found["words"] / found["lines"]
    found["read, %"] = 100 * found["read by prose"] / found["code cells"]
    return found


def main(words: list[str]) -> None:
    """Print the table, the lessons as columns."""
    found = table(Path(words[0]) if words else FOLDER)
    print(
        found.T.to_string(float_format=lambda value: f"{value:.1f}".replace(".0", ""))
    )


if __name__ == "__main__":
    main(sys.argv[1:])
