"""Phantom surgery: drawn frames in the released layouts of HemoSet (robotic, pigs) and
CholecSeg8k (laparoscopic, people).

It teaches the method and says nothing about patients.

>>> image, blood = draw_robotic("pig1", clip=0, t=0.5, size=(48, 64))
>>> image.shape, blood.dtype
((48, 64, 3), dtype('bool'))
"""

from helpers.phantom.counterfactual import counterfactual
from helpers.phantom.draw import draw_laparoscopic, draw_robotic
from helpers.phantom.subjects import GROUPS, PATIENTS, PIGS, SURROUND
from helpers.phantom.write import write_cholecseg8k, write_hemoset

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
