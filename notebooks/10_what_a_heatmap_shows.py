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
# # 10 · What a heatmap shows
#
# [Open in Colab]($COLAB/10_what_a_heatmap_shows.ipynb) · [before](09_without_training_and_with_a_click.ipynb) · [next](11_when_to_be_silent.ipynb)
#
# **You will be able to** look inside a network, follow its answer back to the picture,
# and put a heatmap to the checks that it has to stand before you believe it.
# **You need** lesson 03. **It takes** about 65 minutes.

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
import copy
import itertools
import warnings
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import torch
from captum import attr
from matplotlib import colormaps
from scipy.special import entr
from scipy.stats import rankdata

# %%
from helpers import (
    charts,
    correlation,
    models,
    pictures,
    play,
    statistics,
    training,
)
from helpers.cells import check, quiz
from helpers.lesson import begin
from helpers.settings import device
from helpers.words import listed, number

# %%
lesson = begin(profile, seed, data)
run = lesson.model()
TARGET = "ood_wished" if lesson.drawn else "ood_test"
if lesson.drawn:
    print("Every number on this page is of drawn surgery: a phantom, and no patient.")

# %% [markdown]
# The network breaks on the other kind of surgery (lesson 03). People then ask for a
# picture of what it looked at. This lesson makes several such pictures, and asks of each
# what it would show if it showed nothing.
#
# ## Looking inside
#
# We begin with the weights. The encoder's were there before the first frame of surgery,
# and were trained on with the rest. **How far do you think that surgery moved the first
# filters, which meet the picture, and how far the deeper ones?** A row's dots are
# layers; a layer's number is how far its median filter moved, in percent of its own
# length.


# %%
def place_of(layer, n):
    """Where a convolution stands; n: how many of the encoder came before it."""
    if not layer.startswith("encoder"):
        return "head" if layer.startswith("segmentation") else "decoder"
    return "first layer" if n == 0 else "deeper in the encoder"


# %%
def moved(before, after):
    """How far each convolution's median filter has moved, in % of its length."""
    rows = []
    layers = zip(before.network.named_modules(), after.network.modules())
    for (name, one), other in layers:
        if isinstance(one, torch.nn.Conv2d):
            old, new = (part.weight.detach().cpu().flatten(1) for part in (one, other))
            change = ((new - old).norm(dim=1) / old.norm(dim=1)).nanmedian()
            rows.append((place_of(name, len(rows)), 100 * change.item()))
    return pd.DataFrame(rows, columns=["row", "value"])


# %%
untrained = training.untrained(lesson.course)
moves = moved(untrained, run.model)
median = moves.groupby("row", sort=False)["value"].median()
said = listed([f"{number(value, '.0f')} % {row}" for row, value in median.items()])
charts.dots(
    moves,
    f"How far training moved the median filter: {said} (medians over layers)",
    "moved, % of the filter's length",
    size=25,
    means=False,
)


# %%
def tile(network, most=16):
    """The first filters as small pictures: each weight of a colour is that colour."""
    parts = network.network.encoder.modules()
    first = next(part for part in parts if isinstance(part, torch.nn.Conv2d))
    filters = first.weight.detach().cpu().numpy()[:most].transpose(0, 2, 3, 1)
    shown = (127.5 + 127.5 * filters / np.abs(filters).max()).clip(0, 255)
    wide = np.kron(shown, np.ones((1, 12, 12, 1)))
    framed = np.pad(wide, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    rows = [np.hstack(row) for row in np.array_split(framed, 2)]
    return np.vstack(rows).astype(np.uint8)


# %%
pictures.strip(
    [tile(untrained), tile(run.model)],
    ["before training", "after training on pigs"],
    columns=2,
    title=f"Sixteen first filters; the median one moved by {median.iloc[0]:.0f} %",
    caption="Its three colour weights drawn as a colour; grey is zero.",
)

# %% [markdown]
# Some of these filters look for an edge, some for a colour beside its opposite. Where
# they look alike before and after, training changed more further right in
# the chart above: deeper in the encoder, and in the decoder and head, which began with
# weights drawn by chance. How far weights move says nothing yet of what they know of
# blood.
#
# ## Down and up the U
#
# Now a frame of the target on its way. At each level we take the mean size of all
# channels: what the level responds to at all. Over each picture stands an AUROC, the
# chance that a pixel of the view which the network will mark responds more than one
# that it won't; one half says nothing. **Where does the place of things get lost, and
# where does it come back?**


# %%
def levels_of(network, image):
    given = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    where = next(network.parameters()).device
    up, blocks = [], network.way_up
    keep = lambda _, __, out: up.append(out)  # noqa: E731
    hooks = [block.register_forward_hook(keep) for block in blocks]
    with torch.inference_mode():
        down = [maps for maps in network.features(given.to(where))[1:] if maps.shape[1]]
        network(given.to(where))
    for hook in hooks:
        hook.remove()
    sizes = {}
    for way, found in (("down", down), ("up", up)):
        for maps in found:
            level = maps[0].abs().mean(dim=0).cpu().numpy()
            sizes[f"{way}, {level.shape[0]} x {level.shape[1]}"] = level
    return sizes


# %%
patients = lesson.frames(TARGET)
marked = (np.asarray(run.probabilities(patients)) >= 128) & patients.valid


def frames_to_explain(split, found):
    """A row of every subject: the frame on which most is marked."""
    area = pd.Series(found.sum(axis=(1, 2)))
    of = lesson.frames(split).table["subject"].to_numpy()
    return np.sort(area.groupby(of).idxmax().to_numpy())


chosen = frames_to_explain(TARGET, marked)
images = np.array(patients.images[chosen])
asked = marked[chosen]
seen = (patients.view & patients.valid)[chosen]
whose = patients.table["subject"].to_numpy()[chosen]

# %%
first = int(np.argmax(asked.sum(axis=(1, 2))))
size = images[first].shape[:2]
shown = lesson.domains.picture(TARGET, int(chosen[first]))


def heat(values, image=None):
    """A map as colours: dark where it is least, bright at its 99th percentile and
    above; laid over an image where one is given."""
    wide = cv2.resize(np.asarray(values, np.float32), size[::-1])
    low, high = np.min(wide), np.percentile(wide, 99)
    part = np.clip((wide - low) / (high - low if high > low else 1), 0, 1)
    colours = 255 * colormaps["inferno"](part)[..., :3]
    if image is not None:
        colours = 0.25 * image.mean(axis=2, keepdims=True) + 0.75 * colours
    return colours.astype(np.uint8)


# %%
def stands_out(level, at):
    wide = cv2.resize(np.asarray(level, np.float32), size[::-1])
    return correlation.auroc(wide[seen[at]], asked[at][seen[at]])


# %%
levels = levels_of(run.model, images[first])
pictures.strip(
    [shown, *(heat(level) for level in levels.values())],
    ["the frame"]
    + [f"{name}: {number(stands_out(one, first))}" for name, one in levels.items()],
    title=f"One frame down the U and up again, through {len(levels)} levels",
    caption="Dark: least response of a level, bright: most. Each has its own scale.",
)

# %% [markdown]
# On the way down a square covers more and more of the frame, so places blur; on the way
# up the skip connections add what the finer levels still knew. But this is one frame,
# and its AUROC has nothing beside it. So we take one frame of every subject, the one on
# which most is marked, and two controls that need no network: how close a pixel lies to
# the frame's middle, where surgeons keep what they look at, and how much redder than
# green it is.

# %%
down, across = np.mgrid[: size[0], : size[1]]
middle = -np.hypot(down / size[0] - 0.5, across / size[1] - 0.5)
rows = []
for at, image in enumerate(images):
    red = image[..., 0].astype(float) - image[..., 1]
    maps = levels_of(run.model, image)
    maps |= {"closeness to the middle": middle, "red less green": red}
    rows += [(name, stands_out(one, at)) for name, one in maps.items()]
out_of = pd.DataFrame(rows, columns=["row", "value"])
out_of["kind"] = np.where(out_of["row"].isin(levels), "a level", "a control")
of_level = out_of.groupby("row", sort=False)["value"].mean()

# %%
deepest = [name for name in levels if name.startswith("down")][-1]
told = [deepest, "closeness to the middle", "red less green"]
told = listed([f"{name} {number(of_level[name])}" for name in told])
charts.dots(
    out_of,
    f"AUROC of what will be marked, mean over {len(chosen)} subjects: {told}",
    "AUROC in the view",
    mark=0.5,
    size=25,
    each=0.32,
    caption="A dot per subject, a bar at their mean.",
)

# %% [markdown]
# Read each level beside the two controls. A level that stays below them has not been
# shown to know more than where the camera points and what is red. Only what lies
# clearly above is a response of the network's own. What such pictures don't say is
# *why*: a level responds to many things, and few of them decide. **A picture of the
# inside needs a trivial picture beside it.**

# %% [markdown]
# ### Exercise 1 · AUROC as the share of pairs
#
# Write `won(high, low)`: of all pairs of a score of `high` and one of `low`, the share
# in which the first is larger; a tie counts half.


# %% tags=["exercise"]
def won(high, low):
    # solution begins
    points = [(one > other) + (one == other) / 2 for one in high for other in low]
    return sum(points) / len(points)
    # solution ends


# %% tags=["check"]
check(
    lambda: np.isclose(won([3, 1, 2], [1, 2]), 2 / 3) and won([0], [1]) == 0,
    "Two loops: 1 for a larger score, one half for a tie, then the mean of all pairs.",
)

# %% [markdown] tags=["solution"]
# No threshold was chosen and no curve drawn: that is what the area under it means. It
# also says what it can't: how many false alarms the threshold costs that you will use.

# %% [markdown]
# ## Three heatmaps
#
# Heatmaps promise more. We ask for the pixels that the network marked: what in the
# picture made their logits large? **Grad-CAM** (Selvaraju et al. 2017) weighs the
# channels of one level by their gradients. **Integrated gradients** (Sundararajan et
# al. 2017) follow the gradient from a black frame to this one. **Guided
# backpropagation** (Springenberg et al. 2014) is the gradient, of which each ReLU lets
# pass only what is positive. The library captum has all three. They follow *one* number
# back to the picture, so we first make one of the network's many: the sum of the logits
# over the pixels that it marked.


# %%
class Summed(torch.nn.Module):
    """A network that gives a number per frame: its logits over some pixels, summed."""

    def __init__(self, network):
        super().__init__()
        self.network = copy.deepcopy(network).to(device()).eval()
        for part in list(self.network.modules()):
            for name, child in list(part.named_children()):
                if isinstance(child, torch.nn.ReLU6):  # captum knows nn.ReLU alone
                    two = torch.nn.ReLU(), torch.nn.Hardtanh(0.0, 6.0)
                    setattr(part, name, torch.nn.Sequential(*two))
        for part in self.network.modules():
            if hasattr(part, "inplace"):
                part.inplace = False  # captum needs what went in

    def forward(self, images, asked):
        return (self.network(images)[:, 0] * asked).sum(dim=(1, 2))


# %%
def grad_cam(summed, images, asked):
    """At the decoder's third step: channels weighed by their mean gradient."""
    found = attr.LayerGradCam(summed, summed.network.way_up[2])
    how = dict(additional_forward_args=(asked,), relu_attributions=True)
    found = found.attribute(images, **how)
    return attr.LayerAttribution.interpolate(found, images.shape[-2:], "bilinear")


def integrated_gradients(summed, images, asked):
    """In twelve steps from a black frame."""
    found = attr.IntegratedGradients(summed, multiply_by_inputs=True)
    how = dict(additional_forward_args=(asked,), n_steps=12, internal_batch_size=8)
    return found.attribute(images, **how)


# %%
def guided_backprop(summed, images, asked):
    with warnings.catch_warnings():  # that it sets hooks is no news here
        warnings.simplefilter("ignore", UserWarning)
        found = attr.GuidedBackprop(summed)
        return found.attribute(images, additional_forward_args=(asked,))


METHODS = {"Grad-CAM": grad_cam, "integrated gradients": integrated_gradients}
ANSWER, EDGES = "the answer itself", "edges of the picture"
if run.model.plain:
    METHODS["guided backpropagation"] = guided_backprop
else:
    print("Guided backpropagation is defined for ReLUs alone, which this network's")
    print("encoder has not: it is left out.")


# %%
def map_of(network, images, asked, method):
    """The map of one of METHODS (NxHxW) for the pixels asked about; channels are added
    by size."""
    summed, found = Summed(network), []
    for start in range(0, len(images), 8):
        part = slice(start, start + 8)
        given = training.as_tensor(images[part], device()).requires_grad_(True)
        mask = torch.from_numpy(np.array(asked[part])).to(given.device)
        each = METHODS[method](summed, given, mask)
        found.append(each.detach().abs().sum(dim=1).float().cpu().numpy())
    return np.concatenate(found)


# %%
def edges(image):
    grey = cv2.cvtColor(np.array(image), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))


def maps_of(network, images):
    """The methods' maps, and two that are no explanation: the network's own
    probability, and how steep the picture is."""
    found = {name: map_of(network, images, asked, name) for name in METHODS}
    found[ANSWER] = training.probability(training.predict(network, images))
    return {**found, EDGES: np.stack([edges(one) for one in images])}


# %%
heats = maps_of(run.model, images)

# %% [markdown]
# Beside them stand two maps that explain nothing, as controls: the probability that the
# network gave, which is all about the network, and how steep the picture is at each
# pixel, which no network has made.


# %%
def similarity(one, other, where):
    """Spearman's rank correlation of two maps over some pixels; NaN of a flat map."""
    ranks = [rankdata(heat[where]) for heat in (one, other)]
    left, right = (rank - rank.mean() for rank in ranks)
    size = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / size) if size > 0 else np.nan


# %%
pairs = itertools.combinations(METHODS, 2)
alike_by = [
    similarity(*(heats[name][first] for name in two), seen[first]) for two in pairs
]
pictures.strip(
    [shown, lesson.overlay(TARGET, int(chosen[first]), asked[first])]
    + [heat(one[first], shown) for one in heats.values()],
    ["the frame", "what it marked", *heats],
    columns=4,
    legend=pictures.OVERLAY,
    title="One question, several maps; rank correlation of the methods' with one "
    f"another {listed(list(map(number, alike_by)))}",
    caption="Rank correlation over the view: 1 is the same order of pixels.",
)

# %% [markdown]
# They were asked the same. Which one shows what the network looked at? Your eye prefers
# the one that follows the picture, and that is the trap.
#
# ## Two checks that a map has to stand
#
# **First check** (Adebayo et al. 2018). We draw the weights anew, so that the network
# has learned nothing, and ask again for the same pixels. A map that explains what was
# *learned* must change. **Guess: which of the methods changes least?**

# %%
own = lesson.course.numbers
DRAWN = range(1 if lesson.course.profile == "smoke" else 5)
blind = []
for n in DRAWN:
    untaught = models.build(own.encoder, own.decoder, None, seed + 1000 + n).eval()
    blind.append(maps_of(untaught, images))


def alike(maps, others):
    """The median over subjects of the rank correlation in the view."""
    found = [similarity(*three) for three in zip(maps, others, seen)]
    return float(np.nanmedian(found)) if np.isfinite(found).any() else np.nan


# %%
stays = pd.DataFrame(
    [(name, alike(heats[name], maps[name])) for name in heats for maps in blind],
    columns=["row", "value"],
)
mean_of = stays.groupby("row", sort=False)["value"].mean()
said = listed([f"{name} {number(value)}" for name, value in mean_of.items()])
charts.dots(
    stays,
    f"Rank correlation with the map of {len(blind)} networks that learned nothing, "
    f"mean: {said}",
    "rank correlation, median over subjects",
    means=True,
    mark=0,
    caption="A dot per network of new weights. The edges can't change.",
)

# %%
blank = blind[0]
pictures.strip(
    [heat(blank[name][first], shown) for name in METHODS],
    [f"{name}, nothing learned" for name in METHODS],
    columns=3,
    title="The maps of a network that has learned nothing, for the pixels above",
)

# %% [markdown]
# Go through the maps one by one, and switch between the two networks. **For which of them
# could you tell, without the words, which network has learned?**


# %%
def with_map(method, network):
    maps = heats if network == "trained on pigs" else blank
    alike = similarity(heats[method][first], blank[method][first], seen[first])
    said = f"{method}, network {network}. Rank correlation of its two maps over "
    said += f"the view: {number(alike)}."
    both = [play.Picture(shown, "the frame")]
    both.append(play.Picture(heat(maps[method][first], shown), method))
    return play.Scene(said, both, {"rank correlation": alike})


handles = [
    play.Choice("method", "map", list(heats)),
    play.Choice("network", "network", ["trained on pigs", "nothing learned"]),
]
play.Interactive("maps", handles, with_map, "One frame, its maps, and two networks")

# %% [markdown]
# The edges know no network and stay the same; the answer itself is all network and
# shows how much may change. Read each method between these two. Integrated gradients
# have a part of the picture in them by construction: what they follow is multiplied by
# how far a pixel is from black. Two maps of the same logits may also agree for a good
# reason, since what made them small is drawn as bright as what made them large.

# %% [markdown]
# **Second check** (home-made). We take the answer away and keep the picture: what was
# marked gets the colour of what surrounds it and keeps its own brightness. Then we ask
# where the heat is: which share of a map's heat in the view lies where the answer was,
# before and after. The two controls show what the check can tell: the answer itself
# must leave the place, and the edges, which are edges of brightness, must stay.


# %%
def recoloured(image, marked):
    """Its marked pixels and a rim in the colour of what surrounds them (filled in by
    Telea 2004), at the brightness that they had (CIELAB)."""
    rim = cv2.dilate(marked.astype(np.uint8), np.ones((5, 5), np.uint8))
    filled = cv2.inpaint(np.array(image), rim, 5, cv2.INPAINT_TELEA)
    lab, other = (
        cv2.cvtColor(np.array(one) / np.float32(255), cv2.COLOR_RGB2LAB)
        for one in (image, filled)
    )
    lab[rim > 0, 1:] = other[rim > 0, 1:]
    back = 255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return back.round().clip(0, 255).astype(np.uint8)


# %%
def share_there(heats):
    """Which share of the view's heat lies where the answer was; NaN without any."""
    there, whole = ((heats * part).sum(axis=(1, 2)) for part in (asked & seen, seen))
    return np.divide(there, whole, out=np.full(len(whole), np.nan), where=whole > 0)


# %%
pale = np.stack([*map(recoloured, images, asked)])
after = maps_of(run.model, pale)
left = 100 * ((after[ANSWER] > 0.5) & asked).sum() / max(asked.sum(), 1)
parts = [
    pd.DataFrame({"row": name, "kind": kind, "value": share_there(maps[name])})
    for name in heats
    for kind, maps in (("before", heats), ("after", after))
]
there = pd.concat(parts)
shares = there.groupby(["row", "kind"], sort=False)["value"].mean().unstack()

# %%
pictures.strip(
    [shown, lesson.domains.shown(TARGET, pale[first])]
    + [heat(after[name][first], shown) for name in METHODS],
    ["the frame", "without its answer", *METHODS],
    columns=3,
    title=f"Recoloured, {left:.0f} % of the marked pixels are still marked",
)

# %%
said = [
    f"{name} {one.before:.2f} to {one.after:.2f}" for name, one in shares.iterrows()
]
charts.dots(
    there,
    f"Share of heat where the answer was, mean over subjects: {listed(said)}",
    "share of the view's heat",
    apart=0.3,
    size=25,
    caption="A dot per subject, a bar at their mean.",
)

# %% [markdown]
# Read the two controls first. Only where the answer leaves the place and the edges stay
# in it does the check tell a map of the answer from a map of the picture; and then a
# method is read by which of the two it follows. We had painted the place over before,
# and compared the whole view: then even the answer seemed to stay, since nearly all of
# the view was untouched, and where it was painted the edges went too. A method may stay
# for a good reason, too: the same place can be why these logits are small now. So a map
# that leaves has passed, and one that stays is not refuted. And a map that passes both
# checks is not yet right. **A check needs a control on either side.**

# %% [markdown]
# ## Would any of these have told us of our own mistake?
#
# Lesson 03 tells of a network that had never been asked about black, and that marked
# the surround of a round view. We train it again, with the fill left out, and put the
# same question to both networks: what made the pixels large that *you* marked? For each
# map we take the share of its heat that lies in the surround, less the surround's share
# of the frame: 0 is heat that doesn't care. The control needs no heatmap: where the
# marks themselves lie. One more map needs none either: where the answer is unsure, by
# its entropy. **Will a map tell more than the marks do?**

# %%
old = training.fill_left_out(lesson.course, lesson.domains)
NETWORKS = {"the old network": old, "the course's": run}
surround = patients.valid[chosen] & ~seen


# %%
def excess(heats):
    """The share of a map's heat less the share of the frame; NaN without any heat."""
    found = []
    for heat, black, valid in zip(heats, surround, patients.valid[chosen]):
        total = heat[valid].sum()
        told = total > 0 and black.any()
        share = heat[black].sum() / total if told else np.nan
        found.append(float(share - black.sum() / max(valid.sum(), 1)))
    return found


# %%
in_black = {}
for who, one in NETWORKS.items():
    given = np.asarray(one.probabilities(patients))[chosen]
    own_marks = (given >= 128) & patients.valid[chosen]
    maps = {name: map_of(one.model, images, own_marks, name) for name in METHODS}
    chance = training.probability(given)
    maps["entropy of the answer"] = entr(chance) + entr(1 - chance)
    maps["the marks alone"] = own_marks.astype(float)
    for name, values in maps.items():
        note = f"share of heat less share of area in the surround: {name}"
        found = statistics.median_over_subjects(excess(values), whose, note, (-1, 1))
        in_black[name, who] = replace(found, split=TARGET)


# %%
def of_estimates(found):
    """What a chart marks: a row for each name, a dot and an interval for each split."""
    marks = pd.DataFrame(
        {"row": name, "kind": one.split, "value": one.value}
        | {"low": one.low, "high": one.high, "wide": one.wide}
        for name, some in found.items()
        for one in some
    )
    return marks.astype({"low": float, "high": float})


# %%
both = {name: [in_black[name, who] for who in NETWORKS] for name in maps}
marks = of_estimates(both)
marks["kind"] = list(NETWORKS) * len(both)
parted = {name: one.value - two.value for name, (one, two) in both.items()}
said = listed([f"{name} {number(value, '+.2f')}" for name, value in parted.items()])
charts.dots(
    marks,
    f"Excess of heat in the surround, the old network's less the course's: {said}",
    "share of heat less share of area, in the surround",
    mark=0,
    apart=0.3,
    caption="Right of zero: more heat in the black surround than its area explains. A "
    "bar is a 90 % interval over subjects, a pale one a wide interval.",
)

# %%
rows = [
    (name, one.value, two.value, one.apart(two)) for name, (one, two) in both.items()
]
columns = ["map", "the old network", "the course's", "intervals lie apart"]
charts.table(
    pd.DataFrame(rows, columns=columns),
    "Excess of heat in the surround, medians over subjects",
    2,
)

# %% [markdown]
# A map that should have told of the mistake has two intervals that lie apart, the old
# network's further right. The sizes can't be compared between maps: a mask puts all its
# weight where it marks, and a heatmap spreads it. Integrated gradients could hardly
# have told: they begin at a black frame, so that what *is* black gets next to no heat,
# whatever the network does with it, and a map of theirs without heat there is no
# finding. The marks have an advantage, since it was in them that the mistake was found;
# but they cost nothing. **Look at the answer before you ask for an explanation.** And
# one mistake on one pair of networks is a small trial: it can show that a map missed
# it, not that it will find the next.

# %% [markdown]
# ### Exercise 2 · Grad-CAM by hand
#
# Here are two channels of a tiny feature map, and the gradient of the answer at each of
# their cells. Compute `tiny_cam`: weigh each channel by the mean of its gradient, add
# the channels, and keep what is positive. **Which corner do you expect to be bright?**

# %%
TINY_MAPS = np.array([[[1.0, 0.0], [0.0, 2.0]], [[0.0, 1.0], [0.0, 3.0]]])
TINY_GRADIENT = np.array([[[0.4, 0.4], [0.0, 0.0]], [[0.0, 0.0], [0.0, -0.8]]])

# %% tags=["exercise"]
# solution begins
weights = TINY_GRADIENT.mean(axis=(1, 2))
tiny_cam = np.maximum((weights[:, None, None] * TINY_MAPS).sum(axis=0), 0)
# solution ends

# %% tags=["check"]
check(
    lambda: np.allclose(tiny_cam, [[0.2, 0], [0, 0]]),
    "One weight for each channel, the mean over its four cells; then the weighed sum "
    "of the two channels, and zero where that is negative.",
)

# %% [markdown] tags=["solution"]
# The lower right cell responds most, in both channels, and stays dark: what speaks
# against the answer is thrown away. So a dark place on such a map may be one that the
# network looked at.

# %% [markdown]
# ### Exercise 3 · Heat that doesn't care
#
# Which share of its heat would a map put into the surround that is equally bright
# everywhere? Compute `fair`: for each of the frames in `chosen` the surround's share of
# the valid pixels, and the mean of these. `surround` and `patients.valid[chosen]` are
# bool, frames x height x width. **Guess first: a tenth, a third, a half?**

# %% tags=["exercise"]
# solution begins
shares_of = surround.sum(axis=(1, 2)) / patients.valid[chosen].sum(axis=(1, 2))
fair = shares_of.mean()
# solution ends

# %% tags=["check"]
check(
    lambda: np.isclose(
        fair,
        np.mean([a.mean(where=b) for a, b in zip(surround, patients.valid[chosen])]),
    ),
    "Count the surround's pixels of each frame and divide by that frame's valid ones; "
    "then take the mean over frames.",
)

# %% [markdown] tags=["solution"]
# This is what was taken off above before a share was called an excess. Without it every
# map would seem to look at the surround, since there is so much of it.

# %% [markdown]
# ### Exercise 4 · Your own control (open)
#
# Think of a heatmap that you have seen in a paper or a talk. Which map that explains
# nothing would you have wanted beside it? What would the two have to differ in?

# %% tags=["quiz"]
quiz(
    (
        "A heatmap hardly changes when all weights are drawn anew. What does it show?",
        {
            "What the network has learned.": "No: that network has learned nothing.",
            "Mostly the picture.": "Yes: so it can't explain the network.",
        },
    ),
    (
        "A level of the network responds at the very pixels that are marked later. As "
        "well does 'closeness to the middle'. What has been shown?",
        {
            "That the level knows where blood is.": "No: a map that knows no picture "
            "does as well.",
            "That marks lie in the middle.": "Yes: whatever lies there responds there.",
            "That the network looks at the middle.": "No: it may, and this can't tell.",
        },
    ),
    (
        "A map has passed both checks. What do we know?",
        {
            "It shows why the network answered so.": "No: it was not refuted, and that "
            "is less.",
            "It depends on what was learned, and leaves with the answer.": "Yes: and "
            "no more than that.",
        },
    ),
)

# %% [markdown]
# ## What you saw, and what to doubt
#
# - A level that responds where blood is needs a control that knows no network.
# - A map that stays when the weights are drawn anew is a map of the picture.
# - To find our own mistake it was enough to look where the marks lie.
#
# **Doubt** a map that pleases: the eye prefers one that follows the picture. Doubt one
# pair of networks, too. And where this page says phantom, doubt that real surgery would
# give these numbers: drawing shows how to ask, and not what the answer is.
