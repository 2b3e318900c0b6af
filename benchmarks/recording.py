"""What a benchmark leaves beside itself: its tables, and what they were made with.

began = time.perf_counter()
table = pd.concat(recording.over_drawings(of_drawing))
recording.record("remedies", began, {"": table}, drawings=recording.SEEDS)
"""

import datetime
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch

from helpers import CourseError, settings
from study import engine

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)


def over_drawings(of_drawing: Callable, seeds: Sequence[int] = SEEDS) -> list:
    """of_drawing(seed) for each drawing, in their order; on several processes where ON
    and WORKERS say so, as in `ON=local python -m benchmarks.remedies`."""
    return results(of_drawing, [(seed,) for seed in seeds])


def results(function: Callable, jobs: Sequence[tuple], on="", threads=0) -> list:
    """What function(*job) gives for each job, in the jobs' order; CourseError where one
    fails. on, threads (see engine.run): where ON and THREADS are silent."""
    said, found = os.environ.get, {}
    how = dict(on=said("ON") or on, workers=int(said("WORKERS") or 2))
    how["threads"] = int(said("THREADS") or threads)
    for place, result, failure, _ in engine.run(function, jobs, **how):
        if failure:
            raise CourseError(f"{function.__name__}{jobs[place]}: {failure}")
        found[place] = result
    return [found[place] for place in range(len(jobs))]


def machine() -> dict[str, object]:
    """The processor's name, its cores, how busy it is now, the threads and the device
    that torch takes."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # only Linux has it
        lines = []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "threads": torch.get_num_threads(),
        "device": str(settings.device()),
    }


def record(
    name: str,
    began: float,
    tables: Mapping[str, pd.DataFrame],
    digits: int = 4,
    **about,
) -> None:
    """Write <name><ending>.csv for each table by its ending, and <name>.json: date,
    versions, machine, seconds since `began` (time.perf_counter()), and `about`."""
    for ending, table in tables.items():
        table.round(digits).to_csv(HERE / f"{name}{ending}.csv", index=False)
    about = {
        "date": datetime.date.today().isoformat(),
        "versions": settings.versions(),
        **machine(),
        "seconds": round(time.perf_counter() - began),
        **about,
    }
    (HERE / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n")
    print(f"{name}: recorded in {HERE} after {about['seconds']} s")
