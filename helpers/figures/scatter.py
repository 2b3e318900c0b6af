"""Points and rank correlations: the scatter plot, to hover over in Jupyter, and
correlations by property."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from helpers import correlation
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.words import capital, counted, number, quantity

# Shapes of points in matplotlib's words and in plotly's.
SHAPES = {
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "P": "cross",
    "^": "triangle-up",
    "X": "x",
    "*": "star",
    "p": "pentagon",
    "h": "hexagram",
}
ESTIMANDS = {
    "pooled": ("s", "#4D4D4D"),
    "within subjects": ("o", "#0072B2"),
    "between subjects": ("D", "#D55E00"),
}
DUMMIES = {
    "one area": ("+", "a dummy of one area"),
    "its areas": ("x", "a dummy of the network's areas"),
}
WEAK = 0.1  # a rank correlation that is hardly one


def hover_scatter(
    table: pd.DataFrame,
    x: str,
    y: str,
    x_title: str,
    y_title: str,
    **said,
) -> Chart:
    """A point per frame, a colour and a shape per subject; in Jupyter hovering tells
    the subject, the clip and the frame.

    table: one row per frame with the columns x, y, subject, clip and frame.
    """
    named = list(table.groupby("subject", sort=True))
    figure, axis = style.new(8.0, 3.8)
    for place, (name, rows) in enumerate(named):
        axis.scatter(
            rows[x],
            rows[y],
            s=24,
            marker=list(SHAPES)[place % 9],
            color=style.PALETTE[place % 8],
            alpha=0.75,
            lw=0,
            label=str(name),
        )
    axis.set(xlabel=x_title, ylabel=y_title)
    figure.legend(loc="outside right upper", title="subject")
    rho = correlation.spearman(table[x], table[y])
    up, down = capital(quantity(y_title)), quantity(x_title)
    if not abs(rho) >= WEAK:
        found = f"{up} hardly goes with {down}"
    else:
        found = f"{up} is {'higher' if rho > 0 else 'lower'} where {down} is higher"
    n = table["subject"].nunique()
    means = table.groupby("subject")[[x, y]].mean()
    return made(
        figure,
        said,
        f"{found} (rank correlation {number(rho)} over all frames)",
        f"Scatter of {counted(len(table), 'frame')} of {counted(n, 'subject')}: "
        f"rank correlation {number(rho)}. Subjects' means run from "
        f"{number(means[x].min())} to {number(means[x].max())} in {down} and from "
        f"{number(means[y].min())} to {number(means[y].max())} in "
        f"{quantity(y_title)}.",
        "One point per frame, one colour and shape per subject. Look whether it is "
        "one cloud or several.",
        live=_to_hover_over(named, x, y, x_title, y_title),
    )


def _to_hover_over(named: list, x: str, y: str, x_title: str, y_title: str):
    figure = go.Figure()
    hover = (
        f"%{{customdata[0]}}, frame %{{customdata[1]}}<br>{quantity(x_title)} "
        f"%{{x:.3f}}<br>{quantity(y_title)} %{{y:.3f}}"
    )
    for place, (name, rows) in enumerate(named):
        marker = {
            "color": style.PALETTE[place % 8],
            "symbol": list(SHAPES.values())[place % 9],
            "size": 7,
            "opacity": 0.75,
        }
        figure.add_scatter(
            x=rows[x].tolist(),
            y=rows[y].tolist(),
            mode="markers",
            name=str(name),
            marker=marker,
            customdata=rows[["clip", "frame"]].astype(str).to_numpy().tolist(),
            hovertemplate=f"{hover}<extra>{name}</extra>",
        )
    return figure.update_layout(
        title={"font": {"size": 15}},
        xaxis_title=x_title,
        yaxis_title=y_title,
        template="plotly_white",
        height=440,
        margin={"l": 60, "r": 20, "t": 80, "b": 50},
        font={"color": "#333333"},
        legend={"title": {"text": "subject"}},
    )


def correlations(
    table: pd.DataFrame,
    dummies: Mapping[str, pd.DataFrame] | None = None,
    outcome: str = "Dice",
    **said,
) -> Chart:
    """Rank correlations by property: a marker for each estimand, filled where it
    survives Holm's correction, and a plus and a cross for two dummy predictors'.

    table: columns property, estimand ("pooled", "within subjects", "between subjects"),
    value, significant (bool), corrected over the properties of an estimand; dummies:
    property, estimand and value by the keys of DUMMIES.
    """
    names = list(dict.fromkeys(table["property"]))
    there = [one for one in ESTIMANDS if (table["estimand"] == one).any()]
    figure, axis = style.new(7.5, 1.1 + (0.55 if dummies else 0.45) * len(names))
    places = dict(zip(there, [0] if len(there) == 1 else [-0.2, 0, 0.2][: len(there)]))
    for estimand in there:
        marker, colour = ESTIMANDS[estimand]
        for row in table[table["estimand"] == estimand].itertuples():
            axis.scatter(
                [row.value],
                [names.index(row.property) + places[estimand]],
                marker=marker,
                s=46,
                edgecolor=colour,
                lw=1.6,
                zorder=3,
                facecolor=colour if row.significant else "white",
            )
        axis.scatter(
            [],
            [],
            marker=marker,
            edgecolor=colour,
            facecolor="white",
            s=46,
            label=estimand,
        )
    dummies = dummies or {}
    for kind, dummy in dummies.items():
        marker, label = DUMMIES[kind]
        of = dummy[dummy["property"].isin(names) & dummy["estimand"].isin(there)]
        axis.scatter(
            of["value"],
            [
                names.index(row.property) + places[row.estimand]
                for row in of.itertuples()
            ],
            marker=marker,
            s=44,
            color=[ESTIMANDS[one][1] for one in of["estimand"]],
            lw=1.4,
            zorder=4,
        )
        axis.scatter([], [], marker=marker, color="#000000", s=44, label=label)
    style.zero(axis)
    style.rows(axis, names, f"Spearman's rank correlation with {outcome} (-1 to 1)")
    axis.set_xlim(-1.05, 1.05)
    figure.legend(loc="outside lower left", ncols=3)
    known = table.dropna(subset="value")
    # Pooled over frames there is no test.
    tested = known[known["estimand"] != "pooled"] if len(there) > 1 else known
    kept = int(tested["significant"].sum())
    main = "within subjects" if "within subjects" in there else there[0]
    one = known[known["estimand"] == main].set_index("property")["value"]
    found = f"{kept} of {counted(len(tested), 'correlation')} "
    found += f"{'survives' if kept == 1 else 'survive'} Holm's correction"
    found += ", made for each way apart" if len(there) > 2 else ""
    if len(one):
        top = one.abs().idxmax()
        found += f"; {top} goes with {outcome} most {_where(main)} ({one[top]:+.2f}"
        if (dummy := dummies.get("one area")) is not None:
            of = dummy[dummy["estimand"] == main].set_index("property")["value"]
            if top in of:
                found += f"; with that of a dummy of one area {number(of[top], '+.2f')}"
        found += ")"
    listing = "; ".join(
        f"{name}: "
        + ", ".join(f"{row.estimand} {number(row.value)}" for row in part.itertuples())
        for name, part in table.groupby("property", sort=False)
    )
    for kind, dummy in dummies.items():
        listing += f". {capital(DUMMIES[kind][1])}: " + "; ".join(
            f"{row.property} {row.estimand} {number(row.value)}"
            for row in dummy.itertuples()
        )
    return made(
        figure,
        said,
        found,
        f"Rank correlations with {outcome} by property. {listing}.",
        "Filled markers survive the correction for the looks of their colour."
        + (
            " A plus marks one area on every frame: its correlation is arithmetic. A "
            "cross marks the network's areas, which may hold some of its success."
            if dummies
            else ""
        ),
    )


def _where(estimand: str) -> str:
    return "over all frames" if estimand == "pooled" else estimand
