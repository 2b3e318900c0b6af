"""Clicks on a frame, and curves that grow while a network is trained."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from IPython.display import HTML, display

from helpers import figures, settings, words
from helpers.clicks import Point
from helpers.figures import Chart
from helpers.play import Interactive, Picture, Scene, Slider
from helpers.training import History

HOW_MARKED = "The line is the mask's edge. A disk says blood, a cross that it is none."


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

    from helpers.play import live  # what no page needs

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
        frame.show(figures.clicked(image, mask, clicked), said)

    def click(x: int, y: int) -> None:
        clicked.append(Point(x, y, says.value))
        update()

    def take_back(_) -> None:
        clicked[1:] = clicked[1:-1]  # the first stays: it says where blood is
        update()

    frame = live.Clickable((width, height), click)
    undo.on_click(take_back)
    update()
    box = ipywidgets.VBox([ipywidgets.HBox([says, undo]), frame])
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
    names = sorted(history.id_val_subjects[0])
    named = {"mean over subjects": history.id_val}
    named |= {
        name: [epoch.get(name, float("nan")) for epoch in history.id_val_subjects]
        for name in names
    }
    return figures.histories(named, history.best_epoch, "Dice on id_val", finished)
