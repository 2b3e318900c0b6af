"""One measure of a count table as a number over subjects: overlap on frames with blood,
alarms and falsely marked areas on clean ones."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from helpers import counts, statistics
from helpers.statistics import Estimate

# Overlap means something where there is blood, an alarm where there is none.
ON_BLOOD = {"dice", "iou", "precision", "recall"}
ON_CLEAN = {"false_alarm", "alarm", "false_alarm_rate", "false_area"}
AREAS = {"coverage", "predicted_area", "false_area"}
FRAME = ["split", "subject", "clip", "frame"]


def estimate(
    table: pd.DataFrame,
    name: str,
    measure: Callable,
    split: str = "",
) -> Estimate:
    """One measure of one split's count table, mean over frames, then over
    subjects."""
    kind = _kind(name, measure)
    values = measure(table)
    bloody = counts.has_blood(table)
    if kind in ON_BLOOD:
        values, frames = values.where(bloody), "frames with blood"
    elif kind in ON_CLEAN:
        clean = ~bloody & (counts.valid_pixels(table) > 0)
        values, frames = values.where(clean), "clean frames"
    else:
        frames = "frames"
    keys = [column for column in FRAME if column in table]
    once = table[keys].assign(value=values)
    once = once.groupby(keys, sort=False, dropna=False)["value"].mean().reset_index()
    top, scale = (100.0, "percent of valid pixels") if kind in AREAS else (1.0, "")
    said = f"{name}: mean over the {frames} of a subject, then over subjects"
    found = statistics.mean_over_subjects(
        once["value"], once["subject"], said, (0, top)
    )
    return replace(found, split=split, unit=scale)


def _kind(name: str, measure: Callable) -> str:
    own = getattr(getattr(measure, "func", measure), "__name__", "")
    for kind in (own, name.split(".")[0], name.split(".")[0].split("_at_")[0]):
        if kind in ON_BLOOD | ON_CLEAN | AREAS:
            return kind
    return ""
