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
# # 10 · When not to trust it
#
# [Open in Colab]($COLAB/10_when_not_to_trust_it.ipynb) · [before](09_without_training_and_with_a_click.ipynb) · [the start](00_start_here.ipynb)
#
# **You will be able to** look inside a network, put a heatmap to the checks that it has
# to stand, measure whether a probability means what it says, and judge an uncertainty
# by what it is for: which of its answers are wrong, and which frames it should not
# answer at all. **You need** lessons 03 and 07. **It takes** about 60 minutes.

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
import torch

from helpers import (
    calibration,
    counts,
    evaluation,
    explanation,
    figures,
    models,
    remedies,
    runs,
    statistics,
    training,
    uncertainty,
    views,
    words,
)
from helpers.exercises import check, quiz
from helpers.lesson import begin

lesson = begin(profile, seed, data)
run = lesson.model()
TARGET = "ood_wished" if lesson.drawn else "ood_test"
about = "Every number on this page is of drawn surgery: a phantom, and no patient."
if not lesson.drawn:
    about = "These are frames of the disk, and no phantom: no wished-for patients are "
    about += "here, all of whom bleed. Where no target frame bleeds, its ranking by "
    about += "error and its missed bleeding can't be measured, and read undefined."

# %% [markdown]
# {about}
#
# ## Looking inside
#
# The network breaks on the other kind of surgery (lesson 03). Could it have known, and
# could we? We begin where the picture enters. The first filters are small patches of
# weights, one for each channel. They came from photographs and were trained on with the
# rest. **How far do you think that surgery moved them?**


# %%
def first_filters(network):
    parts = network.network.encoder.modules()
    first = next(part for part in parts if isinstance(part, torch.nn.Conv2d))
    return first.weight.detach().cpu().numpy()


before = first_filters(models.build(lesson.course.numbers.encoder, seed=seed))
after = first_filters(run.model)
flat = [filters.reshape(len(filters), -1) for filters in (before, after)]
moved = np.linalg.norm(flat[1] - flat[0], axis=1) / np.linalg.norm(flat[0], axis=1)
moved_median = 100 * float(np.median(moved))


# %%
def tile(filters, most=16):
    largest = np.abs(filters).max()
    shown = 127.5 + 127.5 * filters[:most].transpose(0, 2, 3, 1) / largest
    wide = np.kron(shown, np.ones((1, 12, 12, 1)))
    framed = np.pad(wide, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    rows = [np.hstack(row) for row in np.array_split(framed, 2)]
    return np.vstack(rows).astype(np.uint8)


figures.strip(
    [tile(before), tile(after)],
    ["from photographs", "after training on pigs"],
    columns=2,
    title=f"Training moves a first filter by {moved_median:.0f} % of its length",
)

# %% [markdown]
# Each little patch is a filter, its three colour weights drawn as a colour; grey is
# zero. Some look for an edge, some for a colour beside its opposite. The median filter
# moved by {moved_median:.0f} % of its length. Whatever was learned about blood stands
# deeper.
#
# ## Down and up the U
#
# Now one frame of the target on its way. At each level we take the mean size of all
# channels: what the level responds to at all. **Where does the place of things get
# lost, and where does it come back?**


# %%
def levels_of(network, image):
    given = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    where = next(network.parameters()).device
    found, blocks = [], network.network.decoder.blocks
    keep = lambda _, __, out: found.append(out)  # noqa: E731
    hooks = [block.register_forward_hook(keep) for block in blocks]
    with torch.inference_mode():
        down = [maps for maps in network.features(given.to(where))[1:] if maps.shape[1]]
        network(given.to(where))
    for hook in hooks:
        hook.remove()
    return [maps[0].abs().mean(dim=0).cpu().numpy() for maps in down + found]


# %%
patients = lesson.frames(TARGET)
marked = runs.probabilities(run, patients) >= 128
at = int(np.argmax((marked & patients.blood).sum(axis=(1, 2))))
maps = levels_of(run.model, patients.images[at])
size = patients.images[at].shape[:2]
figures.strip(
    [lesson.picture(TARGET, at), *(figures.heat(one, size) for one in maps)],
    ["the frame", *(f"{one.shape[0]} x {one.shape[1]}" for one in maps)],
    title="One frame, down the U and up again: how much each place responds",
)

# %% [markdown]
# On the way down the squares grow and places blur; on the way up the skip connections
# bring the edges back. The last level begins to look like an answer. What such pictures
# don't say is *why*: a level responds to many things, and few of them decide.
#
# ## Three heatmaps
#
# Heatmaps promise more. We ask for the pixels that the network marked: what in the
# picture made their logits large? **Grad-CAM** weighs the channels of one level by
# their gradients. **Integrated gradients** follow the gradient from a black frame to
# this one. **Guided backpropagation** lets only what is positive pass on the way back.
# Here are the lines that run, through the library captum.

# %%
figures.source(explanation.integrated_gradients)


# %%
def frames_to_explain(split, found, each=2):
    """A few rows of every subject, of those frames where most is marked."""
    area = found.sum(axis=(1, 2))
    whose = lesson.frames(split).table["subject"].to_numpy()
    ranked = [np.flatnonzero(whose == one) for one in pd.unique(whose)]
    ranked = [rows[np.argsort(-area[rows], kind="stable")][:each] for rows in ranked]
    return np.sort(np.concatenate(ranked))


chosen = frames_to_explain(TARGET, marked & patients.valid)
images = np.array(patients.images[chosen])
asked = (marked & patients.valid)[chosen]
seen = (views.view_of(patients) & patients.valid)[chosen]
whose = patients.table["subject"].to_numpy()[chosen]

# %%
METHODS = list(explanation.METHODS)
heats = {name: explanation.heat(run.model, images, asked, name) for name in METHODS}
first = int(np.argmax(asked.sum(axis=(1, 2))))
shown = lesson.picture(TARGET, int(chosen[first]))


def pictured(maps, first=first):
    return [figures.heat(maps[name][first], size, shown) for name in METHODS]


overlaid = lesson.overlay(TARGET, int(chosen[first]), asked[first])
figures.strip(
    [overlaid, *pictured(heats)],
    ["what it marked", *METHODS],
    title="Three answers to one question",
)

# %% [markdown]
# They don't look alike, though all three were asked the same. Which one shows what the
# network looked at? Your eye prefers the one that follows the picture's edges, and that
# is the trap.
#
# ## Two checks that a map has to stand
#
# **First check.** We draw the weights anew, so that the network has learned nothing,
# and ask again for the same pixels. A map that explains what was *learned* must change.
# We take the rank correlation of both maps over the view: 1 is the same map, 0 has
# nothing in common. **Guess: which of the three changes least?**

# %%
untaught = explanation.randomised(run.model, lesson.course.numbers.encoder, seed + 7)
blind = {name: explanation.heat(untaught, images, asked, name) for name in METHODS}
figures.strip(
    [overlaid, *pictured(blind)],
    ["what the taught one marked", *METHODS],
    title="The same question to a network that has learned nothing",
)


# %%
def rank_correlation(one, other):
    ranks = [pd.Series(values).rank().to_numpy() for values in (one, other)]
    return np.corrcoef(*ranks)[0, 1]


def alike(maps, others, note):
    values = [
        explanation.similarity(one, other, where)
        for one, other, where in zip(maps, others, seen)
    ]
    return statistics.median_over_subjects(values, whose, note, (-1, 1))


one, other = (maps[METHODS[1]][first][seen[first]] for maps in (heats, blind))
ours = explanation.similarity(
    heats[METHODS[1]][first], blind[METHODS[1]][first], seen[first]
)
assert np.isclose(rank_correlation(one, other), ours, equal_nan=True)

# %%
weights = {}
for name in METHODS:
    said = "rank correlation of maps before and after drawing the weights anew"
    found = alike(heats[name], blind[name], said)
    key = f"sanity.{name.replace(' ', '_')}.weights"
    weights[name] = lesson.add(key, found, TARGET)

# %% [markdown]
# **Second check.** We paint over what was marked, so that the answer goes away. A map
# that explains *this answer* must change as well.

# %%
pairs = zip(images, asked)
painted = np.stack([explanation.painted_over(image, mask) for image, mask in pairs])
still = (training.predict(run.model, painted) >= 128) & asked
left = 100 * still.sum() / max(asked.sum(), 1)
after_paint = {
    name: explanation.heat(run.model, painted, asked, name) for name in METHODS
}

# %%
answer = {}
for name in METHODS:
    said = "rank correlation of maps before and after painting over what was marked"
    found = alike(heats[name], after_paint[name], said)
    key = f"sanity.{name.replace(' ', '_')}.answer"
    answer[name] = lesson.add(key, found, TARGET)

# %%
both = {f"{name}, weights drawn anew": weights[name] for name in METHODS}
both |= {f"{name}, answer painted over": answer[name] for name in METHODS}
figures.estimates(both, "rank correlation of the map before and after")

# %%
TOO_ALIKE = 0.5
similar = {
    name: np.array([weights[name].value, answer[name].value]) for name in METHODS
}
failed = [name for name, both in similar.items() if (both > TOO_ALIKE).any()]
passed = [name for name, both in similar.items() if (both <= TOO_ALIKE).all()]
fails = words.listed(failed) or "none"
passes = words.listed(passed) or "none"
gone = f"{left:.0f}"
least_moved = max(METHODS, key=lambda name: np.nan_to_num(weights[name].value, nan=-2))

# %% [markdown]
# After painting, {gone} % of the marked pixels are still marked. With a correlation
# above {TOO_ALIKE} in either check a map stays too much alike for us (the line is ours,
# and others draw it elsewhere). Those that stay alike: {fails}. Those that change as
# they should: {passes}. A map can pass the first check and fail the second: it depends
# on the weights, and still says little about this answer. And a map that passes both is
# not yet right; it is only not refuted. New weights change {least_moved} least.
#
# The numbers are medians over subjects. We took means first, saw that so few subjects
# give a mean no interval, and changed to the median after that look.
#
# ## Would any of these have told us of our own mistake?
#
# Lesson 03 tells of a network that had never been asked about black, and that marked
# the surround of a round view. We train it again, with the fill left out, and put the
# same question to both networks: what made the pixels large that *you* marked? For each
# map we take the share of its heat that lies in the surround, less the surround's share
# of the frame: 0 is heat that doesn't care. The control needs no heatmap: where the
# marks themselves lie. **Will a map tell more than the marks do?**

# %%
old = runs.fill_left_out(lesson.course, lesson.domains)
old_asked = (runs.probabilities(old, patients)[chosen] >= 128) & patients.valid[chosen]
old_heats = {
    name: explanation.heat(old.model, images, old_asked, name) for name in heats
}
surround = patients.valid[chosen] & ~seen
MARKS = "the marks alone"


def excess(heat):
    return [
        explanation.share_inside(one, black, valid) if black.any() else np.nan
        for one, black, valid in zip(heat, surround, patients.valid[chosen])
    ]


# %%
in_black = {}
asking = {"old": (old_heats, old_asked), "ours": (heats, asked)}
for network, (maps, marks) in asking.items():
    for name, heat in {**maps, MARKS: marks.astype(float)}.items():
        said = f"share of heat less share of area in the surround, {name}, {network}"
        found = statistics.median_over_subjects(excess(heat), whose, said, (-1, 1))
        key = f"surround.{network}.{name.replace(' ', '_')}"
        in_black[f"{name}, {network}"] = lesson.add(key, found, TARGET)
figures.estimates(in_black, "share of heat less share of area, in the surround")

# %%
parted = {
    name: in_black[f"{name}, old"].value - in_black[f"{name}, ours"].value
    for name in (*METHODS, MARKS)
}
by_marks = parted[MARKS]
further = [name for name in METHODS if parted[name] > by_marks]
told = f"further than that: {words.listed(further) or 'none of the three maps'}"
if np.isnan([*parted.values()]).any():
    told = "for some map or mark nothing can be said, since a network marks nothing"
old_marks, our_marks = (in_black[f"{MARKS}, {one}"].value for one in asking)
n_black = len(set(whose[surround.any(axis=(1, 2))]))

# %% [markdown]
# The old network's marks lie in the surround with an excess of {old_marks:+.2f}, ours
# with {our_marks:+.2f} (medians over those of {n_black} subjects with a surround on
# whose frames something is marked). So the marks part the two networks by
# {by_marks:+.2f}; {told}. What doesn't exceed the control has told us nothing that a
# look at the answer wouldn't have, and one mistake on one pair of networks is a small
# trial: it can show that a map missed it, not that it will find the next.

# %% [markdown]
# ## Does it mean what it says?
#
# A probability of 0.8 should be blood eight times out of ten. Most pixels are easy, so
# we look only where it matters: within two pixels of the predicted edge, or where the
# probability lies between 0.05 and 0.95. The label has no say in which pixels count.


# %%
def in_band(split):
    packed = lesson.frames(split)
    levels = np.asarray(runs.probabilities(run, packed))
    band = calibration.band(levels, packed.valid)
    subjects = packed.table["subject"].to_numpy()
    of = np.broadcast_to(subjects[:, None, None], band.shape)[band]
    return calibration.probability(levels)[band], packed.blood[band], of


def expected_calibration_error(chance, blood, bins=10):
    place = np.minimum((chance * bins).astype(int), bins - 1)
    parts = [place == number for number in range(bins)]
    gaps = [
        abs(chance[part].mean() - blood[part].mean()) for part in parts if part.any()
    ]
    return np.average(gaps, weights=[part.sum() for part in parts if part.any()])


# %%
SPLITS = ("id_test", TARGET)
temperature = calibration.temperature(*in_band("id_val")[:2])
curves, rows = {}, []
for split in SPLITS:
    chance, blood, of = in_band(split)
    bins = calibration.reliability(chance, blood)
    curves[split] = (bins["chance"].to_numpy(), bins["blood"].to_numpy())
    each = {
        one: expected_calibration_error(chance[of == one], blood[of == one])
        for one in np.unique(of)
    }
    said = "expected calibration error in the band, mean over subjects"
    found = statistics.mean_over_subjects(list(each.values()), list(each), said)
    lesson.add(f"calibration.{split}.ece", found, split)
    cooled = calibration.cooled(chance, temperature)
    errors = [expected_calibration_error(one, blood) for one in (chance, cooled)]
    rows.append({"split": words.name_of(split), "ECE": errors[0], "cooled": errors[1]})

# %%
places = [words.name_of(split) for split in SPLITS]
miscalibrated = [lesson.record[f"calibration.{split}.ece"].value for split in SPLITS]
ends = [
    f"{place}: {blood[0]:.2f} at {chance[0]:.2f}, {blood[-1]:.2f} at {chance[-1]:.2f}"
    for place, (chance, blood) in zip(places, curves.values())
]
chart = figures.line(
    curves,
    "probability of blood",
    "share of blood",
    title=f"Calibration error {words.change(*miscalibrated, places)}",
    alt=f"Share of blood over its probability, and the diagonal. {'; '.join(ends)}.",
    caption="Above the diagonal there is more blood than the network says, below less.",
)
chart.axes[0].plot([0, 1], [0, 1], color=figures.COLOURS["faint"], ls="--", zorder=0)
chart

# %%
figures.table(pd.DataFrame(rows), "ECE over all pixels of the band, before and after")

# %%
cooling = [words.change(row["ECE"], row["cooled"]) for row in rows]

# %% [markdown]
# The temperature that `id_val` prefers is {temperature:.2f}. It is one number and knows
# nothing of the other surgery. With it the error over all pixels {cooling[0]} on
# {places[0]}, and {cooling[1]} on {places[1]}.
#
# ### Exercise 1 · A calibration error by hand
#
# Here are three bins. Before you run anything: which of them adds most to the expected
# calibration error? Then compute `tiny_error` of the table.

# %%
TINY = pd.DataFrame(
    {"pixels": [50, 30, 20], "chance": [0.1, 0.5, 0.9], "blood": [0.1, 0.7, 0.6]}
)

# %% tags=["exercise"]
# solution begins
tiny_gap = (TINY["chance"] - TINY["blood"]).abs()
tiny_error = (tiny_gap * TINY["pixels"]).sum() / TINY["pixels"].sum()
# solution ends

# %% tags=["check"]
check(
    lambda: np.isclose(tiny_error, 0.12),
    "Take the gap between chance and blood in each row without its sign, then the mean "
    "of the gaps, weighed by pixels.",
)

# %% [markdown] tags=["solution"]
# The second and third bin add the same: a smaller gap with more pixels. The gaps have
# opposite signs, and a mean with signs would have been zero: a network can be wrong in
# every bin and right on average.

# %% [markdown]
# ## How unsure, and what for?
#
# Four ways to ask (and the ensemble's pairwise Dice), a distance in feature space, and
# two controls: one only looks at the share of black, the other calls a frame unsure the
# less of its view is marked. Two questions, and they are not the same. **AUROC** asks
# whether a frame of the target scores above one of the source: does it know surgery
# that it has never seen? **AURC**, the area under the risk-coverage curve, stays within the
# target and asks whether the frames that it is surest of are those with the least
# error. A way can be good at either and bad at the other.
#
# ### Exercise 2 · Entropy in bits
#
# `uncertainty.entropy` gives nats, and fails at 0 and 1. Write `bits(chance)` for one
# probability: in bits, so that a coin has 1, and 0 where the answer is certain.


# %% tags=["exercise"]
def bits(chance):
    # solution begins
    if chance in (0, 1):
        return 0.0
    return float(uncertainty.entropy(np.float64(chance)) / np.log(2))
    # solution ends


# %% tags=["check"]
check(
    lambda: np.allclose([bits(p) for p in (0, 0.25, 0.5, 1)], [0, 0.811278, 1, 0]),
    "A bit is log 2 nats: divide by np.log(2), and answer for 0 and 1 beforehand.",
)

# %% [markdown] tags=["solution"]
# The unit changes no ranking. What matters is that the entropy is largest at one half:
# a network that answers near 0 or 1 calls itself sure, whether it is right or not.

# %% [markdown]
# ### Exercise 3 · AUROC as the share of pairs
#
# Write `won(high, low)`: of all pairs of a score of `high` and one of `low`, the share
# in which the first is larger; a tie counts half.


# %% tags=["exercise"]
def won(high, low):
    # solution begins
    points = [(one > other) + (one == other) / 2 for one in high for other in low]
    return sum(points) / len(points)
    # solution ends


# %% tags=["check"]
check(
    lambda: np.isclose(won([3, 1, 2], [1, 2]), 2 / 3) and won([0], [1]) == 0,
    "Two loops: 1 for a larger score, one half for a tie, then the mean of all pairs.",
)

# %% [markdown] tags=["solution"]
# No threshold was chosen and no curve drawn: that is what the area under it means. It
# also says what it can't: how many false alarms the threshold costs that you will use.


# %%
def scores(split):
    packed = lesson.frames(split)
    seen = views.view_of(packed) & packed.valid
    levels = np.asarray(runs.probabilities(run, packed))
    soft = uncertainty.entropy(calibration.probability(levels))
    three = np.stack([runs.probabilities(one, packed) for one in members])
    asked = {
        "mc_dropout": uncertainty.dropped_out(run.model, packed.images),
        "tta": uncertainty.turned(run.model, packed.images),
        "ensemble": three,
    }
    maps = {name: uncertainty.disagreement(one) for name, one in asked.items()}
    found = {"softmax": soft, **maps}
    found = {name: uncertainty.mean_inside(one, seen) for name, one in found.items()}
    found["pairwise_dice"] = 1 - uncertainty.pairwise_dice(three >= 128)
    deep = uncertainty.features(run.model, packed.images)
    found["feature_distance"] = uncertainty.mahalanobis(known, deep)
    found["marked_area"] = -uncertainty.mean_inside(levels >= 128, seen)
    found["black_share"] = 1 - seen.sum((1, 2)) / packed.valid.sum((1, 2))
    return pd.DataFrame(found)


# %%
members = remedies.members(lesson.course, lesson.domains, run)
known = uncertainty.features(run.model, lesson.frames("train").images)
scored = {split: scores(split) for split in ("id_val", *SPLITS)}
table = {split: lesson.evaluate(run, split) for split in scored}
risk = {split: 1 - counts.on_blood(counts.dice, one) for split, one in table.items()}

# %%
subjects = table[TARGET]["subject"]
rows = []
for name in scored[TARGET]:
    far = uncertainty.above(scored[TARGET][name], scored["id_test"][name])
    area = {
        one: uncertainty.aurc(scored[TARGET][name][part], risk[TARGET][part])
        for one, part in subjects.groupby(subjects).groups.items()
    }
    seen_as = statistics.mean_over_subjects(far, subjects, "AUROC, target above source")
    ranked = statistics.mean_over_subjects(list(area.values()), list(area), "AURC")
    lesson.add(f"uncertainty.{name}.ood_auroc", seen_as, TARGET)
    lesson.add(f"uncertainty.{name}.aurc", ranked, TARGET)
    pair = scored[TARGET][name], scored["id_test"][name]
    rate = uncertainty.false_positive_rate(*pair)
    rows.append([name.replace("_", " "), seen_as.value, rate, ranked.value])

# %%
columns = ["way", "AUROC", "false positives at 95 %", "AURC"]
judged = pd.DataFrame(rows, columns=columns)
figures.table(judged, "Target against source, and by error")

# %%
ways = judged.set_index("way")
controls = ways.loc[["marked area", "black share"]]
ways = ways.drop(controls.index)
knows = ways.index[ways["AUROC"] > controls["AUROC"].max()]
ranks = ways.index[ways["AURC"] < controls["AURC"].min()]
surer = ways.index[ways["AUROC"] < 0.5]
knowing, ranking, sure = (
    words.listed(list(one)) or "none" for one in (knows, ranks, surer)
)
unranked = statistics.subject_means(risk[TARGET], subjects).mean()

# %%
drawn_ways = ("softmax", "ensemble", "marked_area")
trade = {
    name: uncertainty.risk_coverage(scored[TARGET][name], risk[TARGET])
    for name in drawn_ways
}
trade = {
    name.replace("_", " "): (x, y) if len(x) else ([0, 1], [np.nan, np.nan])
    for name, (x, y) in trade.items()
}
third = [f"{name} {np.interp(1 / 3, x, y):.2f}" for name, (x, y) in trade.items()]
figures.line(
    trade,
    "coverage",
    "risk (1 - Dice)",
    title=f"Risk of the surest third of frames: {', '.join(third)}",
    alt=f"Risk over coverage, three curves. At a third: {', '.join(third)}.",
    caption="All target frames with blood. A good ranking starts low, at left.",
)

# %% [markdown]
# An AUROC below one half means that a way is *surer* on surgery that it has never seen:
# here {sure}. Better than both controls at knowing the target: {knowing}. Better than
# both at ranking its frames by error: {ranking}; an order by chance would get
# {unranked:.2f} on average. What does no better than the share of black, or than the
# marked area, has not been shown to know more than that. The differences are between
# means of few subjects, and carry no test.
#
# ## An alarm that may stay silent
#
# The alarm sounds where the marked area in the view is large enough, and stays silent
# where the ensemble disagrees more than on 95 % of the frames of `id_val`. Both numbers
# are chosen there.


# %%
def area_in_view(split):
    return counts.predicted_area(evaluation.within(table[split], "view"))


def balanced(area, bleeds, least):
    return np.nanmean([(area >= least)[bleeds].mean(), (area < least)[~bleeds].mean()])


bleeds = {split: counts.has_blood(one) for split, one in table.items()}
SIZES = (0.1, 0.2, 0.5, 1.0, 2.0)
good = [balanced(area_in_view("id_val"), bleeds["id_val"], one) for one in SIZES]
least_area = SIZES[int(np.nanargmax(good))]
too_unsure = scored["id_val"]["ensemble"].quantile(0.95)

# %%
for split in SPLITS:
    silent = scored[split]["ensemble"] > too_unsure
    alarm = (area_in_view(split) >= least_area) & ~silent
    each = {
        "true_alarms": bleeds[split].astype(float).where(alarm),
        "missed": (~alarm & ~silent).astype(float).where(bleeds[split]),
        "unanswered": silent.astype(float).where(bleeds[split]),
        "abstained": silent.astype(float),
    }
    for name, values in each.items():
        of = table[split]["subject"]
        found = statistics.mean_over_subjects(values, of, f"policy: {name}")
        lesson.add(f"policy.{split}.{name}", found, split)

# %%
policy = {
    split: [lesson.record[f"policy.{split}.{name}"].value for name in each]
    for split in SPLITS
}
there = pd.DataFrame(policy, index=list(each)).T.reset_index(names="split")
figures.table(
    there, "Shares of alarms true; of bleeding missed, unanswered; of silence", 2
)

# %%
home, away = (policy[split] for split in SPLITS)
missed_moved = words.change(home[1], away[1], places)
silent_moved = words.change(home[3], away[3], places)
unsaid = (scored[TARGET]["ensemble"] > too_unsure) & bleeds[TARGET]
n_unsaid, n_bleeding = int(unsaid.sum()), int(bleeds[TARGET].sum())
n_clean = int((~bleeds[TARGET]).sum())
verdict = "Nothing can be said of what it knew"
if not np.isnan([home[1], away[1]]).any():
    worse, quieter = away[1] > home[1], away[3] > home[3]
    verdict = "It doesn't miss more on the target"
    if worse:
        verdict = "It misses more, and falls silent more often, though not enough"
        verdict = verdict if quieter else "It misses more and isn't silent more: it "
        verdict += "" if quieter else "did not know"

# %% [markdown]
# The share of bleeding frames that are missed without a word {missed_moved}. **Silence
# is not in it**: the share of all frames on which the alarm stays silent
# {silent_moved}, and on {places[1]} {n_unsaid} of {n_bleeding} bleeding frames were met
# with silence ("unanswered", a mean over subjects as the others). {verdict}. There are
# {n_clean} clean frames of the target here: where there are none, every alarm is true
# and that column says nothing. Read the table as the clinician of the first page would:
# would you leave it switched on?
#
# ### Exercise 4 · What would you switch on? (open)
#
# Choose another share than 95 % for the silence. What do you win, what do you lose, and
# on which split may you look while you choose? Write two sentences for a clinician.

# %% tags=["quiz"]
quiz(
    (
        "A heatmap hardly changes when all weights are drawn anew. What does it show?",
        {
            "What the network has learned.": "No: that network has learned nothing.",
            "Mostly the picture.": "Yes: so it can't explain the network.",
        },
    ),
    (
        "On surgery that it has never seen a network is very sure. What do we know?",
        {
            "That it is right.": "No: shift can raise confidence.",
            "That its confidence can't be used to notice the shift.": "Yes: ask "
            "something else.",
        },
    ),
    (
        "A detector of unknown surgery has an AUROC of 1. What do you ask first?",
        {
            "What a trivial control gets.": "Yes: the share of black may do it too.",
            "How many parameters it has.": "No: that says nothing about what it sees.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw maps put to checks, probabilities held to what happened, and uncertainties
# judged by what they are for. **Doubt** a map that pleases. Doubt a confidence that was
# only measured at home, and a detector without a control beside it.
