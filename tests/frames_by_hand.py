"""Tiny data sets in the released layouts, written without the course's own code."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from helpers import CourseError, frames

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "real"
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason="the real frames are not on this machine"
)

SIZE = (12, 16)  # of every frame here

# (grey in the watershed mask, colour in the colour mask) of four classes, and of what has none
LIVER, BLOOD, GUT = (21, (255, 114, 114)), (24, (255, 0, 0)), (13, (231, 70, 156))
SURROUND, BORDER = (50, (127, 127, 127)), (255, (255, 255, 255))
KINDS = [LIVER, BLOOD, GUT, SURROUND, BORDER, (0, BORDER[1])]


def png(array: np.ndarray, palette: list[int] | None = None, form="PNG") -> bytes:
    picture = Image.fromarray(array)
    if palette is not None:
        picture.putpalette(palette)
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()


def image(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def blood_mask(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return (np.random.default_rng(seed + 1000).random(size) < 0.3).astype(np.uint8)


def palette_png(mask: np.ndarray) -> bytes:
    return png(mask, [0, 0, 0, 128, 0, 0])


def write_pig(
    pig: Path, numbers: list[int], seed=0, unpacked=False, junk=False
) -> None:
    """One pig of HemoSet: imgs.zip and labels.zip, or the same unpacked in place."""
    pig.mkdir(parents=True, exist_ok=True)
    masks = {n: palette_png(blood_mask(seed + n)) for n in numbers}
    sides = {
        "imgs": {f"imgs/{n:06d}.png": png(image(seed + n)) for n in numbers},
        "labels": {f"labels/{n:06d}_mask.png": masks[n] for n in numbers},
    }
    for side, content in sides.items():
        for name in (".DS_Store", "._000000_mask.png", "Thumbs.db") if junk else ():
            content |= {f"{side}/{name}": b"x", f"__MACOSX/{side}/{name}": b"fork"}
        write_zip(pig / f"{side}.zip", content)
        if unpacked:
            with zipfile.ZipFile(pig / f"{side}.zip") as archive:
                archive.extractall(pig)
            (pig / f"{side}.zip").unlink()


def write_zip(path: Path, content: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


def cholec_labels(seed: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Which of KINDS each pixel is: a border, some unlabelled pixels, some blood."""
    kinds = np.random.default_rng(seed + 2000).integers(0, 4, size)
    kinds[3, 4:7] = 5
    kinds[[0, -1]] = 4
    kinds[:, [0, -1]] = 4
    return kinds


def write_cholec(
    folder: Path, video: str, clip: int, number: int, **instead: bytes
) -> Path:
    """One frame of CholecSeg8k; instead: other bytes for "endo", "watershed" or
    "color", b"" for none."""
    labels = cholec_labels(number)
    greys, colours = (np.array(part, np.uint8)[labels] for part in zip(*KINDS))
    place = folder / video / f"{video}_{clip:05d}"
    place.mkdir(parents=True, exist_ok=True)
    parts = {
        "": png(image(number, labels.shape)),
        "_watershed_mask": png(np.dstack([greys] * 3)),
        "_color_mask": png(colours),
        "_mask": b"sparse strokes that nobody should open",
    }
    for part, data in parts.items():
        name = part.strip("_").removesuffix("_mask") or "endo"
        if data := instead.get(name, data):
            (place / f"frame_{number}_endo{part}.png").write_bytes(data)
    return place


def write_own(
    folder: Path, names: list[str], suffix: str = "", size: tuple[int, int] = SIZE
) -> Path:
    """images/NAME.png and masks/NAME<suffix>.png (black and white, 0 and 255)."""
    for seed, name in enumerate(names):
        for side, data in (
            ("images", png(image(seed, size))),
            ("masks", png(blood_mask(seed, size) * 255)),
        ):
            path = folder / side / f"{name}{suffix if side == 'masks' else ''}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def sentence_of(call, *named: str) -> str:
    """The one sentence that a call ends in; it must be one, and contain each of the words named."""
    with pytest.raises(CourseError) as caught:
        call()
    return one_sentence(str(caught.value), *named)


def one_sentence(text: str, *named: str) -> str:
    assert (
        "\n" not in text
        and text.endswith(".")
        and not text.endswith("..")
        and ". " not in text
    ), text
    for word in named:
        assert word in text, f"'{word}' is not in: {text}"
    return text


def packed(found: pd.DataFrame, store: Path, on_bad: str = "stop", size=SIZE):
    """Packed into a store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(store))
        return frames.pack(found, size, on_bad=on_bad)


def stops_and_skips(folder: Path, *named: str, left: int) -> str:
    """Index and pack stop with one sentence; with "skip" it is kept, and `left` frames remain."""

    def pack(on_bad):
        found = frames.index(folder, on_bad=on_bad)
        one = packed(found.table, folder.parent / f"store {folder.name}", on_bad)
        return one, found.skipped + one.skipped

    sentence = sentence_of(lambda: pack("stop"), *named, 'on_bad="skip"')
    left_over, skipped = pack("skip")
    assert sentence in skipped
    assert len(left_over) == len(left_over.table) == len(left_over.images) == left
    for each in skipped:
        one_sentence(each)
    # Found in the store, it is still bad.
    assert sentence_of(lambda: pack("stop")) == sentence
    return sentence
