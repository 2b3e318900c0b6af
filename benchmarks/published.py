"""Every figure of the published study that its tables hold, and the record of them.

    python -m benchmarks.published FOLDER   renews published.json beside it

Lesson 05 computes many of them before the reader's eyes, in its own few lines: those
are taken from its cells, as are the aggregates that its charts draw; the rest is
computed here. What each figure is (estimand, frames, source) stands in the record
itself, and so do figures that are read from the study's code or cited from others; only
values are renewed.
"""

import ast
import contextlib
import io
import json
import math
import sys

import pandas as pd
from scipy.stats import mannwhitneyu, spearmanr

from benchmarks.published_areas import (
    PIXELS,
    auroc_bounds,
    candidates,
    identity_error,
    in_pixels,
    share_above_bounds,
)
from helpers import settings
from helpers.correlation import auroc
from helpers.published import FILES, RECORDED, Study, Tables, read

LESSON = settings.ROOT / "notebooks" / "05_reexamine_a_published_claim.py"
PROPERTIES = {
    "mean_R": "red",
    "mean_G": "green",
    "mean_B": "blue",
    "mean_brightness": "brightness",
    "mean_saturation": "saturation",
}
NEAR = 60  # frame numbers: the step at which HemoSet was mostly labelled
MOST_ROWS = 500  # an aggregate; the published tables have 962 and 8,080 rows
Numbers = dict[str, float]


def run_lesson(study: Study) -> dict[str, object]:
    """What the lesson's own cells define: its imports, and the cells with `study.of(`,
    run here. What they made is in study.made."""
    names: dict[str, object] = {"study": study}
    for cell in LESSON.read_text(encoding="utf-8").split("\n# %%"):
        code = cell.partition("\n")[2]
        if "from helpers.lesson import begin" in code:
            lines = ast.parse(code).body
            imports = [
                one for one in lines if isinstance(one, ast.Import | ast.ImportFrom)
            ]
            exec(compile(ast.Module(imports, []), str(LESSON), "exec"), names)
        elif "study.of(" in code:
            exec(compile(code, str(LESSON), "exec"), names)
    return names


def as_published(tables: Tables, frames: pd.DataFrame) -> Numbers:
    """The claim: what the study's own summaries say, its correlations, the image
    statistics of both domains, and the Frechet distance with the part of it that is the
    shift of the means."""
    source, labelled = tables.domain["hemoset_train"], frames[frames.labelled]
    found = {
        f"{split}_{ratio}": tables.training[f"{key}_{ratio}"]
        for split, key in (("in_domain", "hemoset_val"), ("ood", "cholecseg8k"))
        for ratio in ("dice", "iou", "precision", "recall")
    }
    for mode in ("PARTIAL", "FALSE_POSITIVE", "CORRECT", "FALSE_NEGATIVE"):
        found[f"mode_{mode.lower()}"] = (frames.failure_mode == mode).sum()
    for column, name in (PROPERTIES | {"scored": "coverage"}).items():
        one = spearmanr(labelled[column], labelled.dice)
        found |= {f"spearman_{name}": one.statistic, f"spearman_{name}_p": one.pvalue}
    means = {name: frames[column].mean() for column, name in PROPERTIES.items()}
    theirs = {name: source[column] for column, name in PROPERTIES.items()}
    return (
        found
        | {f"source_{name}": value for name, value in theirs.items()}
        | {f"target_{name}": value for name, value in means.items()}
        | {
            "mean_frame_dice": labelled.dice.mean(),
            "source_coverage": source["mean_blood_coverage_pct"],
            "target_scored_coverage": frames.scored.mean(),
            "frechet": tables.domain["frechet_distance_gaussian"]["value"],
            "frechet_means": sum((theirs[one] - means[one]) ** 2 for one in means),
        }
    )


def wrong_class(frames: pd.DataFrame) -> Numbers:
    """Which organ was scored, and the units that are counted in."""
    blood = frames[frames.blood > 0]
    unseen = blood[~blood.labelled]
    clips = frames.groupby("clip").frame
    steps = clips.agg(lambda one: (one.sort_values().diff().dropna() == 1).all())
    return {
        "frames": len(frames),
        "join_rows": len(frames),
        "clip_frames": clips.size().median(),
        "clip_consecutive": steps.sum(),
        "labelled_frames": frames.labelled.sum(),
        "organ_frames": (frames["gastrointestinal tract"] > 0).sum(),
        "coverage_difference_blood": (frames.scored - frames.blood).abs().max(),
        "blood_false_positive": (unseen.failure_mode == "FALSE_POSITIVE").sum(),
        "blood_coverage": blood.blood.mean(),
        "blood_coverage_min": blood.blood.min(),
        "blood_coverage_max": blood.blood.max(),
    }


def epsilon(frames: pd.DataFrame) -> Numbers:
    """What epsilon does to the failure modes, and to the correlation with coverage."""
    labelled = frames[frames.labelled]
    partial = frames[frames.failure_mode == "PARTIAL"]
    free, overlap = partial[~partial.common], partial[partial.common]
    exact = labelled.dice.where(labelled.common, 0)
    return {
        "partial_positive": (partial.dice > 0).sum(),
        "partial_tp_free": len(free),
        "partial_tp_free_share": 100 * len(free) / len(partial),
        "partial_overlap": len(overlap),
        "tp_free_dice_max": free.dice.max(),
        "overlap_dice_min": overlap.dice.min(),
        "overlap_dice_max": overlap.dice.max(),
        "spearman_tp_free": spearmanr(free.dice, free.scored).statistic,
        "spearman_overlap": spearmanr(overlap.dice, overlap.scored).statistic,
        "spearman_coverage_no_epsilon": spearmanr(exact, labelled.scored).statistic,
    }


def recipe(splits: pd.DataFrame, training: dict, made: dict) -> Numbers:
    """How near a validation frame has a training frame of its pig, and the learning
    rate as it ran."""
    pigs = {name: set(rows.subject) for name, rows in splits.groupby("split")}
    near = made["neighbours"]
    distance = near.distance.repeat(near.frames)
    rates = made["rates"].rate
    found = {
        "source_frames": len(splits),
        "pigs": splits.subject.nunique(),
        "pigs_in_both": len(pigs["train"] & pigs["val"]),
        "val_near": (distance <= NEAR).sum(),
        "val_distance_median": distance.median(),
        "val_distance_max": distance.max(),
        "epochs_trained": training["epochs_trained"],
        "best_epoch": training["best_epoch"],
    }
    for name in ("train", "val"):
        rows = splits[splits.split == name]
        found |= {f"{name}_frames": len(rows), f"{name}_pigs": len(pigs[name])}
    for pig, rows in splits.groupby("subject"):
        found[f"{pig}_frames"] = len(rows)
    for name, epoch in (
        ("lowest", rates.argmin() + 1),
        ("best", training["best_epoch"]),
        ("last", len(rates)),
    ):
        found |= {f"rate_{name}_epoch": epoch, f"rate_{name}": rates[epoch - 1]}
    return found


def marked(frames: pd.DataFrame, by_patient: pd.DataFrame) -> Numbers:
    """How often and how much the network marks, with true blood and without."""
    blood, clean = frames[frames.blood > 0], frames[frames.blood == 0]
    free, seen, overlap = clean[~clean.common], blood[~blood.common], frames.common
    found = {
        "area_unknown": overlap.sum(),
        "area_unknown_organ": (frames[overlap]["gastrointestinal tract"] > 0).sum(),
        "area_unknown_blood": (frames[overlap].blood > 0).sum(),
        "clean_frames": len(clean),
        "clean_marked": (free.predicted > 0).sum(),
        "alarm_rate_all": 100 * (clean.common | (clean.predicted > 0)).mean(),
        "blood_known": len(seen),
        "blood_marked": 100 * (seen.predicted > 0).mean(),
        "blood_1pct": 100 * (seen.area > 1).mean(),
        "area_correlation_blood": spearmanr(seen.area, seen.blood).statistic,
    }
    for column, name in (
        ("one pixel", "alarm_rate"),
        ("0.1 %", "alarm_01pct"),
        ("1 %", "alarm_1pct"),
    ):
        rates = by_patient[column]
        found |= {
            f"{name}_patients_mean": rates.mean(),
            f"{name}_patients_least": rates.min(),
            f"{name}_patients_most": rates.max(),
        }
    return found


def separation(frames: pd.DataFrame) -> Numbers:
    """Does the predicted area tell frames with blood from frames without, by frame
    and by clip, and does the mean red?"""
    known = frames[~frames.common]
    patient = frames.subject[frames.blood > 0].iloc[0]
    one = known[known.subject == patient]
    clips = frames[frames.subject == patient].groupby("clip")
    clips = clips.agg({"blood": "max", "area": "mean", "mean_R": "mean"})
    has = clips.blood > 0
    apart = mannwhitneyu(clips.area[has], clips.area[~has], method="exact")
    means = frames.groupby("subject")[["area", "mean_R"]].mean().rank(ascending=False)
    return {
        "auroc_frames": auroc(known.area, known.blood > 0),
        "auroc_video01": auroc(one.area, one.blood > 0),
        "auroc_red": auroc(known.mean_R, known.blood > 0),
        "auroc_red_all": auroc(frames.mean_R, frames.blood > 0),
        "auroc_red_video01": auroc(one.mean_R, one.blood > 0),
        "area_correlation_video01": spearmanr(one.area, one.blood).statistic,
        "clips_blood": has.sum(),
        "clips_clean": (~has).sum(),
        "auroc_clips": auroc(clips.area, has),
        "auroc_clips_p": apart.pvalue,
        "auroc_red_clips": auroc(clips.mean_R, has),
        "patient_rank_area": means.area[patient],
        "patient_rank_red": means.mean_R[patient],
    }


def bounds(frames: pd.DataFrame, training: dict) -> Numbers:
    """Pooled pixel counts from pooled recall and precision, and what the frames of
    unknown area can change: first any area at all, then only areas that the published
    digits allow."""
    clean, true = frames[frames.blood == 0], frames.blood > 0
    tp = training["cholecseg8k_recall"] * frames.scored_pixels.sum()
    predicted = tp / training["cholecseg8k_precision"]
    unknown = round(predicted - frames.predicted.sum())
    sure, open_ = (clean.area > 1).sum(), clean.common.sum()
    possible, sums = candidates(frames), (round(tp), unknown)
    found = {
        "identity_error": identity_error(frames),
        "tp_pixels": round(tp),
        "predicted_pixels": round(predicted),
        "unknown_pixels": unknown,
        "unknown_area": 100 * unknown / PIXELS / frames.common.sum(),
        "alarm_1pct_any_low": 100 * sure / len(clean),
        "alarm_1pct_any_high": 100 * (sure + open_) / len(clean),
        "least_unknown_pixels": possible.groupby("row").predicted.min().sum(),
    }
    for end, for_blood in (("low", 0), ("high", PIXELS)):
        guess = true.map({True: for_blood, False: PIXELS - for_blood})
        found[f"auroc_frames_any_{end}"] = auroc(frames.predicted.fillna(guess), true)
    for name, (low, high) in (
        ("alarm_1pct", share_above_bounds(frames, possible, *sums, percent=1)),
        ("auroc_frames", auroc_bounds(frames, possible, *sums)),
    ):
        found |= {f"{name}_low": low, f"{name}_high": high}
    return found


def compute(tables: Tables) -> tuple[Numbers, dict[str, object]]:
    """Every figure that follows from the rows, by its recorded name, and what the
    lesson's own functions made of them."""
    study = Study(tables)
    with contextlib.redirect_stdout(io.StringIO()):  # its charts
        run_lesson(study)
    made, numbers = study.made, {}
    frames = in_pixels(made["recover"])
    for found in (
        *(one for one in made.values() if isinstance(one, dict)),
        as_published(tables, frames),
        wrong_class(frames),
        epsilon(frames),
        recipe(tables.splits, tables.training, made),
        marked(frames, made["alarms"]),
        separation(frames),
        bounds(frames, tables.training),
    ):
        named = {f"published.{name}": float(value) for name, value in found.items()}
        if twice := numbers.keys() & named.keys():
            raise ValueError(f"computed twice: {', '.join(sorted(twice))}")
        numbers |= named
    return numbers, made


def main(folder: str) -> None:
    """Renew the values and the lesson's aggregates, without any row; KeyError for a
    figure that nobody described."""
    content = json.loads(RECORDED.read_text(encoding="utf-8"))
    numbers, made = compute(read(folder))
    for name, value in numbers.items():
        content["numbers"][name]["value"] = _plain(value)
    content["computed_from"] = {name: source.sha256 for name, source in FILES.items()}
    content["results"] = {
        name: list(found)
        if isinstance(found, dict)
        else {column: [_plain(value) for value in found[column]] for column in found}
        for name, found in made.items()
        if isinstance(found, dict) or len(found) < MOST_ROWS
    }
    text = json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n"
    RECORDED.write_text(text, encoding="utf-8")


def _plain(value):
    """A value as JSON has it: whole numbers stay whole, NaN is null, and 12 digits
    are enough to draw from."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.12g}")
    return value


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[1])
    main(sys.argv[1])
