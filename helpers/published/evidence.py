"""The evidence for lesson 05: computed from the published tables where they are, else as recorded, and which of the two."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers import settings
from helpers.errors import CourseError
from helpers.published import claims, units
from helpers.published.areas import recover
from helpers.published.cited import cite
from helpers.published.curves import curves
from helpers.published.files import FILES, Tables, read
from helpers.statistics import Estimate

KEPT = ("value", "low", "high", "n_frames", "n_subjects", "data", "split", "unit", "estimand")
RECORDED = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True)
class Evidence:
    """Figures of the published study.

    numbers: `Estimate`s by name (`published.<name>`); sources: where each comes from; tables: the tidy tables of `curves`.
    live: True where computed from the rows just now. checksums: SHA-256 by file, of what they were computed from.
    """

    numbers: dict[str, Estimate]
    sources: dict[str, str]
    tables: dict[str, pd.DataFrame]
    live: bool
    checksums: dict[str, str]

    @property
    def said(self) -> str:
        """One sentence for the reader: which of the two kinds of evidence this is."""
        if self.live:
            return (f"The figures below are computed now, from the {len(self.checksums)} published files, whose checksums "
                    "are those that the recorded figures were computed from.")
        return ("The published files are not on this machine, so the figures below are the recorded ones: computed earlier from "
                "the files whose checksums stand here. `make published` fetches them, and this page then computes everything.")

    @property
    def files(self) -> pd.DataFrame:
        """The files behind the figures: file, project, licence, SHA-256 (its first 16 digits)."""
        return pd.DataFrame([{"file": name, "project": FILES[name].project, "commit": FILES[name].commit[:7],
                              "licence": FILES[name].licence, "SHA-256": digest[:16] + "..."}
                             for name, digest in self.checksums.items()])

    @property
    def rows(self) -> pd.DataFrame:
        """Every figure as a table: name, value, unit, frames, subjects, kind, estimand, where, source."""
        return pd.DataFrame([{"name": name, "value": number.value, "unit": number.unit, "frames": number.n_frames,
                              "subjects": number.n_subjects, "kind": number.data, "estimand": number.estimand,
                              "where": number.split, "source": self.sources[name]} for name, number in self.numbers.items()])


def evidence(folder: str | Path = "") -> Evidence:
    """The evidence from the tables in `folder`; without one, from `data/published` where they were fetched, else as recorded.

    Raises CourseError as `files.read` does: a folder that was named, or was fetched to, and is wrong is never passed over.
    """
    if folder:
        # A relative path is the reader's, said where the command was typed; a notebook runs in its own folder.
        return compute(read(Path(os.environ.get("COURSE_FROM", os.curdir)) / Path(folder).expanduser()))
    fetched = settings.data_folder() / "published"
    return compute(read(fetched)) if any((fetched / name).exists() for name in FILES) else recorded()


def compute(tables: Tables) -> Evidence:
    """Every figure and every tidy table, from the rows."""
    frames, numbers = recover(tables.frames), claims.Numbers()
    claims.as_published(numbers, tables)
    claims.wrong_class(numbers, frames)
    claims.epsilon(numbers, frames)
    claims.split_by_frames(numbers, tables.splits)
    units.unit(numbers, frames)
    units.schedule(numbers, tables.training)
    units.supported(numbers, frames, tables)
    cite(numbers)
    return Evidence(dict(numbers), numbers.sources, curves(tables, frames), True, tables.checksums)


def recorded(path: Path = RECORDED) -> Evidence:
    """The figures as they were recorded, with the checksums of the files that they were computed from."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        numbers = {name: Estimate(**{key: value for key, value in row.items() if key != "source"})
                   for name, row in content["numbers"].items()}
        tables = {name: pd.DataFrame(columns) for name, columns in content["tables"].items()}
        sources = {name: row["source"] for name, row in content["numbers"].items()}
        return Evidence(numbers, sources, tables, False, content["computed_from"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path}: the recorded figures can't be read ({error}); get the file again from the course's "
                          "repository.") from error


def record(found: Evidence, path: Path = RECORDED) -> None:
    """Write the figures and tidy tables, with their checksums and without any row, to `path`."""
    content = {"computed_from": found.checksums,
               "numbers": {name: {**{key: _exact(getattr(number, key)) for key in KEPT}, "source": found.sources[name]}
                           for name, number in found.numbers.items()},
               "tables": {name: {column: [_plain(value) for value in rows[column]] for column in rows}
                          for name, rows in found.tables.items()}}
    waiting = path.with_suffix(".part")
    waiting.write_text(json.dumps(content, indent=None, separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")
    waiting.replace(path)


def _exact(value):
    """A number as it is, or null where it is undefined."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _plain(value):
    """A value as JSON has it: whole numbers stay whole, NaN is null, and 12 digits are enough to draw from."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.12g}")
    return value

