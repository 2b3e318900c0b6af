"""What a recipe is given, and what it gives."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torchvision.transforms import v2

from helpers import runs
from helpers.domains import Domains
from helpers.frames import Packed, view_of
from helpers.settings import Course


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
        return view_of(self.patients) & self.patients.valid

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
