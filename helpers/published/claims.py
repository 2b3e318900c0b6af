"""Every figure of the published study that its tables hold: as published, and what the same rows say (points 1 to 4).

Each is a `Estimate` by name, with its source. The points are those of lesson 05; `units` has 5 to 7.
"""

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from helpers.published.areas import EPSILON
from helpers.published.files import FILES, IMAGE_STATISTICS, Tables
from helpers.statistics import Estimate

FRAMES, CLASSES = FILES["per_frame_analysis.csv"].cited, FILES["classes_per_image.json"].cited
JOINED = f"{FRAMES} joined with {CLASSES}"
TRAINING, DOMAIN = FILES["training_results.json"].cited, FILES["domain_stats.json"].cited
CORRELATIONS, SPLITS = FILES["correlation_analysis.csv"].cited, FILES["hemoset_splits.json"].cited

NEAR = 60  # frame numbers: the step at which HemoSet was mostly labelled


class Numbers(dict):
    """Results by name, each with its source in `sources`."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[str, str] = {}

    def put(self, name: str, value: float, estimand: str, source: str, split: str = "", unit: str = "",
            rows: pd.DataFrame | None = None, data: str = "published") -> None:
        """Add `published.<name>`; `rows` are the frames that it stands on, with their subject."""
        name = f"published.{name}"
        if name in self:
            raise ValueError(f"{name} is there already")
        frames, subjects = (None, None) if rows is None else (len(rows), rows.subject.nunique())
        self[name] = Estimate(value=value, n_frames=frames, n_subjects=subjects, data=data, split=split, unit=unit,
                            estimand=estimand)
        self.sources[name] = source


def as_published(numbers: Numbers, tables: Tables) -> None:
    """The claim: what the study's own summaries say, and its correlations and image statistics from the rows."""
    training, frames = tables.training, tables.frames
    val = tables.splits[tables.splits.split == "val"]
    for split, key, rows in (("in_domain", "hemoset_val", val), ("ood", "cholecseg8k", frames)):
        where = "HemoSet, validation frames" if split == "in_domain" else "CholecSeg8k, all frames"
        for ratio in ("dice", "iou", "precision", "recall"):
            numbers.put(f"{split}_{ratio}", training[f"{key}_{ratio}"], f"{ratio} over the pixels of all frames together",
                        TRAINING, where, rows=rows)
    labelled = frames[frames.labelled]
    numbers.put("mean_frame_dice", labelled.dice.mean(), "mean over frames of Dice", FRAMES, "frames labelled blood",
                rows=labelled)
    for mode in ("PARTIAL", "FALSE_POSITIVE", "CORRECT", "FALSE_NEGATIVE"):
        numbers.put(f"mode_{mode.lower()}", (frames["mode"] == mode).sum(), f"frames with failure mode {mode}", FRAMES,
                    "CholecSeg8k, all frames", "frames", rows=frames)
    for column in ("scored", *IMAGE_STATISTICS):
        name = "coverage" if column == "scored" else column
        found = spearmanr(labelled[column], labelled.dice)
        numbers.put(f"spearman_{name}", found.statistic, f"Spearman correlation of Dice with {name}, pooled over frames",
                    FRAMES, "frames labelled blood", rows=labelled)
        numbers.put(f"spearman_{name}_p", found.pvalue, f"its p-value, frames counted as independent ({name})", FRAMES,
                    "frames labelled blood", rows=labelled)
    _image_statistics(numbers, tables)


def _image_statistics(numbers: Numbers, tables: Tables) -> None:
    """Means per domain, and the Frechet distance with the part of it that is the shift of the means."""
    source, frames = tables.domain["hemoset_train"], tables.frames
    train = tables.splits[tables.splits.split == "train"]
    theirs = dict(zip(IMAGE_STATISTICS, ("mean_R", "mean_G", "mean_B", "mean_brightness", "mean_saturation"), strict=True))
    for ours, name in theirs.items():
        numbers.put(f"source_{ours}", source[name], f"mean {ours} (0 to 1) at 256 x 256", DOMAIN, "HemoSet, training frames",
                    rows=train)
        numbers.put(f"target_{ours}", frames[ours].mean(), f"mean {ours} (0 to 1) at 256 x 256", FRAMES,
                    "CholecSeg8k, all frames", rows=frames)
    numbers.put("source_coverage", source["mean_blood_coverage_pct"], "mean over frames of the coverage with blood", DOMAIN,
                "HemoSet, training frames", "%", rows=train)
    numbers.put("target_scored_coverage", frames.scored.mean(), "mean over frames of the coverage with the scored class",
                FRAMES, "CholecSeg8k, all frames", "%", rows=frames)
    numbers.put("frechet", tables.domain["frechet_distance_gaussian"]["value"],
                "Frechet distance of Gaussians over red, green, blue, brightness and saturation", DOMAIN,
                "HemoSet, training frames, to CholecSeg8k", rows=frames)
    shift = sum((source[name] - frames[ours].mean()) ** 2 for ours, name in theirs.items())
    numbers.put("frechet_means", shift, "squared distance of the means within it", f"{DOMAIN} and {FRAMES}",
                "HemoSet, training frames, to CholecSeg8k", rows=frames)


def wrong_class(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Point 1: which organ was scored."""
    organ, labelled, blood = frames["gastrointestinal tract"], frames[frames.labelled], frames[frames.blood > 0]
    unseen = blood[~blood.labelled]
    put, whole = numbers.put, "CholecSeg8k, all frames"
    put("join_rows", len(frames), "rows that join, one to one, on video and frame", JOINED, whole, "frames", rows=frames)
    put("labelled_frames", len(labelled), "frames that the study labelled blood", FRAMES, whole, "frames", rows=frames)
    put("organ_frames", (organ > 0).sum(), "frames with gastrointestinal tract", CLASSES, whole, "frames", rows=frames)
    put("labelled_with_organ", (labelled["gastrointestinal tract"] > 0).sum(), "of these, frames with gastrointestinal tract",
        JOINED, "frames labelled blood", "frames", rows=labelled)
    put("coverage_difference", (frames.scored - organ).abs().max(),
        "greatest difference between the scored coverage and that of gastrointestinal tract", JOINED, whole,
        "percentage points", rows=frames)
    put("coverage_difference_blood", (frames.scored - frames.blood).abs().max(),
        "greatest difference between the scored coverage and that of blood", JOINED, whole, "percentage points", rows=frames)
    put("labelled_with_blood", (labelled.blood > 0).sum(), "of the labelled frames, those with blood", JOINED,
        "frames labelled blood", "frames", rows=labelled)
    put("blood_frames", len(blood), "frames with blood", CLASSES, whole, "frames", rows=frames)
    put("blood_unlabelled", len(unseen), "of these, frames labelled as without blood", JOINED, "frames with blood", "frames",
        rows=blood)
    put("blood_false_positive", (unseen["mode"] == "FALSE_POSITIVE").sum(), "of these, frames scored FALSE_POSITIVE", JOINED,
        "frames with blood that were labelled without", "frames", rows=unseen)
    put("blood_coverage", blood.blood.mean(), "mean over frames of the coverage with blood", CLASSES, "frames with blood", "%",
        rows=blood)
    put("blood_coverage_min", blood.blood.min(), "least coverage with blood", CLASSES, "frames with blood", "%", rows=blood)
    put("blood_coverage_max", blood.blood.max(), "greatest coverage with blood", CLASSES, "frames with blood", "%", rows=blood)


def epsilon(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Points 2 and 3: what epsilon does to the failure modes, and to the correlation with coverage (recovered frames)."""
    labelled = frames[frames.labelled]
    partial = frames[frames["mode"] == "PARTIAL"]
    free, overlap = partial[~partial.overlap], partial[partial.overlap]
    put = numbers.put
    put("epsilon", EPSILON, "the constant added to numerator and denominator of Dice", "src/domain_analysis.py of the study",
        data="cited")
    put("partial_positive", (partial.dice > 0).sum(), "PARTIAL frames whose Dice is above 0", FRAMES, "PARTIAL frames", "frames",
        rows=partial)
    put("partial_tp_free", len(free), "PARTIAL frames without a true-positive pixel", FRAMES, "PARTIAL frames", "frames",
        rows=partial)
    put("partial_tp_free_share", 100 * len(free) / len(partial), "share of PARTIAL frames without a true-positive pixel",
        FRAMES, "PARTIAL frames", "%", rows=partial)
    put("partial_overlap", len(overlap), "PARTIAL frames with a true-positive pixel", FRAMES, "PARTIAL frames", "frames",
        rows=partial)
    put("tp_free_dice_max", free.dice.max(), "greatest Dice of a frame without a true-positive pixel", FRAMES,
        "PARTIAL frames without a true-positive pixel", rows=free)
    put("overlap_dice_min", overlap.dice.min(), "least Dice of a frame with a true-positive pixel", FRAMES,
        "PARTIAL frames with a true-positive pixel", rows=overlap)
    put("overlap_dice_max", overlap.dice.max(), "greatest Dice of a frame with a true-positive pixel", FRAMES,
        "PARTIAL frames with a true-positive pixel", rows=overlap)
    for name, rows, split in (("tp_free", free, "frames labelled blood, without a true-positive pixel"),
                              ("overlap", overlap, "frames labelled blood, with a true-positive pixel")):
        put(f"spearman_{name}", spearmanr(rows.dice, rows.scored).statistic,
            "Spearman correlation of Dice with the scored coverage, pooled over frames", FRAMES, split, rows=rows)
    exact = spearmanr(np.where(labelled.overlap, labelled.dice, 0), labelled.scored)
    put("spearman_coverage_no_epsilon", exact.statistic,
        "Spearman correlation of Dice without epsilon with the scored coverage, pooled over frames", FRAMES,
        "frames labelled blood", rows=labelled)


def split_by_frames(numbers: Numbers, splits: pd.DataFrame) -> None:
    """Point 4: how close a validation frame has a training frame of the same pig, in frame numbers."""
    val, distance = neighbours(splits)
    where = "HemoSet, validation frames"
    numbers.put("source_frames", len(splits), "labelled frames of HemoSet in the study's split", SPLITS, "HemoSet", "frames",
                rows=splits)
    for split, rows in splits.groupby("split"):
        numbers.put(f"{split}_frames", len(rows), f"{split} frames", SPLITS, "HemoSet", "frames", rows=rows)
        numbers.put(f"{split}_pigs", rows.subject.nunique(), f"pigs with {split} frames", SPLITS, "HemoSet", "pigs", rows=rows)
    numbers.put("pigs", splits.subject.nunique(), "pigs in the study's split", SPLITS, "HemoSet", "pigs", rows=splits)
    numbers.put("pigs_in_both", len(set(val.subject) & set(splits.subject[splits.split == "train"])),
                "pigs with frames in both train and val", SPLITS, "HemoSet", "pigs", rows=splits)
    for pig, rows in splits.groupby("subject"):
        numbers.put(f"{pig}_frames", len(rows), f"labelled frames of {pig}", SPLITS, "HemoSet", "frames", rows=rows)
    numbers.put("val_near", (distance <= NEAR).sum(),
                f"validation frames within {NEAR} frame numbers of a training frame of the same pig", SPLITS, where, "frames",
                rows=val)
    numbers.put("val_distance_median", distance.median(), "median distance to the nearest training frame of the same pig",
                SPLITS, where, "frame numbers", rows=val)
    numbers.put("val_distance_max", distance.max(), "greatest distance to the nearest training frame of the same pig",
                SPLITS, where, "frame numbers", rows=val)


def neighbours(splits: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The validation frames, and each one's distance in frame numbers to the nearest training frame of its pig."""
    ordered = splits.sort_values(["frame", "subject"])
    train = ordered[ordered.split == "train"].assign(train_frame=lambda rows: rows.frame)[["subject", "frame", "train_frame"]]
    val = pd.merge_asof(ordered[ordered.split == "val"], train, on="frame", by="subject", direction="nearest")
    return val.drop(columns="train_frame"), (val.frame - val.train_frame).abs()
