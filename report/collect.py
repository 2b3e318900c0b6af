"""What executed lessons leave for the report: results, headline figures, notes on what
they are made from."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from helpers.errors import CourseError
from helpers.results import INFO_TYPE, RESULT_TYPE
from report.execute import Executed
from report.pages import faults

FIGURE_TYPE = "application/vnd.course.figure+json"
ROLES = ("source", "target")
DRAWN, OWN = "drawn", "own"
_PHRASES = {
    ("source", DRAWN): "drawn robotic surgery",
    ("target", DRAWN): "drawn laparoscopic surgery",
    ("source", "hemoset"): "robotic surgery in pigs, HemoSet",
    ("target", "cholecseg8k"): "laparoscopic surgery in patients, CholecSeg8k",
}


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


def phrase(role: str, kind: str) -> str:
    """What a domain is, in a few words: "drawn robotic surgery"."""
    other = "frames of your own" if kind == OWN else f"real frames, {kind}"
    return _PHRASES.get((role, kind), other)


def banner(domains: dict[str, str]) -> tuple[str, str]:
    """The line over every page of a run with anything drawn in it, its first words
    apart; empty where both domains are real."""
    drawn = [role for role in ROLES if domains[role] == DRAWN]
    if len(drawn) == 2:
        return "Phantom data:", (
            "drawn surgery; teaches the method, says nothing about patients"
        )
    if not drawn:
        return "", ""
    other = next(role for role in ROLES if role not in drawn)
    real = phrase(other, domains[other])
    return "Half drawn:", (
        f"the {drawn[0]} is drawn surgery (a phantom), the {other} is real ({real}); "
        "a number that compares the two says nothing about real surgery"
    )
