"""Remedies against a shift, and the controls that any remedy must beat: each once, with
its name, when it acts, which target frames it may see, what it needs and what it does.

>>> setting = Setting(course, domains, runs.baseline(course, domains), "ood_val")
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

from helpers import counts, frames, runs, statistics, store, training
from helpers.domains import Domains
from helpers.errors import CourseError
from helpers.frames import Packed
from helpers.remedies import looks, networks
from helpers.settings import SURGENET, Course, store_folder

FEW = 12  # labelled target frames
THRESHOLDS = (0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
LOOKS = 16  # target frames whose look training frames may take on


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

    def probabilities(self, packed: Packed) -> np.ndarray:
        """Its prediction on packed frames, NxHxW, after its style and its rule."""
        images, model = packed.images, self.model
        if self.style is not None:
            images = np.stack([*map(self.style, images, packed.valid)])
        network = isinstance(model, torch.nn.Module)
        found = training.predict(model, images) if network else model(images)
        return np.where(packed.view, found, np.uint8(0)) if self.rule else found


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
        return self.patients.view & self.patients.valid

    def continued(
        self,
        name: str,
        *transforms: v2.Transform,
        train: Packed | None = None,
        seen: Packed | None = None,
    ) -> Remedied:
        """The baseline, trained on for half the epochs at half the rate, under more
        transforms or on more frames; the epoch chosen on id_val.

        seen: target frames that the transforms are made from.
        """
        epochs, rate = self.course.numbers.epochs, self.course.numbers.learning_rate
        run = runs.trained(
            name,
            self.course.but(epochs=max(1, epochs // 2), learning_rate=rate / 2),
            train or self.data.of("train"),
            self.data.of("id_val"),
            transform=v2.Compose([training.light_augmentation(), *transforms]),
            start=self.baseline,
            **({} if seen is None else {"seen": runs.frames_key(seen)}),
        )
        return Remedied(run.model)


RECIPES: dict[str, Callable[[Setting], Remedied]] = {}
"""Every control and remedy by its key: a function of a Setting."""
TRAINING, TEST = "training", "test"
NONE, UNLABELLED, LABELLED = "none", "unlabelled", "labelled"
TESTED = "unlabelled, the tested ones"
_told = []


def recipe(name: str, when: str = "", sees: str = NONE, idea: str = "", needs=""):
    """Enter a function as a recipe. when: at training or at test; a control says
    nothing. sees: which target frames, of validation patients or the tested ones.
    needs: what a network must have, such as "batch norm"."""

    def entered(make: Callable[[Setting], Remedied]):
        RECIPES[make.__name__] = make
        _told.append((make.__name__, name, when, sees, idea, needs))
        return make

    return entered


# Controls.


@recipe("nothing: the baseline")
def nothing(setting: Setting) -> Remedied:
    return Remedied(setting.baseline.model)


@recipe("the rule about the view")
def view_rule(setting: Setting) -> Remedied:
    """What lies outside the visible view is no blood."""
    return nothing(setting)._replace(rule=True)


@recipe("a threshold by validation patients", sees=LABELLED)
def threshold(setting: Setting) -> Remedied:
    """The threshold with the best Dice on validation patients, which takes their
    labels; a half where nobody bleeds."""
    found, best = setting.baseline.probabilities(setting.patients), {}
    for level in THRESHOLDS:
        table = counts.evaluate(found, setting.patients, level)
        each = counts.on_blood(counts.dice, table)
        best[level] = statistics.subject_means(each, table["subject"]).mean()
    chosen = pd.Series(best).dropna()
    return nothing(setting)._replace(threshold=chosen.idxmax() if len(chosen) else 0.5)


@recipe("trained on as long, nothing new")
def longer(setting: Setting) -> Remedied:
    return setting.continued("longer")


@recipe("the old baseline, fill left out")
def fill_left_out(setting: Setting) -> Remedied:
    return Remedied(runs.fill_left_out(setting.course, setting.data).model)


@recipe("the old baseline and the rule")
def fill_left_out_rule(setting: Setting) -> Remedied:
    return fill_left_out(setting)._replace(rule=True)


# Remedies.


@recipe(
    "heavy augmentation",
    TRAINING,
    NONE,
    "colour, tone, optics and round views at random",
)
def heavy_augmentation(setting: Setting) -> Remedied:
    parts, heavy = map(setting.data.of, ("train", "id_val")), looks.heavy_augmentation()
    run = runs.trained("heavy augmentation", setting.course, *parts, transform=heavy)
    return Remedied(run.model)


@recipe("random convolutions", TRAINING, NONE, "Xu et al., ICLR 2021")
def random_convolution(setting: Setting) -> Remedied:
    return setting.continued("random convolutions", looks.RandomConvolution(0.5))


@recipe("Fourier domain adaptation", TRAINING, UNLABELLED, "Yang and Soatto, CVPR 2020")
def fourier(setting: Setting) -> Remedied:
    chosen = spread(setting.patients, LOOKS)
    styles = [looks.Fourier(image) for image in chosen.images]
    return setting.continued("Fourier", looks.Restyle(styles, 0.5), seen=chosen)


@recipe(
    "Reinhard in training",
    TRAINING,
    UNLABELLED,
    "Reinhard et al., IEEE CG&A 21(5), 2001",
)
def reinhard(setting: Setting) -> Remedied:
    chosen = spread(setting.patients, LOOKS)
    pairs = zip(chosen.images, chosen.valid)
    styles = [looks.Reinhard([image], [valid]) for image, valid in pairs]
    return setting.continued("Reinhard", looks.Restyle(styles, 0.5), seen=chosen)


@recipe(
    "Reinhard at test time",
    TEST,
    NONE,
    "the same, target frames made to look like source",
)
def reinhard_test(setting: Setting) -> Remedied:
    return _restyled(setting, looks.Reinhard)


@recipe("histogram matching at test time", TEST, NONE, "Gonzalez and Woods, ch. 3")
def histogram_test(setting: Setting) -> Remedied:
    return _restyled(setting, looks.Histogram)


def _restyled(setting: Setting, look: type) -> Remedied:
    train = spread(setting.data.of("train"), 64)
    return nothing(setting)._replace(style=look(train.images, train.valid))


NORM = "batch norm"


@recipe("AdaBN", TEST, UNLABELLED, "Li et al., Pattern Recognition 80, 2018", NORM)
def adabn(setting: Setting) -> Remedied:
    images = networks.without_black(setting.patients.images, setting.patients.valid)
    return Remedied(networks.adapt_batchnorm(setting.baseline.model, images))


@recipe(
    "AdaBN, transductive",
    TEST,
    TESTED,
    "the same, with the statistics of the test frames themselves",
    NORM,
)
def adabn_transductive(setting: Setting) -> Remedied:
    return Remedied(partial(networks.adabn_transductive, setting.baseline.model))


@recipe("TENT, one pass", TEST, UNLABELLED, "Wang et al., ICLR 2021", NORM)
def tent(setting: Setting) -> Remedied:
    start, images = adabn(setting).model, setting.patients.images
    return Remedied(networks.tent(start, images, setting.seen))


@recipe(
    "TENT, online",
    TEST,
    TESTED,
    "the same, each test batch adapts, black included, then is predicted",
    NORM,
)
def tent_online(setting: Setting) -> Remedied:
    return Remedied(partial(networks.tent_online, setting.baseline.model))


def members(course: Course, data: Domains, baseline: runs.Run) -> list[runs.Run]:
    """Three networks that differ by their seed alone, the baseline first."""
    others = [replace(course, seed=course.seed + n) for n in (1000, 2000)]
    parts = data.of("train"), data.of("id_val")
    return [baseline, *(runs.trained("ensemble", one, *parts) for one in others)]


@recipe("ensemble of three", TEST, NONE, "Lakshminarayanan et al., NeurIPS 2017")
def ensemble(setting: Setting) -> Remedied:
    every = members(setting.course, setting.data, setting.baseline)
    return Remedied(networks.Ensemble([run.model for run in every]))


@recipe(
    "a few labelled target frames",
    TRAINING,
    LABELLED,
    "of other patients than those tested",
)
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
    return setting.continued("a few labelled", train=both)


TABLE = pd.DataFrame(
    _told, columns=["remedy", "name", "when", "target_frames", "idea", "needs"]
).set_index("remedy")
REMEDIES = TABLE[TABLE["when"] != ""]
"""Every remedy of the course: when it acts, and which target frames it may see."""
NAMES = TABLE["name"].to_dict()
CONTROLS = TABLE["name"].drop(REMEDIES.index).to_dict()
"""What any remedy must beat, by name; the first is the baseline itself."""


def needing(encoder: str) -> list[str]:
    """The remedies that an encoder has not what they need for: SurgeNet's do without
    batch norms."""
    return list(TABLE.index[TABLE["needs"] != ""]) if encoder in SURGENET else []


def spread(packed: Packed, number: int) -> Packed:
    """So many frames, evenly spread over all."""
    chosen = np.zeros(len(packed), bool)
    chosen[np.linspace(0, len(packed) - 1, number).round().astype(int)] = True
    return packed.where(chosen)


# What is measured of a remedy, frame by frame and patient by patient.


_OVERLAP = (counts.dice, counts.recall, counts.precision)
_WHERE = {"": lambda one: one, "_view": partial(counts.inside, "view")}
MEASURES = {
    one.__name__ + where: partial(counts.on_blood, within(one))
    for one in _OVERLAP
    for where, within in _WHERE.items()
} | {
    f"false_area_{one}": partial(counts.on_clean, counts.false_area_in(one))
    for one in ("view", "surround")
}
MEASURES |= counts.ALARMS
"""Measure to function of the frame table. Dice, recall and precision on the frame and
inside the view, falsely marked area by region (percent of the frame's valid pixels),
and alarms at three sizes."""


def measured(remedied: Remedied | np.ndarray, packed: Packed) -> pd.DataFrame:
    """The frame table of counts.evaluate with a column for each of MEASURES.

    remedied: or what it has marked. Overlap is NaN on clean frames, alarms and falsely
    marked areas on the others.
    """
    threshold = getattr(remedied, "threshold", 0.5)
    table = counts.evaluate(remedied, packed, threshold)
    return table.assign(**{name: of(table) for name, of in MEASURES.items()})


def by_subject(table: pd.DataFrame) -> pd.DataFrame:
    """Means over the frames of each subject: rows of subjects, columns of MEASURES."""
    return table.groupby("subject")[list(MEASURES)].mean()


# What `make study` has found for this very run, where somebody has made it.


HOW = (
    "Nobody has made that table for this run: `make study`, with the options that this "
    "page was made with, makes it, and the next report shows it here."
)


def study_folder(course: Course, data: Domains) -> Path:
    """Where the study of these settings, these frames and today's code stands; its
    encoders are part of the study, so that the course's own is no matter."""
    parts = (data.source, data.target, data.wished)
    key = store.key(
        numbers=vars(course.but(encoder="").numbers),
        weights=course.begins_with,
        seed=course.seed,
        frames=[None if part is None else part.digest for part in parts],
        code=store.made_by(measured, *RECIPES.values())["code"],
    )
    return store_folder() / "study" / key


def studied(course: Course, data: Domains) -> pd.DataFrame | None:
    """summary.csv of the study of this very run (study.tables.summary says which
    columns); None where there is none."""
    place = study_folder(course, data) / "summary.csv"
    return pd.read_csv(place) if place.exists() else None
