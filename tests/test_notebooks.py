"""Every lesson runs, keeps the course's form, and has an .ipynb that is generated and
nothing else."""

import ast
import re
import statistics
from pathlib import Path

import nbformat
import pytest

from report import notebooks
from report.notebooks import REPOSITORY, copy, lessons, notebook, write, written

LESSONS = lessons()
PARAMETERS = {"profile": "quick", "seed": 0, "data": {}}
lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def tagged(path: Path, tag: str) -> list[str]:
    return [cell.source for cell in notebook(path).cells if tag in tags(cell)]


@lesson
def test_runs_on_smoke_and_leaves_nothing_on_standard_error(lesson, smoke) -> None:
    cells = [
        cell
        for cell in smoke.executed[lesson.stem].notebook.cells
        if cell.cell_type == "code" and cell.source.strip()
    ]
    assert cells and all(cell.execution_count for cell in cells)
    outputs = [out for cell in cells for out in cell.outputs]
    assert not [out for out in outputs if out.output_type == "error"]
    assert not [out.text for out in outputs if out.get("name") == "stderr"]


def test_there_are_lessons_numbered_without_a_gap() -> None:
    assert [int(path.name[:2]) for path in LESSONS] == [*range(13)]
    assert len(LESSONS) >= 5


@lesson
def test_ipynb_is_what_its_py_generates_without_output_and_with_unique_ids(
    lesson: Path,
) -> None:
    text = lesson.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert text == written(lesson), "run make notebooks"
    read = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    code = [cell for cell in read.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert len({cell.id for cell in read.cells}) == len(read.cells)
    assert read.metadata.kernelspec.name == "python3"


def test_no_ipynb_is_without_its_py() -> None:
    made = {path.stem for path in notebooks.FOLDER.glob("*.ipynb")}
    assert made == {path.stem for path in LESSONS}


def test_set_up_cell_is_the_same_in_every_lesson() -> None:
    cells = [tagged(path, "setup") for path in LESSONS]
    assert all(len(one) == 1 for one in cells)
    assert len({one[0] for one in cells}) == 1
    assert REPOSITORY in cells[0][0]


@lesson
def test_set_up_cell_is_the_first_code_and_does_nothing_at_home(lesson: Path) -> None:
    first = next(cell for cell in notebook(lesson).cells if cell.cell_type == "code")
    assert "setup" in tags(first)
    before, names = set(Path.cwd().iterdir()), {}
    exec(compile(first.source, lesson.name, "exec"), names)
    assert set(Path.cwd().iterdir()) == before
    assert "settings" not in names  # the branch for Colab was not taken


@lesson
def test_parameters_cell_is_the_same_everywhere(lesson: Path) -> None:
    (cell,) = tagged(lesson, "parameters")
    set_here = ast.parse(cell).body
    found = {one.targets[0].id: ast.literal_eval(one.value) for one in set_here}
    assert found == PARAMETERS


@lesson
def test_opens_with_goals_needs_and_minutes_and_ends_with_what_to_doubt(lesson) -> None:
    opening, *_, closing = notebook(lesson).cells
    assert opening.cell_type == closing.cell_type == "markdown"
    assert re.match(rf"# {lesson.name[:2]}\b", opening.source)
    for said in (r"able to", r"you need", r"\d+\s+minutes"):
        assert re.search(said, opening.source, re.IGNORECASE), said
    # It opens this lesson in Colab, and no other.
    assert f"blob/main/notebooks/{lesson.stem}.ipynb" in opening.source
    assert re.search(r"\bsaw\b|\bseen\b", closing.source)
    assert "doubt" in closing.source.lower()


@lesson
def test_prose_is_markdown_and_no_code_builds_it(lesson: Path) -> None:
    for cell in notebook(lesson).cells:
        if cell.cell_type == "code":
            assert not re.search(r"\b(Markdown|say)\(", cell.source), cell.source
        else:  # a number of the run would have been filled in
            assert not re.search(
                r"\{[a-z_]+(\.[a-z_]+)*(:[^}]*)?\}", plain(cell.source)
            )


def plain(prose: str) -> str:
    """Prose without code and mathematics."""
    return re.sub(r"(?s)```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", "", prose)


@lesson
def test_cells_are_short(lesson: Path) -> None:
    code = [one for one in notebook(lesson).cells if one.cell_type == "code"]
    # A quiz is words, and its code is shown to nobody.
    shown = [one.source for one in code if "quiz" not in tags(one)]
    lines = [one.splitlines() for one in shown]
    assert [one[0] for one in lines if len(one) > 20] == []
    assert statistics.median(map(len, lines)) <= 10
    assert [line for one in lines for line in one if len(line) > 88] == []


@lesson
def test_links_between_lessons_lead_somewhere(lesson: Path) -> None:
    text = "\n".join(cell.source for cell in notebook(lesson).cells)
    linked = re.findall(r"\]\((\d\d_\w+)\.ipynb", text)
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
    assert [tags(cell) for cell in cells] == [[], ["setup"], [], []]
    assert cells[2].source == cells[3].source and cells[2].id != cells[3].id


def test_a_changed_cell_changes_no_other_id(folder: Path) -> None:
    before = [cell.id for cell in notebook(folder / "00_small.py").cells]
    (folder / "00_small.py").write_text(SMALL.replace("x = 1", "x = 2"))
    after = [cell.id for cell in notebook(folder / "00_small.py").cells]
    same = [old == new for old, new in zip(before, after, strict=True)]
    assert same == [True, False, True, True]


PROSE = """
# %% [markdown]
# Here $x_{i}$ is a number.

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
# Twice three is $\\alpha$.

# %% tags=["quiz"]
quiz()
"""


@pytest.fixture
def prose(folder: Path) -> Path:
    path = folder / "00_small.py"
    path.write_text(SMALL + PROSE.replace("\\\\", "\\"))
    return path


def test_a_learner_gets_blanks_and_folded_solutions_and_the_report_does_not(
    prose,
) -> None:
    solved, blank = notebook(prose).cells, notebook(prose, solved=False).cells
    assert [cell.id for cell in solved] == [cell.id for cell in blank]
    changed = [n for n, (a, b) in enumerate(zip(solved, blank, strict=True)) if a != b]
    assert [tags(solved[n]) for n in changed] == [["exercise"], ["solution"]]
    exercise, solution = (blank[n].source for n in changed)
    assert exercise == "def twice(x):\n    ...  # your answer"
    assert "return 2 * x" in solution and "# solution" not in solution
    assert solution.startswith("<details>\n<summary>Solution</summary>\n\n```python")
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
