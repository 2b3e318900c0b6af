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
# **You will be able to** take a published result apart with nothing but its own tables: which class was scored, what a small
# constant does, what the unit is, and what is left standing. **You need** lessons 03 and 04. **It takes** about 45 minutes.
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
    from helpers import environment

    environment.install_missing()

# %% tags=["parameters"]
profile = "quick"  # smoke, quick or full
seed = 0
data = {}  # where data is, such as {"source": "/my/a"}; see data/README.md

# %%
import numpy as np
import pandas as pd

from helpers import counts, figures, habits, play, published
from helpers.cells import check, quiz
from helpers.correlation import spearman, spearman_between, spearman_within
from helpers.frames import CLASSES
from helpers.lesson import begin
from helpers.statistics import OFFERED, Estimate, subject_means

lesson = begin(profile, seed, data)

# %% [markdown]
# ## The evidence, and the claim
#
# Two kinds of evidence stand side by side. First **the published tables**: a row per frame, joined with the class statistics of
# the data set that another project publishes. Then **a re-enactment on the phantom**, where the truth is known because we drew
# it. `study.of(f, table)` gives `f(table)` where the tables are on this machine, and else what it gave when it was recorded.

# %%
study = published.study(lesson)
study.files

# %% [markdown]
# {study.said}

# %% [markdown]
# A U-Net was trained on HemoSet and tested on all {published.frames:,.0f} frames of CholecSeg8k. In domain Dice is
# **{published.in_domain_dice:.2f}**, out of domain **{published.ood_dice:.3f}**, both over the pixels of all frames together,
# as if they were one large frame. Of the {published.labelled_frames:,.0f} frames labelled blood {published.mode_partial:,.0f}
# are PARTIAL, which is read as some overlap with bad boundaries, and {published.mode_false_negative:.0f} are FALSE_NEGATIVE;
# {published.mode_false_positive:,.0f} of the others are FALSE_POSITIVE. **You have the table of Dice, coverage and failure mode
# by frame. What would you check first?**
#
# ## 1 · Which organ was scored?
#
# *As published:* pixels whose colour in the mask is ({published.scored_red:.0f}, {published.scored_green:.0f},
# {published.scored_blue:.0f}) are blood. CholecSeg8k has thirteen classes, told apart by colour, and a network that is only
# *tested* on a mask never complains about it. We join the two tables: what the study scored in each frame, and what area each
# class has there.


# %%
def join(per_frame, classes):
    frames = per_frame.merge(classes, on=["subject", "frame"], validate="one_to_one")
    names = {"blood_coverage_pct": "scored", "has_blood": "labelled"}
    return frames.rename(columns=names)


frames = study.of(join, study.per_frame, study.classes)

# %% [markdown]
# ### Exercise 1 · Find the organ
# `areas` has a column per class and a row per frame, `scored` the area that was scored as blood, both in percent of the frame
# (where the published tables are not here, frames of our own, scored with a class that we do not name; areas drawn by chance where our frames know only blood). Write a function that
# gives the name of the class that was scored.

# %%
areas, scored = habits.puzzle(frames, lesson.frames("ood_test"), seed)


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


published.by_class(study.of(by_class, frames)).front("published_organ")


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


which = study.of(organ, frames)

# %% [markdown]
# The shortest bar is that of the class that was read, and it is not blood. All {published.labelled_with_organ:,.0f} frames labelled blood hold
# gastrointestinal tract, and the two areas differ by at most {published.coverage_difference:.2f} percentage points. **Only
# {published.labelled_with_blood:.0f} of them hold blood.** Of the {published.blood_frames:.0f} frames that do bleed,
# {published.blood_unlabelled:.0f} were labelled as without, and each was scored FALSE_POSITIVE for what *might* have been right.
# So the out-of-domain Dice is a figure about marking bowel. **The habit mended:** print the class's *name* beside its area, and
# look at one overlay.
#
# On the phantom, the network of lesson 02 meets patients in each of whom we drew blood. Its predictions stay as they are; only
# the class that we score them against changes. **It never saw bowel. What Dice will it get for it?**

# %% tags=["phantom"]
patients = lesson.frames("ood_wished")
found = counts.marked(lesson.model(), patients)
right = counts.evaluate(found, patients)
ids = {entry.name: entry.id for entry in CLASSES}
bowel = patients.classes == ids["Gastrointestinal Tract"]  # in blood's place
wrong = right.assign(**counts.count(found, bowel, patients.valid))
means = {
    way: subject_means(counts.on_blood(counts.dice, table), table.subject)
    for way, table in (("wrong", wrong), ("right", right))
}
for way, table in (("wrong", wrong), ("right", right)):
    lesson.add(
        f"habit.wrong_class.{way}",
        lesson.estimate(table, "dice", counts.dice, split="ood_wished"),
    )
names = ("against bowel", "against blood")
habits.paired(pd.DataFrame(means), names, "Dice, mean of a patient")

# %% [markdown] tags=["phantom"]
# The chart has the patients in whom bowel is in view ({habit.wrong_class.wrong.behind}): against it Dice is
# **{habit.wrong_class.wrong:.2f}**. Against blood, over all patients, the same predictions get **{habit.wrong_class.right:.2f}**
# ({habit.wrong_class.right.interval}). Nothing in the first figure tells that the question was another one.

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


frames = study.of(separate, frames)
published.modes(study.of(modes, frames))

# %% [markdown]
# Every PARTIAL frame of the orange part is a miss: not a single pixel in common with what was scored. Beside it, the red part of
# FALSE_POSITIVE are the frames that do bleed. A rule that compares a smoothed score with zero has no word for a missed frame.
# **The habit mended:** failure modes are defined by counts (lesson 03), and a ratio without a denominator stays undefined.

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


tried = study.of(epsilons, frames)
figures.table(tried, "Rank correlation of Dice with the scored area, by epsilon")

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

# %% tags=["phantom"]
labelled = wrong[counts.has_blood(wrong)]
missed = labelled[labelled.tp == 0]
pixels = missed.fp + missed.fn
for way, epsilon in (("wrong", EPSILON), ("right", 0)):
    smoothed = 2 * labelled.tp + epsilon  # above zero wherever Dice is
    share = subject_means(100.0 * (smoothed > 0), labelled.subject)
    partly = Estimate(
        share.mean(),
        n_frames=len(labelled),
        n_subjects=len(share),
        unit="percent",
        estimand="frames labelled (as bowel) that are partly found",
    )
    lesson.add(f"habit.epsilon.{way}", partly, "ood_wished")

# %% tags=["phantom"]
for way, epsilon in (("wrong", EPSILON), ("right", 0)):
    by_area = Estimate(
        spearman(counts.coverage(missed), epsilon / (pixels + epsilon)),
        n_frames=len(missed),
        n_subjects=missed.subject.nunique(),
        estimand="rank correlation of Dice with the labelled area, nothing overlapping",
    )
    lesson.add(f"habit.correlation.{way}", by_area, "ood_wished")

# %% [markdown] tags=["phantom"]
# The phantom's predictions, scored against bowel: with epsilon {habit.epsilon.wrong:.0f} % of the labelled frames are PARTIAL,
# without {habit.epsilon.right:.0f} %. On the frames without a common pixel ({habit.correlation.wrong.behind}) the rank correlation
# of Dice with area is {habit.correlation.wrong:.2f} with epsilon and {habit.correlation.right:.2f} without; how strong it is hangs
# on how much of the wrong pixels is false alarm rather than area.

# %% [markdown] tags=["phantom"]
# Take an epsilon yourself. **Which of the numbers does it move, from nothing up to the thousand that smoothed scores sometimes
# have, and which can it never move?**


# %% tags=["phantom"]
def with_epsilon(table, epsilon):
    top = 2 * table.tp + epsilon
    return top / (top + table.fp + table.fn)  # 0 / 0 stays undefined


play.epsilon({"bowel": wrong, "blood": right}, with_epsilon)

# %% tags=["phantom"]
large = with_epsilon(right, 1000)
bled = counts.has_blood(right)
lifted = float(large[bled].mean() - with_epsilon(right, 0)[bled].mean())
in_common = 100 * float((right.tp[bled] > 0).mean())

# %% [markdown] tags=["phantom"]
# The smallest epsilon turns every miss into a PARTIAL one, and a large one lifts the score itself: against blood a thousand adds
# {lifted:.2f} to the mean Dice of the frames with blood, and not a pixel was marked better. What no epsilon moves is the count: {in_common:.0f} % of the
# frames with blood have a pixel in common with the label, whatever is added to a ratio. On frames without a label an epsilon invents a
# score, which is 1 where nothing was marked.

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


published.neighbours(study.of(neighbours, study.splits))

# %%
by_habit, about = habits.recorded("habits")
split = by_habit[by_habit.habit == "split by frames"]
added = split.wrong - split.right
least, most = added.min(), added.max()
ours_and_theirs = ("published.in_domain_dice", "published.reference_in_domain")
gap = np.subtract(*(lesson.record[name].value for name in ours_and_theirs))
verdict = "reproduces it" if least > gap / 2 else "does not reproduce it"
habits.drawings(by_habit[by_habit.habit.isin(["split by frames", "schedule"])])

# %% [markdown]
# All {published.pigs_in_both:.0f} pigs stand on both sides of the published split, and nearly every validation frame has a twin in
# training. The closest clean reference that we know, five folds grouped by pig, reports {published.reference_in_domain:.3f}; it
# chose its epoch on the fold that it reports, so it is still generous. That is {gap:.2f} less. But the two are not the same
# quantity: the published figure is one network's, over the pixels of all frames together, and the reference is a mean over three
# architectures and five folds. So not all of the gap need be the split.
#
# We trained pairs of networks on as many frames each, tested on the same frames of held-out pigs; one of each pair had learned
# from those pigs' other frames. By drawing the split by frames adds {least:+.3f} to {most:+.3f}: **a gap of this size, our
# phantom {verdict}.** Drawn pigs need not be as strange to a network as real ones are. What a shuffle gains on real video, a
# phantom can't say. **The habit mended:** split by subject, before anything else is done.
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


units = study.of(observations, frames)

# %% [markdown]
# {published.frames:,.0f} frames are {published.clips:.0f} clips of consecutive frames, and these are {published.patients:.0f}
# patients. **Patients with blood in any frame: {published.patients_with_blood:.0f}.** Every Dice on the blood of this data set, whoever reports it,
# is a figure about one patient, and no interval over patients exists for it. What happens when frames are taken for patients? We
# give each wished-for patient a number by chance that has nothing to do with Dice, and test it, many times, both ways. **How often
# will each find something?**

# %% tags=["phantom"]
bloody = right.assign(dice=counts.on_blood(counts.dice, right)).dropna(subset="dice")
draws = 20 if lesson.course.profile == "smoke" else 300
empty = habits.p_values(bloody, draws, seed)
for way, unit in (("wrong", "frames"), ("right", "subjects")):
    found = Estimate(
        *habits.rejected(empty[unit]),
        level=0.95,
        n_frames=len(bloody),
        n_subjects=bloody.subject.nunique(),
        unit="percent",
        estimand=f"how often what is nothing is found, tested over {unit}",
    )
    lesson.add(f"habit.unit.{way}", found, "ood_wished")
habits.null(empty)

# %% [markdown] tags=["phantom"]
# Over frames {habit.unit.wrong:.0f} % of what is nothing is “significant” ({habit.unit.wrong.low:.0f} to
# {habit.unit.wrong.high:.0f}), over patients {habit.unit.right:.0f} % ({habit.unit.right.low:.0f} to
# {habit.unit.right.high:.0f}); chance gives 5 %. In brackets are 95 % intervals over the {draws} drawn numbers. What would the
# excess live on: on patients that differ, or on clips whose frames are alike?

# %%
nulls, null_about = habits.recorded("null_rejection")
nulls = nulls[(nulls.property == "of the subject") & (nulls.strength == 0)]
rate = nulls.set_index(["variation", "which_frames"]).frames
as_drawn, one_of_each = rate[1, "all"], rate[1, "one of each clip"]
alike, both = rate[0, "all"], rate[0, "one of each clip"]
by_patients = nulls.subjects.max()

# %% [markdown]
# A benchmark of {null_about["draws"]:,} such numbers draws the patients alike, or takes one frame of each clip. Over all frames
# {as_drawn:.0f} % are found; with one frame of each clip {one_of_each:.0f} %; with patients drawn alike {alike:.0f} %; with
# both {both:.0f} %. The test over patients never finds more than {by_patients:.0f} %. Neither clips nor patients can be made
# alike in reality. **The habit mended:** the unit is what would be drawn anew, the patient.
#
# ## 6 · How did the learning rate run?
#
# *As published:* a cosine schedule, given {published.t_max:.0f} epochs, run for {published.epochs_trained:.0f}. **A cosine falls
# from its top to its foot. What does it do after that?**


# %%
def rates(training, top=1e-4, foot=1e-6, length=30):
    epoch = np.arange(training["epochs_trained"])
    rate = foot + (top - foot) * (1 + np.cos(np.pi * epoch / length)) / 2
    return pd.DataFrame({"epoch": epoch + 1, "rate": rate})


figures.schedule(list(study.of(rates, study.training).rate))

# %%
short = (
    by_habit[by_habit.habit == "schedule"].groupby("outcome")[["wrong", "right"]].mean()
)
short_pigs, short_patients = short.loc["Dice of pigs"], short.loc["Dice of patients"]
by_drawing = by_habit[by_habit.habit == "schedule"].assign(
    adds=by_habit.wrong - by_habit.right
)
adds = by_drawing.groupby("outcome").adds.agg(["min", "max", lambda one: sum(one < 0)])
adds.columns = ["least", "most", "lost"]
on_pigs, on_patients = adds.loc["Dice of pigs"], adds.loc["Dice of patients"]

# %%
options, _ = habits.recorded("habits", table="habits_options")
scores = [
    # Each drawing has patients of its own: the others' columns are empty.
    part.drop(columns=["seed", "network", "threshold"]).dropna(axis=1).to_numpy()
    for _, part in options.groupby("seed")
]
n_options = min(map(len, scores))

# %% [markdown]
# The epoch that was kept, {published.best_epoch:.0f}, lies on the way up. A curve shows that a recipe says one thing and does
# another; whether it matters is a question about the outcome. On our {about["drawings"]} drawings networks whose cosine was as
# much too short reach a mean Dice of {short_pigs.wrong:.2f} on pigs and {short_patients.wrong:.2f} on patients, those whose
# rate only fell {short_pigs.right:.2f} and {short_patients.right:.2f}. By drawing (the dots of section 4) the short cosine adds
# {on_pigs.least:+.3f} to {on_pigs.most:+.3f} on pigs (a loss in {on_pigs.lost:.0f}) and {on_patients.least:+.3f} to
# {on_patients.most:+.3f} on patients (a loss in {on_patients.lost:.0f}). Where drawings do not agree, one of them can carry the
# mean of so few. **The habit mended:** the schedule's length *is* the number of epochs, and the curve is plotted as it ran
# (lesson 02).
#
# ## 7 · What if the test does the choosing?
#
# The study is not to blame for this one, but it is common: an epoch, a threshold or an augmentation is chosen by the figure that
# is then reported. The benchmark kept the Dice of each patient for {n_options} options a drawing, networks times thresholds. We
# choose the best of some options on some patients, and ask what it is worth on the others.


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
sizes = [n for n in (1, 2, 4, 8, 16, 32, 64) if n <= n_options]
curves = {
    patients: (
        sizes,
        [np.mean([flattery(one, n, patients) for one in scores]) for n in sizes],
    )
    for patients in (1, 3, 6)
}
habits.flattery(curves)

# %% [markdown]
# Read a curve from left to right: what does more choice do? Then compare the curves: what do more patients do? All of it is
# flattery, since no option is better for having been chosen. **The habit mended:** choose on validation patients (`ood_val`), and
# open the test once.
#
# ## 8 · Our own habit: an average before a look
#
# Until we looked at *where* our network's errors lay, this course reported averages as if they were about blood. Black borders
# and the black of turned images were left out of its loss, so nothing taught it what black is. A benchmark leaves the fill out
# again; all else is equal. **Where will the two networks differ?**

# %%
black, black_about = habits.recorded("black")
black = black[(black.part == "confirmed") & (black.split == "ood_wished")]
black = black[(black.shown == "as they are") & ~black.rule]
black = black[black.region != "surround"]
after = black_about["chosen"]
mean = black.pivot_table(index=["recipe", "region"], columns="measure", values="value")
view_before = mean.loc[("fill left out", "view"), "dice"]
view_after = mean.loc[(after, "view"), "dice"]

# %%
for way, recipe in (("wrong", "fill left out"), ("right", after)):
    dice = Estimate(
        mean.loc[(recipe, "frame"), "dice"],
        n_subjects=black[black.recipe == recipe].drawing.nunique(),
        of="drawing",
        data="phantom",
        estimand=f"Dice of patients, mean over drawings: {recipe}",
    )
    lesson.add(f"habit.black.{way}", dice, "ood_wished")
figures.table(
    mean.reset_index(),
    f"Wished-for patients, the frame and its view, recorded on {black_about['date']}",
    digits=2,
)

# %% [markdown]
# On drawings that nobody had opened before ({habit.black.wrong.behind}) Dice of the frame is **{habit.black.wrong:.2f}** with the
# fill left out and **{habit.black.right:.2f}** with our present recipe; inside the view it is {view_before:.2f} and
# {view_after:.2f}. Compare the two rows of each recipe: what differs between frame and view happened in the black. Our first
# report called all of it blood that is not recognised. No average over the whole frame shows that. One by region does, for those
# who think of the region, and one picture does for everybody. **The habit mended:** where, before how much: a map of the errors by
# class and region stands before any mean.
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


frames = study.of(recover, frames)


# %%
def claimed_alarms(frames):
    clean = frames[(frames.blood == 0) & ~frames.common]
    pair = clean.area, clean["black background"]
    return {
        "area_known": (~frames.common).sum(),
        "clean_known": len(clean),
        "alarm_rate": 100 * (clean.area > 0).mean(),
        "alarm_01pct": 100 * (clean.area >= 0.1).mean(),
        "alarm_1pct": 100 * (clean.area >= 1).mean(),
        "clean_area": clean.area.mean(),
        "area_black": spearman(*pair),
        "area_black_within": spearman_within(*pair, clean.subject).value,
        "area_black_between": spearman_between(*pair, clean.subject).value,
    }


alarm_numbers = study.of(claimed_alarms, frames)

# %% [markdown]
# ### Exercise 3 · Predict
# By frame, something is marked on nearly all frames without blood. An alarm that matters is larger. On how many percent of a
# patient's clean frames, averaged over the patients, is at least one percent of the frame marked? Put your guess in.

# %% tags=["exercise"]
# solution begins
my_guess = 55
# solution ends

# %% tags=["check"]
true_share = lesson.record["published.alarm_1pct_patients_mean"].value
check(
    lambda: abs(my_guess - true_share) < 15,
    "Guess again: by frame it is about "
    f"{lesson.record['published.alarm_1pct'].value:.0f} %, and patients differ.",
)

# %% [markdown] tags=["solution"]
# It is {published.alarm_1pct_patients_mean:.0f} %. A mean over patients gives each the same weight, however many frames it has.


# %%
def alarms(frames):
    clean = frames[(frames.blood == 0) & ~frames.common]
    rates = {
        name: 100 * (clean.area >= least).groupby(clean.subject).mean()
        for name, least in (("one pixel", 100 / PIXELS), ("0.1 %", 0.1), ("1 %", 1))
    }
    bleeds = frames.groupby("subject").blood.max() > 0
    return pd.DataFrame({"bleeds": bleeds, **rates}).reset_index()


by_patient = study.of(alarms, frames)
published.alarms(by_patient)

# %% [markdown]
# The area is known on {published.area_known:,.0f} of {published.frames:,.0f} frames; the others all touch gastrointestinal
# tract, so they are not missing at random, and what follows is about the {published.clean_known:,.0f} clean frames of known
# area. By frame, something is marked on {published.alarm_rate:.0f} % of them, at least 0.1 % of the frame on
# {published.alarm_01pct:.0f} % and at least 1 % on {published.alarm_1pct:.0f} %; on average {published.clean_area:.1f} % is
# marked. With how much of the frame is black, the marked area has a rank correlation of {published.area_black:.2f} pooled over
# frames, {published.area_black_within:.2f} within patients and {published.area_black_between:.2f} between the
# {published.patients:.0f} of them (lesson 04).
#
# **The habits of this page touch this figure too.** By patient, lesson 03's alarm of 0.1 % is on
# {published.alarm_01pct_patients_mean:.0f} % of the clean frames, with patients from
# {published.alarm_01pct_patients_least:.0f} to {published.alarm_01pct_patients_most:.0f} %; at 1 % of the frame it is on
# {published.alarm_1pct_patients_mean:.0f} %, from {published.alarm_1pct_patients_least:.0f} to
# {published.alarm_1pct_patients_most:.0f} %. So it matters what is called an alarm, and whose frames are counted.
#
# **The honest sentence is:** the published tables do not show that the network misses blood out of domain, nor that it finds it.
# They show that it marks something on nearly every frame, as the study said itself, and how much hangs on the patient.

# %% [markdown]
# ## All habits side by side
#
# The recorded drawings once more, each habit beside the proper way, on the same predictions or the same frames. **Which one would
# you have caught in review?**

# %%
summed = by_habit.assign(added=by_habit.wrong - by_habit.right).groupby(
    ["habit", "outcome"]
)
together = (
    summed[["wrong", "right"]]
    .mean()
    .assign(least=summed.added.min(), most=summed.added.max())
    .reset_index()
)
figures.table(
    together.set_axis(
        ["habit", "outcome", "by the habit", "properly", "adds, least", "most"], axis=1
    ),
    f"Means over {about['drawings']} drawings, and the least and greatest effect; "
    f"recorded on {about['date']}",
    digits=2,
)

# %% [markdown]
# A dash is a figure that is undefined: without epsilon, frames without a common pixel have no order. Wrong class, epsilon and
# correlation are arithmetic, which no data can mend; what a split by frames and a schedule do depends on what is drawn, and on
# how long one trains. No interval is given, since the unit is the drawing.
#
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
# Ranked by predicted area, frames with blood come out above frames without with an AUROC of {published.auroc_frames:.2f} over
# all frames; but the mean red of a frame does so with {published.auroc_red:.2f}. Within the one patient that bleeds it is
# {published.auroc_video01:.2f} against {published.auroc_red_video01:.2f}. By clip of that patient ({published.clips_blood:.0f}
# with blood, {published.clips_clean:.0f} without) it is {published.auroc_clips:.2f}, p = {published.auroc_clips_p:.2f}, and by
# patient there is one against all others: number {published.patient_rank_area:.0f} of {published.patients:.0f} by mean
# predicted area. No test can be made of that. The frames of unknown area could change little: with areas that fit the published
# digits, at least 1 % is marked on {published.alarm_1pct_low:.1f} to {published.alarm_1pct_high:.1f} % of all clean frames, and
# the AUROC lies between {published.auroc_frames_low:.3f} and {published.auroc_frames_high:.3f} (`benchmarks/published.py`).
#
# </details>

# %%
_, coverage = habits.recorded("interval_coverage")
promised = {one.method: 100 * one.level for one in OFFERED.values()} | {"student": 95}
held = 100 * coverage["least_coverage"]
fewest = min(row["subjects"] for row in coverage["verdicts"] if row["allowed"])

# %% [markdown]
# And how far can an interval over a handful of subjects be trusted? From populations whose truth is known,
# {coverage["repetitions"]:,} samples of subjects were drawn, and we counted how often an interval holds that truth. *bounded*
# promises to hold it {promised["bounded"]:.0f} % of the time, *order_statistics* (for the median)
# {promised["order_statistics"]:.0f} %, all others {promised["student"]:.0f} %. **Which would you have taken from habit?**

# %%
figures.table(
    habits.coverage_grid(coverage),
    (
        "How often an interval over few subjects holds the truth: the worst population "
        f"tried, its mean width in brackets; recorded on {coverage['date']}"
    ),
)

# %% [markdown]
# Compare each cell with what its method promised. *Offered* are the intervals that this course shows: they hold the truth of
# every population tried in at least {held:.0f} % of the samples, also among those samples alone whose interval is at most
# {coverage["widest"]:.1f} wide. The fewest subjects for which there is one are {fewest}.

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
# You saw a published result taken apart by its own tables, each habit again where the truth was drawn, and one that was ours. The
# network marks something on nearly every clean frame of patients it has not seen; about *finding* blood the tables say nothing,
# neither way. It took an open repository to learn that, and a closed one would have kept its number. **Doubt** this lesson too: a
# phantom shows that a habit *can* mislead, and its size there is not the size in surgery. Doubt that these are all; we looked for
# those that we knew. And doubt a study for what it hides rather than for what it shows: this one showed its work.
