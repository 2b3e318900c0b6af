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
# **You will be able to** relate failure to the properties of a frame, name what such a correlation is about, and keep it from
# saying more than it can. **You need** lesson 03. **It takes** about 25 minutes.

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
import cv2
import numpy as np
import pandas as pd

from helpers import correlation, counts, domains, figures, results, runs, settings, shift

course = settings.course(profile, seed, data, source, target, on_bad, public)
surgeries = domains.gather(course, runs.folds(course)[0])
record = results.begin(surgeries)

# %% [markdown]
# ## What could go with failure?
#
# Where the network does badly, is the frame darker? Less saturated? Is there less blood in it, or is its edge more ragged?
# For every frame with blood we set its Dice beside six first-order properties and one of the label's shape.
# **Which one do you expect to matter most? Write it down; it is easy to have known it all along.**


# %%
def boundary_length(blood: np.ndarray, valid: np.ndarray) -> float:
    """Pixels of blood that touch something else, in percent of the valid pixels."""
    inside = cv2.erode(blood.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    return 100 * (blood & valid & ~inside).sum() / valid.sum()


def properties(split: str) -> pd.DataFrame:
    packed = surgeries.of(split)
    table = shift.image_statistics(packed.images, packed.valid).reset_index(drop=True)
    table["coverage"] = counts.coverage(counts.count(packed.blood, packed.blood, packed.valid)).to_numpy()
    table["boundary"] = [boundary_length(blood, valid) for blood, valid in zip(packed.blood, packed.valid)]
    return table.rename_axis("row").reset_index()


# %% [markdown]
# On the phantom every patient of the wished-for benchmark bleeds, so there is something to correlate over. In the plain target
# there is one patient. We do both, and see what each can carry.

# %%
PROPERTIES = ["brightness", "saturation", "mean_R", "mean_G", "mean_B", "coverage", "boundary"]
splits = surgeries.present("ood_wished", "ood_test")
per_frame = runs.counted(runs.predicted(course, tuple(splits)))
per_frame["dice"] = counts.on_blood(counts.dice, per_frame)
dice = per_frame.groupby(["split", "subject", "clip", "frame", "row"], sort=False)["dice"].mean().reset_index()
tables = {split: dice[dice["split"] == split].merge(properties(split), on="row").dropna(subset="dice") for split in splits}
main = splits[0]
figures.table(pd.DataFrame([{"split": figures.name_of(split), "frames with blood": len(table),
                             "subjects": table["subject"].nunique(), "clips": table["clip"].nunique()}
                            for split, table in tables.items()]), "What there is to correlate over")

# %% [markdown]
# ## Look first
#
# One point per frame, one colour and shape per patient; hover to see which frame it is. **Do you see one cloud, or several?**

# %%
table = tables[main]
figure = figures.hover_scatter(table, "coverage", "dice", "Dice against the blood in the frame", "blood, percent of valid pixels", "Dice")
rho = correlation.spearman(table["coverage"], table["dice"])
figures.show(figure, f"Scatter of Dice over blood coverage, {len(table)} frames of {table['subject'].nunique()} subjects. Each subject's "
                     f"points lie together in a cloud of their own; over all points the rank correlation is {rho:.2f}.")

# %%
figure = figures.hover_scatter(table, "brightness", "dice", "Dice against the brightness of the frame", "brightness (0 to 1)", "Dice")
rho = correlation.spearman(table["brightness"], table["dice"])
figures.show(figure, f"Scatter of Dice over brightness for the same frames, rank correlation {rho:.2f} over all points; the subjects' "
                     "clouds stand side by side, since brightness is mostly a property of the subject.")

# %% [markdown]
# ## Three correlations, three questions
#
# Spearman's rank correlation can be taken over the same points in three ways. They answer different questions, and can even
# have different signs:
#
# - **pooled**, over all frames as they come: a mixture of the next two, in proportions that nobody chose;
# - **within subjects**, the mean of each patient's own correlation: *when this patient's picture gets darker, does Dice fall?*
# - **between subjects**, over the patients' means: *do patients with darker pictures have lower Dice?*
#
# A p-value needs independent units. Frames are none: of a clip, one frame is like the next. So *pooled* gets no p-value here.
# *Within* is tested by flipping the sign of whole subjects' correlations where there are enough subjects, *between* by handing
# the patients' values round among them. With seven properties, each is corrected by Holm's method for the number of looks.


# %%
def three_ways(table: pd.DataFrame, name: str) -> dict[str, object]:
    within = correlation.spearman_within(table[name], table["dice"], table["subject"], table["clip"], table["frame"])
    return {"pooled": correlation.spearman_pooled(table[name], table["dice"], table["subject"]), "within subjects": within,
            "between subjects": correlation.spearman_between(table[name], table["dice"], table["subject"], seed=course.seed)}


def correlate(table: pd.DataFrame) -> pd.DataFrame:
    rows = [{"property": name, "estimand": kind, "value": found.value, "p": found.p, "subjects": found.n_subjects,
             "frames": found.n_frames, "note": found.note}
            for name in PROPERTIES for kind, found in three_ways(table, name).items()]
    rows = pd.DataFrame(rows).astype({"p": float})
    for kind in ("within subjects", "between subjects"):
        chosen = rows["estimand"] == kind
        rows.loc[chosen, "p (Holm)"] = correlation.holm(rows.loc[chosen, "p"].to_numpy()).to_numpy()
    return rows.assign(significant=rows["p (Holm)"] < 0.05)


found = {split: correlate(table) for split, table in tables.items()}

# %% [markdown]
# **Before the picture: for which property will the three disagree?**

# %%
shown = found[main]
within = shown[shown["estimand"] == "within subjects"].set_index("property")["value"].abs().dropna()
n_significant, n_tests = int(shown["significant"].sum()), int(shown["p"].notna().sum())
title = f"{n_significant} of {n_tests} tests survive the correction for their number"
if len(within):
    title += f"; within patients, {within.idxmax()} goes with Dice most"
figure = figures.correlations(shown, title)
words = "; ".join(f"{name}: " + ", ".join(f"{row.estimand} {row.value:.2f}" for row in part.itertuples())
                  for name, part in shown.groupby("property", sort=False))
figures.show(figure, f"Three rank correlations with Dice for each property. {words}.")

# %%
columns = ["property", "estimand", "value", "p", "p (Holm)", "subjects", "frames"]
figures.table(shown[columns], f"Rank correlation with Dice, {figures.name_of(main)}")

# %%
for row in shown[shown["estimand"] == "within subjects"].itertuples():
    record.add(f"correlation.{row.property}", results.Result(row.value, n_frames=row.frames, n_subjects=row.subjects,
               data=surgeries.data_of(main), split=main, estimand="mean over subjects of the rank correlation with Dice over a "
                                                                  "subject's own frames"))

# %% [markdown]
# ## What the size of the pool does
#
# Dice is made of areas, and coverage is one of them: a small pool is harder to overlap than a large one, whatever the light.
# So a property that goes with coverage goes with Dice too. The **partial** rank correlation asks what is left of a property once
# coverage is given.

# %%
rows = []
for name in [name for name in PROPERTIES if name != "coverage"]:
    plain, given = (correlation.spearman_within(table[name], table["dice"], table["subject"], table["clip"], table["frame"],
                                                given=other) for other in (None, {"coverage": table["coverage"]}))
    rows.append({"property": name, "within subjects": plain.value, "within subjects, coverage given": given.value,
                 "subjects": given.n_subjects})
rows = pd.DataFrame(rows)
figures.table(rows, "What is left of each property once the amount of blood is given")
change = (rows["within subjects"] - rows["within subjects, coverage given"]).abs().dropna()
if len(change):
    moved = rows.loc[change.idxmax()]
    record.say("The property that changes most is {name}: {plain:.2f} alone, {given:.2f} with coverage given.",
               name=moved["property"], plain=moved["within subjects"], given=moved["within subjects, coverage given"])

# %% [markdown]
# ## And over frames, as it is usually done?
#
# The usual table takes each frame for an observation. **How many of the seven would it have called significant?**

# %%
naive = pd.Series({name: correlation.naive_p(table[name], table["dice"]) for name in PROPERTIES})
record.say("Over {n} frames as if they were independent, {naive} of {all} properties have p below 0.05. With {subjects} subjects as "
           "the unit, {between} are significant between subjects after correction. Lesson 05 counts how often the first way "
           "“finds” something where there is nothing.", n=len(table), naive=int((naive < 0.05).sum()), all=len(PROPERTIES),
           subjects=table["subject"].nunique(),
           between=int(shown[shown["estimand"] == "between subjects"]["significant"].sum()))

# %% [markdown]
# ## The one patient
#
# In the target as it is, blood is a matter of one patient or few. Between subjects there is nothing to compare with one. Within
# that patient a correlation exists, and is a fact about that operation.

# %%
if "ood_test" in tables:
    one = found["ood_test"]
    figures.table(one[one["estimand"] != "between subjects"][["property", "estimand", "value", "p", "p (Holm)", "subjects", "frames"]],
                  f"Rank correlation with Dice, {figures.name_of('ood_test')}: for what it is worth")
    between = one[one["estimand"] == "between subjects"]["value"].notna().sum()
    record.say("Subjects with blood: {n}. Correlations between subjects that exist: {between} of {all}. {verdict}",
               n=tables["ood_test"]["subject"].nunique(), between=int(between), all=len(PROPERTIES),
               verdict="**What goes with failure in other patients, we can't know from one.**"
               if tables["ood_test"]["subject"].nunique() == 1 else "")

# %% [markdown]
# ## What you saw, and what to doubt
#
# Three honest correlations where a single number is usual, and what is left of them when the amount of blood is given.
# **Doubt** a correlation that does not say which of the three it is. Doubt it as a *cause* in any case: on the phantom, darkness,
# colour, the round view and small pools came together, because we drew them together. To learn what does harm, one has to change
# one thing and leave the rest.
