"""Habits in the scoring: another organ taken for blood, and a small constant in Dice."""

import numpy as np
import pandas as pd

from helpers import correlation, counts
from helpers.errors import CourseError
from helpers.frames import CLASSES, Packed

EPSILON = 1e-7
"""The constant in the published study's Dice."""


def rescored(prediction: np.ndarray, packed: Packed, name: str) -> pd.DataFrame:
    """The counts of a prediction of blood (bool NxHxW) when the class `name` is scored in blood's place.

    Rows are the frames of `packed`, with the frame table's columns. CourseError for a class that is not one
    of CLASSES.
    """
    ids = {entry.name: entry.id for entry in CLASSES}
    if name not in ids:
        raise CourseError(
            f"There is no class '{name}' in CholecSeg8k's table; choose one of {', '.join(ids)}."
        )
    organ = np.asarray(packed.classes) == ids[name]
    return packed.table.reset_index(drop=True).join(counts.count(prediction, organ, packed.valid))


def smoothed_dice(table: pd.DataFrame, epsilon: float = EPSILON) -> pd.Series:
    """(2 tp + e) / (2 tp + fp + fn + e): Dice that is never undefined and, with e above 0, never 0."""
    top, bottom = 2 * table["tp"] + epsilon, 2 * table["tp"] + table["fp"] + table["fn"] + epsilon
    return (top / bottom).where(bottom > 0)


def smoothed_modes(table: pd.DataFrame, epsilon: float = EPSILON) -> pd.Series:
    """The published rule, as read from its code.

    Labelled frames are PARTIAL where the smoothed Dice is above zero, else FALSE_NEGATIVE; the others are
    FALSE_POSITIVE where anything is marked, else CORRECT.
    """
    labelled, marked = counts.has_blood(table), (table["tp"] + table["fp"]) > 0
    on_label = np.where(smoothed_dice(table, epsilon) > 0, "PARTIAL", "FALSE_NEGATIVE")
    return pd.Series(
        np.where(labelled, on_label, np.where(marked, "FALSE_POSITIVE", "CORRECT")), index=table.index
    )


def without_overlap(table: pd.DataFrame) -> pd.Series:
    """True on labelled frames without a single pixel in common: missed and elsewhere, by counts."""
    return counts.has_blood(table) & (table["tp"] == 0)


def epsilon_correlation(table: pd.DataFrame, epsilon: float = EPSILON) -> float:
    """Spearman's correlation of the smoothed Dice with the labelled area, over labelled frames.

    NaN where either is constant: without epsilon, that is what Dice is on frames without overlap.
    """
    labelled = table[counts.has_blood(table)]
    return correlation.spearman(counts.coverage(labelled), smoothed_dice(labelled, epsilon))
