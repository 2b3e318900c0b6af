# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · Evaluate out of domain
#
# [Open in Colab]($COLAB/03_evaluate_out_of_domain.ipynb) · [before](02_train_a_unet.ipynb) · [next](04_correlate_failures.ipynb)
#
# **You will be able to** look where a network errs before you average, measure it on
# subjects that had no say in anything, put an interval on what can carry one, and say
# which part of a loss is due to what. **You need** lesson 02. **It takes** about 50
# minutes.

# %% tags=["setup"]
# At home this does nothing. On Colab it fetches the course and what is missing.
import os
import subprocess
import sys

if "google.colab" in sys.modules:
    if not os.path.isdir("/content/course"):
        clone = ["git", "clone", "--quiet", "--depth", "1"]
        clone += ["$REPOSITORY", "/content/course"]
        subprocess.run(clone, check=True)
    os.chdir("/content/course/notebooks")
    sys.path.insert(0, "/content/course")
    from helpers import environment

    environment.install_missing()

# %% tags=["parameters"]
profile = "quick"  # smoke, quick or full
seed = 0
data = {}  # where data is, such as {"source": "/my/a"}; see data/README.md

# %%
from functools import partial

import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation
from scipy.stats import binom

from helpers import counts, figures, play, runs, shift, statistics
from helpers.cells import check, quiz
from helpers.frames import CLASSES
from helpers.lesson import begin
from helpers.words import counted, listed, name_of, number

lesson = begin(profile, seed, data)
run = lesson.model()
splits = lesson.domains.present("id_test", "ood_test", "ood_wished")

# %% [markdown]
# ## Where, before how much
#
# The network of lesson 02 meets subjects that had no say in anything: unseen ones of
# the source (`id_test`), unseen ones of the target (`ood_test`), and on the phantom the
# benchmark that one would wish for (`ood_wished`): the same patients, drawn again with
# blood in every one, so that the two benchmarks are no two groups of patients, and share
# some frames. The network marks a pixel where it takes blood to be more likely than not.
# First the frame with the most blood of either kind of surgery, with its marks.


# %%
def most_blood(split):
    packed = lesson.frames(split)
    row = int(np.argmax(packed.blood.sum(axis=(1, 2))))
    return lesson.overlay(split, row, runs.probabilities(run, packed)[row] >= 128)


either = [splits[0], splits[-1]]
figures.strip(
    [most_blood(split) for split in either],
    [name_of(split) for split in either],
    columns=2,
    legend=figures.OVERLAY,
    title="The same network on two kinds of surgery",
    caption="What the network marks on the frame with the most blood. Blue: rightly. "
    "Yellow: falsely. White: blood that it missed.",
).front("surgeries")

# %% [markdown]
# Two frames show what may happen, and not how often. An average tells how much went wrong. It does not tell where, and where is often the
# cause. So before any score we make a map: for each place in the frame, the share of
# frames in which it was marked although there is no blood. **Where would you expect
# false marks: along the blood's edge, on some organ, or anywhere?**


# %%
def false_marks(split, run):
    packed = lesson.frames(split)
    found = runs.probabilities(run, packed) >= 128
    return found & ~packed.blood & packed.valid


def map_of(split, run):
    clean = lesson.frames(split).valid & ~lesson.frames(split).blood
    share = 100 * false_marks(split, run).sum(axis=0) / np.maximum(clean.sum(axis=0), 1)
    return np.where(clean.any(axis=0), share, np.nan)


figures.error_map({split: map_of(split, run) for split in splits})

# %% [markdown]
# The map shows false marks only; what was missed comes further down, in *What is lost
# to what?*. Look at the shape before the colour: false marks in the middle of the view
# mean something else than false marks around it. All maps share one scale, so an empty map
# beside a bright one is a finding, too.
#
# Now we count them by region. The *view* is what the camera shows; the *surround* is
# the black around a round view, which reaches the frame's edge and holds no blood.


# %%
def by_region(split, run):
    marks, view = false_marks(split, run), lesson.frames(split).view
    return {"view": (marks & view).sum(), "surround": (marks & ~view).sum()}


where = figures.false_by_region({split: by_region(split, run) for split in splits})
where

# %% [markdown]
# {where.title}. An overlap score would have added both kinds up, as if they were one.
#
# ## How the surround fooled us
#
# In this course's first version the picture was another one, and nobody had looked. The
# network's loss had never seen black (lesson 02), so it marked the surround as it
# pleased; we averaged that into a Dice, wrote about it, divided it among causes and
# ranked remedies by it. Every gallery showed it, in yellow, on every page. We train
# that network again, all else equal.

# %%
old = runs.fill_left_out(lesson.course, lesson.domains)
figures.error_map({split: map_of(split, old) for split in splits})

# %%
figures.false_by_region({split: by_region(split, old) for split in splits})

# %% [markdown]
# The source has no surround, so no score on the source could have told the two networks
# apart by what they say of it. **What did our first averages say, and what had
# they measured?** We put the two networks' scores side by side, on the whole frame and
# inside the view.

# %%
main = splits[-1]
tables = {
    "fill left out": lesson.evaluate(old, main),
    "fill is no blood": lesson.evaluate(run, main),
}
ALARM_AREA = 0.1  # percent of the frame that is marked
rows = []
for name, table in tables.items():
    for region in ("frame", "view"):
        part = counts.within(table, region)
        dice = counts.on_blood(counts.dice, part)
        dice = statistics.subject_means(dice, part["subject"])
        alarm = counts.false_alarm(part, ALARM_AREA)
        alarm = statistics.subject_means(alarm, part["subject"])
        rows.append({"taught": name, "measured on": region, "Dice": dice.mean()})
        rows[-1] |= {"subjects": len(dice), "alarms": alarm.mean(), "": len(alarm)}
named = {"alarms": "clean frames with an alarm", "": "subjects of these"}
figures.table(pd.DataFrame(rows).rename(columns=named), "Means over subjects")

# %%
first_frame, first_view, our_frame, our_view = (row["Dice"] for row in rows)
first_gap, our_gap = first_view - first_frame, our_view - our_frame
first_alarm, first_alarm_view = (row["alarms"] for row in rows[:2])

# %%
packed = lesson.frames(main)
row = int(np.argmax(packed.blood.sum(axis=(1, 2))))
pictures = [
    lesson.overlay(main, row, runs.probabilities(one, packed)[row] >= 128)
    for one in (old, run)
]
figures.strip(
    pictures,
    list(tables),
    columns=2,
    legend=figures.OVERLAY,
    title="One frame, marked by the first network and by ours",
)

# %% [markdown]
# Read the first network's two rows: {first_frame:.2f} of Dice on the whole frame,
# {first_view:.2f} inside the view. The difference of {first_gap:.2f} is what its marks
# in the surround cost it; for our network that difference is {our_gap:.2f}. Its
# alarm rate, an alarm being {ALARM_AREA} percent of the frame or more that is marked on
# a frame without blood, is {first_alarm:.2f} over whole frames and
# {first_alarm_view:.2f} inside the view, and a clinician wants to know the second. A
# picture shows it at a glance, and one look at a map would have spared us three lessons.
#
# Two things follow for what you read from here on. These patients have taught us that
# something was wrong, so they are not quite unseen any more; how to mend it was
# decided on validation subjects of the source, and confirmed on drawings that nobody
# had opened (`benchmarks/black.py`). And we now look where the errors are, always,
# before we average them.
#
# ## Along the edge, or on an organ?
#
# **Where did you expect false marks?** Blood's edge comes first. A mark right beside
# blood that was found is another fault than a mark on an organ far from any. So we draw
# a ring around the blood of each label and count what of the false marks lies in it.
# Beside it stands what marks strewn over the frame without any aim would give: the share
# of all pixels without blood that lie in the ring.

# %%
RING = 2  # pixels


def ring(masks, packed):
    square = np.ones((1, 3, 3), bool)  # in a frame, not from one to the next
    wider = binary_dilation(masks, square, iterations=RING)
    return wider & ~packed.blood & packed.valid


marks, edge = false_marks(main, run), ring(packed.blood, packed)
bloodless = packed.valid & ~packed.blood
empty = ~packed.blood.any(axis=(1, 2))
n_marks, n_empty, on_empty = marks.sum(), empty.sum(), marks[empty].sum()
beside = 100 * (edge & marks).sum() / n_marks if n_marks else np.nan
by_chance = 100 * edge.sum() / bloodless.sum()

# %%
verdict = "nothing is falsely marked, so there is nothing to place"
if beside > max(50, by_chance):
    verdict = "most false marks are blood that was outlined too generously"
elif n_marks:
    verdict = "most false marks are no matter of an outline"

# %% [markdown]
# Of {n_marks:,} falsely marked pixels, {beside:.0f} % lie within {RING} pixels of
# labelled blood, where {by_chance:.0f} % of all pixels without blood lie. On the
# {n_empty} frames without blood there are {on_empty:,}. So {verdict}.
#
# Next, the organs: the label's classes tell which of them false marks lie on. A large
# organ gets many marks by its size alone, and an organ on which blood pools gets many
# along the edge. So beside each class's share of the false marks stand its share of the
# ring around what was rightly marked, which is what an outline too wide by the same
# everywhere would give, and how much of the class itself was marked. **Which organ would
# you mistake for blood?**

# %%
ORGANS = {one.id: one.name for one in CLASSES}
organs = counts.false_by_class(marks, packed, ORGANS)
figures.false_by_class(organs, main)

# %%
found = runs.probabilities(run, packed) >= 128
around = ring(found & packed.blood, packed)
around = counts.false_by_class(around, packed, ORGANS)
organs["ring"] = organs["class"].map(around.set_index("class")["share"])
named = {"share": "of all false marks, %", "ring": "of the ring, %"}
named["marked"] = "of the class marked, %"
shown = organs[["class", "false_pixels", *named]].rename(columns=named)
title = "False marks by class, and the ring around what was found"
figures.table(shown, title, digits=1)

# %%
each = pd.Series(marks.sum(axis=(1, 2))).groupby(packed.table["subject"]).sum()
two = 100 * each.nlargest(2).sum() / n_marks if n_marks else np.nan
placed = "No mark is false here."
if n_marks:
    most = organs.iloc[0]
    placed = f"*{most['class']}* holds {most['share']:.0f} % of the false marks and "
    placed += f"{number(most['ring'], '.0f')} % of the ring. How many subjects "
    placed += f"say so: {two:.0f} % of all false marks come from two of {len(each)}."

# %% [markdown]
# {placed} Where a class has far more of the marks than of the ring, outlines run over
# more readily onto it than onto others.
#
# ## Four numbers per frame
#
# For each frame we keep four counts of valid pixels and nothing else: blood that was
# marked (`tp`), marked but no blood (`fp`), blood that was not marked (`fn`), and the
# rest (`tn`). **Counts are stored, ratios are derived.**

# %%
per_frame = lesson.evaluate(run, *splits)
first = per_frame[["split", "subject", "frame", "tp", "fp", "fn", "tn"]].head(3)
figures.table(first, "The first rows: a frame each")

# %% [markdown]
# $$ \text{Dice} = \frac{2\,tp}{2\,tp + fp + fn} \qquad
#    \text{precision} = \frac{tp}{tp + fp} \qquad
#    \text{recall} = \frac{tp}{tp + fn} $$
#
# **What is the Dice of a frame without blood on which nothing is marked?** It is zero
# over zero: undefined, and it stays so. Some add a tiny number above and below to make
# it 1, and then an empty operating room raises the score. We ask two questions instead:
# where there *is* blood, how well is it found? Where there is *none*, is there an alarm?


# %%
def dice_of(frame):
    size = 2 * frame["tp"] + frame["fp"] + frame["fn"]
    return 2 * frame["tp"] / size if size else np.nan


by_hand = per_frame.apply(dice_of, axis=1)
bleeds = per_frame["tp"] + per_frame["fn"] > 0
per_frame["dice"] = by_hand.where(bleeds)
assert np.allclose(by_hand, counts.dice(per_frame), equal_nan=True)

# %% [markdown]
# ### Exercise 1 · The other overlap
#
# IoU is the overlap divided by the union: $tp / (tp + fp + fn)$. It holds nothing that
# Dice does not: write `iou_from_dice`, which computes it from a Dice alone.


# %% tags=["exercise"]
def iou_from_dice(dice):
    # solution begins
    return dice / (2 - dice)
    # solution ends


# %% tags=["check"]
check(
    lambda: np.allclose(iou_from_dice(by_hand), counts.iou(per_frame), equal_nan=True),
    "With u = fp + fn, Dice is 2 tp / (2 tp + u) and IoU is tp / (tp + u): solve the "
    "first for u / tp and put it into the second.",
)

# %% [markdown] tags=["solution"]
# One number is a function of the other, so reporting both tells nothing twice. Their
# *means* over frames can still rank two networks differently.

# %% [markdown]
# ## From frames to subjects
#
# A hundred frames of one patient are one patient, seen a hundred times. So we take the
# mean over a subject's frames first, and then the mean over subjects. **By how much
# would a mean over all frames differ?**

# %%
by_subject = per_frame.groupby(["split", "subject"], sort=False)["dice"].mean().dropna()
bled = [split for split in splits if split in by_subject][-1]  # the farthest with blood
over_frames = per_frame.groupby("split", sort=False)["dice"].mean()
both = pd.DataFrame({"over frames": over_frames})
both["over subjects"] = by_subject.groupby("split").mean()
both["subjects"] = by_subject.groupby("split").size()
figures.table(both.reset_index(), "Mean Dice on frames with blood, two ways")

# %% [markdown]
# The two differ as far as subjects with many frames differ from those with few. Only
# the second is a statement about subjects, and only the number of subjects says how far
# it can be trusted.
#
# ## An interval, and where it comes from
#
# How far could the *median* subject of a much larger group lie from ours? Each new
# subject falls below that unknown median with probability one half. So the number of
# our subjects below it is the number of heads in as many tosses of a coin, and we know
# how that scatters. The interval runs from the $k$-th smallest to the $k$-th largest
# subject, with the largest $k$ for which the coin leaves both ends in 90 % of cases.


# %%
def interval_of_median(values, level=0.9):
    values, n = np.sort(values), len(values)
    for k in range(n // 2, 0, -1):
        misses = 2 * binom.cdf(k - 1, n, 0.5)
        if 1 - misses >= level:
            return values[k - 1], values[n - k]
    return np.nan, np.nan


dice = by_subject[bled].to_numpy()
low, high = interval_of_median(dice)

# %%
half_width = (
    "cannot be given" if np.isnan(low) else f"runs from {low:.2f} to {high:.2f}"
)
median, n_dice = float(np.median(dice)), len(dice)
least_subjects = statistics.OFFERED["mean"].least

# %% [markdown]
# Over {n_dice} subjects the median Dice is {median:.2f}, and its 90 % interval
# {half_width}. No shape of the distribution was assumed. With fewer than five subjects
# there is no such $k$, and no interval: that is not a defect of the method but the
# truth about few subjects. **Take subjects away. When does the interval become wide,
# and when does it vanish?**

# %%
play.fewer(by_subject[bled], interval_of_median)

# %%
least = min(3, n_dice)
chance = np.random.default_rng(seed)
some = [np.median(chance.choice(dice, least, replace=False)) for _ in range(200)]
few_low, few_high = min(some), max(some)

# %% [markdown]
# The interval does not simply become wider with each subject less: it jumps where $k$
# does, and where it is gone the dots are as scattered as before. The median goes on
# existing, and that is the danger: of 200 studies with {least} of these subjects the
# lowest median would have been {few_low:.2f}, the highest {few_high:.2f}.
#
# ### Exercise 2 · How many subjects does it take?
#
# Find `fewest`, the least number of subjects with which `interval_of_median` gives an
# interval at all, at a level of 95 %. Guess before you compute.

# %% tags=["exercise"]
# solution begins
fewest = next(
    n
    for n in range(1, 50)
    if np.isfinite(interval_of_median(np.arange(float(n)), 0.95)).all()
)
# solution ends

# %% tags=["check"]
check(
    lambda: 1 - 2 * 0.5**fewest >= 0.95 > 1 - 2 * 0.5 ** (fewest - 1),
    "With k = 1 the interval misses when all n tosses fall on one side, which has the "
    "probability 2 * 0.5**n. Look for the first n that keeps this at 5 % or less.",
)

# %% [markdown] tags=["solution"]
# Six: $2 \cdot 0.5^6$ is about 3 %, while five still miss in 6 % of cases. The number
# of frames has no part in it.

# %% [markdown]
# ## The result
#
# Now all measures at once, each as a mean over subjects. An interval for a *mean* stands
# here only where its coverage was checked (lesson 05): from {least_subjects} subjects
# on, and only where it is narrow enough to say something.

# %%
OVERLAP = {"dice": counts.dice, "precision": counts.precision, "recall": counts.recall}
lesson.summary(per_frame, OVERLAP)

# %%
lesson.summary(
    per_frame,
    {f"{n}.view": counts.inside("view", one) for n, one in OVERLAP.items()},
)

# %% [markdown]
# **Which rows do you trust least, and why?** Those with the fewest subjects, whatever
# they say. Here are the subjects themselves.

# %%
means = {split: by_subject[split] for split in splits if split in by_subject}
dots = figures.subject_dots(means, "Dice on frames with blood, mean of a subject")
dots.front("dice_by_subject")

# %% [markdown]
# Count the dots before you read the bar. On unseen source subjects Dice is
# {id_test.dice:.2f} ({id_test.dice.interval}), on unseen patients {ood_test.dice:.2f}
# ({ood_test.dice.interval}). Where one dot stands alone, the honest sentence is: **what
# another patient would give, we can't know from it.**
#
# ## Where there is no blood
#
# A clean frame can go wrong in one way: an alarm. How much must be marked to be one?
# A single pixel is too little to see, one percent of the frame is a pool. There is no
# right answer, so we give three. **How different can they be?**

# %%
SIZES = {"alarm_at_1px": 0.0, "alarm_at_0_1pct": 0.1, "alarm_at_1pct": 1.0}
measures = {
    name: lambda table, size=size: counts.false_alarm(table, size)
    for name, size in SIZES.items()
}
for region in ("view", "surround"):
    measures[f"false_area.{region}"] = counts.false_area_in(region)
lesson.summary(per_frame, measures)

# %%
at_1pct = counts.false_alarm(per_frame, 1.0)
rates = {
    split: statistics.subject_means(at_1pct[part.index], part["subject"]).dropna()
    for split, part in per_frame.groupby("split", sort=False)
}
rates = {split: means for split, means in rates.items() if len(means)}
figures.subject_dots(rates, "share of clean frames with at least 1 % marked")

# %% [markdown]
# Clean frames need no bleeding patient, so here every patient of the target counts. On
# unseen patients the rate is {ood_test.alarm_at_1px:.2f} at a single pixel
# ({ood_test.alarm_at_1px.interval}), {ood_test.alarm_at_0_1pct:.2f} at a tenth of a
# percent and {ood_test.alarm_at_1pct:.2f} at one percent of the frame
# ({ood_test.alarm_at_1pct.interval}); on unseen subjects of the source the first and the
# last are {id_test.alarm_at_1px:.2f} and {id_test.alarm_at_1pct:.2f}
# ({id_test.alarm_at_1px.behind}). Where the three differ, a rate without its size means
# little; and a rate of 0 is what so many subjects happened to show, not a promise.
#
# ## What is lost to what?
#
# A perfect marking has a Dice of 1. What takes ours down: false marks in the surround,
# false marks in the view, or blood that was missed? We let an *oracle* repair one kind
# after the other and note what Dice gains. The gain depends on the order of repairs, so
# we take the mean over all orders.


# %%
def repaired(frame, repairs):
    fp = frame["view_fp"] * ("false marks in the view" not in repairs)
    fp += frame["surround_fp"] * ("surround" not in repairs)
    fixed = "missed blood" in repairs
    tp, fn = frame["tp"] + fixed * frame["fn"], (not fixed) * frame["fn"]
    return 2 * tp / (2 * tp + fp + fn)


one = per_frame[bleeds & (per_frame["split"] == bled)].iloc[0]
for first in ("surround", "false marks in the view", "missed blood"):
    print(f"{first}, repaired first: {repaired(one, [first]) - repaired(one, []):+.3f}")

# %%
bloody = per_frame[bleeds]
parts = ["surround", "false marks in the view", "missed blood"]
lost = shift.shapley(partial(repaired, bloody), parts).T.set_index(bloody.index)
assert np.allclose(lost.sum(axis=1), 1 - counts.dice(bloody))
by_subject_lost = lost.groupby([bloody["split"], bloody["subject"]], sort=False).mean()
figures.division(by_subject_lost.groupby("split", sort=False).mean())

# %% [markdown]
# The three parts of a bar add up to what its Dice lacks, and the `assert` holds them to
# it frame by frame. This is the picture to keep in mind when you read of remedies in
# lesson 07: a remedy for false marks cannot help where blood is missed.
#
# ### Exercise 3 · The other order
#
# Compute `gain_last`: what repairing the missed blood gains on `one` when the two kinds
# of false marks have been repaired *before*. Is it larger or smaller than when missed
# blood is repaired first?

# %% tags=["exercise"]
# solution begins
before = ["surround", "false marks in the view"]
gain_last = repaired(one, [*before, "missed blood"]) - repaired(one, before)
# solution ends

# %% tags=["check"]
check(
    lambda: np.isclose(gain_last, 1 - 2 * one["tp"] / (2 * one["tp"] + one["fn"])),
    "Repair the two kinds of false marks, then all three, with `repaired`, and take "
    "the difference of the two Dice.",
)

# %% [markdown] tags=["solution"]
# When everything else is repaired, the last repair brings Dice to exactly 1. Compare it
# with the line "missed blood, repaired first" above: the same repair may be worth
# another amount at another place in the order, which is why a fair
# division takes all orders. Lesson 06 does this with causes.

# %% [markdown]
# ## How frames fail
#
# Every frame falls into one of six modes, defined by its counts alone. Two limits are
# ours to choose: from which Dice on a frame is good, and how much of a clean frame must
# be marked to be an alarm.

# %%
GOOD = 0.7
told = counts.FAILURE_MODES.reset_index()
told["definition"] = (
    told["definition"]
    .str.replace("alarm_area", f"{ALARM_AREA} %")
    .str.replace("good", str(GOOD))
)
figures.table(told, "The modes, as the code evaluates them")

# %%
per_frame["mode"] = counts.failure_modes(per_frame, ALARM_AREA, GOOD).astype(str)
bloody = per_frame[bleeds]
whose = [bloody["split"], bloody["subject"]]
shares = 100 * pd.crosstab(whose, bloody["mode"], normalize="index")
shares = shares.groupby("split").mean()  # over subjects
how = "The share of each subject's frames with blood, then the mean over subjects."
figures.failure_bars(
    shares.reindex([s for s in splits if s in shares.index]), caption=how
)

# %% [markdown]
# Missing blood, marking the wrong place and outlining it badly are different faults,
# and a surgeon would mind each differently. A single Dice cannot tell them apart.
#
# ## How far can a single patient stray?
#
# On the phantom we can draw what nobody has: a benchmark in which every patient
# bleeds. **If a study had only one of these patients, which result would it have
# reported?**

# %% tags=["phantom"]
other = "nobody bleeds, so there is no result to compare: Dice is undefined."
if "ood_test" in by_subject:
    other = f"only {listed(list(by_subject['ood_test'].index))} bleeds, and its single "
    other += f"result was {lesson.record['ood_test.dice']}. That patient was no lot "
    other += "drawn from these: the drawing keeps it near the middle of every range of "
    other += "looks."
wished = by_subject["ood_wished"]
figures.single_patient(wished, "Dice on frames with blood, mean of a patient")

# %% [markdown] tags=["phantom"]
# In the other benchmark, which is as the real one is, {other} The real CholecSeg8k has
# blood in a single patient, too, and nobody knows where in its range that one stands. How
# far real patients stray, this drawing can't tell.

# %% [markdown]
# ### Exercise 4 · One patient's luck (open)
#
# A colleague has two networks and the one patient. The second network is better by 0.05
# in Dice there. Using the dots of the subjects above, argue whether you would believe
# that it is better on patients, and what you would ask for.
#
# ## Would another threshold have helped?
#
# A pixel is marked from a probability of one half. That was decided before any of
# this, and it is not changed after looking. But we may ask what else would have
# happened. **Can a threshold repair a domain shift?**

# %%
LEVELS = np.array([0.03, 0.06, 0.12, 0.25, 0.37, 0.5, 0.62, 0.75, 0.87, 0.94, 0.97])


def at(level):
    table = lesson.evaluate(run, *splits, threshold=level)
    dice = counts.on_blood(counts.dice, table)
    alarm = counts.false_alarm(table, ALARM_AREA)
    found = table[["split", "subject"]].assign(dice=dice, alarm=alarm)
    return found.groupby(["split", "subject"]).mean().groupby("split").mean()


swept = pd.concat({level: at(level) for level in LEVELS}).unstack(0)
threshold = "threshold on the probability of blood"
curves = {split: (LEVELS, swept.loc[split, "dice"].to_numpy()) for split in splits}
figures.line(curves, threshold, "Dice", mark=0.5)

# %% [markdown]
# A threshold is paid for, and the price stands on clean frames, at home as well as
# abroad: the share of them with an alarm, of {ALARM_AREA} percent or more as above.

# %%
curves = {split: (LEVELS, swept.loc[split, "alarm"].to_numpy()) for split in splits}
figures.line(curves, threshold, "share of clean frames with an alarm", mark=0.5)

# %%
here, there = name_of(splits[0]), name_of(bled)
best = float(swept.loc[bled, "dice"].idxmax())
away, home = (swept.loc[split].unstack()[[0.5, best]] for split in (bled, splits[0]))
dice_away, alarm_away = away.loc["dice"].tolist(), away.loc["alarm"].tolist()
dice_home, alarm_home = home.loc["dice"].tolist(), home.loc["alarm"].tolist()
losses = [dice_home[0] > dice_home[1], alarm_home[0] < alarm_home[1]]
losses += [alarm_away[0] < alarm_away[1]]
paid = (
    "What it wins is paid for" if any(losses) else "Nothing is seen to be paid for it"
)

# %% [markdown]
# At its best threshold, {best}, {there} would reach a Dice of {dice_away[1]:.2f}, against
# {dice_away[0]:.2f} at one half, and the share of their clean frames with an alarm would
# go from {alarm_away[0]:.2f} to {alarm_away[1]:.2f}. The same threshold takes {here} from
# a Dice of {dice_home[0]:.2f} to {dice_home[1]:.2f}, and their alarms from
# {alarm_home[0]:.2f} to {alarm_home[1]:.2f}. {paid}, and a threshold can only take from
# one fault what it gives to another. A flat curve says that the network is sure of what
# it says, right or wrong. And where the best threshold lies elsewhere for the target, we
# could only see this because we have the target's labels; chosen here, it would be
# chosen on the test.
#
# Drag the threshold and watch one frame. **What appears first as it falls: more of the
# blood, or something else?**

# %%
probability = runs.probabilities(run, packed) / 256
marked = (probability >= 0.5) & packed.valid
clean = np.flatnonzero(empty)
alarmed = clean[marked[clean].sum(axis=(1, 2)).argmax()] if len(clean) else row
none = "" if marked[alarmed].any() else ", none is marked"
asked = {"with the most blood": row, f"without blood{none or ', most marked'}": alarmed}


def to_play(row, found=None):
    picture = lesson.domains.picture(main, row)
    return play.Picture(picture, "", packed.blood[row], packed.valid[row], found)


play.threshold({name: (to_play(at), probability[at]) for name, at in asked.items()})

# %%
falling = counts.count(probability[row] >= 0.25, packed.blood[row], packed.valid[row])
rising = counts.count(probability[row] >= 0.75, packed.blood[row], packed.valid[row])
more_hit = int(falling["tp"][0] - rising["tp"][0])
more_false = int(falling["fp"][0] - rising["fp"][0])

# %% [markdown]
# From a threshold of three quarters down to one quarter, the frame with the most blood
# gains {more_hit} pixels of blood and {more_false} false ones. A threshold moves pixels
# between two pairs of counts: from `fn` to `tp`, and from `tn` to `fp`. It can't tell
# one move from the other. On the frame without blood there is nothing to hit, so recall
# is undefined at every threshold, and each mark is false.
#
# ## Best, median and worst
#
# Three frames of each split by Dice, so that neither a lucky nor an unlucky one stands
# for all.


# %%
def marked_frame(frame):
    found = runs.probabilities(run, lesson.frames(frame["split"]))[frame["row"]] >= 128
    return lesson.overlay(frame["split"], frame["row"], found)


figures.gallery(per_frame, marked_frame).front("gallery")

# %% [markdown]
# Compare the worst frames with the map at the top of this page: are they the rule or
# the exception? Then look through the frames yourself. **Does one subject have all the
# failure modes, or does each have its own?**


# %%
def framed(frame):
    one, row = lesson.frames(frame["split"]), frame["row"]
    found = runs.probabilities(run, one)[row] >= 128
    picture = lesson.domains.picture(frame["split"], row)
    return play.Picture(picture, "", one.blood[row], one.valid[row], found)


play.frames(per_frame, framed, title="Look through the frames of all splits")

# %%
zero = per_frame[per_frame["dice"] == 0]
n_zero = counted(len(zero), "frame")
of_zero = counted(zero["subject"].nunique(), "subject")
modes = zero["mode"].value_counts()
said = listed([f"{n} are *{mode}*" for mode, n in modes.items()]) or "none"

# %% [markdown]
# Filter for one subject, and then for one mode: do the failures of a subject look alike?
# {n_zero} of {of_zero} have a Dice of 0; by mode: {said}. What a browser like this can't
# give is a rate: whoever goes through frames from the worst on sees failures only.
#
# ## The network on a few real frames
#
# Where a folder of a few real frames is given, too few to learn from or to be tested
# on, we can still look at what the network marks on them: by region, and against their
# masks where these exist, frame by frame and with no mean.

# %%
look = lesson.domains.look
has_look = "are in this run" if look is not None else "are not in this run"

# %% [markdown]
# Such frames {has_look}.


# %%
def on_real(look):
    found = counts.evaluate(run, look)
    area = {"blood, %": counts.coverage(found)}
    for region in ("view", "surround"):
        part = counts.false_area_in(region)(found)
        area[f"falsely marked in the {region}, %"] = part
    area["Dice"] = counts.on_blood(counts.dice, found)
    rows = found[["subject", "frame"]].assign(**area)
    return figures.table(rows, "Frame by frame; too few for a mean", digits=2)


on_real(look) if look is not None else None


# %%
def pictured(look, most=12):
    found = runs.probabilities(run, look) >= 128
    shown = [lesson.domains.look_picture(row) for row in range(min(most, len(look)))]
    parts = zip(shown, look.blood, look.valid, found)
    pictures = [figures.overlay(*one) for one in parts]
    names = look.table["subject"] + ", " + look.table["frame"].astype(str)
    return figures.strip(
        pictures, list(names[:most]), columns=3, legend=figures.OVERLAY
    )


pictured(look) if look is not None else None

# %% [markdown]
# Where there are such frames, judge with your own eyes: does it outline bleeding, and what else? Whatever it does
# well here, it has never seen a living being. Whatever it does badly, a few frames of a
# few patients are no evidence of a rate.

# %% tags=["quiz"]
quiz(
    (
        "A network's Dice out of domain is low. What should you look at first?",
        {
            "Whether another threshold helps.": "No: you don't know yet what is wrong.",
            "A map of where it errs.": "Yes: where is often the cause, and an average "
            "hides it.",
        },
    ),
    (
        "The frame has no blood and nothing is marked. Its Dice is ...",
        {
            "1, since nothing is wrong.": "No: then empty frames would raise the mean.",
            "undefined, and it stays out of the mean.": "Yes: clean frames are judged "
            "by their alarms.",
        },
    ),
    (
        "Which result may stand without an interval?",
        {
            "One that rests on thousands of frames of one patient.": "Yes: there is no "
            "honest interval over one subject, and we say so.",
            "One that is surprising enough.": "No: a surprise needs more, not less.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw one network measured on two kinds of subjects, first where it errs and then how
# much, with whole subjects as the unit; and you saw how we fooled ourselves when we
# averaged first. **Doubt** every number by the count of subjects behind it. Doubt an
# average whose map you have not seen. And doubt that "it fails" is one thing.
