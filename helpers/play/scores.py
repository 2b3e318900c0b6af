"""How scores come about: a threshold with its four counts, an epsilon, clouds of
frames, subjects that are taken away, frames to look through."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import counts, statistics, words
from helpers.correlation import spearman
from helpers.play.browser import Browser, Item
from helpers.play.controls import Choice, Slider
from helpers.play.drawings import bars, cloud, dots, line
from helpers.play.interactive import Interactive, Picture, Scene

LEVELS = (0.01, *np.round(np.linspace(0.05, 0.95, 19), 2), 0.99)
RATIOS = {"Dice": counts.dice, "precision": counts.precision, "recall": counts.recall}
SHOWN = {"tp": "TP", "fp": "FP", "fn": "FN", "tn": "TN"}
ORDERS = {
    "lowest Dice first": "dice",
    "highest Dice first": "-dice",
    "most falsely marked first": "-false area",
}


def threshold(
    frames: Mapping[str, tuple[Picture, np.ndarray]],
) -> Interactive:
    """A slider for the threshold on a few frames, with the four counts of each.

    frames: what a frame is called, to its picture (with blood and valid) and its
    probability of blood (float HxW, marked where it is at least the threshold).
    """
    levels = [float(one) for one in LEVELS]
    tables = {
        frame: pd.concat(
            [
                counts.count(probability >= level, picture.blood, picture.valid)
                for level in levels
            ],
            ignore_index=True,
        )
        for frame, (picture, probability) in frames.items()
    }

    def draw(frame: str, level: float) -> Scene:
        picture, probability = frames[frame]
        table = tables[frame]
        row = table.iloc[levels.index(level)]
        ratios = {one: float(of(row)) for one, of in RATIOS.items()}
        found = Picture(
            picture.image, "", picture.blood, picture.valid, probability >= level
        )
        said = ", ".join(f"{one} {words.number(v)}" for one, v in ratios.items())
        share = 100 * (row.tp + row.fp) / counts.valid_pixels(row)
        curves = {one: of(table) for one, of in RATIOS.items()}
        return Scene(
            f"At a threshold of {level:g}, {share:.1f} % of the frame is marked: of "
            f"the blood {row.tp:,} pixels are hit and {row.fn:,} missed, and "
            f"{row.fp:,} others are marked; {said}.",
            [found],
            {shown: float(row[one]) for one, shown in SHOWN.items()} | ratios,
            dict.fromkeys(SHOWN.values(), ",.0f"),
            line(levels, curves, (0, 1), level, "Each ratio over the threshold"),
        )

    controls = [
        Choice("frame", "frame", list(frames)),
        Slider("level", "threshold", levels, 0.5, [f"{one:g}" for one in levels]),
    ]
    title = "Drag the threshold, and watch the four counts and the ratios"
    return Interactive("threshold", controls, draw, title)


def fewer(
    values: pd.Series,
    interval: Callable[[np.ndarray], tuple[float, float]],
) -> Interactive:
    """Take subjects away, and see what becomes of the median and its interval.

    values: a Dice for each subject. interval: of the values that are left, NaN where
    there is none.
    """
    values = values.dropna()
    rng, ranked = np.random.default_rng(0), values.sort_values(kind="stable")
    orders = {f"by chance, draw {n}": rng.permutation(values.index) for n in (1, 2, 3)}
    orders["the lowest first"] = ranked.index
    orders["the highest first"] = ranked.index[::-1]
    # An axis with round ends, which hold every subject.
    limits = (np.floor(20 * values.min()) / 20, np.floor(20 * values.max() + 1) / 20)

    def draw(way: str, left: int) -> Scene:
        kept = list(orders[way][len(values) - left :])
        some = values[kept].to_numpy()
        low, high = (float(end) for end in interval(some))
        median = float(np.median(some))
        if np.isnan(low):
            said = "and no interval can be given"
        else:
            said = f"and its interval runs from {low:.2f} to {high:.2f}"
        return Scene(
            f"With {left} of {words.counted(len(values), 'subject')} the median of "
            f"Dice is {median:.2f}, {said}.",
            numbers={
                "subjects": left,
                "median Dice": median,
                "low": low,
                "high": high,
                "width": high - low,
            },
            forms={"subjects": ".0f"},
            drawing=dots(
                values.to_dict(),
                kept,
                limits,
                median,
                (low, high),
                "Dice of each subject",
            ),
        )

    many = list(range(len(values), 0, -1))
    controls = [
        Choice("way", "taken away", list(orders)),
        Slider("left", "subjects left", many),
    ]
    return Interactive(
        "fewer_subjects",
        controls,
        draw,
        "Take subjects away, one by one, and watch the interval",
        "A dot is a subject, hollow once it is taken away; the tick is the median of "
        "those left, the bar its interval.",
    )


def frames(
    table: pd.DataFrame,
    picture: Callable[[pd.Series], Picture],
    title: str = "Look through the frames",
) -> Browser:
    """Frames with their marks, to be filtered and put in order by Dice or false area.

    table: of evaluate, with `mode`. picture: of a row.
    """
    filters = {"where": "domain", "subject": "subject", "mode": "mode"}
    filters |= {"blood": "blood"}
    table = table.assign(
        where=[words.name_of(split) for split in table["split"]],
        blood=np.where(counts.has_blood(table), "blood", "no blood"),
        dice=counts.on_blood(counts.dice, table),
        area=counts.false_area(table),
    )
    items = []
    for _, row in table.iterrows():
        dice = words.number(row["dice"])
        who = f"{row['subject']}, frame {row['frame']} ({row['where']})"
        items.append(
            Item(
                picture(row),
                f"{who}: {row['mode']}; Dice {dice}, {row['area']:.1f} % falsely "
                "marked.",
                f"{row['subject']}, {dice if dice != 'undefined' else 'no blood'}",
                {one: str(row[one]) for one in filters},
                {"dice": row["dice"], "false area": row["area"]},
            )
        )
    return Browser("frames", items, filters, ORDERS, title)


def explorer(
    table: pd.DataFrame,
    picture: Callable[[pd.Series], Picture],
    measures: Mapping[str, str],
) -> Browser:
    """Frames with their labels, to be filtered by domain, subject and blood, and put in
    order by what was measured on them.

    table: a row per frame with `domain`, `subject`, `frame`, `blood` (percent) and the
    columns of measures (in 0..1), which say what each is called.
    """
    measures = {"blood": "blood"} | dict(measures)
    orders = {}
    for column, label in measures.items():
        orders |= {f"most {label} first": f"-{column}", f"least {label} first": column}
    items = []
    for _, row in table.iterrows():
        said = [f"{label} {row[one]:.2f}" for one, label in list(measures.items())[1:]]
        said = ", ".join([f"{row['blood']:.1f} % blood", *said])
        items.append(
            Item(
                picture(row),
                f"{row['subject']}, frame {row['frame']} ({row['domain']}): {said}.",
                str(row["subject"]),
                {
                    "domain": str(row["domain"]),
                    "subject": str(row["subject"]),
                    "there": "blood" if row["blood"] > 0 else "no blood",
                },
                {one: float(row[one]) for one in measures},
            )
        )
    filters = {"domain": "domain", "subject": "subject", "there": "blood"}
    title = "Look through the frames of both domains"
    return Browser("explorer", items, filters, orders, title)


EPSILONS = (0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 1.0, 10.0, 100.0, 1000.0)


def epsilon(
    tables: Mapping[str, pd.DataFrame],
    score: Callable[[pd.DataFrame, float], pd.Series],
) -> Interactive:
    """Drag an epsilon, and see Dice, the modes by the rule "above zero is PARTIAL", and
    the rank correlation with area where nothing overlaps.

    tables: what frames are scored against, to their count table with `subject`. score:
    of such a table, with an epsilon.
    """

    def draw(scored: str, value: float) -> Scene:
        table = tables[scored]
        dice, labelled = score(table, value), counts.has_blood(table)

        def mean(series: pd.Series, where: pd.Series) -> float:
            each = statistics.subject_means(series[where], table["subject"][where])
            return float(each.mean())

        missed = labelled & (table["tp"] == 0)
        partial = mean(100.0 * (dice > 0), labelled)
        alike = spearman(dice[missed], counts.coverage(table[missed]))
        numbers = {
            "Dice, labelled frames": mean(dice, labelled),
            "Dice, frames without": mean(dice, ~labelled),
            "correlation with area": alike,
        }
        none = mean(100.0 * (table["tp"] == 0), labelled)
        modes = {"PARTIAL": partial, "FALSE_NEGATIVE": 100 - partial}
        modes["no pixel in common"] = none
        said = (
            f"With an epsilon of {value:g}, {words.number(partial, '.0f')} % of the "
            "labelled frames are PARTIAL by the rule, and on "
            f"{words.number(none, '.0f')} % not one pixel is right; mean Dice is "
            f"{words.number(numbers['Dice, labelled frames'])} on labelled frames and "
            f"{words.number(numbers['Dice, frames without'])} on the others; without a "
            f"pixel in common its rank correlation with area is {words.number(alike)}."
        )
        return Scene(
            said,
            numbers=numbers | {"PARTIAL, %": partial},
            forms={"PARTIAL, %": ".0f"},
            drawing=bars(
                modes,
                (0, 100),
                form=".0f",
                about="Labelled frames, %: two by the rule, one by counting",
            ),
        )

    said = [f"{one:g}" for one in EPSILONS]
    controls = [
        Choice("scored", "scored against", list(tables)),
        Slider("value", "epsilon", EPSILONS, 1e-7, said),
    ]
    return Interactive("epsilon", controls, draw, "Take an epsilon")


SUBJECTS = 12  # of these one can be picked out


def correlations(
    table: pd.DataFrame,
    properties: Sequence[str],
    outcome: str,
    of: Callable[[pd.Series, pd.Series], float],
    found: Mapping[str, Mapping[str, float]],
) -> Interactive:
    """Choose a property, pick out a subject, and see the cloud of all frames, the
    correlation within that subject, and those that are reported.

    of: a correlation of two series. found: property to its named correlations.
    """
    subjects = table["subject"].value_counts().index[:SUBJECTS].sort_values()

    def draw(property: str, subject: str) -> Scene:
        chosen = table["subject"] == subject
        part = table[chosen]
        own = float("nan")
        if part[property].nunique() > 1 and part[outcome].nunique() > 1:
            own = float(of(part[property], part[outcome]))
        named = {one: float(value) for one, value in found[property].items()}
        said = ", ".join(f"{one} {words.number(v, '+.2f')}" for one, v in named.items())
        who = "no subject is picked out"
        if chosen.any():
            who = f"within {subject} it is {words.number(own, '+.2f')}"
        numbers = named | {"this subject": own}
        return Scene(
            f"Rank correlation of {property} with {outcome}: {said}; {who}.",
            numbers=numbers,
            forms=dict.fromkeys(numbers, "+.2f"),
            drawing=cloud(
                table[property].to_numpy(float),
                table[outcome].to_numpy(float),
                np.asarray(chosen),
                (0, 1),
                words.capital(f"{outcome}, by frame"),
                property,
            ),
        )

    controls = [
        Choice("property", "property", list(properties)),
        Choice("subject", "pick out", ["nobody", *map(str, subjects)]),
    ]
    title = "Choose a property, and pick out a subject"
    return Interactive("correlations", controls, draw, title)
