"""The open wound of the robotic scene, as its parts are laid on one another."""

import cv2
import numpy as np

from phantom.scene import (
    Field,
    Shape,
    away,
    cast,
    fibres,
    lobules,
    mix,
    noise,
    oval,
    step,
    turned,
)

MARGIN = 1.22
"""How much larger than the frame a clip's tissue is drawn, so that the camera can
drift."""

NEVER = -9.0
"""The potential of what no blood lies on: drape and steel."""


class Wound:
    """What has been laid down so far, from the floor upwards, and the textures that
    its tissues share."""

    def __init__(
        self,
        shape: Shape,
        scale: float,
        rng: np.random.Generator,
        look: dict[str, float],
    ):
        self.shape, self.scale, self.rng, self.look = shape, scale, rng, look
        self.lamp = (look["lamp_x"], look["lamp_y"])
        self.albedo = np.zeros((*shape, 3), np.float32)
        self.height, self.gloss, self.foreign, self.cut = (
            np.zeros(shape, np.float32) for _ in range(4)
        )
        self.near = np.ones(shape, np.float32)
        # The wound's axis: everything is drawn back across it.
        self.tilt = rng.uniform(-0.8, 0.8)
        self.middle = np.array(shape[::-1]) * rng.uniform((0.40, 0.40), (0.60, 0.60))
        along, across = turned(shape, self.middle, self.tilt)
        self.along, self.across = along / scale, across / scale
        self.across += 13 * noise(rng, shape, 90 * scale, 2)
        angle = self.tilt + rng.normal(0, 0.25)
        self.strand = fibres(
            rng, shape, angle + 0.5, 34 * scale, 2.4 * scale, 14 * scale
        )
        self.coarse = fibres(rng, shape, angle, 90 * scale, 4.2 * scale, 16 * scale)
        self.dome, self.tone = lobules(rng, shape, look["lobule"] * scale)
        self.dome = cv2.GaussianBlur(self.dome, (0, 0), 1.6 * scale)
        self.tone = cv2.GaussianBlur(self.tone, (0, 0), 1.6 * scale)
        self.mottle = noise(rng, shape, 18 * scale, 3, 0.6)
        swell, _ = lobules(rng, shape, rng.uniform(26, 44) * scale)
        swell = cv2.GaussianBlur(swell, (0, 0), 3 * scale)
        self.folds = 0.7 * noise(rng, shape, 38 * scale, 2, 0.4) + 2.0 * swell - 0.8
        self.fine = noise(rng, shape, 5 * scale, 2)
        self.patches = noise(rng, shape, 50 * scale, 2)

    def lay(
        self,
        inside: Field,
        skin: tuple[Field, Field, float],
        bulge: float,
        reach: float,
        level: float,
        near: float,
        soft: Field | float = 1.8,
        dim: float = 0.55,
    ) -> Field:
        """A body where `inside` (pixels to its edge, positive within) is positive: its
        skin (colour, relief, gloss), a back that climbs to `bulge` within `reach`, its
        `level` (all lengths for a frame 240 high), how much light it gets. It dims what
        lies below along its edge, most where it throws its shadow. Gives its share."""
        colour, relief, gloss = skin
        scale = self.scale
        share = step(inside, -soft * scale, soft * scale)
        climb = np.clip(inside / np.float32(reach * scale), 0, 1)
        back = climb * (2 - climb) * np.float32(bulge * scale)
        gap = np.minimum(inside, 0) / np.float32(scale)
        self.near *= 1 - dim * (0.30 * cv2.exp(gap / 5) + 0.70 * cv2.exp(gap / 24))
        beside = -16 * self.lamp[0], 5 - 16 * self.lamp[1]
        shadow = cast(share, beside, 5, scale, cv2.BORDER_REPLICATE)
        self.near *= 1 - np.float32(min(0.6 * dim * (bulge + 8) / 14, 0.8)) * shadow
        self.albedo = mix(self.albedo, colour, share)
        top = back + relief + np.float32(level * scale)
        for field, new in ((self.height, top), (self.gloss, gloss), (self.near, near)):
            field += share * (new - field)
        self.foreign *= 1 - share
        self.cut *= 1 - share
        return share

    def ellipse(self, centre, axes, angle: float) -> Field:
        """Pixels to the edge of a wobbly ellipse, positive inside; `centre` along and
        across the wound's axis."""
        half = np.array(axes) * self.scale
        out = oval(self.shape, self.place(*centre), half, angle)
        out = out + 0.13 * self.patches + 0.10 * self.mottle
        return (1 - out) * float(min(half))

    def place(self, along: float, across: float) -> tuple[float, float]:
        """Pixels (x, y) of a point said along and across the wound's axis."""
        cosine, sine = np.cos(self.tilt), np.sin(self.tilt)
        return (
            float(self.middle[0] + self.scale * (along * cosine - across * sine)),
            float(self.middle[1] + self.scale * (along * sine + across * cosine)),
        )

    def level(self, inside: Field) -> float:
        """The mean height of what lies under a body (for a frame 240 high)."""
        return float(cv2.mean(self.height, np.uint8(inside > 0))[0]) / self.scale

    def tube(self, points, half: float) -> Field:
        """Pixels to the edge of a tube along points (pixels), positive inside."""
        out = np.minimum(away(self.shape, points), 1e3 * self.scale)
        return float(half * self.scale) - out
