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
# # 06 · What breaks the model?
#
# [Open in Colab]($COLAB/06_what_breaks_the_model.ipynb) · [before](05_reexamine_a_published_claim.ipynb) · [next](07_close_the_gap.ipynb)
#
# **You will be able to** divide a loss fairly among its causes where the truth is
# known, estimate the same division from images alone, and test such an estimate with a
# placebo. **You need** lessons 03 and 04. **It takes** about 45 minutes.

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
from itertools import combinations, permutations

import numpy as np
import pandas as pd

import phantom
from helpers import causes, figures, habits, play, shift, words
from helpers.cells import check, quiz
from helpers.frames import visible
from helpers.lesson import begin
from helpers.progress import progress
from helpers.statistics import Estimate

lesson = begin(profile, seed, data)
run = lesson.model()

# %% [markdown]
# ## From "goes with" to "does harm"
#
# Lesson 04 asked which properties go with failure. But a patient whose picture is dark
# may have other tissue and smaller pools, too. To learn what does harm one has to
# change one thing and leave the rest as it is.
#
# With patients nobody can do that. With drawn ones we can: every difference between our
# drawn pigs and our drawn patients is a *dial* of the drawing. There are seven groups
# of them. Five belong to the camera: **light** (exposure, contrast, fall-off),
# **colour** (white balance, saturation), **lens** (sharpness, noise), **view** (the
# round view, bars, scale) and **air** (smoke, gleams). Two lie in front of it: the look
# of **blood**, and **anatomy**, which is everything else in the scene.
#
# So this lesson has something that no study of patients has: the right answer. It goes
# in four steps. (1) The truth, by turning dials. (2) The same groups turned on finished
# images, as far as the drawing turned them. (3) How far to turn, estimated from images
# without labels. (4) The same method where there is nothing to find.
#
# ## 1 · The truth: turning the dials
#
# We take the pigs that did not train the network and draw each again, with the same
# scene and the same pools, and with the patients' dials of one group. **Which of these
# pictures would you expect the network to fail on?**

# %% tags=["phantom"]
per_pig = {"smoke": 1, "quick": 4, "full": 10}[lesson.course.profile]
where = causes.drawing(lesson.course, lesson.domains, frames=per_pig)
pigs = where.source()
row = int(pigs.blood.sum(axis=(1, 2)).argmax())  # the frame with the most blood


def drawn_with(group):
    frames = where.source({group})
    return figures.overlay(frames.images[row], frames.blood[row], frames.valid[row])


plain = figures.overlay(pigs.images[row], pigs.blood[row], pigs.valid[row])
figures.strip(
    [plain, *map(drawn_with, phantom.GROUPS)],
    ["as it is", *phantom.GROUPS],
    title="One frame of a pig, and each group of dials turned to the patients'",
)

# %% [markdown]
# The blue line is the label, and it stays true: where the scene is the same, it runs
# along the same pools. Look for what did *not*
# change in each picture; that is what makes it an experiment.
#
# The cost of a group is the Dice that is lost when it is turned. Dice is the mean over
# the frames with blood of a pig, then over pigs, as in lesson 03.


# %% tags=["phantom"]
def dice_with(groups):
    return causes.dice(run.model, where.source(groups)).mean()


untouched = dice_with([])
n_pigs = len(where.pigs)
alone = pd.Series({group: untouched - dice_with([group]) for group in phantom.GROUPS})
costs = alone.rename("cost in Dice, turned alone").rename_axis("group").reset_index()
figures.table(costs, f"Dice untouched: {untouched:.2f}")

# %% tags=["phantom"]
worst = alone.idxmax()
in_front = alone[["blood", "anatomy"]]

# %% [markdown] tags=["phantom"]
# Turned alone, **{worst}** costs most. What lies in front of the camera has its own
# price: blood's look {in_front["blood"]:+.3f}, anatomy {in_front["anatomy"]:+.3f}. A
# negative cost means that the network does better with the patients' dial. These are
# means over {n_pigs} pigs that had no part in training (on some of them the epoch was
# chosen), so a third decimal is noise.
#
# ### A fair division between two
#
# Single costs do not add up: a picture that is dark already suffers less from bars.
# **Who is to pay for what two groups break together?** Shapley's answer is to let them
# come in every order, note what each adds when it comes, and take the mean. With two
# groups there are two orders.

# %% tags=["phantom"]
by_pig = causes.cost_of_dials(run.model, where)  # of any set, each drawn once


def cost(groups):
    return by_pig(groups).mean()


a, b = "colour", "view"
both = cost({a, b})
first = cost({a})  # a comes first
second = both - cost({b})  # a comes second
by_hand = {a: (first + second) / 2}
by_hand[b] = both - by_hand[a]
general = shift.shapley(cost, [a, b])
assert np.allclose(general[[a, b]], [by_hand[a], by_hand[b]])
orders = {"comes first": first, "comes second": second, "share": by_hand[a]}
figures.table(pd.DataFrame([orders]), f"What {a} adds to {b}", digits=3)

# %% [markdown]
# If the first two columns differ, the two groups help or hinder each other, and no
# single "effect" of either exists. Their mean is the share, and the shares add up to
# the whole by construction. The `assert` holds our lines equal to the general call,
# which does the same with any number of groups.
#
# ### Exercise 1 · Predict the whole
#
# Here are the costs of every set of three causes `p`, `q`, `r`, in hundredths of Dice.
# Before you run anything: is the cost of all three larger or smaller than the sum of
# the single ones? Then compute `excess`, the sum of single costs minus the cost of all.

# %%
HARM = {"": 0, "p": 6, "q": 4, "r": 1, "pq": 7, "pr": 9, "qr": 5, "pqr": 10}


def harm(chosen):
    return HARM["".join(sorted(chosen))]


# %% tags=["exercise"]
# solution begins
excess = harm("p") + harm("q") + harm("r") - harm("pqr")
# solution ends

# %% tags=["check"]
check(
    lambda: excess == 1,
    "Add what p, q and r cost alone, and take away what they cost together.",
)

# %% [markdown] tags=["solution"]
# One hundredth is counted twice in the sum. But look at the pairs: `p` and `q` overlap,
# while `p` and `r` make each other worse. A sum that nearly fits may hide both.

# %% [markdown]
# ### Exercise 2 · Shapley for three, by hand
#
# Write `share(name)`: its mean gain over all orders of "pqr". `permutations("pqr")`
# gives the orders, and what came before `name` is `order[: order.index(name)]`.


# %% tags=["exercise"]
def share(name):
    # solution begins
    gains = []
    for order in permutations("pqr"):
        before = order[: order.index(name)]
        gains.append(harm((*before, name)) - harm(before))
    return sum(gains) / len(gains)
    # solution ends


# %% tags=["check"]
check(
    lambda: np.allclose([share(n) for n in "pqr"], shift.shapley(harm, list("pqr"))),
    "For each of the six orders take harm of what came before together with the name, "
    "minus harm of what came before alone; then the mean of the six.",
)

# %% [markdown] tags=["solution"]
# Six orders, but only four different sets can come before a name, so the general call
# weighs sets instead of walking through orders. With seven groups there are thousands
# of orders and 128 sets.

# %% [markdown]
# ### All five groups of the camera
#
# Five groups make 32 sets, and each is drawn and marked once. **Will the order be that
# of the single costs?**

# %% tags=["phantom"]
truth = causes.shares(by_pig, shift.GROUPS).mean(axis=1)
assert np.isclose(truth.sum(), cost(shift.GROUPS))
table = pd.DataFrame({"alone": alone[list(shift.GROUPS)], "share": truth})
table.loc["all"] = [table["alone"].sum(), cost(shift.GROUPS)]
table = table.rename_axis("group").reset_index()
figures.table(table, "What the camera's groups cost, in Dice; the row all: the sum", 3)

# %% tags=["phantom"]
guilty = truth.idxmax()
guilty_share, total = truth[guilty], cost(shift.GROUPS)
costly = guilty_share >= 0.005  # else there is no greatest cause to speak of
greatest = (
    f"the greatest share is that of **{guilty}**, {guilty_share:.3f}"
    if costly
    else "no group has a share that rounds to a hundredth"
)

# %% [markdown] tags=["phantom"]
# Together the camera's dials cost **{total:.3f}** of {untouched:.2f}, and {greatest}.
# The lens is given {truth["lens"]:+.3f}, the air {truth["air"]:+.3f}. In frames as
# small as these one would expect little of either: a slight blur is lost in the pixels,
# and smoke and gleams come and go. Our pigs and patients also have the same range of
# sensor noise, so that the lens differs in sharpness alone.
#
# ### The dial
#
# All 32 sets are there, so you can turn the groups yourself, one by one, from a robot's
# camera to a laparoscope. **Turn {guilty} first, and then turn it last, after the other
# four: does it cost the same?**

# %% tags=["phantom"]
play.dial(run.model, where, cost, truth).front()


# %% tags=["phantom"]
def mean_over_companies(group):
    others = [one for one in shift.GROUPS if one != group]
    by_size = []
    for size in range(5):  # so many come before it in a fifth of all orders
        before = [set(some) for some in combinations(others, size)]
        by_size.append(np.mean([cost(s | {group}) - cost(s) for s in before]))
    return np.mean(by_size)


from_dots = pd.Series({group: mean_over_companies(group) for group in shift.GROUPS})
assert np.allclose(from_dots, truth)
turned_first, turned_last = cost({guilty}), total - cost({*shift.GROUPS} - {guilty})

# %% [markdown] tags=["phantom"]
# Turned first, {guilty} costs {turned_first:.3f}; turned last, {turned_last:.3f}; its
# share is {guilty_share:.3f}. The dots of a row are differences of the 32 costs that
# you turned through, and the `assert` holds their mean, first over companies of one
# size and then over sizes, equal to Shapley's share. Where a row's dots lie apart, the
# question "what does it cost?" has no answer without "in which company?".
#
# ## 2 · Turned on images, as far as the drawing did
#
# Nobody can draw a real pig anew. What can be done with real frames is to change the
# *image*: darken it, shift its colours, blur it, set it into a round view, lay smoke
# over it. Does such an operator do what the dial did? To find out we take the drawing's
# own doses, which only the drawing can tell, so that all that is wrong is the operator.
# **Which of the five will it get wrong?**

# %% tags=["phantom"]
doses = causes.drawn_doses(where)


def on_image(group):
    frames = shift.apply(pigs, doses, [group], seed)
    return figures.overlay(frames.images[row], frames.blood[row], frames.valid[row])


pictures = [*map(drawn_with, shift.GROUPS), *map(on_image, shift.GROUPS)]
names = [f"{g}, {way}" for way in ("drawn", "on the image") for g in shift.GROUPS]
title = "Above: the dial turned in the drawing. Below: the same, turned on the image"
figures.strip(pictures, names, columns=5, title=title)

# %% tags=["phantom"]
oracle = causes.by_images(run.model, pigs, doses, seed=seed).mean(axis=1)
figures.against(truth, oracle, "truth, cost in Dice", "on images, drawn doses")

# %% tags=["phantom"]
operator_off = (oracle - truth).abs()
least_alike, operator_off_mean = operator_off.idxmax(), operator_off.mean()

# %% [markdown] tags=["phantom"]
# On the dashed line the operator would be the dial. On average it is off by
# {operator_off_mean:.3f}, most for **{least_alike}**. Two things are to be known before
# you read this as praise or blame. The operator takes light for linear under a certain
# tone curve, and that curve is the drawing's own; a real camera's is another one, so
# drawn frames flatter it. And when the drawing turns the view, it fills the pools again
# to the same share of the *visible* picture, while the operator cuts off whatever lies
# outside. For the view the two answer slightly different questions.
#
# ## 3 · How far? Doses from images without labels
#
# On real frames nobody tells the dose either. The natural idea is to compare means: if
# patients' frames are redder on average, the camera is redder. That is how this course
# began, and it is wrong (see below), because the organs differ, too. We look instead at
# what all surgery shares: gleams and steel have the colour of the lamp, black is black,
# the sharpest edges are as sharp as the lens lets them be.
#
# Each such *cue* is measured by subject. Pigs differ among themselves as well; how far
# two halves of them lie apart by chance gives the *null band*. Only what exceeds the
# band counts, and only if all cues of a dial agree. **Which differences will be told
# from chance?**

# %% tags=["phantom"]
found = shift.estimate(where.reference(), where.target())
seen = found.table.reset_index().sort_values("dial", kind="stable")
seen["kept"] = np.where(seen["kept"], "yes", "no")
figures.table(seen, "Cues by subject, and the band of chance", digits=3)

# %% [markdown]
# A row with a difference well beyond its band and "no" at the end has a partner that
# does not agree, or says "less noise", which no operator can undo. Fall-off, contrast
# and gleams have no row: every cue that we tried for them was moved by the scene, so
# their dose stays zero, and what they cost is missed. How far are the doses from the
# drawing's own?


# %% tags=["phantom"]
def middle(table):
    return table.replace(np.inf, np.nan).mean()


by_dial = pd.DataFrame({"drawn": middle(doses), "estimated": middle(found.doses)})
by_dial = by_dial.rename_axis("dial").reset_index()
figures.table(by_dial, "Mean dose of each dial (units: see shift.DIALS)", digits=3)

# %% [markdown]
# An estimate errs towards "less" by design, since only what lies beyond the band is
# believed. A dial whose estimate has the other sign, or is much too large, is another
# matter: there a cue was taken for the camera's that is not.
#
# ## 4 · The placebo
#
# Now the question that our first version did not ask. A method that finds causes should
# find none where there are none. We draw the same patients with the *pigs'* dials of a
# group: their organs are a patient's, their camera, in this respect, a pig's. The
# estimate for this group should be zero. The frames are as many as above, so that both
# have the same chance to err. First with all five groups switched off.
# **What would a mean over all tissue say?**


# %% tags=["phantom"]
def found_without(groups):
    guess = shift.estimate(where.reference(), where.target(groups)).doses
    return causes.by_images(run.model, pigs, guess, seed=seed).mean(axis=1)


nothing = found_without(shift.GROUPS)
figures.table(
    nothing.rename("found").rename_axis("group").reset_index(),
    "What is found where no group of the camera differs",
    digits=3,
)

# %% tags=["phantom"]
each = progress(shift.GROUPS, "Placebo of each group")
placebo = pd.Series({group: found_without([group])[group] for group in each})
estimated = causes.by_images(run.model, pigs, found.doses, seed=seed).mean(axis=1)
larger = placebo.where(placebo.abs() > nothing.abs(), nothing)
answer = pd.DataFrame({"truth": truth, "estimate": estimated, "placebo": larger})
answer.loc["all"] = [total, estimated.sum(), nothing.sum()]
headline = figures.truth_estimate_placebo(answer)
headline.front("causes")

# %% tags=["phantom"]
mean_error, blamed = (estimated - truth).abs().mean(), estimated.idxmax()
outcome = "No group costs enough in truth to be found"
if costly:
    outcome = f"The greatest cause in truth, {guilty} with {guilty_share:.3f}, is "
    outcome += "found" if blamed == guilty else f"not found: images point at {blamed}"
    outcome += f", with {estimated[blamed]:.3f}"
largest, of_all = placebo.abs().max(), nothing.sum()
limit = 0.03  # set before any of this was computed
held = "passed" if max(largest, abs(of_all)) < limit else "failed"
estimated_total = estimated.sum()
about_all = "more" if estimated_total > total else "less"

# %% tags=["phantom"]
lazy = truth.abs().mean()  # of a method that answers zero, whatever it is shown
beats = "less than" if round(mean_error - lazy, 3) < 0 else "no less than"
told = estimated[estimated.round(3) != 0]
no_more = [name for name in told.index if abs(told[name]) <= abs(larger[name])]
no_more = words.listed(no_more) or "none"
loose = f"{100 * limit / abs(total):.0f}"

# %% [markdown] tags=["phantom"]
# Read the chart row by row: a long grey line is a wrong estimate, an orange cross away
# from zero a cause that does not exist. (A group's cross is what is found for it where
# it alone is switched off, or all are: the larger of the two.) On average the estimates
# are off by **{mean_error:.3f}** in Dice, {beats} a method that always answers zero,
# which is off by {lazy:.3f}. **{outcome}.** All together the images say {about_all}
# than the truth: {estimated_total:.3f} against {total:.3f}.
#
# The largest placebo of a single group is {largest:.3f} in size, that of all together
# {of_all:+.3f}. By the limit that was set beforehand, {limit} in size, the placebo is
# **{held}**. That limit was set for a larger loss: it is {loose} % of all that the
# camera costs here. So look at each group. Those for which no more is found than where
# there is nothing to find: {no_more}. And a placebo that is passed does not say
# that the method finds the right cause, which is why the truth stands beside it. Where
# both sides cost next to nothing, a small error is no merit, either.

# %% tags=["phantom"]
answers = {"truth": truth, "oracle_dose": oracle, "estimated": estimated}
answers["placebo"] = placebo
sums = {name: values.sum() for name, values in answers.items()}
sums["placebo"] = nothing.sum()

# %% tags=["phantom"]
said = "Shapley share of {} in the Dice lost by held-out pigs (id_val and id_test), {}"
for name, values in answers.items():
    for group, value in values.items():
        part = Estimate(value, n_subjects=n_pigs, estimand=said.format(group, name))
        lesson.add(f"cause.{group}.{name}", part, "source")
    together = f"Dice lost by held-out pigs, all five groups together, {name}"
    summed = Estimate(sums[name], n_subjects=n_pigs, estimand=together)
    lesson.add(f"cause.total.{name}", summed, "source")

# %% tags=["phantom"]
for group in ("blood", "anatomy"):  # images can't know them
    for name in answers:
        value = alone[group] if name == "truth" else np.nan
        turned = f"Dice lost by held-out pigs, {group} turned alone, {name}"
        price = Estimate(value, n_subjects=n_pigs, estimand=turned)
        lesson.add(f"cause.{group}.{name}", price, "source")

# %% [markdown]
# ### Exercise 3 · The lazy method
#
# Somebody offers a method that always answers zero. Its placebos are perfect. Compute
# `lazy_error`, its mean absolute error against the `true_shares` below, and
# `careful_error`, that of the method beside it. What would you ask for besides?

# %%
true_shares = np.array([0.01, 0.00, 0.04, 0.00, 0.02])
careful = np.array([0.03, 0.01, 0.06, 0.01, 0.00])

# %% tags=["exercise"]
# solution begins
lazy_error = np.abs(true_shares).mean()
careful_error = np.abs(careful - true_shares).mean()
# solution ends

# %% tags=["check"]
check(
    lambda: np.allclose([lazy_error, careful_error], [0.014, 0.016]),
    "The lazy method's answer is 0 for every group: take the mean of the absolute "
    "differences from the true shares, for either method.",
)

# %% [markdown] tags=["solution"]
# The lazy method wins by mean absolute error, because most true shares are small. So we
# also ask whether the greatest cause is found: the careful method finds it, and the
# lazy one can't. One figure of merit is seldom enough.

# %% [markdown]
# ## How we fooled ourselves here
#
# The first version of this page ended in a chart of causes and the words "a cause, not
# a correlation". Nobody had tried a placebo. When somebody did, with every camera dial
# of the target switched off, the method still found a large part of the loss that it
# had found before. There were two reasons. Means over *all* tissue were taken for the camera's,
# so that a liver's brown became a lamp's. And black beyond the round view had been
# declared unknown on both sides, so that the view could cost nothing, whatever it did.
# The one check on the page compared ranks of five groups and could hardly fail.
#
# The first reason can be measured. We take means over the visible tissue of pigs, of
# patients, and of patients drawn with a pig's camera. **How much of the difference is
# left when no dial of a camera differs?**


# %% tags=["phantom"]
def tissue(frames):
    view = [visible(i, v) for i, v in zip(frames.images, frames.valid)]
    each = shift.image_statistics(frames.images, frames.valid & view)
    return each.groupby(np.asarray(frames.subject)).mean().mean()


naive = pd.DataFrame(
    {
        "pigs": tissue(where.reference()),
        "patients": tissue(where.target()),
        "patients, a pig's camera": tissue(where.target(shift.GROUPS)),
    }
)
left = naive["patients, a pig's camera"] - naive["pigs"]
naive["share left"] = left / (naive["patients"] - naive["pigs"])
most_left = naive["share left"].abs().idxmax()
share_left = 100 * naive["share left"][most_left]
figures.table(naive.rename_axis("mean of").reset_index(), "Means over all tissue")

# %% [markdown] tags=["phantom"]
# The last column should be zero if such a mean knew the camera only. For
# {most_left} it is {share_left:+.0f} %: that much the mean takes from anatomy and calls
# a camera's, and an intervention at that dose discolours the blood as well. (A share
# above one hundred percent, or below zero, comes about where pigs and patients hardly
# differ, or where anatomy pulls the other way.)

# %% [markdown]
# ## Other drawings
#
# One drawing is one draw. The same was computed on several, and recorded with the whole
# factorial of seven groups: 128 sets, in both directions. *Damage* is what pigs lose
# with a patient's dials, *recovery* what patients gain with a pig's. A dot is a
# drawing; there are too few for an interval. **Would you expect both directions to
# agree?**

# %%
recorded, about = habits.recorded("causes")
n_drawings = recorded["seed"].nunique()


def dots(column, game, direction="damage"):
    part = recorded.query("game == @game and direction == @direction")
    table = part.pivot_table(index="group", columns="seed", values=column)
    groups = phantom.GROUPS if game == "all" else shift.GROUPS
    return table.reindex([*groups, "total"])


directions = {way: dots("truth", "all", way) for way in ("damage", "recovery")}
figures.by_drawing(directions, "share in Dice, all seven groups")

# %% [markdown]
# Where the two directions disagree, a group's cost depends on what else is there: it is
# no property of the group alone. And where the dots of a row lie on both sides of zero,
# one drawing says nothing about another.

# %%
ways = {"truth": "truth", "drawn doses": "oracle_dose", "estimated": "estimated"}
ways["placebo"] = "placebo"
figures.by_drawing(
    {way: dots(column, "camera") for way, column in ways.items()}, "cost in Dice"
)

# %%
camera = {way: dots(column, "camera").drop("total") for way, column in ways.items()}
off = (camera["estimated"] - camera["truth"]).abs().mean()
hits = int((camera["estimated"].idxmax() == camera["truth"].idxmax()).sum())
off_least, off_most = off.min(), off.max()
top_placebo = dots("placebo", "camera").abs().max().max()
lazy_by_drawing = camera["truth"].abs().mean()
lazy_least, lazy_most = lazy_by_drawing.min(), lazy_by_drawing.max()
n_better = int((off < lazy_by_drawing).sum())

# %% [markdown]
# Over {n_drawings} drawings the mean absolute error of the estimates runs from
# {off_least:.3f} to {off_most:.3f}. A method that always answers zero is off by
# {lazy_least:.3f} to {lazy_most:.3f}, and the estimates are nearer to the truth in
# {n_better} of {n_drawings} drawings. The greatest cause is found in {hits} of
# {n_drawings}, and the largest placebo of these records is {top_placebo:.3f} in size.
# That is what can be claimed for this method, and no more.
#
# ## On frames that nobody drew
#
# Steps 2 to 4 need the drawing. What is left for real frames is to estimate doses,
# turn the groups, and see how Dice responds. The honest word for that is
# **sensitivity**: it says what *would* harm the network if the camera differed by this
# much. *Cause* is for where a placebo was passed and the truth was at hand. Here it is
# for the frames of this run as they lie on the disk.


# %%
def some(*splits, most=4):
    packed = [lesson.frames(split) for split in lesson.domains.present(*splits)]
    parts = []
    for one in packed:
        turn = one.table.groupby("subject").cumcount()
        keep = one.where((turn < most).to_numpy())
        parts.append(
            shift.Frames(
                np.asarray(keep.images),
                np.asarray(keep.blood),
                np.asarray(keep.valid),
                keep.table["subject"].to_numpy(),
            )
        )
    return shift.Frames(*map(np.concatenate, zip(*parts)))


# %%
pair = shift.estimate(some("train", "id_val"), some("ood_val")).doses
held_out = some("id_test", most=12)
response = causes.cost_on_images(run.model, held_out, pair, seed)
rows = {group: response({group}).mean() for group in shift.GROUPS}
rows["all"] = response(shift.GROUPS).mean()

# %%
for group, value in rows.items():
    lesson.add(
        f"sensitivity.{group}",
        Estimate(
            value,
            n_subjects=len(set(held_out.subject)),
            split="id_test",
            estimand=f"Dice lost with {group} turned on images to the estimated dose",
        ),
    )
listed = pd.Series(rows, name="Dice lost").rename_axis("group").reset_index()
figures.table(listed, "Sensitivity of unseen pigs' frames, each group alone", digits=3)

# %% [markdown]
# ### Exercise 4 · What would lesson 04 have blamed? (open)
#
# Take the property that correlated most with Dice in lesson 04, and find its group
# here. Is it the one that costs most in truth? Write two sentences for a colleague who
# wants to buy a better lamp because of that correlation. Remember that a property which
# all patients share does harm to all of them, and correlates with nothing.

# %% tags=["quiz"]
quiz(
    (
        "A method finds no cause where nothing differs. What does that show?",
        {
            "That what it finds elsewhere is right.": "No: a method that always says "
            "zero passes, too.",
            "That it does not invent causes there.": "Yes: it is a necessary check, "
            "and not a sufficient one.",
        },
    ),
    (
        "Two groups cost 0.05 each alone, and 0.06 together. Their Shapley shares are",
        {
            "0.05 each.": "No: shares add up to the cost of both, 0.06.",
            "0.03 each.": "Yes: each adds 0.05 when it comes first and 0.01 second.",
        },
    ),
    (
        "On real frames, darkening costs 0.10 in Dice. You may say that",
        {
            "the network is sensitive to darkness.": "Yes: that is what was tried.",
            "darkness causes the failure on patients.": "No: for that the patients "
            "would have to be darker because of the camera, and a placebo passed.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw a loss divided among its causes where the causes are known, and then the same
# division from images, with each step's own error, and a placebo. **Doubt** a list of
# causes without a placebo. Doubt a placebo without a truth, or at least without a cause
# that was put there to be found. Doubt both beyond this network and these drawings:
# with other frames another group may come first. And doubt that what did the harm is
# what a remedy should mend; that is the next lesson's question.
