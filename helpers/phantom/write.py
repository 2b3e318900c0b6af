"""Drawn surgery written in the two released layouts, so that the readers that meet it
are the real ones.
"""

import errno
import io
import math
import multiprocessing
import os
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from helpers.errors import CourseError
from helpers.frames.classes import BORDER, CLASSES, UNLABELLED
from helpers.phantom.draw import draw_laparoscopic, draw_robotic
from helpers.phantom.laparoscopic import CLIP
from helpers.phantom.subjects import GROUPS, PATIENTS, PIGS

Files = list[tuple[str, bytes]]
_PIG_STEP, _PIG_GAP = (
    60,
    540,
)  # frame numbers between two labelled frames, and besides between two clips
_PARALLEL_FROM = 48  # fewer frames are drawn sooner than other processes start


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
                    _robotic_clip,
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
    _write(Path(folder), _zipped(_drawn(jobs, n_frames, workers)))


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
                    _laparoscopic_clip,
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
    _write(Path(folder), _drawn(jobs, n_frames, workers))


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


def _png(image: np.ndarray, noisy: bool = True) -> bytes:
    """RGB uint8 as PNG; fast rather than small. In a noisy picture no run repeats, so
    none is looked for.
    """
    strategy = (
        cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY
        if noisy
        else cv2.IMWRITE_PNG_STRATEGY_DEFAULT
    )
    how = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, strategy]
    return cv2.imencode(".png", image[..., ::-1], how)[1].tobytes()


def _robotic_clip(pig, clip, numbers, size, seed, variation, swapped) -> Files:
    files = []
    for place, number in enumerate(numbers):
        image, blood = draw_robotic(
            pig, clip, place / max(len(numbers) - 1, 1), size, seed, variation, swapped
        )
        mask, data = Image.fromarray(blood.astype(np.uint8)), io.BytesIO()
        mask.putpalette([0, 0, 0, 128, 0, 0])
        mask.save(data, "PNG")
        files += [
            (f"{pig}/imgs.zip!imgs/{number:06d}.png", _png(image)),
            (f"{pig}/labels.zip!labels/{number:06d}_mask.png", data.getvalue()),
        ]
    return files


def _laparoscopic_clip(
    video, clip, offsets, size, seed, variation, wished, swapped
) -> Files:
    rgb, grey = (
        np.full((256, 3), UNLABELLED[0], np.uint8),
        np.full(256, UNLABELLED[1], np.uint8),
    )
    for entry in CLASSES:
        rgb[entry.id], grey[entry.id] = entry.rgb, entry.grey
    files, first = [], clip * CLIP
    for offset in offsets:
        image, classes = draw_laparoscopic(
            video, clip, offset / CLIP, size, seed, variation, wished, swapped
        )
        colour, watershed = rgb[classes], grey[classes]
        for edge in (np.s_[[0, -1]], np.s_[:, [0, -1]]):
            colour[edge], watershed[edge] = BORDER
        stem = f"{video}/{video}_{first:05d}/frame_{first + offset}_endo"
        files += [
            (f"{stem}.png", _png(image)),
            (f"{stem}_color_mask.png", _png(colour, noisy=False)),
            (
                f"{stem}_watershed_mask.png",
                _png(np.repeat(watershed[..., None], 3, axis=2), noisy=False),
            ),
        ]
    return files


def _run(job: tuple) -> Files:
    draw, *what = job
    return draw(*what)


def _drawn(
    jobs: list[tuple], n_frames: int, workers: int | None
) -> Iterator[tuple[str, bytes]]:
    """The files of all clips in order, drawn by several processes where that pays."""
    workers = min(
        workers
        or len(
            getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
        ),
        len(jobs),
    )
    done = 0
    if workers > 1 and n_frames >= _PARALLEL_FROM:
        # Fresh processes, not forked ones: a fork under a running thread pool (torch,
        # OpenCV, Jupyter) can hang.
        context = multiprocessing.get_context("spawn")
        try:
            with ProcessPoolExecutor(workers, context, cv2.setNumThreads, (1,)) as pool:
                while done < len(jobs):
                    for files in pool.map(
                        _run, jobs[done : done + 4 * workers]
                    ):  # a few at a time, for memory's sake
                        yield from files
                        done += 1
        except BrokenProcessPool:
            # No process could start (a script without a main guard): the rest is drawn
            # here.
            pass
    for job in jobs[done:]:
        yield from _run(job)


def _zipped(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Members named "some.zip!member" gathered into their zips, a subject at a time,
    with a fixed date.
    """
    zips: dict[str, io.BytesIO] = {}
    for name, data in files:
        path, member = name.split("!")
        if zips and path.split("/")[0] != next(iter(zips)).split("/")[0]:
            yield from ((done, content.getvalue()) for done, content in zips.items())
            zips = {}
        with zipfile.ZipFile(zips.setdefault(path, io.BytesIO()), "a") as archive:
            entry = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)
    yield from ((done, content.getvalue()) for done, content in zips.items())


def _write(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """Write all files into a folder beside the wanted one, then rename it: all or
    nothing.
    """
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CourseError(
                f"{folder} is there already and not empty: remove it or name another "
                "folder."
            )
        for name, data in files:
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise CourseError(
                f"The disk is full while {folder} is being drawn: free some space "
                "(about 250 kB a frame) and run it again."
            ) from error
        raise CourseError(
            f"{folder} cannot be written ({error.strerror or error}): name a folder "
            "that can."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
