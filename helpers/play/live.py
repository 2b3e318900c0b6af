"""The same things in Jupyter: widgets over live computation, a picture that one clicks
on by mouse, finger or keys, and curves that grow while a network is trained."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from IPython.display import HTML, display
from PIL import Image

from helpers import pictures, settings, words
from helpers.charts import Chart
from helpers.clicks import Point
from helpers.play.interactive import Browser, Interactive, Slider
from helpers.play.scene import Scene, address, figure
from helpers.training import History

MARKED = "The line is the mask's edge. A disk says blood, a cross that it is none."
STYLE = Path(__file__).with_name("play.css")
# Widgets live as long as their kernel. In a notebook that is opened again JupyterLab
# has "model not found" in their place, which gives way to a still; elsewhere, or while
# the widgets live, the still is not seen.
REOPENED = """<style>
.jp-OutputArea:has(.play-still):not(:has(.widget-box)) .jupyter-widgets,
.play-still { display: none; }
.jp-OutputArea:not(:has(.widget-box)) .play-still { display: block; }
</style>"""


def show(widgets, one: Interactive | Browser) -> None:
    """Display the widgets of something to play with, and behind them its still."""
    said = f"{one.caption} A still: run the notebook to turn it.".strip()
    display(widgets)
    still = _framed(one, one.start, said)
    display(HTML(f'{REOPENED}<div class="play-still">{still}</div>'))


def states(one: Interactive) -> ipywidgets.VBox:
    """Widgets that ask draw anew whenever something is turned."""
    handles = {control.name: _handle(control) for control in one.controls}
    return _turned(one, handles, one.draw)


def browser(one: Browser) -> ipywidgets.VBox:
    """Widgets to filter, order and go through frames."""
    handles = {
        name: ipywidgets.Dropdown(options=["all", *one.values[name]], description=label)
        for name, label in one.filters.items()
    }
    handles["order"] = ipywidgets.Dropdown(options=[*one.orders], description="order")
    through = ipywidgets.IntSlider(max=len(one.pictures) - 1, description="frame")
    for handle in handles.values():
        handle.observe(lambda _: setattr(through, "value", 0), "value")

    def seen(order: str, place: int, **fields: str) -> Scene:
        rows = one.chosen(order, **fields)
        through.max = max(len(rows) - 1, 0)
        if not rows:
            return Scene("No frame is of this kind.")
        return one.scene(rows[min(place, len(rows) - 1)])

    return _turned(one, handles | {"place": through}, seen)


def _turned(one, handles: dict, seen: Callable[..., Scene]) -> ipywidgets.VBox:
    shown = ipywidgets.HTML(_framed(one, one.start, one.caption))

    def update(_) -> None:
        values = {name: handle.value for name, handle in handles.items()}
        shown.value = _framed(one, seen(**values), one.caption)

    for handle in handles.values():
        handle.observe(update, "value")
    wrapped = ipywidgets.Layout(flex_flow="row wrap")
    above = ipywidgets.HBox([*handles.values()], layout=wrapped)
    return ipywidgets.VBox([above, shown])


def _framed(one, scene: Scene, caption: str) -> str:
    style = STYLE.read_text(encoding="utf-8")
    return f"<style>{style}</style>{figure(scene.html(), one.title, caption)}"


def _handle(control: Slider) -> ipywidgets.Widget:
    value, label = control.values[control.start], {"description": control.label}
    if control.kind == "switch":
        return ipywidgets.ToggleButton(value, **label)
    options = list(zip(control.said, control.values))
    make = {"slider": ipywidgets.SelectionSlider, "choice": ipywidgets.Dropdown}
    return make[control.kind](options=options, value=value, **label)


class Clickable(anywidget.AnyWidget):
    """A picture that says where it is clicked: `clicked(x, y)` is called with a place
    in the frame's own pixels.

    With the keyboard: arrows move a cross over the picture (with Shift by ten pixels),
    and Enter clicks where it stands.
    """

    size = traitlets.Tuple(traitlets.Int(), traitlets.Int()).tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    _esm, _css = STYLE.with_name("clicks.js"), STYLE

    def __init__(self, size: tuple, clicked: Callable[[int, int], None]) -> None:
        """size: (width, height) of the frame in pixels; the picture may be larger."""
        if "google.colab" in sys.modules:  # which shows widgets of others only if asked
            from google.colab import output

            output.enable_custom_widget_manager()
        super().__init__(size=size)
        self.on_msg(lambda _, said, __: clicked(int(said["x"]), int(said["y"])))

    def show(self, picture: np.ndarray, said: str) -> None:
        """Put a picture (HxWx3 uint8) in the place of the last one, with its words."""
        with self.hold_sync():
            self.picture = address(Image.fromarray(picture), lossless=True)
            self.said = said


def clicks(
    image: np.ndarray,
    segment: Callable[[list[Point]], np.ndarray],
    first: Point,
    given: Interactive,
) -> None:
    """Click on a frame and see the mask that `segment` makes of all clicks so far; on
    the page, and in a notebook that is opened again, what was made of given clicks.

    image: HxWx3 uint8, as it may be shown. segment: from clicks to a mask (bool HxW).
    first: the click to begin with, which stays.
    """
    if settings.static():
        display(given)
        return
    clicked = [first]
    says = ipywidgets.ToggleButtons(
        options={"blood": True, "not blood": False}, description="A click says"
    )
    undo = ipywidgets.Button(description="undo")

    def update() -> None:
        mask = segment(clicked)
        said = f"{words.counted(len(clicked), 'click')}, {100 * mask.mean():.1f} % "
        frame.show(pictures.clicked(image, mask, clicked), f"{said}marked. {MARKED}")

    def click(x: int, y: int) -> None:
        clicked.append(Point(x, y, says.value))
        update()

    def take_back(_) -> None:
        clicked[1:] = clicked[1:-1]
        update()

    frame = Clickable(image.shape[1::-1], click)
    undo.on_click(take_back)
    update()
    show(ipywidgets.VBox([ipywidgets.HBox([says, undo]), frame]), given)


@contextlib.contextmanager
def live_curves(draw: Callable[[History], Chart]) -> Iterator[Callable]:
    """A function to hand to a training run: it draws the history anew after each epoch,
    in place, and when the run is over nothing of it is left.

    Where the run is found in the store it is never called, and shows nothing. Nor does
    it in the report, whose page is the same whether a run was found or made.
    """
    handle = None

    def watch(history: History) -> None:
        nonlocal handle
        if settings.static():
            return
        shown = HTML(draw(history).html())
        if handle is None:
            handle = display(shown, display_id=True)
        else:
            handle.update(shown)

    try:
        yield watch
    finally:
        if handle is not None:
            handle.update(HTML(""))
