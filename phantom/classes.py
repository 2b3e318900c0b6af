"""The 13 classes of CholecSeg8k as its masks show them.

Source: Hong et al., arXiv 2012.12453, whose "#242424"-style codes are to be read as
decimal. The readers under test have a table of their own.
"""

import numpy as np

_CLASSES = {
    # in the order of their ids: RGB in the colour mask, grey in the watershed mask
    "black": ((127, 127, 127), 50),
    "wall": ((210, 140, 140), 11),
    "liver": ((255, 114, 114), 21),
    "bowel": ((231, 70, 156), 13),
    "fat": ((186, 183, 75), 12),
    "grasper": ((170, 255, 0), 31),
    "connective": ((255, 85, 0), 23),
    "blood": ((255, 0, 0), 24),
    "duct": ((255, 255, 0), 25),
    "hook": ((169, 255, 184), 32),
    "gallbladder": ((255, 160, 165), 22),
    "vein": ((0, 50, 128), 33),
    "ligament": ((111, 74, 0), 5),
}
ID = {name: number for number, name in enumerate(_CLASSES)}
UNKNOWN = 255
"""What nobody labelled: white in the colour mask, 0 in the other."""

RGB, GREY = (
    np.array([*known, *[unknown] * (256 - len(known))], np.uint8)
    for known, unknown in zip(zip(*_CLASSES.values()), ((255, 255, 255), 0))
)
"""The colour (256x3) and the grey (256) of each id."""
