"""Packed frames on disk: written whole or not at all, found again by a fingerprint,
opened without being read."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from helpers.errors import CourseError
from helpers.frames.bad import Bad, split_address
from helpers.frames.cholecseg8k import colour_mask
from helpers.progress import progress

# The arrays of a packed folder: their dtype, and what follows N, height and width in
# their shape.
ARRAYS = {
    "images": (np.uint8, (3,)),
    "blood": (np.bool_, ()),
    "valid": (np.bool_, ()),
    "classes": (np.uint8, ()),
    "fill": (np.bool_, ()),
}


def fingerprint(keys: list[tuple[str, str, str]]) -> str:
    """A hash of what frames are made from: names relative to their common folder,
    sizes, times of change.
    """
    stats: dict[str, tuple[int, int] | None] = {}
    lines = []
    for dataset, image, mask in keys:
        sources = [image, mask] + (
            [colour_mask(mask)] if dataset == "cholecseg8k" else []
        )
        for disk in {split_address(source)[0] for source in sources} - stats.keys():
            try:
                about = os.stat(disk)
                stats[disk] = (about.st_size, about.st_mtime_ns)
            except OSError:
                stats[disk] = None  # decoding will say that it is gone
        lines.append(
            (dataset, [(source, stats[split_address(source)[0]]) for source in sources])
        )
    whole = {disk: os.path.abspath(disk) for disk in stats}
    try:
        base = os.path.commonpath({os.path.dirname(path) for path in whole.values()})
    except ValueError:  # on Windows, drives have no folder in common
        base = ""
    relative = {
        disk: path[len(base) :].replace(os.sep, "/").lstrip("/")
        for disk, path in whole.items()
    }
    digest = hashlib.sha256()
    for dataset, sources in lines:
        for source, about in sources:
            disk, _, member = split_address(source)
            line = f"{dataset}|{relative[disk]}|{member}|{about}\n"
            digest.update(line.encode(errors="surrogatepass"))
    return digest.hexdigest()


def write(
    draft: Path,
    stream: Iterator[tuple | str],
    count: int,
    size: tuple[int, int],
    on_bad: str,
) -> None:
    """Write the five arrays frame by frame, a bad frame's place left empty, and
    about.json: who was skipped, each frame's digest and share of marked pixels.

    Written, not mapped: on a full disk a write ends in an error that can be told, a
    mapped page kills the process.
    """
    height, width = size
    need = count * height * width * 7
    if shutil.disk_usage(draft).free < need:
        raise OSError(errno.ENOSPC, f"{need / 1e6:.0f} MB are needed")
    bad, skipped, digests, marked = Bad(on_bad), {}, [], []
    blank = tuple(
        np.zeros((height, width, *more), dtype) for dtype, more in ARRAYS.values()
    )
    files: list[BinaryIO] = []
    try:
        for name, (dtype, more) in ARRAYS.items():
            files.append((draft / f"{name}.npy").open("wb"))
            begin(files[-1], dtype, (count, height, width, *more))
        for row, frame in enumerate(
            progress(stream, f"Decoding {count} frames", total=count)
        ):
            if isinstance(frame, str):
                bad.add(frame)
                skipped[row], frame = frame, blank
            digest = hashlib.sha256()
            for file, array in zip(files, frame):
                content = np.ascontiguousarray(array).data
                file.write(content)
                digest.update(content)
            digests.append(digest.hexdigest()[:16])
            known = int(frame[2].sum())
            marked.append(int(frame[1].sum()) / known if known else None)
    finally:
        for file in files:
            file.close()
    (draft / "about.json").write_text(
        json.dumps({"skipped": skipped, "digests": digests, "marked": marked}),
        encoding="utf-8",
    )


def begin(file: BinaryIO, dtype: type, shape: tuple[int, ...]) -> None:
    """Write the head of a .npy file, whose numbers follow it part by part."""
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def write_parts(
    path: Path, dtype: type, shape: tuple[int, ...], parts: Iterable[np.ndarray]
) -> None:
    """An array as a .npy file, from parts along its first axis: never all of it is in
    memory."""
    with path.open("wb") as file:
        begin(file, dtype, shape)
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype).data)


def opened(place: Path, name: str) -> np.ndarray:
    """One of a packed folder's arrays, mapped; CourseError where it is damaged."""
    try:
        array = np.load(place / f"{name}.npy", mmap_mode="r")
    except Exception as error:  # a damaged header ends in one of many errors
        raise _damaged(place, f"{name}.npy") from error
    dtype, more = ARRAYS[name]
    if array.dtype != dtype or array.ndim != 3 + len(more) or array.shape[3:] != more:
        raise _damaged(place, f"{name}.npy")
    return array


def about(place: Path, count: int, size: tuple[int, int]) -> dict:
    """What stands in a packed folder's about.json, once that and the arrays are seen to
    be of `count` frames at size. Raises CourseError where they are not; pixels are not
    read.
    """
    try:
        found = json.loads((place / "about.json").read_text(encoding="utf-8"))
        skipped = {int(row): str(one) for row, one in found["skipped"].items()}
        digests = [str(one) for one in found["digests"]]
        marked = np.array(found["marked"], float)
    except Exception as error:  # whatever is not as `write` wrote it
        raise _damaged(place, "about.json") from error
    whole = len(digests) == count and marked.shape == (count,)
    if not whole or not all(0 <= row < count for row in skipped):
        raise _damaged(place, "about.json")
    for name in ARRAYS:
        if opened(place, name).shape[:3] != (count, *size):
            raise _damaged(place, f"{name}.npy")
    return {"skipped": skipped, "digests": digests, "marked": marked}


def _damaged(place: Path, file: str) -> CourseError:
    return CourseError(
        f"{place / file} is damaged: remove the folder it stands in, and run the same "
        "command again, which packs its frames anew."
    )
