"""What the whole study costs, on paper: from rates measured here, and data sheets.

    python -m benchmarks.cost_rates   measures this machine and writes cost.csv
    python -m benchmarks.cost         prints the page and writes COST.md

Of a device that nobody has measured (cost_devices.csv) the page gives an estimate: its
data sheet's peak times the share of it that is assumed to be reached. Passes of test-
time remedies over validation frames are left out, some percent of the predictions.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from helpers import settings
from helpers.words import listed
from study import jobs

HERE = Path(__file__).parent
# The released data sets: HemoSet's labelled frames, and CholecSeg8k.
SOURCE, TARGET = 962, 8080
TESTED = 0.7  # of the target's frames, those of test patients (frames.split_target)
# Trainings of the profile's epochs that a remedy needs besides the baseline; what an
# earlier remedy has trained is found. tests/test_cost.py holds this to the recipes.
TRAININGS = {
    "nothing": 1.0,
    "longer": 0.5,
    "fill_left_out": 1.0,
    "heavy_augmentation": 1.0,
    "random_convolution": 0.5,
    "fourier": 0.5,
    "reinhard": 0.5,
    "ensemble": 2.0,
}
MEMBERS = {"ensemble": 3}  # networks that predict for one
TIMES = (1, 10, 1000)
KINDS = {"measured": "from measured rates", "estimate": "estimate"}
# Bytes of memory for a pixel. Frames of a split that don't lie side by side are copied
# from the disk: image (3), blood, valid, and in training fill. Predictions and what is
# visible are written and read part by part, and what adapts to the tested frames holds
# a copy of their images.
HELD = {"train": 3 + 1 + 1 + 1, "evaluate": 3 + 1 + 1, "copied": 3}


def work(encoder: str, times: int = 1) -> dict[str, float]:
    """What one fold and seed of an encoder ask for: frames to train on and to predict,
    networks to keep; `times` as many frames as the released data."""
    numbers = settings.course("full").numbers
    remedies = jobs.GRIDS["full"].remedies
    source, target = times * SOURCE, times * TARGET
    networks = sum(TRAININGS.get(name, 0) for name in remedies)
    epochs = networks * numbers.epochs
    kept = sum(max(1, TRAININGS[name]) for name in remedies if name in TRAININGS)
    test, val = source / numbers.folds, source / numbers.folds
    passes = sum(MEMBERS.get(name, 1) for name in remedies)
    predicted = epochs * val + passes * (test + TESTED * target)
    trained = epochs * (source - test - val)
    return {"trained": trained, "predicted": predicted, "networks": kept}


def seconds(rates: pd.DataFrame, device: pd.Series, times: int = 1) -> float:
    """The whole study on one device, job after job, from packed frames."""
    total = 0.0
    augmenting = _rate(rates, "loading and augmenting")
    for encoder in jobs.GRIDS["full"].encoders:
        asked = work(encoder, times)
        for what, n in (("training step", "trained"), ("prediction", "predicted")):
            total += asked[n] * _each(rates, device, what, encoder)
        total += asked["trained"] / augmenting
    return total * _repeats()


def _each(rates: pd.DataFrame, device: pd.Series, what: str, encoder: str) -> float:
    """Seconds a frame, measured, or by the data sheet's peak and the assumed share."""
    if device["kind"] == "measured":
        return 1 / _rate(rates, what, encoder)
    flops = 1e9 * _rate(rates, what, encoder, "GFLOP/frame")
    return flops / (1e12 * device["peak_tflops"] * device["share"])


def _repeats() -> int:
    return settings.course("full").numbers.folds * jobs.GRIDS["full"].seeds


def _rate(rates, what: str, encoder: str = "", unit: str = "frames/s") -> float:
    found = rates[
        (rates["what"] == what)
        & (rates["encoder"] == encoder)
        & (rates["unit"] == unit)
    ]
    return float(found["value"].iloc[0])


def limits(rates: pd.DataFrame, times: int) -> dict[str, float]:
    """What grows with the frames: GB on disk and in memory, and the MB/s of packed
    frames that a device reads when it predicts, by its number of frames a second."""
    bytes_of = {
        what: _rate(rates, what, unit="bytes")
        for what in ("packed frame", "drawn frame as PNG")
    }
    pixels = np.prod(settings.course("full").size)
    encoders = jobs.GRIDS["full"].encoders
    every = times * (SOURCE + TARGET)
    weights = sum(
        work(one)["networks"] * _rate(rates, "weights", one, "bytes")
        for one in encoders
    )
    tested, trained = TESTED * times * TARGET, 0.6 * times * SOURCE
    return {
        "frames": every,
        "frames as PNG, GB": every * bytes_of["drawn frame as PNG"] / 1e9,
        "packed, GB": every * bytes_of["packed frame"] / 1e9,
        "networks, GB": _repeats() * weights / 1e9,
        "memory of a training, GB": HELD["train"] * trained * pixels / 1e9,
        "memory of an evaluation, GB": HELD["evaluate"] * tested * pixels / 1e9,
        "memory of adabn_transductive, GB": (HELD["evaluate"] + HELD["copied"])
        * tested
        * pixels
        / 1e9,
    }


def devices() -> pd.DataFrame:
    """This machine first, and those of the data sheets."""
    return pd.read_csv(HERE / "cost_devices.csv").fillna({"note": ""})


def page(rates: pd.DataFrame) -> str:
    """The whole page as Markdown."""
    grid, numbers = jobs.GRIDS["full"], settings.course("full").numbers
    every = jobs.planned(settings.course("full"))
    encoders = listed(grid.encoders)
    parts = [
        "# What the whole study costs, on paper",
        "Made by `python -m benchmarks.cost` from `cost.csv` (measured) and "
        "`cost_devices.csv` (data sheets); no number here is typed.",
        f"The study: {SOURCE:,} + {TARGET:,} frames, {numbers.folds} folds, "
        f"{len(grid.encoders)} encoders ({encoders}), {len(grid.remedies)} remedies "
        f"and controls, {grid.seeds} seeds: {len(every):,} jobs, "
        f"{_repeats() * work('')['networks'] * len(grid.encoders):,.0f} trained "
        f"networks of at most {numbers.epochs} epochs at {numbers.size[0]}x"
        f"{numbers.size[1]}, batch {numbers.batch}. Early stopping makes it less.",
        f"## Measured: {rates['device'].iloc[0]}, {rates['threads'].iloc[0]} threads, "
        f"PyTorch {rates['torch'].iloc[0]}",
        _markdown(rates[["what", "encoder", "value", "unit", "precision"]].round(2)),
        f"The machine's load was {rates['load'].iloc[0]:g} when this was measured. A "
        "load above the number of cores means that other programs took their share, "
        "and that the machine can do better than these rates.",
        "## Time",
        _markdown(_times(rates)),
        "*Estimate* means that nobody has measured it: its floating-point operations "
        "(counted by PyTorch) over the data sheet's peak times the assumed share of "
        "it. Loading and augmenting is taken as measured here, frame by frame on the "
        "processor, and is not overlapped; the column says how much of the time that "
        "is. (A GPU augments a whole batch at once, which nobody has measured yet, so "
        "that share is an upper bound.) A cluster's jobs are independent, so "
        "its time is the sum over its devices; no single chain of jobs can be "
        "shorter than a baseline and what is trained from it.",
        "## Limits",
        _markdown(_limits(rates)),
        *_reading(rates),
    ]
    return "\n\n".join(parts) + "\n"


def _times(rates: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for _, device in devices().iterrows():
        row = {
            "device": device["device"],
            "kind": KINDS[device["kind"]],
            "assumed": device["note"],
        }
        for times in TIMES:
            hours = seconds(rates, device, times) / 3600 / device["count"]
            row[f"hours at {times}x"] = f"{hours:,.1f}"
        loading = sum(work(one)["trained"] for one in jobs.GRIDS["full"].encoders)
        loading *= _repeats() / _rate(rates, "loading and augmenting")
        row["of it loading"] = f"{100 * loading / seconds(rates, device):.0f} %"
        rows.append(row)
    return pd.DataFrame(rows)


def _limits(rates: pd.DataFrame) -> pd.DataFrame:
    found = pd.DataFrame({f"{times}x": limits(rates, times) for times in TIMES})
    shown = found.map(
        lambda value: f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"
    )
    return shown.reset_index(names="")


def _reading(rates: pd.DataFrame) -> list[str]:
    """What the tables say of each limit, with its numbers."""
    one, ten, most = (limits(rates, times) for times in TIMES)
    memory = "memory of an evaluation, GB"
    first = devices().iloc[0]
    held = first["memory_gb"]
    fits = held / one[memory]
    size = _rate(rates, "packed frame", unit="bytes")
    network = []
    for _, device in devices()[1:].iterrows():
        rate = 1 / _each(rates, device, "prediction", jobs.GRIDS["full"].encoders[0])
        network.append(
            f"{device['device']}: {rate * size * device['count'] / 1e6:,.0f} MB/s"
        )
    days = [seconds(rates, first, times) / 86400 for times in TIMES]
    store = one["networks, GB"] + one["packed, GB"]
    return [
        f"**Time.** It grows with the frames: {days[0]:,.0f} days on the measured "
        f"machine, {days[1]:,.0f} at {TIMES[1]} times, {days[2]:,.0f} at "
        f"{TIMES[2]:,} times. Epochs over that many frames would be fewer; the "
        "recipe's number is kept here so that the rows can be compared.",
        "**Memory.** Packed frames are mapped from the disk, and what is predicted of "
        "them is written part by part. Only a split of scattered frames "
        f"is copied; with {held:g} GB that fits up to {fits:,.0f} times the frames "
        f"({one[memory]:.1f} GB now, {ten[memory]:,.0f} at {TIMES[1]} times, "
        f"{most[memory]:,.0f} at {TIMES[2]:,} times). Beyond, such a split "
        "must be packed in its own order.",
        f"**Disk.** Networks and packed frames take {store:,.0f} GB, so give "
        "the store that limit (COURSE_STORE_GB) before the study begins, or "
        f"it drops what it has trained. At {TIMES[2]:,} times the packed frames alone "
        f"take {most['packed, GB'] / 1000:,.1f} TB.",
        "**Network.** On a cluster the store is a shared folder, from which a device "
        "that predicts reads packed frames. An estimate, from the same assumed rates: "
        f"{'; '.join(network)}. Where a folder gives less, copy the packed frames to "
        "each machine's own disk first.",
    ]


def _markdown(table: pd.DataFrame) -> str:
    rows = [
        list(table.columns),
        ["---"] * len(table.columns),
        *table.astype(str).values,
    ]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def rates_of() -> pd.DataFrame:
    """What was measured, as recorded."""
    return pd.read_csv(HERE / "cost.csv").fillna({"encoder": "", "precision": ""})


def main() -> None:
    text = page(rates_of())
    (HERE / "COST.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
