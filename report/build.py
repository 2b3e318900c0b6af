"""make report: execute the lessons, render them, and put the site in place once it is
whole."""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
from filelock import FileLock

from helpers import CourseError, settings, store
from helpers.settings import versions
from helpers.words import printable
from report import kernels, numbers
from report.execute import Executed, execute, inputs, surroundings
from report.notebooks import FOLDER, OWN, lessons
from report.pages import HERE, Pictures, page
from report.site import Site, collect

SITE = HERE / "site"


def build(
    course: settings.Course,
    folder: Path = FOLDER,
    site: Path = SITE,
    published: str = "",
) -> Path:
    """Execute the lessons of a folder and write the site; the path of its index.html.

    published: the folder of the published tables, for the lesson that re-examines them.
    Raises CourseError; the last good site then stands as it was.
    """
    started = time.monotonic()
    if not (names := lessons(folder)):
        raise CourseError(
            f"{folder} holds no lesson (NN_name.py): give the folder that does."
        )
    if course.own:  # they have a lesson of their own
        names = [name for name in names if name.stem == OWN] or names
    network = ""
    if not course.usual_network:  # weights that are away or another's stop it here
        from helpers import models, training  # slow to import, and seldom needed here

        training.untrained(course)
        network = models.told(course)
    executed = _execute(names, course, published)
    collected, pictures = collect(executed), Pictures()
    pages = [page(one, folder, pictures) for one in executed]
    ran = {one.name: round(one.seconds, 1) for one in executed}
    about = {
        "profile": course.profile,
        "data": collected.data,
        "domains": collected.domains,
        "seed": course.seed,
        "network": network,
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
        value = numbers.number(collected.results[name])
        said = numbers.estimate(collected.results[name])
        print(f"{name:<32}{value:>8}  {said.range} ({said.data}; {said.behind})")
    most = max(filter(None, (one.memory for one in executed)), default=None)
    took = numbers.time(time.monotonic() - started)
    print(f"\nBuilt in {took}; a lesson took at most {numbers.memory(most)}.")
    print(store.said())
    return index


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
    """How many lessons run at a time: two where memory allows (3 GB each at most on a
    laptop's profiles), since one core is idle while a lesson draws. They find each
    other's results in the store, and wait for what the other one is making. One where
    kernels aren't forked, which can't be ended from outside, and on the full profile,
    whose networks fill a device."""
    room = psutil.virtual_memory().available > 6 * 2**30
    alone = course.profile == "full" or not room or settings.cores() < 2
    return 1 if alone or not kernels.forks(lessons) else 2


def options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, whose names are the parameters of the lessons."""
    said = "Run the lessons and build report/site; README.md tells of the options."
    parser = argparse.ArgumentParser(prog="python -m report.build", description=said)
    names = "data source target structure published encoder decoder weights epochs size"
    for name in names.split():
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--profile", default="quick", help="smoke, quick or full")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--on-bad", default="stop", help="stop, or skip and say so")
    public = "keep real frames out of the pages"
    parser.add_argument("--public", action="store_true", help=public)
    parser.add_argument("--lessons", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    parser.add_argument("--site", type=Path, default=SITE, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Build; the exit code is 0: the site stands, 1: a lesson or its data stopped it,
    130: interrupted."""
    given = vars(options(words))
    folder, site, tables = map(given.pop, ("lessons", "site", "published"))
    tables = os.path.abspath(tables) if tables else ""  # kernels run in other folders
    # A polite end from outside is an interrupt too: kernels are shut down, the draft
    # goes. Where a shell started it in the background, an interrupt would be ignored.
    for polite in (signal.SIGTERM, signal.SIGINT):
        signal.signal(polite, signal.default_int_handler)
    try:
        build(settings.course(**given), folder.resolve(), site.resolve(), tables)
    except CourseError as error:
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
