"""Decoding many frames: in this process, or in one process for each core."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

import numpy as np

from helpers import processes
from helpers.errors import CourseError
from helpers.frames.fitting import fit
from helpers.frames.reading import read_with_classes

FEW = 64
"""Below this many frames starting processes takes longer than decoding does."""

_CHUNK = 16


class _Row(NamedTuple):
    dataset: str
    image: str
    mask: str


Frame = tuple[np.ndarray, ...]


def decoded(
    keys: list[tuple[str, str, str]],
    size: tuple[int, int],
    keep_aspect: bool,
    workers: int | None = None,
) -> Iterator[Frame | str]:
    """Each (dataset, image, mask) as (image, blood, valid, classes, fill) at size, or
    as a bad frame's sentence.

    workers: processes, None for one a core. The result doesn't depend on it.
    """
    workers = workers or _cores()
    done = 0
    # A daemonic process, for instance a data loader's, may have no children.
    if (
        workers > 1
        and len(keys) >= FEW
        and not multiprocessing.current_process().daemon
    ):
        try:
            for frame in _in_processes(keys, size, keep_aspect, workers):
                yield frame
                done += 1
        except BrokenProcessPool:
            # They can't start here (a script without a main guard) or were killed: go
            # on in this one.
            pass
    for key in keys[done:]:
        yield _decode(key, size, keep_aspect)


def _in_processes(
    keys: list, size: tuple[int, int], keep_aspect: bool, workers: int
) -> Iterator[Frame | str]:
    chunks = iter(
        [keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)]
    )
    pool = processes.pool(workers, _decode_all)
    pending: deque[Future] = deque()
    try:
        while True:
            # A few chunks ahead and no more, so that finished frames don't pile up in
            # memory.
            while (
                len(pending) < 2 * workers and (chunk := next(chunks, None)) is not None
            ):
                pending.append(pool.submit(_decode_all, chunk, size, keep_aspect))
            if not pending:
                return
            yield from pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decode_all(
    keys: list, size: tuple[int, int], keep_aspect: bool
) -> list[Frame | str]:
    return [_decode(key, size, keep_aspect) for key in keys]


def _decode(
    key: tuple[str, str, str], size: tuple[int, int], keep_aspect: bool
) -> Frame | str:
    try:
        return fit(*read_with_classes(_Row(*key)), size, keep_aspect)
    except CourseError as error:
        return str(error)


def _cores() -> int:
    # A container or a scheduler may lend fewer cores than the machine has.
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
