"""Frames on the page: strips of them, what a prediction did to each pixel, and the classes of a label."""

import cv2
import matplotlib
import numpy as np

from helpers.figures import style
from helpers.frames import CLASSES, UNKNOWN


def overlay(image: np.ndarray, blood: np.ndarray, valid: np.ndarray, prediction: np.ndarray | None = None) -> np.ndarray:
    """A frame (HxWx3 uint8) with its blood outlined, or with what a prediction did: hit, false alarm, missed.

    Without a prediction the label's edge is drawn in blue; pixels without a known label are darkened.
    """
    shown = np.where(valid[..., None], image, image // 3)
    if prediction is None:
        return _outlined(shown, blood & valid, "hit")
    for kind, where in (("hit", prediction & blood), ("false alarm", prediction & ~blood), ("missed", ~prediction & blood)):
        where = where & valid
        colour = np.array(_rgb(kind), float)
        shown = np.where(where[..., None], (0.35 * shown + 0.65 * colour).astype(np.uint8), shown)
    return shown


def strip(pictures: list[np.ndarray], titles: list[str], columns: int = 4, title: str = "", legend: tuple[str, ...] = ()):
    """Pictures (HxWx3 uint8) in rows, a short title over each, and a legend of overlay colours ("hit", "false alarm", "missed")."""
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height, width = pictures[0].shape[:2]
    across = min(8.0, 2.4 + 2.0 * columns)  # one frame alone need not fill the page
    figure, axes = style.new(across, rows * (across / columns * height / width + 0.32) + (0.5 if title or legend else 0.1),
                             rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, words in zip(axes.flat, pictures, titles):
        axis.imshow(picture, interpolation="lanczos")
        axis.set_title(words, fontsize=8.5, fontweight="normal", pad=4)
    if title:
        figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
    if legend:
        patches = [matplotlib.patches.Patch(facecolor=style.COLOURS[kind], edgecolor="#4D4D4D", label=kind) for kind in legend]
        figure.legend(handles=patches, loc="outside lower left", ncols=len(legend), fontsize=9, frameon=False)
    return figure


def classes(image: np.ndarray, labels: np.ndarray, title: str):
    """A frame beside its CholecSeg8k label (HxW class ids), with the names of the classes that are in it."""
    colours = np.full((256, 3), 255, np.uint8)
    for entry in CLASSES:
        colours[entry.id] = entry.rgb
    figure, (left, middle) = style.new(8.0, 3.3, 1, 2)
    left.imshow(image)
    middle.imshow(colours[labels], interpolation="nearest")
    left.set_title("the frame", fontsize=9, fontweight="normal")
    middle.set_title("its label, in the data set's own colours", fontsize=9, fontweight="normal")
    for axis in (left, middle):
        axis.axis("off")
    present = [entry for entry in CLASSES if (labels == entry.id).any()]
    patches = [matplotlib.patches.Patch(facecolor=np.array(entry.rgb) / 255, label=entry.name) for entry in present]
    if (labels == UNKNOWN).any():
        patches.append(matplotlib.patches.Patch(facecolor="white", edgecolor="#4D4D4D", label="unknown (not valid)"))
    figure.legend(handles=patches, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
    return figure


def _outlined(image: np.ndarray, mask: np.ndarray, colour: str) -> np.ndarray:
    # Drawn at three times the size, so that a thin outline does not hide a small pool.
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    mask = cv2.resize(mask.astype(np.uint8), None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.ascontiguousarray(large), contours, -1, _rgb(colour), 1)


def _rgb(kind: str) -> tuple[int, int, int]:
    return tuple(int(round(255 * part)) for part in matplotlib.colors.to_rgb(style.COLOURS[kind]))
