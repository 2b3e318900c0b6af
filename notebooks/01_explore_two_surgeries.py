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
# # 01 · Explore two surgeries
#
# [Open in Colab]($COLAB/01_explore_two_surgeries.ipynb) · [before](00_start_here.ipynb) · [next](02_train_a_unet.ipynb)
#
# **You will be able to** open the masks of both data sets, put a number on how far
# apart the domains are, give that number and a map of all frames a placebo, and tell
# who bleeds before you trust a number about bleeding. **You need** lesson 00 and some
# pandas. **It takes** about 60 minutes.
#
# Nothing is trained here. Looking comes first, because most mistakes in this field
# could have been seen with the naked eye.

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
from zipfile import ZipFile

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.spatial.distance import cdist
from sklearn.manifold import TSNE

from helpers import charts, frames, pictures, play
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.statistics import Estimate
from helpers.training import as_tensor, untrained

lesson = begin(profile, seed, data)

# %% [markdown]
# ## Two data sets
#
# | | source | target |
# |---|---|---|
# | name | HemoSet (Miao et al., ISMR 2024) | CholecSeg8k (Hong et al., 2020) |
# | surgery | robotic thyroidectomy | laparoscopic cholecystectomy |
# | subject | a live pig | a human patient |
# | label | blood or not | 13 classes, blood is one of them |
# | mask file | a palette image with the values 0 and 1 | three equal channels of greys |
# | licence | none stated | CC BY-NC-SA 4.0 |
#
# The cards in `data/README.md` tell more, known faults included. In this run:

# %%
packs = {"source": lesson.domains.source, "target": lesson.domains.target}
if lesson.drawn:
    packs["wished"] = lesson.domains.wished
rows = [
    {
        "domain": domain,
        "frames": len(packed),
        "subjects": packed.table["subject"].nunique(),
        "clips": packed.table["clip"].nunique(),
        "frames with blood": int(packed.blood.any(axis=(1, 2)).sum()),
    }
    for domain, packed in packs.items()
]
charts.table(pd.DataFrame(rows), "What is in the data of this run")

# %% [markdown]
# The last column is the one to remember: how many frames have blood, in either domain.
# We do not know yet whose they are.
#
# ## Side by side
#
# The outline is the label's edge: what lies inside is blood. **Which cues could a
# network use to find blood in the upper row? Which of them still hold below?**


# %%
def with_blood(split, number):
    rows = np.flatnonzero(lesson.frames(split).blood.any(axis=(1, 2)))
    return rows[np.linspace(0, len(rows) - 1, min(number, len(rows))).astype(int)]


# %%
chosen = [(s, row) for s in ("train", "ood_test") for row in with_blood(s, 4)]
many = [len(with_blood(s, 10**6)) for s in ("train", "ood_test")]
pictures.strip(
    [lesson.overlay(split, row) for split, row in chosen],
    [lesson.frames(split).table["subject"].iloc[row] for split, row in chosen],
    f"Blood in the source (above, of {many[0]} frames) and in the target ({many[1]})",
)

# %% [markdown]
# Two cues can be weighed at once: how bright the blood is, and how saturated (how far
# from grey), against the rest of what the camera sees.


# %%
def blood_and_rest(split):
    packed, rows = lesson.frames(split), []
    seen = packed.view & packed.valid
    for row in with_blood(split, len(packed)):
        pixels, blood = packed.images[row] / 255, packed.blood[row]
        most, least = pixels.max(axis=2), pixels.min(axis=2)
        bright = pixels @ [0.299, 0.587, 0.114]
        saturated = (most - least) / np.maximum(most, 1 / 255)
        for part, here in (("blood", blood & seen[row]), ("rest", ~blood & seen[row])):
            one = [split, part, packed.table["subject"].iloc[row]]
            if here.any():
                one += [bright[here].mean(), saturated[here].mean()]
                rows.append([*one, 100 * here.sum() / seen[row].sum()])
    return rows


# %%
where = ["split", "part"]
rows = pd.DataFrame(
    [*blood_and_rest("train"), *blood_and_rest("ood_test")],
    columns=[*where, "subject", "brightness", "saturation", "area, %"],
)
cues = rows.groupby([*where, "subject"]).mean().groupby(where, sort=False).mean()
order = [(split, part) for split in ("train", "ood_test") for part in ("blood", "rest")]
cues = cues.reindex(order)
cues["frames"] = rows.groupby(where).size()
cues["subjects"] = rows.groupby(where)["subject"].nunique()
charts.table(cues.reset_index(), "Frames with blood, mean over subjects")

# %% [markdown]
# In each split compare blood with the rest: is it darker or brighter, more or less
# saturated, and by how much? And see of how many subjects each row speaks. A cue that points the same way in both can
# still fail, since a network also learns how far it goes: what counts as a deep red
# above may be rare below. And much that is darker than what is around it, or redder, is
# no blood.
#
# ## A mask file, opened by hand
#
# A label is a picture file too. Before any library reads it for us, let us look at what
# is in one. Below is a mask of each data set, opened with Pillow and nothing else.
# **Which numbers would you expect where there is blood, and where there is none?**


# %%
def opened(address):
    """A picture file, or a member of a zip archive ("PATH.zip!member")."""
    path, _, member = address.partition("!")
    return Image.open(ZipFile(path).open(member) if member else path)


# %%
rows = []
for split in ("train", "ood_test"):
    row = (with_blood(split, 1) if len(with_blood(split, 1)) else [0])[0]
    mask = opened(lesson.frames(split).table["mask"].iloc[row])
    values = np.unique(np.array(mask))
    rows.append([split, mask.mode, np.array(mask).shape, ", ".join(map(str, values))])
heads = ["split", "mode", "shape", "values in it"]
charts.table(pd.DataFrame(rows, columns=heads), "A mask file of either data set")

# %% [markdown]
# Mode `P` is a palette picture: each pixel holds a small number, and a colour is looked
# up for it. Here 1 is blood. Whoever asks for values above 127, as one does with black
# and white masks, finds no blood at all in the source, and no program complains. Mode
# `RGB` has three numbers for each pixel. In the target's masks they are equal, so it is
# a grey, and each grey stands for a class. That 24 stands for blood is written in no
# file: one has to know the table. **A mask that is read wrongly looks like a network
# that fails.**
#
# ## What a label is made of
#
# CholecSeg8k's label names 13 classes. Each is a colour in one mask file and a grey in
# another, and only a table says which is which: the study that we start from took
# another organ's colour for that of blood (lesson 05). A white border and a few
# unlabelled patches are *unknown*. There we don't know whether there is blood, so these
# pixels count nowhere.

# %%
patients = lesson.frames("ood_test")
pools = patients.blood.sum(axis=(1, 2))
bleeding = np.flatnonzero(pools) if pools.any() else np.arange(len(pools))
row = bleeding[np.argsort(pools[bleeding], kind="stable")[len(bleeding) // 2]]
area = 100 * pools[row] / patients.valid[row].sum()

# %%
label = patients.classes[row]
known = label != frames.UNKNOWN
colours = np.full((256, 3), 255, np.uint8)  # white is unknown
colours[[one.id for one in frames.CLASSES]] = [one.rgb for one in frames.CLASSES]
there = [one for one in frames.CLASSES if (label == one.id).any()]
key = {one.name: colours[one.id] / 255 for one in there}
key |= {} if known.all() else {"unknown (not valid)": "white"}
part = pd.Series({one.name: 100 * (label[known] == one.id).mean() for one in there})
listing = [f"{name} {share:.1f} %" for name, share in part.sort_values()[::-1].items()]
listing = listing or ["none, since only blood is known"]

# %%
pictures.strip(
    [lesson.domains.picture("ood_test", row), colours[label.repeat(6, 0).repeat(6, 1)]],
    ["the frame", "its label, in the data set's own colours"],
    f"A frame and its label: {len(there)} classes, "
    f"{area:.1f} % blood (of {len(bleeding)} frames with blood the middle one by area)",
    legend=key,
    alt=f"a frame beside its label. Classes: {'; '.join(listing)}",
)

# %% [markdown]
# Find the blood in the label, then in the frame. It is the only part of the label that
# this course asks about. **How much of an average target
# frame is each class? Guess where blood stands in the list.**

# %%
target = lesson.domains.target
known = target.valid.sum()
rows = []
for entry in frames.CLASSES:
    pixels = (target.classes == entry.id).sum(axis=(1, 2))
    who = target.table["subject"][pixels > 0]
    area = 100 * pixels.sum() / known
    rows.append(
        {"class": entry.name, "area, %": area, "subjects with it": who.nunique()}
    )
classes = pd.DataFrame(rows).sort_values("area, %", ascending=False)
charts.table(classes, "The classes of the target, by area", digits=2)

# %% [markdown]
# Look for the black background: it is no tissue at all. It is known to hold no blood, so it is *valid*, and a network
# that marks it is wrong there as anywhere else. Lesson 03 begins with this thought.
#
# ### Exercise 1 · How much black?
#
# Compute `black_share`, a Series with the share of black background in percent of the
# valid pixels, one value for each *subject* (the mean over its frames). Predict first:
# do the patients differ by a few percent, or by a factor?


# %% tags=["exercise"]
def share_of_black(packed):
    # solution begins
    black = (packed.classes == 0).sum(axis=(1, 2))
    share = pd.Series(100 * black / packed.valid.sum(axis=(1, 2)))
    return share.groupby(packed.table["subject"].to_numpy()).mean()
    # solution ends


black_share = share_of_black(target)

# %% tags=["check"]
check(
    lambda: (
        len(black_share) == target.table["subject"].nunique()
        and all(
            np.isclose(
                black_share[name],
                100
                * np.mean(
                    [
                        (target.classes[i] == 0).sum() / target.valid[i].sum()
                        for i in np.flatnonzero(target.table["subject"] == name)
                    ]
                ),
            )
            for name in target.table["subject"].unique()
        )
    ),
    "Class 0 is the black background: count it in each frame, divide by the frame's "
    "valid pixels, then take the mean over each subject's frames.",
)

# %% [markdown] tags=["solution"]
# The patients differ by a factor: each telescope has its own round view. A property
# that differs so much between patients and so little within one will look like a cause
# of anything else that differs between patients.

# %% [markdown]
# ## Who bleeds?
#
# A mean over frames hides whose frames they are. **Of how many patients is every
# number about "blood out of domain", then?**

# %%
rows = []
for domain, packed in packs.items():
    bleeds = pd.Series(packed.blood.any(axis=(1, 2)))
    bleeds = bleeds.groupby(packed.table["subject"].to_numpy()).any()
    names = ", ".join(bleeds.index[bleeds]) if bleeds.sum() <= 3 else ""
    rows.append({"domain": domain, "subjects": len(bleeds), "who": names or "many"})
    rows[-1]["subjects with blood"] = int(bleeds.sum())
charts.table(pd.DataFrame(rows), "Subjects with blood in at least one frame")

# %% [markdown]
# Read the target's row. Whatever we find there about *finding* blood is a finding about
# so many subjects as have some, however many frames they have. Whatever we find about *false alarms* can rest on all of them. Keep the
# two apart, and half of this course follows.
#
# ## Light and colour, by subject
#
# For each frame we take the means of red, green and blue, the brightness (a weighted
# sum of the three, as the eye weighs them) and the saturation, which is how far a
# colour is from grey. Black around the view would darken every mean, so we measure
# inside the view.


# %%
def properties(image, seen):
    pixels = image[seen] / 255
    red, green, blue = pixels.mean(axis=0)
    bright, dim = pixels.max(axis=1), pixels.min(axis=1)
    saturation = ((bright - dim)[bright > 0] / bright[bright > 0]).sum() / len(pixels)
    return [red, green, blue, 0.299 * red + 0.587 * green + 0.114 * blue, saturation]


NAMES = ["red", "green", "blue", "brightness", "saturation"]
looks = {}
for domain, packed in packs.items():
    rows = [properties(*one) for one in zip(packed.images, packed.view & packed.valid)]
    looks[domain] = pd.DataFrame(rows, columns=NAMES).assign(
        subject=packed.table["subject"].to_numpy()
    )

# %% [markdown]
# A mean over frames comes first, then one over subjects. A patient with many frames is
# still one patient.

# %%
means = pd.DataFrame(
    {domain: look.groupby("subject").mean().mean() for domain, look in looks.items()}
)
charts.table(means.rename_axis("property").reset_index(), "Mean over subjects")

# %% [markdown]
# Each dot below is a frame, each bar a subject. **Which differ more: two pigs, or a pig
# and a patient?**

# %%
pair = {domain: looks[domain] for domain in ("source", "target")}
bright = pd.concat(pair, names=["kind"]).reset_index("kind")
bright = bright.rename(columns={"subject": "row", "brightness": "value"})
each = bright.groupby(["kind", "row"], sort=False)["value"].mean()
charts.dots(
    bright[["row", "kind", "value"]],
    f"Brightness {charts.told({domain: each[domain] for domain in pair})}",
    "brightness of a frame (0 black, 1 white)",
    each=0.24,
    size=9,
    caption="A dot is a frame, a bar the mean of a subject.",
)

# %% [markdown]
# Look at the bars first, and let the dots tell how far frames of one subject lie apart.
# Where the bars of the two domains hardly overlap, a subject's domain could be told
# from its brightness alone. A network that relied on brightness would be in trouble.
#
# Numbers are no pictures. **Look through the frames themselves: do the darkest ones of
# both domains look alike? And which frames with blood would you overlook?**

# %%
rows = []
for domain, packed in packs.items():
    area = (packed.blood & packed.valid).sum(axis=(1, 2))
    share = 100 * area / packed.valid.sum(axis=(1, 2))
    some = packed.table.assign(blood=share, domain=domain, **looks[domain][NAMES])
    evenly = np.linspace(0, len(some) - 1, min(40, len(some))).round().astype(int)
    rows.append(some.iloc[evenly])
sample = pd.concat(rows)


def labelled(frame):
    packed, row = packs[frame["domain"]], frame.name
    picture = lesson.domains.shown(frame["split"], np.asarray(packed.images[row]))
    return play.Picture(picture, "", packed.blood[row], packed.valid[row])


# %%
sample["words"] = [
    f"{one.subject}, frame {one.frame} ({one.domain}): {one.blood:.1f} % blood, "
    f"brightness {one.brightness:.2f}, saturation {one.saturation:.2f}."
    for one in sample.itertuples()
]

# %%
sample["label"] = sample["subject"]
sample["there"] = np.where(sample["blood"] > 0, "blood", "no blood")
filters = {"domain": "domain", "subject": "subject", "there": "blood"}
orders = {}
for measure in ("blood", "brightness", "saturation"):
    orders |= {f"most {measure} first": f"-{measure}"}
    orders |= {f"least {measure} first": measure}

# %%
title = "Look through the frames of both domains"
play.Browser("explorer", sample, labelled, filters, orders, title)

# %%
darkest = sample.nsmallest(10, "brightness")["domain"].value_counts()
of_each = ", ".join(f"{n} of the {domain}" for domain, n in darkest.items())
print(f"the ten darkest of these frames: {of_each}")

# %% [markdown]
# Put the frames in order of blood and go to the end of the list: a pool of a few pixels
# is a frame "with blood" as much as a lake is, and lesson 03 will weigh them alike.
#
# ### Exercise 2 · Frames or subjects?
#
# Each subject counted once above. Does it matter? Compute `difference`: the source's
# brightness as a mean over all its *frames*, minus its mean over *subjects*. The frames
# are the rows of `looks["source"]`. Guess the sign first: do the bright subjects have
# more frames, or fewer?

# %% tags=["exercise"]
# solution begins
difference = looks["source"]["brightness"].mean() - means.loc["brightness", "source"]
# solution ends

# %% tags=["check"]
check(
    lambda: np.isclose(
        difference,
        np.mean(looks["source"]["brightness"]) - means["source"]["brightness"],
        atol=1e-6,
    ),
    "Take the mean of the column 'brightness' over all rows of looks['source'], and "
    "subtract the entry of the table `means`: frames first, then subjects.",
)

# %% [markdown] tags=["solution"]
# A subject with many frames weighs more in the mean over frames. Where all subjects have
# about as many, the two means are close, and that is luck: in another data set one
# patient may bring half of the frames.

# %% [markdown]
# ## How far apart?
#
# One number for the distance would be handy. The **Fréchet distance** puts a Gaussian
# around each domain's five properties and compares the two,
#
# $$ d^2 = \lVert \mu_1 - \mu_2 \rVert^2
#    + \operatorname{tr}\left(\Sigma_1 + \Sigma_2 - 2(\Sigma_1\Sigma_2)^{1/2}\right) . $$
#
# Its first term is the squared distance between the means. The trace of a matrix is the
# sum of its eigenvalues, and those of a root are the roots of the eigenvalues, so we need
# not compute the matrix root itself.

# %%
ours, theirs = (looks[domain][NAMES].to_numpy() for domain in ("source", "target"))
apart = ((ours.mean(axis=0) - theirs.mean(axis=0)) ** 2).sum()
one, other = np.cov(ours.T), np.cov(theirs.T)
roots = np.sqrt(np.linalg.eigvals(one @ other).real.clip(0))  # the root's eigenvalues
spread = np.trace(one + other) - 2 * roots.sum()
print(f"means {apart:.4f}, spreads {spread:.4f}, together {apart + spread:.4f}")

# %% [markdown]
# Compare the two numbers: is it the means that differ, or the spreads?
# Brightness is a sum of the other colours, so the five properties are really four, and
# neither covariance has an inverse; one eigenvalue of their product is zero, and so is
# its root.
#
# The **energy distance** needs no Gaussian. It compares how far frames of different
# domains are from each other with how far frames of the same domain are,
#
# $$ E = 2\,\mathbb{E}\lVert X - Y \rVert - \mathbb{E}\lVert X - X' \rVert
#    - \mathbb{E}\lVert Y - Y' \rVert . $$


# %%
def energy(a, b):
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


gap = energy(ours, theirs)
behind = {"n_frames": len(ours) + len(theirs), "split": "source and target"}
behind["n_subjects"] = sum(look["subject"].nunique() for look in pair.values())
said = "energy distance of five properties"
lesson.add("domain_gap.energy", Estimate(gap, estimand=said, **behind))
print(f"energy distance {gap:.3f}, of {behind['n_subjects']} subjects")

# %% [markdown]
# Is that much? A number without a scale says little. **What would the distance be between two halves of the same
# domain, divided at random by subject?** If the two domains were one, their distance
# would lie among those.


# %%
def between_halves(look, rounds=200):
    random, subjects = np.random.default_rng(seed), look["subject"].unique()
    for _ in range(rounds):
        half = random.permutation(subjects)[: len(subjects) // 2]
        chosen = look["subject"].isin(half)
        yield energy(look.loc[chosen, NAMES], look.loc[~chosen, NAMES])


# %%
null = np.concatenate([list(between_halves(look)) for look in pair.values()])
said = "energy distances between halves of one domain that lie below the gap"
below = Estimate(100 * (null < gap).mean(), estimand=said, unit="percent", **behind)
share_below = lesson.add("domain_gap.energy.share_below", below)

# %%
figure, axis = charts.new(7.0, 2.6)
axis.hist(null, bins=30, color=charts.FAINT)
axis.axvline(gap, color=charts.RED, lw=2.5, label="source and target")
axis.set(xlabel="energy distance", ylabel="number of divisions")
figure.legend(loc="outside lower left")
charts.Chart(
    figure,
    f"Energy distance {gap:.2f} between the domains; {below:.0f} % of {len(null)} "
    f"distances within one lie below, the largest is {null.max():.2f}",
    f"Histogram of {len(null)} values of energy distance, from {null.min():.2f} to "
    f"{null.max():.2f}. Lines: source and target at {gap:.2f}.",
    "Grey: two halves of one domain, divided at random by subject.",
)

# %% [markdown]
# The grey heap is what subjects of one domain differ by when nothing but chance divides
# them. The line is the gap between the domains. This is a *placebo*: we ask the same
# question where we know that there is nothing to find, and we will ask it again of later
# claims.
#
# ### Exercise 3 · The wrong unit
#
# Divide *frames* instead of subjects at random into two halves, and collect 200 energy
# distances of the source in `by_frames`. Will they be larger or smaller than the ones
# between halves of subjects?


# %% tags=["exercise"]
def between_frames(look, rounds=200):
    # solution begins
    random, table = np.random.default_rng(seed), look[NAMES].to_numpy()
    distances = []
    for _ in range(rounds):
        order = random.permutation(len(table))
        half = len(table) // 2
        distances.append(energy(table[order[:half]], table[order[half:]]))
    return np.array(distances)
    # solution ends


by_frames = between_frames(pair["source"])


# %% tags=["check"]
def as_expected():
    # What all divisions into two halves by frames have on average, by algebra.
    table, found = pair["source"][NAMES], np.asarray(by_frames)
    n, half = len(table), len(table) // 2
    apart = cdist(table, table).sum() / (n * (n - 1))
    wanted = apart * (1 / half + 1 / (n - half))
    error = found.std() / np.sqrt(len(found))
    return len(found) == 200 and abs(found.mean() - wanted) < 5 * error


check(
    as_expected,
    "Permute the rows of look[NAMES], take the energy distance of the two halves, and "
    "do so 200 times; a half by frames holds every subject, so the halves are alike.",
)

# %% [markdown] tags=["solution"]
# They come out smaller. Each half holds frames of every pig, so the halves are nearly
# the same sample twice. Against this heap almost any gap would look large: the wrong
# unit finds too much. Lesson 05 counts how often.

# %% [markdown]
# ## A map of all frames
#
# Five properties are few. An encoder that was trained on photographs describes a frame
# by hundreds of numbers, its **features**: one for each channel of its deepest feature
# map, averaged over the picture. Papers like to show them as a map on which similar
# frames lie close together.

# %%
network = untrained(lesson.course).eval()


def features(packed, at_once=32):
    """The deepest feature map, averaged over the frame: frames x channels."""
    found = []
    for start in range(0, len(packed), at_once):
        images = as_tensor(packed.images[start : start + at_once])
        with torch.inference_mode():
            found.append(network.features(images)[-1].mean(dim=(2, 3)).numpy())
    return np.concatenate(found)


# %%
both = ("source", "target")
known = {domain: features(packs[domain]) for domain in both}
points = np.concatenate(list(known.values()))
domain_of = np.repeat(both, [len(known[domain]) for domain in both])
who = np.concatenate([packs[domain].table["subject"].to_numpy() for domain in both])

# %% [markdown]
# Two ways to draw hundreds of numbers on a plane. **Principal components** (PCA) turn
# the cloud of points so that its longest direction lies across the page, and its second
# longest upwards: three lines. **t-SNE** (van der Maaten and Hinton 2008) moves points
# about until near neighbours are near; distances between far heaps mean nothing on it.


# %%
def principal(points):
    centred = points - points.mean(axis=0)
    directions = np.linalg.svd(centred, full_matrices=False)[2]
    return centred @ directions[:2].T


def neighbours(points):
    few = min(30, (len(points) - 1) // 3)
    return TSNE(perplexity=few, random_state=seed).fit_transform(points)


# %% [markdown]
# A placebo for a map: let the source stand alone, and divide its subjects at random
# into two halves, A and B. Nothing but chance tells them apart. **Will their points mix?**

# %%
pigs = np.unique(who[domain_of == "source"])
half_a = np.random.default_rng(seed).permutation(pigs)[::2]
half = np.where(np.isin(who[domain_of == "source"], half_a), "half A", "half B")
maps = {
    "PCA": (principal(points), domain_of),
    "t-SNE": (neighbours(points), domain_of),
    "t-SNE, placebo": (neighbours(known["source"]), half),
}


# %%
look_of = {"source": ("o", charts.BLUE), "target": ("^", charts.RED)}
look_of |= {"half A": ("o", charts.GREEN), "half B": ("^", charts.ORANGE)}
figure, axes = charts.new(8.0, 3.0, 1, 3)
for axis, (name, (flat, kinds)) in zip(axes, maps.items()):
    for kind in np.unique(kinds):
        marker, colour = look_of[kind]
        look = {"s": 9, "marker": marker, "color": colour, "lw": 0, "label": kind}
        axis.scatter(*flat[kinds == kind].T, **look)
    axis.set(title=name, xticks=[], yticks=[])
    axis.legend(loc="best", markerscale=2)
charts.Chart(
    figure,
    f"{len(points)} frames of {len(np.unique(who))} subjects by their features",
    f"Three maps of frames: {', '.join(maps)}. The table below tells what they show.",
    "A point is a frame. Left and middle: both domains. Right: the source alone.",
)

# %% [markdown]
# Compare the colours of the two maps by t-SNE. In both of them points come in small
# heaps of one colour: each heap is a clip, whose frames are nearly one picture. So that
# points have neighbours of their own colour says nothing yet. What counts is how the
# *heaps* lie: on two sides of the map, or among one another? The same can be asked in
# numbers, without a map: is the frame that lies nearest of the same kind? And if we only
# allow frames of *another* subject?


# %%
def own_kind(points, kinds, subjects=None):
    """Percent of the frames whose nearest frame, of another subject if subjects are
    given, is of their own kind."""
    apart = cdist(points, points)
    np.fill_diagonal(apart, np.inf)
    if subjects is not None:
        apart[subjects[:, None] == subjects] = np.inf
    return 100 * (kinds[apart.argmin(axis=1)] == kinds).mean()


# %%
ours = known["source"], half
placebo = own_kind(*ours), own_kind(*ours, who[domain_of == "source"])
real = own_kind(points, domain_of), own_kind(points, domain_of, who)
rows = {"same domain": real, "same half of the source (placebo)": placebo}
heads = ["nearest frame, %", "nearest of another subject, %"]
rows = pd.DataFrame(rows, index=heads).T.reset_index(names="it is of the")
charts.table(rows, "Is a frame's nearest frame in feature space of its own kind?", 0)

# %% [markdown]
# Read the placebo's row first. By the nearest frame of all, halves that differ by nothing
# but chance look as far apart as two domains can: the unit is wrong, once more. By the
# nearest frame of another subject the placebo falls towards a half, which is what chance
# gives, and what is left in the row above it is a difference between the domains. **Ask
# of each such figure what it would show if there were nothing to see.**

# %% [markdown]
# ### Exercise 4 · What does the distance not know? (open)
#
# Write down two changes of the picture that would ruin a blood detector and leave the
# five properties as they are, and one that would change them much and hurt nobody.
# Lesson 06 draws a few of them.

# %% tags=["quiz"]
quiz(
    (
        "Suppose that a target has thousands of frames, and blood in one patient. What "
        "do we know about finding blood in other patients?",
        {
            "As much as thousands of frames tell.": "No: they are one patient, seen "
            "thousands of times.",
            "Nothing that could carry an interval.": "Yes: one subject says nothing "
            "about how much subjects differ.",
        },
    ),
    (
        "Why are halves divided by subject, not by frame?",
        {
            "Frames of one subject resemble each other.": "Yes: dividing them puts the "
            "same subject on both sides and hides how much subjects differ.",
            "There are fewer subjects, so it is faster.": "No: it is slower to learn "
            "from few, but it is honest.",
        },
    ),
    (
        "A pixel of black surround around the round view is ...",
        {
            "unknown, so it counts nowhere.": "No: we know that there is no blood.",
            "valid, and holds no blood.": "Yes: a network that marks it is wrong.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw two domains side by side, what is in a mask file, a number for how far apart the
# domains are and a map of them, and for both a placebo that gives them their scale;
# where the domains are drawn, all of it speaks of the drawing.
# **Doubt** that a distance between image properties says
# what will go wrong, because it knows nothing of blood. And doubt any figure about
# blood in the target until you have asked in how many patients it was measured.
