"""Phantom surgery: drawn frames in the released layouts of HemoSet (robotic, pigs) and CholecSeg8k
(laparoscopic, people).

It teaches the method and says nothing about patients."""

from helpers.phantom.laparoscopic import draw_laparoscopic
from helpers.phantom.robotic import draw_robotic
from helpers.phantom.subjects import FACTORS, PATIENTS, PIGS
from helpers.phantom.write import write_cholecseg8k, write_hemoset

__all__ = [
    "FACTORS",
    "PATIENTS",
    "PIGS",
    "draw_laparoscopic",
    "draw_robotic",
    "write_cholecseg8k",
    "write_hemoset",
]
