"""A chart that knows its words, a table with a caption, and a helper's own source."""

import base64
import html
import inspect
import io
import textwrap
from collections.abc import Callable

import pandas as pd
from IPython.display import Code, display
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from helpers import settings, words

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
            raise ValueError(
                "a chart needs a title, and alt text that says what is seen"
            )
        self.figure, self.title, self.alt, self.caption = figure, title, alt, caption
        self.live = live
        width, height = figure.get_size_inches()
        lines = _lines(title, width)
        figure.set_size_inches(width, height + TITLE_LINE * len(lines))
        figure.suptitle(
            "\n".join(lines), fontsize=11, fontweight="bold", x=0.01, ha="left"
        )
        if live is not None:
            lines = _lines(title, 8.0)
            live.update_layout(title={"text": f"<b>{'<br>'.join(lines)}</b>"})

    @property
    def axes(self) -> list:
        """The axes of the figure."""
        return self.figure.axes

    def html(self, caption: bool = True) -> str:
        """The chart as HTML that asks nothing of the network. Dark pages turn the
        colours of what is `plotted` around; a frame, or a map on one, stays."""
        words = html.escape(self.alt, quote=True)
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
        display(
            {
                FIGURE_TYPE: {
                    "name": name,
                    "html": self.html(caption=False),
                    "caption": self.caption or self.title,
                }
            },
            raw=True,
        )
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


def made(
    figure: Figure, said: dict, title: str, alt: str, caption: str = "", live=None
) -> Chart:
    """A chart in its own words, but for those that the lesson said otherwise.

    said: any of title, alt and caption. live: see Chart. TypeError for another word.
    """
    own = {"title": title, "alt": alt, "caption": caption}
    if unknown := set(said) - set(own):
        raise TypeError(
            f"a chart takes title, alt and caption, not {', '.join(unknown)}"
        )
    given = {key: text for key, text in said.items() if text is not None}
    return Chart(figure, **own | given, live=live)


class Table:
    """Rows with a caption, which show themselves as the last expression of a cell.

    An undefined number is a dash, since it is not a zero.
    """

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


def table(rows: pd.DataFrame, caption: str, digits: int = 3) -> Table:
    """A table with a caption; digits: after the point."""
    return Table(rows, caption, digits)


def source(function: Callable) -> Code:
    """A helper's own source, so that what a lesson teaches is what really runs."""
    return Code(inspect.getsource(function), language="python")


def _lines(title: str, width: float) -> list[str]:
    whole = title.replace(" %", "\N{NO-BREAK SPACE}%")
    room = max(20, int(width * CHARACTERS_PER_INCH))
    return textwrap.wrap(whole, room, break_on_hyphens=False)
