"""Lessons on data as people bring it, and every page of them read for words that are not
true of that run."""

import base64
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import cv2
import data_by_hand
import numpy as np
import pytest
from frames_by_hand import one_sentence
from PIL import Image

from helpers import CourseError, domains, settings
from report.build import build
from report.notebooks import lessons

# Kept whole: about the course, about the literature.
ABOUT_OTHERS = ("literature", "glossary", "teaching", "slides")
SPOKEN = re.compile(r'\s(?:alt|aria-label|title)="([^"]*)"')
CARRIED = re.compile(r"data:image/(?:png|webp|jpeg);base64,([A-Za-z0-9+/=]+)")


def words_of(page: str) -> str:
    """What a page says, alternative texts too, without code and scripts."""
    page = re.sub(r"<(script|style|pre|code)\b.*?</\1>", " ", page, flags=re.S)
    said = " ".join(SPOKEN.findall(page))
    return re.sub(r"\s+", " ", unescape(f"{re.sub('<[^>]+>', ' ', page)} | {said}"))


@dataclass(frozen=True)
class Ran:
    """A site, and what its run was made from."""

    site: Path
    domains: dict[str, str]

    def pages(self) -> dict[str, str]:
        """What every page says of the run, and its pictures' alternative texts."""
        return {
            path.stem: words_of(path.read_text())
            for path in sorted(self.site.glob("*.html"))
            if not path.name.startswith(ABOUT_OTHERS)
        }

    def results(self) -> dict:
        return json.loads((self.site / "results.json").read_text())

    def stamped(self) -> list[bool]:
        """Whether a picture shows a patch of the colour that data_by_hand.stamped
        gives, for every picture of the site, beside the pages and in them."""
        held = [path.read_bytes() for path in self.site.rglob("pictures/*.webp")]
        for path in [*self.site.rglob("*.html"), *self.site.rglob("*.js*")]:
            held += map(base64.b64decode, CARRIED.findall(path.read_text()))
        pictures = (Image.open(io.BytesIO(one)).convert("RGBA") for one in held)
        away = (np.asarray(one, int)[..., :3] - data_by_hand.STAMP for one in pictures)
        return [(np.abs(one).max(axis=2) < 40).sum() >= 9 for one in away]


def half(top: Path) -> dict:
    """Drawn pigs; real patients without video01, so without any blood; to be
    published."""
    target = data_by_hand.without_blood(data_by_hand.released(top) / "cholecseg8k")
    data_by_hand.stamped(target)
    shutil.rmtree(top / "hemoset")
    return {"data": str(top), "public": True}


def own(top: Path) -> dict:
    """Two folders of one's own, in which every frame bleeds."""
    released = data_by_hand.released(top / "released")
    return {
        role: str(data_by_hand.own(top / role, released / layout, bleeding=True))
        for role, layout in (("source", "hemoset"), ("target", "cholecseg8k"))
    }


def many(top: Path) -> dict:
    """Own folders: 140 target subjects in two groups, a frame each, all with the
    structure, in pictures whose blue never varies."""
    given = own(top)
    target = Path(given["target"])
    first, mask = (next((target / one).iterdir()) for one in ("images", "masks"))
    image, said = cv2.imread(str(first))[::-1], ["image,subject,group"]
    for n in range(140):
        cv2.imwrite(str(target / "images" / f"m{n}.png"), image // 2 + n // 5)
        shutil.copy(mask, target / "masks" / f"m{n}.png")
        said.append(f"m{n}.png,many {n},{'old' if n % 2 else 'new'}")
    for path in (target / "images").iterdir():
        cv2.imwrite(str(path), cv2.imread(str(path)) * (0, 1, 1))
    others = (target / "subjects.csv").read_text().splitlines()[1:]
    said += [f"{one},new" for one in others]
    (target / "subjects.csv").write_text("\n".join(said) + "\n")
    return given


def real(top: Path) -> dict:
    """Both released data sets, for oneself."""
    data_by_hand.stamped(data_by_hand.released(top) / "cholecseg8k")
    return {"data": str(top)}


def pigs(top: Path) -> dict:
    """Released pigs; the patients are drawn."""
    shutil.rmtree(data_by_hand.released(top) / "cholecseg8k")
    return {"data": str(top)}


def alone(top: Path) -> dict:
    """A folder of one's own in which all frames count as one subject."""
    released = data_by_hand.released(top / "released")
    mine = data_by_hand.own(top / "mine", released / "hemoset", bleeding=True)
    (mine / "subjects.csv").unlink()
    return {"source": str(mine), "target": str(released / "cholecseg8k")}


# What is given, what source and target then are, the lessons that are run, and how the
# line over every page begins.
KINDS: dict[str, tuple[Callable[[Path], dict], tuple[str, str], str, str]] = {
    "half": (half, ("drawn", "cholecseg8k"), "00 01 03 07", "the source is drawn"),
    "own": (own, ("own", "own"), "00 12", ""),
    "many": (many, ("own", "own"), "12", ""),
    "real": (real, ("hemoset", "cholecseg8k"), "01", ""),
    "pigs": (pigs, ("hemoset", "drawn"), "03", "the target is drawn"),
}


@pytest.fixture(scope="module")
def ran(shared) -> Callable[[str], Ran]:
    """A kind of run, made once for all tests of it."""

    def of(kind: str) -> Ran:
        return shared(f"run-{kind}", lambda folder: run(folder, *KINDS[kind][:3]))

    return of


def run(top: Path, data: Callable, kinds: tuple[str, str], numbers: str) -> Ran:
    """Some lessons on some data, with nothing in the course's own data folder."""
    folder, nothing = top / "lessons", top / "nothing"
    for made in (folder, nothing):
        made.mkdir()
    for lesson in lessons():
        if lesson.stem[:2] in numbers.split():
            shutil.copy(lesson, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(top / "store"))
        patch.setattr(settings, "data_folder", lambda: nothing)
        build(settings.course("smoke", **data(top / "data")), folder, top / "site")
    return Ran(top / "site", dict(zip(("source", "target"), kinds)))


def no_raw_number(site: Path) -> None:
    """No page shows an undefined number as a computer writes it."""
    raw = re.compile(r"(?<![\w-])[+-]?(nan|NaN|None(?! [a-z])|inf)(?![\w-])")
    for path in sorted(site.glob("*.html")):
        text = words_of(path.read_text())
        found = raw.search(text)
        assert not found, (path.name, text[found.start() - 80 : found.end() + 20])


def test_no_page_of_the_course_shows_a_raw_number(smoke) -> None:
    no_raw_number(smoke.site)


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_says_what_its_run_was_made_from(kind, ran) -> None:
    one, said = ran(kind), KINDS[kind][3]
    first = {2: "Phantom data:", 1: "Half drawn:"}.get(KINDS[kind][1].count("drawn"))
    assert one.results()["domains"] == one.domains
    for name, text in one.pages().items():
        for other in ("Half drawn:", "Phantom data:"):
            assert (other in text) is (other == first), name
        assert not first or f"{first} {said}" in text, name
        assert kind != "half" or "the target is real" in text and "CholecSeg8k" in text
    no_raw_number(one.site)


def test_where_nothing_is_drawn_no_subject_is_called_drawn(ran) -> None:
    wrong = re.compile(r"drawn (pigs?|patients?|source subjects?|target subjects?)\b")
    for kind in ("real", "own", "many"):
        for name, text in ran(kind).pages().items():
            assert not wrong.search(text), (name, wrong.search(text))


def test_a_page_to_be_published_shows_no_pixel_of_a_real_frame(ran) -> None:
    stamped = ran("half").stamped()
    assert len(stamped) > 20 and not any(stamped)
    said = "real frames are kept out of its pictures"
    assert any(said in text for text in ran("half").pages().values())


def test_a_page_for_oneself_shows_real_frames(ran) -> None:
    assert sum(ran("real").stamped()) > 0  # so the search above would find them
    assert not any("kept out" in text for text in ran("real").pages().values())


def test_a_number_is_real_where_the_pigs_are_and_nowhere_else(ran) -> None:
    made = {
        name: one["data"]
        for name, one in ran("pigs").results()["results"].items()
        if name.startswith(("id_test.", "ood_test.", "ood_wished."))
    }
    assert set(made.values()) == {"real", "phantom"}
    for name, data in made.items():
        assert (data == "real") is name.startswith("id_test."), name


def test_one_subject_can_not_be_learned_from_and_tested_on(tmp_path, ran) -> None:
    with pytest.raises(CourseError) as error:
        domains.gather(settings.course("smoke", **alone(tmp_path)))
    said = "mine: 24 frames of 1 subject are too few to learn from and be tested on"
    one_sentence(str(error.value), said, "subjects.csv")


def test_own_folders_have_a_lesson_of_their_own(ran) -> None:
    pages = ran("own").pages()
    [text] = [pages[name] for name in pages if name[:2].isdigit()]
    assert "No frame that training saw is without the structure." in text
    assert "Your subjects come in groups." not in text
    many = ran("many").pages()["12_your_own_two_domains"]
    assert "Your subjects come in groups." in many and "Dice by group" in many
    assert ran("many").results()["results"]["ood_test.dice"]["n_subjects"] > 60
    text = text.replace("From pigs to patients", "")  # the course's own name
    assert not re.search("pig|patients|HemoSet|CholecSeg8k", text)


def test_where_no_real_patient_bleeds_dice_is_undefined_and_alarms_are_counted(ran):
    found = ran("half").results()["results"]
    assert found["ood_test.dice"]["value"] is None
    assert found["ood_test.alarm_at_1pct"]["value"] is not None
    # The benchmark that one would wish for is drawn, so it bleeds all the same.
    assert found["ood_wished.dice"]["value"] is not None


def test_no_blood_in_either_domain_ends_in_one_sentence(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    given = own(tmp_path)
    for folder in given.values():
        data_by_hand.never_bleeding(Path(folder))
    with pytest.raises(CourseError) as error:
        domains.gather(settings.course("smoke", **given))
    said = one_sentence(str(error.value), "24 masks marks any blood", "SOURCE=")
    assert said.startswith("None of the source's")
