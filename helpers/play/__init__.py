"""Things to play with: controls, and a function from their values to what is seen; and
frames to be filtered, put in order, and looked at one by one.

>>> def draw(level):
...     return Scene(f"Marked from {level} on.", [Picture(image, found=p >= level)])
>>> Interactive("levels", [Slider("level", "level", [0.1, 0.5])], draw, "Drag it")

In Jupyter the function is asked anew whenever something is turned. In the report it was
asked for every combination beforehand, and the page looks the answers up, so that what
a page shows is what the function gave.
"""

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from IPython.display import display

from helpers import settings
from helpers.charts import FIGURE_TYPE
from helpers.play.scene import Picture, Scene, Sheets, bars, figure, line

MOST_FRAMES = 120


class Slider:
    """Values in an order that means something.

    name: of draw's argument. label: what the reader sees. start: the value to begin
    with, the first where none is given; ValueError where it isn't among them.
    """

    def __init__(
        self, name: str, label: str, values: Sequence, start: object = None
    ) -> None:
        self.name, self.label, self.values = name, label, tuple(values)
        self.start = 0 if start is None else self.values.index(start)
        self.said = [f"{x:g}" if isinstance(x, float) else f"{x}" for x in self.values]
        self.kind = type(self).__name__.lower()


class Choice(Slider):
    """A few values without an order; the arguments are a Slider's."""


class Switch(Slider):
    """Off, as it begins, or on: draw is given False or True."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(name, label, (False, True))
        self.said = ["off", "on"]


class _Playable:
    """What shows itself as the last expression of a cell: widgets, or a page's HTML."""

    def _ipython_display_(self) -> None:
        if settings.static():
            display({"text/html": self.html(), "text/plain": self.title}, raw=True)
        else:
            from helpers.play import live

            live.show(getattr(live, self.kind)(self), self)

    def _page(self, data: dict, sheets: Sheets, caption: str, beside: str = "") -> str:
        inside = sheets.page(self.start.html(beside), data, self.title)
        return figure(inside, self.title, caption, self.kind)


class Interactive(_Playable):
    """Controls and draw(**their values) -> Scene, shown as the last expression of a
    cell; `front` offers it to the report's first page.

    name: its own in the course, by which tests and the first page find it. title: what
    it is.
    """

    kind = "states"

    def __init__(
        self,
        name: str,
        controls: Sequence[Slider],
        draw: Callable[..., Scene],
        title: str,
        caption: str = "",
    ) -> None:
        self.name, self.title, self.caption = name, title, caption
        self.controls, self.draw = tuple(controls), draw

    @cached_property
    def start(self) -> Scene:
        """What is seen before anything is turned: the still."""
        return self.draw(**{one.name: one.values[one.start] for one in self.controls})

    @cached_property
    def scenes(self) -> list[Scene]:
        """All scenes; the last control turns fastest."""
        names = [one.name for one in self.controls]
        every = itertools.product(*(one.values for one in self.controls))
        return [self.draw(**dict(zip(names, values))) for values in every]

    def html(self, caption: bool = True) -> str:
        """The page's element: the still, in which a script sets everything going."""
        sheets = Sheets()
        drawings = list(dict.fromkeys(scene.drawing for scene in self.scenes))
        # Most of a drawing is in many others, too: each element is written once.
        split = [re.findall("<[^<]+", one) for one in drawings]
        parts = {one: n for n, one in enumerate(dict.fromkeys(sum(split, [])))}
        shown = ("label", "kind", "said", "start")
        data = {
            "name": self.name,
            "controls": [{k: getattr(one, k) for k in shown} for one in self.controls],
            "states": [
                {
                    "words": scene.words,
                    "pictures": [sheets.add(one) for one in scene.pictures],
                    "titles": [one.title for one in scene.pictures],
                    "numbers": scene.texts(),
                    "values": [_rounded(value) for value in scene.numbers.values()],
                    "drawing": drawings.index(scene.drawing),
                }
                for scene in self.scenes
            ],
            "parts": list(parts),
            "drawings": [[parts[one] for one in drawing] for drawing in split],
        }
        return self._page(data, sheets, self.caption if caption else "")

    def front(self) -> "Interactive":
        """Offer it to the report's first page; gives it back, to be shown."""
        if settings.static():
            said = self.caption or self.title
            made = self.html(caption=False)  # the first page sets it below
            left = {"name": self.name, "html": made, "caption": said}
            display({FIGURE_TYPE: left}, raw=True)
        return self


class Browser(_Playable):
    """Frames with filters, shown as the last expression of a cell.

    table: a row per frame with `words` (all that is said of it), `label` (the few words
    under its thumbnail), and the columns of filters and orders. picture: of a row.
    filters: column to label. orders: label to a column, with "-" before it where the
    largest comes first; frames where it is undefined come last. Of more than 120 frames
    as many are taken, evenly through the table.
    """

    kind = "browser"

    def __init__(
        self,
        name: str,
        table: pd.DataFrame,
        picture: Callable[[pd.Series], Picture],
        filters: Mapping[str, str],
        orders: Mapping[str, str],
        title: str,
    ) -> None:
        many = min(MOST_FRAMES, len(table))
        taken = table.iloc[np.linspace(0, len(table) - 1, many).round().astype(int)]
        self.pictures = [picture(row) for _, row in taken.iterrows()]
        self.table = taken.reset_index(drop=True)
        self.table[list(filters)] = self.table[list(filters)].astype(str)
        self.name, self.title, self.caption = name, title, ""
        if many < len(table):
            self.caption = f"{many} of {len(table):,} frames, evenly taken."
        self.filters, self.orders = dict(filters), dict(orders)
        self.values = {name: list(self.table[name].unique()) for name in filters}

    def chosen(self, order: str, **fields: str) -> list[int]:
        """The rows whose columns have these values ("all" for any), in an order."""
        table = self.table
        for name, value in fields.items():
            table = table if value == "all" else table[table[name] == value]
        key = self.orders[order]
        ranked = table.sort_values(
            key.removeprefix("-"), ascending=not key.startswith("-"), kind="stable"
        )
        return ranked.index.to_list()

    def scene(self, row: int) -> Scene:
        """The frame of a row alone, large."""
        return Scene(self.table["words"][row], [self.pictures[row]])

    @property
    def start(self) -> Scene:
        """The first frame of the first order: the still."""
        return self.scene(self.chosen(next(iter(self.orders)))[0])

    def html(self) -> str:
        """The page's element; without scripts its still is one frame with its words."""
        sheets = Sheets()
        keys = [key.removeprefix("-") for key in self.orders.values()]
        data = {
            "name": self.name,
            "items": [
                {
                    "picture": sheets.add(picture),
                    "words": row["words"],
                    "label": row["label"],
                    "fields": {name: row[name] for name in self.filters},
                    "values": {key: _rounded(row[key]) for key in keys},
                }
                for picture, (_, row) in zip(self.pictures, self.table.iterrows())
            ],
            "start": self.chosen(next(iter(self.orders)))[0],
            "filters": [
                {"name": name, "label": label, "values": self.values[name]}
                for name, label in self.filters.items()
            ],
            "orders": [
                {"label": label, "name": name, "falling": key.startswith("-")}
                for name, (label, key) in zip(keys, self.orders.items())
            ],
        }
        thumbs = '<ul class="play-thumbs"></ul>'
        return self._page(data, sheets, self.caption, thumbs)


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.8g}")
