"""Every figure of the published study that its tables hold, points 5 to 7: the unit, the schedule, what is supported."""

import math

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, spearmanr

from helpers.published.areas import PIXELS, candidates, identity_error, totals
from helpers.published.claims import CLASSES, FRAMES, JOINED, TRAINING, Numbers
from helpers.published.files import Tables
from helpers.published.ranks import auroc, auroc_bounds, share_above_bounds

# The study's train.py: cosine annealing from RATE to LEAST_RATE over T_MAX epochs, at most MAX_EPOCHS of them.
RATE, LEAST_RATE, T_MAX, MAX_EPOCHS = 1e-4, 1e-6, 30, 50
RECIPE = "src/train.py of the study"
ALL = "CholecSeg8k, all frames"


def unit(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Point 5: how many frames, clips and patients."""
    put = numbers.put
    put("frames", len(frames), "frames scored", FRAMES, ALL, "frames", rows=frames)
    put("patients", frames.subject.nunique(), "patients (videos)", FRAMES, ALL, "patients", rows=frames)
    put("clips", frames["clip"].nunique(), "clips", FRAMES, ALL, "clips", rows=frames)
    put("clip_frames", frames.groupby("clip").size().median(), "frames a clip, median", FRAMES, ALL, "frames", rows=frames)
    put("clip_consecutive", consecutive(frames), "clips whose frame numbers follow one another", FRAMES, ALL, "clips",
        rows=frames)
    put("patients_with_blood", frames.subject[frames.blood > 0].nunique(), "patients with blood in any frame", CLASSES, ALL,
        "patients", rows=frames)


def consecutive(frames: pd.DataFrame) -> int:
    """In how many clips every frame is the successor of the one before."""
    return int(frames.groupby("clip").frame.agg(lambda number: (number.sort_values().diff().dropna() == 1).all()).sum())


def learning_rate(epoch: int, over: int = T_MAX) -> float:
    """The learning rate in an epoch (from 1) under cosine annealing over `over` epochs, as PyTorch's closed form has it."""
    return LEAST_RATE + (RATE - LEAST_RATE) * (1 + math.cos(math.pi * (epoch - 1) / over)) / 2


def schedule(numbers: Numbers, training: dict) -> None:
    """Point 6: the learning rate as it ran."""
    put, ran = numbers.put, training["epochs_trained"]
    put("t_max", T_MAX, "epochs over which the learning rate falls", RECIPE, unit="epochs", data="cited")
    put("epochs_trained", ran, "epochs trained", TRAINING, unit="epochs")
    put("best_epoch", training["best_epoch"], "epoch that the validation frames chose", TRAINING, unit="epochs")
    rates = [learning_rate(epoch) for epoch in range(1, ran + 1)]
    for name, epoch in (("lowest", int(np.argmin(rates)) + 1), ("best", training["best_epoch"]), ("last", ran)):
        put(f"rate_{name}_epoch", epoch, f"the {name} epoch", f"{RECIPE} and {TRAINING}", unit="epochs")
        put(f"rate_{name}", rates[epoch - 1], f"learning rate in the {name} epoch", f"{RECIPE} and {TRAINING}")


def supported(numbers: Numbers, frames: pd.DataFrame, tables: Tables) -> None:
    """Point 7: predicted area, and what it says about blood (recovered frames)."""
    put, known, overlap = numbers.put, frames[frames.known], frames[frames.overlap]
    blood, clean = frames[frames.blood > 0], frames[frames.blood == 0]
    put("identity_error", identity_error(frames), "greatest relative distance of e / Dice - e from a whole number", FRAMES,
        "frames without a true-positive pixel",
        rows=known[known.dice < 1])
    put("area_known", len(known), "frames whose predicted area follows exactly", FRAMES, ALL, "frames", rows=frames)
    put("area_unknown", len(overlap), "frames whose predicted area does not", FRAMES, ALL, "frames", rows=frames)
    put("area_unknown_organ", (overlap["gastrointestinal tract"] > 0).sum(), "of these, frames with gastrointestinal tract",
        JOINED, "frames with a true-positive pixel", "frames", rows=overlap)
    put("area_unknown_blood", (overlap.blood > 0).sum(), "of these, frames with blood", JOINED,
        "frames with a true-positive pixel", "frames", rows=overlap)
    pooled = totals(frames, tables.training)
    both = f"{TRAINING} and {FRAMES}"
    put("tp_pixels", pooled["tp"], "true-positive pixels for the scored class", both, ALL, "pixels", rows=frames)
    put("predicted_pixels", pooled["predicted"], "predicted pixels", both, ALL, "pixels", rows=frames)
    put("unknown_pixels", pooled["unknown"], "predicted pixels in them together", both, "frames with a true-positive pixel",
        "pixels", rows=overlap)
    put("unknown_area", 100 * pooled["unknown"] / PIXELS / len(overlap), "mean over frames of the predicted area", both,
        "frames with a true-positive pixel", "%", rows=overlap)
    _alarms(numbers, blood, clean)
    _separation(numbers, frames)
    _bounds(numbers, frames, pooled)


def _alarms(numbers: Numbers, blood: pd.DataFrame, clean: pd.DataFrame) -> None:
    """How often and how much the model marks, with true blood and without."""
    put, free, seen = numbers.put, clean[clean.known], blood[blood.known]
    put("clean_frames", len(clean), "frames without blood", CLASSES, ALL, "frames", rows=clean)
    put("clean_known", len(free), "of these, frames whose predicted area is known", JOINED, "frames without blood", "frames",
        rows=clean)
    put("clean_marked", (free.predicted > 0).sum(), "of these, frames with a predicted pixel", JOINED,
        "frames without blood, area known", "frames", rows=free)
    put("alarm_rate", 100 * (free.predicted > 0).mean(), "share of frames with a predicted pixel", JOINED,
        "frames without blood, area known", "%", rows=free)
    marked = (clean.overlap | (clean.predicted > 0)).mean()
    put("alarm_rate_all", 100 * marked, "share of frames with a predicted pixel", JOINED, "frames without blood", "%", rows=clean)
    put("alarm_1pct", 100 * (free.area > 1).mean(), "share of frames with more than 1 % predicted", JOINED,
        "frames without blood, area known", "%", rows=free)
    put("blood_known", len(seen), "frames with blood whose predicted area is known", JOINED, "frames with blood", "frames",
        rows=blood)
    put("blood_marked", 100 * (seen.predicted > 0).mean(), "share of frames with a predicted pixel", JOINED,
        "frames with blood, area known", "%", rows=seen)
    put("blood_1pct", 100 * (seen.area > 1).mean(), "share of frames with more than 1 % predicted", JOINED,
        "frames with blood, area known", "%", rows=seen)
    put("area_correlation_blood", spearmanr(seen.area, seen.blood).statistic,
        "Spearman correlation of predicted with true area, pooled over frames", JOINED, "frames with blood, area known",
        rows=seen)


def _separation(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Does the predicted area tell frames with blood from frames without, by frame and by clip, and does the mean red?"""
    put, known = numbers.put, frames[frames.known]
    patient = frames.subject[frames.blood > 0].iloc[0]
    one, one_known = frames[frames.subject == patient], known[known.subject == patient]
    put("auroc_frames", auroc(known.blood > 0, known.area), "AUROC of predicted area, frames as the unit", JOINED,
        f"{ALL}, area known", rows=known)
    put("auroc_video01", auroc(one_known.blood > 0, one_known.area), "AUROC of predicted area, frames as the unit", JOINED,
        f"{patient}, area known", rows=one_known)
    put("auroc_red", auroc(known.blood > 0, known.red), "AUROC of mean red, frames as the unit", JOINED,
        f"{ALL}, area known", rows=known)
    put("auroc_red_all", auroc(frames.blood > 0, frames.red), "AUROC of mean red, frames as the unit", JOINED, ALL, rows=frames)
    put("auroc_red_video01", auroc(one_known.blood > 0, one_known.red), "AUROC of mean red, frames as the unit", JOINED,
        f"{patient}, area known", rows=one_known)
    put("area_correlation_video01", spearmanr(one_known.area, one_known.blood).statistic,
        "Spearman correlation of predicted with true area, pooled over frames", JOINED, f"{patient}, area known",
        rows=one_known)
    clips = one.groupby("clip").agg(blood=("blood", "max"), area=("area", "mean"), red=("red", "mean"))
    has = clips.blood > 0
    where = f"{patient}, by clip"
    put("clips_blood", has.sum(), "clips with blood in any frame", JOINED, where, "clips", rows=one)
    put("clips_clean", (~has).sum(), "clips without blood", JOINED, where, "clips", rows=one)
    put("auroc_clips", auroc(has, clips.area), "AUROC of mean predicted area (known frames), clips as the unit", JOINED, where,
        rows=one)
    put("auroc_clips_p", mannwhitneyu(clips.area[has], clips.area[~has], method="exact").pvalue,
        "its two-sided p-value, exact Mann-Whitney over clips", JOINED, where, rows=one)
    put("auroc_red_clips", auroc(has, clips.red), "AUROC of mean red, clips as the unit", JOINED, where, rows=one)
    for column in ("area", "red"):
        means = frames.groupby("subject")[column].mean().rank(ascending=False)
        put(f"patient_rank_{column}", means[patient], f"rank of {patient} among the patients by mean {column}, greatest first",
            JOINED, "CholecSeg8k, by patient", rows=frames)


def _bounds(numbers: Numbers, frames: pd.DataFrame, pooled: dict[str, int]) -> None:
    """What the frames of unknown area can change: first any area at all, then only areas that the published digits allow."""
    clean = frames[frames.blood == 0]
    sure, open_ = (clean.area > 1).sum(), clean.overlap.sum()
    possible = candidates(frames)
    put, total = numbers.put, {"tp": pooled["tp"], "predicted": pooled["unknown"]}
    what = "share of frames with more than 1 % predicted"
    put("alarm_1pct_any_low", 100 * sure / len(clean), f"{what}, at least", JOINED, "frames without blood", "%", rows=clean)
    put("alarm_1pct_any_high", 100 * (sure + open_) / len(clean), f"{what}, at most", JOINED, "frames without blood", "%",
        rows=clean)
    true = frames.blood > 0
    for end, for_blood in (("low", 0), ("high", PIXELS)):
        filled = frames.predicted.fillna(true.map({True: for_blood, False: PIXELS - for_blood}))
        put(f"auroc_frames_any_{end}", auroc(true, filled),
            f"AUROC of predicted area, frames as the unit, at {'least' if end == 'low' else 'most'}", JOINED, ALL, rows=frames)
    for name, found, split, rows, unit_ in (
            ("alarm_1pct", share_above_bounds(frames, possible, **total, percent=1), "frames without blood", clean, "%"),
            ("auroc_frames", auroc_bounds(frames, possible, **total), ALL, frames, "")):
        estimand = what if unit_ else "AUROC of predicted area, frames as the unit"
        for end, value in zip(("low", "high"), found, strict=True):
            put(f"{name}_{end}", value, f"{estimand}, {'at least' if end == 'low' else 'at most'}, areas in lowest terms "
                "and with the published sums", f"{JOINED} and {TRAINING}", split, unit_, rows=rows)
    put("least_unknown_pixels", possible.groupby("row").predicted.min().sum(),
        "predicted pixels in them together, each frame's Dice in lowest terms", FRAMES, "frames with a true-positive pixel",
        "pixels", rows=frames[frames.overlap])
