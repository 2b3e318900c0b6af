"""What `make study` has found for this very run, where somebody has made it.

>>> found = studied.summary(lesson.course, lesson.domains)  # None where nobody did
>>> found.query("split == 'ood_test' and measure == 'dice'")
"""

from pathlib import Path

import pandas as pd

from helpers import remedies, store
from helpers.domains import Domains
from helpers.settings import Course, store_folder

HOW = (
    "Nobody has made that table for this run: `make study`, with the options that this "
    "page was made with, makes it, and the next report shows it here."
)


def folder(course: Course, data: Domains) -> Path:
    """Where the study of these settings, these frames and today's code stands; its
    encoders are part of the study, so that the course's own is no matter."""
    parts = (data.source, data.target, data.wished)
    key = store.key(
        numbers=vars(course.but(encoder="").numbers),
        weights=course.begins_with,
        seed=course.seed,
        frames=[None if part is None else part.digest for part in parts],
        code=store.made_by(remedies.measured, *remedies.RECIPES.values())["code"],
    )
    return store_folder() / "study" / key


def summary(course: Course, data: Domains) -> pd.DataFrame | None:
    """summary.csv of the study of this very run (study.tables.summary says which
    columns); None where there is none."""
    place = folder(course, data) / "summary.csv"
    return pd.read_csv(place) if place.exists() else None
