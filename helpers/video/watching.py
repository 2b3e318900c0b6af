"""The cases of a run, what is measured on each frame of a stream, and what networks say
of it: what lesson 08 and its benchmarks share.

Frames are aligned (registration) by one affine for the camera, by the enhanced
correlation coefficient (Evangelidis and Psarakis, 2008) or by ORB features where that
does not converge; then dense flow by inverse search (Kroeger et al., 2016) follows what
tissue does on its own.
"""

from collections import deque, namedtuple
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from helpers import CourseError, clips, store, training
from helpers.clips import Video
from helpers.domains import Domains
from helpers.frames import fitted, visible
from helpers.models import read_state, write_state
from helpers.settings import Course, progress
from helpers.training import Run
from helpers.video import FPS, pathways, truth
from phantom.cases import Case, write

Segment = Callable[[np.ndarray], np.ndarray]
"""Images uint8 NxHxWx3 to the probability of blood, uint8 NxHxW in 256 levels."""
CHUNK = 8  # frames that are segmented together: more are no faster, and take memory
SMALL = (48, 64)
STILL = np.eye(2, 3, dtype=np.float32)

# How many seconds a case lasts that is tested on, and one that networks and levels are
# chosen on (`short`: more cases tell more than longer ones); how many cases of each
# subject a split has; and steps of a network's training.
Plan = namedtuple("Plan", "seconds short train id_val id_test ood_test steps")
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
    for split in ("train", "id_val", *TESTED):
        subjects = sorted(set(domains.of(split).table["subject"]))
        subjects = subjects[:2] if course.profile == "smoke" else subjects
        seconds = plan.seconds if split in TESTED else plan.short
        usual = seconds, FPS, course.size, course.seed
        each = range(getattr(plan, split))
        asked = [(subject, number) for subject in subjects for number in each]
        found[split] = [
            Case(*one, *usual, 0 if place % 3 == 2 else None)
            for place, one in enumerate(asked)
        ]
    return found


def written(cases: list[Case], video: bool = False) -> Path:
    """The folder of some cases as frames, or as mp4; found in the store or drawn."""
    what = dict(cases=[asdict(case) for case in cases], video=video)
    draw = partial(write, cases, video=video, progress=progress)
    return store.entry("cases", what, draw, write)


Alignment = namedtuple("Alignment", "x y way")


def by_ecc(now: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """The affine (2x3) from grey `now` to grey `before` by the enhanced correlation
    coefficient; None where it does not converge. It is sought at half the size."""
    half = dict(fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = [cv2.resize(one, None, **half) for one in (now, before)]
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    how = STILL.copy(), cv2.MOTION_AFFINE, until, None, 3
    try:
        _, found = cv2.findTransformECC(*small, *how)
    except cv2.error:
        return None
    found[:, 2] = 2 * found[:, 2]
    return found if _sensible(found) else None


def by_features(now: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """The same from matched ORB features and RANSAC; None with fewer than 6 that
    agree."""
    orb = cv2.ORB_create(300, patchSize=15, edgeThreshold=8, fastThreshold=5)
    (one, first), (other, second) = (
        orb.detectAndCompute(grey, None) for grey in (now, before)
    )
    if first is None or second is None:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(first, second)
    if len(matches) < 6:
        return None
    at = np.float32([one[m.queryIdx].pt for m in matches])
    to = np.float32([other[m.trainIdx].pt for m in matches])
    found, agree = cv2.estimateAffinePartial2D(at, to, ransacReprojThreshold=2.0)
    if found is None or agree.sum() < 6 or not _sensible(found):
        return None
    return found.astype(np.float32)


def _sensible(matrix: np.ndarray) -> bool:
    """False where an affine squeezes or turns more than a camera does in a second."""
    return bool(np.abs(matrix[:, :2] - np.eye(2)).max() < 0.3)


def align(now: np.ndarray, before: np.ndarray) -> Alignment:
    """Where each pixel of RGB `now` lies in RGB `before`, x and y (HxW float32): the
    affine first, then the tissue is followed. way: "ECC", "features", or "none" where
    both failed and the camera was taken to stand still."""
    here, there = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (now, before))
    matrix, way = by_ecc(here, there), "ECC"
    if matrix is None:
        matrix, way = by_features(here, there), "features"
    if matrix is None:
        matrix, way = STILL, "none"
    look = dict(flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    look |= dict(borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpAffine(there, matrix, here.shape[::-1], **look)
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    moved = dis.calc(here, seen, None)
    y, x = np.indices(here.shape, np.float32)
    x, y = x + moved[..., 0], y + moved[..., 1]
    across, down = (row[0] * x + row[1] * y + row[2] for row in matrix)
    return Alignment(across.astype(np.float32), down.astype(np.float32), way)


def warp(field: np.ndarray, to: Alignment, outside: float = 0) -> np.ndarray:
    """A picture of the earlier frame as the later one would show it; `outside` where it
    shows nothing."""
    border = dict(borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    return cv2.remap(field, to.x, to.y, cv2.INTER_LINEAR, **border)


class Moment(NamedTuple):
    """What one frame of a stream gives. image (HxWx3) and blood (HxW, probability)
    uint8; the rest in percent of the view: area of blood, blood that was not there a
    second ago, on aligned frames and on frames as they are; motion in pixels a second;
    x, y: where the new blood lies (pixels, NaN without any); way: of alignment."""

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
    frames: Iterable[np.ndarray], segment: Segment, aligned: bool = True
) -> Iterator[Moment]:
    """The moments of a stream, one after the other; no more than CHUNK frames and one
    second are held."""
    some = pathways.chunks(frames, CHUNK)
    stream = (both for images in some for both in zip(images, segment(images)))
    past: deque = deque(maxlen=round(FPS))
    for number, (image, blood) in enumerate(stream):
        before = past[0] if aligned and len(past) == past.maxlen else None
        past.append((image, blood))
        yield _moment(number / FPS, image, blood, before)


def _moment(second, image, blood, before) -> Moment:
    view = visible(image, np.ones(blood.shape, bool))
    whole = max(int(view.sum()), 1)
    percent = lambda mask: 100 * float((mask & view).sum()) / whole  # noqa: E731
    now = Moment(second, image, blood, percent(blood >= 128))
    if before is None:
        return now
    to = align(image, before[0])
    y, x = np.indices(blood.shape, np.float32)
    motion = float(np.median(np.hypot(to.x - x, to.y - y)[view])) if view.any() else 0.0
    new = new_blood(blood, warp(before[1], to, 255)) & view
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


@dataclass(frozen=True)
class Watched:
    """One case after its stream has run: its video, a row of numbers per frame, and
    the frames as the networks see them ((n, 4, 48, 64) uint8, memory-mapped). x and y
    are pixels of what `fitted` gives."""

    video: Video
    split: str
    table: pd.DataFrame
    small: np.ndarray

    @property
    def bleeds(self) -> np.ndarray:
        """The truth, a bool per frame."""
        return truth(self.video.bleedings, len(self.table))


def watch(course: Course, run: Run, folder: Path, split: str) -> list[Watched]:
    """Every case of a folder, streamed once through the network and the alignment; the
    numbers are kept in the store, so a second time costs nothing."""
    found = []
    for video in progress(clips.cases(folder, FPS), f"Cases of {split}"):
        if abs(video.fps - FPS) > 0.01:
            raise CourseError(
                f"{video.path.name} has {video.fps:g} frames a second, and times are "
                f"counted at {FPS:g}: convert it (ffmpeg -i IN -r {FPS:g} OUT.mp4)."
            )
        what = dict(run=run.key, folder=folder.name, case=video.case, size=course.size)
        place = store.entry(
            "watched", what, partial(_stream, course, run, video), watch
        )
        table = pd.read_csv(place / "moments.csv")
        small = np.load(place / "small.npy", mmap_mode="r")
        found.append(Watched(video, split, table, small))
    return found


def _stream(course: Course, run: Run, video: Video, draft: Path) -> None:
    frames = (fitted(image, course.size) for image in video)
    rows, small = [], []
    for moment in moments(frames, partial(training.predict, run.model)):
        rows.append(moment._replace(image=None, blood=None))  # a long case has many
        small.append(moment.small)
    table = pd.DataFrame(rows).drop(columns=["image", "blood"])
    table.to_csv(draft / "moments.csv", index=False)
    np.save(draft / "small.npy", np.stack(small))


def in_splits(some: list[Watched]) -> list[list[Watched]]:
    """The cases that networks and levels are chosen on, in up to three splits by
    subject: pigs of id_val, which trained nothing before, in two; and those whose
    frames trained the segmentation network."""
    unseen = sorted({one.video.subject for one in some if one.split == "id_val"})
    parts = unseen[::2], unseen[1::2], {one.video.subject for one in some} - {*unseen}
    found = [[one for one in some if one.video.subject in part] for part in parts]
    return [one for one in found if one]


def left_out(course: Course, run: Run, splits: list[list[Watched]]) -> list[dict]:
    """For each split the two networks that are trained on the cases of the others."""
    return [
        networks(course, run, [o for some in splits if some is not here for o in some])
        for here in splits
    ]


def networks(
    course: Course, run: Run, some: list[Watched]
) -> dict[str, pathways.TwoPathways]:
    """The unguided and the guided network, found in the store or trained on some
    cases."""
    steps, found = PLANS[course.profile].steps, {}
    cases, bleeds = [one.small for one in some], [one.bleeds for one in some]
    names = [f"{one.video.path.parent.name} {one.video.case}" for one in some]

    def train(channels: int, draft: Path) -> None:
        model = pathways.fit(cases, bleeds, channels, course.seed, steps)
        write_state(model.state_dict(), draft / "weights.pt")

    for name, channels in (("unguided", 3), ("guided", 4)):
        what = dict(run=run.key, seed=course.seed, name=name, steps=steps, cases=names)
        place = store.entry("pathways", what, partial(train, channels), networks)
        found[name] = pathways.TwoPathways(channels).eval()
        found[name].load_state_dict(read_state(place / "weights.pt"))
    return found


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
