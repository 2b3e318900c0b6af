"""The house itself: one format for every file, and lessons that teach on their lines."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import teaching_lines
from helpers.settings import ROOT


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids=" ".join)
def test_one_formatter_and_linter_for_everything(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "ruff", *words, "--no-cache", "--quiet", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


LESSON = """# %% tags=["setup"]
import os

# %% [markdown]
# ## A heading

# %%
lesson = begin()
packed = lesson.frames("train")  # a comment
red = packed.images[..., 0].mean()
rows = [{"red": red}]
title = f"{red:.2f}"
figures.table(pd.DataFrame(rows), title)

# %% [markdown]
# What it says.

# %% tags=["exercise"]
# solution begins
green = figures
# solution ends

# %% tags=["check"]
check(lambda: green, "Green.")
"""


def test_each_line_is_of_one_kind(tmp_path: Path) -> None:
    (tmp_path / "01_small.py").write_text(LESSON)
    found = teaching_lines.table(tmp_path).loc["01"]
    kinds = {kind: found[kind] for kind in teaching_lines.KINDS}
    assert kinds == {"set-up": 3, "showing": 2, "shaping": 1, "teaching": 2}
    assert (found["lines"], found["asking"], found["exercises"]) == (8, 1, 1)
    assert (found["code cells"], found["read by prose"]) == (1, 1)


def test_what_feeds_a_computation_teaches_and_what_only_feeds_a_table_does_not(
    tmp_path: Path,
) -> None:
    body = "# %%\nrows = [{'a': 1}]\ntotal = f(rows)\nrows = [{'b': 2}]\nprint(rows)\n"
    (tmp_path / "01_small.py").write_text(f"{body}\n# %% [markdown]\n# Words.\n")
    found = teaching_lines.table(tmp_path).loc["01"]
    assert [found[kind] for kind in teaching_lines.KINDS] == [0, 1, 1, 2]


def test_at_least_half_of_the_lessons_code_teaches_and_no_line_is_too_long() -> None:
    found = teaching_lines.table().loc["all"]
    assert found["teaching, %"] >= 50 and found["over 88"] == 0
