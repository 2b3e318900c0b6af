"""Execute the lessons, a fresh kernel each; an unchanged lesson on unchanged inputs
comes from the store."""

import contextlib
import hashlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from ipykernel.kernelspec import write_kernel_spec
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from papermill.exceptions import PapermillExecutionError

from helpers import CourseError, settings, store
from report import kernels
from report.notebooks import notebook

KERNEL, NAME = "course", "lesson.ipynb"
JUPYTER = ("JUPYTER_PATH", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")
# On a busy machine a kernel's sockets may close while tornado still looks at them.
QUIET = "--IPKernelApp.logging_config={'loggers': {'tornado': {'level': 'CRITICAL'}}}"
# A last cell, which asks the kernel what it took at most where the system says.
PEAK = "__import__('resource').getrusage(0).ru_maxrss"


@dataclass(frozen=True)
class Executed:
    """A lesson with its outputs: the file's stem, the notebook, and whether it ran just
    now."""

    name: str
    notebook: NotebookNode
    fresh: bool

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return self.notebook.metadata["course"]["seconds"]

    @property
    def memory(self) -> int | None:
        """Bytes that its kernel took at most, None where the system doesn't say."""
        return self.notebook.metadata["course"].get("memory")


def fingerprint(folders: list[Path], without: list[Path]) -> str:
    """A hash of the files under some folders: their paths, sizes and times of change,
    never their bytes.

    without: folders to leave out (stores, which lessons fill). Links are followed once.
    """
    digest, seen = hashlib.sha256(), {one.resolve() for one in without}
    for top in folders:
        for parent, inner, files in os.walk(top, followlinks=True):
            if (real := Path(parent).resolve()) in seen:
                inner.clear()
                continue
            seen.add(real)
            inner.sort()
            for path in sorted(os.path.join(parent, name) for name in files):
                with contextlib.suppress(OSError):  # a link that leads nowhere
                    about = os.stat(path)
                    said = f"{path!a} {about.st_size} {about.st_mtime_ns}\n"
                    digest.update(said.encode())
    return digest.hexdigest()


def inputs(course: settings.Course, published: str = "") -> dict[str, str]:
    """What every lesson's key holds besides its own source and parameters, and what
    those use.

    published: the folder of published tables, "" where none is named: then they are
    looked for in the course's own data folder, as Segment Anything's weights are,
    whatever DATA= says.
    """
    data = settings.data_folder()
    tables = Path(published) if published else data / "published"
    named = (course.data or data, course.source, course.target, tables, data / "sam")
    # The store in data/ is another process's where COURSE_STORE names this one's.
    stores = [settings.store_folder(), data / "store"]
    return {
        "data": fingerprint(list(filter(None, named)), without=stores),
        "weights": course.begins_with,
        "python": platform.python_version(),
    }


def studied(lesson: Path) -> dict[str, str]:
    """What stands for the tables of `make study`, in the key of a lesson that reads
    them and of no other."""
    if "study_folder" not in lesson.read_text(encoding="utf-8"):
        return {}
    return {"studies": fingerprint([settings.store_folder() / "study"], without=[])}


def parameters(course: settings.Course, published: str = "") -> dict[str, object]:
    """The parameters cell of a lesson: profile, seed, and in `data` what was given.

    Paths are absolute, since a kernel runs in another folder.
    """
    usual, numbers = vars(settings.PROFILES[course.profile]), vars(course.numbers)
    named = "encoder decoder epochs size".split()
    data = {name: numbers[name] for name in named if numbers[name] != usual[name]}
    if "size" in data:
        data["size"] = "{1}x{0}".format(*data["size"])
    data |= {name: str(getattr(course, name) or "") for name in ("source", "target")}
    data |= {"folder": str(course.data or ""), "published": published}
    data |= {"public": course.public, "structure": course.structure}
    data |= {"weights": str(course.weights or "none"), "on_bad": course.on_bad}
    usual = {"weights": "imagenet", "structure": "blood", "on_bad": "stop"}
    data = {key: one for key, one in data.items() if one and one != usual.get(key)}
    return {"profile": course.profile, "seed": course.seed, "data": data}


@contextlib.contextmanager
def surroundings(number: int = kernels.WORTH_IT) -> Iterator[None]:
    """Where a number of kernels start: in this interpreter and this clone, without a
    display or the user's own set-up. In the end none that was forked is left."""
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        # A kernel spec of our own: "python3" may be another environment's where Jupyter
        # is installed already. It would warn of its local socket.
        words = ["--log-level=CRITICAL", "--HistoryManager.enabled=False", QUIET]
        fork = {"kernel_provisioner": {"provisioner_name": kernels.FORK}}
        start = {"metadata": fork if kernels.forks(number) else {}}
        write_kernel_spec(Path(scratch, "kernels", KERNEL), start, words)
        paths = [str(settings.ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        before = dict(os.environ)
        os.environ |= {
            # No start-up files of the user's, and no home is needed.
            **dict.fromkeys(JUPYTER, scratch),
            "COURSE_STORE": str(settings.store_folder()),
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONHASHSEED": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "COURSE_STATIC": "1",
            "COURSE_FROM": os.getcwd(),
        }
        kernels.may_begin.set()
        try:
            yield
        finally:
            kernels.end()
            os.environ.clear()
            os.environ |= before


def execute(
    lesson: Path,
    course: settings.Course,
    made_from: dict[str, str],
    published: str = "",
) -> Executed:
    """Execute one lesson, or find it in the store. Call it inside `surroundings`.

    lesson: its .py; made_from: what `inputs` says; published: the folder of published
    tables. Raises CourseError naming lesson, cell and error, and then keeps nothing.
    """
    given = parameters(course, published)
    what = dict(given=given, **made_from, **studied(lesson))
    fresh = []

    def write(draft: Path) -> None:
        nbformat.write(_done(lesson, given), draft / NAME)
        fresh.append(True)

    place = store.entry("executed", what, write, lesson, execute)
    done = nbformat.read(place / NAME, as_version=4)
    return Executed(lesson.stem, done, bool(fresh))


def _done(lesson: Path, given: dict[str, object]) -> NotebookNode:
    plain = notebook(lesson)
    if sys.platform != "win32":
        plain.cells = [*plain.cells, new_code_cell(PEAK)]
    started = time.monotonic()
    done = _run(lesson, plain, given)
    about = {"seconds": time.monotonic() - started, "memory": None}
    if done.cells[-1].source == PEAK:
        peak = int(done.cells.pop().outputs[0].data["text/plain"])
        about["memory"] = peak if sys.platform == "darwin" else 1024 * peak
    done.metadata["course"] = about
    return done


def _run(lesson: Path, plain: NotebookNode, given: dict[str, object]) -> NotebookNode:
    """Run a notebook by papermill; on an error say where it happened."""
    try:
        how = dict(kernel_name=KERNEL, cwd=lesson.parent, start_timeout=120)
        return papermill.execute_notebook(
            plain, None, parameters=given, progress_bar=False, **how
        )
    except PapermillExecutionError as error:
        lines = [line.strip() for line in error.source.splitlines() if line.strip()]
        first = next((line for line in lines if not line.startswith("#")), "")
        # In the notebook as written; the cell that papermill adds has no number.
        sources = ["", *(cell.source for cell in plain.cells)]
        known = error.source in sources
        where = f"cell {sources.index(error.source)}" if known else "its parameters"
        raise CourseError(
            f"{lesson.stem} stopped in {where} ({first}):\n{_said(error)}"
        ) from None
    except RuntimeError as error:
        if kernels.DIED not in str(error):
            raise
        raise CourseError(
            f"{lesson.stem} stopped because its kernel died, most often because "
            "memory ran out: close other programs, or choose a smaller profile."
        ) from None


def _said(error: PapermillExecutionError) -> str:
    """A CourseError's sentence alone; of any other error the places that are the
    course's own, and the error."""
    if error.ename == "CourseError":
        return error.evalue
    trace = [strip_ansi(part).strip("\n") for part in error.traceback]
    helpers = f"File {settings.ROOT / 'helpers'}"
    ours = [one for one in trace if one.startswith("Cell In") or helpers in one]
    # Deep inside a package is not where a lesson is mended.
    return "\n\n".join(dict.fromkeys([*ours[:1], *ours[-1:], *trace[-1:]]))
