"""What the two domains of a run are called on its pages: drawn, released, or a reader's
own."""

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
