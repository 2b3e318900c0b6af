"""Colours and type that all figures share. The colours are Okabe and Ito's, told apart by colour-blind readers too."""

import matplotlib
import matplotlib.pyplot as plt

COLOURS = {
    "source": "#0072B2", "train": "#0072B2", "id_val": "#56B4E9", "id_test": "#0072B2",
    "target": "#D55E00", "ood_val": "#E69F00", "ood_test": "#D55E00",
    "wished": "#009E73", "ood_wished_val": "#009E73", "ood_wished": "#009E73",
    # What a prediction did to a pixel, on red tissue: blue and yellow stand out from red for every kind of eye.
    "hit": "#56B4E9", "false alarm": "#F0E442", "missed": "#FFFFFF",
    "plain": "#4D4D4D", "faint": "#B3B3B3",
}
MODES = {"missed": "#000000", "elsewhere": "#E69F00", "partial": "#56B4E9", "good": "#009E73", "quiet": "#0072B2",
         "false alarm": "#D55E00"}
NAMES = {"train": "training pigs", "id_val": "validation pigs", "id_test": "unseen pigs", "ood_val": "validation patients",
         "ood_test": "unseen patients", "ood_wished": "wished-for patients", "ood_wished_val": "wished-for validation patients"}


def name_of(split: str) -> str:
    """What a split is called in a sentence."""
    return NAMES.get(split, split)


matplotlib.rcParams.update({
    "font.family": "DejaVu Sans", "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.titlepad": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False, "legend.frameon": False,
})


def new(width: float = 7.0, height: float = 4.0, rows: int = 1, columns: int = 1, **more):
    """A figure and its axes; sizes in inches."""
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **more)
    plt.close(figure)  # it is shown by `show`, with its alt text, and not a second time by the notebook
    return figure, axes
