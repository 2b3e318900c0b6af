"""The published study that lesson 05 re-examines: its tables, fetched and checked, what
they gave when recorded, and the lesson's charts of them.

    python -m helpers.published fetch   # into data/published, or the folder named
    study = published.study(lesson)
    study.of(by_class, study.classes)   # by_class(study.classes), or what is recorded
"""

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from torch.hub import download_url_to_file

from helpers import settings, words
from helpers.errors import CourseError
from helpers.figures import Table, chart
from helpers.figures.chart import BLUE, COLOURS, ORANGE, RED, SKY, Chart
from helpers.frames import CLASSES
from helpers.statistics import Estimate

RECORDED = settings.ROOT / "benchmarks/published.json"
FAINT = COLOURS["faint"]
SIZES = {"one pixel": (BLUE, "o"), "0.1 %": (ORANGE, "s"), "1 %": (RED, "D")}
PUBLIC = "https://raw.githubusercontent.com"
STUDY = (
    "youssof20/surgical-blood-generalization",
    "86bfcc5a2e51baa2f7dde5cea6a3d5739a53f065",
    "outputs/results",
    "MIT",
)
STATISTICS = (
    "dataset-ninja/cholec-seg8k",
    "146ad5972daf489dc7175bf938ed2cd75930158c",
    "stats",
    "CC BY-NC-SA 4.0",
)


class Source(NamedTuple):
    """One published file: where it stands, and the first half of the SHA-256 of the
    bytes that the recorded figures were computed from."""

    sha256: str
    project: str
    commit: str
    folder: str
    licence: str


FILES = {
    "per_frame_analysis.csv": Source("50c16c434cfca15c1aea69509c4fe7ee", *STUDY),
    "correlation_analysis.csv": Source("ffdc29c676bf7c456ed4b0839fb86848", *STUDY),
    "training_results.json": Source("984b141cedd9e6b8071724cf4f5f10e5", *STUDY),
    "domain_stats.json": Source("81e40bb37d6413739358dc79d740579d", *STUDY),
    "hemoset_splits.json": Source("5b75eb45e3a670edb4a766bc346dec08", *STUDY),
    "classes_per_image.json": Source("b0965abfa40932a422d294e035de426a", *STATISTICS),
}


class Tables(NamedTuple):
    """The published tables; nothing is computed from them yet.

    per_frame: a row per CholecSeg8k frame: subject, clip, frame, and the study's own
    columns. classes: a row per frame of the data set's class statistics: subject,
    frame, and for each class, by its name in small letters, the coverage in percent of
    the frame. splits: a row per HemoSet frame: subject, frame, split (train or val).
    training, domain: the study's own summaries. correlations: its table of Spearman
    coefficients.
    """

    per_frame: pd.DataFrame
    classes: pd.DataFrame
    splits: pd.DataFrame
    training: dict
    domain: dict
    correlations: pd.DataFrame


def fetch(folder: str | Path) -> list[str]:
    """Bring the files that `folder` lacks into it, and return their names; a file with
    another checksum is replaced.

    Raises CourseError, one sentence: an address that doesn't answer, a checksum that
    differs, a folder that can't be written. No such file is kept.
    """
    came = []
    for name, one in FILES.items():
        path = Path(folder, name)
        if path.is_file() and _sha256(path.read_bytes()).startswith(one.sha256):
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
    """Read the six files of `folder`.

    Raises CourseError, one sentence and nothing computed, where one of them is missing
    or not the published file. Their form needs no check: their checksums are known.
    """
    raw = {name: _bytes(Path(folder, name)) for name in FILES}
    splits = json.load(raw["hemoset_splits.json"])
    place = r"(?P<subject>pig\d+)/(?P<frame>\d+)"
    sides = [_parts(splits[one], place).assign(split=one) for one in ("train", "val")]
    return Tables(
        _per_frame(pd.read_csv(raw["per_frame_analysis.csv"])),
        _classes(json.load(raw["classes_per_image.json"])),
        pd.concat(sides).reset_index(drop=True),
        json.load(raw["training_results.json"]),
        json.load(raw["domain_stats.json"]),
        pd.read_csv(raw["correlation_analysis.csv"]),
    )


def _bytes(path: Path) -> io.BytesIO:
    """The content of a published file, which is the published one."""
    try:
        content = path.read_bytes()
        wrong = f"its checksum begins with {_sha256(content)[:12]}"
    except OSError as error:
        content, wrong = b"", error.strerror
    if not _sha256(content).startswith(FILES[path.name].sha256):
        raise CourseError(
            f"{path}: this is not the published table ({wrong}); fetch the published "
            "files again with make published, or name the folder that has them."
        )
    return io.BytesIO(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parts(names: list[str] | pd.Series, pattern: str) -> pd.DataFrame:
    """What the names of frames say: a column per named group, frame as a number."""
    return pd.Series(names).str.extract(pattern).astype({"frame": int})


def _per_frame(table: pd.DataFrame) -> pd.DataFrame:
    pattern = r"^(?P<subject>video\d+)/(?P<clip>video\d+_\d+)/frame_(?P<frame>\d+)_endo"
    parts = _parts(table.pop("frame_id"), pattern)
    rows = pd.concat([parts, table.astype({"has_blood": bool})], axis=1)
    return rows.sort_values(["subject", "frame"], ignore_index=True)


def _classes(content: dict) -> pd.DataFrame:
    """Coverage in percent per class: each class has two columns of one name, the
    number of objects first, then the area."""
    names, table = content["columns"], pd.DataFrame(content["data"])
    pattern = r"^(?P<subject>video\d+)_frame_(?P<frame>\d+)_endo"
    parts = _parts(table[names.index("Image")], pattern)
    classes = [entry.name.lower() for entry in CLASSES]
    area = {name: table[names.index(name) + 1].astype(float) for name in classes}
    return pd.concat([parts, pd.DataFrame(area)], axis=1)


class Recorded(NamedTuple):
    """What benchmarks/published.py recorded: `published.<name>` to its Estimate, and
    results by the lesson's function (a table, or the names of its numbers)."""

    numbers: dict[str, Estimate]
    results: dict[str, pd.DataFrame | list[str]]


def recorded() -> Recorded:
    """The recorded figures."""
    content = json.loads(RECORDED.read_text(encoding="utf-8"))
    numbers = {
        name: Estimate(**{key: row[key] for key in row if key != "source"})
        for name, row in content["numbers"].items()
    }
    results = {
        name: pd.DataFrame(found) if isinstance(found, dict) else found
        for name, found in content["results"].items()
    }
    return Recorded(numbers, results)


@dataclass(eq=False)
class Study:
    """The published tables, None where they are not on this machine, and what a lesson
    made of them.

    add: called with a name and an Estimate for each number. made: what each function
    gave, by its name.
    """

    tables: Tables | None
    kept: Recorded
    add: Callable[[str, Estimate], object]
    made: dict[str, object] = field(default_factory=dict)

    def __getattr__(self, name: str):
        """per_frame, classes, splits, training: one of the tables, or None."""
        if name not in Tables._fields:
            raise AttributeError(name)
        return None if self.tables is None else getattr(self.tables, name)

    def of(self, compute: Callable, *given):
        """compute(*given) where the tables are here, else its recorded result, found by
        the function's name.

        A dict of numbers is recorded as published.<name> each; a table goes to a chart.
        Rows are never recorded, so without the tables a function that gives rows gives
        None.
        """
        name = compute.__name__
        if not any(one is None for one in given):
            found = compute(*given)
        elif isinstance(found := self.kept.results.get(name), list):
            found = {one: self.kept.numbers[f"published.{one}"].value for one in found}
        elif found is not None:
            found = found.copy()
        self.made[name] = found
        for one, value in found.items() if isinstance(found, dict) else ():
            unknown = Estimate(value, estimand=one, data="published")
            known = self.kept.numbers.get(f"published.{one}", unknown)
            self.add(f"published.{one}", replace(known, value=float(value)))
        return found

    @property
    def files(self) -> Table:
        """The files behind the figures, each with its project, licence and checksum."""
        rows = pd.DataFrame(FILES.values(), index=FILES).rename_axis("file")
        rows["SHA-256"] = rows["sha256"].str[:16] + "..."
        rows["commit"] = rows["commit"].str[:7]
        shown = rows.reset_index()[["file", "project", "commit", "licence", "SHA-256"]]
        elsewhere = "not on this machine; the figures are the recorded ones"
        said = "read just now" if self.tables else elsewhere
        return Table(shown, f"The published files: {said}")

    @property
    def said(self) -> str:
        """One sentence for the reader: computed now, or recorded."""
        if self.tables:
            return "The published tables are here: each cell below computes from them."
        return (
            "The published tables are not on this machine, so the cells below show "
            "what they gave when this page was recorded. `make published` fetches them "
            "(3 MB) into `data/published`, or name a folder that has them: "
            '`data = {"published": "my/folder"}`. Every cell then computes.'
        )


def study(lesson) -> Study:
    """The study for a lesson: its tables from the lesson's `published` folder, or from
    data/published where they were fetched. All numbers that are recorded go into the
    lesson's record; those that it computes replace theirs.

    Raises CourseError as `read` does: a folder that was named, or fetched to, and is
    wrong is never passed over.
    """
    fetched, tables = settings.data_folder() / "published", None
    if lesson.published:
        # A relative path is the reader's, said where the command was typed; a notebook
        # runs in its own folder.
        here = Path(os.environ.get("COURSE_FROM", os.curdir))
        tables = read(here / Path(lesson.published).expanduser())
    elif any((fetched / name).exists() for name in FILES):
        tables = read(fetched)
    found = Study(tables, recorded(), lesson.add)
    lists = [one for one in found.kept.results.values() if isinstance(one, list)]
    computed = {f"published.{name}" for names in lists for name in names}
    for name, number in found.kept.numbers.items():
        if name not in computed:
            lesson.add(name, number)
    return found


def by_class(rows: pd.DataFrame) -> Chart:
    """Mean difference between the scored area and each class's; columns class, mean,
    greatest (points of percent)."""
    rows = rows.sort_values("mean", ignore_index=True)
    nearest, blood = rows.iloc[0], rows[rows["class"] == "Blood"].iloc[0]
    colours, names = {"Blood": RED, nearest["class"]: BLUE}, list(rows["class"])
    parts = {"": (rows["mean"], [colours.get(name, FAINT) for name in names])}
    what = "mean difference from the scored area, percentage points"
    whole = 1.08 * rows["mean"].max()  # room for the last number
    figure, axis = chart.bars(names, parts, what, whole, each=0.24)
    axis.bar_label(axis.containers[0], fmt="{:.2f}", padding=4, fontsize=8)
    listing = "; ".join(f"{n} {mean:.2f}" for n, mean in zip(names, rows["mean"]))
    return Chart(
        figure,
        f"The scored area is that of the class {nearest['class']}"
        if nearest["greatest"] < 1
        else f"No class has the scored area; {nearest['class']} comes nearest",
        f"A bar per class with its mean difference from the scored area in percentage "
        f"points: {listing}.",
        f"The scored area differs from {nearest['class']} by {nearest['greatest']:.2f} "
        f"points at most over all frames, "
        f"from Blood by up to {blood['greatest']:.0f}.",
    )


def modes(rows: pd.DataFrame) -> Chart:
    """The published failure modes, divided; columns mode, common (bool), bleeds
    (bool), frames."""
    partial = rows["mode"] == "PARTIAL"
    kinds = {
        "a pixel in common": (partial & rows["common"], SKY),
        "no pixel in common": (partial & ~rows["common"], ORANGE),
        "no blood in the frame": (~partial & ~rows["bleeds"], FAINT),
        "blood in the frame": (~partial & rows["bleeds"], RED),
    }
    sums = rows.groupby("mode")["frames"].sum().sort_values(ascending=False)
    parts = {}
    for label, (which, colour) in kinds.items():
        frames = rows[which].groupby("mode")["frames"].sum()
        parts[label] = (frames.reindex(sums.index, fill_value=0), colour)
    figure, _ = chart.bars(list(sums.index), parts, "frames", 1.05 * sums.max())
    listing = "; ".join(
        f"{mode}, {label}: {frames[mode]:,.0f}"
        for mode in sums.index
        for label, (frames, _) in parts.items()
        if (mode == "PARTIAL") == label.endswith("common")
    )
    touched, free = (frames.sum() for frames, _ in list(parts.values())[:2])
    return Chart(
        figure,
        f"Of {free + touched:,} PARTIAL frames, {free:,} have no pixel in common with "
        f"what was scored",
        f"A bar per published failure mode, divided. {listing}.",
        "PARTIAL is divided by whether a single pixel is in common, the others by "
        "whether the frame holds blood.",
    )


def neighbours(rows: pd.DataFrame, near: int = 60) -> Chart:
    """Validation frames by distance to the nearest training frame of their pig;
    columns distance, frames."""
    figure, axis = chart.new(7.0, 2.6)
    places, close = range(len(rows)), rows["distance"] <= near
    colours = [RED if one else FAINT for one in close]
    bars = axis.bar(places, rows["frames"], color=colours, width=0.75)
    axis.bar_label(bars, fontsize=9)
    axis.set_xticks(places, rows["distance"])
    axis.set(xlabel="frame numbers to the nearest training frame of the same pig")
    axis.set(ylabel="validation frames")
    listing = "; ".join(f"{row.frames} at {row.distance}" for row in rows.itertuples())
    return Chart(
        figure,
        f"{rows['frames'][close].sum()} of {rows['frames'].sum()} validation frames "
        f"have a training frame within {near} frame numbers",
        f"Validation frames by distance to the nearest training frame: {listing}.",
        "Thirty frame numbers are one second of video.",
    )


def alarms(rows: pd.DataFrame) -> Chart:
    """Share of each patient's clean frames with an alarm, at three sizes; columns
    subject, bleeds, and SIZES in percent."""
    rows = rows.sort_values(list(SIZES)[-1], ignore_index=True)
    names = rows["subject"] + rows["bleeds"].map({True: " (bleeds)", False: ""})
    marks = rows[list(SIZES)].add_prefix("at least ").assign(row=names)
    marks = marks.melt("row", var_name="kind")
    looks = {f"at least {size}": look for size, look in SIZES.items()}
    x_title = "clean frames with an alarm, % of the patient's"
    figure, _ = chart.dots(marks, looks, x_title, each=0.21)
    ends = {n: f"from {rows[n].min():.0f} to {rows[n].max():.0f} %" for n in SIZES}
    listing = "; ".join(f"at {size} {apart}" for size, apart in ends.items())
    widest = max(SIZES, key=lambda size: rows[size].max() - rows[size].min())
    return Chart(
        figure,
        f"Alarms by patient at {widest}: {ends[widest]} of the frames",
        f"Three dots per patient, {words.counted(len(rows), 'patient')}: {listing}.",
        "Read each colour by itself: how far apart are the patients once an alarm must "
        "have a size?",
    )


def main(given: list[str]) -> None:
    """Fetch what lacks, and say how many files came."""
    folder = given[1] if given[1:] else settings.data_folder() / "published"
    try:
        came = len(fetch(folder))
    except CourseError as error:
        raise SystemExit(str(error)) from error
    there = len(FILES) - came
    print(f"{folder}: {came} files fetched, {there} there already, checksums right")


if __name__ == "__main__":
    main(sys.argv[1:])
