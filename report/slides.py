"""Slides from the lessons' own figures: one file a lesson, a figure a slide.

python -m report.slides builds the report, of which they are a part, and says where they
are.
"""

import re
import sys
from typing import NamedTuple

from markupsafe import Markup

from report.front import FIGURE
from report.prose import plain
from report.render import Page

HEADING = re.compile(r"<h2 [^>]*>(.*?)</h2>", re.DOTALL)
CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)


class Slide(NamedTuple):
    """A figure of a lesson: the section that it is of, its picture (HTML), its caption,
    and the question that stands before it in this section."""

    section: str
    picture: Markup
    caption: str
    question: str


def of(page: Page) -> list[Slide]:
    """The slides of a lesson, a figure each, in the lesson's order."""
    made, section, end, body = [], page.title, 0, str(page.body)
    for figure in FIGURE.finditer(body):
        between = body[end : figure.start()]
        *before, here = HEADING.split(between)
        if before:
            section = plain(before[-1])
        caption = CAPTION.search(figure[0])
        made.append(
            Slide(
                section,
                Markup(CAPTION.sub("", figure[0])),
                plain(caption[1]) if caption else "",
                _question(here),
            )
        )
        end = figure.end()
    return made


def file(page: Page) -> str:
    """The name of a lesson's slides."""
    return f"slides_{page.number}.html"


def _question(before: str) -> str:
    """The last question in bold type of what stands before a figure, "" for none."""
    bold = [plain(one) for one in re.findall(r"<strong>(.*?)</strong>", before, re.S)]
    asked = [one for one in bold if one.endswith("?")]
    return asked[-1] if asked else ""


def main(words: list[str] | None = None) -> int:
    """Build the report; the exit code is that of report.build."""
    from report import build  # which makes slides itself

    site = build.options(words).site.resolve()
    code = build.main(words)
    if not code:
        print(f"The slides: {(site / 'slides.html').as_uri()}")
    return code


if __name__ == "__main__":
    sys.exit(main())
