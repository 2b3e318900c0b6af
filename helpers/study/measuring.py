"""One job of the study: the network that the lessons ask for too, its remedy, and what
it does on each subject that it is tested on.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pandas as pd
import torch

from helpers import (
    counts,
    domains,
    encoders,
    parallel,
    remedies,
    runs,
    settings,
    store,
)
from helpers.errors import CourseError
from helpers.settings import Course
from helpers.study.plan import Job

SPLITS = ("id_test", "ood_test", "ood_wished")
COUNTS = tuple(f"{region}{name}" for region in ("", "view_") for name in counts.COLUMNS)
RECIPES = remedies.CONTROLS | remedies.RECIPES


class Measured(NamedTuple):
    """A job's rows, and what its last bits depend on: its device, and how many threads
    and processes learned together."""

    rows: pd.DataFrame
    device: str
    threads: int
    processes: int


def measured(
    course: Course,
    fold: int | None,
    seed: int,
    recipe: Callable[[remedies.Setting], remedies.Remedied],
) -> pd.DataFrame:
    """What a remedy does on the tested subjects: a row per split and subject.

    course: with the job's encoder; its own seed says which frames there are and how
    they are split, and `seed` trains. Columns: split, subject, frames,
    frames_with_blood, remedies.MEASURES as means over frames, COUNTS as sums, and
    trained_in, the type of the steps that the fold's standard network learned by.
    """
    data = domains.gather(course, fold)
    trained = replace(course, seed=seed)
    baseline = runs.baseline(trained, data, fold)
    validation = "ood_val" if data.wished is None else "ood_wished_val"
    made = recipe(remedies.Setting(trained, data, baseline, validation))
    parts = []
    for split in data.present(*SPLITS):
        # A style is made for the target, and left out on the source.
        one = made._replace(style=None) if split == "id_test" else made
        table = remedies.measured(one, data.of(split))
        by = table.assign(
            frames=1, frames_with_blood=counts.has_blood(table).astype(int)
        ).groupby("subject")
        sums = by[["frames", "frames_with_blood"]].sum()
        means, counted = by[list(remedies.MEASURES)].mean(), by[list(COUNTS)].sum()
        part = sums.join(means).join(counted).reset_index()
        part.insert(0, "split", split)
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(trained_in=baseline.history.dtype)


def of_job(course: Course, job: Job, code: str) -> Measured:
    """The job, where it runs.

    code: what whoever asks believes that the course's code is (see code_of);
    CourseError where it is another.
    """
    if code_of(job) != code:
        raise CourseError(
            "The code of the course is another where this job ran than where the study "
            "was begun: give every machine the same files."
        )
    own = course.but(encoder=job.encoder)
    rows = measured(own, job.fold, job.seed, RECIPES[job.remedy])
    return Measured(
        rows, settings.device(), torch.get_num_threads(), parallel.processes()
    )


def code_of(job: Job) -> str:
    """What stands for all the code that a job's result depends on."""
    return store.made_by(measured, RECIPES[job.remedy])["code"]


def key_of(course: Course, frames: dict[int | None, dict], job: Job) -> dict:
    """The values that a job's result is asked with. frames: of each fold, `frames_of`
    it."""
    own = course.but(encoder=job.encoder)
    return dict(
        numbers=vars(own.numbers),
        weights=encoders.told_apart(course.weights),
        remedy=job.remedy,
        seed=job.seed,
        fold=job.fold,
        frames=frames[job.fold],
    )


def frames_of(data: domains.Domains) -> dict[str, str]:
    """What stands for the frames of each split."""
    splits = (*SPLITS, "train", "id_val", "ood_val", "ood_wished_val")
    return {split: runs.frames_key(data.of(split)) for split in data.present(*splits)}


def kept(
    course: Course, frames: dict[int | None, dict], job: Job, found: Measured | None
) -> pd.DataFrame | None:
    """A job's rows with the columns of what made them: written where they are `found`,
    else read from the store; None where the store has none.
    """
    what = key_of(course, frames, job)
    makers = (measured, RECIPES[job.remedy])
    if found is not None:
        store.entry("study_jobs", what, partial(_write, found), *makers)
    place = store.folder("study_jobs", what, *makers)
    if not store.whole(place):
        return None
    return pd.read_csv(place / "rows.csv", dtype={"subject": str})


def _write(found: Measured, draft) -> None:
    about = found._asdict() | {}
    rows = about.pop("rows").assign(**about)
    rows.to_csv(draft / "rows.csv", index=False, float_format="%.17g")
