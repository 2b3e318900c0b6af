"""What lost Dice is lost to, and how frames fail."""

import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.figures.style import MODES
from helpers.words import name_of, number

LOST_COLOURS = {
    "surround": "#E69F00",
    "false marks in the view": "#D55E00",
    "missed blood": "#0072B2",
}


def division(lost: pd.DataFrame, **said) -> Chart:
    """The lost Dice, divided, a stacked bar per split.

    lost: rows of splits, columns of evaluation.LOST, in units of Dice (means over
    subjects of what evaluation.oracle_division gives).
    """
    figure, axis = style.new(7.5, 0.7 + 0.55 * len(lost))
    left = np.zeros(len(lost))
    for number_, part in enumerate(lost.columns):
        width = lost[part].to_numpy()
        axis.barh(
            range(len(lost)),
            width,
            left=left,
            edgecolor="white",
            label=part,
            color=LOST_COLOURS.get(part, style.PALETTE[number_ % 8]),
        )
        left = left + width
    style.rows(axis, [name_of(split) for split in lost.index], "lost Dice (1 - Dice)")
    axis.set_xlim(0, 1)
    figure.legend(loc="outside lower left", ncols=len(lost.columns))
    split = lost.index[-1]
    top, total = lost.loc[split].idxmax(), lost.loc[split].sum()
    share = lost.loc[split, top] / total if total else 0
    found = (
        f"Of {total:.2f} Dice lost on {name_of(split)}, {words.largest(share)} "
        f"({lost.loc[split, top]:.2f}) is due to {_due(top)}"
    )
    return made(
        figure,
        said,
        found,
        "The lost Dice by its cause. "
        + "; ".join(
            f"{name_of(split)}: "
            + ", ".join(f"{part} {value:.2f}" for part, value in row.items())
            for split, row in lost.iterrows()
        )
        + ".",
        "Each part is what an oracle would win back by repairing it, averaged "
        "over all orders of repair, so that the parts add up.",
    )


def _due(part: str) -> str:
    return "false marks in the surround" if part == "surround" else part


def failure_bars(shares: pd.DataFrame, **said) -> Chart:
    """Stacked bars of failure modes, a bar per split; shares: rows of splits, columns
    of modes, in percent of the frames of one kind."""
    modes = [mode for mode in MODES if mode in shares]
    figure, axis = style.new(7.5, 0.9 + 0.5 * len(shares))
    left = np.zeros(len(shares))
    for mode in modes:
        width = shares[mode].fillna(0).to_numpy()
        axis.barh(
            range(len(shares)),
            width,
            left=left,
            color=MODES[mode],
            label=mode,
            edgecolor="white",
        )
        left = left + width
    style.rows(
        axis, [name_of(split) for split in shares.index], "percent of the frames"
    )
    axis.set_xlim(0, 100)
    figure.legend(loc="outside lower left", ncols=6)
    split = shares.index[-1]
    top = shares.loc[split, modes].idxmax()
    share = shares.loc[split, top]
    blood = set(modes) & {"missed", "elsewhere", "partial", "good"}
    kind = "frames with blood" if blood else "clean frames"
    return made(
        figure,
        said,
        f"On {name_of(split)}, {words.largest(share / 100)} of the {kind} are "
        f"'{top}' ({share:.0f} %)",
        f"Failure modes of {kind}. "
        + "; ".join(
            f"{name_of(split)}: "
            + ", ".join(f"{mode} {number(row[mode], '.0f')} %" for mode in modes)
            for split, row in shares.iterrows()
        )
        + ".",
        "A mean does not say how frames fail; missing blood and marking the wrong "
        "place "
        "are different faults."
        if blood
        else "A clean frame can fail in one way only: by an alarm.",
    )
