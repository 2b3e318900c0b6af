"""What the two domains of a run are called on its pages: drawn, released, or a reader's
own."""

ROLES = ("source", "target")
DRAWN, OWN = "drawn", "own"
_PHRASES = {
    ("source", DRAWN): "drawn robotic surgery",
    ("target", DRAWN): "drawn laparoscopic surgery",
    ("source", "hemoset"): "robotic surgery in pigs, HemoSet",
    ("target", "cholecseg8k"): "laparoscopic surgery in patients, CholecSeg8k",
}


def phrase(role: str, kind: str) -> str:
    """What a domain is, in a few words: "drawn robotic surgery"."""
    other = "frames of your own" if kind == OWN else f"real frames, {kind}"
    return _PHRASES.get((role, kind), other)


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
