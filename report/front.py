"""What the front page shows of the lessons, and what is made of their pictures."""

import base64
import io
import re
from pathlib import Path

import matplotlib
from markupsafe import Markup
from PIL import Image, ImageDraw, ImageFont

from report.collect import Collected
from report.pictures import DATA, Pictures
from report.render import Page

# Names under which a lesson may offer a figure for a place of its own.
FIRST, COVER = ("surgeries", "gallery"), "cover"
FIGURE = re.compile(r'<figure class="chart".*?</figure>', re.DOTALL)
PLAYED = '<figure class="play"'  # what can be played with
CARD = (1200, 630)  # pixels, as those expect who show a link with a picture
CARD_ALT = (
    "Frames of two kinds of surgery with a network's marks, and the course's title"
)
PAPER, INK, SOFT = "#fffdf9", "#24211e", "#655e56"


def shown(collected: Collected) -> dict[str, object]:
    """The first picture (None where no lesson offers one), what can be played with, and
    the other figures, as the template takes them."""
    offered = [
        {**figure, "html": Markup(figure["html"])} for figure in collected.figures
    ]
    plays = [one for one in offered if PLAYED in one["html"]]
    rest = [one for one in offered if PLAYED not in one["html"]]
    first = _first(rest)
    rest = [one for one in rest if one is not first and one["name"] != COVER]
    return {"first": first, "plays": plays, "figures": rest}


def _first(figures: list[dict]) -> dict | None:
    named = {one["name"]: one for one in reversed(figures)}
    return next((named[name] for name in FIRST if name in named), None)


def cards(
    pages: list[Page], collected: Collected, pictures: Pictures
) -> list[tuple[Page, Markup]]:
    """Each lesson with a small picture: one that it offers, else its first, else
    none."""
    made = []
    for page in pages:
        offered = [
            one
            for one in collected.figures
            if one["lesson"] == page.name and PLAYED not in one["html"]
        ]
        offered.sort(key=lambda one: one["name"] != COVER)
        body = str(page.body)
        start = re.search(r'<figure class="(?:chart|play)"', body)
        own = body[start.start() :] if start else ""
        source = offered[0]["html"] if offered else own
        made.append((page, Markup(pictures.thumbnail(source))))
    return made


def card(collected: Collected, title: str) -> bytes:
    """The picture that is shown beside a link to the site, a PNG."""
    made = Image.new("RGB", CARD, PAPER)
    draw = ImageDraw.Draw(made)
    draw.text((60, 48), title, INK, font=_font(64, bold=True))
    words = "Domain shift in surgery, measured without fooling yourself"
    draw.text((62, 132), words, SOFT, font=_font(31))
    first = _first(collected.figures)
    picture = first and DATA.search(first["html"].split("<img", 1)[-1])
    if picture:
        held = Image.open(io.BytesIO(base64.b64decode(picture[2]))).convert("RGB")
        room = (CARD[0] - 120, CARD[1] - 230)
        share = min(room[0] / held.width, room[1] / held.height)
        held = held.resize((round(held.width * share), round(held.height * share)))
        made.paste(held, ((CARD[0] - held.width) // 2, 200))
    buffer = io.BytesIO()
    made.convert("P", palette=Image.Palette.ADAPTIVE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    return ImageFont.truetype(folder / f"DejaVuSans{'-Bold' if bold else ''}.ttf", size)
