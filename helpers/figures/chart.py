"""A chart that knows its words, a table with a caption, a helper's own source; the
colours and type that all charts share, and the kinds that most of them are: dots in
rows, bars in parts, lines.

The colours are Okabe and Ito's, told apart by colour-blind readers too.
"""

import base64
import html
import inspect
import io
import textwrap
from collections.abc import Callable, Mapping, Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Code, display
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from helpers import settings, words
from helpers.words import name_of, number

BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, RED, PINK, YELLOW = "#E69F00", "#D55E00", "#CC79A7", "#F0E442"
COLOURS = {
    "source": BLUE,
    "train": BLUE,
    "id_val": SKY,
    "id_test": BLUE,
    "target": RED,
    "ood_val": ORANGE,
    "ood_test": RED,
    "wished": GREEN,
    "ood_wished_val": GREEN,
    "ood_wished": GREEN,
    # What a prediction did to a pixel, on red tissue: blue and yellow stand out from
    # red for every kind of eye.
    "hit": SKY,
    "false alarm": YELLOW,
    "missed": "#FFFFFF",
    "plain": "#4D4D4D",
    "faint": "#B3B3B3",
}
PALETTE = (BLUE, RED, GREEN, PINK, ORANGE, SKY, "#4D4D4D", "#000000")
MARKERS = "osD^vPX*"

matplotlib.rcParams.update(
    {
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.titlesize": 9.5,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "legend.frameon": False,
        "legend.fontsize": 8,
    }
)


def new(
    width: float = 7.0, height: float = 4.0, rows: int = 1, columns: int = 1, **more
):
    """A figure and its axes; sizes in inches."""
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", **more
    )
    plt.close(figure)  # its Chart shows it, and not the notebook a second time
    return figure, axes


def colour_of(name: str, place: int = 0) -> str:
    """A split's own colour, for another name one of the palette by its place."""
    return COLOURS.get(name, PALETTE[place % len(PALETTE)])


FIGURE_TYPE = "application/vnd.course.figure+json"
CHARACTERS_PER_INCH = 10  # of a bold title at 11 points
TITLE_LINE = 0.2  # inches
# Two buttons, and nothing that would send the figure anywhere.
PLOTLY = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["zoom2d", "resetScale2d"]],
}


class Chart:
    """A figure with its title (the finding), alt text (what is seen) and caption.

    As the last expression of a cell it shows itself; `front` offers it to the report's
    first page. figure: of matplotlib, which is given the title here. live: the same of
    plotly, which Jupyter shows in its place. ValueError where the title or the alt text
    is empty.
    """

    def __init__(
        self, figure: Figure, title: str, alt: str, caption: str = "", live=None
    ) -> None:
        if not alt.strip() or not title.strip():
            raise ValueError("a chart needs a title, and alt text of what is seen")
        self.figure, self.title, self.alt, self.caption = figure, title, alt, caption
        self.axes, self.live = figure.axes, live
        width, height = figure.get_size_inches()
        lines = _lines(title, width)
        figure.set_size_inches(width, height + TITLE_LINE * len(lines))
        look = {"fontsize": 11, "fontweight": "bold", "x": 0.01, "ha": "left"}
        figure.suptitle("\n".join(lines), **look)
        if live is not None:
            lines = _lines(title, 8.0)
            live.update_layout(title={"text": f"<b>{'<br>'.join(lines)}</b>"})

    def html(self, caption: bool = True) -> str:
        """The chart as HTML that asks nothing of the network. Dark pages turn the
        colours of what is `plotted` around; a frame, or a map on one, stays."""
        words = html.escape(self.alt)
        kind = "" if self.figure.findobj(AxesImage) else 'class="plotted" '
        data = base64.b64encode(self.png()).decode()
        body = f'<img {kind}alt="{words}" src="data:image/png;base64,{data}">'
        return self._around(body, caption)

    def png(self) -> bytes:
        """The picture of the figure; the same figure is the same bytes."""
        buffer = io.BytesIO()
        # No software name and date in the file.
        self.figure.savefig(buffer, format="png", dpi=130, metadata={"Software": None})
        return buffer.getvalue()

    def front(self, name: str) -> "Chart":
        """Offer the chart to the report's first page; gives the chart, to be shown."""
        left = {"name": name, "html": self.html(caption=False)}
        left["caption"] = self.caption or self.title
        display({FIGURE_TYPE: left}, raw=True)
        return self

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        plain = f"{self.title}\n{self.alt}"
        if self.live is not None and not settings.static():
            live = self.live._repr_mimebundle_() or {}
            if "application/vnd.plotly.v1+json" in live:
                live["application/vnd.plotly.v1+json"]["config"] = PLOTLY
            if "text/html" in live:
                live["text/html"] = self._around(live["text/html"], True)
            return {**live, "text/plain": plain}
        return {"text/html": self.html(), "text/plain": plain}

    def _around(self, body: str, caption: bool) -> str:
        said = f"<figcaption>{html.escape(self.caption)}</figcaption>"
        said = said if caption and self.caption else ""
        return f'<figure class="chart">{body}{said}</figure>'


def made(figure: Figure, said: dict, title: str, alt: str, caption: str) -> Chart:
    """A chart in its own words, but for those that the lesson said otherwise.

    said: any of title, alt and caption. TypeError for another word.
    """
    return Chart(figure, **{"title": title, "alt": alt, "caption": caption} | said)


class Table:
    """Rows with a caption, which show themselves as the last expression of a cell;
    digits: after the point. An undefined number is a dash, since it is not a zero."""

    def __init__(self, rows: pd.DataFrame, caption: str, digits: int = 3) -> None:
        self.rows, self.caption, self.digits = rows, caption, digits

    def _repr_html_(self) -> str:
        text = self.rows.to_html(
            index=False,
            na_rep="–",
            border=0,
            escape=True,
            float_format=lambda value: words.number(value, f".{self.digits}f"),
        )
        head, rest = text.split(">", 1)
        said = html.escape(self.caption)
        return f'<div class="table">{head}><caption>{said}</caption>{rest}</div>'

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.rows.round(self.digits).to_string(index=False)}"


table = Table


def source(function: Callable) -> Code:
    """A helper's own source, so that what a lesson teaches is what really runs."""
    return Code(inspect.getsource(function), language="python")


def _lines(title: str, width: float) -> list[str]:
    whole = title.replace(" %", "\N{NO-BREAK SPACE}%")
    room = max(20, int(width * CHARACTERS_PER_INCH))
    return textwrap.wrap(whole, room, break_on_hyphens=False)


def rows(axis, names: list[str], x_title: str, each: float) -> None:
    """An axis with a named row for each of 0, 1, ..., read from above, and a grid in x;
    each: inches of a row."""
    axis.set_yticks(range(len(names)), names, fontsize=8 if each < 0.33 else 10)
    axis.set(xlabel=x_title, ylim=(max(len(names), 1) - 0.5, -0.5))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)


def dots(
    marks: pd.DataFrame,
    looks: Mapping[str, tuple[str, str]],
    x_title: str,
    *,
    each: float = 0.42,
    apart: float = 0.0,
    size: float = 60,
    join: Sequence[str] = (),
    means: bool = False,
    legend: bool = True,
    mark: float | None = None,
):
    """A figure of dots in named rows, and its axis.

    marks: a line per dot with its `row`, `kind` and `value`, in order; with `low` and
    `high` where it has an interval; `lift` by how much of a row it is moved down, and
    `filled` (bool), where they are columns. looks: kind to colour and marker.
    each: inches of a row. apart: rows between neighbouring kinds. size: of a dot, in
    points squared. join: kinds whose dots of a row a grey line joins. means: whether a
    bar stands at the mean of a row's dots. mark: where an upright line stands.
    """
    marks = marks.reset_index(drop=True)
    names = list(dict.fromkeys(marks["row"]))
    figure, axis = new(7.5, 1.0 + each * len(names))
    marks["y"] = marks["row"].map(names.index) + marks.get("lift", 0.0)
    if mark is not None:
        axis.axvline(mark, color=COLOURS["faint"], lw=1)
    for _, row in marks[marks["kind"].isin(join)].groupby("row"):
        axis.plot(row["value"], row["y"], color=COLOURS["faint"], lw=2)
    for place, (kind, (colour, marker)) in enumerate(looks.items()):
        of = marks[marks["kind"] == kind]
        y = of["y"] + apart * (place - (len(looks) - 1) / 2)
        if "low" in of:
            axis.hlines(y, of["low"], of["high"], color=colour, lw=2.5, alpha=0.5)
        filled = of.get("filled", pd.Series(True, of.index))
        axis.scatter(
            of["value"],
            y,
            s=size,
            marker=marker,
            facecolor=[colour if one else "white" for one in filled],
            edgecolor=["white" if one else colour for one in filled],
            lw=1.2 if size > 10 else 0,
            alpha=0.35 if size < 10 else 0.8,
            zorder=3,
            label=name_of(kind),
        )
        if means:
            middle = of.groupby("row", sort=False)["value"].mean().dropna()
            y = np.array([names.index(row) for row in middle.index])
            axis.vlines(middle, y - 0.3, y + 0.3, color=colour, lw=3, zorder=4)
    rows(axis, names, x_title, each)
    if legend:
        larger = (60 / size) ** 0.5
        figure.legend(loc="outside lower left", ncols=3, markerscale=larger)
    return figure, axis


def bars(
    names: list[str],
    parts: Mapping[str, tuple[Sequence[float], str]],
    x_title: str,
    whole: float,
    each: float = 0.5,
):
    """A figure with a bar for each name, made of parts (name to widths and colour), and
    its axis. whole: what a full bar adds up to. each: inches of a row."""
    figure, axis = new(7.5, 0.8 + each * len(names))
    left = np.zeros(len(names))
    for part, (widths, colour) in parts.items():
        look = {"color": colour, "edgecolor": "white", "label": part}
        axis.barh(range(len(names)), widths, left=left, **look)
        left = left + widths
    rows(axis, names, x_title, each)
    axis.set_xlim(0, whole)
    if len(parts) > 1:
        figure.legend(loc="outside lower left", ncols=6)
    return figure, axis


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x_title: str,
    y_title: str,
    mark: tuple[float, str] | None = None,
    colours: Sequence[str] = PALETTE,
):
    """A figure of y over x by name, and its axis; mark: a value of x and its word."""
    figure, axis = new(7.0, 3.2)
    for place, (name, (x, y)) in enumerate(curves.items()):
        axis.plot(
            x,
            y,
            color=COLOURS.get(name, colours[place % len(colours)]),
            ls=["-", "--", "-.", ":"][place % 4],
            marker=MARKERS[place % 8],
            markevery=max(1, len(x) // 20),  # many would hide the line
            ms=4,
            lw=2,
            label=name_of(name),
        )
    if mark is not None:
        axis.axvline(mark[0], color=COLOURS["faint"], lw=1.5)
        within = ("data", "axes fraction")
        noted(axis, mark[1], (mark[0], 0.02), (4, 0), xycoords=within, fontsize=8)
    if all(float(value).is_integer() for x, _ in curves.values() for value in x):
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.set(xlabel=x_title, ylabel=y_title)
    axis.legend()
    return figure, axis


def noted(axis, text: str, at: tuple, by: tuple[float, float], **how) -> None:
    """A few words beside a place; by: how far beside, in points."""
    axis.annotate(text, at, xytext=by, textcoords="offset points", **how)


def each(table: Mapping[str, Mapping], form: str = ".2f", unit: str = "") -> str:
    """A table in words, for an alternative text: "name: part 0.10, part 0.20; ..."; of
    a DataFrame, row by row."""
    table = dict(table.iterrows()) if isinstance(table, pd.DataFrame) else table
    return "; ".join(
        f"{name_of(name)}: "
        + ", ".join(f"{part} {number(x, form)}{unit}" for part, x in row.items())
        for name, row in table.items()
    )
