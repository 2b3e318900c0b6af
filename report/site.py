"""The site: pages in their frame, what all of them share, and what a page may load."""

import base64
import hashlib
import re

import jinja2
from markupsafe import Markup

from helpers.settings import ROOT
from helpers.words import OWN
from report import beside, numbers
from report.collect import Collected, banner, phrase
from report.notebooks import REPOSITORY
from report.pages import HERE, Cells, Page
from report.pictures import FILE, Pictures

COURSE = "From pigs to patients"
# Where the site is published: who shows a link with a picture asks for a whole address.
ADDRESS = "https://{}.github.io/{}/".format(*REPOSITORY.split("/")[-2:])
# What a page needs that has something to play with.
PLAYED = 'class="play"'
PLAY = '<link rel="stylesheet" href="play.css">\n<script src="play.js"></script>\n'
# Names under which a lesson may offer a figure for a place of its own.
FIRST, COVER = ("surgeries", "gallery"), "cover"
# Pages that are no lessons, in the order in which every page's foot names them.
BESIDE = (
    ("search.html", "Search"),
    ("glossary.html", "Words"),
    ("literature.html", "Literature"),
    ("times.html", "Run times"),
    ("teaching.html", "For teachers"),
    ("slides.html", "Slides"),
)
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>(.*?)</script>", re.S
)


def policy(page: str) -> str:
    """What a page may load and run: files beside it, pictures, and the very scripts
    that stand in it now, by their hashes. Nothing else runs, whatever a name in
    somebody's data looks like, and nothing is fetched. (Data in a script of JSON are
    never run.)"""
    hashes = [hashlib.sha256(one.encode()).digest() for one in INLINE.findall(page)]
    said = [f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes]
    scripts = " ".join(["'self'", *dict.fromkeys(said)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; media-src data:; font-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


class Site:
    """The frame around pages: templates, and what all pages say.

    pictures: those of the pages so far. about: profile, seed, data, domains, versions,
    seconds, as results.json has them.
    """

    def __init__(
        self, pages: list[Page], pictures: Pictures, collected: Collected, about: dict
    ) -> None:
        self.pages, self.pictures, self.collected = pages, pictures, collected
        self.words, self.works = beside.entries(), beside.works()
        self.figures = [
            {**one, "html": Markup(pictures.out(one["html"]))}
            for one in collected.figures
        ]
        named = {one["name"]: one for one in reversed(self.figures)}
        self.first = named.get(FIRST[0], named.get(FIRST[1]))
        # Shown beside a link to the site.
        found = FILE.search((self.first or {"html": ""})["html"])
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for one in (
            "number",
            "percent",
            "span",
            "interval",
            "behind",
            "time",
            "memory",
        ):
            self.templates.filters[one] = getattr(numbers, one)
        self.templates.globals.update(
            course=COURSE,
            pages=pages,
            about=about,
            phrase=phrase,
            banner=banner(about["domains"]),
            own=OWN,
            beside_lessons=BESIDE,
            address=ADDRESS,
            card=found[1] if found else "",
        )

    def files(self) -> dict[str, str | bytes]:
        """Every file of the site, by its path: pages, what they load, pictures."""
        made: dict[str, str | bytes] = {"index.html": self.index()}
        made |= {page.file: self.page(page) for page in self.pages}
        made |= self.beside()
        made["search-index.js"] = beside.search_index(self.pages, self.words)
        made["literature.bib"] = "\n".join(one.bibtex() for one in self.works)
        shared = [*HERE.glob("*.[cj]s*"), HERE / "favicon.svg"]
        shared += (ROOT / "helpers" / "play").glob("play.*s*")
        made |= {path.name: path.read_text("utf-8") for path in sorted(shared)}
        return made | self.pictures.files

    def page(self, page: Page) -> str:
        """A lesson's page as a whole document."""
        body = Markup(beside.linked(page.body, self.words))
        around = [None, *self.pages, None]
        place = around.index(page)
        before, after = around[place - 1], around[place + 1]
        given = dict(page=page, body=body, before=before, after=after)
        return self._made("lesson.html", page.file, **given)

    def index(self) -> str:
        """The one-page answer."""
        results = self.collected.results
        plays = [one for one in self.figures if PLAYED in one["html"]]
        covers = [one for one in self.figures if one["name"] == COVER]
        elsewhere = [self.first, *plays, *covers]
        return self._made(
            "index.html",
            results=results,
            headlines=[(n, results[n]) for n in numbers.HEADLINES if n in results],
            other=[one for one in results.items() if one[0] not in numbers.HEADLINES],
            cards=[(page, self.thumbnail(page)) for page in self.pages],
            collected=self.collected,
            first=self.first,
            plays=plays,
            figures=[one for one in self.figures if one not in elsewhere],
        )

    def thumbnail(self, page: Page) -> Markup:
        """A lesson's small picture: of a figure that it offers for its card, else of
        the first that it offers or shows, else none."""
        own = [one for one in self.figures if one["lesson"] == page.executed.name]
        own = [one for one in own if PLAYED not in one["html"]]
        own.sort(key=lambda one: one["name"] != COVER)
        shown = re.search(
            r'<figure[^>]* class="(?:chart|play)".*', page.body, re.DOTALL
        )
        source = own[0]["html"] if own else shown[0] if shown else ""
        return Markup(self.pictures.thumbnail(source))

    def beside(self) -> dict[str, str]:
        """The pages that are no lessons."""
        prose = Cells(HERE.parent).prose
        heading, guide = beside.teaching(self.pages)
        decks = [(page, beside.slides(page)) for page in self.pages]
        given = {
            "words": [(one, Markup(prose(one.text))) for one in self.words],
            "works": self.works,
            "heading": heading,
            "body": Markup(guide),
            "decks": decks,
        }
        made = {name: self._made(name, **given) for name, _ in BESIDE}
        for page, slides in decks:
            name = beside.deck(page)
            made[name] = self._made("deck.html", name, page=page, slides=slides)
        return made

    def _made(self, template: str, file: str = "", **what: object) -> str:
        file = file or template
        made = self.templates.get_template(template).render(file=file, **what)
        made = self.pictures.out(made)
        if PLAYED in made:
            made = made.replace("</head>", f"{PLAY}</head>", 1)
        return made.replace('content="POLICY"', f'content="{policy(made)}"', 1)
