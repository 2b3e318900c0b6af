"""Plain words where a domain is a reader's own: no pigs, no patients, and no released
data set. Pages and Jupyter speak by these same rules.

>>> spoken("Pigs are not patients.", ["source"])
'Source subjects are not patients.'
"""

import re
from collections.abc import Callable, Collection

from helpers.results import KEPT

_WORDS = {
    "source": [
        ("pigs", "source subjects"),
        ("pig", "source subject"),
        ("HemoSet", "the source"),
    ],
    "target": [
        ("patients", "target subjects"),
        ("patient", "target subject"),
        ("CholecSeg8k", "the target"),
    ],
}
_PIECES = re.compile(
    r"(<(?:pre|code|script|style)\b.*?</(?:pre|code|script|style)>|<[^>]*>)", re.DOTALL
)
_ATTRIBUTE = re.compile(r'(\s(?:alt|aria-label|title)=")([^"]*)(")')
# Where a link of Markdown leads to.
_ADDRESS = re.compile(r"(?<=\])\([^)]*\)")


def spoken(text: str, own: Collection[str]) -> str:
    """A text in plain words. own: those of "source" and "target" that are a reader's
    own."""
    for role, changes in _WORDS.items():
        for word, other in changes if role in own else ():
            text = re.sub(rf"\b{word}\b", _as_large(other), text, flags=re.IGNORECASE)
    return text


def html(page: str, own: Collection[str]) -> str:
    """HTML in plain words, alternative texts too; code and scripts stay."""
    return _between(_PIECES, page, own, lambda tag: _tag(tag, own))


def markdown(text: str, own: Collection[str]) -> str:
    """Markdown in plain words; code, formulas and where links lead stay."""

    def outside_code(piece: str) -> str:
        return _between(_ADDRESS, piece, own, lambda address: address, html)

    parts, end = [], 0
    for kept in KEPT.finditer(text):
        parts += [outside_code(text[end : kept.start()]), kept[0]]
        end = kept.end()
    return "".join([*parts, outside_code(text[end:])])


def _between(
    kept: re.Pattern,
    text: str,
    own: Collection[str],
    inside: Callable[[str], str],
    outside: Callable[[str, Collection[str]], str] = spoken,
) -> str:
    """What a pattern finds through `inside`, the rest through `outside`."""
    parts, end = [], 0
    for found in kept.finditer(text):
        parts += [outside(text[end : found.start()], own), inside(found[0])]
        end = found.end()
    return "".join([*parts, outside(text[end:], own)])


def _tag(tag: str, own: Collection[str]) -> str:
    """A tag, or an element that is kept whole."""
    if tag.startswith('<script type="application/json"'):
        return spoken(tag, own)  # what a page will say when it is played with
    if tag.startswith(("<pre", "<code", "<script", "<style")):
        return tag
    return _ATTRIBUTE.sub(lambda one: one[1] + spoken(one[2], own) + one[3], tag)


def _as_large(other: str) -> Callable[[re.Match], str]:
    def as_large(one: re.Match) -> str:
        begins = one[0][0].isupper() and one[0][1:].islower()
        return other[:1].upper() + other[1:] if begins else other

    return as_large
