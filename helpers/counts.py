"""Pixel counts of a frame, everything derived from them, and the ways in which a frame
can fail.

Counts are stored, ratios are derived. A ratio whose denominator is zero is NaN and
stays NaN: there is no epsilon. Overlap (Dice, IoU, precision, recall) means something
only on frames with blood; on clean frames the figures are the false alarm and the
falsely marked area. `on_blood` and `on_clean` keep the two apart.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from helpers.errors import CourseError

COLUMNS = ("tp", "fp", "fn", "tn")

# Each definition is the expression that `failure_modes` evaluates, so that what a
# lesson shows is what is computed. `area` is the predicted area in percent of the valid
# pixels; `alarm_area` and `good` are failure_modes' parameters.
FAILURE_MODES = pd.DataFrame(
    [
        ("missed", "frames with blood", "tp + fp == 0", "nothing is predicted"),
        (
            "elsewhere",
            "frames with blood",
            "tp == 0 and fp > 0",
            "what is predicted lies elsewhere",
        ),
        (
            "partial",
            "frames with blood",
            "tp > 0 and dice < good",
            "some blood is found",
        ),
        (
            "good",
            "frames with blood",
            "tp > 0 and dice >= good",
            "blood is found and outlined",
        ),
        (
            "quiet",
            "clean frames",
            "fp == 0 or area < alarm_area",
            "less than an alarm is predicted",
        ),
        (
            "false alarm",
            "clean frames",
            "fp > 0 and area >= alarm_area",
            "as much as an alarm is predicted",
        ),
    ],
    columns=["mode", "applies_to", "definition", "in_words"],
).set_index("mode")


def count(
    prediction: np.ndarray, blood: np.ndarray, valid: np.ndarray | None = None
) -> pd.DataFrame:
    """Count the valid pixels of each frame by what was predicted and what is true.

    prediction, blood, valid: bool, HxW or NxHxW, all of one shape; without `valid`
    every pixel is valid. Returns a table of int64 with a row per frame: tp (blood,
    predicted), fp (predicted only), fn (blood only) and tn (neither). A row's sum is
    the frame's number of valid pixels. CourseError where shapes differ or a mask isn't
    bool.
    """
    prediction, blood, valid = as_frames(prediction, blood, valid)
    # Frame by frame, because the masks may be memory-mapped and far larger than memory.
    rows = np.empty((len(blood), 4), np.int64)
    for row, p, b, v in zip(rows, prediction, blood, valid):
        predicted, true = p & v, b & v
        tp = np.count_nonzero(predicted & true)
        fp, fn = np.count_nonzero(predicted) - tp, np.count_nonzero(true) - tp
        row[:] = tp, fp, fn, np.count_nonzero(v) - tp - fp - fn
    return pd.DataFrame(rows, columns=list(COLUMNS))


def as_frames(prediction, blood, valid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three masks as NxHxW bool, or the reason why they can't be."""
    if valid is None:
        valid = np.broadcast_to(np.True_, np.shape(blood))
    masks = {"prediction": prediction, "blood": blood, "valid": valid}
    for name, mask in masks.items():
        # A probability or a 0/255 mask would be counted silently and wrongly.
        if np.asanyarray(mask).dtype != bool:
            kind = np.asanyarray(mask).dtype
            raise CourseError(
                f"The mask '{name}' is {kind} where True and False are needed; compare "
                "it "
                f"with a threshold first, as in {name} > 0.5."
            )
        if np.shape(mask) != np.shape(blood) or np.ndim(mask) not in (2, 3):
            shapes = ", ".join(
                f"{key} {np.shape(value)}" for key, value in masks.items()
            )
            raise CourseError(
                f"The masks do not belong together ({shapes}); give all of them as HxW "
                "or all as NxHxW."
            )
    return tuple(
        mask if np.ndim(mask) == 3 else np.asarray(mask)[None]
        for mask in masks.values()
    )


def _ratio(numerator, denominator):
    """numerator / denominator as float, NaN where the denominator is zero; a Series
    stays one."""
    top, bottom = np.asarray(numerator, float), np.asarray(denominator, float)
    value = np.divide(
        top,
        bottom,
        out=np.full(np.broadcast(top, bottom).shape, np.nan),
        where=bottom != 0,
    )
    if isinstance(numerator, pd.Series):
        return pd.Series(value, index=numerator.index)
    return value if value.ndim else float(value)


def valid_pixels(table: pd.DataFrame | Mapping):
    """Number of valid pixels, the sum of the four counts."""
    return table["tp"] + table["fp"] + table["fn"] + table["tn"]


def has_blood(table: pd.DataFrame | Mapping):
    """True where at least one valid pixel is blood."""
    return (table["tp"] + table["fn"]) > 0


def dice(table: pd.DataFrame | Mapping):
    """2 tp / (2 tp + fp + fn), Dice (1945) in counts; NaN where there is neither blood
    nor prediction.

    Like the other measures here it takes a table of counts (and gives a Series), or a
    mapping of numbers or arrays.
    """
    return _ratio(2 * table["tp"], 2 * table["tp"] + table["fp"] + table["fn"])


def iou(table: pd.DataFrame | Mapping):
    """tp / (tp + fp + fn), Jaccard's index; NaN where there is neither blood nor
    prediction."""
    return _ratio(table["tp"], table["tp"] + table["fp"] + table["fn"])


def precision(table: pd.DataFrame | Mapping):
    """tp / (tp + fp): the share of the predicted pixels that are blood; NaN where
    nothing is predicted."""
    return _ratio(table["tp"], table["tp"] + table["fp"])


def recall(table: pd.DataFrame | Mapping):
    """tp / (tp + fn): the share of the blood that is predicted; NaN where there is no
    blood."""
    return _ratio(table["tp"], table["tp"] + table["fn"])


def coverage(table: pd.DataFrame | Mapping):
    """Area of the blood in percent of the valid pixels; NaN where no pixel is valid."""
    return _ratio(100 * (table["tp"] + table["fn"]), valid_pixels(table))


def predicted_area(table: pd.DataFrame | Mapping):
    """Predicted area in percent of the valid pixels; NaN where no pixel is valid."""
    return _ratio(100 * (table["tp"] + table["fp"]), valid_pixels(table))


def false_area(table: pd.DataFrame | Mapping):
    """Falsely marked area (fp) in percent of the valid pixels; NaN where no pixel is
    valid."""
    return _ratio(100 * table["fp"], valid_pixels(table))


def on_blood(measure: Callable, table: pd.DataFrame) -> pd.Series:
    """The measure on the frames with blood, NaN on the others: `on_blood(dice,
    table)`."""
    return measure(table).where(has_blood(table))


def on_clean(measure: Callable, table: pd.DataFrame) -> pd.Series:
    """The measure on the frames without blood, NaN on the others: `on_clean(false_area,
    table)`."""
    return measure(table).where(~has_blood(table) & (valid_pixels(table) > 0))


def false_alarm(table: pd.DataFrame, alarm_area: float = 0.1) -> pd.Series:
    """1.0 on clean frames with a false alarm, 0.0 on quiet ones, NaN with blood; its
    mean is the rate."""
    modes = failure_modes(table, alarm_area)
    return on_clean(lambda _: (modes == "false alarm").astype(float), table)


def failure_modes(
    table: pd.DataFrame, alarm_area: float = 0.1, good: float = 0.7
) -> pd.Series:
    """How each frame went, by the definitions in FAILURE_MODES.

    alarm_area: least predicted area on a clean frame that counts as an alarm, in
    percent of the valid pixels; with 0 a single pixel does. good: least Dice that
    counts as good. Returns a categorical Series with all modes as its categories; a
    frame without valid pixels has none. CourseError where a parameter is out of its
    range.
    """
    if not 0 <= alarm_area <= 100:
        raise CourseError(
            f"alarm_area is {alarm_area}, but it is a percentage of the valid pixels; "
            "give 0 to 100."
        )
    if not 0 <= good <= 1:
        raise CourseError(
            f"good is {good}, but it is the least Dice of a good frame; "
            "give a value from 0 to 1."
        )
    known = table[list(COLUMNS)].assign(
        dice=dice(table), area=predicted_area(table), alarm_area=alarm_area, good=good
    )
    group = np.where(has_blood(table), "frames with blood", "clean frames")
    modes = pd.Series(
        pd.Categorical([None] * len(table), categories=FAILURE_MODES.index),
        index=table.index,
    )
    for mode, row in FAILURE_MODES.iterrows():
        holds = known.eval(row["definition"], engine="python")
        modes[holds & (group == row["applies_to"]) & (valid_pixels(table) > 0)] = mode
    return modes
