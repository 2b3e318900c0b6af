"""Shift between two kinds of surgery: how far apart their frames are, and which
difference does the harm."""

from helpers.shift.distance import (
    STATISTICS,
    energy_distance,
    frechet,
    frechet_parts,
    image_statistics,
)
from helpers.shift.doses import Estimate, estimate, no_dose, profile, turned
from helpers.shift.interventions import DIALS, GROUPS, IDENTITY, Frames, apply
from helpers.shift.measures import CUES, cues
from helpers.shift.shares import shapley
