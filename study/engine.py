"""A function called for each of many jobs: in this process, on several of this machine,
or on the workers of a Dask scheduler that is there already.

>>> sorted(result for _, result, *_ in run(abs, [(-4,), (6,)], on="local"))
[4, 6]
"""

import logging
import multiprocessing
import os
import time
import traceback
from collections.abc import Iterator

import torch

from helpers import CourseError
from helpers.settings import cores


def run(function, jobs, on="", workers=2, threads=None) -> Iterator[tuple]:
    """Call function(*job) for each of a list of jobs. As they end: a job's place in the
    list, what it gave, the sentence that says why it gave nothing, its seconds.

    A job that fails stops no other, and one whose process is killed is begun again.
    on: "" for this process, "local" for `workers` processes of this machine, or a Dask
    scheduler's address (CourseError where none answers). threads: of each job, on which
    the last bits of what is learned depend; else all cores, shared out.
    """
    if not on:
        for place, job in enumerate(jobs):
            yield place, *_called(function, job, threads or torch.get_num_threads())
        return
    gpus = ""
    if on == "local":
        threads = threads or max(1, cores() // workers)
        every = ",".join(map(str, range(torch.cuda.device_count())))
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES", every)
    with _client(on, workers) as client:
        from distributed import as_completed

        futures = {}
        for place, job in enumerate(jobs):
            call = (_called, function, job, threads, gpus)
            futures[client.submit(*call, pure=False, priority=-place)] = place
        for future in as_completed(futures):
            if future.status == "finished":
                yield futures[future], *future.result()
            else:  # its process was killed, again and again
                why = f"{future.exception()} If memory ran out, take fewer WORKERS=."
                yield futures[future], None, why, 0.0


def _called(function, job: tuple, threads: int | None, gpus: str = "") -> tuple:
    """The job, where it runs. gpus: each process of a machine takes its own of them."""
    if gpus:
        from distributed import get_worker

        each = gpus.split(",")
        os.environ["CUDA_VISIBLE_DEVICES"] = each[get_worker().name % len(each)]
    result, failure = None, ""
    began, before = time.perf_counter(), torch.get_num_threads()
    torch.set_num_threads(threads or cores())
    try:
        result = function(*job)
    except CourseError as error:
        failure = str(error)
    except Exception as error:
        traceback.print_exc()
        failure = f"{type(error).__name__}: {error}".splitlines()[0]
    torch.set_num_threads(before)
    return result, failure, time.perf_counter() - began


def _client(on: str, workers: int):
    """Dask's client of the processes that `on` names."""
    import dask
    from distributed import Client, utils

    # A job waits with the scheduler, so that no killed process takes it along.
    dask.config.set({"distributed.scheduler.worker-saturation": 1.0})
    if "forkserver" in multiprocessing.get_all_start_methods():
        # What takes long to import is imported once.
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
        utils.get_mp_context().set_forkserver_preload(["study.jobs"])
    local = dict(n_workers=workers, threads_per_worker=1, memory_limit=0)
    quiet = dict(dashboard_address=None, silence_logs=logging.CRITICAL)
    try:
        if on == "local":
            return Client(**local, **quiet, env=dict(os.environ))
        return Client(on)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"ON={on}: no Dask scheduler answers there ({error}): give local, or the "
            "address that `dask scheduler` prints, such as tcp://host:8786."
        ) from error
