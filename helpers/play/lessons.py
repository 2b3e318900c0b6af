"""What the lessons play with: a threshold with its four counts, an epsilon, clouds of
frames, subjects that are taken away, frames to look through or side by side, and the
domain dial."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd

import phantom
from helpers import causes, counts, statistics, training, words
from helpers.correlation import spearman
from helpers.play.interactive import Browser, Choice, Interactive, Slider, Switch
from helpers.play.scene import Picture, Scene, bars, cloud, dots, line
from helpers.words import listed, number

LEVELS = (0.01, *np.round(np.linspace(0.05, 0.95, 19), 2).tolist(), 0.99)
RATIOS = {"Dice": counts.dice, "precision": counts.precision, "recall": counts.recall}
EPSILONS = (0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 1.0, 10.0, 100.0, 1000.0)
SUBJECTS = 12  # of these one can be picked out
OUTSIDE = 200  # the grey of what is no picture
WIDTHS = (0, 16, 32)  # pixels of a border


def threshold(frames: Mapping[str, tuple[Picture, np.ndarray]]) -> Interactive:
    """A slider for the threshold on a few frames, with the four counts of each.

    frames: what a frame is called, to its picture (with blood and valid) and its
    probability of blood (float HxW, marked where it is at least the threshold).
    """

    @cache
    def counted(frame: str) -> pd.DataFrame:
        picture, probability = frames[frame]
        rows = [
            counts.count(probability >= level, picture.blood, picture.valid)
            for level in LEVELS
        ]
        return pd.concat(rows, ignore_index=True)

    def draw(frame: str, level: float) -> Scene:
        picture, probability = frames[frame]
        table = counted(frame)
        row = table.iloc[LEVELS.index(level)]
        ratios = {one: float(of(row)) for one, of in RATIOS.items()}
        said = ", ".join(f"{one} {number(value)}" for one, value in ratios.items())
        share = 100 * (row.tp + row.fp) / counts.valid_pixels(row)
        curves = {one: of(table) for one, of in RATIOS.items()}
        four = {one.upper(): float(row[one]) for one in ("tp", "fp", "fn", "tn")}
        return Scene(
            f"At a threshold of {level:g}, {share:.1f} % of the frame is marked: of "
            f"the blood {row.tp:,} pixels are hit and {row.fn:,} missed, and "
            f"{row.fp:,} others are marked; {said}.",
            [replace(picture, title="", found=probability >= level)],
            four | ratios,
            dict.fromkeys(four, ",.0f"),
            line(LEVELS, curves, (0, 1), level, "Each ratio over the threshold"),
        )

    controls = [
        Choice("frame", "frame", list(frames)),
        Slider("level", "threshold", LEVELS, 0.5),
    ]
    title = "Drag the threshold, and watch the four counts and the ratios"
    return Interactive("threshold", controls, draw, title)


def fewer(
    values: pd.Series, interval: Callable[[np.ndarray], tuple[float, float]]
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
        said = f"and its interval runs from {low:.2f} to {high:.2f}"
        if np.isnan(low):
            said = "and no interval can be given"
        numbers = {"subjects": left, "median Dice": median, "low": low, "high": high}
        all_of_them, about = values.to_dict(), "Dice of each subject"
        return Scene(
            f"With {left} of {words.counted(len(values), 'subject')} the median of "
            f"Dice is {median:.2f}, {said}.",
            numbers=numbers | {"width": high - low},
            forms={"subjects": ".0f"},
            drawing=dots(all_of_them, kept, limits, median, (low, high), about),
        )

    controls = [
        Choice("way", "taken away", list(orders)),
        Slider("left", "subjects left", range(len(values), 0, -1)),
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
    dice = counts.on_blood(counts.dice, table)
    table = table.assign(
        where=[words.name_of(split) for split in table["split"]],
        blood=np.where(counts.has_blood(table), "blood", "no blood"),
        dice=dice,
        area=counts.false_area(table),
    )
    said = [
        f"{row.subject}, frame {row.frame} ({row.where}): {row.mode}; Dice "
        f"{number(row.dice)}, {row.area:.1f} % falsely marked."
        for row in table.itertuples()
    ]
    short = dice.map(number).replace("undefined", "no blood")
    table["label"] = table["subject"].astype(str) + ", " + short
    table = table.assign(words=said)
    filters = {"where": "domain"} | {one: one for one in ("subject", "mode", "blood")}
    orders = {"lowest Dice first": "dice", "highest Dice first": "-dice"}
    orders["most falsely marked first"] = "-area"
    return Browser("frames", table, picture, filters, orders, title)


def explorer(
    table: pd.DataFrame,
    picture: Callable[[pd.Series], Picture],
    measures: Sequence[str],
) -> Browser:
    """Frames with their labels, to be filtered by domain, subject and blood, and put in
    order by what was measured on them.

    table: a row per frame with `domain`, `subject`, `frame`, `blood` (percent) and the
    columns of measures (in 0..1).
    """
    said = [
        f"{row['subject']}, frame {row['frame']} ({row['domain']}): "
        f"{row['blood']:.1f} % blood"
        + "".join(f", {x} {row[x]:.2f}" for x in measures)
        + "."
        for _, row in table.iterrows()
    ]
    there = np.where(table["blood"] > 0, "blood", "no blood")
    table = table.assign(words=said, label=table["subject"], there=there)
    orders = {}
    for one in ("blood", *measures):
        orders |= {f"most {one} first": f"-{one}", f"least {one} first": one}
    filters = {"domain": "domain", "subject": "subject", "there": "blood"}
    title = "Look through the frames of both domains"
    return Browser("explorer", table, picture, filters, orders, title)


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
        on_blood, without = mean(dice, labelled), mean(dice, ~labelled)
        partial = mean(100.0 * (dice > 0), labelled)
        none = mean(100.0 * (table["tp"] == 0), labelled)
        alike = spearman(dice[missed], counts.coverage(table[missed]))
        modes = {"PARTIAL": partial, "FALSE_NEGATIVE": 100 - partial}
        modes["no pixel in common"] = none
        about = "Labelled frames, %: two by the rule, one by counting"
        return Scene(
            f"With an epsilon of {value:g}, {number(partial, '.0f')} % of the "
            "labelled frames are PARTIAL by the rule, and on "
            f"{number(none, '.0f')} % not one pixel is right; mean Dice is "
            f"{number(on_blood)} on labelled frames and {number(without)} on the "
            "others; without a pixel in common its rank correlation with area is "
            f"{number(alike)}.",
            numbers={
                "Dice, labelled frames": on_blood,
                "Dice, frames without": without,
                "correlation with area": alike,
                "PARTIAL, %": partial,
            },
            forms={"PARTIAL, %": ".0f"},
            drawing=bars(modes, (0, 100), form=".0f", about=about),
        )

    controls = [
        Choice("scored", "scored against", list(tables)),
        Slider("value", "epsilon", EPSILONS, 1e-7),
    ]
    return Interactive("epsilon", controls, draw, "Take an epsilon")


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
        x, y = table[property], table[outcome]
        own = float("nan")
        if x[chosen].nunique() > 1 and y[chosen].nunique() > 1:
            own = float(of(x[chosen], y[chosen]))
        named = found[property]
        said = ", ".join(f"{one} {number(v, '+.2f')}" for one, v in named.items())
        who = "no subject is picked out"
        if chosen.any():
            who = f"within {subject} it is {number(own, '+.2f')}"
        numbers = {**named, "this subject": own}
        about = f"{outcome}, by frame"
        some = (one.to_numpy() for one in (x.astype(float), y.astype(float), chosen))
        return Scene(
            f"Rank correlation of {property} with {outcome}: {said}; {who}.",
            numbers=numbers,
            forms=dict.fromkeys(numbers, "+.2f"),
            drawing=cloud(*some, (0, 1), about, property),
        )

    controls = [
        Choice("property", "property", list(properties)),
        Choice("subject", "pick out", ["nobody", *map(str, subjects)]),
    ]
    title = "Choose a property, and pick out a subject"
    return Interactive("correlations", controls, draw, title)


def compare(frames: Mapping[str, Mapping[str, Picture]]) -> Interactive:
    """The same frame as several methods mark it, the first of them the one to beat.

    frames: what a frame is called, to its picture by each method, the same ones for
    every frame.
    """

    def draw(frame: str) -> Scene:
        pictures, scores = [], {}
        for method, one in frames[frame].items():
            table = counts.count(one.found, one.blood, one.valid)
            scores[method] = counts.on_blood(counts.dice, table)[0]
            area = counts.false_area(table)[0]
            said = f"{method}: Dice {number(scores[method])}, false {area:.1f} %"
            pictures.append(replace(one, title=said))
        ranked = pd.Series(scores).dropna().sort_values(kind="stable")
        said = f"{frame}: there is no blood in it, so Dice says nothing."
        if len(ranked):
            said = (
                f"{frame}: '{ranked.index[-1]}' has the highest Dice with "
                f"{ranked.iloc[-1]:.2f}, '{ranked.index[0]}' the lowest with "
                f"{ranked.iloc[0]:.2f}; '{next(iter(scores))}' has "
                f"{number(next(iter(scores.values())))}."
            )
        return Scene(said, pictures)

    control, title = Slider("frame", "frame", list(frames)), "One frame, marked by each"
    return Interactive("side_by_side", [control], draw, f"{title}, side by side")


def border(
    framed: Callable[[int], Iterable[tuple[str, Picture, float, float]]],
) -> Interactive:
    """A black border of a width around a frame, as several networks mark it.

    framed: from a width in pixels to the name of a network, the bordered picture with
    its marks, Dice, and the share of the border that is marked, in percent.
    """

    def widened(picture: Picture, more: int) -> Picture:
        """The same with nothing around it, as large as it is with a wider border."""
        around = ((more, more), (more, more))
        return replace(
            picture,
            image=np.pad(picture.image, (*around, (0, 0)), constant_values=OUTSIDE),
            blood=np.pad(picture.blood, around),
            valid=np.pad(picture.valid, around, constant_values=True),
            found=np.pad(picture.found, around),
        )

    def draw(width: int) -> Scene:
        pictures, numbers, said = [], {}, []
        for one, picture, dice, on_border in framed(width):
            pictures.append(widened(picture, max(WIDTHS) - width))
            numbers[f"{one}: Dice"] = dice
            numbers[f"{one}: border marked, %"] = on_border if width else float("nan")
            there = f" and marks {on_border:.1f} % of the border" if width else ""
            said.append(f"'{one}' has a Dice of {number(dice)}{there}")
        around = f"With a border of {width} pixels" if width else "Without a border"
        forms = {one: ".1f" for one in numbers if one.endswith("%")}
        return Scene(f"{around}, {listed(said)}.", pictures, numbers, forms)

    control = Slider("width", "border, pixels", WIDTHS)
    return Interactive("border", [control], draw, "Set a black border around a frame")


def dial(model, where: causes.Drawing, cost: causes.Cost) -> Interactive:
    """The domain dial: a switch for each of the drawing's seven groups, turned from a
    pig's to a patient's. One sees a frame as the network does, its marks, Dice, false
    marks, and what the set costs on all held-out pigs.

    cost: of a set of groups (causes.cost_of_dials, on `where`).
    """
    groups, marked = phantom.GROUPS, _marked(model, where)
    untouched = causes.dice(model, where.source()).mean()
    lost = cache(lambda turned: float(cost(turned).mean()))
    shares = causes.shares(cost, groups).mean(axis=1).to_dict()
    sets = [frozenset(s) for n in range(len(groups)) for s in combinations(groups, n)]
    added = {g: [lost(s | {g}) - lost(s) for s in sets if g not in s] for g in groups}
    ends = [0.0, *shares.values(), *(one for many in added.values() for one in many)]
    limits = (min(ends), max(ends)) if max(ends) > min(ends) else (0.0, 1.0)

    def draw(**switches: bool) -> Scene:
        turned = frozenset(group for group in groups if switches[group])
        picture, dice, area = marked(turned)
        adds = {one: lost(turned | {one}) - lost(turned - {one}) for one in groups}
        names = listed([one for one in groups if one in turned]) or "nothing"
        after, paid = untouched - lost(turned), number(lost(turned), "+.3f")
        numbers = {
            "Dice, this frame": dice,
            "falsely marked, %": area,
            "Dice, all held-out pigs": after,
            "cost of this set": lost(turned),
        }
        about = "What each adds in this company"
        return Scene(
            f"With {names} turned, Dice of this frame is {number(dice)} (untouched "
            f"{number(marked(frozenset())[1])}) and {area:.1f} % of it is falsely "
            f"marked; over all held-out pigs Dice is {after:.3f}, a cost of {paid}.",
            [picture],
            numbers,
            dict(zip(numbers, (".2f", ".1f", ".3f", "+.3f"))),
            bars(adds, limits, shares, "+.3f", about, added),
        )

    return Interactive(
        "domain_dial",
        [Switch(one, one) for one in groups],
        draw,
        "Seven switches from a pig to a patient",
        "Each switch turns one group of the drawing's dials from a pig's to a "
        "patient's. Light, colour, lens and air leave every pool where it is; view, "
        "blood and anatomy fill the pools anew. Bar: the Dice that a group costs in "
        "the company of those turned now. Dots: what it costs in each of its 64 "
        "companies (coalitions). Tick: its share, their mean over all orders of "
        "turning. The frame is the first of the pig that loses the middle amount.",
    )


def _marked(model, where: causes.Drawing) -> Callable:
    """A frame under a set of groups, with what is marked, its Dice and false area: the
    first of the pig for which all groups together cost the middle amount."""
    where = replace(where, frames=1)

    @cache
    def drawn(turned: frozenset) -> tuple:
        frames = where.source(turned)
        found = training.predict(model, frames.images) >= 128
        table = counts.count(found, frames.blood, frames.valid)
        return frames, found, table.set_index(frames.subject)

    all_of_them, none = frozenset(phantom.GROUPS), frozenset()
    drop = counts.dice(drawn(none)[2]) - counts.dice(drawn(all_of_them)[2])
    # A frame on which Dice is undefined shows nothing.
    ranked = drop.dropna().sort_values(ascending=False).index
    pig = ranked[len(ranked) // 2] if len(ranked) else where.pigs[0]
    where = replace(where, pigs=(pig,))  # the others are not drawn

    def marked(turned: frozenset) -> tuple[Picture, float, float]:
        frames, found, table = drawn(turned)
        row = table.index.get_loc(pig)
        one = frames.blood[row], frames.valid[row], found[row]
        scores = counts.dice(table)[pig], counts.false_area(table)[pig]
        return Picture(frames.images[row], pig, *one), *scores

    return marked
