"""A case of one hour at 5 frames a second, as a stream: how long it takes, and the
largest memory that the process ever had, libraries included.

    python -m benchmarks.hour   writes hour.csv and hour.json beside it

The case is drawn to a video first. Then a process of its own reads it frame by frame:
the network of lesson 02 marks blood, each frame is aligned with the one a second
before, and the guided network of lesson 08 judges the clips.
"""

import datetime
import json
import platform
import resource
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from helpers import alarms, bleeding, clips, domains, environment, pathways, runs
from helpers.progress import progress
from helpers.settings import course as course_of
from phantom.cases import Case

HERE = Path(__file__).parent


def of_stream(video: clips.Video, run, size, model) -> dict[str, float]:
    """Frames, seconds and frames a second of one pass over the video."""
    began, seen = time.perf_counter(), 0

    def small():
        frames = (alarms.fitted(image, size) for image in video)
        for moment in bleeding.watch(frames, alarms.segmenter(run), video.fps):
            yield pathways.small(moment)

    scores = pathways.scores(model, small())
    for _ in progress(scores, "Frames of an hour", video.n_frames):
        seen += 1
    took = time.perf_counter() - began
    return {"frames": seen, "seconds": took, "frames_per_s": seen / took}


def watch(folder: Path, profile: str) -> None:
    """The process that is measured: prints a row as JSON."""
    course = course_of(profile, 0)
    run = runs.baseline(course, domains.gather(course))
    model = pathways.TwoPathways(4).eval()  # as fast trained as untrained
    [video] = clips.cases(folder, alarms.FPS)
    before = most_memory()
    row = of_stream(video, run, course.size, model)
    print(json.dumps(row | {"libraries_mb": before, "peak_mb": most_memory()}))


def most_memory() -> float:
    """The most memory this process ever had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return peak * unit / 1e6


def main(minutes: str = "60", profile: str = "quick", folder: Path = HERE) -> None:
    case = Case("pig1", 0, 60 * float(minutes), alarms.FPS, course_of(profile).size)
    place = alarms.written([case], video=True)
    command = [sys.executable, "-m", "benchmarks.hour", "--watch", place, profile]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    row = json.loads(said.stdout.splitlines()[-1])
    table = pd.DataFrame([{"minutes": float(minutes)} | row])
    table.round(1).to_csv(folder / "hour.csv", index=False)
    about = {
        "date": datetime.date.today().isoformat(),
        "versions": environment.versions(),
        "case": asdict(case),
        "machine": platform.machine(),
    }
    (folder / "hour.json").write_text(json.dumps(about, indent=1) + "\n")
    print(table.to_string())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        watch(Path(sys.argv[2]), sys.argv[3])
    else:
        main(*sys.argv[1:3])
