"""Names that come from data (files, folders, subjects), as text and nothing else.

>>> text("<b>pig1</b>"), text("pig_1 (left)")
('‹b›pig1‹/b›', 'pig_1 (left)')
"""

import re

# What Markdown, HTML, mathematics or a plot would read as a command, and a letter that
# looks like it, is none, and is in the font of the figures. Quotes stay: wherever a
# name becomes an attribute it is escaped.
LOOK_ALIKES = str.maketrans(
    {
        "<": "‹",
        ">": "›",
        "&": "⅋",
        "$": "Ꞩ",
        "`": "‵",
        "*": "∗",
        "[": "⁅",
        "]": "⁆",
        "|": "∣",
        "\\": "∖",
    }
)


# Between two letters or digits an underscore is a letter; elsewhere Markdown takes two
# of them, and what stands between, for emphasis.
_UNDERLINES = re.compile(r"(?<![^\W_])_|_(?![^\W_])")

# At the start of a line Markdown takes these for a heading, a list, a rule or code.
_START = re.compile(
    r" {4,}| *(?:#{1,6}(?=\s|$)|[-+](?=\s|$)|[-=][-= ]*$|\d{1,9}[.)](?=\s|$)|~{3,})"
)
_AT_START = str.maketrans(
    {"#": "♯", "-": "‐", "+": "⁺", "=": "꞊", ".": "․", ")": "․", "~": "∼", " ": "␣"}
)


def text(given: object) -> str:
    """A name, or a sentence with names in it, that does nothing wherever it is shown.

    Letters that would be commands become letters that look like them; what cannot be
    seen (control codes, line ends, signs that turn the direction of writing, bytes that
    are no letters) is written as an escape. A text that holds none of these
    stays as it is, and so does a text that has been through here.
    """
    shown = printable(given).replace("://", ":∕∕").translate(LOOK_ALIKES)
    shown = _UNDERLINES.sub("ˍ", shown.replace("~~", "∼∼"))
    if start := _START.match(shown):
        shown = start[0].translate(_AT_START) + shown[start.end() :]
    return shown


def printable(line: object) -> str:
    """A line that a terminal shows and does not obey: what cannot be seen is written as
    an escape."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in str(line)
    )
