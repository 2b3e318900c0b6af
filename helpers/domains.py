"""Which frames play which role (source, target, the benchmark one would wish for, and
frames that are only looked at), and where they lie.

>>> data = gather(settings.course("smoke"))
>>> data.of("train").images.shape[1:], data.data_of("ood_test")
((64, 96, 3), 'phantom')
"""

import contextlib
import functools
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import phantom
from helpers import CourseError, frames, settings, store
from helpers.settings import Course
from helpers.words import counted, printable

LAYOUTS = {"source": "hemoset", "target": "cholecseg8k"}
CALLED = {"hemoset": "HemoSet", "cholecseg8k": "CholecSeg8k"}
SPLITS = {"source": ("train", "id_val", "id_test"), "target": ("ood_val", "ood_test")}
# Below this many subjects there is no training, validation and test of whole subjects.
LEAST_SUBJECTS = 5
LARGER = 3  # times the working size that a frame is shown at, at most
PHANTOM_NOTE = (
    "drawn (phantom) surgery: it teaches the method and says nothing about patients"
)


@dataclass(frozen=True, eq=False)
class Domains:
    """The frames of one run, packed at the working size, with their splits.

    source: train, id_val, id_test. target: ood_val, ood_test. wished: ood_wished_val,
    ood_wished; None where both domains are real, since nobody has drawn blood into real
    patients. look: real frames too few to train or test on, or None.
    real: the names among "source" and "target" that are real frames. notes, skipped:
    sentences for the reader. public: whether real frames are kept out of pictures.
    """

    source: frames.Packed
    target: frames.Packed
    real: frozenset[str]
    notes: tuple[str, ...]
    skipped: tuple[str, ...]
    wished: frames.Packed | None = None
    look: frames.Packed | None = None
    public: bool = False

    @property
    def kinds(self) -> dict[str, str]:
        """What source and target are: "drawn", a released set's layout, or "own"."""
        real = {role: _kind(getattr(self, role).table) for role in self.real}
        return dict.fromkeys(LAYOUTS, "drawn") | real

    @property
    def data(self) -> str:
        """What results on the target are made from: "real" only where both domains
        are."""
        return "real" if self.real == {*LAYOUTS} else "phantom"

    def data_of(self, split: str) -> str:
        """What a result on one split is made from; a phantom on either side of a
        comparison makes it a phantom's result."""
        return self.data if split in SPLITS["target"] else self.data_of_frame(split)

    def data_of_frame(self, split: str) -> str:
        """Whether the frames of a split, or those to "look" at, are real or drawn,
        whatever the model was trained on."""
        real = any(split in SPLITS[role] for role in self.real)
        return "real" if real or split == "look" else "phantom"

    # A lesson asks for the same split many times, and each selection is a copy.
    @functools.cache  # noqa: B019
    def of(self, split: str) -> frames.Packed:
        """The packed frames of one split."""
        for packed in self._parts:
            if (packed.table["split"] == split).any():
                return packed.of(split)
        raise CourseError(
            f"No frame is in the split '{split}'; lesson 01 lists the splits that this "
            "run has."
        )

    def present(self, *splits: str) -> list[str]:
        """Those of some splits that have frames in this run."""
        there = {split for part in self._parts for split in part.table["split"]}
        return [split for split in splits if split in there]

    @property
    def _parts(self) -> list[frames.Packed]:
        return [one for one in (self.source, self.target, self.wished) if one]

    def picture(self, split: str, row: int) -> np.ndarray:
        """A frame of a split (HxWx3 uint8) as it may be shown."""
        return self.shown(split, np.asarray(self.of(split).images[row]))

    def large(self, split: str, row: int) -> np.ndarray:
        """The same, as large as it was drawn or filmed, but at most LARGER times the
        working size, and a whole number of times (HxWx3 uint8)."""
        packed = self.of(split)
        image, size = frames.read(packed.table.iloc[row])[0], packed.images.shape[1:3]
        finer = max(have / need for have, need in zip(image.shape, size))
        times = max(1, min(LARGER, math.ceil(finer)))
        return self.shown(split, frames.fitted(image, tuple(times * n for n in size)))

    def shown(self, split: str, image: np.ndarray) -> np.ndarray:
        """What may be shown of an image made from a frame of a split, or of one to
        "look" at: itself, or a grey card where a real frame must not be published.
        Whatever draws pixels of a frame goes through here."""
        hidden = self.public and self.data_of_frame(split) == "real"
        return np.full_like(image, 128) if hidden else image


def gather(course: Course, fold: int | None = None) -> Domains:
    """Find or draw, index, split and pack the frames of a run.

    fold: which fold over the source's subjects, None for the profile's single split.
    Raises CourseError when a named folder holds nothing known, a frame is bad and
    on_bad is "stop", or the source never bleeds.
    """
    notes, skipped, look, tables = [], [], [], {}
    folders, unnamed = found(course)
    for role, folder in folders.items():
        if folder is not None:
            table, left_out = frames.index(folder, on_bad=course.on_bad)
            skipped += left_out
            subjects = table["subject"].nunique()
            many = f"{counted(len(table), 'frame')} of {counted(subjects, 'subject')}"
            if subjects >= LEAST_SUBJECTS:
                called = CALLED.get(_kind(table), "")
                what = f"real: {called}" if called else f"your own folder {folder.name}"
                notes.append(f"The {role} is {what}, {many}.")
                tables[role] = table
                continue
            few = f"{printable(folder.name)}: {many} are too few to learn from and be "
            few += f"tested on (it takes {LEAST_SUBJECTS} subjects)"
            if course.own:
                raise CourseError(
                    f"{few}: add frames of others, or say in subjects.csv whose each "
                    "frame is."
                )
            look.append(table)
            notes.append(f"{few}, so they are only looked at.")
        elif course.own:
            raise CourseError(
                f"There is no {role} to go with your own folder: name another with "
                f"{role.upper()}=, or put {LAYOUTS[role]}/ into the data folder."
            )
        notes.append(f"The {role} is {PHANTOM_NOTE}.")
    if unnamed:
        notes.append(
            f"The data folder holds frames of your own ({_listed(unnamed)}) that this "
            "run does not use: name them with SOURCE= or TARGET=."
        )
    real = frozenset(tables)
    for role in LAYOUTS if len(real) == 2 else (*LAYOUTS, "wished"):
        if role not in real:
            tables[role] = frames.index(drawn(course, role)).table
    _check_apart(tables["source"], tables["target"])
    if look:
        tables["look"] = pd.concat(look, ignore_index=True)
    if course.public and (real or look):
        notes.append(
            "This run is meant to be published, so real frames are kept out of its "
            "pictures: a grey card stands where one would be."
        )
    packs = {}
    for role, table in tables.items():
        packed = frames.pack(table, course.size, on_bad=course.on_bad)
        skipped += packed.skipped
        packs[role] = replace(packed, table=_split(course, role, packed, fold))
    said = dict(notes=tuple(notes), skipped=tuple(skipped), public=course.public)
    return Domains(**packs, real=real, **said)


def _kind(table: pd.DataFrame) -> str:
    """The released data set that a table's frames are of, else "own"."""
    one = set(table["dataset"])
    return one.pop() if len(one) == 1 and one <= {*CALLED} else "own"


def drawn(course: Course, role: str) -> Path:
    """The folder with the phantom of a role ("source", "target", "wished"), drawn on
    first use."""
    numbers, high = course.numbers, course.numbers.drawn_height
    what = dict(seed=course.seed, n_frames=numbers.drawn, size=(high, high * 4 // 3))
    if role == "source":
        return kept(role, phantom.write_hemoset, what)
    what |= dict(n_frames=numbers.drawn_target, size=(high, high * 16 // 9))
    return kept(role, phantom.write_cholecseg8k, what | dict(wished=role == "wished"))


def kept(role: str, write: Callable, what: dict) -> Path:
    """The folder that `write` fills for some arguments, found in the store or drawn."""

    def make(draft: Path) -> None:
        write(draft / role, **what, progress=settings.progress)

    return store.entry("phantom", dict(role=role, **what), make, write) / role


def _split(
    course: Course, role: str, packed: frames.Packed, fold: int | None
) -> pd.DataFrame:
    """The table of packed frames with their splits."""
    if role == "look":
        return packed.table
    bleeds = packed.blood.any(axis=(1, 2))
    if role == "source":
        if not bleeds.any():
            raise CourseError(
                f"None of the source's {len(packed):,} masks marks any blood, and a "
                "network can't learn what it is never shown: look whether blood is "
                "above 0 in them, or name frames with blood with SOURCE=."
            )
        folds = course.numbers.folds
        return frames.split_source(packed.table, course.seed, fold=fold, folds=folds)
    # The wished-for patients are the target's patients, so both benchmarks put the same
    # ones aside.
    wished = role == "wished"
    known = ("video01",) if wished else tuple(set(packed.table["subject"][bleeds]))
    return frames.split_target(packed.table, course.seed, known, wished=wished)


# -- where they lie --------------------------------------------------------------------


def found(course: Course) -> tuple[dict[str, Path | None], list[Path]]:
    """The folder of real frames for each role: the one named, or the one in the data
    folder with that role's layout, None where there is none; and the folders of one's
    own in the data folder that nobody named.

    Raises CourseError where a folder can't be told from others in the data folder.
    """
    lying, named = _lying(course), {role: getattr(course, role) for role in LAYOUTS}
    own = [folder for folder, what in lying.items() if what == "folder"]
    own = [folder for folder in own if folder.resolve() not in named.values()]
    known = any(lying.values()) or course.own
    for role, layout in LAYOUTS.items():
        of_layout = [folder for folder, what in lying.items() if what == layout]
        if named[role] or len(of_layout) == 1:
            named[role] = named[role] or of_layout[0]
            continue
        for folder, what in lying.items():
            if folder.name.lower() == layout and what is None:
                frames.layout(folder)  # says what it lacks
        which, what = f"{role.upper()}=", f"no known data set: put {layout}/ into it"
        if of_layout:
            many = f"{len(of_layout)} folders ({_listed(of_layout)})"
            what = f"{CALLED[layout]} in {many}"
        elif course.data is None or (known and not own):
            continue
        elif own:
            what, which = f"frames of your own ({_listed(own)})", "SOURCE= and TARGET="
        raise CourseError(
            f"{printable(course.data or 'data/')} holds {what}, and which folder is "
            f"meant is not known: name it with {which} (data/README.md shows the "
            "layouts)."
        )
    return named, own


def _lying(course: Course) -> dict[Path, str | None]:
    """The data folder, where it is a data set itself, or else the folders in it: each
    one's layout, None where it has none."""
    parent, lying = course.data or settings.data_folder(), {}
    if parent.is_dir() and (here := frames.begins_in(parent)):
        return {parent: here}
    # Begun with a dot, a folder is being fetched, for instance.
    for folder in sorted(parent.glob("[!.]*/")):
        lying[folder] = None
        with contextlib.suppress(CourseError):  # the store, for instance
            lying[folder] = frames.layout(folder)[1]
    return lying


def _listed(folders: list[Path]) -> str:
    return printable(", ".join(folder.name for folder in folders))


def _check_apart(source: pd.DataFrame, target: pd.DataFrame) -> None:
    """Raises CourseError where the two roles share frames or subjects."""
    files = [{*map(os.path.realpath, table["image"])} for table in (source, target)]
    for shared in sorted(files[0] & files[1])[:1]:
        raise CourseError(
            f"SOURCE= and TARGET= both hold {frames.reading.named(shared)}: name two "
            "folders that share no frame, since a shift is measured between them."
        )
    who = [set(zip(table["dataset"], table["subject"])) for table in (source, target)]
    for dataset, subject in sorted(who[0] & who[1])[:1]:
        raise CourseError(
            f"The source and the target are both {CALLED.get(dataset, dataset)} and "
            f"both have the subject {subject}, who would be learned from and tested "
            "on: name frames of other subjects with SOURCE= or TARGET=, or rename one "
            "of two folders of your own if these are different people."
        )
