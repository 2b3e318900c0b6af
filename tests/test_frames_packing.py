"""Frames packed once: found again, never half written, each split a view of the same."""

import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
from frames_by_hand import packed, png, sentence_of, write_cholec, write_own, write_pig

from helpers import frames

SIZE = (9, 16)
ARRAYS = ("images", "blood", "valid", "classes", "fill", "view")


@pytest.fixture
def table(tmp_path, own_store) -> pd.DataFrame:
    for pig, count in (("pig1", 3), ("pig2", 2), ("pig3", 4)):
        numbers = [60 * number for number in range(count)]
        write_pig(tmp_path / "data" / pig, numbers, seed=count * 7)
    return frames.split_source(frames.index(tmp_path / "data").table, seed=0)


def by_reading(table: pd.DataFrame, size: tuple[int, int]) -> list[np.ndarray]:
    """The arrays, frame by frame, the slow way."""
    rows = [frames.fit(*frames.read(row), size) for _, row in table.iterrows()]
    rows = [(*row, frames.visible(row[0], row[2])) for row in rows]
    return [np.stack(arrays) for arrays in zip(*rows)]


def test_packed_rows_are_the_tables_rows_in_its_own_order(table, tmp_path):
    for number in (0, 1):
        write_cholec(tmp_path / "cholec", "video01", 0, number)
    both = pd.concat([table, frames.index(tmp_path / "cholec").table])
    both = both.sample(frac=1, random_state=1)  # index out of order
    found = frames.pack(both, SIZE)
    assert found.table.index.tolist() == list(range(len(both))) and len(found) == 11
    assert found.table["image"].tolist() == both["image"].tolist()
    for name, expected in zip(ARRAYS, by_reading(both, SIZE)):
        array = getattr(found, name)
        assert array.dtype == expected.dtype and np.array_equal(array, expected), name


def test_selections_follow_the_table(table):
    found = frames.pack(table, SIZE)
    train, rest = found.of("train"), found.of("id_val", "id_test")
    assert len(train) + len(rest) == len(found)
    assert set(train.table["split"]) == {"train"}
    later = rest.where(rest.table["frame"] > 0)
    twice = later.where(np.arange(len(later)) % 2 == 0)
    for part in (train, twice):
        for name, expected in zip(ARRAYS, by_reading(part.table, SIZE)):
            assert np.array_equal(getattr(part, name), expected)
    assert found.of("ood_test").images.shape == (0, *SIZE, 3)


def test_what_lies_together_stays_on_disk_and_nothing_can_be_overwritten(table):
    found = frames.pack(table, SIZE)
    one_pig = found.where(found.table["subject"] == "pig2")
    scattered = found.where(np.arange(9) % 2 == 0)
    assert isinstance(found.images, np.memmap) and isinstance(one_pig.images, np.memmap)
    for each in (found, one_pig, scattered):
        with pytest.raises(ValueError, match="read-only"):
            each.images[0] = 0
    back = pickle.loads(pickle.dumps(frames.pack(table, SIZE)))
    assert np.array_equal(back.images, found.images)


def test_the_same_frames_are_found_again_whatever_their_splits(table, monkeypatch):
    first = frames.pack(table, SIZE)
    monkeypatch.setattr(frames.shutil, "disk_usage", None)  # writing would fail
    again = frames.pack(table.assign(split=""), SIZE)
    assert again.place == first.place and (again.blood == first.blood).all()


def test_a_change_of_file_or_size_is_decoded_anew(table, tmp_path):
    first = frames.pack(table, SIZE)
    others = [frames.pack(table, (12, 16)), frames.pack(table.iloc[1:], SIZE)]
    os.utime(tmp_path / "data" / "pig1" / "labels.zip", (1, 1))
    others.append(frames.pack(table, SIZE))
    assert len({one.place for one in [first, *others]}) == 4
    # What they are is another question: the touched file has the same content.
    assert others[-1].digest == first.digest
    assert len({one.digest for one in [first, *others]}) == 3
    assert first.of("train").digest != first.digest


def test_a_colour_mask_that_changes_is_noticed(tmp_path, own_store):
    place = write_cholec(tmp_path / "c", "video01", 0, 1)
    table = frames.index(tmp_path / "c").table
    frames.pack(table, SIZE)
    black = np.zeros((12, 16, 3), np.uint8)
    (place / "frame_1_endo_color_mask.png").write_bytes(png(black))
    sentence_of(lambda: frames.pack(table, SIZE), "colour (0, 0, 0)")


def test_too_little_space_is_told_before_anything_is_decoded_and_nothing_stays(
    table, tmp_path, monkeypatch
):
    usage = shutil._ntuple_diskusage(100, 99, 1)
    monkeypatch.setattr(frames.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(frames.reading, "read", None)
    store = tmp_path / "full"
    sentence_of(lambda: packed(table, store), "disk is full", "free some", "STORE")
    assert not list((store / "frames").glob("*"))
    (tmp_path / "file").write_text("a file stands where the folder should")
    sentence_of(lambda: packed(table, tmp_path / "file"), "written", "COURSE_STORE")


def test_a_bad_frame_leaves_nothing_behind(tmp_path):
    folder, store = write_own(tmp_path / "own", ["a", "b", "c"]), tmp_path / "store"
    (folder / "masks" / "c.png").write_bytes(b"")
    sentence_of(lambda: packed(frames.index(folder).table, store), "masks/c.png")
    assert not list((store / "frames").glob("*"))
