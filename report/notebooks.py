"""The .ipynb of each lesson, generated from its .py: the same bytes each time, and never an output."""

import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from helpers.settings import REPOSITORY, ROOT

FOLDER = ROOT / "notebooks"
# Lessons say $REPOSITORY and $COLAB; what they stand for has its one place in the settings.
ADDRESSES = {
    "$REPOSITORY": REPOSITORY,
    "$COLAB": REPOSITORY.replace("https://github.com/", "https://colab.research.google.com/github/")
    + "/blob/main/notebooks",
}


def lessons(folder: Path = FOLDER) -> list[Path]:
    """The lessons of a folder (NN_name.py) in reading order."""
    return sorted(folder.glob("[0-9][0-9]_*.py"))


def notebook(lesson: Path) -> NotebookNode:
    """The notebook of one lesson, without outputs.

    jupytext draws new random cell ids at each conversion and records its own version; here an id is the hash
    of its cell's source and of how often that source came before, so that only a changed cell changes.
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
        made = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell,
                "raw": nbformat.v4.new_raw_cell}[cell.cell_type](source)
        made.id = hashlib.sha256(f"{seen[text]}\n{text}".encode()).hexdigest()[:12]
        if tags := cell.metadata.get("tags"):
            made.metadata["tags"] = list(tags)
        cells.append(made)
    result = nbformat.v4.new_notebook(cells=cells)
    result.nbformat_minor = 5
    result.metadata = NotebookNode(
        kernelspec=NotebookNode(display_name="Python 3", language="python", name="python3"),
        language_info=NotebookNode(name="python"),
    )
    return result


def written(lesson: Path) -> str:
    """The text of a lesson's .ipynb."""
    return nbformat.writes(notebook(lesson)) + "\n"


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
    """A sentence for each .ipynb that is missing, that its .py wouldn't generate, or that has no .py."""
    found = []
    for lesson in lessons(folder):
        target = lesson.with_suffix(".ipynb")
        if not target.exists():
            found.append(f"{target.name} is missing: run make notebooks.")
        elif target.read_text(encoding="utf-8") != written(lesson):
            found.append(f"{target.name} is not what {lesson.name} generates: run make notebooks.")
    for target in sorted(folder.glob("*.ipynb")):
        if not target.with_suffix(".py").exists():
            found.append(f"{target.name} has no {target.stem}.py, which is the only source: delete it.")
    return found


def main() -> int:
    """Regenerate, and say what changed."""
    changed = write()
    print("\n".join(f"wrote notebooks/{path.name}" for path in changed) or "Every .ipynb matches its .py.")
    left = differences()
    print("\n".join(left), file=sys.stderr, end="\n" if left else "")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
