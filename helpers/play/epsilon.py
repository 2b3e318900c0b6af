"""Take an epsilon: what a small constant in a score does to it and to the failure modes
that are read off it."""

from collections.abc import Callable, Mapping

import pandas as pd

from helpers import counts, statistics, words
from helpers.correlation import spearman
from helpers.play.controls import Choice, Slider
from helpers.play.drawings import bars
from helpers.play.interactive import Interactive, Scene

EPSILONS = (0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 1.0, 10.0, 100.0, 1000.0)


def epsilon(
    tables: Mapping[str, pd.DataFrame],
    score: Callable[[pd.DataFrame, float], pd.Series],
) -> Interactive:
    """Drag an epsilon, and see Dice, the modes by the rule "above zero is PARTIAL", and
    the rank correlation with area where nothing overlaps.

    tables: what frames are scored against, to their count table with `subject`. score:
    of such a table, with an epsilon.
    """

    def draw(scored: str, value: float) -> Scene:
        table = tables[scored]
        dice, labelled = score(table, value), counts.has_blood(table)

        def mean(series: pd.Series, where: pd.Series) -> float:
            each = statistics.subject_means(series[where], table["subject"][where])
            return float(each.mean())

        missed = labelled & (table["tp"] == 0)
        partial = mean(100.0 * (dice > 0), labelled)
        alike = spearman(dice[missed], counts.coverage(table[missed]))
        numbers = {
            "Dice, labelled frames": mean(dice, labelled),
            "Dice, frames without": mean(dice, ~labelled),
            "correlation with area": alike,
        }
        none = mean(100.0 * (table["tp"] == 0), labelled)
        modes = {"PARTIAL": partial, "FALSE_NEGATIVE": 100 - partial}
        modes["no pixel in common"] = none
        said = (
            f"With an epsilon of {value:g}, {words.number(partial, '.0f')} % of the "
            "labelled frames are PARTIAL by the rule, and on "
            f"{words.number(none, '.0f')} % not one pixel is right; mean Dice is "
            f"{words.number(numbers['Dice, labelled frames'])} on labelled frames and "
            f"{words.number(numbers['Dice, frames without'])} on the others; without a "
            f"pixel in common its rank correlation with area is {words.number(alike)}."
        )
        return Scene(
            said,
            numbers=numbers | {"PARTIAL, %": partial},
            forms={"PARTIAL, %": ".0f"},
            drawing=bars(
                modes,
                (0, 100),
                form=".0f",
                about="Labelled frames, %: two by the rule, one by counting",
            ),
        )

    said = [f"{one:g}" for one in EPSILONS]
    controls = [
        Choice("scored", "scored against", list(tables)),
        Slider("value", "epsilon", EPSILONS, 1e-7, said),
    ]
    return Interactive("epsilon", controls, draw, "Take an epsilon")
