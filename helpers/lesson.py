"""The first line of a lesson, and what it can do from there.

from helpers.lesson import begin
lesson = begin("quick", seed=0, data={})
lesson.estimate(lesson.evaluate(lesson.model(), "id_test"), "dice", counts.dice)
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from helpers import CourseError, cells, counts, domains, settings, words
from helpers.frames import Packed
from helpers.pictures import overlay
from helpers.statistics import Estimate, mean_over_subjects

# What `data` may say; all but `published` are arguments of settings.course.
KEYS = "folder source target published structure on_bad public".split()
KEYS += "encoder decoder weights epochs size".split()

# Overlap means something where there is blood, an alarm where there is none.
ON_BLOOD = {"dice", "iou", "precision", "recall"}
ON_CLEAN = {"false_alarm", "false_area"}
AREAS = {"coverage", "predicted_area", "false_area"}
FRAME = ["split", "subject", "clip", "frame"]


@dataclass(frozen=True, eq=False)
class Lesson:
    """One run of one lesson: its course, its frames, and what it has recorded."""

    course: settings.Course
    domains: domains.Domains
    published: str = ""
    record: cells.Record = field(default_factory=cells.Record)

    @property
    def drawn(self) -> bool:
        """True where the benchmark is there in which every patient bleeds."""
        return self.domains.wished is not None

    def frames(self, split: str) -> Packed:
        """The packed frames of a split; CourseError where there are none."""
        return self.domains.of(split)

    def overlay(
        self, split: str, row: int, found: np.ndarray | None = None
    ) -> np.ndarray:
        """A frame with its label's edge, or with what a prediction (bool HxW) did."""
        packed = self.frames(split)
        image = self.domains.large(split, row)
        return overlay(image, packed.blood[row], packed.valid[row], found)

    def model(self, watch: Callable | None = None):
        """The course's standard network (a training.Run) of the profile's first fold,
        found in the store or trained; watch: see training.fit."""
        from helpers import training

        return training.baseline(self.course, self.domains, watch)

    def evaluate(self, model, *splits: str, threshold: float = 0.5) -> pd.DataFrame:
        """The frame table of several splits with their counts (see
        counts.evaluate)."""
        parts = (counts.evaluate(model, self.frames(s), threshold) for s in splits)
        return pd.concat(parts, ignore_index=True)

    def estimate(
        self, table: pd.DataFrame, name: str, measure: Callable, split: str = ""
    ) -> Estimate:
        """A measure of one split's count table, mean over frames, then over subjects.
        A frame that several folds' networks saw is averaged first."""
        kind = getattr(measure, "func", measure).__name__  # a partial has no name
        values, frames = measure(table), "frames"
        if kind in ON_BLOOD:
            values = counts.on_blood(measure, table)
            frames = f"frames with {self.course.structure}"
        elif kind in ON_CLEAN:
            values, frames = counts.on_clean(measure, table), "clean frames"
        once = table[FRAME].assign(value=values)
        once = once.groupby(FRAME, sort=False, dropna=False)["value"].mean()
        once = once.reset_index()
        top, scale = (100.0, "percent of valid pixels") if kind in AREAS else (1.0, "")
        said = f"{name}: mean over the {frames} of a subject, then over subjects"
        found = mean_over_subjects(once["value"], once["subject"], said, (0, top))
        return replace(found, split=split, unit=scale)

    def holds(self, **facts: bool) -> None:
        """Say which facts of the data hold: on the page a Markdown cell tagged `when`
        and a fact's name stands only where it does."""
        true = [name.replace("_", " ") for name, one in facts.items() if one]
        print(f"Of this data it holds: {words.listed(true) or 'none of what follows'}.")
        display({cells.FACTS_TYPE: facts}, raw=True)

    def add(self, name: str, estimate: Estimate, split: str = "") -> Estimate:
        """Record an estimate; what it was made from and where is filled in where it is
        not said: `split`, or the name's own first word where that is a split."""
        first, split = name.split(".")[0], estimate.split or split
        if not split and words.noun(first) != "subject":
            split = first
        data = estimate.data or self.domains.data
        if not estimate.data and words.noun(split) != "subject":
            data = self.domains.data_of(split)
        return self.record.add(name, replace(estimate, split=split, data=data))


def begin(
    profile: str = "quick",
    seed: int = 0,
    data: Mapping | None = None,
    any_domains: bool = False,
) -> Lesson:
    """Say what this run is made of, and open the lesson.

    data: where data is and how to treat it, any of KEYS (see data/README.md).
    any_domains: whether the lesson's text holds of anybody's own folders.
    CourseError for another key, and where the data can't be read.
    """
    data = dict(data or {})
    if unknown := [key for key in data if key not in KEYS]:
        known = words.listed(KEYS)
        raise CourseError(f"data has no key '{unknown[0]}'; it knows {known}.")
    published = str(data.pop("published", None) or "")
    data = {("data" if key == "folder" else key): one for key, one in data.items()}
    course = settings.course(profile, seed, **data)
    if course.own and not any_domains:
        raise CourseError(
            "This lesson tells of the course's own example, and source or target name "
            "other folders: open 12_your_own_two_domains, which is written for them."
        )
    gathered = domains.gather(course, None if course.numbers.folds == 1 else 0)
    if course.own:
        course = _long_enough(course, gathered)
    words.call(
        _called(gathered.source, "hemoset", "pig", "source subject"),
        _called(gathered.target, "cholecseg8k", "patient", "target subject"),
    )
    lesson = Lesson(course, gathered, published)
    cells.register(lesson.drawn, course.plain)
    said = list(gathered.notes)
    if not course.usual_network:
        from helpers import models  # slow to import, and a usual one needs no word

        said.append(models.told(course))
    # They name files and folders, and a name may look like Markdown or HTML.
    notes, skipped = (list(map(words.text, one)) for one in (said, gathered.skipped))
    cells.tell(gathered.data, notes, skipped, gathered.kinds)
    if skipped:
        many = words.counted(len(skipped), "frame")
        notes.append(f"{many} left out: {' '.join(skipped)}")
    if notes:
        display(Markdown("\n".join(f"> {note}  " for note in notes)))
    return lesson


def _long_enough(course: settings.Course, gathered: domains.Domains):
    """The course with as many steps of training as the profile's own example takes, if
    no number of epochs was given: a few frames make short epochs."""
    usual = settings.PROFILES[course.profile]
    if course.numbers.epochs != usual.epochs:
        return course
    steps = usual.epochs * 0.55 * usual.drawn / usual.batch  # about 0.55 are train
    each = math.ceil(len(gathered.of("train")) / usual.batch)
    return course.but(epochs=max(usual.epochs, math.ceil(steps / each)))


def _called(packed: Packed, layout: str, known: str, other: str) -> str:
    return known if (packed.table["dataset"] == layout).all() else other
