"""Clicks on a frame, and curves that grow while a network is trained."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from IPython.display import HTML, clear_output, display

from helpers import figures, settings, words
from helpers.figures import Chart
from helpers.play import Interactive, Picture, Scene, Slider, live
from helpers.prompts import Point
from helpers.training import History


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
    if settings.static():
        display(given_clicks(image, segment, points, dice))
        return
    import ipywidgets

    height, width = image.shape[:2]
    clicked = list(points[:1])
    x, y = (
        ipywidgets.IntSlider(value=at, max=last - 1, description=name)
        for name, at, last in (("x", clicked[0].x, width), ("y", clicked[0].y, height))
    )
    buttons = [
        ipywidgets.Button(description=name) for name in ("blood", "not blood", "undo")
    ]
    shown = ipywidgets.Output()

    def update(_=None) -> None:
        with shown:
            clear_output(wait=True)
            display(_clicked(image, segment, clicked, (x.value, y.value)))

    def press(button) -> None:
        if button is buttons[2]:
            clicked[1:] = clicked[1:-1]  # the first stays: it says where blood is
        else:
            clicked.append(Point(x.value, y.value, button is buttons[0]))
        update()

    for handle in (x, y):
        handle.observe(update, names="value")
    for button in buttons:
        button.on_click(press)
    update()
    box = ipywidgets.VBox([x, y, ipywidgets.HBox(buttons), shown])
    live.show(box, given_clicks(image, segment, points, dice))


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
            [Picture(figures.clicked(image, mask, some))],
            {"Dice": dice[number - 1], "marked, %": marked},
            {"marked, %": ".1f"},
        )

    many = Slider("number", "clicks", range(1, len(points) + 1))
    said = "The line is the mask's edge. A disk says blood, a cross that it is none."
    return Interactive("clicks", [many], draw, "Click after click", said)


def _clicked(image, segment, points: list[Point], aim: tuple[int, int]) -> Chart:
    mask = segment(points)
    said = f"{words.counted(len(points), 'click')}, {100 * mask.mean():.1f} % marked"
    return figures.strip(
        [figures.clicked(image, mask, points, aim)],
        [said],
        title=said,
        caption="The line is the mask's edge. A disk says blood, a cross says that it "
        "is none.",
    )


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
    names = sorted(history.id_val_subjects[0])
    named = {"mean over subjects": history.id_val}
    named |= {
        name: [epoch.get(name, float("nan")) for epoch in history.id_val_subjects]
        for name in names
    }
    return figures.histories(named, history.best_epoch, "Dice on id_val", finished)
