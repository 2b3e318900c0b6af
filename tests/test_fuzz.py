"""A thousand mutated files of eight kinds, and a hundred hostile names that go the whole
way from a file to a page: each ends in frames or a sentence, and does nothing."""

import csv
import html
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from frames_by_hand import blood_mask, image, png, write_own
from hostile_names import HOSTILE, may_be_a_file
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from nbformat.v4 import new_output

from helpers import figures, frames, names
from report import cells
from report.prose import Prose, plain

HERE = Path(__file__).resolve().parent


def test_a_thousand_mutated_files_end_in_frames_or_a_sentence_in_bounded_memory(
    tmp_path: Path,
) -> None:
    roads = os.pathsep.join([str(HERE.parent), str(HERE)])
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_by_hand.py"), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": roads, "COURSE_STORE": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ended = json.loads(done.stdout.splitlines()[-1])
    assert ended["wrong"] == []
    counts = ended["counts"]
    assert len(counts) == 8
    assert sum(sum(kind.values()) for kind in counts.values()) == 1000
    # The store makes its own damaged entries anew; of a user's file it says a sentence.
    assert counts.pop("packed frames").keys() == {"frames"}
    assert all(kind["sentence"] > 0 for kind in counts.values())
    assert sum(kind.get("frames", 0) for kind in counts.values()) > 20


# -- a hundred names ----------------------------------------------------------------------


def shown(texts: list[str], place: Path) -> None:
    """Do these do nothing wherever a page, a figure or a record shows them?"""
    for text in texts:
        assert text.isprintable() and names.text(text) == text
        note = new_output("display_data", {"text/markdown": f"> {text}  "})
        for made in (
            Prose(place)(f"> {text}  "),
            cells.output(note, Prose(place)),
        ):
            assert plain(made).strip() == text.strip()
            tags = set(re.findall(r"<\s*/?\s*(\w+)", made))
            assert tags <= {"blockquote", "p", "div"}, made
        assert not is_math_text(text)
        assert json.loads(json.dumps({"name": text})) == {"name": text}


def test_more_than_a_hundred_names_that_differ():
    assert len(HOSTILE) == len(set(HOSTILE)) > 100


def test_hostile_file_names_are_letters_in_the_notes_of_what_was_skipped(tmp_path):
    write_own(tmp_path / "own", ["anna/1", "bert/1"])
    files = [name for name in HOSTILE if may_be_a_file(name)]
    for number, name in enumerate(files):
        place = tmp_path / "own" / "images" / f"s{number}"
        place.mkdir()
        (place / f"{name}.png").write_bytes(b"")
    found = frames.index(tmp_path / "own", on_bad="skip")
    assert set(found.table["subject"]) == {"anna", "bert"}
    assert len(found.skipped) == len(files) > 90
    shown(found.skipped, tmp_path)


def test_hostile_members_of_a_zip_are_letters_in_the_notes(tmp_path):
    (tmp_path / "h" / "pig1").mkdir(parents=True)
    for side, data, end in (
        ("imgs", png(image(0)), ""),
        ("labels", png(blood_mask(0)), "_mask"),
    ):
        with zipfile.ZipFile(tmp_path / "h" / "pig1" / f"{side}.zip", "w") as archive:
            archive.writestr(f"{side}/000000{end}.png", data)
            for number, name in enumerate(HOSTILE):
                with_number = f"{side}/{name}/{number + 1:06d}.png"
                if side == "imgs" and name.isascii():
                    archive.writestr(with_number, b"")
    found = frames.index(tmp_path / "h", on_bad="skip")
    assert list(found.table["frame"]) == [0] and len(found.skipped) > 80
    shown(found.skipped, tmp_path)


@pytest.fixture
def subjects(tmp_path) -> pd.DataFrame:
    """The frame table of a folder in which each hostile name is a subject's."""
    told = [name for name in HOSTILE if name.strip() and len(name) < 99]
    told = [name for name in told if name.isprintable()]
    write_own(tmp_path / "own", [f"{number:03d}" for number in range(len(told))])
    with (tmp_path / "own" / "subjects.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["image", "subject", "clip"])
        writer.writerows(
            [f"{n:03d}", name, f"clip {name}"] for n, name in enumerate(told)
        )
    found = frames.index(tmp_path / "own", on_bad="skip")
    # Those that look like an earlier one are left out, with a sentence.
    assert len(found.table) > 90 and found.skipped
    shown(found.skipped, tmp_path)
    return found.table


def test_hostile_subjects_are_letters_in_tables_notes_and_sentences(subjects, tmp_path):
    shown(sorted(set(subjects["subject"]) | set(subjects["clip"])), tmp_path)
    made = cells.output(
        new_output("display_data", {"text/html": subjects[["subject"]].to_html()}),
        Prose(tmp_path),
    )
    for subject in subjects["subject"]:
        assert subject[:45] in html.unescape(made)  # pandas cuts the longest
    assert not re.search(r"<(script|img|svg|iframe|a|b)\b", made)


def test_hostile_subjects_are_letters_in_the_titles_and_axes_of_figures(subjects):
    table = subjects.assign(dice=0.5)
    chart = figures.by_subject({"id_test": table}, "dice", "Dice")
    written = [one.get_text() for one in chart.axes[0].get_yticklabels()]
    assert written == list(table["subject"]) and len(chart.png()) > 1000
    for number, subject in enumerate(table["subject"]):
        titled = figures.Chart(Figure((3, 1)), subject, subject, subject)
        if number % 10 == 0:
            titled.figure.savefig(io.BytesIO())
        made = titled.html()
        assert re.findall(r"<(\w+)", made) == ["figure", "img", "figcaption"], made[
            :200
        ]
        assert html.escape(subject, quote=True) in made
