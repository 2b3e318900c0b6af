"""A chart: a figure with its title, its alternative text and its caption; and the
colours and type that all charts share.

>>> figure, axis = new(7.0, 2.0)
>>> Chart(figure, "Dice 0.86 on pigs", "A dot per pig.").alt
'A dot per pig.'

The colours are Okabe and Ito's, told apart by colour-blind readers too.
"""

import base64
import html
import io
import textwrap

import matplotlib
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from helpers import settings

BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, RED, PINK, YELLOW = "#E69F00", "#D55E00", "#CC79A7", "#F0E442"
GREY, FAINT = "#4D4D4D", "#B3B3B3"
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
}
# What a prediction did to a pixel, on red tissue: blue and yellow stand out from red
# for every kind of eye.
DID = {"hit": SKY, "false alarm": YELLOW, "missed": "#FFFFFF"}
PALETTE = (BLUE, RED, GREEN, PINK, ORANGE, SKY, GREY, "#000000")
MARKERS = "osD^vPX*"
# Shapes of points in matplotlib's words and in plotly's.
SHAPES = {"o": "circle", "s": "square", "D": "diamond", "P": "cross", "X": "x"}
SHAPES |= {"^": "triangle-up", "*": "star", "p": "pentagon", "h": "hexagram"}

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

FIGURE_TYPE = "application/vnd.course.figure+json"
CHARACTERS_PER_INCH = 10  # of a bold title at 11 points
TITLE_LINE = 0.2  # inches
# Two buttons, and nothing that would send the figure anywhere.
PLOTLY = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["zoom2d", "resetScale2d"]],
}


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


class Chart:
    """A figure with its title (numbers, no verdict), alt text (what is seen), caption.

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


def _lines(title: str, width: float) -> list[str]:
    whole = title.replace(" %", "\N{NO-BREAK SPACE}%")
    room = max(20, int(width * CHARACTERS_PER_INCH))
    return textwrap.wrap(whole, room, break_on_hyphens=False)
