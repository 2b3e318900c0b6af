"""What a blank exercise and its checks say to a learner, tried while a lesson runs."""

import contextlib
from collections.abc import Iterator

import pytest
from IPython.display import display
from IPython.utils.capture import capture_output
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from report import execute as executing
from report.notebooks import blank, group, tags

REHEARSED = "application/vnd.course.rehearsed+json"
TAG = "rehearsal"


@contextlib.contextmanager
def rehearsed() -> Iterator[None]:
    """Within it each executed lesson tries every exercise's blank form before it is
    solved; `said` has what came of it, and the lesson's cells stay as they are."""
    run = executing._run

    def run_rehearsed(lesson, plain: NotebookNode, given: dict) -> NotebookNode:
        plain.cells = with_rehearsals(plain.cells)
        done = run(lesson, plain, given)
        rehearsals = [cell for cell in done.cells if TAG in tags(cell)]
        done.cells = [cell for cell in done.cells if TAG not in tags(cell)]
        done.metadata["rehearsals"] = {
            cell.metadata["exercise"]: output.data[REHEARSED]
            for cell in rehearsals
            for output in cell.outputs
            if REHEARSED in output.get("data", {})
        }
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executing, "_run", run_rehearsed)
        yield


def said(executed: executing.Executed) -> dict[str, dict]:
    """What each blank exercise's checks asked and printed, by the exercise's id."""
    return executed.notebook.metadata.get("rehearsals", {})


def with_rehearsals(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells with one before each exercise that tries its blank form."""
    result = []
    for members in group(cells):
        checks = [cell.source for cell in members if "check" in tags(cell)]
        if checks:
            call = f"({blank(members[0].source)!r}, {checks!r}, globals())"
            here = f"__import__('runpy').run_path({__file__!r})"
            about = {"tags": [TAG], "exercise": members[0].id}
            result.append(new_code_cell(f"{here}['rehearse']{call}", metadata=about))
        result += members
    return result


def rehearse(exercise: str, checks: list[str], names: dict) -> None:
    """Run a blank exercise and its checks in a copy of the notebook's names, and leave
    what was asked and what was printed in the executed lesson.

    Runs in the lesson's kernel. An error of the blank exercise is noted: it would stop
    a learner who runs all cells.
    """
    copy, asked = dict(names), []
    real = names.get("check")

    def check(test, hint: str, praise: str = "Right.") -> None:
        asked.append({"hint": hint, "praise": praise})
        real(test, hint, praise)

    error, copy["check"] = "", check
    with capture_output():
        try:
            exec(exercise, copy)
        except Exception as stopped:
            error = f"the blank exercise: {stopped!r}"
    with capture_output() as out:
        try:
            for source in checks:
                exec(source, copy)
        except Exception as stopped:
            error = error or f"the check: {stopped!r}"
    printed = out.stdout + out.stderr
    display({REHEARSED: {"asked": asked, "printed": printed, "error": error}}, raw=True)
