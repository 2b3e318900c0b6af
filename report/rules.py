"""What every piece of a page must keep: a picture says what it shows, and nothing is
fetched."""

import re

from bs4 import BeautifulSoup, Tag

REMOTE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"""(?:@import\s+["']?|url\(\s*["']?)(?:https?:)?//""", re.I)
NOTHING_SAID = "No description has been provided for this image"  # nbconvert's words


def faults(markup: str | BeautifulSoup) -> list[str]:
    """What is wrong with a piece of HTML, a phrase each; an empty list where nothing
    is."""
    soup = BeautifulSoup(markup, "html.parser") if isinstance(markup, str) else markup
    if soup.select(".plotly-graph-div"):
        return [
            "a plotly figure would bring a script of some megabytes: show a still, as "
            "a helpers.figures.Chart with the figure as its `live`"
        ]
    return [fault for tag in soup.find_all(True) for fault in _faults(tag)]


def _faults(tag: Tag) -> list[str]:
    found = []
    if tag.name == "img" and tag.get("alt", "").strip() in ("", NOTHING_SAID):
        found.append("a picture has no alt text: show it as a helpers.figures.Chart")
    if tag.name in ("svg", "canvas") and not any(map(_speaks, [tag, *tag.parents])):
        found.append(f"a drawing ({tag.name}) has no aria-label: say what it shows")
    for name in ("src", "srcset", "data", "poster", "href"):
        leads = name == "href" and tag.name == "a"
        if not leads and REMOTE.match(tag.get(name, "")):
            found.append(
                f"<{tag.name}> would fetch {tag[name]} from the network: the page has "
                "to work without it"
            )
    style = tag.get_text() if tag.name == "style" else tag.get("style", "")
    if IN_STYLE.search(style):
        found.append(f"the style of <{tag.name}> would fetch from the network")
    return found


def _speaks(tag: Tag) -> bool:
    """Does an element say what the drawing in it shows, or that it needs no words?"""
    named = tag.get("aria-label") or tag.get("aria-labelledby")
    pictured = tag.name in ("figure", "svg", "canvas") or tag.get("role") == "img"
    return bool(named and pictured) or tag.get("aria-hidden") == "true"
