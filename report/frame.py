"""The frame around pages: templates, what all pages say, what a page may load."""

import base64
import hashlib
import re

import jinja2
from markupsafe import Markup

from helpers.errors import CourseError
from helpers.settings import REPOSITORY
from helpers.words import OWN
from report import domains, front, glossary, literature, numbers, search, slides
from report.collect import Collected
from report.pictures import Pictures
from report.prose import Prose, plain
from report.render import HERE, Page
from report.rules import faults
from report.teaching import teaching

COURSE = "From pigs to patients"
# Where the site is published: who shows a link with a picture asks for a whole address.
ADDRESS = "https://{}.github.io/{}/".format(*REPOSITORY.split("/")[-2:])
# What a page needs that has something to play with.
PLAY = '<link rel="stylesheet" href="play.css">\n<script src="play.js"></script>\n'
# Pages that are no lessons, in the order in which every page's foot names them.
BESIDE = (
    ("search.html", "Search"),
    ("glossary.html", "Words"),
    ("literature.html", "Literature"),
    ("times.html", "Run times"),
    ("teaching.html", "For teachers"),
    ("slides.html", "Slides"),
)


def policy(page: str) -> str:
    """What a page may load and run: files beside it, pictures, and the very scripts
    that stand in it now, by their hashes. Nothing else runs, whatever a name in
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
        self.pictures, self.words = Pictures(), glossary.entries()
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
            memory=numbers.memory,
            plain=plain,
        )
        self.templates.globals.update(
            course=COURSE,
            pages=pages,
            about=about,
            phrase=domains.phrase,
            banner=domains.banner(about["domains"]),
            own=OWN,
            beside_lessons=BESIDE,
            address=ADDRESS,
            card_alt=front.CARD_ALT,
        )

    def files(self) -> dict[str, str | bytes]:
        """Every file of the site, by its path: pages, what they load, pictures."""
        made: dict[str, str | bytes] = {"index.html": self.index()}
        made |= {page.file: self.page(page) for page in self.pages}
        made |= self.beside()
        made |= {"search-index.js": self.search_index()}
        works = literature.works()
        made[literature.BIBTEX] = literature.bibliography(works)
        names = [path.name for path in sorted(HERE.glob("*.[cj]s*"))]
        made |= {name: (HERE / name).read_text("utf-8") for name in names}
        made["favicon.svg"] = (HERE / "favicon.svg").read_text("utf-8")
        made["card.png"] = front.card(self.collected, COURSE)
        return made | self.pictures.files

    def page(self, page: Page) -> str:
        """A lesson's page as a whole document."""
        place = self.pages.index(page)
        return self._made(
            page.file,
            "lesson.html",
            page=page,
            body=Markup(glossary.linked(str(page.body), self.words)),
            before=self.pages[place - 1] if place else None,
            after=self.pages[place + 1] if place + 1 < len(self.pages) else None,
        )

    def index(self) -> str:
        """The one-page answer."""
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
            cards=front.cards(self.pages, self.collected, self.pictures),
            notes=self.collected.notes("notes"),
            skipped=self.collected.notes("skipped"),
            **front.shown(self.collected),
        )

    def beside(self) -> dict[str, str]:
        """The pages that are no lessons."""
        works = literature.works()
        prose = Prose(HERE.parent)
        words = [(one, Markup(prose(one.text))) for one in self.words]
        heading, body = teaching({page.name for page in self.pages})
        given = {
            "search.html": {},
            "glossary.html": {"words": words},
            "literature.html": {
                "cited": [one for one in works if one.cited],
                "others": [one for one in works if not one.cited],
                "numbered": {page.number: page.file for page in self.pages},
            },
            "times.html": {},
            "teaching.html": {"heading": heading, "body": Markup(body)},
        }
        template = {"teaching.html": "text.html"}
        decks = [(page, slides.of(page)) for page in self.pages]
        counted = [(page, len(made) + 1) for page, made in decks]
        given["slides.html"] = {"decks": counted}
        for page, made in decks:
            given[slides.file(page)] = {"page": page, "slides": made}
            template[slides.file(page)] = "deck.html"
        return {
            name: self._made(name, template.get(name, name), **what)
            for name, what in given.items()
        }

    def search_index(self) -> str:
        """The script that search loads."""
        words = [
            {
                "page": "Words of the course",
                "at": f"{glossary.FILE}#{one.id}",
                "head": one.word,
                "text": one.text,
            }
            for one in self.words
        ]
        return search.index(self.pages, words)

    def _made(self, file: str, template: str, **what: object) -> str:
        made = self.templates.get_template(template).render(file=file, **what)
        made = self.pictures.out(made)
        if front.PLAYED in made:
            made = made.replace("</head>", f"{PLAY}</head>", 1)
        made = made.replace('content="POLICY"', f'content="{policy(made)}"', 1)
        if wrong := faults(made):
            raise CourseError(f"report/templates/{template}, as {file}: {wrong[0]}.")
        return made
