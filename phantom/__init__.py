"""Phantom surgery: drawn frames in the released layouts of HemoSet (robotic, pigs) and
CholecSeg8k (laparoscopic, people).

It teaches the method and says nothing about patients.

>>> image, blood = draw_robotic("pig1", clip=0, t=0.5, size=(48, 64))
>>> image.shape, blood.dtype
((48, 64, 3), dtype('bool'))
"""

from phantom.counterfactual import counterfactual
from phantom.draw import draw_laparoscopic, draw_robotic
from phantom.subjects import GROUPS, PATIENTS, PIGS, SURROUND
from phantom.write import write_cholecseg8k, write_hemoset

__all__ = [
    "GROUPS",
    "PATIENTS",
    "PIGS",
    "SURROUND",
    "counterfactual",
    "draw_laparoscopic",
    "draw_robotic",
    "write_cholecseg8k",
    "write_hemoset",
]
