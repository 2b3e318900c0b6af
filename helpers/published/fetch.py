"""Fetch the published tables from their projects' public addresses, each checked
before it is kept."""

import hashlib
import os
import tempfile
import urllib.request
from pathlib import Path

from helpers.errors import CourseError
from helpers.published.sources import FILES, Source

SECONDS = 60


def fetch(
    folder: str | Path,
    sources: dict[str, Source] = FILES,
    addresses: dict[str, str] | None = None,
) -> list[str]:
    """Bring the files that `folder` lacks into it, and return their names.

    A file with the right checksum is left alone. Each file is written under another
    name and renamed once its checksum is right, so that nothing half-written stays.
    addresses: other addresses by file name, for mirrors and tests. Raises CourseError,
    one sentence: an address that doesn't answer, a checksum that differs, a folder that
    can't be written.
    """
    folder = Path(folder)
    came = []
    for name, source in sources.items():
        path = folder / name
        if path.is_file() and _sha256(path.read_bytes()) == source.sha256:
            continue
        address = (addresses or {}).get(name, source.address)
        content = _download(address, path)
        found = _sha256(content)
        if found != source.sha256:
            raise CourseError(
                f"{address}: what came has a checksum beginning with {found[:12]} "
                f"where {source.sha256[:12]} was "
                f"expected, so {name} was not kept; try again, or copy the file to "
                f"{path} from elsewhere."
            )
        _write(path, content)
        came.append(name)
    return came


def _download(address: str, path: Path) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            return answer.read()
    # URLError, timeouts and cut connections are OSErrors, a bad address a ValueError.
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        raise CourseError(
            f"{address}: the published table can't be fetched ({why}); try again with "
            f"a network, or copy the file "
            f"to {path} from elsewhere."
        ) from error


def _write(path: Path, content: bytes) -> None:
    waiting = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, waiting = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.replace(waiting, path)
    except OSError as error:
        if waiting:
            Path(waiting).unlink(missing_ok=True)
        raise CourseError(
            f"{path}: the published table can't be written ({error.strerror}); make "
            f"room or name another folder."
        ) from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
