"""Widgets for Jupyter that are well-chosen still pictures in the report."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from IPython.display import HTML, clear_output, display

from helpers import figures, settings, words
from helpers.figures import Chart
from helpers.prompts import Point
from helpers.training import History


def slider(
    draw: Callable[[float], Chart], values: list, stills: list, label: str
) -> None:
    """Drag through `values` and see draw(value), a Chart; in the report, the charts of
    `stills` one under the other."""
    if settings.static():
        for value in stills:
            display(draw(value))
        return
    import ipywidgets

    options = [(f"{value:g}", value) for value in values]
    handle = ipywidgets.SelectionSlider(
        options=options, value=stills[0], description=label, continuous_update=False
    )
    place = ipywidgets.Output()

    def update(_=None) -> None:
        with place:
            clear_output(wait=True)
            display(draw(handle.value))

    handle.observe(update, names="value")
    update()
    display(ipywidgets.VBox([handle, place]))


def browse(
    table: pd.DataFrame,
    draw: Callable[[pd.Series], np.ndarray],
    describe: Callable[[pd.Series], str],
    by: str = "mode",
    stills: int = 6,
) -> None:
    """Browse frames with a slider, filtered by a column; in the report, one frame of
    each kind.

    table: a row per frame; draw(row) gives the picture (HxWx3 uint8), describe(row) the
    words under it.
    """
    kinds = list(dict.fromkeys(table[by]))
    if settings.static():
        # From the middle of each kind: neither the prettiest nor the ugliest.
        chosen = [
            part.iloc[len(part) // 2]
            for kind in kinds
            if len(part := table[table[by] == kind])
        ][:stills]
        display(
            figures.strip(
                [draw(row) for row in chosen],
                [str(row[by]) for row in chosen],
                columns=3,
                legend=figures.OVERLAY,
                title="One frame of each kind; in Jupyter a slider shows them all",
                alt="; ".join(describe(row) for row in chosen) + ".",
            )
        )
        return
    import ipywidgets

    kind = ipywidgets.Dropdown(options=["all", *kinds], description=by)
    place = ipywidgets.IntSlider(
        min=0, max=len(table) - 1, description="frame", continuous_update=False
    )
    shown = ipywidgets.Output()

    def rows() -> pd.DataFrame:
        return table if kind.value == "all" else table[table[by] == kind.value]

    def update(change=None) -> None:
        if change is not None and change["owner"] is kind:
            place.value, place.max = 0, len(rows()) - 1
        row = rows().iloc[place.value]
        with shown:
            clear_output(wait=True)
            display(
                figures.strip(
                    [draw(row)], [describe(row)], columns=1, legend=figures.OVERLAY
                )
            )

    kind.observe(update, names="value")
    place.observe(update, names="value")
    update()
    display(ipywidgets.VBox([ipywidgets.HBox([kind, place]), shown]))


def clicks(
    image: np.ndarray,
    segment: Callable[[list[Point]], np.ndarray],
    points: list[Point],
    stills: int = 5,
) -> None:
    """Click on a frame and see the mask that `segment` makes of all clicks so far; in
    the report, what came of the first of some given clicks.

    image: HxWx3 uint8, as it may be shown. segment: from clicks to a mask (bool HxW).
    points: the given clicks, of which Jupyter starts with the first.
    """
    if settings.static():
        given = [points[:number] for number in range(1, len(points[:stills]) + 1)]
        display(_clicked(image, segment, given))
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
            display(_clicked(image, segment, [clicked], (x.value, y.value)))

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
    display(ipywidgets.VBox([x, y, ipywidgets.HBox(buttons), shown]))


def _clicked(image, segment, given: list[list[Point]], aim=None) -> Chart:
    pictures, titles = [], []
    for points in given:
        mask = segment(points)
        pictures.append(figures.clicked(image, mask, points, aim))
        titles.append(
            f"{words.counted(len(points), 'click')}, {100 * mask.mean():.1f} % marked"
        )
    return figures.strip(
        pictures,
        titles,
        columns=3,
        title=words.capital(
            titles[-1] if len(given) == 1 else f"from {titles[0]}, to {titles[-1]}"
        ),
        caption="The line is the mask's edge. A disk says blood, a cross says that it "
        "is none.",
    )


def live_curves(epochs: int) -> Callable[[History], None]:
    """A function to hand to a training run: it redraws the curves after each epoch, in
    place.

    Where the run is found in the store it is never called, and shows nothing. Nor does
    it in the report, whose page is the same whether a run was found or made.
    """
    handle = None

    def watch(history: History) -> None:
        nonlocal handle
        if settings.static():
            return
        chart = curves(history, finished=len(history.loss) == epochs)
        shown = HTML(chart.html())
        if handle is None:
            handle = display(shown, display_id=True)
        else:
            handle.update(shown)

    return watch


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
