"""The study's tables in a lesson: what is computed from them, or what it came to when
it was recorded.

    study = published.study(lesson)
    study.of(by_class, study.classes)   # by_class(study.classes), or what is recorded
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from helpers import settings
from helpers.figures import Table
from helpers.published.files import FILES, Tables, read
from helpers.statistics import Estimate

RECORDED = settings.ROOT / "benchmarks/published.json"


class Recorded(NamedTuple):
    """What benchmarks/published.py recorded: `published.<name>` to its Estimate, and
    results by the lesson's function (a table, or the names of its numbers)."""

    numbers: dict[str, Estimate]
    results: dict[str, pd.DataFrame | list[str]]


@dataclass(eq=False)
class Study:
    """The published tables, None where they are not on this machine, and what a lesson
    made of them.

    add: called with a name and an Estimate for each number. made: what each function
    gave, by its name.
    """

    tables: Tables | None
    kept: Recorded
    add: Callable[[str, Estimate], object]
    made: dict[str, object] = field(default_factory=dict)

    def __getattr__(self, name: str):
        """per_frame, classes, splits, training: one of the tables, or None."""
        if name not in Tables._fields:
            raise AttributeError(name)
        return None if self.tables is None else getattr(self.tables, name)

    def of(self, compute: Callable, *given):
        """compute(*given) where the tables are here, else its recorded result, found by
        the function's name.

        A dict of numbers is recorded as published.<name> each; a table goes to a chart.
        Rows are never recorded, so without the tables a function that gives rows gives
        None.
        """
        name = compute.__name__
        if not any(one is None for one in given):
            found = compute(*given)
        elif isinstance(found := self.kept.results.get(name), list):
            found = {one: self.kept.numbers[f"published.{one}"].value for one in found}
        elif found is not None:
            found = found.copy()
        self.made[name] = found
        for one, value in found.items() if isinstance(found, dict) else ():
            known = self.kept.numbers.get(
                f"published.{one}", Estimate(value, estimand=one, data="published")
            )
            self.add(f"published.{one}", replace(known, value=float(value)))
        return found

    @property
    def files(self) -> Table:
        """The files behind the figures, each with its project, licence and checksum."""
        rows = [
            {
                "file": name,
                "project": source.project,
                "commit": source.commit[:7],
                "licence": source.licence,
                "SHA-256": source.sha256[:16] + "...",
            }
            for name, source in FILES.items()
        ]
        elsewhere = "not on this machine; the figures are the recorded ones"
        said = "read just now" if self.tables else elsewhere
        return Table(pd.DataFrame(rows), f"The published files: {said}")

    @property
    def said(self) -> str:
        """One sentence for the reader: computed now, or recorded."""
        if self.tables:
            return "The published tables are here: each cell below computes from them."
        return (
            "The published tables are not on this machine, so the cells below show "
            "what they gave when this page was recorded. `make published` fetches them "
            "(3 MB) into `data/published`, or name a folder that has them: "
            '`data = {"published": "my/folder"}`. Every cell then computes.'
        )


def study(lesson) -> Study:
    """The study for a lesson: its tables from the lesson's `published` folder, or from
    data/published where they were fetched. All numbers that are recorded go into the
    lesson's record; those that it computes replace theirs.

    Raises CourseError as `files.read` does: a folder that was named, or fetched to, and
    is wrong is never passed over.
    """
    found = Study(find(lesson.published), recorded(), lesson.add)
    computed = [
        f"published.{name}"
        for names in found.kept.results.values()
        if isinstance(names, list)
        for name in names
    ]
    for name, number in found.kept.numbers.items():
        if name not in computed:
            lesson.add(name, number)
    return found


def find(folder: str | Path = "") -> Tables | None:
    """The tables in `folder`; without one, those in data/published, or None."""
    if folder:
        # A relative path is the reader's, said where the command was typed; a notebook
        # runs in its own folder.
        here = Path(os.environ.get("COURSE_FROM", os.curdir))
        return read(here / Path(folder).expanduser())
    fetched = settings.data_folder() / "published"
    return read(fetched) if any((fetched / name).exists() for name in FILES) else None


def recorded() -> Recorded:
    """The recorded figures."""
    content = json.loads(RECORDED.read_text(encoding="utf-8"))
    numbers = {
        name: Estimate(**{key: row[key] for key in row if key != "source"})
        for name, row in content["numbers"].items()
    }
    results = {
        name: pd.DataFrame(found) if isinstance(found, dict) else found
        for name, found in content["results"].items()
    }
    return Recorded(numbers, results)
