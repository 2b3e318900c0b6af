"""Frames that tests can reason about, red discs packed by the real packer, and a store of a test's own."""

import cv2
import numpy as np
import pandas as pd
import pytest

from helpers import frames


@pytest.fixture
def own_store(tmp_path, monkeypatch):
    """A store of this test's own."""
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def disks(tmp_path, own_store):
    """Packed frames of red discs on grey, 6 subjects of 4 frames: something that a network learns in seconds."""
    random = np.random.default_rng(0)
    folder = tmp_path / "disks"
    rows = []
    for place in ("images", "masks"):
        (folder / place).mkdir(parents=True)
    for number in range(24):
        image = random.integers(90, 120, (64, 64, 3)).astype(np.uint8)
        mask = np.zeros((64, 64), np.uint8)
        centre, radius = (
            random.integers(20, 44, 2).tolist(),
            int(random.integers(8, 14)),
        )
        cv2.circle(mask, centre, radius, 255, -1)
        image[mask > 0] = (200, 30, 30)
        cv2.imwrite(str(folder / "images" / f"{number:03d}.png"), image[..., ::-1])
        cv2.imwrite(str(folder / "masks" / f"{number:03d}.png"), mask)
        rows.append({"image": f"{number:03d}.png", "subject": f"s{number // 4}"})
    pd.DataFrame(rows).to_csv(folder / "subjects.csv", index=False)
    return frames.pack(frames.index(folder).table, (64, 64))


@pytest.fixture
def halves(disks):
    """Frames to train on, three subjects, and to validate on, two others."""
    subjects = disks.table["subject"]
    return disks.where(subjects.isin(["s0", "s1", "s2"])), disks.where(
        subjects.isin(["s3", "s4"])
    )
