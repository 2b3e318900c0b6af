"""The most memory that a lesson's kernel took, asked in the kernel at its end."""

import sys

from IPython.display import display
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

TYPE = "application/vnd.course.memory+json"
TAG = "memory"
ASK = "__import__('report.memory', fromlist=['']).tell()"


def with_question(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells, and a last one that leaves the kernel's peak behind."""
    return [*cells, new_code_cell(ASK, metadata={"tags": [TAG]})]


def answered(done: NotebookNode) -> int | None:
    """Take the question out of an executed notebook: bytes, None where the system
    doesn't say."""
    found = None
    for cell in done.cells:
        if TAG in cell.metadata.get("tags", []):
            left = [one.data for one in cell.outputs if TYPE in one.get("data", {})]
            found = left[0][TYPE]["bytes"] if left else None
    done.cells = [
        cell for cell in done.cells if TAG not in cell.metadata.get("tags", [])
    ]
    return found


def tell() -> None:
    """Runs in a lesson's kernel."""
    display({TYPE: {"bytes": peak()}}, raw=True)


def peak() -> int | None:
    """The most memory that this process has taken, in bytes, where the system says."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most  # KiB on Linux
