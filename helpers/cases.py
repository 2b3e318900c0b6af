"""Drawn cases: minutes of video in which bleedings start, spread, are sucked away and
stop, with the truth of each.

A case's scene is rendered twice as a large still, once clean and once with all its
pools; a frame is a moving view of the two, blended by how far each pool has risen, and
then seen through the subject's lens. So a frame costs a few warps and no rendering.
Nothing of it goes into the drawn frames of the other lessons.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from helpers.case_drawing import Drawing, Frame
from helpers.clips import Bleeding
from helpers.errors import CourseError
from helpers.frames.bad import named
from helpers.progress import progress
from phantom.subjects import LAPAROSCOPIC, PIGS, ROBOTIC


@dataclass(frozen=True)
class Case:
    """What is drawn: a subject's case of some seconds at some frames per second. size:
    of the canvas (h, w), which the robot's camera fills and a telescope's 16:9 picture
    fits in by its width; bleedings: how many, drawn from the seed where None."""

    subject: str
    number: int
    seconds: float = 60.0
    fps: float = 5.0
    size: tuple[int, int] = (96, 128)
    seed: int = 0
    bleedings: int | None = None

    @property
    def name(self) -> str:
        """Subject and number, as its folder or file is called."""
        return f"{self.subject}_{self.number}"

    @property
    def kind(self) -> str:
        """robotic or laparoscopic."""
        return ROBOTIC if self.subject in PIGS else LAPAROSCOPIC

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of its frames."""
        wide = self.size[1]
        return self.size if self.kind == ROBOTIC else (round(wide * 9 / 16), wide)

    def truth(self) -> list[Bleeding]:
        """Its bleedings: seconds from and to, and the place of onset in the frame's
        pixels at that moment."""
        return Drawing(self).truth()

    def frames(self) -> Iterator[Frame]:
        """The frames one after the other; the same case is the same pixels."""
        drawing = Drawing(self)
        for number in range(round(self.seconds * self.fps)):
            yield drawing.frame(number / self.fps)


def write(cases: list[Case], folder: Path, video: bool = False) -> None:
    """Write each case as a folder of numbered JPEG frames, or as an mp4 where `video`,
    and the truth of all beside them in bleedings.csv."""
    rows = []
    for case in progress(cases, "Drawing cases"):
        place = Path(folder) / case.name
        if video:
            _write_video(case, place.with_suffix(".mp4"))
        else:
            place.mkdir(parents=True)
            for number, frame in enumerate(case.frames()):
                quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
                picture = cv2.imencode(".jpg", frame.image[..., ::-1], quality)[1]
                # OpenCV's own writing says nothing of a full disk.
                (place / f"{number:06d}.jpg").write_bytes(picture.tobytes())
        rows += [{"case": case.name, **one._asdict()} for one in case.truth()]
    columns = ["case", *Bleeding._fields]
    table = pd.DataFrame(rows, columns=columns)
    table.round(2).to_csv(Path(folder) / "bleedings.csv", index=False)


def _write_video(case: Case, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, case.fps, case.shape[::-1])
    for frame in case.frames():
        writer.write(np.ascontiguousarray(frame.image[..., ::-1]))
    writer.release()
    # OpenCV says nothing of a full disk, nor of a codec that it has not got.
    number = round(case.seconds * case.fps)
    found, size = _read_back(path)
    if (found, size) != (number, case.shape):
        path.unlink(missing_ok=True)
        raise CourseError(
            f"{named(path)} could not be written whole ({found} of {number} frames can "
            "be read back), most often because the disk is full: free some space, or "
            "write the case as a folder of frames."
        )


def _read_back(path: Path) -> tuple[int, tuple[int, int]]:
    """How many frames of a video can be read, and the size (h, w) of all, (0, 0) where
    it differs."""
    video, sizes, number = cv2.VideoCapture(str(path)), set(), 0
    try:
        read, image = video.read()
        while read:
            number, sizes = number + 1, sizes | {image.shape[:2]}
            read, image = video.read()
    finally:
        video.release()
    return number, sizes.pop() if len(sizes) == 1 else (0, 0)
