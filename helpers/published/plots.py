"""Lesson 05's charts of the published tables, drawn from the tidy tables of `curves`.

Each returns a Chart; `said` gives its title, alt text or caption other words.
"""

import numpy as np
import pandas as pd

from helpers import words
from helpers.figures import style
from helpers.figures.chart import Chart, made
from helpers.published.claims import NEAR
from helpers.statistics import Estimate

WITH, WITHOUT, OTHER, PLAIN, FAINT = (
    "#D55E00",
    "#0072B2",
    "#56B4E9",
    style.COLOURS["plain"],
    style.COLOURS["faint"],
)


def organ(joined: pd.DataFrame, **said) -> Chart:
    """Scored coverage against the coverage with blood and with gastrointestinal tract;
    a dot's area is its number of frames."""
    figure, axes = style.new(8.0, 4.0, columns=2, sharey=True)
    for axis, (name, colour) in zip(
        axes, (("blood", WITH), ("gastrointestinal tract", WITHOUT)), strict=True
    ):
        part = joined[joined.name == name]
        axis.plot([0, 21], [0, 21], color=FAINT, lw=1, zorder=0)
        axis.scatter(
            part.class_area,
            part.scored,
            s=4 + 0.25 * part.frames,
            color=colour,
            alpha=0.6,
            lw=0,
        )
        axis.set(xlabel=f"{name}, % of the frame", xlim=(-1, 22), ylim=(-1, 22))
    axes[0].set(ylabel="scored as blood, % of the frame", title="against blood")
    axes[1].set(title="against gastrointestinal tract")
    axes[0].annotate(
        "equal",
        (14, 14.6),
        fontsize=8,
        color=PLAIN,
        ha="center",
        rotation=45,
        rotation_mode="anchor",
    )
    figure.supxlabel(
        f"{int(part.frames.sum()):,} frames, counted in squares of 1 % x 1 %; larger "
        "dot, more frames",
        fontsize=8,
    )
    off = {name: _apart(part) for name, part in joined.groupby("name")}
    nearest = min(off, key=off.get)
    return made(
        figure,
        said,
        f"The area scored as blood is the area of {nearest}",
        "Area scored as blood, in percent of the frame, against the area of two "
        "classes. Mean distance from equal "
        "areas: "
        + "; ".join(f"{name} {gap:.1f} points" for name, gap in off.items())
        + ".",
        "On the grey line both areas are equal. Look which of the two classes lies on "
        "it.",
    )


def _apart(part: pd.DataFrame) -> float:
    """Mean distance of a class's area from the scored one, over frames, in percent of
    the frame."""
    return float(np.average((part.scored - part.class_area).abs(), weights=part.frames))


def modes(table: pd.DataFrame, **said) -> Chart:
    """The published failure modes, each divided by what the pixel counts and the blood
    class say."""
    kinds = [
        ("FALSE_POSITIVE", False, False, "no blood, nothing to overlap", WITHOUT),
        ("FALSE_POSITIVE", False, True, "blood in the frame, labelled as none", WITH),
        ("PARTIAL", False, None, "no pixel in common with what was scored", "#E69F00"),
        ("PARTIAL", True, None, "some pixel in common", OTHER),
        ("CORRECT", False, None, "nothing marked", "#009E73"),
    ]
    rows, left = (
        ["PARTIAL", "FALSE_POSITIVE", "CORRECT"],
        dict.fromkeys(("PARTIAL", "FALSE_POSITIVE", "CORRECT"), 0),
    )
    drawn = {}
    figure, axis = style.new(8.0, 3.0)
    for mode, overlap, blood, label, colour in kinds:
        part = table[(table["mode"] == mode) & (table.overlap == overlap)]
        count = int((part if blood is None else part[part.blood == blood]).frames.sum())
        axis.barh(
            rows.index(mode),
            count,
            left=left[mode],
            color=colour,
            edgecolor="white",
            label=label,
        )
        if count > 300:
            axis.annotate(
                f"{count:,}",
                (left[mode] + count / 2, rows.index(mode)),
                ha="center",
                va="center",
                fontsize=9,
                color="white" if colour in (WITH, WITHOUT) else "black",
            )
        left[mode] += count
        drawn[label] = count
    axis.annotate(
        f"{count:,}",
        (count, rows.index("CORRECT")),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
    )
    axis.set_yticks(range(3), rows)
    axis.set(ylim=(2.5, -0.5), xlabel="frames")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    partial = table[table["mode"] == "PARTIAL"].groupby("overlap")["frames"].sum()
    free, total = int(partial.get(False, 0)), int(partial.sum())
    share = free / total if total else 0
    part = words.capital(words.largest(share)) if share > 0.5 else "Fewer than half"
    listing = "; ".join(f"{label}: {count:,}" for label, count in drawn.items())
    return made(
        figure,
        said,
        f"{part} of the PARTIAL frames have no pixel in common with what was scored "
        f"({free:,} of {total:,})",
        f"Bars of the published failure modes, divided. Frames by kind: {listing}.",
        "A mode's name says little: look what each bar is made of.",
    )


def epsilon(curve: pd.DataFrame, **said) -> Chart:
    """What epsilon does: the share that counts as PARTIAL, and the correlation of Dice
    with coverage, from 0 to 1."""
    figure, (above, below) = style.new(7.5, 5.2, rows=2, sharex=True)
    zero = 1e-14  # a place for epsilon = 0 on a logarithmic axis, set apart by the gap
    none, some = curve[curve.epsilon == 0], curve[curve.epsilon > 0]
    lines = (
        ("spearman", "all frames labelled blood", PLAIN, "-", "o"),
        ("spearman_tp_free", "without a true-positive pixel", WITH, "--", "s"),
        ("spearman_overlap", "with one", WITHOUT, ":", "^"),
    )
    above.plot(some.epsilon, some.partial, color=PLAIN, lw=2)
    above.plot([zero], none.partial, "o", color=PLAIN)
    above.set(ylabel="PARTIAL, % of the frames\nlabelled blood", ylim=(0, 108))
    for column, label, colour, dashes, marker in lines:
        below.plot(
            some.epsilon, some[column], color=colour, ls=dashes, lw=2, label=label
        )
        below.plot([zero], none[column], marker, color=colour)
    below.axhline(0, color=FAINT, lw=1)
    below.set(
        xscale="log",
        xlabel="epsilon in Dice",
        ylabel="Spearman, Dice\nwith scored coverage",
        ylim=(-1, 0.6),
    )
    below.set_xticks(
        [zero, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1],
        ["0", *(f"$10^{{{power}}}$" for power in range(-12, 0, 2)), "1"],
    )
    below.minorticks_off()
    for axis in (above, below):
        axis.axvline(1e-7, color=FAINT, ls="--", lw=1.2)
    below.annotate(
        "as published",
        (1e-7, -0.97),
        fontsize=8,
        xytext=(4, 0),
        textcoords="offset points",
    )
    below.legend(fontsize=8, loc="upper right", ncols=3)
    least, bare, rho, other = (
        some.partial.min(),
        none.partial.iloc[0],
        none.spearman.iloc[0],
        some.spearman,
    )
    every = "every frame" if least >= 100 else f"at least {least:.0f} % of the frames"
    turns = (
        "turns the correlation round"
        if (np.sign(other) != np.sign(rho)).all()
        else "leaves the correlation's sign"
    )
    return made(
        figure,
        said,
        f"The smallest epsilon already makes {every} PARTIAL, and {turns}",
        f"Above, the share of PARTIAL frames: {bare:.0f} % without epsilon, "
        f"{least:.0f} % at least with any. Below, the "
        f"correlation of Dice with coverage: {rho:.2f} without epsilon, "
        f"{other.min():.2f} to {other.max():.2f} with one.",
        "The points at the left are what the same frames say without any epsilon.",
    )


def coverage(table: pd.DataFrame, **said) -> Chart:
    """Dice, on a logarithmic axis, against the scored coverage; a dot's area is its
    number of frames."""
    figure, axis = style.new(7.5, 4.4)
    for kind, label, colour in (
        ("overlap", "a pixel in common", WITHOUT),
        ("no overlap", "no pixel in common", WITH),
    ):
        part = table[table.kind == kind]
        axis.scatter(
            part.coverage,
            10**part.dice,
            s=12 + 0.25 * part.frames,
            color=colour,
            alpha=0.65,
            lw=0,
            label=f"{label}: {part.frames.sum():,} frames",
        )
    area = np.linspace(0.3, 21, 200)
    axis.plot(
        area,
        1e-7 / (area / 100 * 65536),
        color=PLAIN,
        lw=1.2,
        ls="--",
        label="epsilon / scored pixels",
    )
    axis.set(
        yscale="log",
        xlabel="scored as blood, % of the frame",
        ylabel="Dice as published (logarithmic)",
        ylim=(1e-12, 1),
    )
    axis.legend(fontsize=8, loc="center right")
    free, common = (table[table.kind == kind] for kind in ("no overlap", "overlap"))
    return made(
        figure,
        said,
        f"Without a pixel in common, Dice is {10 ** free.dice.max():.0e} at most, and "
        "follows "
        "epsilon over the scored area",
        "Published Dice on a logarithmic axis against the scored area. "
        f"{common.frames.sum():,} frames with a common pixel "
        f"lie from {10 ** common.dice.min():.0e} to {10 ** common.dice.max():.1g}; "
        f"{free.frames.sum():,} without one from "
        f"{10 ** free.dice.min():.0e} to {10 ** free.dice.max():.0e}.",
        "The dashed curve is pure arithmetic: epsilon divided by the scored pixels.",
    )


def split(distances: pd.DataFrame, pigs: pd.DataFrame, **said) -> Chart:
    """How near a validation frame has a training frame of its pig, and how each pig's
    frames are divided."""
    figure, (left, right) = style.new(8.5, 3.8, columns=2)
    places = range(len(distances))
    near = distances.distance <= NEAR
    left.bar(
        places,
        distances.frames,
        color=[WITH if is_near else FAINT for is_near in near],
        width=0.75,
    )
    for place, count in zip(places, distances.frames, strict=True):
        left.annotate(str(count), (place, count), ha="center", va="bottom", fontsize=9)
    left.set_xticks(places, distances.distance)
    left.set(
        xlabel="frame numbers to the nearest training frame\nof the same pig",
        ylabel="validation frames",
        title="how near the next training frame is",
    )
    rows = range(len(pigs))
    right.barh(rows, pigs.train, color=WITHOUT, label="training")
    right.barh(rows, pigs.val, left=pigs.train, color=WITH, label="validation")
    right.set_yticks(rows, pigs.subject, fontsize=8)
    right.set(
        ylim=(len(pigs) - 0.5, -0.5),
        xlabel="labelled frames",
        title="each pig's frames, divided",
    )
    right.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.72))
    twins, total, both = (
        distances.frames[near].sum(),
        distances.frames.sum(),
        int(((pigs.train > 0) & (pigs.val > 0)).sum()),
    )
    return made(
        figure,
        said,
        f"{twins} of {total} validation frames have a near twin in training; {both} of "
        f"{len(pigs)} pigs "
        "stand on both sides",
        f"Left: {twins} of {total} validation frames have a training frame of the same "
        f"pig within {NEAR} frame numbers; none "
        f"is farther than {distances.distance.max()}. Right: {both} of {len(pigs)} "
        "pigs have frames in training and in "
        "validation.",
        "Where twins stand on both sides, validation measures memory.",
    )


def patients(videos: pd.DataFrame, **said) -> Chart:
    """Frames of each patient, and how many of them hold blood."""
    order = videos.sort_values("frames", kind="stable")
    figure, axis = style.new(7.5, 4.4)
    axis.barh(
        order.subject,
        order.frames - order.blood,
        left=order.blood,
        color=FAINT,
        label="frames without blood",
    )
    axis.barh(order.subject, order.blood, color=WITH, label="frames with blood")
    axis.tick_params(axis="y", labelsize=8)
    axis.set(xlabel="frames")
    axis.legend(fontsize=8, loc="lower right")
    bleeding = (order.blood > 0).sum()
    return made(
        figure,
        said,
        f"{order.frames.sum():,} frames are {len(order)} patients; patients with "
        f"blood: {bleeding}",
        f"A bar per patient with its frames, from {order.frames.min()} to "
        f"{order.frames.max():,}. Frames with blood, "
        f"{order.blood.sum()} of them, are those of "
        f"{words.counted(bleeding, 'patient')}.",
        "Count bars, not frames: the patient is what could have been another one.",
    )


def schedule(rates: pd.DataFrame, chosen: int, **said) -> Chart:
    """The learning rate as it ran, beside the same cosine stretched over all epochs;
    `chosen` is the epoch that was kept."""
    figure, axis = style.new(7.5, 3.6)
    ran, mended = rates.as_run * 1e4, rates.mended * 1e4
    axis.plot(rates.epoch, ran, color=WITH, lw=2.2, label="as it ran")
    axis.plot(
        rates.epoch,
        mended,
        color=WITHOUT,
        lw=2.2,
        ls="--",
        label="falling over all epochs",
    )
    at = ran[rates.epoch == chosen].iloc[0]
    axis.plot([chosen], [at], "o", color=WITH, ms=8)
    axis.annotate(
        f"epoch {chosen}, the one kept",
        (chosen, at),
        xytext=(chosen, 0.62),
        fontsize=9,
        ha="center",
        arrowprops={"arrowstyle": "-", "color": PLAIN},
    )
    axis.set(
        xlabel="epoch", ylabel="learning rate, in units of 0.0001", ylim=(-0.03, 1.05)
    )
    axis.legend(fontsize=8)
    ran = ran.dropna()
    foot, last = int(rates.epoch[ran.idxmin()]), ran.iloc[-1]
    found = (
        f"The learning rate fell until epoch {foot}, and climbed back to "
        f"{last / ran.iloc[0]:.0%} of its start"
        if last > ran.min()
        else "The learning rate fell to the end"
    ).replace("%", " %")
    return made(
        figure,
        said,
        found,
        f"Learning rate over {len(ran)} epochs: {ran.iloc[0]:.2f} at first, least in "
        f"epoch {foot}, "
        f"{last:.2f} at last, in units of 0.0001; the epoch that was kept, {chosen}, "
        f"ran at {at:.2f}.",
        "The dashed curve is the same cosine, stretched over all epochs.",
    )


def areas(table: pd.DataFrame, **said) -> Chart:
    """Predicted area of frames with blood and without, as shares of their kind over a
    logarithmic axis."""
    figure, axis = style.new(7.5, 4.0)
    lines = (
        ("blood", "with blood (one patient)", WITH, "-"),
        ("same patient", "same patient, without blood", "#E69F00", "-."),
        ("other patients", "other patients, without blood", WITHOUT, "--"),
    )
    lowest = np.log10(table.area[table.area > 0].min())
    edges = 10 ** np.arange(np.floor(5 * lowest) / 5, 2.001, 0.2)
    for group, label, colour, dashes in lines:
        part = table[table.group == group]
        share = [
            100
            * part.frames[np.isclose(part.area, edge, rtol=0.01)].sum()
            / part.frames.sum()
            for edge in edges[:-1]
        ]
        axis.stairs(
            share,
            edges,
            color=colour,
            ls=dashes,
            lw=2,
            label=f"{label}: {part.frames.sum():,} frames",
        )
    nothing = table[table.area == 0]
    place = edges[0] / 3
    quiet = 100 * nothing.frames.sum() / table.frames[table.group != "blood"].sum()
    axis.bar([place], [quiet], width=place * 0.5, color=FAINT)
    axis.annotate(
        "nothing\nmarked", (place, quiet), ha="center", va="bottom", fontsize=8
    )
    axis.axvline(1, color=FAINT, ls="--", lw=1.2, zorder=0)
    axis.annotate(
        "1 %",
        (1, 0.97),
        xycoords=("data", "axes fraction"),
        fontsize=8,
        xytext=(-3, 0),
        textcoords="offset points",
        ha="right",
    )
    axis.set(
        xscale="log",
        xlabel="predicted area, % of the frame (logarithmic)",
        ylabel="% of the frames of its kind",
    )
    axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0.02, 1))
    return made(
        figure,
        said,
        f"Something is marked on {100 - quiet:.0f} % of the frames without blood",
        "Shares of frames by predicted area: with blood, without in the same patient, "
        "and in other patients. Nothing is marked "
        f"on {quiet:.1f} % of the frames without blood. Medians: "
        + "; ".join(
            f"{label} {_median(table[table.group == group]):.2g} %"
            for group, label, _, _ in lines
        )
        + ".",
        "Look how far the curves overlap: so little does the marked area tell them "
        "apart.",
    )


def _median(part: pd.DataFrame) -> float:
    """Median predicted area over frames, from a table of areas and their numbers of
    frames."""
    part = part.sort_values("area")
    return float(
        part.area.iloc[
            int(np.searchsorted(part.frames.cumsum(), part.frames.sum() / 2))
        ]
    )


def rocs(curves: pd.DataFrame, numbers: dict[str, Estimate], **said) -> Chart:
    """ROC curves of predicted area and of mean red for frames with blood: over all
    patients, and within the one."""
    figure, axes = style.new(8.0, 4.2, columns=2, sharey=True)
    patient = curves.scope[curves.scope != "all"].iloc[0]
    scopes = (
        ("all", "over all patients", "frames", "red"),
        (patient, "within the one patient with blood", "video01", "red_video01"),
    )
    for axis, (scope, title, area, red) in zip(axes, scopes, strict=True):
        axis.plot([0, 1], [0, 1], color=FAINT, lw=1)
        for score, name, colour, dashes in (
            ("area", area, WITH, "-"),
            ("red", red, WITHOUT, "--"),
        ):
            part = curves[(curves.scope == scope) & (curves.score == score)]
            label = "predicted area" if score == "area" else "mean red of the frame"
            axis.plot(
                part.false_positive_rate,
                part.true_positive_rate,
                color=colour,
                ls=dashes,
                lw=2.2,
                label=f"{label}: {numbers[f'published.auroc_{name}']:.2f}",
            )
        axis.set(xlabel="share of frames without blood ranked above", title=title)
        axis.legend(
            fontsize=8, loc="lower right", title="AUROC over frames", title_fontsize=8
        )
    axes[0].set(ylabel="share of frames with blood ranked above")
    of = {
        name: numbers[f"published.auroc_{name}"].value
        for name in ("frames", "red", "video01", "red_video01")
    }
    leads = [
        f"{'leads' if of[area] > of[red] else 'trails'} the mean red by "
        f"{abs(of[area] - of[red]):.2f}"
        for area, red in (("frames", "red"), ("video01", "red_video01"))
    ]
    return made(
        figure,
        said,
        f"In AUROC, the predicted area {leads[0]} over all patients, and {leads[1]} "
        "within the one",
        "ROC curves over frames. Over all patients: predicted area "
        f"{of['frames']:.2f}, mean red {of['red']:.2f}. Within the one "
        f"patient: predicted area {of['video01']:.2f}, mean red "
        f"{of['red_video01']:.2f}.",
        "If one colour does nearly as well as a network, what is ranked may be "
        "patients rather than blood.",
    )


def units(clips: pd.DataFrame, videos: pd.DataFrame, **said) -> Chart:
    """Mean predicted area with blood and without: by clip of the one patient with
    blood, and by patient."""
    figure, axes = style.new(8.5, 2.9, columns=2, sharey=True)
    for axis, table, unit in zip(
        axes, (clips, videos), ("clip", "patient"), strict=True
    ):
        for place, (part, colour) in enumerate(
            ((table[table.blood > 0], WITH), (table[table.blood == 0], WITHOUT))
        ):
            # Neighbours in area take turns above and below the line, so that none hides
            # another.
            lifted = place + 0.12 * (-1.0) ** part.area.rank(method="first")
            axis.scatter(
                part.area,
                lifted,
                s=50,
                color=colour,
                alpha=0.75,
                edgecolor="white",
                zorder=3,
            )
            plural = "" if len(part) == 1 else "s"
            axis.annotate(
                f"{len(part)} {unit}{plural}",
                (1, place - 0.3),
                xycoords=("axes fraction", "data"),
                fontsize=8,
                ha="right",
            )
        axis.set(
            ylim=(1.5, -0.5), xlabel=f"mean predicted area of a {unit}, % of the frame"
        )
    axes[0].set_yticks([0, 1], ["with blood", "without blood"])
    axes[0].set(xlim=(0, None), title="by clip of the one patient with blood")
    axes[1].set(xscale="log", title="by patient")
    axes[1].set_xticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    axes[1].minorticks_off()
    spans = {blood: part.area for blood, part in clips.groupby(clips.blood > 0)}
    apart = (
        spans[True].min() > spans[False].max() or spans[True].max() < spans[False].min()
    )
    bleeding, order = int((videos.blood > 0).sum()), videos.area.rank(ascending=False)
    return made(
        figure,
        said,
        f"By clip the areas {'are apart' if apart else 'overlap'}; by patient there "
        f"{'is' if bleeding == 1 else 'are'} {bleeding} against "
        f"{len(videos) - bleeding}",
        f"Left: mean predicted area of {len(spans[True])} clips with blood, "
        f"{spans[True].min():.1f} to {spans[True].max():.1f} % of "
        f"the frame, and of {len(spans[False])} without, {spans[False].min():.1f} to "
        f"{spans[False].max():.1f} %. Right: by "
        "patient; with blood, rank "
        f"{words.listed([f'{rank:.0f}' for rank in order[videos.blood > 0]])} of "
        f"{len(videos)}.",
        "The unit decides how much there is to compare.",
    )


def bounds(numbers: dict[str, Estimate], **said) -> Chart:
    """How much the frames of unknown area can move two figures: with any area, and with
    the areas that the digits allow."""

    def of(name: str) -> float:
        return numbers[f"published.{name}"].value

    figure, (left, right) = style.new(8.5, 2.9, columns=2)
    rows = [
        "known frames only",
        "any area in the others",
        "areas that fit the\npublished digits",
    ]
    for axis, name, spans, label in (
        (
            left,
            "alarm_1pct",
            ("alarm_1pct_any", "alarm_1pct"),
            "frames without blood on which more\nthan 1 % is marked, %",
        ),
        (
            right,
            "auroc_frames",
            ("auroc_frames_any", "auroc_frames"),
            "AUROC of predicted area, over frames",
        ),
    ):
        axis.plot([of(name)], [0], "o", color=PLAIN, ms=8)
        for place, span in enumerate(spans, start=1):
            axis.plot(
                [of(f"{span}_low"), of(f"{span}_high")],
                [place, place],
                lw=7,
                solid_capstyle="butt",
                color=FAINT if place == 1 else WITH,
            )
        axis.set_yticks(range(3), rows if axis is left else [""] * 3)
        axis.set(ylim=(2.6, -0.6), xlabel=label)
        axis.grid(axis="x", color="#E5E5E5")
    left.set(xlim=(40, 60))
    right.set(xlim=(0.65, 0.9))
    ends = [
        of(f"{name}_{end}")
        for name in ("alarm_1pct_any", "alarm_1pct", "auroc_frames_any", "auroc_frames")
        for end in ("low", "high")
    ]
    return made(
        figure,
        said,
        f"The unknown frames move the alarms by {ends[3] - ends[2]:.1f} points at "
        "most, the AUROC by "
        f"{ends[7] - ends[6]:.3f}",
        "Two figures with their bounds. More than 1 % marked on frames without blood: "
        f"{ends[0]:.0f} to {ends[1]:.0f} % with any "
        f"area in the unknown frames, {ends[2]:.1f} to {ends[3]:.1f} % with areas that "
        f"fit the digits. AUROC: {ends[4]:.2f} to "
        f"{ends[5]:.2f}, and {ends[6]:.3f} to {ends[7]:.3f}.",
        "Grey allows any area, orange only those that the published digits allow.",
    )
