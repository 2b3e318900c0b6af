"""Reading surgery: the layouts, the frame table, the pixels of image and label."""

import re
import shutil

import numpy as np
import pytest
from frames_by_hand import (
    REAL,
    SIZE,
    blood_mask,
    cholec_labels,
    image,
    needs_real,
    png,
    write_cholec,
    write_own,
    write_pig,
    write_zip,
)
from PIL import Image

from helpers import CourseError, frames
from helpers.settings import ROOT


def test_the_class_table_tells_13_classes_apart_and_is_that_of_the_data_card():
    assert [entry.id for entry in frames.CLASSES] == list(range(13))
    for field in ("name", "rgb", "grey"):
        assert len({getattr(entry, field) for entry in frames.CLASSES}) == 13, field
    assert not {entry.grey for entry in frames.CLASSES} & {0, 255}  # unlabelled, border
    assert frames.CLASSES[7][1:] == ("Blood", (255, 0, 0), 24)
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    row = r"^\| (\d+) \| \**([^|*]+?)\** \| (\d+,\d+,\d+) \| (\d+) \|$"
    table = [
        (int(id), name, tuple(map(int, rgb.split(","))), int(grey))
        for id, name, rgb, grey in re.findall(row, card, re.MULTILINE)
    ]
    assert table == [tuple(entry) for entry in frames.CLASSES]


@needs_real
def test_real_cholecseg8k_frames_have_the_stated_blood_and_unknown_pixels():
    table = frames.index(REAL / "cholecseg8k").table
    assert table["subject"].str[5:].tolist() == ["01", "01", "24", "52", "55"]
    found = []
    for _, row in table.iterrows():
        pixels, blood, valid, _ = frames.read(row)
        colour = np.asarray(Image.open(row["mask"].replace("watershed", "color")))
        assert pixels.dtype == np.uint8 and pixels.shape == colour.shape
        # An independent reading, by the other mask.
        assert (blood == (colour == (255, 0, 0)).all(axis=2)).all()
        assert (valid == ~(colour == 255).all(axis=2)).all()
        assert not (blood & ~valid).any()
        found.append(round(100 * blood.mean(), 2))
    assert found == [2.33, 5.63, 0, 0, 0]


@needs_real
def test_real_hemoset_pairs_have_the_stated_blood():
    table = frames.index(REAL / "hemoset").table
    assert table["clip"].unique().tolist() == ["pig1_000000"]
    assert table["frame"].tolist() == [0, 60, 120, 180]
    shares = [100 * frames.read(row)[1].mean() for _, row in table.iterrows()]
    assert all(2.31 <= share <= 2.44 for share in shares), shares
    assert all(frames.read(row)[2].all() for _, row in table.iterrows())


@pytest.mark.parametrize("unpacked", [False, True])
def test_hemoset_is_read_from_zips_and_unpacked_alike(tmp_path, unpacked):
    write_pig(tmp_path / "pig10", [0, 60], 0, unpacked, junk=True)
    write_pig(tmp_path / "pig2", [7, 67, 120, 240], 5, unpacked, junk=True)
    assert frames.layout(tmp_path)[1] == "hemoset"
    found = frames.index(tmp_path)
    assert found.skipped == [] and tuple(found.table.columns) == frames.COLUMNS
    # In the pigs' order, not the alphabet's.
    assert found.table["subject"].tolist() == ["pig2"] * 4 + ["pig10"] * 2
    # 120 to 240 is further than 60 numbers, so a new clip begins.
    clips = ["pig2_000007"] * 3 + ["pig2_000240"] + ["pig10_000000"] * 2
    assert found.table["clip"].tolist() == clips
    assert (found.table["split"] == "").all() and found.table["frame"].dtype == np.int64
    pixels, blood, valid, _ = frames.read(found.table.iloc[1])
    assert (pixels == image(72)).all() and valid.all()
    assert (blood == blood_mask(72)).all()


def test_hemoset_may_be_unpacked_on_one_side_only_and_nested_once_more(tmp_path):
    pig = tmp_path / "download" / "pig1"
    write_pig(pig, [0, 60], unpacked=True)
    shutil.rmtree(pig / "labels")
    masks = {f"labels/{n:06d}_mask.png": png(blood_mask(n)) for n in (0, 60)}
    write_zip(pig / "labels.zip", masks)
    table = frames.index(tmp_path).table
    assert table["mask"].str.contains(".zip!", regex=False).tolist() == [True, True]
    assert not table["image"].str.contains("zip").any()
    assert (frames.read(table.iloc[0])[1] == blood_mask(0)).all()


def test_what_was_unpacked_in_place_goes_before_the_zip_beside_it(tmp_path):
    write_pig(tmp_path / "pig1", [0], unpacked=True)
    write_pig(tmp_path / "pig1", [0])
    mended = tmp_path / "pig1" / "labels" / "000000_mask.png"
    mended.write_bytes(png(np.ones(SIZE, bool)))
    row = frames.index(tmp_path).table.iloc[0]
    assert frames.read(row)[1].all() and (frames.read(row)[0] == image(0)).all()


def test_cholecseg8k_is_read_by_the_watershed_mask_in_the_order_of_frames(tmp_path):
    write_cholec(tmp_path, "video09", 80, 81)
    for clip, number in ((16345, 16350), (160, 161), (160, 160)):
        write_cholec(tmp_path, "video01", clip, number)
    assert frames.layout(tmp_path)[1] == "cholecseg8k"
    table = frames.index(tmp_path).table
    assert table["frame"].tolist() == [160, 161, 16350, 81]
    assert table["clip"].iloc[0] == "video01_00160"
    for _, row in table.iterrows():
        pixels, blood, *_ = frames.read(row)
        assert (pixels == image(row["frame"])).all()
        assert (blood == (cholec_labels(row["frame"]) == 1)).all()


def told(table):
    return table[["subject", "clip", "frame"]].values.tolist()


def test_own_folder_without_a_table_takes_subfolders_as_subjects(tmp_path):
    names = ["anna/f_2", "anna/f_10", "ben/x", "ben/y"]
    table = frames.index(write_own(tmp_path / "ours", names, suffix="_mask")).table
    assert frames.layout(tmp_path / "ours")[1] == "folder"
    places = [["anna", "anna"], ["ben", "ben"]]
    assert told(table) == [[*one, number] for one in places for number in (0, 1)]
    assert [path[-8:] for path in table["image"][:2]] == ["/f_2.png", "f_10.png"]
    assert (table["dataset"] == "ours").all()


def test_own_folder_without_subfolders_is_one_subject_that_nobody_can_split(tmp_path):
    table = frames.index(write_own(tmp_path / "clinic", ["a", "b", "c"])).table
    assert table["subject"].unique().tolist() == ["clinic"]
    with pytest.raises(CourseError, match="too few subjects .*subjects.csv"):
        frames.split_source(table, seed=0)


def test_what_systems_leave_in_folders_is_no_frame(tmp_path):
    folder = write_own(tmp_path, ["a"])
    for name in ("._a.png", ".DS_Store", "Thumbs.db", "__MACOSX/b.png", "@eaDir/c.png"):
        for side in ("images", "masks"):
            (folder / side / name).parent.mkdir(exist_ok=True)
            (folder / side / name).write_bytes(b"junk")
    (image,) = frames.index(folder).table["image"]
    assert image.endswith("images/a.png")


def test_own_images_may_be_jpeg_and_a_folder_named_like_a_released_one_stays_ones_own(
    tmp_path,
):
    folder = write_own(tmp_path / "hemoset", ["a"])
    (folder / "images" / "a.jpg").write_bytes(png(image(0), form="JPEG"))
    (folder / "images" / "a.png").unlink()
    row = frames.index(folder).table.iloc[0]
    assert row["dataset"] == "hemoset (own)"
    assert frames.read(row)[0].shape == (*SIZE, 3)


def test_zip_members_may_lie_deeper_and_junk_is_no_frame(tmp_path):
    write_pig(tmp_path / "pig1", [5], junk=True)
    deeper = {"pig1/imgs/000005.png": png(image(5)), "__MACOSX/pig1/imgs/5.png": b"x"}
    write_zip(tmp_path / "pig1" / "imgs.zip", deeper)
    (tmp_path / "__MACOSX" / "pig2").mkdir(parents=True)
    table = frames.index(tmp_path).table
    assert table["frame"].tolist() == [5]
    assert (frames.read(table.iloc[0])[0] == image(5)).all()


def test_a_subject_may_be_a_link_to_a_folder_elsewhere(tmp_path):
    elsewhere = write_own(tmp_path / "elsewhere", ["f_1", "f_2"])
    folder = write_own(tmp_path / "own", ["ben/f_1"])
    for side in ("images", "masks"):
        (folder / side / "anna").symlink_to(elsewhere / side)
    table = frames.index(folder).table
    assert table["subject"].tolist() == ["anna", "anna", "ben"]
    assert (frames.read(table.iloc[1])[0] == image(1)).all()
