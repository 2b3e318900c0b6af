"""Markdown to HTML: headings with ids, mathematics as MathML, links that stay inside
the site."""

import base64
import html
import mimetypes
import re
from pathlib import Path
from typing import NamedTuple

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from helpers.errors import CourseError

LIVE = re.compile(r"<(script|iframe|object|embed|form)\b|<\w[^>]*\son\w+\s*=")
"""What in a text would run or load something."""


class Heading(NamedTuple):
    """A heading of a page: its level, its id in the page, and its text as HTML."""

    level: int
    id: str
    text: str


def code(source: str) -> str:
    """Python source as a highlighted block."""
    inner = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))
    return f'<pre class="code"><code>{inner}</code></pre>'


def plain(markup: str) -> str:
    """The text of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def mathml(latex: str, block: bool) -> str:
    """LaTeX as MathML, which browsers set without a script.

    Raises CourseError where a command is unknown: the converter would print its name
    rather than fail.
    """
    text = latex.strip()
    # Words letter by letter are set and read out letter by letter; as text they are
    # words.
    text = re.sub(
        r"\\(?:mathrm|operatorname\*?)\{([A-Za-z][A-Za-z \-]+)\}", r"\\text{\1}", text
    )
    text = re.sub(r"\\mathbb\{?1\}?", "\N{MATHEMATICAL DOUBLE-STRUCK DIGIT ONE}", text)
    text = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{align*}", text)
    try:
        made = convert(text, display="block" if block else "inline")
    except Exception as error:  # the converter has no error of its own
        raise CourseError(
            f"The formula ${latex}$ can't be set ({type(error).__name__}): check its "
            "brackets."
        ) from error
    if left := re.search(r">(\\[A-Za-z]+|&)<", made):
        raise CourseError(
            f"The formula ${latex}$ can't be set: {left[1]} is not known to the "
            "converter; write it otherwise."
        )
    return made.replace("<math ", f'<math alttext="{html.escape(text)}" ', 1)


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, which reads notebooks' Markdown, writing what this site
    needs."""

    def __init__(self, prose: "Prose") -> None:
        super().__init__(escape=False)
        self.prose = prose

    def heading(self, text: str, level: int, **attrs: object) -> str:
        return self.prose.heading(text, level)

    def block_code(self, text: str, info: str | None = None) -> str:
        if (info or "").strip() in ("python", "py"):
            return code(text)
        return f'<pre class="code"><code>{html.escape(text)}</code></pre>\n'

    def inline_math(self, body: str) -> str:
        return mathml(body, block=False)

    def block_math(self, body: str) -> str:
        return f'<span class="formula">{mathml(body, block=True)}</span>'

    def latex_environment(self, name: str, body: str) -> str:
        # An equation is displayed anyhow; the others say how lines are aligned.
        inner = (
            body
            if name.rstrip("*") == "equation"
            else f"\\begin{{{name}}}{body}\\end{{{name}}}"
        )
        return self.block_math(inner)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if re.match(r"(?:https?:)?//", url):
            return text  # a badge: its link keeps the words, and nothing is asked for
        return super().image(text, self.prose.picture(url), title)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(
            text,
            re.sub(r"^(?:\./)?(\d\d_\w+)\.(?:ipynb|py)(?=#|$)", r"\1.html", url),
            title,
        )

    def table(self, text: str) -> str:
        return scroll(f"<table>\n{text}</table>\n")


def scroll(table: str) -> str:
    """A table in a box of its own, so that on a phone it scrolls by itself."""
    return f'<div class="scroll">{table}</div>'


class Prose:
    """Renders the Markdown of one page, and remembers its headings.

    folder: where the lesson lies, which its pictures are relative to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.headings: list[Heading] = []

    def __call__(self, source: str) -> str:
        """HTML of some Markdown. CourseError for a formula that can't be set and for a
        missing picture."""
        made = MarkdownWithMath(renderer=_Renderer(self)).render(source)
        if live := LIVE.search(made):
            raise CourseError(
                f"The text holds {live[0].split()[0]!r}, which a page would run: words "
                "run nothing; take it out, or show it as code."
            )
        return made

    def heading(self, text: str, level: int) -> str:
        # The ids that Jupyter gives, so that a link inside a lesson works in both
        # places.
        wanted = re.sub(r"\s+", "-", re.sub(r"[\"'<>&]", "", plain(text))) or "section"
        taken = {heading.id for heading in self.headings}
        number = next(
            n
            for n in range(1, len(taken) + 2)
            if (wanted if n == 1 else f"{wanted}-{n}") not in taken
        )
        here = Heading(level, wanted if number == 1 else f"{wanted}-{number}", text)
        self.headings.append(here)
        return f'<h{level} id="{html.escape(here.id)}">{text}</h{level}>\n'

    def picture(self, url: str) -> str:
        """A local picture as a data address: a page is whole by itself."""
        if url.startswith("data:"):
            return url
        path = (self.folder / url).resolve()
        # A name in the data may look like a picture, of any file of this machine.
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            raise CourseError(
                f"The picture {url} isn't there: put it beside the lesson or correct "
                "its address."
            )
        kind = mimetypes.guess_type(path.name)[0] or "image/png"
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
