"""One cell of an executed lesson, with its outputs, as HTML."""

import html
import re
from collections.abc import Callable
from pathlib import Path

from nbconvert.filters.ansi import ansi2html
from nbformat import NotebookNode

from helpers.errors import CourseError
from helpers.magics import NAME as PHANTOM
from helpers.settings import ROOT
from report.exercises import blank, solved, tags
from report.prose import Prose, code, mathml, plain, scroll
from report.rules import faults

# What lessons leave for the report rather than for the reader.
COURSE = "application/vnd.course."
# Live in Jupyter; in the page a still picture stands in its place.
WIDGET = "application/vnd.jupyter.widget-view+json"
NUMBER = re.compile(r"[+\-−]?[\d.,]*(?:e[+-]?\d+)?\s?%?|[–—-]|nan|inf", re.IGNORECASE)
FOLDS = {"setup": "Set-up", "parameters": "Parameters", "hide-input": "Code"}
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


def cell(cell: NotebookNode, where: str, prose: Prose) -> str:
    """HTML of a cell, "" for what the reader needn't see.

    where: the lesson and the cell, for errors. Raises CourseError naming it where a
    picture has no alt text, where something would be fetched from the network, or where
    a formula can't be set.
    """
    if not cell.source.strip() or "injected-parameters" in tags(cell):
        return ""
    return _checked(where, lambda: _cell(cell, prose))


def exercise(members: list[NotebookNode], where: str, prose: Prose) -> str:
    """HTML of an exercise with its checks and its solution paragraph: the blank form,
    and all the rest in one fold. where, and errors: as for `cell`."""

    def made() -> str:
        first, *others = members
        folded = _source(solved(first.source)) + _outputs(first, prose)
        for one in others:
            if "check" in tags(one):
                folded += _source(one.source, "check") + _outputs(one, prose)
            else:
                folded += _cell_prose(one, prose)
        return (
            f'<div class="cell exercise">{_source(blank(first.source))}'
            f"{_fold('Solution', folded, 'solution')}</div>\n"
        )

    return _checked(where, made)


def _checked(where: str, make: Callable[[], str]) -> str:
    try:
        made = make()
    except CourseError as error:
        raise CourseError(f"{where}: {error}") from error
    if wrong := faults(made):
        raise CourseError(f"{where}: {wrong[0]}.")
    return made


def _cell(cell: NotebookNode, prose: Prose) -> str:
    if cell.cell_type == "markdown" or "say" in tags(cell):
        made = _cell_prose(cell, prose)
        if "solution" in tags(cell):  # of a question that has no code
            return _fold("A possible answer", made, "solution") + "\n"
        return made
    if cell.cell_type != "code":
        return ""  # raw cells are for other converters
    outputs = _outputs(cell, prose)
    if "quiz" in tags(cell):
        return f'<div class="cell">{outputs}</div>\n'  # its code gives the answers away
    shown = _source(cell.source)
    if tag := next((tag for tag in FOLDS if tag in tags(cell)), None):
        # The same in every lesson: printed pages leave it out.
        same = tag in ("setup", "parameters")
        shown = _fold(FOLDS[tag], shown, "folded closed" if same else "folded")
    return f'<div class="cell">{shown}{outputs}</div>\n'


def _cell_prose(cell: NotebookNode, prose: Prose) -> str:
    """A cell's words: Markdown as it is, or what `say` has made of it."""
    texts = [cell.source]
    if cell.cell_type == "code":
        said = [one for one in cell.outputs if "text/markdown" in one.get("data", {})]
        texts = [one.data["text/markdown"] for one in said]
    return "".join(f'<div class="prose">\n{prose(text)}</div>\n' for text in texts)


def _source(source: str, kind: str = "") -> str:
    source = source.removeprefix(f"{PHANTOM}\n")
    return f'<div class="source {kind}">{code(source)}</div>'.replace(' ">', '">')


def _fold(name: str, inside: str, kind: str = "folded") -> str:
    return f'<details class="{kind}"><summary>{name}</summary>{inside}</details>'


def _outputs(cell: NotebookNode, prose: Prose) -> str:
    return "".join(output(one, prose) for one in _joined(cell.outputs))


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring pieces of one stream as one piece."""
    joined: list[NotebookNode] = []
    for one in outputs:
        if (
            one.output_type == "stream"
            and joined
            and joined[-1].get("name") == one.name
        ):
            joined[-1] = NotebookNode(joined[-1] | {"text": joined[-1].text + one.text})
        else:
            joined.append(one)
    return joined


def output(one: NotebookNode, prose: Prose) -> str:
    """HTML of one output, "" where the page needs none. CourseError for a picture
    without alt text."""
    if one.output_type == "stream":
        return _stream(one.text, one.name)
    if one.output_type == "error":
        return _stream("\n".join(one.traceback), "stderr")
    data = one.data
    if WIDGET in data:
        return ""
    if (
        "text/html" in data
        and 'class="highlight"' in data["text/html"]
        and "text/plain" in data
    ):
        # IPython's Code brings a style sheet that would reach the whole page; the page
        # has its own for code.
        return f'<div class="source">{code(data["text/plain"])}</div>'
    if "text/html" in data:
        return _html(data["text/html"])
    for kind in PICTURES:
        if kind in data:
            return _picture(data[kind], kind, _alt(one.metadata, kind))
    if any(kind.startswith(COURSE) for kind in data):
        return ""
    if "text/markdown" in data:
        return f'<div class="prose said">{prose(data["text/markdown"])}</div>'
    if "text/latex" in data:
        text = data["text/latex"].strip()
        block = not re.fullmatch(r"\$[^$].*[^$]\$|\$[^$]\$", text, re.DOTALL)
        return f'<div class="prose said"><p>{mathml(text.strip("$"), block)}</p></div>'
    return _stream(data["text/plain"], "result") if "text/plain" in data else ""


def _html(made: str) -> str:
    kind = "figure" if re.search(r"<(figure|img|svg|video)\b", made) else "said"
    if kind == "said" and "<table" in made:
        made = scroll(aligned(made))
    return f'<div class="output {kind}">{made}</div>'


def aligned(table: str) -> str:
    """A pandas table with its columns of words marked, to be set flush left; numbers
    stay flush right.

    A table with spanning cells is left as it is: its columns are not to be counted.
    """
    if "dataframe" not in table or re.search(r"(?:row|col)span", table):
        return table
    rows = [
        re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    ]
    body = [row for row in rows if any(one.startswith("<td") for one in row)]
    words = {
        place
        for row in body
        for place, one in enumerate(row)
        if not NUMBER.fullmatch(plain(one))
    }
    places = iter([place for row in rows for place, _ in enumerate(row)])
    return re.sub(
        r"<(t[hd])(?=[ >])",
        lambda one: f'<{one[1]} class="words"' if next(places) in words else one[0],
        table,
    )


def _alt(metadata: dict, kind: str) -> str:
    about = metadata.get(kind, {})
    alt = (about.get("alt") if isinstance(about, dict) else None) or metadata.get("alt")
    if not alt:
        raise CourseError(
            "a picture has no alt text: show it as a helpers.figures.Chart."
        )
    return alt


def _picture(data: str, kind: str, alt: str) -> str:
    if kind == "image/svg+xml":
        figure = f'<figure role="img" aria-label="{html.escape(alt)}">{data}</figure>'
        return f'<div class="output figure">{figure}</div>'
    address = f"data:{kind};base64,{''.join(data.split())}"
    picture = f'<img src="{address}" alt="{html.escape(alt)}">'
    return f'<div class="output figure">{picture}</div>'


def _stream(text: str, name: str) -> str:
    """Text as a terminal leaves it (a carriage return overwrites its line), without
    paths of this machine."""
    text = re.sub(r"\S*ipykernel_\d+[/\\]\d+\.py:(\d+)", r"line \1", text)
    text = (
        re.sub(r"\S*[/\\]site-packages[/\\]", "", text)
        .replace(f"{ROOT}/", "")
        .replace(str(Path.home()), "~")
    )
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n")]
    shown = ansi2html("\n".join(lines).strip("\n"))
    if not shown.strip():
        return ""
    return f'<pre class="stream {name}">{shown}</pre>'
