"""Bad pixels and labels: each ends in one sentence, and under on_bad="skip" the frame is left out."""

import io

import numpy as np
import pytest
from frames_by_hand import (
    BLOOD,
    GUT,
    LIVER,
    SIZE,
    blood_mask,
    cholec_labels,
    image,
    palette_png,
    png,
    sentence_of,
    stops_and_skips,
    write_cholec,
    write_own,
)
from PIL import Image

from helpers import frames


def test_sizes_that_differ(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "masks" / "b.png").write_bytes(png(blood_mask(0, (24, 32))))
    stops_and_skips(
        folder,
        "own/images/b.png is 16x12",
        "own/masks/b.png is 32x24",
        "give both the same size",
        left=1,
    )
    write_cholec(tmp_path / "c", "video01", 0, 0)
    write_cholec(tmp_path / "c", "video01", 0, 1, color=png(image(0, (6, 8))))
    stops_and_skips(
        tmp_path / "c",
        "frame_1_endo_color_mask.png is 8x6",
        "frame_1_endo_watershed_mask.png is 16x12",
        left=1,
    )


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.98, "all but 10 bytes"])
def test_a_truncated_file(tmp_path, kept):
    folder = write_own(tmp_path / "own", ["a", "b"], size=(40, 60))
    path = folder / "images" / "b.png"
    whole = path.read_bytes()
    path.write_bytes(
        whole[:-10] if isinstance(kept, str) else whole[: int(kept * len(whole))]
    )
    stops_and_skips(
        folder, "own/images/b.png is truncated or damaged", "download it again", left=1
    )


def test_an_empty_file(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "masks" / "b.png").write_bytes(b"")
    stops_and_skips(
        folder, "own/masks/b.png is not a PNG file", "save it as PNG", left=1
    )


def test_a_damaged_byte_anywhere_in_the_pixels_is_noticed(tmp_path):
    folder = write_own(tmp_path, ["a"], size=(40, 60))
    path, row = folder / "images" / "a.png", frames.index(folder).table.iloc[0]
    whole = path.read_bytes()
    for place in np.random.default_rng(0).integers(45, len(whole) - 20, 40):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        sentence_of(lambda: frames.read(row), "images/a.png is truncated or damaged")


def test_a_file_that_is_no_png(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(image(0)).save(stream, "JPEG")
    write_cholec(tmp_path / "c", "video01", 0, 0)
    write_cholec(tmp_path / "c", "video01", 0, 1, endo=stream.getvalue())
    stops_and_skips(
        tmp_path / "c",
        "video01_00000/frame_1_endo.png is not a PNG file",
        "save it as PNG",
        left=1,
    )
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "masks" / "b.png").rename(folder / "masks" / "b.jpg")
    (folder / "masks" / "b.jpg").write_bytes(stream.getvalue())
    stops_and_skips(folder, "own/masks/b.jpg is a JPEG", "threshold it at half", left=1)
    folder = write_own(tmp_path / "own2", ["a", "b"])
    (folder / "images" / "b.png").write_bytes(b"GIF89a")
    stops_and_skips(folder, "own2/images/b.png is not a PNG or JPEG file", left=1)


def test_an_image_deeper_than_8_bits(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    (folder / "images" / "b.png").write_bytes(png(np.full((12, 16), 40000, np.uint16)))
    stops_and_skips(
        folder, "own/images/b.png has more than 8 bits", "save it as 8-bit RGB", left=1
    )


def test_a_picture_that_claims_to_be_enormous(tmp_path):
    folder = write_own(tmp_path / "own", ["a", "b"])
    path = folder / "images" / "b.png"
    stream = io.BytesIO()
    Image.new("1", (20000, 20000)).save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    stops_and_skips(folder, "own/images/b.png claims to be too large", left=1)


# -- labels of CholecSeg8k --------------------------------------------------------------------------


def masks_with(grey: int | tuple, colour: tuple) -> dict[str, bytes]:
    """Watershed and colour mask of liver, but for one pixel at row 2, column 3."""
    watershed, colours = (
        np.full((12, 16, 3), LIVER[0], np.uint8),
        np.full((12, 16, 3), LIVER[1], np.uint8),
    )
    watershed[2, 3], colours[2, 3] = grey, colour
    return {"watershed": png(watershed), "color": png(colours)}


@pytest.mark.parametrize(
    "grey, colour, named",
    [
        (
            36,
            BLOOD[1],
            (
                "frame_1_endo_watershed_mask.png has the grey 36, which no class has",
                "download it again",
            ),
        ),
        (
            BLOOD[0],
            (254, 0, 0),
            (
                "frame_1_endo_color_mask.png has the colour (254, 0, 0), which no class has",
                "download it again",
            ),
        ),
        (
            BLOOD[0],
            GUT[1],
            (
                "frame_1_endo_watershed_mask.png and its colour mask disagree on 1 pixels",
                "row 2, column 3: Blood and Gastrointestinal Tract",
                "download both again",
            ),
        ),
        (255, BLOOD[1], ("disagree", "unknown and Blood")),
        (BLOOD[0], (255, 255, 255), ("disagree", "Blood and unknown")),
        (
            (24, 24, 25),
            BLOOD[1],
            ("frame_1_endo_watershed_mask.png is not grey", "download it again"),
        ),
    ],
)
def test_labels_that_no_class_has_or_that_disagree(tmp_path, grey, colour, named):
    write_cholec(tmp_path / "c", "video01", 0, 0)
    write_cholec(
        tmp_path / "c",
        "video01",
        0,
        1,
        labels=np.zeros((12, 16), int),
        **masks_with(grey, colour),
    )
    stops_and_skips(tmp_path / "c", *named, left=1)


def test_classes_are_only_cholecseg8ks(tmp_path):
    row = frames.index(write_own(tmp_path, ["a"])).table.iloc[0]
    sentence_of(
        lambda: frames.read_classes(row),
        "masks/a.png has no classes",
        "ask for classes of a CholecSeg8k frame",
    )
    sentence_of(
        lambda: frames.read(row, blood_class="Liver"),
        "masks/a.png marks only blood",
        "leave blood_class",
    )


def test_several_bad_frames_are_each_named_and_counted(tmp_path):
    for number in range(6):
        write_cholec(tmp_path / "c", "video01", 0, number, cholec_labels(number))
    write_cholec(tmp_path / "c", "video01", 0, 2, endo=b"broken")
    write_cholec(tmp_path / "c", "video01", 0, 4, watershed=palette_png(blood_mask(4)))
    found = frames.index(tmp_path / "c", on_bad="skip")
    packed = frames.pack(found.table, SIZE, on_bad="skip", folder=tmp_path / "store")
    assert packed.table["frame"].tolist() == [0, 1, 3, 5] and len(packed.skipped) == 2
    assert (
        "frame_2_endo.png" in packed.skipped[0]
        and "frame_4_endo_watershed_mask.png" in packed.skipped[1]
    )
    for position, row in enumerate(packed.table.itertuples()):
        assert (
            packed.images[position] == image(row.frame)
        ).all()  # the rows left are still the right ones


def test_nothing_left_is_an_error_even_under_skip(tmp_path):
    folder = write_own(tmp_path / "own", ["a"])
    (folder / "images" / "a.png").write_bytes(b"")
    table = frames.index(folder).table
    sentence_of(
        lambda: frames.pack(table, SIZE, on_bad="skip", folder=tmp_path / "store"),
        "None of the 1 frames can be read",
        "own/images/a.png is not a PNG or JPEG file",
    )
    sentence_of(
        lambda: frames.pack(table.iloc[:0], SIZE, folder=tmp_path / "store"),
        "frame table is empty",
        "index a folder",
    )
