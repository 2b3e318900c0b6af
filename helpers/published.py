"""What was found before: the published study that lesson 05 re-examines (its tables,
fetched and checked, and what they gave when that was recorded), and the recorded tables
of benchmarks/.

    python -m helpers.published   # fetches them into data/published
    study = published.study(lesson)
    study.of(by_class, study.classes)   # by_class(study.classes), or what is recorded
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from IPython.display import HTML
from torch.hub import download_url_to_file

from helpers import CourseError, charts, settings
from helpers.frames import CLASSES

BENCHMARKS = settings.ROOT / "benchmarks"
RECORDED = BENCHMARKS / "published.json"
PUBLIC = "https://raw.githubusercontent.com"


class Source(NamedTuple):
    """Where a published file stands, and how the SHA-256 of its bytes begins."""

    sha256: str
    project: str = "youssof20/surgical-blood-generalization"
    commit: str = "86bfcc5a2e51baa2f7dde5cea6a3d5739a53f065"
    folder: str = "outputs/results"
    licence: str = "MIT"


FILES = {
    "per_frame_analysis.csv": Source("50c16c434cfca15c1aea69509c4fe7ee"),
    "correlation_analysis.csv": Source("ffdc29c676bf7c456ed4b0839fb86848"),
    "training_results.json": Source("984b141cedd9e6b8071724cf4f5f10e5"),
    "domain_stats.json": Source("81e40bb37d6413739358dc79d740579d"),
    "hemoset_splits.json": Source("5b75eb45e3a670edb4a766bc346dec08"),
    "classes_per_image.json": Source(
        "b0965abfa40932a422d294e035de426a",
        "dataset-ninja/cholec-seg8k",
        "146ad5972daf489dc7175bf938ed2cd75930158c",
        "stats",
        "CC BY-NC-SA 4.0",
    ),
}


class Tables(NamedTuple):
    """The published tables.

    per_frame: a row per CholecSeg8k frame: subject, clip, frame, and the study's own
    columns. classes: subject, frame, and each class's coverage in percent of the frame,
    by its name in small letters. splits: a row per HemoSet frame: subject, frame, split
    (train or val). training, domain, correlations: the study's own summaries.
    """

    per_frame: pd.DataFrame
    classes: pd.DataFrame
    splits: pd.DataFrame
    training: dict
    domain: dict
    correlations: pd.DataFrame


def fetch(folder: str | Path) -> list[str]:
    """Bring the files that `folder` lacks, or has with another checksum, into it; their
    names. CourseError for an address that doesn't answer, a checksum that differs, a
    folder that can't be written; no such file is kept."""
    came = []
    for name, one in FILES.items():
        path = Path(folder, name)
        if not _wrong(path):
            continue
        address = f"{PUBLIC}/{one.project}/{one.commit}/{one.folder}/{name}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            download_url_to_file(address, str(path), one.sha256, progress=False)
        # No network and no room are OSErrors, another checksum a RuntimeError.
        except (OSError, RuntimeError) as error:
            raise CourseError(
                f"{path}: this published table can't be fetched from {address} "
                f"({error}); try again with a network, or copy the file there from "
                "elsewhere."
            ) from error
        came.append(name)
    return came


def read(folder: str | Path) -> Tables:
    """Read the six files of `folder`; CourseError where one of them is missing or not
    the published file. Their form needs no check: their checksums are known."""
    known = {}
    for path in (Path(folder, name) for name in FILES):
        if wrong := _wrong(path):
            raise CourseError(
                f"{path}: this is not the published table ({wrong}); fetch all of them "
                "again with make published, or name the folder that has them."
            )
        load = pd.read_csv if path.suffix == ".csv" else json.load
        with path.open(encoding="utf-8") as file:
            known[path.stem] = load(file)
    splits, place = known["hemoset_splits"], r"(pig\d+)/()(\d+)"
    sides = [_parts(splits[one], place).assign(split=one) for one in ("train", "val")]
    rows = known["per_frame_analysis"].astype({"has_blood": bool})
    place = r"^(video\d+)/(video\d+_\d+)/frame_(\d+)_endo"
    rows = pd.concat([_parts(rows.pop("frame_id"), place), rows], axis=1)
    # Each class has two columns of one name: the number of objects, then the area.
    content = known["classes_per_image"]
    names, table = content["columns"], pd.DataFrame(content["data"])
    place = r"^(video\d+)()_frame_(\d+)_endo"
    classes = _parts(table[names.index("Image")], place).drop(columns="clip")
    for one in (entry.name.lower() for entry in CLASSES):
        classes[one] = table[names.index(one) + 1].astype(float)
    return Tables(
        rows.sort_values(["subject", "frame"], ignore_index=True),
        classes,
        pd.concat(sides, ignore_index=True).drop(columns="clip"),
        known["training_results"],
        known["domain_stats"],
        known["correlation_analysis"],
    )


def _wrong(path: Path) -> str:
    """Why a file is not the published one of its name, "" where it is."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return str(error.strerror)
    right = found.startswith(FILES[path.name].sha256)
    return "" if right else f"its checksum begins with {found[:12]}"


def _parts(names: Iterable[str], place: str) -> pd.DataFrame:
    """What the names of frames say: subject, clip, frame as a number."""
    parts = pd.Series(names).str.extract(place)
    return parts.set_axis(["subject", "clip", "frame"], axis=1).astype({"frame": int})


class Study:
    """The published tables (per_frame, ...), each None where they are not on this
    machine, and what a lesson made of them.

    numbers: what benchmarks/published.py recorded, a row per figure with its value,
    estimand, unit, n_frames, n_subjects, data and source. results: the same by the
    lesson's function, a table or the names of its numbers. made: what each gave here.
    """

    def __init__(self, tables: Tables | None) -> None:
        self.tables, self.made = tables, {}
        vars(self).update(tables._asdict() if tables else dict.fromkeys(Tables._fields))
        kept = json.loads(RECORDED.read_text(encoding="utf-8"))
        numbers = pd.DataFrame.from_dict(kept["numbers"], orient="index")
        self.numbers = numbers.rename(lambda name: name.removeprefix("published."))
        self.results = {
            name: pd.DataFrame(found) if isinstance(found, dict) else found
            for name, found in kept["results"].items()
        }

    def of(self, compute: Callable, *given):
        """compute(*given) where the tables are here, else its recorded result (a table,
        or a dict of numbers), by the function's name; None for rows, which are never
        recorded."""
        found = self.results.get(compute.__name__)
        if not any(one is None for one in given):
            found = compute(*given)
        elif isinstance(found, list):
            found = self.numbers["value"][found].to_dict()
        elif found is not None:
            found = found.copy()
        self.made[compute.__name__] = found
        return found

    def told(self, numbers: Mapping[str, float] | Iterable[str], caption: str) -> HTML:
        """Recorded figures by name, or those that `of` gave: what each is, its value,
        and what is behind it."""
        rows = self.numbers.reindex(list(numbers))
        if isinstance(numbers, Mapping):
            rows["value"] = list(numbers.values())
        shown = pd.DataFrame({"what": rows["estimand"].fillna(rows.index.to_series())})
        form = [",.0f" if one == round(one) else ".3g" for one in rows["value"]]
        shown["value"] = list(map(format, rows["value"], form))
        shown["unit"] = rows["unit"].fillna("")
        for name in ("frames", "subjects"):
            behind = rows[f"n_{name}"]
            shown[name] = [f"{one:,.0f}" if one == one else "–" for one in behind]
        return charts.table(shown, caption)


def study(lesson) -> Study:
    """The study for a lesson: its tables from the lesson's `published` folder, or from
    data/published where they were fetched. CourseError as `read`: a folder that was
    named, or fetched to, and is wrong is never passed over."""
    place = settings.data_folder() / "published"
    if lesson.published:
        place = settings.typed(lesson.published)
    there = lesson.published or any((place / name).exists() for name in FILES)
    return Study(read(place) if there else None)


def recorded(name: str, table: str = "") -> tuple[pd.DataFrame, dict]:
    """A benchmark's table, and what is recorded with it: date, versions, settings.
    name: its script without the ending; table: another of its tables."""
    about = (BENCHMARKS / f"{name}.json").read_text(encoding="utf-8")
    return pd.read_csv(BENCHMARKS / f"{table or name}.csv"), json.loads(about)


if __name__ == "__main__":
    place = settings.data_folder() / "published"
    try:
        print(f"{place}: {len(fetch(place))} files fetched, all checksums right")
    except CourseError as error:
        raise SystemExit(str(error)) from error
