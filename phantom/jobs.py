"""Drawn frames as files: clips drawn in processes of their own, then written in
order."""

import errno
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from helpers import processes
from helpers.errors import CourseError
from helpers.frames.classes import BORDER, CLASSES, UNLABELLED
from helpers.progress import progress
from phantom.draw import draw_laparoscopic, draw_robotic
from phantom.laparoscopic import CLIP

Files = list[tuple[str, bytes]]
_PARALLEL_FROM = 48  # fewer frames are drawn sooner than other processes start


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


def robotic_clip(pig, clip, numbers, size, seed, variation, swapped) -> Files:
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


def laparoscopic_clip(
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


def drawn(
    jobs: list[tuple], n_frames: int, workers: int | None
) -> Iterator[tuple[str, bytes]]:
    """The files of all clips in order, drawn by several processes where that pays."""
    clips = _clips(jobs, n_frames, workers)
    for files in progress(clips, f"Drawing {n_frames} frames, clips", len(jobs)):
        yield from files


def _clips(jobs: list[tuple], n_frames: int, workers: int | None) -> Iterator[Files]:
    workers = min(
        workers
        or len(
            getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
        ),
        len(jobs),
    )
    done = 0
    if workers > 1 and n_frames >= _PARALLEL_FROM:
        try:
            with processes.pool(workers, _run, *{job[0] for job in jobs}) as pool:
                while done < len(jobs):
                    for files in pool.map(
                        _run, jobs[done : done + 4 * workers]
                    ):  # a few at a time, for memory's sake
                        yield files
                        done += 1
        except BrokenProcessPool:
            pass  # the rest is drawn here
    for job in jobs[done:]:
        yield _run(job)


def zipped(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
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


def write(folder: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """Write all files into a folder beside the wanted one, then rename it: all or
    nothing.
    """
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    folder.parent.mkdir(parents=True, exist_ok=True)
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
