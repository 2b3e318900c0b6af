"""Drawn surgery written in the two released layouts, so that the readers that meet it
are the real ones.
"""

import io
import math
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from phantom.classes import GREY, ID, RGB
from phantom.draw import frames
from phantom.laparoscopic import CLIP
from phantom.subjects import PATIENTS, PIGS

# Frame numbers from one labelled frame to the next, and besides from clip to clip.
_STEP, _GAP = 60, 540


def quietly(items: Iterable, label: str, total: int) -> Iterable:
    """The items: how far they are is told to nobody."""
    return items


def write_hemoset(
    folder: str | Path,
    n_frames: int = 320,
    size: tuple[int, int] = (240, 320),
    seed: int = 0,
    variation: float = 1.0,
    progress: Callable = quietly,
) -> None:
    """Draw robotic surgery in pigs into `folder` as HemoSet is released: pigN/imgs.zip
    and pigN/labels.zip.

    `n_frames` (at least 10) are shared out among the ten pigs as released, in clips of
    about eight; `size` is (height, width). `variation` 0 gives all pigs one look, 1 is
    as released. `progress` is given the pigs as they are done, a label and their
    number, and yields them on. The same arguments give the same bytes. ValueError where
    an argument is out of range, OSError where the folder holds something or can't be
    written; nothing half-written stays.
    """
    _check(n_frames, PIGS, 10**6, size, variation)
    jobs = [(*share, size, seed, variation) for share in _shares(PIGS, n_frames)]
    _write(Path(folder), _pig, jobs, progress)


def write_cholecseg8k(
    folder: str | Path,
    n_frames: int = 240,
    size: tuple[int, int] = (240, 427),
    seed: int = 0,
    variation: float = 1.0,
    wished: bool = False,
    progress: Callable = quietly,
) -> None:
    """Draw human laparoscopy into `folder` as CholecSeg8k is released:
    videoNN/videoNN_FFFFF/frame_N_endo.png with its colour mask and its watershed mask.

    `n_frames` (17 to 8080) are shared out among the 17 videos by their clips, some four
    to a clip. Blood is in video01 only; `wished` draws the benchmark one would wish
    for: the same patients, blood in each of them, in about three quarters of the
    frames. The rest as in `write_hemoset`.
    """
    _check(n_frames, PATIENTS, CLIP * sum(PATIENTS.values()), size, variation)
    shares = _shares(PATIENTS, n_frames)
    jobs = [(*share, size, seed, variation, wished) for share in shares]
    _write(Path(folder), _video, jobs, progress)


def _pig(folder: Path, pig: str, n_frames: int, *how) -> None:
    (folder / pig).mkdir()
    with (
        zipfile.ZipFile(folder / pig / "imgs.zip", "w") as images,
        zipfile.ZipFile(folder / pig / "labels.zip", "w") as labels,
    ):
        number = 0
        for clip, part in enumerate(_parts(n_frames, max(1, round(n_frames / 8)))):
            times = [place / max(part - 1, 1) for place in range(part)]
            for image, classes in frames(pig, clip, times, *how):
                _add(images, f"imgs/{number:06d}.png", _png(image))
                mask = Image.fromarray((classes == ID["blood"]).astype(np.uint8))
                mask.putpalette([0, 0, 0, 128, 0, 0])
                mask.save(data := io.BytesIO(), "PNG")
                _add(labels, f"labels/{number:06d}_mask.png", data.getvalue())
                number += _STEP
            number += _GAP


def _video(folder: Path, video: str, n_frames: int, *how) -> None:
    clips = min(PATIENTS[video], max(1, round(n_frames / 4)))
    for place, part in enumerate(_parts(n_frames, clips)):
        clip = int((place + 0.5) * PATIENTS[video] / clips)
        offsets = [int((number + 0.5) * CLIP / part) for number in range(part)]
        times = [offset / CLIP for offset in offsets]
        here = folder / video / f"{video}_{clip * CLIP:05d}"
        here.mkdir(parents=True)
        for offset, drawn in zip(offsets, frames(video, clip, times, *how)):
            image, classes = drawn
            colour, grey = RGB[classes], np.repeat(GREY[classes][..., None], 3, axis=2)
            for edge in (np.s_[[0, -1]], np.s_[:, [0, -1]]):
                colour[edge] = grey[edge] = 255  # where nothing is known
            stem = here / f"frame_{clip * CLIP + offset}_endo"
            Path(f"{stem}.png").write_bytes(_png(image))
            for kind, mask in (("color", colour), ("watershed", grey)):
                Path(f"{stem}_{kind}_mask.png").write_bytes(_png(mask, noisy=False))


def _parts(n_frames: int, clips: int) -> list[int]:
    """How many frames each clip has."""
    return [len(part) for part in np.array_split(np.arange(n_frames), clips)]


def _png(image: np.ndarray, noisy: bool = True) -> bytes:
    """RGB uint8 as PNG; fast rather than small. In a noisy picture no run repeats, so
    none is looked for.
    """
    huffman, default = (
        cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY,
        cv2.IMWRITE_PNG_STRATEGY_DEFAULT,
    )
    how = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    how += [cv2.IMWRITE_PNG_STRATEGY, huffman if noisy else default]
    return cv2.imencode(".png", image[..., ::-1], how)[1].tobytes()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a member that tells neither the time nor the machine."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    archive.writestr(entry, data)


def _write(folder: Path, one: Callable, jobs: list[tuple], progress: Callable) -> None:
    """Let `one` draw each subject into a folder beside the wanted one, then rename it:
    all or nothing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(
            f"{folder} is there already and not empty: remove it or name another "
            "folder."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".drawing-", dir=folder.parent) as beside:
        part = Path(beside) / folder.name
        part.mkdir()
        # NumPy and OpenCV leave other threads alone while they compute.
        with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
            done = pool.map(lambda job: one(part, *job), jobs)
            for _ in progress(done, "Drawing surgery, subjects", len(jobs)):
                pass
        if folder.exists():
            folder.rmdir()
        part.rename(folder)


def _check(n_frames: int, subjects, most: int, size, variation: float) -> None:
    if not len(subjects) <= n_frames <= most:
        raise ValueError(
            f"n_frames is {n_frames}: ask for {len(subjects)} to {most}, so that each "
            "subject has a frame."
        )
    if min(size) < 32:
        raise ValueError(
            f"size is {tuple(size)}: ask for a height and a width of at least 32 "
            "pixels."
        )
    if not 0 <= variation <= 1.5:
        raise ValueError(
            f"variation is {variation}: ask for 0 (all subjects alike) to 1.5."
        )


def _shares(weights: dict[str, int], total: int) -> list[tuple[str, int]]:
    """`total` shared out by weight, at least one each (largest remainders)."""
    whole = sum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    shares = {name: max(1, math.floor(share)) for name, share in exact.items()}
    while (left := total - sum(shares.values())) != 0:
        towards = 1 if left > 0 else -1
        open_to = [name for name in shares if shares[name] + towards >= 1]
        name = max(open_to, key=lambda one: towards * (exact[one] - shares[one]))
        shares[name] += towards
    return list(shares.items())
