"""Which frames play which role: source, target, the benchmark one would wish for, and
frames that are only looked at.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import phantom
from helpers import frames, store
from helpers.errors import CourseError
from helpers.finding import CALLED, check_apart, real_folder, unused
from helpers.settings import Course

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
    sentences for the reader.
    """

    source: frames.Packed
    target: frames.Packed
    wished: frames.Packed | None
    look: frames.Packed | None
    real: frozenset[str]
    notes: tuple[str, ...]
    skipped: tuple[str, ...]
    public: bool = False

    @property
    def kinds(self) -> dict[str, str]:
        """What source and target are: "drawn", a released data set's layout, or
        "own"."""
        return {
            role: _kind(getattr(self, role).table["dataset"])
            if role in self.real
            else "drawn"
            for role in ("source", "target")
        }

    @property
    def data(self) -> str:
        """What results on the target are made from: "real" only where both domains
        are."""
        return "real" if self.real == {"source", "target"} else "phantom"

    def data_of(self, split: str) -> str:
        """What a result on one split is made from; a phantom on either side of a
        comparison makes it a phantom's result.
        """
        if split in ("train", "id_val", "id_test"):
            return "real" if "source" in self.real else "phantom"
        return self.data if split in ("ood_val", "ood_test") else "phantom"

    # A lesson asks for the same split many times, and each selection is a copy.
    @functools.cache  # noqa: B019
    def of(self, split: str) -> frames.Packed:
        """The packed frames of one split."""
        for packed in (self.source, self.target, self.wished):
            if packed is not None and (packed.table["split"] == split).any():
                return packed.of(split)
        raise CourseError(
            f"No frame is in the split '{split}'; lesson 01 lists the splits that this "
            "run has."
        )

    def present(self, *splits: str) -> list[str]:
        """Those of some splits that have frames in this run."""
        return [
            split
            for split in splits
            for packed in (self.source, self.target, self.wished)
            if packed is not None and (packed.table["split"] == split).any()
        ]

    def picture(self, split: str, row: int) -> np.ndarray:
        """A frame of a split (HxWx3 uint8) to be shown: a grey card in its place where
        a real frame must not be published.
        """
        return self.shown(split, np.asarray(self.of(split).images[row]))

    def large(self, split: str, row: int) -> np.ndarray:
        """The same, as large as it was drawn or filmed, but at most LARGER times the
        working size, and a whole number of times (HxWx3 uint8)."""
        packed = self.of(split)
        image, blood, valid = frames.read(packed.table.iloc[row])
        size = packed.images.shape[1:3]
        finer = max(have / need for have, need in zip(image.shape, size))
        times = max(1, min(LARGER, math.ceil(finer)))
        fitted = frames.fit(image, blood, valid, None, tuple(times * n for n in size))
        return self.shown(split, fitted[0])

    def shown(self, split: str, image: np.ndarray) -> np.ndarray:
        """What may be shown of an image made from a frame of a split: itself, or a grey
        card in its place.

        Whatever draws pixels of a frame goes through here.
        """
        hidden = self.public and self.data_of_frame(split) == "real"
        return np.full_like(image, 128) if hidden else image

    def look_picture(self, row: int) -> np.ndarray:
        """One of the real frames that are only looked at (HxWx3 uint8), or a grey card
        where it must not be published.
        """
        image = np.asarray(self.look.images[row])
        return np.full_like(image, 128) if self.public else image

    def data_of_frame(self, split: str) -> str:
        """Whether the frames of a split are real or drawn, whatever the model was
        trained on.
        """
        role = "source" if split in ("train", "id_val", "id_test") else "target"
        return (
            "real"
            if role in self.real and not split.startswith("ood_wished")
            else "phantom"
        )


def gather(course: Course, fold: int | None = None) -> Domains:
    """Find or draw, index, split and pack the frames of a run.

    fold: which fold over the source's subjects, None for the profile's single split.
    Raises CourseError when a named folder holds nothing known, a frame is bad and
    on_bad is "stop", or the source never bleeds.
    """
    notes, skipped, looked_at, tables, real = [], [], [], {}, set()
    for role in ("source", "target"):
        folder = real_folder(course, role)
        if folder is not None:
            index = frames.index(folder, on_bad=course.on_bad)
            skipped += index.skipped
            if index.table["subject"].nunique() >= LEAST_SUBJECTS:
                tables[role] = index.table
                real.add(role)
                kind = _kind(index.table["dataset"])
                what = CALLED.get(kind, f"your own folder {folder.name}")
                notes.append(
                    f"The {role} is real: {what}, {len(index.table):,} frames of "
                    f"{index.table['subject'].nunique()} subjects."
                )
                continue
            looked_at.append(index.table)
            notes.append(
                f"{folder.name}: {len(index.table)} frames of "
                f"{index.table['subject'].nunique()} subject(s) are too few to learn "
                f"from and be tested on (it takes {LEAST_SUBJECTS} subjects), so they "
                "are only looked at."
            )
        notes.append(f"The {role} is {PHANTOM_NOTE}.")
        tables[role] = frames.index(drawn(course, role)).table
    notes += unused(course)
    check_apart(tables["source"], tables["target"], real)
    if real != {"source", "target"}:
        tables["wished"] = frames.index(drawn(course, "wished")).table
    if looked_at:
        tables["look"] = pd.concat(looked_at, ignore_index=True)
    if course.public and (real or looked_at):
        notes.append(
            "This run is meant to be published, so real frames are kept out of its "
            "pictures: a grey card stands where one would be."
        )
    packs = {role: _pack(course, table, skipped) for role, table in tables.items()}
    if not packs["source"].blood.any():
        raise CourseError(
            f"None of the source's {len(packs['source']):,} masks marks any blood, and "
            "a network can't learn what it is never shown: look whether blood is above "
            "0 in them, or name frames with blood with SOURCE=."
        )
    split = {role: _split(course, role, pack, fold) for role, pack in packs.items()}
    frames.check_splits(
        pd.concat(
            [pack.table for role, pack in split.items() if role in ("source", "target")]
        )
    )
    return Domains(
        split["source"],
        split["target"],
        split.get("wished"),
        split.get("look"),
        frozenset(real),
        tuple(notes),
        tuple(skipped),
        course.public,
    )


def _kind(datasets: pd.Series) -> str:
    one = set(datasets)
    return one.pop() if one <= {"hemoset", "cholecseg8k"} and len(one) == 1 else "own"


def drawn(course: Course, role: str) -> Path:
    """The folder with the phantom of a role ("source", "target", "wished"), drawn on
    first use.
    """
    numbers = course.numbers
    height = numbers.drawn_height
    if role == "source":
        what = {"n_frames": numbers.drawn, "size": (height, height * 4 // 3)}
        write = phantom.write_hemoset
    else:
        what = {
            "n_frames": numbers.drawn_target,
            "size": (height, height * 16 // 9),
            "wished": role == "wished",
        }
        write = phantom.write_cholecseg8k
    what["seed"] = course.seed
    return kept(role, write, what)


def kept(role: str, write: Callable, what: dict) -> Path:
    """The folder that `write` fills for some arguments, found in the store or drawn."""
    key = dict(role=role, **what, **store.made_by(write))
    place = store.entry(
        "phantom", key, lambda draft: write(draft / role, **what), write
    )
    return place / role


def _pack(course: Course, table: pd.DataFrame, skipped: list[str]) -> frames.Packed:
    packed = frames.pack(table, course.size, on_bad=course.on_bad)
    skipped += packed.skipped
    return packed


def _split(
    course: Course, role: str, packed: frames.Packed, fold: int | None
) -> frames.Packed:
    if role == "look":
        return packed
    if role == "source":
        table = frames.split_source(
            packed.table, course.seed, fold=fold, folds=course.numbers.folds
        )
    else:
        has_blood = (
            pd.Series(packed.blood.any(axis=(1, 2)))
            .groupby(packed.table["subject"].to_numpy())
            .any()
        )
        # The wished-for patients are the target's patients, so both benchmarks put the
        # same ones aside.
        bleeding = (
            tuple(has_blood.index[has_blood]) if role == "target" else ("video01",)
        )
        table = frames.split_target(
            packed.table, course.seed, blood_subjects=bleeding, wished=role == "wished"
        )
    return replace(packed, table=table)
