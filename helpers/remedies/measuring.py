"""What is measured of a remedy, frame by frame and patient by patient."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from helpers import counts, evaluation
from helpers.frames import Packed, view_of
from helpers.remedies.setting import Remedied

OVERLAP = {"dice": counts.dice, "recall": counts.recall, "precision": counts.precision}


def marked(remedied: Remedied, packed: Packed) -> np.ndarray:
    """What a remedied network calls blood on packed frames, by its own threshold and
    its rule: bool NxHxW."""
    found = evaluation.probabilities(remedied, packed)
    if remedied.rule:
        found = np.where(view_of(packed), found, 0).astype(found.dtype)
    return evaluation.marked(found, packed, remedied.threshold)


def measured(remedied: Remedied | np.ndarray, packed: Packed) -> pd.DataFrame:
    """The frame table of evaluation.evaluate with a column for each of MEASURES.

    remedied: or what it has marked. Overlap is NaN on clean frames, alarms and falsely
    marked areas on the others.
    """
    here = isinstance(remedied, np.ndarray)
    found = remedied if here else marked(remedied, packed)
    table = evaluation.evaluate(found, packed)
    return table.assign(**{name: of(table) for name, of in MEASURES.items()})


def by_subject(table: pd.DataFrame) -> pd.DataFrame:
    """Means over the frames of each subject: rows of subjects, columns of MEASURES."""
    return table.groupby("subject")[list(MEASURES)].mean()


def _measures() -> dict[str, Callable[[pd.DataFrame], pd.Series]]:
    found = {}
    for name, one in OVERLAP.items():
        found[name] = partial(counts.on_blood, one)
        inside = evaluation.inside("view", one)
        found[f"{name}_view"] = partial(counts.on_blood, inside)
    for region in ("view", "surround"):
        area = evaluation.false_area_in(region)
        found[f"false_area_{region}"] = partial(counts.on_clean, area)
    return found | evaluation.ALARMS


MEASURES = _measures()
"""Measure to function of the frame table. Dice, recall and precision on the frame and
inside the view, falsely marked area by region (percent of the frame's valid pixels),
and alarms at three sizes."""
