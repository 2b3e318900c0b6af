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
# # 05 · Re-examine a published claim
#
# [Open in Colab]($COLAB/05_reexamine_a_published_claim.ipynb) · [before](04_correlate_failures.ipynb) · [next](06_what_breaks_the_model.ipynb)
#
# **You will be able to** take a published result apart with nothing but its own tables: which class was scored, what a small
# constant does, what the unit is, and what is left standing. **You need** lessons 03 and 04. **It takes** about 45 minutes.
#
# The course started from a study that reported a collapse: a network that marks blood well in robotic surgery, and next to
# nothing in human laparoscopy. Its author published code, tables and splits under an open licence. **Only because of that can
# anybody learn what follows.** Of most studies one could not have found out. None of the seven habits below is unusual, and we
# have had some of them ourselves.

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
published = ""  # a folder with the published tables; "" looks where `make published` puts them

# %%
import math

import pandas as pd

from helpers import correlation, counts, domains, figures, reenact, results, runs, settings, shift, statistics
from helpers import published as study
from helpers.published import plots
from helpers.reenact import plots as ours

course = settings.course(profile, seed, data, source, target, on_bad, public)
fold = runs.folds(course)[0]
surgeries = domains.gather(course, fold)
record = results.begin(surgeries)
drawn = surgeries.wished is not None
NEEDS = "Both domains are real here, so the truth that a re-enactment needs is not known: it takes the phantom."

# %% [markdown]
# ## The evidence, and where it stands
#
# Two kinds of evidence stand side by side in each section. First **the published tables themselves**: a row per frame, joined
# with the class statistics of the data set that another project publishes. Then **a re-enactment on the phantom**, where the
# truth is known because we drew it.

# %%
evidence = study.evidence(published)
for name, number in evidence.numbers.items():
    record.add(name, number)
record.say("{said}", said=evidence.said)
figures.table(evidence.files, "The files, at the commits named, with the beginning of their checksums")

# %% [markdown]
# ## The claim
#
# A U-Net was trained on HemoSet and tested on every frame of CholecSeg8k. In the study's own summary:

# %%
record.say(
    "In domain Dice is **{published.in_domain_dice:.2f}**, out of domain **{published.ood_dice:.3f}**. Of the "
    "{published.labelled_frames:,.0f} frames labelled blood, {published.mode_partial:,.0f} are PARTIAL, which is read as some "
    "overlap with bad boundaries. {published.mode_false_positive:,.0f} frames without blood are FALSE_POSITIVE, "
    "{published.mode_correct:.0f} are CORRECT, {published.mode_false_negative:.0f} are FALSE_NEGATIVE. On frames labelled blood, "
    "Dice goes with the covered area (Spearman {published.spearman_coverage:.2f}, p = {published.spearman_coverage_p:.0e}) and "
    "not with brightness ({published.spearman_brightness:.2f}).")

# %% [markdown]
# **Before you read on: you have the table of Dice, coverage and failure mode by frame. What would you check first?**
#
# ## 1 · Which organ was scored?
#
# *As published:* pixels whose colour in the mask is the one below are blood.
#
# CholecSeg8k has thirteen classes, told apart by colour, and a network that is only *tested* on a mask never complains about it.
# **How could you tell from a table of areas alone whether the right class was read?**

# %%
record.say("The colour read as blood is ({published.scored_red:.0f}, {published.scored_green:.0f}, {published.scored_blue:.0f}). "
           "All {published.join_rows:,.0f} rows join, one to one, with the data set's class statistics: for every class we can "
           "ask how far its area lies from the area that was scored.")
nearest = evidence.tables["classes"].sort_values("mean")
figures.table(nearest.rename(columns={"name": "class", "frames": "frames with it", "labelled": "of these labelled blood",
                                      "greatest": "greatest difference, points", "mean": "mean difference, points"}),
              "Scored area against each class's area, in percentage points of the frame", digits=2)

# %%
figure = plots.organ(evidence.tables["joined"])
number = {name.removeprefix("published."): value for name, value in record.items()}
figures.headline("published_organ", figure, (
    "Two plots of the area scored as blood. Against the area of blood the dots lie along both axes, apart from the diagonal; "
    "against the area of gastrointestinal tract all lie on it, "
    f"{number['coverage_difference']:.2f} percentage points off at most."),
    "The published study scored the gastrointestinal tract: another row of a table of thirteen colours.")

# %%
record.say(
    "All {published.labelled_with_organ:,.0f} frames labelled blood hold gastrointestinal tract, and the two areas differ by at most "
    "{published.coverage_difference:.2f} percentage points. **Only {published.labelled_with_blood:.0f} of them hold blood.** Of the "
    "{published.blood_frames:.0f} frames that do bleed, {published.blood_unlabelled:.0f} were labelled as without blood, and each "
    "of these was scored FALSE_POSITIVE: {published.blood_false_positive:.0f} frames on which marking something *might* have been "
    "right.")
figures.table(evidence.tables["runs"], "Where CholecSeg8k bleeds: runs of consecutive frames")

# %% [markdown]
# **The habit mended:** print the class's *name* beside its area, look at one overlay, and compare with somebody else's statistics
# of the same data. The out-of-domain Dice is a figure about marking bowel.
#
# ### Re-enactment on the phantom
#
# The network of lesson 02 meets the wished-for patients, in each of whom we drew blood. Its predictions stay as they are; only
# the class that we score them against changes. **It never saw bowel. What Dice will it get for it?**

# %%
if drawn:
    patients = surgeries.of("ood_wished")
    found = runs.probabilities(runs.baseline(course, surgeries, fold), patients) >= 128
    right = patients.table.reset_index(drop=True).join(counts.count(found, patients.blood, patients.valid))
    wrong = reenact.rescored(found, patients, "Gastrointestinal Tract")
    for table in (wrong, right):
        table["dice"] = counts.on_blood(counts.dice, table)
    by_patient = pd.DataFrame({way: statistics.subject_means(table["dice"], table["subject"])
                               for way, table in (("wrong", wrong), ("right", right))}).dropna()
else:
    record.say(NEEDS)

# %%
if drawn:
    for way, table, scored in (("wrong", wrong, "bowel"), ("right", right, "blood")):
        record.estimate(f"habit.wrong_class.{way}", statistics.mean_over_subjects(
            table["dice"], table["subject"], f"Dice against {scored}, mean over frames, then over subjects"),
            "phantom", "ood_wished")
    number |= {way: record[f"habit.wrong_class.{way}"] for way in ("wrong", "right")}
    title = f"Against blood Dice is {number['right']:.2f}, against bowel {number['wrong']:.2f}"
    words = "; ".join(f"{name} {row.right:.2f} to {row.wrong:.2f}" for name, row in by_patient.iterrows())
    figures.show(ours.paired(by_patient, title, "Dice of the same prediction, mean of a patient"),
                 f"A line per patient from its Dice against blood to that against bowel: {words}.")

# %%
if drawn:
    taken = counts.has_blood(right) & ~counts.has_blood(wrong)
    record.say(
        "The same predictions of the same patients: Dice **{habit.wrong_class.wrong:.2f}** against the wrong "
        "class, **{habit.wrong_class.right:.2f}** against the right one ({habit.wrong_class.right.interval}). "
        "And {taken} of the {blood} frames that do bleed now count as clean, so that finding their blood is a "
        "false alarm.", taken=int(taken.sum()), blood=int(counts.has_blood(right).sum()))

# %% [markdown]
# ## 2 · What is a partial success?
#
# *As published:* a frame labelled blood is PARTIAL where its Dice is above zero, FALSE_NEGATIVE where it is zero. No frame is
# FALSE_NEGATIVE.
#
# The code's Dice has a small constant in it, above and below, against division by zero:
# $$ \text{Dice} = \frac{2\,tp + \varepsilon}{2\,tp + fp + fn + \varepsilon} $$
# **What is this Dice where not one pixel is right? Which frames can ever be FALSE_NEGATIVE?**

# %%
record.say(
    "With epsilon at {published.epsilon:.0e} Dice is above zero on **every** frame: on {published.partial_positive:,.0f} of "
    "{published.mode_partial:,.0f}. The greatest Dice of a frame without a single pixel in common is "
    "{published.tp_free_dice_max:.0e}; the least with one is {published.overlap_dice_min:.0e}. Nothing lies between, so the two "
    "kinds can be told apart afterwards: **{published.partial_tp_free:,.0f} of the {published.mode_partial:,.0f} PARTIAL frames "
    "({published.partial_tp_free_share:.0f} %) have no pixel in common** with what was scored.")
figures.show(plots.modes(evidence.tables["modes"]), (
    f"Bars of the three published failure modes. PARTIAL: {number['partial_tp_free']:,.0f} frames without a common pixel, "
    f"{number['partial_overlap']:.0f} with one. FALSE_POSITIVE: {number['blood_false_positive']:.0f} of "
    f"{number['mode_false_positive']:,.0f} do hold blood. CORRECT: {number['mode_correct']:.0f}, all with nothing marked."))

# %% [markdown]
# **The habit mended:** failure modes are defined by counts (lesson 03), and a ratio without a denominator stays undefined. No
# threshold on a smoothed score can bring back what the smoothing hid.
#
# ### Re-enactment on the phantom
#
# Still the same predictions, now scored twice as above: against the organ, as it was done, and against blood. Each frame with
# a label gets its mode by the published rule, and by its counts. **How many FALSE_NEGATIVE will the rule find?**

# %%
if drawn:
    shares = {}
    for name, table in (("bowel", wrong), ("blood", right)):
        labelled = table[counts.has_blood(table)]
        by_rule, by_counts = reenact.smoothed_modes(labelled), counts.failure_modes(labelled).astype(str)
        for rule, modes in (("by the rule", by_rule), ("by counts", by_counts)):
            shares[f"{name}, {rule}"] = (100 * modes.value_counts(normalize=True)).to_dict()
    words = "; ".join(f"{name}: " + ", ".join(f"{mode} {share:.0f} %" for mode, share in row.items())
                      for name, row in shares.items())
    figures.show(ours.modes(shares, "With epsilon nothing is ever missed"), f"Failure modes. {words}.")

# %%
if drawn:
    labelled = wrong[counts.has_blood(wrong)]
    partly = {"wrong": reenact.smoothed_modes(labelled) == "PARTIAL", "right": ~reenact.without_overlap(labelled)}
    for way, found_some in partly.items():
        record.estimate(f"habit.epsilon.{way}", statistics.mean_over_subjects(
            100.0 * found_some, labelled["subject"], "frames labelled (as bowel) that count as partly found, "
            "mean over frames, then over subjects", (0, 100)), "phantom", "ood_wished", "percent")
    record.say(
        "By the rule **{habit.epsilon.wrong:.0f} %** of the frames labelled bowel are partly found; a pixel in "
        "common is on **{habit.epsilon.right:.0f} %**. All {free} frames without one became PARTIAL. The rule "
        "has no word for a missed frame.", free=int(reenact.without_overlap(wrong).sum()))

# %% [markdown]
# ## 3 · Where does the correlation come from?
#
# *As published:* the strongest correlate of Dice is the covered area, and it is negative.
#
# **If nothing overlaps, what is left of the formula above? Which of its terms is the covered area?**

# %%
figures.show(plots.coverage(evidence.tables["coverage"]), (
    "Published Dice on a logarithmic axis over the scored area. Frames with a common pixel lie between "
    f"{number['overlap_dice_min']:.0e} and {number['overlap_dice_max']:.1f}; those without lie below "
    f"{number['tp_free_dice_max']:.0e}, along the curve of epsilon over the scored pixels."))
record.say(
    "Without overlap Dice is $\\varepsilon / (fp + fn)$, and $fn$ *is* the covered area: a larger organ gives a smaller Dice by "
    "arithmetic. On these {published.partial_tp_free:,.0f} frames the Spearman correlation is **{published.spearman_tp_free:.3f}**; "
    "on the {published.partial_overlap:.0f} frames with any overlap it is {published.spearman_overlap:.3f}.")

# %% [markdown]
# How large must epsilon be to do this? **Guess before you look: does it help to choose it smaller?**

# %%
figures.show(plots.epsilon(evidence.tables["epsilon"]), (
    f"Above, the share of PARTIAL frames: {100 - number['partial_tp_free_share'].value:.0f} % without epsilon, 100 % for every epsilon. "
    f"Below, the correlation of Dice with coverage: {number['spearman_coverage_no_epsilon']:.2f} without epsilon, about "
    f"{number['spearman_coverage']:.2f} for every epsilon; on frames without overlap {number['spearman_tp_free']:.2f} throughout."))
record.say(
    "It does not. A rank correlation only asks for order, and the smallest epsilon orders the frames as a larger one does. Without "
    "any, the correlation over the same frames is **{published.spearman_coverage_no_epsilon:+.2f}**, of the other sign: the "
    "largest organs are touched most often. Its p-value is left out on purpose; section five says why.")

# %% [markdown]
# **The habit mended:** correlate what is defined, where it is defined, and ask of every correlate whether it stands in the
# formula of the score.
#
# ### Re-enactment on the phantom
#
# Every frame labelled bowel, its smoothed Dice and its labelled area. **Which way will the cloud lean where nothing overlaps?**

# %%
if drawn:
    missed = wrong[reenact.without_overlap(wrong)]
    by_area = correlation.spearman(reenact.smoothed_dice(missed), missed["fp"] + missed["fn"])
    title = f"Without overlap, Dice is an area in disguise: rank correlation {by_area:.2f} with the wrong pixels"
    figures.show(ours.coverage(wrong, title), (
        f"Smoothed Dice over labelled area, {int(counts.has_blood(wrong).sum())} frames. The {len(missed)} "
        "without a pixel in common lie below one in a million, in a cloud of their own; the others lie far above."))

# %%
if drawn:
    for way, epsilon in (("wrong", reenact.EPSILON), ("right", 0.0)):
        record.add(f"habit.correlation.{way}", results.Result(
            reenact.epsilon_correlation(missed, epsilon), n_frames=len(missed),
            n_subjects=missed["subject"].nunique(), split="ood_wished",
            estimand="rank correlation of Dice with labelled area, pooled over frames without a common pixel"))
    record.say(
        "These {n} frames are ordered by their wrong pixels ({by_area:.2f}, by arithmetic), of which the labelled "
        "area is a part. With that part alone the rank correlation is **{habit.correlation.wrong:.2f}**: it hangs on how "
        "much of the rest is false alarm. Without epsilon Dice is 0 on each of these frames, and the correlation is "
        "**{habit.correlation.right}**.", n=len(missed), by_area=by_area)

# %% [markdown]
# ## 4 · Is the in-domain figure one about unseen animals?
#
# *As published:* frames were shuffled and divided into training and validation; Dice is that of the validation frames.
#
# Frames of one pig are seconds apart. **How far is a validation frame from its nearest training frame?**

# %%
figures.show(plots.split(evidence.tables["neighbours"], evidence.tables["pigs"]), (
    f"Left: {number['val_near']:.0f} of {number['val_frames']:.0f} validation frames have a training frame of the same pig within "
    f"{plots.NEAR} frame numbers, none is farther than {number['val_distance_max']:.0f}. Right: each of the {number['pigs']:.0f} pigs has "
    "frames in training and in validation."))
record.say(
    "All {published.pigs_in_both:.0f} pigs stand on both sides, and **{published.val_near:.0f} of {published.val_frames:.0f}** "
    "validation frames have a near twin in training. The {published.in_domain_dice:.2f} says how well the network fills the gaps "
    "of videos that it has seen. The closest clean reference that we know, five folds grouped by pig on the same data, "
    "reports {published.reference_in_domain:.3f} as the mean of three architectures; it chose its epoch on the fold that it reports, so it is still generous. The same work, "
    "carried to human gynaecological laparoscopy, reports {published.reference_ood:.3f}.")

# %% [markdown]
# **The habit mended:** split by subject, before anything else is done.
#
# ### Re-enactment on the phantom
#
# Two trainings on as many frames, tested on the same frames: every second one of the held-out pigs. One network learned from
# other pigs only; it is lesson 02's. The other was given the tested pigs' remaining frames as well, as a shuffle of frames
# would, and as many fewer of the other pigs'. **By how much will that help it?**

# %%
ways = reenact.both_ways(surgeries.source, course.seed)
leaky = runs.trained("split by frames", course, ways.by_frames, ways.id_val, fold=fold)
networks = {"wrong": leaky, "right": runs.baseline(course, surgeries, fold)}
tested = {way: ways.test.table.reset_index(drop=True).join(
              counts.count(runs.probabilities(run, ways.test) >= 128, ways.test.blood, ways.test.valid))
          for way, run in networks.items()}
by_pig = pd.DataFrame({way: statistics.subject_means(counts.on_blood(counts.dice, table), table["subject"])
                       for way, table in tested.items()})

# %%
for way, table in tested.items():
    record.estimate(f"habit.split.{way}", statistics.mean_over_subjects(
        counts.on_blood(counts.dice, table), table["subject"], "Dice on every second frame of the held-out "
        f"pigs, split by {'frames' if way == 'wrong' else 'pigs'}"), surgeries.data_of("id_test"), "id_test")
number |= {way: record[f"habit.split.{way}"] for way in ("wrong", "right")}
title = f"Split by frames: Dice {number['wrong']:.2f}; by pigs: {number['right']:.2f}"
words = "; ".join(f"{name} {row.right:.2f} to {row.wrong:.2f}" for name, row in by_pig.iterrows())
figures.show(ours.paired(by_pig, title, "Dice on the same frames, mean of a pig"),
             f"A line per pig from its Dice when split by pigs to that when split by frames: {words}.")

# %%
record.say(
    "{n} frames each; {shared} of the second network's are neighbours of the test. {pigs} pigs are too few to "
    "say how much that is worth, so a benchmark did the same over five folds of three drawings, each pig tested "
    "both ways. **Would you expect the gain to stay if all pigs looked alike?**",
    n=len(ways.by_pigs), shared=ways.shared, pigs=len(by_pig))
habits, about = reenact.recorded("habits")
chosen = habits[habits["habit"] == "split by frames"].replace({"variation": {1.0: "as drawn", 0.0: "all alike"}})
figures.table(reenact.shown(chosen, variation="pigs", wrong="by_frames", right="by_pigs", difference="difference",
                            difference_low="low", difference_high="high", mean_difference="mean_difference",
                            subjects="pigs_tested"),
              f"Dice, medians over pigs, and the paired difference with its {100 * about['level']:.0f} % interval; "
              f"recorded on {about['date']}")

# %%
as_drawn, alike = (chosen[chosen["variation"] == pigs].iloc[0] for pigs in ("as drawn", "all alike"))
record.say(
    "The middle pig gains **{gain:+.3f}** ({low:+.3f} to {high:+.3f}) from its own neighbours in training, and "
    "{alike:+.3f} ({alike_low:+.3f} to {alike_high:+.3f}) where all pigs look alike. What is left where they look alike "
    "is owed to frames of one clip that repeat each other, and no likeness of pigs takes it away. How much a longer "
    "training on real video would gain, a phantom can't say.",
    gain=as_drawn.difference, low=as_drawn.difference_low, high=as_drawn.difference_high,
    alike=alike.difference, alike_low=alike.difference_low, alike_high=alike.difference_high)

# %% [markdown]
# ## 5 · How many observations are there?
#
# *As published:* a p-value from all frames labelled blood, each counted as an independent observation.
#
# **What would you have to repeat to get a truly new frame of blood?**

# %%
videos = evidence.tables["videos"]
bleeding = ", ".join(videos.subject[videos.blood > 0])
figures.show(plots.patients(videos), (
    f"A bar per patient with its frames, from {videos.frames.min()} to {videos.frames.max():,}. Frames with blood, "
    f"{number['blood_frames']:.0f} of them, are found in {bleeding} only."))
record.say(
    "{published.frames:,.0f} frames are {published.clips:.0f} clips of {published.clip_frames:.0f} consecutive frames, and these are "
    "{published.patients:.0f} patients. **Blood occurs in {published.patients_with_blood:.0f}.** Every Dice on the blood of this "
    "data set, whoever reports it, is a figure about one patient, and no interval over patients exists for it.")

# %% [markdown]
# **The habit mended:** the unit is what would be drawn anew: the patient. Where there is one, that is the sentence, not a
# p-value.
#
# ### Re-enactment on the phantom
#
# Dice of the wished-for patients, and the light, colour and blood of each frame. The same two quantities, tested twice: each frame
# as an observation, and each patient as one. **How many of the p-values on the left will survive?**

# %%
if drawn:
    bloody = right.dropna(subset="dice")
    looks = shift.image_statistics(patients.images, patients.valid).reset_index(drop=True).loc[bloody.index]
    looks["coverage"] = counts.coverage(bloody)
    rows = [{"property": name, "p, frames as the unit": correlation.naive_p(look, bloody["dice"]),
             "p, patients as the unit": correlation.spearman_between(look, bloody["dice"], bloody["subject"]).p}
            for name, look in looks.items()]
    side_by_side = pd.DataFrame(rows).astype({"p, patients as the unit": float})
    figures.table(side_by_side, f"Does it go with Dice? {len(bloody)} frames with blood of "
                                f"{bloody['subject'].nunique()} patients")

# %%
if drawn:
    small = (side_by_side.drop(columns="property") < 0.05).sum()
    record.say(
        "With frames as the unit {frames} of {n} are “significant”, with patients {patients}. Which of the two "
        "is right, these data can't tell, since we do not know what is true. **So let us test properties of "
        "which we know that they have nothing to do with Dice: how many will each way find?**",
        frames=int(small.iloc[0]), patients=int(small.iloc[1]), n=len(side_by_side))

# %% [markdown]
# Each patient gets a number by chance, as a look of its own, with a little jitter from frame to frame. Dice knows nothing of it.

# %%
if drawn:
    draws = 20 if course.profile == "smoke" else 300
    empty = reenact.p_values(bloody, "of the subject", draws, course.seed)
    for way, unit in (("wrong", "frames"), ("right", "subjects")):
        number[way], low, high = reenact.rejected(empty[unit])
        record.add(f"habit.unit.{way}", results.Result(
            number[way], low, high, len(bloody), bloody["subject"].nunique(), split="ood_wished", unit="percent",
            estimand=f"how often a property that has nothing to do with Dice is found to, tested over {unit}"))
    title = f"Frames as the unit find something in {number['wrong']:.0f} % of what is nothing"
    figures.show(ours.null(empty, title), (
        f"Histograms of {draws} p-values of empty properties. Over frames {number['wrong']:.0f} % lie below "
        f"0.05, over patients {number['right']:.0f} %, and there the rest is level."))

# %%
nulls, about = reenact.recorded("null_rejection")
figures.table(reenact.shown(nulls, variation="variation", which_frames="frames", property="property",
                            strength="effect", frames="found over frames, %", subjects="found over subjects, %",
                            subjects_low="low", subjects_high="high"),
              f"{about['draws']:,} drawn properties a row, recorded on {about['date']}. Effect 0: nothing is there "
              "to find; above 0, what is found is the power. Variation 0: subjects drawn alike", digits=1)

# %%
rate = nulls[nulls["property"] == "of the subject"].set_index(["variation", "which_frames", "strength"])["frames"]
record.say(
    "Over frames {all:.0f} % of empty properties are “found”. One frame of each clip still gives {one:.0f} %, "
    "because patients differ. Draw them alike and it is {alike:.0f} %, because the frames of a clip repeat each "
    "other; only with both mended, patients alike and one frame of each clip, is it the {none:.1f} % that chance "
    "gives. Nobody can mend the first on real patients. The test that respects them needs neither.",
    all=rate[1, "all", 0], one=rate[1, "one of each clip", 0], alike=rate[0, "all", 0],
    none=rate[0, "one of each clip", 0])

# %%
_, about = reenact.recorded("interval_coverage")
figures.table(reenact.coverage_grid(about), (
    "How often an interval over few subjects holds the truth: the worst over the populations tried, its mean "
    f"width in brackets; recorded on {about['date']}. This course offers those marked, and no others"))

# %% [markdown]
# ## 6 · How did the learning rate run?
#
# *As published:* a cosine schedule. **A cosine falls from its top to its foot. What does it do after that?**

# %%
figures.show(plots.schedule(evidence.tables["schedule"], int(number["best_epoch"].value)), (
    f"Learning rate by epoch: down to its foot in epoch {number['rate_lowest_epoch']:.0f}, and up again to "
    f"{number['rate_last'].value / number['rate_first'].value:.0%} of the start in epoch {number['rate_last_epoch']:.0f}; the epoch that was kept, {number['best_epoch']:.0f}, lies on the way up."))
record.say(
    "The cosine was given {published.t_max:.0f} epochs and ran for {published.epochs_trained:.0f}. Its foot is epoch "
    "{published.rate_lowest_epoch:.0f}; the last epoch runs at {published.rate_last:.1e} of a start of {published.rate_first:.0e}, "
    "and the epoch that was kept, {published.best_epoch:.0f}, at {published.rate_best:.1e}. This alone overturns nothing. It is a "
    "recipe that says one thing and does another, and one plot of the learning rate shows it.")

# %% [markdown]
# **The habit mended:** the schedule's length *is* the number of epochs, and the curve is plotted as it ran (lesson 02).
#
# ### Re-enactment on the phantom
#
# Lesson 02 plotted its rate as it ran. The published cosine, carried over to as many epochs, would have run otherwise.
# **Does it matter?**

# %%
ran = networks["right"].history.learning_rate
fell, foot = [rate / ran[0] for rate in ran], reenact.climbing(len(ran))
climbed = reenact.rates(len(ran), foot)
for way, last in (("wrong", climbed[-1]), ("right", fell[-1])):
    number[way] = record.add(f"habit.schedule.{way}", results.Result(
        100 * float(last), unit="percent", data=surgeries.data_of("train"), split="train",
        estimand="learning rate of the last epoch, of that of the first"))
title = f"The short cosine ends at {number['wrong']:.0f} % of its start"
figures.show(ours.schedules(climbed, fell, title), (
    f"Two learning rates over {len(ran)} epochs: one falls to the end, the other reaches its foot after {foot} "
    f"epochs and climbs back to {number['wrong']:.0f} % of its start."))

# %%
chosen = habits[habits["habit"].str.startswith("schedule") & (habits["variation"] == 1)]
figures.table(reenact.shown(chosen, habit="measured_on", wrong="climbed_back", right="fell",
                            difference="difference", difference_low="low", difference_high="high",
                            subjects="subjects"),
              "Median Dice of networks that differ in nothing else, with intervals of the paired difference")

# %% [markdown]
# ## 7 · What do the tables support?
#
# *As published:* out of domain the network does not find blood, and fires on frames without it. The first half was measured on
# the wrong organ, so it is not shown. **Is its opposite? And does the second half hold?**
#
# Epsilon, which hid so much, now helps. Where nothing overlaps, Dice gives $fp + fn$ exactly, the coverage gives $fn$, and so
# the predicted area follows, pixel by pixel.

# %%
record.say(
    "That is so on **{published.area_known:,.0f} of {published.frames:,.0f}** frames: the recovered sum is a whole number up to "
    "{published.identity_error:.0e} of itself, the precision of the published digits. The other {published.area_unknown:.0f} all overlap "
    "gastrointestinal tract, so they are not missing at random. Pooled recall and precision still give their sum: "
    "{published.unknown_pixels:,.0f} pixels, {published.unknown_area:.2f} % of a frame on average.")
figures.show(plots.areas(evidence.tables["areas"]), (
    "Predicted area of frames with blood, of frames without in the same patient, and of other patients' frames: three hills that "
    f"overlap widely. Nothing is marked on {100 - number['alarm_rate'].value:.1f} % of the frames without blood, and on "
    f"{100 - number['blood_marked'].value:.0f} % of those with."))

# %%
record.say(
    "On frames **without** blood something is marked on {published.alarm_rate:.1f} % ({published.clean_marked:,.0f} of "
    "{published.clean_known:,.0f}; {published.alarm_rate_all:.1f} % of all {published.clean_frames:,.0f}, since the rest is marked "
    "for certain), and more than 1 % of the frame on {published.alarm_1pct:.1f} %. On frames **with** blood it is more than 1 % on "
    "{published.blood_1pct:.0f} %.")

# %% [markdown]
# Ranked by predicted area, frames with blood come out higher. **Does the network see blood, then? What would something do that
# only looks at how red a frame is?**

# %%
figures.show(plots.rocs(evidence.tables["roc"], evidence.numbers), (
    f"ROC curves. Over all patients: predicted area {number['auroc_frames']:.2f}, mean red {number['auroc_red']:.2f}. Within the "
    f"one patient: predicted area {number['auroc_video01']:.2f}, mean red {number['auroc_red_video01']:.2f}."))
record.say(
    "Over frames the predicted area separates the two with an AUROC of {published.auroc_frames:.3f}, the mean red alone with "
    "{published.auroc_red:.2f}. Within the one patient it is {published.auroc_video01:.3f} against {published.auroc_red_video01:.2f}. "
    "Among the {published.blood_known:.0f} frames with blood, predicted and true area hardly go together: Spearman "
    "{published.area_correlation_blood:.2f} ({published.area_correlation_video01:.2f} once the patient's frames without blood are "
    "mixed in).")

# %% [markdown]
# But a frame is not an observation. **How many observations has one patient, and how many patients are there?**

# %%
figures.show(plots.units(evidence.tables["clips"], evidence.tables["videos"]), (
    f"Left: mean predicted area of {number['clips_blood']:.0f} clips with blood and {number['clips_clean']:.0f} without, in one "
    f"patient; the two groups overlap over most of their range. Right: by patient, the one with blood is number "
    f"{number['patient_rank_area']:.0f} of {number['patients']:.0f}, in the midst of those without."))
record.say(
    "{published.clips_blood:.0f} clips with blood, {published.clips_clean:.0f} without. By clip the AUROC is "
    "{published.auroc_clips:.2f}, p = {published.auroc_clips_p:.2f} by an exact rank test, and even that takes clips of one "
    "operation as independent. By patient there is one against all others: by mean predicted area number "
    "{published.patient_rank_area:.0f} of {published.patients:.0f}, by mean red number {published.patient_rank_red:.0f}. No test "
    "can be made of that. What holds for another patient these tables can't say.")

# %% [markdown]
# And the frames whose area is unknown? They could hide anything, or could they? A Dice is a fraction of whole numbers, and its
# digits leave only few fractions open. **How far can these frames move what we just said?**

# %%
figures.show(plots.bounds(evidence.numbers), (
    f"Two figures with their bounds. More than 1 % marked on frames without blood: {number['alarm_1pct_any_low']:.0f} to "
    f"{number['alarm_1pct_any_high']:.0f} % with any area, {number['alarm_1pct_low']:.1f} to {number['alarm_1pct_high']:.1f} % with "
    f"areas that fit the digits. AUROC: {number['auroc_frames_any_low']:.2f} to {number['auroc_frames_any_high']:.2f}, and "
    f"{number['auroc_frames_low']:.3f} to {number['auroc_frames_high']:.3f}."))
record.say(
    "If they may have any area, the share of frames without blood with more than 1 % marked lies between "
    "{published.alarm_1pct_any_low:.1f} and {published.alarm_1pct_any_high:.1f} %, the AUROC between "
    "{published.auroc_frames_any_low:.2f} and {published.auroc_frames_any_high:.2f}. If each frame's area must give its published "
    "Dice and IoU, and all together the published sums, between {published.alarm_1pct_low:.1f} and {published.alarm_1pct_high:.1f} %, "
    "and {published.auroc_frames_low:.3f} and {published.auroc_frames_high:.3f}. The frames of unknown area change little.")

# %% [markdown]
# **So the honest sentence is:** the published tables do not show that the network misses blood out of domain, nor that it finds
# it. They show that it raises alarms on nearly every frame, as the study said itself: that half of its answer stands. Whether a mark lies *on* the blood can't be known from them: that
# needs the predictions.
#
# ### Re-enactment on the phantom
#
# The habits side by side, as this page has measured them. **Which one would you have caught in review?**

# %%
NAMES = {"wrong_class": ("Another organ taken for blood", "Dice"),
         "epsilon": ("Epsilon in the failure mode", "partly found"),
         "correlation": ("Epsilon in the correlation", "with coverage"), "split": ("Split by frames", "Dice"),
         "unit": ("Frames as the unit", "found in nothing"), "schedule": ("A cosine too short", "last rate")}
rows = []
for habit, (name, figure_of) in NAMES.items():
    if f"habit.{habit}.right" in record:
        pair = {way: record[f"habit.{habit}.{way}"] for way in ("wrong", "right")}
        values = {way: math.nan if one.value is None else one.value / (100 if one.unit else 1)
                  for way, one in pair.items()}
        rows.append({"habit": name, "figure": figure_of, **values, "off by": values["wrong"] - values["right"]})
closing = pd.DataFrame(rows)

# %%
words = "; ".join(f"{row.habit}, {row.figure}: {row.wrong:.2f} by the habit, {row.right:.2f} measured properly"
                  for row in closing.itertuples()).replace("nan", "undefined")
figures.show(ours.habits(closing, "The same predictions, by the habit and measured properly"), f"An arrow per habit. {words}.")

# %%
figures.table(closing.rename(columns={"wrong": "what it claimed", "right": "what is true"}),
              "The habits on this page; shares and rates as fractions of one", digits=2)
_, about = reenact.recorded("habits")
figures.table(reenact.controlled(habits), (
    f"The same over {about['drawings']} drawings, medians over subjects with {100 * about['level']:.0f} % intervals of the "
    f"paired differences; recorded on {about['date']}. The control: all subjects drawn alike"), digits=2)

# %% [markdown]
# A control says what a habit lives on, and it may correct who expected something. Of the split by frames we expected that it lives
# on pigs that differ: compare its two columns. Where the gain stays, it is the clip's: the neighbours of a frame give it away even
# if all pigs are alike. Frames as the unit gain from both (section 5). Epsilon, the wrong class and the learning rate are
# arithmetic and recipes, and no choice of subjects mends them. Their control is to take the cause away: with epsilon at zero, and
# the right class, nothing is left by definition.
#
# ## A checklist to take along
#
# Kapoor and Narayanan collected how leakage makes results irreproducible in many fields (*Patterns* 4, 100804, 2023), and REFORMS
# is a checklist for science that uses machine learning (Kapoor and others, *Science Advances* 10, eadk3452, 2024). Metrics Reloaded
# says which metric answers which question about images (Maier-Hein, Reinke and others, *Nature Methods* 21, 195, 2024). In our own
# words, for a segmentation study:
#
# | ask | because | here |
# |---|---|---|
# | Is every subject on one side of the split, and was it split before anything else? | neighbours leak | 4 |
# | Was anything (epoch, threshold, augmentation) chosen on the test? | a test that chooses is no test | lesson 02 |
# | Is the test what the claim is about: these patients, this organ, this device? | a sample from elsewhere answers another question | 1, 7 |
# | Has somebody looked at overlays, and at each class's name, colour and area? | a network never complains about a label | 1 |
# | What does each metric do where there is nothing to find, or nothing found? | a constant then decides | 2 |
# | Do failure modes rest on counts? | scores can be smoothed, counts can't | 2 |
# | Does a correlate stand in the formula of the score? | then arithmetic correlates | 3 |
# | How many subjects are behind each number, and is it their interval? | frames repeat, subjects do not | 5 |
# | How often does this analysis find something in nothing? | only a null that was tried is known | 5 |
# | Was the recipe plotted as it ran? | code does what it says, and that may differ from what was meant | 6 |
# | Which sentence would be left if a reader had only the tables? | that one is the result | 7 |
# | Are code, splits and a row per frame public? | so that somebody can do to you what this lesson did | all |
#
# ## What the published tables do support
#
# The network raises alarms out of domain, on nearly every frame without blood. That was found on 17 patients, none of whom
# needed to bleed for it, and no habit above touches it. About *finding* blood they say nothing, neither way: the organ was another
# one, and one patient bleeds. It took an open repository to learn that, and a closed one would have kept its number.
#
# ## What you saw, and what to doubt
#
# You saw a published result taken apart by its own tables, and each habit again where the truth was drawn. **Doubt** this lesson
# too: a phantom shows that a habit *can* mislead, and its size there is not the size in surgery. Doubt that six is all; we looked
# for those that we knew. And doubt a study for what it hides rather than for what it shows: this one showed its work.
