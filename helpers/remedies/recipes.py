"""The recipes: controls, which any remedy must beat, and remedies."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from torchvision.transforms import v2

from helpers import adaptation, counts, evaluation, frames, runs, statistics, training
from helpers.domains import Domains
from helpers.errors import CourseError
from helpers.frames import Packed
from helpers.remedies.setting import Remedied, Setting
from helpers.settings import Course

FEW = 12  # labelled target frames
THRESHOLDS = (0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
STYLES = 16  # target frames whose look training frames may take on


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
    if not blood.any():
        raise CourseError(
            "No validation patient bleeds, so there is no frame with blood to label; "
            "leave out the remedy few_labelled."
        )
    few = spread(patients.where(blood), FEW)
    both = frames.joined(train, few, times=len(train) // (2 * len(few)) or 1)
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
