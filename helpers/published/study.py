"""The study's tables in a lesson: what is computed from them, or what it came to when
it was recorded.

study = published.study(lesson) study.of(by_class, study.frames) #
by_class(study.frames), or its recorded result without the tables
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from helpers import settings
from helpers.errors import CourseError
from helpers.figures import Table
from helpers.published.files import Tables, read
from helpers.published.sources import FILES
from helpers.statistics import Estimate

RECORDED = Path(__file__).with_name("recorded.json")
HOW = (
    "`make published` fetches them (3 MB) into `data/published`, or name a folder that "
    "has them: "
    '`data = {"published": "my/folder"}`.'
)


@dataclass(frozen=True)
class Recorded:
    """What is recorded: `published.<name>` to its Estimate and source, results by
    function, checksums by file."""

    numbers: dict[str, Estimate]
    sources: dict[str, str]
    results: dict[str, pd.DataFrame | list[str]]
    computed_from: dict[str, str]


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
        if name.startswith("_") or name not in Tables.__dataclass_fields__:
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
        if any(one is None for one in given):
            found = self.kept.results.get(name)
            if isinstance(found, list):
                found = {
                    one: self.kept.numbers[f"published.{one}"].value for one in found
                }
            found = found.copy() if isinstance(found, pd.DataFrame) else found
        else:
            found = compute(*given)
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
        said = (
            "read just now"
            if self.tables
            else "not on this machine; the figures are the recorded ones"
        )
        return Table(pd.DataFrame(rows), f"The published files: {said}")

    @property
    def said(self) -> str:
        """One sentence for the reader: computed now, or recorded."""
        if self.tables:
            return "The published tables are here: each cell below computes from them."
        return (
            "The published tables are not on this machine, so the cells below show "
            "what they gave when this page was "
            f"recorded. {HOW} Every cell then computes."
        )


def study(lesson) -> Study:
    """The study for a lesson: its tables from the lesson's `published` folder, or from
    data/published where they were fetched. All numbers that are recorded go into the
    lesson's record; those that it computes replace theirs.

    Raises CourseError as `files.read` does: a folder that was named, or fetched to, and
    is wrong is never passed over.
    """
    found = Study(find(lesson.published), recorded(), lesson.add)
    own = {
        name
        for names in found.kept.results.values()
        if isinstance(names, list)
        for name in names
    }
    for name, number in found.kept.numbers.items():
        if name.removeprefix("published.") not in own:
            lesson.add(name, number)
    return found


def find(folder: str | Path = "") -> Tables | None:
    """The tables in `folder`; without one, those in data/published, or None."""
    if folder:
        # A relative path is the reader's, said where the command was typed; a notebook
        # runs in its own folder.
        return read(
            Path(os.environ.get("COURSE_FROM", os.curdir)) / Path(folder).expanduser()
        )
    fetched = settings.data_folder() / "published"
    return read(fetched) if any((fetched / name).exists() for name in FILES) else None


def recorded(path: Path = RECORDED) -> Recorded:
    """The recorded figures; CourseError where the file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = content["numbers"]
        numbers = {
            name: Estimate(
                **{key: value for key, value in row.items() if key != "source"}
            )
            for name, row in rows.items()
        }
        results = {
            name: pd.DataFrame(found) if isinstance(found, dict) else list(found)
            for name, found in content["results"].items()
        }
        sources = {name: row["source"] for name, row in rows.items()}
        return Recorded(numbers, sources, results, content["computed_from"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{path}: the recorded figures can't be read ({error}); get the file again "
            f"from the course's "
            "repository."
        ) from error
