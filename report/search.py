"""An index of the lessons' sections, as a script that a page without a server can
load."""

import json
import re

from report.prose import plain
from report.render import Page

FILE = "search-index.js"
# What a reader wouldn't look for, and words that stand for pictures.
LEFT = re.compile(
    r"<(script|style|svg|math|pre|table)\b.*?</\1>|<img\b[^>]*>", re.DOTALL
)
HEADING = re.compile(r'<h[23] id="([^"]*)">(.*?)</h[23]>', re.DOTALL)


def sections(page: Page) -> list[dict[str, str]]:
    """The sections of a lesson: where each is, its heading and its words."""
    parts = HEADING.split(str(page.body))
    top = {"at": page.file, "head": "", "text": _words(parts[0])}
    found = [
        {
            "at": f"{page.file}#{place}",
            "head": plain(heading),
            "text": _words(body),
        }
        for place, heading, body in zip(parts[1::3], parts[2::3], parts[3::3])
    ]
    lesson = f"{page.number} {page.title}"
    return [{"page": lesson, **one} for one in (top, *found)]


def index(pages: list[Page], words: list[dict[str, str]]) -> str:
    """The script that holds all sections; words: further ones, of the glossary."""
    everything = [one for page in pages for one in sections(page)] + words
    held = json.dumps(everything, ensure_ascii=False, separators=(",", ":"))
    return f"window.courseIndex = {held};\n"


def _words(markup: str) -> str:
    return " ".join(plain(re.sub(r"<[^>]+>", " \\g<0>", LEFT.sub(" ", markup))).split())
