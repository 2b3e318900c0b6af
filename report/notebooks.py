"""The .ipynb of each lesson, generated from its .py: the same bytes each time, and
never an output."""

import collections
import hashlib
import re
import shutil
import sys
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from helpers.magics import NAME as PHANTOM
from helpers.results import placeholders
from helpers.settings import ROOT
from report import exercises

FOLDER = ROOT / "notebooks"
WORK = ROOT / "work"  # the learner's copies; git ignores them
# Where the course is public, said in pyproject.toml alone; lessons say $REPOSITORY and
# $COLAB.
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REPOSITORY = _PROJECT["urls"]["Repository"]
ADDRESSES = {
    "$REPOSITORY": REPOSITORY,
    "$COLAB": REPOSITORY.replace("//github.com/", "//colab.research.google.com/github/")
    + "/blob/main/notebooks",
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
    made = jupytext.read(lesson, fmt={"extension": ".py", "format_name": "percent"})
    seen: collections.Counter[str] = collections.Counter()
    for cell in made.cells:
        for name, address in ADDRESSES.items():
            cell.source = cell.source.replace(name, address)
        text = f"{cell.cell_type}\n{cell.source}"
        seen[text] += 1
        cell.id = hashlib.sha256(f"{seen[text]}\n{text}".encode()).hexdigest()[:12]
        tags = list(exercises.tags(cell))
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
    if not solved:
        for members in exercises.group(made.cells):
            _make_blank(members)
    made.cells = [_live(cell) for cell in made.cells]
    made.nbformat_minor = 5
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    made.metadata = nbformat.from_dict(about)
    return made


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
            begins = "<details>\n<summary>Solution</summary>\n\n"
            cell.source = f"{begins}{code}{cell.source}\n\n</details>"
            code = ""


def _live(cell: NotebookNode) -> NotebookNode:
    """The cell as Jupyter runs it."""
    tags = exercises.tags(cell)
    magic = f"{PHANTOM}\n" if "phantom" in tags else ""
    if cell.cell_type == "markdown" and (placeholders(cell.source) or magic):
        cell = nbformat.v4.new_code_cell(say(cell.source), id=cell.id)
        cell.metadata = NotebookNode(tags=[*tags, "say"])
    if {"quiz", "say"} & set(exercises.tags(cell)):
        cell.metadata["jupyter"] = NotebookNode(source_hidden=True)
    if cell.cell_type == "code":
        cell.source = magic + cell.source
    return cell


def say(text: str) -> str:
    """The code that shows a text with its placeholders filled in (helpers.lesson.say).

    >>> print(say("Dice is {id_test.dice:.2f}."))
    say(\"\"\"
    Dice is {id_test.dice:.2f}.
    \"\"\")
    """
    raw = "r" if "\\" in text else ""
    return f'say({raw}"""\n{text}\n""")'


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


def without_source(folder: Path = FOLDER) -> list[str]:
    """A sentence for each .ipynb of a folder that has no .py."""
    return [
        f"{one.name} has no {one.stem}.py, which is the only source: delete it."
        for one in sorted(folder.glob("*.ipynb"))
        if not one.with_suffix(".py").exists()
    ]


def copy(folder: Path = FOLDER, work: Path = WORK) -> list[str]:
    """Copy the notebooks to where a learner works on them; a sentence for each that was
    copied, and for each that the course has changed since.

    What is there already is the learner's, and is never overwritten.
    """
    work.mkdir(exist_ok=True)
    said = []
    for ours in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        mine = work / ours.name
        # The ids of cells, which answers and outputs don't change.
        ids = [
            set(re.findall(r'"id": "([0-9a-f]{12})"', one.read_text(encoding="utf-8")))
            for one in (ours, mine)
            if one.exists()
        ]
        if not mine.exists():
            shutil.copyfile(ours, mine)
            said.append(f"copied {ours.name} to {work.name}/")
        elif ids[0] - ids[1]:
            said.append(
                f"{work.name}/{mine.name} holds your answers and was left alone; the "
                "course's own has other cells: rename yours to get it."
            )
    return said


def main() -> int:
    """Regenerate and say what changed, or with --copy copy to the learner's folder."""
    if "--copy" in sys.argv:
        print("\n".join(copy()))
        return 0
    for path in write():
        print(f"wrote notebooks/{path.name}")
    for sentence in without_source():
        print(sentence, file=sys.stderr)
    return 1 if without_source() else 0


if __name__ == "__main__":
    sys.exit(main())
