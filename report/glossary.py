"""The course's words: a page, and a link to it where a lesson first uses one."""

import html
import re
from pathlib import Path
from typing import NamedTuple

from bs4 import BeautifulSoup

SOURCE = Path(__file__).with_name("glossary.md")
FILE = "glossary.html"
# Where words are no prose: they lead somewhere already, or stand for something else.
LEFT = "a button code figure h1 h2 h3 h4 math pre script summary svg table".split()


class Entry(NamedTuple):
    """A word, its id on the page, its other forms, and what it means (Markdown)."""

    word: str
    id: str
    forms: tuple[str, ...]
    text: str


def entries(source: Path = SOURCE) -> list[Entry]:
    """The words of a glossary file, each under a second-level heading, a last line
    "Also: ..." giving other forms."""
    found = []
    for part in re.split(r"^## ", source.read_text(encoding="utf-8"), flags=re.M)[1:]:
        word, _, text = part.partition("\n")
        text, _, also = text.strip().partition("\nAlso: ")
        forms = tuple(one.strip() for one in also.split(",") if one.strip())
        name = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")
        found.append(Entry(word.strip(), name, forms, text.strip()))
    return found


def linked(page: str, words: list[Entry]) -> str:
    """A page's HTML in which the first mention of each word, in prose, leads to the
    glossary."""
    forms = {form.lower(): one.id for one in words for form in (one.word, *one.forms)}
    longest = sorted(map(re.escape, forms), key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])", re.IGNORECASE)
    used: set[str] = set()

    def link(found: re.Match) -> str:
        place = forms[found[0].lower()]
        if place in used:
            return found[0]
        used.add(place)
        return f'<a class="term" href="{FILE}#{place}">{found[0]}</a>'

    soup = BeautifulSoup(page, "html.parser")
    for text in soup.find_all(string=pattern):
        if text.find_parent(["p", "li"]) and not text.find_parent(LEFT):
            made = pattern.sub(link, html.escape(text, quote=False))
            text.replace_with(BeautifulSoup(made, "html.parser"))
    return str(soup)
