"""Peak memory of packing and evaluating, at 1,000 frames and at 8,080.

    python -m benchmarks.memory   writes memory.csv and memory.json beside it

Each number of frames has a process of its own, which packs them and evaluates a network
on them. The files are small (96x72, written here), so that they are quickly made; they
are packed at 64x96 as in the smoke profile. `peak_mb` is the most memory that was the
process's own (pages of mapped files, which the system takes back when it needs them,
are not in it), `packing_mb` the same once the frames were packed. `libraries_mb` is
what it had before the first frame.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from benchmarks.machine import machine

HERE = Path(__file__).parent
FRAMES = (1_000, 8_080)
SIZE, PACKED = (72, 96), (64, 96)


def write(folder: Path, number: int) -> Path:
    """So many frames of noise and their masks, of twenty subjects; `folder`."""
    chance = np.random.default_rng(0)
    for place in range(number):
        for side in ("images", "masks"):
            where = folder / side / f"s{place % 20:02d}"
            where.mkdir(parents=True, exist_ok=True)
            noise = chance.integers(0, 256, (*SIZE, 3), np.uint8)
            picture = noise if side == "images" else 255 * (noise[..., 0] > 200)
            cv2.imwrite(str(where / f"{place:05d}.png"), picture.astype(np.uint8))
    return folder


def own_mb(line: str = "RssAnon") -> float:
    """What memory is this process's own now, in MB (Linux)."""
    for one in Path("/proc/self/status").read_text().splitlines():
        if one.startswith(line):
            return int(one.split()[1]) * 1024 / 1e6
    return float("nan")


def watch(folder: Path) -> None:
    """The process that is measured: prints a row as JSON."""
    from helpers import evaluation, frames, models, runs
    from helpers.training import History

    model = models.build("lite0", weights=None)
    before, peak, done = own_mb(), [own_mb()], threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], own_mb())

    looking = threading.Thread(target=look)
    looking.start()
    packed = frames.pack(frames.index(folder).table, PACKED)
    after_packing = peak[0]
    table = evaluation.evaluate(runs.Run(model, History(), "memory"), packed)
    done.set()
    looking.join()
    row = {"frames": len(table), "libraries_mb": before}
    print(json.dumps(row | {"packing_mb": after_packing, "peak_mb": peak[0]}))


def measure(numbers: tuple[int, ...] = FRAMES) -> pd.DataFrame:
    """A row for each number of frames."""
    rows = []
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            data = write(Path(folder, "data"), number)
            said = subprocess.run(
                [sys.executable, "-m", "benchmarks.memory", "--watch", data],
                env=os.environ | {"COURSE_STORE": f"{folder}/store"},
                stdout=subprocess.PIPE,
                check=True,
                text=True,
            )
            rows.append(json.loads(said.stdout.splitlines()[-1]))
    return pd.DataFrame(rows)


def main(folder: Path = HERE) -> None:
    table = measure()
    table.round(0).astype(int).to_csv(folder / "memory.csv", index=False)
    about = {"date": datetime.date.today().isoformat(), **machine()}
    about |= {"size": SIZE, "packed": PACKED}
    (folder / "memory.json").write_text(json.dumps(about, indent=1) + "\n")
    print(table.to_string())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        watch(Path(sys.argv[2]))
    else:
        main(*map(Path, sys.argv[1:2]))
