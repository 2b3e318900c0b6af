"""What each group of dials costs: the drawing's own answer, and three that images give.

`cost_of_dials` turns the drawing's dials, which is the truth. `by_images` turns the
same groups on finished frames, at doses that are the drawing's own (`drawn_doses`: what
the operator gets wrong is left) or estimated from unlabelled frames (`by_target`: what
the dose gets wrong is added). A cost is the Dice that a set of groups takes, a number
for each subject; shares are Shapley's.

>>> cost = cost_of_dials(model, where)
>>> shares(cost, shift.GROUPS).mean(axis=1)  # of the camera, with a pig's blood
>>> shares(cost, shift.GROUPS, {"blood"}).mean(axis=1)  # and with a patient's
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

import phantom
from helpers import counts, shift, statistics, training
from helpers.shift import Frames

Cost = Callable[[Iterable[str]], pd.Series]  # from a set of groups to each subject's


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

    def _drawn(self, subjects, swapped) -> Frames:
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


def dice(model, frames: Frames) -> pd.Series:
    """Dice of each subject: the mean over its frames with blood, NaN without one."""
    found = training.predict(model, frames.images) >= 128
    table = counts.count(found, frames.blood, frames.valid)
    on_blood = counts.on_blood(counts.dice, table)
    means = statistics.subject_means(on_blood, frames.subject)
    return means.reindex(np.unique(frames.subject))


def _cost(score: Callable[[frozenset], pd.Series]) -> Cost:
    """What a set of groups loses against none, where each set is scored once."""
    scored = cache(score)
    return lambda chosen: scored(frozenset()) - scored(frozenset(chosen))


def cost_of_dials(model, where: Drawing, direction: str = "damage") -> Cost:
    """What a set of groups costs where the drawing's own dials are turned, which is the
    truth. damage: the Dice that held-out pigs lose with the target's dials. recovery:
    the Dice that patients gain with the source's."""
    if direction == "damage":
        return _cost(lambda chosen: dice(model, where.source(chosen)))
    return _cost(lambda chosen: -dice(model, where.target(chosen)))


def cost_on_images(model, frames: Frames, doses: pd.DataFrame, seed: int = 0) -> Cost:
    """What a set of groups costs where they are turned on finished frames. A group
    without a dose costs nothing, and is not asked for."""
    away = doses.ne(pd.Series(shift.IDENTITY)).any()
    turned = {group for group in shift.GROUPS if away[list(shift.DIALS[group])].any()}
    cost = _cost(lambda chosen: dice(model, shift.apply(frames, doses, chosen, seed)))
    return lambda chosen: cost(frozenset(chosen) & turned)


def shares(
    cost: Cost, groups: Sequence[str], given: Iterable[str] = ()
) -> pd.DataFrame:
    """Shapley's shares of some groups in what all of them cost together: a row for each
    group, a column for each subject. given: groups that are turned before any of
    them, whose coalition they then join, and which have no share."""
    before = frozenset(given)
    found = shift.shapley(lambda chosen: cost(chosen | before), groups)
    return found.set_axis(cost(before).index, axis=1).rename_axis("group")


def by_images(model, frames: Frames, doses: pd.DataFrame, seed: int = 0):
    """What images say: shares of the camera's groups, each turned to its dose on the
    same frames."""
    return shares(cost_on_images(model, frames, doses, seed), shift.GROUPS)


def by_target(model, where: Drawing, target: Frames, seed: int = 0) -> pd.DataFrame:
    """What images say where doses are estimated from a target's unlabelled frames: of
    `where.target()`, or of one in which a cause was put there or taken away."""
    doses = shift.estimate(where.reference(), target).doses
    return by_images(model, where.source(), doses, seed)


def drawn_doses(where: Drawing) -> pd.DataFrame:
    """The drawing's own doses, a row for each held-out pig and a column for each of
    shift.DIALS (see phantom.doses)."""
    rows = {pig: phantom.doses(pig, where.size, where.seed) for pig in where.pigs}
    return pd.DataFrame.from_dict(rows, orient="index")[[*shift.IDENTITY]]
