"""Small lessons for the tests of the report, and the words to build them."""

from pathlib import Path

TOP = '''# %% [markdown]
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
data = ""
source = ""
target = ""
on_bad = "stop"
public = False
'''

RESULT = """
# %%
from helpers.results import Record, tell
from helpers.statistics import Estimate

tell("{data}", [{notes}], [])
Record().add("{name}", Estimate({value}, {low}, {high}, 0.9, 40, {subjects}, data="{data}",
                                split="id_test", estimand="Dice, tested"))
"""

# What a page may hold: a plotly figure, the same for the first page, and a table wider than a phone.
PLOT = '''import plotly.graph_objects as go
from IPython.display import HTML, display

figure = go.Figure(go.Scatter(x=[1, 2, 3], y=[3, 1, 2]))
markup = figure.to_html(full_html=False, include_plotlyjs=False, config={"responsive": True})
display(HTML(f'<figure role="img" aria-label="Three points">{markup}</figure>'))'''
HEADLINE = """left = {"name": "points", "caption": "Three points & a line",
        "html": f'<figure role="img" aria-label="Three points">{markup}</figure>'}
display({"application/vnd.course.figure+json": left}, raw=True)"""
WIDE = "import pandas as pd\npd.DataFrame([[123456.789] * 30], columns=[f'column {n}' for n in range(30)])"


def lesson(folder: Path, name: str, *bodies: str) -> Path:
    """Write a lesson whose opening is the usual one, followed by cells in percent format."""
    path = folder / f"{name}.py"
    path.write_text(
        TOP.format(number=name[:2]) + "".join(f"\n{body.strip()}\n" for body in bodies), encoding="utf-8"
    )
    return path


def code(body: str) -> str:
    return f"# %%\n{body}"


def prose(text: str) -> str:
    return "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def result(
    name: str = "id_test.dice",
    value: str = "0.875",
    low: str = "None",
    high: str = "None",
    subjects: int = 3,
    data: str = "phantom",
    notes: str = "",
) -> str:
    return RESULT.format(
        name=name, value=value, low=low, high=high, subjects=subjects, data=data, notes=notes
    )
