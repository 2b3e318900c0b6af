"""Files and folders that stand for one another or can't be opened: links, doubles, names
that look alike, folders without permission. Each gets its sentence."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from frames_by_hand import (
    blood_mask,
    image,
    png,
    sentence_of,
    stops_and_skips,
    write_cholec,
    write_own,
    write_pig,
)

from helpers import frames, store
from helpers.errors import CourseError
from helpers.frames import archives, subjects


@pytest.fixture
def locked(monkeypatch):
    """A function that takes everybody's permission from a folder (root may read any)."""
    shut = set()
    scandir, listdir = os.scandir, os.listdir

    def closed(what):
        def call(path="."):
            if os.fspath(path) in shut:
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return what(path)

        return call

    monkeypatch.setattr(os, "scandir", closed(scandir))
    monkeypatch.setattr(os, "listdir", closed(listdir))
    return lambda path: shut.add(os.fspath(path))


# -- folders without permission ---------------------------------------------------------


def test_a_data_folder_that_may_not_be_read(tmp_path, locked):
    locked(tmp_path)
    sentence_of(
        lambda: frames.index(tmp_path),
        f"{tmp_path} may not be read (permission denied)",
        "change its permissions",
    )


def test_a_folder_of_pigs_one_of_which_may_not_be_read(tmp_path, locked):
    for pig in ("pig1", "pig2"):
        write_pig(tmp_path / "h" / pig, [0])
    locked(tmp_path / "h" / "pig2")
    found = frames.index(tmp_path / "h", on_bad="skip")
    assert set(found.table["subject"]) == {"pig1"}
    assert "h/pig2 may not be read" in found.skipped[0]


@pytest.mark.parametrize("inside", ["", "video52_00000"])
def test_a_video_or_a_clip_that_may_not_be_read(tmp_path, locked, inside):
    for video in ("video01", "video52"):
        write_cholec(tmp_path / "c", video, 0, 0)
    locked(tmp_path / "c" / "video52" / inside if inside else tmp_path / "c/video52")
    found = frames.index(tmp_path / "c", on_bad="skip")
    assert set(found.table["subject"]) == {"video01"}
    assert len(found.skipped) == 1 and "video52" in found.skipped[0]
    sentence_of(lambda: frames.index(tmp_path / "c"), "may not be read (permission")


def test_a_subfolder_of_images_that_may_not_be_read(tmp_path, locked):
    folder = write_own(tmp_path / "own", ["anna/1", "bert/1"])
    locked(folder / "images" / "bert")
    found = frames.index(folder, on_bad="skip")
    assert list(found.table["subject"]) == ["anna"] and len(found.skipped) == 2
    assert "images/bert may not be read" in found.skipped[0]


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    folder = write_own(tmp_path / "own", ["a"])
    row = frames.index(folder).table.iloc[0]

    def refused(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(archives.Path, "read_bytes", refused)
    sentence_of(lambda: frames.read(row), "own/images/a.png can't be read (Permission")


@pytest.mark.parametrize(
    "number, cause, remedy",
    [(13, "permission denied", "COURSE_STORE"), (28, "full", "free some space")],
)
def test_a_store_that_cannot_be_written(tmp_path, monkeypatch, number, cause, remedy):
    def refused(self, *_, **__):
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(Path, "mkdir", refused)
    call = lambda: store.entry("frames", {}, lambda _: None)  # noqa: E731
    sentence_of(call, "/store", cause, remedy)


# -- links and doubles ------------------------------------------------------------------


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_one_frame_that_is_another_by_a_link(tmp_path, link):
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "images" / "b.png").unlink()
    getattr(folder / "images" / "b.png", link)(folder / "images" / "a.png")
    stops_and_skips(
        folder, "own/images/b.png and own/images/a.png are one file", left=1
    )


def test_a_clip_that_is_a_link_to_another_patients(tmp_path):
    write_cholec(tmp_path / "c", "video01", 0, 0)
    other = write_cholec(tmp_path / "c", "video52", 0, 7)
    (tmp_path / "c" / "video01" / "video01_00080").symlink_to(other)
    stops_and_skips(tmp_path / "c", "video01/video01_00080 is a link", left=2)


def test_a_link_that_leads_to_itself_is_no_frame(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "images" / "b.png").symlink_to(folder / "images" / "b.png")
    assert len(frames.index(folder).table) == 1


def test_a_clip_copied_into_another_clip(tmp_path):
    clip = write_cholec(tmp_path / "c", "video01", 0, 0)
    write_cholec(clip, "video01", 80, 80)
    stops_and_skips(
        tmp_path / "c", "video01_00080 is a folder with frames inside a clip's", left=1
    )


def test_a_frame_number_of_cholecseg8k_written_twice(tmp_path):
    clip = write_cholec(tmp_path / "c", "video01", 0, 1)
    (clip / "frame_01_endo.png").write_bytes(png(image(3)))
    stops_and_skips(tmp_path / "c", "has the same frame number as", left=1)


def test_two_masks_for_one_image(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "masks" / "a_mask.png").write_bytes(png(blood_mask(0)))
    stops_and_skips(folder, "own/masks/a_mask.png and a.png are both the mask", left=1)


def test_a_mask_that_says_one_thing_in_colour_and_another_in_alpha(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    mark, other = blood_mask(1) * np.uint8(255), blood_mask(2) * np.uint8(255)
    (folder / "masks" / "b.png").write_bytes(png(np.dstack([mark, other])))
    stops_and_skips(folder, "own/masks/b.png marks other pixels by its alpha", left=1)


# -- names ------------------------------------------------------------------------------


def test_a_data_set_below_a_folder_whose_name_is_no_text(tmp_path):
    write_own(tmp_path / "own", ["a"])
    there = os.fsencode(tmp_path)
    os.rename(there + b"/own", there + b"/own\xff")
    sentence_of(lambda: frames.index(tmp_path), "own", "is not UTF-8 text: rename it")


def test_two_clips_whose_names_look_the_same(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "subjects.csv").write_text("image,subject,clip\na,x,1<2\nb,x,1‹2\n")
    sentence_of(lambda: frames.index(folder), "own has two clips whose names look")


# -- tables -----------------------------------------------------------------------------


def test_two_tables_of_subjects(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    for name in ("subjects.csv", "Subjects.CSV"):
        (folder / name).write_text("image,subject\na,x\n")
    sentence_of(lambda: frames.index(folder), "Subjects.CSV and subjects.csv are both")


def test_a_table_with_zero_bytes(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "subjects.csv").write_text("image,subject\na,x\0\n")
    sentence_of(lambda: frames.index(folder), "own/subjects.csv", "zero bytes")


def test_a_table_larger_than_any(tmp_path, monkeypatch):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "subjects.csv").write_text("image,subject\na,x\n")
    os.truncate(folder / "subjects.csv", subjects._LARGEST + 1)
    sentence_of(lambda: frames.index(folder), "own/subjects.csv is too large for")


# -- zips -------------------------------------------------------------------------------


def test_a_member_of_a_zip_without_a_name(tmp_path):
    write_pig(tmp_path / "h" / "pig1", [0])
    archive = tmp_path / "h" / "pig1" / "imgs.zip"
    with zipfile.ZipFile(archive, "a") as opened:
        about = zipfile.ZipInfo("x")
        about.filename = ""
        opened.writestr(about, png(image(1)))
    stops_and_skips(tmp_path / "h", "imgs.zip has a member without a name", left=1)


def test_a_member_of_a_zip_far_larger_than_a_frame(tmp_path):
    write_pig(tmp_path / "h" / "pig1", [0])
    archive = tmp_path / "h" / "pig1" / "imgs.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        with opened.open("imgs/000000.png", "w", force_zip64=True) as out:
            for _ in range(archives.LARGEST // 2**24 + 1):
                out.write(bytes(2**24))
    row = frames.index(tmp_path / "h").table.iloc[0]
    sentence_of(
        lambda: frames.read(row), "imgs.zip!imgs/000000.png has 272 MiB", "at most 256"
    )


def test_a_zip_that_is_damaged_after_it_was_listed(tmp_path):
    write_pig(tmp_path / "h" / "pig1", [0])
    row = frames.index(tmp_path / "h").table.iloc[0]
    archive = tmp_path / "h" / "pig1" / "imgs.zip"
    data = bytearray(archive.read_bytes())
    data[60:80] = bytes(20)
    archive.write_bytes(bytes(data))
    with pytest.raises(CourseError, match="imgs.zip!imgs/000000.png can't be read"):
        frames.read(row)
