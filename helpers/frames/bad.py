"""What happens to a bad frame: one sentence, which stops everything or is kept with the
frame left out.
"""

from pathlib import PurePath

from helpers import names
from helpers.errors import CourseError

_HOW = 'ON_BAD=skip (in a notebook on_bad="skip")'
SKIP = f"leave such frames out with {_HOW}"
"""The second remedy of every sentence about a single frame."""

KEEP_FIRST = f"keep the first with {_HOW}"
"""The same where two things claim one place."""

_LONGEST = 300  # characters of a name in a sentence
_DIGITS = 18  # of a frame number: more don't fit 64 bits


class Bad:
    """Takes the sentences of bad frames: raises the first one, or collects them all.

    on_bad: "stop" raises CourseError at once, "skip" keeps the sentence in `sentences`.
    """

    def __init__(self, on_bad: str) -> None:
        if on_bad not in ("stop", "skip"):
            raise CourseError(
                f"on_bad is '{printable(on_bad)}', which means nothing: choose stop or "
                "skip."
            )
        self.on_bad = on_bad
        self.sentences: list[str] = []

    def add(self, sentence: str) -> None:
        """Stop here with this sentence, or keep it and go on."""
        sentence = names.text(sentence)
        if self.on_bad == "stop":
            raise CourseError(sentence)
        self.sentences.append(sentence)


def printable(text: object) -> str:
    """A name as a sentence shows it: control characters, and bytes that are no text,
    written as escapes; a very long one without its middle.
    """
    shown = names.printable(text)
    if len(shown) > _LONGEST:
        shown = f"{shown[: _LONGEST // 2]}...{shown[-_LONGEST // 2 :]}"
    return shown


def named(address: object) -> str:
    """An address as a sentence names it: the last three parts of its path, a zip's
    member in full.
    """
    disk, bang, member = split_address(str(address))
    return printable("/".join(PurePath(disk).parts[-3:]) + bang + member)


def split_address(address: str) -> tuple[str, str, str]:
    """("a/b.zip", "!", "c/d.png") of "a/b.zip!c/d.png", and (address, "", "") of a
    plain path.
    """
    before, mark, member = address.rpartition(".zip!")
    return (before + ".zip", "!", member) if mark else (address, "", "")


def misnamed(name: str) -> str:
    """What is wrong with a file's name, to go after "has a name ", or "" where nothing
    is.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "that is not UTF-8 text"
    if ".zip!" in name:
        return "with '.zip!' in it, which means a file inside a zip here"
    return "with control characters in it" if _controls(name) else ""


def frame_number(digits: str, address: object, bad: Bad) -> int | None:
    """The number that digits write; None, and a sentence to `bad`, where it is too long
    to be a frame's.
    """
    digits = digits.lstrip("0") or "0"
    if len(digits) <= _DIGITS:
        return int(digits)
    bad.add(
        f"{named(address)} has a frame number of {len(digits)} digits, and at most "
        f"{_DIGITS} can be read: give it a shorter number, or {SKIP}."
    )
    return None


def _controls(name: str) -> bool:
    return any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in name)
