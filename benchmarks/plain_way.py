"""The course's way against the plain way that most studies use: one epoch with its
evaluations, at equal settings, and the Dice of both.

    python -m benchmarks.plain_way        writes plain_way.csv, plain_way_dice.csv and
                                          plain_way.json beside it
    python -m benchmarks.plain_way times  writes plain_way.csv and its .json alone
    python -m benchmarks.plain_way dice   writes plain_way_dice.csv alone

The plain way opens the zip and decodes the PNGs for each frame of each epoch, in one
process, and trains in float32; it evaluates frame by frame, with the prediction brought
to the full size and every measure taken there. Ours packs the frames once (counted
here), trains in the machine's fastest precision, and evaluates packed frames in
batches. Encoder, size, batch, rate, augmentation and loss are the same.

plain_way.csv has a row per seed and way at the published settings: `packing_s`,
`epoch_s` (of one epoch), `evaluation_s`. plain_way_dice.csv has the Dice after all
epochs, mean over the frames with blood, on unseen pigs and on patients: of the quick
profile's network, which learns blood in minutes, with ours in bfloat16.
"""

import datetime
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch

from benchmarks.machine import machine
from helpers import (
    batches,
    counts,
    evaluation,
    frames,
    models,
    precision,
    settings,
    training,
)
from helpers.settings import Profile
from phantom import write_cholecseg8k, write_hemoset

HERE = Path(__file__).parent
SEEDS, EPOCHS = (0, 1, 2), 2  # of the times
LEARNED_SEEDS, LEARNED_EPOCHS, LEARNED_PIGS = (0, 1, 2), 12, 96  # of the Dice
# A part of the 240 frames of pigs and 680 of patients that the study was timed on.
PIGS, PATIENTS = 48, 102
SIZES = {"pigs": (480, 640), "patients": (480, 854)}


def drawn(folder: Path, pigs: int = PIGS, patients: int = PATIENTS) -> Path:
    """Frames of the released sizes in the released layouts; `folder`."""
    write_hemoset(folder / "hemoset", pigs, SIZES["pigs"])
    write_cholecseg8k(folder / "cholecseg8k", patients, SIZES["patients"])
    return folder


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The frame tables of train, id_test and patients."""
    pigs = frames.index(folder / "hemoset").table
    test = pigs["subject"].isin(sorted(set(pigs["subject"]))[-3:])
    patients = frames.index(folder / "cholecseg8k").table
    return {"train": pigs[~test], "id_test": pigs[test], "patients": patients}


class Plain:
    """The plain way, from the files in each epoch."""

    def __init__(self, found: dict[str, pd.DataFrame], numbers: Profile) -> None:
        self.found, self.numbers = found, numbers
        self.device = settings.device()

    def prepare(self) -> None:
        """Nothing is prepared."""

    def epoch(self, model, optimizer) -> None:
        model.train()
        rows = list(self.found["train"].itertuples())
        for chosen in np.array_split(
            torch.randperm(len(rows)).numpy(), -(-len(rows) // self.numbers.batch)
        ):
            items = [self._item(rows[place]) for place in chosen]
            batch = [torch.stack(parts).to(self.device) for parts in zip(*items)]
            training.training_step(model, optimizer, *batch)

    def _item(self, row) -> tuple[torch.Tensor, ...]:
        image, blood, valid = frames.read(row)
        image, blood, valid, _, fill = frames.fit(
            image, blood, valid, None, self.numbers.size
        )
        pixels = torch.from_numpy(image).permute(2, 0, 1).float() / 255
        masks = torch.from_numpy(np.stack([blood, ~(valid | fill)])).float()
        pixels, masks = training.augmented(training.light_augmentation(), pixels, masks)
        return pixels, masks[0], 1 - masks[1]

    @torch.inference_mode()
    def dice(self, model, split: str) -> float:
        model.eval()
        each = []
        for row in self.found[split].itertuples():
            image, blood, valid = frames.read(row)
            small = frames.fit(image, blood, valid, None, self.numbers.size)
            pixels = torch.from_numpy(small[0]).permute(2, 0, 1).float()[None] / 255
            logits = model(pixels.to(self.device))[0, 0]
            probability = torch.sigmoid(logits).cpu().numpy()
            inner = np.flatnonzero(~small[4].all(axis=1))
            columns = np.flatnonzero(~small[4].all(axis=0))
            probability = probability[
                inner[0] : inner[-1] + 1, columns[0] : columns[-1] + 1
            ]
            whole = cv2.resize(probability, image.shape[1::-1]) >= 0.5
            each.append(counts.count(whole[None], blood[None], valid[None]))
            for measure in (counts.dice, counts.iou, counts.precision, counts.recall):
                measure(each[-1])
        return _mean_dice(pd.concat(each))


class Ours:
    """The course's way: packed once, then never decoded again."""

    def __init__(self, found: dict[str, pd.DataFrame], numbers: Profile, folder: Path):
        self.found, self.numbers, self.folder = found, numbers, folder
        self.packed: dict[str, frames.Packed] = {}

    def prepare(self) -> None:
        self.packed = {
            split: frames.pack(table, self.numbers.size, folder=self.folder)
            for split, table in self.found.items()
        }

    def epoch(self, model, optimizer) -> None:
        train, light = self.packed["train"], training.light_augmentation()
        batch_at = batches.source(train, light, settings.device(), True)
        training.epoch(model, optimizer, train, self.numbers.batch, batch_at)

    def dice(self, model, split: str) -> float:
        return _mean_dice(evaluation.evaluate(model, self.packed[split]))


def _mean_dice(table: pd.DataFrame) -> float:
    return float(counts.on_blood(counts.dice, table).mean())


def run(way, seed: int, epochs: int, taken_in: str) -> dict[str, float]:
    """Train and evaluate in one of the two ways, and time its parts."""
    numbers = way.numbers
    # Those of ResNet-34 come from a hub; times are the same without.
    weights = "imagenet" if numbers.encoder == "lite0" else None
    model = models.build(numbers.encoder, weights=weights, seed=seed)
    model.precision = taken_in
    model.to(settings.device())
    if isinstance(way, Ours):
        model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=numbers.learning_rate)
    torch.manual_seed(seed)
    times = [time.perf_counter()]
    way.prepare()
    times.append(time.perf_counter())
    for _ in range(epochs):
        way.epoch(model, optimizer)
    times.append(time.perf_counter())
    dice = {
        f"{split}_dice": way.dice(model, split) for split in ("id_test", "patients")
    }
    times.append(time.perf_counter())
    packing, learning, evaluating = np.diff(times)
    return {
        "packing_s": packing,
        "epoch_s": learning / epochs,
        "evaluation_s": evaluating,
        **dice,
    }


def compare(
    folder: Path, numbers: Profile, seeds: tuple[int, ...], epochs: int, ours: str
) -> pd.DataFrame:
    """A row per seed and way on the frames of a folder; ours: our precision."""
    found, rows = tables(folder), []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as store:
            ways = {
                "plain": (Plain(found, numbers), "float32"),
                "ours": (Ours(found, numbers, Path(store)), ours),
            }
            for name, (way, taken_in) in ways.items():
                row = run(way, seed, epochs, taken_in)
                rows.append({"seed": seed, "way": name} | row)
                print(pd.DataFrame(rows[-1:]).round(3).to_string(), flush=True)
    return pd.DataFrame(rows)


def times(about: dict) -> pd.DataFrame:
    """The times at the published settings, and into `about` what they are of."""
    numbers = settings.course("full").numbers
    fresh = models.build(numbers.encoder, weights=None)
    about["precision"] = precision.chosen(
        numbers.precision, fresh, numbers.size, settings.device()
    )
    about |= {"frames": {"pigs": PIGS, "patients": PATIENTS}, "epochs": EPOCHS}
    about["settings"] = asdict(numbers)
    with tempfile.TemporaryDirectory() as data:
        drawn(Path(data))
        table = compare(Path(data), numbers, SEEDS, EPOCHS, about["precision"])
    return table.drop(columns=["id_test_dice", "patients_dice"])


def learned() -> pd.DataFrame:
    """The Dice of both ways with the quick profile's network."""
    numbers = settings.course("quick").but(batch=8).numbers
    with tempfile.TemporaryDirectory() as data:
        drawn(Path(data), LEARNED_PIGS)
        table = compare(Path(data), numbers, LEARNED_SEEDS, LEARNED_EPOCHS, "bfloat16")
    return table[["seed", "way", "id_test_dice", "patients_dice"]]


def seconds(table: pd.DataFrame) -> pd.Series:
    """Seconds by way of packing, one epoch and the evaluations together, the median
    over seeds."""
    whole = table[["packing_s", "epoch_s", "evaluation_s"]].sum(axis=1)
    return whole.groupby(table["way"]).median()


def least(about: dict) -> float:
    """How many times as fast ours has to be on the machine that a record names."""
    if about["gpu"]:
        return 10
    return 2.5 if {"avx512_bf16", "amx_bf16"} & set(about["flags"]) else 1.5


def main(only: str = "", folder: Path = HERE) -> None:
    if only != "dice":
        about = {"date": datetime.date.today().isoformat(), **machine()}
        table = times(about)
        table.round(3).to_csv(folder / "plain_way.csv", index=False)
        (folder / "plain_way.json").write_text(json.dumps(about, indent=1) + "\n")
        took = seconds(table)
        print(f"{took['plain'] / took['ours']:.2f} times as fast")
    if only != "times":
        learned().round(3).to_csv(folder / "plain_way_dice.csv", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:2])
