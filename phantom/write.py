"""Drawn surgery written in the two released layouts, so that the readers that meet it
are the real ones.
"""

import math
from pathlib import Path

import numpy as np

from helpers.errors import CourseError
from phantom.jobs import drawn, laparoscopic_clip, robotic_clip, write, zipped
from phantom.laparoscopic import CLIP
from phantom.subjects import GROUPS, PATIENTS, PIGS

_PIG_STEP, _PIG_GAP = (
    60,
    540,
)  # frame numbers between two labelled frames, and besides between two clips


def write_hemoset(
    folder: str | Path,
    n_frames: int = 320,
    size: tuple[int, int] = (240, 320),
    seed: int = 0,
    variation: float = 1.0,
    swapped: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    workers: int | None = None,
) -> None:
    """Draw robotic surgery in pigs into `folder` as HemoSet is released: pigN/imgs.zip
    and pigN/labels.zip.

    `n_frames` (at least 10) are shared out among the ten pigs as released, in clips of
    about eight; `size` is (height, width). `variation` 0 gives all pigs one look, 1 is
    as released. Each of the groups `swapped` (see GROUPS) is drawn as in the target.
    `only` names the pigs to draw, each as it is among all of them; none named means
    all. The same arguments give the same bytes, whatever `workers` (processes; by
    default one a core). CourseError where an argument is out of range, the folder holds
    something, or the disk is full; nothing half-written stays.
    """
    _check(n_frames, PIGS, 10**6, size, variation, swapped, only)
    jobs = []
    for pig, frames in _shares(PIGS, n_frames).items():
        if only and pig not in only:
            continue
        number = 0
        for clip, part in enumerate(
            np.array_split(np.arange(frames), max(1, round(frames / 8)))
        ):
            numbers = [number + _PIG_STEP * place for place in range(len(part))]
            jobs.append(
                (
                    robotic_clip,
                    pig,
                    clip,
                    numbers,
                    size,
                    seed,
                    variation,
                    tuple(swapped),
                )
            )
            number = numbers[-1] + _PIG_STEP + _PIG_GAP
    write(Path(folder), zipped(drawn(jobs, n_frames, workers)))


def write_cholecseg8k(
    folder: str | Path,
    n_frames: int = 240,
    size: tuple[int, int] = (240, 427),
    seed: int = 0,
    variation: float = 1.0,
    wished: bool = False,
    swapped: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    workers: int | None = None,
) -> None:
    """Draw human laparoscopy into `folder` as CholecSeg8k is released:
    videoNN/videoNN_FFFFF/frame_N_endo.png with its colour mask and its watershed mask.

    `n_frames` (17 to 8080) are shared out among the 17 videos by their clips, some four
    to a clip. Blood is in video01 only; `wished` draws the benchmark one would wish
    for: the same patients, blood in each of them, in about three quarters of the
    frames. The rest as in `write_hemoset`; here each of the groups `swapped` is drawn
    as in the source.
    """
    _check(
        n_frames,
        PATIENTS,
        CLIP * sum(PATIENTS.values()),
        size,
        variation,
        swapped,
        only,
    )
    jobs = []
    for video, frames in _shares(PATIENTS, n_frames).items():
        if only and video not in only:
            continue
        clips = min(PATIENTS[video], max(1, round(frames / 4)))
        for place, part in enumerate(np.array_split(np.arange(frames), clips)):
            clip = int((place + 0.5) * PATIENTS[video] / clips)
            offsets = [
                int((number + 0.5) * CLIP / len(part)) for number in range(len(part))
            ]
            jobs.append(
                (
                    laparoscopic_clip,
                    video,
                    clip,
                    offsets,
                    size,
                    seed,
                    variation,
                    wished,
                    tuple(swapped),
                )
            )
    write(Path(folder), drawn(jobs, n_frames, workers))


def _check(n_frames, subjects, most, size, variation, swapped, only) -> None:
    if not len(subjects) <= n_frames <= most:
        raise CourseError(
            f"n_frames is {n_frames}: ask for {len(subjects)} to {most}, so that each "
            "subject has a frame."
        )
    if min(size) < 32:
        raise CourseError(
            f"size is {tuple(size)}: ask for a height and a width of at least 32 "
            "pixels."
        )
    if not 0 <= variation <= 1.5:
        raise CourseError(
            f"variation is {variation}: ask for 0 (all subjects alike) to 1.5."
        )
    for group in swapped:
        if group not in GROUPS:
            raise CourseError(
                f"No group is called '{group}': choose from {', '.join(GROUPS)}."
            )
    for subject in only:
        if subject not in subjects:
            raise CourseError(
                f"No subject is called '{subject}': choose from {', '.join(subjects)}."
            )


def _shares(weights: dict[str, int], total: int) -> dict[str, int]:
    """`total` shared out by weight, at least one each (largest remainders)."""
    exact = {
        name: total * weight / sum(weights.values()) for name, weight in weights.items()
    }
    shares = {name: max(1, math.floor(share)) for name, share in exact.items()}
    while (left := total - sum(shares.values())) != 0:
        towards = 1 if left > 0 else -1
        open_to = [name for name in shares if shares[name] + towards >= 1]
        shares[
            max(open_to, key=lambda name: towards * (exact[name] - shares[name]))
        ] += towards
    return shares
