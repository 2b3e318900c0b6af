"""How fast the course is: what the bare work takes over what we take (1 is as fast as
can be), beside the least that it should be.

    python -m benchmarks.speed            (make bench) prints the table
    python -m benchmarks.speed --record   writes speed.csv and speed.json beside it too

Bare is OpenCV's decoding of the same files on all cores; a training step on tensors
that are ready, in the machine's fastest precision; that decoding and the forward pass;
each measured in turns with ours, the median. The last row is the most memory that a
process had of its own (Linux) in packing and evaluating 1,000 frames, over 8,080.
"""

import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch

from benchmarks import recording
from helpers import counts, frames, models, settings, training
from phantom import write_cholecseg8k

SIZE, BATCH, TIMES = (256, 256), 16, 3


def in_turns(ours: Callable, bare: Callable) -> tuple[float, float]:
    """Median seconds of the two; a first run of each is not counted."""
    took: tuple[list, list] = ([], [])
    for turn in range(TIMES + 1):
        for work, seconds in zip((ours, bare), took):
            began = time.perf_counter()
            work()
            if turn:
                seconds.append(time.perf_counter() - began)
    return statistics.median(took[0]), statistics.median(took[1])


def decode(table: pd.DataFrame) -> None:
    """OpenCV's bare decoding of all that packing reads of CholecSeg8k's frames."""
    colours = [mask.replace("watershed", "color") for mask in table["mask"]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(cv2.imread, [*table["image"], *table["mask"], *colours]))


def pack(table: pd.DataFrame, folder: str, size=SIZE) -> frames.Packed:
    """Packed anew, into a store of its own in a folder that goes."""
    os.environ["COURSE_STORE"] = tempfile.mkdtemp(dir=folder)
    return frames.pack(table, size)


def learning(packed: frames.Packed, model) -> tuple[float, float]:
    """An epoch, beside its steps on batches that are ready."""
    learner = training.Learner(model, settings.PROFILES["full"], model.dtype)
    light = training.light_augmentation()
    how, rows = (light, True), np.arange(len(packed))
    parts = [rows[start : start + BATCH] for start in rows[::BATCH]]
    ready = [training.batch_of(packed, part, *how, learner.device) for part in parts]

    def bare() -> None:
        model.train()
        for batch in ready:
            learner.step(*batch)

    return in_turns(lambda: learner.epoch(packed, BATCH, *how), bare)


@torch.inference_mode()
def forward(model, images: torch.Tensor) -> None:
    model.eval()
    for part in images.to(memory_format=torch.channels_last).split(32):
        training.logits_of(model, part, model.dtype).cpu()


def measure(folder: str, number: int = 48) -> list[tuple]:
    """The rows in seconds, on so many frames of CholecSeg8k's own size."""
    write_cholecseg8k(Path(folder, "patients"), number, (480, 854))
    table = frames.index(Path(folder, "patients")).table
    device = settings.device()
    model = models.build("resnet34", weights=None)
    model.to(device, memory_format=torch.channels_last)
    model.dtype = training.half(device)
    took = in_turns(lambda: pack(table, folder), lambda: decode(table))
    rows = [("packing, patients of 854x480 in folders", *took, 0.8)]
    took = learning(pack(table[: 2 * BATCH], folder), model)
    rows.append((f"training, {model.dtype}", *took, 0.9))
    ready = torch.rand(len(table), 3, *SIZE, device=device)
    took = in_turns(
        lambda: evaluated(model, pack(table, folder)),
        lambda: (decode(table), forward(model, ready)),
    )
    return [*rows, ("evaluation", *took, 0.85)]


def evaluated(model: torch.nn.Module, packed: frames.Packed) -> pd.DataFrame:
    return counts.evaluate(training.predict(model, packed.images), packed)


def noise(folder: Path, number: int) -> None:
    """So many frames of noise and their masks."""
    chance = np.random.default_rng(0)
    for side in ("images", "masks"):
        (folder / side).mkdir(parents=True)
    for name in (f"{place:05d}.png" for place in range(number)):
        image = chance.integers(0, 256, (72, 96, 3), np.uint8)
        cv2.imwrite(str(folder / "images" / name), image)
        cv2.imwrite(str(folder / "masks" / name), 255 * np.uint8(image[..., 0] > 200))


def peak(number: int, folder: str) -> float:
    """The most memory of its own, in MB, that this process has while it packs and
    evaluates so many frames of noise."""
    data = Path(folder, str(number))
    noise(data, number)
    most, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            own = Path("/proc/self/status").read_text().split("RssAnon:")[1]
            most[0] = max(most[0], int(own.split()[0]) * 1024 / 1e6)

    threading.Thread(target=look, daemon=True).start()
    model = models.build("lite0", weights=None)
    evaluated(model, pack(frames.index(data).table, folder, (64, 96)))
    done.set()
    return most[0]


def main(words: list[str], began: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(folder)
        with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
            many, few = (pool.apply(peak, (one, folder)) for one in (8_080, 1_000))
    rows.append(("peak memory, 8,080 frames against 1,000 (MB)", many, few, 0.9))
    table = pd.DataFrame(rows, columns=["what", "ours", "bare", "limit"])
    table.insert(3, "ratio", (table["bare"] / table["ours"]).round(2))
    print(recording.machine(), table.to_string(index=False), sep="\n")
    if "--record" in words:
        recording.record("speed", began, {"": table})


if __name__ == "__main__":
    main(sys.argv[1:], time.perf_counter())
