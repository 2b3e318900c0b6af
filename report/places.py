"""Where a build writes: a site that takes the last one's place once it is whole."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from helpers.errors import CourseError


@contextlib.contextmanager
def replaced(site: Path) -> Iterator[Path]:
    """A new folder beside `site` that takes its place when the block ends well, else
    vanishes. What a killed build left goes; another one that writes the same site is
    waited for."""
    draft, old = site.with_name(f"{site.name}.new"), site.with_name(f"{site.name}.old")
    name = hashlib.sha256(str(site.resolve()).encode()).hexdigest()[:16]
    with FileLock(Path(tempfile.gettempdir(), f"course-site-{name}.lock")):
        try:
            _bring_back(site, old, draft)
            draft.mkdir(parents=True)
            yield draft
            if site.exists():
                site.rename(old)
            draft.rename(site)
        except OSError as error:
            cause = (error.strerror or str(error)).lower()
            raise CourseError(
                f"{site} can't be written ({cause}): free some space, or make its "
                "folder writable."
            ) from error
        finally:
            _bring_back(site, old, draft)


def _bring_back(site: Path, old: Path, draft: Path) -> None:
    if old.exists() and not site.exists():
        old.rename(site)
    for left in (old, draft):
        shutil.rmtree(left, ignore_errors=True)
