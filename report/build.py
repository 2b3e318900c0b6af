"""make report: execute the lessons, render them, and put the site in place once it is
whole."""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil

from helpers import settings, store
from helpers.environment import versions
from helpers.errors import CourseError
from helpers.names import printable
from report import kernels, numbers
from report.collect import Collected, collect
from report.execute import Executed, LessonError, execute, inputs, surroundings
from report.frame import Site
from report.notebooks import FOLDER, lessons
from report.places import replaced
from report.render import HERE, lesson

SITE = HERE / "site"
LARGEST = 3 * 2**30
"""Bytes that a lesson's kernel takes at most on a laptop's profiles, with some room."""


def build(
    course: settings.Course,
    folder: Path = FOLDER,
    site: Path = SITE,
    published: str = "",
) -> Path:
    """Execute the lessons of a folder and write the site; the path of its index.html.

    published: the folder of the published tables, for the lesson that re-examines them.
    Raises CourseError and LessonError; the last good site then stands as it was.
    """
    started = time.monotonic()
    names = lessons(folder)
    if not names:
        raise CourseError(
            f"{folder} holds no lesson (NN_name.py): give the folder that does."
        )
    _check_weights(course)
    executed = _execute(names, course, published)
    collected = collect(executed)
    pages = [lesson(one, folder) for one in executed]
    about = {
        "profile": course.profile,
        "data": collected.data,
        "domains": collected.domains,
        "seed": course.seed,
        "versions": versions(),
        "seconds": {
            "total": round(time.monotonic() - started, 1),
            "lessons": {one.name: round(one.seconds, 1) for one in executed},
        },
    }
    with replaced(site) as draft:
        _write(
            draft,
            Site(pages, collected, about),
            {**about, "results": collected.results},
        )
    _report(site / "index.html", collected, time.monotonic() - started)
    return site / "index.html"


def _check_weights(course: settings.Course) -> None:
    """Weights of another encoder stop a build before any lesson has run."""
    if isinstance(course.weights, Path):
        from helpers import runs  # slow to import, and seldom needed here

        runs.untrained(course)


def _execute(
    names: list[Path], course: settings.Course, published: str
) -> list[Executed]:
    done, made_from = [], inputs(course, published)
    run = partial(execute, course=course, made_from=made_from, published=published)
    with _each(run, names, _at_once(len(names), course)) as results:
        for name in names:
            print(f"{name.stem:<36}", end="", flush=True)
            try:
                done.append(next(results))
            except BaseException:
                print("stopped", flush=True)
                raise
            print(
                numbers.time(done[-1].seconds) if done[-1].fresh else "unchanged",
                flush=True,
            )
    return done


def _at_once(lessons: int, course: settings.Course) -> int:
    """How many lessons run at a time: two where memory allows, since one core is idle
    while a lesson draws or plots. They find each other's results in the store, and wait
    for what the other one is making. One where kernels aren't forked, which can't be
    ended from outside, and on the full profile, whose networks fill a device."""
    room = psutil.virtual_memory().available > 2 * LARGEST
    alone = course.profile == "full" or not room or settings.cores() < 2
    return 1 if alone or not kernels.forks(lessons) else 2


@contextlib.contextmanager
def _each(
    run: Callable[[Path], Executed], names: list[Path], at_once: int
) -> Iterator[Iterator[Executed]]:
    """The lessons' results in their order. What is still running in the end is ended,
    and what it was writing is removed."""
    if at_once == 1:
        with surroundings(len(names)):
            yield map(run, names)
        return
    stopped = threading.Event()

    def one(name: Path) -> Executed:
        if stopped.is_set():  # a thread may take a lesson before the queue is emptied
            raise CancelledError
        try:
            return run(name)
        except BaseException:
            stopped.set()
            raise

    with surroundings(len(names)), ThreadPoolExecutor(at_once, "lesson") as pool:
        try:
            yield pool.map(one, names)
        finally:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            kernels.end()  # so that no thread waits for one


def _write(draft: Path, site: Site, record: dict) -> None:
    files = site.files()
    files["results.json"] = json.dumps(record, indent=1, allow_nan=False) + "\n"
    for path, made in files.items():
        place = draft / path
        place.parent.mkdir(exist_ok=True)
        held = made if isinstance(made, bytes) else made.encode("utf-8")
        place.write_bytes(held)


def _report(index: Path, collected: Collected, seconds: float) -> None:
    print(f"\n{index.resolve().as_uri()}\n")
    for name in numbers.HEADLINES:
        if result := collected.results.get(name):
            print(
                f"{name:<32}{numbers.number(result):>8}  {numbers.interval(result)} "
                f"({result['data']}; {numbers.behind(result)})"
            )
    print(f"\nBuilt in {numbers.time(seconds)}{_memory()}.")
    print(store.said())


def _memory() -> str:
    """The largest memory that a kernel took, where the system says."""
    try:
        import resource
    except ImportError:
        return ""
    peak = resource.getrusage(
        resource.RUSAGE_CHILDREN
    ).ru_maxrss  # KiB on Linux, bytes on macOS
    gib = peak / 2**30 if sys.platform == "darwin" else peak / 2**20
    return f"; the largest process took {gib:.1f} GB" if gib >= 0.05 else ""


def options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, whose names are the parameters of the lessons."""
    parser = argparse.ArgumentParser(
        prog="python -m report.build",
        description="Run the lessons and build report/site.",
    )
    parser.add_argument(
        "--profile", default="quick", help="smoke, quick (default) or full"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--data", default="", help="the folder that holds the data sets"
    )
    parser.add_argument(
        "--source", default="", help="a folder that takes HemoSet's place"
    )
    parser.add_argument(
        "--target", default="", help="a folder that takes CholecSeg8k's place"
    )
    parser.add_argument(
        "--published",
        default="",
        help="a folder with the published tables for lesson 05",
    )
    parser.add_argument(
        "--on-bad",
        default="stop",
        help="stop (default) at a bad frame, or skip it and say so",
    )
    parser.add_argument(
        "--public", action="store_true", help="keep real frames out of the pages"
    )
    parser.add_argument(
        "--encoder", default="", help="in place of the profile's: lite0, resnet34, ..."
    )
    parser.add_argument(
        "--weights",
        default="",
        help="a file with the encoder's weights, or none; else ImageNet's",
    )
    parser.add_argument("--lessons", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    parser.add_argument("--site", type=Path, default=SITE, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Build; the exit code is 0: the site stands, 1: a lesson or its data stopped it,
    130: interrupted."""
    given = vars(options(words))
    folder, site, published = (
        given.pop(name) for name in ("lessons", "site", "published")
    )
    published = (
        os.path.abspath(published) if published else ""
    )  # a kernel runs in another folder
    # A polite end from outside is an interrupt too: kernels are shut down and the draft
    # goes.
    # Where a shell started it in the background, an interrupt would be ignored.
    for polite in (signal.SIGTERM, signal.SIGINT):
        signal.signal(polite, signal.default_int_handler)
    try:
        build(settings.course(**given), folder.resolve(), site.resolve(), published)
    except (CourseError, LessonError) as error:
        # A file's name may hold codes that a terminal would obey.
        said = "\n".join(map(printable, str(error).split("\n")))
        print(f"\n{said}", file=sys.stderr)
        if site.exists():
            print("The last good report stands as it was.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the last good report stands as it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
