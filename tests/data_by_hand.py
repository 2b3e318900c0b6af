"""Data as people bring it, made from drawn frames: released layouts with and without
blood, folders of one's own, and folders in which every frame bleeds."""

from pathlib import Path

import cv2
import numpy as np

import phantom
from helpers import frames

SIZE = (48, 64)


def released(folder: Path, n_frames: int = 24) -> Path:
    """HemoSet's and CholecSeg8k's layouts, standing for the real ones."""
    phantom.write_hemoset(folder / "hemoset", n_frames=n_frames, size=SIZE)
    phantom.write_cholecseg8k(folder / "cholecseg8k", n_frames=n_frames, size=(48, 85))
    return folder


def without_blood(cholecseg8k: Path) -> Path:
    """CholecSeg8k as it is without video01: what was blood is liver now."""
    blood, liver = frames.CLASSES[7], frames.CLASSES[2]
    for path in sorted(cholecseg8k.rglob("*_mask.png")):
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if path.name.endswith("watershed_mask.png"):
            mask[(mask == blood.grey).all(axis=-1)] = liver.grey
        elif path.name.endswith("color_mask.png"):
            was, now = (np.array(one.rgb[::-1]) for one in (blood, liver))
            mask[(mask == was).all(axis=-1)] = now
        cv2.imwrite(str(path), mask)
    return cholecseg8k


def own(folder: Path, layout: Path, bleeding: bool) -> Path:
    """Frames of a released layout as images/, masks/ and subjects.csv; bleeding: only
    those with blood are kept, as most data sets do."""
    for side in ("images", "masks"):
        (folder / side).mkdir(parents=True)
    lines = ["image,subject"]
    for number, row in frames.index(layout).table.iterrows():
        image, blood, *_ = frames.read(row)
        if bleeding and not blood.any():
            blood[20:26, 20:26] = True
        name = f"{number:03d}.png"
        cv2.imwrite(str(folder / "images" / name), image[..., ::-1])
        cv2.imwrite(str(folder / "masks" / name), blood.astype(np.uint8) * 255)
        lines.append(f"{name},case {row['subject'][-2:]}")
    (folder / "subjects.csv").write_text("\n".join(lines) + "\n")
    return folder


def never_bleeding(folder: Path) -> Path:
    """A folder of one's own with masks in which nothing is marked."""
    for path in sorted((folder / "masks").iterdir()):
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), np.zeros_like(mask))
    return folder


STAMP = (0, 255, 0)  # of no surgery, and of no chart


def stamped(cholecseg8k: Path) -> Path:
    """The same frames, each with a patch of STAMP's colour in its middle, by which a
    picture of them is known wherever it is shown."""
    for path in sorted(cholecseg8k.rglob("*_endo.png")):
        image = cv2.imread(str(path))
        high, wide = image.shape[:2]
        rows, columns = (slice(n // 2 - n // 8, n // 2 + n // 8) for n in (high, wide))
        image[rows, columns] = STAMP[::-1]
        cv2.imwrite(str(path), image)
    return cholecseg8k
