"""What the two domains of a run are called on its pages: drawn, released, or a reader's
own."""

import re
from collections.abc import Callable

ROLES = ("source", "target")
DRAWN, OWN = "drawn", "own"
_PHRASES = {
    ("source", DRAWN): "drawn robotic surgery",
    ("target", DRAWN): "drawn laparoscopic surgery",
    ("source", "hemoset"): "robotic surgery in pigs, HemoSet",
    ("target", "cholecseg8k"): "laparoscopic surgery in patients, CholecSeg8k",
    ("source", OWN): "frames of your own",
    ("target", OWN): "frames of your own",
}
_NAMES = {"hemoset": "HemoSet", "cholecseg8k": "CholecSeg8k", OWN: "your own folder"}


def phrase(role: str, kind: str) -> str:
    """What a domain is, in a few words: "drawn robotic surgery"."""
    return _PHRASES.get((role, kind), f"real frames, {_NAMES.get(kind, kind)}")


def banner(domains: dict[str, str]) -> tuple[str, str]:
    """The line over every page of a run with anything drawn in it, its first words
    apart; empty where both domains are real."""
    drawn = [role for role in ROLES if domains[role] == DRAWN]
    if len(drawn) == 2:
        return "Phantom data:", (
            "drawn surgery; teaches the method, says nothing about patients"
        )
    if not drawn:
        return "", ""
    other = next(role for role in ROLES if role not in drawn)
    real = phrase(other, domains[other])
    return "Half drawn:", (
        f"the {drawn[0]} is drawn surgery (a phantom), the {other} is real ({real}); "
        "a number that compares the two says nothing about real surgery"
    )


def renamed(page: str, domains: dict[str, str]) -> str:
    """A page's HTML with the words for the released data sets' subjects changed to
    plain ones where a domain is a reader's own; code and scripts stay."""
    changes = [
        change for role in ROLES if domains[role] == OWN for change in _WORDS[role]
    ]
    if not changes:
        return page

    def spoken(text: str) -> str:
        for pattern, other in changes:
            text = re.sub(
                rf"\b{pattern}\b",
                lambda one, other=other: (
                    other[:1].upper() + other[1:]
                    if one[0][0].isupper() and one[0][1:].islower()
                    else other
                ),
                text,
                flags=re.IGNORECASE,
            )
        return text

    pieces = _KEPT.split(page)
    return "".join(
        piece if place % 2 else _renamed(piece, spoken)
        for place, piece in enumerate(pieces)
    )


def elsewhere(made: str) -> str:
    """The HTML of a cell that speaks of other data than the run's, and keeps its words:
    the course's own data sets, recorded drawings, other studies."""
    return f"<!--elsewhere-->{made}<!--/elsewhere-->"


def _renamed(page: str, spoken: Callable[[str], str]) -> str:
    def attribute(found: re.Match) -> str:
        return found[1] + spoken(found[2]) + found[3]

    parts = _PIECES.split(page)
    for place, part in enumerate(parts):
        if place % 2:  # a tag, or something that is kept whole
            if part.startswith('<script type="application/json"'):
                parts[place] = spoken(
                    part
                )  # what a page will say when it is played with
            elif not part.startswith(("<pre", "<code", "<script", "<style")):
                parts[place] = _SPOKEN.sub(attribute, part)
        else:
            parts[place] = spoken(part)
    return "".join(parts)


_KEPT = re.compile(r"(<!--elsewhere-->.*?<!--/elsewhere-->)", re.DOTALL)
_PIECES = re.compile(
    r"(<(?:pre|code|script|style)\b.*?</(?:pre|code|script|style)>|<[^>]*>)", re.DOTALL
)
_SPOKEN = re.compile(r'(\s(?:alt|aria-label|title)=")([^"]*)(")')
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
