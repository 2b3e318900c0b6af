"""From a row of the frame table to pixels: (image, blood, valid, classes). What can't
be read, or can't be a mask of blood, is a BadFrame.

CLASSES of CholecSeg8k: Hong et al., arXiv 2012.12453, whose "#242424"-style codes are
to be read as decimal: blood is grey 24, not 0x24 = 36.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from helpers import CourseError, words


class ClassEntry(NamedTuple):
    """A class: its id and name, its RGB in the colour mask, its grey in the watershed
    mask."""

    id: int
    name: str
    rgb: tuple[int, int, int]
    grey: int


CLASSES = (
    ClassEntry(0, "Black Background", (127, 127, 127), 50),
    ClassEntry(1, "Abdominal Wall", (210, 140, 140), 11),
    ClassEntry(2, "Liver", (255, 114, 114), 21),
    ClassEntry(3, "Gastrointestinal Tract", (231, 70, 156), 13),
    ClassEntry(4, "Fat", (186, 183, 75), 12),
    ClassEntry(5, "Grasper", (170, 255, 0), 31),
    ClassEntry(6, "Connective Tissue", (255, 85, 0), 23),
    ClassEntry(7, "Blood", (255, 0, 0), 24),
    ClassEntry(8, "Cystic Duct", (255, 255, 0), 25),
    ClassEntry(9, "L-hook Electrocautery", (169, 255, 184), 32),
    ClassEntry(10, "Gallbladder", (255, 160, 165), 22),
    ClassEntry(11, "Hepatic Vein", (0, 50, 128), 33),
    ClassEntry(12, "Liver Ligament", (111, 74, 0), 5),
)
BLOOD = 7
UNKNOWN = 255
"""The class id of a pixel that the label says nothing about: white in the colour mask,
grey 255 (a border of one pixel) or 0 (unlabelled) in the watershed mask."""

MOST_PIXELS = 2**26
"""Of the largest picture that is decoded: twice the 8K of the largest cameras."""

# Pillow's modes with 8 bits a channel. Others (16 bits, floating point) convert to RGB
# by clipping.
_EIGHT_BITS = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}


class BadFrame(CourseError):
    """What is wrong with one frame, and how to mend it; or else it can be left out."""

    def __init__(self, said: str) -> None:
        skip = 'leave such frames out with ON_BAD=skip (in a notebook on_bad="skip")'
        super().__init__(words.text(f"{said}, or {skip}."))


def split_address(address: str) -> tuple[str, str]:
    """("a/b.zip", "c/d.png") of "a/b.zip!c/d.png", (address, "") of a plain path."""
    before, mark, member = address.rpartition(".zip!")
    return (before + ".zip", member) if mark else (address, "")


def named(address: object) -> str:
    """An address as a sentence names it: the last three parts of its path, a zip's
    member in full.
    """
    disk, member = split_address(str(address))
    shown = "/".join(PurePath(disk).parts[-3:])
    return words.printable(f"{shown}!{member}" if member else shown)


def read(row: Mapping[str, str]) -> tuple[np.ndarray, ...]:
    """One frame: image uint8 HxWx3 RGB, blood bool HxW, valid bool HxW (False where the
    label is unknown), classes uint8 HxW (UNKNOWN where the label has none).

    row: of the frame table. Raises BadFrame when a file is missing or damaged, image
    and mask differ in size, or the mask can't be one.
    """
    dataset, mask, image = row["dataset"], row["mask"], rgb(row["image"])
    if dataset == "cholecseg8k":
        classes = _classes(mask)
        blood, valid = classes == BLOOD, classes != UNKNOWN
    else:
        blood = _blood(mask, own=dataset != "hemoset")
        valid, classes = np.ones_like(blood), np.full(blood.shape, UNKNOWN, np.uint8)
    _check_size(row["image"], image, mask, blood)
    return image, blood, valid, classes


def _check_size(
    address: str, array: np.ndarray, other: str, array_of_other: np.ndarray
) -> None:
    sizes = [f"{one.shape[1]}x{one.shape[0]}" for one in (array, array_of_other)]
    if sizes[0] != sizes[1]:
        raise BadFrame(
            f"{named(address)} is {sizes[0]} but {named(other)} is {sizes[1]}: give "
            "both the same size, or download both again"
        )


def rgb(address: str) -> np.ndarray:
    """The picture at an address (path, or "PATH.zip!member") as uint8 HxWx3 RGB; an
    alpha channel is dropped.

    Raises BadFrame when it can't be had or has more than 8 bits a channel.
    """
    picture = _decoded(address)
    if picture.mode not in _EIGHT_BITS:
        raise BadFrame(
            f"{named(address)} has more than 8 bits a channel ({picture.mode}): save "
            "it as 8-bit RGB"
        )
    return np.asarray(picture.convert("RGB"))


def _decoded(address: str) -> Image.Image:
    name, (disk, member) = named(address), split_address(address)
    try:
        if member:
            with zipfile.ZipFile(disk) as opened:
                data = opened.read(member)
        else:
            data = Path(disk).read_bytes()
        # Loading alone misses some damage: verify looks at each part's checksum.
        for check in ("verify", "load"):
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
            # Only the head is read yet, so a size is known before it costs memory.
            if picture.width * picture.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            getattr(picture, check)()
    except Exception as error:  # a damaged file or zip ends in one of many errors
        cause = (str(error) or type(error).__name__).rstrip(".")
        said = f"is damaged, gone or can't be opened ({cause}): download it again"
        said += ", or unpack its zip where it stands" * bool(member)
        if isinstance(error, Image.UnidentifiedImageError):
            said = "is not a PNG or JPEG file: save it as PNG"
        elif isinstance(error, Image.DecompressionBombError):
            said = f"is larger than {MOST_PIXELS / 1e6:.0f} million pixels, too large "
            said += "for a frame: save the frame alone"
        raise BadFrame(f"{name} {said}") from error
    return picture


def _blood(mask: str, own: bool) -> np.ndarray:
    """The mask at an address as bool HxW, True where it marks blood; BadFrame when it
    can't be one of blood.

    Nobody knows what one's own masks were exported from, and classes, blurred edges,
    probabilities or an inverted mask would be read as blood nearly everywhere. So a
    mask of one's own has two values, 0 and one other.
    """
    picture = _decoded(mask)
    if picture.format == "JPEG":
        raise BadFrame(
            f"{named(mask)} is a JPEG, which blurs a mask's edges into other values: "
            "draw it from the original labels, or threshold it at half, then save that "
            "as PNG"
        )
    # As it was stored: a palette's indices are the labels (HemoSet's are 0 and 1), and
    # their colours are whatever somebody chose.
    stored = np.atleast_3d(picture)
    if picture.mode in ("LA", "PA", "RGBA"):
        stored = stored[..., :-1]
    blood = (stored > 0).any(axis=2)
    if not own:
        return blood
    # A pixel's channels as one number.
    codes = stored @ (256 ** np.arange(stored.shape[2])[::-1])
    values, places = np.unique(codes, return_index=True)
    if len(values) > 2 or values[0] != 0:
        pixels = stored.reshape(-1, stored.shape[2])[places[:4]].tolist()
        shown = [str(one[0] if len({*one}) == 1 else (*one,)) for one in pixels]
        raise BadFrame(
            f"{named(mask)} has {len(values)} values (first {', '.join(shown)}) where "
            "a mask of blood has two, 0 and one other: threshold blurred edges or "
            "probabilities at half, save of classes the blood alone, and look whether "
            "it is inverted or swapped with its image"
        )
    return blood


# Grey -> class id, and grey -> the colour to be found in the colour mask (-1: none).
_ID_OF, _COLOUR_OF = np.zeros(256, np.uint8), np.full((256, 3), -1, np.int16)
for _entry in CLASSES:
    _ID_OF[_entry.grey], _COLOUR_OF[_entry.grey] = _entry.id, _entry.rgb
_ID_OF[[0, 255]], _COLOUR_OF[[0, 255]] = UNKNOWN, 255


def colour_mask(mask: str) -> str:
    """The address of the colour mask that goes with a watershed mask."""
    return re.sub(r"_watershed_mask(?=\.png$)", "_color_mask", mask, flags=re.I)


def _classes(mask: str) -> np.ndarray:
    """The class of each pixel, uint8 HxW, UNKNOWN where the label says nothing.

    mask: the address of the watershed mask. Raises BadFrame when a value belongs to no
    class, and when watershed and colour mask disagree on any pixel. The third mask of
    the release, _endo_mask.png, has sparse strokes and isn't used.
    """
    stored, colour = rgb(mask), rgb(colour_mask(mask))
    _check_size(mask, stored, colour_mask(mask), colour)
    grey = stored[..., 0]
    differs = (stored != grey[..., None]) | (colour != _COLOUR_OF[grey])
    wrong = differs.any(axis=2)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        found = [(*one[row, column].tolist(),) for one in (stored, colour)]
        raise BadFrame(
            f"{named(mask)} and its colour mask disagree, or name no class, on "
            f"{wrong.sum()} pixels (row {row}, column {column}: value {found[0]} and "
            f"colour {found[1]}): download both again"
        )
    return _ID_OF[grey]


def fit(image, blood, valid, classes, size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """(image, blood, valid, classes, fill) at size (h, w), each `fitted`.

    The padding is fill (bool HxW): it is not valid, since it is no part of the frame
    and counts in no evaluation, but it is known to hold no blood, and training says so.
    """
    nearest = cv2.INTER_NEAREST_EXACT
    return (
        fitted(image, size),
        *(fitted(one, size, False, nearest) for one in (blood, valid)),
        fitted(classes, size, UNKNOWN, nearest),
        ~fitted(np.ones_like(blood), size, False, nearest),
    )


def fitted(
    array: np.ndarray,
    size: tuple[int, int],
    padding: int = 0,
    method: int | None = None,
) -> np.ndarray:
    """An image or a label (HxW or HxWx3) as a whole in the middle of a canvas of size
    (h, w), padded around, its aspect kept.

    An image that shrinks is averaged over area, so that thin structures don't alias;
    one that grows is interpolated. A label takes the label at its pixel's centre
    (method "nearest exact"): that leaves the expected coverage alone, where a majority
    vote would wipe out small pools, and doesn't shift labels by up to half a pixel
    against the image as plain nearest (which rounds down) does.
    """
    full = array.shape[:2]
    scale = min(size[0] / full[0], size[1] / full[1])
    high, wide = (max(1, round(side * scale)) for side in full)
    top, left = (size[0] - high) // 2, (size[1] - wide) // 2
    values = array.astype(np.uint8)
    if (high, wide) != full:
        if method is None:
            shrinks = high <= full[0] and wide <= full[1]
            method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        values = cv2.resize(values, (wide, high), interpolation=method)
    canvas = np.full((*size, *array.shape[2:]), padding, array.dtype)
    canvas[top : top + high, left : left + wide] = values
    return canvas
