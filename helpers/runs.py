"""The course's standard runs, by name: two lessons that want the same model ask for the
same thing.

>>> run = baseline(course, data)  # trained, or found in the store
>>> run.probabilities(data.of("ood_test")) >= 128
"""

import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms import v2

from helpers import models, store, training
from helpers.domains import Domains
from helpers.frames import Packed
from helpers.models import read_state, write_state
from helpers.progress import counting
from helpers.settings import Course
from helpers.training import History


@dataclass(frozen=True)
class Run:
    """A trained model with its history and the key that stands for both."""

    model: torch.nn.Module
    history: History
    key: str

    def probabilities(self, packed: Packed) -> np.ndarray:
        """Its prediction on packed frames (see training.predict), memory-mapped from
        the store."""

        def save(model: torch.nn.Module, folder: Path) -> None:
            path, shape = folder / "found.npy", packed.images.shape[:3]
            found = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
            training.predict(model, packed.images, found)  # more than memory may hold
            found.flush()

        return store.keep(
            "predictions",
            dict(run=self.key, frames=frames_key(packed)),
            lambda: self.model,
            save,
            lambda folder: np.load(folder / "found.npy", mmap_mode="r"),
        )


def untrained(course: Course) -> models.Segmenter:
    """The network that the course's runs begin with: the encoder with its weights, the
    decoder drawn from the seed."""
    numbers = course.numbers
    return models.build(numbers.encoder, numbers.decoder, course.weights, course.seed)


def baseline(course: Course, data: Domains, watch: Callable | None = None) -> Run:
    """The course's model: trained on the source's train pigs, its epoch chosen on
    id_val. watch: see training.fit."""
    return trained("baseline", course, data.of("train"), data.of("id_val"), watch=watch)


def fill_left_out(course: Course, data: Domains) -> Run:
    """The baseline with our own old mistake: its loss never sees the black that
    augmentation brings in."""
    parts = data.of("train"), data.of("id_val")
    return trained("fill left out", course, *parts, fill_counts=False)


def trained(
    name: str,
    course: Course,
    train: Packed,
    id_val: Packed,
    transform: v2.Transform | None = None,
    watch: Callable | None = None,
    foot: int | None = None,
    start: Run | None = None,
    fill_counts: bool = True,
    **more,
) -> Run:
    """A named run on given frames, found or trained.

    transform: the augmentation, light_augmentation() where none is given; `name` and
    `more` must tell two recipes apart. foot, fill_counts: see training.fit. start: a
    run whose weights this one begins with, in place of the encoder's alone.
    """
    numbers = course.numbers
    transform = transform or training.light_augmentation()
    what = dict(name=name, numbers=asdict(numbers), seed=course.seed, **more)
    what |= dict(train=frames_key(train), id_val=frames_key(id_val))
    what |= dict(weights=course.begins_with, start=start and start.key)
    what |= dict(recipe=_recipe(transform), foot=foot, fill_counts=fill_counts)

    def make() -> tuple[torch.nn.Module, History]:
        model = untrained(course) if start is None else copy.deepcopy(start.model)
        with counting(f"Training '{name}', epochs", numbers.epochs) as tell:

            def after(history: History) -> None:
                tell(len(history.loss))
                if watch is not None:
                    watch(history)

            given = model, train, id_val, numbers, course.seed, what
            history = training.fit(*given, transform, after, foot, fill_counts)
        return model, history

    run = store.keep("models", what, make, _save, partial(_load, course))
    checkpoint = store.folder("checkpoints", what, training.fit)
    shutil.rmtree(checkpoint, ignore_errors=True)
    return run


def _save(made: tuple[torch.nn.Module, History], folder: Path) -> None:
    write_state(made[0].state_dict(), folder / "weights.pt")
    (folder / "history.json").write_text(json.dumps(asdict(made[1])))


def _load(course: Course, folder: Path) -> Run:
    model = untrained(replace(course, weights=None))
    model.exposure = models.exposure(course.weights, course.numbers.encoder)
    model.load_state_dict(read_state(folder / "weights.pt"))
    history = History(**json.loads((folder / "history.json").read_text()))
    model.dtype = history.dtype
    # The weights themselves, since other threads may have learned others.
    return Run(model.eval(), history, store.content(folder))


def _recipe(transform: v2.Transform) -> list:
    """What an augmentation depends on: its settings, with the probabilities that torch
    leaves out of their text, and the code of its parts that are the course's own."""
    parts = [transform]
    for part in parts:  # which grow as they are gone through
        parts += getattr(part, "transforms", ())
    own = [getattr(part, "lambd", type(part)) for part in parts]
    ours = [one for one in own if one.__module__.startswith("helpers.")]
    chances = [getattr(part, "p", None) for part in parts]
    return [repr(transform), chances, store.made_by(*ours)["code"]]


def frames_key(packed: Packed) -> str:
    """What frames these are: their pixels and labels, and whose they are."""
    return store.key(
        pixels=packed.digest,
        whose=packed.table[["dataset", "subject", "clip", "frame"]].to_numpy().tolist(),
    )
