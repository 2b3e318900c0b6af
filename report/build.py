"""make report: execute the lessons, render them, and put the site in place once it is
whole."""

import argparse
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil

from helpers import settings, store
from helpers.environment import versions
from helpers.errors import CourseError
from helpers.names import printable
from report import kernels, numbers
from report.collect import collect
from report.execute import Executed, LessonError, execute, inputs, surroundings
from report.notebooks import FOLDER, lessons
from report.pages import HERE, page
from report.pictures import Pictures
from report.places import replaced
from report.site import Site

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
    if isinstance(course.weights, Path):  # of another encoder they stop it here
        from helpers import runs  # slow to import, and seldom needed here

        runs.untrained(course)
    executed = _execute(names, course, published)
    collected, pictures = collect(executed), Pictures()
    pages = [page(one, folder, pictures) for one in executed]
    ran = {one.name: round(one.seconds, 1) for one in executed}
    about = {
        "profile": course.profile,
        "data": collected.data,
        "domains": collected.domains,
        "seed": course.seed,
        "versions": versions(),
        "seconds": {"total": round(time.monotonic() - started, 1), "lessons": ran},
    }
    record = {**about, "results": collected.results}
    with replaced(site) as draft:
        files = Site(pages, pictures, collected, about).files()
        files["results.json"] = json.dumps(record, indent=1, allow_nan=False) + "\n"
        for path, made in files.items():
            (draft / path).parent.mkdir(exist_ok=True)
            held = made if isinstance(made, bytes) else made.encode("utf-8")
            (draft / path).write_bytes(held)
    index = site / "index.html"
    print(f"\n{index.resolve().as_uri()}\n")
    for name in filter(collected.results.get, numbers.HEADLINES):
        result = collected.results[name]
        print(
            f"{name:<32}{numbers.number(result):>8}  {numbers.interval(result)} "
            f"({result['data']}; {numbers.behind(result)})"
        )
    most = max(filter(None, (one.memory for one in executed)), default=None)
    print(
        f"\nBuilt in {numbers.time(time.monotonic() - started)}; a lesson took at most "
        f"{numbers.memory(most)}."
    )
    print(store.said())
    return index


def _execute(
    names: list[Path], course: settings.Course, published: str
) -> list[Executed]:
    """The lessons in their order, each said as it ends. What is still running when one
    stops is ended, and what it was writing is removed."""
    made_from = inputs(course, published)
    run = partial(execute, course=course, made_from=made_from, published=published)
    done, at_once = [], _at_once(len(names), course)
    with surroundings(len(names)), ThreadPoolExecutor(at_once, "lesson") as pool:
        try:
            results = pool.map(run, names) if at_once > 1 else map(run, names)
            for name in names:
                print(f"{name.stem:<36}", end="", flush=True)
                done.append(next(results))
                ran = numbers.time(done[-1].seconds)
                print(ran if done[-1].fresh else "unchanged", flush=True)
        except BaseException:
            print("stopped", flush=True)
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            kernels.end()  # so that no thread waits for one
    return done


def _at_once(lessons: int, course: settings.Course) -> int:
    """How many lessons run at a time: two where memory allows, since one core is idle
    while a lesson draws or plots. They find each other's results in the store, and wait
    for what the other one is making. One where kernels aren't forked, which can't be
    ended from outside, and on the full profile, whose networks fill a device."""
    room = psutil.virtual_memory().available > 2 * LARGEST
    alone = course.profile == "full" or not room or settings.cores() < 2
    return 1 if alone or not kernels.forks(lessons) else 2


def options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, whose names are the parameters of the lessons."""
    parser = argparse.ArgumentParser(
        prog="python -m report.build",
        description="Run the lessons and build report/site.",
    )
    for name, usual, said in (
        ("profile", "quick", "smoke, quick (default) or full"),
        ("data", "", "the folder that holds the data sets"),
        ("source", "", "a folder that takes HemoSet's place"),
        ("target", "", "a folder that takes CholecSeg8k's place"),
        ("published", "", "a folder with the published tables for lesson 05"),
        ("on-bad", "stop", "stop (default) at a bad frame, or skip it and say so"),
        ("encoder", "", "in place of the profile's: lite0, resnet34, ..."),
        ("weights", "", "a file with the encoder's weights, or none; else ImageNet's"),
        ("seed", 0, "of frames, splits and networks"),
        ("lessons", FOLDER, argparse.SUPPRESS),
        ("site", SITE, argparse.SUPPRESS),
    ):
        parser.add_argument(f"--{name}", default=usual, type=type(usual), help=said)
    public = "keep real frames out of the pages"
    parser.add_argument("--public", action="store_true", help=public)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Build; the exit code is 0: the site stands, 1: a lesson or its data stopped it,
    130: interrupted."""
    given = vars(options(words))
    folder, site, tables = map(given.pop, ("lessons", "site", "published"))
    tables = os.path.abspath(tables) if tables else ""  # kernels run in other folders
    # A polite end from outside is an interrupt too: kernels are shut down and the draft
    # goes.
    # Where a shell started it in the background, an interrupt would be ignored.
    for polite in (signal.SIGTERM, signal.SIGINT):
        signal.signal(polite, signal.default_int_handler)
    try:
        build(settings.course(**given), folder.resolve(), site.resolve(), tables)
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
