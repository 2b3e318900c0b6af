"""python -m helpers.fetching [--data FOLDER] [--from hub|kaggle] [--yes 1]"""

import argparse
import sys
from pathlib import Path

from helpers import settings
from helpers.errors import CourseError
from helpers.fetching import CHOLECSEG8K, HEMOSET, ORIGINS, Card, differences, obtain
from helpers.names import printable

_YES = ("1", "y", "yes")


def main(words: list[str] | None = None) -> int:
    """Say what the real data sets are and what of them is there, and fetch CholecSeg8k
    where somebody says yes. The exit code is 0: as asked, 1: something is to be mended,
    130: interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.fetching", description=main.__doc__
    )
    parser.add_argument("--data", default="", help="the folder of the data sets")
    parser.add_argument("--from", dest="origin", default=next(iter(ORIGINS)))
    parser.add_argument("--yes", default="", help="1: fetch without asking")
    given = parser.parse_args(words)
    try:
        return _run(given.data, given.origin, given.yes)
    except CourseError as error:
        print(f"\n{printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; make data goes on where it stopped.", file=sys.stderr)
        return 130


def _run(data: str, origin: str, yes: str) -> int:
    if origin not in ORIGINS:
        raise CourseError(
            f"FROM={origin} is no place that CholecSeg8k is fetched from; choose one "
            f"of {', '.join(ORIGINS)}."
        )
    if yes and yes.lower() not in (*_YES, "0", "n", "no"):
        raise CourseError(f"YES={yes} is neither yes nor no; choose 1 or 0.")
    folder = settings.course(data=data).data or settings.data_folder()
    faults = [
        _told(folder, HEMOSET, _steps),
        _told(folder, CHOLECSEG8K, _offer(origin)),
    ]
    if any(faults):
        return 1
    if (folder / CHOLECSEG8K.folder).exists():
        return 0
    if not yes and not sys.stdin.isatty():
        raise CourseError(
            "Nothing was fetched, since there is nobody to ask; say it with YES=1."
        )
    if (yes or input("\nFetch it? [y/N] ")).strip().lower() not in _YES:
        print("Nothing was fetched.")
        return 0
    place = obtain(folder, CHOLECSEG8K, ORIGINS[origin])
    print(f"{printable(place)}: {_counts(CHOLECSEG8K)}, all there.")
    return 0


def _told(folder: Path, card: Card, otherwise) -> bool:
    """Say what a data set is and what of it is there; True where that is not all."""
    place = folder / card.folder
    print(f"\n{card.name} ({card.page}): {_counts(card)}.\nLicence: {card.licence}.")
    if not place.exists():
        print(otherwise(place))
        return False
    if wrong := differences(place, card):
        print(
            f"{printable(place)} is not as the card says ({'; '.join(wrong)}): move it "
            "away, and fetch it again."
        )
        return True
    print(f"{printable(place)} holds all of it.")
    return False


def _counts(card: Card) -> str:
    clips = f" in {card.clips} clips" if card.clips else ""
    return f"{card.frames:,} labelled frames of {len(card.subjects)} subjects{clips}"


def _steps(place: Path) -> str:
    return (
        f"It is not there, and is fetched by hand ({HEMOSET.size}):\n"
        f"  1. Open {HEMOSET.page} and download the pigs from the shared drive that it "
        "links to.\n"
        f"  2. Put them into {printable(place)}, so that pig1/imgs.zip and "
        "pig1/labels.zip are there; make data then counts them."
    )


def _offer(name: str):
    def said(place: Path) -> str:
        origin = ORIGINS[name]
        others = " and ".join(
            f"FROM={key} fetches it from {one.called} ({one.handle}: {one.known})"
            for key, one in ORIGINS.items()
            if key != name
        )
        return (
            f"It is not there. It can be fetched from {origin.called} "
            f"({origin.handle}: {origin.known}) into {printable(place)}; {others}.\n"
            "What has come is counted before it is put there."
        )

    return said


if __name__ == "__main__":
    sys.exit(main())
