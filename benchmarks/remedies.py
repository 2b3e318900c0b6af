"""Every remedy of lesson 07, and every control, on three drawings, each with its own
training seed.

    python -m benchmarks.remedies   writes remedies.csv, remedies_by_patient.csv and
                                    remedies.json beside it

The drawing is the unit: its patients share one training, so they are not independent.
remedies.csv has a row per remedy and drawing. `gain` and `gain_view` are the mean over
the wished-for test patients of what the remedy adds to the baseline's Dice on the frame
and inside the view; `val_gain` and `val_gain_view` are the same on validation patients,
on whom one may choose. The rest are means over test patients (see remedies.MEASURES):
falsely marked areas in percent, alarms as shares of the clean frames. id_dice and
id_val_dice are Dice on test pigs and on validation pigs, after the remedy: a style is
given to pigs as well, and what adapts to tested frames adapts to theirs. val_marked is
`marked` on validation patients. labels: of how many target frames; seconds: what making
the remedy took in this run, next to nothing for what the store already held. By
patient: the same measures, a row per remedy, drawing and test patient.
"""

import time
from dataclasses import asdict

import pandas as pd

from benchmarks import recording
from helpers import domains, remedies, settings, training

GAINS = {"gain": "dice", "gain_view": "dice_view"}
PIGS = {"id_dice": "id_test", "id_val_dice": "id_val"}


def of_drawing(seed: int, profile: str = "quick") -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row per remedy, and a row per remedy and test patient, of one drawing."""
    course = settings.course(profile, seed)
    data = domains.gather(course)
    setting = remedies.Setting(
        course, data, training.baseline(course, data), "ood_wished_val"
    )
    rows, patients, before = [], [], {}
    for name, recipe in remedies.RECIPES.items():
        began = time.perf_counter()
        remedied = recipe(setting)
        seconds = time.perf_counter() - began
        here = {
            split: remedies.by_subject(remedies.measured(remedied, data.of(split)))
            for split in ("ood_wished_val", "ood_wished")
        }
        before = before or here
        row = {"remedy": name, "drawing": seed}
        for prefix, split in (("", "ood_wished"), ("val_", "ood_wished_val")):
            for gain, measure in GAINS.items():
                added = here[split][measure] - before[split][measure]
                row[prefix + gain] = added.mean()
        row |= here["ood_wished"].mean().to_dict()
        row["val_marked"] = here["ood_wished_val"]["marked"].mean()
        for column, split in PIGS.items():
            pigs = remedies.by_subject(remedies.measured(remedied, data.of(split)))
            row[column] = pigs["dice"].mean()
        row |= dict(labels=remedied.labels, seconds=seconds)
        rows.append(row)
        each = here["ood_wished"].reset_index()
        patients.append(each.assign(remedy=name, drawing=seed))
        print(seed, name, f"{row['gain']:+.3f} {seconds:.0f} s", flush=True)
    return pd.DataFrame(rows), pd.concat(patients)


def main() -> None:
    began = time.perf_counter()
    done = recording.over_drawings(of_drawing)
    table, patients = (
        pd.concat(parts, ignore_index=True) for parts in zip(*done, strict=True)
    )
    recording.record(
        "remedies",
        began,
        {"": table, "_by_patient": patients},
        settings=asdict(settings.course("quick").numbers),
        drawings=recording.SEEDS,
    )


if __name__ == "__main__":
    main()
