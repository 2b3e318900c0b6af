"""The remedies of lesson 07 as recipes: each a few lines, shown in the lesson as they run.

A recipe takes a Setting and gives a Remedied: a network, and what is done to a target frame before it sees it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torchvision.transforms import v2

from helpers import adaptation, counts, frames, runs, training
from helpers.domains import Domains
from helpers.frames import Packed
from helpers.settings import Course

FEW = 12  # labelled target frames
STYLES = 16  # target frames whose look training frames may take on


class Setting(NamedTuple):
    """What a recipe may use: target is the split of validation patients; no recipe sees a test patient."""

    course: Course
    data: Domains
    baseline: runs.Run
    target: str

    @property
    def patients(self) -> Packed:
        return self.data.of(self.target)

    def shorter(self) -> Course:
        """Half the epochs at half the rate, for what begins with the baseline."""
        numbers = self.course.numbers
        return self.course.but(epochs=max(1, numbers.epochs // 2), learning_rate=numbers.learning_rate / 2)

    def continued(self, name: str, transform: v2.Transform, train: Packed | None = None, seen: Packed | None = None
                  ) -> torch.nn.Module:
        """The baseline, trained on under another augmentation or on more frames; the epoch chosen on id_val.

        seen: target frames that the augmentation is made from.
        """
        more = {} if seen is None else {"seen": runs.frames_key(seen)}
        return runs.trained(name, self.shorter(), train or self.data.of("train"), self.data.of("id_val"), transform=transform,
                            start=self.baseline, **more).model


class Remedied(NamedTuple):
    model: torch.nn.Module
    style: Callable[[np.ndarray, np.ndarray | None], np.ndarray] | None = None


def nothing(setting: Setting) -> Remedied:
    return Remedied(setting.baseline.model)


def heavy_augmentation(setting: Setting) -> Remedied:
    run = runs.trained("heavy augmentation", setting.course, setting.data.of("train"), setting.data.of("id_val"),
                       transform=adaptation.heavy_augmentation())
    return Remedied(run.model)


def random_convolution(setting: Setting) -> Remedied:
    light = training.light_augmentation()
    return Remedied(setting.continued("random convolutions", v2.Compose([light, adaptation.RandomConvolution(0.5)])))


def fourier(setting: Setting) -> Remedied:
    chosen = spread(setting.patients, STYLES)
    styles = [adaptation.Fourier.of([image]) for image in chosen.images]
    transform = v2.Compose([training.light_augmentation(), adaptation.Restyle(styles, 0.5)])
    return Remedied(setting.continued("Fourier", transform, seen=chosen))


def reinhard(setting: Setting) -> Remedied:
    chosen = spread(setting.patients, STYLES)
    styles = [adaptation.Reinhard.of([image], [valid]) for image, valid in zip(chosen.images, chosen.valid)]
    transform = v2.Compose([training.light_augmentation(), adaptation.Restyle(styles, 0.5)])
    return Remedied(setting.continued("Reinhard", transform, seen=chosen))


def reinhard_test(setting: Setting) -> Remedied:
    train = spread(setting.data.of("train"), 64)
    return Remedied(setting.baseline.model, adaptation.Reinhard.of(train.images, train.valid))


def histogram_test(setting: Setting) -> Remedied:
    train = spread(setting.data.of("train"), 64)
    return Remedied(setting.baseline.model, adaptation.Histogram.of(train.images, train.valid))


def adabn(setting: Setting) -> Remedied:
    return Remedied(adaptation.adapt_batchnorm(setting.baseline.model, setting.patients.images))


def tent(setting: Setting, steps: int = 1) -> Remedied:
    start = adabn(setting).model
    return Remedied(adaptation.tent(start, setting.patients.images, setting.patients.valid, steps=steps)[0])


def ensemble(setting: Setting) -> Remedied:
    courses = [replace(setting.course, seed=setting.course.seed + 1000 * number) for number in (1, 2)]
    others = [runs.trained("ensemble", course, setting.data.of("train"), setting.data.of("id_val")) for course in courses]
    return Remedied(adaptation.Ensemble([setting.baseline.model, *(run.model for run in others)]))


def few_labelled(setting: Setting) -> Remedied:
    """A few labelled frames with blood of validation patients, each as often as it takes to be a third of what is seen."""
    bloody = setting.patients.where(np.asarray(setting.patients.blood & setting.patients.valid).any(axis=(1, 2)))
    train = frames.joined(setting.data.of("train"), spread(bloody, FEW), times=len(setting.data.of("train")) // (2 * FEW) or 1)
    return Remedied(setting.continued("a few labelled", training.light_augmentation(), train))


def scratch(setting: Setting) -> Remedied:
    run = runs.trained("from scratch", setting.course, setting.data.of("train"), setting.data.of("id_val"), weights=None)
    return Remedied(run.model)


RECIPES = {recipe.__name__: recipe for recipe in (heavy_augmentation, random_convolution, fourier, reinhard, reinhard_test,
                                                  histogram_test, adabn, tent, ensemble, few_labelled, scratch)}


def spread(packed: Packed, number: int) -> Packed:
    """So many frames, evenly spread over all."""
    chosen = np.zeros(len(packed), bool)
    chosen[np.unique(np.linspace(0, len(packed) - 1, number).round().astype(int))] = True
    return packed.where(chosen)


def measured(remedied: Remedied, packed: Packed) -> pd.DataFrame:
    """The frame table with its pixel counts and `dice` (NaN on clean frames) and `false_alarm` (NaN on others)."""
    images = packed.images
    if remedied.style is not None:
        images = np.stack([remedied.style(image, valid) for image, valid in zip(packed.images, packed.valid)])
    table = counts.count(training.predict(remedied.model, images) >= 128, packed.blood, packed.valid)
    table = packed.table.reset_index(drop=True).join(table)
    return table.assign(dice=counts.on_blood(counts.dice, table), false_alarm=counts.false_alarm(table))
