"""What of a frame shows something: the view, and the black surround of a round one.

>>> import numpy as np
>>> image = np.pad(np.full((4, 4, 3), 0.5, np.float32), ((1, 1), (1, 1), (0, 0)))
>>> int(visible(image, np.ones((6, 6), bool)).sum())
16
"""

import cv2
import numpy as np

from helpers import store
from helpers.frames import Packed

SURROUND = 12 / 255  # a surround is black but for compression's traces


def visible(image: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The pixels that show something (bool HxW): not padding, and not the black
    surround of a round view.

    image: HxWx3, float in 0..1 or uint8. The surround is what is black, or not valid,
    and reaches the frame's edge.
    """
    red, green, blue = cv2.split(image)
    brightest = cv2.max(cv2.max(red, green), blue)
    # Levels of 0 to 255 against a threshold of 0 to 1 would find no surround at all.
    darkest = SURROUND * (255 if image.dtype == np.uint8 else 1)
    return _inside(brightest <= darkest, valid)


def views(images: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """`visible` of N frames: bool NxHxW from images (uint8 NxHxWx3) and valid
    (NxHxW)."""
    seen = np.empty(valid.shape, bool)
    for place, (image, known) in enumerate(zip(images, valid, strict=True)):
        seen[place] = _inside(image.max(axis=2) <= round(255 * SURROUND), known)
    return seen


def view_of(packed: Packed) -> np.ndarray:
    """`visible` of packed frames (bool NxHxW), found once and kept in the store."""
    return store.keep(
        "views",
        dict(frames=packed.digest),
        lambda: views(packed.images, packed.valid),
        lambda seen, folder: np.save(folder / "views.npy", seen),
        lambda folder: np.load(folder / "views.npy", mmap_mode="r"),
    )


def _inside(black: np.ndarray, valid: np.ndarray) -> np.ndarray:
    dark = (black | ~valid).astype(np.uint8)
    count, parts = cv2.connectedComponents(dark, connectivity=4)
    edge = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    reaches = np.zeros(count, bool)
    reaches[edge] = True
    reaches[0] = False  # what is not dark
    return ~reaches[parts]
