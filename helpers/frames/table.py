"""From a folder on disk to the frame table. Three layouts are known:

- HemoSet as released (Miao et al., ISMR 2024, arXiv 2403.16286): pigN/imgs.zip with
  imgs/NNNNNN.png, pigN/labels.zip with labels/NNNNNN_mask.png, or the same unpacked in
  place. Masks are palette PNGs; any value above 0 is blood.
- CholecSeg8k as released (Hong et al., arXiv 2012.12453): in videoNN/videoNN_FFFFF/
  frame_N_endo.png with a watershed and a colour mask.
- Anybody's own: images/ (PNG or JPEG) and masks/ (PNG) with the same names, a mask's
  optionally with _mask at its end, and subjects.csv with the columns image and subject,
  and optionally clip and frame. Without it the subject is the subfolder of images/ that
  a frame stands in; without subfolders all frames are one subject's, which nobody can
  split honestly: better to say too few subjects than to let one patient stand on both
  sides.
"""

import collections
import math
import os
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

import pandas as pd

from helpers.errors import CourseError
from helpers.frames.reading import Bad, BadFrame, named
from helpers.words import printable, text

COLUMNS = ("dataset", "subject", "clip", "frame", "split", "image", "mask")
"""The frame table, a row per frame. All str but frame (int64); a member of a zip is
"PATH.zip!member".
"""

RELEASED = ("hemoset", "cholecseg8k")
"""The data sets whose layout and labels are known; any other is somebody's own."""

CLIP_STEP = 60
"""HemoSet's frames this many numbers apart or fewer, two seconds at 30 a second, belong
to one clip.
"""

_PIG, _VIDEO, _CLIP = r"pig\d+", r"video\d+", r"video\d+_\d+"
# Other formats than are read are listed too, so that reading says what is wrong.
_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
_KNOWN = (
    "pigN/imgs.zip and labels.zip (HemoSet), videoNN/videoNN_FFFFF/ (CholecSeg8k), "
    "or images/ and masks/"
)


class Index(NamedTuple):
    """A folder's frame table, and a sentence for everything left out (none under
    on_bad="stop").
    """

    table: pd.DataFrame
    skipped: list[str]


def index(folder: str | Path, on_bad: str = "stop") -> Index:
    """The frame table of every labelled frame of a folder, sorted by subject, clip and
    frame, split still "".

    on_bad: "stop" raises CourseError at the first image without mask, mask without
    image, broken zip and so on; "skip" leaves such frames out and names each in
    Index.skipped. Pixels aren't read here: see `pack`.
    """
    bad = Bad(on_bad)
    place, name = _place(folder)
    # `where` names the subject in a sentence.
    columns = ["dataset", "subject", "clip", "frame", "image", "mask", "where"]
    table = pd.DataFrame(_READERS[name](place, bad), columns=columns)
    table = _apart(table, bad).assign(split="")
    if table.empty:
        reason = f" (the first reason: {bad[0]})" if bad else ""
        raise CourseError(
            f"{printable(place)} holds no frame that has both an image and a mask"
            f"{reason}: it should hold {_KNOWN}."
        )
    if name in RELEASED:
        table["subject"] = table["subject"].str.lower()
    parts = (table[one] for one in ("subject", "clip", "frame", "image"))
    keys = [(natural(a), natural(b), *rest) for a, b, *rest in zip(*parts)]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    table = table.iloc[order].reset_index(drop=True)[list(COLUMNS)]
    # Names that do nothing wherever they are shown; the paths stay.
    for column in ("dataset", "subject", "clip"):
        table[column] = table[column].map(text)
    return Index(table, bad)


def layout(folder: str | Path) -> str:
    """What lies in the folder, or in one right below it: "hemoset", "cholecseg8k" or
    "folder" (one's own).

    Raises CourseError when it isn't there, holds nothing known, or holds several data
    sets.
    """
    return _place(folder)[1]


def begins_in(folder: Path) -> str | None:
    """The layout that begins right in this folder, not in one below it, or None."""
    sides = ("imgs", "labels", "imgs.zip", "labels.zip")
    if any((pig / side).exists() for pig in _called(_PIG, folder) for side in sides):
        return "hemoset"
    if any(_called(_CLIP, video) for video in _called(_VIDEO, folder)):
        return "cholecseg8k"
    own = (folder / "images").is_dir() or (folder / "masks").is_dir()
    return "folder" if own else None


def _place(folder: str | Path) -> tuple[Path, str]:
    """The folder that the layout begins in, and the layout's name."""
    given = Path(folder).expanduser()
    remedy = f"give the path of the folder that holds {_KNOWN}."
    if not given.is_dir():
        raise CourseError(f"{printable(given)}: there is no such folder: {remedy}")
    # What may not be read, such as a disk's lost+found, is no data set.
    below = [one for one in children(given) if os.access(one, os.R_OK)]
    here = begins_in(given)
    found = [(one, begins_in(one)) for one in ([given] if here else below)]
    found = [(one, name) for one, name in found if name]
    if len(found) == 1:
        return found[0]
    listed = printable(", ".join(one.name for one, _ in found))
    raise CourseError(
        f"{printable(given)} holds several data sets ({listed}): give the path of one, "
        "or, if each is a patient of your own, put the frames into images/NAME/ and "
        "masks/NAME/ of one folder."
        if found
        else f"{printable(given)} holds no known data set: {remedy}"
    )


# -- files ---------------------------------------------------------------------------


def _junk(path: object) -> bool:
    """What operating systems leave in folders and zips."""
    left = r"__MACOSX|\._.*|\.DS_Store|Icon\r|Thumbs\.db|desktop\.ini"
    return any(re.fullmatch(left, part, re.I) for part in PurePath(path).parts)


def children(folder: Path) -> list[Path]:
    """The folders right below a folder, junk left out, sorted by name."""
    inside = (one for one in folder.iterdir() if not _junk(one.name))
    return sorted(one for one in inside if one.is_dir())


def _called(pattern: str, folder: Path) -> list[Path]:
    return [one for one in children(folder) if re.fullmatch(pattern, one.name, re.I)]


def files(folder: Path) -> list[Path]:
    """Every file below a folder, through links too, junk left out, sorted by name."""
    found = os.walk(folder, followlinks=True)
    inside = (Path(parent, name) for parent, _, names in found for name in names)
    return sorted(one for one in inside if not _junk(one.relative_to(folder)))


def members(archive: Path) -> list[str]:
    """The names of a zip's files, junk left out, in the zip's order.

    Raises BadFrame when it is no whole zip, or a name leads out of the folder that it
    would be unpacked in.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [info.filename for info in opened.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise BadFrame(
            f"{named(archive)} is not a whole zip ({error}): download it again"
        ) from error
    for name in found:
        if re.search(r"^(/|[a-z]:)|(^|/)\.\.(/|$)", name.replace("\\", "/"), re.I):
            raise BadFrame(
                f"{named(archive)} has a member that points outside, '{name}', and is "
                "not to be trusted: download it again from where it was released"
            )
    return [name for name in found if not _junk(name)]


# -- one of each ---------------------------------------------------------------------


def natural(name: str) -> list[tuple]:
    """A key that sorts pig2 before pig10."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]


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
                bad.add(BadFrame(f"{named(address)} {said}: remove one of the two"))
    for key in sorted(found, key=lambda key: natural(str(key))):
        there = list(found[key].values())
        if lacking := [side for side in sides if side not in found[key]]:
            said = f"has no {lacking[0]} that goes with it: put it there or download it"
            bad.add(BadFrame(f"{named(there[0])} {said} again"))
        else:
            yield key, there


def _apart(table: pd.DataFrame, bad: Bad) -> pd.DataFrame:
    """The table but for subjects whose name is probably another spelling of an earlier
    one's; each of these goes to `bad`.
    """
    first, twins = {}, []
    for one, where in table.groupby("subject", sort=False)["where"].first().items():
        earlier = first.setdefault(_likeness(one), one)
        if one != earlier:
            twins.append(one)
            said = f"the subjects '{one}' and '{earlier}' are probably one, who would"
            remedy = (
                "stand on both sides of a split: write the name the same everywhere"
            )
            bad.add(BadFrame(f"{where}: {said} {remedy}"))
    return table[~table["subject"].isin(twins)]


def _likeness(name: str) -> str:
    """The same for names that differ only in upper and lower case, in zeros before a
    number, or in spaces, dots, hyphens and underscores about one: pig2 and Pig_02.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[ _.-]*0*(\d+)[ _.-]*", r" \1 ", plain).strip(" _.-")


# -- HemoSet and CholecSeg8k ---------------------------------------------------------


def _hemoset(folder: Path, bad: Bad) -> Iterator[tuple]:
    for pig in _called(_PIG, folder):
        try:
            images, masks = _side(pig, "imgs"), _side(pig, "labels")
        except CourseError as error:  # without one side no frame of the pig is labelled
            bad.add(error)
            continue
        sides = {
            "image": _numbered(images, r"(\d+)\.png"),
            "mask": _numbered(masks, r"(\d+)_mask\.png"),
        }
        before = -math.inf
        for number, (image, mask) in _complete(sides, bad):
            if number - before > CLIP_STEP:
                clip = f"{pig.name.lower()}_{number:06d}"
            before = number
            yield ("hemoset", pig.name, clip, number, image, mask, named(pig))


def _side(pig: Path, side: str) -> list[str]:
    """The addresses of a side's files, from the unpacked folder where it holds
    anything, else from the zip.
    """
    if (pig / side).is_dir() and (unpacked := files(pig / side)):
        return [str(path) for path in unpacked]
    archive = pig / f"{side}.zip"
    if not archive.is_file():
        raise BadFrame(
            f"{named(archive)} is not there, and {pig.name} can't be used without it: "
            "download it again"
        )
    return [f"{archive}!{name}" for name in members(archive)]


def _numbered(addresses: Iterable, pattern: str) -> Iterator[tuple[int, str]]:
    """(frame number, address) of the files that are called as the pattern says."""
    for one in map(str, addresses):
        if match := re.fullmatch(pattern, re.split(r"[/\\!]", one)[-1], re.I):
            yield int(match[1]), one


def _cholecseg8k(folder: Path, bad: Bad) -> Iterator[tuple]:
    videos = _called(_VIDEO, folder)
    for clip in (clip for video in videos for clip in _called(_CLIP, video)):
        inside = sorted(clip.iterdir())
        sides = {
            "image": _numbered(inside, r"frame_(\d+)_endo\.png"),
            "mask": _numbered(inside, r"frame_(\d+)_endo_watershed_mask\.png"),
            "colour mask": _numbered(inside, r"frame_(\d+)_endo_color_mask\.png"),
        }
        video, name = clip.parent, clip.name.lower()
        for number, (image, mask, _) in _complete(sides, bad):
            where = named(video)
            yield ("cholecseg8k", video.name, name, number, image, mask, where)


# -- one's own -----------------------------------------------------------------------


def _own(folder: Path, bad: Bad) -> Iterator[tuple]:
    name = printable(folder.name)
    for side in (folder / "images", folder / "masks"):
        if not side.is_dir():
            raise CourseError(
                f"{named(side)} is not there: put images and masks of the same names "
                f"into images/ and masks/ of {name}."
            )
    images, masks = _stems(folder / "images"), _stems(folder / "masks")
    known = dict(images)
    masks = [
        (stem if stem in known else stem.removesuffix("_mask"), path)
        for stem, path in masks
    ]
    whole = dict(_complete({"image": images, "mask": masks}, bad))
    tables = [one for one in folder.iterdir() if one.name.lower() == "subjects.csv"]
    said = _from_table(tables[0], whole, bad) if tables else _from_names(name, whole)
    # Those two names say how masks are to be read, so a folder of one's own can't bear
    # them.
    dataset = f"{name} (own)" if name in RELEASED else name
    for stem, (subject, clip, number) in said.items():
        where = named(tables[0] if tables else whole[stem][0])
        yield (dataset, subject, clip, number, *whole[stem], where)


def _stems(side: Path) -> list[tuple[str, str]]:
    """(path below images/ or masks/ without its ending, file), of each picture."""
    return [
        (path.relative_to(side).with_suffix("").as_posix(), str(path))
        for path in files(side)
        if path.suffix.lower() in _PICTURES
    ]


def _from_names(name: str, stems: Iterable[str]) -> dict[str, tuple]:
    """Frame (its stem) -> subject, clip and number, which is its place among the
    subject's, as its path says.
    """
    said, places = {}, collections.Counter()
    for stem in stems:
        subject = stem.split("/")[0] if "/" in stem else name
        said[stem] = (subject, subject, places[subject])
        places[subject] += 1
    return said


def _from_table(path: Path, stems: Iterable[str], bad: Bad) -> dict[str, tuple]:
    """The same as subjects.csv says it; what is wrong in a line goes to `bad`."""
    said, listed, places = {}, set(), collections.Counter()
    for line in _lines(path).itertuples():
        stem = re.sub(r"^(\./)?(images/)?", "", line.image.replace("\\", "/"))
        if os.path.splitext(stem)[1].lower() in _PICTURES:
            stem = os.path.splitext(stem)[0]
        listed.add(stem)
        if stem not in stems:
            wrong = "is no image with a mask: correct the name or remove the line"
        elif not line.subject:
            wrong = "has no subject: write whose frame it is"
        elif stem in said:
            wrong = "is listed a second time: remove one of the two lines"
        elif not re.fullmatch(r"\d{0,18}", line.frame):
            wrong = f"has the frame '{line.frame}', no whole number: correct it"
        else:
            number = int(line.frame or places[line.subject])
            said[stem] = (line.subject, line.clip or line.subject, number)
            places[line.subject] += 1
            continue
        bad.add(BadFrame(f"{named(path)}: '{line.image}' {wrong}"))
    for stem in stems:
        if stem not in listed:
            bad.add(BadFrame(f"{named(path)} has no line for '{stem}': add one"))
    return said


def _lines(path: Path) -> pd.DataFrame:
    """subjects.csv as text: image, subject, clip, frame, without spaces about them."""
    try:
        # Spreadsheets write semicolons where the comma is the decimal mark.
        with path.open(encoding="utf-8-sig") as file:
            separator = max(",;\t", key=file.readline().count)
        options = {"dtype": str, "index_col": False, "keep_default_na": False}
        table = pd.read_csv(path, sep=separator, encoding="utf-8-sig", **options)
    except ValueError as error:
        raise CourseError(
            f"{named(path)} can't be read as a table ({printable(error)}): save it as "
            "CSV in UTF-8 with the columns image and subject."
        ) from error
    table.columns = [str(name).strip().lower() for name in table]
    if not {"image", "subject"} <= {*table}:
        raise CourseError(
            f"{named(path)} lacks the columns image and subject (it has: "
            f"{printable(', '.join(table))}): write them into its first line."
        )
    columns = ["image", "subject", "clip", "frame"]
    table = table.reindex(columns=columns, fill_value="").astype(str)
    return table.apply(lambda one: one.str.strip())


_READERS = {"hemoset": _hemoset, "cholecseg8k": _cholecseg8k, "folder": _own}
