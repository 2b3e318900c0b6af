"""Reading surgery: from a folder on disk to one frame table, and from its rows to
(image, blood, valid, classes). Here frames are decoded once, on all cores, into
memory-mapped arrays in the store, and split by subject: every frame of a pig or a
patient stands on one side.

>>> table = split_source(index("data/hemoset").table, seed=0)
>>> train = pack(table, size=(96, 128)).of("train")
>>> image, blood, valid, classes = read(table.iloc[0])

What is bad ends in one CourseError.
"""

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

from helpers import CourseError, store
from helpers.frames import reading
from helpers.frames.reading import CLASSES, UNKNOWN, fit, fitted, read
from helpers.frames.table import COLUMNS, RELEASED, begins_in, index, layout
from helpers.settings import progress

# Of each array its dtype, and what follows N, height and width in its shape.
ARRAYS = {
    "images": (np.uint8, (3,)),
    "blood": (np.bool_, ()),
    "valid": (np.bool_, ()),
    "classes": (np.uint8, ()),
    "fill": (np.bool_, ()),
    "view": (np.bool_, ()),
}
SURROUND = 12  # of 255 levels: a surround is black but for compression's traces
# Of a typical frame. Blood covers 5 to 7 % of the published frames where there is any.
MOST_MARKED = 0.5
_TEST_SHARE, _VAL_SHARE, _TARGET_VAL_SHARE = 0.3, 0.2, 0.3


@dataclass(eq=False)
class Packed:
    """Frames at the working size: row i of every array is row i of the table (index 0,
    1, 2 and so on).

    table: the frame table of these N frames. rows: int64 N, their places in the arrays
    on disk. place: the store folder of those arrays. skipped: a sentence for each bad
    frame that was left out. images uint8 NxHxWx3 RGB, blood bool NxHxW, valid bool
    NxHxW, classes uint8 NxHxW (UNKNOWN = 255), fill bool NxHxW (see `fit`) and view
    bool NxHxW (see `visible`) are read-only and opened on first use: a neighbouring run
    of frames stays on disk, any other selection is copied into memory once.
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
    (see `fit`), whatever their splits.

    on_bad: "stop" raises CourseError at the first bad frame, "skip" leaves such frames
    out and names them in Packed.skipped. Raises CourseError too when no frame is left,
    the masks of one's own frames are probably inverted, or the disk is full.
    """
    if table.empty:
        raise CourseError("The frame table is empty: index a folder that holds frames.")
    table = table.reset_index(drop=True)
    what = dict(frames=_fingerprint(table), size=list(size))
    write = lambda draft: _write(draft, table, size, on_bad)  # noqa: E731
    place = store.entry("frames", what, write, _write)
    bad = json.loads((place / "about.json").read_text())["skipped"]
    skipped = [*bad.values()]
    none = f"None of the {len(table)} frames can be read; the first reason: "
    if skipped and (on_bad == "stop" or len(bad) == len(table)):
        raise CourseError((none if on_bad == "skip" else "") + skipped[0])
    whole = Packed(table, np.arange(len(table)), place, skipped)
    return whole.where(~table.index.isin([*map(int, bad)]))


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


def _write(
    draft: Path, frames: pd.DataFrame, size: tuple[int, int], on_bad: str
) -> None:
    """Decode frames into the arrays, a bad frame's place left empty, and write
    about.json: who was skipped, and each frame's digest.
    """
    need = len(frames) * size[0] * size[1] * 8
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

    def decode(row: int, one: dict[str, str]) -> str:
        try:
            frame = reading.fit(*reading.read(one), size)
        except reading.BadFrame as error:
            if on_bad == "stop":
                raise
            skipped[row] = str(error)
            return ""
        view = visible(frame[0], frame[2])
        for array, one in zip(arrays, (*frame, view)):
            array[row] = one
        return hashlib.sha256(b"".join(one.tobytes() for one in frame)).hexdigest()[:16]

    with ThreadPoolExecutor() as pool:  # Pillow, OpenCV and NumPy let others run
        found = pool.map(decode, frames.index, frames.to_dict("records"))
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
                f"blood (most in {reading.named(most)}): swap the two values of "
                "inverted masks, and give masks of the blood alone."
            )


def _fingerprint(frames: pd.DataFrame) -> str:
    """A hash of what frames are made from: names, sizes, times of change."""
    masks = [*frames["mask"]]
    addresses = [*frames["image"], *masks, *map(reading.colour_mask, masks)]
    disks = sorted({reading.split_address(one)[0] for one in addresses})
    about = [os.stat(disk) for disk in disks if os.path.exists(disk)]
    when = [(one.st_size, one.st_mtime_ns) for one in about]
    return _hashed(f"{[*frames['dataset']]} {addresses} {disks} {when}")


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


# -- splits ----------------------------------------------------------------------------


def split_source(
    table: pd.DataFrame, seed: int, fold: int | None = None, folds: int = 5
) -> pd.DataFrame:
    """A copy of the table with `split` filled by subject: train, id_val, id_test.

    fold=None: one split, about 30 % of the subjects to id_test and 20 % to id_val.
    fold=k: fold k's subjects are id_test, the next fold's id_val, the rest train, so
    that over all folds each subject is tested once. Subjects are drawn in strata of
    frame count, so that no side gets only the small ones. Raises CourseError with fewer
    than 3 subjects, or a fold that can't be.
    """
    counts = table["subject"].value_counts()
    # From most frames to fewest; equal ones by name.
    subjects = sorted(counts.index, key=lambda subject: (-counts[subject], subject))
    random = np.random.default_rng([abs(int(seed)), 1])
    if len(subjects) < 3:
        names = ", ".join(subjects) or "none"
        raise CourseError(
            "The frames come from too few subjects to train, validate and test on "
            f"different ones ({names}): it takes at least 3, said in subjects.csv or "
            "by a subfolder for each."
        )
    if fold is None:
        test = _one_of_each(subjects, _TEST_SHARE * len(subjects), random)
        rest = [subject for subject in subjects if subject not in test]
        val = _one_of_each(rest, _VAL_SHARE * len(subjects), random)
    else:
        if not 3 <= folds <= len(subjects) or not 0 <= fold < folds:
            raise CourseError(
                f"There is no fold {fold} of {folds} over {len(subjects)} subjects: "
                f"ask for 3 to {len(subjects)} folds, counted from 0."
            )
        # Each stratum of `folds` neighbouring sizes is dealt out, one to each fold.
        dealt = [random.permutation(folds) for _ in subjects[::folds]]
        of_fold = dict(zip(subjects, np.concatenate(dealt)))
        test = {who for who, one in of_fold.items() if one == fold}
        val = {who for who, one in of_fold.items() if one == (fold + 1) % folds}
    side = dict.fromkeys(subjects, "train")
    side |= dict.fromkeys(val, "id_val") | dict.fromkeys(test, "id_test")
    return table.assign(split=table["subject"].map(side))


def _one_of_each(
    subjects: list[str], number: float, random: np.random.Generator
) -> set[str]:
    """One subject at random of each of `number` strata (at least one) of neighbouring
    size.
    """
    strata = np.array_split(np.array(subjects, dtype=object), max(1, round(number)))
    return {str(random.choice(stratum)) for stratum in strata}


def split_target(
    table: pd.DataFrame,
    seed: int,
    blood_subjects: tuple[str, ...] = ("video01",),
    wished: bool = False,
) -> pd.DataFrame:
    """The table with `split` filled by subject: ood_val, ood_test, or if wished
    ood_wished_val, ood_wished.

    blood_subjects: the subjects known to have blood; fewer than 3 are too few to divide
    and go to the test. Of the others about 30 % go to validation. Who goes where
    depends on names and seed alone, so that the wished-for benchmark, given the same
    blood_subjects, has the same patients on the same sides.
    """
    test, val = ("ood_wished", "ood_wished_val") if wished else ("ood_test", "ood_val")
    subjects = set(table["subject"])
    bleeding = subjects & {*blood_subjects}
    side = dict.fromkeys(subjects, test)
    for group in (subjects - bleeding, bleeding if len(bleeding) >= 3 else ()):
        by_lot = sorted(group, key=lambda who: _hashed(f"{int(seed)} {who}"))
        side |= dict.fromkeys(by_lot[: round(_TARGET_VAL_SHARE * len(group))], val)
    return table.assign(split=table["subject"].map(side))
