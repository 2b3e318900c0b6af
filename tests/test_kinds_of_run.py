"""The whole course on data as people bring it, and every page of it read for words that
are not true of that run."""

import base64
import io
import json
import re
import shutil
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import data_by_hand
import numpy as np
import pytest
from PIL import Image

from helpers import settings, words
from report.build import build
from report.domains import banner
from report.notebooks import FOLDER, lessons

# Kept whole: about the published study, about the course, about the literature.
ABOUT_OTHERS = ("05_", "literature", "glossary", "teaching", "slides")
SPOKEN = re.compile(r'\s(?:alt|aria-label|title)="([^"]*)"')


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
        """Every page's words and its pictures' alternative texts, without code."""
        found = {}
        for path in sorted(self.site.glob("*.html")):
            if not path.name.startswith(ABOUT_OTHERS):
                found[path.stem] = words_of(path.read_text())
        return found

    def results(self) -> dict:
        return json.loads((self.site / "results.json").read_text())

    def pictures(self) -> list[np.ndarray]:
        """Every picture of the site, beside the pages and in them, RGB."""
        held = [
            path.read_bytes()
            for ending in ("webp", "png", "jpg")
            for path in self.site.rglob(f"*.{ending}")
        ]
        for path in [*self.site.rglob("*.html"), *self.site.rglob("*.js*")]:
            inside = re.findall(
                r"data:image/(?:png|webp|jpeg);base64,([A-Za-z0-9+/=]+)",
                path.read_text(),
            )
            held += [base64.b64decode(one) for one in inside]
        return [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in held]


def stamps(pictures: list[np.ndarray]) -> int:
    """How many pictures show a patch of the colour that data_by_hand.stamped gives."""
    away = (
        np.abs(one.astype(int) - data_by_hand.STAMP).max(axis=2) for one in pictures
    )
    return sum((one < 40).sum() >= 9 for one in away)


def run(
    tmp_path_factory, name: str, kinds: tuple[str, str], only: str = "", **given
) -> Ran:
    """The course on some data, or only the lessons of some numbers ("01 03")."""
    with pytest.MonkeyPatch.context() as patch:
        top = tmp_path_factory.mktemp(name)
        patch.setenv("COURSE_STORE", str(top / "store"))
        (top / "nothing").mkdir()
        patch.setattr(settings, "data_folder", lambda: top / "nothing")
        folder = FOLDER
        if only:
            folder = top / "lessons"
            folder.mkdir()
            for lesson in lessons():
                if lesson.stem[:2] in only.split():
                    shutil.copy(lesson, folder)
        build(settings.course("smoke", **given), folder, top / "site")
    return Ran(top / "site", dict(zip(("source", "target"), kinds)))


@pytest.fixture(scope="module")
def half(tmp_path_factory) -> Ran:
    """Real patients and drawn pigs, for a page to be published."""
    folder = data_by_hand.released(tmp_path_factory.mktemp("released"))
    target = data_by_hand.stamped(folder / "cholecseg8k")
    kinds = ("drawn", "cholecseg8k")
    return run(tmp_path_factory, "half", kinds, target=str(target), public=True)


@pytest.fixture(scope="module")
def dry(tmp_path_factory) -> Ran:
    """Both released data sets, the target as it is without video01: no blood at all."""
    folder = data_by_hand.released(tmp_path_factory.mktemp("released"))
    data_by_hand.stamped(data_by_hand.without_blood(folder / "cholecseg8k"))
    return run(tmp_path_factory, "dry", ("hemoset", "cholecseg8k"), data=str(folder))


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Ran:
    """Two folders of one's own, in which every frame bleeds."""
    top = tmp_path_factory.mktemp("own")
    released = data_by_hand.released(top / "released")
    given = {
        role: str(data_by_hand.own(top / role, released / layout, bleeding=True))
        for role, layout in (("source", "hemoset"), ("target", "cholecseg8k"))
    }
    return run(tmp_path_factory, "own-site", ("own", "own"), **given)


KINDS = ("half", "dry", "own")


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_names_each_domain_as_what_it_is(kind, request) -> None:
    ran = request.getfixturevalue(kind)
    assert ran.results()["domains"] == ran.domains
    first, rest = banner(ran.domains)
    for name, text in ran.pages().items():
        assert ("Phantom data:" in text) is (first == "Phantom data:"), name
        assert ("Half drawn:" in text) is (first == "Half drawn:"), name
        assert rest in text, name


def no_raw_number(site: Path) -> None:
    raw = re.compile(r"(?<![\w-])[+-]?(nan|NaN|None(?! [a-z])|inf)(?![\w-])")
    for path in sorted(site.glob("*.html")):
        text = words_of(path.read_text())
        found = raw.search(text)
        assert not found, (path.name, text[found.start() - 80 : found.end() + 20])


def test_no_page_of_the_course_shows_one_either(smoke) -> None:
    no_raw_number(smoke.site)


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_shows_an_undefined_number_as_a_computer_writes_it(
    kind, request
) -> None:
    no_raw_number(request.getfixturevalue(kind).site)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_where_nothing_is_drawn_no_subject_is_called_drawn(kind, request) -> None:
    ran = request.getfixturevalue(kind)
    wrong = re.compile(r"drawn (pigs?|patients?|source subjects?|target subjects?)\b")
    for name, text in ran.pages().items():
        assert not wrong.search(text), (name, wrong.search(text))


@pytest.mark.parametrize("kind, times", [("own", 1), ("half", 0)])
def test_each_lesson_says_once_that_its_text_is_about_other_data(
    kind, times, request
) -> None:
    for name, text in request.getfixturevalue(kind).pages().items():
        assert text.count(words.OWN) == times * name[:2].isdigit(), name


def test_a_page_to_be_published_shows_no_pixel_of_a_real_frame(half) -> None:
    pictures = half.pictures()
    assert len(pictures) > 50 and stamps(pictures) == 0
    assert any(
        "real frames are kept out of its pictures" in text
        for text in half.pages().values()
    )


def test_a_page_for_oneself_shows_real_frames(dry) -> None:
    assert stamps(dry.pictures()) > 5  # so the search above would find them
