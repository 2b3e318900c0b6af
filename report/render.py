"""Pages of the site from executed lessons, before the frame around them."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from report import cells, exercises
from report.execute import Executed
from report.prose import Heading, Prose, plain

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Page:
    """A lesson's page before its frame: file name, title, summary, Colab's address,
    minutes to work through it, seconds it ran and bytes of memory it took, body and
    headings."""

    name: str
    title: str
    summary: str
    colab: str
    minutes: str
    seconds: float
    memory: int | None
    body: Markup
    headings: list[Heading]

    @property
    def file(self) -> str:
        return f"{self.name}.html"

    @property
    def number(self) -> str:
        return self.name[:2]


def lesson(executed: Executed, folder: Path) -> Page:
    """The page of one lesson. Raises CourseError naming the lesson and the cell that
    breaks a rule."""
    prose = Prose(folder)
    parts, number = [], 0
    for members in exercises.group(executed.notebook.cells):
        first = exercises.tags(members[0])
        # Papermill's cell is not in the lesson as written, so it doesn't count.
        number += "injected-parameters" not in first
        where = f"{executed.name}, cell {number}"
        if "exercise" in first:
            made = cells.exercise(members, where, prose)
        else:
            made = cells.cell(members[0], where, prose)
        number += len(members) - 1
        parts.append(made)
    title = next(
        (plain(heading.text) for heading in prose.headings if heading.level == 1),
        executed.name,
    )
    body = re.sub(
        r"<h1 .*?</h1>\s*", "", "".join(parts), count=1, flags=re.DOTALL
    )  # the frame sets the title
    body, colab = without_links(body)
    return Page(
        name=executed.name,
        title=re.sub(r"^\d+\s*[.:·–-]?\s*", "", title),
        summary=summary(body),
        colab=colab,
        minutes=minutes(executed),
        seconds=executed.seconds,
        memory=executed.notebook.metadata["course"].get("memory"),
        body=Markup(body),
        headings=[heading for heading in prose.headings if heading.level in (2, 3)],
    )


def without_links(body: str) -> tuple[str, str]:
    """A body without the opening paragraph that is links only (the page has its own),
    and Colab's address."""
    opening = re.search(r"<p>((?:\s*<a [^>]*>[^<]*</a>\s*[·|,]?)+)</p>\s*", body[:3000])
    if not opening:
        return body, ""
    colab = re.search(r'href="(https://colab\.[^"]+)"', opening[1])
    return body.replace(opening[0], "", 1), html.unescape(colab[1]) if colab else ""


def summary(body: str) -> str:
    """What a lesson is for, in a sentence: its goals, or else its first paragraph."""
    first = re.search(r"<p>(.*?)</p>", body, re.DOTALL)
    text = " ".join(plain(first[1]).split()) if first else ""
    goals = re.search(r"You will be able to (.+?\.)(?: |$)", text)
    return goals[1][0].upper() + goals[1][1:] if goals else text


def minutes(executed: Executed) -> str:
    """How long a lesson says it takes, from its opening ("25", "20 to 30"), "" where it
    doesn't."""
    opening = "\n".join(
        cell.source
        for cell in executed.notebook.cells[:4]
        if cell.cell_type == "markdown"
    )
    said = re.search(
        r"(\d+(?:\s*(?:to|-|–)\s*\d+)?)\s*minutes|minutes\W{1,8}(\d+)",
        opening,
        re.IGNORECASE,
    )
    return (said[1] or said[2]) if said else ""
