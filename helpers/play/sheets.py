"""Many small pictures as a few files: frames in one sheet, marks in another.

A sheet is a grid of tiles of one size. Frames are lossy WebP; marks are a palette PNG,
which keeps an edge an edge and a tile at a few hundred bytes.
"""

import base64
import io
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from helpers.figures import style

COLUMNS = 8
QUALITY = 60
# What a mark did, with its share of the colour in the mixture (figures.overlay).
MARKS = {
    "nothing": ("#000000", 0.0),
    "hit": (style.COLOURS["hit"], 0.65),
    "false alarm": (style.COLOURS["false alarm"], 0.65),
    "missed": (style.COLOURS["missed"], 0.65),
    "unknown": ("#000000", 0.67),
    "edge": (style.COLOURS["hit"], 1.0),
}


@dataclass
class Sheet:
    """Tiles in the order in which they came, each kept once.

    size: (height, width) of a tile in pixels.
    """

    size: tuple[int, int]
    tiles: list[np.ndarray] = field(default_factory=list)
    _places: dict[bytes, int] = field(default_factory=dict)

    def add(self, tile: np.ndarray) -> int:
        """The place of a tile in the sheet."""
        key = tile.tobytes()
        if key not in self._places:
            self._places[key] = len(self.tiles)
            self.tiles.append(tile)
        return self._places[key]

    def whole(self) -> np.ndarray:
        """All tiles as one array, `columns` a row."""
        high, wide = self.size
        rows = -(-len(self.tiles) // self.columns)
        shape = (rows * high, self.columns * wide, *self.tiles[0].shape[2:])
        made = np.zeros(shape, np.uint8)
        for place, tile in enumerate(self.tiles):
            y, x = divmod(place, self.columns)
            made[y * high : (y + 1) * high, x * wide : (x + 1) * wide] = tile
        return made

    @property
    def columns(self) -> int:
        """How many tiles stand side by side."""
        return min(COLUMNS, len(self.tiles))


def enlarged(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask (bool HxW) at another size, with a smooth edge instead of steps."""
    times = size[1] / mask.shape[1]
    grown = cv2.resize(
        mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_NEAREST
    )
    # So little that a single pixel stays.
    grown = cv2.GaussianBlur(grown, (0, 0), 0.4 * times) if times > 1 else grown
    return grown > 0.5


def marks(
    blood: np.ndarray,
    valid: np.ndarray,
    found: np.ndarray | None,
    size: tuple[int, int],
) -> np.ndarray:
    """What a prediction did to each pixel, as places in MARKS (uint8, of `size`).

    Without a prediction, the label's edge. blood, valid, found: bool HxW.
    """
    blood, known = enlarged(blood & valid, size), enlarged(valid, size)
    made = np.zeros(size, np.uint8)
    if found is None:
        around = cv2.dilate(blood.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        made[around & ~blood] = 5
    else:
        found = enlarged(found & valid, size)
        for place, where in (
            (1, found & blood),
            (2, found & ~blood),
            (3, blood & ~found),
        ):
            made[where] = place
    made[~known] = 4
    return made


def as_webp(picture: np.ndarray) -> str:
    """A picture (HxWx3 uint8) as the address of a WebP that holds it."""
    return _address(Image.fromarray(picture), "webp", quality=QUALITY, method=6)


def as_png(places: np.ndarray) -> str:
    """Places in MARKS (uint8 HxW) as the address of a palette PNG that holds them."""
    image = Image.fromarray(places, "P")
    colours = [tuple(bytes.fromhex(colour[1:])) for colour, _ in MARKS.values()]
    image.putpalette([part for colour in colours for part in colour])
    shares = bytes(round(255 * share) for _, share in MARKS.values())
    return _address(image, "png", optimize=True, transparency=shares)


def blended(picture: np.ndarray, places: np.ndarray | None) -> np.ndarray:
    """A picture with its marks on it, at the marks' size."""
    if places is None:
        return picture
    large = cv2.resize(picture, places.shape[::-1], interpolation=cv2.INTER_CUBIC)
    colours = np.array([list(bytes.fromhex(one[1:])) for one, _ in MARKS.values()])
    shares = np.array([share for _, share in MARKS.values()])[places][..., None]
    return np.rint((1 - shares) * large + shares * colours[places]).astype(np.uint8)


def _address(image: Image.Image, kind: str, **how) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
