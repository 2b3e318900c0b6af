"""Every reader under whatever hypothesis draws: what was written is what is read, or one
sentence names the file. Any other error fails the test, and so does a wrong result."""

import contextlib
import csv
import tempfile
from pathlib import Path

import numpy as np
import pytest
from frames_by_hand import (
    SIZE,
    image,
    png,
    write_cholec,
    write_own,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from helpers import CourseError, clips, frames, words
from helpers.frames import CLASSES, UNKNOWN

few = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # bounded in time also where something fails
    suppress_health_check=list(HealthCheck),
)
SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@contextlib.contextmanager
def folder():
    """An empty folder called own, since hypothesis runs a test many times."""
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "own").mkdir()
        yield Path(place) / "own"


@contextlib.contextmanager
def or_sentence(*named: str):
    """What stands in the block may end in one sentence that names one of these files."""
    try:
        yield
    except CourseError as error:
        said = str(error)
        assert said.endswith(".") and said.isprintable() and len(said) < 1500, said
        assert any(name in said for name in named), said


def read_own(place: Path, image_file: bytes, mask_file: bytes):
    """One frame of one's own, by the way that lessons go."""
    for side, data in (("images", image_file), ("masks", mask_file)):
        (place / side).mkdir()
        (place / side / "a.png").write_bytes(data)
    return frames.read(frames.index(place).table.iloc[0])


# -- pixels -----------------------------------------------------------------------------


@given(arrays.arrays(np.uint8, st.tuples(st.just(5), st.just(6), st.just(3))))
@few
def test_a_png_is_read_as_it_was_written(pixels):
    with folder() as place:
        mask = np.zeros(pixels.shape[:2], np.uint8)
        mask[0, 0] = 1
        assert np.array_equal(read_own(place, png(pixels), png(mask))[0], pixels)


@given(
    SIZES.flatmap(lambda size: arrays.arrays(bool, size)),
    st.integers(1, 255),
    st.sampled_from(["L", "RGB", "LA", "RGBA", "P", "1", "I;16"]),
)
@few
def test_a_mask_of_two_values_is_read_in_every_form(blood, value, mode):
    grey = np.where(blood, value, 0).astype(np.uint8)
    nothing, opaque = grey * 0, grey * 0 + 255
    bands = {
        "RGB": [grey, nothing, nothing],
        "LA": [grey, opaque],
        "RGBA": [grey] * 3 + [opaque],
    }
    flat = {"L": grey, "P": grey, "1": blood, "I;16": grey.astype(np.uint16) * 257}
    stored = np.dstack(bands[mode]) if mode in bands else flat[mode]
    stored = png(stored, [0, 0, 0] * 256 if mode == "P" else None)
    with folder() as place:
        if blood.all():  # nobody labels a frame as a whole
            with pytest.raises(CourseError, match="a.png has 1 values .* inverted"):
                read_own(place, png(image(1, blood.shape)), stored)
        else:
            _, found, valid, _ = read_own(place, png(image(1, blood.shape)), stored)
            assert np.array_equal(found, blood) and valid.all()


@given(SIZES.flatmap(lambda size: arrays.arrays(np.uint8, size)))
@few
def test_a_mask_of_any_greys_is_read_where_it_has_two_and_refused_elsewhere(grey):
    values = set(np.unique(grey).tolist())
    with folder() as place:
        if values == {0} or (len(values) == 2 and 0 in values):
            found = read_own(place, png(image(1, grey.shape)), png(grey))[1]
            assert np.array_equal(found, grey > 0)
        else:
            with pytest.raises(CourseError, match="own/masks/a.png"):
                read_own(place, png(image(1, grey.shape)), png(grey))


WHITE = (255, 255, 255)
KINDS = [*((one.grey, one.rgb, one.id) for one in CLASSES)]
KINDS += [(0, WHITE, UNKNOWN), (255, WHITE, UNKNOWN)]
PLACES = {"elements": {"max_value": len(KINDS) - 1}}


@given(SIZES.flatmap(lambda size: arrays.arrays(np.uint8, size, **PLACES)))
@few
def test_every_class_of_cholecseg8k_is_read_back(kinds):
    greys, colours, ids = (np.array(part, np.uint8)[kinds] for part in zip(*KINDS))
    with folder() as place:
        masks = {"watershed": png(np.dstack([greys] * 3)), "color": png(colours)}
        write_cholec(place, "video01", 0, 0, endo=png(image(0, kinds.shape)), **masks)
        row = frames.index(place).table.iloc[0]
        _, blood, valid, classes = frames.read(row)
        assert np.array_equal(classes, ids)
        assert np.array_equal(blood, ids == 7)
        assert np.array_equal(valid, ids != UNKNOWN)


# -- tables -----------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    st.lists(st.tuples(WORDS, WORDS, st.integers(0, 10**17)), min_size=2, max_size=3),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@few
def test_subjects_csv_is_read_as_a_spreadsheet_wrote_it(lines, separator, ending):
    with folder() as place:
        write_own(place, list("abc"[: len(lines)]))
        with (place / "subjects.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=separator, lineterminator=ending)
            writer.writerow(["image", "subject", "clip", "frame"])
            writer.writerows([stem, *line] for stem, line in zip("abc", lines))
        with or_sentence("own/subjects.csv", "own has two"):
            table = frames.index(place).table
            found = {Path(row.image).stem: row for row in table.itertuples()}
            for stem, (subject, clip, frame) in zip("abc", lines):
                subject, clip = subject.strip(), clip.strip() or subject.strip()
                assert found[stem].subject == words.text(subject)
                assert found[stem].clip == words.text(clip)
                assert found[stem].frame == frame


NUMBERS = st.floats(0.01, 1.9).map(lambda one: round(one, 3))


@given(
    st.lists(NUMBERS, max_size=6, unique=True), st.integers(0, 31), st.integers(0, 23)
)
@few
def test_bleedings_are_read_as_they_were_written(times, x, y):
    times = sorted(times)[: len(times) // 2 * 2]
    rows = list(zip(times[::2], times[1::2]))
    with folder() as place:
        (place / "anna_0").mkdir()
        for number in range(10):
            (place / "anna_0" / f"{number}.png").write_bytes(png(image(0, (24, 32))))
        lines = [f"anna_0,{start},{end},{x},{y}\n" for start, end in rows[::-1]]
        table = "case,start_s,end_s,x,y\n" + "".join(lines)
        (place / "bleedings.csv").write_text(table)
        (video,) = clips.cases(place)
        assert video.bleedings == tuple((*row, x, y) for row in rows)
        assert video.subject == "anna"


# -- names and layouts ------------------------------------------------------------------

FILES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
).filter(lambda name: name[0] not in ".@" and len(name.encode()) < 200)


@given(st.lists(FILES, min_size=1, max_size=3, unique=True))
@few
def test_subjects_are_called_as_their_folders_are_or_a_sentence_says_why_not(subjects):
    with folder() as place:
        write_own(
            place, [f"{subject}/{number}" for subject in subjects for number in (1, 2)]
        )
        with or_sentence("own", "images/"):
            table = frames.index(place).table
            assert sorted(set(table["subject"])) == sorted(map(words.text, subjects))
            for _, row in table.iterrows():
                assert frames.read(row)[0].shape == (*SIZE, 3)
                assert words.text(Path(row["image"]).parent.name) == row["subject"]
