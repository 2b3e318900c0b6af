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
# # 07 · Close the gap
#
# [Open in Colab]($COLAB/07_close_the_gap.ipynb) · [before](06_what_breaks_the_model.ipynb) · [next](08_when_does_it_bleed.ipynb)
#
# **You will be able to** try remedies against a domain shift, say what each was allowed
# to see, hold them against controls that cost nothing, and choose one without looking
# at the patients that it is tested on. **You need** lessons 03 and 06. **It takes**
# about 50 minutes.

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
import copy
import functools

import cv2
import numpy as np
import pandas as pd
import torch
from torch.nn.functional import logsigmoid

# %%
from helpers import (
    counts,
    figures,
    models,
    play,
    remedies,
    runs,
    statistics,
    training,
    words,
)
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.progress import progress
from helpers.remedies import CONTROLS, NAMES, REMEDIES, looks, networks
from helpers.settings import ROOT, device

# %%
lesson = begin(profile, seed, data)

# %% [markdown]
# ## The rules first
#
# A remedy that peeks at the test is no remedy. So we fix the rules before we know any
# result. A remedy learns from training subjects of the source. Some may also use frames
# of *validation* patients, with or without their labels. All are measured on *other*
# patients, and what is chosen is chosen on the validation patients.
#
# **Which of these would you be allowed to use in your own hospital?**

# %%
rules = REMEDIES.reset_index()
rules = rules[["name", "when", "target_frames", "idea"]]
rules = rules.set_axis(["remedy", "acts", "target frames it sees", "idea"], axis=1)
figures.table(rules, "The remedies of this course, and what each may see")

# %% [markdown]
# Read the third column as a price. A remedy that sees no target frame can be prepared
# before the first patient. Unlabelled frames have to be collected, and labels have to
# be drawn by somebody who knows what blood looks like. Two remedies adapt to the very
# frames that they are tested on. They see no label, so this isn't cheating; but they
# can't be checked before the day on which they are used.
#
# ## What any remedy must beat
#
# Before we try anything clever, we ask what is to be had for nothing. The simplest
# control is a rule that needs no training: **what lies outside the visible view is no
# blood.** Another is the threshold: we call blood what has a probability of one half,
# and a few labels of validation patients are enough to choose a better value. Then
# there is our own old network, from which the black fill was left out (lessons 02 and
# 03), with the rule and without. The last is the baseline trained on for as long as
# the remedies that train on, but with nothing new.
# **How much do you expect the rule to gain, now that fill counts?**

# %%
TEST, VALIDATION = "ood_test", "ood_val"
if lesson.drawn:
    TEST, VALIDATION = "ood_wished", "ood_wished_val"
baseline = lesson.model()
patients = lesson.frames(TEST)
view = patients.view
marked = runs.probabilities(baseline, patients) >= 128
by_rule = counts.evaluate(marked & view, patients)

# %%
setting = remedies.Setting(lesson.course, lesson.domains, baseline, VALIDATION)
made = {name: remedies.RECIPES[name](setting) for name in CONTROLS}
ruled = remedies.measured(made["view_rule"], patients)
assert (ruled[["tp", "fp"]] == by_rule[["tp", "fp"]]).all(axis=None)

# %%
SHOWN = {
    "dice": "Dice",
    "dice_view": "Dice in the view",
    "recall": "recall",
    "precision": "precision",
    "false_area_surround": "surround marked, %",
    "alarm_at_1pct": "alarms at 1 %",
}

# %%
pools = patients.blood.sum(axis=(1, 2))
largest = pd.Series(pools).groupby(patients.table["subject"].to_numpy()).idxmax()
kept = largest.iloc[:4].to_numpy()  # a frame each of some patients, to be looked at
seen_marks = {}


@functools.cache  # every remedy is measured once on every split
def measured(name, split):
    one, packed = made[name], lesson.frames(split)
    marks = counts.marked(one, packed, one.threshold)
    if split == TEST:
        seen_marks[name] = marks[kept]
    return remedies.measured(marks, packed)


# %%
def means_on(split, names):
    """Means over frames, then over subjects: a row per name, a column per measure."""
    each = progress(names, "Measuring")
    found = {name: remedies.by_subject(measured(name, split)).mean() for name in each}
    table = pd.DataFrame(found).T.rename(index=NAMES)
    return table[list(SHOWN)].rename(columns=SHOWN)


# %%
controls = means_on(TEST, CONTROLS)
figures.table(
    controls.reset_index(names="control"),
    words.capital(f"controls on {words.name_of(TEST)}"),
    digits=2,
)

# %%
dice, dice_ruled, dice_threshold, old, old_ruled = (
    controls["Dice"][CONTROLS[name]]
    for name in (
        "nothing",
        "view_rule",
        "threshold",
        "fill_left_out",
        "fill_left_out_rule",
    )
)
with_rule, by_threshold = (
    words.change(dice, then) for then in (dice_ruled, dice_threshold)
)
level, old_rule = made["threshold"].threshold, words.change(old, old_ruled)

# %% [markdown]
# By the rule alone, Dice of the old network {old_rule}; the first version of this
# lesson credited such gains to clever methods. With the baseline, which was taught
# about black, Dice {with_rule}. By the threshold of {level:g}, which the validation
# patients prefer, it {by_threshold}. Inside the view the rule can change nothing, by
# construction. So from here on we look at two numbers for each remedy: the gain on the
# frame, and the gain inside the view.
#
# ## Another look
#
# The first family changes pictures. **Reinhard's** idea takes six lines: measure the
# mean and the spread of each channel in a space where light and colour are apart
# (CIELAB), and give one picture the other's. Black that shows nothing is neither
# counted nor changed.


# %%
def lab_of(image):
    return cv2.cvtColor(image / np.float32(255), cv2.COLOR_RGB2LAB)


def with_colours_of(other, seen_other, image, seen):
    own, goal = lab_of(image), lab_of(other)[seen_other]
    growth = goal.std(axis=0) / own[seen].std(axis=0)
    own = (own - own[seen].mean(axis=0)) * growth + goal.mean(axis=0)
    own[..., 0] = own[..., 0].clip(0, 100)
    rgb = cv2.cvtColor(own.astype(np.float32), cv2.COLOR_LAB2RGB).clip(0, 1)
    return np.where(seen[..., None], np.rint(255 * rgb).astype(np.uint8), image)


# %% [markdown]
# **Fourier domain adaptation** exchanges something else. A picture is a sum of waves,
# each with an amplitude and a phase. The amplitudes of the slowest waves hold the light
# and the colour cast, the phases hold where things are. So we take the other picture's
# amplitudes for the slowest waves, and keep our own phases.


# %%
def with_amplitudes_of(other, image, beta=0.02):
    ours, theirs = (np.fft.fft2(x.astype(float), axes=(0, 1)) for x in (image, other))
    reach = int(beta * min(image.shape[:2]))
    waves = [np.abs(np.fft.fftfreq(n, 1 / n)) < reach for n in image.shape[:2]]
    low = np.ix_(*waves)
    ours[low] = np.abs(theirs[low]) * np.exp(1j * np.angle(ours[low]))
    changed = np.fft.ifft2(ours, axes=(0, 1)).real
    return np.rint(changed.clip(0, 255)).astype(np.uint8)


# %%
pigs, others = lesson.frames("train"), lesson.frames(VALIDATION)
at = int(np.argmax(pigs.blood.sum(axis=(1, 2))))
pig, other = np.array(pigs.images[at]), np.array(others.images[0])
seen_pig, seen = pigs.view[at], others.view[0]
reinhard = with_colours_of(other, seen, pig, seen_pig)
fourier = with_amplitudes_of(other, pig)

style = looks.Reinhard([other], [others.valid[0]])
theirs = style(pig, pigs.valid[at])
assert np.abs(reinhard.astype(int) - theirs).max() <= 1
assert np.array_equal(fourier, looks.Fourier(other)(pig))

# %%
other_way = with_colours_of(pig, seen_pig, other, seen)
pictures = [
    lesson.domains.picture("train", at),
    lesson.domains.picture(VALIDATION, 0),
    lesson.domains.shown("train", reinhard),
    lesson.domains.shown("train", fourier),
    lesson.domains.shown(VALIDATION, other_way),
]
said = ["source", "target", "source, by Reinhard", "source, by Fourier"]
figures.strip(
    pictures,
    [*said, "target, by Reinhard"],
    title="Two ways to take on another look, and one of them backwards",
)

# %%
reach = int(0.02 * min(pig.shape[:2]))
slow = words.counted((2 * reach - 1) ** 2, "wave")

# %% [markdown]
# Look at the blood in the third and fourth picture: is it still what you would call
# blood? At this size our `beta` takes over {slow}; where this is a single one, it is
# the mean colour and nothing else. The last picture is made at test time: a target
# frame is given the source's colours, and everything that is unusual for the source is
# stretched towards what is usual there, blood or not.
#
# A network is then trained on for half as long as before, with each training frame
# given the look of one of several target frames in half of the cases. These are the
# lines that the course runs:

# %%
figures.source(remedies.fourier)

# %%
made["fourier"] = remedies.fourier(setting)
made["reinhard_test"] = remedies.reinhard_test(setting)

# %% [markdown]
# ### Exercise 1 · A wider band
#
# How many waves are exchanged when `beta` is five times as large? Write `waves_in`: it
# takes `beta` and the shorter side in pixels and gives the number of pairs of
# frequencies that `with_amplitudes_of` exchanges. Then run it with a larger beta on
# `pig` and look at the result.


# %% tags=["exercise"]
def waves_in(beta, side):
    # solution begins
    reach = int(beta * side)
    return max(0, 2 * reach - 1) ** 2
    # solution ends


# %% tags=["check"]
check(
    lambda: (waves_in(0.02, 96), waves_in(0.1, 96), waves_in(0, 96)) == (1, 289, 0),
    "Frequencies run from -(reach - 1) to reach - 1 in both directions, where reach is "
    "beta times the side, rounded down. For reach 0 there is none.",
)

# %% [markdown] tags=["solution"]
# With a reach of $r$ there are $2r - 1$ frequencies in each direction, so the number of
# waves grows with the square. A wide band brings in the target's *shapes*, as ghosts:
# what was meant as a look becomes content, and the label no longer fits the picture.

# %% [markdown]
# ## Every look at once
#
# **Heavy augmentation** doesn't ask what the target looks like. The network sees each
# training frame under another camera, lamp and view every time. It needs an idea of
# what may come, and no target frame at all.

# %%
torch.manual_seed(seed)
heavy = looks.heavy_augmentation()
pictures = []
for _ in range(4):
    image, blood, known = (x[0] for x in training.batch_of(pigs, np.array([at]), heavy))
    shown = (255 * image.numpy()).astype(np.uint8).transpose(1, 2, 0)
    shown = lesson.domains.shown("train", shown)
    pictures.append(figures.overlay(shown, blood.numpy() > 0, known.numpy() > 0))
figures.strip(
    pictures,
    [f"draw {n}" for n in (1, 2, 3, 4)],
    title="One frame under heavy augmentation, four times",
)

# %%
made["heavy_augmentation"] = remedies.heavy_augmentation(setting)

# %% [markdown]
# Where a frame stands in a round view, the black around it is known to hold no blood,
# so the loss sees it. In our first version it was declared invalid, and the one remedy
# that was made for the surround had switched itself off.
#
# ## New statistics
#
# A batch norm remembers the mean and the spread of each of its channels, as they were
# on the source. **AdaBN** forgets them and measures them anew, on unlabelled target
# frames. No weight changes. Two things need care. Frames of one patient lie side by
# side, so we shuffle them, or each batch would be one patient. And a frame's black
# surround would count as if it were tissue, so we first paint it in the mean colour of
# its view; this is a stand-in, and not the same as leaving it out.


# %%
def on_device(images):
    whole = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
    return whole.float().to(device()) / 255


def norms_of(network):
    parts = network.modules()
    return [part for part in parts if isinstance(part, torch.nn.BatchNorm2d)]


# %%
def adabn(network, images, batch=32):
    network = copy.deepcopy(network).eval()
    for norm in norms_of(network):
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    order = np.random.default_rng(0).permutation(len(images))
    with torch.no_grad():
        for rows in np.array_split(order, -(-len(images) // batch)):
            network(on_device(images[np.sort(rows)]))
    return network.eval()


# %%
def same(one, two):
    pairs = zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    return all(torch.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in pairs)


# %% tags=["batchnorm"]
painted = networks.without_black(others.images, others.valid)
adapted = adabn(baseline.model, painted)
made["adabn"] = remedies.adabn(setting)
made["adabn_transductive"] = remedies.adabn_transductive(setting)
assert same(adapted, made["adabn"].model)

# %% tags=["batchnorm"]
before, after = (norms_of(one)[0] for one in (baseline.model, adapted))
ratio = (after.running_var / before.running_var).sqrt()
narrowest, widest = float(ratio.min()), float(ratio.max())

# %% [markdown] tags=["batchnorm"]
# In the first batch norm alone, the spread of the channels on the target is
# {narrowest:.2f} to {widest:.2f} times what it was on the source. The paper's own form
# takes the statistics from the test frames themselves; it stands below as
# *transductive*.

# %% [markdown]
# ## Surer of itself
#
# **TENT** goes on from there. For a probability $p$ of blood the *entropy*
#
# $$ H(p) = -p \log p - (1 - p) \log(1 - p) $$
#
# is zero where the network is certain, of whatever, and largest at one half. TENT turns
# the scales and shifts of the batch norms so that the entropy on target frames falls.
# It needs no label. **What could go wrong?**


# %%
def entropy_of(logits):
    p = torch.sigmoid(logits)
    return -(p * logsigmoid(logits) + (1 - p) * logsigmoid(-logits))


def tent_step(network, optimizer, images, seen):
    uncertain = entropy_of(network(images)[:, 0])[seen].mean()
    optimizer.zero_grad()
    uncertain.backward()
    optimizer.step()
    return uncertain.item()


# %%
def tent_passes(network, images, seen, passes, batch=16):
    """The network after each pass over the images, and the mean entropy of each."""
    network = copy.deepcopy(network).eval().requires_grad_(False)
    learn = [p for norm in norms_of(network) for p in (norm.weight, norm.bias)]
    optimizer = torch.optim.Adam([p.requires_grad_(True) for p in learn], lr=1e-3)
    random = np.random.default_rng(0)
    for _ in range(passes):
        each, order = [], random.permutation(len(images))
        for rows in map(np.sort, np.array_split(order, -(-len(images) // batch))):
            counted = torch.from_numpy(seen[rows]).to(device())
            each.append(tent_step(network, optimizer, on_device(images[rows]), counted))
        yield copy.deepcopy(network).eval(), float(np.mean(each))


# %% tags=["batchnorm"]
PASSES = 8
steps = list(tent_passes(adapted, others.images, setting.seen, PASSES))
made["tent"] = remedies.tent(setting)
made["tent_online"] = remedies.tent_online(setting)
assert same(steps[0][0], made["tent"].model)
print("mean entropy of each pass:", *[f"{value:.3f}" for _, value in steps])

# %% tags=["batchnorm"]
surer = words.change(steps[0][1], steps[-1][1])

# %% [markdown] tags=["batchnorm"]
# The entropy {surer} over {PASSES} passes. Whether the network is righter, too, it
# can't say: nobody told it. We come back to this.

# %% [markdown]
# ### Exercise 2 · The surest answer
#
# Which answer, the same for every pixel, has the least entropy of all? Predict it
# first. Then give `surest`, a logit whose entropy is below a thousandth and which says
# "no blood".

# %% tags=["exercise"]
# solution begins
surest = torch.tensor(-20.0)
# solution ends

# %% tags=["check"]
check(
    lambda: surest < 0 and float(entropy_of(torch.as_tensor(surest))) < 1e-3,
    "The logit must be negative, and far from zero: at zero the entropy is largest.",
    "Right: and it is the same for every frame, whatever is in it.",
)

# %% [markdown] tags=["solution"]
# Any large negative logit will do. A network that answers "no blood" everywhere has
# nearly no entropy and finds no blood. So low entropy is no proof of anything; TENT
# works only as long as it doesn't get there.

# %% [markdown]
# ## A few labels
#
# The dearest remedy is the plainest one: some labelled frames of validation patients,
# mixed into the training. Where no validation patient bleeds, as in the real target,
# there is nothing to label, and the remedy doesn't exist.

# %% tags=["phantom"]
made["few_labelled"] = remedies.few_labelled(setting)

# %%
tried = [name for name in REMEDIES.index if name in made]

# %% [markdown]
# ## Choose, then test
#
# Now we choose, and we choose on validation patients. For each remedy and control we
# take each patient's Dice, subtract the baseline's, and average over patients. **Rank
# the remedies before you look. Which one do you expect to hurt?**


# %%
def gains_on(split, names, measure):
    """What each adds to the baseline: rows of remedies, columns of patients."""
    values = {
        name: statistics.subject_means(table[measure], table["subject"])
        for name in progress(["nothing", *names], "Measuring")
        for table in [measured(name, split)]
    }
    return pd.DataFrame(
        {NAMES[name]: values[name] - values["nothing"] for name in names}
    ).T


# %%
# A network that was trained on labels of these patients can't be judged by them.
judged = [name for name in tried if name != "few_labelled"]
names = [*list(CONTROLS)[1:], *judged]
on_validation = gains_on(VALIDATION, names, "dice")
unseen = words.name_of(VALIDATION)
figures.gains(on_validation, f"gain in Dice on the frame, {unseen}")

# %%
ranked = on_validation.loc[[NAMES[name] for name in judged]].mean(axis=1).dropna()
chosen = ranked.idxmax() if len(ranked) else None
beaten = on_validation.loc[[NAMES[name] for name in list(CONTROLS)[1:]]].mean(axis=1)
choice = "No validation patient bleeds here, so none can be chosen by Dice."
if chosen is not None:
    second = ranked.drop(chosen).idxmax()
    choice = (
        f"By these {on_validation.shape[1]} patients we choose '{chosen}' "
        f"({ranked[chosen]:+.2f}); the next is '{second}' ({ranked[second]:+.2f}). The "
        f"best of the controls has {beaten.max():+.2f} ('{beaten.idxmax()}')."
    )

# %% [markdown]
# {choice} The choice looks at Dice alone, so only at frames with blood: what it costs
# on clean frames, and where the network came from, stands under "What else changed".
# The remedy with labels is not in this choice: it learned from the labels of these very
# patients. Those that used their unlabelled frames are in it, and may be a
# little flattered, as is the threshold among the controls. Only now do we look at the
# test.

# %%
names = [*list(CONTROLS)[1:], *tried]
frame, inside = (gains_on(TEST, names, what) for what in ("dice", "dice_view"))
about = {"chosen": "nothing could be chosen"}
if chosen is not None:
    gain, in_view = frame.loc[chosen].mean(), inside.loc[chosen].mean()
    about["chosen"] = f"'{chosen}', chosen before, gains {gain:+.2f} on the frame"
    about["in view"] = f"'{chosen}' gains {in_view:+.2f} inside the view"
    key = next(name for name in judged if NAMES[name] == chosen)
    alarmed = means_on(TEST, ["nothing", key])["alarms at 1 %"]
    about["price"] = f", and the share of false alarms {words.change(*alarmed)}"

# %%
unseen = words.name_of(TEST)
figures.gains(
    frame,
    f"gain in Dice on the frame, {unseen}",
    title=words.capital(f"on {unseen}, {about['chosen']}{about.get('price', '')}"),
).front("remedies")

# %%
figures.gains(
    inside,
    f"gain in Dice inside the view, {unseen}",
    title=words.capital(f"on {unseen}, {about.get('in view', about['chosen'])}"),
)

# %%
mean_frame, mean_inside = frame.mean(axis=1), inside.mean(axis=1)
less = [name for name in frame.index if mean_frame[name] - mean_inside[name] > 0.02]
hurt = [name for name in frame.index if mean_inside[name] < -0.005]
outside = "none" if not less else words.listed([f"'{name}'" for name in less])
harm = "none" if not hurt else words.listed([f"'{name}'" for name in hurt])

# %% [markdown]
# Compare the two charts row by row. A gain that is larger on the frame than in the view
# came from the surround, where any rule would have found it; by more than two
# hundredths this is the case for: {outside}. Rows that lose inside the view: {harm}.
# Each dot is a patient, but all patients of this page were measured with *one*
# training, so the dots say how patients differ, and not how trainings do.
#
# What does a gain look like? Here are all of them on one frame, side by side. **Find
# the remedy that found more blood, and then what it marked besides.**


# %%
def remedied(place):
    row = kept[place]
    frame = lesson.domains.picture(TEST, row), patients.blood[row], patients.valid[row]
    return {
        NAMES[name]: play.Picture(frame[0], "", *frame[1:], seen_marks[name][place])
        for name in ["nothing", *names]
    }


who = [
    f"{patients.table['subject'].iloc[row]}, frame {n}" for n, row in enumerate(kept)
]
play.compare({one: remedied(place) for place, one in enumerate(who)})

# %%
on_kept = pd.DataFrame(
    {
        NAMES[name]: measured(name, TEST)["dice"].iloc[kept]
        for name in ["nothing", *names]
    }
)
best_on = on_kept.dropna().idxmax(axis=1)
firsts = words.listed([f"'{one}'" for one in best_on.unique()])
firsts = firsts or "none, since no frame here has blood"
kept_said = words.counted(len(best_on), "frame")

# %% [markdown]
# On {kept_said} with blood the best by Dice are {firsts}. One frame is an anecdote, and
# the charts above are there to keep it one.

# %%
table = means_on(TEST, ["nothing", *names])
for name in names:  # a style is made for the target, and left out on the source
    made[name] = made[name]._replace(style=None)
table["Dice, source"] = means_on("id_test", ["nothing", *names])["Dice"]
figures.table(table.reset_index(names="remedy"), "What else changed", digits=2)

# %% [markdown]
# Read across a row before you believe its Dice. A network that marks more finds more
# blood, and raises more alarms on clean frames. The last column asks what the remedy
# costs where the network came from: a network for everywhere must not forget the
# source.

# %%
base = measured("nothing", TEST)
for name in names:
    found = measured(name, TEST)
    for ending, measure in (("", "dice"), (".view", "dice_view")):
        gain = statistics.paired_difference(
            base[measure], found[measure], found["subject"]
        )
        lesson.add(f"remedy.{name}.ood_dice_gain{ending}", gain, TEST)
    at_1pct = counts.ALARMS["alarm_at_1pct"]  # the size of the table above
    alarms = lesson.estimate(found, "false_alarm_rate", at_1pct, split=TEST)
    lesson.add(f"remedy.{name}.false_alarm_rate", alarms, TEST)

# %% [markdown]
# ## Too much of a good thing
#
# TENT makes the network surer. We let it go on, pass after pass, and measure each.
# **Where will the Dice curve have its top?**

# %% tags=["batchnorm"]
after_each = [adapted, *(network for network, _ in steps)]
rows = []
for number in progress((0, 1, 2, 4, PASSES), "Measuring"):
    network, row = after_each[number], {"passes": number}
    for split in (VALIDATION, TEST):
        found = remedies.measured(remedies.Remedied(network), lesson.frames(split))
        means = remedies.by_subject(found).mean()
        row[split] = means["dice"]
        row[f"recall, {split}"] = means["recall"]
    rows.append(row)
passes = pd.DataFrame(rows).set_index("passes")

# %% tags=["batchnorm"]
curves = {
    split: (list(passes.index), list(passes[split])) for split in (VALIDATION, TEST)
}
dice_moved = words.change(*passes[TEST].iloc[[0, -1]])
figures.line(
    curves,
    "passes over the unlabelled frames",
    "Dice on the frame, mean over patients",
    title=f"Dice on {words.name_of(TEST)} {dice_moved} over {PASSES} passes of TENT",
)

# %% tags=["batchnorm"]
recall = passes[f"recall, {VALIDATION}"]
recall_moved = words.change(recall.iloc[0], recall.iloc[-1])
top = passes[VALIDATION].idxmax() if passes[VALIDATION].notna().any() else None
peek = passes[TEST].idxmax() if passes[TEST].notna().any() else None
honest = "On validation patients nothing can be chosen here, so one pass stands."
if top is not None and peek is not None:
    lost = passes[TEST][peek] - passes[TEST][top]
    honest = (
        f"Chosen on validation patients it is {words.counted(top, 'pass')} "
        f"(Dice on the test {passes[TEST][top]:.2f}); chosen on the test it would be "
        f"{peek}, and {passes[TEST][peek]:.2f}. Peeking would have added {lost:.3f}."
    ).replace("passs", "passes")

# %% [markdown] tags=["batchnorm"]
# On the validation patients recall {recall_moved} over the passes, while the entropy
# {surer}. When the two part,
# the network becomes surer without becoming righter, and nothing that it can measure
# itself would tell it so. So the number of passes has to be chosen with labels, and on
# patients that are not tested. {honest} With more options and fewer patients that
# difference grows.

# %% [markdown]
# ## Three drawings
#
# One training is one training. So all remedies were recorded over several drawings of
# the surgery, each with its own training. Patients of one drawing share its network, so
# the drawing is the unit: as many dots as drawings, and no interval over so few.
# **Which of the gains above will still be there?**

# %%
recorded = pd.read_csv(ROOT / "benchmarks" / "remedies.csv")
recorded["name"] = recorded["remedy"].map(NAMES)
drawings = recorded[recorded["remedy"] != "nothing"].pivot(
    index="name", columns="drawing", values=["gain", "gain_view", "val_gain"]
)
drawings = drawings.reindex([NAMES[name] for name in NAMES if name != "nothing"])
gaining = {
    what: drawings.index[(drawings[what] > 0).all(axis=1)]
    for what in ("gain", "gain_view")
}

# %%
n_drawings = drawings["gain"].shape[1]
figures.gains(
    drawings["gain"],
    "gain in Dice on the frame",
    unit="drawing",
    title=f"On the frame {len(gaining['gain'])} of {len(drawings)} gain in each of "
    f"{n_drawings} drawings",
)

# %%
figures.gains(
    drawings["gain_view"],
    "gain in Dice inside the view",
    unit="drawing",
    title=f"Inside the view {len(gaining['gain_view'])} of {len(drawings)} gain in "
    f"each of {n_drawings} drawings",
)

# %%
may = REMEDIES["name"].drop("few_labelled")
by_validation = drawings["val_gain"].loc[may].mean(axis=1)
best = by_validation.idxmax()
gives, gives_view = (drawings[what].loc[best] for what in ("gain", "gain_view"))
gives, gives_view = (
    f"{one.mean():+.2f} ({one.min():+.2f} to {one.max():+.2f})"
    for one in (gives, gives_view)
)
controlled = (
    drawings["val_gain"].loc[[NAMES[n] for n in list(CONTROLS)[1:]]].mean(axis=1)
)
control = controlled.idxmax()
control_gives = drawings["gain"].loc[control].mean()
against = drawings["gain"].loc[best] - drawings["gain"].loc[control]
against = f"{against.mean():+.2f} ({against.min():+.2f} to {against.max():+.2f})"

# %% [markdown]
# By the validation patients of all drawings, the remedy to take is '{best}'. On the
# test patients it gives {gives} on the frame, from the least to the most drawing, and
# {gives_view} inside the view. The control that validation patients prefer,
# '{control}', gives {control_gives:+.2f} on the frame. The remedy gives {against} more
# than that, drawing by drawing. Where the dots of a row lie on both sides of zero, all
# that one
# can say is that it depends.

# %%
columns = ["id_dice", "recall", "precision", *counts.ALARMS, "seconds"]
means = recorded.groupby("name", sort=False)[columns].mean().reset_index()
figures.table(means, f"Recorded, means over {n_drawings} drawings", digits=2)

# %% [markdown]
# Seconds are those of making the remedy; what needs no training, or was trained before,
# takes next to none. Compare the order of the rows by the three sizes of alarm with
# their order by recall: who ranks by one number alone chooses for the reader.

# %% [markdown]
# ## The same frames, trained again
#
# The charts of this page rest on one training and one split of the source. The whole
# study tells apart what each of them brings: it trains again from other seeds and on
# other folds, and measures every network on the same subjects. **What will move Dice
# more: another seed, another fold, or another subject?**

# %%
found, shown = remedies.studied(lesson.course, lesson.domains), None
spoken = remedies.HOW
if found is not None:
    spoken = "Where a deviation is missing there was nothing to vary over."
    spreads = found.query("split == @TEST and measure == 'dice'")
    columns = ["encoder", "remedy", "value", *spreads.filter(like="over "), "jobs"]
    spreads = spreads[columns].replace({"remedy": NAMES})
    caption = f"Dice of {unseen}, and its standard deviation over what varies"
    shown = figures.table(spreads, caption, digits=3)
shown

# %% [markdown]
# {spoken} A gain that is smaller than what another seed brings is no gain yet.

# %% [markdown]
# ## Beside a real study
#
# One clean study with folds grouped by pig went from HemoSet to human gynaecological
# laparoscopy. Its numbers are cited, not ours; surgery, labels, networks and sizes
# differ. **Which share of the gap did its best remedy recover?**

# %%
SOURCE = "RiccardoMazzi01/bleedsense_cvcs2026; test set of Rabbani et al., MIDL 2022"
cited = pd.DataFrame(
    [
        ("in domain", 0.745),
        ("baseline", 0.217),
        ("heavy augmentation", 0.321),
        ("Reinhard", 0.263),
        ("Fourier domain adaptation", 0.242),
        ("MixStyle", 0.203),
        ("three architectures, each with heavy augmentation", 0.343),
    ],
    columns=["remedy", "Dice"],
)
at_home, outside_home = cited["Dice"][:2]
cited["share of the gap"] = (cited["Dice"] - outside_home) / (at_home - outside_home)
figures.table(cited, f"Cited: {SOURCE}", digits=3)

# %%
real = cited.set_index("remedy")
share = real["share of the gap"].iloc[2:]
most, least = share.idxmax(), share.idxmin()
recovered_most, recovered_least = float(share.max()), float(share.min())
open_still = "most" if recovered_most < 0.5 else "less than half"
fared = "hurt" if recovered_least < 0 else "helped least"
three = real["Dice"].iloc[-1] - real["Dice"]["heavy augmentation"]

# %% [markdown]
# There {open_still} of the gap stayed open: the largest share recovered is
# {recovered_most:.2f} ('{most}'), and {least} {fared} ({recovered_least:+.2f}). The
# three architectures were trained *with* heavy augmentation, so what they add to it is
# {three:+.2f}, and not their distance from the baseline. A control in the same table
# shows this at a glance.
#
# ### Exercise 3 · The share of the gap
#
# Write `recovered`, the share of the gap that a remedy closes: what it adds to the
# baseline, as a part of what the baseline lacks to the score in domain. Before you
# run it, predict what it gives for a remedy that makes things worse.


# %% tags=["exercise"]
def recovered(before, after, in_domain):
    # solution begins
    return (after - before) / (in_domain - before)
    # solution ends


# %% tags=["check"]
check(
    lambda: abs(recovered(0.2, 0.5, 0.8) - 0.5) < 1e-9 and recovered(0.2, 0.1, 0.8) < 0,
    "Divide what was gained, after minus before, by what was lacking, in_domain minus "
    "before.",
)

# %% [markdown] tags=["solution"]
# A remedy that hurts has a negative share. The share makes studies with different gaps
# comparable, but it hides the gap: half of a small one may be noise.

# %% [markdown]
# ### Exercise 4 · Your hospital (open)
#
# Take the table of rules at the top and the recorded charts. Which remedy would you
# propose for a network that arrives next month, and which frames would you have to
# collect for it, from whom, and with whose consent? What would you measure in the
# first week to find out whether it does harm?
#
# ## Another encoder?
#
# The encoder's past is a remedy, too. Surgical foundation weights (SurgeNet) load into
# their own architectures: `make report ENCODER=caformer_s18 DECODER=fpn
# WEIGHTS=surgenet` makes all pages with them. They are CC BY-NC-SA, so not for
# commercial use. **One caution:** look at the fifth column. Some
# of them were pretrained, without labels, on the videos that the target's frames are
# cut from. A gain on those videos is then not one on unseen patients.

# %%
figures.table(
    models.EXPOSURE.reset_index(), "SurgeNet checkpoints, and what they have seen"
)

# %% [markdown]
# A checkpoint that has seen the target's videos is no worse for it, but its test must
# then be made on other patients.

# %% tags=["quiz"]
quiz(
    (
        "A remedy gains much on the frame and nothing inside the view. What did it do?",
        {
            "It found blood that was missed before.": "No: blood lies inside the view.",
            "It took marks away from the black surround.": "Yes: a rule about the view "
            "would have done the same.",
        },
    ),
    (
        "Which remedy may be called the best?",
        {
            "The one with the highest gain on the test patients.": "No: it was picked "
            "for being high there, so its gain flatters.",
            "None by the test; one is chosen on validation patients, and the test says "
            "what it gives.": "Yes: choosing and measuring need different patients.",
        },
    ),
    (
        "After ten passes of TENT the entropy is nearly zero. What do we know?",
        {
            "That the network is certain.": "Yes: and nothing about being right.",
            "That the network has adapted well.": "No: to answer the same everywhere "
            "is certain, too.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw remedies measured on patients that none of them learned from, beside controls
# that cost nothing, on the frame and inside the view. **Doubt** a remedy without a
# control beside it. Doubt one that was tuned where it was tested, and a gain in Dice
# that comes with alarms on clean frames. And doubt the phantom most of all: it shows
# how to find out what helps, and what helps here may lose in real surgery.
