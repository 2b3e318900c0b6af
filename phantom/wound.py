"""The open wound of the robotic scene, as its parts are laid on one another."""

import cv2
import numpy as np

from phantom.scene import (
    Field,
    Shape,
    fibres,
    grid,
    lobules,
    mix,
    noise,
    step,
)

MARGIN = 1.22


NEVER = -9.0


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
        cosine, sine = float(np.cos(self.tilt)), float(np.sin(self.tilt))
        x, y = grid(shape)
        x, y = x - float(self.middle[0]), y - float(self.middle[1])
        self.along = (x * cosine + y * sine) / scale
        self.across = (y * cosine - x * sine) / scale
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
        self.near *= self._shadow(share, 0.6 * dim * (bulge + 8) / 14)
        self.albedo = mix(self.albedo, colour, share)
        top = back + relief + np.float32(level * scale)
        for field, new in ((self.height, top), (self.gloss, gloss), (self.near, near)):
            field += share * (new - field)
        self.foreign *= 1 - share
        self.cut *= 1 - share
        return share

    def _shadow(self, share: Field, strength: float) -> Field:
        """What light a body leaves beside itself, on the side away from the lamp."""
        scale = self.scale / 4
        small = cv2.resize(share, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        shift = [-16 * self.lamp[0] * scale, (5 - 16 * self.lamp[1]) * scale]
        place = np.float32([[1, 0, shift[0]], [0, 1, shift[1]]])
        small = cv2.warpAffine(
            small, place, small.shape[::-1], borderMode=cv2.BORDER_REPLICATE
        )
        small = cv2.GaussianBlur(small, (0, 0), 5 * scale + 0.3)
        small = cv2.resize(small, self.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return 1 - np.float32(min(strength, 0.8)) * small

    def ellipse(self, centre, axes, angle: float) -> Field:
        """Pixels to the edge of a wobbly ellipse, positive inside; `centre` along and
        across the wound's axis."""
        x, y = grid(self.shape)
        px, py = self.place(*centre)
        x, y = x - np.float32(px), y - np.float32(py)
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u = (x * cosine + y * sine) / np.float32(axes[0] * self.scale)
        v = (y * cosine - x * sine) / np.float32(axes[1] * self.scale)
        away = np.sqrt(u * u + v * v) + 0.13 * self.patches + 0.10 * self.mottle
        return (1 - away) * np.float32(min(axes) * self.scale)

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
        line = np.ones(self.shape, np.uint8)
        place = np.round(np.asarray(points) * 8).astype(np.int32)
        cv2.polylines(line, [place], False, 0, 1, cv2.LINE_8, 3)
        away = cv2.distanceTransform(line, cv2.DIST_L2, 5)
        return np.float32(half * self.scale) - np.minimum(away, 1e3 * self.scale)
