"""Execute the lessons, a fresh kernel each; an unchanged lesson on unchanged inputs
comes from the store."""

import ast
import contextlib
import hashlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from helpers import encoders, settings, store
from report import kernels, memory
from report.notebooks import notebook
from report.places import scratch_folder

KERNEL, NAME = "course", "lesson.ipynb"


class LessonError(Exception):
    """A lesson stopped. Its text names the lesson, the cell and the error."""


@dataclass(frozen=True)
class Executed:
    """A lesson with its outputs: the file's stem, the notebook, the seconds it ran, and
    whether just now."""

    name: str
    notebook: NotebookNode
    seconds: float
    fresh: bool


def fingerprint(folders: list[Path], without: list[Path]) -> str:
    """A hash of the files under some folders: their paths, sizes and times of change,
    never their bytes.

    without: folders to leave out (stores, which lessons fill). Links are followed once.
    """
    digest, seen = hashlib.sha256(), {one.resolve() for one in without}
    for top in folders:
        for parent, inner, files in os.walk(top, followlinks=True):
            real = Path(parent).resolve()
            # A link to a folder around this one, for instance to /, has no end.
            if real in seen or real in Path(top).resolve().parents:
                inner.clear()
                continue
            seen.add(real)
            inner.sort()
            for name in sorted(files):
                # A dangling link, or one to itself, is nothing to read.
                with contextlib.suppress(OSError):
                    about = os.stat(os.path.join(parent, name))
                    # Bytes, since a name needn't be letters of any code.
                    digest.update(
                        os.fsencode(os.path.join(parent, name))
                        + f" {about.st_size} {about.st_mtime_ns}\n".encode()
                    )
    return digest.hexdigest()


def inputs(course: settings.Course, published: str = "") -> dict[str, str]:
    """What every lesson's key holds besides its own source and parameters, and what
    those use.

    published: the folder of published tables, "" where none is named: then they are
    looked for in the course's own data folder, as Segment Anything's weights are,
    whatever DATA= says.
    """
    named = (
        course.data or settings.data_folder(),
        course.source,
        course.target,
        Path(published) if published else settings.data_folder() / "published",
        settings.data_folder() / "sam",
    )
    folders = [folder for folder in named if folder]
    # The one in data/ is another process's where COURSE_STORE names this one's.
    stores = [settings.store_folder(), settings.data_folder() / "store"]
    return {
        "data": fingerprint(folders, without=stores),
        "weights": encoders.told_apart(course.weights),
        "python": platform.python_version(),
    }


def studied(lesson: Path) -> dict[str, str]:
    """What stands for the tables of `make study`, in the key of a lesson that reads
    them and of no other."""
    if "studied" not in lesson.read_text(encoding="utf-8"):
        return {}
    return {"studies": fingerprint([settings.store_folder() / "study"], without=[])}


def parameters(course: settings.Course, published: str = "") -> dict[str, object]:
    """The parameters cell of a lesson: profile, seed, and in `data` what was given.

    Paths are absolute, since a kernel runs in another folder.
    """
    data = {
        "folder": course.data,
        "source": course.source,
        "target": course.target,
        "published": published,
    }
    data = {name: str(path) for name, path in data.items() if path}
    usual = settings.PROFILES[course.profile].encoder
    if course.numbers.encoder != usual:
        data["encoder"] = course.numbers.encoder
    if course.weights != "imagenet":
        data["weights"] = str(course.weights or "none")
    if course.on_bad != "stop":
        data["on_bad"] = course.on_bad
    if course.public:
        data["public"] = True
    return {"profile": course.profile, "seed": course.seed, "data": data}


@contextlib.contextmanager
def surroundings(number: int = kernels.WORTH_IT) -> Iterator[None]:
    """Where a number of kernels start: in this interpreter and this clone, without a
    display or the user's own set-up."""
    with scratch_folder() as scratch:
        # A kernel spec of our own: "python3" may be another environment's where Jupyter
        # is installed already.
        spec = Path(scratch, "kernels", KERNEL)
        spec.mkdir(parents=True)
        command = [
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            "--HistoryManager.enabled=False",
            "--log-level=CRITICAL",
        ]  # it warns of its local socket, and of being shut down
        (spec / "kernel.json").write_text(
            json.dumps(
                {"argv": command, "display_name": "Course", "language": "python"}
            )
        )
        paths = [str(settings.ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        wanted = {
            "JUPYTER_PATH": scratch,
            # No start-up files of the user's, and no home is needed.
            "IPYTHONDIR": str(Path(scratch, "ipython")),
            "JUPYTER_RUNTIME_DIR": str(Path(scratch, "runtime")),
            "JUPYTER_CONFIG_DIR": str(Path(scratch, "config")),
            "COURSE_STORE": str(settings.store_folder()),
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONHASHSEED": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "COURSE_STATIC": "1",
            "COURSE_FROM": os.getcwd(),
        }
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            with kernels.at_once(number):
                yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def execute(
    lesson: Path,
    course: settings.Course,
    made_from: dict[str, str],
    published: str = "",
) -> Executed:
    """Execute one lesson, or find it in the store. Call it inside `surroundings`.

    lesson: its .py; made_from: what `inputs` says; published: the folder of published
    tables. Raises LessonError, and then keeps nothing.
    """
    plain = notebook(lesson)
    given = parameters(course, published)
    what = dict(given=given, **made_from, **studied(lesson))
    fresh = []

    def write(draft: Path) -> None:
        done = _done(lesson, plain, given)
        fresh.append(True)
        nbformat.write(done, draft / NAME)

    place = store.entry("executed", what, write, lesson, execute)
    done = nbformat.read(place / NAME, as_version=4)
    seconds = done.metadata["course"]["seconds"]
    return Executed(lesson.stem, done, seconds, bool(fresh))


def _done(lesson: Path, plain: NotebookNode, given: dict[str, object]) -> NotebookNode:
    if unknown := sorted(set(given) - _assigned(plain)):
        # Papermill would only warn, and the lesson would run on its own values.
        raise LessonError(
            f"{lesson.stem} has no parameter {', '.join(unknown)}: its cell tagged "
            "parameters must set it."
        )
    plain.cells = memory.with_question(plain.cells)
    started = time.monotonic()
    done = _run(lesson, plain, given)
    done.metadata["course"] = {"seconds": time.monotonic() - started}
    done.metadata["course"]["memory"] = memory.answered(done)
    return done


def _assigned(plain: NotebookNode) -> set[str]:
    """The names that a notebook's parameters cell sets."""
    cells = [
        cell.source
        for cell in plain.cells
        if "parameters" in cell.metadata.get("tags", [])
    ]
    return {
        node.id
        for cell in cells
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _run(lesson: Path, plain: NotebookNode, given: dict[str, object]) -> NotebookNode:
    """Run a notebook by papermill; on an error say where it happened."""
    try:
        return papermill.execute_notebook(
            plain,
            None,
            parameters=given,
            kernel_name=KERNEL,
            language="python",
            progress_bar=False,
            start_timeout=120,
            cwd=lesson.parent,
            kernel_manager_class=kernels.Manager,
        )
    except PapermillExecutionError as error:
        raise LessonError(
            f"{lesson.stem} stopped in {_cell(plain, error.source)}:\n{_said(error)}"
        ) from None
    except RuntimeError as error:
        if not isinstance(error, DeadKernelError) and kernels.DIED not in str(error):
            raise
        raise LessonError(
            f"{lesson.stem} stopped because its kernel died, most often because "
            "memory ran out: close other programs, or choose a smaller profile."
        ) from None


def _cell(plain: NotebookNode, source: str) -> str:
    """A cell's number in the notebook as written, with the first line that says what it
    does."""
    lines = [
        line
        for line in source.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    first = (lines or source.splitlines() or [""])[0].strip()
    numbers = [
        number for number, cell in enumerate(plain.cells, 1) if cell.source == source
    ]
    return f"cell {numbers[0]} ({first})" if numbers else f"its parameters ({first})"


def _said(error: PapermillExecutionError) -> str:
    """A CourseError's sentence alone; of any other error the places that are the
    course's own, and the error."""
    if error.ename == "CourseError":
        return error.evalue
    trace = [
        re.sub(r"\x1b\[[0-9;]*m", "", part).strip("\n") for part in error.traceback
    ]
    ours = [
        part
        for part in trace
        if part.startswith("Cell In") or f"File {settings.ROOT / 'helpers'}" in part
    ]
    # Deep inside a package is not where a lesson is mended: its own line, the innermost
    # helper's, the error.
    return (
        "\n\n".join(dict.fromkeys([*ours[:1], *ours[-1:], *trace[-1:]]))
        or f"{error.ename}: {error.evalue}"
    )
