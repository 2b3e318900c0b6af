"""Clouds of frames: a property against a score, over all frames and for one subject."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import words
from helpers.play.controls import Choice
from helpers.play.drawings import cloud
from helpers.play.interactive import Interactive, Scene

SUBJECTS = 12  # of these one can be picked out


def correlations(
    table: pd.DataFrame,
    properties: Sequence[str],
    outcome: str,
    of: Callable[[pd.Series, pd.Series], float],
    found: Mapping[str, Mapping[str, float]],
) -> Interactive:
    """Choose a property, pick out a subject, and see the cloud of all frames, the
    correlation within that subject, and those that are reported.

    of: a correlation of two series. found: property to its named correlations.
    """
    subjects = table["subject"].value_counts().index[:SUBJECTS].sort_values()

    def draw(property: str, subject: str) -> Scene:
        chosen = table["subject"] == subject
        part = table[chosen]
        own = float("nan")
        if part[property].nunique() > 1 and part[outcome].nunique() > 1:
            own = float(of(part[property], part[outcome]))
        named = {one: float(value) for one, value in found[property].items()}
        said = ", ".join(f"{one} {words.number(v, '+.2f')}" for one, v in named.items())
        who = "no subject is picked out"
        if chosen.any():
            who = f"within {subject} it is {words.number(own, '+.2f')}"
        numbers = named | {"this subject": own}
        return Scene(
            f"Rank correlation of {property} with {outcome}: {said}; {who}.",
            numbers=numbers,
            forms=dict.fromkeys(numbers, "+.2f"),
            drawing=cloud(
                table[property].to_numpy(float),
                table[outcome].to_numpy(float),
                np.asarray(chosen),
                (0, 1),
                words.capital(f"{outcome}, by frame"),
                property,
            ),
        )

    controls = [
        Choice("property", "property", list(properties)),
        Choice("subject", "pick out", ["nobody", *map(str, subjects)]),
    ]
    title = "Choose a property, and pick out a subject"
    return Interactive("correlations", controls, draw, title)
