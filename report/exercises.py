"""Exercises of a lesson: their blank form, and a rehearsal of it while the lesson runs.

>>> blank("def f(x):\\n    # solution begins\\n    return x\\n    # solution ends")
'def f(x):\\n    ...  # your answer'
"""

import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

BEGINS, ENDS = "# solution begins", "# solution ends"
BLANK = "...  # your answer"
SOLUTION = re.compile(
    rf"^([ \t]*){BEGINS}[ \t]*\n(.*?)^[ \t]*{ENDS}[ \t]*$", re.DOTALL | re.MULTILINE
)
REHEARSED = "application/vnd.course.rehearsed+json"
TAG = "rehearsal"


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def blank(source: str) -> str:
    """An exercise's source with dots where its solution stands."""
    return SOLUTION.sub(rf"\1{BLANK}", source)


def solved(source: str) -> str:
    """An exercise's source with its solution, and without the two comments around
    it."""
    return SOLUTION.sub(lambda found: found[2].rstrip("\n"), source)


def group(cells: list[NotebookNode]) -> list[list[NotebookNode]]:
    """The cells in their order, an exercise together with its checks and its solution
    paragraph, every other cell alone."""
    groups: list[list[NotebookNode]] = []
    for cell in cells:
        joins = {"check", "solution"} & set(tags(cell))
        if joins and groups and "exercise" in tags(groups[-1][0]):
            groups[-1].append(cell)
        else:
            groups.append([cell])
    return groups


def with_rehearsals(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells with one before each exercise that tries its blank form, for tests."""
    result = []
    for members in group(cells):
        checks = [cell.source for cell in members if "check" in tags(cell)]
        if checks:
            call = (
                "__import__('report.rehearsal', fromlist=['']).rehearse("
                f"{blank(members[0].source)!r}, {checks!r}, globals())"
            )
            cell = new_code_cell(call, metadata={"tags": [TAG]})
            cell.metadata["exercise"] = members[0].id
            result.append(cell)
        result += members
    return result


def without_rehearsals(done: NotebookNode) -> dict[str, dict]:
    """Take the rehearsals out of an executed notebook: what each said, by the id of its
    exercise."""
    said = {}
    for cell in done.cells:
        if TAG in tags(cell):
            left = [
                one.data for one in cell.outputs if REHEARSED in one.get("data", {})
            ]
            said[cell.metadata["exercise"]] = dict(left[0][REHEARSED])
    done.cells = [cell for cell in done.cells if TAG not in tags(cell)]
    return said
