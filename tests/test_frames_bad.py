"""Bad folders, pairs, zips and tables: each ends in one sentence that names the file and the remedy."""

import zipfile

import pytest
from frames_by_hand import (
    image,
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

# -- folders ----------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there(tmp_path):
    sentence_of(
        lambda: frames.index(tmp_path / "nowhere"),
        "nowhere",
        "there is no such folder",
        "give the path",
    )


def test_a_file_in_place_of_a_folder(tmp_path):
    write_zip(tmp_path / "cholecseg8k.zip", {"a": b""})
    sentence_of(
        lambda: frames.layout(tmp_path / "cholecseg8k.zip"),
        "cholecseg8k.zip is a file",
        "unpack it",
    )


def test_a_folder_with_nothing_known(tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.png").write_bytes(png(image(0)))
    sentence_of(
        lambda: frames.layout(tmp_path),
        tmp_path.name,
        "no known data set",
        "give the path of the folder that holds pigN",
    )


def test_a_folder_with_several_data_sets(tmp_path):
    write_pig(tmp_path / "hemoset" / "pig1", [0])
    write_cholec(tmp_path / "cholecseg8k", "video01", 0, 0)
    sentence_of(
        lambda: frames.index(tmp_path),
        "several data sets (cholecseg8k, hemoset)",
        "give the path of one",
    )


@pytest.mark.parametrize("side", ["images", "masks"])
def test_own_folder_with_one_side_only(tmp_path, side):
    (tmp_path / side).mkdir()
    other = {"images": "masks", "masks": "images"}[side]
    sentence_of(
        lambda: frames.index(tmp_path), f"/{other} is not there", "put images and masks"
    )


def test_a_known_layout_without_a_single_frame(tmp_path):
    (tmp_path / "video01" / "video01_00080").mkdir(parents=True)
    sentence_of(
        lambda: frames.index(tmp_path), tmp_path.name, "holds no frame", "should hold"
    )


def test_on_bad_knows_two_words(tmp_path):
    write_own(tmp_path, ["a"])
    sentence_of(
        lambda: frames.index(tmp_path, on_bad="ignore"),
        "'ignore'",
        "choose stop or skip",
    )


# -- pairs ------------------------------------------------------------------------------------------


def test_hemoset_image_without_mask_and_mask_without_image(tmp_path):
    for missing, side, cause in (
        ("labels", "labels", "imgs/000060.png has no mask"),
        ("imgs", "imgs", "labels/000060_mask.png has no image"),
    ):
        folder = tmp_path / missing
        write_pig(folder / "pig1", [0, 60, 120], unpacked=True)
        next((folder / "pig1" / side).glob("000060*")).unlink()
        stops_and_skips(
            folder, "pig1/" + cause, f"download pig1/{side}.zip again", left=2
        )


def test_hemoset_pig_without_one_of_its_zips(tmp_path):
    for pig in ("pig1", "pig2"):
        write_pig(tmp_path / "h" / pig, [0, 60])
    (tmp_path / "h" / "pig2" / "labels.zip").unlink()
    stops_and_skips(
        tmp_path / "h", "pig2/labels.zip is not there", "download it again", left=2
    )


def test_hemoset_frame_number_given_twice(tmp_path):
    write_pig(tmp_path / "h" / "pig1", [0, 60], unpacked=True)
    (tmp_path / "h" / "pig1" / "imgs" / "60.png").write_bytes(png(image(1)))
    stops_and_skips(
        tmp_path / "h", "pig1/imgs/60.png", "same frame number", "remove one", left=2
    )


@pytest.mark.parametrize(
    "part, cause",
    [
        ("watershed", "frame_1_endo.png has no mask frame_1_endo_watershed_mask.png"),
        ("color", "frame_1_endo.png has no mask frame_1_endo_color_mask.png"),
        ("endo", "frame_1_endo_watershed_mask.png has no image"),
    ],
)
def test_cholecseg8k_with_a_part_missing(tmp_path, part, cause):
    write_cholec(tmp_path / "c", "video01", 0, 0)
    write_cholec(tmp_path / "c", "video01", 0, 1, **{part: b""})
    stops_and_skips(
        tmp_path / "c", "video01/video01_00000/" + cause, "put it beside", left=1
    )


def test_own_image_without_mask_and_mask_without_image(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b", "c"])
    (folder / "masks" / "b.png").unlink()
    stops_and_skips(folder, "own/images/b.png has no mask", "put masks/b.png", left=2)
    folder = write_own(tmp_path / "own2", ["a", "b", "c"])
    (folder / "images" / "b.png").unlink()
    stops_and_skips(folder, "own2/masks/b.png has no image", "put images/b.png", left=2)


def test_own_images_with_one_name(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    Image.fromarray(image(0)).save(folder / "images" / "b.jpg")
    stops_and_skips(
        folder, "images/b.png has the same name as b.jpg", "remove one", left=2
    )


# -- zips -------------------------------------------------------------------------------------------


def test_a_broken_zip(tmp_path):
    for pig in ("pig1", "pig2"):
        write_pig(tmp_path / "h" / pig, [0, 60])
    path = tmp_path / "h" / "pig2" / "imgs.zip"
    path.write_bytes(path.read_bytes()[:400])
    found = frames.index(tmp_path / "h", on_bad="skip")
    sentence = sentence_of(
        lambda: frames.index(tmp_path / "h"),
        "pig2/imgs.zip is not a whole zip",
        "download it again",
    )
    assert found.skipped == [sentence] and found.table["subject"].tolist() == [
        "pig1",
        "pig1",
    ]


def test_a_zip_with_a_damaged_member(tmp_path):
    write_pig(tmp_path / "h" / "pig1", [0, 60])
    path = tmp_path / "h" / "pig1" / "imgs.zip"
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 30] ^= (
        1  # in the first image, stored without compression
    )
    path.write_bytes(data)
    stops_and_skips(
        tmp_path / "h",
        "pig1/imgs.zip!imgs/000000.png can't be read (Bad CRC-32",
        "download it again",
        left=1,
    )


@pytest.mark.parametrize(
    "name",
    [
        "../000060.png",
        "/etc/000060.png",
        "imgs/../../000060.png",
        "C:/000060.png",
        "..\\000060.png",
    ],
)
def test_a_zip_member_that_points_outside(tmp_path, name):
    write_pig(tmp_path / "h" / "pig1", [0])
    with zipfile.ZipFile(tmp_path / "h" / "pig1" / "imgs.zip", "a") as archive:
        archive.writestr(name, png(image(60)))
    stops_and_skips(
        tmp_path / "h",
        "pig1/imgs.zip has a member that points outside",
        name.replace("\\", "/"),
        "download it again from where it was released",
        left=1,
    )
    assert (
        not (tmp_path / "000060.png").exists()
        and not (tmp_path / "h" / "000060.png").exists()
    )


def test_a_zip_locked_by_a_password(tmp_path):
    write_pig(tmp_path / "pig1", [0])
    path = tmp_path / "pig1" / "labels.zip"
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= (
        1  # the flag of encryption in the central directory
    )
    path.write_bytes(data)
    sentence_of(
        lambda: frames.index(tmp_path),
        "pig1/labels.zip is locked by a password",
        "unpack it in place",
    )


def test_a_file_that_went_away_after_indexing(tmp_path):
    write_pig(tmp_path / "pig1", [0])
    row = frames.index(tmp_path).table.iloc[0]
    write_zip(tmp_path / "pig1" / "imgs.zip", {"imgs/000001.png": b""})
    sentence_of(
        lambda: frames.read(row),
        "pig1/imgs.zip!imgs/000000.png is not in the zip any more",
        "index the folder again",
    )
    (tmp_path / "pig1" / "imgs.zip").unlink()
    sentence_of(
        lambda: frames.read(row), "pig1/imgs.zip is not there any more", "put it back"
    )


# -- subjects.csv -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines, named, left",
    [
        (
            ["a,x,1", "b,x,2"],
            ("subjects.csv has no line for 'c'", "add one that says its subject"),
            2,
        ),
        (
            ["a,x,1", "b,x,2", "c,x,3", "d,x,4"],
            ("line 5: 'd' is no image with a mask", "remove the line"),
            3,
        ),
        (
            ["a,x,1", "b,,2", "c,x,3"],
            ("line 3: 'b' has no subject", "write whose frame it is"),
            2,
        ),
        (
            ["a,x,1", "b,x,2", "c,x,3", "c,y,4"],
            ("line 5: 'c' is listed a second time", "remove one of the two"),
            3,
        ),
        (
            ["a,x,1", "b,x,two", "c,x,3"],
            ("line 3: the frame 'two' is not a whole number", "correct it"),
            2,
        ),
    ],
)
def test_a_line_of_subjects_csv_that_is_wrong(tmp_path, lines, named, left):
    folder = write_own(tmp_path / "own", ["a", "b", "c"])
    (folder / "subjects.csv").write_text("\n".join(["image,subject,frame", *lines]))
    stops_and_skips(folder, "own/subjects.csv", *named, left=left)


@pytest.mark.parametrize(
    "content, named",
    [
        (b"picture,who\na,x\n", ("lacks the columns image and subject", "write them")),
        (b"", ("lacks the columns", "none")),
        ("image,subject\na,Jürgen\n".encode("latin-1"), ("can't be read", "in UTF-8")),
    ],
)
def test_a_subjects_csv_that_is_no_table(tmp_path, content, named):
    folder = write_own(tmp_path, ["a"])
    (folder / "subjects.csv").write_bytes(content)
    sentence_of(lambda: frames.index(folder), "subjects.csv", *named)
