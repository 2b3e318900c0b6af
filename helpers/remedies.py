"""The remedies of lesson 07 as recipes, and the controls that any remedy must beat.

A recipe takes a Setting and gives a Remedied: a network, and what is done around it.
What is measured of it stands in MEASURES: by frame in `measured`, by patient in
`by_subject`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torchvision.transforms import v2

from helpers import (
    adaptation,
    counts,
    evaluation,
    frames,
    runs,
    statistics,
    training,
    views,
)
from helpers.domains import Domains
from helpers.frames import Packed
from helpers.settings import Course

FEW = 12  # labelled target frames
THRESHOLDS = (0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
STYLES = 16  # target frames whose look training frames may take on
OVERLAP = {"dice": counts.dice, "recall": counts.recall, "precision": counts.precision}


class Setting(NamedTuple):
    """What a recipe may use: target is the split of validation patients; no recipe
    learns from a test patient."""

    course: Course
    data: Domains
    baseline: runs.Run
    target: str

    @property
    def patients(self) -> Packed:
        return self.data.of(self.target)

    @property
    def seen(self) -> np.ndarray:
        """What shows something of the validation patients' frames (bool NxHxW)."""
        return views.view_of(self.patients) & self.patients.valid

    def shorter(self) -> Course:
        """Half the epochs at half the rate, for what begins with the baseline."""
        numbers = self.course.numbers
        return self.course.but(
            epochs=max(1, numbers.epochs // 2), learning_rate=numbers.learning_rate / 2
        )

    def continued(
        self,
        name: str,
        transform: v2.Transform,
        train: Packed | None = None,
        seen: Packed | None = None,
    ) -> torch.nn.Module:
        """The baseline, trained on under another augmentation or on more frames; the
        epoch chosen on id_val.

        seen: target frames that the augmentation is made from.
        """
        more = {} if seen is None else {"seen": runs.frames_key(seen)}
        return runs.trained(
            name,
            self.shorter(),
            train or self.data.of("train"),
            self.data.of("id_val"),
            transform=transform,
            start=self.baseline,
            **more,
        ).model


class Remedied(NamedTuple):
    """A network, or a function of images that adapts to what it predicts.

    style: what is done to a target frame before. rule: whether what lies outside the
    visible view is called no blood afterwards. threshold: the probability from which a
    pixel is called blood.
    """

    model: torch.nn.Module | Callable[[np.ndarray], np.ndarray]
    style: Callable[[np.ndarray, np.ndarray | None], np.ndarray] | None = None
    rule: bool = False
    threshold: float = 0.5


# Controls.


def nothing(setting: Setting) -> Remedied:
    return Remedied(setting.baseline.model)


def view_rule(setting: Setting) -> Remedied:
    return Remedied(setting.baseline.model, rule=True)


def threshold(setting: Setting) -> Remedied:
    """The threshold with the best Dice on validation patients, which takes their
    labels; a half where nobody bleeds."""
    found = evaluation.probabilities(setting.baseline, setting.patients)
    dice = {}
    for level in THRESHOLDS:
        table = evaluation.evaluate(found, setting.patients, level)
        each = counts.on_blood(counts.dice, table)
        dice[level] = statistics.subject_means(each, table["subject"]).mean()
    known = {level: value for level, value in dice.items() if not np.isnan(value)}
    best = max(known, key=known.get) if known else 0.5
    return nothing(setting)._replace(threshold=best)


def longer(setting: Setting) -> Remedied:
    """As long as the remedies that train on, with nothing new."""
    return Remedied(setting.continued("longer", training.light_augmentation()))


def fill_left_out(setting: Setting) -> Remedied:
    return Remedied(runs.fill_left_out(setting.course, setting.data).model)


def fill_left_out_rule(setting: Setting) -> Remedied:
    return fill_left_out(setting)._replace(rule=True)


# Remedies.


def heavy_augmentation(setting: Setting) -> Remedied:
    run = runs.trained(
        "heavy augmentation",
        setting.course,
        setting.data.of("train"),
        setting.data.of("id_val"),
        transform=adaptation.heavy_augmentation(),
    )
    return Remedied(run.model)


def random_convolution(setting: Setting) -> Remedied:
    light = training.light_augmentation()
    transform = v2.Compose([light, adaptation.RandomConvolution(0.5)])
    return Remedied(setting.continued("random convolutions", transform))


def fourier(setting: Setting) -> Remedied:
    chosen = spread(setting.patients, STYLES)
    styles = [adaptation.Fourier.of([image]) for image in chosen.images]
    light = training.light_augmentation()
    transform = v2.Compose([light, adaptation.Restyle(styles, 0.5)])
    return Remedied(setting.continued("Fourier", transform, seen=chosen))


def reinhard(setting: Setting) -> Remedied:
    chosen = spread(setting.patients, STYLES)
    pairs = zip(chosen.images, chosen.valid)
    styles = [adaptation.Reinhard.of([image], [valid]) for image, valid in pairs]
    light = training.light_augmentation()
    transform = v2.Compose([light, adaptation.Restyle(styles, 0.5)])
    return Remedied(setting.continued("Reinhard", transform, seen=chosen))


def reinhard_test(setting: Setting) -> Remedied:
    train = spread(setting.data.of("train"), 64)
    style = adaptation.Reinhard.of(train.images, train.valid)
    return Remedied(setting.baseline.model, style)


def histogram_test(setting: Setting) -> Remedied:
    train = spread(setting.data.of("train"), 64)
    style = adaptation.Histogram.of(train.images, train.valid)
    return Remedied(setting.baseline.model, style)


def adabn(setting: Setting) -> Remedied:
    images = adaptation.without_black(setting.patients.images, setting.patients.valid)
    return Remedied(adaptation.adapt_batchnorm(setting.baseline.model, images))


def adabn_transductive(setting: Setting) -> Remedied:
    model = setting.baseline.model
    return Remedied(partial(adaptation.adabn_transductive, model))


def tent(setting: Setting, steps: int = 1) -> Remedied:
    start, images = adabn(setting).model, setting.patients.images
    return Remedied(adaptation.tent(start, images, setting.seen, steps=steps)[0])


def tent_online(setting: Setting) -> Remedied:
    return Remedied(partial(adaptation.tent_online, setting.baseline.model))


def members(course: Course, data: Domains, baseline: runs.Run) -> list[runs.Run]:
    """Three networks that differ by their seed alone, the baseline first."""
    seeds = [course.seed + 1000 * number for number in (1, 2)]
    train, id_val = data.of("train"), data.of("id_val")
    others = [
        runs.trained("ensemble", replace(course, seed=seed), train, id_val)
        for seed in seeds
    ]
    return [baseline, *others]


def ensemble(setting: Setting) -> Remedied:
    every = members(setting.course, setting.data, setting.baseline)
    return Remedied(adaptation.Ensemble([run.model for run in every]))


def few_labelled(setting: Setting) -> Remedied:
    """A few labelled frames with blood of validation patients, each as often as it
    takes to be a third of what is seen."""
    patients, train = setting.patients, setting.data.of("train")
    blood = np.asarray(patients.blood & patients.valid).any(axis=(1, 2))
    few = spread(patients.where(blood), FEW)
    both = frames.joined(train, few, times=len(train) // (2 * FEW) or 1)
    light = training.light_augmentation()
    return Remedied(setting.continued("a few labelled", light, both))


def _named(*recipes: Callable) -> dict[str, Callable[[Setting], Remedied]]:
    return {recipe.__name__: recipe for recipe in recipes}


CONTROLS = _named(
    nothing, view_rule, threshold, longer, fill_left_out, fill_left_out_rule
)
RECIPES = _named(
    heavy_augmentation,
    random_convolution,
    fourier,
    reinhard,
    reinhard_test,
    histogram_test,
    adabn,
    adabn_transductive,
    tent,
    tent_online,
    ensemble,
    few_labelled,
)


def spread(packed: Packed, number: int) -> Packed:
    """So many frames, evenly spread over all."""
    chosen = np.zeros(len(packed), bool)
    places = np.linspace(0, len(packed) - 1, number).round().astype(int)
    chosen[np.unique(places)] = True
    return packed.where(chosen)


def marked(remedied: Remedied, packed: Packed) -> np.ndarray:
    """What a remedied network calls blood on packed frames, by its own threshold and
    its rule: bool NxHxW."""
    found = evaluation.probabilities(remedied, packed)
    if remedied.rule:
        found = np.where(views.view_of(packed), found, 0).astype(found.dtype)
    return evaluation.marked(found, packed, remedied.threshold)


def measured(remedied: Remedied | np.ndarray, packed: Packed) -> pd.DataFrame:
    """The frame table of evaluation.evaluate with a column for each of MEASURES.

    remedied: or what it has marked. Overlap is NaN on clean frames, alarms and falsely
    marked areas on the others.
    """
    here = isinstance(remedied, np.ndarray)
    found = remedied if here else marked(remedied, packed)
    table = evaluation.evaluate(found, packed)
    return table.assign(**{name: of(table) for name, of in MEASURES.items()})


def by_subject(table: pd.DataFrame) -> pd.DataFrame:
    """Means over the frames of each subject: rows of subjects, columns of MEASURES."""
    return table.groupby("subject")[list(MEASURES)].mean()


def _measures() -> dict[str, Callable[[pd.DataFrame], pd.Series]]:
    found = {}
    for name, one in OVERLAP.items():
        found[name] = partial(counts.on_blood, one)
        inside = evaluation.inside("view", one)
        found[f"{name}_view"] = partial(counts.on_blood, inside)
    for region in ("view", "surround"):
        area = evaluation.false_area_in(region)
        found[f"false_area_{region}"] = partial(counts.on_clean, area)
    return found | evaluation.ALARMS


MEASURES = _measures()
"""Measure to function of the frame table. Dice, recall and precision on the frame and
inside the view, falsely marked area by region (percent of the frame's valid pixels),
and alarms at three sizes."""
