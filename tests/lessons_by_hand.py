"""Small lessons for the tests of the report, and the words to build them."""

import re
from pathlib import Path

import numpy as np

TOP = """# %% [markdown]
# # {number} A lesson of the tests
#
# [Open in Colab](https://colab.research.google.com/github/x/y/{number}.ipynb) · [on](01_second.ipynb)
#
# **You will be able to** test a report. **You need** nothing. **It takes** about 5 minutes.

# %% tags=["setup"]
import sys

# %% tags=["parameters"]
profile = "quick"
seed = 0
data = {{}}
"""

RESULT = """
# %%
from helpers.cells import Record, tell
from helpers.statistics import Estimate

tell("{data}", [{notes}], [], {domains})
Record().add("{name}", Estimate({value}, {low}, {high}, 0.9, 40, {subjects}, data="{data}",
                                split="id_test", estimand="Dice, tested"))
"""

# What a page may hold: a figure that is live in Jupyter, the same for the first page, a
# table wider than a phone, a line as long as a lesson's may be, and words that fill
# themselves in.
PLOT = """import plotly.graph_objects as go
from matplotlib.figure import Figure

from helpers import charts

live = go.Figure(go.Scatter(x=[1, 2, 3], y=[3, 1, 2]))
points = Figure(figsize=(6, 3))
points.subplots().plot([1, 2, 3], [3, 1, 2], "o")
chart = charts.Chart(
    points, "Three points", "Three points", "Look at the middle one.", live
)
chart"""
HEADLINE = "chart.front('points');"
STILL = """from matplotlib.figure import Figure

still = Figure(figsize=(4, 2))
still.subplots().plot([1, 2])
charts.Chart(still, "A line", "A line that rises", "Look where it ends.")"""
LONG = f"long = '{'x' * 78}'"  # 88 columns, the longest line that a lesson may have
WIDE = "import pandas as pd\npd.DataFrame([[123456.789] * 30], columns=[f'column {n}' for n in range(30)])"

# An exercise, a question without code, and a quiz, as lessons write them.
EXERCISES = """# %%
from helpers.cells import check, quiz, register

register({drawn})
three = 3

# %% [markdown]
# ## Twice three
#
# ### Exercise 1 \u00b7 Twice
#
# Write `twice`, for which $x_{{i}}$ is `{{three}}`.

# %% tags=["exercise"]
def twice(x):
    # solution begins
    return 2 * x
    # solution ends


print(twice(three))

# %% tags=["check"]
check(lambda: twice(2) == 4, "Multiply by two.")

# %% [markdown] tags=["solution"]
# Twice three is six.

# %% [markdown]
# ### Exercise 2 \u00b7 Why? (open)

# %% [markdown] tags=["solution"]
# Because.

# %% tags=["phantom"]
print("drawn", three)

# %% tags=["quiz"]
quiz(("Is `1 < 2`?", {{"It is.": "Yes: by one.", "It is not.": "No: count."}}))"""


def exercises(drawn: bool = True) -> str:
    return EXERCISES.format(drawn=drawn)


def lesson(folder: Path, name: str, *bodies: str) -> Path:
    """Write a lesson whose opening is the usual one, followed by cells in percent
    format."""
    path = folder / f"{name}.py"
    path.write_text(
        TOP.format(number=name[:2]) + "".join(f"\n{body.strip()}\n" for body in bodies),
        encoding="utf-8",
    )
    return path


def code(body: str) -> str:
    return f"# %%\n{body}"


def prose(text: str) -> str:
    return "# %% [markdown]\n" + "\n".join(
        f"# {line}".rstrip() for line in text.splitlines()
    )


def result(name="id_test.dice", value="0.875", low="None", high="None", **more) -> str:
    """A cell that records a number. more: subjects, data, notes and domains of the
    lesson."""
    usual = {"subjects": 3, "data": "phantom", "notes": "", "domains": {}}
    return RESULT.format(name=name, value=value, low=low, high=high, **usual | more)


def lifted(number: str, /, *names: str, **given) -> dict:
    """Functions and classes that a lesson of the course writes out, by name; given: what
    else they name."""
    [path] = (Path(__file__).parent.parent / "notebooks").glob(f"{number}_*.py")
    text = path.read_text(encoding="utf-8")
    room = {"np": np} | given
    for name in names:
        exec(re.search(rf"(?ms)^(?:def|class) {name}\(.*?(?=^\S)", text)[0], room)
    return room
