"""What happens to a bad frame: one sentence, which stops everything or is kept with the
frame left out.
"""

from pathlib import PurePath

from helpers import names
from helpers.errors import CourseError

SKIP = 'leave such frames out with on_bad="skip"'
"""The second remedy of every sentence about a single frame."""


class Bad:
    """Takes the sentences of bad frames: raises the first one, or collects them all.

    on_bad: "stop" raises CourseError at once, "skip" keeps the sentence in `sentences`.
    """

    def __init__(self, on_bad: str) -> None:
        if on_bad not in ("stop", "skip"):
            raise CourseError(
                f"on_bad is '{on_bad}', which means nothing: choose stop or skip."
            )
        self.on_bad = on_bad
        self.sentences: list[str] = []

    def add(self, sentence: str) -> None:
        """Stop here with this sentence, or keep it and go on."""
        sentence = names.text(sentence)
        if self.on_bad == "stop":
            raise CourseError(sentence)
        self.sentences.append(sentence)


def named(address: object) -> str:
    """An address as a sentence names it: the last three parts of its path, a zip's
    member in full.
    """
    disk, bang, member = split_address(str(address))
    return "/".join(PurePath(disk).parts[-3:]) + bang + member


def split_address(address: str) -> tuple[str, str, str]:
    """("a/b.zip", "!", "c/d.png") of "a/b.zip!c/d.png", and (address, "", "") of a
    plain path.
    """
    before, mark, member = address.rpartition(".zip!")
    return (before + ".zip", "!", member) if mark else (address, "", "")
