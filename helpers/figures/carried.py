"""What methods keep from one domain to the other: two dots a method and a line."""

from collections.abc import Mapping

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.figures.style import COLOURS
from helpers.statistics import Estimate
from helpers.words import name_of, number, quantity


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
            if one.low is not None:
                axis.plot(
                    [one.low, one.high], [place + shift] * 2, color=colour, alpha=0.45
                )
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
