"""Runs in a lesson's kernel: what a blank exercise and its checks say to a learner."""

from IPython.display import display
from IPython.utils.capture import capture_output

from report.exercises import REHEARSED


def rehearse(exercise: str, checks: list[str], names: dict) -> None:
    """Run a blank exercise and its checks in a copy of the notebook's names, and leave
    what was asked and what was printed in the executed lesson.

    An error of the blank exercise is noted: it would stop a learner who runs all cells.
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
    with capture_output() as said:
        try:
            for source in checks:
                exec(source, copy)
        except Exception as stopped:
            error = error or f"the check: {stopped!r}"
    printed = said.stdout + said.stderr
    display({REHEARSED: {"asked": asked, "printed": printed, "error": error}}, raw=True)
