"""The record of headline numbers, and sentences that take their numbers from it.

>>> from helpers.statistics import Estimate
>>> one = Estimate(0.8, n_subjects=3, split="id_test")
>>> fill("Dice is {id_test.dice:.2f} ({id_test.dice.interval}).", {"id_test.dice": one})
'Dice is 0.80 (no interval, 3 pigs).'
"""

import contextlib
import math
import re
from collections.abc import Mapping
from dataclasses import asdict

from IPython.display import display

from helpers import words
from helpers.errors import CourseError
from helpers.statistics import DATA, Estimate

RESULT_TYPE = "application/vnd.course.result+json"
INFO_TYPE = "application/vnd.course.info+json"
FACTS_TYPE = "application/vnd.course.facts+json"
# What the report keeps of an estimate.
FIELDS = (
    "value low high level p n_frames n_subjects data split unit estimand note".split()
)
# Code and mathematics keep their braces.
KEPT = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|(?<![\\$])\$(?!\s)[^$\n]*?(?<![\s\\])\$",
    re.DOTALL,
)
PLACEHOLDER = re.compile(
    r"\{([A-Za-z_]\w*(?:\.\w+|\[(?:\"[^\"\]]*\"|'[^'\]]*'|\d+)\])*)"
    r"(?::([^{}]*))?\}"
)
_NOT_THERE = AttributeError, LookupError, NameError, SyntaxError, TypeError


class Record(dict):
    """The estimates that a lesson has recorded, by name."""

    def add(self, name: str, estimate: Estimate) -> Estimate:
        """Record a number: it goes into the executed lesson, where the report finds it.

        ValueError where the estimate doesn't say what it was made from.
        """
        if estimate.data not in DATA:
            raise ValueError(
                f"'{name}' doesn't say what it was made from; give it data="
                f" one of {', '.join(DATA)}"
            )
        self[name] = estimate
        written = {field: asdict(estimate)[field] for field in FIELDS}
        if math.isnan(estimate.value):  # JSON has no NaN
            written["value"] = None
        display({RESULT_TYPE: {"name": name, "result": written}}, raw=True)
        return estimate


def fill(
    text: str, record: Mapping[str, Estimate], names: Mapping | None = None
) -> str:
    """A text with its placeholders filled in.

    `{dotted.name}` or `{dotted.name:format}`: the longest beginning that is recorded
    wins, what follows it are attributes; else it is a name among `names`, with
    attributes and ["keys"]. Code and mathematics are left alone. CourseError for a name
    that is neither.
    """
    parts, end = [], 0
    for kept in KEPT.finditer(text):
        parts += [_filled(text[end : kept.start()], record, names or {}), kept[0]]
        end = kept.end()
    return "".join([*parts, _filled(text[end:], record, names or {})])


def placeholders(text: str) -> list[str]:
    """The names that a text's placeholders ask for."""
    return [name for name, _ in PLACEHOLDER.findall(KEPT.sub("", text))]


def _filled(text: str, record: Mapping, names: Mapping) -> str:
    def one(found: re.Match) -> str:
        return words.number(_look_up(found[1], record, names), found[2] or "")

    return PLACEHOLDER.sub(one, text)


def _look_up(name: str, record: Mapping, names: Mapping):
    """What PLACEHOLDER has found: a name with attributes and keys, and nothing else."""
    for known in sorted(record, key=len, reverse=True):
        if name == known or name.startswith((f"{known}.", f"{known}[")):
            with contextlib.suppress(*_NOT_THERE):  # a shorter name may have it
                return eval(f"one{name[len(known) :]}", {"one": record[known]})
    try:
        return eval(name, {"__builtins__": {}}, names)
    except _NOT_THERE as error:
        said = words.listed(sorted(record)) or "none"
        raise CourseError(
            f"The text asks for '{name}', which is neither recorded nor a variable "
            f"here; recorded are {said}."
        ) from error


def tell(data: str, notes: list, skipped: list, domains: Mapping[str, str]) -> None:
    """Say once a lesson what it was made from: "phantom" or "real", notes for the
    reader, the frames left out, and what each domain is (see domains.Domains.kinds)."""
    said = {"data": data, "notes": notes, "skipped": skipped, "domains": dict(domains)}
    display({INFO_TYPE: said}, raw=True)
