"""Frames decoded once, on all cores, into memory-mapped arrays in the store."""

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from helpers import store
from helpers.errors import CourseError
from helpers.frames.reading import (
    Bad,
    BadFrame,
    colour_mask,
    fit,
    named,
    read_with_classes,
    split_address,
)
from helpers.frames.table import RELEASED
from helpers.progress import progress

# Of each array its dtype, and what follows N, height and width in its shape.
ARRAYS = {
    "images": (np.uint8, (3,)),
    "blood": (np.bool_, ()),
    "valid": (np.bool_, ()),
    "classes": (np.uint8, ()),
    "fill": (np.bool_, ()),
}
_KEY = ["dataset", "image", "mask"]

MOST_MARKED = 0.5
"""The share of a data set's typical (median) frame above which its masks are taken for
inverted ones. Blood covers 5 to 7 % of the published data sets' frames where there is
any.
"""


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

    def __getattr__(self, name: str) -> np.ndarray:  # asked for the first time
        if name not in ARRAYS:
            raise AttributeError(name)
        values, rows = np.load(self.place / f"{name}.npy", mmap_mode="r"), self.rows
        together = len(rows) and (np.diff(rows) == 1).all()
        found = values[rows[0] : rows[-1] + 1] if together else values[rows]
        found.flags.writeable = False
        self.__dict__[name] = found
        return found

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of these frames' pixels and labels, the same wherever
        and whenever packed.
        """
        if self.made_of:
            return self.made_of
        digests = json.loads((self.place / "about.json").read_text())["digests"]
        return _hashed(" ".join(digests[row] for row in self.rows))

    def of(self, *splits: str) -> "Packed":
        """The frames of one or several splits."""
        return self.where(self.table["split"].isin(splits))

    def where(self, chosen: np.ndarray | pd.Series) -> "Packed":
        """The frames at which a bool array of length N is True."""
        chosen = np.asarray(chosen, bool)
        table = self.table[chosen].reset_index(drop=True)
        return Packed(table, self.rows[chosen], self.place, self.skipped)

    @property
    def view(self) -> np.ndarray:
        """`visible` of these frames (bool NxHxW), found once and kept in the store."""

        def save(valid: np.ndarray, folder: Path) -> None:
            path, shape = folder / "views.npy", valid.shape  # more than memory holds
            seen = np.lib.format.open_memmap(path, "w+", bool, shape)
            views(self.images, valid, seen)
            seen.flush()

        return store.keep(
            "views",
            dict(frames=self.digest),
            lambda: self.valid,
            save,
            lambda folder: np.load(folder / "views.npy", mmap_mode="r"),
        )

    def __len__(self) -> int:
        return len(self.rows)


def joined(first: Packed, second: Packed, times: int = 1) -> Packed:
    """The first frames and, so many times, the second ones, in memory: to be trained
    on, not selected from.
    """
    parts = [first, *[second] * times]
    table = pd.concat([part.table for part in parts], ignore_index=True)
    made_of = _hashed(" ".join(part.digest for part in parts))
    whole = Packed(table, np.arange(len(table)), first.place, made_of=made_of)
    for name in ARRAYS:
        whole.__dict__[name] = np.concatenate([getattr(part, name) for part in parts])
    return whole


def pack(table: pd.DataFrame, size: tuple[int, int], on_bad: str = "stop") -> Packed:
    """The table's frames at size (height, width), found in the store or decoded into it
    (see `fit`).

    on_bad: "stop" raises CourseError at the first bad frame, "skip" leaves such frames
    out and names them in Packed.skipped. The same files (names, sizes, times of change)
    at the same size are found again, whatever the table's order or splits. Raises
    CourseError too when no frame is left, when the masks of one's own frames are
    probably inverted, or the disk is full; nothing half-written stays.
    """
    bad = Bad(on_bad)
    if table.empty:
        raise CourseError("The frame table is empty: index a folder that holds frames.")
    frames = table[_KEY].drop_duplicates().sort_values(_KEY, ignore_index=True)
    what = dict(frames=_fingerprint(frames), size=list(size))
    place = store.entry(
        "frames", what, lambda draft: _write(draft, frames, size, on_bad), _write
    )
    skipped = json.loads((place / "about.json").read_text())["skipped"]
    for said in skipped.values():
        bad.add(CourseError(said))
    rows = table[_KEY].merge(frames.reset_index(), how="left", on=_KEY)["index"]
    kept = ~rows.isin(map(int, skipped)).to_numpy()
    if not kept.any():
        raise CourseError(
            f"None of the {len(table)} frames can be read; the first reason: {bad[0]}"
        )
    table = table[kept].reset_index(drop=True)
    return Packed(table, rows.to_numpy()[kept], place, bad)


SURROUND = 12  # of 255 levels: a surround is black but for compression's traces


def visible(image: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The pixels that show something (bool HxW): not padding, and not the black
    surround of a round view.

    image: HxWx3, float in 0..1 or uint8. The surround is what is black, or not valid,
    and reaches the frame's edge.
    """
    red, green, blue = cv2.split(image)
    brightest = cv2.max(cv2.max(red, green), blue)
    # Levels of 0 to 255 against a threshold of 0 to 1 would find no surround at all.
    black = brightest <= (SURROUND if image.dtype == np.uint8 else SURROUND / 255)
    dark = (black | ~valid).astype(np.uint8)
    count, parts = cv2.connectedComponents(dark, connectivity=4)
    edge = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    reaches = np.zeros(count, bool)
    reaches[edge] = True
    reaches[0] = False  # what is not dark
    return ~reaches[parts]


def views(images: np.ndarray, valid: np.ndarray, into=None) -> np.ndarray:
    """`visible` of N frames: bool NxHxW from images (uint8 NxHxWx3) and valid
    (NxHxW)."""
    seen = np.empty(valid.shape, bool) if into is None else into
    for place, (image, known) in enumerate(zip(images, valid, strict=True)):
        seen[place] = visible(image, known)
    return seen


def _write(
    draft: Path, frames: pd.DataFrame, size: tuple[int, int], on_bad: str
) -> None:
    """Decode frames into the five arrays, a bad frame's place left empty, and write
    about.json: who was skipped, and each frame's digest.
    """
    need = len(frames) * size[0] * size[1] * 7
    if shutil.disk_usage(draft).free < need:  # a mapped page can't say so
        raise CourseError(
            f"{draft.parent} needs {need / 1e6:.0f} MB and the disk is full: free some "
            "space, or name another folder with COURSE_STORE."
        )
    arrays = [
        np.lib.format.open_memmap(
            draft / f"{name}.npy", "w+", dtype, (len(frames), *size, *more)
        )
        for name, (dtype, more) in ARRAYS.items()
    ]
    skipped = {}

    def decode(row) -> str:
        try:
            frame = fit(*read_with_classes(row), size)
        except BadFrame as error:
            if on_bad == "stop":
                raise
            skipped[row.Index] = str(error)
            return ""
        digest = hashlib.sha256()
        for array, one in zip(arrays, frame):
            array[row.Index] = one
            digest.update(one)
        return digest.hexdigest()[:16]

    with ThreadPoolExecutor() as pool:  # Pillow, OpenCV and NumPy let others run
        found = pool.map(decode, frames.itertuples())
        digests = [*progress(found, f"Decoding {len(frames)} frames", len(frames))]
    _check_inverted(frames.drop(index=[*skipped]), *arrays[1:3])
    for array in arrays:
        array.flush()
    about = {"digests": digests, "skipped": dict(sorted(skipped.items()))}
    (draft / "about.json").write_text(json.dumps(about))


def _check_inverted(frames: pd.DataFrame, blood: np.ndarray, valid: np.ndarray) -> None:
    """Raises CourseError when the masks of a whole data set of one's own are probably
    inverted. frames: the rows of the arrays that could be read."""
    for dataset, own in frames.groupby("dataset"):
        marked = [blood[row].sum() / valid[row].sum() for row in own.index]
        if dataset not in RELEASED and np.median(marked) > MOST_MARKED:
            most = own["mask"].iloc[int(np.argmax(marked))]
            raise CourseError(
                f"{dataset} marks {np.median(marked):.0%} of its typical frame as "
                f"blood (most in {named(most)}): swap the two values of inverted masks"
                ", and give masks of the blood alone."
            )


def _fingerprint(frames: pd.DataFrame) -> str:
    """A hash of what frames are made from: names relative to their common folder,
    sizes, times of change.
    """
    lines = []
    for row in frames.itertuples():
        for address in (row.image, row.mask, colour_mask(row.mask)):
            disk, member = split_address(os.path.abspath(address))
            about = os.stat(disk) if os.path.exists(disk) else None
            when = (about.st_size, about.st_mtime_ns) if about else None
            lines.append((disk, f"|{member}|{when}|{row.dataset}"))
    base = len(os.path.commonpath([disk for disk, _ in lines]))
    return _hashed("\n".join(disk[base:] + rest for disk, rest in lines))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
