"""The course's words: a page, and a link to it where a lesson first uses one."""

import re
from pathlib import Path
from typing import NamedTuple

from report.rules import VOID

SOURCE = Path(__file__).with_name("glossary.md")
FILE = "glossary.html"
# Where words are no prose: they lead somewhere already, or stand for something else.
LEFT = set(
    "a button code figure h1 h2 h3 h4 math pre script style summary svg table".split()
)
PIECES = re.compile(r"(<[^>]+>)")


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
    forms = {form.lower(): one for one in words for form in (one.word, *one.forms)}
    longest = sorted(map(re.escape, forms), key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])", re.IGNORECASE)
    used: set[str] = set()

    def link(found: re.Match) -> str:
        one = forms[found[0].lower()]
        if one.id in used:
            return found[0]
        used.add(one.id)
        return f'<a class="term" href="{FILE}#{one.id}">{found[0]}</a>'

    parts, open_tags = [], []
    for part in PIECES.split(page):
        if not part.startswith("<"):
            inside = "p" in open_tags or "li" in open_tags
            if inside and not LEFT & set(open_tags):
                part = pattern.sub(link, part)
        elif name := re.match(r"<(/?)([a-zA-Z][\w-]*)", part):
            if name[1]:
                _close(open_tags, name[2].lower())
            elif name[2].lower() not in VOID and not part.endswith("/>"):
                open_tags.append(name[2].lower())
        parts.append(part)
    return "".join(parts)


def _close(open_tags: list[str], name: str) -> None:
    for place in range(len(open_tags) - 1, -1, -1):
        if open_tags[place] == name:
            del open_tags[place:]
            return
