"""Pixels from files: frames as RGB, masks as the numbers they were stored with."""

import io
import threading
import warnings
import zlib

import cv2
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
_PNG = b"\x89PNG\r\n\x1a\n"
# Of 8-bit RGB: depth, colour type, compression, filter, interlacing.
_PLAIN = bytes([8, 2, 0, 0, 0])
# Parts of a PNG by which OpenCV might show another picture than Pillow: a rotation, and
# an animation.
_TURNS = {b"eXIf", b"acTL"}
# Filters of warnings belong to the whole process, and frames are read in threads.
_alone = threading.Lock()


def rgb(address: str, formats: tuple[str, ...] = ("PNG",)) -> np.ndarray:
    """The frame at an address (path, or "PATH.zip!member") as uint8 HxWx3 RGB; an alpha
    channel is dropped.

    Raises CourseError when it is missing, truncated, in another format, deeper than 8
    bits or larger than LARGEST_SIDE and LARGEST_AREA.
    """
    data = read_bytes(address)
    if "PNG" in formats and (quick := _plain_rgb(data)) is not None:
        return quick
    picture = _decoded(address, data, formats)
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


def _plain_rgb(data: bytes) -> np.ndarray | None:
    """A whole and plain 8-bit RGB PNG, by OpenCV, which takes less time than Pillow;
    None for anything else, so that Pillow reads it or the sentence is found.

    OpenCV looks at no checksum but that of the pixels; so all are checked here first.
    """
    if not data.startswith(_PNG) or data[24:29] != _PLAIN:
        return None
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_AREA:
        return None
    view, at, kind = memoryview(data), len(_PNG), b""
    while kind != b"IEND":
        end = at + 8 + int.from_bytes(view[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        checksum = int.from_bytes(view[end : end + 4], "big")
        if (
            end + 4 > len(data)
            or kind in _TURNS
            or zlib.crc32(view[at + 4 : end]) != checksum
        ):
            return None
        at = end + 4
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None


def _decoded(address: str, data: bytes, formats: tuple[str, ...]) -> Image.Image:
    wanted = " or ".join(formats)
    try:
        # Opening reads the header only, so a size is known before it costs memory.
        with _alone, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=formats)
        width, height = picture.size
        if max(width, height) > LARGEST_SIDE or width * height > LARGEST_AREA:
            raise Image.DecompressionBombError
        # Loading alone misses some damage; verify checks the checksum of every part.
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
