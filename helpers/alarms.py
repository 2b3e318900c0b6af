"""The cases of a run, what its networks say of them, and a detector's decisions: what
lesson 08 and its benchmark share."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import bleeding, clips, pathways, store, training
from helpers.clips import Video
from helpers.domains import Domains
from helpers.frames import fit
from helpers.models import read_state, write_state
from helpers.progress import progress
from helpers.runs import Run
from helpers.settings import Course
from phantom.cases import Case, write

DETECTORS = ("area", "growth", "unguided", "guided")
CONTROLS = ("always", "never", "motion")
SPLITS = ("train", "id_val", "id_test", "ood_test")


class Plan(NamedTuple):
    """How many cases of each subject a split has, of how many seconds; steps: of a
    network's training."""

    seconds: float
    train: int
    id_val: int
    id_test: int
    ood_test: int
    steps: int


PLANS = {
    "smoke": Plan(18, 1, 1, 1, 1, 3),
    "quick": Plan(45, 2, 3, 4, 1, 200),
    "full": Plan(300, 10, 6, 10, 3, 6000),
}
FPS = 5.0
SMOKE = 2  # subjects of a split on the smoke profile


@dataclass(frozen=True)
class Watched:
    """One case after its stream has run: its video, a row of numbers per frame, and
    the frames as the networks see them ((n, 4, 48, 64) uint8, memory-mapped)."""

    video: Video
    split: str
    table: pd.DataFrame
    small: np.ndarray

    @property
    def bleeds(self) -> np.ndarray:
        """The truth, a bool per frame."""
        video = self.video
        return bleeding.truth(video.bleedings, len(self.table), video.fps)

    @property
    def places(self) -> np.ndarray:
        """Where the new blood of each frame lies, (n, 2) in the canvas's pixels."""
        return self.table[["x", "y"]].to_numpy()


def planned(course: Course, domains: Domains) -> dict[str, list[Case]]:
    """The cases of each split, by the course's split of subjects. Every third has no
    bleeding."""
    plan, found = PLANS[course.profile], {}
    for split in SPLITS:
        subjects = sorted(set(domains.of(split).table["subject"]))
        if course.profile == "smoke":
            subjects = subjects[:SMOKE]
        each = getattr(plan, split)
        found[split] = [
            Case(
                subject,
                number,
                plan.seconds,
                FPS,
                course.size,
                course.seed,
                0 if (place * each + number) % 3 == 2 else None,
            )
            for place, subject in enumerate(subjects)
            for number in range(each)
        ]
    return found


def written(cases: list[Case], video: bool = False) -> Path:
    """The folder of some cases as frames, or as mp4; found in the store or drawn."""
    what = dict(cases=[asdict(case) for case in cases], video=video)

    def make(draft: Path) -> None:
        write(cases, draft, video, progress)

    return store.entry("cases", what, make, write)


def fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A frame as the course's network is given it: fitted into `size`, black around."""
    nothing = np.zeros(image.shape[:2], bool)
    return fit(image, nothing, nothing, None, size)[0]


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


def watch(course: Course, run: Run, folder: Path, split: str) -> list[Watched]:
    """Every case of a folder, streamed once through the network and the alignment; the
    numbers are kept in the store, so a second time costs nothing. Training cases are
    not aligned, since no detector learns from that."""
    found = []
    for video in progress(clips.cases(folder, FPS), f"Cases of {split}"):
        what = dict(run=run.key, folder=str(folder.name), case=video.case)
        align = split != "train"
        what |= dict(size=course.size, align=align)

        def make(video=video, align=align) -> tuple[pd.DataFrame, np.ndarray]:
            small = []

            def kept():
                frames = (fitted(image, course.size) for image in video)
                for moment in bleeding.watch(frames, segmenter(run), video.fps, align):
                    small.append(pathways.small(moment))
                    yield moment

            table = bleeding.table(kept())
            return table, np.stack(small)

        table, small = store.keep("watched", what, make, _save, _load)
        found.append(Watched(on_canvas(video, course.size), split, table, small))
    return found


def segmenter(run: Run):
    """The course's network as a function from images to probabilities of blood."""
    return lambda images: training.predict(run.model, images)


def _save(made: tuple[pd.DataFrame, np.ndarray], folder: Path) -> None:
    made[0].to_csv(folder / "moments.csv", index=False)
    np.save(folder / "small.npy", made[1])


def _load(folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(folder / "moments.csv", keep_default_na=True)
    return table, np.load(folder / "small.npy", mmap_mode="r")


def network(
    course: Course, run: Run, train: list[Watched], guided: bool
) -> pathways.TwoPathways:
    """The two-pathway network of a run, found in the store or trained on its training
    cases."""
    steps = PLANS[course.profile].steps
    what = dict(run=run.key, seed=course.seed, guided=guided, steps=steps)
    what |= dict(cases=[one.video.case for one in train])
    what |= dict(seen=[_digest(one.small, one.bleeds) for one in train])

    def make() -> pathways.TwoPathways:
        cases, bleeds = [one.small for one in train], [one.bleeds for one in train]
        return pathways.fit(cases, bleeds, guided, course.seed, steps)

    def load(folder: Path) -> pathways.TwoPathways:
        model = pathways.TwoPathways(4 if guided else 3)
        model.load_state_dict(read_state(folder / "weights.pt"))
        return model.eval()

    def save(model: pathways.TwoPathways, folder: Path) -> None:
        write_state(model.state_dict(), folder / "weights.pt")
        (folder / "settings.json").write_text(json.dumps({"guided": guided}))

    return store.keep("pathways", what, make, save, load)


def _digest(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def signals(
    one: Watched, networks: dict[str, pathways.TwoPathways]
) -> dict[str, np.ndarray]:
    """A number per frame of each detector and control, higher where it bleeds."""
    table = one.table
    found = {name: table[name].to_numpy() for name in ("area", "growth", "motion")}
    for name, model in networks.items():
        found[name] = np.array(list(pathways.scores(model, one.small)))
    found |= {"always": np.ones(len(table)), "never": np.zeros(len(table))}
    return {name: last_second(signal) for name, signal in found.items()}


def last_second(signal: np.ndarray) -> np.ndarray:
    """The mean of each frame and those of the second before it, of as many as there
    are: it never looks ahead."""
    return pd.Series(signal).rolling(round(FPS), min_periods=1).mean().to_numpy()


def decide(signal: np.ndarray, level: float) -> np.ndarray:
    """Whether it bleeds, for each frame: the signal over the level, smoothed."""
    return bleeding.smooth(signal > level, FPS)


def choose(signals: list[np.ndarray], truths: list[np.ndarray]) -> float:
    """The level at which the decisions on some cases, smoothed, have the highest F1 by
    frame; to be chosen on validation cases of the source only."""
    every = np.concatenate(signals)
    best, chosen = -1.0, float(every.max())
    for level in np.unique(np.quantile(every, np.linspace(0.3, 0.995, 60))):
        found = np.concatenate([decide(one, level) for one in signals])
        true = np.concatenate(truths)
        both = 2 * (found & true).sum() / max(found.sum() + true.sum(), 1)
        if both > best:
            best, chosen = both, float(level)
    return chosen
