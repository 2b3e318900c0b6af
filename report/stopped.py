"""Where and why a lesson stopped, in words for its reader."""

import re

from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from helpers import settings


def where(plain: NotebookNode, source: str) -> str:
    """A cell's number in the notebook as written, with the first line that says what it
    does."""
    lines = [
        line
        for line in source.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    first = (lines or source.splitlines() or [""])[0].strip()
    numbers = [
        number for number, cell in enumerate(plain.cells, 1) if cell.source == source
    ]
    return f"cell {numbers[0]} ({first})" if numbers else f"its parameters ({first})"


def why(error: PapermillExecutionError) -> str:
    """A CourseError's sentence alone; of any other error the places that are the
    course's own, and the error."""
    if error.ename == "CourseError":
        return error.evalue
    trace = [
        re.sub(r"\x1b\[[0-9;]*m", "", part).strip("\n") for part in error.traceback
    ]
    ours = [
        part
        for part in trace
        if part.startswith("Cell In") or f"File {settings.ROOT / 'helpers'}" in part
    ]
    # Deep inside a package is not where a lesson is mended: its own line, the innermost
    # helper's, the error.
    return (
        "\n\n".join(dict.fromkeys([*ours[:1], *ours[-1:], *trace[-1:]]))
        or f"{error.ename}: {error.evalue}"
    )
