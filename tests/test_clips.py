"""Videos and their bleedings: both forms, as streams, and what is said of bad ones."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers import CourseError, clips
from phantom import cases

CASE = cases.Case("pig1", 0, seconds=18, size=(48, 64), bleedings=1)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    places = {form: tmp_path_factory.mktemp(form) for form in ("folder", "mp4")}
    for form, place in places.items():
        cases.write([CASE], place, video=form == "mp4")
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


def table(folder: Path, *rows: str) -> Path:
    text = "\n".join(["case,start_s,end_s,x,y", *rows]) + "\n"
    (folder / "bleedings.csv").write_text(text)
    return folder


def frames(folder: Path, name: str = "pig1_0") -> Path:
    (folder / name).mkdir()
    for number in range(10):
        place = str(folder / name / f"{number:06d}.png")
        cv2.imwrite(place, np.full((24, 32, 3), 99, np.uint8))
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return table(frames(tmp_path), "pig1_0,0.4,1.2,3,4")


def said(folder: Path) -> str:
    with pytest.raises(CourseError) as caught:
        for video in clips.cases(folder):
            list(video)
    message = str(caught.value)
    assert message.endswith(".") and ".\n" not in message
    return message


def test_one_frame_is_read_at_a_time(good: Path, monkeypatch) -> None:
    (video,) = clips.cases(good)
    read, whole = [], clips._read
    monkeypatch.setattr(clips, "_read", lambda path: read.append(path) or whole(path))
    stream = iter(video)
    next(stream), next(stream)
    assert len(read) == 2


def test_an_empty_or_unreadable_video_is_named(tmp_path: Path) -> None:
    place = table(tmp_path) / "a_0.mp4"
    for content in (b"", b"no video" * 100):
        place.write_bytes(content)
        assert "a_0.mp4 holds no frame that can be read; copy" in said(tmp_path)
    place.unlink()
    assert "there is no video in it; put video files" in said(tmp_path)
    (tmp_path / "b_0").mkdir()
    assert "b_0 holds no frame" in (sentence := said(tmp_path))
    assert sentence.endswith("take the folder out.")


def test_a_video_that_breaks_off_or_is_damaged_in_the_middle_is_named(
    written, tmp_path: Path
) -> None:
    held = (written["mp4"] / "pig1_0.mp4").read_bytes()
    place = table(tmp_path) / "pig1_0.mp4"
    # The list of frames, which this writer puts at the end, is there no more.
    place.write_bytes(held[: len(held) // 2])
    assert "pig1_0.mp4 holds no frame that can be read;" in said(tmp_path)
    # It is there, and speaks of frames that are not.
    listed = held.index(b"moov") - 4
    middle = (held.index(b"mdat") + 4 + listed) // 2
    place.write_bytes(held[:middle] + bytes(listed - middle) + held[listed:])
    message = said(tmp_path)
    assert "pig1_0.mp4 breaks off after " in message and "convert" in message


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def called(name: str):
    return lambda path: path.rename(path.with_name(f"{name}.png"))


def smaller(path: Path) -> None:
    cv2.imwrite(str(path), np.zeros((20, 32, 3), np.uint8))


@pytest.mark.parametrize(
    "harm, sentence",
    [
        (Path.unlink, "pig1_0: after 000003.png comes 000005.png; number"),
        (cut, "pig1_0/000004.png can't be read as a picture; copy"),
        (smaller, "pig1_0: frame 4 is 32x20 but the first is 32x24; write"),
        (called("last"), "pig1_0: after last.png comes 000000.png; number"),
        (called("²"), "pig1_0: after ².png comes 000000.png; number"),
    ],
)
def test_a_bad_frame_is_named(good: Path, harm, sentence: str) -> None:
    harm(good / "pig1_0" / "000004.png")
    assert said(good).startswith(sentence)


def test_two_videos_of_one_case_are_named(good: Path) -> None:
    (good / "pig1_0.mp4").write_bytes(b"")
    assert said(good).startswith("pig1_0.mp4 and pig1_0 are both the case 'pig1_0';")


def test_a_case_called_like_markup_is_letters(tmp_path: Path) -> None:
    frames(tmp_path, name="<b>$x$_0")
    (video,) = clips.cases(table(tmp_path, "<b>$x$_0,0.4,1.2,3,4"))
    assert (video.case, len(video.bleedings)) == ("‹b›ꞨxꞨ_0", 1)


@pytest.mark.parametrize(
    "rows, cause, remedy",
    [
        (["pig1_0,0.2,1.0,3,4", "pig1_0,0.8,1.4,3,4"], "at 0.8 s", "make one row"),
        (["pig1_0,-1,1,3,4"], "runs from -1 to 1", "give times in seconds"),
        (["pig1_0,1,0.5,3,4"], "runs from 1 to 0.5", "give times in seconds"),
        (["pig1_0,2,9,3,4"], "the video lasts 2.0 s", "(not in frames)"),
        (["pig1_0,0.2,1,40,4"], "(40, 4) outside the 32x24 frame", "give its place"),
        (["pig9_9,0.2,1,3,4"], "case 'pig9_9' has no video", "put one"),
        (["pig1_0,soon,1,3,4"], "soon", "columns case,start_s,end_s,x,y"),
        (["pig1_0,,1,3,4"], "can't be read", "columns case,start_s,end_s,x,y"),
        ([",0.2,1,3,4"], "case '' has no video", "put one"),
        (None, "", "give it the columns case,"),
    ],
)
def test_a_bad_table_is_explained_in_one_sentence(good, rows, cause, remedy) -> None:
    if rows is None:
        (good / "bleedings.csv").unlink()
    else:
        table(good, *rows)
    message = said(good)
    assert "bleedings.csv" in message and cause in message and remedy in message
