"""make study: plan the study, run those of its jobs that are missing, gather all."""

import argparse
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import domains, runs, settings, studied
from helpers.errors import CourseError
from helpers.names import printable
from helpers.settings import Course
from study import engine, tables
from study.jobs import SINGLE, Job, measured, planned


def conduct(course: Course, jobs: list[Job], **how) -> int:
    """Run the jobs that are missing, and gather all; how many still are. how: see
    engine.run."""
    data = domains.gather(course, None if course.numbers.folds == 1 else 0)
    study, table = studied.folder(course, data), pd.DataFrame(jobs)
    done = [tables.file_of(study, job).exists() for job in jobs]
    table["state"] = np.where(done, "done", "missing")
    table = table.assign(seconds=np.nan, failure="")
    missing = table.index[table["state"] == "missing"]
    print(f"{len(jobs) - len(missing)} of {len(jobs)} jobs are done already.")
    calls = [(course, jobs[row], study.name) for row in missing]
    try:
        for place, rows, failure, seconds in engine.run(measured, calls, **how):
            job, row = jobs[missing[place]], missing[place]
            if not failure:
                tables.write(rows, tables.file_of(study, job))
            said = printable(failure.strip().rpartition("\n")[2])
            state = "failed" if failure else "done"
            table.loc[row, ["state", "seconds", "failure"]] = (state, seconds, said)
            print(f"{job}: {said or f'{seconds:.0f} s'}", flush=True)
    finally:
        found = tables.gather(study, table)
        if not found.empty:
            shown = found[found["split"] == found["split"].iloc[-1]]
            print(shown.query("measure == 'dice'").round(3).to_string())
        print(f"\nThe study: {study}")
    left = int((table["state"] != "done").sum())
    if left:
        print(
            f"{left} of {len(jobs)} jobs are missing; jobs.csv says why, and the same "
            "command takes only these."
        )
    return left


def whole_numbers(text: str) -> list[int]:
    """Numbers with spaces between them; ValueError for anything else."""
    return [int(word) for word in text.split()]


def options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line; argparse.ArgumentError for a value that means nothing."""
    parser = argparse.ArgumentParser("study", description=__doc__, exit_on_error=False)
    add = parser.add_argument
    add("--profile", default="quick", help="smoke, quick or full")
    add("--seed", default="0", help="which frames there are, and how they are split")
    add("--data", default="", help="the folder that holds the data sets")
    add("--source", default="", help="a folder that takes HemoSet's place")
    add("--target", default="", help="a folder that takes CholecSeg8k's place")
    add("--on-bad", default="stop", help="at a bad frame; or skip it and say so")
    add("--weights", default="", help="a file, or none; else the encoder's ImageNet's")
    add("--folds", type=int, help="over the source's subjects")
    add("--encoders", type=str.split, default=[], help="names, spaces between them")
    add("--remedies", type=str.split, default=[], help="names, spaces between them")
    add("--seeds", type=whole_numbers, default=[], help="of trainings")
    add("--on", default="", help="local, or a Dask scheduler's address; else here")
    add("--workers", type=int, default=2, help="processes of this machine")
    add("--threads", type=int, help="of each job")
    add("--plan", default="", help="anything: only show the plan")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """The exit code: 0: every job is done; 1: something is missing, or stopped it; 130:
    interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        given = options(words)
        if min(given.folds or 1, given.workers, given.threads or 1) < 1:
            raise CourseError("FOLDS, WORKERS and THREADS count from 1: give such.")
        places = (given.data, given.source, given.target, given.on_bad)
        course = settings.course(
            given.profile, given.seed, *places, weights=given.weights
        )
        course = course.but(folds=given.folds) if given.folds else course
        jobs = planned(course, given.encoders, given.remedies, given.seeds)
        if isinstance(course.weights, Path):  # of another encoder they stop it here
            for encoder in {job.encoder for job in jobs}:
                runs.untrained(course.but(encoder=encoder))
        print(pd.DataFrame(jobs).replace({"fold": {SINGLE: "single"}}).to_string())
        if given.plan:
            return 0
        how = dict(on=given.on, workers=given.workers, threads=given.threads)
        return int(conduct(course, jobs, **how) > 0)
    except (CourseError, argparse.ArgumentError, OSError) as error:
        print(f"\n{printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
