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
# # 05 · Re-examine a published claim
#
# [Open in Colab]($COLAB/05_reexamine_a_published_claim.ipynb) · [before](04_correlate_failures.ipynb) · [next](06_what_breaks_the_model.ipynb)
#
# **You will be able to** take a published result apart with nothing but its own tables:
# which class was scored, what a small constant does, what the unit is, and what is left
# standing. **You need** lessons 03 and 04. **It takes** about 90 minutes, in two
# sittings.
#
# The course started from a study that reported a collapse: a network that marks blood well in robotic surgery, and next to
# nothing in human laparoscopy. Its author published code, tables and splits under an open licence. **Only because of that can
# anybody learn what follows.** Of most studies one could not have found out. None of the habits below is unusual, and the last
# of them is our own.

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
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import charts, correlation, counts, frames, play, published, training
from helpers.cells import check, quiz
from helpers.correlation import spearman, spearman_within
from helpers.frames import CLASSES
from helpers.lesson import begin
from helpers.statistics import OFFERED, subject_means
from helpers.words import name_of, number

lesson = begin(profile, seed, data)

# %% [markdown]
# ## The evidence, and the claim
#
# Two kinds of evidence stand side by side. First **the published tables**: a row per frame, joined with the class statistics of
# the data set that another project publishes. Then **a re-enactment on the phantom**, where the truth is known because we drew
# it. `study.of(f, table)` gives `f(table)` where the tables are on this machine, and else what it gave when it was recorded. `make
# published` fetches the tables (3 MB) into `data/published`, or name a folder that has them, `data = {"published": "my/folder"}`:
# then every cell below computes.

# %%
study = published.study(lesson)
files = pd.DataFrame(published.FILES.values(), index=published.FILES)
files = files.rename_axis("file").reset_index()
files["commit"] = files["commit"].str[:7]
files["SHA-256"] = files["sha256"].str[:16] + "..."
here = "read just now"
if study.tables is None:
    here = "not on this machine; the figures are the recorded ones"
charts.table(
    files[["file", "project", "commit", "licence", "SHA-256"]],
    f"The published files: {here}",
)

# %% [markdown]
# A U-Net was trained on HemoSet and tested on all frames of CholecSeg8k. Dice is taken over the pixels of all frames together, as
# if they were one large frame. A frame labelled blood is PARTIAL where its Dice is above zero, which is read as some overlap with
# bad boundaries, and FALSE_NEGATIVE where it is zero; a frame labelled as without blood in which something is marked is
# FALSE_POSITIVE. **You have the table of Dice, coverage and failure mode by frame. What would you check first?**

# %%
claimed = "in_domain_dice ood_dice frames labelled_frames mode_partial".split()
claimed += "mode_false_negative mode_false_positive mode_correct".split()
study.told(claimed, "The claim, from the study's own summaries")

# %% [markdown]
# ## 1 · Which organ was scored?
#
# *As published:* pixels whose colour in the mask is (231, 70, 156) are blood. CholecSeg8k has thirteen classes, told apart by
# colour, and a network that is only *tested* on a mask never complains about it. We join the two tables: what the study scored in
# each frame, and what area each class has there.


# %%
def join(per_frame, classes):
    frames = per_frame.merge(classes, on=["subject", "frame"], validate="one_to_one")
    names = {"blood_coverage_pct": "scored", "has_blood": "labelled"}
    return frames.rename(columns=names)


rows = study.of(join, study.per_frame, study.classes)

# %% [markdown]
# ### Exercise 1 · Find the organ
# `areas` has a column per class and a row per frame, `scored` the area that was scored as
# blood, both in percent of the frame. (If you have not fetched the published tables, you
# get frames of our own instead, scored with a secret class.) Write a function that gives
# the name of the class that was scored.


# %%
def puzzle(rows, ours, seed):
    """The area of each class by frame, and the one scored as blood, in percent."""
    names = [one.name.lower() for one in frames.CLASSES]
    if rows is not None:
        return rows[names], rows["scored"]
    classes, rng = np.asarray(ours.classes), np.random.default_rng([abs(seed), 5])
    if (classes == frames.UNKNOWN).all():
        found = rng.dirichlet(np.ones(len(names)), len(classes))
    else:
        shares = [(classes == one.id).mean(axis=(1, 2)) for one in frames.CLASSES]
        found = np.stack(shares, axis=1)
    areas = pd.DataFrame(100 * found, columns=names)
    large = areas.drop(columns=["blood", "black background"]).mean() > 1
    return areas, areas[str(rng.choice(large.index[large]))].rename("scored")


areas, scored = puzzle(rows, lesson.frames("ood_test"), int(seed))


# %% tags=["exercise"]
def scored_class(areas, scored):
    # solution begins
    return areas.sub(scored, axis=0).abs().mean().idxmin()
    # solution ends


# %% tags=["check"]
# Fat has the scored mean to the digit, and never the scored area.
twins = pd.DataFrame({"fat": [1.0, 3.0, 2.0], "liver": [3.0, 2.1, 1.0]})
check(
    lambda: (
        (areas[scored_class(areas, scored)] - scored).abs().mean() < 0.1
        and scored_class(twins, pd.Series([3.0, 2.0, 1.0])) == "liver"
    ),
    "Subtract the scored area from each class's area, frame by frame, and take the "
    "class whose differences are smallest: areas.sub(scored, axis=0) is a beginning. "
    "Means are taken last: two classes may share a mean and no frame.",
)

# %% [markdown] tags=["solution"]
# The differences are taken frame by frame, because a mean area may agree by chance: two classes can cover as much on average
# and never in the same frame. `idxmin` gives the name of the column with the smallest mean difference.

# %% [markdown]
# Now the published tables themselves. **How large would you expect the bar of blood to be, if blood was scored?**


# %%
def by_class(frames):
    rows = []
    for entry in CLASSES:
        apart = (frames.scored - frames[entry.name.lower()]).abs()
        found = {"mean": apart.mean(), "greatest": apart.max()}
        rows.append({"class": entry.name, **found})
    return pd.DataFrame(rows)


apart = study.of(by_class, rows).set_index("class").sort_values("mean")
tract, blood = apart.loc["Gastrointestinal Tract"], apart.loc["Blood"]
charts.bars(
    apart[["mean"]],
    f"From the scored area, gastrointestinal tract is {tract['mean']:.2f} points of "
    f"percent away on average, blood {blood['mean']:.2f}",
    "mean difference from the scored area, percentage points",
    each=0.24,
    caption=f"Published tables, no drawing. At most: tract {tract['greatest']:.2f}, "
    f"blood {blood['greatest']:.0f} points, over all frames.",
)


# %%
def organ(frames):
    labelled, bleeding = frames[frames.labelled], frames[frames.blood > 0]
    tract = frames["gastrointestinal tract"]
    return {
        "labelled_with_organ": (labelled["gastrointestinal tract"] > 0).sum(),
        "coverage_difference": (frames.scored - tract).abs().max(),
        "labelled_with_blood": (labelled.blood > 0).sum(),
        "blood_frames": len(bleeding),
        "blood_unlabelled": (~bleeding.labelled).sum(),
    }


study.told(study.of(organ, rows), "What the frames labelled blood hold")

# %% [markdown]
# The shortest bar is that of the class that was read, and it is not blood. All frames labelled blood hold gastrointestinal tract;
# few of them hold blood. Most of the frames that do bleed were labelled as without, and each of these was scored FALSE_POSITIVE for
# what *might* have been right. So the out-of-domain Dice is a figure about marking bowel. **The habit mended:** print the class's
# *name* beside its area, and look at one overlay.
#
# On the phantom, the network of lesson 02 meets patients in each of whom we drew blood. Its predictions stay as they are; only
# the class that we score them against changes. **It never saw bowel. What Dice will it get for it?**

# %% tags=["phantom"]
patients = lesson.frames("ood_wished")
marked = counts.marked(lesson.model(), patients)
right = counts.evaluate(marked, patients)
ids = {entry.name: entry.id for entry in CLASSES}
bowel = patients.classes == ids["Gastrointestinal Tract"]  # in blood's place
wrong = right.assign(**counts.count(marked, bowel, patients.valid))
means = pd.DataFrame(
    {
        way: subject_means(counts.on_blood(counts.dice, table), table.subject)
        for way, table in (("against bowel", wrong), ("against blood", right))
    }
).dropna()

# %% tags=["phantom"]
charts.dots(
    charts.of_table(means.sort_values("against blood")),
    f"The same predictions: Dice {means['against bowel'].mean():.2f} against bowel, "
    f"{means['against blood'].mean():.2f} against blood, over {len(means)} patients",
    "Dice, mean of a patient",
    each=0.22,
    join=True,
    limits=(-0.02, 1.02),
    caption="The patients in whom bowel is in view. Each line is one patient, and "
    "nothing but the class that is scored differs between its ends.",
)

# %% [markdown] tags=["phantom"]
# Nothing in the Dice against bowel tells that the question was another one.

# %% [markdown]
# ## 2 · What is a partial success?
#
# *As published:* a frame labelled blood is PARTIAL where its Dice is above zero, FALSE_NEGATIVE where it is zero. The code's Dice
# has a small constant in it, against division by zero:
# $$ \text{Dice} = \frac{2\,tp + \varepsilon}{2\,tp + fp + fn + \varepsilon}, \qquad \varepsilon = 10^{-7} $$
# **What is this Dice where not one pixel is right? Which frames can ever be FALSE_NEGATIVE?** With one pixel in common it is at
# least one over the frame's pixels, far more than any epsilon gives: the two kinds can be told apart afterwards.

# %%
EPSILON, PIXELS = 1e-7, 256 * 256  # of the study's code


def separate(frames):
    # Nothing scored and nothing predicted: epsilon / epsilon, which is 1.
    blank = (frames.scored == 0) & (frames.dice == 1)
    return frames.assign(common=~blank & (frames.dice >= 1 / PIXELS), blank=blank)


def modes(frames):
    bleeds = (frames.blood > 0).rename("bleeds")
    groups = frames.groupby([frames.failure_mode.rename("mode"), "common", bleeds])
    return groups.size().rename("frames").reset_index()


rows = study.of(separate, rows)
by_mode = study.of(modes, rows)

# %%
partial = by_mode["mode"] == "PARTIAL"
common = np.where(by_mode["common"], "a pixel in common", "no pixel in common")
bleeds = np.where(by_mode["bleeds"], "blood in the frame", "no blood in the frame")
kinds = by_mode.assign(kind=np.where(partial, common, bleeds))
parts = kinds.pivot_table("frames", "mode", "kind", "sum", fill_value=0)
free = parts.loc["PARTIAL", "no pixel in common"]
charts.bars(
    parts.loc[parts.sum(axis=1).sort_values(ascending=False).index],
    f"{free:,.0f} of {parts.loc['PARTIAL'].sum():,.0f} PARTIAL frames have no pixel in "
    "common with what was scored",
    "frames",
    form=",.0f",
    caption="PARTIAL is divided by whether a single pixel is in common, the others by "
    "whether the frame holds blood.",
)

# %% [markdown]
# A PARTIAL frame without a pixel in common is a miss. And FALSE_POSITIVE has a part that does bleed. A rule that compares a
# smoothed score with zero has no word for a missed frame. **The habit mended:** failure modes are defined by counts (lesson 03),
# and a ratio without a denominator stays undefined.

# %% [markdown]
# ## 3 · Where does the correlation come from?
#
# *As published:* the strongest correlate of Dice is the covered area, and it is negative. **If nothing overlaps, what is left of
# the formula above? Which of its terms is the covered area?**

# %% [markdown]
# Without a common pixel Dice is $\varepsilon / (fp + fn + \varepsilon)$, and $fn$ *is* the covered area: the larger the organ, the
# smaller the Dice, by arithmetic. How large must epsilon be to do this? We put others in its place. **Does a smaller one help?**


# %%
def epsilons(frames):
    rows, labels = [], frames[frames.labelled]
    wrong_pixels = EPSILON / labels.dice - EPSILON  # fp + fn, if nothing is in common
    for epsilon in (0, 1e-12, EPSILON, 1e-3):
        dice = labels.dice.where(labels.common, epsilon / (wrong_pixels + epsilon))
        free = ~labels.common
        rows.append(
            {
                "epsilon": epsilon,
                "PARTIAL, %": 100 * (dice > 0).mean(),
                "correlation with area": spearman(dice, labels.scored),
                "no pixel in common": spearman(dice[free], labels.scored[free]),
                "a pixel in common": spearman(dice[~free], labels.scored[~free]),
            }
        )
    return pd.DataFrame(rows).astype({"epsilon": str})


tried = study.of(epsilons, rows)
charts.table(tried, "Rank correlation of Dice with the scored area, by epsilon")

# %% [markdown]
# It does not: a rank correlation only asks for order, and the smallest epsilon orders frames as a larger one does. Without any,
# Dice is the same on all frames without a common pixel, and over all frames the sign of the correlation is the other one. **The
# habit mended:** correlate what is defined, where it is defined, and ask of every correlate whether it stands in the formula of
# the score.
#
# ### Exercise 2 · Another epsilon
# `smoothed_dice(wrong_pixels, epsilon)` is to give the Dice of a frame without a common pixel. Then try an epsilon of your own.


# %% tags=["exercise"]
def smoothed_dice(wrong_pixels, epsilon):
    # solution begins
    return epsilon / (wrong_pixels + epsilon)
    # solution ends


# %% tags=["check"]
check(
    lambda: (
        abs(smoothed_dice(3, 1) - 0.25) < 1e-9
        and smoothed_dice(9, 0) == 0
        and smoothed_dice(10, 1e-9) > smoothed_dice(20, 1e-9)
    ),
    "Put tp = 0 into the formula of section 2: epsilon stands above, and below stand "
    "the wrong pixels and epsilon.",
)

# %% [markdown] tags=["solution"]
# Any epsilon above zero ranks the frames by their wrong pixels; zero gives them all the same Dice.

# %% [markdown] tags=["phantom"]
# Now the phantom's predictions, scored against bowel and against blood. Take an epsilon yourself, from nothing up to the thousand
# that smoothed scores sometimes have. **Which of the numbers does it move, and which can it never move?**


# %% tags=["phantom"]
def with_epsilon(table, epsilon):
    top = 2 * table.tp + epsilon
    return top / (top + table.fp + table.fn)  # 0 / 0 stays undefined


scored_against = {"bowel": wrong, "blood": right}


# %% tags=["phantom"]
def measured_with(table, epsilon):
    dice, labelled = with_epsilon(table, epsilon), counts.has_blood(table)
    free = labelled & (table["tp"] == 0)  # not a pixel in common

    def mean(values, where):
        return float(subject_means(values[where], table["subject"][where]).mean())

    return {
        "Dice, labelled frames": mean(dice, labelled),
        "Dice, frames without": mean(dice, ~labelled),
        "correlation with area": spearman(dice[free], counts.coverage(table[free])),
        "PARTIAL, %": mean(100.0 * (dice > 0), labelled),
        "no pixel in common": mean(100.0 * (table["tp"] == 0), labelled),
    }


# %% tags=["phantom"]
def at_epsilon(scored, epsilon):
    numbers = measured_with(scored_against[scored], epsilon)
    none = numbers.pop("no pixel in common")
    on_blood, without, alike, partial = numbers.values()
    said = (
        f"With an epsilon of {epsilon:g}, {number(partial, '.0f')} % of the labelled "
        f"frames are PARTIAL by the rule, and on {number(none, '.0f')} % not one pixel "
        f"is right; mean Dice is {number(on_blood)} on labelled frames and "
        f"{number(without)} on the others; without a pixel in common its rank "
        f"correlation with area is {number(alike)}."
    )
    modes = {"PARTIAL": partial, "FALSE_NEGATIVE": 100 - partial}
    modes["no pixel in common"] = none
    about = "Labelled frames, %: two by the rule, one by counting"
    drawn = play.bars(modes, (0, 100), form=".0f", about=about)
    return play.Scene(said, (), numbers, {"PARTIAL, %": ".0f"}, drawn)


# %% tags=["phantom"]
powers = (0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 1.0, 10.0, 100.0, 1000.0)
controls = [
    play.Choice("scored", "scored against", list(scored_against)),
    play.Slider("epsilon", "epsilon", powers, 1e-7),
]
play.Interactive("epsilon", controls, at_epsilon, "Take an epsilon")

# %% [markdown] tags=["phantom"]
# The smallest epsilon turns every miss into a PARTIAL one, and a large one lifts the score itself, though not a pixel was marked
# better. How strongly Dice goes with area where nothing is in common hangs on how much of the wrong pixels is false alarm rather
# than area. What no epsilon moves is a count: how many frames have no pixel in common with the label, whatever is added to a ratio.
# On frames without a label an epsilon invents a score, which is 1 where nothing was marked.

# %% [markdown]
# ## 4 · Is the in-domain figure one about unseen animals?
#
# *As published:* frames were shuffled and divided into training and validation; Dice is that of the validation frames. **How far
# is a validation frame from its nearest training frame?**


# %%
def neighbours(splits):
    ordered = splits.sort_values("frame")
    train, val = (ordered[ordered.split == name] for name in ("train", "val"))
    train = train.assign(nearest=train.frame)[["subject", "frame", "nearest"]]
    near = pd.merge_asof(val, train, on="frame", by="subject", direction="nearest")
    distance = (near.frame - near.nearest).abs().astype(int).rename("distance")
    return (
        distance.value_counts()
        .rename("frames")
        .reset_index()
        .sort_values("distance", ignore_index=True)
    )


near = study.of(neighbours, study.splits).set_index("distance")

# %%
charts.bars(
    near,
    f"{near['frames'].loc[:60].sum()} of {near['frames'].sum()} validation frames have "
    "a training frame of their pig within 60 frame numbers",
    "validation frames, by frame numbers to the nearest training frame",
    each=0.3,
    form=".0f",
    caption="Thirty frame numbers are one second of video.",
)

# %%
home = ["in_domain_dice", "reference_in_domain", "pigs", "pigs_in_both"]
study.told(home, "In domain: the published figure, and the closest clean reference")

# %% [markdown]
# Every pig stands on both sides of the published split, and nearly every validation frame has a twin in training. The closest clean
# reference that we know has five folds grouped by pig; it chose its epoch on the fold that it reports, so it is still generous. And
# the two are not the same quantity: the published figure is one network's, over the pixels of all frames together, and the
# reference is a mean over three architectures and five folds. So not all of the gap need be the split.
#
# We trained pairs of networks on as many frames each, tested on the same frames of held-out pigs; one of each pair had learned
# from those pigs' other frames. **What does it gain?**

# %%
by_habit, about = published.recorded("habits")
by_habit["added"] = by_habit.wrong - by_habit.right
when = f"A dot for each of {about['drawings']} drawings, recorded on {about['date']}."


# %%
def drawings(habit):
    of = by_habit[by_habit.habit == habit]
    each = of.groupby("outcome").added.agg(["mean", "min", "max"])
    said = "; ".join(
        f"{what} {one['mean']:+.3f} ({one['min']:+.3f} to {one['max']:+.3f})"
        for what, one in each.iterrows()
    )
    return charts.dots(
        of.rename(columns={"outcome": "row", "added": "value"})[["row", "value"]],
        f"What the {habit} adds: {said}",
        "by the habit minus measured properly",
        mark=0,
        caption=when,
    )


drawings("split by frames")

# %% [markdown]
# Hold the dots against the gap of the table above. Drawn pigs need not be as strange to a network as real ones are, so what a
# shuffle gains on real video, a phantom can't say. **The habit mended:** split by subject, before anything else is done.
#
# ## 5 · How many observations are there?
#
# *As published:* a p-value from all frames labelled blood, each counted as an independent observation. **What would you have to
# repeat to get a truly new frame of blood?**


# %%
def observations(frames):
    return {
        "clips": frames["clip"].nunique(),
        "patients": frames.subject.nunique(),
        "patients_with_blood": frames[frames.blood > 0].subject.nunique(),
    }


study.told(study.of(observations, rows), "How often something was drawn anew")

# %% [markdown]
# The frames are clips of consecutive frames, and these belong to patients, of whom **one bleeds**. Every Dice on the blood of this
# data set, whoever reports it, is a figure about one patient, and no interval over patients exists for it. What happens when frames
# are taken for patients? We give each wished-for patient a number by chance that has nothing to do with Dice, and test it, many
# times, both ways. **How often will each find something?**

# %% tags=["phantom"]
bloody = right.assign(dice=counts.on_blood(counts.dice, right)).dropna(subset="dice")
draws = 20 if lesson.course.profile == "smoke" else 300
empty = correlation.p_values(bloody, draws, seed)
signif = {unit: correlation.rejected(empty[unit]) for unit in empty}


def heights(p):
    found, edges = np.histogram(p.dropna(), 20, (0, 1))
    return edges[:-1] + 0.025, 100 * found / draws


# %% tags=["phantom"]
charts.lines(
    {f"over {unit}": heights(empty[unit]) for unit in empty},
    f"p below 0.05 in {signif['frames'][0]:.0f} % of {draws} empty properties over "
    f"frames, in {signif['subjects'][0]:.0f} % over patients",
    "p-value",
    "percent of the empty properties",
    steps=True,
    caption="Where nothing is there to find, every step should stand at 5 %.",
)

# %% tags=["phantom"]
units = [len(bloody), bloody.subject.nunique()]
rows_of = [(unit, n, *signif[unit]) for unit, n in zip(signif, units)]
columns = ["the unit", "units", "p below 0.05, %", "low", "high"]
charts.table(
    pd.DataFrame(rows_of, columns=columns),
    f"Empty properties called 'significant', with 95 % intervals over {draws} of them",
    digits=1,
)

# %% [markdown]
# Chance gives 5 %. What would an excess live on: on patients that differ, or on clips whose frames are alike? A benchmark draws the
# patients alike (variation 0), or takes one frame of each clip.

# %%
nulls, null_about = published.recorded("null_rejection")
nulls = nulls[(nulls.property == "of the subject") & (nulls.strength == 0)]
names = {"variation": "patients vary", "which_frames": "frames taken"}
names |= {"frames": "over frames, %", "subjects": "over patients, %"}
charts.table(
    nulls[list(names)].rename(columns=names),
    f"How often {null_about['draws']:,} empty properties are found; recorded on "
    f"{null_about['date']}",
    digits=1,
)

# %% [markdown]
# Compare the rows of the third column: each of the two takes a part of the excess away. The test over patients stays near what
# chance gives in all of them. Neither clips nor patients can be made alike in reality. **The habit mended:** the unit is what would
# be drawn anew, the patient.
#
# ## 6 · How did the learning rate run?
#
# *As published:* a cosine schedule, given 30 epochs, run for 49. **A cosine falls from its top to its foot. What does it do after
# that?**


# %%
def rates(training, top=1e-4, foot=1e-6, length=30):
    epoch = np.arange(training["epochs_trained"])
    rate = foot + (top - foot) * (1 + np.cos(np.pi * epoch / length)) / 2
    return pd.DataFrame({"epoch": epoch + 1, "rate": rate})


ran = study.of(rates, study.training)
kept = int(study.numbers["value"]["best_epoch"])
charts.lines(
    {"learning rate": (ran["epoch"].tolist(), ran["rate"])},
    f"The learning rate falls to {ran['rate'].min():.0e} at epoch "
    f"{ran['epoch'][ran['rate'].argmin()]}, and is {ran['rate'][kept - 1]:.0e} at "
    f"epoch {kept}, which was kept",
    "epoch",
    "learning rate",
    mark=(kept, "kept"),
    height=2.2,
)

# %% [markdown]
# The epoch that was kept lies on the way up. A curve shows that a recipe says one thing and does another; whether it matters is a
# question about the outcome. On our drawings we trained networks whose cosine was as much too short, beside others whose rate only
# fell.

# %%
drawings("schedule")

# %% [markdown]
# Look whether the dots of a row lie on one side of zero. Where the drawings disagree, a
# single one can decide the average of so few.
# **The habit mended:** the schedule's length *is* the number of epochs, and the curve is plotted as it ran (lesson 02).
#
# ## 7 · What if the test does the choosing?
#
# The study is not to blame for this one, but it is common: an epoch, a threshold or an augmentation is chosen by the figure that
# is then reported. The benchmark kept the Dice of each patient for many options a drawing, networks times thresholds. We choose the
# best of some options on some patients, and ask what it is worth on the others.


# %%
def flattery(scores, n_options, n_patients, repeats=200):
    # What an option has beyond the average option, so that easy patients are no gain.
    scores = scores - scores.mean(axis=0)
    generator, gains = np.random.default_rng(seed), []
    for _ in range(repeats):
        some = generator.choice(scores, n_options, replace=False)
        test, others = np.split(generator.permutation(some.shape[1]), [n_patients])
        best = some[some[:, test].mean(axis=1).argmax()]
        gains.append(best[test].mean() - best[others].mean())
    return np.mean(gains)


# %%
options, _ = published.recorded("habits", table="habits_options")
scores = [
    # Each drawing has patients of its own: the others' columns are empty.
    part.drop(columns=["seed", "network", "threshold"]).dropna(axis=1).to_numpy()
    for _, part in options.groupby("seed")
]
sizes = [n for n in (1, 2, 4, 8, 16, 32, 64) if n <= min(map(len, scores))]
gains = {
    patients: [np.mean([flattery(one, n, patients) for one in scores]) for n in sizes]
    for patients in (1, 3, 6)
}
said = ", ".join(f"{gain[-1]:+.3f} by {n}" for n, gain in gains.items())

# %%
flattered = charts.lines(
    {f"chosen by {n} of the patients": (sizes, gain) for n, gain in gains.items()},
    f"What the best of {sizes[-1]} options has where it was chosen, beyond elsewhere: "
    f"{said} patients",
    "options to choose from",
    "Dice where chosen minus elsewhere",
)
flattered.axes[0].set_xscale("log", base=2)
flattered.axes[0].set_xticks(sizes, sizes)
flattered

# %% [markdown]
# Read a curve from left to right: what does more choice do? Then compare the curves: what do more patients do? All of it is
# flattery, since no option is better for having been chosen. **The habit mended:** choose on validation patients (`ood_val`), and
# open the test once.
#
# ## 8 · Our own habit: an average before a look
#
# Until we looked at *where* our network's errors lay, this course reported averages as if they were about blood. Black borders
# and the black of turned images were left out of its loss, so nothing taught it what black is. A benchmark leaves the fill out
# again, on drawings that nobody had opened before; all else is equal. **Where will the two networks differ?**

# %%
black, black_about = published.recorded("black")
black = black[(black.part == "confirmed") & (black.split == "ood_wished")]
black = black[(black.shown == "as they are") & ~black.rule]
black = black[black.region != "surround"]
mean = black.pivot_table(index=["recipe", "region"], columns="measure", values="value")
charts.table(
    mean.reset_index(),
    f"Wished-for patients, the frame and its view: means over "
    f"{black.drawing.nunique()} drawings, recorded on {black_about['date']}",
    digits=2,
)

# %% [markdown]
# Compare the two rows of each recipe: what differs between frame and view happened in the black. Our first report called all of it
# blood that is not recognised. No average over the whole frame shows that. One by region does, for those who think of the region,
# and one picture does for everybody. **The habit mended:** where, before how much: a map of the errors by class and region stands
# before any mean.
#
# ## 9 · What do the tables support?
#
# *As published:* out of domain the network does not find blood, and fires on frames without it. The first half was measured on
# the wrong organ, so it is not shown. **Is its opposite? And does the second half hold?** Epsilon, which hid so much, now helps:
# without a common pixel Dice gives $fp + fn$ exactly, the coverage gives $fn$, and so the predicted area follows.


# %%
def recover(frames):
    scored_pixels = (frames.scored * PIXELS / 100).round()
    predicted = (EPSILON / frames.dice - EPSILON).round() - scored_pixels
    predicted = predicted.mask(frames.blank, 0)
    return frames.assign(area=(100 * predicted / PIXELS).mask(frames.common))


rows = study.of(recover, rows)


# %%
def claimed_alarms(frames):
    clean = frames[(frames.blood == 0) & ~frames.common]
    pair = clean[["area", "black background"]]
    return {
        "area_known": (~frames.common).sum(),
        "clean_known": len(clean),
        "alarm_rate": 100 * (clean.area > 0).mean(),
        "alarm_01pct": 100 * (clean.area >= 0.1).mean(),
        "alarm_1pct": 100 * (clean.area >= 1).mean(),
        "clean_area": clean.area.mean(),
        "area_black": spearman(*pair.T.to_numpy()),
        "area_black_within": spearman_within(*pair.T.to_numpy(), clean.subject).value,
        "area_black_between": spearman(
            *pair.groupby(clean.subject).mean().T.to_numpy()
        ),
    }


alarm_numbers = study.of(claimed_alarms, rows)
study.told(alarm_numbers, "Clean frames whose marked area is known, by frame")

# %% [markdown]
# ### Exercise 3 · Predict
# By frame, something is marked on nearly all frames without blood. An alarm that matters is larger. On how many percent of a
# patient's clean frames, averaged over the patients, is at least one percent of the frame marked? Put your guess in.

# %% tags=["exercise"]
# solution begins
my_guess = 55
# solution ends

# %% tags=["check"]
recorded = study.numbers["value"]
check(
    lambda: abs(my_guess - recorded["alarm_1pct_patients_mean"]) < 15,
    f"Guess again: by frame it is about {recorded['alarm_1pct']:.0f} %, and patients "
    "differ.",
)

# %% [markdown] tags=["solution"]
# The chart below tells it. A mean over patients gives each the same weight, however many frames it has.


# %%
def alarms(frames):
    clean = frames[(frames.blood == 0) & ~frames.common]
    rates = {
        name: 100 * (clean.area >= least).groupby(clean.subject).mean()
        for name, least in (("one pixel", 100 / PIXELS), ("0.1 %", 0.1), ("1 %", 1))
    }
    bleeds = frames.groupby("subject").blood.max() > 0
    return pd.DataFrame({"bleeds": bleeds, **rates}).reset_index()


by_patient = study.of(alarms, rows)

# %%
ranked = by_patient.sort_values("1 %")
whose = ranked["subject"] + ranked["bleeds"].map({True: " (bleeds)", False: ""})
sizes = ["one pixel", "0.1 %", "1 %"]
said = ", ".join(
    f"{ranked[size].mean():.0f} % at {size} ({ranked[size].min():.0f} to "
    f"{ranked[size].max():.0f})"
    for size in sizes
)
charts.dots(
    charts.of_table(ranked[sizes].set_axis(whose).add_prefix("at least ")),
    f"A patient's clean frames with an alarm: {said}",
    "clean frames with an alarm, % of the patient's",
    each=0.21,
    caption="Read each colour by itself: how far apart are the patients once an alarm "
    "must have a size?",
)

# %% [markdown]
# The frames of unknown area all touch gastrointestinal tract, so they are not missing at random, and this is about the clean frames
# of known area. The last rows of the table above ask lesson 04's three questions of the marked area and of how much of the frame is
# black.
#
# **The habits of this page touch this figure too:** it matters what is called an alarm, and whose frames are counted. **The honest
# sentence is:** the published tables do not show that the network misses blood out of domain, nor that it finds it. They show that
# it marks something on nearly every frame, as the study said itself, and how much hangs on the patient.

# %% [markdown]
# ## All habits side by side
#
# The recorded drawings once more, each habit beside the proper way, on the same predictions or the same frames. **Which one would
# you have caught in review?**

# %%
by = by_habit.groupby(["habit", "outcome"])
together = by[["wrong", "right"]].mean()
together = together.assign(least=by.added.min(), most=by.added.max()).reset_index()
names = ["habit", "outcome", "by the habit", "properly", "adds, least", "most"]
charts.table(
    together.set_axis(names, axis=1),
    f"Means over {about['drawings']} drawings, and the least and greatest effect; "
    f"recorded on {about['date']}",
    digits=2,
)

# %% [markdown]
# A dash is a figure that is undefined: without epsilon, frames without a common pixel have no order. Wrong class, epsilon and
# correlation are arithmetic, which no data can mend; what a split by frames and a schedule do depends on what is drawn, and on
# how long one trains. No interval is given, since the unit is the drawing.
#
# ## The way back
#
# All of this was about one direction: learn on pigs, test on patients. **What does the same study say in the other direction? And
# does it lose its Dice in the same way?** On real frames somebody has tried both, with pigs (HemoSet) and gynaecological laparoscopy
# (Rabbani and others, MIDL 2022, in `RiccardoMazzi01/bleedsense_cvcs2026`): Dice 0.22 from pigs to patients, lost by recall; 0.57 to
# 0.60 back, lost by precision. CholecSeg8k itself can't be learned from: blood is in one patient, and three are the fewest for a
# training, a validation and a test of whole patients. So a run on real data has no such section; the drawing has.
#
# The wished-for patients are divided as the pigs are: some to learn from, some to choose the epoch by, some to test on. It is a
# study of its own, and no other lesson uses anything of it.

# %% tags=["phantom"]
whole = lesson.domains.wished
whole = replace(whole, table=frames.split_source(whole.table, lesson.course.seed))
train, val = whole.of("train"), whole.of("id_val")
back = training.trained("the way back", lesson.course, train, val)
sides = whole.table.groupby("split").agg(
    patients=("subject", "nunique"), frames=("frame", "size")
)
charts.table(sides.reset_index(), "The wished-for patients, divided for the way back")

# %% [markdown] tags=["phantom"]
# Each network now meets new subjects of its own kind, and subjects of the other kind: for the second one, all pigs are new. Dice is
# taken apart. *Recall* is the share of the blood that is found, *precision* the share of the marks that are blood.

# %% tags=["phantom"]
met = {
    ("there", "id_test"): (lesson.model(), lesson.frames("id_test")),
    ("there", "ood_wished"): (lesson.model(), patients),
    ("back", "wished"): (back, whole.of("id_test")),
    ("back", "source"): (back, lesson.domains.source),
}
tables = {way: counts.evaluate(*one) for way, one in met.items()}
MEASURES = {"Dice": counts.dice, "recall": counts.recall, "precision": counts.precision}
marks = pd.concat(
    table[["subject"]].assign(
        way=way, kind=kind, row=name, value=counts.on_blood(of, table)
    )
    for name, of in MEASURES.items()
    for (way, kind), table in tables.items()
)
keys = ["way", "row", "kind", "subject"]
marks = marks.groupby(keys, sort=False, as_index=False).mean()


# %% tags=["phantom"]
def both_ways(way):
    of = marks[marks["way"] == way]
    means = of.groupby(["kind", "row"], sort=False)["value"].mean().unstack("row")
    said = "; ".join(
        f"{name_of(kind)} ({of[of['kind'] == kind]['subject'].nunique()}): "
        + ", ".join(f"{name} {one[name]:.2f}" for name in MEASURES)
        for kind, one in means.iterrows()
    )
    look = {"apart": 0.5, "each": 0.8, "means": True, "limits": (-0.02, 1.02)}
    title = f"{way.capitalize()}: {said}"
    return charts.dots(of, title, "mean of a subject", **look)


both_ways("there")

# %% tags=["phantom"]
both_ways("back")

# %% [markdown] tags=["phantom"]
# Read the two bars of a row against one another: which of the two parts goes down with Dice, there, and which back? To put a
# number on it we let an oracle repair one kind of error after the other, as in lesson 03, and take the mean of both orders.


# %% tags=["phantom"]
def lost(table):
    tp, fp, fn = (table[name] for name in ("tp", "fp", "fn"))
    now = counts.dice(table)
    found, cleaned = 2 * (tp + fn) / (2 * (tp + fn) + fp), 2 * tp / (2 * tp + fn)
    return ((found - now) + (1 - cleaned)) / 2, ((cleaned - now) + (1 - found)) / 2


def parts_of(table):
    view, bled = counts.within(table, "view"), counts.has_blood(table)
    missed, false = (part.where(bled) for part in lost(table))
    parts = {"Dice": counts.on_blood(counts.dice, table)}
    parts |= {"lost: missed": missed, "lost: false marks": false}
    parts |= {"blood, %": counts.coverage(view).where(bled)}
    parts |= {"marked, %": counts.predicted_area(view).where(bled)}
    parts |= {"marked where clean, %": counts.false_area(view).where(~bled)}
    return {
        name: subject_means(one, table.subject).mean() for name, one in parts.items()
    }


# %% tags=["phantom"]
parts = [
    {"way": way, "met": name_of(kind), "subjects": table.subject.nunique()}
    | parts_of(table)
    for (way, kind), table in tables.items()
]
said = "Means over subjects; areas in percent of the view"
charts.table(pd.DataFrame(parts), said, digits=2)

# %% tags=["phantom"]
for kind in ("wished", "source"):
    one = lesson.estimate(tables["back", kind], "dice", counts.dice, kind)
    lesson.add(f"way_back.{kind}.dice", one)

# %% [markdown] tags=["phantom"]
# Dice and its two losses add up to one. Both directions have the same two domains, and a distance between them has no direction (lesson 01); what a network does with it can have one. A remedy that finds more blood is of use where
# blood is missed, and does harm where too much is marked. The two networks learned from unlike numbers of subjects, and each is tested on other ones, so the rows are two studies and no pair. So a remedy for one direction need not be one for the other, and "the"
# gap is not one number. Drawn subjects say nothing about patients, and this is one drawing. **The habit mended:** say which way, and
# by which part.

# %% [markdown]
# ## A checklist to take along
#
# Kapoor and Narayanan collected how leakage makes results irreproducible (*Patterns* 4, 100804, 2023); REFORMS is a checklist for
# science that uses machine learning (Kapoor and others, *Science Advances* 10, eadk3452, 2024); Metrics Reloaded says which metric
# answers which question about images (Maier-Hein, Reinke and others, *Nature Methods* 21, 195, 2024). In our own words:
#
# | ask | because | here |
# |---|---|---|
# | Has somebody looked at overlays, and at each class's name, colour and area? | a network never complains about a label | 1, 8 |
# | What does each metric do where there is nothing to find, or nothing found? | a constant then decides | 2 |
# | Does a correlate stand in the formula of the score? | then arithmetic correlates | 3 |
# | Is every subject on one side of the split? | neighbours leak | 4 |
# | How many subjects are behind each number, and is it their interval? | frames repeat, subjects do not | 5 |
# | Was the recipe plotted as it ran, and compared by its outcome? | code does what it says | 6 |
# | Was anything (epoch, threshold, augmentation) chosen on the test? | a test that chooses is no test | 7 |
# | Which sentence would be left if a reader had only the tables? | that one is the result | 9 |
# | Are code, splits and a row per frame public? | so that somebody can do to you what this lesson did | all |
#
# ### Exercise 4 · An open question
# Choose a study of your own field whose tables are public, and ask the first three questions of the checklist. Which of them can
# you answer from the tables alone, and what would you ask its authors to publish? Write to them kindly.

# %% [markdown]
# <details><summary>For those who want more: does the predicted area tell frames with blood?</summary>
#
# Ranked by predicted area, frames with blood can be held against frames without (AUROC; 0.5 is chance). The table below does so over
# all frames, and asks the mean red of a frame the same; then within the one patient that bleeds, and by the clips of that patient.
# By patient there is one against all others, and no test can be made of that. The frames of unknown area could change little: the
# last rows say within which bounds, with areas that fit the published digits (`benchmarks/published.py`).
#
# </details>

# %%
told = "auroc_frames auroc_red auroc_video01 auroc_red_video01 clips_blood clips_clean"
told += " auroc_clips auroc_clips_p patient_rank_area alarm_1pct_low alarm_1pct_high"
told += " auroc_frames_low auroc_frames_high"
study.told(told.split(), "Does the marked area tell frames with blood?")

# %% [markdown]
# And how far can an interval over a handful of subjects be trusted? From populations whose truth is known, samples of subjects were
# drawn, and we counted how often an interval holds that truth. **Which of these methods would you have taken from habit?**


# %%
def coverage_grid(verdicts):
    """Worst coverage, greatest mean width in brackets; a row per method."""
    rows = pd.DataFrame(verdicts)
    said = rows["allowed"].map({True: " offered", False: ""})
    pairs = zip(rows["worst_coverage"], rows["widest"], said)
    rows["said"] = [f"{one:.2f} ({wide:.2f}){offered}" for one, wide, offered in pairs]
    grid = rows.pivot(index="method", columns="subjects", values="said")
    grid = grid.reindex(rows["method"].unique()).fillna("").add_suffix(" subjects")
    return grid.rename_axis(columns=None).reset_index()


# %%
_, coverage = published.recorded("interval_coverage")
promised = {one.method: 100 * one.level for one in OFFERED.values()}
said = ", ".join(f"'{name}' {level:.0f} %" for name, level in promised.items())
charts.table(
    coverage_grid(coverage["verdicts"]),
    f"How often an interval over few subjects holds the truth, of "
    f"{coverage['repetitions']:,} samples: the worst population tried, its mean width "
    f"in brackets. Promised are: {said}, all others 95 %; offered "
    f"from {100 * coverage['least_coverage']:.0f} % on; recorded on {coverage['date']}",
)

# %% [markdown]
# Compare each cell with what its method promised. *Offered* are the intervals that this course shows: they held the truth of every
# population tried at least as often as the caption says, also among those samples alone whose interval is not wide. Where the
# column of a few subjects offers none, this course shows none.

# %% tags=["quiz"]
quiz(
    (
        f"A frame of {PIXELS:,} pixels has a Dice of {EPSILON / 1000:.0e}, and epsilon "
        f"is {EPSILON:.0e}: what does it tell?",
        {
            "A little blood was found": "No: one pixel in common gives at least "
            f"{1 / PIXELS:.0e}.",
            "Nothing was in common, and a constant stands in the formula": "Yes: "
            "without it, Dice would be zero, and the frame would be a miss.",
            "The blood was very small": "No: it is the constant over the wrong pixels.",
        },
    ),
    (
        "What would tell whether this network finds blood in patients?",
        {
            "More frames of the patient who bleeds": "No: that is still one patient.",
            "The predictions, on patients who bleed": "Yes: overlap needs predictions, "
            "and a word about patients needs patients.",
            "A smaller epsilon": "No: any epsilon keeps the order of the frames.",
        },
    ),
    (
        "You try many thresholds on a few test patients and report the best. What now?",
        {
            "The figure flatters, the more the fewer patients there are": "Yes: the "
            "best of many is partly lucky, and few patients leave room for it.",
            "Nothing, as the network is the same": "No: the choice has seen the test.",
            "The figure is too low": "No: the best was chosen, with luck on its side.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw a published result taken apart by its own tables, each habit again where the truth was drawn, one that was ours, and the
# same study from patients to pigs. The network marks something on nearly every clean frame of patients it has not seen; about
# *finding* blood the tables say nothing, neither way. It took an open repository to learn that, and a closed one would have kept its
# number. **Doubt** this lesson too: a phantom shows that a habit *can* mislead, and its size there is not the size in surgery. Doubt
# that these are all; we looked for those that we knew. And doubt a study for what it hides rather than for what it shows: this one
# showed its work.
