"""What several test files share: sites built once, from two small lessons and from the real ones on `smoke`."""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from lessons_by_hand import HEADLINE, PLOT, WIDE, code, lesson, prose, result

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


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of two small lessons with everything a page may hold."""
    folder = tmp_path_factory.mktemp("lessons")
    lesson(folder, "00_first", prose("## A plot\nWith $x_i$ and\n\n| a | b |\n|---|---|\n| 1 | 2 |"), code(PLOT), code(HEADLINE),
           code(WIDE), code(f"print('a long line ' * 40)  # {'long ' * 30}"),
           result("id_test.dice", "0.875", "0.8", "0.9"),
           result("ood_test.dice", "0.07", subjects=1, notes="'Only the phantom is here.'"))
    lesson(folder, "01_second", prose("## The end"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        build(settings.course("smoke", data=str(tmp_path_factory.mktemp("data"))), folder, folder / "site")
    return folder / "site"
