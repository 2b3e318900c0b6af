"""Bytes from a file or from a member of a zip, which is read where it stands and never
unpacked.
"""

import re
import zipfile
import zlib
from pathlib import Path

from helpers.errors import CourseError
from helpers.frames.bad import SKIP, Bad, named, split_address

JUNK = re.compile(
    r"(^|/)(__MACOSX|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)(/|$)", re.IGNORECASE
)
"""What operating systems leave in folders and zips."""

# A path that would leave the folder it is unpacked in: absolute, with a drive, or
# climbing.
_OUTSIDE = re.compile(r"^(/|[A-Za-z]:)|(^|/)\.\.(/|$)")


def members(archive: Path, bad: Bad) -> list[str]:
    """The names of a zip's files, junk left out, in the zip's order; one pointing
    outside goes to `bad`.

    Raises CourseError when the zip is broken or locked by a password.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [info for info in opened.infolist() if not info.is_dir()]
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise CourseError(
            f"{named(archive)} is not a whole zip ({_cause(error)}): download it "
            'again, or leave its frames out with on_bad="skip".'
        ) from error
    names = []
    for info in found:
        name = info.filename.replace("\\", "/")
        if JUNK.search(name):
            continue
        # Nothing is unpacked here, but such a zip was made to do harm, and somebody may
        # unpack it later.
        if _OUTSIDE.search(name):
            bad.add(
                f"{named(archive)} has a member that points outside, '{name}', and is "
                "not to be trusted: download it again from where it was released, or "
                f"{SKIP}."
            )
        elif info.flag_bits & 1:
            raise CourseError(
                f"{named(archive)} is locked by a password: unpack it in place, into "
                "the folder it stands in."
            )
        else:
            names.append(info.filename)
    return names


def files(folder: Path) -> list[Path]:
    """Every file below a folder, junk left out, sorted by name."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path for path in found if not JUNK.search(path.relative_to(folder).as_posix())
    )


def children(folder: Path) -> list[Path]:
    """The folders right below a folder, junk left out, sorted by name."""
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.is_dir() and not JUNK.search(path.name)
        )
    except PermissionError as error:
        raise CourseError(
            f"{folder} may not be read: change its permissions, or name another folder."
        ) from error


def read_bytes(address: str) -> bytes:
    """The bytes at an address: a path, or "PATH.zip!member". Raises CourseError when
    they can't be had.
    """
    disk, _, member = split_address(address)
    try:
        if not member:
            return Path(disk).read_bytes()
        with zipfile.ZipFile(disk) as opened:
            return opened.read(member)
    except FileNotFoundError as error:
        raise CourseError(
            f"{named(disk)} is not there any more: put it back, or index the folder "
            "again."
        ) from error
    except KeyError as error:
        raise CourseError(
            f"{named(address)} is not in the zip any more: index the folder again."
        ) from error
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise CourseError(
            f"{named(address)} can't be read ({_cause(error)}): download it again, or "
            f"{SKIP}."
        ) from error


def _cause(error: Exception) -> str:
    # Only the first line, without the full stop and the path that some messages carry.
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.splitlines()[0].rstrip(".")
