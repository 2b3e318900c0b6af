"""What a function's result depends on, followed from the code: the functions, classes
and constants of the course that it uses, what those use, and the packages.
"""

import ast
import functools
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from helpers import imported

# How results are kept changes none of them.
PASSED_OVER = ("helpers.store", "helpers.imported", "helpers.progress")
ALL = "*"


@dataclass
class Followed:
    """What was reached: the text of each definition by (module, name), the packages
    imported, and files of the course that the code names."""

    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    @property
    def code(self) -> str:
        """16 hexadecimal digits that stand for all of it."""
        lines = [f"{where} {self.texts[where]}" for where in sorted(self.texts)]
        for path in sorted(self.files):
            lines.append(f"{path} {_content(path)}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


class _Definition(NamedTuple):
    """One or several statements that bind a name: their code, their source as it is
    read, the dotted names in them, imports inside, and strings."""

    code: str
    source: str
    uses: tuple[tuple[str, ...], ...]
    imports: dict[str, tuple[str, str]]
    strings: frozenset[str]


class _Module(NamedTuple):
    definitions: dict[str, _Definition]
    imports: dict[str, tuple[str, str]]


def follow(starts: Iterable[tuple[str, str]], lesson: str = "") -> Followed:
    """All that some definitions reach.

    starts: (module, name) each, ("helpers.training", "fit") or (module, ALL). lesson:
    the text of a script that is followed instead, whose readers see sources and which
    runs elsewhere: comments and docstrings count, and files are as they are now.
    """
    found, waiting, as_read = Followed(), list(starts), bool(lesson)
    if lesson:
        whole = _understood("", lesson)
        for name in whole.definitions:
            _add(found, waiting, "", name, whole, as_read)
    seen: set[tuple[str, str]] = set()
    read = functools.cache(lambda module: _read(module, as_read))
    while waiting:
        where = waiting.pop()
        module, name = where
        if where in seen or module.startswith(PASSED_OVER):
            continue
        seen.add(where)
        if (known := read(module)) is None:
            continue
        if name == ALL:
            waiting += [(module, one) for one in known.definitions]
        elif name in known.definitions:
            _add(found, waiting, module, name, known, as_read)
            waiting.append((module, ""))  # what the module does when it is imported
        elif name in known.imports:
            waiting += _resolved(found, (name,), known.imports)
        elif name and imported.file(f"{module}.{name}"):
            waiting.append((f"{module}.{name}", ALL))
        elif name:
            waiting.append((module, ALL))  # found at run time: take everything
    return found


def _read(module: str, now: bool) -> _Module | None:
    source = imported.source(module, now)
    return None if source is None else _understood(module, source)


def start(of: Callable | type | str) -> tuple[str, str]:
    """Where a function or class begins to be followed: its module, and the outermost
    definition that holds it. A text "module:name" is read as that."""
    if isinstance(of, str):
        module, _, name = of.partition(":")
        return module, name or ALL
    of = inspect.unwrap(of)
    while isinstance(of, functools.partial):
        of = of.func
    name = of.__qualname__.split(".")[0]
    return of.__module__, ALL if name == "<lambda>" else name


def _add(found: Followed, waiting, module, name, known: _Module, as_read) -> None:
    one = known.definitions[name]
    if text := one.source if as_read else one.code:
        found.texts[module, name] = text
    found.files |= {path for text in one.strings for path in _named(module, text)}
    for uses in one.uses:
        if uses[0] in one.imports or uses[0] in known.imports:
            waiting += _resolved(found, uses, {**known.imports, **one.imports})
        elif module and uses[0] in known.definitions:
            waiting.append((module, uses[0]))


def _resolved(found: Followed, uses: tuple[str, ...], imports) -> list:
    """What a dotted name stands for: definitions to follow, or a package noted."""
    module, name = imports[uses[0]]
    rest = list(uses[1:])
    if module.split(".")[0] not in imported.HOUSE:
        found.packages.add(module.split(".")[0])
        return []
    if name and imported.file(f"{module}.{name}"):
        module, name = f"{module}.{name}", ""
    while not name and rest:
        first = rest.pop(0)
        if imported.file(f"{module}.{first}"):
            module = f"{module}.{first}"
        else:
            name = first
    return [(module, name or ALL)]


@functools.lru_cache(maxsize=1024)
def _understood(module: str, source: str) -> _Module:
    """A module's definitions by name ("" for what it does besides), and its imports."""
    statements: dict[str, list[ast.stmt]] = {}
    imports: dict[str, tuple[str, str]] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports |= _imports(module, statement)
            continue
        for name in _bound(statement) or [""]:
            statements.setdefault(name, []).append(statement)
    found = {
        name: _definition(module, parts, source) for name, parts in statements.items()
    }
    return _Module(found, imports)


def _bound(statement: ast.stmt) -> list[str]:
    """The names that a statement of a module binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    return sorted(
        {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        | {
            node.name
            for node in ast.walk(statement)
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
    )


def _definition(module: str, parts: list[ast.stmt], source: str) -> _Definition:
    uses, imports, strings = {}, {}, set()
    for node in (node for part in parts for node in ast.walk(part)):
        if isinstance(node, ast.Attribute | ast.Name) and (dotted := _dotted(node)):
            uses[dotted] = None
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports |= _imports(module, node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    as_read = [_segment(source, part) for part in parts]
    # Unparsed, a statement has neither comments nor layout.
    code = "\n".join(
        ast.unparse(_Undocumented().visit(part)) for part in parts if not _is_text(part)
    )
    # A name before its dots is met again as a part of the longer one.
    whole = {one for one in uses if not any(_longer(other, one) for other in uses)}
    return _Definition(
        code, "\n".join(as_read), tuple(sorted(whole)), imports, frozenset(strings)
    )


def _longer(other: tuple[str, ...], one: tuple[str, ...]) -> bool:
    return len(other) > len(one) and other[: len(one)] == one


def _dotted(node: ast.AST) -> tuple[str, ...]:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return (node.id, *names) if isinstance(node, ast.Name) else ()


def _imports(module: str, node: ast.Import | ast.ImportFrom) -> dict:
    """What an import binds: the name to (module, name in it or nothing)."""
    if isinstance(node, ast.ImportFrom):
        origin = node.module or ""
        if node.level:
            above = module.split(".")[: -node.level]
            origin = ".".join([*above, *filter(None, [node.module])])
        return {one.asname or one.name: (origin, one.name) for one in node.names}
    return {
        one.asname or one.name.split(".")[0]: (
            one.name if one.asname else one.name.split(".")[0],
            "",
        )
        for one in node.names
    }


def _segment(source: str, part: ast.stmt) -> str:
    first = min([part.lineno, *(d.lineno for d in getattr(part, "decorator_list", []))])
    return "\n".join(source.splitlines()[first - 1 : part.end_lineno])


class _Undocumented(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            node.body = body[1:] or [ast.Pass()]
        return node


def _is_text(part: ast.stmt) -> bool:
    """Whether a statement is a text and nothing else: a module's docstring, or one
    below a constant."""
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)


@functools.cache
def _named(module: str, text: str) -> tuple[str, ...]:
    """The files of the course that a string in a module names: one beside the module,
    or one, or a folder of tables, from the root."""
    if len(text) > 80 or not text.strip("./ ") or text[0] in "/~" or "\n" in text:
        return ()
    root = imported.file("helpers").parent.parent
    beside = imported.file(module).parent if module else root
    for path in (beside / text, root / text):
        if path.is_file() and path.suffix != ".py":
            return (str(path.relative_to(root)),)
    if (root / text).is_dir():
        tables = [*(root / text).glob("*.csv"), *(root / text).glob("*.json")]
        return tuple(str(path.relative_to(root)) for path in tables)
    return ()


def _content(path: str) -> str:
    root = imported.file("helpers").parent.parent
    return hashlib.sha256((root / path).read_bytes()).hexdigest()


def external(packages: Iterable[str]) -> set[str]:
    """Those of some packages that are neither the course's nor Python's own."""
    return set(packages) - set(sys.stdlib_module_names) - {"", "__future__"}
