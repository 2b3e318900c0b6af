"""What the two domains of a run are called on its pages: drawn, released, or a reader's
own."""

import re

from helpers import plain

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
    plain ones where a domain is a reader's own; what speaks of other data stays."""
    own = [role for role in ROLES if domains[role] == OWN]
    if not own:
        return page
    pieces = _KEPT.split(page)
    return "".join(
        piece if place % 2 else plain.html(piece, own)
        for place, piece in enumerate(pieces)
    )


def elsewhere(made: str) -> str:
    """The HTML of a cell that speaks of other data than the run's, and keeps its words:
    the course's own data sets, recorded drawings, other studies."""
    return f"<!--elsewhere-->{made}<!--/elsewhere-->"


_KEPT = re.compile(r"(<!--elsewhere-->.*?<!--/elsewhere-->)", re.DOTALL)
