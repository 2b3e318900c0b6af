"""Charts of dots: subjects, drawings, groups of causes and frames, one each, because a
mean hides who is behind it."""

from collections.abc import Mapping

import pandas as pd

from helpers.figures import chart
from helpers.figures.chart import PALETTE, Chart, colour_of, each, made
from helpers.statistics import Estimate
from helpers.words import capital, counted, number

ANSWERS = {"truth": ("#000000", "D"), "estimate": ("#0072B2", "o")}
ANSWERS["placebo"] = ("#E69F00", "X")
ESTIMANDS = {
    "pooled": ("#4D4D4D", "s"),
    "within subjects": ("#0072B2", "o"),
    "between subjects": ("#D55E00", "D"),
}
DUMMIES = {
    "one area": ("+", "a dummy of one area"),
    "its areas": ("x", "a dummy of the network's areas"),
}


def _of_estimates(found: Mapping[str, list[Estimate]]) -> pd.DataFrame:
    rows = [
        (name, one.split, one.value, one.low, one.high)
        for name, some in found.items()
        for one in some
    ]
    marks = pd.DataFrame(rows, columns=["row", "kind", "value", "low", "high"])
    return marks.astype({"low": float, "high": float})


def estimates(
    found: Mapping[str, Estimate], x_title: str, mark: float = 0.0, **said
) -> Chart:
    """A row per named Estimate: its value, and its interval where it has one; mark: the
    value that the intervals are held against, where a line is drawn."""
    marks = _of_estimates({name: [one] for name, one in found.items()})
    looks = {split: (colour_of(split), "o") for split in marks["kind"].unique()}
    figure, _ = chart.dots(marks, looks, x_title, each=0.36, legend=False, mark=mark)
    values = pd.Series({name: one.value for name, one in found.items()}).dropna()
    apart = ((marks["low"] > mark) | (marks["high"] < mark)).sum()
    title = "No value is defined"
    if len(values):
        title = (
            f"'{values.idxmax()}' is highest, at {values.max():.2f}; intervals that "
            f"leave out {f'{mark:g}' if mark else 'zero'}: {apart} of "
            f"{marks['low'].count()}"
        )
    listing = [f"{name}: {one:.2f} ({one.interval})" for name, one in found.items()]
    return made(
        figure,
        said,
        title,
        "; ".join(listing) + ".",
        "Dots are estimates; a line is an interval, where one is honest.",
    )


def _of_table(table: pd.DataFrame, kinds: Mapping | None = None) -> pd.DataFrame:
    """A dot per cell: its row's name, and the kind of its column, or of its row."""
    rows = [
        (str(name), column if kinds is None else kinds[name], value)
        for name, row in table.iterrows()
        for column, value in row.items()
    ]
    return pd.DataFrame(rows, columns=["row", "kind", "value"])


def truth_estimate_placebo(table: pd.DataFrame) -> Chart:
    """Three markers per group, in units of Dice: the truth, the estimate, the placebo.

    table: rows of groups, columns among truth, estimate and placebo, NaN where there is
    none. A row "all" (all groups together) is drawn, and left out of the comparison.
    """
    table = table.astype(float)
    marks = _of_table(table.rename(index=lambda name: str(name).replace("_", " ")))
    looks = {answer: look for answer, look in ANSWERS.items() if answer in table}
    both = ["truth", "estimate"]
    figure, _ = chart.dots(marks, looks, "cost in Dice", apart=0.12, join=both, mark=0)
    return Chart(
        figure,
        verdict(table.drop(index="all", errors="ignore")),
        f"Per group, {each(table)}.",
        "A long grey line is a wrong estimate. A placebo away from zero says that "
        "the method finds a cause where there is none.",
    )


def verdict(table: pd.DataFrame) -> str:
    """What a table of truths and estimates by cause says, as a title."""
    parts = []
    both = table.reindex(columns=["truth", "estimate"]).dropna()
    if len(both):
        true, found = both["truth"].idxmax(), both["estimate"].idxmax()
        off = (both["truth"] - both["estimate"]).abs().mean()
        if round(both["truth"][true], 2) <= 0:
            first = "no group costs anything in truth"
        elif round(both["estimate"][found], 2) <= 0:
            first = (
                f"the greatest cause, {true}, is not found: no estimate is above zero"
            )
        elif true == found:
            first = f"the greatest cause, {true}, is found"
        else:
            first = f"the greatest cause is {true}, and images point at {found}"
        parts += [first, f"estimates are off by {off:.2f} on average"]
    placebo = table.get("placebo", pd.Series(dtype=float)).dropna()
    if len(placebo):
        worst = placebo.abs().idxmax()
        size = number(placebo[worst], "+.2f")
        parts.append(f"the largest placebo is {size} ({worst})")
    return capital("; ".join(parts)) or "Nothing is known of any group"


def by_drawing(answers: Mapping[str, pd.DataFrame], x_title: str, **said) -> Chart:
    """A dot per drawing for each of several answers, a row per group, no interval.

    answers: name to a table with a row per group and a column per drawing, NaN where
    there is none. A row "total" is drawn and takes no part in the title.
    """
    marks = [
        _of_table(table, dict.fromkeys(table.index, name))
        for name, table in answers.items()
    ]
    looks = dict(zip(answers, zip(PALETTE, chart.MARKERS)))
    apart = 0.48 / max(len(answers) - 1, 1)
    figure, _ = chart.dots(pd.concat(marks), looks, x_title, apart=apart, mark=0)
    found = []
    for name, table in answers.items():
        means = table.drop(index="total", errors="ignore").mean(axis=1).dropna()
        if len(means):
            found.append(f"{name}: {means.idxmax()} {means.max():+.2f}")
    listing = "; ".join(
        f"{name}, {group}: " + ", ".join(number(value, "+.3f") for value in row)
        for name, table in answers.items()
        for group, row in table.astype(float).iterrows()
    )
    drawings = counted(len(next(iter(answers.values())).columns), "drawing")
    return made(
        figure,
        said,
        "Greatest on average: " + "; ".join(found) if found else "Nothing is known",
        f"A marker per drawing. {listing}.",
        f"Each marker is one of {drawings}: too few for an interval.",
    )


def correlations(
    table: pd.DataFrame,
    dummies: Mapping[str, pd.DataFrame] | None = None,
    outcome: str = "Dice",
) -> Chart:
    """Rank correlations by property: a marker for each estimand, filled where it
    survives Holm's correction, and a plus and a cross for two dummy predictors'.

    table: columns property, estimand ("pooled", "within subjects", "between subjects"),
    value, significant (bool), corrected over the properties of an estimand; dummies:
    property, estimand and value by the keys of DUMMIES.
    """
    names, dummies = list(dict.fromkeys(table["property"])), dummies or {}
    there = [one for one in ESTIMANDS if (table["estimand"] == one).any()]
    called = {"property": "row", "estimand": "kind", "significant": "filled"}
    marks, looks = table.rename(columns=called), {one: ESTIMANDS[one] for one in there}
    x_title = f"Spearman's rank correlation with {outcome} (-1 to 1)"
    high = 0.55 if dummies else 0.45
    figure, axis = chart.dots(
        marks, looks, x_title, each=high, apart=0.2, legend=False, mark=0
    )
    for kind, dummy in dummies.items():
        marker, label = DUMMIES[kind]
        of = dummy[dummy["property"].isin(names) & dummy["estimand"].isin(there)]
        middle = (len(there) - 1) / 2
        y = of["property"].map(names.index)
        y += 0.2 * (of["estimand"].map(there.index) - middle)
        colours = [ESTIMANDS[one][0] for one in of["estimand"]]
        axis.scatter(of["value"], y, marker=marker, s=44, c=colours, lw=1.4, zorder=4)
        axis.scatter([], [], marker=marker, color="#000000", s=44, label=label)
    axis.set_xlim(-1.05, 1.05)
    figure.legend(loc="outside lower left", ncols=3)
    by = table.set_index("estimand").groupby("property", sort=False)["value"]
    listing = each(dict(list(by)))
    for kind, dummy in dummies.items():
        listing += f". {capital(DUMMIES[kind][1])}: " + "; ".join(
            f"{row.property} {row.estimand} {number(row.value)}"
            for row in dummy.itertuples()
        )
    look = "Filled markers survive the correction for the looks of their colour."
    if dummies:
        look += (
            " A plus marks one area on every frame: its correlation is arithmetic. A "
            "cross marks the network's areas, which may hold some of its success."
        )
    title = _survivors(table, there, dummies.get("one area"), outcome)
    alt = f"Rank correlations with {outcome} by property. {listing}."
    return Chart(figure, title, alt, look)


def _survivors(table, there: list[str], dummy, outcome: str) -> str:
    known = table.dropna(subset="value")
    # Pooled over frames there is no test.
    tested = known[known["estimand"] != "pooled"] if len(there) > 1 else known
    kept = int(tested["significant"].sum())
    main = "within subjects" if "within subjects" in there else there[0]
    found = f"{kept} of {counted(len(tested), 'correlation')} "
    found += f"{'survives' if kept == 1 else 'survive'} Holm's correction"
    found += ", made for each way apart" if len(there) > 2 else ""
    one = known[known["estimand"] == main].set_index("property")["value"]
    if len(one):
        top = one.abs().idxmax()
        where = "over all frames" if main == "pooled" else main
        found += f"; {top} goes with {outcome} most {where} ({one[top]:+.2f}"
        if dummy is not None:
            of = dummy[dummy["estimand"] == main].set_index("property")["value"]
            if top in of:
                found += f"; with that of a dummy of one area {number(of[top], '+.2f')}"
        found += ")"
    return found
