"""Every remedy of lesson 07 on three drawings, each with its own training seed.

    python -m benchmarks.remedies   writes remedies.csv, remedies_by_patient.csv and remedies.json beside it

`by_patient` has a row per remedy, drawing and test patient of the wished-for benchmark. Remedies see the
training pigs and, where their kind allows, frames of the validation patients. The CSV sums up: the median
gain in Dice with its interval over patients of all drawings, the mean of each drawing, the mean share of the
gap recovered by drawing, (remedy - baseline) / (in-domain - baseline), the false-alarm rate, seconds of
training beyond the baseline's own and milliseconds a frame on this machine.
"""

import datetime
import json
import math
import platform
import time
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from helpers import domains, environment, remedies, runs, settings, statistics, store

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)


def of_drawing(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row per remedy and test patient, and a row per remedy, of one drawing."""
    course = settings.course("quick", seed)
    data = domains.gather(course)
    baseline = runs.baseline(course, data)
    setting = remedies.Setting(course, data, baseline, "ood_wished_val")
    rows, costs = [], []
    for name, recipe in {"nothing": remedies.nothing, **remedies.RECIPES}.items():
        began = time.perf_counter()
        remedied = recipe(setting)
        seconds = time.perf_counter() - began
        inside = remedies.measured(remedies.Remedied(remedied.model), data.of("id_test"))
        began = time.perf_counter()
        outside = remedies.measured(remedied, data.of("ood_wished"))
        each = 1000 * (time.perf_counter() - began) / len(outside)
        found = outside.groupby("subject")[["dice", "false_alarm"]].mean().reset_index()
        rows.append(found.assign(remedy=name, seed=seed))
        costs.append({"remedy": name, "seed": seed, "seconds": seconds if name != "nothing" else math.nan, "milliseconds": each,
                      "id_dice": statistics.subject_means(inside["dice"], inside["subject"]).mean(),
                      "id_false_alarm": statistics.subject_means(inside["false_alarm"], inside["subject"]).mean()})
        print(seed, name, f"{found['dice'].mean():.3f} {seconds:.0f} s", flush=True)
    return pd.concat(rows), pd.DataFrame(costs)


def summary(rows: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """A row per remedy over the patients of all drawings."""
    base = rows[rows["remedy"] == "nothing"].set_index(["seed", "subject"])["dice"]
    inside = costs[costs["remedy"] == "nothing"].set_index("seed")["id_dice"]
    out = []
    for name, part in rows.groupby("remedy", sort=False):
        part = part.set_index(["seed", "subject"])
        gain = (part["dice"] - base).dropna()
        who = [f"{seed}/{subject}" for seed, subject in gain.index]
        middle = statistics.median_over_subjects(gain, who, bounds=(-1, 1))
        by_seed = gain.groupby("seed").mean() / (inside - base.groupby("seed").mean())
        cost = costs[costs["remedy"] == name]
        out.append({"remedy": name, "ood_dice": part["dice"].mean(), "gain": middle.value, "gain_low": middle.low,
                    "gain_high": middle.high, "recovered": by_seed.mean(), "recovered_least": by_seed.min(),
                    "recovered_most": by_seed.max(), "ood_false_alarm": part["false_alarm"].mean(),
                    "id_dice": cost["id_dice"].mean(), "id_false_alarm": cost["id_false_alarm"].mean(),
                    "seconds": cost["seconds"].mean(), "milliseconds": cost["milliseconds"].mean(), "patients": len(gain)})
    return pd.DataFrame(out)


def main() -> None:
    began = time.perf_counter()
    done = [of_drawing(seed) for seed in SEEDS]
    rows, costs = (pd.concat(parts, ignore_index=True) for parts in zip(*done, strict=True))
    table = summary(rows, costs)
    rows.round(4).to_csv(HERE / "remedies_by_patient.csv", index=False)
    table.round(4).to_csv(HERE / "remedies.csv", index=False)
    about = {"date": datetime.date.today().isoformat(), "versions": environment.versions(), "phantom": store.code("phantom"),
             "settings": asdict(settings.course("quick").numbers), "drawings": len(SEEDS), "machine": platform.machine(),
             "device": settings.device(), "level": statistics.OFFERED["median"].level, "seconds": round(time.perf_counter() - began)}
    (HERE / "remedies.json").write_text(json.dumps(about, indent=1) + "\n")
    print(table.round(3).to_string(), f"\n{about['seconds']} s")


if __name__ == "__main__":
    main()
