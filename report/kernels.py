"""Kernels that start at once, where the system can fork: one process imports what every
lesson imports, and each kernel is a copy of it.

Only libraries are imported beforehand, never the course's own code, so that a kernel
runs the code as it stands when the kernel starts. Each kernel is a process of its own,
as any other: nothing that a lesson does reaches the next one.
"""

import contextlib
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

from jupyter_client import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

IMPORTED = (
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "pandas",
    "scipy.ndimage",
    "scipy.stats",
    "cv2",
    "torch",
    "torchvision.transforms.v2",
    "segmentation_models_pytorch",
)
ENDED = -1  # the code of a process that nobody can ask any more
DIED = "Kernel died"  # as nbclient says it
WORTH_IT = 4  # kernels: the imports take as long as a few plain starts


class Nursery:
    """The process that kernels are copies of, begun when the first is wanted. It ends,
    and they with it, when its standard input closes, so also when the process that
    opened it is killed."""

    def __init__(self) -> None:
        self._lock, self._closed = threading.Lock(), False

    @functools.cached_property
    def _process(self) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "report.kernels"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **what: object) -> int | None:
        """Its answer to one question: the number of a new process, or the code with
        which one ended (None where it has not)."""
        with self._lock:
            if self._closed:
                return ENDED
            try:
                self._process.stdin.write(json.dumps(what) + "\n")
                self._process.stdin.flush()
                return json.loads(self._process.stdout.readline())
            except (OSError, ValueError):  # it was killed, as by a full memory
                return ENDED

    def close(self) -> None:
        """End it and all that it started."""
        with self._lock:
            self._closed = True
            if "_process" not in vars(self):
                return
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()


class Kernel:
    """A forked kernel with the few methods of a Popen that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, nursery: Nursery, **what: object) -> None:
        self._nursery, self._code = nursery, None
        self.pid = nursery.ask(**what)
        if self.pid == ENDED:
            raise RuntimeError(f"{DIED} before it began")

    def poll(self) -> int | None:
        """The code with which it ended, None while it runs."""
        if self._code is None:
            self._code = self._nursery.ask(ended=self.pid)
        return self._code

    def wait(self) -> int | None:
        """The same; Jupyter calls it when the kernel has ended."""
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Until `poll` has seen its end, the number stays its own."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Provisioner(LocalProvisioner):
    """Starts a kernel by a fork instead of a command."""

    async def launch_kernel(self, cmd: list[str], **kwargs: object) -> dict:
        environment = {str(k): str(v) for k, v in (kwargs["env"]).items()}
        self.process = Kernel(
            _open[-1],
            arguments=cmd[cmd.index("-f") :],
            folder=str(kwargs.get("cwd") or os.getcwd()),
            environment=environment,
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info


class Manager(AsyncKernelManager):
    """Jupyter's own, but for how a kernel starts while a nursery is open."""

    async def _async_pre_start_kernel(self, **kw: object) -> tuple[list[str], dict]:
        if _open and self.provisioner is None:
            self.kernel_id = self.kernel_id or "course"
            self.provisioner = Provisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
        return await super()._async_pre_start_kernel(**kw)


_open: list[Nursery] = []


def forks(number: int) -> bool:
    """Whether so many kernels are forked: where they are worth it and the system
    can."""
    # macOS forks, but its libraries do not bear it.
    return number >= WORTH_IT and sys.platform == "linux"


@contextlib.contextmanager
def at_once(number: int) -> Iterator[None]:
    """Within it `Manager` forks, where so many kernels are; else nothing changes."""
    if not forks(number):
        yield
        return
    nursery = Nursery()
    _open.append(nursery)
    try:
        yield
    finally:
        _open.remove(nursery)
        nursery.close()


def end() -> None:
    """End all kernels that were forked, and let none be forked any more."""
    for nursery in _open:
        nursery.close()


def serve() -> None:
    """What the process of a nursery does: import, then fork at each asking."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the builder's to handle
    for name in IMPORTED:
        importlib.import_module(name)
    started: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "ended" in asked:
            answer = _ended(asked["ended"])
            started -= {asked["ended"]} if answer is not None else set()
        else:
            answer = os.fork()
            if answer == 0:
                _become_a_kernel(asked)
            _lead_a_group(answer)
            started.add(answer)
        print(json.dumps(answer), flush=True)
    for number in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(number, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(number, 0)  # so that its memory is counted


def _lead_a_group(number: int) -> None:
    """Let a process lead a group of its own, so that its workers end with it. Both the
    kernel and the one who forked it say so, as whoever comes first must find it done:
    a group that is not there yet can't be killed."""
    with contextlib.suppress(ProcessLookupError):
        os.setpgid(number, number)


def _ended(number: int) -> int | None:
    try:
        found, status = os.waitpid(number, os.WNOHANG)
    except ChildProcessError:
        return ENDED
    return os.waitstatus_to_exitcode(status) if found else None


def _become_a_kernel(asked: dict) -> None:
    from ipykernel.kernelapp import launch_new_instance

    _lead_a_group(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    # ipykernel has read JPY_PARENT_PID already, when the nursery imported it.
    watched = f"--IPKernelApp.parent_handle={os.getppid()}"
    sys.argv = ["ipykernel_launcher", *asked["arguments"], watched]
    sys.path[:] = [one for one in sys.path if one not in ("", os.getcwd())]
    for place in reversed(asked["environment"].get("PYTHONPATH", "").split(os.pathsep)):
        if place and place not in sys.path:
            sys.path.insert(0, place)
    try:
        launch_new_instance()
    finally:
        os._exit(0)


if __name__ == "__main__":
    serve()
