"""Each pig and each patient has a look of its own: colours, texture, light, optics, how much it bleeds.

A trait is drawn once per subject from the seed alone, however many frames are drawn. The subjects of one kind
share each trait's range out among themselves in random order (a stratified draw), so that a data set of ten
subjects keeps the same mean whatever the seed."""

from functools import lru_cache

from helpers.phantom.scene import generator

PIGS = {"pig1": 153, "pig2": 150, "pig3": 50, "pig4": 39, "pig5": 131, "pig6": 32, "pig7": 64, "pig9": 161,
        "pig10": 162, "pig11": 20}
"""Labelled frames per pig in HemoSet as released (there is no pig8): the proportions of the drawn ones."""

PATIENTS = {"video01": 16, "video09": 3, "video12": 8, "video17": 4, "video18": 2, "video20": 2,
            "video24": 12, "video25": 4, "video26": 4, "video27": 5, "video28": 7, "video35": 3, "video37": 6,
            "video43": 9, "video48": 3, "video52": 10, "video55": 3}
"""Clips of 80 frames per video in CholecSeg8k as released (counted from its published frame statistics)."""

BLEEDS = "video01"
"""The one patient with blood as released. It stays near the middle of every range, and rather dark, so that
what the plain benchmark says of blood is not the seed's luck."""

RARE = {"connective": ("video01", "video12"), "duct": ("video01", "video17"), "vein": ("video12",),
        "ligament": ("video09",), "hook": ("video01", "video12", "video18", "video20", "video37", "video55"),
        "no_gallbladder": ("video09",), "no_grasper": ("video09",), "no_wall": ("video35",),
        "much_liver": ("video01", "video18", "video20", "video35"),
        "much_wall": ("video09", "video17", "video24", "video27", "video28", "video43", "video52"),
        "no_bowel": ("video35", "video37", "video43", "video52")}
"""Which patients show (or never show) a structure, after the same statistics."""

FACTORS = (
    "exposure", "colour", "contrast", "field_of_view", "sharpness", "speculars", "smoke", "noise", "blood",
)
"""What each domain's drawing can take on of the other's, one by one; all but the last are the camera's."""

_OPTICS = {
    # trait: (factor, source's range, target's range)
    "goal": ("exposure", (0.395, 0.495), (0.265, 0.37)),
    "red": ("colour", (0.95, 1.08), (0.86, 1.22)),
    "blue": ("colour", (0.90, 1.10), (0.70, 1.08)),
    "saturation": ("colour", (0.90, 1.12), (0.66, 0.92)),
    "contrast": ("contrast", (0.90, 1.08), (1.0, 1.25)),
    "vignette": ("field_of_view", (0.0, 0.25), (0.5, 1.1)),
    "radius": ("field_of_view", (9.0, 9.0), (1.12, 1.72)),
    "aside": ("field_of_view", (0.0, 0.0), (-0.10, 0.10)),
    "blur": ("sharpness", (0.35, 0.7), (1.3, 2.0)),
    "speculars": ("speculars", (0.7, 1.3), (0.5, 1.1)),
    "smoke": ("smoke", (0.0, 0.0), (0.0, 0.5)),
    "noise": ("noise", (0.006, 0.014), (0.010, 0.024)),
    "blood_dark": ("blood", (0.0, 0.2), (1.1, 1.5)),
    "blood_hue": ("blood", (-0.5, 0.5), (-0.3, 0.7)),
}
_ROBOTIC = {
    "hue": (-1, 1), "pale": (0, 1), "muscle": (0, 1), "gland": (0, 1), "fat": (0, 1),
    "inflamed": (0, 1), "lobule": (12, 26), "fibre": (0.5, 1.3), "rough": (0.6, 1.5),
    "vessels": (4, 16), "lamp_x": (-0.45, 0.45), "lamp_y": (-0.45, 0.1),
    "gloss": (0.6, 1.3), "bleeding": (0.055, 0.105), "steel": (0, 1), "drape": (0, 1),
}
_LAPAROSCOPIC = {
    "hue": (-1, 1), "yellow": (0, 1), "liver": (0, 1), "wall": (0, 1), "green": (0, 1), "lobule": (13, 26),
    "rough": (0.6, 1.3), "vessels": (6, 18), "lamp_x": (-0.35, 0.35), "lamp_y": (-0.35, 0.1),
    "gloss": (0.6, 1.2), "bleeding": (0.035, 0.065), "steel": (0, 1), "inflamed": (0, 1),
}
_SUBJECTS = {"robotic": tuple(PIGS), "laparoscopic": tuple(PATIENTS)}


@lru_cache(maxsize=64)
def _places(kind: str, trait: str, seed: int) -> tuple[float, ...]:
    """Where in a trait's range (-0.5 to 0.5) each subject of that kind stands."""
    rng, number = generator("trait", kind, trait, seed), len(_SUBJECTS[kind])
    shares = (rng.permutation(number) + rng.uniform(0.2, 0.8, number)) / number
    return tuple(float(share) - 0.5 for share in shares)


def look(
    kind: str, subject: str, seed: int, variation: float = 1.0, factors: tuple[str, ...] = ()
) -> dict[str, float]:
    """The traits of a subject by name. `kind` is "robotic" or "laparoscopic"; `variation` scales how far
    subjects stray from the middle of each range (0: all alike); `factors` gives a subject the other domain's
    range of those traits."""
    names = _SUBJECTS[kind]
    ranges = dict(_ROBOTIC if kind == "robotic" else _LAPAROSCOPIC)
    for trait, (factor, source, target) in _OPTICS.items():
        ranges[trait] = target if (kind == "laparoscopic") != (factor in factors) else source
    traits = {}
    for trait, (low, high) in ranges.items():
        place = _places(kind, trait, seed)[names.index(subject)]
        if subject == BLEEDS:
            place = place / 3 - 0.25 * (trait == "goal")
        traits[trait] = (low + high) / 2 + variation * (high - low) * place
    return traits


def shows(patient: str, structure: str) -> bool:
    """Whether that patient is one of RARE's for the structure."""
    return patient in RARE[structure]
