"""What a network should be taught about black, decided on validation pigs and confirmed
once.

    python -m benchmarks.black   writes black.csv and black.json beside it

The course's first networks marked the black around a round view: fill (what padding and
augmentation bring in) had been left out of the loss, so nothing had taught them what
black is. Here each way of teaching it (RECIPES), with and without the rule that what
lies outside the visible view is no blood, is trained on three drawings and judged on
their validation pigs: as they are, with black around them (no blood is covered, the
scale stays), and in a round view (covered blood is no longer blood). The best mean Dice
over these three and over drawings is chosen; no patient has a say. The choice is then
confirmed, beside the mistake, on drawings that nobody had opened before: on their pigs
and on their wished-for patients.
"""

import time
from functools import partial

import numpy as np
import pandas as pd
from torchvision.transforms import v2

from benchmarks import recording
from helpers import counts, domains, runs, settings, statistics, training
from helpers.frames import Packed, views
from helpers.remedies import methods

DECIDE, CONFIRM = (0, 1, 2), (100, 101, 102)
AROUND = 16  # pixels of black on each side


def zoomed() -> v2.Transform:
    """Mirrored and nearer, never farther or turned: nothing comes in from outside the
    frame.
    """
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomResizedCrop((96, 128), scale=(0.5, 1.0), ratio=(1.2, 1.5)),
            v2.ColorJitter(brightness=0.1, contrast=0.1),
        ]
    )


def round_views() -> v2.Transform:
    """The course's augmentation, and every third frame in a round view on black."""
    return v2.Compose(
        [training.light_augmentation(), v2.RandomApply([methods.RoundView()], 0.33)]
    )


RECIPES = {
    "fill left out": {"fill_counts": False},
    "fill is no blood": {},
    "no fill at all": {"transform": zoomed()},
    "fill is no blood, and round views": {"transform": round_views()},
}


def trained(course: settings.Course, data: domains.Domains, recipe: str) -> runs.Run:
    """The network of one recipe; the course's own is the standard run."""
    what = RECIPES[recipe]
    if not what:
        return runs.baseline(course, data)
    train, id_val = data.of("train"), data.of("id_val")
    return runs.trained(f"black: {recipe}", course, train, id_val, **what)


def seen_as(packed: Packed) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Images, blood and what counts of some frames: as they are, with black around, in
    a round view.
    """
    images, blood, valid = (
        np.asarray(part) for part in (packed.images, packed.blood, packed.valid)
    )
    sides = ((0, 0), (AROUND, AROUND), (AROUND, AROUND))
    height, width = packed.images.shape[1:3]
    y, x = np.ogrid[:height, :width]
    inside = (y - height / 2) ** 2 + (x - width / 2) ** 2 < (0.55 * height) ** 2
    return {
        "as they are": (images, blood, valid),
        "black around": (
            np.pad(images, (*sides, (0, 0))),
            np.pad(blood, sides),
            np.pad(valid, sides, constant_values=True),
        ),
        "round view": (
            images * inside[..., None].astype(np.uint8),
            blood & inside,
            valid,
        ),
    }


def measured(run: runs.Run, packed: Packed, shown: str) -> list[dict]:
    """Mean over subjects of Dice, alarms and marked area, with and without the rule
    about the view.
    """
    images, blood, valid = seen_as(packed)[shown]
    found = training.predict(run.model, images) >= 128
    view = views(images, valid)
    rows = []
    for rule, marked in ((False, found), (True, found & view)):
        for region, where in (
            ("frame", valid),
            ("view", valid & view),
            ("surround", valid & ~view),
        ):
            table = counts.count(marked, blood, where)
            values = {
                "dice": counts.on_blood(counts.dice, table),
                "alarm at 0.1 %": counts.false_alarm(table),
                "falsely marked, %": counts.false_area(table),
            }
            means = {
                name: statistics.subject_means(series, packed.table["subject"]).mean()
                for name, series in values.items()
            }
            rows += [
                {"rule": rule, "region": region, "measure": name, "value": value}
                for name, value in means.items()
            ]
    return rows


def of_nothing(run: runs.Run, size: tuple[int, int]) -> dict[str, float]:
    """Percent of a black picture, and of one with near-black noise, that is called
    blood.
    """
    noise = np.random.default_rng(0).integers(0, 8, (1, *size, 3), np.uint8)
    pictures = {"black": np.zeros((1, *size, 3), np.uint8), "near black": noise}
    return {
        name: 100 * float((training.predict(run.model, picture) >= 128).mean())
        for name, picture in pictures.items()
    }


def of_drawing(
    seed: int, recipes: tuple[str, ...], splits: tuple[str, ...]
) -> pd.DataFrame:
    """All measures of some recipes on some splits of one drawing."""
    course = settings.course("quick", seed)
    data = domains.gather(course)
    rows = []
    for recipe in recipes:
        run = trained(course, data, recipe)
        own = {"drawing": seed, "recipe": recipe}
        for name, marked in of_nothing(run, course.size).items():
            empty = {"split": "", "shown": name, "rule": False, "region": "frame"}
            rows.append(own | empty | {"measure": "falsely marked, %", "value": marked})
        for split in splits:
            for shown in ("as they are", "black around", "round view"):
                if shown == "as they are" or not split.startswith("ood"):
                    where = own | {"split": split, "shown": shown}
                    rows += [
                        where | row for row in measured(run, data.of(split), shown)
                    ]
        print(f"drawing {seed}, {recipe}: done", flush=True)
    return pd.DataFrame(rows)


def scores(rows: pd.DataFrame) -> pd.Series:
    """What is chosen by: Dice on validation pigs, mean over the three ways of showing
    them and drawings.
    """
    chosen = (
        (rows["split"] == "id_val")
        & (rows["measure"] == "dice")
        & (rows["region"] == "frame")
    )
    return (
        rows[chosen]
        .groupby(["recipe", "rule"])["value"]
        .mean()
        .sort_values(ascending=False)
    )


def part(
    name: str, seeds: tuple[int, ...], recipes: tuple[str, ...], splits: tuple[str, ...]
) -> pd.DataFrame:
    """All measures of some drawings."""
    of_one = partial(of_drawing, recipes=recipes, splits=splits)
    return pd.concat(recording.over_drawings(of_one, seeds)).assign(part=name)


def main() -> None:
    began = time.perf_counter()
    decided = part("decided", DECIDE, tuple(RECIPES), ("id_val",))
    best = scores(decided).drop(True, level="rule")
    print(best.round(3).to_string(), flush=True)
    recipe = best.index[0][0]
    pair = tuple(dict.fromkeys(("fill left out", recipe)))
    confirmed = part("confirmed", CONFIRM, pair, ("id_test", "ood_wished"))
    rows = pd.concat([decided, confirmed])
    drawings = {"decided": DECIDE, "confirmed": CONFIRM}
    recording.record("black", began, {"": rows}, chosen=recipe, drawings=drawings)


if __name__ == "__main__":
    main()
