"""The study's jobs: which there are, and what one measures on each tested subject."""

import itertools
from dataclasses import replace
from typing import NamedTuple

import pandas as pd
import torch

from helpers import CourseError, counts, domains, remedies, settings, training
from helpers.remedies import RECIPES
from helpers.settings import ENCODERS, SURGENET, Course
from helpers.words import listed

SINGLE = -1
"""The fold of a single split: in the tables this column holds whole numbers."""
SPLITS = ("id_test", "ood_test", "ood_wished")
COUNTS = [f"{region}{name}" for region in ("", "view_") for name in counts.COLUMNS]


class Job(NamedTuple):
    """One measured network. seed: of the training; of the frames it is the course's."""

    fold: int
    encoder: str
    remedy: str
    seed: int


# Of each profile: encoders, remedies, and how many seeds. Few: a control, and one of
# each price. Of the real target no validation patient bleeds: nothing to label.
FEW = ("nothing", "view_rule", "heavy_augmentation", "adabn")
ALL = tuple(name for name in RECIPES if name != "few_labelled")
NORMED = ("adabn", "adabn_transductive", "tent", "tent_online")
"""What turns batch norms, of which SurgeNet's encoders have none."""
GRIDS = {
    "smoke": (("lite0",), ("nothing", "view_rule", "adabn"), 2),
    "quick": (("lite0",), FEW, 3),
    "full": (("resnet34", "mobilenet_v2"), ALL, 3),
}


def planned(course: Course, encoders=(), remedies=(), seeds=()) -> list[Job]:
    """The jobs of a grid of names and numbers, the profile's own where none is given.
    The baselines come first: most remedies start from them. CourseError for an unknown
    name."""
    for given, known in ((encoders, ENCODERS), (remedies, RECIPES)):
        if unknown := [name for name in given if name not in known]:
            raise CourseError(
                f"The study has no '{unknown[0]}': choose from {listed(list(known))}."
            )
    usual, folds = GRIDS[course.profile], course.numbers.folds
    parts = itertools.product(
        [SINGLE] if folds == 1 else range(folds),
        encoders or usual[0],
        remedies or usual[1],
        seeds or range(course.seed, course.seed + usual[2]),
    )
    found = [Job(*part) for part in dict.fromkeys(parts)]
    out = [job for job in found if job.encoder in SURGENET and job.remedy in NORMED]
    for one in {job[1:3] for job in out}:
        print("Left out, for want of batch norms:", *one)
    made = [job for job in found if job not in out]
    return sorted(made, key=lambda job: job.remedy != "nothing")


def measured(course: Course, job: Job, study: str = "") -> pd.DataFrame:
    """What a remedy does on the tested subjects: a row per split and subject.

    study: the name of the folder that the rows are for; CourseError where this process
    has other code or frames, as one on another machine may. Columns: the job's, split,
    subject, frames, frames_with_blood, remedies.MEASURES (means over frames), COUNTS
    (sums), and what the last bits depend on: trained_in, device, threads.
    """
    fold = None if job.fold == SINGLE else job.fold
    data = domains.gather(course, fold)
    if study and remedies.study_folder(course, data).name != study:
        raise CourseError(
            "Code or frames are others where this job ran than where the study was "
            "begun: give every machine the same files."
        )
    own = replace(course.but(encoder=job.encoder), seed=job.seed)
    baseline = training.baseline(own, data)
    validation = "ood_val" if data.wished is None else "ood_wished_val"
    setting = remedies.Setting(own, data, baseline, validation)
    made, parts = RECIPES[job.remedy](setting), {}
    for split in data.present(*SPLITS):
        table = remedies.measured(made, data.of(split))
        blood = counts.has_blood(table).astype(int)
        by = table.assign(frames=1, frames_with_blood=blood).groupby("subject")
        sums = by[["frames", "frames_with_blood"]].sum()
        means = by[list(remedies.MEASURES)].mean()
        parts[split] = sums.join([means, by[COUNTS].sum()])
    rows = pd.concat({(*job, split): part for split, part in parts.items()})
    rows.index.names = [*Job._fields, "split", "subject"]
    about = dict(trained_in=baseline.history.dtype, device=settings.device())
    return rows.reset_index().assign(**about, threads=torch.get_num_threads())
