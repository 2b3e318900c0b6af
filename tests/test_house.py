"""The house itself: one format for every file."""

import subprocess
import sys

import pytest

from helpers.settings import ROOT


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids=" ".join)
def test_one_formatter_and_linter_for_everything(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "ruff", *words, "--no-cache", "--quiet", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
