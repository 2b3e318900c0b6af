"""What the study has found, in files: a table for each job that is done, and of all of
them one, with what folds, seeds and subjects bring told apart.

Every job measures the same subjects, so that values stand in a crossed table with one
value in a cell: an analysis of variance for balanced crossed random effects (Searle,
Casella and McCulloch, Variance Components, Wiley, 1992, chapter 4). A component is an
unbiased estimate, and may come out below zero where there is little to see.
"""

import itertools
import os
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.remedies import RECIPES
from study.jobs import Job

FACTORS = ["fold", "seed", "subject"]
MEASURES = ["dice", "dice_view", "recall", "alarm_at_1px", "alarm_at_1pct"]


def file_of(study: Path, job: Job) -> Path:
    """The table of one job in the study's folder, there when the job is done."""
    return study / "jobs" / ("_".join(map(str, job)) + ".csv")


def gather(study: Path, jobs: pd.DataFrame) -> pd.DataFrame:
    """Write jobs.csv, the plan with how each job ended, study.csv, the rows of all jobs
    that are done, of other plans too, and summary.csv. What it says of Dice."""
    write(jobs, study / "jobs.csv")
    files = sorted((study / "jobs").glob("[!.]*.csv"))
    if not files:
        return pd.DataFrame()
    rows = pd.concat([pd.read_csv(one, dtype={"subject": str}) for one in files])
    found = summary(rows)
    write(rows, study / "study.csv")
    write(found, study / "summary.csv")
    return found.query("measure == 'dice'")


def write(table: pd.DataFrame, place: Path) -> None:
    """The whole file or none, whenever this process ends."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{os.getpid()}-{place.name}")
    table.to_csv(draft, index=False, float_format="%.17g")
    os.replace(draft, place)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each encoder, remedy, split and measure: the mean over subjects, then
    over folds and seeds, how many of each, the variance components, and the standard
    deviations over folds, seeds (with folds and seeds together, since the same seed on
    another fold is another training) and subjects: 0 for a component below zero, NaN
    where there is one level."""
    keys = ["encoder", "remedy", "split", "measure"]
    rows = rows.assign(remedy=pd.Categorical(rows["remedy"], list(RECIPES)))
    values = rows.melt([*keys[:3], *FACTORS], MEASURES, "measure")
    groups = values.groupby(keys, observed=True)
    found = [dict(zip(keys, names)) | _told_apart(part) for names, part in groups]
    table = pd.DataFrame(found)
    parts = table.reindex(columns=[*FACTORS, "fold x seed"]).astype(float)
    parts["seed"] += parts.pop("fold x seed").fillna(0)
    sides = np.sqrt(parts.clip(lower=0)).add_prefix("over ").add_suffix("s")
    return table.join(sides).assign(jobs=table["folds"] * table["seeds"])


def _told_apart(table: pd.DataFrame) -> dict[str, float]:
    """Of one encoder, remedy, split and measure. Subjects that are tested in one fold
    only, as the source's, can't be told apart from it: there the components are of the
    jobs' means over subjects."""
    tested = table.groupby("subject")["fold"].nunique()
    crossed = (tested == table["fold"].nunique()).all()
    table = complete(table) if crossed else table.dropna(subset="value")
    means = table.groupby(["fold", "seed"])["value"].mean().reset_index()
    if not crossed:
        means = complete(means.assign(subject=""))
        table = table[table["seed"].isin(means["seed"])]
    about = {"value": float(means["value"].mean())}
    about |= {f"{name}s": table[name].nunique() for name in FACTORS}
    cells, factors = (table, FACTORS) if crossed else (means, FACTORS[:2])
    return about if cells.empty else about | components(cells, factors)


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """The rows (fold, seed, subject, value) that make a crossed table: seeds that every
    fold has, subjects with a defined value in all of these."""
    has = table.groupby("seed")["fold"].transform("nunique")
    table = table[has == table["fold"].nunique()]
    jobs = len(table[["fold", "seed"]].drop_duplicates())
    return table[table.groupby("subject")["value"].transform("count") == jobs]


def components(table: pd.DataFrame, factors: list[str]) -> dict[str, float]:
    """Variance components of a full crossed table, one for each factor and each
    combination of factors that have more than one level.

    table: a value for each combination of the factors' levels; ValueError for another.
    """
    counts = table[factors].nunique()
    levels = counts[counts > 1].to_dict()
    ordered = table.sort_values(factors)["value"].to_numpy(float)
    values, found, shared = ordered.reshape([*levels.values()]), {}, {}
    for size in range(len(levels), 0, -1):
        for chosen in itertools.combinations(levels, size):
            effect = values  # of these factors together, beyond what fewer of them say
            for axis, name in enumerate(levels):
                means = effect.mean(axis, keepdims=True)
                effect = effect - means if name in chosen else means
            freedom = np.prod([levels[name] - 1 for name in chosen])
            shared[chosen] = values.size / effect.size
            # The mean square, less what larger effects put into it.
            square = (effect**2).sum() * shared[chosen] / freedom
            larger = [one for one in found if set(chosen) < set(one)]
            rest = square - sum(found[one] * shared[one] for one in larger)
            found[chosen] = float(rest / shared[chosen])
    return {" x ".join(chosen): one for chosen, one in found.items()}
