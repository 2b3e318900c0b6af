"""What several test files share: sites built once, from two small lessons and from the
course on `smoke`."""

import contextlib
import io
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from disks_by_hand import (  # noqa: F401  (fixtures are found by being imported here)
    disks,
    halves,
    own_store,
)
from filelock import FileLock
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
from report.pdf import BROWSERS

# Two workers share two cores; a process that takes all of them slows every other test.
os.environ.setdefault("OMP_NUM_THREADS", "1")

BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the course's run comes first: `--dist worksteal` gives each worker a
    stretch of the tests, so that one runs the course while the others run what needs
    none of it, and whoever has ended takes from the others."""
    items.sort(key=lambda item: "smoke" not in item.fixturenames)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """`shared(name, make)`: what `make(folder)` returns, made once a suite by the first
    worker that asks; the others wait for it and read the same folder."""
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent

    def share(name: str, make: Callable[[Path], object]) -> object:
        folder, made = top / name, top / f"{name}.pickle"
        with FileLock(f"{folder}.lock"):
            if not made.exists():
                folder.mkdir(exist_ok=True)
                result = make(folder)
                made.write_bytes(pickle.dumps(result))
        return pickle.loads(made.read_bytes())

    return share


@dataclass(frozen=True)
class Smoke:
    """The lessons executed on `smoke`, the site built from them, what the build
    printed, and the store that holds what they made."""

    executed: dict[str, Executed]
    site: Path
    printed: str
    store: Path


@pytest.fixture(scope="session")
def smoke(shared: Callable) -> Smoke:
    return shared("smoke", run_the_course)


def run_the_course(folder: Path) -> Smoke:
    """Every lesson on an empty store, two at a time and the last ones first, so that
    none leans on the one before it; then the site."""
    site, store, course = folder / "site", folder / "store", settings.course("smoke")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(store))
        made_from, names = inputs(course), lessons()[::-1]

        def run(lesson: Path) -> Executed:
            return execute(lesson, course, made_from)

        with surroundings(), rehearsed(), ThreadPoolExecutor(2) as pool:
            executed = {one.name: one for one in pool.map(run, names)}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            build(course, FOLDER, site)
    return Smoke(executed, site, printed.getvalue(), store)


@pytest.fixture(scope="session")
def small(shared: Callable) -> Path:
    return shared("small", build_small)


def build_small(folder: Path) -> Path:
    """A site of two small lessons with everything a page may hold."""
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
    (folder / "data").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(folder / "store"))
        course = settings.course("smoke", data=str(folder / "data"))
        build(course, folder, folder / "site")
    return folder / "site"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Lessons, a store and a site of their own; `bench.build()` is the command line's
    exit code."""

    class Bench:
        folder, site, store, data = (
            tmp_path / name for name in ("lessons", "site", "store", "data")
        )
        words = ["--profile=smoke", f"--lessons={folder}", f"--site={site}"]
        words += ["--data", str(data)]

        def build(self, *more: str) -> int:
            return main([*self.words, *more])

        def page(self, name: str) -> str:
            return (self.site / f"{name}.html").read_text(encoding="utf-8")

        def record(self) -> dict:
            text = (self.site / "results.json").read_text(encoding="utf-8")
            return json.loads(text, parse_constant=pytest.fail)

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
