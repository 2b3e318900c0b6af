"""What a lesson's cells do: numbers are recorded, exercises answer back, questions have
choices, and a cell that needs what this run has not is skipped.

>>> check(lambda: 3 / (3 + 1) == 0.75, "Divide by all that was marked.")
Right.
"""

import contextlib
import html
import io
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict

from IPython import get_ipython
from IPython.display import HTML, display

from helpers import CourseError
from helpers.statistics import DATA, Estimate

RESULT_TYPE = "application/vnd.course.result+json"
INFO_TYPE = "application/vnd.course.info+json"
FACTS_TYPE = "application/vnd.course.facts+json"
# What the report keeps of an estimate.
FIELDS = (
    "value low high level p n_frames n_subjects data split unit estimand note".split()
)
OPENING = "Open the choice that you hold to be right."
NEEDS = {
    "%%phantom": "This part needs the phantom: what it compares with is known of drawn "
    "surgery only.",
    "%%batchnorm": "This part needs batch norms, and this network's encoder has none: "
    "the remedies that change them are left out, here and in the choosing.",
}


class Record(dict):
    """The estimates that a lesson has recorded, by name."""

    def add(self, name: str, estimate: Estimate) -> Estimate:
        """Record a number: it goes into the executed lesson, where the report finds it.

        ValueError where the estimate doesn't say what it was made from.
        """
        if estimate.data not in DATA:
            raise ValueError(
                f"'{name}' doesn't say what it was made from; give it data="
                f" one of {', '.join(DATA)}"
            )
        self[name] = estimate
        written = {field: asdict(estimate)[field] for field in FIELDS}
        if math.isnan(estimate.value):  # JSON has no NaN
            written["value"] = None
        display({RESULT_TYPE: {"name": name, "result": written}}, raw=True)
        return estimate


def tell(data: str, notes: list, skipped: list, domains: Mapping[str, str]) -> None:
    """Say once a lesson what it was made from: "phantom" or "real", notes for the
    reader, the frames left out, and what each domain is (see domains.Domains.kinds)."""
    said = {"data": data, "notes": notes, "skipped": skipped, "domains": dict(domains)}
    display({INFO_TYPE: said}, raw=True)


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


_held: dict[str, bool] = {}
_skipped: set[int] = set()  # the numbers of the cells that were


def register(drawn: bool, plain: bool = True) -> None:
    """Let the notebook's cells that begin with a name of NEEDS run, or be skipped with
    its line; on a page prose with that tag stands only where they run.

    drawn: whether this run has the phantom; plain: see settings.Course. The last call
    counts; without IPython there is nothing to do.
    """
    _held.update(zip(NEEDS, (drawn, plain)))
    _skipped.clear()
    display(
        {FACTS_TYPE: {one.strip("%"): true for one, true in _held.items()}}, raw=True
    )
    if (shell := get_ipython()) and _skip not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_skip)


def _skip(lines: list[str]) -> list[str]:
    """A transformation of the cell's text rather than a magic function, so that an
    error in the cell is reported once and with its own lines."""
    name = lines[0].strip() if lines else ""
    if name not in NEEDS:
        return lines
    if _held[name]:
        return ["\n", *lines[1:]]  # an empty line keeps the numbers of the others
    # One line for a row of such cells. A kernel asks more than once about a cell.
    count = getattr(get_ipython(), "execution_count", 0)
    _skipped.add(count)
    if count - 1 in _skipped:
        return ["\n"]
    display = "__import__('IPython.display', fromlist=[''])"
    return [f"{display}.Markdown({NEEDS[name]!r})\n"]
