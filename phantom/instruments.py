"""Instruments as shaded cylinders: shafts, wrists, jaws, a hook, a suction tube. They
are drawn on a frame's canvas, not on tissue."""

import cv2
import numpy as np

from phantom.scene import Field, generator, grid, linear, unit

# What polished steel mirrors across its width, from one edge (-1) over the side that
# faces the camera to the other.
_ACROSS = np.linspace(-1, 1, 9)
_STEEL = (0.06, 0.20, 1.10, 0.34, 0.15, 0.24, 0.72, 0.18, 0.05)
_PAINT = (0.05, 0.22, 0.50, 0.36, 0.26, 0.24, 0.22, 0.14, 0.04)
_TUBE = (0.16, 0.42, 0.40, 0.95, 0.52, 0.40, 0.34, 0.46, 0.20)
_PROFILES = {
    "tube": np.interp(np.linspace(-1, 1, 65), _ACROSS, _TUBE).astype(np.float32),
    "steel": np.interp(np.linspace(-1, 1, 65), _ACROSS, _STEEL).astype(np.float32),
    "paint": np.interp(np.linspace(-1, 1, 65), _ACROSS, _PAINT).astype(np.float32),
}


class Canvas:
    """Colour (linear, lit) and cover (0-1) of the instruments of a frame; `kind` 1
    grasper, 2 hook, 0 none."""

    def __init__(self, shape: tuple[int, int]):
        self.shape = shape
        self.colour = np.zeros((*shape, 3), np.float32)
        self.cover = np.zeros(shape, np.float32)
        self.kind = np.zeros(shape, np.uint8)

    def rod(
        self,
        start,
        end,
        wide: float,
        narrow: float,
        colour: Field,
        finish: str,
        kind: int,
        rings: float = 0,
    ):
        """A tapering rod between two points (x, y), with half widths `wide` and
        `narrow`."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        length = max(float(np.hypot(*(end - start))), 1.0)
        reach = max(wide, narrow) + 2
        x0, y0 = np.floor(np.minimum(start, end) - reach).astype(int).clip(0)
        x1, y1 = (
            np.ceil(np.maximum(start, end) + reach)
            .astype(int)
            .clip(0, [self.shape[1], self.shape[0]])
        )
        if x1 <= x0 or y1 <= y0:
            return
        x, y = (axis[y0:y1, x0:x1] for axis in grid(self.shape))
        (ux, uy), (sx, sy) = (
            ((end - start) / length).astype(np.float32),
            start.astype(np.float32),
        )
        along, across = (x - sx) * ux + (y - sy) * uy, (y - sy) * ux - (x - sx) * uy
        half = np.clip(
            wide + (narrow - wide) * along / np.float32(length),
            min(wide, narrow),
            max(wide, narrow),
        )
        cover = np.clip(half - np.abs(across) + 0.5, 0, 1) * np.clip(
            np.minimum(along, length - along) + 1, 0, 1
        )
        if uy * 0.4 + ux < 0:  # the lamp stays above, whichever way the rod points
            across = -across
        index = np.clip(across / half * 32 + 32, 0, 64).astype(np.int32)
        tone = _PROFILES[finish][index]
        if rings:
            tone = tone * (0.75 + 0.25 * np.cos(along * np.float32(2 * np.pi / rings)))
        box = np.s_[y0:y1, x0:x1]
        share = cover[..., None]
        self.colour[box] += share * (tone[..., None] * colour - self.colour[box])
        self.cover[box] = np.maximum(self.cover[box], cover)
        self.kind[box][cover > 0.5] = kind

    def shadow(self, shift: tuple[float, float]) -> Field:
        """How much light the instruments leave on the tissue (0-1): their cover,
        displaced and softened."""
        if not self.cover.any():
            return np.ones(self.shape, np.float32)
        small = cv2.resize(
            self.cover, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA
        )
        scale = unit(self.shape)
        place = np.float32([[1, 0, shift[0] * scale / 4], [0, 1, shift[1] * scale / 4]])
        small = cv2.GaussianBlur(
            cv2.warpAffine(small, place, small.shape[::-1]), (0, 0), 1.3 * scale + 0.3
        )
        return 1 - 0.6 * cv2.resize(
            small, self.shape[::-1], interpolation=cv2.INTER_LINEAR
        )


def path(rng: np.random.Generator, t: float, target, reach: float) -> np.ndarray:
    """A tip's place at time t: it works around `target`, `reach` pixels to and fro."""
    phase, pace = rng.uniform(0, 2 * np.pi, 4), rng.uniform(1.5, 4.0, 2)
    return np.asarray(target) + reach * np.array(
        [
            np.sin(phase[0] + pace[0] * t) + 0.3 * np.sin(phase[2] + 11 * t),
            np.sin(phase[1] + pace[1] * t) + 0.3 * np.sin(phase[3] + 13 * t),
        ]
    )


def forceps(
    canvas: Canvas, entry, tip, spread: float, steel: float, thin: bool = False
) -> None:
    """A robotic instrument: a polished shaft, a dark wrist, two jaws that open by
    `spread` radians."""
    scale = unit(canvas.shape)
    back = np.asarray(entry, float) - tip
    back /= max(np.hypot(*back), 1e-6)
    metal = linear(198 - 22 * steel, 210 - 12 * steel, 234 + 8 * steel) * 1.2
    blushed = metal * [1.0, 0.72, 0.66]  # so near the tissue, steel mirrors it
    shaft, wrist = (4.0, 3.2) if thin else (9.5 - steel, 7.0)
    jaws, joint = (
        tip + back * (24 if not thin else 40) * scale,
        tip + back * (46 if not thin else 52) * scale,
    )
    canvas.rod(entry, joint, shaft * scale, shaft * scale * 0.95, metal, "steel", 1)
    canvas.rod(
        joint,
        joint + (jaws - joint) * 0.35,
        shaft * scale * 1.02,
        shaft * scale,
        metal * 0.3,
        "paint",
        1,
    )
    canvas.rod(
        joint + (jaws - joint) * 0.3,
        jaws,
        wrist * scale,
        wrist * scale * 0.8,
        blushed * 0.8,
        "steel",
        1,
        9 * scale,
    )
    for side in (-1, 1):
        angle = side * spread
        bow = np.array(
            [
                back[0] * np.cos(angle) - back[1] * np.sin(angle),
                back[0] * np.sin(angle) + back[1] * np.cos(angle),
            ]
        )
        length = np.hypot(*(jaws - tip))
        middle = (
            jaws
            - bow * length * 0.55
            + np.array([-back[1], back[0]]) * side * scale * 1.5
        )
        canvas.rod(jaws, middle, 4.2 * scale, 3.2 * scale, blushed * 0.85, "steel", 1)
        canvas.rod(
            middle,
            jaws - bow * length,
            3.2 * scale,
            1.4 * scale,
            blushed * 0.9,
            "steel",
            1,
            3.5 * scale,
        )


def suction(canvas: Canvas, entry, tip, steel: float) -> None:
    """A wide grey suction tube, its open end dark."""
    scale = unit(canvas.shape)
    back = np.asarray(entry, float) - tip
    back /= max(np.hypot(*back), 1e-6)
    grey = linear(168 + 10 * steel, 166 + 12 * steel, 164 + 18 * steel)
    half = (11 + 4 * steel) * scale
    canvas.rod(entry, tip + back * 8 * scale, half, half, grey, "tube", 1)
    for rim in range(8):  # the end rounds off
        wide = half * np.sqrt(1 - (rim / 8.5) ** 2)
        end = tip + back * (8 - rim) * scale
        canvas.rod(
            end + back * 2 * scale, end - back * scale, wide, wide, grey, "tube", 1
        )
        if 2 < rim < 7:  # the mouth
            wide *= 0.7
            canvas.rod(end, end - back * scale, wide, wide, grey * 0.12, "paint", 1)
    for hole in (24, 38):
        place, wide = tip + back * hole * scale, 2.2 * scale
        canvas.rod(place, place + back * 2 * wide, wide, wide, grey * 0.12, "paint", 1)


def grasper(canvas: Canvas, entry, tip, spread: float, steel: float) -> None:
    """A laparoscopic grasper: a thin grey shaft and two jaws with windows."""
    scale = unit(canvas.shape)
    back = np.asarray(entry, float) - tip
    back /= max(np.hypot(*back), 1e-6)
    metal = linear(150 + 40 * steel, 146 + 42 * steel, 142 + 48 * steel)
    joint, waist = tip + back * 46 * scale, tip + back * 56 * scale
    for side in (-1, 1):
        angle = side * spread
        bow = np.array(
            [
                back[0] * np.cos(angle) - back[1] * np.sin(angle),
                back[0] * np.sin(angle) + back[1] * np.cos(angle),
            ]
        )
        aside = np.array([-bow[1], bow[0]]) * scale
        # Each jaw is a long loop: two thin rails, closed at the end, with a window
        # between them.
        for rail in (-1, 1):
            canvas.rod(
                joint + rail * 2 * aside,
                joint - bow * 42 * scale + rail * 3.6 * aside,
                1.7 * scale,
                1.5 * scale,
                metal * 1.1,
                "steel",
                1,
            )
        canvas.rod(
            joint - bow * 40 * scale,
            joint - bow * 46 * scale,
            5.0 * scale,
            3.5 * scale,
            metal * 1.1,
            "steel",
            1,
        )
        canvas.rod(
            joint, joint - bow * 14 * scale, 3.6 * scale, 3.6 * scale, metal, "steel", 1
        )
    canvas.rod(waist, joint, 7 * scale, 4.5 * scale, metal, "steel", 1)
    canvas.rod(
        entry, waist, 9 * scale, 8 * scale, metal * (0.5 + 0.4 * steel), "steel", 1
    )


def hook(canvas: Canvas, entry, tip, steel: float) -> None:
    """An L-hook for electrocautery: a broad dark shaft, a pale ceramic end, the bent
    wire."""
    scale = unit(canvas.shape)
    back = np.asarray(entry, float) - tip
    back /= max(np.hypot(*back), 1e-6)
    side = np.array([-back[1], back[0]])
    wire, collar, joint = (
        tip + back * 9 * scale,
        tip + back * 16 * scale,
        tip + back * 38 * scale,
    )
    canvas.rod(
        wire, collar, 1.6 * scale, 1.6 * scale, linear(200, 190, 180), "steel", 2
    )
    canvas.rod(
        wire,
        wire + side * 8 * scale - back * 3 * scale,
        1.6 * scale,
        1.3 * scale,
        linear(200, 190, 180),
        "steel",
        2,
    )
    canvas.rod(
        entry,
        joint,
        19 * scale,
        13 * scale,
        linear(128, 126, 128) * (0.8 + 0.4 * steel),
        "paint",
        2,
    )
    canvas.rod(
        joint, collar, 12 * scale, 4.5 * scale, linear(235, 222, 205) * 1.6, "paint", 2
    )


def entries(shape: tuple[int, int], rng: np.random.Generator, left: bool) -> np.ndarray:
    """A point outside the frame where a shaft comes in, from the left or from the
    right."""
    away = 40 * unit(shape)
    return np.array(
        [-away if left else shape[1] + away, rng.uniform(0.15, 1.1) * shape[0]]
    )


def hands(*name) -> np.random.Generator:
    """The generator that moves the instruments of a clip: the same at each time of
    it."""
    return generator("instruments", *name)
