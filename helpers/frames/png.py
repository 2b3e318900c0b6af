"""Pixels from files: frames as RGB, masks as the numbers they were stored with."""

import io
import warnings

import numpy as np
from PIL import Image

from helpers.errors import CourseError
from helpers.frames.archives import read_bytes
from helpers.frames.bad import SKIP, named

LARGEST_SIDE, LARGEST_AREA = 2**14, 2**26
"""Pixels of the largest picture that is decoded: twice the 8K of the largest cameras.
"""

# Pillow's modes with 8 bits a channel. Others (16 bits, floating point) convert to RGB
# by clipping.
_EIGHT_BITS = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}
_WITH_ALPHA = {"LA", "PA", "RGBA"}
_JPEG = b"\xff\xd8\xff"


def rgb(address: str, formats: tuple[str, ...] = ("PNG",)) -> np.ndarray:
    """The frame at an address (path, or "PATH.zip!member") as uint8 HxWx3 RGB; an alpha
    channel is dropped.

    Raises CourseError when it is missing, truncated, in another format, deeper than 8
    bits or larger than LARGEST_SIDE and LARGEST_AREA.
    """
    picture = _decoded(address, read_bytes(address), formats)
    if picture.mode not in _EIGHT_BITS:
        raise CourseError(
            f"{named(address)} has more than 8 bits a channel ({picture.mode}): "
            f"save it as 8-bit RGB, or {SKIP}."
        )
    return np.asarray(picture.convert("RGB"))


def stored(address: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The mask at an address as it was stored: HxW numbers, or HxWxC where it has
    colours, and its alpha channel (HxW) or None.

    The palette of a palette PNG is left alone: its indices are the labels (HemoSet's
    are 0 and 1), and expanding it would turn label 1 into whatever colour somebody
    chose for it.
    """
    data = read_bytes(address)
    if data.startswith(_JPEG):
        raise CourseError(
            f"{named(address)} is a JPEG, which blurs a mask's edges into other "
            "values: draw it from the original labels, or threshold it at half, then "
            f"save that as PNG, or {SKIP}."
        )
    picture = _decoded(address, data, ("PNG",))
    array = np.asarray(picture)
    if picture.mode in _WITH_ALPHA:
        return array[..., :-1], array[..., -1]
    return array, None


def above_zero(address: str) -> np.ndarray:
    """The mask at an address as bool HxW: True where any of its stored values is above
    0.
    """
    array = stored(address)[0] > 0
    return array.any(axis=2) if array.ndim == 3 else array


def _decoded(address: str, data: bytes, formats: tuple[str, ...]) -> Image.Image:
    wanted = " or ".join(formats)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Opening reads the header only, so a size is known before it costs memory.
            picture = Image.open(io.BytesIO(data), formats=formats)
            width, height = picture.size
            if max(width, height) > LARGEST_SIDE or width * height > LARGEST_AREA:
                raise Image.DecompressionBombError
            # Loading alone misses some damage; verify checks the checksum of every
            # part.
            picture.verify()
            picture = Image.open(io.BytesIO(data), formats=formats)
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CourseError(
            f"{named(address)} claims to be too large for a frame (at most "
            f"{LARGEST_SIDE} pixels a side and {LARGEST_AREA / 1e6:.0f} million in "
            f"all): save it again as {wanted}, or {SKIP}."
        ) from error
    except Image.UnidentifiedImageError as error:
        raise CourseError(
            f"{named(address)} is not a {wanted} file: save it as {wanted}, or {SKIP}."
        ) from error
    except (
        Exception
    ) as error:  # a damaged file ends in one of many errors of Pillow's and zlib's
        raise CourseError(
            f"{named(address)} is truncated or damaged: download it again, or {SKIP}."
        ) from error
    return picture
