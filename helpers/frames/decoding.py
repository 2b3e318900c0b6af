"""Decoding many frames: in one thread for each core.

Threads and not processes: what takes long (OpenCV, Pillow, NumPy, checksums) lets other
threads run, and a process of its own would import the course before its first frame.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from helpers.errors import CourseError
from helpers.frames.archives import keep_open
from helpers.frames.fitting import fit
from helpers.frames.reading import read_with_classes
from helpers.processes import cores

AHEAD = 4
"""Frames that each thread may be ahead of the reader: memory does not grow with their
number."""


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

    workers: threads, None for one a core. The result doesn't depend on it.
    """
    workers = workers or cores()
    _keep_memory()
    waiting, pending = iter(keys), deque[Future]()
    pool = ThreadPoolExecutor(workers, "decoding", keep_open)
    try:
        while True:
            while len(pending) < AHEAD * workers and (key := next(waiting, None)):
                pending.append(pool.submit(_decode, key, size, keep_aspect))
            if not pending:
                return
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decode(
    key: tuple[str, str, str], size: tuple[int, int], keep_aspect: bool
) -> Frame | str:
    try:
        return fit(*read_with_classes(_Row(*key)), size, keep_aspect)
    except CourseError as error:
        return str(error)


def _keep_memory() -> None:
    """Have the C library keep what a frame's arrays free for the next one's: the size
    of the largest block that was ever freed is what it keeps (glibc, at most 32 MiB).
    Without it, a third of the time goes into pages fetched from the system anew."""
    np.empty(30 * 2**20, np.uint8)  # freed at once, and never written to
