"""Charts of subjects, a dot each, because a mean hides who is behind it; and of what
methods keep from one domain to the other."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.figures.style import COLOURS
from helpers.statistics import Estimate
from helpers.words import counted, name_of, noun, number, quantity


def by_subject(
    values: Mapping[str, pd.DataFrame], column: str, x_title: str, **said
) -> Chart:
    """A dot per frame and a bar at each subject's mean, a row per subject.

    values: domain or split to a table with `subject` and `column`; x_title with its
    unit.
    """
    rows = [
        (domain, subject, part[column].dropna().to_numpy())
        for domain, table in values.items()
        for subject, part in table.groupby("subject", sort=False)
    ]
    figure, axis = style.new(7.5, 0.6 + 0.2 * len(rows))
    # Only spreads the dots up and down, so that they do not hide each other.
    random = np.random.default_rng(0)
    for place, (domain, _, numbers) in enumerate(rows):
        lifted = place + random.uniform(-0.25, 0.25, len(numbers))
        axis.scatter(numbers, lifted, s=5, alpha=0.35, color=COLOURS[domain], lw=0)
        style.mean_bar(axis, numbers, place, 0.4, color=COLOURS[domain], lw=2.2)
    style.rows(axis, [subject for _, subject, _ in rows], x_title, 8)
    for domain in values:
        axis.scatter([], [], color=COLOURS[domain], label=name_of(domain), s=20)
    axis.legend(loc="best")
    means = {
        domain: table.groupby("subject")[column].mean()
        for domain, table in values.items()
    }
    middle = {domain: series.mean() for domain, series in means.items()}
    listing = "; ".join(
        f"{name_of(domain)}: mean {number(middle[domain])}, subjects from "
        f"{number(series.min())} to {number(series.max())}"
        for domain, series in means.items()
    )
    first, last = list(middle)[0], list(middle)[-1]
    found = (
        words.change(middle[first], middle[last], (name_of(first), name_of(last)))
        if first != last
        else f"on {name_of(first)} is {number(middle[first])} on average"
    )
    found = f"{words.capital(quantity(x_title))} {found}"
    return made(
        figure,
        said,
        found,
        f"{words.capital(quantity(x_title))} of each frame, a row per "
        f"subject. {listing}.",
        "Each dot is a frame, each bar the mean of a subject. Compare the spread "
        "within a subject with the distance between subjects.",
    )


def subject_dots(
    means: Mapping[str, pd.Series],
    x_title: str,
    **said,
) -> Chart:
    """A dot per subject, a row per split, a bar at the mean over subjects.

    means: split to its subjects' means (see statistics.subject_means), in 0..1.
    """
    means = {split: series.dropna() for split, series in means.items()}
    figure, axis = style.new(7.5, 0.7 + 0.65 * len(means))
    for place, (split, numbers) in enumerate(means.items()):
        colour = style.colour_of(split, place)
        axis.scatter(
            numbers,
            place + _apart(numbers),
            color=colour,
            s=46,
            alpha=0.75,
            edgecolor="white",
            zorder=3,
        )
        style.mean_bar(axis, numbers, place, 0.28, color=colour)
    style.rows(
        axis,
        [f"{name_of(split)}\n({len(numbers)})" for split, numbers in means.items()],
        x_title,
    )
    axis.set_xlim(-0.02, 1.02)
    listing = "; ".join(
        f"{name_of(split)}: "
        + ", ".join(f"{name} {number(value)}" for name, value in numbers.items())
        for split, numbers in means.items()
    )
    return made(
        figure,
        said,
        _fall(means, quantity(x_title)),
        f"A dot per subject. {listing}.",
        "Each dot is one subject, the bar their mean. Count the dots before you read "
        "the mean.",
    )


def _apart(numbers: pd.Series) -> np.ndarray:
    """How far up and down dots move, so that those of one place can be counted."""
    near = (numbers / 0.02).round()
    order = near.groupby(near).cumcount()
    many = near.groupby(near).transform("size")
    step = np.minimum(0.11, 0.6 / many)
    return (step * (order - (many - 1) / 2)).to_numpy()


def _fall(means: Mapping[str, pd.Series], what: str) -> str:
    there = {split: numbers for split, numbers in means.items() if len(numbers)}
    if not there:
        return f"{words.capital(what)} is undefined in every split"
    first, last = list(there)[0], list(there)[-1]
    if first == last:
        return words.capital(
            f"{what} on {name_of(first)} is {there[first].mean():.2f}, "
            f"over {counted(len(there[first]), noun(first))}"
        )
    moved = words.change(
        there[first].mean(), there[last].mean(), (name_of(first), name_of(last))
    )
    return words.capital(f"{what} {moved}")


def single_patient(means: pd.Series, x_title: str, **said) -> Chart:
    """Every subject's mean and the mean over all: how far a single one can stray."""
    means, split = means.dropna().sort_values(), "ood_wished"
    one, what = words.noun(split), quantity(x_title)
    figure, axis = style.new(7.5, 0.9 + 0.23 * len(means))
    places = range(len(means))
    axis.hlines(places, means.mean(), means, color=COLOURS["faint"], lw=1.5)
    axis.scatter(means, places, color=style.colour_of(split), s=40, zorder=3)
    axis.axvline(means.mean(), color=COLOURS["plain"], lw=1.8)
    at = (means.mean(), len(means) - 0.4)
    style.noted(axis, f"mean over {one}s", at, (5, 0), fontsize=8, ha="left")
    axis.set_yticks(places, means.index, fontsize=8)
    axis.set(xlabel=x_title, xlim=(-0.02, 1.02), ylim=(-0.6, len(means) + 0.2))
    away = (means - means.mean()).abs().median()
    return made(
        figure,
        said,
        f"A study of one {one} could have reported a {what} from "
        f"{means.min():.2f} to {means.max():.2f}",
        f"{words.capital(counted(len(means), noun(split)))} on a line each, from "
        f"{means.idxmin()} with {means.min():.2f} to {means.idxmax()} with "
        f"{means.max():.2f}; their mean is {means.mean():.2f}.",
        f"The line is the mean over {one}s. Half of them lie farther from it than "
        f"{away:.2f}.",
    )


def estimates(
    found: Mapping[str, Estimate], x_title: str, mark: float = 0.0, **said
) -> Chart:
    """A row per named Estimate: its value, and its interval where it has one; mark: the
    value that the intervals are held against, where a line is drawn."""
    figure, axis = style.new(7.5, 0.8 + 0.36 * len(found))
    for place, one in enumerate(found.values()):
        colour = style.colour_of(one.split, 0)
        how = {"lw": 2.5, "alpha": 0.6, "solid_capstyle": "butt"}
        style.interval(axis, one, place, color=colour, **how)
        axis.scatter([one.value], [place], color=colour, s=44, zorder=3)
    axis.axvline(mark, color=COLOURS["faint"], lw=1)
    style.rows(axis, list(found), x_title)
    defined = {name: one.value for name, one in found.items() if one.value == one.value}
    top = max(defined, key=defined.get) if defined else None
    apart = sum(
        one.low is not None and (one.low > mark or one.high < mark)
        for one in found.values()
    )
    offered = sum(one.low is not None for one in found.values())
    held = "zero" if not mark else f"{mark:g}"
    return made(
        figure,
        said,
        (
            f"'{top}' is highest, at {defined[top]:.2f}; intervals that leave out "
            f"{held}: {apart} of {offered}"
            if top
            else "No value is defined"
        ),
        "; ".join(f"{name}: {one:.2f} ({one.interval})" for name, one in found.items())
        + ".",
        "Dots are estimates; a line is an interval, where one is honest.",
    )


def carried(
    pairs: Mapping[str, tuple[Estimate, Estimate]], x_title: str, **said
) -> Chart:
    """A row per method: its value on the source, on the target, and what lies between.

    pairs: method to its Estimate on either; both name their split. A thin bar is the
    interval where an estimate has one.
    """
    figure, axis = style.new(7.5, 0.9 + 0.42 * len(pairs))
    for place, both in enumerate(pairs.values()):
        axis.plot(
            [one.value for one in both], [place] * 2, color=COLOURS["faint"], lw=2
        )
        for shift, one in zip((-0.12, 0.12), both):
            colour = style.colour_of(one.split)
            style.interval(axis, one, place + shift, color=colour, alpha=0.45)
            axis.scatter([one.value], [place], color=colour, s=52, zorder=3)
    style.rows(axis, list(pairs), x_title)
    axis.set_xlim(-0.02, 1.02)
    first, last = (one.split for one in next(iter(pairs.values())))
    for split in (first, last):
        axis.scatter([], [], color=style.colour_of(split), label=name_of(split), s=40)
    figure.legend(loc="outside lower left", ncols=2)
    lost = {
        name: one.value - other.value
        for name, (one, other) in pairs.items()
        if one.value == one.value and other.value == other.value
    }
    return made(
        figure,
        said,
        _found(lost, name_of(first), name_of(last)),
        "; ".join(
            f"{name}: {number(one.value)} on {name_of(first)}, {number(other.value)} "
            f"on {name_of(last)}"
            for name, (one, other) in pairs.items()
        )
        + ".",
        f"The grey line is what {quantity(x_title)} loses on the way. A thin bar is an "
        "interval, where one is honest.",
    )


def _found(lost: Mapping[str, float], here: str, there: str) -> str:
    if not lost:
        return f"Nothing can be compared between {here} and {there}"
    ranked = sorted(lost, key=lost.get)
    if len(ranked) == 1:
        return words.capital(f"'{ranked[0]}' {_loses(lost[ranked[0]])} on {there}")
    least, most = ranked[0], ranked[-1]
    does = "gains most" if lost[least] < -0.005 else "loses least"
    return (
        f"From {here} to {there} '{least}' {does} ({number(abs(lost[least]))}), "
        f"'{most}' {_loses(lost[most])}"
    )


def _loses(value: float) -> str:
    return f"{'loses' if value > 0 else 'gains'} {number(abs(value))}"
