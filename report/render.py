"""Pages of the site from executed lessons: one each, and the one-page answer."""

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from helpers.errors import CourseError
from report import cells, domains, exercises, numbers
from report.collect import Collected
from report.execute import Executed
from report.prose import Heading, Prose, plain
from report.rules import faults

HERE = Path(__file__).parent
# The published study is of pigs and patients, whatever the reader's frames are.
KEEP_WORDS = ("05_reexamine",)
COURSE = "From pigs to patients"


@dataclass(frozen=True)
class Page:
    """A lesson's page before its frame: file name, title, summary, Colab's address,
    minutes to work through it, seconds it ran, body, headings, and whether it draws
    with plotly."""

    name: str
    title: str
    summary: str
    colab: str
    minutes: str
    seconds: float
    body: Markup
    headings: list[Heading]
    plotly: bool

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
    parts, number, plotly = [], 0, False
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
        if not plotly and cells.needs_plotly(made):
            plotly, made = True, cells.PLOTLY + made
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
        body=Markup(body),
        headings=[heading for heading in prose.headings if heading.level in (2, 3)],
        plotly=plotly,
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


def policy(page: str) -> str:
    """What a page may load and run: files beside it, pictures in it, and the very
    scripts that stand in it now, by their hashes. Nothing else runs, whatever a name in
    somebody's data looks like, and nothing is fetched."""
    # Data in a script of JSON are never run.
    inline = re.findall(
        r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>(.*?)</script>",
        page,
        re.DOTALL,
    )
    hashes = dict.fromkeys(
        base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()
        for one in inline
    )
    scripts = " ".join(["'self'", *(f"'sha256-{one}'" for one in hashes)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; media-src data:; font-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


class Site:
    """The frame around pages: templates, and what all pages say."""

    def __init__(self, pages: list[Page], collected: Collected, about: dict) -> None:
        """about: profile, seed, data, domains, versions, seconds, as results.json has
        them."""
        self.pages, self.collected = pages, collected
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters.update(
            number=numbers.number,
            percent=numbers.percent,
            interval=numbers.interval,
            behind=numbers.behind,
            time=numbers.time,
            plain=plain,
        )
        self.templates.globals.update(
            course=COURSE,
            pages=pages,
            about=about,
            phrase=domains.phrase,
            banner=domains.banner(about["domains"]),
        )

    def page(self, page: Page) -> str:
        """A lesson's page as a whole document."""
        place = self.pages.index(page)
        return self._made(
            page.file,
            "lesson.html",
            page=page,
            before=self.pages[place - 1] if place else None,
            after=self.pages[place + 1] if place + 1 < len(self.pages) else None,
        )

    def index(self) -> str:
        """The one-page answer."""
        figures = [
            {**figure, "html": Markup(figure["html"])}
            for figure in self.collected.figures
        ]
        results = self.collected.results
        headlines = [
            (name, results[name]) for name in numbers.HEADLINES if name in results
        ]
        other = [
            (name, result)
            for name, result in results.items()
            if name not in numbers.HEADLINES
        ]
        return self._made(
            "index.html",
            "index.html",
            results=results,
            headlines=headlines,
            other=other,
            figures=figures,
            notes=self.collected.notes("notes"),
            skipped=self.collected.notes("skipped"),
            plotly=any(cells.needs_plotly(figure["html"]) for figure in figures),
        )

    def _made(self, file: str, template: str, **what: object) -> str:
        made = self.templates.get_template(template).render(**what)
        if not any(name in file for name in KEEP_WORDS):
            made = domains.renamed(made, self.collected.domains)
        if cells.PLAYED in made:
            made = made.replace("</head>", f"{cells.PLAY}</head>", 1)
        made = made.replace('content="POLICY"', f'content="{policy(made)}"', 1)
        if wrong := faults(made):
            raise CourseError(f"report/templates/{template}, as {file}: {wrong[0]}.")
        return made
