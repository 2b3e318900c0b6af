"""The recorded tables of `benchmarks/`, for the lesson to show."""

import json
from pathlib import Path

import pandas as pd

from helpers import settings
from helpers.errors import CourseError

FOLDER = settings.ROOT / "benchmarks"


def recorded(
    name: str, folder: Path = FOLDER, table: str = ""
) -> tuple[pd.DataFrame, dict]:
    """A benchmark's table, and what is recorded with it: date, versions, settings.

    name: its script without the ending; table: another of its tables. CourseError where
    the two files can't be read.
    """
    table, about = folder / f"{table or name}.csv", folder / f"{name}.json"
    try:
        return pd.read_csv(table), json.loads(about.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{folder / name}: the recorded table can't be read ({error}); run python "
            f"-m benchmarks.{name} "
            "to record it anew."
        ) from error


def shown(rows: pd.DataFrame, **columns: str) -> pd.DataFrame:
    """Some columns of a table under names for a reader: column=name, an underscore
    in a name for a space."""
    return rows[list(columns)].set_axis(
        [name.replace("_", " ") for name in columns.values()], axis=1
    )


def coverage_grid(about: dict) -> pd.DataFrame:
    """interval_coverage's verdicts, a row per method and a column per number of
    subjects.

    Each cell: worst coverage over the populations, greatest mean width in brackets,
    "offered" where allowed.
    """
    rows = pd.DataFrame(about["verdicts"])
    words = [
        f"{row.worst_coverage:.2f} "
        f"({row.widest:.2f}){' offered' if row.allowed else ''}"
        for row in rows.itertuples()
    ]
    grid = rows.assign(words=words).pivot(
        index="method", columns="subjects", values="words"
    )
    grid = grid.reindex(rows["method"].unique()).fillna("")
    return (
        grid.rename(columns=lambda n: f"{n} subjects")
        .rename_axis(columns=None)
        .reset_index()
    )
