"""Every figure of the published study that its tables hold, and the record of them.

    python -m benchmarks.published FOLDER   renews helpers/published/recorded.json

Lesson 05 computes most of them before the reader's eyes, in its own few lines; here
they are computed once more, with the rest, and a test holds the two equal. What each
figure is (estimand, frames, source) stands in the record itself, and so do figures that
are read from the study's code or cited from others; only values are renewed, and the
aggregates that the lesson's charts draw, as the lesson makes them.
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
from helpers.published import Study, Tables, read, recorded
from helpers.published.study import RECORDED

LESSON = settings.ROOT / "notebooks" / "05_reexamine_a_published_claim.py"
# The study's column -> ours. Its "blood" is the class that it scored, so here it is
# called that.
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
NEAR = 60  # frame numbers: the step at which HemoSet was mostly labelled
# The study's train.py: cosine annealing from RATE to LEAST_RATE over T_MAX epochs.
RATE, LEAST_RATE, T_MAX = 1e-4, 1e-6, 30
MOST_ROWS = 500  # an aggregate; the published tables have 962 and 8,080 rows


class Numbers(dict):
    """Values by name."""

    def put(self, name: str, value: float) -> None:
        """Add `published.<name>`, once."""
        name = f"published.{name}"
        if name in self:
            raise ValueError(f"{name} is there already")
        self[name] = float(value)


def joined(tables: Tables) -> pd.DataFrame:
    """The study's rows beside the class statistics, with our names for the study's
    columns."""
    return tables.per_frame.merge(
        tables.classes, on=["subject", "frame"], validate="one_to_one"
    ).rename(columns=COLUMNS)


def as_published(numbers: Numbers, tables: Tables, frames: pd.DataFrame) -> None:
    """The claim: what the study's own summaries say, and its correlations and image
    statistics from the rows."""
    training = tables.training
    for split, key in (("in_domain", "hemoset_val"), ("ood", "cholecseg8k")):
        for ratio in ("dice", "iou", "precision", "recall"):
            numbers.put(f"{split}_{ratio}", training[f"{key}_{ratio}"])
    labelled = frames[frames.labelled]
    numbers.put("mean_frame_dice", labelled.dice.mean())
    for mode in ("PARTIAL", "FALSE_POSITIVE", "CORRECT", "FALSE_NEGATIVE"):
        numbers.put(f"mode_{mode.lower()}", (frames["mode"] == mode).sum())
    for column in ("scored", *IMAGE_STATISTICS):
        name = "coverage" if column == "scored" else column
        found = spearmanr(labelled[column], labelled.dice)
        numbers.put(f"spearman_{name}", found.statistic)
        numbers.put(f"spearman_{name}_p", found.pvalue)
    _image_statistics(numbers, tables, frames)


def _image_statistics(numbers: Numbers, tables: Tables, frames: pd.DataFrame) -> None:
    """Means per domain, and the Frechet distance with the part of it that is the
    shift of the means."""
    source = tables.domain["hemoset_train"]
    theirs = dict(
        zip(
            IMAGE_STATISTICS,
            ("mean_R", "mean_G", "mean_B", "mean_brightness", "mean_saturation"),
            strict=True,
        )
    )
    for ours, name in theirs.items():
        numbers.put(f"source_{ours}", source[name])
        numbers.put(f"target_{ours}", frames[ours].mean())
    numbers.put("source_coverage", source["mean_blood_coverage_pct"])
    numbers.put("target_scored_coverage", frames.scored.mean())
    numbers.put("frechet", tables.domain["frechet_distance_gaussian"]["value"])
    shift = sum(
        ((source[name] - frames[ours].mean()) ** 2 for ours, name in theirs.items())
    )
    numbers.put("frechet_means", shift)


def wrong_class(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Point 1: which organ was scored."""
    organ, labelled, blood = (
        frames["gastrointestinal tract"],
        frames[frames.labelled],
        frames[frames.blood > 0],
    )
    unseen = blood[~blood.labelled]
    put = numbers.put
    put("join_rows", len(frames))
    put("labelled_frames", len(labelled))
    put("organ_frames", (organ > 0).sum())
    put("labelled_with_organ", (labelled["gastrointestinal tract"] > 0).sum())
    put("coverage_difference", (frames.scored - organ).abs().max())
    put("coverage_difference_blood", (frames.scored - frames.blood).abs().max())
    put("labelled_with_blood", (labelled.blood > 0).sum())
    put("blood_frames", len(blood))
    put("blood_unlabelled", len(unseen))
    put("blood_false_positive", (unseen["mode"] == "FALSE_POSITIVE").sum())
    put("blood_coverage", blood.blood.mean())
    put("blood_coverage_min", blood.blood.min())
    put("blood_coverage_max", blood.blood.max())


def epsilon(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Points 2 and 3: what epsilon does to the failure modes, and to the correlation
    with coverage (recovered frames)."""
    labelled = frames[frames.labelled]
    partial = frames[frames["mode"] == "PARTIAL"]
    free, overlap = (partial[~partial.overlap], partial[partial.overlap])
    put = numbers.put
    put("partial_positive", (partial.dice > 0).sum())
    put("partial_tp_free", len(free))
    put("partial_tp_free_share", 100 * len(free) / len(partial))
    put("partial_overlap", len(overlap))
    put("tp_free_dice_max", free.dice.max())
    put("overlap_dice_min", overlap.dice.min())
    put("overlap_dice_max", overlap.dice.max())
    for name, rows in (("tp_free", free), ("overlap", overlap)):
        put(f"spearman_{name}", spearmanr(rows.dice, rows.scored).statistic)
    exact = spearmanr(np.where(labelled.overlap, labelled.dice, 0), labelled.scored)
    put("spearman_coverage_no_epsilon", exact.statistic)


def split_by_frames(numbers: Numbers, splits: pd.DataFrame) -> None:
    """Point 4: how close a validation frame has a training frame of the same pig, in
    frame numbers."""
    val, distance = neighbours(splits)
    numbers.put("source_frames", len(splits))
    for split, rows in splits.groupby("split"):
        numbers.put(f"{split}_frames", len(rows))
        numbers.put(f"{split}_pigs", rows.subject.nunique())
    numbers.put("pigs", splits.subject.nunique())
    numbers.put(
        "pigs_in_both",
        len(set(val.subject) & set(splits.subject[splits.split == "train"])),
    )
    for pig, rows in splits.groupby("subject"):
        numbers.put(f"{pig}_frames", len(rows))
    numbers.put("val_near", (distance <= NEAR).sum())
    numbers.put("val_distance_median", distance.median())
    numbers.put("val_distance_max", distance.max())


def neighbours(splits: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The validation frames, and each one's distance in frame numbers to the nearest
    training frame of its pig."""
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
    return (val.drop(columns="train_frame"), (val.frame - val.train_frame).abs())


def unit(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Point 5: how many frames, clips and patients."""
    put = numbers.put
    put("frames", len(frames))
    put("patients", frames.subject.nunique())
    put("clips", frames["clip"].nunique())
    put("clip_frames", frames.groupby("clip").size().median())
    put("clip_consecutive", consecutive(frames))
    put("patients_with_blood", frames.subject[frames.blood > 0].nunique())


def consecutive(frames: pd.DataFrame) -> int:
    """In how many clips every frame is the successor of the one before."""
    return int(
        frames.groupby("clip")
        .frame.agg(lambda number: (number.sort_values().diff().dropna() == 1).all())
        .sum()
    )


def learning_rate(epoch: int, over: int = T_MAX) -> float:
    """The learning rate in an epoch (from 1) under cosine annealing over `over`
    epochs, as PyTorch's closed form has it."""
    return (
        LEAST_RATE
        + (RATE - LEAST_RATE) * (1 + math.cos(math.pi * (epoch - 1) / over)) / 2
    )


def schedule(numbers: Numbers, training: dict) -> None:
    """Point 6: the learning rate as it ran."""
    put, ran = (numbers.put, training["epochs_trained"])
    put("epochs_trained", ran)
    put("best_epoch", training["best_epoch"])
    rates = [learning_rate(epoch) for epoch in range(1, ran + 1)]
    for name, epoch in (
        ("lowest", int(np.argmin(rates)) + 1),
        ("best", training["best_epoch"]),
        ("last", ran),
    ):
        put(f"rate_{name}_epoch", epoch)
        put(f"rate_{name}", rates[epoch - 1])


def supported(numbers: Numbers, frames: pd.DataFrame, tables: Tables) -> None:
    """Point 7: predicted area, and what it says about blood (recovered frames)."""
    put, known, overlap = (numbers.put, frames[frames.known], frames[frames.overlap])
    blood, clean = (frames[frames.blood > 0], frames[frames.blood == 0])
    put("identity_error", identity_error(frames))
    put("area_known", len(known))
    put("area_unknown", len(overlap))
    put("area_unknown_organ", (overlap["gastrointestinal tract"] > 0).sum())
    put("area_unknown_blood", (overlap.blood > 0).sum())
    pooled = totals(frames, tables.training)
    put("tp_pixels", pooled["tp"])
    put("predicted_pixels", pooled["predicted"])
    put("unknown_pixels", pooled["unknown"])
    put("unknown_area", 100 * pooled["unknown"] / PIXELS / len(overlap))
    _alarms(numbers, blood, clean)
    _separation(numbers, frames)
    _bounds(numbers, frames, pooled)


def _alarms(numbers: Numbers, blood: pd.DataFrame, clean: pd.DataFrame) -> None:
    """How often and how much the model marks, with true blood and without."""
    put, free, seen = (numbers.put, clean[clean.known], blood[blood.known])
    put("clean_frames", len(clean))
    put("clean_known", len(free))
    put("clean_marked", (free.predicted > 0).sum())
    put("alarm_rate", 100 * (free.predicted > 0).mean())
    marked = (clean.overlap | (clean.predicted > 0)).mean()
    put("alarm_rate_all", 100 * marked)
    put("alarm_1pct", 100 * (free.area > 1).mean())
    put("alarm_01pct", 100 * (free.area >= 0.1).mean())
    put("clean_area", free.area.mean())
    put("area_black", spearmanr(free.area, free["black background"]).statistic)
    pairs = free[["area", "black background"]].groupby(free.subject)
    within = [spearmanr(one).statistic for _, one in pairs]
    put("area_black_within", np.mean(within))
    put("area_black_between", spearmanr(pairs.mean()).statistic)
    for name, least in (("alarm_rate", 0), ("alarm_01pct", 0.1), ("alarm_1pct", 1)):
        by_patient = 100 * (free.area > least).groupby(free.subject).mean()
        for end, value in (
            ("mean", by_patient.mean()),
            ("least", by_patient.min()),
            ("most", by_patient.max()),
        ):
            put(f"{name}_patients_{end}", value)
    put("blood_known", len(seen))
    put("blood_marked", 100 * (seen.predicted > 0).mean())
    put("blood_1pct", 100 * (seen.area > 1).mean())
    put("area_correlation_blood", spearmanr(seen.area, seen.blood).statistic)


def _separation(numbers: Numbers, frames: pd.DataFrame) -> None:
    """Does the predicted area tell frames with blood from frames without, by frame
    and by clip, and does the mean red?"""
    put, known = (numbers.put, frames[frames.known])
    patient = frames.subject[frames.blood > 0].iloc[0]
    one, one_known = (
        frames[frames.subject == patient],
        known[known.subject == patient],
    )
    put("auroc_frames", auroc(known.blood > 0, known.area))
    put("auroc_video01", auroc(one_known.blood > 0, one_known.area))
    put("auroc_red", auroc(known.blood > 0, known.red))
    put("auroc_red_all", auroc(frames.blood > 0, frames.red))
    put("auroc_red_video01", auroc(one_known.blood > 0, one_known.red))
    put(
        "area_correlation_video01", spearmanr(one_known.area, one_known.blood).statistic
    )
    clips = one.groupby("clip").agg(
        blood=("blood", "max"), area=("area", "mean"), red=("red", "mean")
    )
    has = clips.blood > 0
    put("clips_blood", has.sum())
    put("clips_clean", (~has).sum())
    put("auroc_clips", auroc(has, clips.area))
    put(
        "auroc_clips_p",
        mannwhitneyu(clips.area[has], clips.area[~has], method="exact").pvalue,
    )
    put("auroc_red_clips", auroc(has, clips.red))
    for column in ("area", "red"):
        means = frames.groupby("subject")[column].mean().rank(ascending=False)
        put(f"patient_rank_{column}", means[patient])


def _bounds(numbers: Numbers, frames: pd.DataFrame, pooled: dict[str, int]) -> None:
    """What the frames of unknown area can change: first any area at all, then only
    areas that the published digits allow."""
    clean = frames[frames.blood == 0]
    sure, open_ = ((clean.area > 1).sum(), clean.overlap.sum())
    possible = candidates(frames)
    put, total = (numbers.put, {"tp": pooled["tp"], "predicted": pooled["unknown"]})
    put("alarm_1pct_any_low", 100 * sure / len(clean))
    put("alarm_1pct_any_high", 100 * (sure + open_) / len(clean))
    true = frames.blood > 0
    for end, for_blood in (("low", 0), ("high", PIXELS)):
        filled = frames.predicted.fillna(
            true.map({True: for_blood, False: PIXELS - for_blood})
        )
        put(f"auroc_frames_any_{end}", auroc(true, filled))
    shares = share_above_bounds(frames, possible, **total, percent=1)
    aurocs = auroc_bounds(frames, possible, **total)
    for name, found in (("alarm_1pct", shares), ("auroc_frames", aurocs)):
        for end, value in zip(("low", "high"), found, strict=True):
            put(f"{name}_{end}", value)
    put("least_unknown_pixels", possible.groupby("row").predicted.min().sum())


def compute(tables: Tables) -> Numbers:
    """Every figure that follows from the rows."""
    numbers, frames = Numbers(), recover(joined(tables))
    as_published(numbers, tables, frames)
    wrong_class(numbers, frames)
    epsilon(numbers, frames)
    split_by_frames(numbers, tables.splits)
    unit(numbers, frames)
    schedule(numbers, tables.training)
    supported(numbers, frames, tables)
    return numbers


def lesson_results(study: Study, lesson: Path = LESSON) -> dict[str, object]:
    """What the lesson's own cells make of the study: its imports, and the cells with
    `study.of(`, run here."""
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
    """Renew the values and the lesson's aggregates, without any row; KeyError for a
    figure that nobody described."""
    tables, kept = read(folder), recorded(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, value in compute(tables).items():
        content["numbers"][name]["value"] = _plain(value)
    made = lesson_results(Study(tables, kept, lambda name, number: number))
    content["computed_from"] = tables.checksums
    content["results"] = {
        name: list(found)
        if isinstance(found, dict)
        else {column: [_plain(value) for value in found[column]] for column in found}
        for name, found in made.items()
        if isinstance(found, dict) or len(found) < MOST_ROWS
    }
    text = json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n"
    waiting = path.with_suffix(".part")
    waiting.write_text(text, encoding="utf-8")
    waiting.replace(path)


def _plain(value):
    """A value as JSON has it: whole numbers stay whole, NaN is null, and 12 digits
    are enough to draw from."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.12g}")
    return value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="the folder with the published tables")
    main(parser.parse_args().folder)
