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
# # 06 · What breaks the model?
#
# [Open in Colab]($COLAB/06_what_breaks_the_model.ipynb) · [before](05_reexamine_a_published_claim.ipynb) · [next](07_close_the_gap.ipynb)
#
# **You will be able to** change one property of a frame towards another domain, measure the damage, divide the total fairly among
# the properties, and check such an answer where the truth is known. **You need** lessons 03 and 04. **It takes** about 30 minutes.

# %% tags=["setup"]
# At home this does nothing. On Colab it fetches the course and what is missing.
import os
import subprocess
import sys

if "google.colab" in sys.modules:
    if not os.path.isdir("/content/course"):
        clone = ["git", "clone", "--quiet", "--depth", "1", "$REPOSITORY"]
        subprocess.run([*clone, "/content/course"], check=True)
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

from helpers import causes, correlation, counts, domains, explore, figures, results, runs, settings, shift, statistics, training

course = settings.course(profile, seed, data, source, target, on_bad, public)
folds = runs.folds(course)
surgeries = domains.gather(course, folds[0])
record = results.begin(surgeries)
DATA = surgeries.data_of("ood_val")

# %% [markdown]
# ## From "goes with" to "does harm"
#
# Lesson 04 asked which properties go with failure. But patients with dark pictures may also have other tissue and small pools.
# Here we *intervene*: pigs' frames are changed towards the target in one property, and only in that one. No pixel moves, so the
# label stays true. **Which change will cost the most? Write it down.**
#
# How strong a change is comes from unlabelled frames of validation patients: at dose 1 the source's frames have the target's
# mean of that property.

# %%
train, patients = surgeries.of("train"), surgeries.of("ood_val")
levels = shift.TargetLevels.estimate(train.images, patients.images, train.valid, patients.valid, seed=course.seed)
figures.table(levels.table.reset_index()[["factor", "statistic", "source", "target", "reached"]],
              "Each property on training pigs and on validation patients, and what its intervention reaches at dose 1")

# %% [markdown]
# A statistic tells domains apart for two reasons: the camera differs, or what is in front of it does. Liver is darker than muscle
# in any light. An intervention can't tell the two apart, so it gives the camera the whole difference. We come back to this.
#
# ## See it before you measure it
#
# One frame of an unseen pig. **From which dose on would you have trouble yourself?**

# %%
unseen = surgeries.of("id_test")
row = int(np.argmax(np.asarray(unseen.blood).sum(axis=(1, 2))))
original = surgeries.picture("id_test", row)


def at_dose(dose: float):
    pictures = [shift.apply(original[None], unseen.valid[row][None], {factor: dose}, levels, course.seed)[0][0]
                for factor in shift.FACTORS]
    return figures.strip(pictures, [factor.replace("_", " ") for factor in shift.FACTORS], columns=4,
                         title=f"One property at a time, dose {dose:g}")


explore.slider(at_dose, [0, 0.25, 0.5, 0.75, 1], [0, 0.5, 1], "dose", lambda dose: (
    f"The same frame of a pig eight times, each with one property at dose {dose:g} of the target's level: "
    + ", ".join(factor.replace("_", " ") for factor in shift.FACTORS) + "."))

# %% [markdown]
# ## The damage of each alone
#
# The network of lesson 02 meets held-out pigs, changed. With a single split these are the test pigs and the validation pigs
# (more pigs say more; the epoch was chosen on the latter, which flatters every dose). Only frames with blood count here.

# %%
held_out = []
for fold in folds:
    found = domains.gather(course, fold)
    pigs = found.source.of(*(["id_val", "id_test"] if fold is None else ["id_test"]))
    pigs = pigs.where(np.asarray(pigs.blood & pigs.valid).any(axis=(1, 2)))
    turn = pigs.table.groupby("subject").cumcount().to_numpy()
    held_out.append((runs.baseline(course, found, fold), pigs.where(turn < (20 if fold is not None else 10**6))))


def dice_by_pig(change) -> pd.Series:
    """Dice of each held-out pig after change(images, valid)."""
    parts = []
    for run, pigs in held_out:
        images, valid = change(pigs.images, pigs.valid)
        table = counts.count(training.predict(run.model, images) >= 128, pigs.blood, valid)
        parts.append(statistics.subject_means(counts.on_blood(counts.dice, table), pigs.table["subject"]))
    return pd.concat(parts).sort_index()


# %%
def with_doses(doses: dict[str, float]) -> pd.Series:
    return dice_by_pig(lambda images, valid: shift.apply(images, valid, doses, levels, course.seed))


untouched = dice_by_pig(lambda images, valid: (images, valid))
DOSES = [0.5, 1.0]
alone = {factor: [with_doses({factor: dose}) for dose in DOSES] for factor in shift.FACTORS}
curves = {factor.replace("_", " "): ([0, *DOSES], [untouched.mean(), *(after.mean() for after in found)])
          for factor, found in alone.items()}
worst = min(curves, key=lambda name: curves[name][1][-1])
title = f"Alone, '{worst}' costs most: Dice {untouched.mean():.2f} to {curves[worst][1][-1]:.2f}"
figures.show(figures.doses(curves, title), f"Mean Dice over {len(untouched)} held-out pigs against dose. " + "; ".join(
    f"{name}: {y[-1]:.2f} at dose 1" for name, (_, y) in curves.items()) + f"; untouched {untouched.mean():.2f}.")

# %% [markdown]
# ## A fair division
#
# Together they cost less, or more, than the sum of each alone: one darkens what another has blurred already. **To whom does the
# shared damage belong?** Shapley's answer: let the factors arrive in every order, note what each costs when it arrives, and take the
# mean over all orders. The shares add up to the total, and a factor that never matters gets nothing.
#
# $$ \phi_i = \sum_{S \not\ni i} \frac{|S|!\,(n-|S|-1)!}{n!}\,\bigl(v(S \cup i) - v(S)\bigr) $$

# %%
factors = list(shift.GROUPS) if course.profile != "full" else list(shift.FACTORS)


def doses_of(names) -> dict[str, float]:
    return shift.doses_of(names) if course.profile != "full" else dict.fromkeys(names, 1.0)


# The value of a set of factors is its damage, a number for each pig: Dice untouched minus Dice with the set at dose 1.
shares = shift.shapley(lambda names: (untouched - with_doses(doses_of(names))).to_numpy(), factors)
shares.columns = untouched.index
together = untouched - with_doses(doses_of(factors))
if abs(shares.sum() - together).max() > 1e-6:
    raise AssertionError("Shapley values must add up to the total damage")

# %%
rows = []
for name in factors:
    middle = statistics.median_over_subjects(shares.loc[name], shares.columns, f"Shapley share of {name} in the loss of Dice, "
                                             "median over held-out pigs", bounds=(-1, 1))
    record.estimate(f"cause.{name}", middle, DATA, "id_test")
    rows.append({"factor": name, "mean (adds up)": shares.loc[name].mean(), "median": middle.value, "low": middle.low,
                 "high": middle.high, "pigs": middle.n_subjects})
rows.append({"factor": "all together", "mean (adds up)": together.mean(), "median": together.median(), "pigs": len(together)})
record.add("cause.total", results.Result(together.mean(), n_subjects=len(together), data=DATA, split="id_test",
                                         estimand="loss of Dice with all factors at dose 1, mean over held-out pigs"))
blame = pd.DataFrame(rows)
figures.table(blame, "Loss of Dice on held-out pigs, divided; the interval is for the median over pigs")

# %%
top = shares.mean(axis=1).idxmax()
title = f"Of a loss of {together.mean():.2f} in Dice, '{top}' is given {shares.loc[top].mean():.2f}"
figures.headline("causes", figures.shares(shares, title), "A dot per pig and a bar at their mean. " + "; ".join(
    f"{name}: {shares.loc[name].mean():.2f}, pigs {shares.loc[name].min():.2f} to {shares.loc[name].max():.2f}" for name in factors) + ".",
    "The damage that each group of image properties does to unseen pigs' frames at the target's level: a cause, not a correlation.")

# %% [markdown]
# ## What would lesson 04 have blamed?
#
# The same properties, measured on the wished-for patients' frames as they are, and correlated with Dice there.

# %%
if surgeries.wished is not None:
    wished = surgeries.of("ood_wished")
    per_frame = runs.counted([runs.Predicted(None, "ood_wished", wished, runs.probabilities(held_out[0][0], wished))])
    dice = counts.on_blood(counts.dice, per_frame)
    first = {factor: shift.measured(wished.images, wished.valid, factor)[:, 0] for factor in shift.FACTORS}
    blamed = {group: max(abs(correlation.spearman_pooled(first[factor], dice, per_frame["subject"]).value)
                         for factor in shift.GROUPS[group]) for group in shift.GROUPS}
    caused = {group: sum(shares.loc[name].mean() for name in ([group] if group in shares.index else shift.GROUPS[group]))
              for group in shift.GROUPS}
    figures.table(pd.DataFrame({"group": list(blamed), "strongest correlation with Dice, size": list(blamed.values()),
                                "share of the damage": [caused[group] for group in blamed]}), "Blamed and guilty")
    record.say("Correlation points at **{blamed}** first, intervention at **{guilty}**. A property that all patients share does harm "
               "to all of them and correlates with nothing.", blamed=max(blamed, key=blamed.get), guilty=max(caused, key=caused.get))
else:
    record.say("This comparison needs blood in several patients: the phantom has them.")

# %% [markdown]
# ## A check against the truth
#
# On the phantom the same factors are dials of the drawing. We draw the same pigs again, the same scenes and the same blood, with
# the target's level of one group at a time. **Will the answer from images rank the causes as the truth does?**

# %%
drawn = "source" not in surgeries.real
names = sorted(untouched.index)


def true_damage(groups) -> float:
    """What the drawing's own factors of some groups, at the target's level, cost the same pigs: mean loss of Dice."""
    dials = [factor for group in groups for factor in shift.GROUPS.get(group, (group,))]
    again = causes.redrawn(course, names, dials)
    table = counts.count(training.predict(held_out[0][0].model, again.images) >= 128, again.blood, again.valid)
    return untouched.mean() - statistics.subject_means(counts.on_blood(counts.dice, table), again.table["subject"]).mean()


# %%
if drawn and folds == [None]:
    truth = pd.Series({group: true_damage([group]) for group in shift.GROUPS})
    alone_in_images = pd.Series({group: (untouched - with_doses(shift.doses_of([group]))).mean() for group in shift.GROUPS})
    rho = correlation.spearman(alone_in_images, truth)
    record.add("cause.rank_agreement", results.Result(rho, n_subjects=len(names), split="id_test", estimand=(
        "rank correlation over five groups between damage by intervention and by the drawing, each alone")))
    title = f"Ranked alike at {rho:.2f}, but images give {top} {alone_in_images.get(top, 0):.2f} where the drawing says {truth.get(top, 0):.2f}"
    figures.show(figures.against(truth, alone_in_images, title, "loss of Dice, factor switched in the drawing",
                                 "loss of Dice, by intervention on images"), "; ".join(
        f"{group}: {truth[group]:.2f} in truth, {alone_in_images[group]:.2f} by intervention" for group in truth.index) + ".")
else:
    record.say("The truth is known for drawn frames and a single split only; on real frames this section has nothing to hold on to.")

# %% [markdown]
# Where the two differ, remember the caveat above: an intervention takes all of a statistic's difference for the camera's, and part
# of it is anatomy. Organs of another colour move the mean of CIELAB as a lamp does, and the cast then discolours the blood as well.
# So an intervention says what *would* break the model, and only together with knowledge of the scene what *did*. **And if nothing differs? A factor that we switch off in the target's drawing should be given nothing.**

# %%
if drawn and folds == [None] and "target" not in surgeries.real:
    off = causes.without(course, patients.table["subject"].unique(), shift.GROUPS["view"])
    same = shift.TargetLevels.estimate(train.images, off.images, train.valid, off.valid, seed=course.seed, factors=shift.GROUPS["view"])
    rest = {**levels.strengths, **same.strengths}
    levels_off = shift.TargetLevels(rest, levels.table)
    none = shift.shapley(lambda groups: (untouched - dice_by_pig(lambda images, valid: shift.apply(
        images, valid, shift.doses_of(groups), levels_off, course.seed))).to_numpy(), ["view", top if top != "view" else "light"])
    zero = statistics.median_over_subjects(none.loc["view"], untouched.index, "Shapley share of a round view that the target does not have",
                                           bounds=(-1, 1))
    record.estimate("cause.switched_off", zero, DATA, "id_test")
    record.say("With the target drawn without its round view, the view is given {cause.switched_off:.3f} ({cause.switched_off.interval}).")

# %% [markdown]
# ## What is left
#
# All interventions together bring the pigs' frames as near to the target as images can be brought. What still lies between them and
# the patients is in front of the camera: anatomy, and how blood looks there.

# %%
split = "ood_wished" if surgeries.wished is not None else "ood_test"
packed = surgeries.of(split)
outside = counts.count(runs.probabilities(held_out[0][0], packed) >= 128, packed.blood, packed.valid)
outside = statistics.subject_means(counts.on_blood(counts.dice, outside), packed.table["subject"]).dropna()
changed = untouched - together
left = statistics.difference_of_medians(changed, outside, "Dice of pigs' frames with all factors at dose 1 minus Dice of patients, "
                                                          "difference of medians over subjects")
record.estimate("cause.unexplained", left, surgeries.data_of(split), split)
record.say("Between the middle pig ({inside:.2f}) and the middle patient ({out:.2f}) lie {gap:.2f} of Dice. The interventions together "
           "take {explained:.2f}, so **{cause.unexplained:.2f}** is left ({cause.unexplained.interval}). {sign} {note}",
           inside=untouched.median(), out=outside.median(), gap=untouched.median() - outside.median(),
           explained=untouched.median() - changed.median(), note=left.note, sign=(
    "Below zero: the changed pigs fare worse than the patients, so the interventions overstate their case."
    if left.value < 0 else "That much the image properties leave to anatomy and to blood's own look."))

# %%
if drawn and folds == [None]:
    camera = [group for group in shift.GROUPS]
    by_drawing = {"camera": true_damage(camera), "camera and blood": true_damage([*camera, "blood"])}
    steps = {"unseen pigs": untouched.mean(), "with the target's camera": untouched.mean() - by_drawing["camera"],
             "and its blood": untouched.mean() - by_drawing["camera and blood"], "wished-for patients": outside.mean()}
    title = f"The camera takes Dice from {steps['unseen pigs']:.2f} to {steps['with the target' + chr(39) + 's camera']:.2f}; blood and anatomy do the rest"
    figures.show(figures.steps(steps, title, "Dice, mean over subjects"), "Four bars. " + "; ".join(
        f"{name}: {value:.2f}" for name, value in steps.items()) + ".")

# %% [markdown]
# ## What you saw, and what to doubt
#
# Frames were changed one property at a time, and the damage was divided so that it adds up. **Doubt** the word *cause* where the
# intervention moves more than its name says: a colour cast takes over the target's organs as well as its lamp. Doubt the division
# beyond this network and these pigs: another one may mind other things. And doubt it as a plan: what did the harm need not be what a
# remedy should mend. That is the next lesson's question.
