"""Numbers and nouns in a sentence, what splits and subjects are called, and names that
come from data (files, folders, subjects) as text and nothing else.

>>> number(0.256), counted(1, "pig"), counted(3, noun("ood_test"))
('0.26', '1 pig', '3 patients')
>>> text("<b>pig1</b>"), text("pig_1 (left)")
('‹b›pig1‹/b›', 'pig_1 (left)')
"""

import re
from collections.abc import Sequence

# Splits and domains: whose frames, and which of them.
_SPLITS = {
    "source": ("source", ""),
    "train": ("source", "training "),
    "id_val": ("source", "validation "),
    "id_test": ("source", "unseen "),
    "target": ("target", ""),
    "wished": ("target", "wished-for "),
    "ood_val": ("target", "validation "),
    "ood_test": ("target", "unseen "),
    "ood_wished": ("target", "wished-for "),
    "ood_wished_val": ("target", "wished-for validation "),
}
_called = {"source": "pig", "target": "patient"}


def call(source: str = "pig", target: str = "patient") -> None:
    """Say what one subject of each domain is called from here on, in the singular."""
    _called.update(source=source, target=target)


def noun(split: str) -> str:
    """One subject of a split or domain: "pig", "patient", or "subject" of no known one.

    >>> noun("id_test"), noun("source and target")
    ('pig', 'subject')
    """
    return _called[_SPLITS[split][0]] if split in _SPLITS else "subject"


def name_of(split: str) -> str:
    """What a split or a domain is called in a sentence; another name stays as it is.

    >>> name_of("id_test"), name_of("target"), name_of("AdaBN")
    ('unseen pigs', 'patients', 'AdaBN')
    """
    return f"{_SPLITS[split][1]}{noun(split)}s" if split in _SPLITS else split


def counted(n: int, one: str) -> str:
    """A number with its noun, in the plural where there isn't exactly one."""
    return f"{n:,} {one}{'' if n == 1 else 's'}"


def number(value: object, form: str = ".2f") -> str:
    """The value in a format, "undefined" where there is none; no zero has a sign.

    >>> number(-0.001), number(-0.001, "+.1f"), number(-0.5)
    ('0.00', '0.0', '-0.50')
    """
    if value is None or value != value:  # only NaN is not itself
        return "undefined"
    return re.sub(r"^[-+](?=0(?:\.0*)?$)", "", format(value, form))


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    parts = list(parts)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


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
