"""Exercises: what they say to a learner, solved and blank."""

import ast
import re
import symtable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import rehearsals
from IPython.core.interactiveshell import InteractiveShell
from scipy.spatial.distance import cdist

from helpers import CourseError, cells, correlation
from helpers.cells import check, quiz
from report import notebooks as exercises
from report.notebooks import lessons, notebook

LESSONS = [path for path in lessons() if path.stem[:2] != "00"]
lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
HINT = "Divide by all that was marked."


@pytest.mark.parametrize(
    "test, right",
    [
        (lambda: True, True),
        (lambda: print("noise") or 1, True),
        (lambda: False, False),
        (lambda: None, False),
        (lambda: nothing, False),  # noqa: F821
        (lambda: abs(... - 1) < 1, False),
        (lambda: np.array([True, True]), False),
    ],
)
def test_a_check_prints_praise_or_the_hint_and_nothing_else(test, right, capsys):
    check(test, HINT)
    check(test, HINT, praise="Off by 3.")
    printed = capsys.readouterr()
    said = "Right.\nOff by 3.\n" if right else f"{HINT}\n{HINT}\n"
    assert (printed.out, printed.err) == (said, "")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    monkeypatch.setattr(cells, "display", lambda one: made.append(one.data))
    return made


def test_a_quiz_opens_answers_without_a_script(shown: list[str]) -> None:
    quiz(("Is `1 < 2`?", {"It is.": "Yes: by one.", "It <is> not.": "No: count."}))
    (html,) = shown
    assert html.count("<details>") == 2 and "<script" not in html
    assert "<code>1 &lt; 2</code>" in html and "It &lt;is&gt; not." in html
    assert '<p class="right">Yes: by one.</p>' in html


@pytest.mark.parametrize("answers", ["Yes. Yes.", "No. No.", "Yes. Perhaps.", "Yes."])
def test_a_question_has_exactly_one_right_choice(answers, shown) -> None:
    with pytest.raises(CourseError, match=r"'Which\?' needs one choice"):
        quiz(("Which?", dict(enumerate(answers.split()))))


def test_a_solution_becomes_dots_where_it_stood() -> None:
    gap = "def f(x):\n    # solution begins\n    {}\n    # solution ends\n"
    source = gap.format("y = x\n    return y") + "b = 2\n" + gap.format("return 3")
    assert exercises.blank(source) == (
        "def f(x):\n    ...  # your answer\nb = 2\ndef f(x):\n    ...  # your answer\n"
    )
    assert exercises.solved(source) == (
        "def f(x):\n    y = x\n    return y\nb = 2\ndef f(x):\n    return 3\n"
    )
    assert exercises.blank("x = 1") == exercises.solved("x = 1") == "x = 1"


CELL = "{}\nran = True\n1 / (here - 1)"


@pytest.mark.parametrize("need", cells.NEEDS)
@pytest.mark.parametrize("held", [True, False])
def test_a_cell_that_needs_something_runs_where_it_is_there(
    held, need, monkeypatch, capsys
) -> None:
    shell = InteractiveShell()
    monkeypatch.setattr(cells, "get_ipython", lambda: shell)
    shell.user_ns["here"] = 2
    cells.register(not held, not held)
    cells.register(*(held == (need == one) for one in cells.NEEDS))  # this counts
    result = shell.run_cell(cell := CELL.format(need))
    assert result.success and shell.user_ns.get("ran", False) is held
    said = getattr(result.result, "data", "")
    assert result.result == 1 if held else said == cells.NEEDS[need]
    assert shell.run_cell("other = 2").success and shell.user_ns["other"] == 2
    if held:  # an error in such a cell is reported once, with its own line
        shell.user_ns["here"] = 1
        assert isinstance(shell.run_cell(cell).error_in_exec, ZeroDivisionError)
        said = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
        assert said.count("ZeroDivisionError: ") == 1 and "----> 3 1 / (here" in said


def members(path: Path) -> list[list]:
    """The exercises of a lesson that can be checked: cells of each."""
    groups = exercises.group(notebook(path).cells)
    return [one for one in groups if any("check" in exercises.tags(c) for c in one)]


@lesson
def test_three_exercises_with_gap_check_and_solution_and_three_questions(lesson):
    cells = notebook(lesson).cells
    for group in exercises.group(cells):
        tags = {tag for cell in group for tag in exercises.tags(cell)}
        if "exercise" in tags:
            assert exercises.blank(group[0].source) != group[0].source
            assert {"check", "solution"} <= tags, group[0].source
        assert "check" not in tags or "exercise" in tags, group[0].source
    assert len(members(lesson)) >= 3
    text = "\n".join(cell.source for cell in cells)
    assert len(re.findall(r"^### Exercise \d", text, re.MULTILINE)) >= 3
    (cell,) = [one for one in cells if "quiz" in exercises.tags(one)]
    call = ast.parse(cell.source).body[-1].value
    assert call.func.id == "quiz" and len(call.args) == 3


@pytest.fixture
def praised(capsys):
    """Whether the check of a lesson (its number) that asks for a name praises an answer
    to it, run with some known names and nothing else of the lesson."""

    def of(number: str, name: str, answer, **known) -> bool:
        (path,) = [one for one in LESSONS if one.stem[:2] == number]
        asked = re.compile(rf"^(def {name}\(|{name} = )", re.MULTILINE)
        (group,) = [one for one in members(path) if asked.search(one[0].source)]
        (cell,) = [one for one in group if "check" in exercises.tags(one)]
        known |= {"np": np, "pd": pd, "cdist": cdist, "check": check, name: answer}
        exec(cell.source, known)
        return capsys.readouterr().out == "Right.\n"

    return of


def test_a_share_of_black_is_one_for_each_subject(praised) -> None:
    classes = np.zeros((4, 2, 2), int)
    classes[1:, 0, 0] = 1
    classes[3, 0, 1] = 1
    table = pd.DataFrame({"subject": ["a", "a", "b", "b"]})
    valid = np.ones((4, 2, 2), bool)
    target = SimpleNamespace(classes=classes, valid=valid, table=table)
    right = pd.Series({"a": 87.5, "b": 62.5})
    assert praised("01", "black_share", right, target=target)
    wrong = [right.mean(), right / 100, pd.Series({**right, "c": 75.0})]
    wrong += [pd.Series(two, ["a", "b"]) for two in ([75.0, 75.0], [62.5, 87.5])]
    for answer in (*wrong, pd.Series([100.0, 75.0, 75.0, 50.0])):
        assert not praised("01", "black_share", answer, target=target), answer


def test_distances_between_halves_of_frames_are_those_of_such_halves(praised) -> None:
    random = np.random.default_rng(0)
    subjects = np.repeat(range(6), 10)
    table = random.normal(subjects[:, None], 0.3, (60, 2))
    look = pd.DataFrame(table, columns=["x", "y"])
    known = {"NAMES": ["x", "y"], "pair": {"source": look}}

    def energy(first: np.ndarray) -> float:
        a, b = table[first], table[~first]
        within = cdist(a, a).mean() + cdist(b, b).mean()
        return 2 * cdist(a, b).mean() - within

    frames = [energy(random.permutation(60) < 30) for _ in range(200)]
    by_subject = [energy(random.permutation(6)[subjects] < 3) for _ in range(200)]
    assert np.mean(by_subject) > 2 * np.mean(frames)
    for right in (frames, np.array(frames)):
        assert praised("01", "by_frames", right, **known)
    for wrong in (np.zeros(200), by_subject, frames[:100], np.mean(frames)):
        assert not praised("01", "by_frames", wrong, **known)


def test_the_check_of_holm_asks_for_the_order_and_for_the_end(praised) -> None:
    def multiplied(p):
        return np.array(p) * np.arange(len(p), 0, -1)

    for answer, right in (
        (multiplied, False),
        (lambda p: np.maximum.accumulate(multiplied(p)), False),
        (lambda p: np.minimum(multiplied(p), 1), False),
        (lambda p: np.minimum(np.maximum.accumulate(multiplied(p)), 1), True),
    ):
        assert praised("04", "holm", answer, correlation=correlation) is right


def test_the_check_of_the_scored_organ_is_not_content_with_a_mean(praised) -> None:
    areas = pd.DataFrame({"fat": [9.0, 8.0], "liver": [2.0, 4.0]})
    known = {"areas": areas, "scored": areas["liver"]}
    for answer, right in (
        (lambda a, s: a.sub(s, axis=0).abs().mean().idxmin(), True),
        (lambda a, s: (a.mean() - s.mean()).abs().idxmin(), False),
        (lambda a, s: a.sub(s, axis=0).mean().abs().idxmin(), False),
    ):
        assert praised("05", "scored_class", answer, **known) is right


def names(cells: list) -> tuple[set[str], set[str]]:
    """The names that some cells bind, and those that they take from elsewhere."""
    bound, used = set(), set()
    for cell in cells:
        source = re.sub(r"\A%%\w+\n", "", cell.source)
        scopes = [symtable.symtable(source, "cell", "exec")]
        for symbol in scopes[0].get_symbols():
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                bound.add(symbol.get_name())
        while scopes:
            scope = scopes.pop()
            scopes += scope.get_children()
            used |= {
                one.get_name()
                for one in scope.get_symbols()
                if one.is_referenced()
                and (one.is_global() or scope.get_type() == "module")
            }
    return bound, used


@lesson
def test_the_lesson_does_without_the_names_of_its_exercises(lesson: Path) -> None:
    own, exercised = [], []
    for group in exercises.group(notebook(lesson).cells):
        code = [cell for cell in group if cell.cell_type == "code"]
        (exercised if "exercise" in exercises.tags(group[0]) else own).extend(code)
    assert names(exercised)[0] & set.union(*names(own)) == set()


@lesson
def test_solved_every_check_praises_and_blank_every_check_hints(lesson, smoke) -> None:
    executed = smoke.executed[lesson.stem]
    groups = exercises.group(executed.notebook.cells)
    by_id = {group[0].id: group for group in groups}
    tried = rehearsals.said(executed)
    assert set(tried) == {group[0].id for group in members(lesson)}
    for name, blank in tried.items():
        about = by_id[name][0].source
        assert blank["error"] == "" and blank["asked"], about
        wanted = "".join(f"{one['hint']}\n" for one in blank["asked"])
        assert blank["printed"] == wanted, about
        checks = [c for c in by_id[name] if "check" in exercises.tags(c)]
        outputs = [out for cell in checks for out in cell.outputs]
        kinds = {(out.output_type, out.get("name")) for out in outputs}
        assert kinds == {("stream", "stdout")}, about
        praise = "".join(f"{one['praise']}\n" for one in blank["asked"])
        assert "".join(out.text for out in outputs) == praise, about
