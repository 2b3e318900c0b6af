"""Independent jobs on what is there: this process, several on this machine, or a
cluster, all but the first through Dask.

A job is a call of a function of the course. One that fails is told in a sentence and
the others go on; one whose process ends is begun again elsewhere.
"""

import contextlib
import importlib
import logging
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from helpers.errors import CourseError
from helpers.names import printable
from helpers.processes import cores

# Where results are kept, wherever a job runs.
CARRIED = ("COURSE_STORE", "COURSE_STORE_GB", "COURSE_FROM")
LIBRARIES = ("pandas", "torchvision.transforms.v2", "segmentation_models_pytorch")
# A process that ended this often under the same job is not tried again.
TRIES = 3


class Outcome(NamedTuple):
    """A job that has ended: its place in the list, what it gave or the sentence that
    says why nothing, and its seconds."""

    place: int
    result: object
    failure: str
    seconds: float


def run(
    function: Callable,
    jobs: Sequence[tuple],
    on: str = "",
    workers: int = 2,
    threads: int | None = None,
) -> Iterator[Outcome]:
    """Call function(*job) for each job; their outcomes as they end.

    on: "" in this process, one after the other; "local" on `workers` processes of this
    machine; "slurm" on as many jobs of the cluster; or a file with a host on each line,
    reached by SSH, the first of which also gives out the jobs. threads: of each job, on
    which the last bits of what is learned depend; all cores, shared out among the
    workers of a machine, where none is given. CourseError where that can't be had.
    """
    if not on:
        for place, job in enumerate(jobs):
            yield _called(place, function, job, threads, {})
        return
    carried = {name: os.environ[name] for name in CARRIED if name in os.environ}
    if threads is None:
        threads = max(1, cores() // workers) if on == "local" else 0
    with _cluster(on, workers, threads) as client:
        from distributed import as_completed

        futures = {
            client.submit(
                _called,
                *(place, function, job, threads or None, carried),
                key=f"job-{place}",
                pure=False,
                priority=-place,
            ): place
            for place, job in enumerate(jobs)
        }
        for future in as_completed(futures, loop=client.loop):
            if future.status == "finished":
                yield future.result()
            else:
                yield Outcome(futures[future], None, _lost(future.exception()), 0.0)


def results(function: Callable, jobs: Sequence[tuple], **how) -> list:
    """What each job gives, in the jobs' order. CourseError with the first sentence
    where any of them failed, after the others have ended.

    how: see `run`; by default what the environment says in ON, WORKERS and THREADS, as
    in `ON=local python -m benchmarks.remedies`.
    """
    how = how or asked(os.environ)
    if not how["on"]:  # an error here has its whole trace
        with _threads(how.get("threads")):
            return [function(*job) for job in jobs]
    done = sorted(run(function, jobs, **how), key=lambda one: one.place)
    for one in done:
        if one.failure:
            raise CourseError(f"{function.__name__}{jobs[one.place]}: {one.failure}")
    return [one.result for one in done]


def asked(given) -> dict:
    """The arguments of `run` that ON, WORKERS and THREADS mean; CourseError for what
    means nothing."""
    from helpers.study.plan import one_number

    return {
        "on": known(given.get("ON") or ""),
        "workers": one_number("WORKERS", given.get("WORKERS") or "") or 2,
        "threads": one_number("THREADS", given.get("THREADS") or ""),
    }


def known(on: str) -> str:
    """The place that ON= names, a host file with its whole path; CourseError where
    there is none."""
    if on in ("", "local", "slurm"):
        return on
    path = Path(os.environ.get("COURSE_FROM") or os.getcwd(), on)
    if not os.path.isfile(path):
        raise CourseError(
            f"ON={printable(on)} is neither local nor slurm, nor a file that lists a "
            "host on each line: give one of these, or leave ON= out for one process."
        )
    return str(path)


def _called(place, function, job, threads, carried) -> Outcome:
    """The job, where it runs."""
    began = time.perf_counter()
    os.environ.update(carried)
    _take_a_gpu()
    try:
        with _threads(threads):
            result, failure = function(*job), ""
    except CourseError as error:
        result, failure = None, str(error)
    except Exception as error:
        lines = str(error).strip().splitlines()
        said = f": {lines[0]}" if lines else ""
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f" (line {last.lineno} of {Path(last.filename).name})"
        result, failure = None, f"{type(error).__name__}{said}{where}"
    return Outcome(place, result, failure, time.perf_counter() - began)


def _take_a_gpu() -> None:
    """Of several GPUs of a machine each of its workers takes one."""
    if "distributed" not in sys.modules:
        return
    import torch
    from distributed import get_worker

    try:
        name = get_worker().name
    except ValueError:  # no worker, but the process that asks
        return
    if isinstance(name, int) and (number := torch.cuda.device_count()) > 1:
        torch.cuda.set_device(name % number)


@contextlib.contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """A fixed number of threads for PyTorch; they change the last bits."""
    if number is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _lost(error: Exception) -> str:
    if type(error).__name__ == "KilledWorker":
        return (
            f"The job's process ended {TRIES} times without a word, most often because "
            "memory ran out: take fewer WORKERS=."
        )
    return f"{type(error).__name__}: {error}".splitlines()[0]


@contextlib.contextmanager
def _cluster(on: str, workers: int, threads: int):
    """A client of the cluster that `on` names, closed in the end."""
    dask, distributed = _needed("dask"), _needed("distributed")
    quiet = {
        # A daemon may start no process of its own, as drawing and packing do.
        "distributed.worker.daemon": False,
        "distributed.scheduler.allowed-failures": TRIES - 1,
        "distributed.comm.timeouts.connect": "60s",
        # A job holds its process for minutes, and that is no reason to give it up.
        "distributed.scheduler.worker-ttl": None,
        "distributed.admin.tick.limit": "1h",
    }
    # A process that is slow to close is no news.
    logging.getLogger("distributed.nanny").setLevel(logging.CRITICAL)
    with dask.config.set(quiet):
        with _started(distributed, on, workers, threads) as cluster:
            with distributed.Client(cluster, set_as_default=False) as client:
                yield client


def _started(distributed, on: str, workers: int, threads: int):
    if on == "local":
        _import_once(distributed)
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            dashboard_address=None,
            env={"OMP_NUM_THREADS": str(threads)},
        )
    if on == "slurm":
        slurm = _needed("dask_jobqueue").SLURMCluster
        try:
            cluster = slurm(
                processes=1,
                worker_extra_args=["--nthreads", "1"],
                job_script_prologue=["export DASK_DISTRIBUTED__WORKER__DAEMON=False"],
            )
        except ValueError:
            raise CourseError(
                "ON=slurm needs to know what a job may take: write cores, memory and "
                "the queue into ~/.config/dask/jobqueue.yaml, as Dask-Jobqueue's pages "
                "say."
            ) from None
        cluster.scale(jobs=workers)
        return cluster
    hosts = [line.strip() for line in Path(on).read_text().splitlines()]
    hosts = [line for line in hosts if line and not line.startswith("#")]
    if not hosts:
        raise CourseError(
            f"{printable(on)} lists no host: write one on each line, the one that "
            "gives out the jobs first."
        )
    _needed("asyncssh")
    return distributed.SSHCluster(
        [hosts[0], *hosts],
        worker_options={"nthreads": 1, "n_workers": 1},
        remote_python=sys.executable,
    )


def _import_once(distributed) -> None:
    """Where the system can fork, the workers are copies of one process that has
    imported the libraries, and never the course's own code."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    importlib.import_module("dask").config.set(
        {"distributed.worker.multiprocessing-method": "forkserver"}
    )
    context = distributed.utils.get_mp_context()  # it sets what is imported once
    context.set_forkserver_preload(["distributed", *LIBRARIES])


def _needed(package: str):
    try:
        return importlib.import_module(package)
    except ImportError:
        how = {
            "dask_jobqueue": "pip install -e '.[cluster]'",
            "asyncssh": "pip install -e '.[cluster]'",
        }.get(package, "pip install -r requirements-study.txt")
        raise CourseError(
            f"ON= needs the package {package}, which is not installed here: run "
            f"{how} in the course's folder, or leave ON= out for one process."
        ) from None
