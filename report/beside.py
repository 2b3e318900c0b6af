"""What is made of the lessons' pages: an index to search in, slides, and the teacher's
guide that leads to them."""

import json
import re
from typing import NamedTuple

from bs4 import BeautifulSoup
from markupsafe import Markup

from helpers.settings import ROOT
from report import glossary
from report.notebooks import REPOSITORY
from report.pages import Cells, Page, plain

# What a reader wouldn't look for, and words that stand for pictures.
LEFT = re.compile(
    r"<(script|style|svg|math|pre|table)\b.*?</\1>|<img\b[^>]*>", re.DOTALL
)
HEADING = re.compile(r'<h[23] id="([^"]*)">(.*?)</h[23]>', re.DOTALL)
FILE = re.compile(
    r"\]\((?P<path>(?:notebooks/(?P<lesson>\d\d_\w+)\.ipynb|[\w./-]+\.\w+))"
    r"(?P<place>#[^)]*)?\)"
)


def search_index(pages: list[Page], words: list[glossary.Entry]) -> str:
    """The script that search loads: where each section and each word of the course
    is, its heading and its text."""
    everything = [one for page in pages for one in _sections(page)]
    for one in words:
        about = {"page": "Words of the course", "at": f"{glossary.FILE}#{one.id}"}
        everything.append(about | {"head": one.word, "text": one.text})
    held = json.dumps(everything, ensure_ascii=False, separators=(",", ":"))
    return f"window.courseIndex = {held};\n"


def _sections(page: Page) -> list[dict[str, str]]:
    # The words before the first heading have neither a place nor a heading.
    parts = ["", "", *HEADING.split(str(page.body))]
    return [
        {
            "page": f"{page.number} {page.title}",
            "at": f"{page.file}#{place}".rstrip("#"),
            "head": plain(heading),
            "text": _words(body),
        }
        for place, heading, body in zip(parts[::3], parts[1::3], parts[2::3])
    ]


def _words(markup: str) -> str:
    return " ".join(plain(re.sub(r"<[^>]+>", " \\g<0>", LEFT.sub(" ", markup))).split())


class Slide(NamedTuple):
    """A figure of a lesson: the section that it is of, its picture (HTML), its caption,
    and the question that stands before it in this section."""

    section: str
    picture: Markup
    caption: str
    question: str


def slides(page: Page) -> list[Slide]:
    """The slides of a lesson, a figure each, in the lesson's order; the question is the
    last one in bold type since the figure or the heading before."""
    made, section, question = [], page.title, ""
    for one in BeautifulSoup(page.body, "html.parser").select(
        "h2, strong, [class=chart]"
    ):
        text = one.get_text().strip()
        if one.name == "h2":
            section, question = text, ""
        elif one.name == "strong":
            question = text if text.endswith("?") else question
        else:
            caption = one.figcaption.extract() if one.figcaption else None
            said = caption.get_text().strip() if caption else ""
            made.append(Slide(section, Markup(one), said, question))
            question = ""
    return made


def deck(page: Page) -> str:
    """The file of a lesson's slides."""
    return f"slides_{page.number}.html"


def teaching(pages: list[Page]) -> tuple[str, str]:
    """The teacher's guide: its heading and its HTML. Lessons that the site has are
    linked in it, and all other files in the course's repository."""
    names = {page.executed.name for page in pages}

    def where(link: re.Match) -> str:
        if link["lesson"] in names:
            return f"]({link['lesson']}.html{link['place'] or ''})"
        return f"]({REPOSITORY}/blob/main/{link['path']})"

    text = FILE.sub(where, (ROOT / "TEACHING.md").read_text(encoding="utf-8"))
    heading, _, text = text.removeprefix("# ").partition("\n")
    return heading.strip(), f'<div class="prose">{Cells(ROOT).prose(text)}</div>'
