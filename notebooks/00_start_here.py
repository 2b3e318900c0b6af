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
# **You will be able to** say what domain shift is, tell its three kinds apart, run this
# course where you are, and find your way through it. **You need** nothing: no GPU, no
# data set, some Python. **It takes** about 15 minutes.
#
# A surgeon needs to see blood early. A network can learn to mark it, frame by frame, and
# be judged on the kind of operation that it learned from. Then it is carried into
# another operating room: another camera, another light, other organs, a human instead
# of a pig. This is **domain shift**, and the course is about what happens then.
#
# The course is made for two data sets: *HemoSet*, robotic surgery in pigs, to learn on,
# and *CholecSeg8k*, keyhole surgery in people, to test on. Further down this page says
# whether this run has them or drawings of them. A second question runs beside the first:
# **how do we measure so that we don't fool ourselves?** The
# [study](https://github.com/youssof20/surgical-blood-generalization) that this course
# started from reported a collapse. Its open code and tables let us see that it had
# measured the wrong organ, and a few other things that could happen to anybody. One of
# them happened to us as well; lesson 03 tells it.

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

# %% [markdown]
# ## Does everything fit?
#
# Before any lesson: are the packages there, do they fit each other, and what will the
# network run on?

# %%
import pandas as pd

from helpers import charts, play, settings
from helpers.cells import quiz
from helpers.lesson import begin

print(settings.ready())
print("Networks run on:", settings.device())

# %%
versions = pd.DataFrame(settings.versions().items(), columns=["package", "version"])
charts.table(versions, "What this page was made with")

# %% [markdown]
# ## Which surgery is here?
#
# The course looks for `hemoset/` and `cholecseg8k/` in its `data/` folder. Where they
# are absent it *draws* two kinds of surgery, a phantom, and writes it to disk in the
# very layouts of the two data sets, so that what reads the phantom is what will read
# the real frames. **A number made from the phantom teaches the method. It says nothing
# about patients.**

# %%
lesson = begin(profile, seed, data)

# %% [markdown]
# Every frame belongs to a **subject**, a pig or a patient. Neighbouring frames of one
# subject are almost the same picture, so everything in this course is divided, averaged
# and compared by subject. How many subjects do we have for each purpose?

# %%
packs = [lesson.domains.source, lesson.domains.target]
packs += [lesson.domains.wished] if lesson.drawn else []
frames = pd.concat([packed.table for packed in packs], ignore_index=True)
splits = frames.groupby("split", sort=False)
rows = splits.agg(frames=("frame", "size"), subjects=("subject", "nunique"))
charts.table(
    rows.reset_index(),
    "The splits of this run; the wished-for ones hold the target's subjects again",
)

# %% [markdown]
# | split | what it is for |
# |---|---|
# | `train` | the network learns from these subjects of the source |
# | `id_val` | chooses the epoch, and all else that must be chosen *in domain* |
# | `id_test` | held out: how good is the network where it belongs? |
# | `ood_val` | subjects of the target that may be looked at when something is chosen |
# | `ood_test` | held out, *out of domain*: the question of this course |
# | `ood_wished` | the benchmark one would wish for, with blood in every patient; on the phantom only, whose patients are drawn again with more blood (`ood_wished_val` beside it, to choose on) |
#
# A frame that would have had as much blood anyway is the same in both benchmarks, to
# the pixel, so the two are no independent samples. How many are there?

# %% tags=["phantom"]
there = {image.tobytes() for image in lesson.frames("ood_test").images}
wished = lesson.frames("ood_wished").images
same = sum(image.tobytes() in there for image in wished)
print(f"{same} of the {len(wished)} frames of ood_wished are in ood_test, too")

# %% [markdown]
# One frame of each domain, before any explanation; drag to the next pair. The line is
# the edge of the blood, where there is any. **What would you expect a network
# that has learned on the first to do on the second?**


# %%
def one_of_each_subject(split, most=6):
    packed = lesson.frames(split)
    rows = packed.table.drop_duplicates("subject").index[:most]
    return [
        play.Picture(
            lesson.domains.picture(split, row),
            packed.table["subject"].iloc[row],
            packed.blood[row],
            packed.valid[row],
        )
        for row in rows
    ]


left, right = one_of_each_subject("train"), one_of_each_subject("ood_test")


# %%
def pair(place):
    both = [some[(place - 1) % len(some)] for some in (left, right)]
    share = [100 * one.blood[one.valid].mean() for one in both]
    said = [f"{one.title} with {s:.1f} % blood" for one, s in zip(both, share)]
    return play.Scene(f"On the left {said[0]}, on the right {said[1]}.", both)


handle = play.Slider("place", "pair", range(1, max(len(left), len(right)) + 1))
title = "Two kinds of surgery, subject by subject"
play.Interactive("pairs", [handle], pair, title)

# %% [markdown]
# The first fills the picture with tissue, as a robot's camera sees it. The second is a
# round view through a keyhole, with black around it and organs of several colours. Keep
# the black in mind.
#
# ## Three kinds of shift
#
# A network learns from pairs: a picture, and the answer that somebody gave for it.
# Elsewhere, three things can be different. The field has a name for each.
#
# | | what differs | outside of surgery | in surgery |
# |---|---|---|---|
# | **covariate shift** | what the pictures look like; the same picture would get the same answer | A program learned cats from photographs and is shown drawings of cats. | Another lamp and another camera make blood look different. It is still blood. |
# | **label shift**, or a shift of prevalence | how often each answer occurs | A test was tuned in a clinic where every third visitor is ill. Then it is offered to a whole town. | In one clinic's videos every second frame shows blood, in another's hardly any. |
# | **concept shift** | which answer is given to the same picture | What one person calls spam is another's newsletter. | One team outlines pools only. Another marks stained tissue as well. |
#
# Each is told by something else. A covariate shift can be seen in pictures alone. For a
# shift of prevalence one has to know the answers, or at least how often each occurs. A
# concept shift hides best: to see it, two people have to label the *same* frames. **Which of the three lie between HemoSet and CholecSeg8k?** Look at the pair
# above and at the column of frames with blood in lesson 01, before you open the answers
# to the questions at the end of this page.
#
# ## The lessons
#
# | | lesson | the question |
# |---|---|---|
# | 01 | [Explore two surgeries](01_explore_two_surgeries.ipynb) | How different are the two domains, and which subjects bleed at all? |
# | 02 | [Train a U-Net](02_train_a_unet.ipynb) | How does a network learn blood, and what does its loss never see? |
# | 03 | [Evaluate out of domain](03_evaluate_out_of_domain.ipynb) | Where does it err on the other kind of surgery, how much, and how sure can we be? |
# | 04 | [Correlate failures](04_correlate_failures.ipynb) | Which properties of a frame go with failure, and what is arithmetic? |
# | 05 | [Re-examine a published claim](05_reexamine_a_published_claim.ipynb) | Which habits of measurement made a collapse, what is left of it, and is the way back the same? |
# | 06 | [What breaks the model?](06_what_breaks_the_model.ipynb) | Which of seven changes of the image does the harm, and does the answer pass a placebo? |
# | 07 | [Close the gap](07_close_the_gap.ipynb) | What helps on patients that no remedy has seen? |
# | 08 | [When does it start to bleed?](08_when_does_it_bleed.ipynb) | When does it bleed, how often and how long, on a camera that moves, and what would "always" have scored? |
# | 09 | [Without training, and with a click](09_without_training_and_with_a_click.ipynb) | Does a method that never trained survive new surgery, and what is a click worth? |
# | 10 | [What a heatmap shows](10_what_a_heatmap_shows.ipynb) | What does a picture of the network's inside show, and what would it show of a network that learned nothing? |
# | 11 | [When to be silent](11_when_to_be_silent.ipynb) | Could the network, or we, have known that it breaks? |
# | 12 | [Your own two domains](12_your_own_two_domains.ipynb) | What can your two folders tell, and what can they not? |
#
# Each lesson from 01 on has exercises: a cell to complete, a check that tells right from
# wrong, and a folded solution. Each closes with questions, as this page does.
#
# ## How to run it
#
# - **On a laptop:** `make report` executes every lesson and writes the pages; `make lab`
#   opens copies of the lessons in JupyterLab, where the sliders are live.
# - **On Colab:** the link at the top of each lesson. A GPU (Runtime, Change runtime type)
#   makes the `full` profile possible.
# - **On Binder:** it reads `environment.yml`. It has little memory: stay with `quick`.
# - **With your own two domains:** `make report SOURCE=... TARGET=...`; `data/README.md`
#   shows the layouts.

# %% tags=["quiz"]
quiz(
    (
        "A hospital buys brighter lamps. Which kind of shift is that?",
        {
            "Covariate shift.": "Yes: the pictures change, and what is blood in them "
            "does not.",
            "Label shift.": "No: patients bleed as often as before.",
            "Concept shift.": "No: the same picture would still get the same answer.",
        },
    ),
    (
        "A set that was made to learn blood from shows it often. CholecSeg8k shows it "
        "in one patient of 17. Which shift is there, whatever the pictures look like?",
        {
            "Label shift: blood is common here and rare there.": "Yes: and a network "
            "that learned to expect blood will tend to find some.",
            "No shift, since blood is blood.": "No: how often it occurs has changed.",
            "Concept shift.": "No: that would be another rule for what to mark. It may "
            "be there as well, but rarity does not show it.",
        },
    ),
    (
        "Nobody has labelled frames of both data sets by one rule. What follows?",
        {
            "There is no concept shift.": "No: nobody has looked.",
            "Some of the loss may be a difference of opinion, and we can't tell how "
            "much.": "Yes: this is a limit of the data, and no method mends it.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw two kinds of surgery, three ways in which they may differ, and the names that
# the course gives to its splits.
# **Doubt** what a small number of subjects can tell you, wherever the frames are many.
# And where a page says *phantom*, doubt that a patient would look like this.
