"""How often does a test "find" something where nothing is? 2,000 empty properties,
tested twice.

python -m benchmarks.null_rejection writes null_rejection.csv and null_rejection.json
beside it

Dice by frame is that of the drawn wished-for patients of benchmarks/habits.py, so
subjects differ as the phantom's do (variation 1), or all have one look (variation 0);
the properties are drawn by chance (KINDS), a third of them for each of three drawings.
`frames`: percent of tests that reject at 0.05 when each frame is an observation;
`subjects`: the same for the test that respects subjects; both with their exact 95 %
intervals. A `strength` above 0 is an effect, and the rates are then powers. With one
frame of each clip, no two frames are neighbours, so what is left of the first habit
comes from the subjects alone.
"""

import time
from functools import partial

import numpy as np
import pandas as pd

from benchmarks import habits, recording
from helpers import correlation, counts
from helpers.habits import between, of_subject, p_values, rejected, scores
from helpers.statistics import LEVEL

DRAWS = 2_000
# variation, frames, property, strength
SCENARIOS = (
    (1.0, "all", "of the subject", 0.0),
    (1.0, "all", "drifting within clips", 0.0),
    (1.0, "one of each clip", "of the subject", 0.0),
    (0.0, "all", "of the subject", 0.0),
    (0.0, "one of each clip", "of the subject", 0.0),
    (1.0, "all", "of the subject", 0.7),
)


def dice(seed: int, variation: float) -> pd.DataFrame:
    """The frames with blood of the wished-for patients: subject, clip, frame, dice."""
    course = habits.course_of(seed)
    patients = habits.packed(course, "wished", variation)
    ways = habits.in_fold(course, habits.packed(course, "source", variation), 0)
    run = habits.network(course, ways, "by pigs", 0, variation)
    found = counts.count(
        run.probabilities(patients) >= 128, patients.blood, patients.valid
    )
    table = patients.table.assign(dice=counts.on_blood(counts.dice, found))
    return table[["subject", "clip", "frame", "dice"]].dropna().reset_index(drop=True)


def middle_of_clips(table: pd.DataFrame) -> pd.DataFrame:
    """The middle frame of each clip."""
    ordered = table.sort_values(["subject", "clip", "frame"])
    place, size = (
        ordered.groupby("clip").cumcount(),
        ordered.groupby("clip")["frame"].transform("size"),
    )
    return ordered[place == size // 2].reset_index(drop=True)


def share_between(table: pd.DataFrame) -> float:
    """Percent of the variance of Dice over frames that lies between subjects' means."""
    return float(
        100
        * table.groupby("subject")["dice"].transform("mean").var(ddof=0)
        / table["dice"].var(ddof=0)
    )


def drift(
    table: pd.DataFrame, generator: np.random.Generator, strength: float = 0.0
) -> np.ndarray:
    """A property that wanders within each clip, such as smoke, and starts each anew;
    one value per frame.

    table: a row per frame with subject, clip, frame and dice, in order of frames.
    strength: how much of it, between 0 and 1, follows the normal scores of Dice within
    the subject.
    """
    clip = table["subject"].astype(str) + "/" + table["clip"].astype(str)
    steps = pd.Series(generator.standard_normal(len(table)), index=table.index)
    walk = steps.groupby(clip.to_numpy()).cumsum()
    dice = table.groupby("subject")["dice"].transform(scores)
    return (strength * dice + np.sqrt(1 - strength**2) * walk / walk.std()).to_numpy()


def within(drawn: np.ndarray, table: pd.DataFrame) -> float | None:
    """p of a correlation of Dice and a property, tested within the subjects."""
    given = table["dice"], table["subject"], table["clip"], table["frame"]
    return correlation.spearman_within(drawn, *given).p


KINDS = {
    "of the subject": (of_subject, between),
    "drifting within clips": (drift, within),
}


def measure(
    tables: list[pd.DataFrame], kind: str, strength: float, draws: int = DRAWS
) -> dict:
    """One scenario over some drawings, `draws` properties shared out among them."""
    draw, test = KINDS[kind]
    parts = [
        p_values(
            table,
            len(range(number, draws, len(tables))),
            number,
            partial(draw, strength=strength),
            test,
        )
        for number, table in enumerate(tables)
    ]
    found, row = pd.concat(parts), {}
    for name in ("frames", "subjects"):
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), rejected(found[name])))
    return row | {
        "draws": len(found),
        "n_subjects": min(table["subject"].nunique() for table in tables),
        "n_frames": min(map(len, tables)),
        "between": sum(map(share_between, tables)) / len(tables),
    }


def main() -> None:
    began, rows = time.perf_counter(), []
    for variation, which, kind, strength in SCENARIOS:
        tables = [dice(seed, variation) for seed in recording.SEEDS]
        if which != "all":
            tables = [middle_of_clips(table) for table in tables]
        row = {"variation": variation, "which_frames": which, "property": kind}
        rows.append(row | {"strength": strength} | measure(tables, kind, strength))
        print(f"{time.perf_counter() - began:.0f} s", rows[-1], flush=True)
    table = {"": pd.DataFrame(rows)}
    recording.record("null_rejection", began, table, digits=3, draws=DRAWS, level=LEVEL)


if __name__ == "__main__":
    main()
