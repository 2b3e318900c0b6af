"""Frames to be filtered, put in order, and looked at one by one."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from IPython.display import display

from helpers import settings
from helpers.play import sheets
from helpers.play.interactive import Picture, Scene, body, element

MOST = 120  # frames that a page may hold


@dataclass(frozen=True, eq=False)
class Item:
    """One frame. words: all that is said of it; label: the few words under its
    thumbnail; fields: what it can be filtered by; values: what it can be ordered by."""

    picture: Picture
    words: str
    label: str
    fields: Mapping[str, str]
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def scene(self) -> Scene:
        """The frame alone, large."""
        return Scene(self.words, [self.picture])


class Browser:
    """Frames with filters, shown as the last expression of a cell.

    filters: field to label. orders: label to the name of a value, with "-" before it
    where the largest comes first; frames where it is undefined come last. Of more than
    120 frames as many are taken, evenly through the given order. ValueError without a
    frame.
    """

    def __init__(
        self,
        name: str,
        items: Sequence[Item],
        filters: Mapping[str, str],
        orders: Mapping[str, str],
        title: str,
    ) -> None:
        if not items:
            raise ValueError("there is no frame to browse")
        taken = np.unique(
            np.linspace(0, len(items) - 1, min(MOST, len(items))).round().astype(int)
        )
        self.items = [items[place] for place in taken]
        self.name, self.title, self.caption = name, title, ""
        if len(taken) < len(items):
            self.caption = f"{len(taken)} of {len(items):,} frames, evenly taken."
        self.filters, self.orders = dict(filters), dict(orders)

    def values(self, name: str) -> list[str]:
        """What a field may be, each once."""
        return list(dict.fromkeys(one.fields[name] for one in self.items))

    def chosen(self, order: str, **fields: str) -> list[Item]:
        """The frames whose fields have these values ("all" for any), in an order."""
        key = self.orders[order]
        sign, key = (-1, key[1:]) if key.startswith("-") else (1, key)
        kept = [
            one
            for one in self.items
            if all(value in ("all", one.fields[name]) for name, value in fields.items())
        ]

        def place(one: Item) -> tuple[bool, float]:
            value = one.values[key]
            return (True, 0.0) if math.isnan(value) else (False, sign * value)

        return sorted(kept, key=place)

    @property
    def start(self) -> Item:
        """The first frame of the first order: the still."""
        return self.chosen(next(iter(self.orders)))[0]

    def html(self) -> str:
        """The page's element; without scripts its still is one frame with its words."""
        frames = sheets.Sheet(self.items[0].picture.image.shape[:2])
        marked = [one.picture.marks() for one in self.items]
        size = next((one.shape for one in marked if one is not None), (1, 1))
        marks = sheets.Sheet(size)
        items = []
        for one, mark in zip(self.items, marked):
            frame = frames.add(np.ascontiguousarray(one.picture.image))
            values = {
                name: None if math.isnan(value) else round(float(value), 8)
                for name, value in one.values.items()
            }
            items.append(
                {
                    "picture": [frame, -1 if mark is None else marks.add(mark)],
                    "words": one.words,
                    "label": one.label,
                    "fields": dict(one.fields),
                    "values": values,
                }
            )
        data = {
            "name": self.name,
            "items": items,
            "start": self.items.index(self.start),
            "filters": [
                {"name": name, "label": label, "values": self.values(name)}
                for name, label in self.filters.items()
            ],
            "orders": [
                {
                    "label": label,
                    "name": key.removeprefix("-"),
                    "falling": key.startswith("-"),
                }
                for label, key in self.orders.items()
            ],
            "frames": {"size": frames.size, "columns": frames.columns},
        }
        said = html.escape(self.title, quote=True)
        hidden = (
            f'<img class="frames" alt="All frames of: {said}" '
            f'src="{sheets.as_webp(frames.whole())}">'
        )
        if marks.tiles:
            data["marks"] = {"size": marks.size, "columns": marks.columns}
            hidden += (
                f'<img class="marks" alt="All marks of: {said}" '
                f'src="{sheets.as_png(marks.whole())}">'
            )
        inside = body(self.start.scene).replace(
            '</div><p class="play-words"',
            '<div class="play-side"><ul class="play-thumbs"></ul></div></div>'
            '<p class="play-words"',
        )
        return element("browser", self.title, inside, self.caption, data, hidden)

    def _ipython_display_(self) -> None:
        if settings.static():
            display({"text/html": self.html(), "text/plain": self.title}, raw=True)
        else:
            from helpers.play import live

            live.show(live.browser(self), self)
