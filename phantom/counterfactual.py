"""The same subjects and scenes with some dials turned: the truth that a cause is held
against.

Both kinds of surgery are shown on one canvas of 4:3. With the source's view the picture
fills it; with the target's a 16:9 picture of the same scene is fitted in, smaller, with
fill above and below it and a round view inside.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from phantom import laparoscopic, render, robotic
from phantom.painter import ID
from phantom.subjects import LAPAROSCOPIC, ROBOTIC
from phantom.subjects import look as look_of

FINER = 2  # how much larger than the canvas it is drawn
TIMES = (0.42, 0.58, 0.5)  # within each clip, where every clip bleeds


class Frames(NamedTuple):
    """N drawn frames: images uint8 NxHxWx3, blood and fill bool NxHxW, subjects (N)."""

    images: np.ndarray
    blood: np.ndarray
    fill: np.ndarray
    subjects: np.ndarray


def counterfactual(
    kind: str,
    subjects: tuple[str, ...],
    swapped: tuple[str, ...] = (),
    size: tuple[int, int] = (96, 128),
    seed: int = 0,
    frames_per_subject: int = 4,
) -> Frames:
    """Bleeding frames of some pigs ("robotic") or patients ("laparoscopic") with the
    groups `swapped` taken from the other kind; the same scenes and times whatever is
    swapped.

    size: of the canvas, 4:3. Scenes are kept from call to call.
    """
    return _cast(kind, tuple(subjects), tuple(size), seed, frames_per_subject)(swapped)


@lru_cache(maxsize=2)
def _cast(kind: str, subjects: tuple, size: tuple, seed: int, each: int) -> "_Cast":
    return _Cast(kind, subjects, size, seed, each)


class _Cast:
    def __init__(
        self, kind: str, subjects: tuple, size: tuple, seed: int, each: int
    ) -> None:
        self.kind, self.size, self.seed = kind, size, seed
        self.moments = [
            (subject, number // 2, TIMES[number % 2])
            for subject in subjects
            for number in range(each)
        ]
        # Wide enough for 16:9; a 4:3 picture looks at its middle.
        self.high, self.wide = FINER * size[0], round(FINER * size[0] * 16 / 9)
        self.scenes: dict[tuple, render.Scene] = {}

    def __call__(self, swapped: tuple[str, ...]) -> Frames:
        made = [self._moment(*moment, tuple(swapped)) for moment in self.moments]
        images, blood, fill = (np.stack(parts) for parts in zip(*made))
        return Frames(
            images, blood, fill, np.array([one for one, _, _ in self.moments])
        )

    def _moment(self, subject: str, clip: int, t: float, swapped: tuple[str, ...]):
        look = look_of(self.kind, subject, self.seed, 1.0, swapped)
        if self.kind == ROBOTIC:
            share = robotic.amount(look, subject, clip, self.seed, t)
        else:
            share = laparoscopic.amount(look, subject, clip, self.seed, t, True)
        wide = (self.kind == LAPAROSCOPIC) != ("view" in swapped)
        # Pools belong to the scene: they stay as large as the blood's own kind of view
        # makes them, however much of the scene another view shows.
        as_wide = (self.kind == LAPAROSCOPIC) != ("blood" in swapped)
        share *= (self.size[1] / self.size[0] * 9 / 16) ** (int(wide) - int(as_wide))
        seen_by = set(swapped) - {"view"} | ({"view"} if "blood" in swapped else set())
        counted = look_of(self.kind, subject, self.seed, 1.0, tuple(seen_by))
        shape = (self.high, self.wide if wide else FINER * self.size[1])
        name = (subject, clip, self.seed)
        scene = self._scene(subject, clip, "anatomy" in swapped)
        image, classes = render.frame(scene, look, name, t, shape, share, counted)
        return self._placed(image, classes == ID["blood"])

    def _scene(self, subject: str, clip: int, exchanged: bool) -> render.Scene:
        key = (subject, clip, exchanged)
        if key not in self.scenes:
            swapped = ("anatomy",) if exchanged else ()
            self.scenes[key] = render.scene(
                self.kind,
                subject,
                clip,
                (self.high, self.wide),
                self.seed,
                1.0,
                swapped,
            )
        return self.scenes[key]

    def _placed(self, image: np.ndarray, blood: np.ndarray):
        """A drawn picture fitted into the canvas; what it leaves free is fill."""
        height, width = self.size
        rows = round(width * image.shape[0] / image.shape[1])
        top = (height - rows) // 2
        canvas = np.zeros((height, width, 3), np.uint8)
        label, fill = np.zeros((height, width), bool), np.ones((height, width), bool)
        inner = slice(top, top + rows)
        canvas[inner] = cv2.resize(image, (width, rows), interpolation=cv2.INTER_AREA)
        label[inner] = cv2.resize(
            blood.astype(np.uint8), (width, rows), interpolation=cv2.INTER_NEAREST_EXACT
        )
        fill[inner] = False
        return canvas, label, fill
