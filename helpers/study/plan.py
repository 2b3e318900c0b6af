"""What the study consists of: its jobs as a table, from a grid that is given or the
profile's own.
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from helpers.adaptation import NAMES
from helpers.errors import CourseError
from helpers.models import ENCODERS
from helpers.names import printable
from helpers.settings import Course
from helpers.words import listed


class Job(NamedTuple):
    """One measured network. seed: of the training, and of nothing else: which frames
    there are and how they are split is the course's seed, the same for all jobs."""

    fold: int | None
    encoder: str
    remedy: str
    seed: int

    def __str__(self) -> str:
        fold = "one split" if self.fold is None else f"fold {self.fold}"
        return f"{fold}, {self.encoder}, {self.remedy}, seed {self.seed}"


@dataclass(frozen=True)
class Grid:
    """What the study goes through, for each of the profile's folds."""

    encoders: tuple[str, ...]
    remedies: tuple[str, ...]
    seeds: int


SINGLE = -1
"""The fold of a single split in the tables, whose column holds whole numbers."""

# What every remedy must beat, and one of each price (see adaptation.REMEDIES).
_FEW = ("nothing", "view_rule", "heavy_augmentation", "adabn")
_FREE = ("nothing", "view_rule", "adabn")
GRIDS = {
    "smoke": Grid(("lite0",), _FREE, 2),
    "quick": Grid(("lite0",), _FEW, 3),
    # Of the real target no validation patient bleeds, so there is nothing to label.
    "full": Grid(
        ("resnet34", "mobilenet_v2"),
        tuple(name for name in NAMES if name != "few_labelled"),
        3,
    ),
}


def jobs(
    course: Course,
    encoders: str = "",
    remedies: str = "",
    seeds: str = "",
) -> list[Job]:
    """The study's jobs, those first that others begin with.

    encoders, remedies, seeds: names or whole numbers with spaces or commas between
    them; the profile's grid where none is given. CourseError for what is not known.
    """
    grid = GRIDS[course.profile]
    chosen = (
        _known("ENCODERS", encoders, list(ENCODERS)) or grid.encoders,
        _known("REMEDIES", remedies, list(NAMES)) or grid.remedies,
        whole_numbers("SEEDS", seeds) or range(course.seed, course.seed + grid.seeds),
    )
    folds = course.numbers.folds
    parts = itertools.product([None] if folds == 1 else range(folds), *chosen)
    # The baseline is what most remedies start from: once it is there, nobody waits.
    return sorted(
        itertools.starmap(Job, parts), key=lambda job: job.remedy != "nothing"
    )


def table(planned: list[Job]) -> pd.DataFrame:
    """The plan, a row per job; fold is SINGLE for a single split."""
    rows = pd.DataFrame(planned, columns=list(Job._fields))
    return rows.assign(
        fold=[SINGLE if job.fold is None else job.fold for job in planned]
    )


def whole_numbers(name: str, given: str, least: int | None = None) -> tuple[int, ...]:
    """The numbers of an option, each once; CourseError for anything else."""
    found = []
    for word in _words(given):
        try:
            number = int(word)
        except ValueError:
            number = None
        if number is None or (least is not None and number < least):
            from_on = "" if least is None else f" from {least} on"
            raise CourseError(
                f"{name} has '{printable(word)}', which is no whole number{from_on}: "
                "give such as 0, 1, 2."
                if least is None
                else f"{name} is '{printable(word)}', which is no whole "
                f"number{from_on}: give one, such as {max(2, least)}."
            )
        found.append(number)
    return tuple(dict.fromkeys(found))


def one_number(name: str, given: str, least: int = 1) -> int | None:
    """The number of an option, None where none is given."""
    found = whole_numbers(name, given, least)
    if len(found) > 1:
        raise CourseError(
            f"{name} is '{printable(given)}', which is more than one number: give one."
        )
    return found[0] if found else None


def _known(name: str, given: str, known: list[str]) -> tuple[str, ...]:
    found = _words(given)
    for word in found:
        if word not in known:
            raise CourseError(
                f"{name} has '{printable(word)}', which the course does not know: "
                f"choose from {listed(known)}."
            )
    return tuple(dict.fromkeys(found))


def _words(given: str) -> list[str]:
    return given.replace(",", " ").split()
