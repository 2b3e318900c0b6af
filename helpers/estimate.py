"""One number on its way to a sentence: its value, its interval and what stands behind
it."""

import math
from dataclasses import dataclass

from helpers import words

# What a number can be made from.
DATA = ("phantom", "real", "published", "cited")
# In a note: there is an interval, and it is not shown.
TOO_WIDE = "too wide to say anything"
# Units whose numbers run to 100.
PERCENT = ("percent", "%", "percent of valid pixels")


@dataclass(frozen=True)
class Estimate:
    """One number of the course, with its interval and all that is needed to read it.

    value: NaN where it is undefined. low, high: the interval's bounds, and level its
    coverage (0.9 for 90 %), all None where no interval is honest; `note` says which it
    is, or why there is none. n_frames, n_subjects: how many have a defined value, None
    where that is not known; `of` names what was counted ("drawing"), "" for the
    subjects of the split. p: of the test that the note names. data: phantom, real,
    published or cited; split: where it was measured; unit: "" for a ratio.

    >>> one = Estimate(0.8, 0.71, 0.93, 0.9, n_subjects=12, split="ood_test")
    >>> f"{one:.2f} ({one.interval})"
    '0.80 (0.71 to 0.93, a 90 % interval over 12 patients)'
    """

    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n_frames: int | None = None
    n_subjects: int | None = None
    estimand: str = ""
    note: str = ""
    p: float | None = None
    data: str = ""
    split: str = ""
    unit: str = ""
    of: str = ""

    def __post_init__(self) -> None:
        if self.data not in ("", *DATA):
            raise ValueError(f"data is '{self.data}'; choose one of {', '.join(DATA)}")
        # One kind of number, so that the same estimate is written the same twice.
        for name in ("low", "high", "level", "p"):
            given = getattr(self, name)
            undefined = given is None or math.isnan(given)
            object.__setattr__(self, name, None if undefined else float(given))
        for name in ("n_frames", "n_subjects"):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else int(given))
        value = math.nan if self.value is None else float(self.value)
        object.__setattr__(self, "value", value)

    def __format__(self, form: str) -> str:
        """The value alone in the given form, "undefined" where there is none."""
        return words.number(self.value, form or ".2f")

    def __str__(self) -> str:
        return format(self, "")

    @property
    def interval(self) -> str:
        """For a sentence: "0.71 to 0.93, a 90 % interval over 12 patients", or
        "no interval, 3 pigs", or that there is one which says nothing."""
        if self.low is None or self.high is None:
            wide = TOO_WIDE in self.note
            none = f"an interval {TOO_WIDE}" if wide else "no interval"
            return ", ".join([none, *self._who()])
        form = ".1f" if self.unit in PERCENT else ".2f"
        ends = f"{self.low:{form}} to {self.high:{form}}"
        said = "an interval" if self.level is None else f"a {self.level:.0%} interval"
        return " over ".join([f"{ends}, {said.replace('%', ' %')}", *self._who()])

    @property
    def behind(self) -> str:
        """What stands behind the number: "12 patients, 340 frames"."""
        frames = (
            [] if self.n_frames is None else [words.counted(self.n_frames, "frame")]
        )
        return ", ".join([*self._who(), *frames])

    def _who(self) -> list[str]:
        if self.n_subjects is None:
            return []
        return [words.counted(self.n_subjects, self.of or words.noun(self.split))]
