"""make study: fold x encoder x remedy x seed as a table of independent jobs. Lesson 07
shows what comes of it."""

import argparse
import signal
import sys

import numpy as np
import pandas as pd

from helpers import CourseError, domains, remedies, settings
from helpers.settings import Course
from helpers.words import printable
from study import engine, tables
from study.jobs import SINGLE, Job, measured, planned


def conduct(course: Course, jobs: list[Job], *how) -> int:
    """Run the jobs that are missing, and gather all; how many still are. how: on,
    workers and threads, as engine.run takes them."""
    data = domains.gather(course, None if course.numbers.folds == 1 else 0)
    study, table = remedies.study_folder(course, data), pd.DataFrame(jobs)
    done = [tables.file_of(study, job).exists() for job in jobs]
    state = np.where(done, "done", "missing")
    table = table.assign(state=state, seconds=np.nan, failure="")
    missing = np.flatnonzero(state == "missing")
    print(f"{len(jobs) - len(missing)} of {len(jobs)} jobs are done already.")
    calls = [(course, jobs[row], study.name) for row in missing]
    try:
        for place, rows, failure, seconds in engine.run(measured, calls, *how):
            row, said = missing[place], printable(failure)
            if not failure:
                tables.write(rows, tables.file_of(study, jobs[row]))
            ended = "failed" if failure else "done", seconds, said
            table.loc[row, ["state", "seconds", "failure"]] = ended
            print(f"{jobs[row]}: {said or f'{seconds:.0f} s'}", flush=True)
    finally:
        found = tables.gather(study, table)
        print(f"\n{found.round(3).to_string()}\n\nThe study: {study}")
    left = int((table["state"] != "done").sum())
    print(f"{left} jobs are missing (see jobs.csv); the same command takes these.")
    return left


def whole_numbers(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line (see README); argparse.ArgumentError for a bad value."""
    parser = argparse.ArgumentParser("study", description=__doc__, exit_on_error=False)
    usual = {"profile": "quick", "seed": "0", "on-bad": "stop"}
    for one in "profile seed data source target on-bad decoder weights on plan".split():
        parser.add_argument(f"--{one}", default=usual.get(one, ""))
    for name, usual in {"folds": None, "workers": 2, "threads": None}.items():
        parser.add_argument(f"--{name}", type=int, default=usual)
    for name in ("encoders", "remedies"):
        parser.add_argument(f"--{name}", type=str.split, default=[])
    parser.add_argument("--seeds", type=whole_numbers, default=[])
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """The exit code: 0: all done; 1: jobs missing, or an error; 130: interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        given = vars(options(words))
        names = "on plan folds workers threads encoders remedies seeds".split()
        on, plan, folds, workers, threads, *grid = map(given.pop, names)
        if min(one for one in (folds, workers, threads) if one is not None) < 1:
            raise CourseError("FOLDS, WORKERS and THREADS count from 1: give such.")
        course = settings.course(**given)
        course = course.but(folds=folds) if folds else course
        jobs = planned(course, *grid)
        print(pd.DataFrame(jobs).replace({"fold": {SINGLE: "single"}}).to_string())
        return 0 if plan else int(conduct(course, jobs, on, workers, threads) > 0)
    except (CourseError, argparse.ArgumentError, OSError) as error:
        print(f"\n{printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
