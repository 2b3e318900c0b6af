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

from helpers.cells import NEEDS
from helpers.settings import ROOT

FOLDER = ROOT / "notebooks"
WORK = ROOT / "work"  # the learner's copies; git ignores them
# Where the course is public, said in pyproject.toml alone; lessons say $REPOSITORY and
# $COLAB.
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REPOSITORY = _PROJECT["urls"]["Repository"]
_COLAB = REPOSITORY.replace("//github.com/", "//colab.research.google.com/github/")
ADDRESSES = {"$REPOSITORY": REPOSITORY, "$COLAB": f"{_COLAB}/blob/main/notebooks"}
BLANK = "...  # your answer"
SOLUTION = re.compile(
    r"(?ms)^([ \t]*)# solution begins[ \t]*\n(.*?)^[ \t]*# solution ends[ \t]*$"
)


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def blank(source: str) -> str:
    """An exercise's source with dots where its solution stands."""
    return SOLUTION.sub(rf"\1{BLANK}", source)


def solved(source: str) -> str:
    """An exercise's source with its solution, without the two comments around it."""
    return SOLUTION.sub(lambda found: found[2].rstrip("\n"), source)


def group(cells: list[NotebookNode]) -> list[list[NotebookNode]]:
    """The cells in their order, an exercise together with its checks and its solution
    paragraph, every other cell alone."""
    groups: list[list[NotebookNode]] = []
    for cell in cells:
        joins = {"check", "solution"} & set(tags(cell))
        if joins and groups and "exercise" in tags(groups[-1][0]):
            groups[-1].append(cell)
        else:
            groups.append([cell])
    return groups


OWN = "12_your_own_two_domains"  # the lesson that runs where own folders are named


def lessons(folder: Path = FOLDER) -> list[Path]:
    """The lessons of a folder (NN_name.py) in reading order."""
    return sorted(folder.glob("[0-9][0-9]_*.py"))


def notebook(lesson: Path, solved: bool = True) -> NotebookNode:
    """The notebook of one lesson, without outputs.

    solved: with its exercises' solutions, as the report runs it, or blank, with the
    solutions folded away, as a learner gets it. A cell of code that is tagged with a
    need gets its magic line.

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
        kinds = list(tags(cell))
        cell.metadata = NotebookNode(tags=kinds) if kinds else NotebookNode()
    if not solved:
        for members in group(made.cells):
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
        if "exercise" in tags(cell):
            code = f"```python\n{solved(cell.source)}\n```\n\n"
            cell.source = blank(cell.source)
        elif "solution" in tags(cell):
            # Without the empty lines Markdown would not be read inside of HTML.
            begins = "<details>\n<summary>Solution</summary>\n\n"
            cell.source = f"{begins}{code}{cell.source}\n\n</details>"
            code = ""


def _live(cell: NotebookNode) -> NotebookNode:
    """The cell as Jupyter runs it."""
    magic = "".join(f"{one}\n" for one in NEEDS if one.strip("%") in tags(cell))
    if {"quiz", "check", "setup", "parameters"} & {
        *tags(cell)
    }:  # folded, also in Colab
        cell.metadata["jupyter"] = NotebookNode(source_hidden=True)
        cell.metadata["cellView"] = "form"
    if cell.cell_type == "code":
        cell.source = magic + cell.source
    return cell


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


def copy(folder: Path = FOLDER, work: Path = WORK) -> list[str]:
    """Copy the notebooks to where a learner works on them; a sentence for each that was
    copied, and for each that the course has changed since.

    What is there already is the learner's, and is never overwritten.
    """
    work.mkdir(exist_ok=True)
    said = []
    for ours in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        mine = work / ours.name
        if not mine.exists():
            shutil.copyfile(ours, mine)
            said.append(f"copied {ours.name} to {work.name}/")
        elif _cells(ours) - _cells(mine):
            said.append(
                f"{work.name}/{mine.name} holds your answers and was left alone; the "
                "course's own has other cells: rename yours to get it."
            )
    return said


def _cells(path: Path) -> set[str]:
    """The ids of a notebook's cells, which answers and outputs don't change."""
    return set(re.findall(r'"id": "([0-9a-f]{12})"', path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    for made in copy() if "--copy" in sys.argv else write():
        print(made if isinstance(made, str) else f"wrote {made}")
