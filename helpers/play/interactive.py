"""One thing to play with: controls, and a function from their values to what is seen.

In Jupyter the function is asked anew whenever something is turned. In the report it was
asked for every combination beforehand, and the page looks the answers up, so that what
a page shows is what the function gave.
"""

import html
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from IPython.display import display

from helpers import settings
from helpers.errors import CourseError
from helpers.figures.chart import FIGURE_TYPE
from helpers.play import sheets
from helpers.play.controls import Control
from helpers.words import number

MOST = 512  # combinations that a page may hold
LARGER = 3  # marks are as much finer than a small frame, so that edges are smooth
KEY = (("hit", "hit"), ("false", "false alarm"), ("missed", "missed"))


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame (HxWx3 uint8) with its title, and what was marked on it.

    blood, valid, found: bool hxw, or None. Without `found` the label's edge is drawn,
    without `blood` nothing.
    """

    image: np.ndarray
    title: str = ""
    blood: np.ndarray | None = None
    valid: np.ndarray | None = None
    found: np.ndarray | None = None

    def marks(self) -> np.ndarray | None:
        """What was marked, as places in sheets.MARKS; None where there is no label."""
        if self.blood is None:
            return None
        known = np.ones_like(self.blood) if self.valid is None else self.valid
        size = tuple(LARGER * side for side in self.blood.shape)
        return sheets.marks(self.blood, known, self.found, size)


@dataclass(frozen=True, eq=False)
class Scene:
    """What is seen at one setting: a sentence that says it, pictures, numbers, and a
    small drawing (of helpers.play.drawings).

    numbers: the same names at every setting. forms: of some of them, ".2f" else.
    """

    words: str
    pictures: Sequence[Picture] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    drawing: str = ""

    def texts(self) -> list[str]:
        """The numbers as they are shown; an undefined one is a dash, as in a table."""
        return [
            "–"
            if math.isnan(float(value))
            else number(float(value), self.forms.get(name, ".2f"))
            for name, value in self.numbers.items()
        ]


class Interactive:
    """Controls and draw(**their values) -> Scene, shown as the last expression of a
    cell; `front` offers it to the report's first page.

    name: its own in the course, by which tests and the first page find it. title: what
    it is. CourseError where the combinations are too many for a page.
    """

    def __init__(
        self,
        name: str,
        controls: Sequence[Control],
        draw: Callable[..., Scene],
        title: str,
        caption: str = "",
    ) -> None:
        self.name, self.title, self.caption = name, title, caption
        self.controls, self.draw = tuple(controls), draw
        many = math.prod(len(one.values) for one in self.controls)
        if many > MOST:
            raise CourseError(
                f"'{name}' has {many:,} combinations, and a page holds {MOST}: give "
                "fewer values."
            )

    @cached_property
    def start(self) -> Scene:
        """What is seen before anything is turned: the still."""
        return self.draw(**{one.name: one.values[one.start] for one in self.controls})

    @cached_property
    def scenes(self) -> list[Scene]:
        """All scenes; the last control turns fastest."""
        names = [one.name for one in self.controls]
        return [
            self.draw(**dict(zip(names, values)))
            for values in itertools.product(*(one.values for one in self.controls))
        ]

    def html(self, caption: bool = True) -> str:
        """The page's element: the still, in which a script sets everything going."""
        frames, marks = self._sheets()
        drawings = list(dict.fromkeys(scene.drawing for scene in self.scenes))
        data = {
            "name": self.name,
            "controls": [
                {
                    "label": one.label,
                    "kind": one.kind,
                    "said": one.said,
                    "start": one.start,
                }
                for one in self.controls
            ],
            "states": [
                self._state(scene, frames, marks)
                | {"drawing": drawings.index(scene.drawing)}
                for scene in self.scenes
            ],
            "drawings": drawings,
        }
        hidden = ""
        for kind, sheet, made in (
            ("frames", frames, sheets.as_webp),
            ("marks", marks, sheets.as_png),
        ):
            if sheet is not None and sheet.tiles:
                data[kind] = {"size": sheet.size, "columns": sheet.columns}
                said = f"All {kind} of: {html.escape(self.title, quote=True)}"
                address = made(sheet.whole())
                hidden += f'<img class="{kind}" alt="{said}" src="{address}">'
        said = self.caption if caption else ""
        return element("states", self.title, body(self.start), said, data, hidden)

    def front(self, name: str = "") -> "Interactive":
        """Offer it to the report's first page; gives it back, to be shown."""
        if settings.static():
            said = self.caption or self.title
            made = self.html(caption=False)  # the first page sets it below
            left = {"name": name or self.name, "html": made, "caption": said}
            display({FIGURE_TYPE: left}, raw=True)
        return self

    def _ipython_display_(self) -> None:
        if settings.static():
            display({"text/html": self.html(), "text/plain": self.title}, raw=True)
        else:
            from helpers.play import live

            live.show(live.states(self), self)

    def _sheets(self) -> tuple[sheets.Sheet | None, sheets.Sheet | None]:
        first = next((one for scene in self.scenes for one in scene.pictures), None)
        if first is None:
            return None, None
        marked = (one.marks() for scene in self.scenes for one in scene.pictures)
        size = next((one.shape for one in marked if one is not None), (1, 1))
        return sheets.Sheet(first.image.shape[:2]), sheets.Sheet(size)

    @staticmethod
    def _state(scene: Scene, frames, marks) -> dict:
        pictures = []
        for one in scene.pictures:
            mark = one.marks()
            place = -1 if mark is None else marks.add(mark)
            pictures.append([frames.add(np.ascontiguousarray(one.image)), place])
        values = [float(f"{float(value):.8g}") for value in scene.numbers.values()]
        return {
            "words": scene.words,
            "pictures": pictures,
            "titles": [one.title for one in scene.pictures],
            "numbers": scene.texts(),
            "values": [None if math.isnan(value) else value for value in values],
        }


def body(scene: Scene) -> str:
    """A scene as HTML: the still on the page, and each answer in Jupyter."""
    shown = ""
    for one in scene.pictures:
        address = sheets.as_webp(sheets.blended(one.image, one.marks()))
        alt = html.escape(f"{one.title}. {scene.words}".removeprefix(". "), quote=True)
        shown += (
            f'<div class="play-picture"><img alt="{alt}" src="{address}">'
            f"<p>{html.escape(one.title)}</p></div>"
        )
    if shown:
        many = len(scene.pictures)
        shown = f'<div class="play-pictures many{min(many, 3)}">{shown}</div>'
        if any(one.found is not None for one in scene.pictures):
            colours = "".join(
                f'<span><i class="{kind}"></i>{said}</span>' for kind, said in KEY
            )
            shown += f'<p class="play-key">{colours}</p>'
        shown = f'<div class="play-left">{shown}</div>'
    rows = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{text}</dd></div>"
        for name, text in zip(scene.numbers, scene.texts())
    )
    side = f'<dl class="play-numbers">{rows}</dl>' if rows else ""
    side += f'<div class="play-beside">{scene.drawing}</div>' if scene.drawing else ""
    side = f'<div class="play-side">{side}</div>' if side else ""
    words = html.escape(scene.words)
    return (
        f'<div class="play-body">{shown}{side}</div>'
        f'<p class="play-words" aria-live="polite">{words}</p>'
    )


def element(
    kind: str, title: str, inside: str, caption: str, data: dict, hidden: str
) -> str:
    """The figure around a thing to play with, for the page."""
    # "<" could end the script that the data stand in.
    written = json.dumps(data, separators=(",", ":"), allow_nan=False)
    written = written.replace("<", "\\u003c")
    said = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="play" data-play="{kind}" '
        f'aria-label="{html.escape(title, quote=True)}">'
        f'<p class="play-title">{html.escape(title)}</p>'
        f'<div class="play-controls"></div>{inside}'
        f'<div class="play-sheets" hidden>{hidden}</div>'
        f'<script type="application/json">{written}</script>{said}</figure>'
    )
