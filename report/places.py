"""Where a build writes: a site that takes the last one's place, and a folder for
kernels. What killed builds left goes with the next one.
"""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from helpers.errors import CourseError


@contextlib.contextmanager
def replaced(site: Path) -> Iterator[Path]:
    """A new folder beside `site` that takes its place when the block ends well, else
    vanishes."""
    draft, old = (
        site.with_name(f"{site.name}.{which}-{os.getpid()}") for which in ("new", "old")
    )
    try:
        _tidy(site)
        draft.mkdir(parents=True)
        yield draft
        _swap(draft, site, old)
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise CourseError(
            f"{site} can't be written ({cause}): free some space, or make its folder "
            "writable."
        ) from error
    finally:
        if old.exists() and not site.exists():
            with contextlib.suppress(OSError):  # another build's came in between
                old.rename(site)
        for left in (draft, old):
            shutil.rmtree(left, ignore_errors=True)


def _swap(draft: Path, site: Path, old: Path) -> None:
    """Put the draft into the site's place; another build may be doing the same."""
    for attempt in range(100):
        with contextlib.suppress(FileNotFoundError):
            site.rename(old)
        try:
            draft.rename(site)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == 99:
                raise
            # Another build's site came in between, and gives way to this one.
            shutil.rmtree(old, ignore_errors=True)


def _tidy(site: Path) -> None:
    """Remove the drafts of killed builds, and bring back the site that one had moved
    aside."""
    for which in ("old", "new"):
        for left in site.parent.glob(f"{site.name}.{which}-*"):
            pid = left.name.rpartition("-")[2]
            if not pid.isdigit() or _alive(int(pid)):
                continue
            if which == "old" and not site.exists():
                left.rename(site)
            else:
                shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # asking there would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@contextlib.contextmanager
def scratch_folder() -> Iterator[str]:
    """A folder for kernels' files, gone in the end; those of killed builds go too."""
    top = Path(tempfile.gettempdir())
    for lock in top.glob("course-*.lock"):
        with contextlib.suppress(OSError, Timeout), FileLock(lock, timeout=0):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        lock = Path(f"{scratch}.lock")
        with FileLock(lock):
            try:
                yield scratch
            finally:
                lock.unlink(missing_ok=True)
