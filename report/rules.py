"""What every piece of a page must keep: a picture says what it shows, and nothing is
fetched."""

import re
from html.parser import HTMLParser

# Elements without an end tag never enclose anything.
VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
FETCHING = {
    "img": "src",
    "script": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
    "embed": "src",
    "use": "href",
}
REMOTE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
REMOTE_IN_STYLE = re.compile(
    r"""(?:@import\s+["']?|url\(\s*["']?)(?:https?:)?//""", re.IGNORECASE
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[
            tuple[str, bool]
        ] = []  # (element, does it speak for what it encloses)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip() for name, value in attrs}
        named = bool(given.get("aria-label") or given.get("aria-labelledby"))
        picture = tag in ("figure", "svg", "canvas") or given.get("role") in (
            "img",
            "figure",
        )
        speaks = (named and picture) or given.get("aria-hidden") == "true"
        spoken_for = speaks or any(outer for _, outer in self.open)
        if tag == "img" and not given.get("alt"):
            self.faults.append(
                "a picture has no alt text: show it as a helpers.figures.Chart"
            )
        if tag in ("svg", "canvas") and not spoken_for:
            self.faults.append(
                f"a drawing ({tag}) has no aria-label that says what it shows"
            )
        if "plotly-graph-div" in given.get("class", ""):
            self.faults.append(
                "a plotly figure would bring a script of some megabytes: show a still, "
                "as a helpers.figures.Chart with the figure as its `live`"
            )
        for address in (given.get(FETCHING.get(tag, ""), ""), given.get("srcset", "")):
            if REMOTE.match(address):
                self.faults.append(
                    f"<{tag}> would fetch {address} from the network: the page has to "
                    "work without it"
                )
        if REMOTE_IN_STYLE.search(given.get("style", "")):
            self.faults.append(
                f"the style of <{tag}> would fetch something from the network"
            )
        if tag not in VOID:
            self.open.append((tag, speaks))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "style" and REMOTE_IN_STYLE.search(data):
            self.faults.append("a <style> would fetch something from the network")


def faults(html: str) -> list[str]:
    """What is wrong with a piece of HTML, a phrase each; an empty list where nothing
    is."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults
