"""What breaks the network: the truth of three drawings, and what images say of it.

    python -m benchmarks.causes   writes causes.csv and causes.json beside it

A row for each drawing (seed), direction, game, group and subject; a game is the set of
groups that share what all of them cost together. `damage`: held-out pigs with the
target's dials; `recovery`: validation patients with the source's. In the game "all" the
seven groups of the drawing share the Dice that is lost (or gained), from all 128 sets;
in "camera" the five that images know, while blood and anatomy stay the subject's own;
in "camera_after_blood" the same five where the blood has been turned already. `truth`:
the drawing's dials. `oracle_dose`: interventions on finished frames at the drawing's
own doses. `estimated`: at doses estimated from unlabelled frames of the validation
patients. `placebo`: what is found for a group that the target shares with the source.
`planted` and `found`: what a group costs at the drawing's mean dose, and what is found
for it where pigs that got this dose are taken for the target. The last five are empty
where images cannot know. The group "total" holds the sums; its placebo is that of a
target with no difference of camera. The JSON has what it was made with, and for each
drawing the mean absolute error of the mean estimated shares and of an answer that is
always zero, and the largest placebo. Nothing is chosen here, and no test patient is
looked at; of the held-out pigs, those of id_val have chosen the network's epoch.
"""

import time
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

import phantom
from benchmarks import recording
from helpers import causes, domains, settings, shift, training

FRAMES = 6  # of each subject
KEYS = ["seed", "direction", "game", "group", "subject"]
IMAGES = ["oracle_dose", "estimated", "placebo", "planted", "found"]
GAMES = {
    "all": (phantom.GROUPS, ()),
    "camera": (shift.GROUPS, ()),
    "camera_after_blood": (shift.GROUPS, ("blood",)),
}


def prepared(seed: int):
    """A drawing, and the network that was trained on its pigs."""
    course = settings.course("quick", seed)
    data = domains.gather(course)
    return training.baseline(course, data).model, causes.drawing(course, data, FRAMES)


def rows(columns: dict[str, pd.DataFrame], **about) -> pd.DataFrame:
    """Tables of groups and subjects as the columns of one, a row for each pair."""
    long = {
        name: table.stack().rename_axis(KEYS[3:]) for name, table in columns.items()
    }
    return pd.DataFrame(long).reset_index().assign(**about)


def with_total(table: pd.DataFrame) -> pd.DataFrame:
    """Shares, and below them their sum."""
    return pd.concat([table, table.sum(skipna=False).to_frame("total").T])


def of_dials(seed: int, direction: str) -> pd.DataFrame:
    """Rows with the truth of each game in one direction."""
    model, where = prepared(seed)
    cost = causes.cost_of_dials(model, where, direction)
    about = {"seed": seed, "direction": direction}
    return pd.concat(
        rows({"truth": with_total(causes.shares(cost, *game))}, game=name, **about)
        for name, game in GAMES.items()
    )


def of_images(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with what images say of the damage, and the doses by dial."""
    model, where = prepared(seed)
    frames, drawn = where.source(), causes.drawn_doses(where)
    found = shift.estimate(where.reference(), where.target())
    nothing = causes.by_target(model, where, where.target(shift.GROUPS))
    placebo, planted, again = {}, {}, {}
    same = drawn.assign(**drawn.replace(np.inf, np.nan).mean())
    apart = replace(where, known=tuple(set(where.known) - set(where.pigs)))
    for one in shift.GROUPS:
        told = causes.by_target(model, where, where.target({one}))
        placebo[one] = told.loc[one]
        planted[one] = causes.cost_on_images(model, frames, same)({one})
        told = causes.by_target(model, apart, shift.apply(frames, same, [one]))
        again[one] = told.loc[one]
    placebo["total"] = nothing.sum(skipna=False)
    parts = [
        with_total(causes.by_images(model, frames, drawn)),
        with_total(causes.by_images(model, frames, found.doses)),
        *(pd.DataFrame(one).T for one in (placebo, planted, again)),
    ]
    about = {"seed": seed, "direction": "damage", "game": "camera"}
    doses = {"drawn": same.iloc[0], "estimated": found.doses}
    doses["estimated"] = found.doses.replace(np.inf, np.nan).mean()
    return rows(dict(zip(IMAGES, parts)), **about), pd.DataFrame(doses)


def verdict(table: pd.DataFrame) -> dict[str, float]:
    """How near the estimate comes in one drawing, by means over its subjects."""
    part = table[(table["game"] == "camera") & (table["direction"] == "damage")]
    means = part.groupby("group")[["truth", *IMAGES]].mean()
    each = means.loc[list(shift.GROUPS)]
    return {
        "mean_absolute_error": float((each["estimated"] - each["truth"]).abs().mean()),
        "of_oracle_dose": float((each["oracle_dose"] - each["truth"]).abs().mean()),
        "of_zero": float(each["truth"].abs().mean()),
        "largest_placebo": float(means["placebo"].abs().max()),
    }


def main() -> None:
    began, seeds = time.perf_counter(), recording.SEEDS
    for seed in seeds:
        prepared(seed)  # so that no two processes train the same network
        print(f"network {seed}: {time.perf_counter() - began:.0f} s", flush=True)
    how = dict(on="local", threads=1)
    both = [(seed, way) for way in ("damage", "recovery") for seed in seeds]
    truth = pd.concat(recording.results(of_dials, both, **how))
    seen = recording.results(of_images, [(seed,) for seed in seeds], **how)
    table = truth.merge(pd.concat(part for part, _ in seen), how="left", on=KEYS)
    table = table[[*KEYS, "truth", *IMAGES]]
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
