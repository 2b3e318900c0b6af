"""Organs are laid over one another as a painter would: each a domed body with its own
skin, which shades those below."""

from typing import NamedTuple

import cv2
import numpy as np

from phantom.classes import ID
from phantom.scene import Field, Shape, away, mix, oval, step, unit

MARGIN = 1.2
"""How much larger than the frame a clip's anatomy is drawn, so that the telescope can
drift."""


class World(NamedTuple):
    """A clip's anatomy: what stays while the telescope moves."""

    albedo: Field  # HxWx4: linear colour, and ripples that only gleams show
    ground: (
        Field  # HxWx4: height, where blood comes first, gloss, light that gets there
    )
    soil: Field  # HxW: how much of the blood wiped and trodden about a place has taken
    classes: np.ndarray  # HxW uint8
    focus: tuple[float, float]  # where the surgeon works, share of the frame (x, y)
    hold: tuple[float, float]  # where a grasper takes hold, likewise


class Painter:
    """What has been laid down so far; `lay` puts another body on top. `zoom` 1 shows a
    scene as high as the frame, its middle `drop` scene heights below the frame's; the
    lamp stands at direction `lamp` (x, y, 1)."""

    def __init__(
        self,
        shape: Shape,
        zoom: float,
        drop: float = 0.0,
        lamp: tuple[float, float] = (0.0, 0.0),
    ):
        self.shape, self.scale = shape, unit(shape) / MARGIN
        self.high, self.drop, self.lamp = zoom * shape[0] / MARGIN, drop, lamp
        self.albedo = np.zeros((*shape, 3), np.float32)
        self.height, self.gloss, self.near = (
            np.zeros(shape, np.float32) for _ in range(3)
        )
        self.classes = np.full(shape, ID["wall"], np.uint8)

    def lay(
        self,
        name: str,
        inside: Field,
        skin: Field,
        relief: Field,
        bulge: float,
        near: Field | float,
        gloss: float,
        soft: Field | float = 1.3,
    ) -> None:
        """A body where `inside` (pixels to its edge, positive within) is positive: its
        skin (colour), relief (height on top of a dome `bulge` pixels high), its
        nearness to the lamp, its gloss and how `soft` its edge is (pixels); it shades
        what lies below."""
        share = step(inside, -soft * self.scale, soft * self.scale)
        climb = np.clip(inside / (3.2 * bulge * self.scale), 0, 1)
        dome = climb * (2 - climb) * bulge * self.scale
        shadow = np.float32(
            [[1, 0, -0.6 * bulge * self.scale * side] for side in self.lamp]
        )
        shadow[1, :2] = 0, 1
        cast = cv2.warpAffine(
            inside, shadow, self.shape[::-1], borderMode=cv2.BORDER_REPLICATE
        )
        self.near *= 1 - 0.34 * cv2.exp(np.minimum(cast, 0) / (9 * self.scale))
        self.albedo = mix(self.albedo, skin, share)
        for field, new in (
            (self.height, dome + relief),
            (self.near, near),
            (self.gloss, gloss),
        ):
            field += share * (new - field)
        self.classes[inside > 0] = ID[name]

    def place(self, points) -> np.ndarray:
        """Pixels (x, y) of points said in scene heights from the scene's middle."""
        return (np.array(points) + [0, self.drop]) * self.high + [
            self.shape[1] / 2,
            self.shape[0] / 2,
        ]

    def ellipse(self, middle, axes, angle: float) -> Field:
        """About how many pixels to an ellipse's edge, positive inside; lengths in scene
        heights from the centre."""
        half = np.array(axes) * self.high
        out = oval(self.shape, self.place(middle), half, angle)
        return (1 - out) * float(min(half))

    def tube(self, points, half: float) -> Field:
        """Pixels to the edge of a tube along points (scene heights from the centre),
        positive inside."""
        return float(half * self.high) - away(self.shape, self.place(points))
