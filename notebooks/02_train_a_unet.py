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
# # 02 · Train a U-Net
#
# [Open in Colab]($COLAB/02_train_a_unet.ipynb) · [before](01_explore_two_surgeries.ipynb) · [next](03_evaluate_out_of_domain.ipynb)
#
# **You will be able to** build a segmentation network, write its loss, train it, choose
# an epoch honestly, and find out what the loss never looked at. **You need** lesson 01
# and some PyTorch. **It takes** about 60 minutes.

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
import numpy as np
import pandas as pd
import segmentation_models_pytorch as smp
import torch

from helpers import charts, pictures, play, training
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.play import live
from helpers.settings import ROOT
from helpers.statistics import subject_means
from helpers.training import segmentation_loss
from helpers.words import counted, listed, number

lesson = begin(profile, seed, data)

# %% [markdown]
# ## Who chooses?
#
# Training has many choices in it, and above all when to stop. Whoever chooses by a
# score makes that score flatter itself. So the source's subjects are divided into
# three groups: `train` is learned from, `id_val` chooses, and `id_test` has no say in
# anything until lesson 03 measures on it.
#
# Frames of one pig are seconds apart, and nearly the same picture. If one of them
# trained the network and its neighbour judged it, the judgement would measure memory.
# **We therefore divide whole subjects, not frames. Which group needs the most?**

# %%
source = lesson.domains.source.table
groups = source.groupby("split", sort=False)
charts.table(
    groups.agg(
        subjects=("subject", "nunique"),
        frames=("frame", "size"),
        who=("subject", lambda names: ", ".join(names.unique())),
    ).reset_index(),
    "The source, divided by whole subjects",
)

# %% [markdown]
# The largest group is `train`, because what the network has not seen it cannot learn.
# The two other groups stay small, and that has a price: a score over so few subjects
# says little about the next one. We will meet this price again.
#
# ## The network
#
# A U-Net goes down and comes up again. On the way down an *encoder* halves the picture
# several times and learns **what** there is. On the way up a *decoder* doubles it, and
# at each smaller size it is handed what the encoder saw there, which tells it **where**
# things are. The library segmentation-models-pytorch builds one in a line.

# %%
tiny = smp.Unet("tu-tf_efficientnet_lite0", encoder_weights=None, classes=1)
frame = torch.rand(1, 3, *lesson.course.size)
print("frame", tuple(frame.shape), "-> logits", tuple(tiny(frame).shape))
for feature in tiny.encoder(frame)[1:]:
    print("the encoder hands across", tuple(feature.shape[1:]))
network = training.untrained(lesson.course)
print(f"What the course's own encoder has seen before: {network.exposure}")

# %% [markdown]
# A *logit* is a number for each pixel; the sigmoid turns it into a probability of
# blood. The course's own network is the same, and its encoder need not begin from
# nothing: the last line above says what it has seen. Photographs of cats and cars teach
# edges and textures all the same.


# %%
def stages_of(network, size):
    """The frame and the encoder's maps: channels, height, width and scale."""
    maps = network.eval().features(torch.zeros(1, 3, *size))
    shapes = [one.shape[1:] for one in maps if one.shape[1]]  # some are empty
    table = pd.DataFrame(shapes, columns=["channels", "height", "width"])
    return table.assign(scale=table["height"][0] // table["height"])


stages = stages_of(network, lesson.course.size)
decoder = [list(step.parameters())[-1].numel() for step in network.way_up]  # biases
pictures.unet(stages, decoder)

# %% [markdown]
# Read the drawing from the left, where the frame comes in. The boxes get deeper and
# smaller until a single one is left at the bottom, and then the way up gives back what
# size was lost. The dashed arrows are what the U-Net was made for: without
# them the decoder would be told that there is blood, and only roughly where. Its last
# block alone is handed nothing: at the frame's own size the encoder has seen nothing
# yet.
#
# ## Augmentation
#
# A small data set can be made to look larger by changes that leave the label true: we
# mirror a frame, tilt it, come nearer, make it a little brighter. The label has to move
# with the frame. **Look at the black corners below. What should we tell the network
# about them?**

# %%
train = lesson.frames("train")
area = train.blood.sum(axis=(1, 2))
row = np.argsort(area, kind="stable")[-(np.count_nonzero(area) // 2 + 1)]  # the middle
torch.manual_seed(seed)
shown, areas = [lesson.overlay("train", row)], [100 * train.blood[row].mean()]
for _ in range(3):
    given = train, np.array([row]), training.light_augmentation()
    image, blood, known = (part[0].numpy() for part in training.batch_of(*given))
    moved = (255 * image).astype(np.uint8).transpose(1, 2, 0)
    moved = lesson.domains.shown("train", moved)
    shown.append(pictures.overlay(moved, blood > 0, known > 0))
    areas.append(100 * blood.mean())
named = zip(["as it is", *3 * ["augmented"]], areas)
titles = [f"{name}: {of:.1f} % blood" for name, of in named]
pictures.strip(shown, titles, "The label moves with the frame")

# %% [markdown]
# The outline follows the blood through every change. The black that comes in from
# outside the frame is *fill*: nobody filmed it, so there is no blood in it, and we know
# that for certain. That is another thing than a pixel that nobody labelled, where blood
# may or may not be. Both may look the same in a program, a zero in some mask, and the
# difference will turn out to matter more than anything else in this lesson.
#
# ## The loss
#
# The loss says how wrong a prediction is. Half of ours is **binary cross-entropy**,
# which judges each pixel by itself. Blood covers a small part of a frame, so saying
# "no blood" everywhere would already please it. The other half, **soft Dice**, judges
# the overlap as a whole. Over the known pixels $i$ of a batch, with the label $y_i$ and
# the predicted probability $p_i$:
#
# $$ \mathcal{L} = \tfrac{1}{2}\left(1 - \frac{2\sum_i p_i y_i}
#    {\sum_i p_i + \sum_i y_i}\right)
#    + \tfrac{1}{2}\cdot\frac{1}{n}\sum_i
#    -\left[y_i \log p_i + (1 - y_i)\log(1 - p_i)\right] $$
#
# In code it is the few lines that the course trains with.

# %%
charts.source(segmentation_loss)

# %% [markdown]
# A sigmoid is above zero, so the denominator is too, and no small constant is needed to
# save the division. We try it on four pixels by hand: two of blood, of which the last is
# not known. **Which of the two predictions costs more?**

# %%
blood = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
known = torch.tensor([[[1.0, 1.0], [1.0, 0.0]]])
guesses = {
    "nearly right": torch.tensor([[[3.0, -3.0], [-3.0, -9.0]]]),
    "all blood": torch.tensor([[[3.0, 3.0], [3.0, -9.0]]]),
}
for name, logits in guesses.items():
    print(f"{name:>13}: {segmentation_loss(logits, blood, known):.3f}")

# %% [markdown]
# Marking everything costs more, although the one blood pixel that counts is found
# either way. The missed fourth pixel costs nothing, because nobody knows it.
#
# ### Exercise 1 · What does the loss say about black?
#
# Here is a frame of two pixels: the first is blood and is marked, the second is black
# fill and is marked as well. Compute the loss twice with `segmentation_loss`: once with
# the fill left out (`known` is 0 there), once with the fill counted as "no blood".
# Before you run it, say which of the two tells the network that it is wrong.

# %% tags=["exercise"]
marked_both = torch.tensor([[[5.0, 5.0]]])
first_is_blood = torch.tensor([[[1.0, 0.0]]])
# solution begins
only_blood, both = torch.tensor([[[1.0, 0.0]]]), torch.ones(1, 1, 2)
fill_left_out = segmentation_loss(marked_both, first_is_blood, only_blood)
fill_counted = segmentation_loss(marked_both, first_is_blood, both)
# solution ends

# %% tags=["check"]
check(
    lambda: fill_left_out < 0.01 and fill_counted > 1,
    "Give known a 0 for the second pixel in the first case, and ones in the second.",
    "Right: with the fill left out, marking it costs nothing at all.",
)

# %% [markdown] tags=["solution"]
# Left out, the black pixel has no part in the loss: its gradient is zero, and the
# network may answer whatever it likes. Counted, marking it is as wrong as marking
# clean tissue. What the loss never sees is decided by chance.

# %% [markdown]
# ## One step, and many
#
# Predict, measure, ask which way is downhill, and go a little that way. All training
# is this, repeated. We watch ten steps on a fresh network.


# %%
def step(model, optimizer, images, blood, known):
    loss = segmentation_loss(model(images)[:, 0], blood, known)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %%
torch.manual_seed(seed)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
losses = []
for start in range(10):
    rows = np.random.default_rng(start).choice(len(train), 8, replace=False)
    batch = training.batch_of(train, np.sort(rows), training.light_augmentation())
    losses.append(step(network.train(), optimizer, *batch))
print(" ".join(f"{loss:.2f}" for loss in losses))

# %% [markdown]
# The loss goes down, with jumps, because every batch asks something else. The whole
# training goes through all frames, epoch after epoch. After each epoch the network
# predicts the validation subjects: Dice is taken for each frame with blood, averaged
# over the frames of a subject, then over subjects, so that one with many frames has no
# more votes than one with few. **The epoch with the best mean is kept.**


# %%
def curves(history, finished=True):
    """Dice on id_val: each subject, and their mean, which chooses the epoch."""
    mean, each = history.id_val, pd.DataFrame(history.id_val_subjects)
    every = {"mean over subjects": mean} | {name: each[name] for name in sorted(each)}
    epochs, best = range(1, len(mean) + 1), history.best_epoch
    title = f"Dice on id_val: {number(mean[-1])} after {counted(len(mean), 'epoch')}"
    if best >= 0:
        title += f"; highest {number(mean[best])}, after {best + 1}"
    return charts.lines(
        {name: (epochs, list(dice)) for name, dice in every.items()},
        title,
        "epoch",
        "Dice on id_val",
        mark=(best + 1, "kept") if finished and best >= 0 else None,
        strong="mean over subjects",
    )


# %%
with live.live_curves(lambda history: curves(history, finished=False)) as watch:
    run = lesson.model(watch=watch)
history = run.history
print(f"Steps were taken in {history.dtype}.")
curves(history)

# %% [markdown]
# Notice the thin lines: each is one validation subject. Look whether they agree on the
# best epoch; where they don't, other subjects would have kept another one. That is the
# price of a small group. And the score is not a result in any case, because it was
# chosen for being high.
#
# The line above says in which numbers the steps were taken. Weights and loss are float32
# in any case; the large profile takes the rest in half of the bits where the machine is
# made for that.

# %%
kept, n_epochs = history.best_epoch, len(history.loss)
charts.lines(
    {"training loss": (range(1, n_epochs + 1), history.loss)},
    f"Training loss {history.loss[0]:.2f} in the first epoch, {history.loss[kept]:.2f} "
    f"in the one that is kept, {history.loss[-1]:.2f} in the last of {n_epochs}",
    "epoch",
    "loss, mean over batches",
    mark=(kept + 1, "kept"),
)

# %% [markdown]
# The training loss is no help in choosing. It is measured on the very frames that the
# network may learn by heart, so it can go on falling where the validation score no
# longer rises.
#
# ### Exercise 2 · Choose for yourself
#
# `history.id_val_subjects` holds a dictionary of Dice by subject for each epoch. Write
# `best_for`, which gives the epoch that a single subject would have chosen, and collect
# what all of them would have chosen in `choices`. Count epochs from 0, as a list does;
# the figures count them from 1.

# %% tags=["exercise"]
who = sorted(history.id_val_subjects[0])


def best_for(name):
    # solution begins
    scores = [epoch[name] for epoch in history.id_val_subjects]
    return int(np.argmax(scores))
    # solution ends


choices = [best_for(name) for name in who]

# %% tags=["check"]
check(
    lambda: (
        [history.id_val_subjects[e][n] for e, n in zip(choices, who)]
        == [max(epoch[n] for epoch in history.id_val_subjects) for n in who]
    ),
    "Collect one subject's Dice over all epochs in a list, and take np.argmax of it.",
)

# %% [markdown] tags=["solution"]
# Where the subjects disagree, the mean of them is a compromise. It is still the honest
# way to choose, as long as nobody takes the best mean for a result.

# %% [markdown]
# ## The learning rate as it really ran
#
# A schedule is easily set up wrongly and rarely looked at, so we look. Ours is half a
# cosine, from the full rate to almost nothing. **What would it do if training went on
# after its end?**

# %%
assert history.learning_rate == sorted(history.learning_rate, reverse=True)
rates = history.learning_rate
charts.lines(
    {"learning rate": (range(1, len(rates) + 1), rates)},
    f"The learning rate: {rates[0]:.2g} in the first epoch, {rates[-1]:.2g} at last",
    "epoch",
    "learning rate",
    steps=True,
    height=2.2,
)

# %% [markdown]
# Ours only goes down; the `assert` says so for every run. A cosine that is run beyond
# its end climbs back up when the network should settle. The rate did so in the
# published study of lesson 05; whether it did harm there, its tables don't tell. It can
# happen to anybody who doesn't look.
#
# ### Exercise 3 · The schedule by formula
#
# Write `rate_at(epoch, epochs, start)`: half a cosine that is `start` at epoch 0 and
# would be zero at `epochs`. What does your function give beyond `epochs`?


# %% tags=["exercise"]
def rate_at(epoch, epochs, start):
    # solution begins
    return start * (1 + np.cos(np.pi * epoch / epochs)) / 2
    # solution ends


# %% tags=["check"]
check(
    lambda: np.allclose(
        [
            rate_at(epoch, lesson.course.numbers.epochs, history.learning_rate[0])
            for epoch in range(len(history.learning_rate))
        ],
        history.learning_rate,
    ),
    "A cosine falls from 1 to -1 while its angle goes from 0 to pi: add 1, halve, and "
    "let the angle be pi times epoch / epochs.",
)

# %% [markdown] tags=["solution"]
# Beyond `epochs` the cosine climbs again. A schedule doesn't know when training ends; it
# has to be told, and the two numbers have to agree.

# %% [markdown]
# ## A picture of nothing
#
# Now to the black corners. We show the network pictures on which there is nothing: a
# black one, and one with the faint noise of a sensor in the dark. Beside our network
# stands a second one. It was trained in the same way but for one line: fill was left
# out of its loss, as in the course's own first version. Predictions are kept in 256
# levels, of which 128 is a half. **What will each of them mark?**

# %%
id_val = lesson.frames("id_val")
height, width = lesson.course.size
noise = np.random.default_rng(seed).integers(0, 8, (1, height, width, 3), np.uint8)
nothing = {"black": np.zeros_like(noise), "nearly black": noise}
networks = {
    "fill is no blood": run,
    "fill left out": training.fill_left_out(lesson.course, lesson.domains),
}
marked = {
    (name, picture): (training.predict(one.model, image) >= 128).mean()
    for name, one in networks.items()
    for picture, image in nothing.items()
}

rows = [
    {"taught": one, "picture": p, "marked, %": 100 * v}
    for (one, p), v in marked.items()
]
charts.table(pd.DataFrame(rows), "What is marked where there is nothing", digits=1)

# %% [markdown]
# Compare the two networks on the same picture. Nothing has ever told the second what black
# is, or what it is with a little noise on it: whatever it says about either falls out
# of what it learned for other pixels. On the source, whose frames have no black around
# them, one would never notice.
#
# And on a source frame with black around it? We put a border around the validation
# frames. It covers no blood, and it changes no scale, so a network should mark nothing on it. **How much Dice does the border cost each of the two?**

# %%
sides = ((0, 0), (16, 16), (16, 16))
bordered = np.pad(id_val.images, (*sides, (0, 0)))
labels = np.pad(id_val.blood, sides)


def dice_per_frame(found, blood):
    tp = (found & blood).sum(axis=(1, 2))
    marked_or_blood = found.sum(axis=(1, 2)) + blood.sum(axis=(1, 2))
    return np.where(
        blood.any(axis=(1, 2)), 2 * tp / np.maximum(marked_or_blood, 1), np.nan
    )


def mean_dice(found, blood):
    dice = dice_per_frame(found, blood)
    return subject_means(dice, id_val.table["subject"]).mean()


# %%
rows = []
for name, one in networks.items():
    plain = training.predict(one.model, id_val.images) >= 128
    framed = training.predict(one.model, bordered) >= 128
    rows.append(
        {
            "taught": name,
            "Dice without border": mean_dice(plain, id_val.blood),
            "Dice with border": mean_dice(framed, labels),
            "border marked, %": 100 * framed[:, :16].mean(),
        }
    )
borders = pd.DataFrame(rows).set_index("taught")
borders["it costs"] = borders["Dice without border"] - borders["Dice with border"]
charts.table(
    borders.reset_index(),
    "Validation frames with and without a black border, mean over subjects",
)

# %% [markdown]
# The last column is what a border on which there is nothing to see costs each of them.
# What a network loses that marks nothing on the border, it loses inside the frame.
# Compare the column without a border, too: these are a few subjects, and the two
# networks are two trainings, so a difference of a few hundredths between the two is none. Every validation score that we had was computed on
# such frames, and none of them could have warned us. **Choose on what you will meet,
# not only on what you have**: a border is easily added to a validation frame, and it
# needs no patient.
#
# Set a border of your own around the middle frame by Dice. **At which width does
# the network whose loss never saw black begin to mark it, and does the other?**

# %%
dice = dice_per_frame(training.predict(run.model, id_val.images) >= 128, id_val.blood)
ranked = np.argsort(dice, kind="stable")[: np.isfinite(dice).sum()]  # NaN comes last
row = ranked[len(ranked) // 2]


def with_border(width):
    around = ((width, width), (width, width))
    frame = np.pad(id_val.images[row], (*around, (0, 0)))
    blood, known = np.pad(id_val.blood[row], around), np.ones(frame.shape[:2], bool)
    inner = np.pad(np.ones(id_val.blood[row].shape, bool), around)
    picture = np.pad(lesson.domains.picture("id_val", row), (*around, (0, 0)))
    for name, one in networks.items():
        found = training.predict(one.model, frame[None])[0] >= 128
        dice = dice_per_frame(found[None], blood[None])[0]
        on_border = 100 * (found & ~inner).sum() / max((~inner).sum(), 1)
        yield name, play.Picture(picture, name, blood, known, found), dice, on_border


# %%
WIDTHS, OUTSIDE = (0, 16, 32), 200  # pixels; the grey of what is no picture


def as_large(picture, more):
    """The same picture with nothing around it, so that each border is shown alike."""
    around = ((more, more), (more, more))
    return play.Picture(
        np.pad(picture.image, (*around, (0, 0)), constant_values=OUTSIDE),
        picture.title,
        np.pad(picture.blood, around),
        np.pad(picture.valid, around, constant_values=True),
        np.pad(picture.found, around),
    )


# %%
def bordered(width):
    shown, numbers, said = [], {}, []
    for name, picture, dice, on_border in with_border(width):
        shown.append(as_large(picture, max(WIDTHS) - width))
        numbers[f"{name}: Dice"] = dice
        numbers[f"{name}: border marked, %"] = on_border if width else np.nan
        there = f" and marks {on_border:.1f} % of the border" if width else ""
        said.append(f"'{name}' has a Dice of {number(dice)}{there}")
    around = f"With a border of {width} pixels" if width else "Without a border"
    forms = {name: ".1f" for name in numbers if name.endswith("%")}
    return play.Scene(f"{around}, {listed(said)}.", shown, numbers, forms)


handle = play.Slider("width", "border, pixels", WIDTHS)
title = "Two networks, alike on whole frames: set a black border around one"
caption = "Both learned from the same frames. One of them never had black in its loss."
play.Interactive("border", [handle], bordered, title, caption).front()

# %% [markdown]
# Look at the border alone. It is empty, so every mark on it is wrong. The second network
# makes such marks because black pixels were left out of its loss: nothing ever corrected
# it.

# %% [markdown]
# ### Exercise 4 · Teach it otherwise (open)
#
# There are other ways to teach a network about black: never show it any (mirror and
# zoom in, never out), or show it round views on black while it trains. The course
# compared four of them on validation subjects, in `benchmarks/black.py`. Which would
# you have tried first, and what would you have to watch besides Dice?

# %%
decided = pd.read_csv(ROOT / "benchmarks" / "black.csv")
score = decided[(decided["part"] == "decided") & (decided["split"] == "id_val")]
score = score[(score["measure"] == "dice") & (score["region"] == "frame")]
score = score[~score["rule"]]
by_drawing = score.groupby(["drawing", "recipe"])["value"].mean().unstack()
best, second = by_drawing.mean().nlargest(2).index
leads = by_drawing[best] - by_drawing[second]
score = score.pivot_table(index="recipe", columns="shown", values="value")
score["mean"] = score.mean(axis=1)
charts.table(
    score.rename_axis(columns=None).reset_index(),
    f"Dice on validation subjects, mean of {len(leads)} drawings; '{best}' leads "
    f"'{second}' by {leads.mean():.3f}, from {leads.min():+.3f} to {leads.max():+.3f}",
)

# %% [markdown]
# Each row is a way of teaching, each column a way of showing the same validation
# frames. The course takes the way with the best mean over the columns, as its rule had
# said before. Look at the lead by drawing, in the caption: where it has both signs, that
# is no difference that we can tell, and a rule had to take one. Besides Dice one has to
# watch what happens on clean
# frames: a way of teaching that marks more finds more, too. The patients that lesson 03
# measures on had taught us that something was wrong, through our own first figures;
# they had no part in choosing the remedy. It was confirmed once, on drawings that nobody
# had opened before.
#
# ## What it marks
#
# Three validation frames by their Dice. **What would you mend first?**

# %%
found = run.probabilities(id_val) >= 128
chosen = {"worst": ranked[0], "middle": ranked[len(ranked) // 2], "best": ranked[-1]}
pictures.strip(
    [lesson.overlay("id_val", row, found[row]) for row in chosen.values()],
    [f"{name}: {id_val.table['subject'][row]}" for name, row in chosen.items()],
    "Dice on validation subjects: "
    + ", ".join(f"{name} {number(dice[row])}" for name, row in chosen.items()),
    legend=pictures.OVERLAY,
)

# %% [markdown]
# Look at the edges first: a thin rim of misses and false marks costs Dice and would
# trouble nobody. Then look for whole pools that are missed, and for marks where there
# is no blood at all; a surgeon would mind those.

# %% tags=["quiz"]
quiz(
    (
        "Why may the validation score not be reported as the result?",
        {
            "It is measured on too few frames.": "No: it would flatter with many, too.",
            "It chose the epoch, so it was picked for being high.": "Yes: whatever "
            "chooses is biased upwards; another group of subjects has to measure.",
        },
    ),
    (
        "A pixel is left out of the loss. What will the network say about it?",
        {
            "No blood, since that is the commonest label.": "No: nothing asked for it.",
            "Whatever follows from what it learned elsewhere.": "Yes: nobody told it "
            "anything, and the answer is an accident.",
        },
    ),
    (
        "Which pixels should be left out of the loss?",
        {
            "Those that nobody labelled.": "Yes: there we don't know, so we don't ask.",
            "All that are black.": "No: fill is known to hold no blood.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# You saw a network learn to mark blood, its epoch chosen by whole subjects that it did
# not train on, and beside it a second one whose loss had never seen black. **Doubt** a
# validation score, because it was the judge of the choice. Doubt a curve that rests on
# very few subjects. And doubt every part of a picture that the loss never saw. Where the
# frames are drawn, the numbers are the drawing's.
