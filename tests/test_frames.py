"""Reading surgery: the layouts, the frame table, the pixels of image and label."""

import re
from pathlib import Path

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

from helpers import frames
from helpers.errors import CourseError
from helpers.frames.reading import read_with_classes


def test_the_class_table_tells_13_classes_apart_by_id_name_colour_and_grey():
    assert [entry.id for entry in frames.CLASSES] == list(range(13))
    for field in ("name", "rgb", "grey"):
        assert len({getattr(entry, field) for entry in frames.CLASSES}) == 13, field
    assert not {entry.grey for entry in frames.CLASSES} & {0, 255}  # unlabelled, border
    assert frames.CLASSES[7][1:] == ("Blood", (255, 0, 0), 24)


def test_the_data_card_has_the_class_table_that_the_code_reads_by():
    card = (Path(__file__).resolve().parent.parent / "data" / "README.md").read_text(
        encoding="utf-8"
    )
    rows = re.findall(
        r"^\| (\d+) \| \**([^|*]+?)\** \| (\d+),(\d+),(\d+) \| (\d+) \|$",
        card,
        re.MULTILINE,
    )
    table = [
        (int(i), name, (int(r), int(g), int(b)), int(grey))
        for i, name, r, g, b, grey in rows
    ]
    assert table == [tuple(entry) for entry in frames.CLASSES]


@needs_real
def test_real_cholecseg8k_frames_have_the_stated_blood_and_unknown_pixels():
    table = frames.index(REAL / "cholecseg8k").table
    assert table["subject"].tolist() == [
        "video01",
        "video01",
        "video24",
        "video52",
        "video55",
    ]
    found = []
    for row in table.itertuples():
        pixels, blood, valid = frames.read(row)
        colour = np.asarray(Image.open(row.mask.replace("watershed", "color")))
        assert pixels.dtype == np.uint8 and pixels.shape == colour.shape
        assert (
            blood == (colour == (255, 0, 0)).all(axis=2)
        ).all()  # an independent reading, by the other mask
        assert (valid == ~(colour == 255).all(axis=2)).all()
        assert not (blood & ~valid).any()
        found.append(round(100 * blood.mean(), 2))
    assert found == [2.33, 5.63, 0, 0, 0]


@needs_real
def test_real_hemoset_pairs_have_the_stated_blood():
    table = frames.index(REAL / "hemoset").table
    assert table["clip"].unique().tolist() == ["pig1_000000"] and table[
        "frame"
    ].tolist() == [0, 60, 120, 180]
    shares = [100 * frames.read(row)[1].mean() for _, row in table.iterrows()]
    assert all(2.31 <= share <= 2.44 for share in shares), shares
    assert all(frames.read(row)[2].all() for row in table.itertuples())


@pytest.mark.parametrize("unpacked", [False, True])
def test_hemoset_is_read_from_zips_and_unpacked_alike(tmp_path, unpacked):
    write_pig(tmp_path / "pig10", [0, 60], unpacked=unpacked, junk=True)
    write_pig(
        tmp_path / "pig2", [7, 67, 120, 240], seed=5, unpacked=unpacked, junk=True
    )
    assert frames.layout(tmp_path) == "hemoset"
    found = frames.index(tmp_path)
    assert found.skipped == [] and tuple(found.table.columns) == frames.COLUMNS
    assert (
        found.table["subject"].tolist() == ["pig2"] * 4 + ["pig10"] * 2
    )  # in the pigs' order, not the alphabet's
    # 120 to 240 is further than 60 numbers, so a new clip begins
    assert (
        found.table["clip"].tolist()
        == ["pig2_000007"] * 3 + ["pig2_000240"] + ["pig10_000000"] * 2
    )
    assert (found.table["split"] == "").all() and found.table["frame"].dtype == np.int64
    pixels, blood, valid = frames.read(found.table.iloc[1])
    assert (
        (pixels == image(72)).all()
        and (blood == (blood_mask(72) == 1)).all()
        and valid.all()
    )


def test_hemoset_may_be_unpacked_on_one_side_only_and_nested_once_more(tmp_path):
    write_pig(tmp_path / "download" / "pig1", [0, 60])
    write_pig(tmp_path / "download" / "pig1", [0, 60], unpacked=True)
    (tmp_path / "download" / "pig1" / "imgs.zip").unlink()
    for path in (tmp_path / "download" / "pig1" / "labels").iterdir():
        path.unlink()
    table = frames.index(tmp_path).table
    assert [".zip!" in path for path in table["mask"]] == [True, True] and not table[
        "image"
    ].str.contains("zip").any()
    assert (frames.read(table.iloc[0])[1] == (blood_mask(0) == 1)).all()


def test_what_was_unpacked_in_place_goes_before_the_zip_beside_it(tmp_path):
    write_pig(tmp_path / "pig1", [0])
    write_pig(tmp_path / "pig1", [0], unpacked=True)
    (tmp_path / "pig1" / "labels" / "000000_mask.png").write_bytes(
        png(np.ones(SIZE, bool))
    )  # mended by hand
    row = frames.index(tmp_path).table.iloc[0]
    assert frames.read(row)[1].all() and (frames.read(row)[0] == image(0)).all()


def test_a_palette_mask_is_read_by_its_indices_whatever_its_palette(tmp_path):
    mask = blood_mask(3)
    for name, palette in {
        "a": [0, 0, 0, 128, 0, 0],
        "b": [9, 9, 9, 0, 0, 0],
        "c": [0, 0, 0, 255, 255, 255],
    }.items():
        write_own(tmp_path, [name])
        (tmp_path / "masks" / f"{name}.png").write_bytes(png(mask, palette))
    for row in frames.index(tmp_path).table.itertuples():
        assert (frames.read(row)[1] == (mask == 1)).all()


def test_any_value_above_zero_is_blood_in_grey_colour_bit_and_deep_masks(tmp_path):
    mask = blood_mask(3).astype(bool)
    red = np.zeros((*mask.shape, 3), np.uint8)
    red[mask, 0] = 1
    opaque = np.dstack([red, np.full(mask.shape, 255, np.uint8)])
    for name, stored in {
        "grey": mask * np.uint8(1),
        "red": red,
        "opaque": opaque,
        "bit": mask,
        "deep": mask * np.uint16(256),
        "grey_alpha": np.dstack(
            [mask * np.uint8(9), np.full(mask.shape, 255, np.uint8)]
        ),
    }.items():
        write_own(tmp_path, [name])
        (tmp_path / "masks" / f"{name}.png").write_bytes(png(stored))
    table = frames.index(tmp_path).table
    assert len(table) == 6
    for row in table.itertuples():
        assert (frames.read(row)[1] == mask).all(), row.mask


def test_cholecseg8k_is_read_by_the_watershed_mask_and_unknown_is_not_valid(tmp_path):
    for video, clip, number in (
        ("video09", 80, 81),
        ("video01", 16345, 16350),
        ("video01", 160, 161),
        ("video01", 160, 160),
    ):
        write_cholec(tmp_path, video, clip, number)
    assert frames.layout(tmp_path) == "cholecseg8k"
    table = frames.index(tmp_path).table
    assert (
        table["frame"].tolist() == [160, 161, 16350, 81]
        and table["clip"].iloc[0] == "video01_00160"
    )
    for row in table.itertuples():
        labels = cholec_labels(row.frame)
        pixels, blood, valid = frames.read(row)
        assert (
            (pixels == image(row.frame)).all()
            and (blood == (labels == 1)).all()
            and (valid == (labels < 4)).all()
        )
        expected = np.array([2, 7, 3, 0, frames.UNKNOWN, frames.UNKNOWN])[labels]
        assert (read_with_classes(row)[3] == expected).all()


def test_own_folder_without_a_table_takes_subfolders_as_subjects(tmp_path):
    write_own(
        tmp_path / "ours", ["anna/f_2", "anna/f_10", "ben/x", "ben/y"], suffix="_mask"
    )
    table = frames.index(tmp_path / "ours").table
    assert frames.layout(tmp_path / "ours") == "folder"
    assert table[["subject", "clip", "frame"]].values.tolist() == [
        ["anna", "anna", 2],
        ["anna", "anna", 10],
        ["ben", "ben", 0],
        ["ben", "ben", 1],
    ]
    assert (table["dataset"] == "ours").all()


def test_own_folder_without_subfolders_is_one_subject_that_nobody_can_split(tmp_path):
    table = frames.index(write_own(tmp_path / "clinic", ["a", "b", "c"])).table
    assert table["subject"].unique().tolist() == ["clinic"]
    with pytest.raises(CourseError, match="too few subjects .*subjects.csv"):
        frames.split_source(table, seed=0)


@pytest.mark.parametrize(
    "text",
    [
        "image,subject,clip,frame\na.png,07,x,5\nb,07,x,4\nimages/c.png,8,,\n",
        "\ufeffImage;Subject;Clip;Frame\r\na.png;07;x;5\r\nb;07;x;4\r\nc;8;;\r\n",
    ],
)
def test_own_folder_with_subjects_csv(tmp_path, text):
    write_own(tmp_path, ["a", "b", "c"])
    (tmp_path / "subjects.csv").write_bytes(text.encode())
    table = frames.index(tmp_path).table
    assert table[["subject", "clip", "frame"]].values.tolist() == [
        ["07", "x", 4],
        ["07", "x", 5],
        ["8", "8", 0],
    ]


def test_what_systems_leave_in_folders_is_no_frame(tmp_path):
    folder = write_own(tmp_path, ["a"])
    for name in ("._a.png", ".DS_Store", "Thumbs.db", "__MACOSX/b.png"):
        for side in ("images", "masks"):
            (folder / side / name).parent.mkdir(exist_ok=True)
            (folder / side / name).write_bytes(b"junk")
    assert frames.index(folder).table["image"].str.endswith(
        "images/a.png"
    ).tolist() == [True]


def test_own_images_may_be_jpeg_and_a_folder_named_like_a_released_one_stays_ones_own(
    tmp_path,
):
    folder = write_own(tmp_path / "hemoset", ["a"])
    Image.fromarray(image(0)).save(folder / "images" / "a.jpg")
    (folder / "images" / "a.png").unlink()
    row = frames.index(folder).table.iloc[0]
    assert row["dataset"] == "hemoset (own)" and frames.read(row)[0].shape == (
        12,
        16,
        3,
    )


def test_zip_members_may_lie_deeper_and_junk_is_no_frame(tmp_path):
    (tmp_path / "pig1").mkdir()
    write_zip(
        tmp_path / "pig1" / "imgs.zip",
        {"pig1/imgs/000005.png": png(image(5)), "__MACOSX/pig1/imgs/000005.png": b"x"},
    )
    write_zip(
        tmp_path / "pig1" / "labels.zip",
        {"labels/000005_mask.png": png(blood_mask(5)), ".DS_Store": b""},
    )
    (tmp_path / "__MACOSX" / "pig2").mkdir(parents=True)
    table = frames.index(tmp_path).table
    assert (
        table["frame"].tolist() == [5]
        and (frames.read(table.iloc[0])[0] == image(5)).all()
    )


def test_a_subject_may_be_a_link_to_a_folder_elsewhere(tmp_path):
    elsewhere = write_own(tmp_path / "elsewhere", ["f_1", "f_2"])
    folder = write_own(tmp_path / "own", ["ben/f_1"])
    for side in ("images", "masks"):
        (folder / side / "anna").symlink_to(elsewhere / side)
    table = frames.index(folder).table
    assert table["subject"].tolist() == ["anna", "anna", "ben"]
    assert (frames.read(table.iloc[1])[0] == image(1)).all()
