"""What a learner does: exercises that answer back, and questions with choices.

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

from IPython.display import HTML, display

from helpers.errors import CourseError

OPENING = "Open the choice that you hold to be right."


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
