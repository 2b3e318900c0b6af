"""What several test files share: the real lessons, executed once on the `smoke` profile and built into a site."""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers import settings
from report.build import build
from report.execute import Executed, execute, inputs, surroundings
from report.notebooks import FOLDER, lessons


@dataclass(frozen=True)
class Smoke:
    """The lessons executed on `smoke`, the site built from them, and what the build printed."""

    executed: dict[str, Executed]
    site: Path
    printed: str


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """Executed in reverse order on an empty store, so that no lesson can lean on the one before it having run."""
    site = tmp_path_factory.mktemp("report") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        course = settings.course("smoke")
        made_from = inputs(course)
        with surroundings():
            executed = {lesson.stem: execute(lesson, course, made_from) for lesson in reversed(lessons())}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            build(course, FOLDER, site)
    return Smoke(executed, site, printed.getvalue())
