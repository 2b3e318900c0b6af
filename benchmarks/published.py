"""Every figure of the published study that its tables hold, and the record of them.

    python -m benchmarks.published FOLDER   writes helpers/published/recorded.json

Lesson 05 computes most of them before the reader's eyes, in its own few lines; here they are
computed once more, with the rest, and a test holds the two equal. The aggregates that its charts
draw are recorded as the lesson makes them.
"""

import argparse
import ast
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, spearmanr

from benchmarks.published_areas import (
    EPSILON,
    PIXELS,
    auroc,
    auroc_bounds,
    candidates,
    identity_error,
    recover,
    share_above_bounds,
    totals,
)
from helpers import settings
from helpers.published import FILES, Study, Tables, read
from helpers.published.files import STUDY, STUDY_COMMIT
from helpers.published.study import RECORDED, Recorded
from helpers.statistics import Estimate

LESSON = settings.ROOT / "notebooks" / "05_reexamine_a_published_claim.py"
# The study's column -> ours. Its "blood" is the class that it scored, so here it is called that.
COLUMNS = {
    "mean_brightness": "brightness",
    "mean_saturation": "saturation",
    "mean_R": "red",
    "mean_G": "green",
    "mean_B": "blue",
    "blood_coverage_pct": "scored",
    "has_blood": "labelled",
    "failure_mode": "mode",
}
IMAGE_STATISTICS = ("red", "green", "blue", "brightness", "saturation")
FRAMES, CLASSES = (
    FILES["per_frame_analysis.csv"].cited,
    FILES["classes_per_image.json"].cited,
)
JOINED = f"{FRAMES} joined with {CLASSES}"
TRAINING, DOMAIN = (
    FILES["training_results.json"].cited,
    FILES["domain_stats.json"].cited,
)
CORRELATIONS, SPLITS = (
    FILES["correlation_analysis.csv"].cited,
    FILES["hemoset_splits.json"].cited,
)

MOST_ROWS = 500  # an aggregate; the published tables have 962 and 8,080 rows
NEAR = 60  # frame numbers: the step at which HemoSet was mostly labelled


class Numbers(dict):
    """Results by name, each with its source in `sources`."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[str, str] = {}

    def put(
        self,
        name: str,
        value: float,
        estimand: str,
        source: str,
        split: str = "",
        unit: str = "",
        rows: pd.DataFrame | None = None,
        data: str = "published",
    ) -> None:
        """Add `published.<name>`; `rows` are the frames that it stands on, with their subject."""
        name = f"published.{name}"
        if name in self:
            raise ValueError(f"{name} is there already")
        frames, subjects = (
            (None, None) if rows is None else (len(rows), rows.subject.nunique())
        )
        self[name] = Estimate(
            value=value,
            n_frames=frames,
            n_subjects=subjects,
            data=data,
            split=split,
            unit=unit,
            estimand=estimand,
        )
        self.sources[name] = source


def joined(tables: Tables) -> pd.DataFrame:
    """The study's rows beside the class statistics, with our names for the study's columns."""
    return tables.per_frame.merge(
        tables.classes, on=["subject", "frame"], validate="one_to_one"
    ).rename(columns=COLUMNS)


def as_published(numbers: Numbers, tables: Tables, frames: pd.DataFrame) -> None:
    """The claim: what the study's own summaries say, and its correlations and image statistics from the rows."""
    training = tables.training
    val = tables.splits[tables.splits.split == "val"]
    for split, key, rows in (
        ("in_domain", "hemoset_val", val),
        ("ood", "cholecseg8k", frames),
    ):
        where = (
            "HemoSet, validation frames"
            if split == "in_domain"
            else "CholecSeg8k, all frames"
        )
        for ratio in ("dice", "iou", "precision", "recall"):
            numbers.put(
                f"{split}_{ratio}",
                training[f"{key}_{ratio}"],
                f"{ratio} over the pixels of all frames together",
                TRAINING,
                where,
                rows=rows,
            )
    labelled = frames[frames.labelled]
    numbers.put(
        "mean_frame_dice",
        labelled.dice.mean(),
        "mean over frames of Dice",
        FRAMES,
        "frames labelled blood",
        rows=labelled,
    )
    for mode in ("PARTIAL", "FALSE_POSITIVE", "CORRECT", "FALSE_NEGATIVE"):
        numbers.put(
            f"mode_{mode.lower()}",
            (frames["mode"] == mode).sum(),
            f"frames with failure mode {mode}",
            FRAMES,
            "CholecSeg8k, all frames",
            "frames",
            rows=frames,
        )
    for column in ("scored", *IMAGE_STATISTICS):
        name = "coverage" if column == "scored" else column
        found = spearmanr(labelled[column], labelled.dice)
        numbers.put(
            f"spearman_{name}",
            found.statistic,
            f"Spearman correlation of Dice with {name}, pooled over frames",
            FRAMES,
            "frames labelled blood",
            rows=labelled,
        )
        numbers.put(
            f"spearman_{name}_p",
            found.pvalue,
            f"its p-value, frames counted as independent ({name})",
            FRAMES,
            "frames labelled blood",
            rows=labelled,
        )
    _image_statistics(numbers, tables, frames)


def _image_statistics(numbers: Numbers, tables: Tables, frames: pd.DataFrame) -> None:
    """Means per domain, and the Frechet distance with the part of it that is the shift of the means."""
    source = tables.domain["hemoset_train"]
    train = tables.splits[tables.splits.split == "train"]
    theirs = dict(
        zip(
            IMAGE_STATISTICS,
            ("mean_R", "mean_G", "mean_B", "mean_brightness", "mean_saturation"),
            strict=True,
        )
    )
    for ours, name in theirs.items():
        numbers.put(
            f"source_{ours}",
            source[name],
            f"mean {ours} (0 to 1) at 256 x 256",
            DOMAIN,
            "HemoSet, training frames",
            rows=train,
        )
        numbers.put(
            f"target_{ours}",
            frames[ours].mean(),
            f"mean {ours} (0 to 1) at 256 x 256",
            FRAMES,
            "CholecSeg8k, all frames",
            rows=frames,
        )
    numbers.put(
        "source_coverage",
        source["mean_blood_coverage_pct"],
        "mean over frames of the coverage with blood",
        DOMAIN,
        "HemoSet, training frames",
        "%",
        rows=train,
    )
    numbers.put(
        "target_scored_coverage",
        frames.scored.mean(),
        "mean over frames of the coverage with the scored class",
        FRAMES,
        "CholecSeg8k, all frames",
        "%",
        rows=frames,
    )
    numbers.put(
        "frechet",
        tables.domain["frechet_distance_gaussian"]["value"],
        "Frechet distance of Gaussians over red, green, blue, brightness and saturation",
        DOMAIN,
        "HemoSet, training frames, to CholecSeg8k",
        rows=frames,
    )
    shift = sum(
        (source[name] - frames[ours].mean()) ** 2 for ours, name in theirs.items()
    )
    numbers.put(
        "frechet_means",
        shift,
        "squared distance of the means within it",
        f"{DOMAIN} and {FRAMES}",
        "HemoSet, training frames, to CholecSeg8k",
        rows=frames,
    )


def wrong_class(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Point 1: which organ was scored."""
    organ, labelled, blood = (
        frames["gastrointestinal tract"],
        frames[frames.labelled],
        frames[frames.blood > 0],
    )
    unseen = blood[~blood.labelled]
    put, whole = numbers.put, "CholecSeg8k, all frames"
    put(
        "join_rows",
        len(frames),
        "rows that join, one to one, on video and frame",
        JOINED,
        whole,
        "frames",
        rows=frames,
    )
    put(
        "labelled_frames",
        len(labelled),
        "frames that the study labelled blood",
        FRAMES,
        whole,
        "frames",
        rows=frames,
    )
    put(
        "organ_frames",
        (organ > 0).sum(),
        "frames with gastrointestinal tract",
        CLASSES,
        whole,
        "frames",
        rows=frames,
    )
    put(
        "labelled_with_organ",
        (labelled["gastrointestinal tract"] > 0).sum(),
        "of these, frames with gastrointestinal tract",
        JOINED,
        "frames labelled blood",
        "frames",
        rows=labelled,
    )
    put(
        "coverage_difference",
        (frames.scored - organ).abs().max(),
        "greatest difference between the scored coverage and that of gastrointestinal tract",
        JOINED,
        whole,
        "percentage points",
        rows=frames,
    )
    put(
        "coverage_difference_blood",
        (frames.scored - frames.blood).abs().max(),
        "greatest difference between the scored coverage and that of blood",
        JOINED,
        whole,
        "percentage points",
        rows=frames,
    )
    put(
        "labelled_with_blood",
        (labelled.blood > 0).sum(),
        "of the labelled frames, those with blood",
        JOINED,
        "frames labelled blood",
        "frames",
        rows=labelled,
    )
    put(
        "blood_frames",
        len(blood),
        "frames with blood",
        CLASSES,
        whole,
        "frames",
        rows=frames,
    )
    put(
        "blood_unlabelled",
        len(unseen),
        "of these, frames labelled as without blood",
        JOINED,
        "frames with blood",
        "frames",
        rows=blood,
    )
    put(
        "blood_false_positive",
        (unseen["mode"] == "FALSE_POSITIVE").sum(),
        "of these, frames scored FALSE_POSITIVE",
        JOINED,
        "frames with blood that were labelled without",
        "frames",
        rows=unseen,
    )
    put(
        "blood_coverage",
        blood.blood.mean(),
        "mean over frames of the coverage with blood",
        CLASSES,
        "frames with blood",
        "%",
        rows=blood,
    )
    put(
        "blood_coverage_min",
        blood.blood.min(),
        "least coverage with blood",
        CLASSES,
        "frames with blood",
        "%",
        rows=blood,
    )
    put(
        "blood_coverage_max",
        blood.blood.max(),
        "greatest coverage with blood",
        CLASSES,
        "frames with blood",
        "%",
        rows=blood,
    )


def epsilon(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Points 2 and 3: what epsilon does to the failure modes, and to the correlation with coverage (recovered frames)."""
    labelled = frames[frames.labelled]
    partial = frames[frames["mode"] == "PARTIAL"]
    free, overlap = partial[~partial.overlap], partial[partial.overlap]
    put = numbers.put
    put(
        "epsilon",
        EPSILON,
        "the constant added to numerator and denominator of Dice",
        "src/domain_analysis.py of the study",
        data="cited",
    )
    put(
        "partial_positive",
        (partial.dice > 0).sum(),
        "PARTIAL frames whose Dice is above 0",
        FRAMES,
        "PARTIAL frames",
        "frames",
        rows=partial,
    )
    put(
        "partial_tp_free",
        len(free),
        "PARTIAL frames without a true-positive pixel",
        FRAMES,
        "PARTIAL frames",
        "frames",
        rows=partial,
    )
    put(
        "partial_tp_free_share",
        100 * len(free) / len(partial),
        "share of PARTIAL frames without a true-positive pixel",
        FRAMES,
        "PARTIAL frames",
        "%",
        rows=partial,
    )
    put(
        "partial_overlap",
        len(overlap),
        "PARTIAL frames with a true-positive pixel",
        FRAMES,
        "PARTIAL frames",
        "frames",
        rows=partial,
    )
    put(
        "tp_free_dice_max",
        free.dice.max(),
        "greatest Dice of a frame without a true-positive pixel",
        FRAMES,
        "PARTIAL frames without a true-positive pixel",
        rows=free,
    )
    put(
        "overlap_dice_min",
        overlap.dice.min(),
        "least Dice of a frame with a true-positive pixel",
        FRAMES,
        "PARTIAL frames with a true-positive pixel",
        rows=overlap,
    )
    put(
        "overlap_dice_max",
        overlap.dice.max(),
        "greatest Dice of a frame with a true-positive pixel",
        FRAMES,
        "PARTIAL frames with a true-positive pixel",
        rows=overlap,
    )
    for name, rows, split in (
        ("tp_free", free, "frames labelled blood, without a true-positive pixel"),
        ("overlap", overlap, "frames labelled blood, with a true-positive pixel"),
    ):
        put(
            f"spearman_{name}",
            spearmanr(rows.dice, rows.scored).statistic,
            "Spearman correlation of Dice with the scored coverage, pooled over frames",
            FRAMES,
            split,
            rows=rows,
        )
    exact = spearmanr(np.where(labelled.overlap, labelled.dice, 0), labelled.scored)
    put(
        "spearman_coverage_no_epsilon",
        exact.statistic,
        "Spearman correlation of Dice without epsilon with the scored coverage, pooled over frames",
        FRAMES,
        "frames labelled blood",
        rows=labelled,
    )


def split_by_frames(numbers: Numbers, splits: pd.DataFrame) -> None:
    """Point 4: how close a validation frame has a training frame of the same pig, in frame numbers."""
    val, distance = neighbours(splits)
    where = "HemoSet, validation frames"
    numbers.put(
        "source_frames",
        len(splits),
        "labelled frames of HemoSet in the study's split",
        SPLITS,
        "HemoSet",
        "frames",
        rows=splits,
    )
    for split, rows in splits.groupby("split"):
        numbers.put(
            f"{split}_frames",
            len(rows),
            f"{split} frames",
            SPLITS,
            "HemoSet",
            "frames",
            rows=rows,
        )
        numbers.put(
            f"{split}_pigs",
            rows.subject.nunique(),
            f"pigs with {split} frames",
            SPLITS,
            "HemoSet",
            "pigs",
            rows=rows,
        )
    numbers.put(
        "pigs",
        splits.subject.nunique(),
        "pigs in the study's split",
        SPLITS,
        "HemoSet",
        "pigs",
        rows=splits,
    )
    numbers.put(
        "pigs_in_both",
        len(set(val.subject) & set(splits.subject[splits.split == "train"])),
        "pigs with frames in both train and val",
        SPLITS,
        "HemoSet",
        "pigs",
        rows=splits,
    )
    for pig, rows in splits.groupby("subject"):
        numbers.put(
            f"{pig}_frames",
            len(rows),
            f"labelled frames of {pig}",
            SPLITS,
            "HemoSet",
            "frames",
            rows=rows,
        )
    numbers.put(
        "val_near",
        (distance <= NEAR).sum(),
        f"validation frames within {NEAR} frame numbers of a training frame of the same pig",
        SPLITS,
        where,
        "frames",
        rows=val,
    )
    numbers.put(
        "val_distance_median",
        distance.median(),
        "median distance to the nearest training frame of the same pig",
        SPLITS,
        where,
        "frame numbers",
        rows=val,
    )
    numbers.put(
        "val_distance_max",
        distance.max(),
        "greatest distance to the nearest training frame of the same pig",
        SPLITS,
        where,
        "frame numbers",
        rows=val,
    )


def neighbours(splits: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The validation frames, and each one's distance in frame numbers to the nearest training frame of its pig."""
    ordered = splits.sort_values(["frame", "subject"])
    train = ordered[ordered.split == "train"].assign(
        train_frame=lambda rows: rows.frame
    )[["subject", "frame", "train_frame"]]
    val = pd.merge_asof(
        ordered[ordered.split == "val"],
        train,
        on="frame",
        by="subject",
        direction="nearest",
    )
    return val.drop(columns="train_frame"), (val.frame - val.train_frame).abs()


# The study's train.py: cosine annealing from RATE to LEAST_RATE over T_MAX epochs, at most MAX_EPOCHS of them.
RATE, LEAST_RATE, T_MAX, MAX_EPOCHS = 1e-4, 1e-6, 30, 50
RECIPE = "src/train.py of the study"
ALL = "CholecSeg8k, all frames"


def unit(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Point 5: how many frames, clips and patients."""
    put = numbers.put
    put("frames", len(frames), "frames scored", FRAMES, ALL, "frames", rows=frames)
    put(
        "patients",
        frames.subject.nunique(),
        "patients (videos)",
        FRAMES,
        ALL,
        "patients",
        rows=frames,
    )
    put("clips", frames["clip"].nunique(), "clips", FRAMES, ALL, "clips", rows=frames)
    put(
        "clip_frames",
        frames.groupby("clip").size().median(),
        "frames a clip, median",
        FRAMES,
        ALL,
        "frames",
        rows=frames,
    )
    put(
        "clip_consecutive",
        consecutive(frames),
        "clips whose frame numbers follow one another",
        FRAMES,
        ALL,
        "clips",
        rows=frames,
    )
    put(
        "patients_with_blood",
        frames.subject[frames.blood > 0].nunique(),
        "patients with blood in any frame",
        CLASSES,
        ALL,
        "patients",
        rows=frames,
    )


def consecutive(frames: pd.DataFrame) -> int:
    """In how many clips every frame is the successor of the one before."""
    return int(
        frames.groupby("clip")
        .frame.agg(lambda number: (number.sort_values().diff().dropna() == 1).all())
        .sum()
    )


def learning_rate(epoch: int, over: int = T_MAX) -> float:
    """The learning rate in an epoch (from 1) under cosine annealing over `over` epochs, as PyTorch's closed form has it."""
    return (
        LEAST_RATE
        + (RATE - LEAST_RATE) * (1 + math.cos(math.pi * (epoch - 1) / over)) / 2
    )


def schedule(numbers: Numbers, training: dict) -> None:
    """Point 6: the learning rate as it ran."""
    put, ran = numbers.put, training["epochs_trained"]
    put(
        "t_max",
        T_MAX,
        "epochs over which the learning rate falls",
        RECIPE,
        unit="epochs",
        data="cited",
    )
    put("epochs_trained", ran, "epochs trained", TRAINING, unit="epochs")
    put(
        "best_epoch",
        training["best_epoch"],
        "epoch that the validation frames chose",
        TRAINING,
        unit="epochs",
    )
    rates = [learning_rate(epoch) for epoch in range(1, ran + 1)]
    for name, epoch in (
        ("lowest", int(np.argmin(rates)) + 1),
        ("best", training["best_epoch"]),
        ("last", ran),
    ):
        put(
            f"rate_{name}_epoch",
            epoch,
            f"the {name} epoch",
            f"{RECIPE} and {TRAINING}",
            unit="epochs",
        )
        put(
            f"rate_{name}",
            rates[epoch - 1],
            f"learning rate in the {name} epoch",
            f"{RECIPE} and {TRAINING}",
        )


def supported(numbers: Numbers, frames: pd.DataFrame, tables: Tables) -> None:
    """Point 7: predicted area, and what it says about blood (recovered frames)."""
    put, known, overlap = numbers.put, frames[frames.known], frames[frames.overlap]
    blood, clean = frames[frames.blood > 0], frames[frames.blood == 0]
    put(
        "identity_error",
        identity_error(frames),
        "greatest relative distance of e / Dice - e from a whole number",
        FRAMES,
        "frames without a true-positive pixel",
        rows=known[known.dice < 1],
    )
    put(
        "area_known",
        len(known),
        "frames whose predicted area follows exactly",
        FRAMES,
        ALL,
        "frames",
        rows=frames,
    )
    put(
        "area_unknown",
        len(overlap),
        "frames whose predicted area does not",
        FRAMES,
        ALL,
        "frames",
        rows=frames,
    )
    put(
        "area_unknown_organ",
        (overlap["gastrointestinal tract"] > 0).sum(),
        "of these, frames with gastrointestinal tract",
        JOINED,
        "frames with a true-positive pixel",
        "frames",
        rows=overlap,
    )
    put(
        "area_unknown_blood",
        (overlap.blood > 0).sum(),
        "of these, frames with blood",
        JOINED,
        "frames with a true-positive pixel",
        "frames",
        rows=overlap,
    )
    pooled = totals(frames, tables.training)
    both = f"{TRAINING} and {FRAMES}"
    put(
        "tp_pixels",
        pooled["tp"],
        "true-positive pixels for the scored class",
        both,
        ALL,
        "pixels",
        rows=frames,
    )
    put(
        "predicted_pixels",
        pooled["predicted"],
        "predicted pixels",
        both,
        ALL,
        "pixels",
        rows=frames,
    )
    put(
        "unknown_pixels",
        pooled["unknown"],
        "predicted pixels in them together",
        both,
        "frames with a true-positive pixel",
        "pixels",
        rows=overlap,
    )
    put(
        "unknown_area",
        100 * pooled["unknown"] / PIXELS / len(overlap),
        "mean over frames of the predicted area",
        both,
        "frames with a true-positive pixel",
        "%",
        rows=overlap,
    )
    _alarms(numbers, blood, clean)
    _separation(numbers, frames)
    _bounds(numbers, frames, pooled)


def _alarms(numbers: Numbers, blood: pd.DataFrame, clean: pd.DataFrame) -> None:
    """How often and how much the model marks, with true blood and without."""
    put, free, seen = numbers.put, clean[clean.known], blood[blood.known]
    put(
        "clean_frames",
        len(clean),
        "frames without blood",
        CLASSES,
        ALL,
        "frames",
        rows=clean,
    )
    put(
        "clean_known",
        len(free),
        "of these, frames whose predicted area is known",
        JOINED,
        "frames without blood",
        "frames",
        rows=clean,
    )
    put(
        "clean_marked",
        (free.predicted > 0).sum(),
        "of these, frames with a predicted pixel",
        JOINED,
        "frames without blood, area known",
        "frames",
        rows=free,
    )
    put(
        "alarm_rate",
        100 * (free.predicted > 0).mean(),
        "share of frames with a predicted pixel",
        JOINED,
        "frames without blood, area known",
        "%",
        rows=free,
    )
    marked = (clean.overlap | (clean.predicted > 0)).mean()
    put(
        "alarm_rate_all",
        100 * marked,
        "share of frames with a predicted pixel",
        JOINED,
        "frames without blood",
        "%",
        rows=clean,
    )
    put(
        "alarm_1pct",
        100 * (free.area > 1).mean(),
        "share of frames with more than 1 % predicted",
        JOINED,
        "frames without blood, area known",
        "%",
        rows=free,
    )
    put(
        "alarm_01pct",
        100 * (free.area >= 0.1).mean(),
        "share of frames with at least 0.1 % predicted",
        JOINED,
        "frames without blood, area known",
        "%",
        rows=free,
    )
    put(
        "clean_area",
        free.area.mean(),
        "mean over frames of the predicted area",
        JOINED,
        "frames without blood, area known",
        "%",
        rows=free,
    )
    put(
        "area_black",
        spearmanr(free.area, free["black background"]).statistic,
        "Spearman correlation of predicted area with the area of black background, pooled over frames",
        JOINED,
        "frames without blood, area known",
        rows=free,
    )
    for name, least in (("alarm_rate", 0), ("alarm_01pct", 0.1), ("alarm_1pct", 1)):
        by_patient = 100 * (free.area > least).groupby(free.subject).mean()
        for end, value in (
            ("mean", by_patient.mean()),
            ("least", by_patient.min()),
            ("most", by_patient.max()),
        ):
            put(
                f"{name}_patients_{end}",
                value,
                f"share of a patient's frames with more than {least} % predicted: "
                f"{end} over patients",
                JOINED,
                "frames without blood, area known",
                "%",
                rows=free,
            )
    put(
        "blood_known",
        len(seen),
        "frames with blood whose predicted area is known",
        JOINED,
        "frames with blood",
        "frames",
        rows=blood,
    )
    put(
        "blood_marked",
        100 * (seen.predicted > 0).mean(),
        "share of frames with a predicted pixel",
        JOINED,
        "frames with blood, area known",
        "%",
        rows=seen,
    )
    put(
        "blood_1pct",
        100 * (seen.area > 1).mean(),
        "share of frames with more than 1 % predicted",
        JOINED,
        "frames with blood, area known",
        "%",
        rows=seen,
    )
    put(
        "area_correlation_blood",
        spearmanr(seen.area, seen.blood).statistic,
        "Spearman correlation of predicted with true area, pooled over frames",
        JOINED,
        "frames with blood, area known",
        rows=seen,
    )


def _separation(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Does the predicted area tell frames with blood from frames without, by frame and by clip, and does the mean red?"""
    put, known = numbers.put, frames[frames.known]
    patient = frames.subject[frames.blood > 0].iloc[0]
    one, one_known = frames[frames.subject == patient], known[known.subject == patient]
    put(
        "auroc_frames",
        auroc(known.blood > 0, known.area),
        "AUROC of predicted area, frames as the unit",
        JOINED,
        f"{ALL}, area known",
        rows=known,
    )
    put(
        "auroc_video01",
        auroc(one_known.blood > 0, one_known.area),
        "AUROC of predicted area, frames as the unit",
        JOINED,
        f"{patient}, area known",
        rows=one_known,
    )
    put(
        "auroc_red",
        auroc(known.blood > 0, known.red),
        "AUROC of mean red, frames as the unit",
        JOINED,
        f"{ALL}, area known",
        rows=known,
    )
    put(
        "auroc_red_all",
        auroc(frames.blood > 0, frames.red),
        "AUROC of mean red, frames as the unit",
        JOINED,
        ALL,
        rows=frames,
    )
    put(
        "auroc_red_video01",
        auroc(one_known.blood > 0, one_known.red),
        "AUROC of mean red, frames as the unit",
        JOINED,
        f"{patient}, area known",
        rows=one_known,
    )
    put(
        "area_correlation_video01",
        spearmanr(one_known.area, one_known.blood).statistic,
        "Spearman correlation of predicted with true area, pooled over frames",
        JOINED,
        f"{patient}, area known",
        rows=one_known,
    )
    clips = one.groupby("clip").agg(
        blood=("blood", "max"), area=("area", "mean"), red=("red", "mean")
    )
    has = clips.blood > 0
    where = f"{patient}, by clip"
    put(
        "clips_blood",
        has.sum(),
        "clips with blood in any frame",
        JOINED,
        where,
        "clips",
        rows=one,
    )
    put(
        "clips_clean",
        (~has).sum(),
        "clips without blood",
        JOINED,
        where,
        "clips",
        rows=one,
    )
    put(
        "auroc_clips",
        auroc(has, clips.area),
        "AUROC of mean predicted area (known frames), clips as the unit",
        JOINED,
        where,
        rows=one,
    )
    put(
        "auroc_clips_p",
        mannwhitneyu(clips.area[has], clips.area[~has], method="exact").pvalue,
        "its two-sided p-value, exact Mann-Whitney over clips",
        JOINED,
        where,
        rows=one,
    )
    put(
        "auroc_red_clips",
        auroc(has, clips.red),
        "AUROC of mean red, clips as the unit",
        JOINED,
        where,
        rows=one,
    )
    for column in ("area", "red"):
        means = frames.groupby("subject")[column].mean().rank(ascending=False)
        put(
            f"patient_rank_{column}",
            means[patient],
            f"rank of {patient} among the patients by mean {column}, greatest first",
            JOINED,
            "CholecSeg8k, by patient",
            rows=frames,
        )


def _bounds(numbers: Numbers, frames: pd.DataFrame, pooled: dict[str, int]) -> None:
    """What the frames of unknown area can change: first any area at all, then only areas that the published digits allow."""
    clean = frames[frames.blood == 0]
    sure, open_ = (clean.area > 1).sum(), clean.overlap.sum()
    possible = candidates(frames)
    put, total = numbers.put, {"tp": pooled["tp"], "predicted": pooled["unknown"]}
    what = "share of frames with more than 1 % predicted"
    put(
        "alarm_1pct_any_low",
        100 * sure / len(clean),
        f"{what}, at least",
        JOINED,
        "frames without blood",
        "%",
        rows=clean,
    )
    put(
        "alarm_1pct_any_high",
        100 * (sure + open_) / len(clean),
        f"{what}, at most",
        JOINED,
        "frames without blood",
        "%",
        rows=clean,
    )
    true = frames.blood > 0
    for end, for_blood in (("low", 0), ("high", PIXELS)):
        filled = frames.predicted.fillna(
            true.map({True: for_blood, False: PIXELS - for_blood})
        )
        put(
            f"auroc_frames_any_{end}",
            auroc(true, filled),
            f"AUROC of predicted area, frames as the unit, at {'least' if end == 'low' else 'most'}",
            JOINED,
            ALL,
            rows=frames,
        )
    for name, found, split, rows, unit_ in (
        (
            "alarm_1pct",
            share_above_bounds(frames, possible, **total, percent=1),
            "frames without blood",
            clean,
            "%",
        ),
        ("auroc_frames", auroc_bounds(frames, possible, **total), ALL, frames, ""),
    ):
        estimand = what if unit_ else "AUROC of predicted area, frames as the unit"
        for end, value in zip(("low", "high"), found, strict=True):
            put(
                f"{name}_{end}",
                value,
                f"{estimand}, {'at least' if end == 'low' else 'at most'}, areas in lowest terms "
                "and with the published sums",
                f"{JOINED} and {TRAINING}",
                split,
                unit_,
                rows=rows,
            )
    put(
        "least_unknown_pixels",
        possible.groupby("row").predicted.min().sum(),
        "predicted pixels in them together, each frame's Dice in lowest terms",
        FRAMES,
        "frames with a true-positive pixel",
        "pixels",
        rows=frames[frames.overlap],
    )


CODE = f"{STUDY}@{STUDY_COMMIT[:7]}"
CLEAN = "RiccardoMazzi01/bleedsense_cvcs2026, docs/ and results/"
GYN = "human gynaecological laparoscopy (Rabbani et al., MIDL 2022)"

# name: value, unit, estimand, split, source
READ_FROM_CODE = {
    "scored_red": (
        231,
        "",
        "red of the colour that was scored as blood",
        "",
        f"{CODE}:src/data_pipeline.py",
    ),
    "scored_green": (
        70,
        "",
        "green of the colour that was scored as blood",
        "",
        f"{CODE}:src/data_pipeline.py",
    ),
    "scored_blue": (
        156,
        "",
        "blue of the colour that was scored as blood",
        "",
        f"{CODE}:src/data_pipeline.py",
    ),
    "image_size": (
        256,
        "pixels",
        "side of the square that frames are squashed to",
        "",
        f"{CODE}:src/data_pipeline.py",
    ),
    "split_share": (
        80,
        "%",
        "share of the shuffled frames that go to train",
        "HemoSet",
        f"{CODE}:src/data_pipeline.py",
    ),
    "good_dice": (
        0.5,
        "",
        "Dice from which a frame counts as CORRECT",
        "",
        f"{CODE}:src/domain_analysis.py",
    ),
    "batch": (16, "frames", "batch", "", f"{CODE}:src/train.py"),
    "rate_first": (
        1e-4,
        "",
        "learning rate at the start (Adam)",
        "",
        f"{CODE}:src/train.py",
    ),
    "rate_floor": (
        1e-6,
        "",
        "learning rate at the foot of the cosine",
        "",
        f"{CODE}:src/train.py",
    ),
    "weight_decay": (1e-5, "", "weight decay", "", f"{CODE}:src/train.py"),
    "max_epochs": (50, "epochs", "epochs at most", "", f"{CODE}:src/train.py"),
    "patience": (
        10,
        "epochs",
        "epochs without a better validation Dice before training stops",
        "",
        f"{CODE}:src/train.py",
    ),
}
REFERENCE = {
    "reference_in_domain": (
        0.745,
        "HemoSet, pig-grouped five-fold, mean of three architectures, best epoch on its own fold",
    ),
    "reference_ood": (0.217, f"HemoSet to {GYN}"),
    "reference_ood_augmented": (0.321, f"HemoSet to {GYN}, heavy augmentation"),
    "reference_ood_reinhard": (0.263, f"HemoSet to {GYN}, Reinhard"),
    "reference_ood_fda": (0.242, f"HemoSet to {GYN}, Fourier domain adaptation"),
    "reference_ood_mixstyle": (0.203, f"HemoSet to {GYN}, MixStyle"),
    "reference_ood_ensemble": (
        0.343,
        f"HemoSet to {GYN}, ensemble of three architectures with heavy augmentation",
    ),
    "reference_reverse": (0.585, f"{GYN} to HemoSet"),
}


def cite(numbers: Numbers) -> None:
    """Add what is read from code or cited, marked `data="cited"`."""
    for name, (value, unit, estimand, split, source) in READ_FROM_CODE.items():
        numbers.put(name, value, estimand, source, split, unit, data="cited")
    for name, (value, split) in REFERENCE.items():
        numbers.put(name, value, "Dice", CLEAN, split, data="cited")


def compute(tables: Tables) -> Numbers:
    """Every figure, from the rows."""
    numbers, frames = Numbers(), recover(joined(tables))
    as_published(numbers, tables, frames)
    wrong_class(numbers, frames)
    epsilon(numbers, frames)
    split_by_frames(numbers, tables.splits)
    unit(numbers, frames)
    schedule(numbers, tables.training)
    supported(numbers, frames, tables)
    cite(numbers)
    return numbers


def lesson_results(study: Study, lesson: Path = LESSON) -> dict[str, object]:
    """What the lesson's own cells make of the study: its imports, and the cells with `study.of(`, run here."""
    names = {"study": study}
    for cell in lesson.read_text(encoding="utf-8").split("\n# %%"):
        code = cell.partition("\n")[2]
        if "from helpers.lesson import begin" in code:
            imports = [
                node
                for node in ast.parse(code).body
                if isinstance(node, (ast.Import, ast.ImportFrom))
            ]
            exec(compile(ast.Module(imports, []), str(lesson), "exec"), names)
        elif "study.of(" in code:
            exec(compile(code, str(lesson), "exec"), names)
    return study.made


def main(folder: str, path: Path = RECORDED) -> None:
    """Write the figures and the lesson's aggregates, without any row, to `path`."""
    tables = read(folder)
    numbers = compute(tables)
    empty = Recorded(dict(numbers), numbers.sources, {}, {})
    made = lesson_results(Study(tables, empty, lambda name, number: number))
    kept = (
        "value",
        "low",
        "high",
        "n_frames",
        "n_subjects",
        "data",
        "split",
        "unit",
        "estimand",
    )
    content = {
        "computed_from": tables.checksums,
        "numbers": {
            name: {key: _plain(getattr(number, key)) for key in kept}
            | {"source": numbers.sources[name]}
            for name, number in numbers.items()
        },
        "results": {
            name: list(found)
            if isinstance(found, dict)
            else {
                column: [_plain(value) for value in found[column]] for column in found
            }
            for name, found in made.items()
            if isinstance(found, dict) or len(found) < MOST_ROWS
        },
    }
    text = json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n"
    waiting = path.with_suffix(".part")
    waiting.write_text(text, encoding="utf-8")
    waiting.replace(path)


def _plain(value):
    """A value as JSON has it: whole numbers stay whole, NaN is null, and 12 digits are enough to draw from."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.12g}")
    return value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="the folder with the published tables")
    main(parser.parse_args().folder)
