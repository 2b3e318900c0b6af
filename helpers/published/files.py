"""The published tables: which files, from where, with which checksum, and how they
are read."""

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.errors import CourseError
from helpers.frames.classes import CLASSES
from helpers.published.sources import FILES

# What is needed of the study's table, under its own names.
COLUMNS = (
    "frame_id",
    "dice",
    "iou",
    "mean_brightness",
    "mean_saturation",
    "mean_R",
    "mean_G",
    "mean_B",
    "blood_coverage_pct",
    "has_blood",
    "failure_mode",
)
REMEDY = "fetch the published files again with make published"


@dataclass(frozen=True)
class Tables:
    """The published tables, read and checked; nothing is computed from them yet.

    per_frame: a row per CholecSeg8k frame: subject, clip, frame, and the study's own
    columns (COLUMNS). classes: a row per frame of the data set's class statistics:
    subject, frame, and for each class, by its name in small letters, the coverage in
    percent of the frame. splits: a row per HemoSet frame: subject, frame, split (train
    or val). training, domain: the study's own summaries. correlations: its table of
    Spearman coefficients. checksums: SHA-256 of each file that was read.
    """

    per_frame: pd.DataFrame
    classes: pd.DataFrame
    splits: pd.DataFrame
    training: dict
    domain: dict
    correlations: pd.DataFrame
    checksums: dict[str, str] = field(default_factory=dict)


def read(folder: str | Path) -> Tables:
    """Read the six files of `folder`.

    Raises CourseError, one sentence and nothing computed: no such folder, a file that
    is missing, a CSV that is none of the study's, columns or keys that are missing,
    rows that don't join (how many, which), a checksum that differs.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CourseError(
            f"{folder}: there is no such folder of published tables; give the folder, "
            f"or {REMEDY}."
        )
    for path in sorted(folder.glob("*.csv")):
        if path.name not in FILES:
            raise CourseError(
                f"{path}: this CSV is none of the study's tables; take it out of the "
                f"folder, which should hold "
                f"{', '.join(FILES)}."
            )
    raw = {name: _bytes(folder / name) for name in FILES}
    checksums = {
        name: hashlib.sha256(content).hexdigest() for name, content in raw.items()
    }
    # The form is looked at first, because "a column is missing" helps more than "the
    # checksum differs".
    try:
        tables = _tables(folder, raw, checksums)
    except CourseError:
        raise
    except Exception as error:  # of a file that only looks like the published one
        _check(folder, checksums)
        raise error
    _check(folder, checksums)
    return tables


def _tables(folder: Path, raw: dict[str, bytes], checksums: dict[str, str]) -> Tables:
    per_frame, classes = _per_frame(folder, raw), _classes(folder, raw)
    _joinable(per_frame, classes, folder)
    correlations = _csv(
        folder, raw, "correlation_analysis.csv", ("feature", "spearman_r", "p_value")
    )
    training = _json(
        folder,
        raw,
        "training_results.json",
        (
            "hemoset_val_dice",
            "cholecseg8k_dice",
            "cholecseg8k_precision",
            "cholecseg8k_recall",
            "epochs_trained",
            "best_epoch",
            "failure_modes",
        ),
    )
    domain = _json(
        folder,
        raw,
        "domain_stats.json",
        ("hemoset_train", "cholecseg8k_test", "frechet_distance_gaussian"),
    )
    splits = _splits(
        folder, _json(folder, raw, "hemoset_splits.json", ("train", "val"))
    )
    return Tables(per_frame, classes, splits, training, domain, correlations, checksums)


def _check(folder: Path, checksums: dict[str, str]) -> None:
    for name, found in checksums.items():
        if found != FILES[name].sha256:
            raise CourseError(
                f"{folder / name}: its checksum begins with {found[:12]} where "
                f"{FILES[name].sha256[:12]} was "
                f"expected, so it is not the published file; {REMEDY}."
            )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path}: this published table can't be read ({error.strerror}); {REMEDY}."
        ) from error


def _csv(
    folder: Path, raw: dict[str, bytes], name: str, columns: tuple[str, ...]
) -> pd.DataFrame:
    try:
        table = pd.read_csv(io.BytesIO(raw[name]))
    except (
        ValueError
    ) as error:  # pandas' parser errors and undecodable bytes are all ValueErrors
        raise CourseError(
            f"{folder / name}: this is not a readable CSV; {REMEDY}."
        ) from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise CourseError(
            f"{folder / name}: the columns {', '.join(missing)} are missing; {REMEDY}."
        )
    return table


def _json(
    folder: Path, raw: dict[str, bytes], name: str, keys: tuple[str, ...]
) -> dict:
    try:
        content = json.loads(raw[name])
    except (ValueError, RecursionError) as error:
        raise CourseError(
            f"{folder / name}: this is not readable JSON; {REMEDY}."
        ) from error
    missing = [
        key for key in keys if not isinstance(content, dict) or key not in content
    ]
    if missing:
        raise CourseError(
            f"{folder / name}: the keys {', '.join(missing)} are missing; {REMEDY}."
        )
    return content


def _per_frame(folder: Path, raw: dict[str, bytes]) -> pd.DataFrame:
    name = "per_frame_analysis.csv"
    table = _csv(folder, raw, name, COLUMNS)[list(COLUMNS)].astype({"has_blood": bool})
    parts = table.frame_id.astype(str).str.extract(
        r"^(?P<subject>video\d+)/(?P<clip>video\d+_\d+)/frame_(?P<frame>\d+)_endo\.png$"
    )
    _named(parts, table.frame_id, folder / name)
    table = pd.concat(
        [parts.astype({"frame": int}), table.drop(columns="frame_id")], axis=1
    )
    return table.sort_values(["subject", "frame"], ignore_index=True)


def _classes(folder: Path, raw: dict[str, bytes]) -> pd.DataFrame:
    """Coverage in percent per class: each class has two columns of one name, the
    number of objects first, then the area."""
    name = "classes_per_image.json"
    content = _json(folder, raw, name, ("columns", "data"))
    names = list(content["columns"])
    classes = [row.name.lower() for row in CLASSES]
    missing = [
        column
        for column in ["Image", *classes]
        if names.count(column) < (1 if column == "Image" else 2)
    ]
    if missing:
        raise CourseError(
            f"{folder / name}: the columns {', '.join(missing)} are missing; {REMEDY}."
        )
    table = pd.DataFrame(content["data"])
    if table.shape[1] != len(names):
        raise CourseError(
            f"{folder / name}: its rows have {table.shape[1]} fields for {len(names)} "
            f"columns; {REMEDY}."
        )
    image = table[names.index("Image")].astype(str)
    parts = image.str.extract(r"^(?P<subject>video\d+)_frame_(?P<frame>\d+)_endo\.png$")
    _named(parts, image, folder / name)
    area = {
        column: pd.to_numeric(table[names.index(column) + 1], errors="coerce")
        for column in classes
    }
    return pd.concat([parts.astype({"frame": int}), pd.DataFrame(area)], axis=1)


def _named(parts: pd.DataFrame, given: pd.Series, path: Path) -> None:
    bad = given[parts.isna().any(axis=1)]
    if len(bad):
        raise CourseError(
            f"{path}: {len(bad)} of its {len(given)} rows name no frame "
            f"({_some(bad)}); {REMEDY}."
        )


def _joinable(study: pd.DataFrame, classes: pd.DataFrame, folder: Path) -> None:
    """Do they join on video and frame, one to one? If not, say how many rows don't
    and which."""
    key = ["subject", "frame"]
    for table, name in (
        (study, "per_frame_analysis.csv"),
        (classes, "classes_per_image.json"),
    ):
        double = table[table.duplicated(key)]
        if len(double):
            raise CourseError(
                f"{folder / name}: {len(double)} of its {len(table)} rows repeat a "
                f"frame "
                f"({_some(double.subject + ' frame ' + double.frame.astype(str))}); "
                f"{REMEDY}."
            )
    joined = study[key].merge(classes[key], on=key, how="outer", indicator=True)
    alone = joined[joined._merge != "both"]
    if len(alone):
        raise CourseError(
            f"{folder}: {len(alone)} rows of per_frame_analysis.csv and "
            f"classes_per_image.json don't join "
            f"({_some(alone.subject + ' frame ' + alone.frame.astype(str))}); {REMEDY}."
        )


def _splits(folder: Path, content: dict) -> pd.DataFrame:
    rows = [(str(name), split) for split in ("train", "val") for name in content[split]]
    names = pd.DataFrame(rows, columns=["name", "split"])
    parts = names.name.str.extract(r"^(?P<subject>pig\d+)/(?P<frame>\d+)$")
    _named(parts, names.name, folder / "hemoset_splits.json")
    return parts.astype({"frame": int}).assign(split=names.split)


def _some(names: pd.Series, most: int = 3) -> str:
    shown = ", ".join(names.astype(str).head(most))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
