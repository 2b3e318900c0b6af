"""Putting figures, tables and source code on the page, each with words for those who do not see it."""

import base64
import html
import inspect
import io
import itertools
import textwrap
from collections.abc import Callable

import pandas as pd
from IPython.display import HTML, Code, display
from matplotlib.text import Text

from helpers import settings

FIGURE_TYPE = "application/vnd.course.figure+json"
CHARACTERS_PER_INCH = 10  # of a bold title at 11 points
_numbers = itertools.count(1)


def show(figure, alt: str) -> None:
    """Show a matplotlib or plotly figure with its alt text, which says what is seen and not what kind of plot it is."""
    if _is_plotly(figure) and not settings.static():
        display(figure)
    else:
        display(HTML(to_html(figure, alt)))


def headline(name: str, figure, alt: str, caption: str) -> None:
    """Show a figure, and offer it to the report's first page with a caption that says what to notice."""
    show(figure, alt)
    display({FIGURE_TYPE: {"name": name, "html": to_html(figure, alt), "caption": caption}}, raw=True)


def to_html(figure, alt: str) -> str:
    """The figure as HTML that asks nothing of the network; plotly's script is the page's to bring, once."""
    if not alt.strip():
        raise ValueError("a figure needs alt text that says what is seen")
    words = html.escape(alt, quote=True)
    if _is_plotly(figure):
        body = figure.to_html(full_html=False, include_plotlyjs=False, div_id=f"plot-{figure_id(figure)}",
                              config={"displaylogo": False, "responsive": True})
        return f'<figure class="plotly" role="img" aria-label="{words}">{body}</figure>'
    return f'<figure><img alt="{words}" src="data:image/png;base64,{_png(figure)}"></figure>'


def figure_id(figure) -> str:
    """An id that differs between the figures of a lesson and is the same at each run."""
    import hashlib

    return f"{next(_numbers)}-{hashlib.sha256(figure.to_json().encode()).hexdigest()[:8]}"


def table(rows: pd.DataFrame, caption: str, digits: int = 3) -> None:
    """Show a table with a caption; an undefined number is an empty cell with a dash, since it is not a zero."""
    text = rows.to_html(index=False, na_rep="–", float_format=lambda value: f"{value:.{digits}f}", border=0, escape=True)
    head, rest = text.split(">", 1)
    display(HTML(f'<div class="table">{head}><caption>{html.escape(caption)}</caption>{rest}</div>'))


def source(function: Callable) -> None:
    """Show a helper's own source, so that what a lesson teaches is what really runs."""
    display(Code(inspect.getsource(function), language="python"))


def _is_plotly(figure) -> bool:
    return type(figure).__module__.startswith("plotly")


def _png(figure) -> str:
    figure.draw_without_rendering()  # lays the axes out, so that their width is known
    for axes in figure.axes:
        # A title states a finding and may be long; matplotlib would let it run off the page.
        room = int(axes.get_position().width * figure.get_size_inches()[0] * CHARACTERS_PER_INCH)
        title = axes.get_title(loc="left")
        for text in axes.findobj(Text):
            if title and text.get_text() == title and text.get_fontweight() == "bold":
                text.set_text(textwrap.fill(title, max(20, room)))
    buffer = io.BytesIO()
    # No software name and date in the file: the same figure is the same bytes.
    figure.savefig(buffer, format="png", dpi=130, metadata={"Software": None})
    return base64.b64encode(buffer.getvalue()).decode()
