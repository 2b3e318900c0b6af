"""What stands beside the lessons: their words, their literature, an index to search
in, slides, and the teacher's guide."""

import html
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

from bs4 import BeautifulSoup
from markupsafe import Markup

from helpers.settings import ROOT
from report.notebooks import REPOSITORY
from report.pages import HERE, Cells, Page, plain

GLOSSARY = "glossary.html"
# Where words are no prose: they lead somewhere already, or stand for something else.
NO_PROSE = "a button code figure h1 h2 h3 h4 math pre script summary svg table".split()
# What a reader wouldn't look for, and words that stand for pictures.
LEFT = re.compile(r"<(script|style|svg|math|pre|table)\b.*?</\1>|<img\b[^>]*>", re.S)
HEADING = re.compile(r'<h[23] id="([^"]*)">(.*?)</h[23]>', re.S)
FILE = re.compile(r"\]\(([\w./-]+\.\w+)(#[^)]*|)\)")


class Entry(NamedTuple):
    """A word, its id on the page, its other forms, and what it means (Markdown)."""

    word: str
    id: str
    forms: tuple[str, ...]
    text: str


def entries() -> list[Entry]:
    """The words of the glossary, each under a second-level heading, a last line
    "Also: ..." giving other forms."""
    found = []
    for part in (HERE / "glossary.md").read_text("utf-8").split("\n## ")[1:]:
        word, _, text = part.partition("\n")
        text, _, also = text.strip().partition("\nAlso: ")
        forms = tuple(one.strip() for one in also.split(",") if one.strip())
        name = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")
        found.append(Entry(word.strip(), name, forms, text.strip()))
    return found


def linked(page: str, words: list[Entry]) -> str:
    """A page's HTML in which the first mention of each word, in prose, leads to the
    glossary and carries its meaning, which the style shows while it is pointed at."""
    if not words:
        return page
    forms = {form.lower(): one for one in words for form in (one.word, *one.forms)}
    longest = sorted(map(re.escape, forms), key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])", re.IGNORECASE)
    used: set[str] = set()

    def link(found: re.Match) -> str:
        one = forms[found[0].lower()]
        if one.id in used:
            return found[0]
        used.add(one.id)
        means = html.escape(f"{one.word}: {one.text}")
        at = f'href="{GLOSSARY}#{one.id}" data-means="{means}"'
        return f'<a class="term" {at}>{found[0]}</a>'

    soup = BeautifulSoup(page, "html.parser")
    for text in soup.find_all(string=pattern):
        if text.find_parent(["p", "li"]) and not text.find_parent(NO_PROSE):
            made = pattern.sub(link, html.escape(text, quote=False))
            text.replace_with(BeautifulSoup(made, "html.parser"))
    return str(soup)


@dataclass(frozen=True)
class Work:
    """One work; what is unknown is empty. lessons: their numbers; adds: what it adds to
    them; cited: does a lesson, or the code behind it, stand on it."""

    key: str
    title: str
    lessons: list[str]
    adds: str
    year: int | str = ""
    authors: list[str] | tuple[str, ...] = ()
    venue: str = ""
    doi: str = ""
    arxiv: str = ""
    cited: bool = False

    @property
    def address(self) -> str:
        """Where it is, or where its title can be looked up."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}"
        return f"https://search.crossref.org/?q={quote_plus(self.title)}"

    @property
    def by(self) -> str:
        """Its authors in a line, "" where they are not recorded."""
        named = [one for one in self.authors if one != "others"]
        if len(named) > 3 or "others" in self.authors:
            return f"{named[0]} and others"
        return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))

    def bibtex(self) -> str:
        """Its entry in a BibTeX file."""
        about = {
            "title": f"{{{_tex(self.title)}}}",
            "author": " and ".join(map(_tex, self.authors)),
            "year": self.year,
            "howpublished": _tex(self.venue),
            "doi": self.doi,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" if self.arxiv else "",
            "annote": _tex(f"Lesson {', '.join(self.lessons)}: {self.adds}"),
        }
        lines = [f"  {name} = {{{held}}}" for name, held in about.items() if held]
        return f"@misc{{{self.key},\n" + ",\n".join(lines) + "\n}\n"


def works() -> list[Work]:
    """All works of the literature, those that the course stands on first."""
    held = tomllib.loads((HERE / "literature.toml").read_text("utf-8"))["work"]
    return sorted((Work(**one) for one in held), key=lambda one: not one.cited)


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", text).replace("^", "\\^{}")


def search_index(pages: list[Page], words: list[Entry]) -> str:
    """The script that search loads: where each section and each word of the course
    is, its heading and its text."""
    everything = [one for page in pages for one in _sections(page)]
    for one in words:
        about = {"page": "Words of the course", "at": f"{GLOSSARY}#{one.id}"}
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


def slides(page: Page) -> list[dict]:
    """The slides of a lesson, a figure each, in the lesson's order: its section,
    picture (HTML) and caption, and the last question in bold type since the figure or
    the heading before."""
    made, section, question = [], page.title, ""
    soup = BeautifulSoup(page.body, "html.parser")
    for one in soup.select("h2, strong, [class=chart]"):
        text = one.get_text().strip()
        if one.name == "h2":
            section, question = text, ""
        elif one.name == "strong":
            question = text if text.endswith("?") else question
        else:
            said = one.figcaption.extract().get_text().strip() if one.figcaption else ""
            about = {"section": section, "picture": Markup(one), "caption": said}
            made.append(about | {"question": question})
            question = ""
    return made


def teaching(pages: list[Page]) -> tuple[str, str]:
    """The teacher's guide: its heading and its HTML. Lessons that the site has are
    linked in it, and all other files in the course's repository."""
    names = {page.executed.name for page in pages}

    def where(link: re.Match) -> str:
        if (lesson := Path(link[1]).stem) in names:
            return f"]({lesson}.html{link[2]})"
        return f"]({REPOSITORY}/blob/main/{link[1]})"

    text = FILE.sub(where, (ROOT / "TEACHING.md").read_text(encoding="utf-8"))
    heading, _, text = text.removeprefix("# ").partition("\n")
    return heading.strip(), f'<div class="prose">{Cells(ROOT).prose(text)}</div>'
