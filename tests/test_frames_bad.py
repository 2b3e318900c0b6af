"""What people bring that is wrong: each ends in one sentence that names the file and the
remedy, and under on_bad="skip" the frame is left out, counted and named."""

import zipfile

import numpy as np
import pytest
from frames_by_hand import (
    BLOOD,
    GUT,
    LIVER,
    SIZE,
    blood_mask,
    image,
    packed,
    palette_png,
    png,
    sentence_of,
    stops_and_skips,
    write_cholec,
    write_own,
    write_pig,
    write_zip,
)
from PIL import Image

from helpers import frames

MARK = blood_mask(1)


@pytest.fixture
def released(tmp_path):
    """h, c and own: the three layouts, of four, three and three frames."""
    write_pig(tmp_path / "h" / "pig1", [0, 60])
    write_pig(tmp_path / "h" / "pig2", [0, 60], unpacked=True)
    for number in range(3):
        write_cholec(tmp_path / "c", "video01", 0, number)
    write_own(tmp_path / "own", ["a", "b", "c"])
    return tmp_path


# -- folders ---------------------------------------------------------------------------


def test_a_folder_that_is_not_there_or_holds_nothing_known(tmp_path):
    sentence_of(lambda: frames.index(tmp_path / "nowhere"), "nowhere", "give the path")
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.png").write_bytes(png(image(0)))
    sentence_of(lambda: frames.layout(tmp_path), tmp_path.name, "no known data set")
    (tmp_path / "video01" / "video01_00080").mkdir(parents=True)
    sentence_of(lambda: frames.index(tmp_path), tmp_path.name, "no frame", "videoNN")


def test_a_folder_with_several_data_sets(released):
    named = ("several data sets (c, h, own)", "give the path of one")
    sentence_of(lambda: frames.index(released), *named)


@pytest.mark.parametrize("side, other", [("images", "masks"), ("masks", "images")])
def test_own_folder_with_one_side_only(tmp_path, side, other):
    (tmp_path / side).mkdir()
    sentence_of(lambda: frames.index(tmp_path), f"/{other} is not there", "put images")


# -- pairs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gone, cause, remedy, left",
    [
        ("h/pig1/labels.zip", "pig1/labels.zip", "download it again", 2),
        ("h/pig2/labels/000060_mask.png", "imgs/000060.png has no mask", "download", 3),
        ("h/pig2/imgs/000060.png", "000060_mask.png has no image", "download", 3),
        ("c/_watershed_mask", "frame_1_endo.png has no mask", "put it there", 2),
        ("c/_color_mask", "frame_1_endo.png has no colour mask", "put it there", 2),
        ("c/", "frame_1_endo_watershed_mask.png has no image", "put it there", 2),
        ("own/masks/b.png", "own/images/b.png has no mask", "put it there", 2),
        ("own/images/b.png", "own/masks/b.png has no image", "put it there", 2),
    ],
)
def test_a_file_that_is_missing(released, gone, cause, remedy, left):
    folder, path = gone.split("/", 1)
    if folder == "c":
        path = f"video01/video01_00000/frame_1_endo{path}.png"
    (released / folder / path).unlink()
    stops_and_skips(released / folder, cause, remedy, left=left)


def test_two_files_for_one_frame(released):
    folder, named = released / "own", ("own/images/b.jpg", "own/images/b.png", "remove")
    Image.fromarray(image(0)).save(folder / "images" / "b.jpg")
    stops_and_skips(folder, *named, left=3)
    (folder / "images" / "b.jpg").unlink()
    (folder / "masks" / "a_mask.png").write_bytes(png(MARK))
    stops_and_skips(folder, "own/masks/a_mask.png", "own/masks/a.png", left=3)


def test_one_subject_spelled_in_two_ways(released):
    write_pig(released / "h" / "Pig02", [0])
    stops_and_skips(released / "h", "pig2/imgs", "'pig2' and 'Pig02'", left=3)
    table = "image,subject\na,p 2\nb,P_02\nc,p1-2\n"
    (released / "own" / "Subjects.CSV").write_text(table)
    named = ("own/images/b.png", "'P_02' and 'p 2'")
    stops_and_skips(released / "own", *named, left=2)


def test_several_bad_frames_are_each_named_and_counted(released):
    write_cholec(released / "c", "video01", 0, 0, endo=b"broken")
    write_cholec(released / "c", "video01", 0, 2, watershed=palette_png(MARK))
    write_cholec(released / "c", "video01", 0, 3)
    found = packed(frames.index(released / "c").table, released / "store", "skip")
    assert found.table["frame"].tolist() == [1, 3] and len(found.skipped) == 2
    assert "frame_0_endo.png" in found.skipped[0]
    assert "frame_2_endo_watershed_mask.png" in found.skipped[1]
    assert (found.images == [image(1), image(3)]).all()  # still the right ones


def test_nothing_left_is_an_error_even_under_skip(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "images" / "a.png").write_bytes(b"")
    table, store = frames.index(folder).table, tmp_path / "store"
    named = ("None of the 1 frames", "own/images/a.png is not a PNG")
    sentence_of(lambda: packed(table, store, "skip"), *named)
    sentence_of(lambda: packed(table[:0], store), "frame table is empty", "index")


# -- zips ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "harm, named, left",
    [
        ("cut off", ("is not a whole zip", "download it again"), 2),
        ("a byte", ("!imgs/000000.png", "Bad CRC-32", "unpack its zip"), 3),
        ("method", ("!imgs/000000.png", "compression", "unpack its zip"), 3),
        ("password", ("!imgs/000000.png", "password", "unpack its zip"), 3),
    ],
)
def test_a_zip_that_python_cannot_unpack(released, harm, named, left):
    path = released / "h" / "pig1" / "imgs.zip"
    data = bytearray(path.read_bytes())
    listed = data.index(b"PK\x01\x02")
    if harm == "cut off":
        del data[400:]
    elif harm == "a byte":  # of the first image, stored without compression
        data[data.index(b"IDAT") + 30] ^= 1
    elif harm == "method":
        data[listed + 10] = data[8] = 97
    else:
        data[listed + 8] |= 1
        data[6] |= 1
    path.write_bytes(data)
    stops_and_skips(released / "h", "pig1/imgs.zip", *named, left=left)


@pytest.mark.parametrize("name", ["../000060.png", "/etc/000060.png", "C:\\000060.png"])
def test_a_path_out_of_a_zip(released, name):
    with zipfile.ZipFile(released / "h" / "pig1" / "imgs.zip", "a") as archive:
        archive.writestr(name, png(image(60)))
    named = ("pig1/imgs.zip has a member that points outside", "download it again")
    stops_and_skips(released / "h", *named, left=2)


def test_a_file_that_went_away_after_indexing(tmp_path):
    write_pig(tmp_path / "pig1", [0])
    row = frames.index(tmp_path).table.iloc[0]
    write_zip(tmp_path / "pig1" / "imgs.zip", {"imgs/000001.png": b""})
    sentence_of(lambda: frames.read(row), "pig1/imgs.zip!imgs/000000.png", "gone")
    (tmp_path / "pig1" / "imgs.zip").unlink()
    sentence_of(lambda: frames.read(row), "pig1/imgs.zip", "gone", "download it again")


# -- subjects.csv ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines, named, left",
    [
        ("a,x,1\nb,x,2", "no line for 'c': add", 2),
        ("a,x,1\nb,x,2\nc,x,3\nd,x,4", "'d' is no image with a mask: correct", 3),
        ("a,x,1\nb,,2\nc,x,3", "'b' has no subject: write", 2),
        ("a,x,1\nb,x,2\nc,x,3\nc,y,4", "'c' is listed a second time: remove", 3),
        ("a,x,1\nb,x,two\nc,x,3", "'b' has a frame that is no whole number", 2),
    ],
)
def test_a_line_of_subjects_csv_that_is_wrong(released, lines, named, left):
    (released / "own" / "subjects.csv").write_text("image,subject,frame\n" + lines)
    stops_and_skips(released / "own", "own/subjects.csv", named, left=left)


@pytest.mark.parametrize(
    "content, named",
    [
        (b"picture,who\na,x\n", ["picture, who", "write these"]),
        (b"", ["can't be read", "in UTF-8"]),
        (b"image,subject\na,J\xfcrgen\n", ["can't be read", "in UTF-8"]),
    ],
)
def test_a_subjects_csv_that_is_no_table(tmp_path, content, named):
    folder = write_own(tmp_path, ["a"])
    (folder / "subjects.csv").write_bytes(content)
    sentence_of(lambda: frames.index(folder), "subjects.csv", *named)


# -- pictures --------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0, 0.02, 0.3, 0.98, -10])
def test_a_truncated_file(tmp_path, kept):
    folder = write_own(tmp_path / "own", ["a", "b"], size=(40, 60))
    path = folder / "images" / "b.png"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if kept >= 0 else kept])
    stops_and_skips(folder, "own/images/b.png", "again" if kept else "save it", left=1)


def test_a_damaged_byte_anywhere_in_the_pixels_is_noticed(tmp_path):
    folder = write_own(tmp_path, ["a"], size=(40, 60))
    path, row = folder / "images" / "a.png", frames.index(folder).table.iloc[0]
    whole = path.read_bytes()
    for place in np.random.default_rng(0).integers(45, len(whole) - 20, 40):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        sentence_of(lambda: frames.read(row), "images/a.png is damaged", "download")


@pytest.mark.parametrize(
    "side, stored, named",
    [
        ("images", png(np.full(SIZE, 40000, np.uint16)), "more than 8 bits"),
        ("images", b"GIF89a", "not a PNG or JPEG file: save it as PNG"),
        ("masks", png(blood_mask(0, (24, 32))), "b.png is 32x24: give both the same"),
        ("masks", png(image(0), form="JPEG"), "is a JPEG, which blurs"),
        ("masks", png(MARK + 1), "(first 1, 2) where"),
        ("masks", png(np.full(SIZE, 255, np.uint8)), "look whether it is inverted"),
        ("masks", png(image(7)[..., 0] // 52 * 11), "5 values (first 0, 11, 22, 33)"),
        ("masks", png(image(7)), "or swapped with its image"),
        ("masks", png(np.dstack([MARK * 0 + 9] * 3 + [MARK * 255])), "1 values"),
    ],
)
def test_a_picture_of_ones_own_that_cannot_be_used(released, side, stored, named):
    (released / "own" / side / "b.png").write_bytes(stored)
    stops_and_skips(released / "own", f"own/{side}/b.png", named, left=2)


@pytest.mark.parametrize("size", [(20000, 20000), (1, 80_000_000), (9000, 8000)])
def test_a_picture_larger_than_any_cameras(released, size):
    Image.new("1", size).save(released / "own" / "images" / "b.png")
    named = "own/images/b.png is larger than 67 million"
    stops_and_skips(released / "own", named, left=2)


def test_all_masks_inverted(released):
    for path in (released / "own" / "masks").iterdir():
        path.write_bytes(png(255 - np.asarray(Image.open(path))))
    found = frames.index(released / "own").table
    named = ("own/masks/", "inverted masks", "swap the two values")
    sentence_of(lambda: packed(found, released / "store"), *named)


# -- labels of CholecSeg8k -------------------------------------------------------------


@pytest.mark.parametrize(
    "grey, colour, named",
    [
        (36, BLOOD[1], ("watershed_mask.png", "value (36, 36, 36)")),
        ((24, 24, 25), BLOOD[1], ("watershed_mask.png", "value (24, 24, 25)")),
        (BLOOD[0], (254, 0, 0), ("colour (254, 0, 0)", "disagree")),
        (BLOOD[0], GUT[1], ("disagree", "(24, 24, 24) and colour (231, 70")),
        (255, BLOOD[1], ("disagree", "value (255,")),
        (BLOOD[0], (255, 255, 255), ("row 2, column 3: value (24,",)),
    ],
)
def test_labels_that_no_class_has_or_that_disagree(released, grey, colour, named):
    watershed = np.full((*SIZE, 3), LIVER[0], np.uint8)
    colours = np.full((*SIZE, 3), LIVER[1], np.uint8)
    watershed[2, 3], colours[2, 3] = grey, colour
    masks = {"watershed": png(watershed), "color": png(colours)}
    write_cholec(released / "c", "video01", 0, 1, **masks)
    stops_and_skips(released / "c", "frame_1_endo", *named, "download", left=2)


def test_masks_of_two_sizes(released):
    write_cholec(released / "c", "video01", 0, 1, color=png(image(0, (6, 8))))
    stops_and_skips(released / "c", "color_mask.png is 8x6", "is 16x12", left=2)
