"""Frames decoded once, on all cores, into memory-mapped arrays in the store."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from helpers import store
from helpers.errors import CourseError
from helpers.frames.bad import Bad, split_address
from helpers.frames.cholecseg8k import colour_mask
from helpers.frames.decoding import decoded
from helpers.progress import progress
from helpers.settings import store_folder

# The arrays of a packed folder: their dtype, and what follows N, height and width in
# their shape.
_ARRAYS = {
    "images": (np.uint8, (3,)),
    "blood": (np.bool_, ()),
    "valid": (np.bool_, ()),
    "classes": (np.uint8, ()),
    "fill": (np.bool_, ()),
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(eq=False)
class Packed:
    """Frames at the working size: row i of every array is row i of the table (index 0,
    1, 2 and so on).

    table: the frame table of these N frames. rows: int64 N, their places in the arrays
    on disk. place: the store folder of those arrays. skipped: a sentence for each bad
    frame that was left out. images uint8 NxHxWx3 RGB, blood bool NxHxW, valid bool
    NxHxW, classes uint8 NxHxW (UNKNOWN = 255) and fill bool NxHxW (see `fit`) are
    read-only and opened on first use: a neighbouring run of frames stays on disk, any
    other selection is copied into memory once.
    """

    table: pd.DataFrame
    rows: np.ndarray
    place: Path
    skipped: list[str] = field(default_factory=list)
    made_of: str = ""

    @cached_property
    def images(self) -> np.ndarray:
        return self._array("images")

    @cached_property
    def blood(self) -> np.ndarray:
        return self._array("blood")

    @cached_property
    def valid(self) -> np.ndarray:
        return self._array("valid")

    @cached_property
    def classes(self) -> np.ndarray:
        return self._array("classes")

    @cached_property
    def fill(self) -> np.ndarray:
        return self._array("fill")

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of these frames' pixels and labels, the same wherever
        and whenever packed.
        """
        if self.made_of:
            return self.made_of
        content = json.loads((self.place / "about.json").read_text())["digests"]
        return hashlib.sha256(
            " ".join(content[row] for row in self.rows).encode()
        ).hexdigest()[:16]

    def of(self, *splits: str) -> "Packed":
        """The frames of one or several splits."""
        return self.where(self.table["split"].isin(splits))

    def where(self, chosen: np.ndarray | pd.Series) -> "Packed":
        """The frames at which a bool array of length N is True."""
        chosen = np.asarray(chosen)
        if chosen.dtype != bool or chosen.shape != self.rows.shape:
            raise ValueError(
                f"where() takes {len(self)} truth values, one per frame, not "
                f"{chosen.dtype} {chosen.shape}"
            )
        return Packed(
            self.table[chosen].reset_index(drop=True),
            self.rows[chosen],
            self.place,
            self.skipped,
        )

    def take(self, positions: np.ndarray) -> tuple[np.ndarray, ...]:
        """(images, blood, valid, classes, fill) of a few frames by position, and
        nothing else read from disk.
        """
        return tuple(_open(self.place, name)[self.rows[positions]] for name in _ARRAYS)

    def __len__(self) -> int:
        return len(self.rows)

    def __getstate__(self) -> dict:
        return {
            name: value for name, value in self.__dict__.items() if name not in _ARRAYS
        }

    def _array(self, name: str) -> np.ndarray:
        values, rows = _open(self.place, name), self.rows
        if len(rows) and (np.diff(rows) == 1).all():
            return values[rows[0] : rows[-1] + 1]
        picked = values[rows]
        picked.flags.writeable = False
        return picked


def joined(first: Packed, second: Packed, times: int = 1) -> Packed:
    """The first frames and, so many times, the second ones, in memory: to be trained
    on, not selected from.
    """
    parts = [first, *[second] * times]
    table = pd.concat([part.table for part in parts], ignore_index=True)
    made_of = hashlib.sha256(
        " ".join(part.digest for part in parts).encode()
    ).hexdigest()[:16]
    whole = Packed(table, np.arange(len(table)), first.place, made_of=made_of)
    whole.__dict__.update(
        {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in _ARRAYS
        }
    )
    return whole


def pack(
    table: pd.DataFrame,
    size: tuple[int, int],
    keep_aspect: bool = True,
    on_bad: str = "stop",
    folder: str | Path | None = None,
    workers: int | None = None,
) -> Packed:
    """The table's frames at size (height, width), found in the store or decoded into it
    (see `fit`).

    on_bad: "stop" raises CourseError at the first bad frame, "skip" leaves such frames
    out and names them in Packed.skipped. folder: where packed folders are kept, the
    course's store by default. workers: processes to decode in, by default one for each
    core; the result is the same for any number.
    The same files (names, sizes, times of change) at the same size are found again,
    whatever the table's order or splits. Raises CourseError too when no frame is left,
    or the disk is full; nothing half-written stays.
    """
    bad = Bad(on_bad)
    if table.empty:
        raise CourseError(
            "The frame table is empty, so there is nothing to pack: index a folder "
            "that holds frames."
        )
    frames = (
        table[["dataset", "image", "mask"]]
        .drop_duplicates()
        .sort_values(["dataset", "image", "mask"])
    )
    keys = list(frames.itertuples(index=False, name=None))
    what = dict(
        frames=_fingerprint(keys),
        size=list(size),
        keep_aspect=bool(keep_aspect),
        arrays=list(_ARRAYS),
        code=store.code("frames/decoding"),
    )
    place = (Path(folder) if folder else store_folder() / "frames") / store.key(**what)
    if not place.exists():
        stream = decoded(keys, tuple(size), keep_aspect, workers)
        try:
            store.write_folder(
                place,
                lambda draft: _write(draft, stream, len(keys), tuple(size), on_bad),
            )
        except OSError as error:
            raise _unwritable(place, error) from error
        finally:
            stream.close()  # ends the workers at once when a frame was bad
    left_out = {
        int(row): sentence
        for row, sentence in json.loads((place / "about.json").read_text())[
            "skipped"
        ].items()
    }
    for row in sorted(left_out):
        bad.add(left_out[row])
    row_of = {key: row for row, key in enumerate(keys)}
    rows = np.array(
        [
            row_of[key]
            for key in table[["dataset", "image", "mask"]].itertuples(
                index=False, name=None
            )
        ],
        np.int64,
    )
    kept = ~np.isin(rows, list(left_out))
    if not kept.any():
        raise CourseError(
            f"None of the {len(rows)} frames can be read; the first reason: "
            f"{bad.sentences[0]}"
        )
    return Packed(table[kept].reset_index(drop=True), rows[kept], place, bad.sentences)


def _fingerprint(keys: list[tuple[str, str, str]]) -> str:
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
    try:
        base = os.path.commonpath(
            [os.path.dirname(os.path.abspath(disk)) for disk in stats]
        )
        relative = {
            disk: Path(os.path.relpath(os.path.abspath(disk), base)).as_posix()
            for disk in stats
        }
    except ValueError:  # on Windows, drives have no folder in common
        relative = {disk: disk for disk in stats}
    digest = hashlib.sha256()
    for dataset, sources in lines:
        for source, about in sources:
            disk, _, member = split_address(source)
            digest.update(f"{dataset}|{relative[disk]}|{member}|{about}\n".encode())
    return digest.hexdigest()


def _write(
    draft: Path,
    stream: Iterator[tuple | str],
    count: int,
    size: tuple[int, int],
    on_bad: str,
) -> None:
    """Write the five arrays frame by frame, a bad frame's place left empty, and
    about.json.

    Written, not mapped: on a full disk a write ends in an error that can be told, a
    mapped page kills the process.
    """
    height, width = size
    need = count * height * width * 7
    if shutil.disk_usage(draft).free < need:
        raise OSError(errno.ENOSPC, f"{need / 1e6:.0f} MB are needed")
    bad, skipped, digests = Bad(on_bad), {}, []
    blank = tuple(
        np.zeros((height, width, *more), dtype) for dtype, more in _ARRAYS.values()
    )
    files: list[BinaryIO] = []
    try:
        for name, (dtype, more) in _ARRAYS.items():
            files.append((draft / f"{name}.npy").open("wb"))
            header = {
                "descr": np.dtype(dtype).str,
                "fortran_order": False,
                "shape": (count, height, width, *more),
            }
            np.lib.format.write_array_header_1_0(files[-1], header)
        for row, frame in enumerate(
            progress(stream, f"Decoding {count} frames", total=count)
        ):
            if isinstance(frame, str):
                bad.add(frame)
                skipped[row], frame = frame, blank
            digest = hashlib.sha256()
            for file, array in zip(files, frame):
                content = array.tobytes()
                file.write(content)
                digest.update(content)
            digests.append(digest.hexdigest()[:16])
    finally:
        for file in files:
            file.close()
    (draft / "about.json").write_text(
        json.dumps({"skipped": skipped, "digests": digests})
    )


def _unwritable(place: Path, error: OSError) -> CourseError:
    cause = (
        "the disk is full"
        if error.errno in _FULL
        else (error.strerror or str(error)).lower()
    )
    return CourseError(
        f"{place.parent} can't take the packed frames ({cause}): "
        "free some space, or name a folder on another disk with COURSE_STORE."
    )


def _open(place: Path, name: str) -> np.ndarray:
    return np.load(place / f"{name}.npy", mmap_mode="r")
