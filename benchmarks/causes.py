"""What breaks the network: the truth of three drawings, and what images say of it.

    python -m benchmarks.causes   writes causes.csv and causes.json beside it

A row for each drawing (seed), direction, game and group; a game is the set of groups
that are turned. `damage`: held-out pigs with the target's dials; `recovery`: validation
patients with the source's. In the game "all" the seven groups of the drawing share the
Dice that is lost (or gained), from all 128 sets; in the game "camera" the five that
images know, from 32 of them. `truth`: the drawing's dials. `oracle_dose`: interventions
on finished frames at the drawing's own doses. `estimated`: at doses estimated from
unlabelled frames of the validation patients. `placebo`: what is found for a group that
the target shares with the source. The last three are empty where images cannot know.
The group "total" holds the sums; its placebo is that of a target with no difference of
camera. The JSON has what it was made with, and for each drawing the mean absolute error
of the estimated shares, the largest placebo, and the greatest cause in truth and by
estimate. Nothing is chosen here, and no test patient is looked at; of the held-out
pigs, those of id_val have chosen the network's epoch.
"""

import time
from dataclasses import asdict

import numpy as np
import pandas as pd

import phantom
from benchmarks import recording
from helpers import causes, domains, runs, settings, shift

FRAMES = 4  # of each subject
KEYS = ["seed", "direction", "game", "group"]
COLUMNS = [*KEYS, "truth", "oracle_dose", "estimated", "placebo"]


def prepared(seed: int):
    """A drawing, and the network that was trained on its pigs."""
    course = settings.course("quick", seed)
    data = domains.gather(course)
    return runs.baseline(course, data).model, causes.drawing(course, data, FRAMES)


def of_dials(seed: int, direction: str) -> list[dict]:
    """Rows with the truth of both games in one direction."""
    model, where = prepared(seed)
    cost = causes.cost_of_dials(model, where, direction)
    rows = []
    for game, groups in (("all", phantom.GROUPS), ("camera", shift.GROUPS)):
        found = causes.shares(cost, groups)
        found["total"] = found.sum()
        here = {"seed": seed, "direction": direction, "game": game}
        rows += [here | {"group": one, "truth": found[one]} for one in found.index]
    return rows


def of_images(seed: int) -> tuple[list[dict], pd.DataFrame]:
    """Rows with what images say of the damage, and the doses by dial."""
    model, where = prepared(seed)
    frames, drawn = where.source(), causes.drawn_doses(where)
    found = shift.estimate(where.reference(), where.target())
    table = pd.DataFrame(
        {
            "oracle_dose": causes.by_images(model, frames, drawn),
            "estimated": causes.by_images(model, frames, found.doses),
        }
    )
    table.loc["total"] = table.sum()
    table["placebo"] = causes.placebo(model, where).rename({"all": "total"})
    rows = [
        {"seed": seed, "direction": "damage", "game": "camera", "group": group, **row}
        for group, row in table.to_dict("index").items()
    ]
    doses = pd.DataFrame(
        {
            "drawn": drawn.replace(np.inf, np.nan).mean(),
            "estimated": found.doses.replace(np.inf, np.nan).mean(),
        }
    )
    return rows, doses


def verdict(table: pd.DataFrame) -> dict:
    """How near the estimate comes in one drawing."""
    part = table[
        (table["game"] == "camera") & (table["direction"] == "damage")
    ].set_index("group")
    each = part.loc[list(shift.GROUPS)]
    return {
        "mean_absolute_error": float((each["estimated"] - each["truth"]).abs().mean()),
        "of_oracle_dose": float((each["oracle_dose"] - each["truth"]).abs().mean()),
        "largest_placebo": float(part["placebo"].abs().max()),
        "greatest_in_truth": each["truth"].idxmax(),
        "greatest_estimated": each["estimated"].idxmax(),
    }


def main() -> None:
    began, seeds = time.perf_counter(), recording.SEEDS
    for seed in seeds:
        prepared(seed)  # so that no two processes train the same network
        print(f"network {seed}: {time.perf_counter() - began:.0f} s", flush=True)
    how = dict(on="local", threads=1)
    both = [(seed, way) for way in ("damage", "recovery") for seed in seeds]
    rows = [row for part in recording.results(of_dials, both, **how) for row in part]
    seen = recording.results(of_images, [(seed,) for seed in seeds], **how)
    said = pd.DataFrame([row for part, _ in seen for row in part])
    table = pd.DataFrame(rows).merge(said, how="left", on=KEYS)[COLUMNS]
    doses = {
        seed: part.round(4).astype(object).where(part.notna(), None).to_dict("index")
        for seed, (_, part) in zip(seeds, seen, strict=True)
    }
    recording.record(
        "causes",
        began,
        {"": table},
        settings=asdict(settings.course("quick").numbers),
        seeds=seeds,
        frames_per_subject=FRAMES,
        verdicts={seed: verdict(table[table["seed"] == seed]) for seed in seeds},
        doses=doses,
    )


if __name__ == "__main__":
    main()
