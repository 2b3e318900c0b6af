"""The .ipynb of each lesson, generated from its .py: the same bytes each time, and
never an output."""

import argparse
import hashlib
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from helpers.magics import NAME as PHANTOM
from helpers.results import placeholders
from helpers.settings import REPOSITORY, ROOT
from report import exercises

FOLDER = ROOT / "notebooks"
WORK = ROOT / "work"  # the learner's copies; git ignores them
# Lessons say $REPOSITORY and $COLAB; what they stand for has its one place in the
# settings.
ADDRESSES = {
    "$REPOSITORY": REPOSITORY,
    "$COLAB": REPOSITORY.replace(
        "https://github.com/", "https://colab.research.google.com/github/"
    )
    + "/blob/main/notebooks",
}
MADE = {
    "code": nbformat.v4.new_code_cell,
    "markdown": nbformat.v4.new_markdown_cell,
    "raw": nbformat.v4.new_raw_cell,
}


def lessons(folder: Path = FOLDER) -> list[Path]:
    """The lessons of a folder (NN_name.py) in reading order."""
    return sorted(folder.glob("[0-9][0-9]_*.py"))


def notebook(lesson: Path, solved: bool = True) -> NotebookNode:
    """The notebook of one lesson, without outputs.

    solved: with its exercises' solutions, as the report runs it, or blank, with the
    solutions folded away, as a learner gets it. Prose that asks for numbers becomes a
    cell of code with its input hidden; a cell tagged `phantom` gets its magic line.

    jupytext draws new random cell ids at each conversion and records its own version;
    here an id is the hash of its cell's source as written and of how often that source
    came before, so that only a changed cell changes.
    """
    read = jupytext.read(lesson, fmt={"extension": ".py", "format_name": "percent"})
    seen: dict[str, int] = {}
    cells = []
    for cell in read.cells:
        source = cell.source
        for name, address in ADDRESSES.items():
            source = source.replace(name, address)
        text = f"{cell.cell_type}\n{source}"
        seen[text] = seen.get(text, 0) + 1
        made = MADE[cell.cell_type](source)
        made.id = hashlib.sha256(f"{seen[text]}\n{text}".encode()).hexdigest()[:12]
        if tags := cell.metadata.get("tags"):
            made.metadata["tags"] = list(tags)
        cells.append(made)
    if not solved:
        for members in exercises.group(cells):
            _make_blank(members)
    result = nbformat.v4.new_notebook(cells=[_live(cell) for cell in cells])
    result.nbformat_minor = 5
    result.metadata = NotebookNode(
        kernelspec=NotebookNode(
            display_name="Python 3", language="python", name="python3"
        ),
        language_info=NotebookNode(name="python"),
    )
    return result


def _make_blank(members: list[NotebookNode]) -> None:
    """Take the solution out of an exercise and fold it into its last paragraph."""
    code = ""
    for cell in members:
        tags = exercises.tags(cell)
        if "exercise" in tags:
            code = f"```python\n{exercises.solved(cell.source)}\n```\n\n"
            cell.source = exercises.blank(cell.source)
        elif "solution" in tags:
            # Without the empty lines Markdown would not be read inside of HTML.
            cell.source = (
                "<details>\n<summary>Solution</summary>\n\n"
                f"{code}{cell.source}\n\n</details>"
            )
            code = ""


def _live(cell: NotebookNode) -> NotebookNode:
    """The cell as Jupyter runs it."""
    tags = exercises.tags(cell)
    phantom = "phantom" in tags
    if cell.cell_type == "markdown" and (placeholders(cell.source) or phantom):
        said = say(cell.source)
        said = f"{PHANTOM}\n{said}" if phantom else said
        made = nbformat.v4.new_code_cell(said, id=cell.id)
        made.metadata = NotebookNode(
            tags=[*tags, "say"], jupyter=NotebookNode(source_hidden=True)
        )
        return made
    if "quiz" in tags:
        cell.metadata["jupyter"] = NotebookNode(source_hidden=True)
    if phantom and cell.cell_type == "code":
        cell.source = f"{PHANTOM}\n{cell.source}"
    return cell


def say(text: str) -> str:
    """The code that shows a text with its placeholders filled in (helpers.lesson.say).

    >>> print(say("Dice is {id_test.dice:.2f}."))
    say(\"\"\"
    Dice is {id_test.dice:.2f}.
    \"\"\")
    """
    quotes = next((one for one in ('"""', "'''") if one not in text), None)
    if quotes is None:
        return f"say({text!r})"
    raw = "r" if "\\" in text else ""
    return f"say({raw}{quotes}\n{text}\n{quotes})"


def written(lesson: Path) -> str:
    """The text of a lesson's .ipynb, as a learner gets it."""
    return nbformat.writes(notebook(lesson, solved=False)) + "\n"


def write(folder: Path = FOLDER) -> list[Path]:
    """Regenerate every .ipynb of a folder; the paths of those that changed."""
    changed = []
    for lesson in lessons(folder):
        target, text = lesson.with_suffix(".ipynb"), written(lesson)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8", newline="\n")
            changed.append(target)
    return changed


def differences(folder: Path = FOLDER) -> list[str]:
    """A sentence for each .ipynb that is missing, that its .py wouldn't generate, or
    that has no .py."""
    found = []
    for lesson in lessons(folder):
        target = lesson.with_suffix(".ipynb")
        if not target.exists():
            found.append(f"{target.name} is missing: run make notebooks.")
        elif target.read_text(encoding="utf-8") != written(lesson):
            found.append(
                f"{target.name} is not what {lesson.name} generates: "
                "run make notebooks."
            )
    for target in sorted(folder.glob("*.ipynb")):
        if not target.with_suffix(".py").exists():
            found.append(
                f"{target.name} has no {target.stem}.py, which is the only source: "
                "delete it."
            )
    return found


def copy(folder: Path = FOLDER, work: Path = WORK) -> list[str]:
    """Copy the notebooks to where a learner works on them; a sentence for each that was
    copied, and for each that the course has changed since.

    What is there already is the learner's, and is never overwritten.
    """
    work.mkdir(exist_ok=True)
    said = []
    for notebook in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        mine = work / notebook.name
        if not mine.exists():
            shutil.copyfile(notebook, mine)
            said.append(f"copied {notebook.name} to {work.name}/")
        elif _cells(notebook) - _cells(mine):
            said.append(
                f"{work.name}/{mine.name} holds your answers and was left alone; the "
                "course's own has other cells: rename yours to get it."
            )
    return said


def _cells(path: Path) -> set[str]:
    """The ids of a notebook's cells, which answers and outputs don't change."""
    return set(re.findall(r'"id": "([0-9a-f]{12})"', path.read_text(encoding="utf-8")))


def main(words: Sequence[str] = ()) -> int:
    """Regenerate and say what changed, or with --copy copy to the learner's folder."""
    parser = argparse.ArgumentParser(prog="python -m report.notebooks")
    parser.add_argument("--copy", action="store_true", help="copy them to work/")
    if parser.parse_args(words).copy:
        print("\n".join(copy()))
        return 0
    changed = write()
    print(
        "\n".join(f"wrote notebooks/{path.name}" for path in changed)
        or "Every .ipynb matches its .py."
    )
    left = differences()
    print("\n".join(left), file=sys.stderr, end="\n" if left else "")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
