"""From a network and frames to counts: of the whole frame, the view and the surround.

The frame table that `evaluate` gives holds four counts a frame for each region, so that
all of `helpers.counts` applies to any of them:

>>> table = pd.DataFrame({"tp": [3], "fp": [3], "fn": [0], "tn": [9], "view_tp": [3],
...                       "view_fp": [1], "view_fn": [0], "view_tn": [5]})
>>> measures = counts.precision, inside("view", counts.precision)
>>> [float(measure(table)[0]) for measure in measures]
[0.5, 0.75]
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from helpers import counts
from helpers.errors import CourseError
from helpers.frames import CLASSES, UNKNOWN, Packed, view_of, views
from helpers.shift import shapley

REGIONS = ("frame", "view", "surround")
# Alarms on clean frames at three sizes: a pixel, 0.1 % and 1 % of the valid pixels.
ALARMS = {
    f"alarm_at_{size}": partial(counts.false_alarm, alarm_area=area)
    for size, area in {"1px": 0, "0_1pct": 0.1, "1pct": 1}.items()
}
LOST = ("surround", "false marks in the view", "missed blood")
CHUNK = 64  # frames at a time: packed frames may be far larger than memory


def evaluate(
    model, packed: Packed, threshold: float = 0.5, images: np.ndarray | None = None
) -> pd.DataFrame:
    """The frame table of N packed frames with its pixel counts, over valid pixels.

    model: a runs.Run (its predictions are kept in the store), a network, a remedied one
    (its `style` is applied first), a function of images uint8 NxHxWx3, or predictions:
    bool, or probabilities as uint8 (256 levels) or float, NxHxW. images: what the same
    frames look like after an intervention; then the view is found in these.
    Gives tp, fp, fn, tn of the frame, the same as view_tp ... and surround_tp ..., and
    `row`, the frame's place in `packed`. The surround is black that reaches the frame's
    edge (see frames.visible); fill is not valid, and counted nowhere.
    """
    found = _probabilities(model, packed, threshold, images)
    whole_view = view_of(packed) if images is None else None
    numbers = np.empty((len(packed), 2, 4), np.int64)
    for start in range(0, len(packed), CHUNK):
        part = slice(start, start + CHUNK)
        blood, valid = packed.blood[part], packed.valid[part]
        if images is None:
            seen = whole_view[part]
        else:
            seen = views(images[part], valid)
        numbers[part] = _count(_called(found[part], threshold), blood, valid, seen)
    surround, view = numbers[:, 0], numbers[:, 1]
    regions = {"": view + surround, "view_": view, "surround_": surround}
    columns = [prefix + name for prefix in regions for name in counts.COLUMNS]
    counted = pd.DataFrame(np.hstack([*regions.values()]), columns=columns)
    table = packed.table.reset_index(drop=True)
    return table.assign(row=np.arange(len(table)), **counted)


def _count(found, blood, valid, seen) -> np.ndarray:
    """Counts of n frames (n, 2, 4): the surround's and the view's tp, fp, fn, tn."""
    n, kind = len(found), np.uint8
    # tp 0, fp 1, fn 2, tn 3, and four more inside the view; what is not valid is 8.
    code = kind(3) - kind(2) * found.astype(kind) - blood.astype(kind)
    code = np.where(valid, code + kind(4) * seen.astype(kind), kind(8))
    place = code.reshape(n, -1) + 9 * np.arange(n)[:, None]
    return (
        np.bincount(place.ravel(), minlength=9 * n)
        .reshape(n, 9)[:, :8]
        .reshape(n, 2, 4)
    )


def marked(
    model, packed: Packed, threshold: float = 0.5, images: np.ndarray | None = None
) -> np.ndarray:
    """What a model calls blood on packed frames: bool NxHxW; arguments as in
    `evaluate`."""
    return _called(_probabilities(model, packed, threshold, images), threshold)


def _probabilities(
    model, packed: Packed, threshold: float, images: np.ndarray | None
) -> np.ndarray:
    if not 0 < threshold < 1:
        raise CourseError(
            f"threshold is {threshold}, but it is a probability; give a "
            "number between 0 and 1."
        )
    found = probabilities(model, packed, images)
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


def probabilities(
    model, packed: Packed, images: np.ndarray | None = None
) -> np.ndarray:
    """Predictions on packed frames, NxHxW, of any model that `evaluate` takes."""
    if isinstance(model, np.ndarray):
        return model
    from helpers import runs, training  # they bring PyTorch, which is slow to import

    if isinstance(model, runs.Run):
        if images is None:
            return runs.probabilities(model, packed)
        return training.predict(model.model, images)
    images = packed.images if images is None else images
    if getattr(model, "style", None) is not None:
        images = np.stack(
            [model.style(image, valid) for image, valid in zip(images, packed.valid)]
        )
    model = getattr(model, "model", model)
    if hasattr(model, "parameters"):
        return training.predict(model, images)
    return np.asarray(model(images))


def within(table: pd.DataFrame, region: str) -> pd.DataFrame:
    """The table with one region's counts as tp, fp, fn, tn: "view", "surround" or
    "frame".

    CourseError for another region.
    """
    if region not in REGIONS:
        raise CourseError(
            f"There is no region '{region}'; choose one of {', '.join(REGIONS)}."
        )
    if region == "frame":
        return table
    return table.assign(**{name: table[f"{region}_{name}"] for name in counts.COLUMNS})


def inside(region: str, measure: Callable) -> Callable:
    """The measure taken in one region: inside("view", counts.dice) is a measure too."""

    def measured(table: pd.DataFrame) -> pd.Series:
        return measure(within(table, region))

    measured.__name__ = measure.__name__
    return measured


def false_area_in(region: str) -> Callable:
    """A measure: the falsely marked area in a region, in percent of the frame's valid
    pixels, so that the view's and the surround's add up to the frame's."""

    def false_area(table: pd.DataFrame) -> pd.Series:
        return 100 * within(table, region)["fp"] / counts.valid_pixels(table)

    return false_area


def false_by_class(predictions, packed: Packed, threshold: float = 0.5) -> pd.DataFrame:
    """Where the falsely marked pixels lie, a row per class of the label, most first.

    predictions: what `evaluate` takes as a model. Columns: class, false_pixels, share
    (of all false pixels, in percent) and marked (percent of the class's pixels without
    blood).
    """
    found = marked(predictions, packed, threshold)
    false, pixels = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for part, clean in _clean(packed):
        classes = packed.classes[part]
        pixels += np.bincount(classes[clean], minlength=256)
        false += np.bincount(classes[clean & found[part]], minlength=256)
    names = {entry.id: entry.name for entry in CLASSES} | {UNKNOWN: "no class given"}
    here = np.flatnonzero(pixels)
    table = pd.DataFrame(
        {"class": [names[number] for number in here], "false_pixels": false[here]}
    )
    table["share"] = 100 * false[here] / false.sum() if false.any() else np.nan
    table["marked"] = 100 * false[here] / pixels[here]
    return table.sort_values(
        "false_pixels", ascending=False, ignore_index=True, kind="stable"
    )


def error_map(predictions, packed: Packed, threshold: float = 0.5) -> np.ndarray:
    """Percent of the frames in which a pixel is falsely marked, HxW, NaN where never
    valid.

    predictions: what `evaluate` takes as a model. A frame counts at a pixel where that
    is valid and no blood.
    """
    found = marked(predictions, packed, threshold)
    false, known = (np.zeros(packed.valid.shape[1:], np.int64) for _ in range(2))
    for part, clean in _clean(packed):
        known += clean.sum(axis=0)
        false += (clean & found[part]).sum(axis=0)
    return np.divide(
        100.0 * false, known, out=np.full(known.shape, np.nan), where=known > 0
    )


def _clean(packed: Packed) -> Iterator[tuple[slice, np.ndarray]]:
    """Some frames at a time, and their pixels that are known to hold no blood."""
    for start in range(0, len(packed), CHUNK):
        part = slice(start, start + CHUNK)
        yield part, packed.valid[part] & ~packed.blood[part]


def oracle_division(table: pd.DataFrame) -> pd.DataFrame:
    """The Dice lost on each frame with blood, divided among what an oracle can repair.

    table: of `evaluate`. The oracle unmarks the surround, unmarks what is false in the
    view, or finds all blood; each is credited with what its repair adds, averaged over
    all six orders (Shapley). Gives subject, split, clip and frame where there are any,
    `dice`, and LOST: these three add up to 1 - dice exactly.
    """
    bloody = table[counts.has_blood(table)]

    def dice(repaired: frozenset) -> np.ndarray:
        tp, fn = bloody["tp"], bloody["fn"]
        if "missed blood" in repaired:
            tp, fn = tp + fn, 0 * fn
        fp = bloody["surround_fp"] * ("surround" not in repaired) + bloody[
            "view_fp"
        ] * ("false marks in the view" not in repaired)
        return counts.dice({"tp": tp, "fp": fp, "fn": fn}).to_numpy()

    shares = shapley(dice, LOST)
    kept = [name for name in ("split", "subject", "clip", "frame") if name in bloody]
    return bloody[kept].assign(
        dice=counts.dice(bloody), **{name: shares.loc[name].to_numpy() for name in LOST}
    )
