"""Splits by subject: every frame of a pig or a patient stands on one side."""

import hashlib

import numpy as np
import pandas as pd

from helpers.errors import CourseError

_TEST_SHARE, _VAL_SHARE, _TARGET_VAL_SHARE = 0.3, 0.2, 0.3


def split_source(
    table: pd.DataFrame, seed: int, fold: int | None = None, folds: int = 5
) -> pd.DataFrame:
    """A copy of the table with `split` filled by subject: train, id_val, id_test; row
    order is no matter.

    fold=None: one split, about 30 % of the subjects to id_test and 20 % to id_val (of
    10: 3, 2 and 5 to train). fold=k: fold k of `folds`; its subjects are id_test, the
    next fold's id_val, the rest train, so that over all folds each subject is tested
    once (10 subjects, 5 folds: 2, 2 and 6). Subjects are drawn in strata of frame
    count, so that no side gets only the small ones. Raises CourseError with fewer than
    3 subjects, or a fold that can't be.
    """
    subjects = _by_size(table)
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


def split_target(
    table: pd.DataFrame,
    seed: int,
    blood_subjects: tuple[str, ...] = ("video01",),
    wished: bool = False,
) -> pd.DataFrame:
    """The table with `split` filled by subject: ood_val, ood_test, or if wished
    ood_wished_val, ood_wished.

    blood_subjects: the subjects known to have blood. Fewer than 3 are too few to
    divide: they go to the test. From 3 on both sides get some. Of the others about 30 %
    go to validation: at least one where there are two, none where there is one. Who
    goes where depends on names and seed alone, so that the wished-for benchmark, given
    the same blood_subjects, has the same patients on the same sides.
    """
    name = "ood_wished" if wished else "ood_test"
    val_name = "ood_wished_val" if wished else "ood_val"
    subjects = set(table["subject"])
    bleeding = subjects & {*blood_subjects}
    groups = [subjects - bleeding, bleeding if len(bleeding) >= 3 else set()]
    side = dict.fromkeys(subjects, name)
    for group in groups:
        drawn = sorted(group, key=lambda who: _hashed(f"{int(seed)} {who}"))
        val = drawn[: round(_TARGET_VAL_SHARE * len(group))]
        side |= dict.fromkeys(val, val_name)
    return table.assign(split=table["subject"].map(side))


def _hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _by_size(table: pd.DataFrame) -> list[str]:
    """Subjects from most frames to fewest; equal ones by name, whatever the order of
    the rows.
    """
    counts = table["subject"].value_counts()
    return sorted(counts.index, key=lambda subject: (-counts[subject], subject))


def _one_of_each(
    subjects: list[str], number: float, random: np.random.Generator
) -> set[str]:
    """One subject at random of each of `number` strata (at least one) of neighbouring
    size.
    """
    strata = np.array_split(np.array(subjects, dtype=object), max(1, round(number)))
    return {str(random.choice(stratum)) for stratum in strata}
