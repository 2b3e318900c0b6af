"""The published tables: where they come from, with which checksum, and how they are
fetched and read.

    files.fetch("data/published")
    tables = files.read("data/published")
    tables.per_frame.groupby("subject").dice.mean()
"""

import hashlib
import io
import json
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from torch.hub import download_url_to_file

from helpers.errors import CourseError
from helpers.frames import CLASSES

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
    """One published file: where it stands, and the SHA-256 of the bytes that the
    recorded figures were computed from."""

    sha256: str
    project: str
    commit: str
    folder: str
    licence: str

    def address(self, name: str) -> str:
        """The public address at the commit."""
        return f"{PUBLIC}/{self.project}/{self.commit}/{self.folder}/{name}"


FILES = {
    "per_frame_analysis.csv": Source(
        "50c16c434cfca15c1aea69509c4fe7eec917f86e55b0e04aa3f866f799a992dd", *STUDY
    ),
    "correlation_analysis.csv": Source(
        "ffdc29c676bf7c456ed4b0839fb8684889bdb74dfe4fe5d2888bc233beaaca7f", *STUDY
    ),
    "training_results.json": Source(
        "984b141cedd9e6b8071724cf4f5f10e5cbae7bae09037a9e029e7cdc286c2687", *STUDY
    ),
    "domain_stats.json": Source(
        "81e40bb37d6413739358dc79d740579d28f4b4e928158933a91ade72571d0e57", *STUDY
    ),
    "hemoset_splits.json": Source(
        "5b75eb45e3a670edb4a766bc346dec08b3d8d6f66cf6e818401b21d27254db67", *STUDY
    ),
    "classes_per_image.json": Source(
        "b0965abfa40932a422d294e035de426abce7e7cb324bb3b9caeed069ba29dc15", *STATISTICS
    ),
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
    for name, source in FILES.items():
        path, address = Path(folder, name), source.address(name)
        if path.is_file() and _sha256(path.read_bytes()) == source.sha256:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            download_url_to_file(address, str(path), source.sha256, progress=False)
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
    return Tables(
        _per_frame(pd.read_csv(raw["per_frame_analysis.csv"])),
        _classes(json.load(raw["classes_per_image.json"])),
        pd.concat(
            _parts(splits[name], r"(?P<subject>pig\d+)/(?P<frame>\d+)").assign(
                split=name
            )
            for name in ("train", "val")
        ).reset_index(drop=True),
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
    if _sha256(content) != FILES[path.name].sha256:
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
    parts = _parts(
        table.pop("frame_id"),
        r"^(?P<subject>video\d+)/(?P<clip>video\d+_\d+)/frame_(?P<frame>\d+)_endo",
    )
    rows = pd.concat([parts, table.astype({"has_blood": bool})], axis=1)
    return rows.sort_values(["subject", "frame"], ignore_index=True)


def _classes(content: dict) -> pd.DataFrame:
    """Coverage in percent per class: each class has two columns of one name, the
    number of objects first, then the area."""
    names, table = content["columns"], pd.DataFrame(content["data"])
    parts = _parts(
        table[names.index("Image")], r"^(?P<subject>video\d+)_frame_(?P<frame>\d+)_endo"
    )
    classes = [entry.name.lower() for entry in CLASSES]
    area = {name: table[names.index(name) + 1].astype(float) for name in classes}
    return pd.concat([parts, pd.DataFrame(area)], axis=1)
