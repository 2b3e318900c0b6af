"""A pig's neck laid open: planes of tissue drawn back over one another to either side,
lobes between them, the dark under their edges, drape, retractor and thread."""

import cv2
import numpy as np

from helpers.frames.classes import UNKNOWN
from helpers.phantom import blood as film
from helpers.phantom.painter import ID, World
from helpers.phantom.scene import (
    Field,
    Shape,
    fibres,
    flat,
    generator,
    grid,
    hollow,
    linear,
    lobules,
    mix,
    noise,
    step,
    thrice,
    unit,
    vessels,
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


def build(
    subject: str, clip: int, size: Shape, seed: int, look: dict[str, float]
) -> World:
    """The wound of a clip. The pig keeps its colours, its lamp and its drape; each clip
    has its own view."""
    shape = tuple(int(side * MARGIN) for side in size)
    rng = generator("neck", subject, clip, seed)
    wound = Wound(shape, unit(size), rng, look)
    _floor(wound)
    _lobes(wound, int(rng.integers(4, 8)), 26.0, 0.68, deep=True)
    if rng.random() < 0.5:
        _vessel(wound)
    _planes(wound)
    _strands(wound)
    _lobes(wound, int(rng.integers(2, 6)), 85.0, 0.95, deep=False)
    _surface(wound)
    _drape(wound)
    if rng.random() < 0.35:
        _retractor(wound)
    if rng.random() < 0.25:
        _thread(wound)
    _beam(wound)
    return _world(wound, size)


def _fascia(wound: Wound, pale: float = 0.0):
    look, hue = wound.look, wound.look["hue"]
    pale = look["pale"] + pale
    base = linear(196 + 10 * pale, 88 + 32 * pale - 8 * hue, 92 + 30 * pale + 12 * hue)
    threads = np.clip(0.14 + 0.16 * wound.strand * look["fibre"], 0, 0.6)
    colour = mix(base, linear(222, 152, 146), threads)
    relief = wound.scale * (2.8 * wound.folds + 0.40 * wound.strand * look["fibre"])
    return colour, relief, 1.0


def _muscle(wound: Wound):
    hue = wound.look["hue"]
    bands = np.clip(0.36 + 0.17 * wound.coarse + 0.08 * wound.strand, 0, 0.9)
    colour = mix(linear(170, 46 - 8 * hue, 42 + 12 * hue), linear(212, 104, 84), bands)
    veil = 0.6 * step(wound.patches + 0.5 * wound.strand, 0.1, 2.4)
    colour = mix(colour, linear(208, 122, 114), veil)
    relief = wound.scale * (0.7 * wound.coarse + 2.6 * wound.folds)
    return colour, relief, 0.7


def _fat(wound: Wound):
    hue, pale = wound.look["hue"], wound.look["pale"]
    base = linear(206, 110 + 14 * pale, 104 + 10 * pale - 8 * hue)
    colour = mix(base, linear(218, 148, 124), np.clip(0.2 + 0.2 * wound.tone, 0, 0.7))
    colour = mix(linear(190, 66, 66), colour, np.clip(0.25 + 1.1 * wound.dome, 0, 1))
    return colour, wound.scale * (5.0 * wound.dome + 2.2 * wound.folds), 1.1


def _gland(wound: Wound, shade: float):
    hue, pale = wound.look["hue"], wound.look["pale"]
    dark, rosy = linear(128, 38, 50 + 12 * hue), linear(204, 112, 118 + 10 * hue)
    colour = dark + np.float32(min(shade + 0.15 * pale, 1.0)) * (rosy - dark)
    colour = mix(
        colour, linear(226, 152, 152), np.clip(0.10 + 0.14 * wound.mottle, 0, 0.5)
    )
    relief = wound.scale * (1.6 * wound.folds + 0.5 * wound.mottle)
    return colour, relief, 1.3


def _floor(wound: Wound) -> None:
    colour, relief, gloss = _fascia(wound, -0.4)
    red = np.clip(0.55 + 0.35 * wound.patches, 0, 1)
    wound.albedo = mix(colour, linear(150, 34, 38), red * 0.8)
    deep = cv2.exp(-((wound.across / np.float32(wound.rng.uniform(32, 52))) ** 2))
    wound.height = relief - 20 * wound.scale * deep
    wound.gloss[:] = gloss
    wound.near = 0.66 - 0.40 * deep * step(wound.patches, -1.4, 0.6)


def _lobes(wound: Wound, number: int, away: float, near: float, deep: bool) -> None:
    """Glands, nodes and fat that bulge, each overlapping the last."""
    rng, scale = wound.rng, wound.scale
    for _ in range(number):
        centre = (rng.normal(0, 70), rng.normal(0, 18))
        if not deep:
            centre = (
                rng.uniform(-150, 150),
                rng.choice([-1, 1]) * rng.normal(away, 24),
            )
        size = rng.uniform(12, 32)
        axes = (size * rng.uniform(1.3, 2.2), size)
        inside = wound.ellipse(centre, axes, wound.tilt + rng.normal(0, 0.5))
        skin, kind = _gland(wound, rng.uniform(0.1, 0.75)), rng.random()
        if kind < 0.2:
            skin = _fascia(wound, 0.4)
        elif kind < (0.45 if deep else 0.75):  # a bunch of fat, its outline scalloped
            skin = _fat(wound)
            inside += 9 * scale * (wound.dome - 0.5)
        # Its far side melts into what it lies on.
        soft = 1.8 + rng.uniform(3, 11) * step(
            wound.patches + wound.mottle / 3, -0.8, 1.4
        )
        level = wound.level(inside) - 0.1 * size
        wound.lay(inside, skin, 0.38 * size, 0.95 * size, level, near, soft)


def _vessel(wound: Wound) -> None:
    """A great vessel along the floor: a blue vein or a pale artery."""
    rng = wound.rng
    along = np.linspace(-230, 230, 40)
    bend = np.cumsum(rng.normal(0, 1.6, 40)) + rng.normal(0, 16)
    points = [wound.place(a, b) for a, b in zip(along, bend)]
    half = rng.uniform(5, 10)
    colour = linear(140, 66, 88) if rng.random() < 0.5 else linear(214, 132, 124)
    colour = mix(colour, linear(230, 160, 156), np.clip(0.1 * wound.mottle, 0, 0.3))
    bed = cv2.GaussianBlur(wound.height, (0, 0), 5 * wound.scale)
    skin = (colour, bed, 1.4)
    wound.lay(wound.tube(points, half), skin, 0.9 * half, half, -1, 0.62, 1.8, 0.4)


def _planes(wound: Wound) -> None:
    """Planes drawn back to either side, the deepest nearest to the axis: each with a
    rolled edge under which no light gets."""
    rng, look, scale = wound.rng, wound.look, wound.scale
    for side in (-1.0, 1.0):
        edge = rng.uniform(24, 52)
        for layer in range(int(rng.integers(2, 5))):
            ragged = 12 * noise(rng, wound.shape, 64 * scale, 3, 0.36)
            ragged += 1.6 * wound.mottle * step(wound.patches, -0.5, 1.5)
            curve = np.float32(rng.normal(0, 0.0006)) * wound.along * wound.along
            slant = np.float32(rng.normal(0, 0.12)) * wound.along
            inside = (side * wound.across - edge + ragged + curve + slant) * scale
            often = np.array([1.1, 0.9 + look["muscle"], 0.3 + 0.7 * look["fat"], 0.3])
            often[3] += 0.7 * look["gland"]
            kind = rng.choice(4, p=often / often.sum())
            if kind == 0:
                skin = _fascia(wound, rng.normal(0, 0.4))
            elif kind == 1:
                skin = _muscle(wound)
            elif kind == 2:
                skin = _fat(wound)
            else:
                skin = _gland(wound, rng.uniform(0.3, 0.8))
            bulge = rng.uniform(6, 13)
            near = 0.84 + 0.05 * layer
            soft = 1.6 + 1.2 * np.clip(0.5 + 0.6 * wound.patches, 0, 2)
            wound.lay(
                inside, skin, bulge, bulge * 2.4, -4 + 5 * layer, near, soft, 0.74
            )
            rim = cv2.exp(-cv2.pow(inside / np.float32(6 * scale) - 0.5, 2))
            wound.cut = np.maximum(wound.cut, rim)
            edge += rng.uniform(24, 50)


def _strands(wound: Wound) -> None:
    """Bands of connective tissue that still bridge the wound."""
    rng = wound.rng
    for _ in range(int(rng.choice([0, 0, 0, 1]))):
        start, side = rng.normal(0, 70), rng.choice([-1.0, 1.0])
        share = np.linspace(0, 1, 12)
        for _ in range(int(rng.integers(1, 4))):  # a fan from one hold
            end, far = start + rng.normal(0, 28), rng.uniform(40, 62)
            along = start + (end - start) * share
            along += 4 * rng.normal(0, 7) * share * (1 - share)
            across = side * (far - (far + 50) * share)
            points = [wound.place(*point) for point in zip(along, across)]
            half = rng.uniform(0.7, 2.0)
            tone = np.clip(0.5 + 0.4 * wound.patches, 0, 1)
            colour = mix(linear(204, 104, 100), linear(232, 166, 156), tone)
            skin = (colour, np.float32(0), 1.2)
            inside = wound.tube(points, half)
            wound.lay(inside, skin, half, half, wound.level(inside) + 1, 0.9, 0.9, 0.2)


def _surface(wound: Wound) -> None:
    """What all tissue shares: mottling, old blood wiped thin over it (nobody labels
    it), vessels, the char that cautery leaves."""
    rng, look, scale, shape = wound.rng, wound.look, wound.scale, wound.shape
    hues = noise(rng, shape, 24 * scale, 3, 0.6)
    wound.albedo *= cv2.exp(cv2.merge([-0.02 * hues, -0.10 * hues, 0.03 * hues]))
    tone = 1 + 0.09 * wound.mottle + 0.07 * wound.fine
    wound.albedo *= thrice(np.clip(tone, 0.4, 1.6))
    wash = noise(rng, shape, 52 * scale, 4, 0.5) + 0.4 * wound.folds
    wash = step(wash, -0.5 - 0.9 * look["inflamed"], 3.2)
    thin = cv2.exp(cv2.merge([wash * -k for k in (0.15, 1.0, 0.95)]))
    wound.albedo *= thin
    # A web of whitish threads, denser here and there.
    web = step(np.abs(wound.strand - 0.4 * wound.fine), 1.6, 3.0)
    web *= step(wound.patches, -1.2, 1.4)
    wound.albedo = mix(wound.albedo, linear(232, 176, 168), 0.42 * web)
    wound.height += 0.5 * scale * web
    tree = vessels(rng, shape, int(look["vessels"]), 1.2)
    wound.albedo = mix(wound.albedo, linear(132, 16, 24), 0.55 * tree)
    char = noise(rng, shape, 7 * scale, 2) + 0.9 * noise(rng, shape, 44 * scale)
    char = step(char + 3.4 * wound.cut, 5.4, 6.3)
    wound.albedo = mix(wound.albedo, linear(66, 38, 28), 0.75 * char)
    rough = 0.34 * wound.fine + 1.1 * wound.mottle - char
    wound.height += scale * look["rough"] * rough
    wound.gloss *= 1 - 0.8 * char


def _drape(wound: Wound) -> None:
    """Beyond the wound's outer edge, in about half of the clips: drape in the dark."""
    rng, scale, look = wound.rng, wound.scale, wound.look
    if rng.random() > 0.55:
        return
    x, y = grid(wound.shape)
    heading = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.6:  # the upper corners most
        heading = -np.pi / 2 + rng.choice([-1, 1]) * rng.uniform(0.4, 1.0)
    ux, uy = np.float32(np.cos(heading)), np.float32(np.sin(heading))
    half = np.array(wound.shape[::-1]) / 2
    reach = half[0] * abs(ux) + half[1] * abs(uy)
    out = (x - np.float32(half[0])) * ux + (y - np.float32(half[1])) * uy
    aside = (y - np.float32(half[1])) * ux - (x - np.float32(half[0])) * uy
    out -= aside * aside * np.float32(rng.uniform(-0.0005, 0.001) / scale)
    edge = reach * rng.uniform(0.36, 0.68)
    inside = out - np.float32(edge)
    inside += 10 * scale * noise(rng, wound.shape, 60 * scale, 2, 0.4)
    cloth = linear(20, 38, 42) if look["drape"] > 0.5 else linear(38, 35, 30)
    creases = fibres(
        rng, wound.shape, heading + 1.2, 120 * scale, 14 * scale, 20 * scale
    )
    colour = mix(cloth * 0.5, cloth * 1.5, np.clip(0.4 + 0.3 * creases, 0, 1))
    skin = (colour, 1.5 * scale * creases, 0.0)
    share = wound.lay(inside, skin, 0.0, 10, -12, 0.28, 2.5, 0.25)
    wound.foreign = np.maximum(wound.foreign, share)


def _retractor(wound: Wound) -> None:
    """Tines of a rake that hold a plane back: steel from beyond the frame over its
    edge."""
    rng, scale = wound.rng, wound.scale
    side, start = rng.choice([-1.0, 1.0]), rng.uniform(-90, 90)
    tip, gap, half = rng.uniform(52, 84), rng.uniform(14, 22), rng.uniform(2.4, 4.0)
    number = int(rng.integers(2, 4))
    for tine in range(number):
        a = start + gap * (tine - number / 2)
        root = start + 0.6 * (a - start)
        line = [(a - 3, tip), (a, tip + 9), (0.5 * (a + root), tip + 70), (root, 300)]
        points = [wound.place(along, side * across) for along, across in line]
        inside = wound.tube(points, half)
        tone = np.clip(
            0.5 + 0.22 * wound.patches + inside / (3 * half * scale), 0.15, 1
        )
        steel = mix(linear(54, 52, 58), linear(158, 156, 166), tone)
        skin = (steel, np.float32(0), 1.6)
        share = wound.lay(inside, skin, half * 1.2, half, 8, 0.9, 0.7, 0.5)
        wound.foreign = np.maximum(wound.foreign, share)


def _thread(wound: Wound) -> None:
    """A suture: a dark thread that lies in a loose loop."""
    rng, scale = wound.rng, wound.scale
    turn = np.cumsum(rng.normal(0, 0.16, 70) + rng.choice([-1, 1]) * 0.04)
    turn += rng.uniform(0, 2 * np.pi)
    steps = np.stack([np.cos(turn), np.sin(turn)], 1) * 3.2 * scale
    points = steps.cumsum(0) + wound.place(rng.normal(0, 50), rng.normal(0, 40))
    colour = linear(44, 40, 92) if rng.random() < 0.5 else linear(30, 28, 30)
    inside = wound.tube(points, 0.8)
    skin = (flat(colour, wound.shape), wound.height.copy(), 0.5)
    wound.lay(inside, skin, 0.8, 0.8, 0.5, 1.0, 0.6, 0.2)


def _beam(wound: Wound) -> None:
    """The lamp's pool of light, uneven over the larger folds."""
    rng, scale, shape = wound.rng, wound.scale, wound.shape
    x, y = grid(shape)
    px, py = np.array(shape[::-1]) * rng.uniform((0.35, 0.4), (0.65, 0.75))
    away = ((x - np.float32(px)) ** 2 + (y - np.float32(py)) ** 2) / np.float32(
        (210 * scale) ** 2
    )
    wound.near *= 0.62 + 0.45 * cv2.exp(-away)
    wound.near *= np.clip(1 + 0.10 * noise(rng, shape, 80 * scale), 0.5, 1.5)


def _world(wound: Wound, size: Shape) -> World:
    rng, scale, shape, look = wound.rng, wound.scale, wound.shape, wound.look
    wet = 0.08 + 1.1 * step(noise(rng, shape, 24 * scale, 2), -0.5, 1.0)
    # Gleams stand where the skin bulges towards the lamp.
    proud = step(-hollow(wound.height, 9 * scale) / np.float32(scale), -0.6, 2.0)
    ripples = scale * (1.2 * noise(rng, shape, 12 * scale, 3, 0.45) + 0.03 * wound.fine)
    sites = [
        wound.place(rng.normal(0, 52), rng.normal(0, 16))
        for _ in range(int(rng.integers(1, 4)))
    ]
    spread = film.potential(rng, wound.height, sites, lace=0.5)
    spread[wound.foreign > 0.3] = NEVER
    gloss = look["gloss"] * wound.gloss * wet * (0.3 + 1.3 * proud)
    ground = np.dstack([wound.height, spread, gloss, wound.near])
    classes = np.where(wound.foreign > 0.3, UNKNOWN, ID["connective"]).astype(np.uint8)
    focus = tuple(
        float(0.5 + (place - side / 2) / full)
        for place, side, full in zip(sites[0], shape[::-1], size[::-1])
    )
    return World(
        np.dstack([wound.albedo, ripples]).astype(np.float32),
        ground.astype(np.float32),
        classes,
        focus,
        focus,
    )
