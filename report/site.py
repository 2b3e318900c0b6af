"""The site: pages in their frame, what lessons leave for it (results, headline figures,
notes on what they are made from), and what a page may load."""

import base64
import hashlib
import re
from dataclasses import dataclass, field

import jinja2
from markupsafe import Markup

from helpers import CourseError
from helpers.cells import INFO_TYPE, RESULT_TYPE
from helpers.charts import FIGURE_TYPE
from helpers.settings import ROOT
from report import beside, numbers
from report.execute import Executed
from report.notebooks import REPOSITORY
from report.pages import HERE, PICTURE_FILE, Cells, Page, Pictures, faults

# What a page needs that has something to play with.
PLAYED = 'class="play"'
PLAY = '<link rel="stylesheet" href="play.css">\n<script src="play.js"></script>\n'
# The name under which a lesson offers the figure that stands above all.
FIRST = "gallery"
# Pages that are no lessons, in the order in which every page's foot names them.
BESIDE = (
    ("search.html", "Search"),
    ("glossary.html", "Words"),
    ("literature.html", "Literature"),
    ("times.html", "Run times"),
    ("teaching.html", "For teachers"),
    ("slides.html", "Slides"),
)
SHOWN = re.compile(r'<figure[^>]* class="(?:chart|play)".*?</figure>', re.S)
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>(.*?)</script>", re.S
)
ROLES = ("source", "target")
LESSON_PAGE = re.compile(r'"(\d\d_\w+\.html)')
_PHRASES = {
    ("source", "drawn"): "drawn robotic surgery",
    ("target", "drawn"): "drawn laparoscopic surgery",
    ("source", "hemoset"): "robotic surgery in pigs, HemoSet",
    ("target", "cholecseg8k"): "laparoscopic surgery in patients, CholecSeg8k",
}


def policy(page: str) -> str:
    """What a page may load and run: files beside it, pictures, and the very scripts
    that stand in it now, by their hashes. Nothing else runs, whatever a name in
    somebody's data looks like, and nothing is fetched."""
    hashes = [hashlib.sha256(one.encode()).digest() for one in INLINE.findall(page)]
    said = [f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes]
    scripts = " ".join(["'self'", *dict.fromkeys(said)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; media-src data:; font-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


@dataclass
class Collected:
    """What was found, in the lessons' order.

    results: by name; info: by lesson (data, notes, skipped, domains); figures: name,
    html, caption, lesson of each.
    """

    results: dict[str, dict] = field(default_factory=dict)
    info: dict[str, dict] = field(default_factory=dict)
    figures: list[dict] = field(default_factory=list)

    @property
    def data(self) -> str:
        """ "real" where every lesson is made from real frames, else "phantom"."""
        said = {about["data"] for about in self.info.values()}
        return "real" if said == {"real"} else "phantom"

    @property
    def domains(self) -> dict[str, str]:
        """What source and target are: "drawn", "hemoset", "cholecseg8k" or "own"."""
        known = "drawn" if self.data == "phantom" else "real"
        said = [one["domains"] for one in self.info.values() if one["domains"]]
        return said[0] if said else dict.fromkeys(ROLES, known)

    def notes(self, what: str) -> list[str]:
        """All `notes`, or all `skipped`, once each, in the lessons' order."""
        every = (one for about in self.info.values() for one in about[what])
        return list(dict.fromkeys(every))


def collect(lessons: list[Executed]) -> Collected:
    """Everything that executed lessons leave for the report.

    Raises CourseError where a name is recorded with two different values, and where a
    headline figure breaks a rule of pages.
    """
    found, owner = Collected(), {}
    left = (
        (lesson.name, kind, held)
        for lesson in lessons
        for cell in lesson.notebook.cells
        for output in cell.get("outputs", [])
        for kind, held in output.get("data", {}).items()
    )
    for lesson, kind, held in left:
        if kind == INFO_TYPE:
            found.info[lesson] = held
        elif kind == FIGURE_TYPE:
            for wrong in faults(held["html"]):
                raise CourseError(f"{lesson}, '{held['name']}': {wrong}.")
            found.figures.append({**held, "lesson": lesson})
        elif kind == RESULT_TYPE:
            name, result = held["name"], held["result"]
            first = owner.setdefault(name, lesson)
            if found.results.setdefault(name, result) != result:
                raise CourseError(
                    f"The result '{name}' is recorded twice with different values, by "
                    f"{first} and by {lesson}: give one of the two another name."
                )
    return found


def phrase(role: str, kind: str) -> str:
    """What a domain is, in a few words: "drawn robotic surgery"."""
    other = "frames of your own" if kind == "own" else f"real frames, {kind}"
    return _PHRASES.get((role, kind), other)


def banner(domains: dict[str, str]) -> tuple[str, str]:
    """The line over every page where anything is drawn, its first words apart."""
    drawn = [role for role in ROLES if domains[role] == "drawn"]
    if len(drawn) == 2:
        return "Phantom data:", (
            "drawn surgery; teaches the method, says nothing about patients"
        )
    if not drawn:
        return "", ""
    other = next(role for role in ROLES if role not in drawn)
    real = phrase(other, domains[other])
    return "Half drawn:", (
        f"the {drawn[0]} is drawn surgery (a phantom), the {other} is real ({real}); "
        "a number that compares the two says nothing about real surgery"
    )


class Site:
    """The frame around pages: templates, and what all pages say.

    pictures: those of the pages so far. about: profile, seed, network, data, domains,
    versions, seconds, as results.json has them.
    """

    def __init__(
        self, pages: list[Page], pictures: Pictures, collected: Collected, about: dict
    ) -> None:
        self.pages, self.pictures, self.collected = pages, pictures, collected
        own = "own" in about["domains"].values()
        self.words, self.works = beside.entries(), beside.works()
        # The course's words speak of its own example, and are not said of other data.
        self.linked = [] if own else self.words
        self.figures = [
            {**one, "html": Markup(pictures.out(one["html"]))}
            for one in collected.figures
        ]
        named = {one["name"]: one for one in reversed(self.figures)}
        self.first = named.get(FIRST)
        found = PICTURE_FILE.search((self.first or {"html": ""})["html"])
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for one in "number percent estimate time memory".split():
            self.templates.filters[one] = getattr(numbers, one)
        self.templates.globals.update(
            course="Your own two domains" if own else "From pigs to patients",
            pages=pages,
            about=about,
            phrase=phrase,
            banner=banner(about["domains"]),
            beside_lessons=BESIDE,
            address="https://{}.github.io/{}/".format(*REPOSITORY.split("/")[-2:]),
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
        there = {one.file for one in self.pages}
        away = f"{REPOSITORY}/blob/main/notebooks"
        where = lambda to: to[0] if to[1] in there else f'"{away}/{to[1][:-4]}ipynb'  # noqa: E731
        body = Markup(LESSON_PAGE.sub(where, beside.linked(page.body, self.linked)))
        around = [None, *self.pages, None]
        place = around.index(page)
        given = dict(before=around[place - 1], after=around[place + 1])
        return self._made(page.file, "lesson.html", page=page, body=body, **given)

    def index(self) -> str:
        """The one-page answer."""
        results = self.collected.results
        plays = [one for one in self.figures if PLAYED in one["html"]]
        elsewhere = [self.first, *plays]
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
        """A lesson's small picture: its first with frames, else its first chart."""
        shown = SHOWN.findall(page.body)
        framed = [one for one in shown if 'class="plotted"' not in one]
        small = map(self.pictures.thumbnail, framed + shown)
        return Markup(next(filter(None, small), ""))

    def beside(self) -> dict[str, str]:
        """The pages that are no lessons."""
        prose = Cells(HERE.parent).prose
        heading, guide = beside.teaching(self.pages)
        decks = [(page, beside.slides(page)) for page in self.pages]
        words = [(one, Markup(prose(one.text))) for one in self.words]
        given = dict(words=words, works=self.works, decks=decks)
        given |= dict(heading=heading, body=Markup(guide))
        made = {name: self._made(name, **given) for name, _ in BESIDE}
        for page, slides in decks:
            name = f"slides_{page.number}.html"
            made[name] = self._made(name, "deck.html", page=page, slides=slides)
        return made

    def _made(self, file: str, template: str = "", **what: object) -> str:
        frame = self.templates.get_template(template or file)
        made = self.pictures.out(frame.render(file=file, **what))
        if file == "index.html":
            head, main, rest = made.partition("<main")
            made = head + beside.linked(main + rest, self.linked)
        if PLAYED in made:
            made = made.replace("</head>", f"{PLAY}</head>", 1)
        return made.replace('content="POLICY"', f'content="{policy(made)}"', 1)
