"""An entry of the store that is made of nothing, for tests and for processes that they start."""

import os
import subprocess
import sys
from pathlib import Path

from helpers import settings, store


def six(name: str = "six", size: int = 1000, made: list | None = None, **more) -> Path:
    """An entry of so many bytes; `made` notes that it was made."""

    def write(draft: Path) -> None:
        (draft / "inside").mkdir()
        (draft / "inside" / "x").write_bytes(bytes(size))
        if made is not None:
            made.append(name)

    return store.entry("sixes", {"name": name}, write, **more)


def begun(words: list[str], stderr=subprocess.PIPE, cwd=settings.ROOT, **surroundings):
    """Python in a process of its own, with these words and environment."""
    usual = {"PYTHONPATH": str(settings.ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *words],
        env=os.environ | usual | surroundings,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
