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
import itertools
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import rankdata

# %%
from helpers import (
    correlation,
    counts,
    figures,
    models,
    play,
    remedies,
    runs,
    statistics,
    training,
    trust,
    words,
)
from helpers.cells import check, quiz
from helpers.lesson import begin

# %%
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
# weights, one for each channel. They were there before the first frame of surgery, and
# were trained on with the rest. **How far do you think that surgery moved them?**


# %%
def first_filters(network):
    parts = network.network.encoder.modules()
    first = next(part for part in parts if isinstance(part, torch.nn.Conv2d))
    return first.weight.detach().cpu().numpy()


before = first_filters(runs.untrained(lesson.course))
after = first_filters(run.model)
flat = [filters.reshape(len(filters), -1) for filters in (before, after)]
moved = np.linalg.norm(flat[1] - flat[0], axis=1) / np.linalg.norm(flat[0], axis=1)
moved_median = 100 * float(np.median(moved))
where = "mostly deeper" if moved_median < 10 else "here as well as deeper"


# %%
def tile(filters, most=16):
    largest = np.abs(before).max()
    shown = 127.5 + 127.5 * filters[:most].transpose(0, 2, 3, 1) / largest
    wide = np.kron(shown.clip(0, 255), np.ones((1, 12, 12, 1)))
    framed = np.pad(wide, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    rows = [np.hstack(row) for row in np.array_split(framed, 2)]
    return np.vstack(rows).astype(np.uint8)


figures.strip(
    [tile(before), tile(after)],
    ["before training", "after training on pigs"],
    columns=2,
    title=f"Training moves the median filter by {moved_median:.0f} % of its length",
    caption="Sixteen filters before, the same after: look for one that changed.",
)

# %% [markdown]
# Each little patch is a filter, its three colour weights drawn as a colour; grey is
# zero. Some look for an edge, some for a colour beside its opposite. The median filter
# moved by {moved_median:.0f} % of its length, so what was learned about blood stands
# {where}.
#
# ## Down and up the U
#
# Now one frame of the target on its way. At each level we take the mean size of all
# channels: what the level responds to at all. Over each picture stands the chance that
# a pixel which the network will mark responds more than one that it won't: one half
# says nothing. **Where does the place of things get lost, and where does it come
# back?**


# %%
def levels_of(network, image):
    given = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    where = next(network.parameters()).device
    up, blocks = [], network.way_up
    keep = lambda _, __, out: up.append(out)  # noqa: E731
    hooks = [block.register_forward_hook(keep) for block in blocks]
    with torch.inference_mode():
        down = [maps for maps in network.features(given.to(where))[1:] if maps.shape[1]]
        network(given.to(where))
    for hook in hooks:
        hook.remove()
    both = {"down": down, "up": up}
    size = lambda maps: maps[0].abs().mean(dim=0).cpu().numpy()  # noqa: E731
    return {way: [size(maps) for maps in found] for way, found in both.items()}


# %%
patients = lesson.frames(TARGET)
marked = (runs.probabilities(run, patients) >= 128) & patients.valid
at = int(np.argmax((marked & patients.blood).sum(axis=(1, 2))))
levels = levels_of(run.model, patients.images[at])
size = patients.images[at].shape[:2]


def stands_out(level):
    wide = cv2.resize(level, size[::-1])
    return correlation.auroc(wide.ravel(), marked[at].ravel())


clear = {way: [stands_out(level) for level in found] for way, found in levels.items()}

# %%
pictures, names = [lesson.domains.picture(TARGET, at)], ["the frame"]
for way, found in levels.items():
    for level, chance in zip(found, clear[way]):
        pictures.append(figures.heat(level, size))
        shape = f"{level.shape[0]} x {level.shape[1]}"
        names.append(f"{way}, {shape}: {words.number(chance)}")
tops = [words.number(max(clear[way])) for way in ("down", "up")]
along = {way: words.listed(map(words.number, clear[way])) for way in clear}
figures.strip(
    pictures,
    names,
    title=f"What will be marked stands out by up to {tops[0]} on the way down, and "
    f"{tops[1]} on the way up",
    caption="Dark: least response of a level, bright: most. Each has its own scale.",
)

# %% [markdown]
# On the way down a square covers more and more of the frame, so places blur; on the way
# up the skip connections add what the finer levels still knew. The numbers measure
# something else: marked pixels stand out by {along["down"]} from the finest level down,
# and by {along["up"]} on the way up. They need not rise level by level, and this is one
# frame. What such pictures don't say is *why*: a level responds to many things, to the
# edge of the view as well, and few of them decide.
#
# ## Three heatmaps
#
# Heatmaps promise more. We ask for the pixels that the network marked: what in the
# picture made their logits large? **Grad-CAM** weighs the channels of one level by
# their gradients. **Integrated gradients** follow the gradient from a black frame to
# this one. **Guided backpropagation** lets only what is positive pass on the way back.
# Here are the lines that run, through the library captum.

# %%
figures.source(trust.integrated_gradients)


# %%
def frames_to_explain(split, found, each=2):
    """A few rows of every subject, of those frames where most is marked."""
    area = found.sum(axis=(1, 2))
    whose = lesson.frames(split).table["subject"].to_numpy()
    ranked = [np.flatnonzero(whose == one) for one in pd.unique(whose)]
    ranked = [rows[np.argsort(-area[rows], kind="stable")][:each] for rows in ranked]
    return np.sort(np.concatenate(ranked))


chosen = frames_to_explain(TARGET, marked)
images = np.array(patients.images[chosen])
asked = marked[chosen]
seen = (patients.view & patients.valid)[chosen]
whose = patients.table["subject"].to_numpy()[chosen]
n_chosen, n_whose = len(chosen), len(set(whose))

# %%
METHODS, many = trust.methods(run.model), "Three"
EDGES = "edges of the picture"
if not run.model.plain:
    many = "Two"
    print("Guided backpropagation is defined for ReLUs alone, which this network's")
    print("encoder has not: it is left out.")


# %%
def edges(image):
    grey = cv2.cvtColor(np.array(image), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))


def maps_of(network, images):
    found = {name: trust.heat(network, images, asked, name) for name in METHODS}
    return {**found, EDGES: np.stack([edges(one) for one in images])}


heats = maps_of(run.model, images)

# %% [markdown]
# Beside the three we draw a fourth map that no network has made: how steep the picture
# is at each pixel. It is the control, and explains nothing.

# %%
first = int(np.argmax(asked.sum(axis=(1, 2))))
shown = lesson.domains.picture(TARGET, int(chosen[first]))
overlaid = lesson.overlay(TARGET, int(chosen[first]), asked[first])


def similarity(one, other, where):
    """Spearman's rank correlation of two maps over some pixels; NaN of a flat map."""
    ranks = [rankdata(heat[where]) for heat in (one, other)]
    left, right = (rank - rank.mean() for rank in ranks)
    size = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / size) if size > 0 else np.nan


# %%
def likeness(one, other, at=first):
    return similarity(one[at], other[at], seen[at])


# %%
pairs = itertools.combinations(METHODS, 2)
alike_by = [likeness(heats[one], heats[other]) for one, other in pairs]
agree = words.listed([words.number(value) for value in alike_by])
differ = "and answer alike" if min(alike_by) > 0.5 else "and don't all answer alike"
figures.strip(
    [shown, overlaid]
    + [figures.heat(one[first], size, shown) for one in heats.values()],
    ["the frame", "what it marked", *heats],
    columns=3,
    legend=figures.OVERLAY,
    title=f"{many} answers to one question, alike by {agree}",
    caption="Rank correlation of two maps over the view: 1 is the same map.",
)

# %% [markdown]
# They were asked the same {differ}: two of them have a rank correlation of {agree} on
# this frame. Which one shows what the network looked at? Your eye prefers the one that follows the picture, and that is the
# trap.
#
# ## Two checks that a map has to stand
#
# **First check.** We draw the weights anew, so that the network has learned nothing,
# and ask again for the same pixels. A map that explains what was *learned* must change.
# **Guess: which of the three changes least?**

# %%
own = lesson.course.numbers
untaught = models.build(own.encoder, own.decoder, None, seed + 7).eval()
blind = maps_of(untaught, images)
stays = {name: likeness(heats[name], blind[name]) for name in METHODS}
least = max(METHODS, key=lambda name: np.nan_to_num(stays[name], nan=-2))
figures.strip(
    [overlaid, *(figures.heat(blind[name][first], size, shown) for name in METHODS)],
    ["what the taught one marked"]
    + [f"{name}: {words.number(stays[name])}" for name in METHODS],
    columns=2,
    legend=figures.OVERLAY,
    title=f"Of a network that has learned nothing, the map by {least} is still "
    f"{words.number(stays[least])} alike",
    caption="Over each map: its rank correlation with the taught network's.",
)

# %% [markdown]
# One frame is an anecdote. So we take {n_chosen} frames: of each of {n_whose}
# subjects those two where most is marked. The number is the rank correlation above.


# %%
def written(name):
    return name.lower().replace(" ", "_").replace("-", "_")


def alike(maps, others, said):
    values = [
        similarity(one, other, where) for one, other, where in zip(maps, others, seen)
    ]
    note = f"rank correlation of maps before and after {said}"
    return statistics.median_over_subjects(values, whose, note, (-1, 1))


weights, answer = {}, {}
for name in heats:
    found = alike(heats[name], blind[name], "drawing the weights anew")
    key = f"sanity.{written(name)}.weights"
    weights[name] = lesson.add(key, found, TARGET)

# %% [markdown]
# **Second check.** We paint over what was marked, so that the answer goes away. A map
# that explains *this answer* must change as well.


# %%
def painted_over(image, marked):
    """Its marked pixels and a rim, filled in from what surrounds them (Telea 2004)."""
    rim = cv2.dilate(marked.astype(np.uint8), np.ones((5, 5), np.uint8))
    return cv2.inpaint(np.array(image), rim, 5, cv2.INPAINT_TELEA)


# %%
painted = np.stack([*map(painted_over, images, asked)])
still = (training.predict(run.model, painted) >= 128) & asked
left = f"{100 * still.sum() / max(asked.sum(), 1):.0f}"
after_paint = maps_of(run.model, painted)
for name in heats:
    found = alike(heats[name], after_paint[name], "painting over what was marked")
    key = f"sanity.{written(name)}.answer"
    answer[name] = lesson.add(key, found, TARGET)

# %%
TOO_ALIKE = 0.5
similar = {
    name: np.array([weights[name].value, answer[name].value]) for name in METHODS
}
failed = [name for name, both in similar.items() if (both > TOO_ALIKE).any()]
passed = [name for name, both in similar.items() if (both <= TOO_ALIKE).all()]
fails, passes = (words.listed(names) or "none" for names in (failed, passed))
edges_stay = answer[EDGES]
least_moved = max(METHODS, key=lambda name: np.nan_to_num(weights[name].value, nan=-2))

# %%
both = {f"{name}, weights drawn anew": one for name, one in weights.items()}
both |= {f"{name}, answer painted over": one for name, one in answer.items()}
figures.estimates(
    both,
    "rank correlation of the map before and after",
    mark=TOO_ALIKE,
    title=f"Stay too much alike: {fails}; change as they should: {passes}",
    caption=f"Medians over {n_whose} subjects, two frames of each. Right of the line a "
    "map stays too much alike. The edges are the control.",
)

# %% [markdown]
# After painting, {left} % of the marked pixels are still marked. With a correlation
# above {TOO_ALIKE} in either check a map stays too much alike for us (the line is ours,
# and others draw it elsewhere). Those that stay alike: {fails}. Those that change as
# they should: {passes}. New weights change {least_moved} least. The edges, which know
# no network, stay the same under new weights, as they must, and keep {edges_stay:.2f}
# under the paint: so alike is the picture itself. Integrated gradients have a part of
# the picture in them, too: what they follow is multiplied by how far a pixel is from
# black. Two maps of the same logits may also
# agree for a good reason, since what made them small is drawn as bright as what made
# them large. And a map that passes both checks is not yet right; it is only not
# refuted.
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
old_heats = {name: trust.heat(old.model, images, old_asked, name) for name in METHODS}
surround = patients.valid[chosen] & ~seen
MARKS = "the marks alone"


def excess(heats):
    """The share of a map's heat less the share of the frame; NaN without any heat."""
    found = []
    for heat, black, valid in zip(heats, surround, patients.valid[chosen]):
        total = heat[valid].sum()
        told = total > 0 and black.any()
        share = heat[black].sum() / total if told else np.nan
        found.append(float(share - black.sum() / max(valid.sum(), 1)))
    return found


# %%
NETWORKS = {"old": "the old network", "ours": "the course's"}


def in_surround(asking):
    """Where the heat of both networks' maps lies: {(map, network): Estimate}."""
    found = {}
    for name, network in itertools.product(asking["old"], NETWORKS):
        said = f"share of heat less share of area in the surround: {name}, {network}"
        values = excess(asking[network][name])
        one = statistics.median_over_subjects(values, whose, said, (-1, 1))
        key = f"surround.{network}.{written(name)}"
        found[name, network] = lesson.add(key, one, TARGET)
    return found


# %%
def parting(found):
    """How far each map parts the old network from the course's."""
    names = dict.fromkeys(name for name, _ in found)
    return {
        name: found[name, "old"].value - found[name, "ours"].value for name in names
    }


# %%
asking = {
    "old": {**old_heats, MARKS: old_asked.astype(float)},
    "ours": {**{name: heats[name] for name in METHODS}, MARKS: asked.astype(float)},
}
in_black = in_surround(asking)
parted = parting(in_black)
by_marks = parted[MARKS]
best_map = max(METHODS, key=lambda name: np.nan_to_num(parted[name], nan=-9))

# %%
rows = {f"{name}, {NETWORKS[who]}": one for (name, who), one in in_black.items()}
apart = [words.number(parted[name], "+.2f") for name in (MARKS, best_map)]
figures.estimates(
    rows,
    "share of heat less share of area, in the surround",
    title=f"The marks alone part the two networks by {apart[0]}, the best heatmap "
    f"({best_map}) by {apart[1]}",
    caption="Right of zero: more heat in the black surround than its area explains.",
)


# %%
def apart_by_intervals(found, names):
    """Those whose interval on the old network lies above that on the course's."""
    low = {name: found[name, "old"].low for name in names}
    high = {name: found[name, "ours"].high for name in names}
    both = [one for one in names if None not in (low[one], high[one])]
    return words.listed([one for one in both if low[one] > high[one]]) or "none"


told = ", ".join(f"{name} {words.number(parted[name], '+.2f')}" for name in METHODS)
pointed = apart_by_intervals(in_black, METHODS)
old_marks, our_marks = (in_black[MARKS, one].value for one in NETWORKS)
n_black = len(set(whose[surround.any(axis=(1, 2))]))

# %% [markdown]
# The old network's marks lie in the surround with an excess of {old_marks:+.2f}, ours
# with {our_marks:+.2f} (medians over those of {n_black} subjects with a surround on
# whose frames something is marked). So the marks part the two networks by
# {by_marks:+.2f}, and the maps by less or more ({told}). The sizes can't be compared
# strictly: a mask puts all its weight where it marks, and a map spreads it. What can be
# read is whether a map's two intervals lie apart, so that it did point at the black:
# {pointed}. Integrated gradients could hardly have: they begin at a black frame, so that
# what *is* black gets next to no heat, whatever the network does with it, and a map of
# theirs without heat there is no finding. And the marks win by their nature, since it
# was in them that the mistake was found. They cost nothing. One mistake on one pair of
# networks is a small trial: it can show that a map missed it, not that it will find the
# next.

# %% [markdown]
# ## Does it mean what it says?
#
# A probability of 0.8 should be blood eight times out of ten. Most pixels are easy, so
# we look only where the network itself is unsure or draws an edge: within two pixels of
# the predicted edge, or where the probability lies between 0.05 and 0.95. The label has
# no say in which pixels count. **What will such a band never show?**


# %%
def in_band(split):
    packed = lesson.frames(split)
    levels = np.asarray(runs.probabilities(run, packed))
    band = trust.band(levels, packed.valid)
    subjects = packed.table["subject"].to_numpy()
    of = np.broadcast_to(subjects[:, None, None], band.shape)[band]
    return trust.probability(levels)[band], packed.blood[band], of


# %%
def reliability(chance, blood, n=10):
    """Of each of n bins that holds a pixel: pixels, mean chance, share of blood."""
    place = np.minimum((chance * n).astype(int), n - 1)
    pixels = np.bincount(place, minlength=n)
    held = pixels > 0
    sums = (np.bincount(place, one.astype(float), n) for one in (chance, blood))
    chance, blood = (total[held] / pixels[held] for total in sums)
    return pd.DataFrame({"pixels": pixels[held], "chance": chance, "blood": blood})


# %%
def ece(chance, blood):
    bins = reliability(chance, blood)
    gap = (bins["chance"] - bins["blood"]).abs()
    pixels = bins["pixels"]
    return (gap * pixels).sum() / pixels.sum() if len(bins) else np.nan


# %%
def cooled(chance, temperature):
    return expit(logit(chance.astype(float)) / temperature)


# %%
def likeliest(chance, blood):
    """The temperature with the least negative log-likelihood; 1 without a pixel."""
    if not len(chance):
        return 1.0
    against = logit(chance.astype(float)) * np.where(blood, -1.0, 1.0)

    def loss(log_t):
        return np.logaddexp(0, against / np.exp(log_t)).mean()

    limits = np.log(0.1), np.log(20)
    best = minimize_scalar(loss, bounds=limits, method="bounded")
    return float(np.exp(best.x)) if best.fun < loss(0.0) else 1.0


# %%
SPLITS = ("id_test", TARGET)
NOTHING = ([0, 1], [np.nan, np.nan])  # a curve where there is none


def over_subjects(each, frames, said):
    """The mean of one value per subject, with the number of frames behind it."""
    found = statistics.mean_over_subjects(list(each.values()), list(each), said)
    return replace(found, n_frames=int(frames))


# %%
bands = {split: in_band(split) for split in ("id_val", *SPLITS)}
temperature = likeliest(*bands["id_val"][:2])
for split in SPLITS:
    chance, blood, of = bands[split]
    each = {one: ece(chance[of == one], blood[of == one]) for one in np.unique(of)}
    said = "expected calibration error in the band, mean over subjects"
    found = over_subjects(each, len(lesson.frames(split)), said)
    lesson.add(f"calibration.{split}.ece", found, split)


# %%
def missed_outside(split):
    """Of the blood that is missed, the percent that lies outside of the band."""
    packed = lesson.frames(split)
    levels = np.asarray(runs.probabilities(run, packed))
    missed = packed.blood & packed.valid & (levels < 128)
    outside = missed & ~trust.band(levels, packed.valid)
    share = 100 * outside.sum() / missed.sum() if missed.any() else None
    return words.number(share, ".0f")


unseen = [missed_outside(split) for split in SPLITS]

# %%
places = [words.name_of(split) for split in SPLITS]
curves, ends = {}, []
for split, place in zip(SPLITS, places):
    bins = reliability(*bands[split][:2])
    x, y = bins["chance"].to_numpy(), bins["blood"].to_numpy()
    curves[split] = (x, y) if len(x) else NOTHING
    points = (f"{blood:.2f} at {chance:.2f}" for chance, blood in zip(x, y))
    ends.append(f"{place}: {', '.join(points) or 'no pixel'}")
errors = [lesson.record[f"calibration.{split}.ece"] for split in SPLITS]
worse = words.change(*[one.value for one in errors], places)

# %%
chart = figures.line(
    curves,
    "probability of blood",
    "share of blood",
    title=f"Calibration error {worse}",
    alt=f"Share of blood over its probability, and the diagonal. {'; '.join(ends)}.",
    caption="Above the diagonal there is more blood than the network says, below less.",
)
chart.axes[0].plot([0, 1], [0, 1], color=figures.COLOURS["faint"], ls="--", zorder=0)
chart

# %%
rows, cooling, leaning = [], [], []
for split, place in zip(SPLITS, places):
    chance, blood, _ = bands[split]
    cooler = cooled(chance, temperature)
    says, true = (one.mean() if len(one) else np.nan for one in (chance, blood))
    both = [ece(one, blood) for one in (chance, cooler)]
    rows.append([place, len(chance), says, true, *both])
    cooling.append(words.change(*both))
    leaning.append(f"on {place} it says {words.number(says)} on average where ")
    leaning[-1] += f"{words.number(true)} is blood"
columns = ["split", "pixels", "says", "is blood", "ECE", "ECE, with the temperature"]
table = pd.DataFrame(rows, columns=columns)
figures.table(table, "All pixels of the band, with the temperature of id_val")

# %% [markdown]
# The expected calibration error, taken for each subject and then averaged, {worse}
# ({errors[0].interval}; {errors[1].interval}). The table puts the pixels of all
# subjects together: {leaning[0]}, and {leaning[1]}. Where the probability is lower than
# the share of blood, a threshold of one half misses what the network half knew. The
# band leaves out what it did *not* know: of all missed blood {unseen[0]} % of the pixels
# lie outside of the band on {places[0]}, and {unseen[1]} % on {places[1]}. There the
# network is sure, and wrong, and no number of this section says so.
#
# The temperature that `id_val` prefers is {temperature:.2f}. It is one number and knows
# nothing of the other surgery: it can make all answers less sure, or more, and can't
# move them to one side. With it the error over all pixels {cooling[0]} on {places[0]},
# and {cooling[1]} on {places[1]}.
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
# Four ways to ask. **Softmax** is the entropy of the answer itself. **Monte-Carlo
# dropout** asks six times, with other channels of the deepest level left out; our
# network was trained without dropout, so it is put in afterwards, and a network that
# has learned with it may do better. **Test-time augmentation** asks for the frame and
# its mirror images. An **ensemble** asks three networks that differ by their seed; of
# it we also take the pairwise Dice of its members. A distance in **feature space** from
# the training frames comes beside them, and two controls: one only looks at the share
# of black, the other calls a frame unsure the less of its view is marked.
#
# Two questions, and they are not the same. **AUROC** asks whether a frame of the target
# scores above one of the source: does it know surgery that it has never seen? **AURC**,
# the area under the risk-coverage curve, stays within the target and asks whether the
# frames that it is surest of are those with the least error. A way can be good at
# either and bad at the other. **Which of them would you trust with which?**
#
# ### Exercise 2 · Entropy in bits
#
# `trust.entropy` gives nats, and fails at 0 and 1. Write `bits(chance)` for one
# probability: in bits, so that a coin has 1, and 0 where the answer is certain.


# %% tags=["exercise"]
def bits(chance):
    # solution begins
    if chance in (0, 1):
        return 0.0
    return float(trust.entropy(np.float64(chance)) / np.log(2))
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
def unsure(network, images, levels):
    """Three ways to ask one network: a map for each frame."""
    dropped = trust.dropped_out(network, images)
    return {
        "softmax": trust.entropy(trust.probability(np.asarray(levels))),
        "MC dropout": trust.disagreement(dropped),
        "TTA": trust.disagreement(trust.turned(network, images)),
    }


# %%
def pairwise_dice(marked):
    """Mean Dice between members' masks of each frame; two that mark nothing agree."""
    found = []
    for one, other in itertools.combinations(marked, 2):
        both = (one & other).sum(axis=(1, 2))
        total = one.sum(axis=(1, 2)) + other.sum(axis=(1, 2))
        agree = np.ones(len(total))
        found.append(np.divide(2.0 * both, total, out=agree, where=total > 0))
    return np.mean(found, axis=0)


# %%
def mahalanobis(known, asked, shrink=1e-2):
    """Distance of rows from the mean of `known`, in units of its spread, which is
    shrunk a little; NaN without any."""
    centred, off = known - known.mean(axis=0), asked - known.mean(axis=0)
    spread = centred.T @ centred / max(len(known) - 1, 1)
    level = shrink * np.trace(spread) / len(spread)
    if level == 0:
        return np.full(len(asked), np.nan)
    precise = np.linalg.inv(spread + level * np.eye(len(spread)))
    return np.sqrt(np.einsum("ij,jk,ik->i", off, precise, off))


# %%
def risk_coverage(score, risk):
    """Coverage k/n and the mean risk of the k frames with the lowest scores; frames
    that score the same share their risk."""
    both = np.array([score, risk], float)
    score, risk = both[:, ~np.isnan(both).any(axis=0)]
    _, group, size = np.unique(score, return_inverse=True, return_counts=True)
    shared = np.repeat(np.bincount(group, risk, len(size)) / size, size)
    count = np.arange(1, len(risk) + 1)
    return count / max(len(risk), 1), np.cumsum(shared) / count


# %%
def aurc(score, risk):
    risks = risk_coverage(score, risk)[1]
    return risks.mean() if len(risks) else np.nan


# %%
def scores(split):
    packed = lesson.frames(split)
    view = packed.view & packed.valid
    levels = np.asarray(runs.probabilities(run, packed))
    three = np.stack([runs.probabilities(one, packed) for one in members])
    maps = unsure(run.model, packed.images, levels)
    maps["ensemble"] = trust.disagreement(three)
    found = {name: trust.mean_inside(one, view) for name, one in maps.items()}
    found["pairwise Dice"] = 1 - pairwise_dice(three >= 128)
    deep = trust.features(run.model, packed.images)
    found["feature distance"] = mahalanobis(known, deep)
    found["marked area"] = -trust.mean_inside(levels >= 128, view)
    found["black share"] = 1 - view.sum((1, 2)) / packed.valid.sum((1, 2))
    return pd.DataFrame(found)


# %%
members = remedies.members(lesson.course, lesson.domains, run)
known = trust.features(run.model, lesson.frames("train").images)
scored = {split: scores(split) for split in ("id_val", *SPLITS)}
counted = {split: lesson.evaluate(run, split) for split in scored}
bleeds = {split: counts.has_blood(one) for split, one in counted.items()}
risk = {split: 1 - counts.on_blood(counts.dice, one) for split, one in counted.items()}
subjects = counted[TARGET]["subject"]


# %%
def auroc(far, near):
    both = np.concatenate([far, near])
    return correlation.auroc(both, np.arange(len(both)) < len(far))


# %%
def false_positives(far, near):
    """The share of near at or above the highest threshold that catches 95 % of far."""
    far, near = (np.sort(one[~np.isnan(one)]) for one in map(np.asarray, (far, near)))
    if not len(far) or not len(near):
        return np.nan
    needed = int(np.ceil(0.95 * len(far) - 1e-9))
    return (near >= far[-needed]).mean()


# %%
CONTROLS = ["marked area", "black share"]
knows, ranks, rates = {}, {}, {}
for name, away in scored[TARGET].items():
    home = scored["id_test"][name]
    parts = away.groupby(subjects)
    far = {one: auroc(part, home) for one, part in parts}
    area = {one: aurc(part, risk[TARGET][part.index]) for one, part in parts}
    key = f"uncertainty.{written(name)}"
    said = "AUROC of a subject's frames against all of the source, mean over subjects"
    found = over_subjects(far, len(away), said)
    knows[name] = lesson.add(f"{key}.ood_auroc", found, TARGET)
    said = "area under the risk-coverage curve of a subject, mean over subjects"
    found = over_subjects(area, bleeds[TARGET].sum(), said)
    ranks[name] = lesson.add(f"{key}.aurc", found, TARGET)
    rates[name] = false_positives(away, home)

# %%
ways = [name for name in knows if name not in CONTROLS]
deep, black = (knows[name] for name in ("feature distance", "black share"))
by_hand = {
    f"{name} (control)" if name in CONTROLS else name: knows[name] for name in knows
}
figures.estimates(
    by_hand,
    "AUROC, target above source",
    mark=0.5,
    title=f"Feature distance knows the target with an AUROC of {deep:.2f}, the share "
    f"of black alone with {black:.2f}",
    caption="Left of the line a way is surer on surgery that it has never seen.",
)

# %%
surer = [name for name in ways if knows[name].value < 0.5]
best_control = max(knows[name].value for name in CONTROLS)
better = [name for name in ways if round(knows[name].value - best_control, 2) > 0]
below = [name for name in surer if (knows[name].high or 1) < 0.5]
sure, surely, knowing = (
    words.listed(names) or "none" for names in (surer, below, better)
)
goes_with = scored[TARGET].corr(method="spearman").loc["softmax", "marked area"]
goes_with = words.number(-goes_with, "+.2f")  # the control is the area's negative
mirror = words.number(1 - knows["marked area"].value)
at_home = lesson.frames("id_test")
n_home, n_home_subjects = len(at_home), at_home.table["subject"].nunique()

# %% [markdown]
# An AUROC below one half means that a way is *surer* on surgery that it has never seen:
# here {sure}; with their whole interval below: {surely}. Is that confidence? The entropy
# stands where an edge is drawn, and a network that marks less draws less of it: over the
# target's frames the softmax entropy goes with the marked area by a rank correlation of
# {goes_with}, and an order by the marked area itself, turned round, has an AUROC of
# {mirror}. So "surer" may say no more than "marks less". Better than both controls at
# knowing the target: {knowing}. The feature distance reaches {deep:.2f}
# ({deep.interval}), and counting black pixels, which needs no network, {black:.2f}
# ({black.interval}). What does no better than a control has not been shown to know more
# than it. And the source is the same {n_home} frames of {n_home_subjects} subjects for
# every subject of the target: the interval doesn't know of those. Nor does it know of
# chance in training. Three members are three draws: another three of the same recipe may
# answer otherwise, and one seed can't tell how far, which reaches the alarm below, too.
#
# Does the distance see *anything* but the black? We lend the patients' surround to the
# source's frames: everything outside of a patient's view becomes black, and the tissue
# stays what it was. **What will the distance make of it?**

# %%
lent = patients.view[np.linspace(0, len(patients) - 1, len(at_home)).astype(int)]
framed = np.where(lent[..., None], at_home.images, 0).astype(np.uint8)
in_black_too = trust.features(run.model, framed)
in_black_too = mahalanobis(known, in_black_too)
far, near = (scored[split]["feature distance"] for split in (TARGET, "id_test"))
steps = {"black alone": auroc(in_black_too, near)}
each = {one: auroc(part, in_black_too) for one, part in far.groupby(subjects)}
said = "AUROC of a subject's frames against the source's in a lent surround"
found = over_subjects(each, len(far), said)
equal = lesson.add("uncertainty.feature_distance.ood_auroc_black_equal", found, TARGET)
black_alone = words.number(steps["black alone"])

# %% [markdown]
# Pigs in a borrowed black frame stand above the same pigs without it with an AUROC of
# {black_alone}. Where both sides wear the black, the target still scores above the
# source with {equal:.2f} ({equal.interval}). The first number says how loud the black
# alone is; only the second speaks of the rest of the picture.
#
# And the other question, of its own errors:

# %%
whole = risk[TARGET].mean()
curves, thirds = {}, {}
for name in knows:
    x, y = risk_coverage(scored[TARGET][name], risk[TARGET])
    curves[name] = (x, y) if len(x) else NOTHING
    thirds[name] = float(np.interp(1 / 3, *curves[name]))
drawn = ["softmax", "pairwise Dice", "feature distance", "marked area"]
third = [f"{name} {words.number(thirds[name])}" for name in drawn]
figures.line(
    {name: curves[name] for name in drawn},
    "coverage",
    "risk (1 - Dice)",
    title=f"Risk of the surest third (of all: {words.number(whole)}): "
    f"{', '.join(third)}",
    alt=f"Risk over coverage, {len(drawn)} curves. At a third: {', '.join(third)}.",
    caption="All target frames with blood. A good order starts low, at left.",
)

# %%
rows = [
    [name, rates[name], ranks[name].value, ranks[name].low, ranks[name].high]
    for name in knows
]
columns = ["way", "false positives at 95 %", "AURC", "from", "to"]
by_error = pd.DataFrame(rows, columns=columns)
by_error = by_error.astype({"from": float, "to": float})  # without an interval: none
by_error = by_error.sort_values("AURC", kind="stable")
figures.table(by_error, "False positives: source against target. AURC: by error", 2)

# %%
by_chance = statistics.subject_means(risk[TARGET], subjects).mean()
best_area = min(ranks[name].value for name in CONTROLS)
able = [name for name in ways if round(ranks[name].value - best_area, 2) < 0]
turned = [name for name, value in thirds.items() if round(value - whole, 2) > 0]
past_chance = [name for name in ranks if round(ranks[name].value - by_chance, 2) > 0]
ranking, reversed_ways, no_order = (
    words.listed(names) or "none" for names in (able, turned, past_chance)
)
area_curve = ranks["marked area"]

# %% [markdown]
# Over all frames with blood the risk is {whole:.2f}. Of all ways and controls, drawn here
# or not, these have a surest third that is worse than that, an order upside down:
# {reversed_ways}. By AURC, a mean over subjects, an order by chance would get
# {by_chance:.2f} on average; worse than chance: {no_order}. Better than both controls:
# {ranking}. The marked area gets {area_curve:.2f} ({area_curve.interval}),
# and that is half arithmetic: where nothing is marked Dice is 0, and the risk 1 (lesson
# 04 had a correlation of this kind). A way to ask has to beat it before it has shown to
# know of its errors. These are differences between means of few subjects, and carry no
# test.
#
# ### And the mistake of lesson 03?
#
# The ways that need one network can be put to the trial that the heatmaps stood: is the
# old network unsure where it marks the black? (Its ensemble was never trained.) The
# measure is the one above, with uncertainty in the place of heat.

# %%
levels = {
    who: np.asarray(runs.probabilities(one, patients)[chosen])
    for who, one in (("old", old), ("ours", run))
}
asking = {
    "old": unsure(old.model, images, levels["old"]),
    "ours": unsure(run.model, images, levels["ours"]),
}
unsure_in_black = in_surround(asking)
parted_ways = parting(unsure_in_black)

# %%
rows = {f"{name}, {NETWORKS[who]}": e for (name, who), e in unsure_in_black.items()}
rows |= {f"{MARKS}, {NETWORKS[who]}": in_black[MARKS, who] for who in NETWORKS}
best_way = max(parted_ways, key=lambda name: np.nan_to_num(parted_ways[name], nan=-9))
apart = [words.number(one, "+.2f") for one in (by_marks, parted_ways[best_way])]
figures.estimates(
    rows,
    "share of uncertainty less share of area, in the surround",
    title=f"The marks alone part the two networks by {apart[0]}, the best way to ask "
    f"({best_way}) by {apart[1]}",
    caption="Right of zero: more uncertainty in the black than its area explains.",
)

# %%
warned = [name for name in parted_ways if round(parted_ways[name] - by_marks, 2) > 0]
warnings = words.listed(warned) or "none of the three ways"
told_of = [
    f"{name} by {words.number(parted, '+.2f')}" for name, parted in parted_ways.items()
]
told_of = words.listed(told_of)
SIZES = (0.1, 0.2, 0.5, 1.0, 2.0)  # percent of the view
n_sizes = len(SIZES)
by_home = {name: aurc(scored["id_val"][name], risk["id_val"]) for name in ways}
way = min(ways, key=lambda name: np.nan_to_num(by_home[name], nan=9))
home_area = words.number(by_home[way])

# %% [markdown]
# The marks part the two networks by {by_marks:+.2f}, {told_of}. Further than the marks:
# {warnings}. Here too the look at the answer, a map of *where* it marks, is the
# control, and it costs nothing.
#
# ## An alarm that may stay silent
#
# The alarm sounds where the marked area in the view is large enough, and stays silent
# where the network is more unsure than on 95 % of the frames of `id_val`. Everything is
# chosen there, and nothing from the figures above: the area is that one of {n_sizes}
# which tells bleeding frames from others best, and the way to ask is the one with the
# best order by error, {way} (AURC {home_area}). **What will it do on the patients:
# miss, or fall silent?**


# %%
def area_in_view(split):
    return counts.predicted_area(counts.within(counted[split], "view"))


def balanced(area, bleeds, least):
    return np.nanmean([(area >= least)[bleeds].mean(), (area < least)[~bleeds].mean()])


good = [balanced(area_in_view("id_val"), bleeds["id_val"], one) for one in SIZES]
least_area = SIZES[int(np.nanargmax(good))]
too_unsure = scored["id_val"][way].quantile(0.95)

# %%
SHARES = {
    "true_alarms": "alarms that are true",
    "missed": "bleeding missed",
    "unanswered": "bleeding unanswered",
    "abstained": "frames unanswered",
}
policy = {}
for split in SPLITS:
    silent = scored[split][way] > too_unsure
    alarm = (area_in_view(split) >= least_area) & ~silent
    each = {
        "true_alarms": bleeds[split].astype(float).where(alarm),
        "missed": (~alarm & ~silent).astype(float).where(bleeds[split]),
        "unanswered": silent.astype(float).where(bleeds[split]),
        "abstained": silent.astype(float),
    }
    for name, values in each.items():
        of = counted[split]["subject"]
        found = statistics.mean_over_subjects(values, of, f"policy: {SHARES[name]}")
        policy[name, split] = lesson.add(f"policy.{split}.{name}", found, split)

# %%
missed_moved, silent_moved = (
    words.change(*(policy[name, split].value for split in SPLITS), places)
    for name in ("missed", "abstained")
)
rows = {
    f"{said}, {place}": policy[name, split]
    for name, said in SHARES.items()
    for split, place in zip(SPLITS, places)
}
figures.estimates(
    rows,
    "share, mean over subjects",
    title=f"The share of bleeding frames missed without a word {missed_moved}",
    caption=f"An alarm from {least_area:g} % of the view on, silent by {way}. "
    "Unanswered: met with silence.",
)

# %%
unsaid = (scored[TARGET][way] > too_unsure) & bleeds[TARGET]
large = area_in_view(TARGET) >= least_area
n_bleeding, n_unsaid = int(bleeds[TARGET].sum()), int(unsaid.sum())
n_clean = int((~bleeds[TARGET]).sum())
n_plain = int((bleeds[TARGET] & ~large).sum())
n_missed = int((bleeds[TARGET] & ~large & ~unsaid).sum())
n_right = int((unsaid & large).sum())
n_found, n_warned = n_bleeding - n_plain, n_unsaid - n_right
price = "So the silence costs no right alarm here, and somebody has to look"
if n_right:
    price = "So a silence trades misses for right alarms, and somebody has to look"

# %%
verdict = "Nothing can be said of what it knew"
if n_plain and n_found:
    among = [n_warned / n_plain, n_right / n_found]
    verdict = (
        "It falls on them no more than on right alarms: it did not know them apart"
    )
    if among[0] > among[1]:
        verdict = "It falls on them more than on right alarms, so it knew something"
        if among[0] < 0.5:
            verdict += ", but of too few"

# %% [markdown]
# The share of bleeding frames that are missed without a word {missed_moved}; the share
# of all frames on which the alarm stays silent {silent_moved}. Where does its silence
# fall? In frames of {places[1]}: without silence the alarm would miss {n_plain} of
# {n_bleeding} that bleed, and find {n_found}. Silence meets {n_warned} of the first, and
# {n_right} of the second. **{verdict}.** Still {n_missed} are missed without a word.
# {price} while it lasts. There are {n_clean} clean frames of the target here: where there are
# none, every alarm is true and that row says nothing. Read the figure as the clinician
# of the first page would: would you leave it switched on?
#
# ### Turn the silence yourself
#
# The alarm above answers on 95 % of the frames of `id_val`. **If it answers on fewer,
# which goes first on the target: what it misses, or what it gets right?** Choose a way
# to ask, and turn the share down.


# %%
def with_silence(asking, answered, of):
    split = dict(zip(places, SPLITS))[of]
    level = scored["id_val"][asking].quantile(answered / 100)
    silent, bled = scored[split][asking] > level, bleeds[split]
    large = area_in_view(split) >= least_area
    numbers = {
        "right alarms": (bled & large & ~silent).sum(),
        "missed bleeding": (bled & ~large & ~silent).sum(),
        "silent on bleeding": (bled & silent).sum(),
        "false alarms": (~bled & large & ~silent).sum(),
    }
    found = ", ".join(f"{name} {value}" for name, value in numbers.items())
    said = f"Answering on {answered:g} % at home, frames of {of}: {found}."
    drawn = play.bars(numbers, (0, len(bled)), form=".0f", about="Frames")
    whole = dict.fromkeys(numbers, ".0f")
    return play.Scene(said, numbers=numbers, forms=whole, drawing=drawn)


# %%
controls = [
    play.Choice("asking", "way to ask", ways, way),
    play.Choice("of", "frames of", places, places[1]),
    play.Slider("answered", "answered at home, %", [50, 60, 70, 80, 90, 95, 100], 95),
]
play.Interactive("silence", controls, with_silence, "An alarm that may stay silent")

# %%
fewer = {share: with_silence(way, share, places[1]).numbers for share in (95, 50)}
misses_gone, alarms_gone = (
    f"{fewer[95][name] - fewer[50][name]:.0f} of {fewer[95][name]:.0f} {name}"
    for name in ("missed bleeding", "right alarms")
)

# %% [markdown]
# By {way}, from 95 % answered to 50 %, on {places[1]} silence takes the place of
# {misses_gone}, and of {alarms_gone}. It is worth something where it takes
# a larger share of what is wrong than of what is right. These are counts of frames, and
# frames of one subject resemble each other.
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
            "That it is right.": "No: it can be sure of having missed nothing.",
            "That its confidence can't be used to notice the shift.": "Yes: it may "
            "only have marked less. Ask something else.",
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
