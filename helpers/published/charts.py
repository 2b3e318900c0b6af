"""Lesson 05's charts of the published tables, each from the aggregate that the
lesson makes."""

import pandas as pd

from helpers import words
from helpers.figures import chart
from helpers.figures.chart import BLUE, COLOURS, ORANGE, RED, SKY, Chart, made

FAINT = COLOURS["faint"]
SIZES = {"one pixel": ("o", BLUE), "0.1 %": ("s", ORANGE), "1 %": ("D", RED)}


def by_class(rows: pd.DataFrame, **said) -> Chart:
    """Mean difference between the scored area and each class's; columns class, mean,
    greatest (points of percent)."""
    rows = rows.sort_values("mean", ignore_index=True)
    nearest, blood = rows.iloc[0], rows[rows["class"] == "Blood"].iloc[0]
    figure, axis = chart.new(7.0, 0.8 + 0.24 * len(rows))
    colours = [
        BLUE if name == nearest["class"] else RED if name == "Blood" else FAINT
        for name in rows["class"]
    ]
    bars = axis.barh(range(len(rows)), rows["mean"], color=colours)
    axis.bar_label(bars, fmt="{:.2f}", padding=4, fontsize=8)
    chart.rows(
        axis,
        list(rows["class"]),
        "mean difference from the scored area, percentage points",
        8,
    )
    listing = "; ".join(
        f"{row['class']} {row['mean']:.2f}" for _, row in rows.iterrows()
    )
    return made(
        figure,
        said,
        f"The scored area is that of the class {nearest['class']}"
        if nearest["greatest"] < 1
        else f"No class has the scored area; {nearest['class']} comes nearest",
        f"A bar per class with its mean difference from the scored area in percentage "
        f"points: {listing}.",
        f"The scored area differs from {nearest['class']} by {nearest['greatest']:.2f} "
        f"points at most over all frames, "
        f"from Blood by up to {blood['greatest']:.0f}.",
    )


def modes(rows: pd.DataFrame, **said) -> Chart:
    """The published failure modes, divided; columns mode, common (bool), bleeds
    (bool), frames."""
    partial = rows["mode"] == "PARTIAL"
    kinds = {
        "a pixel in common": (SKY, partial & rows["common"]),
        "no pixel in common": (ORANGE, partial & ~rows["common"]),
        "no blood in the frame": (FAINT, ~partial & ~rows["bleeds"]),
        "blood in the frame": (RED, ~partial & rows["bleeds"]),
    }
    sums = rows.groupby("mode")["frames"].sum().sort_values(ascending=False)
    names, left, listing = list(sums.index), 0 * sums, []
    figure, axis = chart.new(7.5, 0.9 + 0.45 * len(names))
    for label, (colour, which) in kinds.items():
        counts = rows[which].groupby("mode")["frames"].sum().reindex(names).fillna(0)
        of = [name for name in names if (name == "PARTIAL") == label.endswith("common")]
        axis.barh(
            [names.index(name) for name in of],
            counts[of],
            left=left[of],
            color=colour,
            edgecolor="white",
            label=label,
        )
        left = left + counts
        listing += [
            (names.index(one), f"{one}, {label}: {counts[one]:,.0f}") for one in of
        ]
    listing = [text for _, text in sorted(listing, key=lambda one: one[0])]
    chart.rows(axis, names, "frames")
    figure.legend(loc="outside lower center", ncols=4)
    touched, free = (rows[kinds[one][1]]["frames"].sum() for one in list(kinds)[:2])
    return made(
        figure,
        said,
        f"Of {free + touched:,} PARTIAL frames, {free:,} have no pixel in common with "
        f"what was scored",
        f"A bar per published failure mode, divided. {'; '.join(listing)}.",
        "PARTIAL is divided by whether a single pixel is in common, the others by "
        "whether the frame holds blood.",
    )


def neighbours(rows: pd.DataFrame, near: int = 60, **said) -> Chart:
    """Validation frames by distance to the nearest training frame of their pig;
    columns distance, frames."""
    figure, axis = chart.new(7.0, 2.6)
    places, close = range(len(rows)), rows["distance"] <= near
    colours = [RED if one else FAINT for one in close]
    bars = axis.bar(places, rows["frames"], color=colours, width=0.75)
    axis.bar_label(bars, fontsize=9)
    axis.set_xticks(places, rows["distance"])
    axis.set(
        xlabel="frame numbers to the nearest training frame of the same pig",
        ylabel="validation frames",
    )
    listing = "; ".join(f"{row.frames} at {row.distance}" for row in rows.itertuples())
    return made(
        figure,
        said,
        f"{rows['frames'][close].sum()} of {rows['frames'].sum()} validation frames "
        f"have a training frame within {near} frame numbers",
        f"Validation frames by distance to the nearest training frame: {listing}.",
        "Thirty frame numbers are one second of video.",
    )


def alarms(rows: pd.DataFrame, **said) -> Chart:
    """Share of each patient's clean frames with an alarm, at three sizes; columns
    subject, bleeds, and SIZES in percent."""
    rows = rows.sort_values(list(SIZES)[-1], ignore_index=True)
    figure, axis = chart.new(7.5, 0.9 + 0.21 * len(rows))
    for size, (marker, colour) in SIZES.items():
        look = {"marker": marker, "color": colour, "s": 30, "alpha": 0.85}
        axis.scatter(rows[size], range(len(rows)), label=f"at least {size}", **look)
    names = rows["subject"] + rows["bleeds"].map({True: " (bleeds)", False: ""})
    chart.rows(axis, list(names), "clean frames with an alarm, % of the patient's", 8)
    figure.legend(loc="outside lower center", ncols=3)
    ends = {size: (rows[size].min(), rows[size].max()) for size in SIZES}
    listing = "; ".join(
        f"at {size} from {low:.0f} to {high:.0f} %"
        for size, (low, high) in ends.items()
    )
    widest = max(SIZES, key=lambda size: ends[size][1] - ends[size][0])
    return made(
        figure,
        said,
        f"Alarms by patient at {widest}: from {ends[widest][0]:.0f} to "
        f"{ends[widest][1]:.0f} % of the frames",
        f"Three dots per patient, {words.counted(len(rows), 'patient')}: {listing}.",
        "Read each colour by itself: how far apart are the patients once an alarm must "
        "have a size?",
    )
