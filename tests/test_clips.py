"""Videos and their bleedings: both forms, as streams, and what is said of bad ones."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers import clips
from helpers.errors import CourseError
from phantom import cases

CASE = cases.Case("pig1", 0, seconds=18, size=(48, 64), bleedings=1)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    places = {}
    for form in ("folder", "mp4"):
        places[form] = tmp_path_factory.mktemp(form)
        cases.write([CASE], places[form], video=form == "mp4")
    return places


@pytest.mark.parametrize("form", ["folder", "mp4"])
def test_both_forms_give_the_case_back(form: str, written) -> None:
    (video,) = clips.cases(written[form])
    assert (video.case, video.subject, video.fps) == ("pig1_0", "pig1", 5.0)
    assert (video.n_frames, video.size, video.seconds) == (90, (48, 64), 18.0)
    assert video.bleedings == pytest.approx(np.array(CASE.truth()), abs=0.01)
    drawn = [frame.image for frame in CASE.frames()]
    read = list(video)
    assert len(read) == 90
    away = [np.abs(a.astype(int) - b).mean() for a, b in zip(read, drawn)]
    assert max(away) < 12  # what compression does; red and blue are not exchanged
    swapped = np.abs(read[0][..., ::-1].astype(int) - drawn[0]).mean()
    assert swapped > 3 * away[0]


def frames(folder: Path, n: int = 10, name: str = "pig1_0", size=(24, 32)) -> Path:
    place = folder / name
    place.mkdir()
    for number in range(n):
        cv2.imwrite(str(place / f"{number:06d}.png"), np.full((*size, 3), 99, np.uint8))
    return place


def table(folder: Path, *rows: str) -> Path:
    text = "\n".join(["case,start_s,end_s,x,y", *rows]) + "\n"
    (folder / "bleedings.csv").write_text(text)
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    frames(tmp_path)
    return table(tmp_path, "pig1_0,0.4,1.2,3,4")


def test_one_frame_is_read_at_a_time(good: Path, monkeypatch) -> None:
    (video,) = clips.cases(good)
    read = []
    whole = clips._read
    monkeypatch.setattr(clips, "_read", lambda path: read.append(path) or whole(path))
    stream = iter(video)
    next(stream)
    next(stream)
    assert len(read) == 2


def said(folder: Path) -> str:
    with pytest.raises(CourseError) as caught:
        for video in clips.cases(folder):
            list(video)
    return str(caught.value)


def test_an_empty_or_unreadable_video_is_named(tmp_path: Path) -> None:
    table(tmp_path)
    (tmp_path / "a_0.mp4").write_bytes(b"")
    assert said(tmp_path).startswith("a_0.mp4 is empty; copy or convert")
    (tmp_path / "a_0.mp4").write_bytes(b"no video" * 100)
    assert "a_0.mp4 holds no frame that can be read" in said(tmp_path)
    (tmp_path / "a_0.mp4").unlink()
    (tmp_path / "b_0").mkdir()
    assert said(tmp_path) == "b_0: there is no frame in it; take the folder out."


def test_a_video_that_breaks_off_or_is_damaged_in_the_middle_is_named(
    written, tmp_path: Path
) -> None:
    whole = written["mp4"] / "pig1_0.mp4"
    held = whole.read_bytes()
    table(tmp_path)
    place = tmp_path / "pig1_0.mp4"
    # The list of frames, which this writer puts at the end, is there no more.
    place.write_bytes(held[: len(held) // 2])
    assert said(tmp_path).startswith("pig1_0.mp4 holds no frame that can be read;")
    # It is there, and speaks of frames that are not.
    listed = held.index(b"moov") - 4
    start = held.index(b"mdat") + 4
    middle = (start + listed) // 2
    place.write_bytes(held[:middle] + bytes(listed - middle) + held[listed:])
    assert "pig1_0.mp4 breaks off after " in said(tmp_path)
    assert said(tmp_path).endswith("copy or convert the video again (mp4).")


def test_missing_frames_are_named(good: Path) -> None:
    (good / "pig1_0" / "000004.png").unlink()
    assert said(good).startswith("pig1_0: after frame 3 comes frame 5; put the frames")


def test_a_frame_that_is_no_picture_or_no_number_is_named(good: Path) -> None:
    (good / "pig1_0" / "000004.png").write_bytes(b"")
    assert said(good).startswith("pig1_0/000004.png can't be read as a picture; copy")
    (good / "pig1_0" / "000004.png").rename(good / "pig1_0" / "last.png")
    assert said(good).startswith("pig1_0/last.png: the name is no number; call")


@pytest.mark.parametrize("name", ["²", "1a", "frame 1"])
def test_a_frame_whose_name_only_looks_like_a_number_is_named(good, name) -> None:
    (good / "pig1_0" / "000004.png").rename(good / "pig1_0" / f"{name}.png")
    assert said(good).startswith(f"pig1_0/{name}.png: the name is no number; call")


def test_two_videos_of_one_case_are_named(good: Path) -> None:
    (good / "pig1_0.mp4").write_bytes(b"")
    assert said(good).startswith("pig1_0.mp4 and pig1_0 are both the case 'pig1_0';")


def test_a_video_whose_name_is_no_text_is_named(good: Path) -> None:
    Path(os.fsdecode(os.fsencode(good) + b"/pig\xff_1.mp4")).write_bytes(b"")
    assert "has a name that is not text: rename it." in said(good)


def test_a_case_called_like_markup_is_letters(tmp_path: Path) -> None:
    frames(tmp_path, name="<b>$x$_0")
    (video,) = clips.cases(table(tmp_path, "<b>$x$_0,0.4,1.2,3,4"))
    assert (video.case, len(video.bleedings)) == ("‹b›ꞨxꞨ_0", 1)


def test_a_changing_size_is_named(good: Path) -> None:
    other = np.zeros((20, 32, 3), np.uint8)
    cv2.imwrite(str(good / "pig1_0" / "000007.png"), other)
    assert said(good).startswith("pig1_0: frame 7 is 32x20 but the first is 32x24;")


@pytest.mark.parametrize(
    "rows, sentence",
    [
        (
            ["pig1_0,0.2,1.0,3,4", "pig1_0,0.8,1.4,3,4"],
            "overlap at 0.8 s; make one row",
        ),
        (["pig1_0,-1,1,3,4"], "runs from -1 to 1 s; give a start in the video"),
        (["pig1_0,1,0.5,3,4"], "runs from 1 to 0.5 s; give a start"),
        (
            ["pig1_0,1,60,3,4"],
            "ends at 60 but the video lasts 2.0 s; give times in sec",
        ),
        (
            ["pig1_0,2,9,3,4"],
            "lasts 2.0 s, as if it counted frames; give times in seco",
        ),
        (
            ["pig1_0,200,1800,3,4"],
            "as if it counted milliseconds; give times in seconds",
        ),
        (["pig1_0,0.2,1,40,4"], "begins at (40, 4) outside the 32x24 frame; give its"),
        (["pig9_9,0.2,1,3,4"], "the case 'pig9_9' has no video; put pig9_9.mp4 or"),
        (["pig1_0,soon,1,3,4"], "give it the columns case,start_s,end_s,x,y and only"),
        (["pig1_0,,1,3,4"], "has a case or a number missing; give it the columns"),
    ],
)
def test_a_bad_table_is_explained_in_one_sentence(good, rows, sentence) -> None:
    table(good, *rows)
    message = said(good)
    assert sentence in message and "bleedings.csv" in message
    assert message.count(".\n") == 0 and message.endswith(".")


def test_without_a_table_it_says_what_is_needed(tmp_path: Path) -> None:
    frames(tmp_path)
    assert "bleedings.csv is not there; give it the columns" in said(tmp_path)


def test_bad_cases_can_be_skipped_and_are_counted(good: Path) -> None:
    place = frames(good, name="pig2_0")
    (place / "000002.png").unlink()
    assert [one.case for one in clips.cases(good, on_bad="skip")] == ["pig1_0"]
    found, bad = clips.sorted_out(good)
    assert len(found) == 1 and len(bad) == 1 and bad[0].startswith("pig2_0: after")


def test_a_folder_without_any_case_says_so(tmp_path: Path) -> None:
    assert "there is no video in it; put video files" in said(table(tmp_path))
