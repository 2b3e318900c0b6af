"""What the two data sets hold as released. data/README.md, the cards in words, says the
same numbers, and a test holds the two together.
"""

from dataclasses import dataclass

from phantom.subjects import PATIENTS, PIGS

CLIP = 80
"""Frames of each of CholecSeg8k's clips."""


@dataclass(frozen=True)
class Card:
    """A data set as released: its name, its folder (and layout), the labelled frames of
    each subject, its licence, its page, and its size as downloaded.

    clip: frames of each clip, None where the release has no clips. gigabytes: what the
    download takes.
    """

    name: str
    folder: str
    subjects: dict[str, int]
    licence: str
    page: str
    size: str
    gigabytes: float
    clip: int | None = None

    @property
    def frames(self) -> int:
        """Its labelled frames."""
        return sum(self.subjects.values())

    @property
    def clips(self) -> int | None:
        """Its clips, None where the release has none."""
        return self.frames // self.clip if self.clip else None


HEMOSET = Card(
    "HemoSet",
    "hemoset",
    PIGS,
    "none is stated, so no frame of it may be published",
    "https://arclab-hemoset.github.io",
    "about 494 MB",
    0.494,
)
CHOLECSEG8K = Card(
    "CholecSeg8k",
    "cholecseg8k",
    {video: clips * CLIP for video, clips in PATIENTS.items()},
    "CC BY-NC-SA 4.0: not for commercial use, share alike, name the authors",
    "https://www.kaggle.com/datasets/newslab/cholecseg8k",
    "about 3 GB",
    3.1,
    CLIP,
)
