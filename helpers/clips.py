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

import cv2
import numpy as np
import pandas as pd

from helpers import CourseError, words
from helpers.frames.reading import rgb
from phantom.cases import Bleeding

PICTURES = (".png", ".jpg", ".jpeg")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv")
TABLE = "bleedings.csv"


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
        read = 0
        for read, image in enumerate(_frames(self.path), 1):
            if image.shape[:2] != self.size:
                raise CourseError(
                    f"{self.path.name}: frame {read - 1} is {_said(image.shape)} but "
                    f"the first is {_said(self.size)}; write all frames at one size."
                )
            yield image
        # What a file says of its length may be a frame or two off.
        if read + self.fps < self.n_frames:
            raise CourseError(
                f"{self.path.name} breaks off after {read} of {self.n_frames} frames, "
                "or holds one that can't be read; copy or convert it again (mp4)."
            )


def cases(folder: Path | str, fps: float = 5.0) -> list[Video]:
    """The cases of a folder, in order of name; CourseError at the first that cannot be
    used. fps: of folders of frames; a video file says its own."""
    folder = Path(folder)
    table, found = _table(folder / TABLE), {}
    for path in sorted(folder.glob("[!.]*")):
        if path.is_dir() or path.suffix.lower() in VIDEOS:
            case = path.name if path.is_dir() else path.stem
            if case in found:
                raise CourseError(
                    f"{path.name} and {found[case].path.name} are both the case "
                    f"'{words.text(case)}'; take one of them out."
                )
            found[case] = _video(case, path, table[table["case"] == case], fps)
    if missing := [case for case in table["case"] if case not in found]:
        raise CourseError(
            f"{folder / TABLE}: the case '{words.text(missing[0])}' has no video; put "
            "one, or a folder of frames, of that name beside the table."
        )
    if not found:
        raise CourseError(
            f"{folder}: there is no video in it; put video files or folders of "
            f"numbered frames beside {TABLE}."
        )
    return list(found.values())


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"case": str}, keep_default_na=False)
        numbers = table[list(Bleeding._fields)].astype(float)
        return table[["case"]].join(numbers)
    except (OSError, ValueError, TypeError, KeyError) as error:
        cause = words.text(str(error).split("\n")[0])
        raise CourseError(
            f"{path} can't be read ({cause}); give it the columns "
            f"case,{','.join(Bleeding._fields)} and only numbers."
        ) from error


def _video(case: str, path: Path, rows: pd.DataFrame, fps: float) -> Video:
    """A case whose first frame can be read, and whose bleedings can be."""
    if path.is_dir():
        n_frames = len(_pictures(path))
    else:
        video = cv2.VideoCapture(str(path))
        n_frames, fps = map(video.get, (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS))
        video.release()
    first = next(_frames(path), None) if n_frames > 0 and fps > 0 else None
    if first is None:
        raise CourseError(
            f"{path.name} holds no frame that can be read; copy or convert the video "
            "again (mp4), or take the folder out."
        )
    seconds, size = n_frames / fps, first.shape[:2]
    bleedings = sorted(map(Bleeding._make, rows[list(Bleeding._fields)].to_numpy()))
    for place, (start, end, x, y) in enumerate(bleedings):
        if not 0 <= start < end <= seconds + 1:
            wrong = (
                f"runs from {start:g} to {end:g} but the video lasts {seconds:.1f} s; "
                "give times in seconds (not in frames) from the video's start"
            )
        elif place and start < bleedings[place - 1].end_s:
            wrong = f"overlaps another at {start:g} s; make one row of both"
        elif not (0 <= x < size[1] and 0 <= y < size[0]):
            wrong = (
                f"begins at ({x:g}, {y:g}) outside the {_said(size)} frame; give its "
                "place in pixels (x, y)"
            )
        else:
            continue
        raise CourseError(f"{TABLE}: a bleeding of '{words.text(case)}' {wrong}.")
    return Video(words.text(case), path, fps, int(n_frames), size, tuple(bleedings))


def _pictures(path: Path) -> list[Path]:
    """The frames of a folder in their order."""
    found = [one for one in path.glob("[!.]*") if one.suffix.lower() in PICTURES]
    number = {one: int(one.stem) if one.stem.isdecimal() else -1 for one in found}
    found.sort(key=number.get)
    for last, one in zip(found, found[1:]):
        if number[one] != number[last] + 1 or number[last] < 0:
            raise CourseError(
                f"{path.name}: after {last.name} comes {one.name}; number the frames "
                "000000.png, 000001.png and so on and leave none out, since times are "
                "counted in frames."
            )
    return found


def _frames(path: Path) -> Iterator[np.ndarray]:
    if path.is_dir():
        yield from map(_read, _pictures(path))
        return
    video = cv2.VideoCapture(str(path))
    try:
        read, image = video.read()
        while read:
            yield np.ascontiguousarray(image[..., ::-1])
            read, image = video.read()
    finally:
        video.release()


def _read(path: Path) -> np.ndarray:
    try:
        return rgb(str(path))
    except CourseError as error:
        raise CourseError(
            f"{path.parent.name}/{path.name} can't be read as a picture; copy it again."
        ) from error


def _said(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
