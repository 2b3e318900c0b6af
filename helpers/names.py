"""Names that come from data (files, folders, subjects), as text and nothing else.

>>> text("<b>pig1</b>"), text("pig_1 (left)")
('‹b›pig1‹/b›', 'pig_1 (left)')
"""

import re

# What Markdown, HTML, mathematics or a plot would read as a command, and a letter that
# looks like it, is none, and is in the font of the figures. Quotes stay: wherever a
# name becomes an attribute it is escaped.
LOOK_ALIKES = str.maketrans("<>&$`*[]|\\", "‹›⅋Ꞩ‵∗⁅⁆∣∖")

# Between two letters or digits an underscore is a letter; elsewhere Markdown takes two
# of them, and what stands between, for emphasis.
_UNDERLINES = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


def text(given: object) -> str:
    """A name, or a sentence with names in it, that does nothing wherever it is shown:
    letters that would be commands become letters that look like them.

    A text that holds none of these stays as it is, and so does one that has been here.
    """
    shown = printable(given).replace("://", ":∕∕").replace("~~", "∼∼")
    return _UNDERLINES.sub("ˍ", shown.translate(LOOK_ALIKES))


def printable(line: object) -> str:
    """A line that a terminal shows and does not obey: what can't be seen (control
    codes, line ends, bytes that are no letters) is written as an escape."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in str(line)
    )
