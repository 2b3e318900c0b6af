"""Instruments as shaded cylinders: shafts, wrists, jaws, a hook, a suction tube. They
are drawn on a frame's canvas, not on tissue."""

import cv2
import numpy as np

from phantom.scene import Field, cast, generator, grid, linear, mix, thrice, unit

# What polished steel mirrors across its width, from one edge (-1) over the side that
# faces the camera to the other.
_ACROSS = np.linspace(-1, 1, 9)
_PROFILES = {
    finish: np.interp(np.linspace(-1, 1, 65), _ACROSS, tones).astype(np.float32)
    for finish, tones in {
        "tube": (0.16, 0.42, 0.40, 0.95, 0.52, 0.40, 0.34, 0.46, 0.20),
        "steel": (0.06, 0.20, 1.10, 0.34, 0.15, 0.24, 0.72, 0.18, 0.05),
        "paint": (0.05, 0.22, 0.50, 0.36, 0.26, 0.24, 0.22, 0.14, 0.04),
    }.items()
}


class Canvas:
    """Colour (linear, lit) and cover (0-1) of the instruments of a frame; `kind` 1
    grasper, 2 hook, 0 none."""

    def __init__(self, shape: tuple[int, int]):
        self.shape, self.scale = shape, unit(shape)
        self.colour = np.zeros((*shape, 3), np.float32)
        self.cover = np.zeros(shape, np.float32)
        self.kind = np.zeros(shape, np.uint8)

    def rod(
        self, start, end, wide, narrow, colour, finish="steel", kind=1, rings=0.0
    ) -> None:
        """A tapering rod between two points (x, y in pixels), with half widths `wide`
        and `narrow` (said for a frame 240 pixels high, as the `rings` along it are)."""
        wide, narrow, rings = (size * self.scale for size in (wide, narrow, rings))
        start, end = np.asarray(start, float), np.asarray(end, float)
        length = max(float(np.hypot(*(end - start))), 1.0)
        reach = max(wide, narrow) + 2
        x0, y0 = np.floor(np.minimum(start, end) - reach).astype(int).clip(0)
        far = np.ceil(np.maximum(start, end) + reach).astype(int)
        x1, y1 = far.clip(0, self.shape[::-1])
        if x1 <= x0 or y1 <= y0:
            return
        box = np.s_[y0:y1, x0:x1]
        x, y = (axis[box] for axis in grid(self.shape))
        (ux, uy), (sx, sy) = np.float32([(end - start) / length, start])
        along, across = (x - sx) * ux + (y - sy) * uy, (y - sy) * ux - (x - sx) * uy
        half = wide + (narrow - wide) * along / np.float32(length)
        half = np.clip(half, min(wide, narrow), max(wide, narrow))
        cover = np.clip(half - np.abs(across) + 0.5, 0, 1)
        cover *= np.clip(np.minimum(along, length - along) + 1, 0, 1)
        if uy * 0.4 + ux < 0:  # the lamp stays above, whichever way the rod points
            across = -across
        index = np.clip(across / half * 32 + 32, 0, 64).astype(np.int32)
        tone = _PROFILES[finish][index]
        if rings:
            tone = tone * (0.75 + 0.25 * np.cos(along * np.float32(2 * np.pi / rings)))
        share = cover[..., None]
        self.colour[box] += share * (tone[..., None] * colour - self.colour[box])
        self.cover[box] = np.maximum(self.cover[box], cover)
        self.kind[box][cover > 0.5] = kind

    def lay(self, tool: "Canvas", soft: float) -> None:
        """Another canvas on top of this one, `soft` pixels out of focus (for a frame
        240 high)."""
        colour, cover = tool.colour, tool.cover
        if soft > 0.3:
            cover = cv2.GaussianBlur(cover, (0, 0), soft * self.scale)
            colour = cv2.GaussianBlur(colour, (0, 0), soft * self.scale)
            colour /= thrice(np.maximum(cover, 0.02))
        self.colour = mix(self.colour, colour, cover)
        self.cover = np.maximum(self.cover, cover)
        self.kind[cover > 0.5] = tool.kind.max()

    def shadow(self, shift: tuple[float, float]) -> Field:
        """How much light the instruments leave on the tissue (0-1): their cover,
        displaced and softened."""
        if not self.cover.any():
            return np.ones(self.shape, np.float32)
        return 1 - 0.6 * cast(self.cover, shift, 5.2, self.scale)


def path(rng: np.random.Generator, t: float, target, reach: float) -> np.ndarray:
    """A tip's place at time t: it works around `target`, `reach` pixels to and fro."""
    phase, pace = rng.uniform(0, 2 * np.pi, 4), rng.uniform(1.5, 4.0, 2)
    tremor = 0.3 * np.sin(phase[2:] + np.array([11, 13]) * t)
    return np.asarray(target) + reach * (np.sin(phase[:2] + pace * t) + tremor)


def _back(entry, tip) -> np.ndarray:
    """The direction from a tip back to where its shaft comes in."""
    back = np.asarray(entry, float) - tip
    return back / max(np.hypot(*back), 1e-6)


def _aside(way: np.ndarray) -> np.ndarray:
    return np.array([-way[1], way[0]])


def _turned(way: np.ndarray, angle: float) -> np.ndarray:
    return way * np.cos(angle) + _aside(way) * np.sin(angle)


def forceps(
    canvas: Canvas, entry, tip, spread: float, steel: float, thin: bool = False
) -> None:
    """A robotic instrument: a polished shaft, a dark wrist, two jaws that open by
    `spread` radians."""
    scale, back = canvas.scale, _back(entry, tip)
    metal = linear(198 - 22 * steel, 210 - 12 * steel, 234 + 8 * steel) * 1.2
    blushed = metal * [1.0, 0.72, 0.66]  # so near the tissue, steel mirrors it
    shaft, wrist, reach, far = (4.0, 3.2, 40, 52) if thin else (9.5 - steel, 7, 24, 46)
    jaws, joint = tip + back * reach * scale, tip + back * far * scale
    hand = jaws - joint
    canvas.rod(entry, joint, shaft, shaft * 0.95, metal)
    canvas.rod(joint, joint + hand * 0.35, shaft * 1.02, shaft, metal * 0.3, "paint")
    start = joint + hand * 0.3
    canvas.rod(start, jaws, wrist, wrist * 0.8, blushed * 0.8, rings=9)
    for side in (-1, 1):
        jaw = _turned(back, side * spread) * np.hypot(*(jaws - tip))
        middle = jaws - jaw * 0.55 + _aside(back) * side * scale * 1.5
        canvas.rod(jaws, middle, 4.2, 3.2, blushed * 0.85)
        canvas.rod(middle, jaws - jaw, 3.2, 1.4, blushed * 0.9, rings=3.5)


def suction(canvas: Canvas, entry, tip, steel: float) -> None:
    """A wide grey suction tube, its open end dark."""
    scale, back = canvas.scale, _back(entry, tip)
    grey = linear(168 + 10 * steel, 166 + 12 * steel, 164 + 18 * steel)
    half = 11 + 4 * steel
    canvas.rod(entry, tip + back * 8 * scale, half, half, grey, "tube")
    for rim in range(8):  # the end rounds off
        wide = half * np.sqrt(1 - (rim / 8.5) ** 2)
        end = tip + back * (8 - rim) * scale
        inner, outer = end + back * 2 * scale, end - back * scale
        canvas.rod(inner, outer, wide, wide, grey, "tube")
        if 2 < rim < 7:  # the mouth
            canvas.rod(end, outer, wide * 0.7, wide * 0.7, grey * 0.12, "paint")
    for hole in (24, 38):
        place = tip + back * hole * scale
        end = place + back * 4.4 * scale
        canvas.rod(place, end, 2.2, 2.2, grey * 0.12, "paint")


def windowed(canvas: Canvas, entry, tip, spread: float, steel: float, size: float):
    """A grasper whose two jaws are long frames of steel with a window each; shaft grey
    or black."""
    scale, back = canvas.scale * size, _back(entry, tip)
    metal = linear(112 + 36 * steel, 110 + 36 * steel, 108 + 38 * steel)
    joint, waist = tip + back * 36 * scale, tip + back * 54 * scale
    black = linear(70, 68, 74) if steel < 0.6 else linear(116, 116, 124)
    for side in (-1, 1):
        bow = _turned(back, side * spread)
        aside, bright = _aside(bow) * scale, metal * (0.7 if side < 0 else 1.1)
        for rail in (-1, 1):
            end = joint - bow * 34 * scale + rail * 4.2 * aside
            teeth = 3.0 if rail == side else 0.0
            start = joint + rail * 2.6 * aside
            canvas.rod(start, end, 1.7 * size, 1.6 * size, bright, rings=teeth)
        closed = joint - bow * 33 * scale, joint - bow * 38 * scale
        canvas.rod(*closed, 5.9 * size, 3.6 * size, bright)
        canvas.rod(joint, joint - bow * 12 * scale, 4.4 * size, 4.2 * size, bright)
    canvas.rod(waist, joint, 7.6 * size, 5.0 * size, metal * 1.1)
    canvas.rod(entry, waist, 8.4 * size, 8.0 * size, black, "tube")


def dissector(canvas: Canvas, entry, tip, spread: float, steel: float, size: float):
    """Two solid jaws, curved and tapering, on a thin dark shaft."""
    scale, back = canvas.scale * size, _back(entry, tip)
    metal = linear(96 + 40 * steel, 94 + 40 * steel, 98 + 40 * steel)
    joint, waist = tip + back * 30 * scale, tip + back * 44 * scale
    for side in (-1, 1):
        bow = _turned(back, side * spread)
        middle = joint - bow * 16 * scale + _aside(back) * 3 * side * scale
        end = joint - _turned(bow, -0.12) * 31 * scale
        canvas.rod(joint, middle, 3.4 * size, 2.9 * size, metal)
        canvas.rod(middle, end, 2.9 * size, 1.1 * size, metal * 1.2, rings=2.4)
    canvas.rod(waist, joint, 5.2 * size, 4.2 * size, metal * 1.3)
    dark = linear(60, 60, 66) * (0.6 + 0.8 * steel)
    canvas.rod(entry, waist, 5.8 * size, 5.4 * size, dark, "tube")


def clipper(canvas: Canvas, entry, tip, spread: float, steel: float, size: float):
    """A broad applier close to the lens: a shaft of brushed steel, a round joint, two
    short blunt jaws."""
    scale, back = canvas.scale * size, _back(entry, tip)
    metal = linear(120 + 20 * steel, 124 + 18 * steel, 132 + 16 * steel) * 0.7
    joint = tip + back * 20 * scale
    for side in (-1, 1):
        bow = _turned(back, side * (0.08 + spread))
        canvas.rod(joint, joint - bow * 21 * scale, 4.6 * size, 2.6 * size, metal)
    collar = joint + back * 12 * scale
    canvas.rod(collar, joint, 10 * size, 6.5 * size, metal * 1.3)
    canvas.rod(entry, collar, 12.5 * size, 11.5 * size, metal, "tube")


def hook(canvas: Canvas, entry, tip, steel: float) -> None:
    """An L-hook for electrocautery: a broad dark shaft, a pale ceramic end, the bent
    wire."""
    scale, back = canvas.scale, _back(entry, tip)
    wire, collar, joint = (tip + back * far * scale for far in (9, 16, 38))
    bent = wire + _aside(back) * 8 * scale - back * 3 * scale
    pale, dark = linear(200, 190, 180), linear(112, 120, 132) * (0.8 + 0.4 * steel)
    canvas.rod(wire, collar, 1.6, 1.6, pale, kind=2)
    canvas.rod(wire, bent, 1.6, 1.3, pale, kind=2)
    canvas.rod(entry, joint, 19, 13, dark, "paint", 2)
    canvas.rod(joint, collar, 12, 4.5, linear(235, 222, 205) * 1.6, "paint", 2)


def entries(shape: tuple[int, int], rng: np.random.Generator, left: bool) -> np.ndarray:
    """A point outside the frame where a shaft comes in: from the left or the right, one
    in three from above or below on that side."""
    away, (high, wide) = 40 * unit(shape), shape
    steep, up = rng.random() < 0.33, rng.random() < 0.5
    down, across = rng.uniform(-0.1, 1.15) * high, rng.uniform(0.02, 0.4) * wide
    if steep:
        return np.array(
            [across if left else wide - across, -away if up else high + away]
        )
    return np.array([-away if left else wide + away, down])


def hands(*name) -> np.random.Generator:
    """The generator that moves the instruments of a clip: the same at each time of
    it."""
    return generator("instruments", *name)
