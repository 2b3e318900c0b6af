"""Phantom surgery: drawn frames in the released layouts of HemoSet (robotic, pigs) and
CholecSeg8k (laparoscopic, people).

It teaches the method and says nothing about patients.

>>> image, classes = draw("pig1", clip=0, t=0.5, size=(48, 64))
>>> image.shape, classes.dtype
((48, 64, 3), dtype('uint8'))
"""

from phantom.counterfactual import counterfactual, doses
from phantom.draw import draw, frames
from phantom.subjects import GROUPS, PATIENTS, PIGS, SURROUND
from phantom.write import write_cholecseg8k, write_hemoset

__all__ = ["GROUPS", "PATIENTS", "PIGS", "SURROUND", "counterfactual", "doses"]
__all__ += ["draw", "frames", "write_cholecseg8k", "write_hemoset"]
