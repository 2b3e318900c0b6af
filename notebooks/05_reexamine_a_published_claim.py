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
# [Open in Colab]($COLAB/05_reexamine_a_published_claim.ipynb) · [before](04_correlate_failures.ipynb)
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
from helpers import domains, figures, results, settings
from helpers import published as study
from helpers.published import plots

course = settings.course(profile, seed, data, source, target, on_bad, public)
surgeries = domains.gather(course)
record = results.begin(surgeries)

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
