"""What executed lessons leave for the report: results, headline figures, notes on what
they are made from."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from helpers.errors import CourseError
from helpers.results import INFO_TYPE, RESULT_TYPE
from report.domains import ROLES
from report.execute import Executed
from report.rules import faults

FIGURE_TYPE = "application/vnd.course.figure+json"


@dataclass
class Collected:
    """What was found, in the lessons' order.

    results: by name; info: by lesson (data, notes, skipped, domains); figures: name,
    html, caption, lesson of each.
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
        said = [one["domains"] for one in self.info.values() if one["domains"]]
        return said[0] if said else dict.fromkeys(ROLES, known)

    def notes(self, what: str) -> list[str]:
        """All `notes`, or all `skipped`, once each, in the lessons' order."""
        every = (one for about in self.info.values() for one in about[what])
        return list(dict.fromkeys(every))


def collect(lessons: list[Executed]) -> Collected:
    """Everything that executed lessons leave for the report.

    Raises CourseError where a name is recorded with two different values, and where a
    headline figure breaks a rule of pages.
    """
    found, owner = Collected(), {}
    for lesson in lessons:
        for kind, left in _left(lesson):
            if kind == INFO_TYPE:
                found.info[lesson.name] = left
            elif kind == FIGURE_TYPE:
                if wrong := faults(left["html"]):
                    raise CourseError(f"{lesson.name}, '{left['name']}': {wrong[0]}.")
                found.figures.append({**left, "lesson": lesson.name})
            elif kind == RESULT_TYPE:
                name, result = left["name"], left["result"]
                first = owner.setdefault(name, lesson.name)
                if found.results.setdefault(name, result) != result:
                    raise CourseError(
                        f"The result '{name}' is recorded twice with different values, "
                        f"by {first} and by {lesson.name}: give one of the two another "
                        "name."
                    )
    return found


def _left(lesson: Executed) -> Iterator[tuple[str, dict]]:
    for cell in lesson.notebook.cells:
        for output in cell.get("outputs", []):
            yield from output.get("data", {}).items()
