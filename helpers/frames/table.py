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
_NEARLY = (
    {"images", "image", "imgs", "img", "frames", "pictures"},
    {"masks", "mask", "labels", "label", "annotations", "segmentations", "gt"},
)
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


class _Row(NamedTuple):
    dataset: str
    subject: str
    clip: str
    frame: int
    image: str
    mask: str
    where: str  # what names the subject, for a sentence
    split: str = ""


def index(folder: str | Path, on_bad: str = "stop") -> Index:
    """The frame table of every labelled frame of a folder, sorted by subject, clip and
    frame, split still "".

    on_bad: "stop" raises CourseError at the first image without mask, mask without
    image, broken zip and so on; "skip" leaves such frames out and names each in
    Index.skipped. Pixels aren't read here: see `pack`.
    """
    bad = Bad(on_bad)
    place, name = _place(folder)
    rows = _apart(_READERS[name](place, bad), bad)
    if not rows:
        reason = f" (the first reason: {bad.sentences[0]})" if bad.sentences else ""
        raise CourseError(
            f"{printable(place)} holds no frame that has both an image and a mask"
            f"{reason}: it should hold {_KNOWN}."
        )
    if name in RELEASED:
        rows = [row._replace(subject=row.subject.lower()) for row in rows]
    rows.sort(
        key=lambda row: (natural(row.subject), natural(row.clip), row.frame, row.image)
    )
    table = pd.DataFrame(rows, columns=_Row._fields)[list(COLUMNS)]
    # Names that do nothing wherever they are shown; the paths stay.
    for column in ("dataset", "subject", "clip"):
        table[column] = table[column].map(text)
    return Index(table, bad.sentences)


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
        else f"{printable(given)} holds no known data set: {_advice(given) or remedy}"
    )


def _advice(folder: Path) -> str:
    """The end of a sentence for a folder that is nearly right, or ""."""
    inside = sorted(path.name for path in folder.iterdir())
    sides = [[name for name in inside if name.lower() in one] for one in _NEARLY]
    if all(sides):
        found = " and ".join(f"{printable(names[0])}/" for names in sides)
        return (
            f"its {found} are nearly right, so rename them to images/ and masks/, or, "
            "if it is one pig of HemoSet, give the folder that holds the pigs."
        )
    stems = {os.path.splitext(name)[0] for name in inside}
    for name in inside:
        if (mask := os.path.splitext(name)[0].split("_mask"))[1:] and mask[0] in stems:
            return (
                f"{printable(name)} stands beside its image, so put the images into "
                "images/ and the masks into masks/."
            )
    return ""


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


def _keyed(found: Iterable[tuple], bad: Bad) -> dict:
    """Key -> address, of pairs; a key's second address goes to `bad`."""
    kept = {}
    for key, address in found:
        if kept.setdefault(key, address) != address:
            said = f"has the same name or number as {named(kept[key])}"
            bad.add(BadFrame(f"{named(address)} {said}: remove one of the two"))
    return kept


def _complete(sides: dict[str, dict], bad: Bad) -> Iterator[tuple]:
    """(key, its addresses) for the keys that are on every side (image, mask ...), in
    order; what lacks another goes to `bad`.
    """
    for key in sorted(set().union(*sides.values()), key=lambda key: natural(str(key))):
        there = [found[key] for found in sides.values() if key in found]
        lacking = [side for side, found in sides.items() if key not in found]
        if not lacking:
            yield key, there
            continue
        said = f"has no {lacking[0]} that goes with it: put it there or download it"
        bad.add(BadFrame(f"{named(there[0])} {said} again"))


def _apart(rows: Iterable[_Row], bad: Bad) -> list[_Row]:
    """The rows but for those of a subject whose name is probably another spelling of an
    earlier one's; each such subject goes to `bad`.
    """
    first, kept, told = {}, [], set()
    for row in rows:
        one = row.subject
        earlier = first.setdefault(_likeness(one), one)
        if one == earlier:
            kept.append(row)
        elif one not in told:
            told.add(one)
            twins = f"the subjects '{one}' and '{earlier}' are probably one, who would"
            remedy = (
                "stand on both sides of a split: write the name the same everywhere"
            )
            bad.add(BadFrame(f"{row.where}: {twins} {remedy}"))
    return kept


def _likeness(name: str) -> str:
    """The same for names that differ only in upper and lower case, in zeros before a
    number, or in spaces, dots, hyphens and underscores about one: pig2 and Pig_02.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[ _.-]*0*(\d+)[ _.-]*", r" \1 ", plain).strip(" _.-")


# -- HemoSet and CholecSeg8k ---------------------------------------------------------


def _hemoset(folder: Path, bad: Bad) -> Iterator[_Row]:
    for pig in _called(_PIG, folder):
        try:
            images, masks = _side(pig, "imgs"), _side(pig, "labels")
        except CourseError as error:  # without one side no frame of the pig is labelled
            bad.add(error)
            continue
        sides = {
            "image": _numbered(images, r"(\d+)\.png", bad),
            "mask": _numbered(masks, r"(\d+)_mask\.png", bad),
        }
        before = -math.inf
        for number, (image, mask) in _complete(sides, bad):
            if number - before > CLIP_STEP:
                clip = f"{pig.name.lower()}_{number:06d}"
            before = number
            yield _Row("hemoset", pig.name, clip, number, image, mask, named(pig))


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


def _numbered(addresses: Iterable, pattern: str, bad: Bad) -> dict[int, str]:
    """Frame number -> address, of the files that are called as the pattern says."""
    parts = ((re.split(r"[/\\!]", str(one))[-1], str(one)) for one in addresses)
    found = ((re.fullmatch(pattern, name, re.I), one) for name, one in parts)
    return _keyed(((int(match[1]), one) for match, one in found if match), bad)


def _cholecseg8k(folder: Path, bad: Bad) -> Iterator[_Row]:
    videos = _called(_VIDEO, folder)
    for clip in (clip for video in videos for clip in _called(_CLIP, video)):
        inside = sorted(clip.iterdir())
        sides = {
            "image": _numbered(inside, r"frame_(\d+)_endo\.png", bad),
            "mask": _numbered(inside, r"frame_(\d+)_endo_watershed_mask\.png", bad),
            "colour mask": _numbered(inside, r"frame_(\d+)_endo_color_mask\.png", bad),
        }
        video, name = clip.parent, clip.name.lower()
        for number, (image, mask, _) in _complete(sides, bad):
            where = named(video)
            yield _Row("cholecseg8k", video.name, name, number, image, mask, where)


# -- one's own -----------------------------------------------------------------------


def _own(folder: Path, bad: Bad) -> Iterator[_Row]:
    name = printable(folder.name)
    for side in (folder / "images", folder / "masks"):
        if not side.is_dir():
            put = f"put images and masks of the same names into both of {name}."
            raise CourseError(f"{named(side)} is not there: {_advice(folder) or put}")
    images = _keyed(_stems(folder / "images"), bad)
    masks = (
        (stem if stem in images else stem.removesuffix("_mask"), path)
        for stem, path in _stems(folder / "masks")
    )
    whole = dict(_complete({"image": images, "mask": _keyed(masks, bad)}, bad))
    tables = [one for one in folder.iterdir() if one.name.lower() == "subjects.csv"]
    said = _from_table(tables[0], whole, bad) if tables else _from_names(name, whole)
    # Those two names say how masks are to be read, so a folder of one's own can't bear
    # them.
    dataset = f"{name} (own)" if name in RELEASED else name
    for stem, (subject, clip, number) in said.items():
        where = named(tables[0] if tables else images[stem])
        yield _Row(dataset, subject, clip, number, *whole[stem], where)


def _stems(side: Path) -> list[tuple[str, str]]:
    """(path below images/ or masks/ without its ending, file), of each picture."""
    return [
        (path.relative_to(side).with_suffix("").as_posix(), str(path))
        for path in files(side)
        if path.suffix.lower() in _PICTURES
    ]


def _from_names(name: str, stems: Iterable[str]) -> dict[str, tuple]:
    """Frame (its stem) -> subject, clip and number, as its path says. The number is the
    last one in the name where that tells all of a subject apart, else its place.
    """
    whose = {stem: stem.split("/")[0] if "/" in stem else name for stem in stems}
    said = {}
    for subject in dict.fromkeys(whose.values()):
        own = [stem for stem in stems if whose[stem] == subject]
        digits = [re.findall(r"\d{1,18}", stem.split("/")[-1]) for stem in own]
        numbers = [int(found[-1]) for found in digits if found]
        if len({*numbers}) < len(own):
            numbers = range(len(own))
        said |= {stem: (subject, subject, n) for stem, n in zip(own, numbers)}
    return said


def _from_table(path: Path, stems: Iterable[str], bad: Bad) -> dict[str, tuple]:
    """The same as subjects.csv says it; what is wrong in a line goes to `bad`."""
    said, listed, places = {}, set(), {}
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
            place = places[line.subject] = places.get(line.subject, -1) + 1
            number = int(line.frame or place)
            said[stem] = (line.subject, line.clip or line.subject, number)
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
