"""Kernels that are forked: each is a process of its own, runs the code as it stands,
and ends with whoever started it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.settings import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only there kernels are forked"
)

# A builder of its own, as `make report` is one: a process has one fork server, and
# whatever another test has started here would serve these kernels too.
BUILDER = """
import json, sys
import nbclient
from nbformat.v4 import new_code_cell, new_notebook
from report import execute
with execute.surroundings():
    for cells in json.loads(sys.argv[1]):
        book = new_notebook(cells=[new_code_cell(source) for source in cells])
        nbclient.NotebookClient(
            book,
            kernel_name=execute.KERNEL,
            resources={"metadata": {"path": sys.argv[2]}},
        ).execute()
        said = [out.text.strip() for cell in book.cells for out in cell.outputs]
        print(json.dumps(said))
"""


def builder(*notebooks: list[str], folder: Path) -> subprocess.Popen:
    """Runs notebooks of these cells, and prints what each said as a line of JSON."""
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER, json.dumps(notebooks), str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SAID": "now"},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_kernels_hold_libraries_not_our_code_and_nothing_of_each_other(tmp_path):
    asks = [
        "import sys; print('torch' in sys.modules, 'helpers' in sys.modules)",
        "import os; print(os.getcwd(), os.environ['SAID'])",
        "import helpers; print(helpers.__file__)",
        "print(hash('pig'))",
        "print(os.getpid())",
    ]
    said, _ = builder(asks, asks, folder=tmp_path).communicate()
    first, second = map(json.loads, said.splitlines())
    alone = subprocess.run(
        [sys.executable, "-c", "print(hash('pig'))"],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
    )
    expected = [
        "True False",
        f"{tmp_path} now",
        str(ROOT / "helpers" / "__init__.py"),
        alone.stdout.strip(),
    ]
    assert first[:-1] == second[:-1] == expected and first[-1] != second[-1]


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_a_build_that_is_killed_leaves_no_kernel(tmp_path) -> None:
    cell = (
        "import os, subprocess, sys, time\n"
        "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "said = f'{os.getpid()} {os.getpgid(0)} {os.getppid()} {worker.pid}'\n"
        "open('said', 'w').write(said)\n"
        "time.sleep(600)"
    )
    building = builder([cell], folder=tmp_path)
    until = time.monotonic() + 120
    while not (tmp_path / "said").exists() and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.1)
    kernel, group, *others = map(int, (tmp_path / "said").read_text().split())
    started = (kernel, *others)
    assert group == kernel and all(map(alive, started))
    building.send_signal(signal.SIGKILL)
    building.wait()
    until = time.monotonic() + 60
    while any(map(alive, started)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(alive, started))
