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
# # 00 · Start here
#
# [Open in Colab]($COLAB/00_start_here.ipynb) · [the next lesson](01_explore_two_surgeries.ipynb)
#
# **You will be able to** say what domain shift is, run this course where you are, and find your way through it.
# **You need** nothing: no GPU, no data set, some Python. **It takes** about 10 minutes.
#
# A surgeon needs to see blood early. A network can learn to mark it, frame by frame, and do it well on the kind of
# operation that it learned from. Then it is carried into another operating room: another camera, another light, other
# organs, a human instead of a pig. This is **domain shift**, and the course is about what happens then.
#
# The network here learns on *HemoSet*, robotic surgery in pigs, and is tested on *CholecSeg8k*, keyhole surgery in people.
# A second question runs beside the first: **how do we measure so that we don't fool ourselves?** The study that this course
# started from reported a collapse. Its open code and tables let us see that it had measured the wrong organ, and a few other
# things that could happen to anybody.

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

# %% [markdown]
# ## Does everything fit?
#
# Before any lesson: are the packages there, do they fit each other, and what will the network run on?

# %%
import pandas as pd

from helpers import domains, environment, figures, results, settings

print(environment.check())
print("Networks run on:", settings.device())
figures.table(pd.DataFrame(environment.versions().items(), columns=["package", "version"]), "What this page was made with")

# %% [markdown]
# ## Which surgery is here?
#
# The course looks for `hemoset/` and `cholecseg8k/` in its `data/` folder. Where they are absent it *draws* two kinds of
# surgery, a phantom, and writes it to disk in the very layouts of the two data sets, so that what reads the phantom is what
# will read the real frames. **A number made from the phantom teaches the method. It says nothing about patients.**

# %%
course = settings.course(profile, seed, data, source, target, on_bad, public)
surgeries = domains.gather(course)
record = results.begin(surgeries)

# %% [markdown]
# Every frame belongs to a **subject**, a pig or a patient. Neighbouring frames of one subject are almost the same picture, so
# everything in this course is split, averaged and compared by subject. How many subjects do we have in each split?

# %%
packs = [packed for packed in (surgeries.source, surgeries.target, surgeries.wished) if packed is not None]
frame_table = pd.concat([packed.table for packed in packs], ignore_index=True)
rows = frame_table.groupby("split", sort=False).agg(frames=("frame", "size"), subjects=("subject", "nunique")).reset_index()
rows["who"] = rows["split"].map(figures.name_of)
figures.table(rows, "The splits of this run; no subject stands in two of them")

# %% [markdown]
# | split | what it is for |
# |---|---|
# | `train` | the network learns from these pigs |
# | `id_val` | chooses the epoch, and everything else that must be chosen, *in domain* |
# | `id_test` | pigs that were never looked at: how good is the network where it belongs? |
# | `ood_val` | patients that may be looked at when something is chosen for them |
# | `ood_test` | patients that were never looked at, *out of domain*: the question of this course |
# | `ood_wished` | the benchmark one would wish for, with blood in every patient; it exists on the phantom only |
#
# One frame of each, before any explanation. **What would you expect a network trained on the first row to do on the second?**

# %%
shown = [("train", 0), ("id_test", 0), ("ood_test", 0), ("ood_val", 0)]
pictures = [surgeries.picture(split, row) for split, row in shown]
figure = figures.strip(pictures, [figures.name_of(split) for split, _ in shown], columns=2, title="Two kinds of surgery")
figures.show(figure, "Four frames. Above, bright red-pink tissue that fills the picture, seen by a robot's camera; below, "
                     "a round, darker view on black with organs of several colours, seen through a keyhole.")

# %% [markdown]
# ## The lessons
#
# | | lesson | the question |
# |---|---|---|
# | 01 | [Explore two surgeries](01_explore_two_surgeries.ipynb) | How different are the two domains, and which subjects bleed at all? |
# | 02 | [Train a U-Net](02_train_a_unet.ipynb) | How does a network learn blood, and who chooses when to stop? |
# | 03 | [Evaluate out of domain](03_evaluate_out_of_domain.ipynb) | What is left of it on the other kind of surgery, and how sure can we be? |
# | 04 | [Correlate failures](04_correlate_failures.ipynb) | Which properties of a frame go with failure, and what may we conclude? |
# | 05 | [Re-examine a published claim](05_reexamine_a_published_claim.ipynb) | Which habits of measurement made a collapse, and what is left of it? |
# | 06 | [What breaks the model?](06_what_breaks_the_model.ipynb) | Which change of the image does the harm, and is that the true cause? |
# | 07 | [Close the gap](07_close_the_gap.ipynb) | What helps on patients that no remedy has seen? |
#
# ## How to run it
#
# - **On a laptop:** `make report` executes every lesson and writes the pages; `make lab` opens the lessons in JupyterLab, where
#   the sliders are live.
# - **On Colab:** the link at the top of each lesson. A GPU (Runtime, Change runtime type) makes the `full` profile possible.
# - **On Binder:** it reads `environment.yml`; choose a lesson in the file list. It has little memory: stay with `quick`.
# - **With your own two domains:** `make report SOURCE=... TARGET=...`; `data/README.md` shows the layouts.
#
# ## What you saw, and what to doubt
#
# You saw two kinds of surgery and the names that the course gives to its splits. **Doubt** what a small number of subjects can
# tell you, wherever the frames are many. And where a page says *phantom*, doubt that a patient would look like this.
