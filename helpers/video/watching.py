"""The cases of a run, what is measured on each frame of a stream, and what networks say
of it: what lesson 08 and its benchmarks share."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from helpers import clips, store, training
from helpers.clips import Video
from helpers.domains import Domains
from helpers.frames import fitted, visible
from helpers.models import read_state, write_state
from helpers.settings import Course, progress
from helpers.training import Run
from helpers.video import FPS, alignment, pathways, truth
from phantom.cases import Case, write

Segment = Callable[[np.ndarray], np.ndarray]
"""Images uint8 NxHxWx3 to the probability of blood, uint8 NxHxW in 256 levels."""
CHUNK = 8  # frames that are segmented together: more are no faster, and take memory
SMALL = (48, 64)
SMOKE = 2  # subjects of a split on the smoke profile


class Plan(NamedTuple):
    """How many cases of each subject a split has; how many seconds a case lasts that is
    tested on, and one that networks and levels are chosen on (`short`: more cases tell
    more than longer ones); steps: of a network's training."""

    seconds: float
    short: float
    train: int
    id_val: int
    id_test: int
    ood_test: int
    steps: int


PLANS = {
    "smoke": Plan(18, 16, 1, 1, 1, 1, 3),
    "quick": Plan(45, 30, 2, 10, 4, 1, 120),
    "full": Plan(300, 120, 10, 30, 10, 3, 2000),
}
TESTED = ("id_test", "ood_test")


def planned(course: Course, domains: Domains) -> dict[str, list[Case]]:
    """The cases of each split, by the course's split of subjects. Every third has no
    bleeding."""
    plan, found = PLANS[course.profile], {}
    for split in ("train", "id_val", "id_test", "ood_test"):
        subjects = sorted(set(domains.of(split).table["subject"]))
        if course.profile == "smoke":
            subjects = subjects[:SMOKE]
        each = getattr(plan, split)
        seconds = plan.seconds if split in TESTED else plan.short
        usual = seconds, FPS, course.size, course.seed
        found[split] = [
            Case(subject, number, *usual, 0 if (n * each + number) % 3 == 2 else None)
            for n, subject in enumerate(subjects)
            for number in range(each)
        ]
    return found


def written(cases: list[Case], video: bool = False) -> Path:
    """The folder of some cases as frames, or as mp4; found in the store or drawn."""
    what = dict(cases=[asdict(case) for case in cases], video=video)
    draw = lambda draft: write(cases, draft, video, progress)  # noqa: E731
    return store.entry("cases", what, draw, write)


class Moment(NamedTuple):
    """What one frame of a stream gives. image (HxWx3) and blood (HxW, probability)
    uint8; the rest in percent of the view: area of blood, blood that was not there a
    second ago, on aligned frames and on frames as they are; motion in pixels a second;
    x, y: where the new blood lies (pixels, NaN without any)."""

    second: float
    image: np.ndarray
    blood: np.ndarray
    area: float
    growth: float = 0.0
    unaligned: float = 0.0
    motion: float = 0.0
    x: float = np.nan
    y: float = np.nan
    way: str = ""

    @property
    def small(self) -> np.ndarray:
        """As the networks see it: 4 x 48 x 64 uint8, colours and blood."""
        both = np.dstack([self.image, self.blood])
        shrunk = cv2.resize(both, SMALL[::-1], interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(shrunk.transpose(2, 0, 1))


def moments(
    frames: Iterable[np.ndarray], segment: Segment, fps: float = 5.0, align: bool = True
) -> Iterator[Moment]:
    """The moments of a stream, one after the other; no more than CHUNK frames and one
    second are held."""
    lag = max(1, round(fps))
    past: deque = deque(maxlen=lag)
    number = 0
    for images in pathways.chunks(frames, CHUNK):
        for image, blood in zip(images, segment(images)):
            before = past[0] if len(past) == lag else None
            past.append((image, blood))
            yield _moment(number / fps, image, blood, before, align)
            number += 1


def _moment(second, image, blood, before, align: bool) -> Moment:
    view = visible(image, np.ones(blood.shape, bool))
    whole = max(int(view.sum()), 1)
    percent = lambda mask: 100 * float((mask & view).sum()) / whole  # noqa: E731
    now = Moment(second, image, blood, percent(blood >= 128))
    if before is None or not align:
        return now
    to = alignment.align(image, before[0])
    y, x = np.indices(blood.shape, np.float32)
    motion = float(np.median(np.hypot(to.x - x, to.y - y)[view])) if view.any() else 0.0
    new = new_blood(blood, alignment.warp(before[1], to, 255)) & view
    row, column = np.median(np.argwhere(new), axis=0) if new.any() else (np.nan, np.nan)
    return now._replace(
        growth=percent(new),
        unaligned=percent(new_blood(blood, before[1])),
        motion=motion,
        x=float(column),
        y=float(row),
        way=to.way,
    )


def new_blood(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Pixels that are blood now and were not, nor beside a pixel that was (uint8
    probabilities to bool)."""
    near = cv2.dilate((before >= 128).astype(np.uint8), np.ones((3, 3), np.uint8))
    return (now >= 128) & (near == 0)


def on_canvas(video: Video, size: tuple[int, int]) -> Video:
    """The video's bleedings with their places as `fitted` moves them."""
    (rows, columns), (height, width) = video.size, size
    scale = min(height / rows, width / columns)
    top, left = (height - rows * scale) / 2, (width - columns * scale) / 2
    moved = [
        one._replace(x=one.x * scale + left, y=one.y * scale + top)
        for one in video.bleedings
    ]
    return replace(video, bleedings=tuple(moved))


@dataclass(frozen=True)
class Watched:
    """One case after its stream has run: its video, a row of numbers per frame, and
    the frames as the networks see them ((n, 4, 48, 64) uint8, memory-mapped). Places
    are in the canvas's pixels."""

    video: Video
    split: str
    table: pd.DataFrame
    small: np.ndarray

    @property
    def bleeds(self) -> np.ndarray:
        """The truth, a bool per frame."""
        return truth(self.video.bleedings, len(self.table), self.video.fps)


def watch(course: Course, run: Run, folder: Path, split: str) -> list[Watched]:
    """Every case of a folder, streamed once through the network and the alignment; the
    numbers are kept in the store, so a second time costs nothing."""
    found = []
    for video in progress(clips.cases(folder, FPS), f"Cases of {split}"):
        what = dict(run=run.key, folder=str(folder.name), case=video.case)
        what |= dict(size=course.size)
        make = partial(_streamed, course, run, video)
        kept = store.keep("watched", what, make, _save, _load)
        found.append(Watched(on_canvas(video, course.size), split, *kept))
    return found


def _streamed(course: Course, run: Run, video: Video):
    frames = (fitted(image, course.size) for image in video)
    segment = partial(training.predict, run.model)
    rows, small = [], []
    for moment in moments(frames, segment, video.fps):
        rows.append(moment._replace(image=None, blood=None))  # a long case has many
        small.append(moment.small)
    table = pd.DataFrame(rows).drop(columns=["image", "blood"])
    return table, np.stack(small)


def _save(made: tuple[pd.DataFrame, np.ndarray], folder: Path) -> None:
    made[0].to_csv(folder / "moments.csv", index=False)
    np.save(folder / "small.npy", made[1])


def _load(folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(folder / "moments.csv", keep_default_na=True)
    return table, np.load(folder / "small.npy", mmap_mode="r")


def in_splits(some: list[Watched]) -> list[list[Watched]]:
    """The cases that networks and levels are chosen on, in up to three splits by
    subject: pigs of id_val, which trained nothing before, in two; and those whose
    frames trained the segmentation network."""
    unseen = sorted({one.video.subject for one in some if one.split == "id_val"})
    found = [
        [one for one in some if one.video.subject in unseen[::2]],
        [one for one in some if one.video.subject in unseen[1::2]],
        [one for one in some if one.video.subject not in unseen],
    ]
    return [one for one in found if one]


def left_out(course: Course, run: Run, splits: list[list[Watched]]) -> list[dict]:
    """For each split the two networks that are trained on the cases of the others."""
    return [
        networks(course, run, [o for some in splits if some is not here for o in some])
        for here in splits
    ]


def networks(
    course: Course, run: Run, train: list[Watched]
) -> dict[str, pathways.TwoPathways]:
    """The unguided and the guided network, found in the store or trained on some
    cases."""
    steps, found = PLANS[course.profile].steps, {}
    cases, bleeds = [one.small for one in train], [one.bleeds for one in train]
    names = [f"{one.video.path.parent.name} {one.video.case}" for one in train]
    for name in ("unguided", "guided"):
        what = dict(run=run.key, seed=course.seed, name=name, steps=steps, cases=names)
        make = partial(
            pathways.fit, cases, bleeds, name == "guided", course.seed, steps
        )
        found[name] = store.keep("pathways", what, make, _save_network, _load_network)
    return found


def _save_network(model: pathways.TwoPathways, folder: Path) -> None:
    write_state(model.state_dict(), folder / "weights.pt")


def _load_network(folder: Path) -> pathways.TwoPathways:
    state = read_state(folder / "weights.pt")
    model = pathways.TwoPathways(state["slow.0.0.weight"].shape[1])
    model.load_state_dict(state)
    return model.eval()


def signals(
    one: Watched, networks: dict[str, pathways.TwoPathways]
) -> dict[str, np.ndarray]:
    """A number per frame of each detector and control, higher where it bleeds: the mean
    of the frame and those of the second before it, of as many as there are."""
    found = one.table[["area", "growth", "motion"]].copy()
    for name, model in networks.items():
        found[name] = list(pathways.scores(model, one.small))
    found = found.assign(always=1.0, never=0.0)
    second = found.rolling(round(FPS), min_periods=1).mean()
    return {name: second[name].to_numpy() for name in found}
