"""Pixels from files: frames as RGB, masks as the numbers they were stored with."""

import io
import warnings

import numpy as np
from PIL import Image

from helpers.errors import CourseError
from helpers.frames.archives import read_bytes
from helpers.frames.bad import SKIP, named

# Pillow's modes with 8 bits a channel. Others (16 bits, floating point) convert to RGB
# by clipping.
_EIGHT_BITS = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}


def rgb(address: str, formats: tuple[str, ...] = ("PNG",)) -> np.ndarray:
    """The frame at an address (path, or "PATH.zip!member") as uint8 HxWx3 RGB; an alpha
    channel is dropped.

    Raises CourseError when it is missing, truncated, in another format or deeper than 8
    bits.
    """
    picture = _decoded(address, formats)
    if picture.mode not in _EIGHT_BITS:
        raise CourseError(
            f"{named(address)} has more than 8 bits a channel ({picture.mode}): "
            f"save it as 8-bit RGB, or {SKIP}."
        )
    return np.asarray(picture.convert("RGB"))


def values(address: str) -> np.ndarray:
    """The mask at an address as it was stored: HxW numbers, or HxWxC where it has
    colours.

    The palette of a palette PNG is left alone: its indices are the labels (HemoSet's
    are 0 and 1), and expanding it would turn label 1 into whatever colour somebody
    chose for it.
    """
    picture = _decoded(address, ("PNG",))
    array = np.asarray(picture)
    return array[..., :-1] if picture.mode in ("LA", "PA", "RGBA") else array


def above_zero(address: str) -> np.ndarray:
    """The mask at an address as bool HxW: True where any of its stored values is above
    0.
    """
    array = values(address) > 0
    return array.any(axis=2) if array.ndim == 3 else array


def _decoded(address: str, formats: tuple[str, ...]) -> Image.Image:
    data = read_bytes(address)
    wanted = " or ".join(formats)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Loading alone misses some damage; verify checks the checksum of every
            # part.
            Image.open(io.BytesIO(data), formats=formats).verify()
            picture = Image.open(io.BytesIO(data), formats=formats)
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CourseError(
            f"{named(address)} claims to be too large for a frame: save it again as "
            f"{wanted}, or {SKIP}."
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
