"""The recorded tables of `benchmarks/`, for lessons to show.

table, about = recorded("habits")
"""

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
    rows, about = folder / f"{table or name}.csv", folder / f"{name}.json"
    try:
        return pd.read_csv(rows), json.loads(about.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{rows}: the recorded table can't be read ({error}); run python -m "
            f"benchmarks.{name} to record it anew."
        ) from error


def coverage_grid(about: dict) -> pd.DataFrame:
    """interval_coverage's verdicts, a row per method and a column per number of
    subjects.

    Each cell: worst coverage over the populations, greatest mean width in brackets,
    "offered" where allowed.
    """
    rows = pd.DataFrame(about["verdicts"])
    rows["words"] = [
        f"{row.worst_coverage:.2f} ({row.widest:.2f})"
        f"{' offered' if row.allowed else ''}"
        for row in rows.itertuples()
    ]
    grid = rows.pivot(index="method", columns="subjects", values="words")
    grid = grid.reindex(rows["method"].unique()).fillna("").add_suffix(" subjects")
    return grid.rename_axis(columns=None).reset_index()
