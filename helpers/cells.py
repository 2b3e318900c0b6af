"""What a lesson's cells do: exercises answer back, questions have choices, and a cell
that needs what this run has not is skipped.

>>> def precision(tp, fp):
...     return tp / (tp + fp)
>>> check(lambda: precision(3, 1) == 0.75, "Divide by all that was marked.")
Right.
>>> check(lambda: precision(3) == 0.75, "Divide by all that was marked.")
Divide by all that was marked.
"""

import contextlib
import html
import io
import re
import warnings
from collections.abc import Callable

from IPython import get_ipython
from IPython.display import HTML, display

from helpers.errors import CourseError

OPENING = "Open the choice that you hold to be right."
NEEDS = {
    "%%phantom": "This part needs the phantom: what it compares with is known of drawn "
    "surgery only.",
    "%%batchnorm": "This part needs batch norms, and this network's encoder has none: "
    "the remedies that change them are left out, here and in the choosing.",
}


def check(test: Callable[[], bool], hint: str, praise: str = "Right.") -> None:
    """Print the praise where test() is true, else the hint and nothing else.

    test: looks at what the learner wrote; an error in it is a wrong answer, since a
    blank exercise may raise any.
    """
    quiet = io.StringIO()
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(quiet),
            contextlib.redirect_stderr(quiet),
        ):
            warnings.simplefilter("ignore")
            right = bool(test())
    except Exception:
        right = False
    print(praise if right else hint)


def quiz(*questions: tuple[str, dict[str, str]]) -> None:
    """Show questions whose choices open to say whether they are right, and why.

    questions: the question, and an answer to each choice, which begins with "Yes" for
    the one right choice and with "No" for the others. `Words` in backticks are set as
    code. CourseError where a question has not exactly one right choice.
    """
    rows = []
    for question, choices in questions:
        right = [answer.startswith("Yes") for answer in choices.values()]
        others = [answer.startswith("No") for answer in choices.values()]
        if sum(right) != 1 or sum(others) != len(choices) - 1 or len(choices) < 2:
            raise CourseError(
                f"The question '{question}' needs one choice whose answer begins with "
                "Yes, and others whose answers begin with No."
            )
        folds = "".join(
            f"<details><summary>{_set(choice)}</summary>"
            f'<p class="{"right" if answer.startswith("Yes") else "wrong"}">'
            f"{_set(answer)}</p></details>"
            for choice, answer in choices.items()
        )
        rows.append(f"<li><p>{_set(question)}</p>{folds}</li>")
    display(HTML(f'<div class="quiz"><p>{OPENING}</p><ol>{"".join(rows)}</ol></div>'))


def _set(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def register(drawn: bool, plain: bool = True) -> None:
    """Let the notebook's cells that begin with a name of NEEDS run, or be skipped with
    its line.

    drawn: whether this run has the phantom; plain: see settings.Course. The last call
    counts; without IPython there is nothing to do.
    """
    if shell := get_ipython():
        # By name, since a reloaded module has another class of the same name.
        others = [
            one
            for one in shell.input_transformers_cleanup
            if type(one).__name__ != _Skips.__name__
        ]
        skips = _Skips(dict(zip(NEEDS, (drawn, plain))))
        shell.input_transformers_cleanup[:] = [*others, skips]


class _Skips:
    """A transformation of the cell's text rather than a magic function, so that an
    error in the cell is reported once and with its own lines."""

    def __init__(self, held: dict[str, bool]) -> None:
        self.held = held
        self.skipped, self.again = -2, False  # the cell that was skipped last

    def __call__(self, lines: list[str]) -> list[str]:
        name = lines[0].strip() if lines else ""
        if name not in NEEDS:
            return lines
        if self.held[name]:
            return ["\n", *lines[1:]]  # an empty line keeps the numbers of the others
        # One line for a row of such cells, and none in place of their prose. A kernel
        # asks more than once about the same cell.
        count = getattr(get_ipython(), "execution_count", 0)
        if count != self.skipped:
            self.again, self.skipped = count == self.skipped + 1, count
        if self.again or (len(lines) > 1 and lines[1].startswith("say(")):
            return ["\n"]
        display = "__import__('IPython.display', fromlist=[''])"
        return [f"{display}.Markdown({NEEDS[name]!r})\n"]
