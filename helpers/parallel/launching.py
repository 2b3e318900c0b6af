"""Several processes of this machine by torch's own launcher, that all end when one of
them does, or whoever began them is interrupted.
"""

import contextlib
import os
import signal
import subprocess
import sys

import torch

from helpers import settings
from helpers.errors import CourseError
from helpers.processes import cores

INTERRUPTED = 130


def launch(
    processes: int, module: str, words: list[str], threads: int | None = None
) -> int:
    """Run `python -m module words` in several processes by torchrun; the exit code of
    the first that failed, else 0.

    threads: of each process; the cores, shared out, where none is given. Raises
    CourseError where there are fewer GPUs than processes, and KeyboardInterrupt, with
    all of them ended, where this process or one of them was interrupted.
    """
    device = settings.device()
    if device == "mps" or device == "cuda" and torch.cuda.device_count() < processes:
        there = torch.cuda.device_count() if device == "cuda" else 1
        raise CourseError(
            f"PARALLEL={processes} takes a GPU for each process and this machine has "
            f"{there}: give at most that many."
        )
    command = [sys.executable, "-m", "helpers.parallel", "--standalone"]
    command += [f"--nproc-per-node={processes}", "-m", module, *words]
    threads = threads or os.environ.get("OMP_NUM_THREADS")
    threads = threads or max(1, cores() // processes)
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    # In a session of its own no terminal reaches torchrun: it ends its processes on one
    # signal, and a second would break that off.
    _hangups_interrupt()
    torchrun = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        code = torchrun.wait()
    except KeyboardInterrupt:
        torchrun.terminate()
        while torchrun.returncode is None:
            with contextlib.suppress(KeyboardInterrupt):
                torchrun.wait()
        raise
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code


def _hangups_interrupt() -> None:
    """A terminal that is closed interrupts this process, unless that is ignored
    (nohup)."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup and signal.getsignal(hangup) == signal.SIG_DFL:
        signal.signal(hangup, signal.default_int_handler)
