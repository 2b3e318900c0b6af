"""Videos as streams: folders of numbered frames, or video files, beside one
bleedings.csv.

    folder/bleedings.csv      case,start_s,end_s,x,y (seconds; pixels of the video)
    folder/pig1_0/000000.jpg  or  folder/pig1_0.mp4

A case is called SUBJECT_NUMBER. One that has no row in the table has no bleeding.
Frames are read one at a time, and none is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from helpers import names
from helpers.errors import CourseError
from helpers.frames.reading import rgb
from helpers.names import printable

PICTURES = (".png", ".jpg", ".jpeg")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv")
TABLE = "bleedings.csv"
FASTEST = 100_000  # frames a second; a file that says more is damaged


class Bleeding(NamedTuple):
    """From when to when it bled (seconds), and where it began (pixels)."""

    start_s: float
    end_s: float
    x: float
    y: float


@dataclass(frozen=True)
class Video:
    """One case on the disk. size: (h, w) in pixels; bleedings in order of start."""

    case: str
    path: Path
    fps: float
    n_frames: int
    size: tuple[int, int]
    bleedings: tuple[Bleeding, ...]

    @property
    def subject(self) -> str:
        """Whose case: the name without its number."""
        return self.case.rsplit("_", 1)[0]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.n_frames / self.fps

    def __iter__(self) -> Iterator[np.ndarray]:
        """Its frames, HxWx3 uint8 RGB, each read when it is asked for; CourseError at
        the first that cannot be read or has another size, and where the video breaks
        off before it should."""
        read, number = _from_folder if self.path.is_dir() else _from_file, -1
        for number, image in enumerate(read(self.path)):
            if image.shape[:2] != self.size:
                raise CourseError(
                    f"{self.path.name}: frame {number} is {_said(image.shape)} but the "
                    f"first is {_said(self.size)}; write all frames at one size."
                )
            yield image
        # What a file says of its length may be a frame or two off.
        if number + 1 + self.fps < self.n_frames:
            raise CourseError(
                f"{self.path.name} breaks off after {number + 1} of {self.n_frames} "
                "frames, or holds one that can't be read; copy or convert the video "
                "again (mp4)."
            )


def cases(folder: Path | str, fps: float = 5.0, on_bad: str = "stop") -> list[Video]:
    """The cases of a folder, in order of name. fps: of folders of frames; a video file
    says its own. on_bad: "stop" with a CourseError at the first case that cannot be
    used, or "skip" it; `sorted_out` says which."""
    found, bad = sorted_out(folder, fps)
    if bad and on_bad != "skip":
        raise CourseError(bad[0])
    if not found and not bad:
        raise CourseError(
            f"{folder}: there is no video in it; put video files or folders of "
            f"numbered frames beside {TABLE}."
        )
    return found


def sorted_out(folder: Path | str, fps: float = 5.0) -> tuple[list[Video], list[str]]:
    """The cases that can be used, and a sentence for each that cannot."""
    folder = Path(folder)
    table = _table(folder / TABLE)
    found, bad, places = [], [], {}
    for path in sorted(filter(_is_case, folder.iterdir())):
        if not path.name.isprintable():  # OpenCV may end the process over one
            bad.append(f"{printable(path)} has a name that is not text: rename it.")
        elif (first := places.setdefault(_case(path), path)) is not path:
            bad.append(
                f"{path.name} and {first.name} are both the case '{_case(path)}'; take "
                "one of them out."
            )
    for name in dict.fromkeys(table["case"]):
        if name not in places:
            bad.append(
                f"{folder / TABLE}: the case '{name}' has no video; put {name}.mp4 or "
                f"a folder {name} beside the table, or take its rows out."
            )
    for name, path in places.items():
        try:
            found.append(_video(name, path, table[table["case"] == name], fps))
        except CourseError as error:
            bad.append(str(error))
    return found, [names.text(sentence) for sentence in bad]


def _is_case(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    return path.is_dir() or path.suffix.lower() in VIDEOS


def _case(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


def _table(path: Path) -> pd.DataFrame:
    remedy = f"give it the columns case,{','.join(Bleeding._fields)} and only numbers."
    try:
        table = pd.read_csv(path, dtype={"case": str}, keep_default_na=False)
        numbers = table[list(Bleeding._fields)].replace("", "nan").astype(float)
    except (OSError, ValueError, TypeError, KeyError) as error:
        cause = printable(str(error).split("\n")[0])
        said = "is not there" if not path.exists() else f"can't be read ({cause})"
        raise CourseError(f"{printable(path)} {said}; {remedy}") from error
    if (
        "case" not in table
        or (table["case"] == "").any()
        or not np.isfinite(numbers.to_numpy()).all()
    ):
        raise CourseError(f"{printable(path)} has a case or a number missing; {remedy}")
    return table.assign(**numbers)


def _video(name: str, path: Path, rows: pd.DataFrame, fps: float) -> Video:
    n_frames, fps, size = (_look_folder if path.is_dir() else _look_file)(path, fps)
    bleedings = sorted(
        Bleeding(*row) for row in rows[list(Bleeding._fields)].to_numpy()
    )
    _check(name, bleedings, n_frames / fps, n_frames, size)
    return Video(names.text(name), path, fps, n_frames, size, tuple(bleedings))


def _check(name: str, bleedings, seconds: float, n_frames: int, size) -> None:
    if not bleedings:
        return
    last = max(one.end_s for one in bleedings)
    if last > seconds + 1:
        unit = ""
        if last <= n_frames:
            unit = ", as if it counted frames"
        elif 10 * n_frames < last <= 1000 * (seconds + 1):
            unit = ", as if it counted milliseconds"
        raise CourseError(
            f"{TABLE}: a bleeding of case '{name}' ends at {last:g} but the video "
            f"lasts {seconds:.1f} s{unit}; "
            "give times in seconds from the video's start."
        )
    before = 0.0
    for one in bleedings:
        if one.start_s < 0 or one.end_s <= one.start_s:
            raise CourseError(
                f"{TABLE}: a bleeding of case '{name}' runs from {one.start_s:g} to "
                f"{one.end_s:g} s; give a start in the video and an end after it."
            )
        if one.start_s < before:
            raise CourseError(
                f"{TABLE}: two bleedings of case '{name}' overlap at "
                f"{one.start_s:g} s; make one row of them."
            )
        if not (0 <= one.x < size[1] and 0 <= one.y < size[0]):
            raise CourseError(
                f"{TABLE}: a bleeding of case '{name}' begins at ({one.x:g}, "
                f"{one.y:g}) outside the {_said(size)} frame; "
                "give its place in pixels (x, y)."
            )
        before = one.end_s


def _pictures(path: Path) -> list[Path]:
    found = [one for one in path.iterdir() if one.suffix.lower() in PICTURES]
    for one in found:
        if not one.stem.isdecimal():
            raise CourseError(
                f"{path.name}/{one.name}: the name is no number; call frames "
                "000000.png, 000001.png and so on."
            )
    return sorted(found, key=lambda one: int(one.stem))


def _look_folder(path: Path, fps: float) -> tuple[int, float, tuple[int, int]]:
    found = _pictures(path)
    if not found:
        raise CourseError(f"{path.name}: there is no frame in it; take the folder out.")
    numbers = [int(one.stem) for one in found]
    for last, here in zip(numbers, numbers[1:]):
        if here != last + 1:
            raise CourseError(
                f"{path.name}: after frame {last} comes frame {here}; put the frames "
                "between them back, since times are counted in frames."
            )
    return len(found), float(fps), _read(found[0]).shape[:2]


def _look_file(path: Path, _: float) -> tuple[int, float, tuple[int, int]]:
    video = cv2.VideoCapture(str(path))
    try:
        n_frames = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
        fps = float(video.get(cv2.CAP_PROP_FPS)) if n_frames > 0 else 0.0
        read, image = video.read() if 0 < fps < FASTEST else (False, None)
    finally:
        video.release()
    if not read:
        said = (
            "is empty"
            if path.stat().st_size == 0
            else "holds no frame that can be read"
        )
        raise CourseError(f"{path.name} {said}; copy or convert the video again (mp4).")
    return n_frames, fps, image.shape[:2]


def _read(path: Path) -> np.ndarray:
    try:
        return rgb(str(path))
    except CourseError as error:
        raise CourseError(
            f"{path.parent.name}/{path.name} can't be read as a picture; copy it again."
        ) from error


def _from_folder(path: Path) -> Iterator[np.ndarray]:
    yield from map(_read, _pictures(path))


def _from_file(path: Path) -> Iterator[np.ndarray]:
    video = cv2.VideoCapture(str(path))
    try:
        read, image = video.read()
        while read:
            yield np.ascontiguousarray(image[..., ::-1])
            read, image = video.read()
    finally:
        video.release()


def _said(shape) -> str:
    return f"{shape[1]}x{shape[0]}"
