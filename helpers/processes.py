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


def pool(workers: int, task: Callable) -> ProcessPoolExecutor:
    """A pool for one function of the course.

    The processes are fresh ones, not forked: a fork under a running thread pool (torch,
    OpenCV, Jupyter) can hang. Where they can't start, or would run other code since a
    file was edited meanwhile, BrokenProcessPool is raised: the caller goes on alone.
    """
    context = multiprocessing.get_context("spawn")
    given = (task, store.made_by(task)["code"])
    return ProcessPoolExecutor(workers, context, _begin, given)


def _begin(task: Callable, code: str) -> None:
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if store.made_by(task)["code"] != code:
        os._exit(1)


def _end_with_parent() -> None:
    """Killed, a parent can't tell its processes to end: each waits for its end."""
    connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
