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
# **You will be able to** relate failure to the properties of a frame, say which of
# three questions a correlation answers, test it with subjects kept whole, and tell a
# property's part from the arithmetic of the score. **You need** lesson 03. **It takes**
# about 60 minutes.

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
import cv2
import numpy as np
import pandas as pd
import plotly.express as px
from scipy.stats import rankdata, spearmanr

from helpers import charts, correlation, counts, play, shift
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.play import scene
from helpers.words import counted, noun, number

lesson = begin(profile, seed, data)
run = lesson.model()

# %% [markdown]
# ## What could go with failure?
#
# Where the network does badly, is the frame darker? Less saturated? Is there less blood
# in it, or is its edge longer? For every frame with blood we set the network's
# success beside some properties of the frame. Those of the picture are measured
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
    table["edge"] = [
        edge_length(*one) for one in zip(packed.blood, packed.valid & view)
    ]
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

# %%
clouds = {"frames with blood": len(table), "clips": table["clip"].nunique()}
clouds["subjects"] = table["subject"].nunique()
clouds["of them with five frames or more"] = (table.groupby("subject").size() > 4).sum()
charts.table(pd.DataFrame([clouds]), "What there is to correlate")

# %% [markdown]
# ## Look first
#
# One point per frame, one colour and shape per patient; in Jupyter, hover to see which
# frame it is. **Do you see one cloud, or several?**


# %%
# Shapes of points, in matplotlib's words and in plotly's.
SHAPES = {"o": "circle", "s": "square", "D": "diamond", "P": "cross", "X": "x"}
SHAPES |= {"^": "triangle-up", "*": "star", "p": "pentagon", "h": "hexagram"}


def to_hover(x, title):
    """The same points with plotly, which tells which frame one is."""
    frame = table["subject"] + ", frame " + table["frame"].astype(str)
    look = dict(labels={x: title, "dice": "Dice"}, opacity=0.75, height=440)
    look |= dict(color="subject", color_discrete_sequence=charts.PALETTE)
    look |= dict(symbol="subject", symbol_sequence=list(SHAPES.values()))
    look |= dict(hover_name=frame, template="plotly_white", render_mode="svg")
    return px.scatter(table, x, "dice", **look)


# %%
def points(x, title):
    figure, axis = charts.new(8.0, 3.8)
    by_subject = table.groupby("subject", sort=False)
    for place, (name, part) in enumerate(by_subject):
        look = dict(color=charts.colour_of(name, place), s=28, alpha=0.75, lw=0)
        shape = list(SHAPES)[place % len(SHAPES)]
        axis.scatter(part[x], part["dice"], label=name, marker=shape, **look)
    axis.set(xlabel=title, ylabel="Dice")
    figure.legend(loc="outside right upper")
    means = by_subject[[x, "dice"]].mean().set_axis([title, "Dice"], axis=1)
    alt = f"Scatter of {len(table)} points; means by subject. {charts.in_words(means)}."
    return figure, alt


# %%
def cloud(x, title):
    spread = table.groupby("subject")[x].mean()
    said = f"{title}: {table[x].min():.2f} to {table[x].max():.2f} over "
    said += f"{len(table)} frames with blood, {spread.min():.2f} to {spread.max():.2f} "
    said += f"between the means of {counted(len(spread), noun(main))}"
    figure, alt = points(x, title)
    return charts.Chart(figure, said, alt, live=to_hover(x, title))


cloud("coverage", "Blood, percent of the view")

# %%
cloud("brightness", "Brightness in the view")

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
@np.errstate(invalid="ignore")  # a constant has no correlation: NaN
def pearson(x, y):
    x, y = x - x.mean(), y - y.mean()
    return (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())


def spearman(x, y):
    return pearson(rankdata(x), rankdata(y))


# %%
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
charts.table(
    ways.rename_axis("property").reset_index(), "Rank correlation with Dice", digits=2
)

# %% [markdown]
# Look for a row whose three numbers disagree. The pooled number mixes differences between
# frames with differences between patients. Where it is far from the number within
# subjects, it is the patients that differ, and that part rests on as many patients as
# there are, however many dots are drawn. A report of one correlation should say which of
# the three it is. **Choose such a property below, and pick out one
# patient after the other: whose frames make the difference?**


# %%
def patients_dots(x, y, chosen, said_x):
    """A dot for each pair of x and y in 0 to 1, the chosen ones (bool) in front."""
    known = np.isfinite(x) & np.isfinite(y)
    ends = (x[known].min(), x[known].max()) if known.any() else (0, 1)
    ends = ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[1] + 0.5)
    wide = scene.WIDE - 8
    across, up = scene.scale(ends, 40, wide), scene.scale((0, 1), 180, 30)
    parts = [
        scene.dots(kind, [(across(a), up(b)) for a, b in zip(x[where], y[where])])
        for kind, where in (("others", known & ~chosen), ("chosen", known & chosen))
    ]
    parts += scene.axis(across, ends, 188)
    parts.append(scene.text(wide, 222, said_x, "end"))
    parts += [scene.text(32, up(one) + 4, one, "end") for one in (0, 1)]
    return scene.svg(230, "dice, by frame", *parts)


# %%
def one_patient(property, subject):
    chosen, found = table["subject"] == subject, ways.loc[property].to_dict()
    x, y = table[property].astype(float), table["dice"]
    own, who = np.nan, "no subject is picked out"
    if chosen.any():
        if x[chosen].nunique() > 1 < y[chosen].nunique():
            own = float(spearman(x[chosen], y[chosen]))
        who = f"within {subject} it is {number(own, '+.2f')}"
    said = ", ".join(f"{way} {number(rho, '+.2f')}" for way, rho in found.items())
    said = f"Rank correlation of {property} with dice: {said}; {who}."
    numbers = found | {"this subject": own}
    drawn = patients_dots(x, y, chosen, property)
    return play.Scene(said, (), numbers, dict.fromkeys(numbers, "+.2f"), drawn)


# %%
most_frames = table["subject"].value_counts().index[:12].sort_values()
controls = [
    play.Choice("property", "property", PROPERTIES),
    play.Choice("subject", "pick out", ["nobody", *most_frames]),
]
title = "Choose a property, and pick out a subject"
play.Interactive("correlations", controls, one_patient, title)

# %% [markdown]
# ## A test that keeps subjects whole
#
# Could such a correlation come about by chance? A p-value needs independent units, and
# frames are none: within a clip, one frame is like the next. So *pooled* gets no
# p-value. *Between* subjects we hand the patients' values round among them (a
# permutation test): if there is no relation, each order is as likely as ours. The one
# that we saw is counted among the shuffled ones, so p is never zero. Of four subjects
# there are 24 orders, which cannot give 0.05; then there is no p.


# %%
def p_between(x, y, draws=2000):
    means = table.groupby("subject")[[x, y]].mean().rank()
    if len(means) < 5 or means.nunique().min() < 2:
        return np.nan
    one, other = (means - means.mean()).to_numpy().T
    random = np.random.default_rng(seed)
    shuffled = [abs(one @ random.permutation(other)) for _ in range(draws)]
    as_far = sum(value >= abs(one @ other) - 1e-9 for value in shuffled)
    return (1 + as_far) / (1 + draws)


# %% [markdown]
# *Within* subjects there is a correlation for each patient, and we flip the sign of
# whole patients' correlations: without a relation, up is as likely as down. (With fewer
# than six patients no such p can reach 0.05; then the frames of each clip are shifted in
# a circle, which speaks about these patients alone.)


# %%
def p_within(x, y):
    given = (table[name] for name in (x, y, "subject", "clip", "frame"))
    return correlation.spearman_within(*given).p


def correlate(outcome):
    rows = []
    for name in PROPERTIES:
        p = {"within subjects": p_within(name, outcome)}
        p["between subjects"] = p_between(name, outcome)
        for way, value in three_ways(name, outcome).items():
            one = {"property": name, "way": way, "value": value, "p": p.get(way)}
            rows.append(one)
    rows = pd.DataFrame(rows).astype({"p": float})
    rows["p (Holm)"] = rows.groupby("way")["p"].transform(correlation.holm)
    return rows


found = {outcome: correlate(outcome) for outcome in ("dice", "recall", "false area")}

# %% [markdown]
# With eight properties one of them may look special by chance. So each p-value is
# corrected by Holm's method for the eight looks of its way, and of one outcome. Filled
# marks are below 0.05 after that. **For which property do you expect that anything is
# left?**


# %%
def three_rows(outcome, called):
    marks = found[outcome].rename(columns={"property": "row", "way": "kind"})
    kept, tests = marks["p (Holm)"] < 0.05, marks["p"].notna().sum()
    return charts.dots(
        marks.assign(filled=kept),
        f"{called} by property: p below 0.05 in {(marks['p'] < 0.05).sum()} of {tests} "
        f"tests, after Holm's correction in {kept.sum()}",
        f"rank correlation with {called} (-1 to 1)",
        mark=0,
        limits=(-1.05, 1.05),
        apart=0.2,
        caption="Filled: below 0.05 after the correction for the looks of its way. "
        "Pooled correlations have no test, and stay hollow.",
    )


three_rows("dice", "Dice")

# %%
charts.table(found["dice"], "Rank correlation with Dice")

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
outcomes = {"dice": "the network", "one area": "a dummy of one area"}
outcomes["its areas"] = "a dummy of the network's areas"
beside = pd.concat(
    pd.DataFrame({name: three_ways(name, outcome) for name in PROPERTIES})
    .T.rename_axis("row")
    .reset_index()
    .assign(kind=who)
    for outcome, who in outcomes.items()
)


# %%
def with_dummies(way):
    marks = beside.assign(value=beside[way])[["row", "kind", "value"]]
    of = marks[marks["row"] == "coverage"].set_index("kind")["value"]
    said = ", ".join(f"{who} {number(value, '+.2f')}" for who, value in of.items())
    about = f"rank correlation with Dice, {way}"
    title = f"Coverage with Dice, {way}: {said}"
    return charts.dots(
        marks, title, about, mark=0, limits=(-1.05, 1.05), each=0.35, apart=0.2
    )


with_dummies("within subjects")

# %%
with_dummies("between subjects")

# %%
table["marked"] = table["tp"] + table["fp"]
own = three_ways("marked", "dice")["within subjects"]
print(f"The dummy of one area marks {mean_marked:.0f} pixels, the network's mean.")
print(
    "Within subjects the network's marked area and its own Dice:", number(own, "+.2f")
)

# %% [markdown]
# Look at the dummy of one area first. Nothing of the network's is in its Dice but a
# mean area, so where it lies away from zero, that is arithmetic: it tells how much
# blood there is, and in how small a view. The second dummy borrows the network's areas,
# and these are no arithmetic. If nearly everything that a network marks is blood, then it
# marks most on the frames where it succeeds: the size of its marks already tells how well
# it did. The last line above says how much of this there is. The further it is from zero,
# the more this dummy has copied. And where the dummy lies beside the network itself, the
# correlation says nothing of *where* the network marks, only of how much.

# %% [markdown]
# ### Exercise 2 · The dummy's strongest property
#
# Find `arithmetic`: the property with which the Dice of the dummy *of one area*
# correlates most strongly within subjects (in size). Guess first, from the formula of
# Dice.

# %% tags=["exercise"]
blind = beside[beside["kind"] == "a dummy of one area"]
blind = blind.set_index("row")["within subjects"]
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
three_rows("recall", "Recall")

# %%
three_rows("false area", "False area")

# %% [markdown]
# Read the two figures side by side, row by row. A property that goes with both in
# opposite directions can vanish in Dice, and one that goes with a single way to fail
# points at what a remedy would have to do.
#
# And count the looks. Three outcomes, two ways to test and eight properties are 48 tests.
# But each correction above counted only the eight of its own row of tests.

# %%
looks = pd.concat(found.values())
told = {"nothing": looks["p"], "the eight looks of a way": looks["p (Holm)"]}
told["all looks of the page"] = pd.Series(correlation.holm(looks["p"]))
kept = [(name, p.notna().sum(), (p < 0.05).sum(), p.min()) for name, p in told.items()]
columns = ["corrected for", "tests", "p below 0.05", "the smallest p"]
charts.table(pd.DataFrame(kept, columns=columns), "The same tests, and three counts")

# %% [markdown]
# Which looks belong together is a choice, and a report should say it.
#
# ## What is left when the amount of blood is given?
#
# The **partial** correlation asks what a property still tells once another is known.
# The ranks of the other are regressed out of both sides, and what remains is
# correlated.


# %%
def partial(x, y, given):
    known = np.column_stack([np.ones(len(x)), *(rankdata(one) for one in given)])
    rest = []
    for ranks in (rankdata(x), rankdata(y)):
        rest.append(ranks - known @ np.linalg.lstsq(known, ranks)[0])
    # What only rounding leaves is nothing, and has no correlation.
    rest = [np.where(abs(one) < 1e-9, 0, one) for one in rest]
    return pearson(*rest)


def partial_within(x, y, given):
    each = [part for _, part in table.groupby("subject") if len(part) >= 5]
    found = [partial(part[x], part[y], [part[one] for one in given]) for part in each]
    return pd.Series(found, dtype=float).mean()  # over the patients in whom all vary


# %%
givens = {"alone": [], "coverage given": ["coverage"]}
givens["and the surround"] = ["coverage", "surround"]
others = [name for name in PROPERTIES if name not in ("coverage", "surround")]
rows = [
    {"property": name}
    | {label: partial_within(name, "dice", given) for label, given in givens.items()}
    for name in others
]
charts.table(pd.DataFrame(rows), "Within subjects, with Dice", digits=2)

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
check(
    lambda: np.isclose(given_edge, correlation.spearman(coverage, dice, edge)),
    "partial takes x, y and a list of what is given: here it holds table['edge'].",
)

# %% [markdown] tags=["solution"]
# The table below holds it, beside the same question asked of the edge. The more alike
# two properties are, the less can be foreseen: what is left of one can shrink, grow or
# turn its sign. Which of the two "explains" Dice, no table can tell.

# %%
both = [table["coverage"], table["edge"]]
rows = [
    {"with Dice": one.name, "alone": spearman(one, table["dice"])}
    | {"the other given": partial(one, table["dice"], [other])}
    for one, other in (both, both[::-1])
]
alike = f"Coverage and edge have {number(spearman(*both), '+.2f')} with one another"
charts.table(pd.DataFrame(rows), f"Over all frames. {alike}", digits=2)

# %% [markdown]
# ## And over frames, as it is usually done?
#
# The usual table takes each frame for an observation. **How many of the properties
# would it have called significant?**

# %%
naive = pd.Series([spearmanr(table[n], table["dice"]).pvalue for n in PROPERTIES])
by_way = {"a frame": (len(table), naive, None)}
for way in ("within subjects", "between subjects"):
    of = found["dice"][found["dice"]["way"] == way]
    many = table.groupby("subject").size() >= (5 if way == "within subjects" else 1)
    by_way[f"a subject, {way}"] = many.sum(), of["p"], of["p (Holm)"]
rows = [
    (unit, n, *(np.nan if p is None else (p < 0.05).sum() for p in ps))
    for unit, (n, *ps) in by_way.items()
]
columns = ["the unit", "units", "p below 0.05", "after Holm's correction"]
said = f"Of {len(PROPERTIES)} properties with Dice"
charts.table(pd.DataFrame(rows, columns=columns), said)

# %% [markdown]
# The first row takes frames for independent; its p-values are not worth correcting.
# Lesson 05 counts how often that way "finds" something where there is nothing.
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
# independent. On drawn patients the numbers above are facts about a drawing. To learn
# what does harm one has to change one thing and leave the rest. Lesson 06 does.
