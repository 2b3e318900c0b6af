"""A lesson's page before its frame: nbconvert's HTML with this site's template, links,
formulas and rules; its pictures are files beside it: WebP, with their size said, and
loaded when they come near."""

import base64
import functools
import hashlib
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from latex2mathml.converter import convert
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from PIL import Image

from helpers import CourseError
from helpers.cells import FACTS_TYPE, NEEDS
from helpers.settings import ROOT
from report.execute import Executed
from report.notebooks import blank, group, solved, tags

HERE = Path(__file__).parent
# What lessons leave for the report rather than for the reader, and what is live in
# Jupyter: on the page a still picture stands in its place.
NOT_SHOWN = ("application/vnd.course.", "application/vnd.jupyter.widget-view")
NUMBER = re.compile(r"[+\-−]?[\d.,]*(?:e[+-]?\d+)?\s?%?|[–—-]|nan|inf", re.IGNORECASE)
LESSON = re.compile(r"^(?:\./)?(\d\d_\w+)\.(?:ipynb|py)(?=#|$)")
REMOTE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
NOTHING_SAID = "No description has been provided for this image"  # nbconvert's words
PICTURES = "pictures"
# Sheets that a script cuts pictures from stay: it has to have them at once.
PICTURE = re.compile(r'<div class="play-sheets".*?</div>|<(?:img|source)\b[^>]*>', re.S)
CARRIED = re.compile(r'\b(src|srcset)="data:image/(?:png|jpeg|webp);base64,([^"]+)"')
PICTURE_FILE = re.compile(rf'\bsrc="({PICTURES}/\w+\.webp)"')


def plain(markup: str) -> str:
    """The text of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def mathml(latex: str, block: bool) -> str:
    """LaTeX as MathML, which browsers set without a script.

    CourseError for an unknown command, whose name the converter would print.
    """
    # Words letter by letter are read out letter by letter; as text they are words.
    words = r"\\(?:mathrm|operatorname\*?)\{([A-Za-z][A-Za-z \-]+)\}"
    text = re.sub(words, r"\\text{\1}", latex.strip())
    text = re.sub(r"\\mathbb\{?1\}?", "\N{MATHEMATICAL DOUBLE-STRUCK DIGIT ONE}", text)
    text = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{align*}", text)
    try:
        made = convert(text, display="block" if block else "inline")
        left = re.search(r">(\\[A-Za-z]+|&)<", made)
        wrong = left and f"the converter does not know {left[1]}"
    except Exception as error:  # the converter has no error of its own
        wrong = f"its brackets don't fit ({type(error).__name__})"
    if wrong:
        raise CourseError(f"The formula ${latex}$ can't be set: {wrong}; mend it.")
    return made.replace("<math ", f'<math alttext="{html.escape(text)}" ', 1)


class _Renderer(IPythonRenderer):
    """nbconvert's reading of a notebook's Markdown, with formulas as MathML."""

    def inline_math(self, body: str) -> str:
        return mathml(body, block=False)

    def block_math(self, body: str) -> str:
        return f'<span class="formula">{mathml(body, block=True)}</span>'

    def latex_environment(self, name: str, body: str) -> str:
        # An equation is displayed anyhow; the others say how lines are aligned.
        if name.rstrip("*") != "equation":
            body = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self.block_math(body)


class Cells(HTMLExporter):
    """Makes HTML of one page's cells, and remembers its headings: the level, the id in
    the page and the text of each.

    folder: where the lesson lies, which its pictures are relative to.
    """

    def __init__(self, folder: Path) -> None:
        template = str(HERE / "templates" / "cells.html")
        super().__init__(template_name="base", template_file=template)
        self.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)
        self.environment.autoescape = True
        self.environment.globals["tags"] = tags
        for make in (self.prose, stream, blank, solved):
            self.environment.filters[make.__name__] = make
        self.folder, self.headings = str(folder), []

    def html(self, members: list[NotebookNode], where: str) -> str:
        """HTML of a cell, or of an exercise with all that belongs to it; "" for what
        the reader needn't see.

        where: the lesson and the cell, for errors. Raises CourseError naming it where a
        picture has no alt text, where something would be fetched from the network, or
        where a formula can't be set.
        """
        if not members[0].source.strip():
            return ""
        book = new_notebook(cells=[_for_readers(cell) for cell in members])
        book.metadata.language_info = NotebookNode(name="python")
        try:
            soup = BeautifulSoup(self.from_notebook_node(book)[0], "html.parser")
            _arrange(soup)
            for wrong in faults(soup):
                raise CourseError(f"{wrong}.")
        except CourseError as error:
            raise CourseError(f"{where}: {error}") from error
        return str(soup)

    def prose(self, source: str) -> str:
        """HTML of some Markdown. CourseError for a formula that can't be set, and for a
        missing picture."""
        how = dict(escape=False, embed_images=True, exclude_anchor_links=True)
        renderer = _Renderer(path=self.folder, **how)
        made = MarkdownWithMath(renderer=renderer).render(source)
        soup = BeautifulSoup(made, "html.parser")
        for link in soup.find_all("a", href=True):
            link["href"] = LESSON.sub(r"\1.html", link["href"])
        for picture in soup.find_all("img"):
            if REMOTE.match(picture["src"]):
                picture.replace_with(picture["alt"])  # of a badge: its link stays
            elif not picture["src"].startswith("data:"):
                raise CourseError(
                    f"The picture {picture['src']} isn't there: put it beside the "
                    "lesson or correct its address."
                )
        for heading in soup.find_all(re.compile("^h[1-6]$")):
            text = heading.get_text().strip()
            # The ids that Jupyter gives: a link inside a lesson works in both places.
            wanted = re.sub(r"\s+", "-", re.sub(r"[\"'<>&]", "", text)) or "section"
            again = [one["text"] for one in self.headings].count(text)
            heading["id"] = f"{wanted}-{again + 1}" if again else wanted
            about = {"level": int(heading.name[1]), "id": heading["id"], "text": text}
            self.headings.append(about)
        _arrange(soup)
        return str(soup)


def _for_readers(cell: NotebookNode) -> NotebookNode:
    """The cell without its magic line, and without outputs that aren't for readers."""
    source = re.sub(rf"\A({'|'.join(NEEDS)})\n", "", cell.source)
    made = NotebookNode(cell | {"source": source})
    if cell.cell_type == "code":
        made.outputs = [
            one
            for one in cell.outputs
            if not any(kind.startswith(NOT_SHOWN) for kind in one.get("data", {}))
        ]
    return made


def _arrange(soup: BeautifulSoup) -> None:
    """Tell figures from words, and give tables a box of their own, so that on a phone
    they scroll by themselves."""
    for output in soup.select("div.output"):
        pictured = output.find(["figure", "img", "svg", "video"])
        output["class"].append("figure" if pictured else "said")
    for table in soup.select("table:not(.scroll > table, figure table)"):
        # Columns are not to be counted where a cell spans some.
        if table.css.match(".dataframe:not(:has([rowspan], [colspan]))"):
            _align(table)
        table.wrap(soup.new_tag("div", attrs={"class": "scroll"}))
    for empty in soup.select("pre.stream:empty"):
        empty.decompose()


def _align(table: Tag) -> None:
    """Mark a pandas table's columns of words, to be set flush left; numbers stay flush
    right."""
    rows = [row.find_all(["th", "td"]) for row in table.find_all("tr")]
    body = [any(cell.name == "td" for cell in row) for row in rows]
    for column in zip(*rows):
        texts = [cell.get_text().strip() for cell, held in zip(column, body) if held]
        if not all(map(NUMBER.fullmatch, texts)):
            for cell in column:
                cell["class"] = [*cell.get("class", []), "words"]


def stream(text: str) -> str:
    """Printed text as HTML, without paths of this machine."""
    text = re.sub(r"\S*ipykernel_\d+[/\\]\d+\.py:(\d+)", r"line \1", text)
    text = re.sub(r"\S*[/\\]site-packages[/\\]", "", text)
    text = text.replace(f"{ROOT}/", "").replace(str(Path.home()), "~")
    return ansi2html(text.strip("\r\n"))


def faults(markup: str | BeautifulSoup) -> Iterator[str]:
    """What is wrong with a piece of HTML, a phrase each."""
    soup = BeautifulSoup(markup, "html.parser") if isinstance(markup, str) else markup
    if soup.select(".plotly-graph-div"):
        yield (
            "a plotly figure would bring a script of some megabytes: show a still, as "
            "a helpers.charts.Chart with the figure as its `live`"
        )
    for picture in soup.find_all("img"):
        if picture.get("alt", "").strip() in ("", NOTHING_SAID):
            yield "a picture has no alt text: show it as a helpers.charts.Chart"
    for tag in soup.select("[src], [srcset], [data], [poster], [href]:not(a)"):
        for name in ("src", "srcset", "data", "poster", "href"):
            if REMOTE.match(tag.get(name, "")):
                yield (
                    f"<{tag.name}> would fetch {tag[name]} from the network: the page "
                    "has to work without it"
                )


@dataclass
class Pictures:
    """The pictures of a site, by their path in it. Equal pictures are one file."""

    files: dict[str, bytes] = field(default_factory=dict)

    def out(self, page: str) -> str:
        """A page's HTML with the pictures that it carries put into files."""
        return PICTURE.sub(lambda tag: self._outside(tag[0]), page)

    def thumbnail(self, figure: str) -> str:
        """The first picture of a piece of HTML that has been `out`, small and as a
        file of its own; "" where it has none."""
        picture = next(filter(PICTURE_FILE.search, PICTURE.findall(figure)), "")
        if not picture:
            return ""
        large = self.files[PICTURE_FILE.search(picture)[1]]
        path, width, height = self.add(large, across=480)
        picture = PICTURE_FILE.sub(f'src="{path}"', picture)
        size = f' width="{width}" height="{height}"'
        return re.sub(r' width="\d+" height="\d+"', size, picture)

    def add(self, held: bytes, across: int = 0) -> tuple[str, int, int]:
        """The path in the site of a picture's file, its width and its height.

        across: the most pixels that it may be wide, 0 for no limit.
        """
        made, *size = _webp(held, across)
        path = f"{PICTURES}/{hashlib.sha256(made).hexdigest()[:12]}.webp"
        self.files[path] = made
        return (path, *size)

    def _outside(self, tag: str) -> str:
        found = CARRIED.search(tag)
        if not found or tag.startswith("<div"):
            return tag
        path, width, height = self.add(base64.b64decode(found[2]))
        tag = tag.replace(found[0], f'{found[1]}="{path}"').rstrip("/> ")
        if tag.startswith("<source"):
            return f"{tag}>"
        if not re.search(r"\b(?:width|height)=", tag):
            tag += f' width="{width}" height="{height}"'
        return f'{tag} loading="lazy" decoding="async">'


@functools.lru_cache(500)  # a page and the first page may both show it
def _webp(held: bytes, across: int) -> tuple[bytes, int, int]:
    picture = Image.open(io.BytesIO(held))
    if picture.format == "WEBP" and not across:
        return (held, *picture.size)
    clear = picture.convert("RGBA").getextrema()[3][0] < 255
    picture = picture.convert("RGBA" if clear else "RGB")
    most = (across or picture.width, picture.height)
    picture.thumbnail(most, Image.Resampling.LANCZOS)
    # A few flat colours (with the shades at the edges of letters) are smallest as they
    # are; tissue is, when its noise is smoothed.
    flat = clear or picture.getcolors(10_000)
    how = {"lossless": True, "quality": 60} if flat else {"quality": 87}
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", method=4, **how)
    return (buffer.getvalue(), *picture.size)


@dataclass(frozen=True)
class Page:
    """A lesson's page before its frame. minutes: to work through it, as its opening
    says; colab: the address there; headings: of the second and third level."""

    executed: Executed
    title: str
    summary: str
    colab: str
    minutes: str
    body: Markup
    headings: list[dict]

    @property
    def file(self) -> str:
        return f"{self.executed.name}.html"

    @property
    def number(self) -> str:
        return self.executed.name[:2]


def page(executed: Executed, folder: Path, pictures: Pictures) -> Page:
    """The page of one lesson. Raises CourseError naming the lesson and the cell that
    breaks a rule."""
    cells, parts, number = Cells(folder), [], 1
    # Papermill's cell is not in the lesson as written.
    written = executed.notebook.cells
    written = [one for one in written if "injected-parameters" not in tags(one)]
    outputs = [one for cell in written for one in cell.get("outputs", [])]
    held = [one.get("data", {}).get(FACTS_TYPE, {}) for one in outputs]
    facts = {fact for one in held for fact, true in one.items() if true}
    asked = {"when", *(one.strip("%") for one in NEEDS)}  # of prose
    away = [one for one in written if asked & {*tags(one)} and not facts & {*tags(one)}]
    written = [one for one in written if one not in away or one.cell_type == "code"]
    for members in group(written):
        parts.append(cells.html(members, f"{executed.name}, cell {number}"))
        number += len(members)
    soup = BeautifulSoup(pictures.out("".join(parts)), "html.parser")
    title = soup.h1.extract().get_text() if soup.h1 else executed.name
    colab = ""
    if link := soup.find("a", href=re.compile("^https://colab.research")):
        colab = link["href"]
        link.find_parent("p").decompose()  # of links only: the page has its own
    first = " ".join(soup.p.get_text().split()) if soup.p else ""
    goals = re.search(r"You will be able to (.+?\.)(?: |$)", first)
    minutes = re.search(r"(\d+(?: to \d+)?) minutes", first)
    return Page(
        executed,
        title=re.sub(r"^\d+\s*[.:·–-]?\s*", "", title),
        summary=goals[1][0].upper() + goals[1][1:] if goals else first,
        colab=colab,
        minutes=minutes[1] if minutes else "",
        body=Markup(soup),
        headings=[one for one in cells.headings if one["level"] in (2, 3)],
    )
