"""Pixel counts of a frame, of its view and its surround, and everything derived from
them.

Counts are stored, ratios are derived. A ratio whose denominator is zero is NaN and
stays NaN: there is no epsilon. Overlap (Dice, IoU, precision, recall) means something
only on frames with blood; on clean frames the figures are the false alarm and the
falsely marked area. `on_blood` and `on_clean` keep the two apart.

>>> table = pd.DataFrame({"tp": [3], "fp": [3], "fn": [0], "tn": [9], "view_tp": [3],
...                       "view_fp": [1], "view_fn": [0], "view_tn": [5]})
>>> [float(measure(table)[0]) for measure in (precision, inside("view", precision))]
[0.5, 0.75]
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from helpers import CourseError

COLUMNS = ("tp", "fp", "fn", "tn")
CHUNK = 64  # frames at a time: packed frames may be far larger than memory


def count(prediction: np.ndarray, blood: np.ndarray, valid: np.ndarray) -> pd.DataFrame:
    """Count the valid pixels of each frame by what was predicted and what is true.

    prediction, blood, valid: bool, HxW or NxHxW, all of one shape. Returns a table of
    int64 with a row per frame: tp (blood, predicted), fp (predicted only), fn (blood
    only) and tn (neither). CourseError where shapes differ or a mask isn't bool.
    """
    prediction, blood, valid = _as_frames(prediction, blood, valid)
    # Frame by frame, because the masks may be memory-mapped and far larger than memory.
    rows = np.empty((len(blood), 4), np.int64)
    for row, p, b, v in zip(rows, prediction, blood, valid):
        predicted, true = p & v, b & v
        tp = np.count_nonzero(predicted & true)
        fp, fn = np.count_nonzero(predicted) - tp, np.count_nonzero(true) - tp
        row[:] = tp, fp, fn, np.count_nonzero(v) - tp - fp - fn
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _as_frames(prediction, blood, valid) -> list[np.ndarray]:
    masks = {"prediction": prediction, "blood": blood, "valid": valid}
    for name, mask in masks.items():
        # A probability or a 0/255 mask would be counted silently and wrongly.
        if (kind := np.asanyarray(mask).dtype.name) != "bool":
            raise CourseError(
                f"The mask '{name}' is {kind} where True and False are needed; compare "
                f"it with a threshold first, as in {name} > 0.5."
            )
    shapes = {name: np.shape(mask) for name, mask in masks.items()}
    if len(set(shapes.values())) > 1 or np.ndim(blood) not in (2, 3):
        said = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise CourseError(
            f"The masks do not belong together ({said}); give all of them as HxW or "
            "all as NxHxW."
        )
    return [m if np.ndim(m) == 3 else np.asarray(m)[None] for m in masks.values()]


def _ratio(top, bottom):
    """top / bottom as float, of numbers, arrays or Series: NaN where there is nothing,
    for what is counted in `top` counts in `bottom` too, so that it is 0 / 0."""
    with np.errstate(invalid="ignore"):
        return np.divide(top, bottom)


def valid_pixels(table: pd.DataFrame | Mapping):
    """Number of valid pixels, the sum of the four counts."""
    return table["tp"] + table["fp"] + table["fn"] + table["tn"]


def has_blood(table: pd.DataFrame | Mapping):
    """True where at least one valid pixel is blood."""
    return (table["tp"] + table["fn"]) > 0


def dice(table: pd.DataFrame | Mapping):
    """2 tp / (2 tp + fp + fn), Dice (1945) in counts; NaN where there is neither blood
    nor prediction. Like each measure here it takes a table of counts (and gives a
    Series), or a mapping of numbers or arrays."""
    return _ratio(2 * table["tp"], 2 * table["tp"] + table["fp"] + table["fn"])


def precision(table: pd.DataFrame | Mapping):
    """tp / (tp + fp): the share of the predicted pixels that are blood."""
    return _ratio(table["tp"], table["tp"] + table["fp"])


def recall(table: pd.DataFrame | Mapping):
    """tp / (tp + fn): the share of the blood that is predicted."""
    return _ratio(table["tp"], table["tp"] + table["fn"])


def coverage(table: pd.DataFrame | Mapping):
    """Area of the blood in percent of the valid pixels."""
    return _ratio(100 * (table["tp"] + table["fn"]), valid_pixels(table))


def predicted_area(table: pd.DataFrame | Mapping):
    """Predicted area in percent of the valid pixels."""
    return _ratio(100 * (table["tp"] + table["fp"]), valid_pixels(table))


def false_area(table: pd.DataFrame | Mapping):
    """Falsely marked area (fp) in percent of the valid pixels."""
    return _ratio(100 * table["fp"], valid_pixels(table))


def on_blood(measure: Callable, table: pd.DataFrame) -> pd.Series:
    """The measure on the frames with blood, NaN on the others."""
    return measure(table).where(has_blood(table))


def on_clean(measure: Callable, table: pd.DataFrame) -> pd.Series:
    """The measure on the frames without blood, NaN on the others."""
    return measure(table).where(~has_blood(table) & (valid_pixels(table) > 0))


def within(table: pd.DataFrame, region: str) -> pd.DataFrame:
    """The table of `evaluate` with one region's counts as tp, fp, fn, tn: "view",
    "surround" or "frame"."""
    if region == "frame":
        return table
    return table.assign(**{name: table[f"{region}_{name}"] for name in COLUMNS})


def inside(region: str, measure: Callable) -> Callable:
    """The measure taken in one region: inside("view", dice) is a measure too."""

    def measured(table: pd.DataFrame) -> pd.Series:
        return measure(within(table, region))

    measured.__name__ = measure.__name__
    return measured


def false_area_in(region: str) -> Callable:
    """A measure: the falsely marked area in a region, in percent of the frame's valid
    pixels, so that the view's and the surround's add up to the frame's."""

    def false_area(table: pd.DataFrame) -> pd.Series:
        return 100 * within(table, region)["fp"] / valid_pixels(table)

    return false_area


def false_alarm(table: pd.DataFrame, alarm_area: float = 0.1) -> pd.Series:
    """1.0 on clean frames with a false alarm, 0.0 on quiet ones, NaN with blood; its
    mean is the rate.

    alarm_area: least predicted area that counts as an alarm, in percent of the valid
    pixels; with 0 a single pixel does.
    """
    alarm = (table["fp"] > 0) & (predicted_area(table) >= alarm_area)
    return on_clean(lambda _: alarm.astype(float), table)


# Alarms on clean frames at three sizes: a pixel, 0.1 % and 1 % of the valid pixels.
ALARMS = {
    f"alarm_at_{size}": partial(false_alarm, alarm_area=area)
    for size, area in {"1px": 0, "0_1pct": 0.1, "1pct": 1}.items()
}


def evaluate(model, packed, threshold: float = 0.5) -> pd.DataFrame:
    """The frame table of N packed frames with its pixel counts, over valid pixels.

    model: what has `probabilities(packed)` (a trained or a remedied network), a
    function of images uint8 NxHxWx3, or predictions: bool, or probabilities as uint8
    (256 levels) or float, NxHxW. Gives tp, fp, fn, tn of the frame, the same as
    view_tp ... and surround_tp ..., and `row`, the frame's place in `packed`. The
    surround is black that reaches the frame's edge (see frames.visible). CourseError
    where predictions and frames do not fit, or the threshold is none.
    """
    found, seen, parts = _found(model, packed, threshold), packed.view, []
    for start in range(0, max(len(packed), 1), CHUNK):
        part = slice(start, start + CHUNK)
        marks, valid = _called(found[part], threshold), packed.valid[part]
        inside = valid & seen[part]
        whole, view = (count(marks, packed.blood[part], one) for one in (valid, inside))
        rest = (whole - view).add_prefix("surround_")
        parts.append(pd.concat([whole, view.add_prefix("view_"), rest], axis=1))
    table = packed.table.reset_index(drop=True).assign(row=np.arange(len(packed)))
    return pd.concat([table, pd.concat(parts, ignore_index=True)], axis=1)


def marked(model, packed, threshold: float = 0.5) -> np.ndarray:
    """What a model calls blood on packed frames: bool NxHxW, as in `evaluate`."""
    return _called(_found(model, packed, threshold), threshold)


def _found(model, packed, threshold: float) -> np.ndarray:
    if not 0 < threshold < 1:
        raise CourseError(
            f"threshold is {threshold}, but it is a probability; give a number between "
            "0 and 1."
        )
    if hasattr(model, "probabilities"):
        found = model.probabilities(packed)
    else:
        found = model(packed.images) if callable(model) else model
    if found.shape != packed.valid.shape:
        raise CourseError(
            f"The predictions are {found.shape}, but the frames are "
            f"{packed.valid.shape}; give one per frame, at their size."
        )
    return found


def _called(found: np.ndarray, threshold: float) -> np.ndarray:
    if found.dtype == bool:
        return found
    return found >= (np.ceil(256 * threshold) if found.dtype == np.uint8 else threshold)
