"""make data: say what of the real data sets is there; fetch CholecSeg8k after a yes."""

import argparse
import os
import shutil
import sys
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from helpers import CourseError, frames, settings
from helpers.words import printable
from phantom.subjects import PATIENTS, PIGS


class Card(NamedTuple):
    """A data set as released; data/README.md says the same in words. subjects: the
    labelled frames of each; clip: frames of each clip, None where there are no clips.
    """

    name: str
    folder: str
    subjects: dict[str, int]
    clip: int | None
    where: str
    licence: str


FRAMES = {patient: 80 * clips for patient, clips in PATIENTS.items()}
HEMOSET = Card(
    *("HemoSet", "hemoset", PIGS, None),
    where="https://arclab-hemoset.github.io, about 494 MB",
    licence="none is stated, so no frame of it may be published",
)
CHOLECSEG8K = Card(
    *("CholecSeg8k", "cholecseg8k", FRAMES, 80),
    where="https://www.kaggle.com/datasets/newslab/cholecseg8k, about 3 GB",
    licence="CC BY-NC-SA 4.0: not for commercial use, share alike, name the authors",
)
ORIGINS = {"hub": "minwoosun/CholecSeg8k", "kaggle": "newslab/cholecseg8k"}


def main(words: list[str] | None = None) -> int:
    """The exit code: 0: as asked; 1: something is to be mended; 130: interrupted."""
    parser = argparse.ArgumentParser("make data", description=__doc__)
    parser.add_argument("--data", default="", help="the folder of the data sets")
    parser.add_argument("--from", dest="origin", default="hub", choices=ORIGINS)
    parser.add_argument("--yes", default="", help="1: fetch without asking")
    given = parser.parse_args(words)
    try:
        folder = settings.course(data=given.data).data or settings.data_folder()
        return conduct(folder, given.origin, given.yes)
    except CourseError as error:
        print(f"\n{printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; make data goes on where it stopped.", file=sys.stderr)
        return 130


def conduct(folder: Path, origin: str, yes: str) -> int:
    """Say what is there, ask, and fetch; the exit code. CourseError where nothing can
    be fetched."""
    if any([_told(folder / card.folder, card) for card in (HEMOSET, CHOLECSEG8K)]):
        return 1
    if (folder / CHOLECSEG8K.folder).exists():
        return 0
    print(
        f"It can be fetched from {ORIGINS[origin]} (FROM={origin}, of "
        f"{' and '.join(ORIGINS)}). What comes is counted; the hub's copy was never "
        "compared with the release beyond that."
    )
    if not yes and not sys.stdin.isatty():
        raise CourseError("Nothing was fetched: there is nobody to ask; say YES=1.")
    if (yes or input("Fetch it? [y/N] ")).strip().lower() not in ("1", "y", "yes"):
        print("Nothing was fetched.")
        return 0
    print(f"{printable(obtain(folder, CHOLECSEG8K, origin))} holds all of it.")
    return 0


def _told(place: Path, card: Card) -> bool:
    """Say what a data set is and what of it is there; True where that is not right."""
    print(
        f"\n{card.name} ({card.where}): {sum(card.subjects.values()):,} labelled "
        f"frames of {len(card.subjects)} subjects.\nLicence: {card.licence}."
    )
    if wrong := differences(place, card) if place.exists() else []:
        print(
            f"{printable(place)} is not as its card says ({'; '.join(wrong)}): move it "
            "away, and fetch it again."
        )
    elif place.exists():
        print(f"{printable(place)} holds all of it.")
    elif card is HEMOSET:
        print(
            "It is not there, and is fetched by hand: download the pigs from the drive "
            f"that its page links to, and put them into {printable(place)}, so that "
            "pig1/imgs.zip and pig1/labels.zip are there; make data counts them."
        )
    return bool(wrong)


def obtain(folder: Path, card: Card, origin: str) -> Path:
    """Fetch a data set into a folder of data sets; its own folder. What has come waits
    beside it until it has the counts of the card: a broken download goes on from there.
    CourseError; the data set's own folder is then not made."""
    place, aside = folder / card.folder, folder / f".{card.folder}-arriving"
    try:
        aside.mkdir(exist_ok=True)
        came = _unpacked(_brought(origin, aside / origin), aside / "unpacked")
        videos = [one.parent for one in came.rglob(next(iter(card.subjects)))]
        wrong = differences(videos[0], card) if videos else ["it holds no video"]
        if wrong:
            raise CourseError(
                f"What was fetched is not {card.name} as its card says "
                f"({'; '.join(wrong)}), and nothing was put in place: remove "
                f"{printable(aside)}, and name the other place with FROM=."
            )
        os.rename(videos[0], place)
    except OSError as error:
        raise CourseError(
            f"{printable(place)} can't be put in place ({error.strerror or error}): "
            "make room or change the folder's permissions, and run make data again."
        ) from error
    shutil.rmtree(aside, ignore_errors=True)
    return place


def _brought(origin: str, folder: Path) -> Path:
    """Where the files lie that the place's own library has fetched; a download that
    broke off is gone on with."""
    handle = ORIGINS[origin]
    try:
        if origin == "hub":
            from huggingface_hub import snapshot_download

            snapshot_download(handle, repo_type="dataset", local_dir=folder)
            return folder
        # In its own cache the library goes on after a break, into a named folder not.
        os.environ["KAGGLEHUB_CACHE"] = str(folder)
        import kagglehub

        return Path(kagglehub.dataset_download(handle))
    except Exception as error:  # each library has a class for every way of failing
        raise CourseError(
            f"{handle} can't be fetched ({type(error).__name__}: {error}): try again, "
            "which goes on where it stopped, or name the other place with FROM= "
            "(kaggle takes pip install -e '.[kaggle]' first)."
        ) from error


def _unpacked(came: Path, draft: Path) -> Path:
    """The folder itself, or the one that its zips were unpacked into."""
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was broken off
    zips = sorted(came.rglob("*.zip"))
    for archive in zips:
        try:
            with zipfile.ZipFile(archive) as opened:
                places = [(draft / name).resolve() for name in opened.namelist()]
                if not all(one.is_relative_to(draft.resolve()) for one in places):
                    raise CourseError(
                        f"{printable(archive)} has a file that points outside, and is "
                        "not to be trusted: remove it, and name the other place with "
                        "FROM=."
                    )
                opened.extractall(draft)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise CourseError(
                f"{printable(archive)} is damaged: remove it, and run make data again."
            ) from error
    return draft if zips else came


def differences(folder: Path, card: Card) -> list[str]:
    """What a folder has otherwise than its card says, at most three; pixels are not
    read. CourseError where it holds nothing known."""
    found = frames.index(folder, on_bad="skip")
    if (layout := frames.layout(folder)[1]) != card.folder:
        raise CourseError(
            f"{printable(folder)} is laid out as {layout} and not as {card.name}: give "
            "it another name."
        )
    counts, wanted = found.table["subject"].value_counts(), pd.Series(card.subjects)
    if card.clip:
        clips = found.table["clip"].value_counts()
        counts = pd.concat([counts, clips])
        wanted = pd.concat([wanted, clips * 0 + card.clip])
    both = pd.DataFrame({"has": counts, "wanted": wanted}).fillna(0).astype(int)
    off = both[both["has"] != both["wanted"]].itertuples()
    said = [f"{name} has {n:,} frames and not {wanted:,}" for name, n, wanted in off]
    return [*found.skipped[:1], *said][:3]


if __name__ == "__main__":
    sys.exit(main())
