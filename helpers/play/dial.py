"""The domain dial: a switch for each group of causes that images know, turned from a
robot's camera to a laparoscope's on the same scenes.

All numbers are those of the drawing that shares are taken from (causes.Drawing): what a
set of groups costs is the very cost that Shapley's division asks for. Only the shown
frames are drawn once more, finer than the network sees them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from helpers import causes, counts, shift, training, words
from helpers.play.controls import Choice, Switch
from helpers.play.drawings import bars
from helpers.play.interactive import Interactive, Picture, Scene

FRAMES = 2  # the pigs that lose most and least when all groups are turned
FINER = 2
LARGEST = 256  # pixels that a shown frame is wide, at most


def dial(
    model,
    where: causes.Drawing,
    cost: Callable[[frozenset], float],
    shares: pd.Series,
) -> Interactive:
    """Switch groups and see the frame, its marks, Dice, false marks, and what the set
    costs on all held-out pigs.

    cost: what a set of groups costs in Dice (causes.cost_of_dials). shares: Shapley's,
    of that very cost.
    """
    marked = _Marked(model, where)
    untouched = causes.dice(model, where.source())
    added = _added(cost)
    ends = [0.0, *shares, *(one for many in added.values() for one in many)]
    limits = (min(ends), max(ends)) if max(ends) > min(ends) else (0.0, 1.0)

    def draw(pig: str, **switches: bool) -> Scene:
        turned = frozenset(group for group in shift.GROUPS if switches[group])
        picture, table = marked.of(pig, turned)
        before = marked.of(pig, frozenset())[1]
        adds = {
            group: cost(turned | {group}) - cost(turned - {group})
            for group in shift.GROUPS
        }
        dice, lost = counts.dice(table)[0], cost(turned)
        names = words.listed([one for one in shift.GROUPS if one in turned])
        company = f"With {names} turned" if turned else "With nothing turned"
        said = (
            f"{company}, Dice of this frame is {words.number(dice)} (untouched "
            f"{words.number(counts.dice(before)[0])}) and "
            f"{counts.false_area(table)[0]:.1f} % of it is falsely marked; over all "
            f"held-out pigs Dice is {untouched - lost:.3f}, a cost of "
            f"{words.number(lost, '+.3f')}."
        )
        numbers = {
            "Dice, this frame": dice,
            "falsely marked, %": counts.false_area(table)[0],
            "Dice, all held-out pigs": untouched - lost,
            "cost of this set": lost,
        }
        forms = {"falsely marked, %": ".1f", "cost of this set": "+.3f"}
        forms |= {"Dice, all held-out pigs": ".3f"}
        about = "What each adds in this company"
        drawing = bars(adds, limits, shares.to_dict(), "+.3f", about, added)
        return Scene(said, [picture], numbers, forms, drawing)

    controls = [Choice("pig", "frame of", marked.pigs)]
    controls += [Switch(group, group) for group in shift.GROUPS]
    return Interactive(
        "domain_dial",
        controls,
        draw,
        "Five switches from a robot's camera to a laparoscope",
        "Each switch turns one group of the drawing's dials from a pig's to a "
        "patient's; the scene and its blood stay. Bar: the Dice that a group costs in "
        "the company of those turned now. Dots: what it costs in each of its 16 "
        "companies. Tick: its share, their mean over all orders of turning.",
    )


def _added(cost: Callable) -> dict[str, list[float]]:
    """What each group adds in any company of the others: 16 differences of the 32
    costs."""
    every = [
        frozenset(g for i, g in enumerate(shift.GROUPS) if bits >> i & 1)
        for bits in range(2 ** len(shift.GROUPS))
    ]
    return {
        g: [cost(s | {g}) - cost(s) for s in every if g not in s] for g in shift.GROUPS
    }


class _Marked:
    """The first frame of some pigs under any set of groups, with what is marked."""

    def __init__(self, model, where: causes.Drawing) -> None:
        self.model, self.where = model, replace(where, frames=1)
        drop = {
            pig: counts.dice(_counted(model, self.where.source(), row))[0]
            - counts.dice(_counted(model, self.where.source(shift.GROUPS), row))[0]
            for row, pig in enumerate(where.pigs)
        }
        # A frame on which Dice is undefined shows nothing.
        ranked = pd.Series(drop).dropna().sort_values(ascending=False).index.to_list()
        ranked = ranked or list(where.pigs)
        self.pigs = tuple(dict.fromkeys([ranked[0], *ranked[1 - FRAMES :]]))
        self.where = replace(self.where, pigs=tuple(sorted(self.pigs)))
        wide = min(LARGEST, FINER * where.size[1])
        self.fine = (round(wide * where.size[0] / where.size[1]), wide)

    @cache  # noqa: B019 (lives as long as the one dial that it is made for)
    def _drawn(self, turned: frozenset):
        small = self.where.source(turned)
        large = replace(self.where, size=self.fine).source(turned)
        found = training.predict(self.model, small.images) >= 128
        return small, large, found

    def of(self, pig: str, turned: frozenset) -> tuple[Picture, pd.DataFrame]:
        """The frame of a pig with the groups turned, and its counts."""
        small, large, found = self._drawn(turned)
        row = int(np.flatnonzero(small.subject == pig)[0])
        one = (small.blood[row], small.valid[row], found[row])
        table = counts.count(found[row], small.blood[row], small.valid[row])
        return Picture(large.images[row], "", *one), table


def _counted(model, frames: shift.Frames, row: int) -> pd.DataFrame:
    found = training.predict(model, frames.images[row : row + 1]) >= 128
    return counts.count(found, frames.blood[[row]], frames.valid[[row]])
