"""Drawn cases: minutes of video in which bleedings start, spread, are sucked away and
stop, with the truth of each.

A case's scene is rendered twice as a large still, once clean and once with all its
pools; a frame is a moving view of the two, blended by how far each pool has risen, and
then seen through the subject's lens. So a frame costs a few warps and no rendering.
Nothing of it goes into the drawn data sets.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from phantom import render
from phantom.blood import potential
from phantom.optics import round_view
from phantom.scene import Shape, generator, grid, look_through, noise, view
from phantom.subjects import BEYOND, ROBOTIC, kind_of
from phantom.subjects import look as look_of
from phantom.wound import NEVER
from phantom.write import quietly

FINER = 2  # how much larger than a frame the stills are
FIRST_CLIP = 100  # scenes that no drawn frame of the data sets has
NOWHERE = -50.0
STILL_AT = 0.3  # the moment of a clip that the stills show
PLAIN = {"radius": BEYOND, "vignette": 0, "smoke": 0, "noise": 0, "blur": 0, "drift": 0}
EMPTY_HANDED = "video09"  # nothing is ever held in its pictures


class Bleeding(NamedTuple):
    """From when to when it bled (seconds), and where it began (pixels)."""

    start_s: float
    end_s: float
    x: float
    y: float


class Frame(NamedTuple):
    """One frame: image HxWx3 uint8 RGB; pixels (bool HxW) of blood from a bleeding that
    goes on, and of blood that merely lies there."""

    image: np.ndarray
    active: np.ndarray
    old: np.ndarray


@dataclass(frozen=True)
class Case:
    """What is drawn: a subject's case of some seconds at some frames per second. size:
    of the canvas (h, w), which the robot's camera fills and a telescope's 16:9 picture
    fits in by its width; bleedings: how many, drawn from the seed where None."""

    subject: str
    number: int
    seconds: float = 60.0
    fps: float = 5.0
    size: tuple[int, int] = (96, 128)
    seed: int = 0
    bleedings: int | None = None

    @property
    def name(self) -> str:
        """Subject and number, as its folder or file is called."""
        return f"{self.subject}_{self.number}"

    @property
    def robotic(self) -> bool:
        """Whether a robot's camera sees it."""
        return kind_of(self.subject) == ROBOTIC

    @property
    def shape(self) -> Shape:
        """Height and width of its frames."""
        wide = self.size[1]
        return self.size if self.robotic else (round(wide * 9 / 16), wide)

    def truth(self) -> list[Bleeding]:
        """Its bleedings: seconds from and to, and the place of onset in the frame's
        pixels at that moment."""
        return _Drawing(self).truth()

    def frames(self) -> Iterator[Frame]:
        """The frames one after the other; the same case is the same pixels."""
        drawing = _Drawing(self)
        for number in range(round(self.seconds * self.fps)):
            yield drawing.frame(number / self.fps)


def write(
    cases: list[Case], folder: Path, video: bool = False, progress: Callable = quietly
) -> None:
    """Write each case as a folder of numbered JPEG frames, or as an mp4 where `video`,
    and the truth of all beside them in bleedings.csv. `progress` as in
    `write_hemoset`."""
    rows = []
    for case in progress(cases, "Drawing cases", len(cases)):
        place = Path(folder) / case.name
        if video:
            place.parent.mkdir(parents=True, exist_ok=True)
            _write_video(case, place.with_suffix(".mp4"))
        else:
            place.mkdir(parents=True)
            for number, frame in enumerate(case.frames()):
                quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
                picture = cv2.imencode(".jpg", frame.image[..., ::-1], quality)[1]
                # OpenCV's own writing says nothing of a full disk.
                (place / f"{number:06d}.jpg").write_bytes(picture.tobytes())
        rows += [(case.name, *(round(x, 2) for x in one)) for one in case.truth()]
    with (Path(folder) / "bleedings.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerows([("case", *Bleeding._fields), *rows])


def _write_video(case: Case, path: Path) -> None:
    code = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, case.fps, case.shape[::-1])
    for frame in case.frames():
        writer.write(np.ascontiguousarray(frame.image[..., ::-1]))
    writer.release()


class Pool(NamedTuple):
    """One pool in the stills' pixels: its field (the first pixels to fill are highest),
    and how much of the frame it covers (percent) at given seconds."""

    field: np.ndarray
    levels: np.ndarray  # the field's values from the highest down
    at: tuple[float, ...]
    cover: tuple[float, ...]
    bleeds: tuple[float, float] | None  # seconds, None for blood from before


class _Drawing:
    def __init__(self, case: Case) -> None:
        self.case, self.rng = case, generator("case", case.name, case.seed)
        look = look_of(case.subject, case.seed)
        self.look = look
        clip = FIRST_CLIP + case.number
        self.name = (case.subject, clip, case.seed)
        size = tuple(FINER * side for side in case.shape)
        self.scene = render.scene(case.subject, clip, size, case.seed, 1.0)
        self.still = self.scene.world.albedo.shape[:2]
        self._camera()
        self.pools = self._pools()
        self.clean, self.bloody = self._stills()
        self.fall, self.inside = round_view(case.shape, look)
        self._air()
        first = self._seen(0.0, self._where(0.0))[0]
        seen = first[self.inside > 0.5].mean()
        self.gain = look["goal"] / max(float(seen), 0.05)

    def truth(self) -> list[Bleeding]:
        found = []
        for pool in self.pools:
            if pool.bleeds:
                place = self._place(pool, pool.bleeds[0])
                found.append(Bleeding(*pool.bleeds, *place))
        return sorted(found)

    def frame(self, second: float) -> Frame:
        where = self._where(second)
        image, active, old = self._seen(second, where)
        image *= self.gain * (1 + self._flicker(second))
        image = self._smoke(image, second)
        canvas = self._instruments(second)
        image *= cv2.pow(canvas.shadow((8, 11)), 0.45)[..., None]
        steel = cv2.pow(
            1 - cv2.exp(-1.4 * self.look["steel_light"] * canvas.colour), 0.45
        )
        image += canvas.cover[..., None] * (steel - image)
        # The sensor: noise of its own in each frame, and the dark around a round view.
        cv2.setRNGSeed(int(generator("sensor", *self.name, second).integers(2**31)))
        bits = np.empty_like(image)
        cv2.randn(bits, (0.0,) * 3, (2 * self.look["noise"],) * 3)
        image = (image + bits) * self.inside[..., None]
        shown = (canvas.cover < 0.5) & (self.inside > 0.5)
        image = cv2.convertScaleAbs(np.maximum(image, 0), alpha=255)
        return Frame(image, active & shown, old & ~active & shown)

    def _camera(self) -> None:
        """Slow pans, a hand's tremor, and tissue that breathes; a telescope is held by
        hand and moves more."""
        rng = generator("case camera", *self.name)
        hand = 1.0 if self.case.robotic else 1.4
        self.pans = [
            (rng.uniform(0.3, 1) * hand * far, 2 * np.pi / rng.uniform(*period), phase)
            for far, period in ((0.055, (9, 25)), (0.02, (3, 7)))
            for phase in rng.uniform(0, 2 * np.pi, 2)
        ]
        self.turn = rng.uniform(0.02, 0.05) * hand, 2 * np.pi / rng.uniform(10, 30)
        self.zoom = rng.uniform(0.02, 0.05) * hand, 2 * np.pi / rng.uniform(12, 40)
        soft = noise(rng, self.case.shape, 45 * self.case.shape[0] / 240)
        self.breath = 1.6 * soft, 2 * np.pi / rng.uniform(3.5, 5)

    def _affine(self, second: float) -> np.ndarray:
        """From the frame's pixels to the still's (2x3)."""
        (h, w), (rows, columns) = self.case.shape, self.still
        across, along = (
            sum(
                far * np.sin(pace * second + at) for far, pace, at in self.pans[side::2]
            )
            for side in (0, 1)
        )
        angle = self.turn[0] * np.sin(self.turn[1] * second)
        scale = FINER * (1 + self.zoom[0] * np.sin(self.zoom[1] * second))
        c, s = scale * np.cos(angle), scale * np.sin(angle)
        x, y = columns / 2 + across * columns, rows / 2 + along * columns
        turned = np.array([[c, -s], [s, c]])
        shift = np.array([x, y]) - turned @ [w / 2, h / 2]
        return np.column_stack([turned, shift])

    def _where(self, second: float) -> tuple[np.ndarray, np.ndarray]:
        matrix = self._affine(second).astype(np.float32)
        x, y = grid(self.case.shape)
        lift = self.breath[0] * np.float32(np.sin(self.breath[1] * second))
        across = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] + 0.5 * lift
        return across, matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] + lift

    def _place(self, pool: Pool, second: float) -> tuple[float, float]:
        """Where in the frame a pool begins."""
        row, column = np.unravel_index(pool.field.argmax(), pool.field.shape)
        x, y = self._where(second)
        near = np.hypot(x - column, y - row)
        row, column = np.unravel_index(near.argmin(), near.shape)
        return float(column), float(row)

    def _pools(self) -> list[Pool]:
        rng, case = self.rng, self.case
        most = int(case.seconds // 15)
        number = int(rng.choice(4, p=[0.2, 0.3, 0.3, 0.2]))
        number = min(number if case.bleedings is None else case.bleedings, most)
        lasts = rng.uniform(5, 11, number)
        # Each has quiet before it; what is left of the case is shared out by chance.
        quiet = case.seconds - lasts.sum() - 2 * (number + 1)
        gaps = 2 + quiet * rng.dirichlet(np.full(number + 1, 2.0))
        starts = gaps[:-1].cumsum() + np.concatenate([[0], lasts[:-1].cumsum()])
        full = 100 * self.look["bleeding"]
        pools = [self._bleeding(a, a + d, full) for a, d in zip(starts, lasts)]
        for _ in range(int(rng.integers(1, 3))):
            cover = full * rng.uniform(0.2, 0.7)
            pools.append(self._pool((0.0,), (cover,), None))
        return pools

    def _bleeding(self, start: float, end: float, full: float) -> Pool:
        """It spreads fast and then slower; when it has stopped it is sucked away within
        some seconds, or stays."""
        start, end = round(start, 1), round(end, 1)
        peak = full * self.rng.uniform(0.5, 1.3)
        steps = np.linspace(0, 1, 9)
        at, cover = start + steps * (end - start), peak * steps**0.75
        sucked = self.rng.random() < 0.6
        left = peak * (self.rng.uniform(0, 0.25) if sucked else 1)
        rest, sucking = self.rng.uniform(0.5, 3), self.rng.uniform(2, 4)
        at = (*at, end + rest, end + rest + sucking)
        return self._pool(at, (*cover, peak, left), (start, end))

    def _pool(self, at, cover, bleeds) -> Pool:
        """A pool around a place of its own, where the camera looks when it begins."""
        world, rng = self.scene.world, self.rng
        spread = world.ground[..., 1]
        height = np.ascontiguousarray(world.ground[..., 0])
        inner, second = self._affine(at[0]), at[0]
        x, y = height.shape[1] / 2, height.shape[0] / 2
        for _ in range(30):
            part = rng.uniform(0.25, 0.75, 2) * self.case.shape[::-1]
            x, y = inner @ [*part, 1]
            if spread[int(y), int(x)] > NEVER / 2 and second >= 0:
                break
        field = potential(rng, height, [(float(x), float(y))])
        # Blood begins at its source, whatever hollow lies deeper.
        rows, columns = np.indices(field.shape, np.float32)
        away = np.hypot(columns - np.float32(x), rows - np.float32(y)) / FINER
        field += np.maximum(1 - away / 6, 0) + np.maximum(1 - away / 22, 0)
        field[spread <= NEVER / 2] = NOWHERE
        levels = np.sort(field[field > NOWHERE])[::-1]
        return Pool(field, levels, tuple(at), tuple(cover), bleeds)

    def _level(self, pool: Pool, cover: float) -> float:
        """The level at which a pool covers that percent of a frame."""
        pixels = cover / 100 * np.prod(self.case.shape) * FINER**2
        return float(pool.levels[min(int(pixels), len(pool.levels) - 1)])

    def _stills(self) -> list[np.ndarray]:
        """The scene without its pools and with all of them at their largest, before
        vignette, round view, smoke and noise; then the pools' fields as the stills
        show them."""
        look = self.look | PLAIN
        world = self.scene.world
        raised = [p.field - self._level(p, max(p.cover)) for p in self.pools]
        ground = world.ground.copy()
        ground[..., 1] = np.max(raised, axis=0)
        share = float((ground[..., 1] > 0).mean())
        stills = []
        for under, part in ((world.ground, 0.0), (ground, share)):
            shown = world._replace(ground=under)
            scene = self.scene._replace(world=shown, subject=EMPTY_HANDED)
            image, _ = render.frame(scene, look, self.name, STILL_AT, self.still, part)
            image = cv2.GaussianBlur(image, (0, 0), 0.4 * FINER)
            stills.append(image.astype(np.float32) / 255)
        where = view(
            generator("camera", *self.name), self.still, self.still, STILL_AT, 0.0
        )
        self.pools = [
            p._replace(field=look_through(p.field, where)) for p in self.pools
        ]
        return stills

    def _seen(self, second: float, where) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The two stills through the moving camera, blended by how far each pool has
        risen; and where blood is active, and where it lies."""
        clean, bloody = (
            cv2.remap(still, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            for still in (self.clean, self.bloody)
        )
        film = np.zeros(self.case.shape, np.float32)
        active, old = (np.zeros(self.case.shape, bool) for _ in range(2))
        for pool in self.pools:
            cover = float(np.interp(second, pool.at, pool.cover))
            if cover <= 0:
                continue
            depth = look_through(pool.field, where) - self._level(pool, cover)
            # What it has soaked goes before it.
            rise = np.where(depth > 0, self.look["steep"], 0.5 / self.look["reach"])
            film = np.maximum(film, np.clip(0.5 + rise * depth, 0, 1))
            goes_on = pool.bleeds and pool.bleeds[0] <= second < pool.bleeds[1]
            (active if goes_on else old)[depth > 0] = True
        return clean + film[..., None] * (bloody - clean), active, old

    def _air(self) -> None:
        """When there is smoke: a puff where a bleeding is stopped, and some others."""
        rng, case = generator("case air", *self.name), self.case
        puffs = [p.bleeds[1] - 1 for p in self.pools if p.bleeds if rng.random() < 0.5]
        puffs += list(rng.uniform(0, case.seconds, rng.poisson(case.seconds / 60)))
        strong = 0.2 if case.robotic else 0.45
        self.puffs = [(at, strong * rng.uniform(0.5, 1)) for at in puffs]
        self.billows = noise(rng, (case.shape[0], 4 * case.shape[1]), 20, 3)
        self.lamp = rng.uniform(0.01, 0.04), rng.uniform(0.3, 1.2), rng.uniform(0, 6)

    def _flicker(self, second: float) -> float:
        deep, pace, phase = self.lamp
        return deep * float(np.sin(pace * second + phase))

    def _smoke(self, image: np.ndarray, second: float) -> np.ndarray:
        veil = 0.0
        for at, strong in self.puffs:
            age = second - at
            veil += (
                strong * min(age / 1.0, np.exp(min(0.0, (1 - age) / 2.5))) * (age > 0)
            )
        if veil < 0.01:
            return image
        wide = self.case.shape[1]
        left = int(4 * second) % (3 * wide)
        cloud = np.clip(
            veil * (0.7 + 0.3 * self.billows[:, left : left + wide]), 0, 0.7
        )
        return image + cloud[..., None] * (np.float32(0.6) - image)

    def _instruments(self, second: float):
        shape, steel = self.case.shape, self.look["steel"]
        return render.held(self.scene, shape, shape, steel, self.name, second / 12)
