"""How fast the course is: a table of ratios, each beside its limit, in at most ten
minutes on two cores.

    python -m benchmarks.speed            (make bench) prints the table
    python -m benchmarks.speed --record   writes speed.csv and speed.json beside it too
    python -m benchmarks.speed --report   measures make report as well, whole and warm

A ratio is what the bare work takes over what we take, measured in turns in one run, the
median of each; 1 is as fast as can be. The bare work is OpenCV's decoding of the same
files on all cores; a training step on tensors that are ready, in the machine's fastest
precision; that decoding and the forward pass; the same interval in plain NumPy; the
import of the packages that lesson 02 uses; a report whose lessons are all to be
executed. The plain way and memory have benchmarks of their own (plain_way, memory), and
their recorded tables are quoted.
"""

import argparse
import ast
import datetime
import json
import os
import shutil
import statistics as middle
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
import torch

from benchmarks import plain_way
from benchmarks.machine import machine
from helpers import batches, evaluation, frames, models, precision, settings, training
from helpers import statistics as course_statistics
from helpers.frames import reading

HERE = Path(__file__).parent
LESSON = settings.ROOT / "notebooks" / "02_train_a_unet.py"
DRAWS = 5_000


@dataclass(frozen=True)
class Amounts:
    """How much is measured: frames, steps and repetitions; size is (height, width)."""

    pigs: int = 80
    patients: int = 60
    size: tuple[int, int] = (256, 256)
    encoder: str = "resnet34"
    batch: int = 16
    steps: int = 2
    evaluated: int = 40
    times: int = 3


class Row(NamedTuple):
    """A line of the table: our seconds (or megabytes), those of the bare work, the
    least ratio of the second to the first."""

    what: str
    ours: float
    bare: float
    limit: float
    measured: str = "now"


def in_turns(ours: Callable, bare: Callable, times: int) -> tuple[float, float]:
    """Median seconds of the two, run in turns so that both meet the same machine; a
    first run of each is not counted."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(times + 1):
        for work, seconds in zip((ours, bare), took):
            began = time.perf_counter()
            work()
            if turn:
                seconds.append(time.perf_counter() - began)
    return middle.median(took[0]), middle.median(took[1])


def files(table: pd.DataFrame) -> list[str]:
    """The addresses of every picture that packing a table decodes."""
    found = []
    for row in table.sort_values("image").itertuples():
        found += [row.image, row.mask]
        if row.dataset == "cholecseg8k":
            found.append(reading.colour_mask(row.mask))
    return found


def decode(addresses: list[str]) -> None:
    """OpenCV's bare decoding on all cores."""

    def one(address: str) -> None:
        disk, member = reading.split_address(address)
        data = zipfile.ZipFile(disk).read(member) if member else Path(disk).read_bytes()
        cv2.imdecode(np.frombuffer(data, np.uint8), -1)

    with ThreadPoolExecutor(os.cpu_count(), "bare") as pool:
        for _ in pool.map(one, addresses):
            pass


def pack(table: pd.DataFrame, size: tuple[int, int]) -> frames.Packed:
    """Packed into a folder of its own, which goes with the process."""
    os.environ["COURSE_STORE"] = tempfile.mkdtemp(dir=os.environ["BENCH_FOLDER"])
    return frames.pack(table, size)


def packing(found: dict[str, pd.DataFrame], amounts: Amounts) -> list[Row]:
    rows = []
    for name, table in found.items():
        addresses = files(table)
        took = in_turns(
            lambda table=table: pack(table, amounts.size),
            lambda addresses=addresses: decode(addresses),
            amounts.times + 2,
        )
        rows.append(Row(f"packing, {name}", *took, 0.8))
    return rows


def network(amounts: Amounts) -> torch.nn.Module:
    """A fresh network in the machine's fastest precision, where it runs."""
    device = settings.device()
    model = models.build(amounts.encoder, weights=None)
    model.to(device, memory_format=torch.channels_last)
    model.precision = precision.chosen("fastest", model, amounts.size, device)
    return model


def learning(packed: frames.Packed, model, amounts: Amounts) -> Row:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    light, size, device = (
        training.light_augmentation(),
        amounts.batch,
        settings.device(),
    )
    ready = []
    for start in range(0, len(packed), size):
        rows = np.arange(start, min(start + size, len(packed)))
        images, *masks = training.batch_of(packed, rows, light)
        images = images.to(device, memory_format=torch.channels_last)
        ready.append((images, *(mask.to(device) for mask in masks)))

    batch_at = batches.source(packed, light, device, True)

    def bare() -> None:
        model.train()
        for batch in ready:
            training.training_step(model, optimizer, *batch)

    def ours() -> None:
        training.epoch(model, optimizer, packed, size, batch_at)

    what = f"training, {model.precision}"
    return Row(what, *in_turns(ours, bare, amounts.times), 0.9)


def evaluating(table: pd.DataFrame, model, amounts: Amounts) -> Row:
    addresses, device = files(table), settings.device()
    ready = torch.rand(len(table), 3, *amounts.size)

    @torch.inference_mode()
    def bare() -> None:
        decode(addresses)
        model.eval()
        for part in ready.split(32):
            part = part.to(device, memory_format=torch.channels_last)
            precision.logits(model, part, model.precision).cpu()

    def ours() -> None:
        evaluation.evaluate(model, pack(table, amounts.size))

    return Row("evaluation", *in_turns(ours, bare, amounts.times), 0.85)


def plain_interval(values: np.ndarray, subject: np.ndarray, weights: np.ndarray):
    """Mean over subjects and the interval of helpers.intervals.bounded, in NumPy."""
    means = np.sort(np.bincount(subject, values) / np.bincount(subject))
    seen, imagined = weights[:, :-1] @ means, weights[:, -1]
    return means.mean(), np.quantile(seen, 0.05), np.quantile(seen + imagined, 0.95)


def intervals(amounts: Amounts) -> Row:
    chance = np.random.default_rng(0)
    subject, values = chance.integers(0, 17, 8080), chance.random(8080)
    weights = np.random.default_rng(0).dirichlet(np.ones(18), DRAWS)
    took = in_turns(
        lambda: course_statistics.mean_over_subjects(values, subject),
        lambda: plain_interval(values, subject, weights),
        10 * amounts.times,
    )
    return Row("statistics: an interval over 17 patients", *took, 0.5)


def imports() -> tuple[str, str]:
    """What lesson 02 imports, and the packages alone that this brings with it."""
    cells = ast.parse(LESSON.read_text(encoding="utf-8")).body
    own = "\n".join(
        ast.unparse(one)
        for one in cells
        if isinstance(one, ast.Import | ast.ImportFrom)
    )
    bare = (
        "import IPython.display, cv2, ipywidgets, matplotlib.pyplot, numpy, pandas, "
        "scipy.stats, segmentation_models_pytorch, torch, torchvision.transforms.v2"
    )
    return own, bare


def start(amounts: Amounts) -> Row:
    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], cwd=settings.ROOT, check=True)

    own, bare = imports()
    took = in_turns(lambda: run(own), lambda: run(bare), amounts.times)
    return Row("start of a lesson", *took, 0.8)


def report(profile: str = "quick") -> dict[str, float]:
    """Seconds of make report on an empty store, and again when nothing has changed."""
    took = {}
    with tempfile.TemporaryDirectory() as folder:
        surroundings = os.environ | {"COURSE_STORE": f"{folder}/store"}
        command = [sys.executable, "-m", "report.build", "--profile", profile]
        for name in ("whole_s", "warm_s"):
            began = time.perf_counter()
            subprocess.run(
                [*command, "--site", f"{folder}/site"],
                cwd=settings.ROOT,
                env=surroundings,
                check=True,
            )
            took[name] = round(time.perf_counter() - began, 1)
    return took


def quoted(about: dict) -> list[Row]:
    """The rows of other recorded runs, those that there are."""
    rows = []
    if told := about.get("report"):
        when = told["date"]
        rows.append(Row("make report, warm", told["warm_s"], told["whole_s"], 20, when))
    if (HERE / "plain_way.csv").exists():
        table = pd.read_csv(HERE / "plain_way.csv")
        told = json.loads((HERE / "plain_way.json").read_text())
        took = plain_way.seconds(table)
        least = plain_way.least(told)
        what = "the plain way: packing, an epoch, evaluations"
        rows.append(Row(what, took["ours"], took["plain"], least, told["date"]))
    if (HERE / "memory.csv").exists():
        table = pd.read_csv(HERE / "memory.csv")
        few, many = table["peak_mb"].iloc[[0, -1]]
        told = json.loads((HERE / "memory.json").read_text())
        what = "peak memory, 8,080 frames against 1,000 (MB)"
        rows.append(Row(what, many, few, 0.9, told["date"]))
    return rows


def measure(folder: Path, amounts: Amounts) -> list[Row]:
    """The rows that are measured here and now, on frames drawn into a folder."""
    os.environ["BENCH_FOLDER"] = str(folder)
    data = plain_way.drawn(folder / "data", amounts.pigs, amounts.patients)
    found = {
        name: frames.index(data / where).table
        for name, where in (("pigs", "hemoset"), ("patients", "cholecseg8k"))
    }
    sizes = plain_way.SIZES
    rows = packing(
        {
            f"{name} of {sizes[name][1]}x{sizes[name][0]} in {kept}": found[name]
            for name, kept in (("pigs", "zips"), ("patients", "folders"))
        },
        amounts,
    )
    model = network(amounts)
    train = pack(found["pigs"][: amounts.steps * amounts.batch], amounts.size)
    rows.append(learning(train, model, amounts))
    rows.append(evaluating(found["patients"][: amounts.evaluated], model, amounts))
    return [*rows, intervals(amounts), start(amounts)]


def table_of(rows: list[Row]) -> pd.DataFrame:
    """The table: every row a ratio with its limit, and whether it is met."""
    table = pd.DataFrame(rows)
    ratio = (table["bare"] / table["ours"]).round(2)
    table.insert(3, "ratio", ratio)
    table["met"] = np.where(ratio >= table["limit"], "yes", "no")
    return table.round({"ours": 4, "bare": 4})


def markdown(table: pd.DataFrame) -> str:
    """The table as README quotes it."""
    lines = ["| | ratio | at least |", "|---|---|---|"]
    for row in table.itertuples():
        lines.append(f"| {row.what} | {row.ratio:.2f} | {row.limit:g} |")
    return "\n".join(lines)


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args(words)
    kept = HERE / "speed.json"
    about = json.loads(kept.read_text()) if kept.exists() else {}
    about |= {"date": datetime.date.today().isoformat(), **machine()}
    if given.report:
        about["report"] = {"date": about["date"], **report()}
    folder = Path(tempfile.mkdtemp())
    try:
        table = table_of([*measure(folder, Amounts()), *quoted(about)])
    finally:
        shutil.rmtree(folder)
    print(f"{about['processor']}, {about['cores']} cores, load {about['load']}")
    print(table.to_string(index=False))
    if given.record:
        table.to_csv(HERE / "speed.csv", index=False)
        kept.write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
