"""The record of headline numbers, and sentences that take their numbers from it."""

import math
from dataclasses import asdict, dataclass

from IPython.display import Markdown, display

RESULT_TYPE = "application/vnd.course.result+json"
INFO_TYPE = "application/vnd.course.info+json"
DATA = ("phantom", "real", "published", "cited")


@dataclass(frozen=True)
class Result:
    """A number with all that is needed to read it.

    value, low, high: the figure and its interval, None where there is none. n_frames, n_subjects: how many stand behind it.
    data: phantom, real, published or cited. split: where it was measured. unit: "" for a ratio. estimand: what it estimates.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n_frames: int | None = None
    n_subjects: int | None = None
    data: str = "phantom"
    split: str = ""
    unit: str = ""
    estimand: str = ""

    def __post_init__(self) -> None:
        if self.data not in DATA:
            raise ValueError(f"data is '{self.data}'; choose one of {', '.join(DATA)}")
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            # JSON has no NaN, and a float of another kind would not be written the same twice.
            object.__setattr__(self, name, None if number is None or math.isnan(number) else float(number))
        for name in ("n_frames", "n_subjects"):
            number = getattr(self, name)
            object.__setattr__(self, name, None if number is None else int(number))

    def __format__(self, form: str) -> str:
        """The value alone in the given form, "undefined" where there is none."""
        return "undefined" if self.value is None else format(self.value, form)

    @property
    def interval(self) -> str:
        """The interval and what stands behind it, for a sentence: "0.71 to 0.93, 3 subjects"."""
        behind = "" if self.n_subjects is None else f"{self.n_subjects} subject{'s' if self.n_subjects != 1 else ''}"
        if self.low is None or self.high is None:
            return f"no interval, {behind}" if behind else "no interval"
        return f"{self.low:.2f} to {self.high:.2f}" + (f", {behind}" if behind else "")


class Record(dict):
    """The results that a lesson has recorded, by name."""

    def add(self, name: str, result: Result) -> Result:
        """Record a headline number: it goes into the executed lesson, from where the report collects it."""
        self[name] = result
        display({RESULT_TYPE: {"name": name, "result": asdict(result)}}, raw=True)
        return result

    def estimate(self, name: str, estimate, data: str, split: str, unit: str = "") -> Result:
        """Record a statistics.Estimate under a name."""
        return self.add(name, Result(value=estimate.value, low=estimate.low, high=estimate.high, n_frames=estimate.n_frames,
                                     n_subjects=estimate.n_subjects, estimand=estimate.estimand, data=data, split=split,
                                     unit=unit))

    def say(self, text: str, **more) -> None:
        """Show a sentence whose numbers come from the record.

        `{id_test.dice:.2f}` gives the value, `{id_test.dice.interval}` the interval with its subjects; `more` adds names
        of the lesson's own.
        """
        display(Markdown(_Formatter(self, more).format(text)))


def begin(surgeries) -> Record:
    """Say what this lesson is made from (domains.Domains), and open its record."""
    tell(surgeries.data, list(surgeries.notes), list(surgeries.skipped))
    lines = list(surgeries.notes)
    if surgeries.skipped:
        lines.append(f"{len(surgeries.skipped)} frames were left out: " + " ".join(surgeries.skipped))
    if lines:
        display(Markdown("\n".join(f"> {line}  " for line in lines)))
    return Record()


class _Formatter:
    """str.format over names that contain dots: the longest recorded name wins."""

    def __init__(self, record: dict[str, Result], more: dict) -> None:
        self.record, self.more = record, more

    def format(self, text: str) -> str:
        import string

        parts = []
        for literal, field, form, _ in string.Formatter().parse(text):
            parts.append(literal)
            if field is not None:
                parts.append(format(self._find(field), form or ""))
        return "".join(parts)

    def _find(self, field: str):
        if field in self.record:
            return self.record[field]
        name, _, attribute = field.rpartition(".")
        if name in self.record:
            return getattr(self.record[name], attribute)
        if field in self.more:
            return self.more[field]
        raise KeyError(f"'{field}' is neither recorded nor given; recorded are {', '.join(sorted(self.record)) or 'none'}")


def tell(data: str, notes: list[str], skipped: list[str]) -> None:
    """Say once a lesson what it was made from: "phantom" or "real", notes for the reader, and the frames left out."""
    display({INFO_TYPE: {"data": data, "notes": notes, "skipped": skipped}}, raw=True)
