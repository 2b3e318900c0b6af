"""Kernels of lessons. Where the system can fork, Python's fork server imports what
every lesson imports, and each kernel is a copy of it.

Only libraries are imported beforehand, never the course's own code, so that a kernel
runs the code as it stands when the kernel starts.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from importlib.metadata import EntryPoint
from multiprocessing import connection

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

IMPORTED = """ipykernel.kernelapp jupyter_client.provisioning matplotlib.pyplot pandas
scipy.ndimage scipy.stats cv2 torch torchvision.transforms.v2
segmentation_models_pytorch""".split()
DIED = "Kernel died"  # as nbclient says it
WORTH_IT = 4  # kernels: the imports take as long as a few plain starts
_running: list[multiprocessing.Process] = []
_lock, may_begin = threading.Lock(), threading.Event()
FORK = "course-fork"  # what a kernel spec calls it
_here = EntryPoint(FORK, f"{__name__}:Provisioner", KernelProvisionerFactory.GROUP_NAME)
KernelProvisionerFactory.provisioners[FORK] = _here


def forks(number: int) -> bool:
    """Whether so many kernels are forked: where they are worth it and the system
    can. (macOS forks, but its libraries do not bear it.)"""
    return number >= WORTH_IT and sys.platform == "linux"


def end() -> None:
    """End all kernels that were forked, and let none be forked any more."""
    with _lock:
        may_begin.clear()
        while _running:
            process = _running.pop()
            if process.exitcode in (None, 255):  # 255: nobody can say any more
                for kill in (os.killpg, os.kill):  # just begun, it has no group yet
                    with contextlib.suppress(ProcessLookupError):
                        kill(process.pid, signal.SIGKILL)
                process.join()


class Provisioner(LocalProvisioner):
    """Starts a kernel by a fork instead of a command."""

    async def launch_kernel(self, cmd: list[str], **kwargs: object) -> dict:
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(IMPORTED)
        folder = kwargs.get("cwd") or os.getcwd()
        given = cmd[3:], folder, dict(kwargs["env"])
        process = server.Process(target=_become_a_kernel, args=given)
        with _lock:
            if not may_begin.is_set():
                raise RuntimeError(f"{DIED} before it began")
            program = sys.modules["__main__"]
            # A kernel would import the program that builds.
            sys.modules["__main__"] = types.ModuleType("__main__")
            try:
                process.start()
            finally:
                sys.modules["__main__"] = program
            _running.append(process)
        # What Jupyter asks of a Popen.
        process.poll = process.wait = lambda: process.exitcode
        process.send_signal = lambda number: os.kill(process.pid, number)
        process.stdin = process.stdout = process.stderr = None
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        return self.connection_info


def _become_a_kernel(arguments: list[str], folder: str, environment: dict) -> None:
    from ipykernel.kernelapp import launch_new_instance

    os.setpgid(0, 0)  # its workers end with it
    threading.Thread(target=_end_with_builder, daemon=True).start()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["ipykernel_launcher", *arguments]
    places = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = dict.fromkeys([*filter(None, places), *sys.path])
    try:
        launch_new_instance()
    finally:
        os._exit(0)


def _end_with_builder() -> None:
    """Killed, a builder can't tell its kernels to end: each waits for its end."""
    connection.wait([multiprocessing.parent_process().sentinel])
    os.killpg(0, signal.SIGKILL)
