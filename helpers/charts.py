"""Charts, most of them of three kinds: rows of dots, bars, lines. The title is the
caller's (numbers, no verdict); the alternative text tells the table that was drawn.

>>> marks = pd.DataFrame({"row": ["pigs", "pigs"], "value": [0.8, 0.9]})
>>> dots(marks, "Dice 0.85 on pigs", "Dice").alt
'Dice. pigs: mean 0.85 of 2, from 0.80 to 0.90.'
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
from IPython.display import HTML, Code, display
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from helpers import settings
from helpers.words import name_of, number

# Okabe and Ito's colours, told apart by colour-blind readers too.
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, RED, PINK, YELLOW = "#E69F00", "#D55E00", "#CC79A7", "#F0E442"
GREY, FAINT = "#4D4D4D", "#B3B3B3"
COLOURS = dict.fromkeys(("source", "train", "id_test"), BLUE) | {"id_val": SKY}
COLOURS |= dict.fromkeys(("target", "ood_test"), RED) | {"ood_val": ORANGE}
COLOURS |= dict.fromkeys(("wished", "ood_wished", "ood_wished_val"), GREEN)
# What a prediction did to a pixel, on red tissue: blue and yellow stand out from red
# for every kind of eye.
DID = {"hit": SKY, "false alarm": YELLOW, "missed": "#FFFFFF"}
PALETTE = (BLUE, RED, GREEN, PINK, ORANGE, SKY, GREY, "#000000")
MARKERS = "osD^vPX*"

matplotlib.rc("font", family="DejaVu Sans", size=10)
matplotlib.rc("axes", titlesize=9.5, titlelocation="left")
matplotlib.rc("axes.spines", top=False, right=False)
matplotlib.rc("legend", frameon=False, fontsize=8)

FIGURE_TYPE = "application/vnd.course.figure+json"
CHARACTERS_PER_INCH = 10  # of a bold title at 11 points
TITLE_LINE = 0.2  # inches
# Two buttons, and nothing that would send the figure anywhere.
PLOTLY = {"displaylogo": False, "responsive": True}
PLOTLY |= {"modeBarButtons": [["zoom2d", "resetScale2d"]]}


def new(width: float, height: float, rows: int = 1, columns: int = 1, **more):
    """A figure and its axes; sizes in inches."""
    look = {"figsize": (width, height), "layout": "constrained"} | more
    figure, axes = plt.subplots(rows, columns, **look)
    plt.close(figure)  # its Chart shows it, and not the notebook a second time
    return figure, axes


def colour_of(name: str, place: int) -> str:
    """A split's own colour, for another name one of the palette by its place."""
    return COLOURS.get(name, PALETTE[place % len(PALETTE)])


class Chart:
    """A figure with its title (numbers, no verdict), alt text (what is seen), caption;
    as the last expression of a cell it shows itself.

    figure: of matplotlib, which is given the title here. live: the same of plotly,
    which Jupyter shows in its place. ValueError where title or alt text is empty.
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
        kind = "" if self.figure.findobj(AxesImage) else 'class="plotted" '
        png = io.BytesIO()
        # No software name and date in the file.
        self.figure.savefig(png, format="png", dpi=130, metadata={"Software": None})
        data = base64.b64encode(png.getvalue()).decode()
        source = f'alt="{html.escape(self.alt)}" src="data:image/png;base64,{data}"'
        return self._around(f"<img {kind}{source}>", caption)

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


def _lines(title: str, width: float) -> list[str]:
    whole = title.replace(" %", "\N{NO-BREAK SPACE}%")
    room = max(20, int(width * CHARACTERS_PER_INCH))
    return textwrap.wrap(whole, room, break_on_hyphens=False)


def table(rows: pd.DataFrame, caption: str, digits: int = 3) -> HTML:
    """Rows with a caption; digits: after the point. An undefined number is a dash,
    since it is not a zero."""
    look = {"index": False, "na_rep": "–", "border": 0}
    look["float_format"] = lambda value: number(value, f".{digits}f")
    rows = rows.rename(columns=lambda name: str(name).replace("_", " "))
    head, rest = rows.to_html(**look).split(">", 1)
    said = f"<caption>{html.escape(caption)}</caption>"
    return HTML(f'<div class="table">{head}>{said}{rest}</div>')


def source(function: Callable) -> Code:
    """A helper's own source, so that what a lesson teaches is what really runs."""
    return Code(inspect.getsource(function), language="python")


def told(means: Mapping[str, Sequence[float]], form: str = ".2f") -> str:
    """Means over subjects for a title; means: split to the means of its subjects.

    >>> told({"id_test": [0.8, 0.9], "ood_test": [0.3]})
    '0.85 on unseen pigs (2), 0.30 on unseen patients (1)'
    """
    said = [
        f"{number(np.nanmean(some) if len(some) else None, form)} on {name_of(split)} "
        f"({np.isfinite(list(some)).sum()})"
        for split, some in means.items()
    ]
    return ", ".join(said) or "undefined"


def of_means(means: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Marks of `dots`, one for each subject of each split, and its row says how many:
    split to the means of its subjects."""
    rows = [
        {"row": f"{name_of(split)}\n({np.isfinite(list(some)).sum()})"}
        | {"kind": split, "value": value}
        for split, some in means.items()
        for value in (some if len(some) else [np.nan])
    ]
    return pd.DataFrame(rows, columns=["row", "kind", "value"])


def of_table(table: pd.DataFrame) -> pd.DataFrame:
    """Marks of `dots` from rows of names and columns of kinds."""
    long = table.rename_axis(index="row", columns="kind").stack().rename("value")
    return long.reset_index()


def dots(
    marks: pd.DataFrame,
    title: str,
    x_title: str,
    *,
    each: float = 0.42,
    apart: float = 0.0,
    size: float = 60,
    join: bool = False,
    means: bool | None = None,
    mark: float | None = None,
    limits: tuple[float, float] | None = None,
    form: str = ".2f",
    caption: str = "",
) -> Chart:
    """Dots in named rows.

    marks: a line per dot with its `row` and `value`, in order, and where they are
    known its `kind`, `low` and `high` of an interval, whether that is `wide` (pale),
    and whether the dot is `filled`. each: inches of a row. apart: rows between
    neighbouring kinds. size: of a dot, in points squared. join: the dots of a row by a
    grey line. means: a bar at the mean of a row's dots of a kind (else where one has
    several). mark: where an upright line stands. form: of numbers in the alt text.
    """
    marks = marks.assign(kind=marks["kind"] if "kind" in marks else "")
    marks = marks.reset_index(drop=True)
    names, kinds = (list(dict.fromkeys(marks[one])) for one in ("row", "kind"))
    means = marks.duplicated(["row", "kind"]).any() if means is None else means
    figure, axis = new(7.5, 1.0 + each * len(names))
    if mark is not None:
        axis.axvline(mark, color=FAINT, lw=1)
    for row, part in marks.groupby("row", sort=False) if join else ():
        axis.plot(part["value"], [names.index(row)] * len(part), color=FAINT, lw=1)
    for place, kind in enumerate(kinds):
        colour = colour_of(kind, place)
        shape = "o" if kind in COLOURS else MARKERS[place % len(MARKERS)]
        of = marks[marks["kind"] == kind]
        middle = of["row"].map(names.index) + apart * (place - (len(kinds) - 1) / 2)
        y = middle + _spread(of) * (apart or 1)
        _marks(axis, of, y, colour, shape, size)
        half = 0.4 * apart or 0.3
        for at, mean in of.groupby(middle)["value"].mean().items() if means else ():
            axis.vlines(mean, at - half, at + half, color=colour, lw=3, zorder=4)
    named_rows(axis, names, x_title, each)
    axis.set(xlim=limits)
    if len(kinds) > 1 and not all(marks.groupby("row")["kind"].nunique() == 1):
        larger = (60 / size) ** 0.5
        figure.legend(loc="outside lower left", ncols=3, markerscale=larger)
    return Chart(figure, title, f"{x_title}. {_dots_in_words(marks, form)}.", caption)


def _marks(axis, of: pd.DataFrame, y: pd.Series, colour: str, marker: str, size):
    """The dots of one kind at heights y, with their intervals."""
    if "low" in of:
        for wide, pale in ((False, 0.6), (True, 0.25)):  # what leaves much open
            one = of["wide"] == wide
            ends = y[one], of["low"][one], of["high"][one]
            axis.hlines(*ends, color=colour, lw=2.5, alpha=pale)
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
        label=name_of(of["kind"].iloc[0]) if len(of) else None,
    )


def _spread(of: pd.DataFrame) -> np.ndarray:
    """How far up and down dots of a row move, so that all of one place are seen."""
    wide = (of["value"].max() - of["value"].min()) or 1.0
    near = of.groupby(["row", (of["value"] / wide * 50).round()], sort=False)["value"]
    many = near.transform("size")
    order = near.cumcount()
    return (np.minimum(0.11, 0.5 / many) * (order - (many - 1) / 2)).fillna(0)


def named_rows(axis, names: list[str], x_title: str, each: float) -> None:
    """Named rows for 0, 1, ... from above, and a grid in x; each: inches of a row."""
    axis.set_yticks(range(len(names)), names, fontsize=8 if each < 0.33 else 10)
    axis.set(xlabel=x_title, ylim=(max(len(names), 1) - 0.5, -0.5))
    axis.grid(axis="x", color="#E5E5E5")
    axis.set_axisbelow(True)


def _dots_in_words(marks: pd.DataFrame, form: str) -> str:
    """Each row's dot, or how many, their mean and their range."""
    said = []
    for row, part in marks.groupby("row", sort=False):
        kinds = []
        for kind, of in part.groupby("kind", sort=False):
            values = of["value"].dropna()
            text = number(of["value"].mean(), form)
            if len(values) > 1:
                low, high = number(values.min(), form), number(values.max(), form)
                text = f"mean {text} of {len(values)}, from {low} to {high}"
            elif "low" in of and of["low"].notna().any():
                low, high = of[["low", "high"]].iloc[0]
                text += f" ({number(low, form)} to {number(high, form)})"
            named = kind and len(part["kind"].unique()) > 1
            kinds.append(f"{name_of(kind)} {text}" if named else text)
        said.append(f"{str(row).replace(chr(10), ' ')}: {', '.join(kinds)}")
    return "; ".join(said)


def bars(
    table: pd.DataFrame,
    title: str,
    x_title: str,
    *,
    colours: Mapping[str, str] | None = None,
    whole: float | None = None,
    each: float = 0.5,
    form: str = ".2f",
    caption: str = "",
) -> Chart:
    """A bar for each row of a table, made of its columns' parts; a single part's number
    stands at its end. whole: what a full bar adds up to. each: inches of a row. form:
    of numbers."""
    names = [name_of(str(row)) for row in table.index]
    figure, axis = new(7.5, 0.8 + each * len(names))
    left = np.zeros(len(names))
    for place, part in enumerate(table):
        colour = (colours or {}).get(part) or colour_of(part, place)
        widths = table[part].fillna(0).to_numpy(float)
        look = {"color": colour, "edgecolor": "white", "label": name_of(str(part))}
        drawn = axis.barh(range(len(names)), widths, left=left, **look)
        left = left + widths
    named_rows(axis, names, x_title, each)
    axis.set_xlim(0, whole)
    if table.shape[1] > 1:
        figure.legend(loc="outside lower left", ncols=6)
    else:
        shown = [number(value, form) for value in table.iloc[:, 0]]
        axis.bar_label(drawn, shown, padding=4, fontsize=8)
    return Chart(figure, title, f"{x_title}. {in_words(table, form)}.", caption)


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str,
    x_title: str,
    y_title: str,
    *,
    mark: tuple[float, str] | None = None,
    strong: str = "",
    steps: bool = False,
    height: float = 3.2,
    caption: str = "",
) -> Chart:
    """y over x by name. mark: a value of x and its word, at an upright line. strong:
    the curve that is drawn thick and grey. steps: between points the value stays."""
    figure, axis = new(7.0, height)
    for place, (name, (x, y)) in enumerate(curves.items()):
        axis.plot(
            x,
            y,
            color=GREY if name == strong else colour_of(name, place),
            ls="-" if strong else ["-", "--", "-.", ":"][place % 4],
            marker=MARKERS[place % 8],
            markevery=max(1, len(x) // 20),  # many would hide the line
            ms=4,
            lw=3 if name == strong else 2,
            drawstyle="steps-mid" if steps else "default",
            label=name_of(name),
        )
    if mark is not None:
        axis.axvline(mark[0], color=FAINT, lw=1.5)
        beside = {"xytext": (4, 0), "textcoords": "offset points", "fontsize": 8}
        within = ("data", "axes fraction")
        axis.annotate(mark[1], (mark[0], 0.02), xycoords=within, **beside)
    if all(float(value).is_integer() for x, _ in curves.values() for value in x):
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.set(xlabel=x_title, ylabel=y_title)
    if len(curves) > 1:
        axis.legend()
    said = "; ".join(f"{name_of(name)}: {_ends(*xy)}" for name, xy in curves.items())
    return Chart(figure, title, f"{y_title} over {x_title}. {said}.", caption)


def _ends(x: Sequence[float], y: Sequence[float]) -> str:
    x, y = np.asarray(x), np.asarray(y, float)
    if not np.isfinite(y).any():
        return "undefined"
    # Three digits that count, since a learning rate is small.
    ends = f"{y[0]:.3g} at {x[0]:g}, {y[-1]:.3g} at {x[-1]:g}"
    return f"{ends}, between {np.nanmin(y):.3g} and {np.nanmax(y):.3g}"


def in_words(table: pd.DataFrame, form: str = ".2f") -> str:
    """A table for an alternative text: "row: part 0.10, part 0.20; ..."."""
    return "; ".join(
        f"{name_of(str(row))}: "
        + ", ".join(
            (f"{name_of(str(part))} " if table.shape[1] > 1 else "") + number(x, form)
            for part, x in values.items()
        )
        for row, values in table.iterrows()
    )
