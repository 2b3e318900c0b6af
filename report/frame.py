"""The frame around pages: templates, what all pages say, what a page may load."""

import base64
import hashlib
import re

import jinja2
from markupsafe import Markup

from helpers.errors import CourseError
from report import domains, numbers
from report.collect import Collected
from report.pictures import Pictures
from report.prose import plain
from report.render import HERE, Page
from report.rules import faults

# The published study is of pigs and patients, whatever the reader's frames are.
KEEP_WORDS = ("05_reexamine",)
COURSE = "From pigs to patients"


def policy(page: str) -> str:
    """What a page may load and run: files beside it, pictures, and the very
    scripts that stand in it now, by their hashes. Nothing else runs, whatever a name in
    somebody's data looks like, and nothing is fetched."""
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
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
        self.pictures = Pictures()
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
        )

    def _made(self, file: str, template: str, **what: object) -> str:
        made = self.templates.get_template(template).render(**what)
        if not any(name in file for name in KEEP_WORDS):
            made = domains.renamed(made, self.collected.domains)
        made = self.pictures.out(made)
        made = made.replace('content="POLICY"', f'content="{policy(made)}"', 1)
        if wrong := faults(made):
            raise CourseError(f"report/templates/{template}, as {file}: {wrong[0]}.")
        return made
