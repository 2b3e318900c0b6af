"""From a folder on disk to the frame table. A layout is a reader: a generator of rows
that tells `bad` of what can't be one. Three are known (data/README.md shows them):
HemoSet (Miao et al., ISMR 2024, arXiv 2403.16286) and CholecSeg8k (Hong et al., arXiv
2012.12453) as released, zipped or unpacked, and anybody's own images/ and masks/.

Whose a frame is, subjects.csv says, or else the subfolder that it stands in. Without
subfolders all frames are one subject's, which nobody can split honestly: better to say
too few subjects than to let one patient stand on both sides.
"""

import glob
import math
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from helpers import CourseError
from helpers.frames.reading import BadFrame, named
from helpers.words import printable, text

COLUMNS = ("dataset", "subject", "clip", "frame", "split", "image", "mask")
"""The frame table, a row per frame. All str but frame (int64); a member of a zip is
"PATH.zip!member"."""

RELEASED = ("hemoset", "cholecseg8k")
"""The data sets whose layout and labels are known; any other is somebody's own."""

CLIP_STEP = 60
"""HemoSet's frames this many numbers apart or fewer, two seconds at 30 a second, belong
to one clip."""

_PIG, _VIDEO, _CLIP = r"pig\d+", r"video\d+", r"video\d+_\d+"
# Other formats than are read are listed too, so that reading says what is wrong.
_PICTURE = re.compile(r"\.(png|jpe?g|tiff?|bmp|gif|webp)$", re.I)
_KNOWN = (
    "pigN/imgs.zip and labels.zip (HemoSet), videoNN/videoNN_FFFFF/ (CholecSeg8k), "
    "or images/ and masks/"
)
Bad = Callable[[BadFrame], None]


class Index(NamedTuple):
    """A folder's frame table, and a sentence for everything left out."""

    table: pd.DataFrame
    skipped: list[str]


def index(folder: str | Path, on_bad: str = "stop") -> Index:
    """The frame table of every labelled frame of a folder, sorted by subject, clip and
    frame, split still "".

    on_bad: "stop" raises CourseError at the first image without mask, mask without
    image, broken zip and so on; "skip" leaves such frames out and names each in
    Index.skipped. Pixels aren't read here: see `pack`.
    """
    skipped: list[str] = []

    def bad(error: BadFrame) -> None:
        if on_bad == "stop":
            raise error
        skipped.append(str(error))

    place, name = layout(folder)
    columns = ["dataset", "subject", "clip", "frame", "image", "mask"]
    table = pd.DataFrame(_READERS[name](place, bad), columns=columns)
    table = _apart(table, bad).assign(split="")[list(COLUMNS)]
    if table.empty:
        reason = f" (the first reason: {skipped[0]})" if skipped else ""
        raise CourseError(
            f"{printable(place)} holds no frame that has both an image and a mask"
            f"{reason}: it should hold {_KNOWN}."
        )
    if name in RELEASED:
        table["subject"] = table["subject"].str.lower()
    order = ["subject", "clip", "frame", "image"]
    table = table.sort_values(order, key=lambda one: one.map(natural))
    # Names that do nothing wherever they are shown; the paths stay.
    for column in ("dataset", "subject", "clip"):
        table[column] = table[column].map(text)
    return Index(table.reset_index(drop=True), skipped)


def layout(folder: str | Path) -> tuple[Path, str]:
    """Where the data set in a folder begins (there, or right below it), and what it is:
    "hemoset", "cholecseg8k" or "folder" (one's own). CourseError when the folder isn't
    there, holds nothing known, or holds several data sets.
    """
    given = Path(folder).expanduser().absolute()
    wrong = "there is no such folder"
    if given.is_dir():
        # What may not be read, such as a disk's lost+found, is no data set.
        below = [one for one in _called(".*", given) if os.access(one, os.R_OK)]
        places = [given] if begins_in(given) else below
        found = [(one, name) for one in places if (name := begins_in(one))]
        if len(found) == 1:
            return found[0]
        wrong = "it holds no known data set"
        if found:
            raise CourseError(
                f"{printable(given)} holds several data sets "
                f"({printable(', '.join(one.name for one, _ in found))}): give the "
                "path of one, or, if each is a patient of your own, put the frames "
                "into images/NAME/ and masks/NAME/ of one folder."
            )
    raise CourseError(
        f"{printable(given)}: {wrong}: give the path of the folder that holds {_KNOWN}."
    )


def begins_in(folder: Path) -> str | None:
    """The layout that begins right in this folder, not in one below it, or None."""
    sides = ("imgs", "labels", "imgs.zip", "labels.zip")
    if any((pig / side).exists() for pig in _called(_PIG, folder) for side in sides):
        return "hemoset"
    if any(_called(_CLIP, video) for video in _called(_VIDEO, folder)):
        return "cholecseg8k"
    own = (folder / "images").is_dir() or (folder / "masks").is_dir()
    return "folder" if own else None


# -- files ---------------------------------------------------------------------------


def _hidden(path: str) -> bool:
    """What systems leave in folders and zips: ._a.png, .DS_Store, __MACOSX, @eaDir."""
    return bool(re.search(r"(^|/)(\.|__MACOSX|@)", path))


def _called(pattern: str, folder: Path) -> list[Path]:
    """The folders right below a folder that are called so, sorted by name."""
    inside = (one for one in folder.iterdir() if not _hidden(one.name))
    called = (one for one in inside if re.fullmatch(pattern, one.name, re.I | re.S))
    return sorted(one for one in called if one.is_dir())


def _files(folder: Path) -> list[str]:
    """The paths from a folder to all files below it, through links too, sorted."""
    found = map(Path, glob.glob("**", root_dir=folder, recursive=True))
    inside = sorted(one for one in found if (folder / one).is_file())
    return [one.as_posix() for one in inside if not _hidden(one.as_posix())]


def _inside(place: Path) -> list[str]:
    """The addresses of a folder's files or, where there are none, of its zip's.
    BadFrame when that is no whole zip, or has a path that leads out of it."""
    if place.is_dir() and (unpacked := _files(place)):
        return [str(place / one) for one in unpacked]
    archive = place.with_name(f"{place.name}.zip")
    try:
        with zipfile.ZipFile(archive) as opened:
            found = opened.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise BadFrame(
            f"{named(archive)} is gone or is not a whole zip ({error}): download it "
            "again"
        ) from error
    for name in found:
        if re.search(r"^([/\\]|[a-z]:)|(^|[/\\])\.\.([/\\]|$)", name, re.I):
            raise BadFrame(
                f"{named(archive)} has a member that points outside, '{name}', and is "
                "not to be trusted: download it again from where it was released"
            )
    return [f"{archive}!{name}" for name in found if not _hidden(name)]


def _numbered(addresses: Iterable, pattern: str) -> Iterator[tuple[int, str]]:
    """(frame number, address) of the files that are called as the pattern says."""
    for one in map(str, addresses):
        if match := re.fullmatch(pattern, re.split(r"[/\\!]", one)[-1], re.I):
            yield int(match[1]), one


# -- one of each ---------------------------------------------------------------------


def natural(name: object) -> str:
    """A key that sorts pig2 before pig10."""
    return re.sub(r"\d+", lambda found: found[0].zfill(20), str(name))


def _complete(sides: dict[str, Iterable[tuple]], bad: Bad) -> Iterator[tuple]:
    """(key, its addresses) for the keys that are on every side (image, mask ...), in
    order. sides: pairs of key and address. What lacks another, and a key's second
    address on one side, goes to `bad`.
    """
    found: dict[object, dict[str, str]] = {}
    for side, pairs in sides.items():
        for key, address in pairs:
            earlier = found.setdefault(key, {}).setdefault(side, address)
            if earlier != address:
                said = f"has the same name or number as {named(earlier)}"
                bad(BadFrame(f"{named(address)} {said}: remove one of the two"))
    for key in sorted(found, key=natural):
        there = list(found[key].values())
        if lacking := [side for side in sides if side not in found[key]]:
            said = f"has no {lacking[0]} that goes with it: put it there or download it"
            bad(BadFrame(f"{named(there[0])} {said} again"))
        else:
            yield key, there


def _apart(table: pd.DataFrame, bad: Bad) -> pd.DataFrame:
    """The table but for subjects whose name is probably another spelling of an earlier
    one's; each of these goes to `bad`.
    """
    first = table.groupby(table["subject"].map(_likeness))["subject"].transform("first")
    twin = table["subject"] != first
    for row in table[twin].drop_duplicates("subject").itertuples():
        said = f"the subjects '{row.subject}' and '{first[row.Index]}' are probably one"
        said += ", who would stand on both sides of a split: write the name the same"
        bad(BadFrame(f"{named(row.image)}: {said} everywhere"))
    return table[~twin]


def _likeness(name: str) -> str:
    """The same for names that differ only in upper and lower case, in zeros before a
    number, or in spaces, dots, hyphens and underscores about one: pig2 and Pig_02.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[ _.-]*0*(\d+)[ _.-]*", r" \1 ", plain).strip(" _.-")


# -- the readers ---------------------------------------------------------------------


def _hemoset(folder: Path, bad: Bad) -> Iterator[tuple]:
    for pig in _called(_PIG, folder):
        try:
            images, masks = _inside(pig / "imgs"), _inside(pig / "labels")
        except BadFrame as error:  # without one side no frame of the pig is labelled
            bad(error)
            continue
        images = _numbered(images, r"(\d+)\.png")
        masks = _numbered(masks, r"(\d+)_mask\.png")
        before = -math.inf
        for number, addresses in _complete({"image": images, "mask": masks}, bad):
            if number - before > CLIP_STEP:
                clip = f"{pig.name.lower()}_{number:06d}"
            before = number
            yield ("hemoset", pig.name, clip, number, *addresses)


def _cholecseg8k(folder: Path, bad: Bad) -> Iterator[tuple]:
    clips = (_called(_CLIP, video) for video in _called(_VIDEO, folder))
    for clip in (one for some in clips for one in some):
        parts = {"image": "", "mask": "_watershed_mask", "colour mask": "_color_mask"}
        sides = {
            side: _numbered(sorted(clip.iterdir()), rf"frame_(\d+)_endo{part}\.png")
            for side, part in parts.items()
        }
        for number, (image, mask, _) in _complete(sides, bad):
            who, name = clip.parent.name, clip.name.lower()
            yield ("cholecseg8k", who, name, number, image, mask)


def _own(folder: Path, bad: Bad) -> Iterator[tuple]:
    name = printable(folder.name)
    sides: dict[str, list[tuple]] = {}
    for side, place in (("image", folder / "images"), ("mask", folder / "masks")):
        if not place.is_dir():
            raise CourseError(
                f"{named(place)} is not there: put images and masks of the same names "
                f"into images/ and masks/ of {name}."
            )
        pictures = filter(_PICTURE.search, _files(place))
        sides[side] = [(_PICTURE.sub("", one), str(place / one)) for one in pictures]
    known = dict(sides["image"])
    sides["mask"] = [
        (stem if stem in known else stem.removesuffix("_mask"), path)
        for stem, path in sides["mask"]
    ]
    whole = dict(_complete(sides, bad))
    tables = [one for one in folder.iterdir() if one.name.lower() == "subjects.csv"]
    if tables:
        lines = _listed(tables[0], whole, bad)
    else:
        whose = [stem.split("/")[0] if "/" in stem else name for stem in whole]
        lines = pd.DataFrame(
            {"stem": [*whole], "subject": whose, "clip": "", "frame": ""}
        )
    places = lines.groupby("subject").cumcount()
    # Those two names say how masks are to be read.
    dataset = f"{name} (own)" if name in RELEASED else name
    for line in lines.itertuples():
        number = int(line.frame or places[line.Index])
        clip = line.clip or line.subject
        yield (dataset, line.subject, clip, number, *whole[line.stem])


def _listed(path: Path, stems: Iterable[str], bad: Bad) -> pd.DataFrame:
    """subjects.csv: stem (an image without its ending), subject, clip and frame as
    text, of each frame; what is wrong with a line goes to `bad`."""
    try:
        # Spreadsheets write semicolons where the comma is the decimal mark.
        with path.open(encoding="utf-8-sig") as file:
            separator = max(",;\t", key=file.readline().count)
        options = {"dtype": str, "index_col": False, "keep_default_na": False}
        table = pd.read_csv(path, sep=separator, encoding="utf-8-sig", **options)
        table.columns = [str(name).strip().lower() for name in table]
        if not {"image", "subject"} <= {*table}:
            raise ValueError(f"it has the columns {', '.join(table)}")
    except ValueError as error:
        raise CourseError(
            f"{named(path)} can't be read as a table with the columns image and "
            f"subject ({printable(error)}): write these into its first line, and save "
            "it as CSV in UTF-8."
        ) from error
    lines = table.reindex(columns=["image", "subject", "clip", "frame"], fill_value="")
    lines = lines.astype(str).apply(lambda one: one.str.strip())
    stem = lines["image"].str.replace("\\", "/").str.replace(_PICTURE, "", regex=True)
    stem = stem.str.replace(r"^(\./)?(images/)?", "", regex=True)
    wrong = pd.Series("", lines.index)  # of a line: the last of these
    whole = lines["frame"].str.fullmatch(r"\d{0,18}")
    wrong[~whole] = "has a frame that is no whole number: correct it"
    wrong[stem.duplicated()] = "is listed a second time: remove one of the two lines"
    wrong[lines["subject"] == ""] = "has no subject: write whose frame it is"
    unknown = "is no image with a mask: correct the name or remove the line"
    wrong[~stem.isin([*stems])] = unknown
    for image, said in zip(lines["image"], wrong):
        if said:
            bad(BadFrame(f"{named(path)}: '{image}' {said}"))
    for name in stems:
        if name not in set(stem):
            bad(BadFrame(f"{named(path)} has no line for '{name}': add one"))
    return lines.assign(stem=stem)[wrong == ""]


_READERS = {"hemoset": _hemoset, "cholecseg8k": _cholecseg8k, "folder": _own}
