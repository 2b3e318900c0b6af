"""Remedies against a shift, and the controls that any remedy must beat: each once, with
its name, when it acts, which target frames it may see, and what it does.

>>> setting = Setting(course, domains, training.baseline(course, domains), "ood_val")
>>> table = measured(fourier(setting), domains.of("ood_test"))  # by frame
>>> by_subject(table)["dice_view"]
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torchvision.transforms import v2

from helpers import CourseError, counts, frames, store, training
from helpers.domains import Domains
from helpers.frames import Packed
from helpers.remedies import methods
from helpers.settings import Course, store_folder
from helpers.training import Run

FEW = 12  # labelled target frames
THRESHOLDS = (0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
LOOKS = 16  # target frames whose look training frames may take on


class Remedied(NamedTuple):
    """A network, or a function of frames and of what shows something of them (bool
    NxHxW) that adapts to what it predicts."""

    model: torch.nn.Module | Callable[[np.ndarray, np.ndarray], np.ndarray]
    style: Callable | None = None  # what is done to a frame (and its valid) before
    rule: bool = False  # whether what lies outside the view is no blood afterwards
    threshold: float = 0.5  # the probability from which a pixel is called blood
    labels: int = 0  # how many target frames had to be labelled for it

    def probabilities(self, packed: Packed) -> np.ndarray:
        """Its prediction on packed frames, NxHxW, after its style and its rule."""
        images, model = packed.images, self.model
        if self.style is not None:
            images = np.stack([*map(self.style, images, packed.valid)])
        if isinstance(model, torch.nn.Module):
            found = training.predict(model, images)
        else:
            found = model(images, packed.view)
        return np.where(packed.view, found, np.uint8(0)) if self.rule else found


class Setting(NamedTuple):
    """What a recipe may use: target is the split of validation patients; no recipe
    learns from a test patient."""

    course: Course
    data: Domains
    baseline: Run
    target: str

    @property
    def patients(self) -> Packed:
        return self.data.of(self.target)

    def continued(
        self, name: str, *transforms: v2.Transform, train=None, seen=None
    ) -> Remedied:
        """The baseline, trained on for half the epochs at half the rate, under more
        transforms or on other frames; the epoch chosen on id_val. seen: target frames
        that the transforms are made from."""
        epochs, rate = self.course.numbers.epochs, self.course.numbers.learning_rate
        less = self.course.but(epochs=max(1, epochs // 2), learning_rate=rate / 2)
        parts = train or self.data.of("train"), self.data.of("id_val")
        moved = v2.Compose([training.light_augmentation(), *transforms])
        how = dict(transform=moved, seen=seen and training.frames_key(seen))
        run = training.trained(name, less, *parts, start=self.baseline, **how)
        return Remedied(run.model)

    def as_patients(self, name: str, look: type) -> Remedied:
        """Trained on, every second frame with the look of one of some target frames."""
        few = spread(self.patients, LOOKS)
        styles = [look([image], [valid]) for image, valid in zip(few.images, few.valid)]
        restyled = methods.on_images(methods.restyled(styles), 0.5)
        return self.continued(name, restyled, seen=few)

    def as_source(self, look: type) -> Remedied:
        """The baseline, each frame given the look of the training frames before."""
        train = spread(self.data.of("train"), 64)
        return nothing(self)._replace(style=look(train.images, train.valid))


def spread(packed: Packed, number: int) -> Packed:
    """So many frames, evenly spread over all."""
    chosen = np.linspace(0, len(packed) - 1, number).round()
    return packed.where(np.isin(np.arange(len(packed)), chosen))


# Controls: no idea about the shift is in them.


def nothing(setting: Setting) -> Remedied:
    return Remedied(setting.baseline.model)


def view_rule(setting: Setting) -> Remedied:
    """What lies outside the visible view is no blood."""
    return nothing(setting)._replace(rule=True)


def threshold(setting: Setting) -> Remedied:
    """The threshold with the best Dice on validation patients, which takes their
    labels; a half where nobody bleeds."""
    plain, patients, dice = nothing(setting), setting.patients, {}
    for level in THRESHOLDS:
        marked = counts.marked(setting.baseline, patients, level)
        dice[level] = by_subject(measured(marked, patients))["dice"].mean()
    best = pd.Series(dice).fillna(-1).idxmax()  # of several, the first
    return plain._replace(threshold=best, labels=len(patients))


def longer(setting: Setting) -> Remedied:
    return setting.continued("longer")


def fill_left_out(setting: Setting) -> Remedied:
    return Remedied(training.fill_left_out(setting.course, setting.data).model)


def fill_left_out_rule(setting: Setting) -> Remedied:
    return fill_left_out(setting)._replace(rule=True)


# Remedies.


def heavy_augmentation(setting: Setting) -> Remedied:
    course, parts = setting.course, map(setting.data.of, ("train", "id_val"))
    how = dict(transform=methods.heavy_augmentation())
    return Remedied(training.trained("heavy augmentation", course, *parts, **how).model)


def random_convolution(setting: Setting) -> Remedied:
    convolved = methods.on_images(methods.random_convolution, 0.5)
    return setting.continued("random convolutions", convolved)


def fourier(setting: Setting) -> Remedied:
    return setting.as_patients("Fourier", methods.Fourier)


def reinhard(setting: Setting) -> Remedied:
    return setting.as_patients("Reinhard", methods.Reinhard)


def reinhard_test(setting: Setting) -> Remedied:
    return setting.as_source(methods.Reinhard)


def histogram_test(setting: Setting) -> Remedied:
    return setting.as_source(methods.Histogram)


def adabn(setting: Setting) -> Remedied:
    model, patients = setting.baseline.model, setting.patients
    return Remedied(methods.adabn(model, patients.images, patients.view))


def adabn_transductive(setting: Setting) -> Remedied:
    """The statistics of all frames that are predicted, before the first of them is."""
    adapted = partial(methods.adabn, setting.baseline.model)
    return Remedied(lambda *frames: training.predict(adapted(*frames), frames[0]))


def tent(setting: Setting) -> Remedied:
    start, patients = adabn(setting).model, setting.patients
    [(model, _)] = methods.tent(start, patients.images, patients.view)
    return Remedied(model)


def tent_online(setting: Setting) -> Remedied:
    return Remedied(partial(methods.tent_online, setting.baseline.model))


def members(course: Course, data: Domains, baseline: Run) -> list[Run]:
    """Three networks that differ by their seed alone, the baseline first."""
    others = [replace(course, seed=course.seed + n) for n in (1000, 2000)]
    parts = data.of("train"), data.of("id_val")
    return [baseline, *(training.trained("ensemble", one, *parts) for one in others)]


def ensemble(setting: Setting) -> Remedied:
    every = members(setting.course, setting.data, setting.baseline)
    return Remedied(methods.Ensemble([run.model for run in every]))


def few_labelled(setting: Setting) -> Remedied:
    """A few labelled frames with blood of validation patients, each as often as it
    takes to be a third of what is seen."""
    patients, train = setting.patients, setting.data.of("train")
    blood = np.asarray(patients.blood & patients.valid).any(axis=(1, 2))
    if not blood.any():
        raise CourseError(
            "No validation patient bleeds, so there is no frame with blood to label; "
            "leave out the remedy few_labelled."
        )
    few = spread(patients.where(blood), FEW)
    both = frames.joined(train, few, times=len(train) // (2 * len(few)) or 1)
    return setting.continued("a few labelled", train=both)._replace(labels=len(few))


CONTROL, TRAINING, TEST = "control", "training", "test"
NONE, UNLABELLED, LABELLED = "none", "unlabelled", "labelled"
TESTED = "unlabelled, the tested ones"
_ALL = [  # target frames are those of validation patients, where not the tested ones
    (nothing, "nothing: the baseline", CONTROL, NONE, ""),
    (view_rule, "the rule about the view", CONTROL, NONE, "outside is no blood"),
    (threshold, "a threshold by validation patients", CONTROL, LABELLED, ""),
    (longer, "trained on as long, nothing new", CONTROL, NONE, ""),
    (fill_left_out, "the old baseline, fill left out", CONTROL, NONE, ""),
    (fill_left_out_rule, "the old baseline and the rule", CONTROL, NONE, ""),
    (heavy_augmentation, "heavy augmentation", TRAINING, NONE, "every look at random"),
    (random_convolution, "random convolutions", TRAINING, NONE, "Xu et al. 2021"),
    (fourier, "Fourier domain adaptation", TRAINING, UNLABELLED, "Yang, Soatto 2020"),
    (reinhard, "Reinhard in training", TRAINING, UNLABELLED, "Reinhard et al. 2001"),
    (reinhard_test, "Reinhard at test time", TEST, NONE, "patients look like pigs"),
    (histogram_test, "histogram matching at test time", TEST, NONE, "the same"),
    (adabn, "AdaBN", TEST, UNLABELLED, "Li et al. 2018"),
    (adabn_transductive, "AdaBN, transductive", TEST, TESTED, "the paper's own form"),
    (tent, "TENT, one pass", TEST, UNLABELLED, "Wang et al. 2021"),
    (tent_online, "TENT, online", TEST, TESTED, "the paper's own form, black included"),
    (ensemble, "ensemble of three", TEST, NONE, "Lakshminarayanan et al. 2017"),
    (few_labelled, "a few labelled target frames", TRAINING, LABELLED, ""),
]
RECIPES = {recipe.__name__: recipe for recipe, *_ in _ALL}
TABLE = pd.DataFrame(
    [row[1:] for row in _ALL],
    index=pd.Index(RECIPES, name="remedy"),
    columns=["name", "when", "target_frames", "idea"],
)
"""Every control and remedy: when it acts, and which target frames it may see."""
REMEDIES = TABLE[TABLE["when"] != CONTROL]
NAMES = TABLE["name"].to_dict()
CONTROLS = TABLE["name"].drop(REMEDIES.index).to_dict()
"""What any remedy must beat, by name; the first is the baseline itself."""


# What is measured of a remedy, frame by frame and patient by patient.


MEASURES = {
    one.__name__ + ending: partial(counts.on_blood, counts.inside(region, one))
    for one in (counts.dice, counts.recall, counts.precision)
    for ending, region in (("", "frame"), ("_view", "view"))
} | {
    f"false_area_{one}": partial(counts.on_clean, counts.false_area_in(one))
    for one in ("view", "surround")
}
MEASURES |= counts.ALARMS | {"marked": counts.inside("view", counts.predicted_area)}
"""Measure to function of the frame table. Dice, recall and precision on the frame and
inside the view, falsely marked area by region (percent of the frame's valid pixels),
alarms at three sizes; and, without any label, how much of the view is marked
(percent)."""


def measured(remedied: Remedied | np.ndarray, packed: Packed) -> pd.DataFrame:
    """The frame table of counts.evaluate with a column for each of MEASURES.

    remedied: or what it has marked. Overlap is NaN on clean frames, alarms and falsely
    marked areas on the others.
    """
    table = counts.evaluate(remedied, packed, getattr(remedied, "threshold", 0.5))
    return table.assign(**{name: of(table) for name, of in MEASURES.items()})


def by_subject(table: pd.DataFrame) -> pd.DataFrame:
    """Means over the frames of each subject: rows of subjects, columns of MEASURES."""
    return table.groupby("subject")[list(MEASURES)].mean()


def study_folder(course: Course, data: Domains) -> Path:
    """Where `make study` puts the study of these settings, these frames and today's
    code; encoders are part of it, so that the course's own is no matter. In it
    summary.csv, where somebody has made it: study.tables.summary says its columns."""
    parts = (data.source, data.target, data.wished)
    key = store.key(
        numbers=vars(course.but(encoder="").numbers),
        weights=course.begins_with,
        seed=course.seed,
        frames=[None if part is None else part.digest for part in parts],
        code=store.made_by(measured)["code"],
    )
    return store_folder() / "study" / key
