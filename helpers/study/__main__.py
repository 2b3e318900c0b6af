"""make study: plan the study, run its jobs on what is there, and gather one table."""

import argparse
import os
import signal
import sys
from pathlib import Path

import pandas as pd

from helpers import domains, parallel, runs, settings
from helpers.domains import Domains
from helpers.errors import CourseError
from helpers.names import printable
from helpers.settings import Course
from helpers.study import engine, measuring, plan, tables
from helpers.study.plan import Job


def conduct(course: Course, jobs: list[Job], **how) -> int:
    """Run those jobs that the store has no result of, and gather all; how many are
    missing in the end.

    how: see engine.run.
    """
    show(course, jobs)
    data, frames = {}, {}
    for fold in dict.fromkeys(job.fold for job in jobs):
        data[fold] = domains.gather(course, fold)
        frames[fold] = measuring.frames_of(data[fold])
    rows = {job: measuring.kept(course, frames, job, None) for job in jobs}
    missing = [job for job in jobs if rows[job] is None]
    print(f"{len(jobs) - len(missing)} of {len(jobs)} jobs are in the store.")
    ended = {}
    calls = [(course, job, measuring.code_of(job)) for job in missing]
    try:
        outcomes = engine.run(measuring.of_job, calls, **how) if calls else ()
        for number, one in enumerate(outcomes, 1):
            job = missing[one.place]
            ended[job] = one
            if not one.failure:
                rows[job] = measuring.kept(course, frames, job, one.result)
            said = one.failure or f"{one.seconds:.0f} s"
            print(f"[{number}/{len(missing)}] {job}: {printable(said)}", flush=True)
    finally:
        place = _gathered(course, data[jobs[0].fold], jobs, rows, ended)
    left = sum(rows[job] is None for job in jobs)
    if place is not None:
        print(f"\nThe study: {place / 'study.csv'}\n{_said(place)}")
    if left:
        why = "what it said stands above" if place is None else "jobs.csv says why"
        print(
            f"{left} of {len(jobs)} jobs are missing; {why}, and the same command "
            "takes only these."
        )
    return left


def show(course: Course, jobs: list[Job]) -> None:
    """Print the plan, and keep it as a file."""
    table = plan.table(jobs)
    shown = table.assign(fold=table["fold"].replace({plan.SINGLE: "single"}))
    print(f"{shown.to_string()}\n\nThe plan: {tables.planned(course, table)}")


def _gathered(
    course: Course, data: Domains, jobs: list[Job], rows: dict, ended: dict
) -> Path | None:
    """The folder of the tables of what is done, None where nothing is."""
    table = plan.table(jobs)
    done = {job: part for job, part in rows.items() if part is not None}
    table["state"] = [
        "done" if job in done else "failed" if job in ended else "missing"
        for job in jobs
    ]
    table["seconds"] = [ended[job].seconds if job in ended else None for job in jobs]
    table["failure"] = [ended[job].failure if job in ended else "" for job in jobs]
    if not done:
        return None
    parts = []
    for number, job in enumerate(jobs):
        if job in done:
            part = done[job].copy()
            for place, name in enumerate(tables.JOB):
                part.insert(place, name, table[name].iloc[number])
            parts.append(part)
    return tables.gathered(course, data, table, pd.concat(parts, ignore_index=True))


def _said(place: Path) -> str:
    rows = pd.read_csv(place / "study.csv", dtype={"subject": str})
    last = rows["split"].iloc[-1]
    threads = sorted(rows["threads"].unique())
    return (
        f"\nDice on {last}, and the standard deviation over folds, seeds and subjects:"
        f"\n{tables.spread(rows, last).round(3).to_string()}"
        f"\nThreads of each job: {', '.join(map(str, threads))}.\n"
    )


def options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line; every value is a text, and each is judged in one sentence."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.study",
        description="Run the study as a table of independent jobs.",
    )
    for name, said in {
        "profile": "smoke, quick (default) or full",
        "seed": "which frames, and how they are split; also the first training's",
        "data": "the folder that holds the data sets",
        "source": "a folder that takes HemoSet's place",
        "target": "a folder that takes CholecSeg8k's place",
        "on-bad": "stop (default) at a bad frame, or skip it and say so",
        "weights": "a file with the encoder's weights, or none; else ImageNet's",
        "folds": "how many folds over the source's subjects",
        "encoders": "names, with spaces between them",
        "remedies": "names, with spaces between them",
        "seeds": "of the trainings, with spaces between them",
        "on": "local, slurm, or a file with a host on each line; here if not given",
        "workers": "how many jobs at a time",
        "threads": "of each job",
        "parallel": "how many processes of this machine share each training",
        "plan": "anything: only show the plan",
    }.items():
        parser.add_argument(f"--{name}", default="", help=said)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """The exit code: 0: every job is done; 1: something is missing, or stopped it; 130:
    interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        given = options(words)
        course = settings.course(
            given.profile or "quick",
            given.seed or 0,
            *(given.data, given.source, given.target),
            given.on_bad or "stop",
            weights=given.weights,
        )
        folds = plan.one_number("FOLDS", given.folds)
        course = course.but(folds=folds) if folds else course
        jobs = plan.jobs(course, given.encoders, given.remedies, given.seeds)
        _check_weights(course, jobs)
        how = engine.asked({name.upper(): one for name, one in vars(given).items()})
        number = plan.one_number("PARALLEL", given.parallel) or 1
        if number > 1 and how["on"]:
            raise CourseError(
                "PARALLEL= shares out one training on this machine, and ON= shares out "
                "jobs: give one of the two."
            )
        if given.plan:
            show(course, jobs)
            return 0
        if number > 1 and "WORLD_SIZE" not in os.environ:
            words = sys.argv[1:] if words is None else words
            return parallel.launch(number, "helpers.study", words, how["threads"])
        with parallel.together() as first:
            return int(first and conduct(course, jobs, **how) > 0)
    except (CourseError, parallel.Broken) as error:
        if str(error) != "1":  # another process is gone, and says it itself
            print(f"\n{printable(str(error))}", file=sys.stderr)
        return _ended(1)
    except KeyboardInterrupt:
        if "WORLD_SIZE" not in os.environ:  # one of several says it for all
            print(
                "\nInterrupted; the same command goes on from here.",
                file=sys.stderr,
            )
        return _ended(parallel.INTERRUPTED)


def _check_weights(course: Course, jobs: list[Job]) -> None:
    """Weights of another encoder stop a study before any job has run."""
    if isinstance(course.weights, Path):
        for encoder in {job.encoder for job in jobs}:
            runs.untrained(course.but(encoder=encoder))


def _ended(code: int) -> int:
    """The exit code; one of torchrun's processes ends right here, since it may be held
    by a step that nobody will join any more."""
    if code and "WORLD_SIZE" in os.environ:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
