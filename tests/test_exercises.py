"""Exercises: what they say to a learner, solved and blank, in small and in the course."""

import ast
import contextlib
import re
import symtable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import rehearsals
from IPython.core.interactiveshell import InteractiveShell
from lessons_by_hand import exercises as small_exercises
from lessons_by_hand import lesson as written_lesson
from scipy.spatial.distance import cdist

from helpers import correlation, magics, settings
from helpers.errors import CourseError
from helpers.exercises import check, quiz
from report import exercises
from report.execute import execute, inputs, surroundings
from report.notebooks import lessons, notebook

LESSONS = [path for path in lessons() if path.stem[:2] != "00"]
lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
HINT = "Divide by all that was marked."


def noisy() -> bool:
    print("noise")
    return True


@pytest.mark.parametrize(
    "test, said",
    [
        (lambda: True, "Right."),
        (lambda: 1, "Right."),
        (noisy, "Right."),
        (lambda: False, HINT),
        (lambda: None, HINT),
        (lambda: ..., "Right."),
        (lambda: nothing, HINT),  # noqa: F821
        (lambda: 1 / 0, HINT),
        (lambda: abs(... - 1) < 1, HINT),
        (lambda: __import__("numpy").array([True, True]), HINT),
    ],
)
def test_a_check_prints_praise_or_the_hint_and_nothing_else(test, said, capsys) -> None:
    check(test, HINT)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (f"{said}\n", "")


def test_a_check_praises_in_the_words_it_is_given(capsys) -> None:
    check(lambda: True, HINT, praise="Off by 3.")
    assert capsys.readouterr().out == "Off by 3.\n"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    import helpers.exercises

    made: list[str] = []
    monkeypatch.setattr(helpers.exercises, "display", lambda one: made.append(one.data))
    return made


def test_a_quiz_opens_answers_without_a_script(shown: list[str]) -> None:
    quiz(("Is `1 < 2`?", {"It is.": "Yes: by one.", "It <is> not.": "No: count."}))
    (html,) = shown
    assert html.count("<details>") == 2 and "<script" not in html
    assert "<code>1 &lt; 2</code>" in html and "It &lt;is&gt; not." in html
    assert '<p class="right">Yes: by one.</p>' in html


@pytest.mark.parametrize(
    "choices",
    [
        {"a": "Yes.", "b": "Yes."},
        {"a": "No.", "b": "No."},
        {"a": "Yes.", "b": "Perhaps."},
        {"a": "Yes."},
    ],
)
def test_a_question_has_exactly_one_right_choice(choices, shown) -> None:
    with pytest.raises(CourseError, match=r"'Which\?' needs one choice"):
        quiz(("Which?", choices))


# The blank form

SOLVED = "x = 1\ndef f(x):\n    # solution begins\n    y = x\n    return y\n    # solution ends\n\nf(x)"


def test_a_solution_becomes_dots_where_it_stood() -> None:
    assert exercises.blank(SOLVED) == (
        "x = 1\ndef f(x):\n    ...  # your answer\n\nf(x)"
    )
    assert (
        exercises.solved(SOLVED) == "x = 1\ndef f(x):\n    y = x\n    return y\n\nf(x)"
    )
    assert exercises.blank("x = 1") == exercises.solved("x = 1") == "x = 1"


def test_an_exercise_with_two_gaps_keeps_what_is_between_them() -> None:
    gap = "# solution begins\n{}\n# solution ends\n"
    source = gap.format("a = 1") + "b = 2\n" + gap.format("c = 3")
    dots = exercises.BLANK
    assert exercises.blank(source).split("\n") == [dots, "b = 2", dots, ""]
    assert exercises.solved(source).split("\n") == ["a = 1", "b = 2", "c = 3", ""]


# The magic


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    shell = InteractiveShell()
    monkeypatch.setattr(magics, "get_ipython", lambda: shell)
    return shell


CELL = "%%phantom\nran = True\n1 / (here - 1)"


@pytest.mark.parametrize("drawn", [True, False])
def test_a_cell_that_needs_the_phantom_runs_where_there_is_one(drawn, shell, capsys):
    shell.user_ns["here"] = 2
    magics.register(not drawn)
    magics.register(drawn)  # the last call counts, and only once
    result = shell.run_cell(CELL)
    assert result.success and shell.user_ns.get("ran", False) is drawn
    assert drawn == (result.result == 1)
    said = getattr(result.result, "data", "")
    assert drawn or said == magics.NEEDS_PHANTOM
    ours = [one for one in shell.input_transformers_cleanup if magics._is_ours(one)]
    assert len(ours) == 1


def test_an_error_in_such_a_cell_is_reported_once_with_its_own_line(shell, capsys):
    shell.user_ns["here"] = 1
    magics.register(True)
    assert isinstance(shell.run_cell(CELL).error_in_exec, ZeroDivisionError)
    said = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert said.count("ZeroDivisionError: ") == 1 and "----> 3 1 / (here" in said


def test_other_cells_are_left_alone(shell, capsys) -> None:
    magics.register(False)
    assert shell.run_cell("# a comment\n%%phantom_of = 2".replace("%%", "")).success
    assert shell.user_ns["phantom_of"] == 2


# A small lesson, executed with its rehearsals


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory):
    """The small lesson with a phantom, the same rehearsed, and without a phantom."""
    folder = tmp_path_factory.mktemp("lessons")
    written_lesson(folder, "00_drawn", small_exercises(True))
    written_lesson(folder, "01_real", small_exercises(False))
    course = settings.course("smoke", data=str(tmp_path_factory.mktemp("data")))
    made = []
    for name, tried in (
        ("00_drawn", contextlib.nullcontext),
        ("00_drawn", rehearsals.rehearsed),
        ("01_real", contextlib.nullcontext),
    ):
        with pytest.MonkeyPatch.context() as patch, surroundings(1), tried():
            patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
            made.append(execute(folder / f"{name}.py", course, inputs(course)))
    return made


def test_a_rehearsal_is_kept_beside_the_lesson_and_not_in_it(executed) -> None:
    first, again, _ = executed
    assert rehearsals.said(first) == {}
    sources = [[cell.source for cell in one.notebook.cells] for one in (first, again)]
    assert sources[0] == sources[1]
    (said,) = rehearsals.said(again).values()
    assert said == {
        "asked": [{"hint": "Multiply by two.", "praise": "Right."}],
        "printed": "Multiply by two.\n",
        "error": "",
    }


def test_cells_that_need_the_phantom_are_skipped_without_one(executed) -> None:
    for one, words in ((executed[0], "drawn 3"), (executed[2], magics.NEEDS_PHANTOM)):
        (cell,) = [c for c in one.notebook.cells if "phantom" in exercises.tags(c)]
        assert words in str(cell.outputs)


# The course


def members(path: Path) -> list[list]:
    """The exercises of a lesson that can be checked: cells of each."""
    groups = exercises.group(notebook(path).cells)
    return [one for one in groups if any("check" in exercises.tags(c) for c in one)]


@lesson
def test_exercises_have_a_gap_a_check_and_a_solution(lesson: Path) -> None:
    for group in exercises.group(notebook(lesson).cells):
        tags = [tag for cell in group for tag in exercises.tags(cell)]
        if "exercise" in tags:
            assert exercises.blank(group[0].source) != group[0].source
            assert {"check", "solution"} <= set(tags), group[0].source
        assert "check" not in tags or "exercise" in tags, group[0].source


@lesson
def test_a_lesson_has_three_exercises_that_ask_for_something(lesson: Path) -> None:
    text = "\n".join(cell.source for cell in notebook(lesson).cells)
    assert len(re.findall(r"^### Exercise \d", text, re.MULTILINE)) >= 3


def test_twenty_one_exercises_of_the_course_can_be_checked() -> None:
    assert sum(len(members(path)) for path in LESSONS) >= 21


@lesson
def test_each_lesson_ends_with_three_questions(lesson: Path) -> None:
    (cell,) = [c for c in notebook(lesson).cells if "quiz" in exercises.tags(c)]
    call = ast.parse(cell.source).body[-1].value
    assert call.func.id == "quiz" and len(call.args) == 3


@pytest.fixture
def checked(capsys):
    """Whether a check of a lesson (its number, the exercise's number) praises, run with
    some names and nothing else of the lesson."""

    def praised(number: str, which: int, **names) -> bool:
        (path,) = [one for one in LESSONS if one.stem[:2] == number]
        cells = members(path)[which - 1]
        (cell,) = [one for one in cells if "check" in exercises.tags(one)]
        exec(cell.source, {"np": np, "cdist": cdist, "check": check, **names})
        return capsys.readouterr().out == "Right.\n"

    return praised


def test_a_share_of_black_is_one_for_each_subject(checked) -> None:
    classes = np.zeros((4, 2, 2), int)
    classes[1:, 0, 0] = 1
    classes[3, 0, 1] = 1
    valid = np.ones((4, 2, 2), bool)
    table = pd.DataFrame({"subject": ["a", "a", "b", "b"]})
    target = SimpleNamespace(classes=classes, valid=valid, table=table)
    right = pd.Series({"a": 87.5, "b": 62.5})
    assert checked("01", 1, target=target, black_share=right)
    for wrong in (
        right.mean(),
        pd.Series([75.0, 75.0], ["a", "b"]),
        pd.Series([62.5, 87.5], ["a", "b"]),
        right / 100,
        pd.Series({**right, "c": 75.0}),
        pd.Series([100.0, 75.0, 75.0, 50.0]),
    ):
        assert not checked("01", 1, target=target, black_share=wrong), wrong


def test_distances_between_halves_of_frames_are_those_of_such_halves(checked) -> None:
    random = np.random.default_rng(0)
    subjects = np.repeat(range(6), 10)
    table = random.normal(subjects[:, None], 0.3, (60, 2))
    look = pd.DataFrame(table, columns=["x", "y"])
    given = {"NAMES": ["x", "y"], "pair": {"source": look}}

    def energy(first: np.ndarray) -> float:
        a, b = table[first], table[~first]
        within = cdist(a, a).mean() + cdist(b, b).mean()
        return 2 * cdist(a, b).mean() - within

    frames = [energy(random.permutation(60) < 30) for _ in range(200)]
    by_subject = [energy(random.permutation(6)[subjects] < 3) for _ in range(200)]
    assert np.mean(by_subject) > 2 * np.mean(frames)
    assert checked("01", 3, **given, by_frames=frames)
    assert checked("01", 3, **given, by_frames=np.array(frames))
    for wrong in (np.zeros(200), by_subject, frames[:100], np.mean(frames)):
        assert not checked("01", 3, **given, by_frames=wrong)


def names(cells: list) -> tuple[set[str], set[str]]:
    """The names that some cells bind, and those that they take from elsewhere."""
    bound, used = set(), set()
    for cell in cells:
        source = cell.source.removeprefix(f"{magics.NAME}\n")
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
    bound, used = names(own)
    assert names(exercised)[0] & (bound | used) == set()


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
        assert {(out.output_type, out.get("name")) for out in outputs} == {
            ("stream", "stdout")
        }, about
        praise = "".join(f"{one['praise']}\n" for one in blank["asked"])
        assert "".join(out.text for out in outputs) == praise, about


def verdict(lesson: str, name: str, answer, capsys, **known) -> str:
    """What the check of the exercise that defines `name` prints for an answer to it."""
    path = next(path for path in LESSONS if path.stem.startswith(lesson))
    group = next(one for one in members(path) if f"def {name}(" in one[0].source)
    (cell,) = [one for one in group if "check" in exercises.tags(one)]
    exec(cell.source, {"check": check, "np": np, "pd": pd, name: answer} | known)
    return capsys.readouterr().out


def test_the_check_of_holm_asks_for_the_order_and_for_the_end(capsys) -> None:
    def multiplied(p):
        return np.array(p) * np.arange(len(p), 0, -1)

    for answer, right in (
        (multiplied, False),
        (lambda p: np.maximum.accumulate(multiplied(p)), False),
        (lambda p: np.minimum(multiplied(p), 1), False),
        (lambda p: np.minimum(np.maximum.accumulate(multiplied(p)), 1), True),
    ):
        said = verdict("04", "holm", answer, capsys, correlation=correlation)
        assert (said == "Right.\n") is right


def test_the_check_of_the_scored_organ_is_not_content_with_a_mean(capsys) -> None:
    areas = pd.DataFrame({"fat": [9.0, 8.0], "liver": [2.0, 4.0]})
    known = {"areas": areas, "scored": areas["liver"]}
    for answer, right in (
        (lambda a, s: a.sub(s, axis=0).abs().mean().idxmin(), True),
        (lambda a, s: (a.mean() - s.mean()).abs().idxmin(), False),
        (lambda a, s: a.sub(s, axis=0).mean().abs().idxmin(), False),
    ):
        said = verdict("05", "scored_class", answer, capsys, **known)
        assert (said == "Right.\n") is right
