"""Each pig and each patient has a look of its own: colours, texture, light, optics, how
much it bleeds.

A trait is drawn once per subject from the seed alone, however many frames are drawn.
The subjects of one kind share each trait's range out among themselves in random order
(a stratified draw), so that a data set of ten subjects keeps the same mean whatever the
seed.
"""

from functools import lru_cache

import numpy as np

from phantom.scene import generator

PIGS = {
    "pig1": 153,
    "pig2": 150,
    "pig3": 50,
    "pig4": 39,
    "pig5": 131,
    "pig6": 32,
    "pig7": 64,
    "pig9": 161,
    "pig10": 162,
    "pig11": 20,
}
"""Labelled frames per pig in HemoSet as released (there is no pig8): the proportions of
the drawn ones.
"""

PATIENTS = {
    "video01": 16,
    "video09": 3,
    "video12": 8,
    "video17": 4,
    "video18": 2,
    "video20": 2,
    "video24": 12,
    "video25": 4,
    "video26": 4,
    "video27": 5,
    "video28": 7,
    "video35": 3,
    "video37": 6,
    "video43": 9,
    "video48": 3,
    "video52": 10,
    "video55": 3,
}
"""Clips of 80 frames per video in CholecSeg8k as released (counted from its published
frame statistics).
"""

BLEEDS = "video01"
"""The one patient with blood as released. It stays near the middle of every range, and
rather dark, so that what the plain benchmark says of blood is not the seed's luck.
"""

RARE = {
    "connective": ("video01", "video12"),
    "duct": ("video01", "video17"),
    "vein": ("video12",),
    "ligament": ("video09",),
    "hook": ("video01", "video12", "video18", "video20", "video37", "video55"),
    "no_gallbladder": ("video09",),
    "no_grasper": ("video09",),
    "no_wall": ("video35",),
    "much_liver": ("video01", "video18", "video20", "video35"),
    "much_wall": (
        "video09",
        "video17",
        "video24",
        "video27",
        "video28",
        "video43",
        "video52",
    ),
    "no_bowel": ("video35", "video37", "video43", "video52"),
}
"""Which patients show (or never show) a structure, after the same statistics."""

SURROUND = {
    "video01": 17,
    "video09": 16,
    "video12": 34,
    "video17": 23,
    "video18": 7,
    "video20": 11,
    "video24": 40,
    "video25": 34,
    "video26": 30,
    "video27": 23,
    "video28": 15,
    "video35": 6,
    "video37": 42,
    "video43": 28,
    "video48": 40,
    "video52": 27,
    "video55": 29,
}
"""Black background per video in percent of the frame, from the same statistics,
rounded.
"""

GROUPS = ("light", "colour", "lens", "view", "air", "blood", "anatomy")
"""The dials: what each domain's drawing can take on of the other's. The first five are
the camera's and the air's, which a change of the image can imitate.
"""

ROBOTIC, LAPAROSCOPIC = "robotic", "laparoscopic"

_OPTICS = {
    # trait: (group, source's range, target's range)
    "goal": ("light", (0.395, 0.495), (0.265, 0.37)),
    "contrast": ("light", (0.90, 1.08), (1.0, 1.25)),
    "vignette": ("light", (0.0, 0.25), (0.9, 1.7)),
    "ambient": ("light", (0.22, 0.22), (0.10, 0.10)),
    "shade": ("light", (0.04, 0.04), (0.032, 0.032)),
    "red": ("colour", (0.95, 1.08), (0.86, 1.22)),
    "blue": ("colour", (0.90, 1.10), (0.70, 1.08)),
    "saturation": ("colour", (0.90, 1.12), (0.66, 0.92)),
    "blur": ("lens", (0.35, 0.7), (0.6, 1.0)),
    "noise": ("lens", (0.002, 0.005), (0.002, 0.005)),
    "aside": ("view", (0.0, 0.0), (-0.08, 0.08)),
    "speculars": ("air", (0.7, 1.3), (0.5, 1.1)),
    "sparkle": ("air", (16, 16), (18, 18)),
    "sparkle_from": ("air", (0.35, 0.35), (0.15, 0.15)),
    "smoke": ("air", (0.0, 0.0), (0.0, 0.5)),
    "blood_dark": ("blood", (0.0, 0.2), (1.1, 1.5)),
    "blood_hue": ("blood", (-0.5, 0.5), (-0.3, 0.7)),
    "bleeding": ("blood", (0.055, 0.105), (0.035, 0.065)),
    "steep": ("blood", (2.2, 2.2), (2.6, 2.6)),
    "meniscus": ("blood", (2.2, 2.2), (0.8, 0.8)),
    "film_gleam": ("blood", (3.0, 3.0), (1.0, 1.0)),
    "pool": ("blood", (0.15, 0.15), (0.0, 0.0)),
}
_ANATOMY = {
    ROBOTIC: {
        "hue": (-1, 1),
        "pale": (0, 1),
        "muscle": (0, 1),
        "gland": (0, 1),
        "fat": (0, 1),
        "inflamed": (0, 1),
        "lobule": (12, 26),
        "fibre": (0.5, 1.3),
        "rough": (0.6, 1.5),
        "vessels": (4, 16),
        "lamp_x": (-0.45, 0.45),
        "lamp_y": (-0.45, 0.1),
        "gloss": (0.6, 1.3),
        "steel": (0, 1),
        "steel_light": (0.75, 0.75),
        "drape": (0, 1),
    },
    LAPAROSCOPIC: {
        "hue": (-1, 1),
        "yellow": (0, 1),
        "liver": (0, 1),
        "wall": (0, 1),
        "green": (0, 1),
        "lobule": (13, 26),
        "rough": (0.6, 1.3),
        "vessels": (6, 18),
        "lamp_x": (-0.35, 0.35),
        "lamp_y": (-0.35, 0.1),
        "gloss": (0.6, 1.2),
        "steel": (0, 1),
        "steel_light": (0.5, 0.5),
        "inflamed": (0, 1),
    },
}
_SUBJECTS = {ROBOTIC: tuple(PIGS), LAPAROSCOPIC: tuple(PATIENTS)}
_DRIFT = {ROBOTIC: 0.8, LAPAROSCOPIC: 0.7}


def other(kind: str) -> str:
    """The other kind of surgery."""
    return LAPAROSCOPIC if kind == ROBOTIC else ROBOTIC


def partner(kind: str, subject: str, seed: int) -> str:
    """Whose anatomy a subject takes on when that dial is turned: one of the other
    kind's.
    """
    names = _SUBJECTS[other(kind)]
    order = generator("partner", kind, seed).permutation(len(names))
    return names[order[_SUBJECTS[kind].index(subject) % len(names)]]


@lru_cache(maxsize=64)
def _places(kind: str, trait: str, seed: int) -> tuple[float, ...]:
    """Where in a trait's range (-0.5 to 0.5) each subject of that kind stands."""
    rng, number = generator("trait", kind, trait, seed), len(_SUBJECTS[kind])
    shares = (rng.permutation(number) + rng.uniform(0.2, 0.8, number)) / number
    return tuple(float(share) - 0.5 for share in shares)


def look(
    kind: str,
    subject: str,
    seed: int,
    variation: float = 1.0,
    swapped: tuple[str, ...] = (),
) -> dict[str, float]:
    """The traits of a subject by name.

    `kind` is "robotic" or "laparoscopic"; `variation` scales how far subjects stray
    from the middle of each range (0: all alike). `swapped`: the groups of which the
    subject has the other kind's traits, its place in the range being its own; of
    "anatomy" it has those of its partner.
    """
    traits = {"drift": _DRIFT[kind]}
    for trait, (group, source, target) in _OPTICS.items():
        ends = target if (kind == LAPAROSCOPIC) != (group in swapped) else source
        traits[trait] = _value(ends, kind, trait, subject, seed, variation)
    body, owner = (kind, subject)
    if "anatomy" in swapped:
        body, owner = other(kind), partner(kind, subject, seed)
    for trait, ends in _ANATOMY[body].items():
        traits[trait] = _value(ends, body, trait, owner, seed, variation)
    traits["radius"] = _radius(kind, subject, seed, variation, "view" in swapped)
    return traits


def _value(
    ends, kind: str, trait: str, subject: str, seed: int, variation: float
) -> float:
    place = _places(kind, trait, seed)[_SUBJECTS[kind].index(subject)]
    if subject == BLEEDS:
        place = place / 3 - 0.25 * (trait == "goal")
    return (ends[0] + ends[1]) / 2 + variation * (ends[1] - ends[0]) * place


def _radius(
    kind: str, subject: str, seed: int, variation: float, swapped: bool
) -> float:
    """The round view's radius, in halves of the frame's height: 9, beyond every corner,
    for a robot's camera; for a telescope so that about its video's share of the frame
    is black.
    """
    if (kind == LAPAROSCOPIC) == swapped:
        return 9.0
    patient = subject if kind == LAPAROSCOPIC else partner(kind, subject, seed)
    middle = sum(SURROUND.values()) / len(SURROUND)
    jitter = 3 * _places(kind, "radius", seed)[_SUBJECTS[kind].index(subject)]
    black = middle + variation * (SURROUND[patient] + jitter - middle)
    return float(np.interp(-black, *_black_by_radius()))


@lru_cache(maxsize=1)
def _black_by_radius() -> tuple[np.ndarray, np.ndarray]:
    """Minus the percent of a 16:9 frame beyond a circle in its middle, and its
    radius."""
    y, x = np.mgrid[-1:1:180j, -16 / 9 : 16 / 9 : 320j]
    away, radii = np.hypot(x, y), np.linspace(0.8, 2.1, 66)
    return np.array([-100 * (away > radius).mean() for radius in radii]), radii


def shows(patient: str, structure: str) -> bool:
    """Whether that patient is one of RARE's for the structure."""
    return patient in RARE[structure]
