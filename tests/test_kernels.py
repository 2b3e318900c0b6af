"""Kernels that are forked: each is a process of its own, runs the code as it stands,
and ends with whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.settings import ROOT
from report import kernels
from report.execute import surroundings

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only there kernels are forked"
)


@pytest.fixture(scope="module")
def nursery():
    with surroundings():
        yield kernels._open[-1]


def ran(*sources: str, folder: Path) -> list[str]:
    """What the cells of a notebook print, in a kernel of its own."""
    import papermill

    book = new_notebook(cells=[new_code_cell(source) for source in sources])
    for cell in book.cells:
        cell.metadata["tags"] = []
    done = papermill.execute_notebook(
        nbformat.from_dict(book),
        None,
        kernel_name="course",
        language="python",
        progress_bar=False,
        cwd=folder,
        kernel_manager_class=kernels.Manager,
    )
    return [
        out.text.strip()
        for cell in done.cells
        for out in cell.outputs
        if out.output_type == "stream"
    ]


def test_two_kernels_know_nothing_of_each_other(nursery, tmp_path) -> None:
    first = ran("import os; left = 1; print(os.getpid())", folder=tmp_path)
    second = ran("import os; print(os.getpid(), 'left' in dir())", folder=tmp_path)
    assert first[0] != second[0].split()[0] and second[0].endswith("False")


def test_libraries_are_there_before_the_first_cell_and_our_own_code_is_not(
    nursery, tmp_path
) -> None:
    said = ran(
        "import sys; print('torch' in sys.modules, 'helpers' in sys.modules)",
        "import os; print(os.getcwd())",
        "import helpers; print(helpers.__file__)",
        folder=tmp_path,
    )
    assert said[0] == "True False"
    assert said[1] == str(tmp_path)
    assert said[2] == str(ROOT / "helpers" / "__init__.py")


def test_a_kernel_sees_the_environment_of_its_start(
    nursery, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("SAID", "now")
    assert ran("import os; print(os.environ['SAID'])", folder=tmp_path) == ["now"]


def test_hashes_are_those_of_every_run(nursery, tmp_path) -> None:
    alone = subprocess.run(
        [sys.executable, "-c", "print(hash('pig'))"],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
    )
    assert ran("print(hash('pig'))", folder=tmp_path) == [alone.stdout.strip()]


BUILDER = """
import os, sys, time
from pathlib import Path
from report import kernels
from report.execute import surroundings
with surroundings():
    nursery = kernels._open[-1]
    one = kernels.Kernel(nursery, arguments=["-f", sys.argv[1]], folder=".",
                         environment={"PATH": ""})
    print(nursery._process.pid, one.pid, os.getpgid(one.pid), flush=True)
    time.sleep(600)
"""


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_a_build_that_is_killed_leaves_no_kernel(tmp_path) -> None:
    builder = subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(tmp_path / "connection.json")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    nursery, kernel, group = map(int, builder.stdout.readline().split())
    started = nursery, kernel
    assert group == kernel and all(map(alive, started))
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    until = time.monotonic() + 60
    while any(map(alive, started)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(alive, started))
