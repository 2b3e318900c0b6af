"""Frames packed once: the same for any number of threads, found again, never half written."""

import os
import pickle
import resource
import shutil
import threading
import zipfile

import numpy as np
import pandas as pd
import pytest
from frames_by_hand import png, sentence_of, write_cholec, write_own, write_pig

from helpers import frames
from helpers.errors import CourseError
from helpers.frames import archives, arrays, decoding

SIZE = (9, 16)
KINDS = ((np.uint8, (3,)), (bool, ()), (bool, ()), (np.uint8, ()))


@pytest.fixture
def table(tmp_path) -> pd.DataFrame:
    for pig, count in (("pig1", 3), ("pig2", 2), ("pig3", 4)):
        write_pig(
            tmp_path / "data" / pig,
            [60 * number for number in range(count)],
            seed=count * 7,
        )
    return frames.split_source(frames.index(tmp_path / "data").table, seed=0)


def same(one: frames.Packed, other: frames.Packed) -> bool:
    return all(
        (getattr(one, name) == getattr(other, name)).all()
        for name in ("images", "blood", "valid", "classes")
    )


def by_reading(table: pd.DataFrame, size: tuple[int, int]) -> list[np.ndarray]:
    """The five arrays, frame by frame, the slow way."""
    rows = []
    for row in table.itertuples():
        classes = frames.read_classes(row) if row.dataset == "cholecseg8k" else None
        rows.append(frames.fit(*frames.read(row), classes, size))
    return [np.stack(arrays) for arrays in zip(*rows)]


def test_packed_rows_are_the_tables_rows_in_its_own_order(table, tmp_path):
    for number in (0, 1):
        write_cholec(tmp_path / "cholec", "video01", 0, number)
    both = pd.concat([table, frames.index(tmp_path / "cholec").table]).sample(
        frac=1, random_state=1
    )  # index out of order
    packed = frames.pack(both, SIZE, folder=tmp_path / "store")
    assert packed.table.index.tolist() == list(range(len(both))) and len(packed) == len(
        both
    )
    assert packed.table["image"].tolist() == both["image"].tolist()
    assert (
        packed.images.dtype,
        packed.blood.dtype,
        packed.valid.dtype,
        packed.classes.dtype,
    ) == (
        np.uint8,
        bool,
        bool,
        np.uint8,
    )
    for array, expected in zip(
        (packed.images, packed.blood, packed.valid, packed.classes, packed.fill),
        by_reading(both, SIZE),
    ):
        assert array.shape == expected.shape and (array == expected).all()


def test_selections_follow_the_table(table, tmp_path):
    packed = frames.pack(table, SIZE, folder=tmp_path / "store")
    train, rest = packed.of("train"), packed.of("id_val", "id_test")
    assert len(train) + len(rest) == len(packed) and set(train.table["split"]) == {
        "train"
    }
    assert (train.images == packed.images[(table["split"] == "train").to_numpy()]).all()
    twice = rest.where(rest.table["frame"] > 0).where(
        np.arange(len(rest.where(rest.table["frame"] > 0))) % 2 == 0
    )
    for array, expected in zip(
        (twice.images, twice.blood), by_reading(twice.table, SIZE)
    ):
        assert (array == expected).all()
    positions = np.array([2, 0, 2])
    assert all(
        (taken == whole[positions]).all()
        for taken, whole in zip(
            packed.take(positions),
            (packed.images, packed.blood, packed.valid, packed.classes, packed.fill),
        )
    )
    assert len(packed.of("ood_test")) == 0 and packed.of("ood_test").images.shape == (
        0,
        *SIZE,
        3,
    )
    with pytest.raises(ValueError, match="9 truth values"):
        packed.where(np.arange(3))


def test_what_lies_together_stays_on_disk_and_nothing_can_be_overwritten(
    table, tmp_path
):
    packed = frames.pack(table, SIZE, folder=tmp_path / "store")
    one_pig = packed.where(packed.table["subject"] == "pig2")
    scattered = packed.where(np.arange(9) % 2 == 0)
    assert isinstance(packed.images, np.memmap) and isinstance(
        one_pig.images, np.memmap
    )
    for each in (packed, one_pig, scattered):
        with pytest.raises(ValueError, match="read-only"):
            each.images[0] = 0
    packed.images.sum()
    back = pickle.loads(pickle.dumps(packed))
    assert (
        same(packed, back) and len(pickle.dumps(packed)) < 10_000
    )  # frames don't travel with it


def test_the_same_frames_are_found_again_whatever_their_order_or_splits(
    table, tmp_path, monkeypatch
):
    first = frames.pack(table, SIZE, folder=tmp_path / "store")
    monkeypatch.setattr(
        decoding, "read_with_classes", None
    )  # decoding again would fail
    shuffled = table.sample(frac=1, random_state=3).assign(split="")
    again = frames.pack(shuffled, SIZE, folder=tmp_path / "store")
    assert (
        again.place == first.place
        and again.table["image"].tolist() == shuffled["image"].tolist()
    )
    assert (again.blood == first.blood[shuffled.index]).all()
    (tmp_path / "data").rename(
        tmp_path / "moved"
    )  # names relative to the data set, so it may move
    moved = frames.index(tmp_path / "moved").table
    assert frames.pack(moved, SIZE, folder=tmp_path / "store").place == first.place


def test_a_change_of_file_size_or_aspect_is_decoded_anew(table, tmp_path):
    first = frames.pack(table, SIZE, folder=tmp_path / "store")
    others = [
        frames.pack(table, (12, 16), folder=tmp_path / "store"),
        frames.pack(table, SIZE, keep_aspect=False, folder=tmp_path / "store"),
        frames.pack(table.iloc[1:], SIZE, folder=tmp_path / "store"),
    ]
    os.utime(tmp_path / "data" / "pig1" / "labels.zip", (1, 1))
    others.append(frames.pack(table, SIZE, folder=tmp_path / "store"))
    assert len({packed.place for packed in [first, *others]}) == 5
    # what they are is another question: the touched file has the same content
    assert (
        others[-1].digest == first.digest
        and len({packed.digest for packed in [first, *others]}) == 4
    )


def test_a_colour_mask_that_changes_is_noticed(tmp_path):
    place = write_cholec(tmp_path / "c", "video01", 0, 1)
    table = frames.index(tmp_path / "c").table
    frames.pack(table, SIZE, folder=tmp_path / "store")
    (place / "frame_1_endo_color_mask.png").write_bytes(
        png(np.zeros((12, 16, 3), np.uint8))
    )
    sentence_of(
        lambda: frames.pack(table, SIZE, folder=tmp_path / "store"),
        "colour (0, 0, 0), which no class has",
    )


def test_any_number_of_threads_gives_the_same_bytes(tmp_path):
    folder = write_own(
        tmp_path / "own", [f"p{number % 3}/{number}" for number in range(70)]
    )
    (folder / "images" / "p1" / "40.png").write_bytes(b"")
    table = frames.index(folder).table
    packed = {
        workers: frames.pack(
            table,
            SIZE,
            on_bad="skip",
            folder=tmp_path / f"store{workers}",
            workers=workers,
        )
        for workers in (1, 2, 5)
    }
    one = packed.pop(1)
    names = sorted(path.name for path in one.place.iterdir())
    assert len(one) == 69 and names == [
        ".manifest.json",
        "about.json",
        "blood.npy",
        "classes.npy",
        "fill.npy",
        "images.npy",
        "made_from.json",
        "valid.npy",
    ]
    for more in packed.values():
        assert more.skipped == one.skipped and more.digest == one.digest
        for name in names:
            same_bytes = (one.place / name).read_bytes() == (
                more.place / name
            ).read_bytes()
            assert same_bytes, name


def test_threads_are_only_a_few_frames_ahead_and_end_with_the_reader(
    table, monkeypatch
):
    decoded_so_far = []

    def noted(row):
        decoded_so_far.append(row)
        return tuple(np.zeros((4, 4, *more), kind) for kind, more in KINDS)

    monkeypatch.setattr(decoding, "read_with_classes", noted)
    keys = [("own", f"{number}.png", "") for number in range(500)]
    stream = decoding.decoded(keys, SIZE, True, workers=3)
    for taken in range(1, 21):
        next(stream)
        assert len(decoded_so_far) <= taken + 3 * decoding.AHEAD
    stream.close()
    assert len(decoded_so_far) <= 20 + 3 * decoding.AHEAD
    assert not [one for one in threading.enumerate() if "decoding" in one.name]


def test_zips_are_kept_open_by_threads_that_decode_and_by_no_other(table, monkeypatch):
    opened = []

    class Noted(zipfile.ZipFile):
        def __init__(self, path):
            opened.append(path)
            super().__init__(path)

    monkeypatch.setattr(archives.zipfile, "ZipFile", Noted)
    keys = list(table[["dataset", "image", "mask"]].itertuples(index=False, name=None))
    threaded = list(decoding.decoded(keys, SIZE, True, workers=1))
    assert len(opened) == len(set(opened)) == 6  # of three pigs, each with two zips
    opened.clear()
    for row, frame in zip(table.itertuples(), threaded):
        assert (frames.fit(*frames.read(row), None, SIZE)[0] == frame[0]).all()
    assert len(opened) == 2 * len(table)


def test_a_bad_frame_leaves_nothing_behind(table, tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b", "c"])
    (folder / "masks" / "c.png").write_bytes(b"")
    with pytest.raises(CourseError):
        frames.pack(frames.index(folder).table, SIZE, folder=tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


def test_a_disk_that_fills_up_while_writing_leaves_nothing_behind(table, tmp_path):
    """A real failure of write(): no file of this process may grow past 4 kB for the moment."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        sentence = sentence_of(
            lambda: frames.pack(table, (90, 160), folder=tmp_path / "store")
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (
        "the disk is full; free some space and run the same command again" in sentence
    )
    assert list((tmp_path / "store").iterdir()) == []
    assert (
        len(frames.pack(table, (90, 160), folder=tmp_path / "store")) == 9
    )  # with room, it works


def test_too_little_space_is_told_before_anything_is_decoded(
    table, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        arrays.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1)
    )
    monkeypatch.setattr(decoding, "read_with_classes", None)
    sentence_of(
        lambda: frames.pack(table, SIZE, folder=tmp_path / "store"),
        "the disk is full",
        "free some space",
    )
    assert list((tmp_path / "store").iterdir()) == []


def test_a_store_that_cannot_be_written(table, tmp_path):
    (tmp_path / "store").write_text("a file stands where the folder should")
    sentence_of(
        lambda: frames.pack(table, SIZE, folder=tmp_path / "store"),
        "can't be written (file exists)",
        "COURSE_STORE",
    )


def test_without_a_folder_the_courses_store_is_used(table, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "elsewhere"))
    assert frames.pack(table, SIZE).place.parent == tmp_path / "elsewhere" / "frames"
