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
# # 12 · Your own two domains
#
# [Open in Colab]($COLAB/12_your_own_two_domains.ipynb) · [before](11_when_to_be_silent.ipynb)
#
# **You will be able to** bring two folders of your own, find out how far a network that
# learned on one can be trusted on the other, and say what your data can't tell.
# **You need** [lesson 03](03_evaluate_out_of_domain.ipynb), and for single sections the
# lesson that each names. **It takes** about 65 minutes.

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
data = {}  # such as {"source": "/my/a", "target": "/my/b", "structure": "polyp"}

# %%
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import display
from scipy.stats import energy_distance

# %%
from helpers import (
    causes,
    charts,
    correlation,
    counts,
    pictures,
    play,
    remedies,
    shift,
    statistics,
    training,
)
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.words import name_of, number

# %%
lesson = begin(profile, seed, data, any_domains=True)
structure = lesson.course.structure

# %% [markdown]
# The other lessons tell the story of one pair of domains. This one tells none: it asks
# the questions of that story, in its order, of whatever two folders you bring, and each
# section names the lesson that explains its method. It speaks of *frames*, of *subjects*
# (whoever or whatever the frames come from: a patient, an animal, a camera, a day), and
# of *the structure*, which is what your masks mark. Without folders it runs on drawn
# surgery, so that you can see what to expect; the word at the top of the page says so.
#
# How to bring them: a folder each with `images/`, `masks/` and, if you can,
# `subjects.csv`; then `make report SOURCE=/my/a TARGET=/my/b STRUCTURE=polyp`.
# `data/README.md` has the details. Only this lesson runs then.
#
# ## Who is in it?
#
# Everything below is a statement about subjects. So before any picture: how many are
# there, in which split, and how many of them show the structure at all? ([Lesson 01](01_explore_two_surgeries.ipynb).)

# %%
ORDER = ["train", "id_val", "id_test", "ood_val", "ood_test"]
WISHED = {"ood_val": "ood_wished_val", "ood_test": "ood_wished"}
splits = [WISHED.get(one, one) if lesson.drawn else one for one in ORDER]
splits = lesson.domains.present(*splits)
HOME, ABROAD = "id_test", splits[-1]
who = {}
for split in splits:
    packed = lesson.frames(split)
    shows = pd.Series((packed.blood & packed.valid).any(axis=(1, 2)))
    of = packed.table["subject"].to_numpy()
    bearing = int(shows.groupby(of).any().sum())
    who[split] = [len(set(of)), bearing, len(shows), int(shows.sum())]

# %%
heads = ["subjects", "subjects with it", "frames", "frames with it"]
who = pd.DataFrame(who, index=heads).T
charts.table(who.reset_index(names="split"), f"Who is in it, and who shows {structure}")

# %% [markdown]
# Read the first two columns before the others. A mean over many frames of few subjects
# is a mean over few. What is said of *finding* the structure rests on the subjects with
# it, what is said of *false alarms* on the frames without.
#
# Some paragraphs below begin in bold. Each is true of some data and not of other: on a
# page only those stand that hold, in Jupyter the line under such a cell names them.

# %%
clean = who["frames"] - who["frames with it"]
test = who.loc[[HOME, ABROAD]]
lesson.holds(
    few_to_learn=bool(who["subjects"]["train"] < 5 or who["subjects"]["id_val"] < 3),
    few_subjects=bool(test["subjects with it"].between(1, 9).any()),
    no_clean_source=bool(clean["train"] == 0),
    no_clean_home=bool(clean[HOME] == 0),
    no_clean_target=bool(clean[ABROAD] == 0),
    none_to_find=bool((test["frames with it"] == 0).any()),
    none_to_choose=bool(who.loc[splits[-2], "frames with it"] == 0),
    hidden=lesson.course.public,
)

# %% [markdown] tags=["when", "few_to_learn"]
# **Few subjects to learn from.** The network has seen hardly any way in which subjects
# differ, and its epoch was chosen on one or two. Whatever it loses abroad, part of it may
# be that the next subject of its *own* domain looks unlike these.

# %% [markdown] tags=["when", "few_subjects"]
# **Fewer subjects with the structure than an interval needs.** In at least one of the two
# test splits an average is shown with its subjects, and with a wide interval or none.
# That is no fault of the method: nobody can know more from so few. More frames of the
# same subjects make each subject's mean steadier, and leave their number as it is.

# %% [markdown] tags=["when", "no_clean_source"]
# **No frame that training saw is without the structure.** The network was never shown
# that there may be nothing to find, so nothing taught it to be silent. It may mark
# something in every frame: look at the alarms below before you look at Dice. A few
# frames without the structure, from the same subjects, may be the cheapest remedy.

# %% [markdown] tags=["when", "no_clean_home"]
# **No test frame of the source is without the structure.** So nobody can tell how often
# the network raises a false alarm at home, and whatever is measured of alarms abroad has
# nothing to be compared with.

# %% [markdown] tags=["when", "no_clean_target"]
# **No test frame of the target is without the structure.** So false alarms can't be
# measured there, and nobody can tell from this data how often the network would cry wolf.

# %% [markdown] tags=["when", "none_to_find"]
# **A test split holds no frame with the structure.** Dice, recall and precision are
# undefined there, and so is whatever a figure or table below makes of them for that
# split. What is left to be measured are false alarms.

# %% [markdown] tags=["when", "none_to_choose"]
# **No validation subject of the target shows the structure.** So no choice can be made
# by labelled target frames: a threshold stays at one half, no remedy can be chosen by its
# Dice, and a few labelled frames are not to be had.

# %% [markdown] tags=["when", "hidden"]
# **Real frames are hidden on this page**, since it is to be published: a grey card stands
# for each. So whether masks outline the right thing, and what lies under a false mark, has
# to be looked at in a run of your own that is not published. The outlines of masks stay.

# %% [markdown]
# ### Exercise 1 · How common is it?
#
# Compute `common`, a Series with the percent of each split's frames that show the
# structure, from the table `who`. Where it differs between the domains, the two differ
# by *prevalence* as well, and a threshold that suits one need not suit the other.

# %% tags=["exercise"]
# solution begins
common = 100 * who["frames with it"] / who["frames"]
# solution ends

# %% tags=["check"]
check(
    lambda: all(
        np.isclose(common[split], 100 * who.loc[split].iloc[3] / who.loc[split].iloc[2])
        for split in who.index
    ),
    "Divide the frames with the structure by all frames of the split, times 100.",
)

# %% [markdown] tags=["solution"]
# Two columns divided, row by row: pandas lines them up by the split's name.

# %% [markdown]
# ## What does it look like?
#
# Below is a frame of each of some subjects, with the outline of its mask. **Which cues
# would you use in the source to find the structure? Do they hold in the target?** A mask that outlines
# the wrong thing, or nothing, shows here and nowhere else: the study that this course
# began with had measured another organ ([lesson 05](05_reexamine_a_published_claim.ipynb)).


# %%
def largest(split, number=4):
    """A row of each of some subjects: its frame with the largest mask."""
    packed = lesson.frames(split)
    area = pd.Series((packed.blood & packed.valid).sum(axis=(1, 2)))
    rows = area.groupby(packed.table["subject"].to_numpy()).idxmax()
    return rows.iloc[np.linspace(0, len(rows) - 1, min(number, len(rows))).astype(int)]


# %%
chosen = [(s, row) for s in ("train", ABROAD) for row in largest(s)]
pictures.strip(
    [lesson.overlay(*one) for one in chosen],
    [
        f"{name_of(split)}: {lesson.frames(split).table['subject'].iloc[row]}"
        for split, row in chosen
    ],
    f"The frame with the largest {structure} of each of {len(chosen)} subjects",
)

# %% [markdown]
# ## How far apart?
#
# Before any network looks: how far do the two domains lie apart in light and colour, and
# is that far? The *energy distance* compares how far subjects of different domains are
# from each other with how far subjects of one domain are ([lesson 01](01_explore_two_surgeries.ipynb)). It needs a
# placebo, since two halves of one domain are apart as well. So the source is divided
# into halves, many times. **What do you expect of a property on which the domains don't
# differ?**


# %%
def looks_of(packed):
    """Light and colour of the view: means over each subject's frames."""
    look = shift.image_statistics(packed.images, packed.view & packed.valid)
    return look.groupby(packed.table["subject"].to_numpy()).mean()


# %%
source, target = map(looks_of, (lesson.domains.source, lesson.domains.target))
rng, rows = np.random.default_rng(seed), []
for name in source:
    ours, theirs = source[name].dropna().to_numpy(), target[name].dropna().to_numpy()
    rows.append((name, "source and target", energy_distance(ours, theirs)))
    for _ in range(20):
        order = rng.permutation(ours)
        halves = order[::2], order[1::2]
        rows.append((name, "halves of the source", energy_distance(*halves)))

# %%
gaps = pd.DataFrame(rows, columns=["row", "kind", "value"])
between = gaps[gaps["kind"] == "source and target"].set_index("row")["value"]
charts.dots(
    gaps,
    "Energy distance of " + ", ".join(f"{k} {v:.2f}" for k, v in between.items()),
    "energy distance between subjects' means",
    apart=0.25,
    caption=f"{len(source)} and {len(target)} subjects; twenty halvings.",
)

# %% [markdown]
# A property whose distance lies among those of the halves has not been shown to differ.
# Halves are smaller samples than the domains are, so that chance parts them further; and
# of few subjects there are few halves, which come again among the twenty.
# One that lies far outside differs, and that says nothing yet of what it costs: a
# network may not have used it.
#
# ## Does the network know its own domain?
#
# The course's network is trained on the source's training subjects, and the epoch with
# the best Dice on its validation subjects is kept ([lesson 02](02_train_a_unet.ipynb)). **Is the curve still
# rising at its end?** Then whatever is lost abroad is mixed with what was never learned
# at home.

# %%
run = lesson.model()
history = run.history
epochs = np.arange(1, len(history.loss) + 1)
kept = history.best_epoch
charts.lines(
    {"id_val": (epochs, history.id_val)},
    f"Dice {history.id_val[kept]:.2f} on validation subjects of the source, "
    f"in epoch {epochs[kept]} of {len(epochs)}",
    "epoch",
    "Dice",
)

# %%
lesson.holds(
    low_at_home=bool(history.id_val[kept] < 0.6),
    still_rising=bool(kept == len(epochs) - 1 and len(epochs) > 1),
)

# %% [markdown] tags=["when", "low_at_home"]
# **The network does not do well at home.** A Dice of less than 0.6 on the subjects by
# which its own epoch was chosen leaves little to be lost. Look first whether it was trained for
# long enough (`EPOCHS=`), whether the structure can be seen
# at this size at all (`SIZE=` makes frames larger), and whether masks of one domain
# agree with each other, before you speak of a shift.

# %% [markdown] tags=["when", "still_rising"]
# **The last epoch was the best one.** The network had not learned its own domain yet
# when training ended: give it more (`EPOCHS=`), and read the rest of this page as that
# of an unfinished network.

# %% [markdown]
# ## Where does it err?
#
# Where comes before how much ([lesson 03](03_evaluate_out_of_domain.ipynb)). First the worst, the middle and the best frame
# by Dice, in either domain; then maps, in which frames without the structure count too. **Look for marks where no structure can be: in a
# black surround, in a caption, at the rim.**

# %%
both = [HOME, ABROAD]
per_frame = lesson.evaluate(run, *both)
per_frame["dice"] = counts.on_blood(counts.dice, per_frame)
shown = []
for split in both:
    one = per_frame[per_frame["split"] == split].sort_values("dice", kind="stable")
    one = one.dropna(subset="dice") if one["dice"].notna().any() else one
    places = dict.fromkeys([0, len(one) // 2, len(one) - 1])
    shown += [one.iloc[place] for place in places]

# %%
marks = {split: counts.marked(run, lesson.frames(split)) for split in both}
pictures.strip(
    [lesson.overlay(x["split"], x["row"], marks[x["split"]][x["row"]]) for x in shown],
    [f"{x['subject']}: Dice {x['dice']:.2f}" for x in shown],
    "Worst, middle and best Dice, at home and abroad: "
    + ", ".join(f"{x['dice']:.2f}" for x in shown),
    columns=3,
    legend=pictures.OVERLAY,
)


# %%
def share(part, whole):
    """Percent of the frames in which a pixel is of the whole that it is of the part."""
    n = whole.sum(axis=0)
    return np.where(n >= 3, 100 * part.sum(axis=0) / np.maximum(n, 1), np.nan)


# %%
maps, parts = {}, {"missed": [], "false": []}
for split in both:
    packed = lesson.frames(split)
    there, known = packed.blood & packed.valid, packed.valid
    for error, whole, wrong in (
        ("missed", there, there & ~marks[split]),
        ("false", known & ~there, known & ~there & marks[split]),
    ):
        maps[f"{split}: {error}"] = share(wrong, whole)
        percent = 100 * wrong.sum() / whole.sum() if whole.any() else np.nan
        parts[error].append(f"{number(percent, '.1f')} %")
told = {error: " and ".join(one) for error, one in parts.items()}

# %%
pictures.maps(
    maps,
    f"Of the pixels of {structure} {told['missed']} missed; "
    f"of the others {told['false']} falsely marked",
    "percent of the frames\nwith (missed) or\nwithout it there (false)",
    alt="Maps of missed and of falsely marked places, at home and abroad.",
)

# %% [markdown]
# Grey is where fewer than three frames had anything that could be missed there, or
# falsely marked. A map that is bright along
# one edge, in the corners or on letters tells of a cause that no score will name. One
# that follows the place where the structure mostly lies tells that it is found or missed
# as a whole.

# %%
surround = {s: (~lesson.frames(s).view & lesson.frames(s).valid).mean() for s in both}
lesson.holds(surround=bool(max(surround.values()) > 0.02))

# %% [markdown] tags=["when", "surround"]
# **There is black at the frame's edge**, as around a round view. Where your masks mark
# nothing in it, every mark in it is wrong, and a network may make some all the same
# ([lesson 02](02_train_a_unet.ipynb)). So the table below measures the view by itself as well, and tells how much of the
# frame is falsely marked in the black.

# %% [markdown]
# ## How much?
#
# A dot is a subject: the mean over its frames. Overlap is measured on frames with the
# structure, alarms and falsely marked areas on those without. ([Lesson 03](03_evaluate_out_of_domain.ipynb) tells why, and
# what an interval over subjects is.)

# %%
MEASURES = {
    "dice": ("Dice", counts.dice),
    "dice.view": ("Dice, view only", counts.inside("view", counts.dice)),
    "recall": ("recall", counts.recall),
    "precision": ("precision", counts.precision),
    "alarm_at_1pct": ("alarms (1 % marked)", counts.ALARMS["alarm_at_1pct"]),
    "false_area": ("falsely marked, %", counts.false_area),
    "false_area.surround": ("in the black, %", counts.false_area_in("surround")),
}
of = per_frame.assign(
    recall=counts.on_blood(counts.recall, per_frame),
    precision=counts.on_blood(counts.precision, per_frame),
)
each = of.groupby(["split", "subject"], sort=False)
each = each[["dice", "recall", "precision"]].mean().stack()
each = each.rename_axis(["kind", "subject", "row"]).rename("value").reset_index()

# %%
dice_of = dict(tuple(each[each["row"] == "dice"].groupby("kind", sort=False)["value"]))
charts.dots(
    each,
    f"Dice {charts.told(dice_of)}, means over subjects",
    "mean over a subject's frames",
    apart=0.25,
    limits=(0, 1),
)

# %%
RECORDED = {"dice", "dice.view", "recall", "precision", "alarm_at_1pct"}
rows = []
for split, part in per_frame.groupby("split", sort=False):
    for name, (said, measure) in MEASURES.items():
        one = lesson.estimate(part, name, measure, split)
        if name in RECORDED:
            lesson.add(f"{split}.{name}", one)
        rows.append((split, said, one.value, one.range, one.n_subjects, one.n_frames))
names = ["split", "measure", "value", "interval", "subjects", "frames"]
rows = pd.DataFrame(rows, columns=names)
charts.table(rows, "Mean over frames, then over subjects", digits=2)

# %% [markdown]
# An interval rests on what a measure can be at all, from 0 to 1, so that of few subjects
# it may reach beyond all of their dots. Look at the dots before the means: are the subjects of one domain one heap, or two?
# A mean between two heaps describes nobody. Then look at which of recall and precision
# is lost. What is missed and what is falsely marked have different causes, and different
# remedies.


# %%
def groups_of(folder):
    """A subject's group, where subjects.csv has a column of that name."""
    said = Path(folder or "nowhere", "subjects.csv")
    if not said.exists():
        return {}
    table = pd.read_csv(said, sep=r"\s*[,;\t]\s*", engine="python", dtype=str)
    return dict(zip(table["subject"], table["group"])) if "group" in table else {}


# %%
sides = {HOME: lesson.course.source, ABROAD: lesson.course.target}
dice_by = each[each["row"] == "dice"].copy()
known = {split: groups_of(folder) for split, folder in sides.items()}
pairs = zip(dice_by["kind"], dice_by["subject"])
dice_by["group"] = [known[split].get(who) for split, who in pairs]
lesson.holds(groups=bool(dice_by["group"].nunique() > 1))
if dice_by["group"].nunique() > 1:
    mean = dice_by.groupby(["kind", "group"], sort=False)["value"]
    mean = mean.agg(["mean", "count"]).reset_index()
    heads = {"kind": "split", "mean": "Dice", "count": "subjects"}
    mean = mean.rename(columns=heads)
    display(charts.table(mean, "Dice by group, means over subjects"))

# %% [markdown] tags=["when", "groups"]
# **Your subjects come in groups.** The table above has a row for each. Where groups
# differ more than the domains do, the target isn't one population, and a single number
# for it depends on how many subjects of each group happen to be there.

# %% [markdown]
# The network marks what it holds to be more likely than not. **Drag the threshold: does
# another one suit the target better, and would you have known it without its labels?** A
# split without the structure has no Dice, and is left out.

# %%
STEPS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def by_step(split):
    """Dice by threshold, a mean over subjects."""
    tables = [counts.evaluate(run, lesson.frames(split), level) for level in STEPS]
    dice = [counts.on_blood(counts.dice, table) for table in tables]
    pairs = zip(dice, tables)
    return [statistics.subject_means(d, t["subject"]).mean() for d, t in pairs]


steps = {split: by_step(split) for split in both}
steps = {split: means for split, means in steps.items() if np.isfinite(means).all()}


# %%
def at_level(level):
    now = {split: float(means[STEPS.index(level)]) for split, means in steps.items()}
    said = ", ".join(f"{value:.2f} on {split}" for split, value in now.items())
    drawn = play.line(STEPS, steps, (0, 1), level, "Dice over the threshold")
    return play.Scene(
        f"At a threshold of {level:g} Dice is {said}.", (), now, {}, drawn
    )


slider = play.Slider("level", "threshold", STEPS, 0.5)
play.Interactive("own_threshold", [slider], at_level, "Drag the threshold")

# %% [markdown]
# A threshold that is chosen on the target's test flatters; [lesson 07](07_close_the_gap.ipynb) chooses it on
# validation subjects.
#
# ## What goes with failure?
#
# Within a subject: do its frames with a larger structure, or more light, have a higher
# Dice? ([Lesson 04](04_correlate_failures.ipynb).) Size comes first because Dice grows with it by arithmetic alone.
# **A correlation is no cause**, and of three tests one may well seem to have found
# something; p is corrected for that (Holm).

# %%
abroad = per_frame[per_frame["split"] == ABROAD].reset_index(drop=True)
packed = lesson.frames(ABROAD)
look = shift.image_statistics(packed.images, packed.view & packed.valid)
look = look[["brightness", "saturation"]].iloc[abroad["row"].to_numpy()]
props = look.reset_index(drop=True).assign(area=counts.coverage(abroad))
rows = []
for name in ("area", "brightness", "saturation"):
    given = (props[name], abroad["dice"], abroad["subject"], abroad["clip"])
    one = correlation.spearman_within(*given, order=abroad["frame"])
    rows.append((name, one.value, one.n_subjects, one.p))
rows = pd.DataFrame(rows, columns=["property", "rank correlation", "subjects", "p"])
rows["p (Holm)"] = correlation.holm(rows["p"])
rows = rows.astype({"p": float})
lesson.holds(too_few_within=bool(rows["subjects"].max() == 0))
charts.table(rows, "With Dice abroad, within subjects, mean over subjects", digits=2)

# %% [markdown] tags=["when", "too_few_within"]
# **No subject has enough frames with the structure.** So nothing was tested in the table:
# it takes several frames of one subject to see what goes with failure within it.

# %% [markdown]
# ## What do changes of the image cost?
#
# Here we intervene. From unlabelled frames of both domains it is estimated how far light,
# colour, sharpness, noise, smoke and the view differ, and the source's own test frames
# are turned as far. What Dice they lose is shared out among the changes ([lesson 06](06_what_breaks_the_model.ipynb)). The
# structure's own look, and what surrounds it, can't be turned in a finished picture: what
# these shares don't explain may be that, or may be something else.


# %%
def some(*splits, most=4):
    """A few frames of each subject, as the dials want them."""
    parts = []
    for one in map(lesson.frames, lesson.domains.present(*splits)):
        turn = one.table.groupby("subject").cumcount()
        keep = one.where((turn < most).to_numpy())
        arrays = map(np.asarray, (keep.images, keep.blood, keep.valid))
        parts.append(shift.Frames(*arrays, keep.table["subject"].to_numpy()))
    return shift.Frames(*map(np.concatenate, zip(*parts)))


# %%
learned, test = some("train", "id_val"), some(HOME, most=12)
names = pd.unique(learned.subject)
sides = [np.isin(learned.subject, names[n::2]) for n in (0, 1)]
halves = [shift.Frames(*(part[side] for part in learned)) for side in sides]
doses = {
    "source to target": shift.estimate(learned, some(splits[-2])).doses,
    "placebo: source to source": shift.estimate(*halves).doses,
}

# %%
costs = {name: causes.by_images(run.model, test, one) for name, one in doses.items()}
marks_of = pd.concat(costs).rename_axis(["kind", "row"]).stack().rename("value")
total = {name: one.sum().mean() for name, one in costs.items()}
charts.dots(
    marks_of.reset_index(),
    "Dice lost to all changes: "
    + ", ".join(f"{one:+.2f} {name}" for name, one in total.items()),
    "share in the Dice that a subject of the source loses",
    apart=0.25,
    mark=0,
)

# %% [markdown]
# Hold each row against its placebo: there the source was "turned" to another half of
# itself, so what it costs is what the method invents. A share counts as found where its
# dots lie beyond those of the placebo, subject by subject. (*Lens* is sharpness and
# noise, *air* is smoke and gleams.) Where every row is zero, no dose could be told from
# what the source's own subjects differ by, or the network had nothing to lose; neither
# says that the change is harmless. Look at the axis, too: shares of a hundredth are
# nothing. And a placebo of one or two subjects a half says
# hardly anything.
#
# ## What helps?
#
# Controls first: doing nothing, and another threshold. Then remedies that need no
# drawing and no new training: the frames of the target given the source's look
# (Reinhard, histogram matching), and batch norms that forget the source (AdaBN); and
# one that needs your work, a few labelled target frames. What any of them learns of the
# target it learns from validation subjects, and all are measured on others. ([Lesson 07](07_close_the_gap.ipynb).) **Which would
# you be allowed to use where your target frames come from?**

# %%
NAMES = ["nothing", "threshold", "reinhard_test", "histogram_test"]
NAMES += ["adabn"] * lesson.course.plain
NAMES += ["few_labelled"] * bool(who.loc[splits[-2], "frames with it"])
CALLED = {one: remedies.NAMES[one].replace("patients", "subjects") for one in NAMES}
setting = remedies.Setting(lesson.course, lesson.domains, run, splits[-2])

# %%
frame_values, on_validation = {}, {}
for name in NAMES:
    made = remedies.RECIPES[name](setting)
    frame_values[name] = remedies.measured(made, lesson.frames(ABROAD))
    on_validation[name] = remedies.measured(made, lesson.frames(splits[-2]))

# %%
SHOWN = {"dice": "Dice", "recall": "recall", "precision": "precision"}
SHOWN |= {"alarm_at_1pct": "alarms at 1 %"}
rows = {}
for name, table in frame_values.items():
    chosen_by = remedies.by_subject(on_validation[name])["dice"].mean()
    rows[CALLED[name]] = {"Dice, validation": chosen_by}
    rows[CALLED[name]] |= remedies.by_subject(table)[list(SHOWN)].mean().to_dict()
    before, after = frame_values["nothing"]["dice"], table["dice"]
    gain = statistics.paired_difference(before, after, table["subject"])
    rows[CALLED[name]] |= {"gain": gain.value, "p": gain.p}
rows = pd.DataFrame(rows).T.rename(columns=SHOWN)
rows["p"] = ["–" if p != p else f"{p:.2g}" for p in rows["p"].astype(float)]
charts.table(rows.reset_index(names="remedy"), f"On {ABROAD}, means over subjects", 3)

# %%
dice = {
    CALLED[name]: remedies.by_subject(table)["dice"]
    for name, table in frame_values.items()
}
dice = pd.DataFrame(dice).T.rename_axis(index="row", columns="subject").stack()
best = dice.groupby("row").mean()
start, others = best["nothing: the baseline"], best.drop("nothing: the baseline")
charts.dots(
    dice.rename("value").reset_index(),
    f"Dice {start:.2f} as it was, {others.min():.2f} to {others.max():.2f} after",
    "Dice, mean over a subject's frames with the structure",
)

# %% [markdown]
# Choose by the column *Dice, validation*, and read the result in the others: whoever
# takes the best row of the test has chosen on the test, and would have to measure again
# on subjects that nobody has seen. (A threshold and a few labels have used the labels of
# the validation subjects, so there they flatter themselves.) A remedy has helped where
# most subjects moved, not where the mean did, and where alarms did not rise with it. A p
# that is a dash could not be had, from so few subjects or because nothing changed. Each is
# of one test: of several remedies one may well pass by chance.

# %% [markdown]
# ### Exercise 2 · How many of them moved?
#
# Write `moved(before, after)`: both are Series of Dice by subject. It gives how many
# subjects rose, and how many have both numbers. Then try it on two rows of `dice`, such
# as `dice.loc["nothing: the baseline"]`.


# %% tags=["exercise"]
def moved(before, after):
    # solution begins
    gain = (after - before).dropna()
    return int((gain > 0).sum()), len(gain)
    # solution ends


# %% tags=["check"]
check(
    lambda: (
        moved(
            pd.Series({"a": 0.1, "b": 0.5, "c": 0.3, "d": np.nan}),
            pd.Series({"a": 0.2, "b": 0.4, "c": 0.6, "e": 0.9}),
        )
        == (2, 3)
    ),
    "Subtract by subject, leave out who has no number in one of the two, and count "
    "what is above zero; give that and how many are left.",
)

# %% [markdown] tags=["solution"]
# Pandas subtracts by name; a subject that only one of the two has gets no number.

# %% [markdown]
# ## What is a probability worth?
#
# Of all pixels that the network gives eight in ten, is the structure on eight in ten?
# ([Lesson 11](11_when_to_be_silent.ipynb).) **Which side of the diagonal would you expect abroad?** Below it the
# network is surer than it should be.


# %%
def reliability(split, n=10):
    """Mean probability and share of the structure, in n bins by probability."""
    packed = lesson.frames(split)
    chance = training.probability(run.probabilities(packed)[packed.valid])
    truth = packed.blood[packed.valid]
    place = np.minimum((chance * n).astype(int), n - 1)
    pixels = np.bincount(place, minlength=n)
    sums = [np.bincount(place, one, minlength=n) for one in (chance, truth)]
    keep = pixels >= 100
    return [one[keep] / pixels[keep] for one in sums]


# %%
curves = {split: reliability(split) for split in both}
off = {s: np.abs(x - y).mean() for s, (x, y) in curves.items()}
charts.lines(
    curves | {"calibrated": ([0, 1], [0, 1])},
    "Probability against share, off by "
    + ", ".join(f"{v:.2f} ({name})" for name, v in off.items()),
    "probability that the network gives",
    f"share of pixels that are {structure}",
    caption="Bins of at least 100 pixels, each counted alike in the title. A split "
    "without the structure lies at zero.",
)

# %% [markdown]
# ### Exercise 3 · Too sure, or not sure enough?
#
# The title takes each bin's distance without its sign. Compute `too_sure` for the target:
# the mean over its bins of the probability minus the share, with the sign. Both are in
# `curves[ABROAD]`. Above zero the network is surer than it should be.

# %% tags=["exercise"]
# solution begins
too_sure = np.mean(curves[ABROAD][0] - curves[ABROAD][1])
# solution ends

# %% tags=["check"]
check(
    lambda: np.isclose(
        too_sure, sum(p - s for p, s in zip(*curves[ABROAD])) / len(curves[ABROAD][0])
    ),
    "Take the first part of curves[ABROAD] minus the second, bin by bin, and its mean; "
    "no abs.",
)

# %% [markdown] tags=["solution"]
# Distances without a sign can't cancel, and don't say which way; with the sign they say
# which way, and can cancel. So one reports both.

# %% [markdown]
# ### Exercise 4 · Your three sentences (open)
#
# Write the three sentences of the next section for your own data, each with its numbers
# and its subjects. Then let somebody who has not seen this page try to refute them.

# %% tags=["quiz"]
quiz(
    (
        "Every frame that training saw holds the structure. What happens without it?",
        {
            "Nothing is marked, since nothing is there.": "No: the network was never "
            "shown such a frame.",
            "Nobody knows, and marks are likely.": "Yes: only clean frames can teach "
            "silence, and only they can measure it.",
        },
    ),
    (
        "Dice is 0.60 in one half of the target's subjects, 0.27 in the other. Their "
        "mean says",
        {
            "how the network does on such a target.": "No: it describes no subject of "
            "either half.",
            "little, before it is known what the halves are.": "Yes: the target may be "
            "two populations.",
        },
    ),
    (
        "A remedy gains 0.05 on the test split, the best of seven. Elsewhere expect",
        {
            "less.": "Yes: the best of several looks better than it is.",
            "0.05.": "No: it was chosen for this very number.",
        },
    ),
)

# %% [markdown]
# ## What you may say, and what to doubt
#
# Three sentences are worth having at the end, and this page holds what each needs.
#
# 1. *At home the network reaches so much, on so many subjects that it never saw.*
# 2. *Abroad it reaches so much, on so many subjects with the structure, and it errs
#    there by missing, or by marking what isn't there, in these places.*
# 3. *Of what we tried, this helped so many of so many subjects, chosen without the test.*
#
# **Doubt** each number that stands on few subjects. Doubt a cause that its placebo
# shares. Doubt a comparison of two data sets whose masks were drawn by different hands:
# some of the loss may be a difference of opinion. And doubt that two folders are two
# domains: they are two samples, and what differs between them may be the weather.
