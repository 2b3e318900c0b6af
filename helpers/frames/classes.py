"""The 13 classes of CholecSeg8k: id, name, colour in the colour mask, grey in the
watershed mask.

Source: Hong et al., arXiv 2012.12453, whose "#242424"-style codes are to be read as
decimal: blood is grey 24, not 0x24 = 36. Pixels of no class (the white one-pixel border
and the unlabelled ones) are UNKNOWN.
"""

from typing import NamedTuple


class ClassEntry(NamedTuple):
    """One class: its id, its name, its RGB in the colour mask, its grey in the
    watershed mask.
    """

    id: int
    name: str
    rgb: tuple[int, int, int]
    grey: int


CLASSES = (
    ClassEntry(0, "Black Background", (127, 127, 127), 50),
    ClassEntry(1, "Abdominal Wall", (210, 140, 140), 11),
    ClassEntry(2, "Liver", (255, 114, 114), 21),
    ClassEntry(3, "Gastrointestinal Tract", (231, 70, 156), 13),
    ClassEntry(4, "Fat", (186, 183, 75), 12),
    ClassEntry(5, "Grasper", (170, 255, 0), 31),
    ClassEntry(6, "Connective Tissue", (255, 85, 0), 23),
    ClassEntry(7, "Blood", (255, 0, 0), 24),
    ClassEntry(8, "Cystic Duct", (255, 255, 0), 25),
    ClassEntry(9, "L-hook Electrocautery", (169, 255, 184), 32),
    ClassEntry(10, "Gallbladder", (255, 160, 165), 22),
    ClassEntry(11, "Hepatic Vein", (0, 50, 128), 33),
    ClassEntry(12, "Liver Ligament", (111, 74, 0), 5),
)
BLOOD = 7

UNKNOWN = 255
"""The class id of a pixel that the label says nothing about: neither blood nor not
blood.
"""

UNKNOWN_GREYS = (0, 255)
"""In the watershed mask, of unlabelled pixels and of the border. Both are white in the
colour mask.
"""
