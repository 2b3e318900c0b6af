"""A case of one hour at 5 frames a second, as a stream: how long it takes, and the
largest memory that the process ever had, libraries included.

    python -m benchmarks.hour   writes hour.csv and hour.json beside it

The case is drawn to a video first. Then a process of its own reads it frame by frame:
the network of lesson 02 marks blood, each frame is aligned with the one a second
before, and the guided network of lesson 08 judges the clips.
"""

import multiprocessing
import re
import resource
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks import recording
from helpers import clips, domains, settings, training
from helpers.settings import progress
from helpers.video import FPS, pathways, watching
from phantom.cases import Case


def of_stream(video: clips.Video, run, size, model) -> dict[str, float]:
    """Frames, seconds and frames a second of one pass over the video."""
    began, seen = time.perf_counter(), 0

    frames = (watching.fitted(image, size) for image in video)
    segment = partial(training.predict, run.model)
    moments = watching.moments(frames, segment)
    scores = pathways.scores(model, (moment.small for moment in moments))
    for _ in progress(scores, "Frames of an hour", video.n_frames):
        seen += 1
    took = time.perf_counter() - began
    return {"frames": seen, "seconds": took, "frames_per_s": seen / took}


def watch(folder: str) -> dict[str, float]:
    """What the process that is measured does: a row."""
    course = settings.course("quick", 0)
    run = training.baseline(course, domains.gather(course))
    model = pathways.TwoPathways(4).eval()  # as fast trained as untrained
    [video] = clips.cases(Path(folder), FPS)
    before = most_memory()
    row = of_stream(video, run, course.size, model)
    return row | {"libraries_mb": before, "peak_mb": most_memory()}


def most_memory() -> float:
    """The most memory this process ever had, in MB. Linux's getrusage would say what
    the process that started it had, where that was more."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on a Mac


def main(minutes: float = 60) -> None:
    began = time.perf_counter()
    size = settings.course("quick").size
    case = Case("pig1", 0, 60 * minutes, FPS, size)
    place = watching.written([case], video=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        row = pool.apply(watch, (str(place),))
    table = pd.DataFrame([{"minutes": minutes} | row])
    recording.record("hour", began, {"": table}, digits=1, case=asdict(case))


if __name__ == "__main__":
    main()
