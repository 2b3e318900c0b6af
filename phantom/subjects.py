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

_VIDEOS = {
    # clips of 80 frames as released, black background in percent of the frame
    "video01": (16, 17),
    "video09": (3, 16),
    "video12": (8, 34),
    "video17": (4, 23),
    "video18": (2, 7),
    "video20": (2, 11),
    "video24": (12, 40),
    "video25": (4, 34),
    "video26": (4, 30),
    "video27": (5, 23),
    "video28": (7, 15),
    "video35": (3, 6),
    "video37": (6, 42),
    "video43": (9, 28),
    "video48": (3, 40),
    "video52": (10, 27),
    "video55": (3, 29),
}
PATIENTS = {video: clips for video, (clips, _) in _VIDEOS.items()}
"""Clips per video in CholecSeg8k (counted from its published frame statistics)."""

SURROUND = {video: black for video, (_, black) in _VIDEOS.items()}
"""Black background per video in percent, from the same statistics, rounded."""

BLEEDS = "video01"
"""The one patient with blood as released. It stays near the middle of every range, and
rather dark, so that what the plain benchmark says of blood is not the seed's luck.
"""

RARE = {
    "connective": "video01 video12",
    "duct": "video01 video17",
    "vein": "video12",
    "ligament": "video09",
    "hook": "video01 video12 video18 video20 video37 video55",
    "no_gallbladder": "video09",
    "no_grasper": "video09",
    "no_wall": "video35",
    "much_liver": "video01 video18 video20 video35",
    "much_wall": "video09 video17 video24 video27 video28 video43 video52",
    "no_bowel": "video35 video37 video43 video52",
}
"""Which patients show (or never show) a structure, after the same statistics."""

GROUPS = ("light", "colour", "lens", "view", "air", "blood", "anatomy")
"""The dials: what each domain's drawing can take on of the other's. The first five are
the camera's and the air's, which a change of the image can imitate.
"""

ROBOTIC, LAPAROSCOPIC = "robotic", "laparoscopic"
BEYOND = 9.0
"""The radius of a view without a surround, in halves of a frame's height."""

_OPTICS = {
    # trait: (group, source's range, target's range)
    "goal": ("light", (0.385, 0.485), (0.265, 0.37)),
    "contrast": ("light", (0.86, 1.02), (1.0, 1.25)),
    "vignette": ("light", (0.0, 0.25), (2.6, 5.6)),
    "ambient": ("light", (0.22, 0.22), (0.10, 0.10)),
    "shade": ("light", (0.04, 0.04), (0.032, 0.032)),
    "red": ("colour", (0.95, 1.08), (0.86, 1.22)),
    "blue": ("colour", (0.90, 1.10), (0.70, 1.08)),
    "saturation": ("colour", (0.79, 1.01), (0.66, 0.92)),
    "blur": ("lens", (0.30, 0.5), (0.4, 0.8)),
    "sharpen": ("lens", (0.6, 1.4), (0.6, 1.4)),
    "noise": ("lens", (0.0003, 0.0012), (0.0003, 0.0012)),
    "aside": ("view", (0.0, 0.0), (-0.08, 0.08)),
    "speculars": ("air", (0.35, 0.7), (0.8, 1.4)),
    "sparkle": ("air", (28, 28), (28, 28)),
    "sparkle_from": ("air", (0.40, 0.40), (0.40, 0.40)),
    "smoke": ("air", (0.0, 0.0), (0.0, 0.5)),
    "blood_dark": ("blood", (0.0, 0.2), (0.75, 1.15)),
    "blood_hue": ("blood", (-0.5, 0.5), (-0.3, 0.7)),
    "soak": ("blood", (0.26, 0.66), (0.40, 0.90)),
    "reach": ("blood", (0.6, 1.2), (0.5, 0.9)),
    "bleeding": ("blood", (0.055, 0.105), (0.035, 0.065)),
    "steep": ("blood", (1.9, 1.9), (1.9, 1.9)),
    "meniscus": ("blood", (2.2, 2.2), (0.8, 0.8)),
    "film_gleam": ("blood", (3.0, 3.0), (1.0, 1.0)),
    "still": ("blood", (0.7, 0.7), (0.35, 0.35)),
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
        "steel_light": (0.40, 0.40),
        "inflamed": (0, 1),
        "purple": (0, 1),
    },
}
_SUBJECTS = {ROBOTIC: tuple(PIGS), LAPAROSCOPIC: tuple(PATIENTS)}
_DRIFT = {ROBOTIC: 0.8, LAPAROSCOPIC: 0.7}


def kind_of(subject: str) -> str:
    """The kind of surgery that a subject has."""
    return ROBOTIC if subject in PIGS else LAPAROSCOPIC


def partner(subject: str, seed: int) -> str:
    """Whose anatomy a subject takes on when that dial is turned: one of the other
    kind's.
    """
    kind = kind_of(subject)
    names = _SUBJECTS[LAPAROSCOPIC if kind == ROBOTIC else ROBOTIC]
    order = generator("partner", kind, seed).permutation(len(names))
    return names[order[_SUBJECTS[kind].index(subject) % len(names)]]


@lru_cache(maxsize=64)
def _places(kind: str, trait: str, seed: int) -> tuple[float, ...]:
    """Where in a trait's range (-0.5 to 0.5) each subject of that kind stands."""
    rng, number = generator("trait", kind, trait, seed), len(_SUBJECTS[kind])
    shares = (rng.permutation(number) + rng.uniform(0.2, 0.8, number)) / number
    return tuple(float(share) - 0.5 for share in shares)


def look(
    subject: str, seed: int, variation: float = 1.0, swapped: tuple[str, ...] = ()
) -> dict[str, float]:
    """The traits of a subject by name.

    `variation` scales how far subjects stray from the middle of each range (0: all
    alike). `swapped`: the groups of which the subject has the other kind's traits, its
    place in the range being its own; of "anatomy" it has those of its partner.
    """
    kind = kind_of(subject)
    traits = {"drift": _DRIFT[kind]}
    for trait, (group, source, target) in _OPTICS.items():
        ends = target if (kind == LAPAROSCOPIC) != (group in swapped) else source
        traits[trait] = _value(ends, trait, subject, seed, variation)
    owner = partner(subject, seed) if "anatomy" in swapped else subject
    for trait, ends in _ANATOMY[kind_of(owner)].items():
        traits[trait] = _value(ends, trait, owner, seed, variation)
    round_view = (kind == LAPAROSCOPIC) != ("view" in swapped)
    traits["radius"] = _radius(subject, seed, variation) if round_view else BEYOND
    return traits


def _place(trait: str, subject: str, seed: int) -> float:
    kind = kind_of(subject)
    return _places(kind, trait, seed)[_SUBJECTS[kind].index(subject)]


def _value(ends, trait: str, subject: str, seed: int, variation: float) -> float:
    place = _place(trait, subject, seed)
    if subject == BLEEDS:
        place = place / 3 - 0.25 * (trait == "goal")
    return (ends[0] + ends[1]) / 2 + variation * (ends[1] - ends[0]) * place


def _radius(subject: str, seed: int, variation: float) -> float:
    """The round view's radius, in halves of the frame's height, at which about its
    video's share of the frame is black.
    """
    patient = subject if subject in PATIENTS else partner(subject, seed)
    middle = sum(SURROUND.values()) / len(SURROUND)
    jitter = 3 * _place("radius", subject, seed)
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
    return patient in RARE[structure].split()
