"""What each group of dials costs: the drawing's own answer, and three that images give.

`cost_of_dials` turns the drawing's dials, which is the truth. `by_images` turns the
same groups on finished frames, at doses that are the drawing's own (`drawn_doses`: what
the operator gets wrong is left) or estimated from unlabelled frames (shift.estimate:
what the dose gets wrong is added). `placebo` asks the same of targets in which a group
is switched off, where nothing is to be found. A set of groups is worth the Dice that it
costs; shares are Shapley's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

import phantom
from helpers import counts, shift, statistics, training
from helpers.shift import Frames
from phantom.counterfactual import FINER
from phantom.subjects import look

DRAWN_FOR = 240  # lengths in the drawing are said for a picture so many pixels high
SMOKE = 0.8 * 0.35 * 0.6 * 0.6  # mean thickness over clips and time, for a trait of 1


@dataclass(frozen=True)
class Drawing:
    """Where causes are sought: one drawing, its held-out pigs, the patients that doses
    are estimated from, and the pigs that these are compared with (train and id_val).

    size: (height, width) of a frame. frames: of each subject that is scored or
    estimated from.
    """

    seed: int
    pigs: tuple[str, ...]
    patients: tuple[str, ...]
    known: tuple[str, ...]
    size: tuple[int, int] = (96, 128)
    frames: int = 10

    def source(self, swapped: Iterable[str] = ()) -> Frames:
        """The held-out pigs' frames with the target's dials of some groups."""
        return self._drawn(self.pigs, swapped)

    def target(self, swapped: Iterable[str] = ()) -> Frames:
        """The patients' frames with the source's dials; all patients bleed."""
        return self._drawn(self.patients, swapped)

    def reference(self) -> Frames:
        """The source as those know it who estimate doses: pigs of train and id_val."""
        return self._drawn(self.known, ())

    def _drawn(self, subjects: tuple[str, ...], swapped: Iterable[str]) -> Frames:
        groups = tuple(group for group in phantom.GROUPS if group in set(swapped))
        how = groups, self.size, self.seed, self.frames
        found = phantom.counterfactual(subjects, *how)
        return Frames(found.images, found.blood, ~found.fill, found.subjects)


def drawing(course, data, frames: int = 10) -> Drawing:
    """The drawing of a course with its splits (see domains.gather)."""

    def names(*splits: str) -> tuple[str, ...]:
        parts = [data.of(split).table["subject"] for split in splits]
        return tuple(sorted(set(pd.concat(parts))))

    patients = names("ood_wished_val" if data.wished is not None else "ood_val")
    pigs, known = names("id_val", "id_test"), names("train", "id_val")
    return Drawing(course.seed, pigs, patients, known, course.size, frames)


def dice(model, frames: Frames) -> float:
    """Mean Dice on frames with blood: over frames, then over subjects."""
    found = training.predict(model, frames.images) >= 128
    table = counts.count(found, frames.blood, frames.valid)
    on_blood = counts.on_blood(counts.dice, table)
    return float(statistics.subject_means(on_blood, frames.subject).mean())


def shares(cost: Callable[[frozenset], float], groups: Sequence[str]) -> pd.Series:
    """Shapley's shares of some groups in what all of them cost together; 0 for each
    other group that images could know, which nobody turned."""
    found = shift.shapley(cost, groups)
    return found.reindex([*dict.fromkeys([*shift.GROUPS, *groups])], fill_value=0.0)


def _loss(score: Callable[[frozenset], float]) -> Callable[[frozenset], float]:
    """What a set of groups loses against none, where each set is scored once."""
    scored = cache(score)
    return lambda chosen: scored(frozenset()) - scored(frozenset(chosen))


def cost_of_dials(
    model, where: Drawing, direction: str = "damage"
) -> Callable[[frozenset], float]:
    """What a set of groups costs where the drawing's own dials are turned, which is the
    truth. damage: the Dice that held-out pigs lose with the target's dials. recovery:
    the Dice that patients gain with the source's."""
    if direction == "damage":
        return _loss(lambda chosen: dice(model, where.source(chosen)))
    lost = _loss(lambda chosen: dice(model, where.target(chosen)))
    return lambda chosen: -lost(chosen)


def cost_on_images(
    model, frames: Frames, doses: pd.DataFrame, seed: int = 0
) -> Callable[[frozenset], float]:
    """What a set of groups costs where they are turned on finished frames: the loss of
    Dice. A group without a dose costs nothing, and is not asked for."""
    turned = frozenset(shift.turned(doses))
    lost = _loss(lambda chosen: dice(model, shift.apply(frames, doses, chosen, seed)))
    return lambda chosen: lost(frozenset(chosen) & turned)


def by_images(model, frames: Frames, doses: pd.DataFrame, seed: int = 0) -> pd.Series:
    """What images say: shares of the groups, each turned to its dose on the same
    frames."""
    return shares(cost_on_images(model, frames, doses, seed), shift.GROUPS)


def placebo(model, where: Drawing, seed: int = 0) -> pd.Series:
    """What images find where there is nothing: for each group its share where doses are
    estimated from a target with the source's dials of that group; `all`: the sum of all
    shares where no group of a camera differs."""
    frames, reference = where.source(), where.reference()

    def found(off: tuple[str, ...]) -> pd.Series:
        doses = shift.estimate(reference, where.target(off)).doses
        return by_images(model, frames, doses, seed=seed)

    each = {group: found((group,))[group] for group in shift.GROUPS}
    return pd.Series(each | {"all": found(shift.GROUPS).sum()}, name="placebo")


def drawn_doses(where: Drawing) -> pd.DataFrame:
    """The drawing's own doses: for each held-out pig, by how far the target's trait
    lies from its own, in the units of shift.DIALS."""
    rows = {}
    for pig in where.pigs:
        old, new = (look(pig, where.seed, swapped=to) for to in ((), shift.GROUPS))
        rows[pig] = _doses_between(old, new, where)
    return pd.DataFrame.from_dict(rows, orient="index")[[*shift.IDENTITY]]


def _doses_between(old: dict, new: dict, where: Drawing) -> dict[str, float]:
    high, wide = where.size
    sharp = (new["blur"] ** 2 - old["blur"] ** 2) * (100 / DRAWN_FOR) ** 2
    logs = {name: name for name in ("contrast", "red", "blue", "saturation")}
    logs |= {"gleams": "speculars"}
    return {dial: np.log(new[name] / old[name]) for dial, name in logs.items()} | {
        "brightness": new["goal"] - old["goal"],
        "fall_off": (1 + new["vignette"]) / (1 + old["vignette"]) - 1,
        "blur": np.sign(sharp) * abs(sharp) ** 0.5,
        # Sensor noise is drawn finer than the frame, and averaged over pixels.
        "noise": max(new["noise"] ** 2 - old["noise"] ** 2, 0) ** 0.5 / FINER,
        "height": round(wide * 9 / 16) / high,
        "radius": new["radius"],
        "aside": new["aside"],
        "smoke": SMOKE * (new["smoke"] - old["smoke"]),
    }
