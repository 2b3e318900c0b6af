"""Lesson 05's figures of the published tables, drawn from the tidy tables of `curves`. Each returns a matplotlib figure.

Titles state a finding in words; numbers in titles come from the tables drawn.
"""

import numpy as np
import pandas as pd

from helpers.figures import style
from helpers.published.claims import NEAR
from helpers.statistics import Estimate

WITH, WITHOUT, OTHER, PLAIN, FAINT = "#D55E00", "#0072B2", "#56B4E9", style.COLOURS["plain"], style.COLOURS["faint"]


def organ(joined: pd.DataFrame):
    """Scored coverage against the coverage with blood and with gastrointestinal tract; a dot's area is its number of frames."""
    figure, axes = style.new(8.0, 4.0, columns=2, sharey=True)
    for axis, (name, colour) in zip(axes, (("blood", WITH), ("gastrointestinal tract", WITHOUT)), strict=True):
        part = joined[joined.name == name]
        axis.plot([0, 21], [0, 21], color=FAINT, lw=1, zorder=0)
        axis.scatter(part.class_area, part.scored, s=4 + 0.25 * part.frames, color=colour, alpha=0.6, lw=0)
        axis.set(xlabel=f"{name}, % of the frame", xlim=(-1, 22), ylim=(-1, 22))
    axes[0].set(ylabel="scored as blood, % of the frame", title="Blood: no relation")
    axes[1].set(title="Gastrointestinal tract: the same area")
    axes[0].annotate("equal", (14, 14.6), fontsize=8, color=PLAIN, ha="center", rotation=45, rotation_mode="anchor")
    figure.supxlabel(f"{int(part.frames.sum()):,} frames, counted in squares of 1 % x 1 %; larger dot, more frames", fontsize=8)
    return figure


def modes(table: pd.DataFrame):
    """The published failure modes, each divided by what the pixel counts and the blood class say."""
    kinds = [("FALSE_POSITIVE", False, False, "no blood, nothing to overlap", WITHOUT),
             ("FALSE_POSITIVE", False, True, "blood in the frame, labelled as none", WITH),
             ("PARTIAL", False, None, "no pixel in common with what was scored", "#E69F00"),
             ("PARTIAL", True, None, "some pixel in common", OTHER), ("CORRECT", False, None, "nothing marked", "#009E73")]
    rows, left = ["PARTIAL", "FALSE_POSITIVE", "CORRECT"], dict.fromkeys(("PARTIAL", "FALSE_POSITIVE", "CORRECT"), 0)
    figure, axis = style.new(8.0, 3.0)
    for mode, overlap, blood, label, colour in kinds:
        part = table[(table["mode"] == mode) & (table.overlap == overlap)]
        count = int((part if blood is None else part[part.blood == blood]).frames.sum())
        axis.barh(rows.index(mode), count, left=left[mode], color=colour, edgecolor="white", label=label)
        if count > 300:
            axis.annotate(f"{count:,}", (left[mode] + count / 2, rows.index(mode)), ha="center", va="center", fontsize=9,
                          color="white" if colour in (WITH, WITHOUT) else "black")
        left[mode] += count
    axis.annotate(f"{count:,}", (count, rows.index("CORRECT")), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    axis.set_yticks(range(3), rows)
    axis.set(ylim=(2.5, -0.5), xlabel="frames", title="Most PARTIAL frames have no pixel in common with what was scored")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure


def epsilon(curve: pd.DataFrame):
    """What epsilon does: the share that counts as PARTIAL, and the correlation of Dice with coverage, from 0 to 1."""
    figure, (above, below) = style.new(7.5, 5.2, rows=2, sharex=True)
    zero = 1e-14  # a place for epsilon = 0 on a logarithmic axis, set apart by the gap
    none, some = curve[curve.epsilon == 0], curve[curve.epsilon > 0]
    lines = (("spearman", "all frames labelled blood", PLAIN, "-", "o"),
             ("spearman_tp_free", "without a true-positive pixel", WITH, "--", "s"),
             ("spearman_overlap", "with one", WITHOUT, ":", "^"))
    above.plot(some.epsilon, some.partial, color=PLAIN, lw=2)
    above.plot([zero], none.partial, "o", color=PLAIN)
    above.set(ylabel="PARTIAL, % of the frames\nlabelled blood", ylim=(0, 108),
              title="Any epsilon at all makes every frame PARTIAL\nand turns the correlation round")
    for column, label, colour, dashes, marker in lines:
        below.plot(some.epsilon, some[column], color=colour, ls=dashes, lw=2, label=label)
        below.plot([zero], none[column], marker, color=colour)
    below.axhline(0, color=FAINT, lw=1)
    below.set(xscale="log", xlabel="epsilon in Dice", ylabel="Spearman, Dice\nwith scored coverage", ylim=(-1, 0.6))
    below.set_xticks([zero, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1],
                     ["0", *(f"$10^{{{power}}}$" for power in range(-12, 0, 2)), "1"])
    below.minorticks_off()
    for axis in (above, below):
        axis.axvline(1e-7, color=FAINT, ls="--", lw=1.2)
    below.annotate("as published", (1e-7, -0.97), fontsize=8, xytext=(4, 0), textcoords="offset points")
    below.legend(fontsize=8, loc="upper right", ncols=3)
    return figure


def coverage(table: pd.DataFrame):
    """Dice, on a logarithmic axis, against the scored coverage; a dot's area is its number of frames."""
    figure, axis = style.new(7.5, 4.4)
    for kind, label, colour in (("overlap", "a pixel in common", WITHOUT), ("no overlap", "no pixel in common", WITH)):
        part = table[table.kind == kind]
        axis.scatter(part.coverage, 10 ** part.dice, s=12 + 0.25 * part.frames, color=colour, alpha=0.65, lw=0,
                     label=f"{label}: {part.frames.sum():,} frames")
    area = np.linspace(0.3, 21, 200)
    axis.plot(area, 1e-7 / (area / 100 * 65536), color=PLAIN, lw=1.2, ls="--", label="epsilon / scored pixels")
    axis.set(yscale="log", xlabel="scored as blood, % of the frame", ylabel="Dice as published (logarithmic)", ylim=(1e-12, 1),
             title="Where nothing overlaps, Dice is epsilon over an area")
    axis.legend(fontsize=8, loc="center right")
    return figure


def split(distances: pd.DataFrame, pigs: pd.DataFrame):
    """How near a validation frame has a training frame of its pig, and how each pig's frames are divided."""
    figure, (left, right) = style.new(8.5, 3.8, columns=2)
    places = range(len(distances))
    near = distances.distance <= NEAR
    left.bar(places, distances.frames, color=[WITH if is_near else FAINT for is_near in near], width=0.75)
    for place, count in zip(places, distances.frames, strict=True):
        left.annotate(str(count), (place, count), ha="center", va="bottom", fontsize=9)
    left.set_xticks(places, distances.distance)
    left.set(xlabel="frame numbers to the nearest training frame\nof the same pig", ylabel="validation frames",
             title=f"{distances.frames[near].sum()} of {distances.frames.sum()} have a near twin")
    rows = range(len(pigs))
    right.barh(rows, pigs.train, color=WITHOUT, label="training")
    right.barh(rows, pigs.val, left=pigs.train, color=WITH, label="validation")
    right.set_yticks(rows, pigs.subject, fontsize=8)
    right.set(ylim=(len(pigs) - 0.5, -0.5), xlabel="labelled frames", title="Every pig stands on both sides")
    right.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.72))
    return figure


def patients(videos: pd.DataFrame):
    """Frames of each patient, and how many of them hold blood."""
    order = videos.sort_values("frames", kind="stable")
    figure, axis = style.new(7.5, 4.4)
    axis.barh(order.subject, order.frames - order.blood, left=order.blood, color=FAINT, label="frames without blood")
    axis.barh(order.subject, order.blood, color=WITH, label="frames with blood")
    axis.tick_params(axis="y", labelsize=8)
    axis.set(xlabel="frames", title=f"{order.frames.sum():,} frames are {len(order)} patients; "
             f"patients with blood: {(order.blood > 0).sum()}")
    axis.legend(fontsize=8, loc="lower right")
    return figure


def schedule(rates: pd.DataFrame, chosen: int):
    """The learning rate as it ran, beside the same cosine stretched over all epochs; `chosen` is the epoch that was kept."""
    figure, axis = style.new(7.5, 3.6)
    ran, mended = rates.as_run * 1e4, rates.mended * 1e4
    axis.plot(rates.epoch, ran, color=WITH, lw=2.2, label="as it ran")
    axis.plot(rates.epoch, mended, color=WITHOUT, lw=2.2, ls="--", label="falling over all epochs")
    at = ran[rates.epoch == chosen].iloc[0]
    axis.plot([chosen], [at], "o", color=WITH, ms=8)
    axis.annotate(f"epoch {chosen}, the one kept", (chosen, at), xytext=(chosen, 0.62), fontsize=9, ha="center",
                  arrowprops={"arrowstyle": "-", "color": PLAIN})
    axis.set(xlabel="epoch", ylabel="learning rate, in units of 0.0001", ylim=(-0.03, 1.05),
             title="The learning rate fell, and climbed back")
    axis.legend(fontsize=8)
    return figure


def areas(table: pd.DataFrame):
    """Predicted area of frames with blood and without, as shares of their kind over a logarithmic axis."""
    figure, axis = style.new(7.5, 4.0)
    lines = (("blood", "with blood (one patient)", WITH, "-"), ("same patient", "same patient, without blood", "#E69F00", "-."),
             ("other patients", "other patients, without blood", WITHOUT, "--"))
    lowest = np.log10(table.area[table.area > 0].min())
    edges = 10 ** np.arange(np.floor(5 * lowest) / 5, 2.001, 0.2)
    for group, label, colour, dashes in lines:
        part = table[table.group == group]
        share = [100 * part.frames[np.isclose(part.area, edge, rtol=0.01)].sum() / part.frames.sum() for edge in edges[:-1]]
        axis.stairs(share, edges, color=colour, ls=dashes, lw=2, label=f"{label}: {part.frames.sum():,} frames")
    nothing = table[table.area == 0]
    place = edges[0] / 3
    quiet = 100 * nothing.frames.sum() / table.frames[table.group != "blood"].sum()
    axis.bar([place], [quiet], width=place * 0.5, color=FAINT)
    axis.annotate("nothing\nmarked", (place, quiet), ha="center", va="bottom", fontsize=8)
    axis.axvline(1, color=FAINT, ls="--", lw=1.2, zorder=0)
    axis.annotate("1 %", (1, 0.97), xycoords=("data", "axes fraction"), fontsize=8, xytext=(-3, 0), textcoords="offset points",
                  ha="right")
    axis.set(xscale="log", xlabel="predicted area, % of the frame (logarithmic)", ylabel="% of the frames of its kind",
             title="Something is marked on nearly every frame, with blood or without")
    axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0.02, 1))
    return figure


def rocs(curves: pd.DataFrame, numbers: dict[str, Estimate]):
    """ROC curves of predicted area and of mean red for frames with blood: over all patients, and within the one."""
    figure, axes = style.new(8.0, 4.2, columns=2, sharey=True)
    patient = curves.scope[curves.scope != "all"].iloc[0]
    scopes = (("all", "Over all patients, red does nearly as well", "frames", "red"),
              (patient, "Within the one patient, it does not", "video01", "red_video01"))
    for axis, (scope, title, area, red) in zip(axes, scopes, strict=True):
        axis.plot([0, 1], [0, 1], color=FAINT, lw=1)
        for score, name, colour, dashes in (("area", area, WITH, "-"), ("red", red, WITHOUT, "--")):
            part = curves[(curves.scope == scope) & (curves.score == score)]
            label = "predicted area" if score == "area" else "mean red of the frame"
            axis.plot(part.false_positive_rate, part.true_positive_rate, color=colour, ls=dashes, lw=2.2,
                      label=f"{label}: {numbers[f'published.auroc_{name}']:.2f}")
        axis.set(xlabel="share of frames without blood ranked above", title=title)
        axis.legend(fontsize=8, loc="lower right", title="AUROC over frames", title_fontsize=8)
    axes[0].set(ylabel="share of frames with blood ranked above")
    return figure


def units(clips: pd.DataFrame, videos: pd.DataFrame):
    """Mean predicted area with blood and without: by clip of the one patient with blood, and by patient."""
    figure, axes = style.new(8.5, 2.9, columns=2, sharey=True)
    for axis, table, unit in zip(axes, (clips, videos), ("clip", "patient"), strict=True):
        for place, (part, colour) in enumerate(((table[table.blood > 0], WITH), (table[table.blood == 0], WITHOUT))):
            # Neighbours in area take turns above and below the line, so that none hides another.
            lifted = place + 0.12 * (-1.0) ** part.area.rank(method="first")
            axis.scatter(part.area, lifted, s=50, color=colour, alpha=0.75, edgecolor="white", zorder=3)
            plural = "" if len(part) == 1 else "s"
            axis.annotate(f"{len(part)} {unit}{plural}", (1, place - 0.3), xycoords=("axes fraction", "data"), fontsize=8, ha="right")
        axis.set(ylim=(1.5, -0.5), xlabel=f"mean predicted area of a {unit}, % of the frame")
    axes[0].set_yticks([0, 1], ["with blood", "without blood"])
    axes[0].set(xlim=(0, None), title="By clip of one patient, they overlap")
    axes[1].set(xscale="log", title="By patient, there is one against the rest")
    axes[1].set_xticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    axes[1].minorticks_off()
    return figure


def bounds(numbers: dict[str, Estimate]):
    """How much the frames of unknown area can move two figures: with any area, and with the areas that the digits allow."""
    def of(name: str) -> float:
        return numbers[f"published.{name}"].value

    figure, (left, right) = style.new(8.5, 2.9, columns=2)
    rows = ["known frames only", "any area in the others", "areas that fit the\npublished digits"]
    for axis, name, spans, label in (
            (left, "alarm_1pct", ("alarm_1pct_any", "alarm_1pct"), "frames without blood on which more\nthan 1 % is marked, %"),
            (right, "auroc_frames", ("auroc_frames_any", "auroc_frames"), "AUROC of predicted area, over frames")):
        axis.plot([of(name)], [0], "o", color=PLAIN, ms=8)
        for place, span in enumerate(spans, start=1):
            axis.plot([of(f"{span}_low"), of(f"{span}_high")], [place, place], lw=7, solid_capstyle="butt",
                      color=FAINT if place == 1 else WITH)
        axis.set_yticks(range(3), rows if axis is left else [""] * 3)
        axis.set(ylim=(2.6, -0.6), xlabel=label)
        axis.grid(axis="x", color="#E5E5E5")
    left.set(xlim=(40, 60), title="The unknown frames change little")
    right.set(xlim=(0.65, 0.9))
    return figure
