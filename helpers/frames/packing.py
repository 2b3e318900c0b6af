"""Frames decoded once, on all cores, into memory-mapped arrays in the store."""

import contextlib
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import store
from helpers.errors import CourseError
from helpers.frames import arrays, plausible
from helpers.frames.bad import Bad
from helpers.frames.classes import RELEASED
from helpers.frames.decoding import decoded


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
        return tuple(
            arrays.opened(self.place, name)[self.rows[positions]]
            for name in arrays.ARRAYS
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __getstate__(self) -> dict:
        return {
            name: value
            for name, value in self.__dict__.items()
            if name not in arrays.ARRAYS
        }

    def _array(self, name: str) -> np.ndarray:
        values, rows = arrays.opened(self.place, name), self.rows
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
            for name in arrays.ARRAYS
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
    course's store by default. workers: threads to decode in, by default one for each
    core; the result is the same for any number.
    The same files (names, sizes, times of change) at the same size are found again,
    whatever the table's order or splits. Raises CourseError too when no frame is left,
    when the masks of one's own frames are probably inverted, or the disk is full;
    nothing half-written stays.
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
        frames=arrays.fingerprint(keys),
        size=list(size),
        keep_aspect=bool(keep_aspect),
        arrays=list(arrays.ARRAYS),
    )

    def write(draft: Path) -> None:
        with contextlib.closing(
            decoded(keys, tuple(size), keep_aspect, workers)
        ) as stream:  # closed, it ends the threads at once when a frame was bad
            arrays.write(draft, stream, len(keys), tuple(size), on_bad)

    place = store.entry("frames", what, write, decoded, arrays.write, parent=folder)
    about = arrays.about(place, len(keys), tuple(size))
    left_out = about["skipped"]
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
    table, rows = table[kept].reset_index(drop=True), rows[kept]
    marked = about["marked"][rows]
    for dataset in sorted(set(table["dataset"]) - set(RELEASED)):
        own = (table["dataset"] == dataset).to_numpy()
        plausible.judge(table[own], marked[own])
    return Packed(table, rows, place, bad.sentences)
