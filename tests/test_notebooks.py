"""Every lesson runs, keeps the course's form, and has an .ipynb that is generated and
nothing else."""

import ast
import re
import shutil
import statistics
from pathlib import Path

import nbformat
import pytest

from helpers import settings
from report import notebooks
from report.notebooks import copy, differences, lessons, notebook, say, write, written

LESSONS = lessons()
PARAMETERS = {"profile": "quick", "seed": 0, "data": {}}
lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def tagged(path: Path, tag: str) -> list[str]:
    return [cell.source for cell in notebook(path).cells if tag in tags(cell)]


@lesson
def test_runs_on_smoke(lesson: Path, smoke) -> None:
    cells = [
        cell
        for cell in smoke.executed[lesson.stem].notebook.cells
        if cell.cell_type == "code" and cell.source.strip()
    ]
    assert cells and all(cell.execution_count for cell in cells)
    assert not [
        out for cell in cells for out in cell.outputs if out.output_type == "error"
    ]


@lesson
def test_nothing_is_left_on_standard_error(lesson: Path, smoke) -> None:
    said = [
        out.text
        for cell in smoke.executed[lesson.stem].notebook.cells
        for out in cell.get("outputs", [])
        if out.output_type == "stream" and out.name == "stderr"
    ]
    assert said == []


def test_there_are_lessons_numbered_without_a_gap() -> None:
    assert [path.name[:2] for path in LESSONS] == [
        f"{number:02d}" for number in range(len(LESSONS))
    ]
    assert len(LESSONS) >= 5


def test_ipynb_match_their_py() -> None:
    assert differences() == []


@lesson
def test_ipynb_hold_no_output_and_valid_unique_ids(lesson: Path) -> None:
    read = nbformat.read(lesson.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(read)
    assert all(
        cell.outputs == [] and cell.execution_count is None
        for cell in read.cells
        if cell.cell_type == "code"
    )
    assert len({cell.id for cell in read.cells}) == len(read.cells)
    assert read.metadata.kernelspec.name == "python3"


def test_set_up_cell_is_the_same_in_every_lesson() -> None:
    cells = [tagged(path, "setup") for path in LESSONS]
    assert all(len(one) == 1 for one in cells)
    assert len({one[0] for one in cells}) == 1
    assert settings.REPOSITORY in cells[0][0]


@lesson
def test_set_up_cell_is_the_first_code_and_does_nothing_at_home(lesson: Path) -> None:
    first = next(cell for cell in notebook(lesson).cells if cell.cell_type == "code")
    assert "setup" in first.metadata.get("tags", [])
    before = set(Path.cwd().iterdir())
    names: dict = {}
    exec(compile(first.source, lesson.name, "exec"), names)
    assert set(Path.cwd().iterdir()) == before
    assert "environment" not in names  # the branch for Colab was not taken


@lesson
def test_parameters_cell_is_the_same_everywhere(lesson: Path) -> None:
    (cell,) = tagged(lesson, "parameters")
    found = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(cell).body
    }
    assert found == PARAMETERS


@lesson
def test_opens_with_goals_needs_and_minutes(lesson: Path) -> None:
    opening = notebook(lesson).cells[0]
    assert opening.cell_type == "markdown"
    assert re.match(rf"# {lesson.name[:2]}\b", opening.source)
    for said in (r"able to", r"you need", r"\d+\s+minutes"):
        assert re.search(said, opening.source, re.IGNORECASE), said
    assert (
        f"blob/main/notebooks/{lesson.stem}.ipynb" in opening.source
    )  # opens this lesson in Colab, and no other


@lesson
def test_ends_with_what_was_seen_and_what_to_doubt(lesson: Path) -> None:
    closing = notebook(lesson).cells[-1]
    assert closing.cell_type == "markdown"
    assert (
        re.search(r"\bsaw\b|\bseen\b", closing.source)
        and "doubt" in closing.source.lower()
    )


@lesson
def test_cells_are_short(lesson: Path) -> None:
    cells = [
        cell.source.splitlines()
        for cell in notebook(lesson).cells
        # A quiz is words, and its code is shown to nobody.
        if cell.cell_type == "code" and not {"quiz", "say"} & set(tags(cell))
    ]
    assert [lines[0] for lines in cells if len(lines) > 20] == []
    assert statistics.median(map(len, cells)) <= 10


@lesson
def test_lines_of_code_are_at_most_88_columns(lesson: Path) -> None:
    code = [
        cell.source
        for cell in notebook(lesson).cells
        if cell.cell_type == "code" and "say" not in tags(cell)
    ]
    assert [one for one in "\n".join(code).splitlines() if len(one) > 88] == []


@lesson
def test_links_between_lessons_lead_somewhere(lesson: Path) -> None:
    linked = re.findall(
        r"\]\((\d\d_\w+)\.ipynb",
        "\n".join(cell.source for cell in notebook(lesson).cells),
    )
    assert set(linked) <= {path.stem for path in LESSONS}


# The generator itself, on lessons of its own.

SMALL = (
    '# %% [markdown]\n# # A title\n\n# %% tags=["setup"]\nx = 1\n\n# %%\nx\n\n# %%\nx\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "00_small.py").write_text(SMALL)
    return tmp_path


def test_generating_twice_gives_the_same_bytes_and_writes_once(folder: Path) -> None:
    assert written(folder / "00_small.py") == written(folder / "00_small.py")
    assert write(folder) == [folder / "00_small.ipynb"]
    assert write(folder) == []


def test_tags_survive_and_equal_cells_have_different_ids(folder: Path) -> None:
    cells = notebook(folder / "00_small.py").cells
    assert [cell.metadata.get("tags") for cell in cells] == [
        None,
        ["setup"],
        None,
        None,
    ]
    assert cells[2].source == cells[3].source and cells[2].id != cells[3].id


def test_a_changed_cell_changes_no_other_id(folder: Path) -> None:
    before = [cell.id for cell in notebook(folder / "00_small.py").cells]
    (folder / "00_small.py").write_text(SMALL.replace("x = 1", "x = 2"))
    after = [cell.id for cell in notebook(folder / "00_small.py").cells]
    assert [old == new for old, new in zip(before, after, strict=True)] == [
        True,
        False,
        True,
        True,
    ]


def test_differences_are_named(folder: Path) -> None:
    assert differences(folder) == ["00_small.ipynb is missing: run make notebooks."]
    write(folder)
    assert differences(folder) == []
    (folder / "00_small.py").write_text(SMALL + "\n# %%\ny = 3\n")
    assert differences(folder) == [
        "00_small.ipynb is not what 00_small.py generates: run make notebooks."
    ]
    shutil.copy(folder / "00_small.ipynb", folder / "07_lost.ipynb")
    assert (
        differences(folder)[1]
        == "07_lost.ipynb has no 07_lost.py, which is the only source: delete it."
    )


PROSE = """
# %% [markdown]
# Dice is {id_test.dice:.2f}, and $x_{i}$ is `{code}`.

# %% [markdown]
# No number here, but $\\frac{1}{2}$.

# %% tags=["phantom"]
drawn = 1

# %% tags=["exercise"]
def twice(x):
    # solution begins
    return 2 * x
    # solution ends

# %% tags=["check"]
check(lambda: twice(2) == 4, "Hint.")

# %% [markdown] tags=["solution"]
# Twice {three} is $\\alpha$.

# %% tags=["quiz"]
quiz()
"""


@pytest.fixture
def prose(folder: Path) -> Path:
    path = folder / "00_small.py"
    path.write_text(SMALL + PROSE.replace("\\\\", "\\"))
    return path


def test_prose_that_asks_for_numbers_becomes_code_with_its_input_hidden(prose) -> None:
    live, still = notebook(prose).cells[4:6]
    assert (live.cell_type, still.cell_type) == ("code", "markdown")
    assert live.metadata == {"tags": ["say"], "jupyter": {"source_hidden": True}}
    assert live.source == (
        'say(r"""\nDice is {id_test.dice:.2f}, and $x_{i}$ is `{code}`.\n""")'
    ).replace('(r"', '("')
    assert "say" not in still.source


@pytest.mark.parametrize(
    "text",
    [
        "plain {x}",
        "a \\frac{x}",
        'ends in "',
        'with """ {x}',
        "both \"\"\" and ''' {x}",
        "\\",
    ],
)
def test_said_words_come_back_as_they_were(text: str) -> None:
    said: list[str] = []
    exec(say(text), {"say": said.append})
    assert said[0].strip("\n") == text


def test_a_learner_gets_blanks_and_folded_solutions_and_the_report_does_not(
    prose,
) -> None:
    solved, blank = notebook(prose).cells, notebook(prose, solved=False).cells
    assert [cell.id for cell in solved] == [cell.id for cell in blank]
    changed = [n for n, (a, b) in enumerate(zip(solved, blank, strict=True)) if a != b]
    assert [tags(solved[n]) for n in changed] == [["exercise"], ["solution", "say"]]
    exercise, solution = (blank[n].source for n in changed)
    assert exercise == "def twice(x):\n    ...  # your answer"
    assert "return 2 * x" in solution and "# solution" not in solution
    assert solution.startswith('say(r"""\n<details>\n<summary>Solution</summary>\n\n')
    assert "return 2 * x" in solved[changed[0]].source
    assert "details" not in solved[changed[1]].source
    assert written(prose) == nbformat.writes(notebook(prose, solved=False)) + "\n"


def test_cells_that_need_the_phantom_get_its_magic_and_a_quiz_hides_its_code(
    prose,
) -> None:
    cells = notebook(prose).cells
    assert cells[6].source == "%%phantom\ndrawn = 1"
    assert cells[-1].metadata["jupyter"] == {"source_hidden": True}


def test_a_learner_s_copy_is_never_overwritten(folder: Path) -> None:
    write(folder)
    work = folder / "work"
    assert copy(folder, work) == ["copied 00_small.ipynb to work/"]
    mine = work / "00_small.ipynb"
    answered = mine.read_text().replace("x = 1", "x = 42")
    mine.write_text(answered)
    assert copy(folder, work) == [] and mine.read_text() == answered
    (folder / "00_small.py").write_text(SMALL.replace("A title", "A better title"))
    write(folder)
    (said,) = copy(folder, work)
    assert "work/00_small.ipynb holds your answers" in said
    assert mine.read_text() == answered


def test_the_command_says_what_it_wrote(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(notebooks, "write", lambda: write(folder))
    monkeypatch.setattr(notebooks, "differences", lambda: differences(folder))
    assert (
        notebooks.main() == 0
        and "wrote notebooks/00_small.ipynb" in capsys.readouterr().out
    )
    assert (
        notebooks.main() == 0
        and "Every .ipynb matches its .py." in capsys.readouterr().out
    )
