"""The same things in Jupyter: widgets over live computation, a picture that one clicks
on by mouse, finger or keys, and curves that grow while a network is trained."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from IPython.display import HTML, display
from PIL import Image

from helpers import charts, pictures, settings, words
from helpers.charts import Chart
from helpers.clicks import Point
from helpers.play.interactive import Browser, Interactive, Slider
from helpers.play.scene import Picture, Scene, address, figure
from helpers.training import History

HOW_MARKED = "The line is the mask's edge. A disk says blood, a cross that it is none."
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

    _esm = """
    function render({ model, el }) {
      el.innerHTML = `<div class="clickable" tabindex="0" role="application"
        aria-label="A frame to click on: arrows move the cross, Enter clicks">
        <img draggable="false"><span aria-hidden="true">+</span></div>
        <p aria-live="polite"></p>`;
      const size = model.get("size"), at = size.map(side => side >> 1);
      const [box, said] = el.children, [image, cross] = box.children;
      const show = () => {
        image.src = model.get("picture");
        image.alt = said.textContent = model.get("said");
      };
      const aim = place => {
        place.forEach((value, i) =>
          { at[i] = Math.min(Math.max(Math.floor(value), 0), size[i] - 1); });
        cross.style.left = `${100 * (at[0] + 0.5) / size[0]}%`;
        cross.style.top = `${100 * (at[1] + 0.5) / size[1]}%`;
      };
      const click = () => model.send({ x: at[0], y: at[1] });
      box.addEventListener("click", event => {
        const edge = image.getBoundingClientRect();
        aim([size[0] * (event.clientX - edge.left) / edge.width,
             size[1] * (event.clientY - edge.top) / edge.height]);
        click();
      });
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
                     ArrowDown: [0, 1], Enter: [0, 0] };
      box.addEventListener("keydown", event => {
        const way = ways[event.key], step = event.shiftKey ? 10 : 1;
        if (!way) return;
        event.preventDefault(); event.stopPropagation();
        aim(way.map((one, i) => at[i] + step * one));
        if (event.key === "Enter") click();
      });
      model.on("change:picture", show); model.on("change:said", show);
      show(); aim(at);
    }
    export default { render };
    """
    _css = """
    .clickable { position: relative; display: inline-block; cursor: crosshair;
                 max-width: 100%; }
    .clickable img { display: block; max-width: 100%; }
    .clickable span { position: absolute; transform: translate(-50%, -50%);
                      color: #fff; text-shadow: 0 0 2px #000, 0 0 2px #000;
                      font: bold 20px monospace; pointer-events: none; }
    """

    def __init__(
        self, size: tuple[int, int], clicked: Callable[[int, int], None]
    ) -> None:
        """size: (width, height) of the frame in pixels; the picture may be larger."""
        if "google.colab" in sys.modules:  # which shows widgets of others only if asked
            from google.colab import output

            output.enable_custom_widget_manager()
        super().__init__(size=size)
        self.on_msg(lambda _, said, __: clicked(int(said["x"]), int(said["y"])))

    def show(self, picture: np.ndarray, said: str) -> None:
        """Put a picture (HxWx3 uint8) in the place of the last one, with its words."""
        with self.hold_sync():
            self.picture, self.said = (
                address(Image.fromarray(picture), lossless=True),
                said,
            )


def clicks(
    image: np.ndarray,
    segment: Callable[[list[Point]], np.ndarray],
    points: list[Point],
    dice: Sequence[float],
) -> None:
    """Click on a frame and see the mask that `segment` makes of all clicks so far; on
    the page, a slider through some given clicks.

    image: HxWx3 uint8, as it may be shown. segment: from clicks to a mask (bool HxW).
    points: the given clicks, of which Jupyter starts with the first. dice: after each.
    """
    given = given_clicks(image, segment, points, dice)
    if settings.static():
        display(given)
        return
    height, width = image.shape[:2]
    clicked = list(points[:1])
    says = ipywidgets.ToggleButtons(
        options={"blood": True, "not blood": False}, description="A click says"
    )
    undo = ipywidgets.Button(description="undo")

    def update() -> None:
        mask = segment(clicked)
        said = f"{words.counted(len(clicked), 'click')}, "
        said += f"{100 * mask.mean():.1f} % marked. {HOW_MARKED}"
        frame.show(pictures.clicked(image, mask, clicked), said)

    def click(x: int, y: int) -> None:
        clicked.append(Point(x, y, says.value))
        update()

    def take_back(_) -> None:
        clicked[1:] = clicked[1:-1]  # the first stays: it says where blood is
        update()

    frame = Clickable((width, height), click)
    undo.on_click(take_back)
    update()
    box = ipywidgets.VBox([ipywidgets.HBox([says, undo]), frame])
    show(box, given)


def given_clicks(
    image: np.ndarray,
    segment: Callable[[list[Point]], np.ndarray],
    points: list[Point],
    dice: Sequence[float],
) -> Interactive:
    """A slider through given clicks, with the mask and the Dice after each."""

    def draw(number: int) -> Scene:
        some = points[:number]
        mask = segment(some)
        last = "blood" if some[-1].is_blood else "no blood"
        marked = 100 * float(mask.mean())
        return Scene(
            f"After {words.counted(number, 'click')}, the last of which says {last}, "
            f"{marked:.1f} % is marked and Dice is {words.number(dice[number - 1])}.",
            [Picture(pictures.clicked(image, mask, some))],
            {"Dice": dice[number - 1], "marked, %": marked},
            {"marked, %": ".1f"},
        )

    many = Slider("number", "clicks", range(1, len(points) + 1))
    return Interactive("clicks", [many], draw, "Click after click", HOW_MARKED)


@contextlib.contextmanager
def live_curves() -> Iterator[Callable[[History], None]]:
    """A function to hand to a training run: it redraws the curves after each epoch, in
    place, and when the run is over nothing of it is left.

    Where the run is found in the store it is never called, and shows nothing. Nor does
    it in the report, whose page is the same whether a run was found or made.
    """
    handle = None

    def watch(history: History) -> None:
        nonlocal handle
        if settings.static():
            return
        shown = HTML(curves(history, finished=False).html())
        if handle is None:
            handle = display(shown, display_id=True)
        else:
            handle.update(shown)

    try:
        yield watch
    finally:
        if handle is not None:
            handle.update(HTML(""))


def curves(history: History, finished: bool = True) -> Chart:
    """Dice on id_val over the epochs: each subject, and their mean, which chooses the
    epoch."""
    names, best = sorted(history.id_val_subjects[0]), history.best_epoch
    every = {"mean over subjects": history.id_val}
    every |= {
        name: [epoch.get(name, float("nan")) for epoch in history.id_val_subjects]
        for name in names
    }
    epochs = range(1, len(history.id_val) + 1)
    title = f"Dice on id_val: {words.number(history.id_val[-1])} after "
    title += words.counted(len(epochs), "epoch")
    if best >= 0:
        title += f"; highest {words.number(history.id_val[best])}, after {best + 1}"
    return charts.lines(
        {name: (epochs, dice) for name, dice in every.items()},
        title,
        "epoch",
        "Dice on id_val",
        mark=(best + 1, "kept") if finished and best >= 0 else None,
        strong="mean over subjects",
    )
