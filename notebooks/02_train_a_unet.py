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
# **You will be able to** build a U-Net, read its loss line by line, train it, and choose its epoch without fooling yourself.
# **You need** lesson 00, and to have met PyTorch. **It takes** about 30 minutes, of which a laptop trains for one or two.

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
import torch

from helpers import domains, explore, figures, models, results, runs, settings, training

course = settings.course(profile, seed, data, source, target, on_bad, public)
fold = runs.folds(course)[0]  # the full profile trains one model per fold; this lesson watches the first
surgeries = domains.gather(course, fold)
record = results.begin(surgeries)
train, id_val = surgeries.of("train"), surgeries.of("id_val")

# %% [markdown]
# ## Whole pigs, not frames
#
# Frames of one pig are seconds apart. Put one into training and its neighbour into validation, and the validation score
# measures memory. So whole pigs go to one side. **Which side should a pig with very few frames go to?**

# %%
rows = surgeries.source.table.groupby(["split", "subject"], sort=False).size().rename("frames").reset_index()
rows = rows.groupby("split", sort=False).agg(pigs=("subject", "nunique"), frames=("frames", "sum"), who=("subject", ", ".join))
figures.table(rows.reset_index(), "Splits of the source, by pig")

# %% [markdown]
# ## The network
#
# A U-Net goes down and comes up again. On the way down an *encoder* halves the picture again and again and learns **what**
# there is; on the way up a *decoder* doubles it, and at each step is handed what the encoder saw at that size: **where** it is.
# Ours is built by segmentation-models-pytorch. The encoder has seen ImageNet: cats and cars, no surgery, but edges and textures.

# %%
model = models.build(course.numbers.encoder, weights="imagenet", seed=course.seed)
print(models.describe(model))

# %%
with torch.inference_mode():
    features = model.eval().features(training.batch_of(train, np.arange(1))[0])
channels = [feature.shape[1] for feature in features if feature.shape[2] < course.size[0]]
decoder = [block.conv2[0].out_channels for block in model.network.decoder.blocks]
figure = figures.unet(channels, decoder[: len(channels) - 1], course.size, "Down for what, up for where")
figures.show(figure, f"A U-Net drawn as a valley: the encoder's {len(channels)} steps go down from {channels[0]} channels at half the "
                     f"frame's size to {channels[-1]} at a thirty-second of it; the decoder's steps come up, and a dashed arrow hands "
                     "each encoder step across to the decoder step of the same size.")

# %% [markdown]
# From scratch is the alternative: the same network with random weights, `models.build(..., weights=None)`. Lesson 07 asks
# what the encoder's past is worth out of domain.
#
# ## Augmentation
#
# A small data set can be made to look larger by changes that leave the label true: mirrored, tilted, nearer, a little brighter.
# **Which of these would not be allowed if the label were "left hand"?**

# %%
row = int(np.argmax(np.asarray(train.blood).sum(axis=(1, 2))))
image, blood, valid = (part[0] for part in training.batch_of(train, np.array([row])))
masks = torch.stack([blood, valid])
pictures = [figures.overlay(surgeries.picture("train", row), train.blood[row], train.valid[row])]
with torch.random.fork_rng():
    torch.manual_seed(course.seed)
    for _ in range(3):
        moved, moved_masks = training.augmented(training.light_augmentation(), image, masks)
        picture = (255 * moved).byte().permute(1, 2, 0).numpy()
        pictures.append(figures.overlay(picture, moved_masks[0].numpy() > 0, moved_masks[1].numpy() > 0))
figure = figures.strip(pictures, ["as it is", "augmented", "augmented", "augmented"], title="The label moves with the frame")
figures.show(figure, "One training frame as it is and three times augmented: mirrored, tilted and zoomed, the blue outline of the blood "
                     "moving along; what comes in from outside the frame is dark, since it is not valid.")

# %% [markdown]
# ## The loss
#
# Half of it is **binary cross-entropy**, which judges each pixel by itself. Blood covers a few percent of a frame, so
# saying "no blood" everywhere would already please it. The other half, **soft Dice**, judges the overlap as a whole:
#
# $$ \mathcal{L} = \tfrac{1}{2}\left(1 - \frac{2\sum_i p_i y_i}{\sum_i p_i + \sum_i y_i}\right)
#    + \tfrac{1}{2}\cdot\frac{1}{n}\sum_i -\left[y_i \log p_i + (1 - y_i)\log(1 - p_i)\right] $$
#
# over the valid pixels $i$ of a batch, with the label $y_i$ and the predicted probability $p_i$. This is the very function that runs:

# %%
figures.source(training.segmentation_loss)

# %% [markdown]
# A check by hand on four pixels, the last of which is not valid. **Which of the two predictions should cost more?**

# %%
label, known = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]), torch.tensor([[[1.0, 1.0], [1.0, 0.0]]])
for name, logits in {"nearly right": [[[3.0, -3.0], [-3.0, -9.0]]], "all blood": [[[3.0, 3.0], [3.0, -9.0]]]}.items():
    print(f"{name:>13}: {training.segmentation_loss(torch.tensor(logits), label, known).item():.3f}")

# %% [markdown]
# ## One step
#
# Predict, measure, ask which way is downhill, go a little that way. All training is this, repeated.

# %%
figures.source(training.training_step)

# %% [markdown]
# ## The run
#
# After each epoch the network predicts the validation pigs. Dice is taken per frame where there is blood, averaged over the
# frames of a pig, then over pigs: a pig with many frames has no more votes than one with few. **The epoch with the best mean is
# kept.** The curves grow as it trains; where the store already holds this run, they are drawn at once.

# %%
run = runs.baseline(course, surgeries, fold, watch=explore.live_curves(course.numbers.epochs))

# %%
history = run.history
figures.show(explore.curves(history), explore.words(history, course.numbers.epochs))
record.add("id_val.dice", results.Result(history.id_val[history.best_epoch], n_frames=len(id_val), split="id_val",
           n_subjects=id_val.table["subject"].nunique(), data=surgeries.data_of("id_val"),
           estimand="mean over pigs of their mean Dice on frames with blood, at the epoch that this very number chose"))
record.say("The best epoch's Dice on the validation pigs is {id_val.dice:.2f} ({n} pigs). It was chosen for being the best, so it "
           "flatters: lesson 03 measures on pigs that chose nothing.", n=record["id_val.dice"].n_subjects)

# %%
figure = figures.histories({"training loss": history.loss}, history.best_epoch, "The loss falls; it is not what chooses the epoch",
                           "loss, mean over batches")
figures.show(figure, f"The training loss over {len(history.loss)} epochs falls from {history.loss[0]:.2f} to {history.loss[-1]:.2f}.")

# %% [markdown]
# ## The learning rate as it really ran
#
# Half a cosine, from the full rate to almost nothing, **once**. A cosine made for 30 epochs and run for 49, as in the published
# study, climbs back up when training should settle. A schedule is easily set up wrongly and rarely looked at, so we look.

# %%
figure = figures.schedule(history.learning_rate, "The learning rate only goes down")
figures.show(figure, f"The learning rate per epoch: it starts at {history.learning_rate[0]:g} and falls along half a cosine to "
                     f"{history.learning_rate[-1]:.1g}.")
assert all(later <= earlier for earlier, later in zip(history.learning_rate, history.learning_rate[1:]))

# %% [markdown]
# ## What it marks
#
# Validation frames, one from each quarter of the ranking by blood. Blue: hit. Yellow: false alarm. White: missed.

# %%
probability = runs.probabilities(run, id_val)
order = np.argsort(np.asarray(id_val.blood).sum(axis=(1, 2)), kind="stable")
chosen = order[(np.linspace(0.2, 0.95, 4) * len(order)).astype(int)]
pictures = [figures.overlay(surgeries.picture("id_val", row), id_val.blood[row], id_val.valid[row], probability[row] >= 128)
            for row in chosen]
figure = figures.strip(pictures, [id_val.table["subject"].iloc[row] for row in chosen], title="In domain, on validation pigs",
                       legend=("hit", "false alarm", "missed"))
figures.show(figure, "Four validation frames with the prediction over them; most blood is covered in blue, with yellow false alarms and "
                     "white misses mainly along the edges.")

# %% [markdown]
# ## What you saw, and what to doubt
#
# A network that learned to mark blood on pigs, its epoch chosen by whole pigs that it did not train on. **Doubt** its validation
# score: it was the judge of the choice. Doubt a learning curve that rests on very few pigs: another two could have chosen
# another epoch. The seed is a parameter of this notebook. Change it, and see what moves.
