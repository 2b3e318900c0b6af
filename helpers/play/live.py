"""The same things in Jupyter: widgets over live computation."""

import html
from pathlib import Path

from IPython.display import HTML, display

from helpers.play.browser import Browser
from helpers.play.controls import Control
from helpers.play.interactive import Interactive, body

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
    if isinstance(one, Interactive):
        first = one.start
    else:
        first = one.chosen(next(iter(one.orders)))[0].scene
    said = "A still: run the notebook to turn it."
    still = framed(one.title, body(first), f"{one.caption} {said}".strip())
    display(widgets)
    display(HTML(f'{REOPENED}<div class="play-still">{still}</div>'))


def states(one: Interactive):
    """Widgets that ask draw anew whenever something is turned."""
    import ipywidgets

    handles = {control.name: _widget(control) for control in one.controls}
    shown = ipywidgets.HTML(framed(one.title, body(one.start), one.caption))

    def update(_) -> None:
        turned = {name: handle.value for name, handle in handles.items()}
        shown.value = framed(one.title, body(one.draw(**turned)), one.caption)

    for handle in handles.values():
        handle.observe(update, names="value")
    return ipywidgets.VBox(
        [ipywidgets.HBox(list(handles.values()), layout=_wrapped()), shown]
    )


def framed(title: str, inside: str, caption: str) -> str:
    """What is seen, with the page's own style."""
    style = STYLE.read_text(encoding="utf-8") if STYLE.exists() else ""
    said = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return (
        f'<style>{style}</style><figure class="play" aria-label="'
        f'{html.escape(title, quote=True)}"><p class="play-title">{html.escape(title)}'
        f"</p>{inside}{said}</figure>"
    )


def _widget(control: Control):
    import ipywidgets

    options = list(zip(control.said, control.values))
    value = control.values[control.start]
    if control.kind == "switch":
        return ipywidgets.ToggleButton(value=value, description=control.label)
    make = {"slider": ipywidgets.SelectionSlider, "choice": ipywidgets.Dropdown}
    return make[control.kind](options=options, value=value, description=control.label)


def _wrapped():
    import ipywidgets

    return ipywidgets.Layout(flex_flow="row wrap")


def browser(one: Browser):
    """Widgets to filter, order and go through frames."""
    import ipywidgets

    handles = {
        name: ipywidgets.Dropdown(options=["all", *one.values(name)], description=label)
        for name, label in one.filters.items()
    }
    order = ipywidgets.Dropdown(options=list(one.orders), description="order")
    place = ipywidgets.IntSlider(min=0, max=len(one.items) - 1, description="frame")
    shown = ipywidgets.HTML()

    def update(change=None) -> None:
        fields = {name: handle.value for name, handle in handles.items()}
        kept = one.chosen(order.value, **fields)
        if change is not None and change["owner"] is not place:
            place.value, place.max = 0, max(len(kept) - 1, 0)
        if kept:
            scene = kept[min(place.value, len(kept) - 1)].scene
            shown.value = framed(one.title, body(scene), one.caption)
        else:
            shown.value = "No frame is of this kind."

    for handle in (*handles.values(), order, place):
        handle.observe(update, names="value")
    update()
    turned = ipywidgets.HBox([*handles.values(), order, place], layout=_wrapped())
    return ipywidgets.VBox([turned, shown])
