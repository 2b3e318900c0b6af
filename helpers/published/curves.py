"""The tidy tables behind lesson 05's figures: aggregates of the published rows, small enough to be recorded."""

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from helpers.frames.classes import CLASSES
from helpers.published.areas import candidates
from helpers.published.claims import neighbours
from helpers.published.files import Tables
from helpers.published.ranks import roc
from helpers.published.units import MAX_EPOCHS, learning_rate


def curves(tables: Tables, frames: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All tables by name; `frames` are the joined frames, recovered (areas.recover)."""
    return {"classes": classes(frames), "joined": joined(frames), "runs": runs(frames), "modes": modes(frames),
            "epsilon": epsilon(frames), "coverage": coverage(frames), "areas": areas(frames), "roc": rocs(frames),
            "clips": clips(frames), "videos": videos(frames), "schedule": schedule(tables.training["epochs_trained"]),
            "neighbours": distances(tables.splits), "pigs": pigs(tables.splits)}


def classes(frames: pd.DataFrame) -> pd.DataFrame:
    """Per class: frames that hold it, how many of these the study labelled, and how far its coverage lies from the scored one.

    Columns: name, frames, labelled, greatest and mean absolute difference in percentage points over all frames.
    """
    rows = []
    for entry in CLASSES:
        area = frames[entry.name.lower()]
        apart = (frames.scored - area).abs()
        rows.append({"name": entry.name, "frames": int((area > 0).sum()), "labelled": int((frames.labelled & (area > 0)).sum()),
                     "greatest": apart.max(), "mean": apart.mean()})
    return pd.DataFrame(rows)


def joined(frames: pd.DataFrame, step: float = 1.0) -> pd.DataFrame:
    """Scored coverage against that of a class, counted in squares of `step` percentage points: name, class_area, scored, frames."""
    found = []
    for name in ("blood", "gastrointestinal tract"):
        # A square of its own for exactly zero, so that "none" and "a little" stay apart.
        middle = {axis: np.where(frames[column] == 0, 0, np.ceil(frames[column] / step) * step - step / 2)
                  for axis, column in (("class_area", name), ("scored", "scored"))}
        counted = pd.DataFrame(middle).value_counts().rename("frames").reset_index().sort_values(["class_area", "scored"])
        found.append(counted.assign(name=name)[["name", "class_area", "scored", "frames"]])
    return pd.concat(found, ignore_index=True)


def runs(frames: pd.DataFrame) -> pd.DataFrame:
    """The runs of consecutive frames with blood: subject, first, last, frames."""
    blood = frames[frames.blood > 0].sort_values(["subject", "frame"])
    new = (blood.frame.diff() != 1) | (blood.subject != blood.subject.shift())
    return blood.groupby(new.cumsum()).agg(subject=("subject", "first"), first=("frame", "min"), last=("frame", "max"),
                                           frames=("frame", "size")).reset_index(drop=True)


def modes(frames: pd.DataFrame) -> pd.DataFrame:
    """Published failure mode by what the counts say: mode, overlap (TP > 0), blood (true blood in the frame), frames."""
    return (frames.assign(blood=frames.blood > 0).groupby(["mode", "overlap", "blood"]).size().rename("frames").reset_index())


def epsilon(frames: pd.DataFrame) -> pd.DataFrame:
    """Over epsilon from 0 and 1e-12 to 1: Spearman of Dice with the scored coverage, and the share that counts as PARTIAL.

    Columns: epsilon, spearman (all labelled frames), spearman_tp_free, spearman_overlap, partial (percent of them), mean_dice.
    Frames with overlap take the least counts that their published digits allow; that only matters as epsilon nears 1.
    """
    labelled = frames[frames.labelled]
    least = candidates(frames).groupby("row").min().reindex(labelled.index)
    tp = least.tp.fillna(0)
    total = labelled.predicted.fillna(least.predicted) + labelled.scored_pixels
    free = ~labelled.overlap
    rows = []
    for value in (0, *np.logspace(-12, 0, 25)):
        dice = (2 * tp + value) / (total + value)
        rows.append({"epsilon": value, "spearman": _rank(dice, labelled.scored),
                     "spearman_tp_free": _rank(dice[free], labelled.scored[free]),
                     "spearman_overlap": _rank(dice[~free], labelled.scored[~free]),
                     "partial": 100 * float(((dice > 0) & (dice < 0.5)).mean()), "mean_dice": float(dice.mean())})
    return pd.DataFrame(rows)


def _rank(one: pd.Series, other: pd.Series) -> float:
    # Where every Dice is 0 there is no order, and so no correlation.
    return float(spearmanr(one, other).statistic) if one.nunique() > 1 else float("nan")


def coverage(frames: pd.DataFrame, step: float = 0.25) -> pd.DataFrame:
    """log10 Dice of the labelled frames by scored coverage, in squares: kind (no overlap, overlap), coverage, dice, frames.

    Coverage in squares of 2 percentage points, log10 Dice in squares of `step`; both columns give the middles.
    """
    labelled = frames[frames.labelled]
    table = pd.DataFrame({"kind": np.where(labelled.overlap, "overlap", "no overlap"),
                          "coverage": np.floor(labelled.scored / 2) * 2 + 1,
                          "dice": np.floor(np.log10(labelled.dice) / step) * step + step / 2})
    return table.value_counts().rename("frames").reset_index().sort_values(["kind", "coverage", "dice"], ignore_index=True)


def areas(frames: pd.DataFrame) -> pd.DataFrame:
    """Predicted area of the frames where it is known, counted in steps of tenths of a decade: group, area (low edge), frames.

    A frame without a predicted pixel stands at area 0. group: blood, same patient, other patients.
    """
    known, patients = frames[frames.known], set(frames.subject[frames.blood > 0])
    group = np.select([known.blood > 0, known.subject.isin(patients)], ["blood", "same patient"], "other patients")
    low = np.where(known.area > 0, 10 ** (np.floor(np.log10(known.area.where(known.area > 0, 1)) * 5) / 5), 0)
    table = pd.DataFrame({"group": group, "area": np.round(low, 6)})
    return table.value_counts().rename("frames").reset_index().sort_values(["group", "area"], ignore_index=True)


def rocs(frames: pd.DataFrame) -> pd.DataFrame:
    """ROC curves for true blood over the frames of known area: scope (all, video01), score (area, red) and `ranks.roc`'s columns."""
    known = frames[frames.known]
    patient = known.subject[known.blood > 0].iloc[0]
    found = [roc(rows.blood > 0, rows[score]).assign(scope=scope, score=score)
             for scope, rows in (("all", known), (patient, known[known.subject == patient])) for score in ("area", "red")]
    return pd.concat(found, ignore_index=True)


def clips(frames: pd.DataFrame) -> pd.DataFrame:
    """The clips of the one patient with blood: clip, frames, blood (frames with it), known, area, red, true_area (means)."""
    patient = frames.subject[frames.blood > 0].iloc[0]
    return _grouped(frames[frames.subject == patient].groupby("clip"))


def videos(frames: pd.DataFrame) -> pd.DataFrame:
    """Per patient: subject, frames, blood (frames with it), known, area, red, true_area (means over frames), labelled, clips."""
    by = frames.groupby("subject")
    return _grouped(by).assign(labelled=by.labelled.sum().to_numpy(), clips=by["clip"].nunique().to_numpy())


def _grouped(by) -> pd.DataFrame:
    return by.agg(frames=("frame", "size"), blood=("blood", lambda area: int((area > 0).sum())), known=("known", "sum"),
                  area=("area", "mean"), red=("red", "mean"), true_area=("blood", "mean")).reset_index()


def schedule(ran: int) -> pd.DataFrame:
    """Learning rate by epoch: epoch, as_run (NaN after the last epoch that ran), mended (falling over all epochs)."""
    epochs = range(1, MAX_EPOCHS + 1)
    return pd.DataFrame({"epoch": epochs, "as_run": [learning_rate(n) if n <= ran else np.nan for n in epochs],
                         "mended": [learning_rate(n, MAX_EPOCHS) for n in epochs]})


def distances(splits: pd.DataFrame) -> pd.DataFrame:
    """How many validation frames lie at which distance (frame numbers) from the nearest training frame of their pig."""
    _, distance = neighbours(splits)
    return distance.astype(int).value_counts().rename_axis("distance").rename("frames").reset_index().sort_values(
        "distance", ignore_index=True)


def pigs(splits: pd.DataFrame) -> pd.DataFrame:
    """Per pig: subject, and its frames in train and in val."""
    counted = splits.groupby(["subject", "split"]).size().unstack(fill_value=0)
    order = sorted(counted.index, key=lambda pig: int(pig.removeprefix("pig")))
    return counted.loc[order].rename_axis(columns=None).reset_index()
