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
# which part of a loss is due to what. **You need** lesson 02. **It takes** about 100
# minutes, in two sittings.

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
    from helpers import settings

    settings.install_missing()

# %% tags=["parameters"]
profile = "quick"  # smoke, quick or full
seed = 0
data = {}  # where data is, such as {"source": "/my/a"}; see data/README.md

# %%
from functools import cache, partial
from html import escape
from itertools import product

import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation, label, minimum_filter
from scipy.stats import binom

from helpers import charts, counts, pictures, play, shift, statistics, training
from helpers.cells import check, quiz
from helpers.frames import CLASSES
from helpers.lesson import begin
from helpers.play import scene
from helpers.words import counted, name_of, number

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
#
# A picture first. The frame with the most blood would flatter the network, since Dice
# rises with the pool's size by arithmetic alone (lesson 04). So we put the frames with blood in the order
# of *Dice*, the overlap of lesson 02, and take the one in the middle. **What is missed
# here, and what is marked that is no blood?**

# %%
per_frame = lesson.evaluate(run, *splits)
per_frame["dice"] = counts.on_blood(counts.dice, per_frame)


def ranked(split):
    """A split's frames, the lowest Dice first: those with blood, if there are any."""
    frames = per_frame[per_frame["split"] == split].sort_values("dice", kind="stable")
    return frames.dropna(subset="dice") if frames["dice"].notna().any() else frames


def marked_frame(frame, by=run):
    found = by.probabilities(lesson.frames(frame["split"]))[frame["row"]] >= 128
    return lesson.overlay(frame["split"], frame["row"], found)


# %%
middle = {split: ranked(split).iloc[len(ranked(split)) // 2] for split in splits}
either = [middle[split] for split in (splits[0], splits[-1])]
pictures.strip(
    [marked_frame(one) for one in either],
    [f"{name_of(one['split'])}: Dice {number(one['dice'])}" for one in either],
    columns=2,
    legend=pictures.OVERLAY,
    title="The middle frame by Dice: "
    + ", ".join(f"{number(x['dice'])} on {name_of(x['split'])}" for x in either),
    caption="Blue: rightly marked. Yellow: falsely. White: blood that was missed.",
)

# %% [markdown]
# Two frames show what may happen, and not how often. An average tells how much went
# wrong and not where, and where is often the cause. So before any score we make maps.
#
# There are two ways to err, to miss blood and to mark what is none. Misses come first.
# For each place in the frame we take the frames that have blood there, and count in how
# many of them it was missed. That needs a control, because a place where blood seldom
# lies shows few frames and much chance. So we map the label's blood beside the misses.
# **Would you expect misses where there is most blood, along the view's rim, or
# everywhere?**


# %%
FEW = 3  # frames; a share of fewer is not drawn


def marked(split, by):
    return by.probabilities(lesson.frames(split)) >= 128


def misses(split, by):
    packed = lesson.frames(split)
    return packed.blood & packed.valid & ~marked(split, by)


def false_marks(split, by):
    packed = lesson.frames(split)
    return marked(split, by) & ~packed.blood & packed.valid


# %%
def map_of(part, whole):
    """In how many percent of the frames in which a pixel is of the whole it is of the
    part."""
    n = whole.sum(axis=0)
    return np.where(n >= FEW, 100 * part.sum(axis=0) / np.maximum(n, 1), np.nan)


# %% [markdown]
# Beside the maps we want numbers: for the view's *rim*, which is what lies within a few
# pixels of where the view ends, for the rest of the view, and for the *surround*, the
# black around a round view, which reaches the frame's edge and holds no blood. Each is
# a mean over subjects.

# %%
RIM = 8  # pixels


def places(packed):
    view, wide = packed.view & packed.valid, 2 * RIM + 1
    inner = minimum_filter(view, (1, wide, wide), mode="constant")
    return {
        "rim of the view": view & ~inner,
        "rest of the view": inner,
        "surround": packed.valid & ~packed.view,
    }


# %%
def by_place(split, by):
    packed, rows = lesson.frames(split), {}
    blood = packed.blood & packed.valid
    errors = {"missed": (misses(split, by), blood)}
    errors["falsely marked"] = (false_marks(split, by), packed.valid & ~blood)
    for error, (wrong, all_of_it) in errors.items():
        for place, here in places(packed).items():
            pixels = [(one & here).sum(axis=(1, 2)) for one in (wrong, all_of_it)]
            each = pd.DataFrame(pixels).T.groupby(packed.table["subject"]).sum()
            enough = each[1].sum() > 0.005 * all_of_it.sum()  # else a share is chance
            rows[error, place] = 100 * (each[0] / each[1]).mean() if enough else np.nan
    return pd.Series(rows)


where = pd.DataFrame({split: by_place(split, run) for split in splits})


# %%
def over_subjects(values):
    """The means of each split's subjects, of a value for each frame."""
    parts = per_frame.groupby("split", sort=False)
    means = {
        split: statistics.subject_means(values[part.index], part["subject"])
        for split, part in parts
    }
    return {split: some for split, some in means.items() if len(some)}


packs = {split: lesson.frames(split) for split in splits}
area = over_subjects(counts.coverage(per_frame))
blood = {s: map_of(one.blood & one.valid, one.valid) for s, one in packs.items()}
pictures.maps(
    blood,
    f"Blood in the label, % of the frame: {charts.told(area, '.1f')}",
    "blood in the label,\n% of the frames",
    alt=f"Where the label has blood, {charts.told(area, '.1f')} % of the frame.",
)

# %%
missed = over_subjects(100 * (1 - counts.on_blood(counts.recall, per_frame)))
pictures.maps(
    {s: map_of(misses(s, run), one.blood & one.valid) for s, one in packs.items()},
    f"Missed, % of the blood: {charts.told(missed, '.0f')}",
    "missed, % of the frames\nwith blood there",
    alt="How often blood is missed at each pixel. Percent of all blood, "
    f"{charts.in_words(where.loc['missed'].T, '.0f')}.",
    caption=f"Grey: fewer than {FEW} frames have blood there.",
)

# %% [markdown]
# Look at the shape before the colour. Misses that fill a region evenly, whatever the
# blood's own map looks like, speak of the blood's look and not of its place. Misses
# along one side or along the rim would speak of the place: of light that falls off, or
# of a view that training never had. And the grey tells where nothing can be said.
#
# Now the other error: how often each place without blood was marked. All maps of a row
# share one scale, so an empty map beside a bright one is a finding, too. **Where would
# you expect false marks: along the blood's edge, on some organ, or anywhere?**

# %%
false = over_subjects(counts.false_area(per_frame))


def false_maps(by):
    clean = {split: one.valid & ~one.blood for split, one in packs.items()}
    return {split: map_of(false_marks(split, by), one) for split, one in clean.items()}


pictures.maps(
    false_maps(run),
    f"Falsely marked, % of the frame: {charts.told(false, '.2f')}",
    alt="How often each pixel is falsely marked. Percent of all that is no blood, "
    f"{charts.in_words(where.loc['falsely marked'].T)}.",
    caption="Grey was hardly ever valid, or hardly ever without blood.",
)

# %%
shown = where.rename_axis(["error", "place"]).rename(columns=name_of).reset_index()
charts.table(shown, "Errors by place, % of what could err there, over subjects", 2)

# %% [markdown]
# Compare the two halves of the table with their maps. An overlap score adds up all of
# it, the misses and the false marks of any place, as if they were one. A dash says that
# there is nothing of the kind, or less than half a percent of it: a pig's frame has no
# surround, and a surround next to no blood.
#
# ## How the surround fooled us
#
# In this course's first version the map of false marks was another one, and nobody had
# looked. The network's loss had never seen black (lesson 02), so it marked the surround
# as it pleased; we averaged that into a Dice, wrote about it, divided it among causes
# and ranked remedies by it. Every gallery showed it, in yellow, on every page. We train
# that network again, all else equal.

# %%
old, main = training.fill_left_out(lesson.course, lesson.domains), splits[-1]
taught = {"fill left out": old, "fill is no blood": run}
old_where = pd.DataFrame({split: by_place(split, old) for split in splits})
surround = ("falsely marked", "surround")
pictures.maps(
    false_maps(old),
    f"The first network marks of the surround, {name_of(main)}: "
    f"{number(old_where.loc[surround, main], '.0f')} %, ours "
    f"{number(where.loc[surround, main], '.1f')} %",
    alt="How often the first network marks each pixel falsely. Percent of all that is "
    f"no blood, {charts.in_words(old_where.loc['falsely marked'].T)}.",
)

# %%
rows = {}
for name, by in taught.items():
    here = places(packs[main])
    pixels = {place: (false_marks(main, by) & at).sum() for place, at in here.items()}
    rows[f"{name}\n{sum(pixels.values()):,} pixels"] = pixels
shares = pd.DataFrame(rows).T
shares = 100 * shares.div(shares.sum(axis=1), axis=0)
in_black = ", ".join(
    f"{number(share, '.0f')} % where {name}"
    for name, share in zip(taught, shares["surround"])
)
charts.bars(
    shares,
    f"Share of the false marks on {name_of(main)} in the surround: {in_black}",
    "falsely marked pixels, percent by place",
    colours=dict(zip(shares, ("#56B4E9", "#009E73", "#E69F00"))),
    whole=100,
    form=".0f",
)

# %% [markdown]
# The source has no surround, so no score on the source could have told the two networks
# apart by what they say of it. **What did our first averages say, and what had
# they measured?** We put the two networks' scores side by side, on the whole frame and
# inside the view. An alarm is a tenth of a percent of the frame or more that is marked
# on a frame without blood.

# %%
ALARM_AREA = 0.1  # percent of the frame that is marked
tables = {name: lesson.evaluate(by, main) for name, by in taught.items()}
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
charts.table(pd.DataFrame(rows).rename(columns=named), "Means over subjects")

# %%
frame = middle[main]
dice = [counts.dice(table).iloc[frame["row"]] for table in tables.values()]
pictures.strip(
    [marked_frame(frame, by) for by in taught.values()],
    [f"{name}: Dice {number(x)}" for name, x in zip(taught, dice)],
    columns=2,
    legend=pictures.OVERLAY,
    title=f"Our middle frame, marked by both: Dice {number(dice[0])} and "
    f"{number(dice[1])}",
)

# %% [markdown]
# Compare the rows of one network, frame against view. The difference is what its marks
# in the surround cost it, in Dice and in alarms, and a clinician wants to know the row
# "view". A picture shows it at a glance, and one look at a map would have spared us
# three lessons.
#
# Two things follow for what you read from here on. We found this mistake by looking at
# these test patients, so they are no longer completely unseen. That is why the way to
# mend it was chosen on validation pigs, and then tested once on drawings that nobody had
# opened before (`benchmarks/black.py`). And from here on we look where the errors are
# before we average them.
#
# ## Along the edge, or whole pools?
#
# A miss along the edge of a pool that was found is another fault than a pool that was
# missed as a whole: the first is an outline drawn too narrow. So we count which part of
# the missed pixels lies within two pixels of the pool's edge, and which part lies in
# pools of which not one pixel was marked. The same for false marks: how many lie in a
# ring of two pixels around labelled blood? By chance that many would that lie there
# anyway: the ring's share of all pixels that could err. **Which kind of miss do you
# expect more of?**

# %%
RING = 2  # pixels
SQUARE = np.zeros((3, 3, 3), bool)
SQUARE[1] = True  # neighbours in a frame, not from one frame to the next


def ring(masks, around):
    """Pixels within RING of the masks that are in none of them, of what is around."""
    return binary_dilation(masks, SQUARE, iterations=RING) & ~masks & around


def whole_pools(blood, found):
    """The pixels of pools of which nothing was found, and the sizes of these pools and
    of the others."""
    pools, n = label(blood, SQUARE)
    sizes, hit = (
        np.bincount(pools[blood], minlength=n + 1),
        np.unique(pools[found & blood]),
    )
    of_lost = np.setdiff1d(np.arange(1, n + 1), hit)
    return np.isin(pools, of_lost), sizes[of_lost], sizes[hit]


# %%
packed, found = packs[main], marked(main, run)
blood, clean = packed.blood & packed.valid, packed.valid & ~packed.blood
lost, lost_sizes, found_sizes = whole_pools(blood, found)
rows = []
errors = {"missed": (misses(main, run), blood, ring(~blood, blood))}
errors["falsely marked"] = (false_marks(main, run), clean, ring(packed.blood, clean))
for error, (wrong, all_of_it, near) in errors.items():
    rows.append({"error": error, "pixels": wrong.sum(), "subjects": np.nan})
    rows[-1]["subjects"] = packed.table["subject"][wrong.any(axis=(1, 2))].nunique()
    rows[-1]["near the edge, %"] = 100 * (wrong & near).sum() / max(wrong.sum(), 1)
    rows[-1]["by chance, %"] = 100 * near.sum() / max(all_of_it.sum(), 1)
rows[0]["in pools of which nothing is found, %"] = 100 * lost.sum() / rows[0]["pixels"]
said = f"{name_of(main)}: nothing found of {len(lost_sizes):,} pools (median "
said += f"{np.median([0, *lost_sizes]):.0f} pixels), something of {len(found_sizes):,} "
said += f"({np.median([0, *found_sizes]):.0f})"
charts.table(pd.DataFrame(rows), f"Errors near the edge, {said}", 0)

# %% [markdown]
# Read each row against its own chance. Where far more lies near the edge than by
# chance, outlines are at fault; where it is about as much, whole places are missed or
# marked. A remedy that smooths outlines can mend the first only.
#
# ## On an organ?
#
# The label's classes tell which organs false marks lie on. A large
# organ gets many marks by its size alone, and an organ on which blood pools gets many
# along the edge. So the table has three numbers for each organ: its share of all false
# marks; the share that it would have if every outline were simply a little too wide; and
# how much of the organ itself was marked. **Which organ would you mistake for blood?**


# %%
def by_class(mask):
    """How many pixels of a mask lie on each class of the label."""
    found = np.bincount(packed.classes[mask], minlength=256)
    called = {one.id: one.name for one in CLASSES} | {255: "no class given"}
    return pd.Series({name: found[number] for number, name in called.items()})


# %%
false = false_marks(main, run)
organs = pd.DataFrame({"false pixels": by_class(false), "pixels": by_class(clean)})
around = by_class(ring(found & blood, clean))
of_it = {"of all false marks, %": (organs["false pixels"], max(false.sum(), 1))}
of_it |= {"of the ring, %": (around, max(around.sum(), 1))}
of_it["of the class marked, %"] = (organs["false pixels"], organs["pixels"])
for name, (part, whole) in of_it.items():
    organs[name] = 100 * part / whole
organs = organs[organs.pop("pixels") > 0].sort_values("false pixels", ascending=False)
each = pd.Series(false.sum(axis=(1, 2))).groupby(packed.table["subject"]).sum()
said = (
    f"{false.sum():,} false pixels on {name_of(main)}; {each.nlargest(2).sum():,} of "
)
said += f"them come from two of {len(each)} subjects"
charts.table(organs.rename_axis("class").reset_index(), said, 1)

# %% [markdown]
# Where a class has far more of the marks than of the ring, outlines that are too wide
# everywhere alike don't explain it: either they run over more readily onto it, or whole
# marks lie there, away from blood. The table above tells which of the two is commoner. Read the first number of the caption before any
# share: of a few pixels, or of two subjects, a share says little.
#
# ## Four numbers per frame
#
# For each frame we keep four counts of valid pixels and nothing else: blood that was
# marked (`tp`), marked but no blood (`fp`), blood that was not marked (`fn`), and the
# rest (`tn`). **Counts are stored, ratios are derived.**

# %%
first = per_frame[["split", "subject", "frame", "tp", "fp", "fn", "tn"]].head(3)
charts.table(first, "The first rows: a frame each")

# %% [markdown]
# $$ \text{Dice} = \frac{2\,tp}{2\,tp + fp + fn} \qquad
#    \text{precision} = \frac{tp}{tp + fp} \qquad
#    \text{recall} = \frac{tp}{tp + fn} $$
#
# **What is the Dice of a frame without blood on which nothing is marked?** It is zero
# over zero: undefined, and it stays so. Some add a tiny number above and below to make
# it 1, and then an empty operating room raises the score. We ask two questions instead:
# where there *is* blood, how well is it found? Where there is *none*, is there an alarm?
# The lines that run:

# %%
charts.source(counts.dice)

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
union = per_frame["tp"] + per_frame["fp"] + per_frame["fn"]
iou = per_frame["tp"] / union
check(
    lambda: np.allclose(iou_from_dice(counts.dice(per_frame)), iou, equal_nan=True),
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
by_subject = over_subjects(per_frame["dice"])
bled = list(by_subject)[-1]  # the farthest split with blood
both = per_frame.groupby("split", sort=False)["dice"].agg(["mean", "count"])
both = both.set_axis(["over frames", "frames"], axis=1)
both["over subjects"] = {split: some.mean() for split, some in by_subject.items()}
both["subjects"] = {split: len(some) for split, some in by_subject.items()}
charts.table(both.reset_index(), "Mean Dice on frames with blood, two ways")

# %% [markdown]
# The two differ as far as subjects with many frames differ from those with few. Only
# the second is a statement about subjects, and only the number of subjects says how far
# it can be trusted. **Which row do you trust least?** Here are the subjects themselves.

# %%
charts.dots(
    charts.of_means(by_subject),
    f"Dice {charts.told(by_subject)}",
    "Dice on frames with blood, mean of a subject",
    each=0.65,
    limits=(-0.02, 1.02),
    caption="A dot is a subject, the bar their mean.",
).front("dice_by_subject")

# %% [markdown]
# Count the dots before you read the bar. Where one dot stands alone, the honest
# sentence is: **what another patient would give, we can't know from it.**
#
# ## How far can a single patient stray?
#
# On the phantom we can draw what nobody has: a benchmark in which every patient
# bleeds. **If a study had only one of these patients, which result would it have
# reported?**

# %% tags=["phantom"]
alone = by_subject["ood_wished"].sort_values(ascending=False)
marks = pd.DataFrame({"row": alone.index, "kind": "ood_wished", "value": alone.values})
charts.dots(
    marks,
    f"Each of {len(alone)} patients alone: Dice {alone.min():.2f} ({alone.idxmin()}) "
    f"to {alone.max():.2f} ({alone.idxmax()}), mean {alone.mean():.2f}",
    "Dice on frames with blood, mean of a patient",
    each=0.23,
    mark=alone.mean(),
    limits=(-0.02, 1.02),
    caption="The upright line is the mean over patients.",
)

# %% [markdown] tags=["phantom"]
# The other benchmark is as the real one is, and the real CholecSeg8k has blood in a
# single patient, too: nobody knows where in its range that one stands. Nor can our
# drawing tell, which keeps its only bleeding patient near the middle of every range of
# looks, and draws all patients from ranges that we have set.

# %% [markdown]
# ### Exercise 2 · One patient's luck (open)
#
# A colleague has two networks and the one patient. The second network is better by 0.05
# in Dice there. Using the dots of the subjects above, argue whether you would believe
# that it is better on patients, and what you would ask for.
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
ends = " to ".join(map(number, interval_of_median(dice)))
print(f"{name_of(bled)}: median {np.median(dice):.2f} of {len(dice)}, interval {ends}")

# %% [markdown]
# No shape of the distribution was assumed. With fewer than five subjects
# there is no such $k$, and no interval: that is not a defect of the method but the
# truth about few subjects. **Take subjects away. When does the interval become wide,
# and when does it vanish?**

# %%
subjects, draws = by_subject[bled], np.random.default_rng(0)
by_dice = subjects.sort_values(kind="stable").index
ways = {f"by chance, draw {n}": draws.permutation(subjects.index) for n in (1, 2, 3)}
ways |= {"the lowest first": by_dice, "the highest first": by_dice[::-1]}
axis = np.floor([20 * subjects.min(), 20 * subjects.max() + 1]) / 20  # holds them all


# %%
def dot_of_each(values, kept, middle, interval):
    """A dot for each subject, hollow once taken away; their middle and its interval."""
    across, parts = scene.scale(axis, 12, scene.WIDE - 12), []
    for place, (name, value) in enumerate(values.items()):
        # Neighbours stand at different heights, so that none hides another.
        parts.append(
            f'<circle class="{"dot" if name in kept else "dot gone"}" '
            f'cx="{across(value):.1f}" cy="{46 + 9 * (place % 5)}" r="5">'
            f"<title>{escape(name)}: {value:.2f}</title></circle>"
        )
    parts.append(scene.path("tick", f"M{across(middle):.1f} 96v24"))
    if np.isfinite(interval).all():
        low, high = (f"{across(one):.1f}" for one in interval)
        ends = f"M{low} 108H{high}M{low} 102v12M{high} 102v12"
        parts.append(scene.path("range", ends))
    parts += scene.axis(across, axis, 130)
    return scene.svg(152, "Dice of each subject", *parts)


# %%
def fewer(way, left):
    kept = list(ways[way][len(subjects) - left :])
    some = subjects[kept].to_numpy()
    median, (low, high) = float(np.median(some)), map(float, interval_of_median(some))
    said = f"and its interval runs from {low:.2f} to {high:.2f}"
    said = "and no interval can be given" if np.isnan(low) else said
    said = f"the median of Dice is {median:.2f}, {said}."
    said = f"With {left} of {counted(len(subjects), 'subject')} {said}"
    numbers = {"subjects": left, "median Dice": median, "low": low, "high": high}
    numbers["width"] = high - low
    drawn = dot_of_each(subjects, kept, median, (low, high))
    return play.Scene(said, (), numbers, {"subjects": ".0f"}, drawn)


# %%
controls = [
    play.Choice("way", "taken away", list(ways)),
    play.Slider("left", "subjects left", range(len(subjects), 0, -1)),
]
play.Interactive(
    "fewer_subjects",
    controls,
    fewer,
    "Take subjects away, one by one, and watch the interval",
    "A dot is a subject, hollow once it is taken away; the tick is the median of "
    "those left, the bar its interval.",
)

# %% [markdown]
# The interval does not simply become wider with each subject less: it jumps where $k$
# does, and where it is gone the dots are as scattered as before. The median goes on
# existing, and that is the danger. How differently would many studies of three of these
# subjects report it?

# %%
chance, least = np.random.default_rng(seed), min(3, len(dice))
some = [np.median(chance.choice(dice, least, replace=False)) for _ in range(200)]
print(f"medians of {least} subjects, 200 studies: {min(some):.2f} to {max(some):.2f}")

# %% [markdown]
# ### Exercise 3 · How many subjects does it take?
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
# here only where its coverage was checked (lesson 05), which takes more subjects than
# one for the median. One that leaves much open is shown all the same, and called wide:
# what lies outside it is unlikely even so. **Which of precision and recall has fallen
# further?**

# %%
OVERLAP = {"dice": counts.dice, "precision": counts.precision, "recall": counts.recall}
OVERLAP["dice.view"] = counts.inside("view", counts.dice)
# What the first page of the report tells.
FRONT = [f"{split}.{one}" for split in splits for one in ("dice", "recall")]
FRONT += ["ood_wished.dice.view", "id_test.alarm_at_1pct", "ood_wished.alarm_at_1pct"]
FRONT += ["ood_test.alarm_at_1pct", "ood_test.alarm_at_0_1pct"]
FRONT += ["ood_wished.false_area.view", "ood_wished.false_area.surround"]


# %%
def summary(table, measures):
    """Means over frames, then over subjects, with their intervals."""
    rows = []
    for (split, part), name in product(table.groupby("split", sort=False), measures):
        one = lesson.estimate(part, name, measures[name], split)
        if f"{split}.{name}" in FRONT:
            lesson.add(f"{split}.{name}", one)
        made = one.value, one.range, one.n_subjects, one.n_frames
        rows.append((name_of(split), name, *made))
    names = ["split", "measure", "value", "interval", "subjects", "frames"]
    rows = pd.DataFrame(rows, columns=names)
    return charts.table(rows, "Mean over frames, then over subjects", digits=2)


summary(per_frame, OVERLAP)

# %% [markdown]
# Read Dice first, and whom each row is about. Precision says what of the marks is right,
# recall what of the blood is found. Precision is asked only of frames on which something
# is marked (see the column of frames), so a network that falls silent can keep it. It
# can't keep its recall.
#
# ## What is lost to what?
#
# A perfect marking has a Dice of 1. What takes ours down: blood that was missed, false
# marks in the view, or false marks in the surround? We let an *oracle* repair one kind
# after the other and note what Dice gains. The gain depends on the order of repairs, so
# we take the mean over all orders. **Guess from the maps which part is the largest.**


# %%
def repaired(frame, repairs):
    fp = frame["view_fp"] * ("false marks in the view" not in repairs)
    fp += frame["surround_fp"] * ("surround" not in repairs)
    fixed = "missed blood" in repairs
    tp, fn = frame["tp"] + fixed * frame["fn"], (not fixed) * frame["fn"]
    return 2 * tp / (2 * tp + fp + fn)


bloody = per_frame[counts.has_blood(per_frame)]
one = bloody[bloody["split"] == bled].iloc[0]
for first in ("missed blood", "false marks in the view", "surround"):
    print(f"{first}, repaired first: {repaired(one, [first]) - repaired(one, []):+.3f}")

# %%
parts = ["missed blood", "false marks in the view", "surround"]
lost = shift.shapley(partial(repaired, bloody), parts).T.set_index(bloody.index)
lost = lost.groupby([bloody["split"], bloody["subject"]], sort=False).mean()
marks = lost.stack().rename("value").rename_axis(["kind", "subject", "row"])
by_part = {"key": lambda row: row.map(parts.index), "kind": "stable"}
mean = lost.groupby("split", sort=False).mean()
charts.dots(
    marks.reset_index().sort_values("row", **by_part),
    "Dice lost: "
    + "; ".join(
        f"{row.sum():.2f} on {name_of(split)}, {row['missed blood']:.2f} by misses"
        for split, row in mean.iterrows()
    ),
    "part of the lost Dice (1 - Dice), mean of a subject",
    each=0.9,
    apart=0.27,
    caption="Each part is what an oracle would win back by repairing it, averaged over "
    "all orders of repair. A dot is a subject, a bar their mean.",
)

# %% [markdown]
# The three parts of a frame add up to what its Dice lacks, and so do their means. This
# is the picture to keep in mind when you read of remedies in lesson 07: a remedy for
# false marks cannot help where blood is missed.
#
# ### Exercise 4 · The other order
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
modes = ["missed", "elsewhere", "partial", "good"]
MODES = pd.DataFrame({"mode": [*modes, "quiet", "false alarm"]})
MODES["applies_to"] = 4 * ["frames with blood"] + 2 * ["clean frames"]
MODES["definition"] = [
    "tp + fp == 0",
    "tp == 0 and fp > 0",
    "tp > 0 and dice < good",
    "tp > 0 and dice >= good",
    "fp == 0 or area < alarm_area",
    "fp > 0 and area >= alarm_area",
]
MODES["in_words"] = [
    "nothing is predicted",
    "what is predicted lies elsewhere",
    "some blood is found",
    "blood is found and outlined",
    "less than an alarm is predicted",
    "as much as an alarm is predicted",
]

# %%
GOOD = 0.7
limits = {"alarm_area": f"{ALARM_AREA} %", "good": str(GOOD)}
told = MODES["definition"].replace(limits, regex=True)
charts.table(MODES.assign(definition=told), "The modes, as the code evaluates them")


# %%
def failure_modes(table, alarm_area, good):
    """How each frame went, by the definitions; none where no pixel is valid."""
    known = table.assign(dice=counts.dice(table), area=counts.predicted_area(table))
    known = known.assign(alarm_area=alarm_area, good=good)
    blood, some = counts.has_blood(table), counts.valid_pixels(table) > 0
    kinds = {"frames with blood": blood, "clean frames": some & ~blood}
    found = pd.Series("", table.index)
    for row in MODES.itertuples():
        holds = known.eval(row.definition, engine="python")
        found[kinds[row.applies_to] & holds] = row.mode
    return found


# %%
per_frame["mode"] = failure_modes(per_frame, ALARM_AREA, GOOD)
bloody = per_frame[counts.has_blood(per_frame)]
whose = [bloody["split"], bloody["subject"]]
shares = 100 * pd.crosstab(whose, bloody["mode"], normalize="index")
shares = shares.reindex(columns=modes, fill_value=0).groupby("split").mean()
shares = shares.reindex(list(by_subject))  # means over subjects
charts.bars(
    shares,
    "Frames with blood that are good, %: "
    + ", ".join(f"{x:.0f} on {name_of(s)}" for s, x in shares["good"].items()),
    "percent of the frames with blood, mean over subjects",
    colours=dict(zip(modes, ["black", "#E69F00", "#56B4E9", "#009E73"])),
    whole=100,
    form=".0f",
)

# %% [markdown]
# Missing blood, marking the wrong place and outlining it badly are different faults,
# and a surgeon would mind each differently. A single Dice cannot tell them apart.
#
# ## Where there is no blood
#
# A clean frame can go wrong in one way: an alarm. How much must be marked to be one?
# A single pixel is too little to see, one percent of the frame is a pool. There is no
# right answer, so we give three. **How different can they be?**

# %%
areas = {f"false_area.{one}": counts.false_area_in(one) for one in ("view", "surround")}
summary(per_frame, counts.ALARMS | areas)

# %%
rates = over_subjects(counts.false_alarm(per_frame, 1.0))
charts.dots(
    charts.of_means(rates),
    f"Clean frames with at least 1 % marked: {charts.told(rates)}",
    "share of a subject's clean frames with at least 1 % marked",
    each=0.65,
    limits=(-0.02, 1.02),
)

# %% [markdown]
# Clean frames need no bleeding patient, so here every patient of the target counts.
# Where the three sizes differ, a rate without its size means little. A rate of 0 is what
# so many subjects happened to show, and no promise. And it is what a network that marks
# nothing gets, too: read it beside the recall above, never alone.
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


# %%
swept = pd.concat({level: at(level) for level in LEVELS}, axis=1).swaplevel(axis=1)
threshold = "threshold on the probability of blood"
best = swept["dice"].loc[list(by_subject)].idxmax(axis=1)


def against_best(measure):
    """A measure at one half and at the threshold with the best Dice, for a title."""
    return "; ".join(
        f"{number(swept.loc[s, (measure, 0.5)])} and "
        f"{number(swept.loc[s, (measure, level)])} (at {level:g}) on {name_of(s)}"
        for s, level in best.items()
    )


# %%
def over_threshold(measure, title, y_title):
    curves = {s: (LEVELS, swept[measure].loc[s].to_numpy()) for s in splits}
    return charts.lines(curves, title, threshold, y_title, mark=(0.5, "used"))


title = f"Dice at 0.5, and at its best: {against_best('dice')}"
over_threshold("dice", title, "Dice, mean over subjects")

# %% [markdown]
# A lower threshold finds more blood. It also raises more false alarms, on the frames
# without blood, of pigs and of patients. The next chart counts them: an alarm is a mark
# of a tenth of a percent of the frame or more, as above.

# %%
title = f"Alarms at 0.5, and where Dice is best: {against_best('alarm')}"
over_threshold("alarm", title, "clean frames with an alarm")

# %% [markdown]
# Read the two charts together, split by split: what does the best threshold win in Dice,
# and what does it raise in alarms? A threshold can only take from one fault what it
# gives to another. A flat curve says that the network is sure of what it says, right or
# wrong. And where the best threshold lies elsewhere for the target, we could only see
# this because we have the target's labels; chosen here, it would be chosen on the test.
#
# Drag the threshold and watch one frame. **What appears first as it falls: more of the
# blood, or something else?**

# %%
probability = run.probabilities(packed) / 256
none = np.flatnonzero(~packed.blood.any(axis=(1, 2)))
marks = (found & packed.valid).sum(axis=(1, 2))
asked = {"with the middle Dice": middle[main]["row"]}
if len(none):
    asked["without blood, most marked"] = none[marks[none].argmax()]


# %%
STEPS = (0.01, *np.round(np.linspace(0.05, 0.95, 19), 2).tolist(), 0.99)
RATIOS = {"Dice": counts.dice, "precision": counts.precision, "recall": counts.recall}


# %%
@cache
def at_each_step(name):
    """A frame's four counts, a row for each threshold."""
    row = asked[name]
    known = packed.blood[row], packed.valid[row]
    rows = [counts.count(probability[row] >= step, *known) for step in STEPS]
    return pd.concat(rows, ignore_index=True)


# %%
def at_threshold(frame, level):
    row, table = asked[frame], at_each_step(frame)
    now, curves = table.iloc[STEPS.index(level)], {r: RATIOS[r](table) for r in RATIOS}
    four = {name.upper(): float(now[name]) for name in counts.COLUMNS}
    ratios = {name: float(of(now)) for name, of in RATIOS.items()}
    said = (
        f"At a threshold of {level:g}, {100 * (now.tp + now.fp) / now.sum():.1f} % of "
        f"the frame is marked: of the blood {now.tp:,} pixels are hit and {now.fn:,} "
        f"missed, and {now.fp:,} others are marked; "
        f"{', '.join(f'{name} {number(value)}' for name, value in ratios.items())}."
    )
    image, masks = lesson.domains.picture(main, row), (packed.blood, packed.valid)
    marks = [*(mask[row] for mask in masks), probability[row] >= level]
    drawn = play.line(STEPS, curves, (0, 1), level, "Each ratio over the threshold")
    shown = [play.Picture(image, "", *marks)]
    return play.Scene(said, shown, four | ratios, dict.fromkeys(four, ",.0f"), drawn)


# %%
controls = [
    play.Choice("frame", "frame", list(asked)),
    play.Slider("level", "threshold", STEPS, 0.5),
]
title = "Drag the threshold, and watch the four counts and the ratios"
play.Interactive("threshold", controls, at_threshold, title)

# %% [markdown]
# A threshold moves pixels between two pairs of counts: from `fn` to `tp`, and from `tn`
# to `fp`. It can't tell one move from the other. On the frame without blood there is
# nothing to hit, so recall is undefined at every threshold, and each mark is false.
#
# ## Best, middle and worst
#
# Three frames of each split by Dice, so that neither a lucky nor an unlucky one stands
# for all. **Which of the three columns would a paper print?**

# %%
chosen, titles, ends = [], [], []
for split in by_subject:
    frames = ranked(split)
    for name, place in {"best": -1, "middle": len(frames) // 2, "worst": 0}.items():
        chosen.append(frame := frames.iloc[place])
        titles.append(f"{name}: {frame['subject']}, {frame['dice']:.2f}")
    low, high = frames["dice"].iloc[[0, -1]]
    ends.append(f"{low:.2f} to {high:.2f} on {name_of(split)}")
pictures.strip(
    [marked_frame(frame) for frame in chosen],
    titles,
    f"Dice of single frames: {', '.join(ends)}",
    columns=3,
    legend=pictures.OVERLAY,
    caption="The best, the middle and the worst frame by Dice. Blue: rightly marked. "
    "Yellow: falsely. White: blood that was missed.",
).front("gallery")

# %% [markdown]
# Compare the middle frames with the maps at the top of this page, and the worst ones
# with the modes: are they the rule or the exception? Then look through the frames
# yourself. **Does one subject have all the failure modes, or does each have its own?**


# %%
def framed(frame):
    one, row = lesson.frames(frame["split"]), frame["row"]
    picture = lesson.domains.picture(frame["split"], row)
    marks = marked(frame["split"], run)[row]
    return play.Picture(picture, "", one.blood[row], one.valid[row], marks)


# %%
looked = per_frame.assign(
    where=per_frame["split"].map(name_of),
    blood=np.where(counts.has_blood(per_frame), "blood", "no blood"),
    dice=counts.on_blood(counts.dice, per_frame),
    area=counts.false_area(per_frame),
)

# %%
looked["words"] = [
    f"{one.subject}, frame {one.frame} ({one.where}): {one.mode}; Dice "
    f"{number(one.dice)}, {one.area:.1f} % falsely marked."
    for one in looked.itertuples()
]
short = looked["dice"].map(number).replace("undefined", "no blood")
looked["label"] = looked["subject"] + ", " + short

# %%
filters = {"where": "domain", "subject": "subject", "mode": "mode", "blood": "blood"}
orders = {"lowest Dice first": "dice", "highest Dice first": "-dice"}
orders["most falsely marked first"] = "-area"
title = "Look through the frames of all splits"
play.Browser("frames", looked, framed, filters, orders, title)

# %% [markdown]
# Filter for one subject, and then for one mode: do the failures of a subject look alike?
# What a browser like this can't give is a rate: whoever goes through frames from the
# worst on sees failures only.
#
# ## The network on a few real frames
#
# Where a folder of a few real frames is given, too few to learn from or to be tested
# on, we can still look at what the network marks on them: by region, and against their
# masks where these exist, frame by frame and with no mean.


# %%
def on_real(look):
    found = counts.evaluate(run, look)
    area = {"blood, %": counts.coverage(found)}
    for region in ("view", "surround"):
        part = counts.false_area_in(region)(found)
        area[f"falsely marked in the {region}, %"] = part
    area["Dice"] = counts.on_blood(counts.dice, found)
    rows = found[["subject", "frame"]].assign(**area)
    return charts.table(rows, "Frame by frame; too few for a mean", digits=2)


look = lesson.domains.look
on_real(look) if look is not None else print("There are no such frames in this run.")


# %%
def pictured(look, most=12):
    found = run.probabilities(look) >= 128
    shown = [lesson.domains.look_picture(row) for row in range(min(most, len(look)))]
    parts = zip(shown, look.blood, look.valid, found)
    overlays = [pictures.overlay(*one) for one in parts]
    names = look.table["subject"] + ", " + look.table["frame"].astype(str)
    how = {"columns": 3, "legend": pictures.OVERLAY}
    return pictures.strip(overlays, list(names[:most]), **how)


pictured(look) if look is not None else None

# %% [markdown]
# Where there are such frames, judge with your own eyes: does it outline bleeding, and
# what else? Whatever it does well here, it has never seen a living being. Whatever it
# does badly, a few frames of a few patients are no evidence of a rate.

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
# You saw one network measured on two kinds of subjects, first where it misses blood and
# where it marks what is none, and then how much, with whole subjects as the unit; and
# you saw how we fooled ourselves when we averaged first. Where the subjects are drawn,
# all of it speaks of a drawing, and of the method. **Doubt** every number by the count of subjects behind it. Doubt an
# average whose map you have not seen. And doubt that "it fails" is one thing.
