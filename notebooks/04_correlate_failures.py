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
# # 04 · Correlate failures
#
# [Open in Colab]($COLAB/04_correlate_failures.ipynb) · [before](03_evaluate_out_of_domain.ipynb) · [next](05_reexamine_a_published_claim.ipynb)
#
# **You will be able to** relate failure to the properties of a frame, say which of three
# questions a correlation answers, test it with subjects kept whole, and tell a
# property's part from the arithmetic of the score. **You need** lesson 03. **It takes**
# about 35 minutes.

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
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
from scipy.stats import rankdata, spearmanr

from helpers import correlation, counts, figures, play, shift
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.statistics import Estimate
from helpers.words import counted

lesson = begin(profile, seed, data)
run = lesson.model()

# %% [markdown]
# ## What could go with failure?
#
# Where the network does badly, is the frame darker? Less saturated? Is there less blood
# in it, or is its edge more ragged? For every frame with blood we set the network's
# success beside some properties of the frame. The six of the picture are measured
# *inside the view*: lesson 03 showed what averages become when the black around it is
# mixed in. The share of that black is a property of its own.
#
# **Which one do you expect to matter most? Write it down, since it is easy to have
# known it all along.**


# %%
def edge_length(blood, valid):
    inside = cv2.erode(blood.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    return 100 * (blood & valid & (inside == 0)).sum() / valid.sum()


def properties(split):
    packed = lesson.frames(split)
    view = packed.view
    table = shift.image_statistics(packed.images, packed.valid & view)
    blood = (packed.blood & packed.valid).sum(axis=(1, 2))
    table["coverage"] = 100 * blood / (packed.valid & view).sum(axis=(1, 2))
    table["edge"] = [edge_length(*one) for one in zip(packed.blood, packed.valid)]
    table["surround"] = (
        100 * (packed.valid & ~view).sum(axis=(1, 2)) / packed.valid.sum(axis=(1, 2))
    )
    return table


# %% [markdown]
# Success is not one thing either. Besides Dice we ask for *recall*, the share of the
# blood that is found, and for the *false area*, what is marked inside the view without
# being blood. A property may go with one and not with the other.

# %%
main = lesson.domains.present("ood_wished", "ood_test")[0]
measured = lesson.evaluate(run, main).reset_index(drop=True)
table = pd.concat([measured, properties(main)], axis=1)
view = counts.within(measured, "view")
table["dice"] = counts.on_blood(counts.dice, measured)
table["recall"] = counts.on_blood(counts.recall, measured)
table["false area"] = counts.false_area(view)
table = table[counts.has_blood(measured)].reset_index(drop=True)
PROPERTIES = [*shift.STATISTICS, "coverage", "edge", "surround"]
tried = len(PROPERTIES)

# %%
clouds = {"frames with blood": len(table), "subjects": table["subject"].nunique()}
clouds["clips"] = table["clip"].nunique()
figures.table(pd.DataFrame([clouds]), "What there is to correlate")

# %% [markdown]
# ## Look first
#
# One point per frame, one colour and shape per patient; in Jupyter, hover to see which
# frame it is. **Do you see one cloud, or several?**

# %%
figures.hover_scatter(table, "coverage", "dice", "blood, percent of the view", "Dice")

# %%
figures.hover_scatter(table, "brightness", "dice", "brightness in the view", "Dice")

# %% [markdown]
# Follow one colour at a time. In the first plot a patient's points spread along both
# axes. In the second look how narrow a patient's column is: brightness varies less
# within a patient than between patients. A rank correlation doesn't mind how little
# something varies, so it may go with Dice there all the same.
#
# ## Three correlations, three questions
#
# Spearman's rank correlation is the ordinary correlation of ranks. Over the same points
# it can be taken in three ways, which answer different questions and can even have
# different signs:
#
# - **pooled**, over all frames as they come: a mixture of the next two, in proportions
#   that nobody chose;
# - **within subjects**, the mean of each patient's own correlation: *when this
#   patient's picture gets darker, does Dice fall?*
# - **between subjects**, over the patients' means: *do patients with darker pictures
#   have a lower Dice?*


# %%
@np.errstate(invalid="ignore")  # a constant has no rank correlation: NaN
def spearman(x, y):
    return np.corrcoef(rankdata(x), rankdata(y))[0, 1]


def three_ways(x, y):
    groups = [part for _, part in table.groupby("subject")]
    enough = [p for p in groups if len(p) >= 5 and p[x].nunique() > 1 < p[y].nunique()]
    means = table.groupby("subject")[[x, y]].mean()
    return {
        "pooled": spearman(table[x], table[y]),
        "within subjects": pd.Series(
            [spearman(part[x], part[y]) for part in enough], dtype=float
        ).mean(),
        "between subjects": spearman(means[x], means[y]),
    }


# %%
ways = pd.DataFrame({name: three_ways(name, "dice") for name in PROPERTIES}).T
figures.table(ways.rename_axis("property").reset_index(), "Rank correlation with Dice")

# %% [markdown]
# Look for a row whose three numbers disagree. A report of one correlation should say
# which of the three it is. **Choose such a property below, and pick out one patient
# after the other: whose frames make the difference?**

# %%
play.correlations(table, PROPERTIES, "dice", spearman, ways.T.to_dict())

# %%
disagree = ways["pooled"] - ways["within subjects"]
odd = disagree.abs().idxmax() if disagree.notna().any() else PROPERTIES[0]
pooled_odd, within_odd = ways.loc[odd, ["pooled", "within subjects"]]
n_columns = counted(table["subject"].nunique(), "subject")

# %% [markdown]
# Pooled and within part most for *{odd}*: {pooled_odd:+.2f} against {within_odd:+.2f}.
# What the pooled number adds is where the patients' columns stand, and that is a
# statement about {n_columns}, however many dots there are.
#
# ## A test that keeps subjects whole
#
# Could such a correlation come about by chance? A p-value needs independent units, and
# frames are none: within a clip, one frame is like the next. So *pooled* gets no
# p-value. *Between* subjects we hand the patients' values round among them: if there is
# no relation, each order is as likely as ours. *Within* subjects we flip the sign of
# whole patients' correlations.


# %%
def p_between(x, y, draws=2000):
    means = table.groupby("subject")[[x, y]].mean()
    random, seen = np.random.default_rng(seed), abs(spearman(means[x], means[y]))
    shuffled = [
        abs(spearman(means[x], random.permutation(means[y]))) for _ in range(draws)
    ]
    return (1 + sum(value >= seen - 1e-9 for value in shuffled)) / (1 + draws)


# %% [markdown]
# The one that we saw is counted among the shuffled ones, so p is never zero. With
# {tried} properties one of them may look special by chance, so each p-value is
# corrected by Holm's method for the {tried} looks of its column: one way to correlate,
# one outcome. **For which property do you expect that anything is left?**


# %%
def correlate(outcome):
    rows = []
    for name in PROPERTIES:
        x, y, who = table[name], table[outcome], table["subject"]
        for found in (
            correlation.spearman_pooled(x, y, who),
            correlation.spearman_within(x, y, who, table["clip"], table["frame"]),
            correlation.spearman_between(x, y, who, seed=seed),
        ):
            rows.append({"property": name, "value": found.value, "p": found.p})
            rows[-1] |= {"subjects": found.n_subjects, "frames": found.n_frames}
    rows = pd.DataFrame(rows).astype({"p": float})
    rows["estimand"] = ["pooled", "within subjects", "between subjects"] * len(
        PROPERTIES
    )
    rows["p (Holm)"] = rows.groupby("estimand")["p"].transform(correlation.holm)
    return rows.assign(significant=rows["p (Holm)"] < 0.05)


# %%
found = {outcome: correlate(outcome) for outcome in ("dice", "recall", "false area")}
WITHIN = "mean over subjects of the rank correlation with Dice over a subject's frames"
for row in found["dice"][found["dice"]["estimand"] == "within subjects"].itertuples():
    one = Estimate(row.value, n_frames=row.frames, n_subjects=row.subjects)
    one = replace(one, estimand=WITHIN, split=main)
    lesson.add(f"correlation.{row.property}", one)

# %% [markdown]
# ### Exercise 1 · Holm by hand
#
# Holm's method multiplies the smallest of $n$ p-values by $n$, the next by $n - 1$ and
# so on, never lets a later one become smaller than an earlier one, and stops at 1.
# Write `holm` for a list of p-values in increasing order.


# %% tags=["exercise"]
def holm(increasing):
    # solution begins
    factors = range(len(increasing), 0, -1)
    multiplied = [p * factor for p, factor in zip(increasing, factors)]
    return np.minimum(np.maximum.accumulate(multiplied), 1)
    # solution ends


# %% tags=["check"]
check(
    lambda: np.allclose(
        holm([0.01, 0.011, 0.6, 0.9]), correlation.holm([0.01, 0.011, 0.6, 0.9])
    ),
    "Multiply by n, n - 1, ..., 1; then np.maximum.accumulate keeps the order, and "
    "np.minimum(..., 1) the end.",
)

# %% [markdown] tags=["solution"]
# The more one looks, the stronger a single look has to be. Leaving the failed looks out
# of the count is the commonest way to get round it.

# %% [markdown]
# ## What arithmetic does
#
# A score is made of areas, and some properties are areas, too. A small pool is harder
# to overlap than a large one, whatever the light. To see how much of a correlation is
# arithmetic we ask a *dummy*: a predictor that marks one and the same area on every
# frame, at random places inside the view. It sees no image, and what goes with its
# Dice goes with the formula. A second dummy marks at random too, but as much as our
# network does on each frame. **Which correlations will each of them have?**


# %%
def dummy_dice(marks):
    packed = lesson.frames(main)
    view, blood = packed.view & packed.valid, packed.blood & packed.valid
    places, area = view.sum(axis=(1, 2)), blood.sum(axis=(1, 2))
    marks = np.minimum(marks, places)
    # Of marks at random places this share is blood, on average.
    share = (blood & view).sum(axis=(1, 2)) / np.maximum(places, 1)
    return (2 * marks * share)[area > 0] / (marks + area)[area > 0]


marked = (measured["tp"] + measured["fp"]).to_numpy()
mean_marked = marked[counts.has_blood(measured)].mean()

# %%
table["one area"], table["its areas"] = dummy_dice(mean_marked), dummy_dice(marked)
dummies = {"one area": correlate("one area"), "its areas": correlate("its areas")}
figures.correlations(found["dice"], dummies).front("correlations")

# %%
success = correlation.spearman_within(
    table["tp"] + table["fp"], table["dice"], table["subject"]
)

# %% [markdown]
# Look at the plus signs first: they are the dummy of one area, which is
# {mean_marked:.0f} pixels here, the network's mean. Nothing of the network's is in its
# Dice but that number, so a plus away from zero is arithmetic: it tells how much blood
# there is, and in how small a view. The crosses borrow the network's areas, and these
# are no arithmetic. A network that marks little but blood marks most where it finds
# most, and then its areas hold a part of its success. Within subjects, the rank
# correlation of the marked area with the network's Dice is {success:.2f}: the further
# from zero, the less can a cross be called blind. What a cross has beyond the plus
# comes from *how much* the network marks on which frame. And where a cross lies beside
# the network's own marker, the correlation is no evidence about *where* it marks, for
# or against. Only filled markers survive the correction for the looks of their column.

# %%
columns = ["property", "estimand", "value", "p", "p (Holm)", "subjects", "frames"]
figures.table(found["dice"][columns], "Rank correlation with Dice")

# %% [markdown]
# ### Exercise 2 · The dummy's strongest property
#
# Find `arithmetic`: the property with which the Dice of the dummy *of one area*
# correlates most strongly within subjects (in size). Guess first, from the formula of
# Dice.

# %% tags=["exercise"]
blind = dummies["one area"].query("estimand == 'within subjects'")
blind = blind.set_index("property")["value"]
# solution begins
arithmetic = blind.abs().idxmax() if blind.notna().any() else "coverage"
# solution ends

# %% tags=["check"]
check(
    lambda: arithmetic == (blind.abs().idxmax() if blind.notna().any() else "coverage"),
    "Look for the greatest absolute value in `blind`; where no patient has frames "
    "enough, say 'coverage'.",
)

# %% [markdown] tags=["solution"]
# With $p$ percent marked at random and $c$ percent blood, the expected Dice is about
# $2pc/(p + c)$ percent: it grows with both. Where $p$ is the same on all frames, only
# $c$ is left, and coverage goes with Dice by arithmetic, with nothing seen.

# %% [markdown]
# ## Two ways to fail
#
# Dice mixes blood that is missed with marks where there is none. **Does the property
# that goes with the one go with the other?**

# %%
figures.correlations(found["recall"], outcome="recall")

# %%
figures.correlations(found["false area"], outcome="the falsely marked area")

# %% [markdown]
# Read the two figures side by side, row by row. A property that goes with both in
# opposite directions can vanish in Dice, and one that goes with a single way to fail
# points at what a remedy would have to do.

# %%
looks = pd.concat(found.values())
looks = looks.assign(all=correlation.holm(looks["p"]))
n_looks, by_column = int(looks["p"].notna().sum()), int(looks["significant"].sum())
over_all = int((looks["all"] < 0.05).sum())

# %% [markdown]
# And count the looks once more. With three outcomes, two ways that have a test and
# {tried} properties the page has come to {n_looks} tests, and Holm was told of a single
# column's each time. Corrected so, {by_column} have a p below 0.05; corrected for all
# of them at once it is {over_all}. Which looks belong together is a choice, and a
# report should say it.
#
# ## What is left when the amount of blood is given?
#
# The **partial** correlation asks what a property still tells once another is known.
# The ranks of the other are regressed out of both sides, and what remains is
# correlated.


# %%
@np.errstate(invalid="ignore")
def partial(x, y, given):
    known = np.column_stack([np.ones(len(x)), *(rankdata(one) for one in given)])
    rest = []
    for ranks in (rankdata(x), rankdata(y)):
        rest.append(ranks - known @ np.linalg.lstsq(known, ranks, rcond=None)[0])
    return np.corrcoef(*rest)[0, 1]


first = table["subject"].isin(table["subject"].mode()[:1])
x, y, z = (table.loc[first, name] for name in ("brightness", "dice", "coverage"))
ours = correlation.spearman(x, y, {"coverage": z})
assert np.isnan(ours) or np.isclose(partial(x, y, [z]), ours)

# %%
rows = []
for name in [n for n in PROPERTIES if n not in ("coverage", "surround")]:
    ways = {"alone": None, "coverage given": {"coverage": table["coverage"]}}
    ways["and the surround"] = {n: table[n] for n in ("coverage", "surround")}
    row = {"property": name}
    for label, given in ways.items():
        one = correlation.spearman_within(
            table[name], table["dice"], table["subject"], table["clip"], given=given
        )
        row[label] = one.value
    rows.append(row)
figures.table(pd.DataFrame(rows), "Within subjects, with Dice")

# %% [markdown]
# Where a number shrinks towards zero from left to right, the property was speaking for
# the amount of blood, or for the round view. Where it stays, it says something of its
# own; that is still no cause.
#
# ### Exercise 3 · A covariate of your own
#
# Compute `given_edge`: the partial rank correlation of `coverage` with `dice` over all
# frames, with `edge` given. Use `partial`.

# %% tags=["exercise"]
# solution begins
given_edge = partial(table["coverage"], table["dice"], [table["edge"]])
# solution ends

# %% tags=["check"]
coverage, edge, dice = (table[name] for name in ("coverage", "edge", "dice"))
alike = correlation.spearman(coverage, edge)
cover_alone, edge_alone = (correlation.spearman(one, dice) for one in (coverage, edge))
cover_left = correlation.spearman(coverage, dice, {"edge": edge})
edge_left = correlation.spearman(edge, dice, {"coverage": coverage})
check(
    lambda: np.isclose(given_edge, cover_left),
    "partial takes x, y and a list of what is given: here it holds table['edge'].",
)

# %% [markdown] tags=["solution"]
# Coverage and edge length have a rank correlation of {alike:.2f} with one another. With
# Dice, coverage has {cover_alone:+.2f} alone and {cover_left:+.2f} with edge length
# given; edge length has {edge_alone:+.2f} alone and {edge_left:+.2f} with coverage
# given. The more alike two properties are, the less can be foreseen: what is left of
# one can shrink, grow or turn its sign. Which of the two "explains" Dice, no table can
# tell.

# %% [markdown]
# ## And over frames, as it is usually done?
#
# The usual table takes each frame for an observation. **How many of the properties
# would it have called significant?**

# %%
naive = [spearmanr(table[n], table["dice"]).pvalue < 0.05 for n in PROPERTIES]
naive_count, tried, n_frames = sum(naive), len(PROPERTIES), len(table)
kept = found["dice"].groupby("estimand")["significant"].sum()
between, within = kept["between subjects"], kept["within subjects"]
raw = (found["dice"]["p"] < 0.05).groupby(found["dice"]["estimand"]).sum()
raw_between, raw_within = raw["between subjects"], raw["within subjects"]

# %% [markdown]
# Over {n_frames} frames as if they were independent, {naive_count} of {tried}
# properties have a p below 0.05. With subjects as the unit {raw_between} have one between
# subjects and {raw_within} within; after the correction for the {tried} looks of a
# column it is {between} and {within}. Lesson 05 counts how often the first way "finds"
# something where there is nothing.
#
# ### Exercise 4 · A cause? (open)
#
# Take the strongest correlation of this page. Write down one story in which the
# property does the harm, and one in which something else changes both. What would you
# have to change, and what to leave alone, to tell them apart?
#
# ## The one patient
#
# In the target as it is, blood is a matter of one patient or few. Between subjects
# there is nothing to compare with one. Within that patient a correlation exists, and it
# is a fact about that operation. **What goes with failure in other patients, we can't
# know from one.**

# %% tags=["quiz"]
quiz(
    (
        "Dice correlates with brightness over all frames. What may it mean?",
        {
            "Bright patients differ from dark ones in something else.": "Yes: pooled "
            "correlations mix what is between patients with what is within them.",
            "Making a frame brighter would raise its Dice.": "No: nothing was changed.",
        },
    ),
    (
        "A dummy marks at random, as much as the network on each frame, and has the "
        "network's correlation. Then ...",
        {
            "the network is no better than chance.": "No: its Dice may be far higher.",
            "it is arithmetic, without a part of the network's.": "No: the areas are "
            "the network's, which may mark most where it finds most.",
            "it is no evidence about where the marks lie.": "Yes: the areas are enough "
            "to have it, wherever the marks are.",
        },
    ),
    (
        "Why does the pooled correlation get no p-value?",
        {
            "It has too many frames.": "No: many independent frames would be fine.",
            "Its frames are not independent.": "Yes: neighbours and frames of one "
            "patient resemble each other.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw three honest correlations where a single number is usual, a dummy that has
# what arithmetic gives, another that borrows the network's areas, and what is left when
# the amount of blood is given. **Doubt** a correlation that does not say which of the
# three it is. And doubt it as a *cause* in any case: in the drawing most traits of a
# patient were chosen independently of one another, but how black the surround is and
# which organs are in view was copied from real ones, and elsewhere nothing need be
# independent. To learn what does harm one has to change one thing and leave the rest.
# Lesson 06 does.
