"""The benchmark of speed: its works are the same, and memory does not grow with the
frames; times are asserted nowhere."""

import tracemalloc

import cv2
import pandas as pd
import pytest

from benchmarks import recording, speed
from helpers import counts, frames, settings, training
from phantom import write_cholecseg8k


def test_readme_quotes_the_recorded_rows() -> None:
    readme = (settings.ROOT / "README.md").read_text()
    for row in pd.read_csv(recording.HERE / "speed.csv").itertuples():
        assert f"| {row.what} | {row.ratio:.2f} | {row.limit:g} |" in readme
        assert row.ratio == pytest.approx(row.bare / row.ours, abs=0.006)


def test_the_bare_work_decodes_every_file_that_packing_does(
    tmp_path, monkeypatch
) -> None:
    write_cholecseg8k(tmp_path, 20, (96, 170))
    table = frames.index(tmp_path).table
    decoded: list[str] = []
    monkeypatch.setattr(cv2, "imread", decoded.append)
    speed.decode(table)
    assert len(set(decoded)) == 3 * len(table)
    for kind in ("endo.png", "watershed_mask.png", "color_mask.png"):
        found = [one for one in decoded if one.endswith(kind)]
        assert len(found) == len(table) and all(map(cv2.haveImageReader, found))


def test_evaluating_takes_no_more_memory_for_more_frames(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(training, "predict", lambda _, images, into: into)  # zeros
    peaks, numbers = [], (150, 600)
    for number in numbers:
        data = tmp_path / str(number)
        speed.noise(data, number)
        packed = frames.pack(frames.index(data).table, (64, 64))
        tracemalloc.start()
        table = counts.evaluate(training.Run(None, None, "none"), packed)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(table) == number and (table["tp"] == 0).all()
    # Half of what the additional predictions alone would be, a byte for each pixel.
    assert peaks[1] - peaks[0] < 64 * 64 * (numbers[1] - numbers[0]) / 2
