"""What people and zips do to data: each outcome is frames, or one sentence that names the file."""

import os
import struct
import zlib

import numpy as np
import pytest
from frames_by_hand import (
    SIZE,
    blood_mask,
    image,
    png,
    sentence_of,
    stops_and_skips,
    write_cholec,
    write_own,
    write_pig,
)

from helpers import frames
from helpers.errors import CourseError

MARK = blood_mask(1)
RED = np.dstack([MARK * 0 + 9] * 3)


@pytest.mark.parametrize(
    "stored, named",
    [
        (MARK + 1, ("the values 1 and 2 and no 0", "number classes")),
        (image(7)[..., 0] // 52 * 11, ("5 values (0, 11, 22, 33, ...)", "threshold")),
        (np.dstack([RED, MARK * 255]), ("in the alpha channel", "grey PNG")),
        (np.full(SIZE, 255, np.uint8), ("marks the whole frame", "inverted")),
    ],
)
def test_a_mask_that_cannot_be_one_of_blood(tmp_path, stored, named):
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "masks" / "b.png").write_bytes(png(stored.astype(np.uint8)))
    stops_and_skips(folder, "own/masks/b.png", *named, left=1)


def test_image_and_mask_swapped(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    one, other = folder / "images" / "b.png", folder / "masks" / "b.png"
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    stops_and_skips(folder, "own/masks/b.png", "probably swapped", left=1)


def test_all_masks_inverted(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b", "c"])
    for seed, name in enumerate("abc"):
        content = png((1 - blood_mask(seed)) * np.uint8(255))
        (folder / "masks" / f"{name}.png").write_bytes(content)
    table = frames.index(folder).table
    sentence_of(
        lambda: frames.pack(table, SIZE, folder=tmp_path / "store"),
        "own/masks/",
        "inverted, swap their two values",
    )


def test_a_mask_beside_its_image(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "images" / "a_mask.png").write_bytes(png(blood_mask(0)))
    stops_and_skips(folder, "own/images/a_mask.png stands beside a.png", left=1)


def test_one_pig_under_two_names(tmp_path):
    for pig in ("pig2", "Pig02"):
        write_pig(tmp_path / "h" / pig, [0])
    stops_and_skips(tmp_path / "h", "h/pig2", "h/Pig02", "one subject", left=1)


def test_one_subject_spelled_twice_in_a_table_in_capitals(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "Subjects.CSV").write_text("image,subject\na,pig2\nb,Pig02\n")
    stops_and_skips(folder, "own/Subjects.CSV, line 3", "'Pig02' and 'pig2'", left=1)


@pytest.mark.parametrize("sides", [("imgs", "labels"), ("Images", "Masks")])
def test_folders_that_are_nearly_right(tmp_path, sides):
    folder = write_own(tmp_path / "own", ["a"])
    for right, wrong in zip(("images", "masks"), sides):
        (folder / right).rename(folder / wrong)
    sentence_of(lambda: frames.index(folder), "own", "nearly right", "rename them")


def test_a_name_that_is_not_utf_8(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    for side in ("images", "masks"):
        there = os.fsencode(folder / side)
        os.rename(there + b"/b.png", there + b"/b\xff.png")
    with pytest.raises(CourseError, match="is not UTF-8 text: rename it"):
        frames.index(folder)
    assert len(frames.index(folder, on_bad="skip").table) == 1


def test_links_to_folders_inside_a_data_set(tmp_path):
    clip = write_cholec(tmp_path / "c", "video01", 0, 0)
    other = write_cholec(tmp_path / "c", "video52", 0, 7)
    (clip / "more").symlink_to(other)
    stops_and_skips(tmp_path / "c", "video01_00000/more is a link", left=2)
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "images" / "again").symlink_to(folder / "images")
    stops_and_skips(folder, "images/again is a link", left=1)


def test_a_frame_number_of_twenty_digits(tmp_path):
    write_pig(tmp_path / "h" / "pig1", [0, 10**20])
    stops_and_skips(tmp_path / "h", "a frame number of 21 digits", left=1)


def test_a_table_with_an_endless_field(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "subjects.csv").write_text("image,subject\na," + "x" * 200_000)
    sentence_of(lambda: frames.index(folder), "own/subjects.csv", "never closed")


def test_a_file_larger_than_memory_is_not_read(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    os.truncate(folder / "images" / "b.png", 20 * 2**30)
    stops_and_skips(folder, "own/images/b.png has 20,480 MiB", left=1)


def test_a_picture_one_pixel_wide_and_eighty_million_high_is_not_decoded(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return (
            struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
        )

    header = struct.pack(">IIBBBBB", 1, 80_000_000, 8, 0, 0, 0, 0)
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "images" / "b.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    stops_and_skips(folder, "own/images/b.png claims to be too large", left=1)
