"""What the study found, as one table that lessons read, with what varies over folds,
seeds and subjects told apart.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import encoders, store
from helpers.adaptation import NAMES
from helpers.domains import Domains
from helpers.names import printable
from helpers.settings import Course, store_folder
from helpers.study.measuring import RECIPES, measured
from helpers.study.variation import complete, components
from helpers.words import listed

HOW = (
    "Nobody has made that table for this run: `make study`, with the options that this "
    "page was made with, makes it, and the next report shows it here."
)
JOB = ["fold", "encoder", "remedy", "seed"]
FACTORS = ("fold", "seed", "subject")
MEASURES = ("dice", "dice_view", "recall", "alarm_at_1px", "alarm_at_1pct")
FILES = ("jobs.csv", "study.csv", "summary.csv")
MAKERS = (measured, *RECIPES.values())


def planned(course: Course, jobs: pd.DataFrame) -> Path:
    """The plan as a file, written before anything runs."""
    name = f"plan-{printable(course.profile)}-{course.seed}.csv"
    place = store_folder() / "study" / name
    with store.writing(place) as draft:
        jobs.to_csv(draft, index=False)
        os.replace(draft, place)
    return place


def gathered(
    course: Course, data: Domains, jobs: pd.DataFrame, rows: pd.DataFrame
) -> Path:
    """Put the study's tables in place; the folder that holds them.

    jobs: the plan with how each job ended. rows: of all jobs that are done (see
    measuring.kept) with the job's columns. study.csv holds the rows, summary.csv what
    `summary` makes of them. Jobs that an earlier plan had besides stay in all three.
    """
    place, what = _place(course, data), _what(course, data)

    def write(draft: Path) -> None:
        known = (jobs, rows)
        if (before := read(course, data)) is not None:
            old = pd.read_csv(place / "jobs.csv"), before
            known = [
                pd.concat([_others(one, jobs), new], ignore_index=True)
                for one, new in zip(old, known, strict=True)
            ]
        known = [one.sort_values(JOB, kind="stable") for one in known]
        for name, table in zip(FILES, (*known, summary(known[1])), strict=True):
            table.to_csv(draft / name, index=False)

    # Another study may add its jobs at the same time: it waits.
    return store.entry("studies", what, write, *MAKERS, anew=True)


def read(course: Course, data: Domains) -> pd.DataFrame | None:
    """study.csv of the study of this very run, made by today's code; None where there
    is none.

    A row per job (fold, -1 for a single split; encoder; remedy; seed), split and
    subject: measuring.measured says which columns, and device, threads and processes
    are those that learned.
    """
    place = _place(course, data)
    if not store.whole(place):
        return None
    return pd.read_csv(place / "study.csv", dtype={"subject": str})


def _others(table: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table whose job is none of some jobs."""
    known = set(jobs[JOB].itertuples(index=False, name=None))
    return table[[one not in known for one in table[JOB].itertuples(False, None)]]


def _place(course: Course, data: Domains) -> Path:
    return store.folder("studies", _what(course, data), *MAKERS)


def _what(course: Course, data: Domains) -> dict:
    parts = (data.source, data.target, data.wished)
    return dict(
        numbers=vars(course.but(encoder="").numbers),
        weights=encoders.told_apart(course.weights),
        seed=course.seed,
        frames=[None if part is None else part.digest for part in parts],
    )


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each encoder, remedy, split and measure: the mean over subjects, then
    over folds and seeds, how many of each, and the variance that each of FACTORS and
    each combination of them brings (see variation).

    Subjects that are tested in one fold only, as those of the source are, can't be told
    apart from their folds: there the components are of the jobs' means over subjects.
    """
    found = []
    keys = ["encoder", "remedy", "split"]
    for names, part in rows.groupby(keys, sort=False):
        for measure in MEASURES:
            one = dict(zip(keys, names, strict=True), measure=measure)
            found.append(one | _told_apart(part, measure))
    return pd.DataFrame(found)


def _told_apart(part: pd.DataFrame, measure: str) -> dict[str, float]:
    crossed = part.groupby("subject")["fold"].nunique().eq(part["fold"].nunique()).all()
    if crossed:
        table, factors = complete(part, measure), FACTORS
    else:
        table, factors = part.dropna(subset=[measure]), FACTORS[:2]
    means = table.groupby(["fold", "seed"])[measure].mean().reset_index()
    if not crossed:
        means = complete(means.assign(subject=""), measure)
        table = table[table["seed"].isin(means["seed"])]
    about = {
        "value": float(means[measure].mean()),
        **{f"{name}s": table[name].nunique() for name in FACTORS},
    }
    cells = table if crossed else means
    if cells.empty:
        return about
    return about | components(cells, factors, measure).to_dict()


def spread(rows: pd.DataFrame, split: str, measure: str = "dice") -> pd.DataFrame:
    """What a lesson shows: a row per encoder and remedy with the mean and the standard
    deviation that folds, seeds and subjects bring.

    Over seeds is from one training to another on the same fold: the seeds' component,
    and that of folds and seeds together, since the same seed on another fold is another
    training. What comes out below zero is shown as none; NaN where there is one level
    and nothing can be said.
    """
    table = summary(rows[rows["split"] == split])
    table = table[table["measure"] == measure]
    order = {name: place for place, name in enumerate(RECIPES)}
    table = table.sort_values(
        ["encoder", "remedy"],
        key=lambda column: column.map(order) if column.name == "remedy" else column,
        ignore_index=True,
    )
    parts = table.reindex(columns=[*FACTORS, "fold x seed"])
    parts["seed"] += parts["fold x seed"].fillna(0)
    sides = {
        f"over {name}s": np.sqrt(parts[name].clip(lower=0).astype(float))
        for name in FACTORS
    }
    kept = table[["encoder", "remedy", "value"]].replace({"remedy": NAMES})
    return kept.assign(**sides, jobs=table["folds"] * table["seeds"])


def said(table: pd.DataFrame) -> str:
    """What the first row of `spread` says, in a sentence."""
    first = table.iloc[0]
    sides = {
        name: first.get(f"over {name}", np.nan)
        for name in ("folds", "seeds", "subjects")
    }
    known = [f"{value:.3f} over {name}" for name, value in sides.items() if value >= 0]
    silent = [name for name, value in sides.items() if not value >= 0]
    varies = f"varies by {listed(known)}" if known else "has nothing to vary over"
    sentence = f"Dice of '{first['remedy']}' {varies} (standard deviations)"
    if silent:
        sentence += f"; over {listed(silent)} nothing can be said here"
    return f"{sentence}."
