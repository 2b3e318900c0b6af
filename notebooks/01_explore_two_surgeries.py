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
# **You will be able to** read both data sets, put a number on how far apart they are, and tell who bleeds before you trust a
# number about bleeding. **You need** lesson 00. **It takes** about 20 minutes.
#
# Nothing is trained here. Looking comes first: most mistakes in this field could have been seen with the naked eye.

# %% tags=["setup"]
# At home this does nothing. On Colab it fetches the course and installs only what is missing.
import os
import subprocess
import sys

if "google.colab" in sys.modules:
    if not os.path.isdir("/content/course"):
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", "$REPOSITORY", "/content/course"], check=True)
    os.chdir("/content/course/notebooks")
    sys.path.insert(0, "/content/course")
    from helpers import environment

    environment.install_missing()

# %% tags=["parameters"]
profile = "quick"  # smoke: a few frames; quick: a laptop; full: a GPU, and real data where it is
seed = 0
data = ""  # a folder with hemoset/ and cholecseg8k/; "" looks in the course's own data/
source = ""  # a folder of your own that takes HemoSet's place
target = ""  # and one that takes CholecSeg8k's
on_bad = "stop"  # or "skip": leave bad frames out, and say which
public = False  # True keeps real frames out of the pictures

# %%
import numpy as np
import pandas as pd

from helpers import counts, domains, figures, frames, results, settings, shift

course = settings.course(profile, seed, data, source, target, on_bad, public)
surgeries = domains.gather(course)
record = results.begin(surgeries)

# %% [markdown]
# ## Two data sets
#
# | | source | target |
# |---|---|---|
# | name | HemoSet (Miao et al., ISMR 2024) | CholecSeg8k (Hong et al., 2020) |
# | surgery | robotic thyroidectomy | laparoscopic cholecystectomy |
# | subject | a live pig | a human patient |
# | label | blood or not | 13 classes, blood is one of them |
# | mask file | a palette image with the values 0 and 1 | three equal channels of class greys |
# | licence | none stated | CC BY-NC-SA 4.0 |
#
# The cards in `data/README.md` tell more, known faults included. In this run:

# %%
domain_packs = {"source": surgeries.source, "target": surgeries.target}
if surgeries.wished is not None:
    domain_packs["wished"] = surgeries.wished
rows = [{"domain": domain, "frames": len(packed), "subjects": packed.table["subject"].nunique(),
         "clips": packed.table["clip"].nunique(), "frames with blood": int(packed.blood.any(axis=(1, 2)).sum())}
        for domain, packed in domain_packs.items()]
figures.table(pd.DataFrame(rows), "What is in the data of this run")

# %% [markdown]
# ## Side by side
#
# The blue line is the label's edge. **Which cues could a network use to find blood above? Which of them still hold below?**


# %%
def example(split: str, row: int) -> np.ndarray:
    packed = surgeries.of(split)
    return figures.overlay(surgeries.picture(split, row), packed.blood[row], packed.valid[row])


def bleeding_rows(split: str, number: int) -> np.ndarray:
    rows = np.flatnonzero(surgeries.of(split).blood.any(axis=(1, 2)))
    return rows[np.linspace(0, len(rows) - 1, number).astype(int)]


chosen = [(split, row) for split in ("train", "ood_test") for row in bleeding_rows(split, 4)]
titles = [surgeries.of(split).table["subject"].iloc[row] for split, row in chosen]
figure = figures.strip([example(split, row) for split, row in chosen], titles, title="Blood in the source (above) and in the target")
figures.show(figure, "Eight frames with the blood outlined in blue. Above, four pigs: bright tissue, large pools. Below, four frames "
                     "of the target: a dark round view, small dark stains among organs of several colours.")

# %% [markdown]
# ## What a label is made of
#
# CholecSeg8k's label names 13 classes. Blood is one number in a mask file, and the next number is another organ: this is
# where the study that we start from took a wrong turn (lesson 05). A white border and a few unlabelled patches are *unknown*:
# neither blood nor not blood, so they count nowhere.

# %%
row = bleeding_rows("ood_test", 3)[1]
packed = surgeries.of("ood_test")
figure = figures.classes(surgeries.picture("ood_test", row), packed.classes[row], "A label has many organs and very little blood")
present = [entry.name for entry in frames.CLASSES if (packed.classes[row] == entry.id).any()]
figures.show(figure, "A target frame beside its label. Classes present: " + ", ".join(present) + ".")

# %% [markdown]
# How much of an average target frame is each class? **Guess where blood stands in this list.**

# %%
known = surgeries.target.valid.sum()
rows = [{"class": entry.name, "percent of valid pixels": 100 * (surgeries.target.classes == entry.id).sum() / known,
         "subjects with it": surgeries.target.table["subject"][(surgeries.target.classes == entry.id).any(axis=(1, 2))].nunique()}
        for entry in frames.CLASSES]
rows = pd.DataFrame(rows).sort_values("percent of valid pixels", ascending=False)
if (surgeries.target.classes != frames.UNKNOWN).any():
    figures.table(rows, "The classes of the target, by area", digits=2)

# %% [markdown]
# ## Who bleeds?
#
# A mean over frames hides who they belong to. **Of how many patients is every number about "blood out of domain" then?**

# %%
rows = []
for domain, packed in domain_packs.items():
    bleeds = pd.Series(packed.blood.any(axis=(1, 2))).groupby(packed.table["subject"].to_numpy()).any()
    rows.append({"domain": domain, "subjects": len(bleeds), "subjects with blood": int(bleeds.sum()),
                 "who": ", ".join(bleeds.index[bleeds]) if bleeds.sum() <= 3 else "most" if not bleeds.all() else "all"})
figures.table(pd.DataFrame(rows), "Subjects with blood in at least one frame")
bleeding = {row["domain"]: row for row in rows}
record.say("In the target, blood occurs in {n} of {all} subjects. Whatever we find there about *finding* blood is a finding about "
           "{n} subject(s), however many frames there are; whatever we find about *false alarms* rests on all of them.",
           n=bleeding["target"]["subjects with blood"], all=bleeding["target"]["subjects"])

# %% [markdown]
# ## Light and colour, by subject
#
# For each frame: the means of red, green and blue, the brightness and the saturation, over its valid pixels.

# %%
statistics = {}
for domain, packed in domain_packs.items():
    table = shift.image_statistics(packed.images, packed.valid)
    coverage = counts.coverage(counts.count(packed.blood, packed.blood, packed.valid)).to_numpy()
    statistics[domain] = table.assign(coverage=coverage, subject=packed.table["subject"].to_numpy())
means = pd.DataFrame({domain: table.drop(columns="subject").groupby(table["subject"]).mean().mean()
                      for domain, table in statistics.items()}).rename_axis("property").reset_index()
figures.table(means, "Mean over frames, then over subjects; coverage in percent of valid pixels")

# %% [markdown]
# Each dot below is a frame and each bar a subject. **Which differ more: two pigs, or a pig and a patient?**

# %%
pair = {domain: statistics[domain] for domain in ("source", "target")}
bright = means.set_index("property").loc["brightness"]
title = f"The target is {'darker' if bright['target'] < bright['source'] else 'brighter'}: {bright['target']:.2f} against {bright['source']:.2f}"
figure = figures.by_subject(pair, "brightness", title, "brightness (0 black, 1 white)")
figures.show(figure, f"Brightness of each frame by subject. Source subjects lie around {bright['source']:.2f}, target subjects around "
                     f"{bright['target']:.2f}; subjects of one domain differ among themselves as well.")

# %%
bleeds = bleeding["target"]["subjects with blood"]
title = f"{bleeds} of {bleeding['target']['subjects']} target subjects have any blood"
figure = figures.by_subject(pair, "coverage", title, "blood, percent of valid pixels")
figures.show(figure, "Blood coverage of each frame by subject: every source subject spreads from nearly nothing to large pools; "
                     f"in the target, subjects that have any: {bleeds}.")

# %% [markdown]
# ## How far apart?
#
# The **Fréchet distance** puts a Gaussian around each domain's five statistics and compares the two,
#
# $$ d^2 = \lVert \mu_1 - \mu_2 \rVert^2 + \operatorname{tr}\left(\Sigma_1 + \Sigma_2 - 2(\Sigma_1\Sigma_2)^{1/2}\right) . $$
#
# Brightness is a sum of red, green and blue, so the five numbers are really four. The **energy distance** needs no Gaussian:
# it compares how far apart frames of different domains are with how far apart frames of the same domain are,
#
# $$ E = 2\,\mathbb{E}\lVert X - Y \rVert - \mathbb{E}\lVert X - X' \rVert - \mathbb{E}\lVert Y - Y' \rVert . $$

# %%
PROPERTIES = ["mean_R", "mean_G", "mean_B", "brightness", "saturation"]
ours, theirs = statistics["source"][PROPERTIES].to_numpy(), statistics["target"][PROPERTIES].to_numpy()
n_subjects = sum(statistics[domain]["subject"].nunique() for domain in pair)
shared = {"n_frames": len(ours) + len(theirs), "n_subjects": n_subjects, "data": surgeries.data, "split": "source and target"}
record.add("domain_gap.frechet", results.Result(shift.frechet(ours, theirs), **shared,
           estimand="squared Fréchet distance between Gaussians of five image statistics of the two domains"))
record.add("domain_gap.energy", results.Result(shift.energy_distance(ours, theirs), **shared,
           estimand="energy distance between the five image statistics of the two domains"))
record.say("Fréchet {domain_gap.frechet:.3f}, energy distance {domain_gap.energy:.3f}.")

# %% [markdown]
# Is that much? A number without a scale says little. **What would the distance be between two halves of the same domain**,
# split at random *by subject*? If the two domains were one, their distance would lie among these.


# %%
def between_halves(table: pd.DataFrame, rounds: int = 200) -> np.ndarray:
    random, subjects = np.random.default_rng(course.seed), table["subject"].unique()
    found = []
    for _ in range(rounds):
        half = np.isin(table["subject"], random.permutation(subjects)[: len(subjects) // 2])
        found.append(shift.energy_distance(table[half][PROPERTIES].to_numpy(), table[~half][PROPERTIES].to_numpy()))
    return np.array(found)


null = np.concatenate([between_halves(statistics[domain]) for domain in pair])
share = float((null >= record["domain_gap.energy"].value).mean())
title = f"The gap between domains exceeds {100 * (1 - share):.0f} % of the gaps within them"
figure = figures.distance(null, record["domain_gap.energy"].value, title, "energy distance")
figures.show(figure, "Histogram of energy distances between random halves of one domain, from "
                     f"{null.min():.2f} to {null.max():.2f}, with a line at {record['domain_gap.energy'].value:.2f} for the "
                     "distance between source and target.")

# %% [markdown]
# ## What you saw, and what to doubt
#
# The two domains differ in light, colour, shape of the view and organs, and they differ more than subjects of one domain do.
# **Doubt** that a distance between image statistics says what will go wrong: it knows nothing of blood. And doubt any figure
# about blood in the target until you have asked in how many patients it was measured.
