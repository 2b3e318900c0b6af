"""The first line of a lesson, and what it can do from there.

from helpers.lesson import begin
lesson = begin("quick", seed=0, data={})
lesson.summary(lesson.evaluate(lesson.model(), "id_test"), {"dice": counts.dice})
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from IPython import get_ipython
from IPython.display import Markdown, display

from helpers import cells, counts, domains, results, settings, words
from helpers.charts import Table
from helpers.errors import CourseError
from helpers.frames import Packed
from helpers.pictures import overlay
from helpers.statistics import Estimate, mean_over_subjects

# What `data` may say; all but `published` are arguments of settings.course.
KEYS = "folder source target published on_bad public encoder decoder weights".split()

# Overlap means something where there is blood, an alarm where there is none.
ON_BLOOD = {"dice", "iou", "precision", "recall"}
ON_CLEAN = {"false_alarm", "alarm", "false_alarm_rate", "false_area"}
AREAS = {"coverage", "predicted_area", "false_area"}
FRAME = ["split", "subject", "clip", "frame"]

_current: "Lesson | None" = None


def averaged(
    table: pd.DataFrame, name: str, measure: Callable, split: str = ""
) -> Estimate:
    """One measure of one split's count table, mean over frames, then over
    subjects."""
    first = name.split(".")[0]
    own = getattr(getattr(measure, "func", measure), "__name__", "")
    kinds = [own, first, first.split("_at_")[0]]
    kind = next((one for one in kinds if one in ON_BLOOD | ON_CLEAN | AREAS), "")
    values, frames = measure(table), "frames"
    if kind in ON_BLOOD:
        values, frames = counts.on_blood(measure, table), counts.BLOODY
    elif kind in ON_CLEAN:
        values, frames = counts.on_clean(measure, table), counts.CLEAN
    keys = [column for column in FRAME if column in table]
    once = table[keys].assign(value=values)
    once = once.groupby(keys, sort=False, dropna=False)["value"].mean().reset_index()
    top, scale = (100.0, "percent of valid pixels") if kind in AREAS else (1.0, "")
    said = f"{name}: mean over the {frames} of a subject, then over subjects"
    found = mean_over_subjects(once["value"], once["subject"], said, (0, top))
    return replace(found, split=split, unit=scale)


@dataclass(frozen=True, eq=False)
class Lesson:
    """One run of one lesson: its course, its frames, and what it has recorded."""

    course: settings.Course
    domains: domains.Domains
    published: str = ""
    record: results.Record = field(default_factory=results.Record)

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
        """The course's standard network (a runs.Run) of the profile's first fold, found
        in the store or trained; watch: see training.fit."""
        from helpers import runs

        return runs.baseline(self.course, self.domains, watch)

    def evaluate(self, model, *splits: str, threshold: float = 0.5) -> pd.DataFrame:
        """The frame table of several splits with their counts (see
        counts.evaluate)."""
        parts = (counts.evaluate(model, self.frames(s), threshold) for s in splits)
        return pd.concat(parts, ignore_index=True)

    def summary(
        self,
        table: pd.DataFrame,
        measures: Mapping[str, Callable],
        keep: Collection[str] = (),
    ) -> Table:
        """A table of means over frames, then over subjects, with their intervals.

        measures: name to function of the count table. Overlap measures are taken on
        frames with blood, alarms and falsely marked areas on clean ones, by the first
        word of the name or the function's own name. keep: those of {split}.{name} that
        are recorded. Frames that several folds' networks saw are averaged first.
        """
        rows = []
        for split, part in table.groupby("split", sort=False):
            for name, measure in measures.items():
                one = averaged(part, name, measure, str(split))
                if f"{split}.{name}" in keep:
                    self.add(f"{split}.{name}", one)
                made = (one.value, one.range, one.n_subjects, one.n_frames)
                rows.append((words.name_of(str(split)), name, *made))
        names = ["split", "measure", "value", "interval", "subjects", "frames"]
        rows = pd.DataFrame(rows, columns=names)
        return Table(rows, "Mean over frames, then over subjects", digits=2)

    estimate = staticmethod(averaged)

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


def begin(profile: str = "quick", seed: int = 0, data: Mapping | None = None) -> Lesson:
    """Say what this run is made of, and open the lesson.

    data: where data is and how to treat it, any of KEYS (see data/README.md).
    CourseError for another key, and where the data can't be read.
    """
    data = dict(data or {})
    if unknown := [key for key in data if key not in KEYS]:
        known = words.listed(KEYS)
        raise CourseError(f"data has no key '{unknown[0]}'; it knows {known}.")
    published = str(data.pop("published", None) or "")
    data = {("data" if key == "folder" else key): one for key, one in data.items()}
    course = settings.course(profile, seed, **data)
    gathered = domains.gather(course, None if course.numbers.folds == 1 else 0)
    words.call(
        _called(gathered.source, "hemoset", "pig", "source subject"),
        _called(gathered.target, "cholecseg8k", "patient", "target subject"),
    )
    lesson = Lesson(course, gathered, published)
    _open(lesson, course.plain)
    said = list(gathered.notes)
    if not course.usual_network:
        from helpers import models  # slow to import, and a usual one needs no word

        said.append(models.told(course))
    # They name files and folders, and a name may look like Markdown or HTML.
    notes, skipped = (list(map(words.text, one)) for one in (said, gathered.skipped))
    results.tell(gathered.data, notes, skipped, gathered.kinds)
    if skipped:
        many = words.counted(len(skipped), "frame")
        notes.append(f"{many} left out: {' '.join(skipped)}")
    if "own" in gathered.kinds.values() and not settings.static():
        notes.insert(0, words.OWN)  # a page says so at its top
    if notes:
        display(Markdown("\n".join(f"> {note}  " for note in notes)))
    return lesson


def say(text: str) -> None:
    """Show a text whose placeholders are filled in: from the lesson's record first,
    then from the notebook's variables (see results.fill)."""
    if _current is None:
        raise CourseError(
            "No lesson has begun here; run the cell with "
            "begin(profile, seed, data) first."
        )
    shell = get_ipython()
    variables = shell.user_ns if shell else {}
    display(Markdown(results.fill(text, _current.record, variables)))


def _open(lesson: Lesson, plain: bool = True) -> None:
    global _current
    _current = lesson
    cells.register(lesson.drawn, plain)
    if shell := get_ipython():
        shell.push({"say": say})  # the notebook's own prose needs no import


def _called(packed: Packed, layout: str, known: str, other: str) -> str:
    return known if (packed.table["dataset"] == layout).all() else other
