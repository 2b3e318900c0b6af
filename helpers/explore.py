"""Widgets for Jupyter that are well-chosen still pictures in the report."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from IPython.display import HTML, clear_output, display

from helpers import figures, settings
from helpers.training import History


def slider(draw: Callable[[float], object], values: list, stills: list, label: str, alt: Callable[[float], str]) -> None:
    """Drag through `values` and see draw(value), a figure; in the report, the figures of `stills` one under the other."""
    if settings.static():
        for value in stills:
            figures.show(draw(value), alt(value))
        return
    import ipywidgets

    handle = ipywidgets.SelectionSlider(options=[(f"{value:g}", value) for value in values], value=stills[0], description=label,
                                        continuous_update=False)
    place = ipywidgets.Output()

    def update(_=None) -> None:
        with place:
            clear_output(wait=True)
            figures.show(draw(handle.value), alt(handle.value))

    handle.observe(update, names="value")
    update()
    display(ipywidgets.VBox([handle, place]))


def browse(table: pd.DataFrame, draw: Callable[[pd.Series], np.ndarray], describe: Callable[[pd.Series], str],
           by: str = "mode", stills: int = 6) -> None:
    """Browse frames with a slider, filtered by a column; in the report, a few frames of each kind.

    table: a row per frame; draw(row) gives the picture (HxWx3 uint8), describe(row) the words under it.
    """
    kinds = list(dict.fromkeys(table[by]))
    if settings.static():
        # One from the middle of each kind, then evenly more: neither the prettiest nor the ugliest.
        chosen = [table[table[by] == kind].iloc[len(table[table[by] == kind]) // 2] for kind in kinds][:stills]
        figure = figures.strip([draw(row) for row in chosen], [str(row[by]) for row in chosen], columns=3,
                               title="One frame of each kind; in Jupyter, a slider goes through all of them",
                               legend=("hit", "false alarm", "missed"))
        figures.show(figure, "; ".join(describe(row) for row in chosen) + ".")
        return
    import ipywidgets

    kind = ipywidgets.Dropdown(options=["all", *kinds], description=by)
    place = ipywidgets.IntSlider(min=0, max=len(table) - 1, description="frame", continuous_update=False)
    shown = ipywidgets.Output()

    def rows() -> pd.DataFrame:
        return table if kind.value == "all" else table[table[by] == kind.value]

    def update(change=None) -> None:
        if change is not None and change["owner"] is kind:
            place.value, place.max = 0, len(rows()) - 1
        row = rows().iloc[place.value]
        with shown:
            clear_output(wait=True)
            figures.show(figures.strip([draw(row)], [describe(row)], columns=1, legend=("hit", "false alarm", "missed")),
                         describe(row))

    kind.observe(update, names="value")
    place.observe(update, names="value")
    update()
    display(ipywidgets.VBox([ipywidgets.HBox([kind, place]), shown]))


def live_curves(epochs: int) -> Callable[[History], None]:
    """A function to hand to a training run: it redraws the curves after each epoch, in place."""
    handle = display(HTML("<p>waiting for the first epoch</p>"), display_id=True)

    def watch(history: History) -> None:
        handle.update(HTML(figures.to_html(curves(history), words(history, epochs))))

    return watch


def curves(history: History):
    """Dice on id_val over the epochs: each subject, and their mean, which chooses the epoch."""
    subjects = sorted(history.id_val_subjects[0])
    named = {"mean over pigs": history.id_val} | {name: [epoch[name] for epoch in history.id_val_subjects] for name in subjects}
    best = history.best_epoch
    return figures.histories(named, best, f"Epoch {best + 1} is chosen: the best mean over the validation pigs", "Dice on id_val")


def words(history: History, epochs: int) -> str:
    """Alt text for `curves`."""
    return (f"Dice on the validation pigs over {len(history.loss)} of {epochs} epochs: it starts at {history.id_val[0]:.2f}, "
            f"and is best, {max(history.id_val):.2f}, at epoch {history.best_epoch + 1}.")
