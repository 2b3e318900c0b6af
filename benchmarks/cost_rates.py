"""The rates and sizes that the cost of the whole study is reckoned from (see cost.py).

    python -m benchmarks.cost_rates   writes cost.csv beside it

All of it is measured in one run on drawn frames of HemoSet's size: loading and
augmenting as training does it, a training step and a prediction of each encoder at the
full profile's size, what they ask for in floating-point operations, and bytes.
"""

import math
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

import phantom
from helpers import frames, models, precision, settings, training
from helpers.checkpoints import write_state
from helpers.frames import Packed
from helpers.processes import cores
from helpers.study import plan

HERE = Path(__file__).parent
BATCHES = 4  # timed, after one that is not


def measure() -> pd.DataFrame:
    """The rates and sizes of this machine, a row each."""
    course = settings.course("full")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_STORE"] = str(Path(folder, "store"))
        packed = _packed(Path(folder), course, rows)
        for encoder in plan.GRIDS["full"].encoders:
            _of_encoder(encoder, packed, course, rows, Path(folder))
    device = f"{cores()} cores, {_processor()}"
    return pd.DataFrame(rows).assign(
        device=device,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        load=round(_load(), 1),
    )


def _load() -> float:
    """How many processes wanted a core in the last minute, this one's threads
    included; NaN where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan


def _packed(folder: Path, course: settings.Course, rows: list) -> Packed:
    """Frames of HemoSet's size, packed; what they take, and how fast training loads
    them."""
    number = 5 * course.numbers.batch
    phantom.write_hemoset(folder / "drawn", number, (480, 640), seed=0)
    table = frames.index(folder / "drawn").table
    packed = frames.pack(table, course.size)
    on_disk = sum(
        path.stat().st_size
        for path in settings.store_folder().rglob("*")
        if path.is_file()
    )
    given = sum(
        path.stat().st_size for path in (folder / "drawn").rglob("*") if path.is_file()
    )
    light, every = training.light_augmentation(), np.arange(number)
    batch = course.numbers.batch
    augment = _seconds(lambda n: training.batch_of(packed, every[:batch] + n, light))
    rows += [
        _row("loading and augmenting", "", batch / augment, "frames/s"),
        _row("packed frame", "", on_disk / number, "bytes"),
        _row("drawn frame as PNG", "", given / number, "bytes"),
    ]
    return packed


def _of_encoder(encoder, packed, course, rows: list, folder: Path) -> None:
    numbers = course.numbers
    model = models.build(encoder, weights=None, seed=0)
    device = settings.device()
    model.to(device, memory_format=torch.channels_last)
    # As a job does it: the precision that this machine is fastest with.
    model.precision = precision.chosen(numbers.precision, model, course.size, device)
    optimizer = torch.optim.Adam(model.parameters(), lr=numbers.learning_rate)
    light, every = training.light_augmentation(), np.arange(numbers.batch)
    ready = training.batch_of(packed, every, light)

    def step(_: int) -> None:
        images, blood, known = (one.to(device) for one in ready)
        images = images.to(memory_format=torch.channels_last)
        training.training_step(model.train(), optimizer, images, blood, known)

    def predict(_: int) -> None:
        training.predict(model, packed.images[: 2 * numbers.batch])

    with FlopCounterMode(display=False) as forward:
        model.eval()(ready[0][:1])
    with FlopCounterMode(display=False) as whole:
        model.train()(ready[0][:2]).sum().backward()
    write_state(model.state_dict(), folder / "weights.pt")
    steps, passes = (
        numbers.batch / _seconds(step),
        2 * numbers.batch / _seconds(predict),
    )
    rows += [
        _row("training step", encoder, steps, "frames/s", model.precision),
        _row("prediction", encoder, passes, "frames/s", model.precision),
        _row("training step", encoder, whole.get_total_flops() / 2e9, "GFLOP/frame"),
        _row("prediction", encoder, forward.get_total_flops() / 1e9, "GFLOP/frame"),
        _row("weights", encoder, (folder / "weights.pt").stat().st_size, "bytes"),
    ]


def _row(what: str, encoder: str, value: float, unit: str, taken_in: str = "") -> dict:
    row = {"what": what, "encoder": encoder, "value": float(value), "unit": unit}
    return row | {"precision": taken_in}


def _seconds(work: Callable[[int], object]) -> float:
    """Of one call, the median of several after one that warms up."""
    work(0)
    took = []
    for number in range(BATCHES):
        began = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - began)
    return float(np.median(took))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model n")]
    return named[0] if named else platform.machine()


if __name__ == "__main__":
    found = measure()
    found.to_csv(HERE / "cost.csv", index=False, float_format="%.6g")
    print(found.to_string())
