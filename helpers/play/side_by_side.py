"""Frames side by side: as several methods mark one, with a border around it, and of two
kinds of surgery."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import counts, words
from helpers.play.controls import Slider
from helpers.play.interactive import Interactive, Picture, Scene

OUTSIDE = 200  # the grey of what is no picture
WIDTHS = (0, 16, 32)  # pixels of a border


def compare(
    frames: Mapping[str, Mapping[str, Picture]],
    name: str = "side_by_side",
    title: str = "One frame, marked by each, side by side",
) -> Interactive:
    """The same frame as several methods mark it, the first of them the one to beat.

    frames: what a frame is called, to its picture by each method, the same ones for
    every frame.
    """

    def draw(frame: str) -> Scene:
        pictures, scores = [], {}
        for method, one in frames[frame].items():
            row = counts.count(one.found, one.blood, one.valid).iloc[0]
            dice, area = float(counts.dice(row)), float(counts.false_area(row))
            scores[method] = dice if counts.has_blood(row) else float("nan")
            said = f"{method}: Dice {words.number(scores[method])}, false {area:.1f} %"
            pictures.append(replace(one, title=said))
        ranked = pd.Series(scores).dropna().sort_values(kind="stable")
        said = f"{frame}: there is no blood in it, so Dice says nothing."
        if len(ranked):
            said = (
                f"{frame}: '{ranked.index[-1]}' has the highest Dice with "
                f"{ranked.iloc[-1]:.2f}, '{ranked.index[0]}' the lowest with "
                f"{ranked.iloc[0]:.2f}; '{next(iter(scores))}' has "
                f"{words.number(next(iter(scores.values())))}."
            )
        return Scene(said, pictures)

    return Interactive(name, [Slider("frame", "frame", list(frames))], draw, title)


def border(
    framed: Callable[[int], Iterable[tuple[str, Picture, float, float]]],
) -> Interactive:
    """A black border of a width around a frame, as several networks mark it.

    framed: from a width in pixels to the name of a network, the bordered picture with
    its marks, Dice, and the share of the border that is marked, in percent.
    """

    def draw(width: int) -> Scene:
        pictures, numbers, said = [], {}, []
        for one, picture, dice, on_border in framed(width):
            pictures.append(_widened(picture, max(WIDTHS) - width))
            numbers[f"{one}: Dice"] = dice
            numbers[f"{one}: border marked, %"] = on_border if width else float("nan")
            there = f" and marks {on_border:.1f} % of the border" if width else ""
            said.append(f"'{one}' has a Dice of {words.number(dice)}{there}")
        around = f"With a border of {width} pixels" if width else "Without a border"
        forms = {one: ".1f" for one in numbers if one.endswith("%")}
        return Scene(f"{around}, {words.listed(said)}.", pictures, numbers, forms)

    control = Slider("width", "border, pixels", WIDTHS)
    return Interactive("border", [control], draw, "Set a black border around a frame")


def _widened(picture: Picture, more: int) -> Picture:
    """The same with nothing around it, as large as it is with a wider border."""
    around = ((more, more), (more, more))
    return replace(
        picture,
        image=np.pad(picture.image, (*around, (0, 0)), constant_values=OUTSIDE),
        blood=np.pad(picture.blood, around),
        valid=np.pad(picture.valid, around, constant_values=True),
        found=np.pad(picture.found, around),
    )


def pairs(
    left: Sequence[Picture],
    right: Sequence[Picture],
) -> Interactive:
    """A slider through pairs of frames; each picture's title says whose it is."""

    def draw(place: int) -> Scene:
        some = [left[place % len(left)], right[place % len(right)]]
        shares = [100 * one.blood[one.valid].mean() for one in some]
        said = [
            f"{one.title} with {share:.1f} % blood"
            for one, share in zip(some, shares, strict=True)
        ]
        return Scene(f"On the left {said[0]}, on the right {said[1]}.", some)

    many = range(max(len(left), len(right)))
    control = Slider("place", "pair", many, said=[f"{one + 1}" for one in many])
    title = "Two kinds of surgery, subject by subject"
    return Interactive("pairs", [control], draw, title)
