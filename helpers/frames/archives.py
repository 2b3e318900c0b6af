"""Bytes from a file or from a member of a zip, which is read where it stands and never
unpacked. Sizes are looked at before anything is read.
"""

import os
import re
import threading
import zipfile
from functools import partial
from pathlib import Path

from helpers.errors import CourseError
from helpers.frames.bad import SKIP, Bad, misnamed, named, printable, split_address

JUNK = re.compile(
    r"(^|/)(__MACOSX|\._[^/]*|\.DS_Store|Icon\r|Thumbs\.db|desktop\.ini)(/|$)",
    re.IGNORECASE,
)
"""What operating systems leave in folders and zips."""

PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
"""Endings of pictures. Those in other formats than are read are listed too, so that
reading them says what is wrong with them.
"""

LARGEST = 256 * 2**20
"""Bytes of the largest file that is read as one frame: 64 megapixels, the most that is
decoded, are 192 MiB without any compression.
"""

# A path that would leave the folder it is unpacked in: absolute, with a drive, or
# climbing.
_OUTSIDE = re.compile(r"^(/|[A-Za-z]:)|(^|/)\.\.(/|$)")


def members(archive: Path, bad: Bad) -> list[str]:
    """The names of a zip's files, junk left out, in the zip's order; one without a
    name, or pointing outside, goes to `bad`.

    Raises CourseError when the zip is broken or locked by a password.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [
                info
                for info in opened.infolist()
                # is_dir() fails on an empty name.
                if not (info.filename and info.is_dir())
            ]
    except Exception as error:  # a damaged list of contents ends in one of many errors
        raise CourseError(
            f"{named(archive)} is not a whole zip ({_cause(error)}): download it "
            f"again, or {SKIP}."
        ) from error
    names = []
    for info in found:
        name = info.filename.replace("\\", "/")
        if JUNK.search(name):
            continue
        # Nothing is unpacked here, but such a zip was made to do harm, and somebody may
        # unpack it later.
        if not name or _OUTSIDE.search(name):
            what = (
                f"a member that points outside, '{printable(name)}'"
                if name
                else "a member without a name"
            )
            bad.add(
                f"{named(archive)} has {what}, and is not to be trusted: download it "
                f"again from where it was released, or {SKIP}."
            )
        elif info.flag_bits & 1:
            raise CourseError(
                f"{named(archive)} is locked by a password: unpack it in place, into "
                "the folder it stands in."
            )
        elif _is_picture(name) and (wrong := misnamed(name)):
            _add_misnamed(f"{archive}!{name}", wrong, bad)
        else:
            names.append(info.filename)
    return names


def files(folder: Path, bad: Bad) -> list[Path]:
    """Every file below a folder, junk left out, sorted by name.

    A link to a folder is not followed, since it could bring in another patient's
    frames, or never end; it goes to `bad`, as does a folder that may not be read and a
    picture whose name is no text.
    """
    found = []

    def unreadable(error: OSError) -> None:
        bad.add(str(_unreadable(error.filename, error)))

    for parent, inner, names in os.walk(folder, onerror=unreadable):
        inner[:] = sorted(name for name in inner if not JUNK.search(name))
        for name in inner:
            if (path := Path(parent, name)).is_symlink():
                bad.add(
                    f"{named(path)} is a link to a folder, and inside a data set links "
                    "are not followed: put the folder itself there or remove the link, "
                    f"or {SKIP}."
                )
        for name in names:
            path = Path(parent, name)
            if JUNK.search(name) or not os.path.isfile(path):
                continue
            below = path.relative_to(folder).as_posix()
            wrong = misnamed(below)
            if not wrong:
                found.append(path)
            elif _is_picture(name):
                _add_misnamed(path, wrong, bad)
    return sorted(found)


def children(folder: Path) -> list[Path]:
    """The folders right below a folder (or links to some), junk left out, sorted by
    name; CourseError when it may not be read.
    """
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise _unreadable(folder, error) from error
    return sorted(
        Path(folder, name)
        for name in names
        if not JUNK.search(name) and os.path.isdir(os.path.join(folder, name))
    )


_open = threading.local()
_MOST_OPEN = 4


def keep_open() -> None:
    """Have this thread keep the last few zips open from which it reads, until it ends:
    for many members, since opening one reads its whole list of contents. Each thread
    has its own: two may not read from one ZipFile."""
    _open.zips = {}


def _member(disk: str, member: str, check) -> bytes:
    kept = getattr(_open, "zips", None)
    if kept is None:
        with zipfile.ZipFile(disk) as opened:
            check(opened.getinfo(member).file_size)
            return opened.read(member)
    if disk not in kept:
        while len(kept) >= _MOST_OPEN:
            kept.pop(next(iter(kept))).close()
        kept[disk] = zipfile.ZipFile(disk)
    check(kept[disk].getinfo(member).file_size)
    return kept[disk].read(member)


def read_bytes(address: str) -> bytes:
    """The bytes at an address: a path, or "PATH.zip!member". Raises CourseError when
    they can't be had, or are more than a frame can have (LARGEST).
    """
    disk, _, member = split_address(address)
    try:
        if not member:
            _check_size(address, os.stat(disk).st_size)
            return Path(disk).read_bytes()
        return _member(disk, member, partial(_check_size, address))
    except CourseError:
        raise
    except FileNotFoundError as error:
        raise CourseError(
            f"{named(disk)} is not there any more: put it back, or index the folder "
            "again."
        ) from error
    except KeyError as error:
        raise CourseError(
            f"{named(address)} is not in the zip any more: index the folder again."
        ) from error
    except Exception as error:  # a damaged zip ends in one of many errors
        raise CourseError(
            f"{named(address)} can't be read ({_cause(error)}): download it again, or "
            f"{SKIP}."
        ) from error


def _check_size(address: str, size: int) -> None:
    if size > LARGEST:
        raise CourseError(
            f"{named(address)} has {size / 2**20:,.0f} MiB, and a frame at most "
            f"{LARGEST / 2**20:.0f}: save the frame alone, or {SKIP}."
        )


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURES


def _add_misnamed(address: object, wrong: str, bad: Bad) -> None:
    bad.add(f"{named(address)} has a name {wrong}: rename it, or {SKIP}.")


def _unreadable(folder: object, error: OSError) -> CourseError:
    return CourseError(
        f"{printable(folder)} may not be read ({_cause(error).lower()}): change its "
        "permissions, or name another folder."
    )


def _cause(error: Exception) -> str:
    # Only the first line, without the full stop and the path that some messages carry.
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return printable(text.splitlines()[0].rstrip("."))
