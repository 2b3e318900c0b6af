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
# # 03 · Evaluate out of domain
#
# [Open in Colab]($COLAB/03_evaluate_out_of_domain.ipynb) · [before](02_train_a_unet.ipynb) · [next](04_correlate_failures.ipynb)
#
# **You will be able to** measure a segmentation network where it was not trained, subject by subject, with an interval where one
# is honest and a plain word where it is not. **You need** lessons 01 and 02. **It takes** about 30 minutes.

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

from helpers import counts, domains, explore, figures, results, runs, settings, statistics

course = settings.course(profile, seed, data, source, target, on_bad, public)
surgeries = domains.gather(course, runs.folds(course)[0])
record = results.begin(surgeries)

# %% [markdown]
# ## Four numbers per frame
#
# The network of lesson 02 meets frames of pigs and patients that had no say in anything. For each frame we keep four counts of
# valid pixels and nothing else: blood that was marked (`tp`), marked but not blood (`fp`), blood that was not marked (`fn`),
# and the rest (`tn`). **Counts are stored, ratios are derived.**

# %%
splits = surgeries.present("id_test", "ood_test", "ood_wished")
predictions = runs.predicted(course, tuple(splits))
per_frame = runs.counted(predictions)
columns = ["split", "subject", "clip", "frame", "tp", "fp", "fn", "tn"]
figures.table(per_frame[columns].groupby("split", sort=False).head(2), "The first rows: a frame each")

# %% [markdown]
# $$ \text{Dice} = \frac{2\,tp}{2\,tp + fp + fn} \qquad \text{IoU} = \frac{tp}{tp + fp + fn} $$
#
# $$ \text{precision} = \frac{tp}{tp + fp} \qquad \text{recall} = \frac{tp}{tp + fn} $$
#
# **What is the Dice of a frame without blood on which nothing is marked?** Zero over zero: it is undefined, and stays so. Some
# add a tiny number above and below to make it 1. Then an empty operating room raises the score. We ask two questions instead:
# where there *is* blood, how well is it outlined? Where there is *none*, is there an alarm?

# %%
MEASURES = {"dice": counts.dice, "iou": counts.iou, "precision": counts.precision, "recall": counts.recall}
for name, measure in MEASURES.items():
    per_frame[name] = counts.on_blood(measure, per_frame)
per_frame["false_alarm_rate"] = counts.false_alarm(per_frame)
per_frame["false_area"] = counts.on_clean(counts.false_area, per_frame)
NAMES = [*MEASURES, "false_alarm_rate", "false_area"]
frames_once = per_frame.groupby(["split", "subject", "clip", "frame"], sort=False)[NAMES].mean().reset_index()

# %% [markdown]
# ## From frames to subjects
#
# Where several networks were trained, one per fold, a frame's figure is its mean over them. And a hundred frames of one patient are one patient, seen a hundred times. So: the mean over a subject's frames, then the mean over
# subjects. An interval over subjects is offered only where its coverage was checked (lesson 05) and where it says something;
# with few subjects we list them instead.

# %%
rows = []
for split in splits:
    part = frames_once[frames_once["split"] == split]
    for name in NAMES:
        kind = "clean frames" if name.startswith("false") else "frames with blood"
        top = 100.0 if name == "false_area" else 1.0
        estimate = statistics.mean_over_subjects(part[name], part["subject"], bounds=(0.0, top),
                                                 estimand=f"{name}: mean over {kind} of a subject, then over subjects")
        kept = record.estimate(f"{split}.{name}", estimate, surgeries.data_of(split), split,
                               "percent of valid pixels" if name == "false_area" else "")
        rows.append({"split": figures.name_of(split), "measure": name, "value": kept.value, "low": kept.low, "high": kept.high,
                     "subjects": kept.n_subjects, "frames": kept.n_frames})
figures.table(pd.DataFrame(rows), "The result; a dash where nothing can be said")

# %% [markdown]
# **Before you look at the picture: which of the rows do you trust least, and why?**

# %%
means = {split: statistics.subject_means(part["dice"], part["subject"]) for split, part in frames_once.groupby("split", sort=False)}
inside, outside = record["id_test.dice"], record["ood_test.dice"]
title = f"Dice falls from {inside:.2f} on unseen pigs to {outside:.2f} on unseen patients"
words = "; ".join(f"{figures.name_of(split)}: {', '.join(f'{name} {value:.2f}' for name, value in series.items())}"
                  for split, series in means.items())
figure = figures.subject_dots(means, title, "Dice on frames with blood, mean of a subject")
figures.headline("dice_by_subject", figure, f"A dot per subject. {words}.",
                 "Each dot is one pig or one patient; the bar is their mean. Count the dots before you read the mean.")

# %%
record.say("On unseen pigs Dice is {id_test.dice:.2f} ({id_test.dice.interval}). On unseen patients it is {ood_test.dice:.2f} "
           "({ood_test.dice.interval}). {verdict}", verdict=(
    "**One subject is behind the second number. What another patient would give, we can't know from it.**"
    if outside.n_subjects == 1 else f"{outside.n_subjects} subjects are behind the second number."))

# %% [markdown]
# ## Where there is no blood
#
# A frame without blood can go wrong in one way: an alarm. The false-alarm rate is the share of clean frames on which at least
# 0.1 % of the valid pixels is marked; that least area is a parameter of `counts.false_alarm`, not a law of nature.

# %%
means = {split: statistics.subject_means(part["false_alarm_rate"], part["subject"])
         for split, part in frames_once.groupby("split", sort=False) if part["false_alarm_rate"].notna().any()}
rate = record["ood_test.false_alarm_rate"]
title = f"On unseen patients, {100 * rate.value:.0f} % of the clean frames raise an alarm"
figure = figures.subject_dots(means, title, "share of clean frames with a false alarm, mean of a subject")
words = "; ".join(f"{figures.name_of(split)}: mean {series.mean():.2f} over {len(series)} subjects" for split, series in means.items())
figures.show(figure, f"A dot per subject. {words}.")
record.say("Clean frames need no bleeding patient, so here every patient counts: {ood_test.false_alarm_rate:.2f} "
           "({ood_test.false_alarm_rate.interval}).")

# %% [markdown]
# ## How frames fail
#
# A mean does not say *how*. Every frame falls into one of six modes, defined by its counts alone:

# %%
figures.table(counts.FAILURE_MODES.reset_index(), "The modes, as the code evaluates them")

# %%
per_frame["mode"] = counts.failure_modes(per_frame).astype(str)
bloody = per_frame[counts.has_blood(per_frame)]
shares = 100 * pd.crosstab(bloody["split"], bloody["mode"], normalize="index").reindex([s for s in splits if s in set(bloody["split"])])
worst = shares.loc["ood_test"].idxmax() if "ood_test" in shares.index else shares.iloc[-1].idxmax()
figure = figures.failure_bars(shares, f"Out of domain, most frames with blood are '{worst}'")
words = "; ".join(f"{figures.name_of(split)}: " + ", ".join(f"{mode} {share:.0f} %" for mode, share in row.items())
                  for split, row in shares.iterrows())
figures.show(figure, f"Shares of failure modes on frames with blood. {words}.")
record.say("Missing blood, marking the wrong place and outlining it badly are different faults with different remedies.")

# %% [markdown]
# ## How far can a single patient stray?
#
# On the phantom we can draw what nobody has: the benchmark in which *every* patient bleeds. **If a study had only one of these
# patients, which result would it have reported?**

# %%
if "ood_wished" in splits:
    part = frames_once[frames_once["split"] == "ood_wished"]
    wished = statistics.subject_means(part["dice"], part["subject"])
    title = f"One patient's Dice could have been anything from {wished.min():.2f} to {wished.max():.2f}"
    figure = figures.single_patient(wished, title, "Dice on frames with blood, mean of a patient")
    figures.show(figure, f"Patients on a line each, from {wished.idxmin()} with {wished.min():.2f} to "
                         f"{wished.idxmax()} with {wished.max():.2f}; their mean is {wished.mean():.2f}.")
    record.say("Over {n} drawn patients Dice is {ood_wished.dice:.2f} ({ood_wished.dice.interval}); the middle one of a single "
               "patient's distances from that mean is {stray:.2f}.", n=len(wished), stray=float((wished - wished.mean()).abs().median()))
else:
    record.say("Both domains are real here, and nobody has drawn blood into real patients: this section needs the phantom.")

# %% [markdown]
# ## The spread over folds
#
# Another choice of training pigs is another network. The `full` profile trains one per fold, so that each pig is tested once and
# every network meets the target.

# %%
spread = per_frame.groupby(["split", "fold"], sort=False).apply(
    lambda part: statistics.subject_means(part["dice"], part["subject"]).mean()).rename("dice").reset_index()
if spread["fold"].nunique() > 1:
    figures.table(spread, "Dice of each fold's network, mean over subjects")
else:
    record.say("This profile trains one network on one split, so how much another split would change these numbers is not known "
               "from this page.")

# %% [markdown]
# ## Would another threshold have helped?
#
# A pixel is called blood from a probability of one half. That was decided before any of this, and is not changed after looking.
# But we may ask what else would have happened. **Can a threshold repair a domain shift?**

# %%
LEVELS = [8, 16, 32, 64, 96, 128, 160, 192, 224, 240, 248]


def dice_at(level: int) -> pd.Series:
    table = runs.counted(predictions, threshold=level)
    table["dice"] = counts.on_blood(counts.dice, table)
    return table.groupby(["split", "subject"])["dice"].mean().groupby("split").mean()


swept = pd.DataFrame({level / 256: dice_at(level) for level in LEVELS})
curves = {split: (list(swept.columns), swept.loc[split].tolist()) for split in splits}
best = np.nanmax(curves["ood_test"][1])
title = f"No threshold brings unseen patients above {best:.2f}"
figure = figures.line(curves, title, "threshold on the probability of blood", "Dice, mean over subjects", mark=0.5)
figures.show(figure, "Dice over thresholds from 0.03 to 0.97. " + "; ".join(
    f"{figures.name_of(split)}: between {np.nanmin(y):.2f} and {np.nanmax(y):.2f}" for split, (_, y) in curves.items()) + ".")

# %% [markdown]
# Drag the threshold and watch one frame. **Where does the first false alarm appear?**

# %%
fold = runs.folds(course)[0]
run = runs.baseline(course, surgeries, fold)
gallery_split = "ood_test"
packed, probability = surgeries.of(gallery_split), runs.probabilities(run, surgeries.of(gallery_split))
row = int(np.argmax(np.asarray(packed.blood).sum(axis=(1, 2))))


def at_threshold(value: float):
    picture = figures.overlay(surgeries.picture(gallery_split, row), packed.blood[row], packed.valid[row],
                              probability[row] >= round(256 * value))
    return figures.strip([picture], [f"threshold {value:g}"], columns=1, legend=("hit", "false alarm", "missed"))


explore.slider(at_threshold, [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95], [0.1, 0.5, 0.9], "threshold", lambda value: (
    f"The target frame with the most blood at threshold {value:g}: "
    f"{100 * (probability[row] >= round(256 * value))[packed.valid[row]].mean():.1f} % of the valid pixels are marked."))

# %% [markdown]
# ## Best, median and worst
#
# Three frames of each split by Dice, so that neither a lucky nor an unlucky one stands for all.

# %%
shown = per_frame[per_frame["fold"] == per_frame["fold"].min()]


def picture_of(frame: pd.Series) -> np.ndarray:
    packed = surgeries.of(frame["split"])
    found = runs.probabilities(run, packed)[frame["row"]] >= 128
    return figures.overlay(surgeries.picture(frame["split"], frame["row"]), packed.blood[frame["row"]], packed.valid[frame["row"]], found)


chosen, titles = [], []
for split in splits:
    ranked = shown[(shown["split"] == split) & shown["dice"].notna()].sort_values("dice", kind="stable")
    for name, place in (("best", -1), ("median", len(ranked) // 2), ("worst", 0)):
        chosen.append(ranked.iloc[place])
        titles.append(f"{name}: {ranked.iloc[place]['subject']}, Dice {ranked.iloc[place]['dice']:.2f}")
figure = figures.strip([picture_of(frame) for frame in chosen], titles, columns=3, legend=("hit", "false alarm", "missed"),
                       title="Best, median and worst of each split")
figures.headline("gallery", figure, "Rows of three frames with the prediction over them. " + "; ".join(titles) + ".",
                 "Blue: hit. Yellow: false alarm. White: missed.")

# %% [markdown]
# ## Browse
#
# All frames of the target, by failure mode.


# %%
def describe(frame: pd.Series) -> str:
    dice = "no blood" if np.isnan(frame["dice"]) else f"Dice {frame['dice']:.2f}"
    return f"{frame['subject']}, frame {frame['frame']}, {frame['mode']}, {dice}"


explore.browse(shown[shown["split"] == gallery_split], picture_of, describe)

# %% [markdown]
# ## Real frames, where there are some
#
# A handful of real frames is too little to learn from or to be tested on. What the network marks on them can still be looked at.

# %%
if surgeries.look is None:
    record.say("No such frames are in this run.")
else:
    found = runs.probabilities(run, surgeries.look) >= 128
    table = counts.count(found, surgeries.look.blood, surgeries.look.valid)
    names = surgeries.look.table["subject"] + ", frame " + surgeries.look.table["frame"].astype(str)
    pictures = [figures.overlay(surgeries.look_picture(row), surgeries.look.blood[row], surgeries.look.valid[row], found[row])
                for row in range(min(12, len(found)))]
    figure = figures.strip(pictures, list(names[:12]),
                           columns=3, title="What the network marks on real frames", legend=("hit", "false alarm", "missed"))
    figures.show(figure, "Real frames with what a network trained on drawn surgery marks: " + "; ".join(
        f"{name}: {area:.1f} % marked" for name, area in zip(names[:12], counts.predicted_area(table))) + ".")
    shown_rows = pd.DataFrame({"frame": names, "blood, % of valid": counts.coverage(table), "marked, %": counts.predicted_area(table),
                               "Dice": counts.on_blood(counts.dice, table)})
    figures.table(shown_rows, "Frame by frame; too few for a mean")

# %% [markdown]
# ## What you saw, and what to doubt
#
# The same network, measured on pigs and on patients, with whole subjects as the unit. **Doubt** every number by the count of
# subjects behind it. Doubt Dice where blood is rare: small pools make it cruel. And doubt that "it fails" is one thing: it may
# miss, or see blood elsewhere, or raise alarms where there is none, and a surgeon would mind each differently.
