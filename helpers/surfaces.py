"""How well the outline of the prediction follows the outline of the blood, in pixels.

A surface lies where blood meets a valid pixel that isn't blood: the surface pixels are
those of the mask with such a neighbour above, below, left or right. Where a mask meets
an invalid pixel or the edge of the frame, nobody knows how the blood goes on, and there
is no surface. So the rim of an unlabelled region or of the padding is never an outline,
neither a missed nor a found one, and padding a frame changes nothing.

Distances are SciPy's. Where all pixels are valid and the masks keep off the frame's
edge, the measures equal MONAI's; at the edge MONAI sees a surface, and agreement where
prediction and blood reach it together.
"""

import numpy as np
from scipy.ndimage import binary_dilation, distance_transform_edt

from helpers.counts import as_frames
from helpers.errors import CourseError


def surface(mask: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The surface of one mask, bool HxW: its pixels that touch a valid pixel outside it
    by a side.
    """
    return mask & valid & binary_dilation(valid & ~mask)


def nsd(
    prediction: np.ndarray,
    blood: np.ndarray,
    valid: np.ndarray | None = None,
    tolerance: float = 2,
) -> np.ndarray:
    """Normalised surface Dice: the share of both surfaces that lies within the
    tolerance of the other one.

    prediction, blood, valid: bool HxW or NxHxW, as for counts.count. tolerance: in
    pixels, included. Returns N floats from 0 to 1, NaN where neither mask has a
    surface; a surface without a counterpart is all missed, so that blood without
    prediction gives 0. Like Dice it means something only on frames with blood. Source:
    Nikolov et al. (2021), J. Med. Internet Res. 23(7): e26151, with pixels counted as
    MONAI counts them. CourseError as for counts.count, and for a negative tolerance.
    """
    if not tolerance >= 0:
        raise CourseError(
            f"The tolerance is {tolerance}; give the distance in pixels that still "
            "counts as agreement."
        )
    values = []
    for there, back in _distances(prediction, blood, valid):
        both = np.concatenate([there, back])
        values.append((both <= tolerance).mean() if len(both) else np.nan)
    return np.array(values)


def hd95(
    prediction: np.ndarray, blood: np.ndarray, valid: np.ndarray | None = None
) -> np.ndarray:
    """95th-percentile Hausdorff distance in pixels: the larger of the two directions'
    95th percentiles.

    Arguments and errors as for nsd. Returns N floats, NaN where either mask has no
    surface (MONAI gives infinity where one is missing): no distance leads to nothing,
    so read it beside the number of frames that have none.
    """
    values = []
    for there, back in _distances(prediction, blood, valid):
        defined = (
            np.isfinite(there).all()
            and np.isfinite(back).all()
            and len(there)
            and len(back)
        )
        values.append(
            max(np.percentile(there, 95), np.percentile(back, 95))
            if defined
            else np.nan
        )
    return np.array(values, float)


def _distances(prediction, blood, valid):
    """Per frame the distances from each surface pixel of one mask to the other mask's
    surface, both ways.
    """
    for p, b, v in zip(*as_frames(prediction, blood, valid)):
        ours, theirs = surface(p, v), surface(b, v)
        # A transform without a single zero to measure from gives arbitrary numbers
        # rather than infinity.
        yield tuple(
            distance_transform_edt(~other)[one]
            if other.any()
            else np.full(one.sum(), np.inf)
            for one, other in ((ours, theirs), (theirs, ours))
        )
