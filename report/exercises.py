"""Exercises of a lesson: their cells, and their blank form.

>>> blank("def f(x):\\n    # solution begins\\n    return x\\n    # solution ends")
'def f(x):\\n    ...  # your answer'
"""

import re

from nbformat import NotebookNode

BLANK = "...  # your answer"
SOLUTION = re.compile(
    r"^([ \t]*)# solution begins[ \t]*\n(.*?)^[ \t]*# solution ends[ \t]*$",
    re.DOTALL | re.MULTILINE,
)


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def blank(source: str) -> str:
    """An exercise's source with dots where its solution stands."""
    return SOLUTION.sub(rf"\1{BLANK}", source)


def solved(source: str) -> str:
    """An exercise's source with its solution, without the two comments around it."""
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
