"""What several test files share: sites built once, from two small lessons and from the
course on `smoke`."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from disks_by_hand import (  # noqa: F401  (fixtures are found by being imported here)
    disks,
    halves,
    own_store,
)
from lessons_by_hand import (
    HEADLINE,
    LONG,
    PLOT,
    STILL,
    WIDE,
    code,
    exercises,
    lesson,
    prose,
    result,
)
from rehearsals import rehearsed

from helpers import settings
from report.build import build, main
from report.execute import Executed, execute, inputs, surroundings
from report.notebooks import FOLDER, lessons

# Two workers share two cores; a process that takes all of them slows every other test.
os.environ.setdefault("OMP_NUM_THREADS", "1")

BROWSER = next(
    filter(
        None,
        map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome")),
    ),
    None,
)


@dataclass(frozen=True)
class Smoke:
    """The lessons executed on `smoke`, the site built from them, what the build
    printed, and the store that holds what they made."""

    executed: dict[str, Executed]
    site: Path
    printed: str
    store: Path


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """Executed in reverse order on an empty store, so that no lesson leans on the one
    before it."""
    site = tmp_path_factory.mktemp("report") / "site"
    store = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(store))
        course = settings.course("smoke")
        made_from = inputs(course)
        with surroundings(), rehearsed():
            executed = {
                lesson.stem: execute(lesson, course, made_from)
                for lesson in reversed(lessons())
            }
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            build(course, FOLDER, site)
    return Smoke(executed, site, printed.getvalue(), store)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of two small lessons with everything a page may hold."""
    folder = tmp_path_factory.mktemp("lessons")
    lesson(
        folder,
        "00_first",
        prose("## A plot\nWith $x_i$ and\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
        code(PLOT),
        code(HEADLINE),
        code(STILL),
        code(LONG),
        code(WIDE),
        code(f"print('a long line ' * 40)  # {'long ' * 30}"),
        result("id_test.dice", "0.875", "0.8", "0.9"),
        result(
            "ood_test.dice", "0.07", subjects=1, notes="'Only the phantom is here.'"
        ),
    )
    lesson(folder, "01_second", exercises(), prose("## The end"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        build(
            settings.course("smoke", data=str(tmp_path_factory.mktemp("data"))),
            folder,
            folder / "site",
        )
    return folder / "site"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Lessons, a store and a site of their own; `bench.build()` is the command line's
    exit code."""

    class Bench:
        folder, site, store, data = (
            tmp_path / name for name in ("lessons", "site", "store", "data")
        )
        words = [
            "--profile",
            "smoke",
            "--lessons",
            str(folder),
            "--site",
            str(site),
            "--data",
            str(data),
        ]

        def build(self, *more: str) -> int:
            return main([*self.words, *more])

        def page(self, name: str) -> str:
            return (self.site / f"{name}.html").read_text(encoding="utf-8")

        def record(self) -> dict:
            def refuse(word: str) -> None:
                raise AssertionError(f"{word} is not JSON")

            return json.loads(
                (self.site / "results.json").read_text(encoding="utf-8"),
                parse_constant=refuse,
            )

        def left_behind(self) -> list[str]:
            return sorted(
                path.name
                for path in tmp_path.iterdir()
                if path.name not in ("lessons", "site", "store", "data")
            )

    bench = Bench()
    bench.folder.mkdir()
    bench.data.mkdir()
    monkeypatch.setenv("COURSE_STORE", str(bench.store))
    return bench


@pytest.fixture(scope="session")
def browser() -> Iterator:
    if BROWSER is None:
        pytest.skip("there is no Chromium here; .ci/run installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()
