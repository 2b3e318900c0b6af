"""The house itself: one format for every file, thin rooms, and one way through them."""

import subprocess
import sys

import house
import pytest

from helpers.settings import ROOT


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids=" ".join)
def test_one_formatter_and_linter_for_everything(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "ruff", *words, "--no-cache", "--quiet", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def test_the_house_is_as_thin_as_it_says(capsys: pytest.CaptureFixture) -> None:
    assert house.main() == 0, capsys.readouterr().out


def test_rooms_import_what_lies_below_them() -> None:
    """graphlib says which rooms stand in a circle; nothing under the lessons knows of
    what runs them, and the phantom knows nothing of helpers."""
    assert set(house.floors(house.rooms())) == set(house.rooms())
    known = house.modules()
    above = {"helpers": {"report", "study", "benchmarks"}, "phantom": {"helpers"}}
    for name, path in known.items():
        told = {one.split(".")[0] for one in house.imported(path, known)}
        assert not told & above.get(name.split(".")[0], set()), name
