"""What executed lessons leave for the report: results, headline figures, notes on what
they are made from."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from helpers.errors import CourseError
from helpers.results import DATA, FIELDS, INFO_TYPE, RESULT_TYPE
from report.domains import ROLES
from report.execute import Executed
from report.rules import faults

FIGURE_TYPE = "application/vnd.course.figure+json"
MAY_LACK = ("value", "low", "high", "level")


@dataclass
class Collected:
    """What was found, in the lessons' order.

    results: by name; info: by lesson (data, notes, skipped); figures: name, html,
    caption, lesson of each.
    """

    results: dict[str, dict] = field(default_factory=dict)
    info: dict[str, dict] = field(default_factory=dict)
    figures: list[dict] = field(default_factory=list)

    @property
    def data(self) -> str:
        """ "real" where every lesson that says so was made from real frames, else
        "phantom"."""
        said = {about["data"] for about in self.info.values()}
        return "real" if said == {"real"} else "phantom"

    @property
    def domains(self) -> dict[str, str]:
        """What source and target are: "drawn", "hemoset", "cholecseg8k" or "own"."""
        known = "drawn" if self.data == "phantom" else "real"
        said = [one["domains"] for one in self.info.values() if one.get("domains")]
        return said[0] if said else dict.fromkeys(ROLES, known)

    def notes(self, what: str) -> list[str]:
        """All `notes`, or all `skipped`, once each, in the lessons' order."""
        return list(
            dict.fromkeys(
                one for about in self.info.values() for one in about.get(what, [])
            )
        )


def collect(lessons: list[Executed]) -> Collected:
    """Everything that executed lessons leave for the report.

    Raises CourseError where a name is recorded with two different values, and where a
    record isn't one.
    """
    found, owner = Collected(), {}
    for lesson in lessons:
        for kind, left in _left(lesson):
            if kind == RESULT_TYPE:
                _add(found.results, owner, lesson.name, left["name"], left["result"])
            elif kind == INFO_TYPE:
                found.info[lesson.name] = {
                    "data": left["data"],
                    "notes": left.get("notes", []),
                    "skipped": left.get("skipped", []),
                    "domains": left.get("domains", {}),
                }
            elif kind == FIGURE_TYPE:
                if wrong := faults(left["html"]):
                    raise CourseError(
                        f"{lesson.name}, headline figure '{left['name']}': {wrong[0]}."
                    )
                found.figures.append({**left, "lesson": lesson.name})
    return found


def _left(lesson: Executed) -> Iterator[tuple[str, dict]]:
    for cell in lesson.notebook.cells:
        for output in cell.get("outputs", []):
            for kind, left in output.get("data", {}).items():
                if kind.startswith("application/vnd.course."):
                    yield kind, left


def _add(
    results: dict[str, dict], owner: dict[str, str], lesson: str, name: str, given: dict
) -> None:
    if missing := [key for key in FIELDS if key not in given]:
        raise CourseError(
            f"{lesson}: the result '{name}' lacks {', '.join(missing)}; record a "
            "helpers.statistics.Estimate."
        )
    if given["data"] not in DATA:
        raise CourseError(
            f"{lesson}: the result '{name}' is from '{given['data']}' data; choose one "
            f"of {', '.join(DATA)}."
        )
    # Strict JSON has no NaN, and on its way out of a kernel one may have become a word:
    # undefined is null.
    result = {
        key: None
        if key in MAY_LACK and not math.isfinite(float(given[key] or 0))
        else given[key]
        for key in FIELDS
    }
    if name in results and results[name] != result:
        raise CourseError(
            f"The result '{name}' is recorded twice with different values, by "
            f"{owner[name]} and by {lesson}: give one of the two another name."
        )
    results[name], owner[name] = result, owner.get(name, lesson)
