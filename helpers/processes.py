"""Processes that share a long task: they run the code that this one runs, and none
outlives it.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection

import cv2

from helpers import store


def cores() -> int:
    """The cores that this process may use: a container or a scheduler may lend fewer
    than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def pool(workers: int, *tasks: Callable) -> ProcessPoolExecutor:
    """A pool for some functions of the course.

    The processes are fresh ones, not forked: a fork under a running thread pool (torch,
    OpenCV, Jupyter) can hang. Where they can't start, or would run other code since a
    file was edited meanwhile, BrokenProcessPool is raised: the caller goes on alone.
    """
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, _begin, (tasks, _code(tasks)))


def _code(tasks: tuple[Callable, ...]) -> str:
    return store.made_by(*tasks)["code"]


def _begin(tasks: tuple[Callable, ...], code: str) -> None:
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if _code(tasks) != code:
        os._exit(1)


def _end_with_parent() -> None:
    """Killed, a parent can't tell its processes to end: each waits for its end."""
    connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
