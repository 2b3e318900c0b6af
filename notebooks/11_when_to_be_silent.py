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
# # 11 · When to be silent
#
# [Open in Colab]($COLAB/11_when_to_be_silent.ipynb) · [before](10_what_a_heatmap_shows.ipynb) · [next](12_your_own_two_domains.ipynb)
#
# **You will be able to** measure whether a probability means what it says, and judge an
# uncertainty by what it is for: which answers are wrong, and which frames a network
# should not answer at all. **You need** lessons 03 and 07. **It takes** about 75
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
import itertools
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

# %%
from helpers import (
    charts,
    correlation,
    counts,
    play,
    remedies,
    statistics,
    training,
)
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.settings import progress
from helpers.words import listed, name_of, number

# %%
lesson = begin(profile, seed, data)
run = lesson.model()
TARGET = "ood_wished" if lesson.drawn else "ood_test"
patients = lesson.frames(TARGET)
about = "Every number on this page is of drawn surgery: a phantom, and no patient."
if not lesson.drawn:
    about = "These are frames of the disk, and no phantom: no wished-for patients are "
    about += "here, all of whom bleed. Where no target frame bleeds, its ranking by "
    about += "error and its missed bleeding can't be measured, and read undefined."
print(about)

# %% [markdown]
# The network breaks on the other kind of surgery (lesson 03). Could it have known, and
# could we? A probability is the network's own word on how sure it is. This lesson asks
# what that word is worth, and when it would be better to say nothing.
#
# ## Does a probability mean what it says?
#
# A probability of 0.8 should be blood eight times out of ten; then it is **calibrated** (Guo et al. 2017). Most pixels
# are easy, so we look only where the network itself is unsure or draws an edge: within
# two pixels of the predicted edge, or where the probability lies between 0.05 and 0.95.
# The label has no say in which pixels count. **What will such a band never show?**

# %%
SPLITS = ("id_test", TARGET)
places = [name_of(split) for split in SPLITS]
NOTHING = ([0, 1], [np.nan, np.nan])  # a curve where there is none


# %%
def band_of(levels, valid):
    """Valid pixels near the edge of what is marked, or neither sure nor sure not."""
    chance, near = training.probability(levels), np.ones((5, 5), np.uint8)
    found = (chance >= 0.05) & (chance <= 0.95)
    for place, one in enumerate((levels >= 128).astype(np.uint8)):
        found[place] |= cv2.dilate(one, near) != cv2.erode(one, near)
    return found & valid


# %%
def in_band(split):
    """Of each pixel of the band: its probability, is it blood, whose it is."""
    packed = lesson.frames(split)
    levels = np.asarray(run.probabilities(packed))
    band = band_of(levels, packed.valid)
    subjects = packed.table["subject"].to_numpy()
    of = np.broadcast_to(subjects[:, None, None], band.shape)[band]
    return training.probability(levels)[band], packed.blood[band], of


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
    """Expected calibration error: the bins' gaps without their signs, by pixels."""
    bins = reliability(chance, blood)
    gap = (bins["chance"] - bins["blood"]).abs()
    pixels = bins["pixels"]
    return (gap * pixels).sum() / pixels.sum() if len(bins) else np.nan


# %%
bands = {split: in_band(split) for split in ("id_val", *SPLITS)}
errors = {split: ece(*bands[split][:2]) for split in bands}
curves = {"as it says": ([0, 1], [0, 1])}
for split in SPLITS:
    bins = reliability(*bands[split][:2])
    xy = bins[["chance", "blood"]].to_numpy().T
    curves[split] = xy if xy.size else NOTHING
said = [f"{number(errors[split])} on {name_of(split)}" for split in SPLITS]
charts.lines(
    curves,
    f"Expected calibration error in the band, all pixels together: {listed(said)}",
    "probability of blood",
    "share of blood",
    strong="as it says",
    caption="Above the grey line there is more blood than it says, below less.",
)

# %% [markdown]
# One frame with a long edge brings many pixels, so a single subject can make such a
# curve. So we also take, for each subject, what the network says on average in the band
# less the share that is blood. Unlike the calibration error this difference keeps its
# sign, and few pixels don't push it up.

# %%
gaps, means = {}, {}
for split in SPLITS:
    chance, blood, of = bands[split]
    means[split] = statistics.subject_means(chance - blood, of)
    said = "probability less share of blood in the band, mean over subjects"
    found = means[split], means[split].index, said, (-1, 1)
    found = statistics.mean_over_subjects(*found)
    found = replace(found, n_frames=len(lesson.frames(split)))
    gaps[split] = lesson.add(f"calibration.{split}.gap", found, split)

# %%
said = listed([f"{gaps[split]:+.2f} on {name_of(split)}" for split in SPLITS])
charts.dots(
    charts.of_means(means),
    f"What it says less what is blood, mean over subjects: {said}",
    "probability less share of blood, in the band",
    mark=0,
    caption="Left of zero the network says less blood than there is.",
)

# %% [markdown]
# A **temperature** (Guo et al. 2017) divides all logits by one number, which the
# validation pigs choose by the likelihood of their labels.


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
def missed_outside(split):
    """Of the blood that is missed, the percent that lies outside of the band."""
    packed = lesson.frames(split)
    levels = np.asarray(run.probabilities(packed))
    missed = packed.blood & packed.valid & (levels < 128)
    outside = missed & ~band_of(levels, packed.valid)
    return 100 * outside.sum() / missed.sum() if missed.any() else np.nan


# %%
temperature = likeliest(*bands["id_val"][:2])
rows = []
for split in SPLITS:
    chance, blood, _ = bands[split]
    cooler = ece(cooled(chance, temperature), blood)
    rows.append([name_of(split), len(chance), errors[split], cooler])
    rows[-1].append(missed_outside(split))
columns = ["frames of", "pixels", "calibration error", "with the temperature"]
charts.table(
    pd.DataFrame(rows, columns=[*columns, "missed blood outside of the band, %"]),
    f"All pixels of the band; the temperature of id_val is {temperature:.2f}",
    2,
)

# %% [markdown]
# Where the probability is lower than the share of blood, a threshold of one half misses
# what the network half knew. The temperature is one number and knows nothing of the
# other surgery: it can make all answers less sure, or more, and can't move them to one
# side. And the band leaves out what the network did *not* know: the table's last column
# is blood on which it is sure, and wrong, and no calibration error says so. **A
# probability that was only measured at home was measured at home.**
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
# Four answers can be asked for their uncertainty. **One network**, as it is.
# **Monte-Carlo dropout** (Gal and Ghahramani 2016) asks six times, with other channels
# of the deepest level left out; our network was trained without dropout, so it is put
# in afterwards, and a network that has learned with it may do better. **Test-time
# augmentation** asks for the frame and its mirror images. An **ensemble** asks three
# networks that differ by their seed (Lakshminarayanan et al. 2017).
#
# And there are two measures, which are not the same. The **entropy** of the mean answer
# is large where it lies near one half, for whatever reason: a pixel on a soft edge is
# unsure for everybody (*aleatoric*, of the data). The **mutual information**, also
# called BALD (Houlsby et al. 2011), takes off the members' own entropies, and what is
# left is what they disagree about (*epistemic*, of the model). One network can't
# disagree with itself, so there it is not defined. Of the ensemble we also take the
# pairwise Dice of its members' masks.
#
# Beside them comes a distance in **feature space** from the training frames (Lee et al.
# 2018), and four controls that need no network or no uncertainty: how little of the
# view is marked, the share of black, and how far the view's mean brightness and its
# mean chroma lie from the training frames'.
#
# Two questions. *Out-of-distribution detection*: does a frame of the target score above
# one of the source (**AUROC**)? *Selective prediction*: within the target, are the
# frames that it is surest of those with the least error (**AURC**, the area under the
# risk-coverage curve; Geifman and El-Yaniv 2017)? A way can be good at either and bad
# at the other. **Which of them would you trust with which?**


# %%
def entropy(chance):
    """Binary entropy in nats of probabilities strictly between 0 and 1."""
    return -(chance * np.log(chance) + (1 - chance) * np.log1p(-chance))


def entropies(members):
    """Maps of M members' answers (levels MxNxHxW): the entropy of their mean, and that
    less the mean of their own, which is what they disagree about."""
    total, own = np.zeros((2, *members.shape[1:]), np.float32)
    for one in members:
        chance = training.probability(one)
        total += chance / len(members)
        own += entropy(chance) / len(members)
    whole = entropy(total)
    return whole, np.maximum(whole - own, 0)


# %% [markdown]
# ### Exercise 2 · Entropy in bits
#
# `entropy` above gives nats, and fails at 0 and 1. Write `bits(chance)` for one
# probability: in bits, so that a coin has 1, and 0 where the answer is certain.


# %% tags=["exercise"]
def bits(chance):
    # solution begins
    if chance in (0, 1):
        return 0.0
    return float(entropy(np.float64(chance)) / np.log(2))
    # solution ends


# %% tags=["check"]
check(
    lambda: np.allclose([bits(p) for p in (0, 0.25, 0.5, 1)], [0, 0.811278, 1, 0]),
    "A bit is log 2 nats: divide by np.log(2), and answer for 0 and 1 beforehand.",
)

# %% [markdown] tags=["solution"]
# The unit changes no ranking. What matters is that the entropy is largest at one half:
# a network that answers near 0 or 1 calls itself sure, whether it is right or not.


# %%
def pairwise_dice(marked, of_nothing):
    """Mean Dice between members' masks of each frame; of_nothing: that of two of which
    neither marks anything, where Dice is undefined."""
    found = []
    for one, other in itertools.combinations(marked, 2):
        both = (one & other).sum(axis=(1, 2))
        total = one.sum(axis=(1, 2)) + other.sum(axis=(1, 2))
        agree = np.full(len(total), float(of_nothing))
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
@torch.inference_mode()
def features(network, images):
    """The mean of each channel of the deepest feature map: float64 (N, channels)."""
    found, where = [], next(network.eval().parameters()).device
    for part in np.array_split(images, range(32, len(images), 32)):
        deepest = network.features(training.as_tensor(part, where))[-1]
        found.append(deepest.mean(dim=(2, 3)).double().cpu().numpy())
    return np.concatenate(found)


# %%
def look_of(images, view):
    """Mean brightness and mean chroma of each frame inside its view."""
    rows = []
    for image, inside in zip(images, view):
        lab = cv2.cvtColor(np.array(image) / np.float32(255), cv2.COLOR_RGB2LAB)
        light, red, yellow = lab[inside].T
        rows.append((light.mean(), np.hypot(red, yellow).mean()))
    return np.array(rows)


# %%
def foreign(images, view):
    """How far frames lie from the training frames: three distances."""
    look = look_of(images, view)
    return {
        "feature distance": mahalanobis(known, features(run.model, images)),
        "brightness": mahalanobis(known_look[:, :1], look[:, :1]),
        "chroma": mahalanobis(known_look[:, 1:], look[:, 1:]),
    }


# %%
def dropped_out(network, images):
    """Six predictions, each without other channels of the deepest feature map: a hook
    on the encoder leaves them out."""

    def drop(_, __, features):
        deepest = torch.nn.functional.dropout2d(features[-1], 0.3, training=True)
        return [*features[:-1], deepest]

    hook = network.network.encoder.register_forward_hook(drop)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            asked = progress(range(6), "MC dropout, predictions")
            return np.stack([training.predict(network, images) for _ in asked])
    finally:
        hook.remove()


# %%
FLIPS = ((), (1,), (2,), (1, 2))  # axes of NxHxW that are turned round


def turned(network, images):
    """Test-time augmentation: each frame as it is, mirrored, upside down, and both; the
    answers are turned back."""
    asked = progress(FLIPS, "TTA, predictions")
    found = ((training.predict(network, np.flip(images, way)), way) for way in asked)
    return np.stack([np.flip(answer, way) for answer, way in found])


# %%
def mean_inside(values, where):
    """The mean over some pixels (bool NxHxW) of each frame; NaN where none is."""
    pixels = where.sum(axis=(1, 2))
    total = (values * where).sum(axis=(1, 2), dtype=float)
    return np.divide(total, pixels, out=np.full(len(pixels), np.nan), where=pixels > 0)


# %%
def answers(packed):
    """What each way answers to some frames: levels of its members."""
    return {
        "one network": np.asarray(run.probabilities(packed))[None],
        "MC dropout": dropped_out(run.model, packed.images),
        "TTA": turned(run.model, packed.images),
        "ensemble": np.stack([one.probabilities(packed) for one in members]),
    }


# %%
def scores(split):
    packed = lesson.frames(split)
    view, found = packed.view & packed.valid, {}
    for name, some in (given := answers(packed)).items():
        whole, shared = entropies(some)
        found[f"{name}: entropy"] = mean_inside(whole, view)
        if len(some) > 1:
            found[f"{name}: mutual information"] = mean_inside(shared, view)
    masks = given["ensemble"] >= 128
    for of_nothing, said in ((1, "sure"), (0, "unsure")):
        name = f"ensemble: pairwise Dice (unmarked {said})"
        found[name] = 1 - pairwise_dice(masks, of_nothing)
    found |= foreign(packed.images, view)
    found["marked area"] = -mean_inside(given["one network"][0] >= 128, view)
    found["black share"] = 1 - view.sum((1, 2)) / packed.valid.sum((1, 2))
    return pd.DataFrame(found)


# %%
CONTROLS = ["marked area", "black share", "brightness", "chroma"]
members = remedies.members(lesson.course, lesson.domains, run)
train = lesson.frames("train")
known = features(run.model, train.images)
known_look = look_of(train.images, train.view & train.valid)
scored = {split: scores(split) for split in ("id_val", *SPLITS)}
ways = [name for name in scored[TARGET] if name not in CONTROLS]

# %%
counted = {split: lesson.evaluate(run, split) for split in scored}
bleeds = {split: counts.has_blood(one) for split, one in counted.items()}
risk = {split: 1 - counts.on_blood(counts.dice, one) for split, one in counted.items()}
subjects = counted[TARGET]["subject"]


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
def by_subject(measure, *columns):
    """A measure of each target subject's rows of some columns."""
    parts = subjects.groupby(subjects).groups.items()
    found = {one: measure(*(some[rows] for some in columns)) for one, rows in parts}
    return pd.Series(found, dtype=float)


far = {
    name: by_subject(partial(auroc, near=scored["id_test"][name]), away)
    for name, away in scored[TARGET].items()
}
kind_of = {name: "control" if name in CONTROLS else "way" for name in far}
marks = (
    pd.DataFrame(far)
    .melt(var_name="row")
    .assign(kind=lambda rows: rows["row"].map(kind_of))
)

# %%
TOLD = ["one network: entropy", "ensemble: mutual information", "feature distance"]
knows = {}
for name in [*TOLD, *CONTROLS]:
    said = "AUROC of a subject's frames against all of the source, mean over subjects"
    found = statistics.mean_over_subjects(far[name], far[name].index, said)
    knows[name] = replace(found, n_frames=len(subjects), split=TARGET)
for name in (TOLD[0], TOLD[2], "brightness"):
    key = name.replace(": ", "_").replace(" ", "_")
    lesson.add(f"uncertainty.{key}.ood_auroc", knows[name], TARGET)

# %%
told = listed([f"{name} {knows[name]}" for name in knows])
charts.dots(
    marks,
    f"AUROC, target above source, mean over {len(far[name])} subjects: {told}",
    "AUROC, target above source",
    mark=0.5,
    size=25,
    each=0.34,
    caption="A dot per subject of the target, against all frames of the source. Left "
    "of the line a way is surer on surgery that it has never seen.",
)

# %%
at_home = lesson.frames("id_test")
charts.table(
    pd.DataFrame(
        [
            (
                name,
                one.value,
                one.interval,
                false_positives(scored[TARGET][name], scored["id_test"][name]),
            )
            for name, one in knows.items()
        ],
        columns=["way or control", "AUROC", "its interval", "false positives at 95 %"],
    ),
    f"Out-of-distribution detection against {len(at_home)} source frames of "
    f"{at_home.table['subject'].nunique()} subjects",
    2,
)

# %% [markdown]
# An AUROC below one half means that a way is *surer* on surgery that it has never seen.
# Is that confidence? Entropy stands where an edge is drawn, and a network that marks
# less draws less of it: look at the row "marked area", which scores a frame the higher
# the less is marked. The same network's entropy and its ensemble's are one measure and
# can be compared; entropy and mutual information can't, and where the ensemble's two
# rows differ it is the measure that makes the difference, not the number of networks.
#
# Then hold every way against the controls. Black, brightness and chroma are read off
# the picture without any network. What does no better than they do has not been shown
# to know more than they do. And the source is the same few subjects for every subject
# of the target: the interval doesn't know of those, nor of chance in training, since
# another three members may answer otherwise.
#
# Does the distance see *anything* but the black? We lend the patients' surround to the
# source's frames: everything outside of a patient's view becomes black, and the tissue
# stays what it was. **What will the distance make of it, and what will brightness?**

# %%
lent = patients.view[np.linspace(0, len(patients) - 1, len(at_home)).astype(int)]
framed = np.where(lent[..., None], at_home.images, 0).astype(np.uint8)
equal, rows = foreign(framed, lent & at_home.valid), []
for name, near in equal.items():
    away, home = scored[TARGET][name], scored["id_test"][name]
    both = [by_subject(partial(auroc, near=one), away).mean() for one in (home, near)]
    rows.append((name, *both, auroc(near, home)))
columns = ["distance", "as they are", "source in a lent surround", "the surround alone"]
charts.table(
    pd.DataFrame(rows, columns=columns),
    "AUROC of the target, mean over subjects, and of the source against itself",
    2,
)

# %% [markdown]
# The last column says how loud the black alone is: the same pigs, with a borrowed
# surround against without. The third speaks of the rest of the picture, since both
# sides wear the black there. But read it beside the rows below: if brightness or
# chroma, taken inside the view, tells the two surgeries apart as well, then the
# distance need not know anything of anatomy. **A detector is worth what it has beyond
# the simplest thing that does it.**
#
# ## Sure of the right frames?
#
# Now the other question: within the target, does an order by uncertainty put the errors
# last? Two marks frame the answer. A **perfect order** sorts by the error itself, which
# nobody can; an order **by chance** has the mean error everywhere. A way's *excess* is
# where it lies between them: 0 perfect, 1 chance, above 1 upside down.
#
# One convention matters. Where nothing is marked on a bleeding frame, Dice is 0 and the
# risk 1. Is a network that marks nothing *sure*? Its entropy says so. Two masks that
# are both empty agree, if one says so, and their Dice is undefined; we draw the
# pairwise Dice both ways. So we also look at those frames alone that have a mark, on
# which the marked area is no arithmetic any more. **Which rows will change sides?**


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
def mean_aurc(score, risk):
    return by_subject(aurc, score, risk).mean()


def excess_of(score, risk):
    """0 where an order is perfect, 1 where it is as good as chance."""
    perfect, chance = mean_aurc(risk, risk), mean_aurc(0 * risk, risk)
    return (mean_aurc(score, risk) - perfect) / (chance - perfect)


has_mark = counts.predicted_area(counted[TARGET]) > 0
ON = {"all that bleed": risk[TARGET], "those with a mark": risk[TARGET].where(has_mark)}
excesses = pd.DataFrame(
    {
        said: {name: excess_of(one, some) for name, one in scored[TARGET].items()}
        for said, some in ON.items()
    }
)

# %%
perfect, chance = (
    mean_aurc(one, risk[TARGET]) for one in (risk[TARGET], 0 * risk[TARGET])
)
n_frames = [int(one.notna().sum()) for one in ON.values()]
charts.dots(
    charts.of_table(excesses),
    f"Excess AURC by way: 0 is the perfect order (AURC {number(perfect)}), 1 chance "
    f"({number(chance)}); {n_frames[0]} frames, {n_frames[1]} with a mark",
    "excess AURC, of means over subjects",
    mark=1,
    each=0.34,
    apart=0.2,
    caption="Left is better. Right of the line the surest frames are the worst.",
)

# %%
CURVES = [*TOLD, "ensemble: pairwise Dice (unmarked unsure)", "marked area"]
drawn = {"perfect order": risk_coverage(risk[TARGET], risk[TARGET])}
drawn |= {name: risk_coverage(scored[TARGET][name], risk[TARGET]) for name in CURVES}
drawn = {name: xy for name, xy in drawn.items() if len(xy[0])}
third = [f"{name} {number(np.interp(1 / 3, *xy))}" for name, xy in drawn.items()]
charts.lines(
    drawn or {"undefined": NOTHING},
    f"Risk of the surest third: {listed(third)}; of all {number(risk[TARGET].mean())}",
    "coverage",
    "risk (1 - Dice)",
    strong="perfect order",
    height=3.8,
    caption="All target frames with blood. A good order starts low, at left.",
)

# %% [markdown]
# A way to ask has to beat the marked area before it has shown to know of its errors. On
# all frames that area is hard to beat, since it is half arithmetic: where nothing is
# marked the risk is 1 (lesson 04 had a correlation of this kind). On the frames with a
# mark it is a control like any other. These are ratios of means of few subjects, and
# carry no test.

# %% [markdown]
# ### Exercise 3 · The surest half
#
# Write `surest(score, risk, share)`: the mean risk of the frames that are left when only
# a share of them is answered, those with the lowest scores. Both are arrays, and the
# number of frames is rounded.


# %% tags=["exercise"]
def surest(score, risk, share):
    # solution begins
    answered = np.argsort(score, kind="stable")[: round(share * len(score))]
    return np.mean(risk[answered])
    # solution ends


# %% tags=["check"]
check(
    lambda: (
        np.isclose(surest(np.array([3, 1, 2, 4]), np.array([9, 1, 3, 5]), 0.5), 2)
        and np.isclose(surest(np.arange(4), np.array([1, 2, 3, 6]), 1.0), 3)
    ),
    "Sort the frames by their score, keep the first ones, and take the mean of what "
    "they risk.",
)

# %% [markdown] tags=["solution"]
# Over all shares that is the curve above. One share is one point of it, and a way may be
# better at one share and worse at another.

# %% [markdown]
# ## An alarm that may stay silent
#
# The field calls this *abstention*, or selective prediction. The alarm sounds where the
# marked area in the view is large enough, and stays silent where the network is more
# unsure than on 95 % of the frames of `id_val`. Everything is chosen there, and nothing
# from the figures above: the area is that one of a few which tells bleeding frames from
# others best, and the way to ask is the one with the best order by error at home.
# **What will it do on the patients: miss, or fall silent?**

# %%
SIZES = (0.1, 0.2, 0.5, 1.0, 2.0)  # percent of the view


def area_in_view(split):
    return counts.predicted_area(counts.within(counted[split], "view"))


def balanced(area, bleeds, least):
    return np.nanmean([(area >= least)[bleeds].mean(), (area < least)[~bleeds].mean()])


good = [balanced(area_in_view("id_val"), bleeds["id_val"], one) for one in SIZES]
least_area = SIZES[int(np.nanargmax(good))]
by_home = {name: aurc(scored["id_val"][name], risk["id_val"]) for name in ways}
way = min(ways, key=lambda name: np.nan_to_num(by_home[name], nan=9))


# %%
def silences(asking, split, answered=95):
    """On which frames of a split a way stays silent."""
    return scored[split][asking] > scored["id_val"][asking].quantile(answered / 100)


# %%
SHARES = {"true_alarms": "alarms that are true", "missed": "bleeding missed"}
SHARES |= {"always": "true, if every frame raised one"}
SHARES |= {"unanswered": "bleeding unanswered", "abstained": "frames unanswered"}
policy = {}
for split in SPLITS:
    silent, of = silences(way, split), counted[split]["subject"]
    alarm = (area_in_view(split) >= least_area) & ~silent
    each = {
        "true_alarms": bleeds[split].astype(float).where(alarm),
        "missed": (~alarm & ~silent).astype(float).where(bleeds[split]),
        "unanswered": silent.astype(float).where(bleeds[split]),
        "abstained": silent.astype(float),
    }
    each["always"] = bleeds[split].astype(float)
    for name, values in each.items():
        found = statistics.mean_over_subjects(values, of, f"policy: {SHARES[name]}")
        policy[name, split] = replace(found, split=split)

# %%
for split in SPLITS:
    lesson.add(f"policy.{split}.missed", policy["missed", split], split)
missed = listed([f"{policy['missed', one]} on {name_of(one)}" for one in SPLITS])
quiet = listed([f"{policy['unanswered', one]}" for one in SPLITS])
marks = pd.DataFrame(
    [
        (said, split, one.value, one.low, one.high, one.wide)
        for name, said in SHARES.items()
        for split in SPLITS
        for one in [policy[name, split]]
    ],
    columns=["row", "kind", "value", "low", "high", "wide"],
)

# %%
charts.dots(
    marks.astype({"low": float, "high": float}),
    f"Bleeding missed without a word: {missed}; unanswered: {quiet}",
    "share, mean over subjects",
    apart=0.3,
    caption=f"An alarm from {least_area:g} % of the view on, silent by {way}. "
    "Unanswered: met with silence.",
)

# %% [markdown]
# An alarm that knew of its errors would fall silent on what it misses, and keep what it
# gets right. So we look where the silence of each way falls, patient by patient, and
# set the controls beside them. **Could we have known that this is another surgery, and
# would it have helped?**

# %%
large = area_in_view(TARGET) >= least_area
CASES = {"misses": bleeds[TARGET] & ~large, "right alarms": bleeds[TARGET] & large}
GATES = list(dict.fromkeys([way, *TOLD, *CONTROLS]))
parts = []
for name in GATES:
    for said, where in CASES.items():
        silent = silences(name, TARGET).astype(float).where(where)
        means = statistics.subject_means(silent, subjects)
        parts.append(pd.DataFrame({"row": name, "kind": said, "value": means}))
quiet_on = pd.concat(parts)
share = quiet_on.groupby(["row", "kind"])["value"].mean().unstack().reindex(GATES)
share = share.reindex(columns=CASES)

# %%
who = [int((where.groupby(subjects).sum() > 0).sum()) for where in CASES.values()]
shown_gates = share.loc[list(dict.fromkeys([way, "feature distance"]))]
about_gates = [
    f"{name} {number(one)} and {number(two)}"
    for name, one, two in shown_gates.itertuples()
]
charts.dots(
    quiet_on,
    f"Silent on misses ({CASES['misses'].sum()} frames of {who[0]} subjects) and on "
    f"right alarms ({CASES['right alarms'].sum()} of {who[1]}): {listed(about_gates)}",
    "share of them met with silence, mean of a subject",
    apart=0.3,
    size=25,
    caption="A gate that knows its errors has the bar of misses far to the right of "
    "the other. For the marked area the other is 0 by arithmetic.",
)

# %% [markdown]
# A gate with both bars at the left lets the misses through without a word. One with
# both bars at the right has noticed the other surgery and answers nothing: no miss, and
# no alarm, so somebody has to look. That is an honest answer to "could we have known",
# and where black or brightness give it as well, it took no network. Read the figure as
# the clinician of the first page would: would you leave it switched on?
#
# ### Turn the silence yourself
#
# The alarm above answers on 95 % of the frames of `id_val`. **If it answers on fewer,
# which goes first on the target: what it misses, or what it gets right?** Choose a way
# to ask or a control, and turn the share down.


# %%
def with_silence(asking, answered, of):
    split = dict(zip(places, SPLITS))[of]
    silent, bled = silences(asking, split, answered), bleeds[split]
    large, owners = area_in_view(split) >= least_area, counted[split]["subject"]
    cases = {
        "right alarms": bled & large & ~silent,
        "missed bleeding": bled & ~large & ~silent,
        "silent on bleeding": bled & silent,
        "false alarms": ~bled & large & ~silent,
    }
    numbers = {name: one.sum() for name, one in cases.items()}
    found = [
        f"{name} {one.sum()} (of {owners[one].nunique()} subjects)"
        for name, one in cases.items()
    ]
    said = f"Answering on {answered:g} % at home, frames of {of}: {', '.join(found)}."
    drawn = play.bars(numbers, (0, len(bled)), form=".0f", about="Frames")
    whole = dict.fromkeys(numbers, ".0f")
    return play.Scene(said, numbers=numbers, forms=whole, drawing=drawn)


# %%
controls = [
    play.Choice("asking", "silent by", [*ways, *CONTROLS], way),
    play.Choice("of", "frames of", places, places[1]),
    play.Slider("answered", "answered at home, %", [50, 60, 70, 80, 90, 95, 100], 95),
]
play.Interactive("silence", controls, with_silence, "An alarm that may stay silent")

# %% [markdown]
# Silence is worth something where it takes a larger share of what is wrong than of what
# is right. These are counts of frames, and frames of one subject resemble each other:
# look at how many subjects stand behind a number.
#
# ### Exercise 4 · What would you switch on? (open)
#
# Choose another share than 95 % for the silence. What do you win, what do you lose, and
# on which split may you look while you choose? Write two sentences for a clinician.

# %% tags=["quiz"]
quiz(
    (
        "At home a network is calibrated. What do we know of its probabilities abroad?",
        {
            "They mean the same there.": "No: that was measured at home only.",
            "Nothing, until somebody labels frames there.": "Yes: shift can move them "
            "to either side.",
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
            "What a trivial control gets.": "Yes: black or brightness may do it too.",
            "How many parameters it has.": "No: that says nothing about what it sees.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# - Calibration is a property of a network *and* a domain: measured at home, it says
#   nothing of abroad. And no calibration error shows the blood on which a network is
#   sure, and wrong.
# - Being unsure, disagreeing and being far from the training are three things. Each is
#   judged by what it is for: to notice another surgery, or to put errors last.
# - Brightness needs no network. What a detector is worth is what it has beyond that.
#
# **Doubt** a confidence that was only measured at home, and a detector without a control
# beside it. And where this page says phantom, doubt that real surgery would give these
# numbers: drawing shows how to ask, and not what the answer is.
