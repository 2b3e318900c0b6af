"""Kernels that are forked: each is a process of its own, runs the code as it stands,
and ends with whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbclient
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.settings import ROOT
from report import kernels
from report.execute import KERNEL, surroundings

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only there kernels are forked"
)


@pytest.fixture(scope="module", autouse=True)
def forking():
    with surroundings():
        yield


def ran(*sources: str, folder: Path) -> list[str]:
    """What the cells of a notebook print, in a kernel of its own."""
    book = new_notebook(cells=[new_code_cell(source) for source in sources])
    nbclient.NotebookClient(
        book,
        kernel_name=KERNEL,
        kernel_manager_class=kernels.Manager,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return [out.text.strip() for cell in book.cells for out in cell.outputs]


def test_libraries_are_there_before_the_first_cell_and_our_own_code_is_not(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("SAID", "now")
    said = ran(
        "import sys; print('torch' in sys.modules, 'helpers' in sys.modules)",
        "import os; print(os.getcwd(), os.environ['SAID'])",
        "import helpers; print(helpers.__file__)",
        "print(hash('pig'))",
        folder=tmp_path,
    )
    alone = subprocess.run(
        [sys.executable, "-c", "print(hash('pig'))"],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
    )
    assert said == [
        "True False",
        f"{tmp_path} now",
        str(ROOT / "helpers" / "__init__.py"),
        alone.stdout.strip(),
    ]


def test_two_kernels_know_nothing_of_each_other(tmp_path) -> None:
    asks = "import os; print(os.getpid(), 'left' in dir()); left = 1"
    (first,), (second,) = (ran(asks, folder=tmp_path) for _ in range(2))
    assert first.split()[0] != second.split()[0] and second.endswith("False")


BUILDER = """
import sys, test_kernels
from pathlib import Path
from report.execute import surroundings
with surroundings():
    test_kernels.ran(
        "import os, subprocess, sys, time\\n"
        "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\\n"
        "said = f'{os.getpid()} {os.getpgid(0)} {os.getppid()} {worker.pid}'\\n"
        "open('said', 'w').write(said)\\n"
        "time.sleep(600)",
        folder=Path(sys.argv[1]),
    )
"""


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_a_build_that_is_killed_leaves_no_kernel(tmp_path) -> None:
    roads = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    builder = subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": roads},
    )
    until = time.monotonic() + 120
    while not (tmp_path / "said").exists() and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.1)
    kernel, group, *others = map(int, (tmp_path / "said").read_text().split())
    started = (kernel, *others)
    assert group == kernel and all(map(alive, started))
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    until = time.monotonic() + 60
    while any(map(alive, started)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(alive, started))
