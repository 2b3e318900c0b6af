"""Can this be a mask of blood? Judged on masks of one's own, where nobody knows what
they were exported from.

A mask of blood has two values, 0 and one other. What else people have (classes, blurred
edges, probabilities, a mask in the alpha channel, an inverted one) would be read as
blood nearly everywhere, and every number after it would be wrong. So each ends in a
sentence with the likeliest mistakes.
"""

import numpy as np
import pandas as pd

from helpers.errors import CourseError
from helpers.frames.bad import SKIP, named, printable
from helpers.frames.png import stored

MOST_MARKED = 0.5
"""The share of a data set's typical (median) frame above which its masks are taken for
inverted ones. Blood covers 5 to 7 % of the published data sets' frames where there is
any.
"""

_SHOWN = 4  # values that a sentence lists
_PHOTOGRAPH = 16  # more colours than this are no mask's


def blood(mask: str, image: np.ndarray) -> np.ndarray:
    """The mask at an address as bool HxW, True where it marks blood.

    image: its frame, uint8 HxWx3, only looked at to tell two mixed-up files. Raises
    CourseError when the mask can't be one of blood.
    """
    colours, alpha = stored(mask)
    codes = _codes(colours)
    values = _distinct(codes)
    name = named(mask)
    transparent = alpha is not None and alpha.min() != alpha.max()
    if transparent and len(values) == 1:
        raise CourseError(
            f"{name} has its mask in the alpha channel, all colours are the same: save "
            "the alpha channel as a grey PNG of 0 and 255, or, if nothing was meant by "
            f"it, save the mask without one, or {SKIP}."
        )
    if len(values) > _PHOTOGRAPH and len(_distinct(_codes(image))) <= 2:
        raise CourseError(
            f"{name} has {len(values)} colours and its image at most two, so the two "
            "are probably swapped: put photographs into images/ and masks into "
            f"masks/, or {SKIP}."
        )
    if len(values) > 2:
        raise CourseError(
            f"{name} has {len(values)} values ({_listed(values, colours)}) where a "
            "mask of blood has two, 0 and one other: if they are blurred edges or "
            "probabilities, threshold at half and save that as PNG, if they are "
            f"classes, save a mask of the blood alone, or {SKIP}."
        )
    if len(values) == 2 and values[0] != 0:
        raise CourseError(
            f"{name} has the values {_listed(values, colours)} and no 0, which is what "
            "is not blood: if they number classes or are the colours of a drawing, "
            "save 0 for what is not blood and 255 for blood, if the mask was added to "
            f"the image, save the mask alone, or {SKIP}."
        )
    marked = codes != 0
    if marked.all():
        raise CourseError(
            f"{name} marks the whole frame (every pixel is "
            f"{_listed(values, colours)}): if it is inverted, swap its two values, if "
            f"the label was lost when it was saved, save it again, or {SKIP}."
        )
    if transparent and ((alpha > 0) != marked).any():
        raise CourseError(
            f"{name} marks other pixels by its alpha channel than by its colours: save "
            "the one that is meant as a grey PNG of 0 and 255, without an alpha "
            f"channel, or {SKIP}."
        )
    return marked


def judge(table: pd.DataFrame, marked: np.ndarray) -> None:
    """Raises CourseError when the masks of a whole data set are probably inverted.

    table: the frames' rows, all of one data set. marked: which share of each frame is
    marked, NaN where nothing is known.
    """
    known = np.flatnonzero(~np.isnan(marked))
    if not len(known) or np.median(marked[known]) <= MOST_MARKED:
        return
    most = known[np.argmax(marked[known])]
    raise CourseError(
        f"{printable(table['dataset'].iloc[0])} marks {np.median(marked[known]):.0%} "
        f"of its typical frame as blood (most in "
        f"{named(table['mask'].iloc[most])}, {marked[most]:.0%}): if the masks are "
        "inverted, swap their two values, if they mark something else than blood, "
        "give masks of the blood alone."
    )


def _codes(colours: np.ndarray) -> np.ndarray:
    """One whole number for each pixel, 0 only where every channel is 0."""
    if colours.ndim == 2:
        return colours.astype(np.uint8) if colours.dtype == bool else colours
    codes = np.zeros(colours.shape[:2], np.uint32)
    for channel in np.moveaxis(colours, 2, 0):
        codes = (codes << np.uint32(8)) | channel
    return codes


def _distinct(codes: np.ndarray) -> np.ndarray:
    """The different numbers among codes, in rising order; a mask's two in one pass,
    without sorting."""
    found = []
    rest = codes.ravel()
    while rest.size and len(found) < 3:
        found.append(rest[0])
        rest = rest[rest != rest[0]]
    return np.unique(np.concatenate([np.array(found, codes.dtype), rest]))


def _listed(values: np.ndarray, colours: np.ndarray) -> str:
    channels = 1 if colours.ndim == 2 else colours.shape[2]
    words = []
    for value in values[:_SHOWN].tolist():
        parts = [value >> 8 * place & 255 for place in reversed(range(channels))]
        grey = channels == 1 or len(set(parts)) == 1
        words.append(
            str(value if channels == 1 else parts[0] if grey else tuple(parts))
        )
    if len(values) > _SHOWN:
        return ", ".join([*words, "..."])
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
