"""Shift between two kinds of surgery: how far apart their frames are, and which difference does the harm."""

from helpers.shift.distance import STATISTICS, energy_distance, frechet, frechet_parts, image_statistics
from helpers.shift.levels import TargetLevels, apply, check_doses
from helpers.shift.measures import FACTORS, STATISTICS_OF, measured
from helpers.shift.shares import shapley, shapley_sampled

GROUPS = {"light": ("exposure", "contrast"), "colour": ("colour",), "view": ("field_of_view",),
          "lens": ("sharpness", "noise"), "scene": ("speculars", "smoke")}
"""The factors in five groups, few enough for exact Shapley values on a laptop."""


def doses_of(groups, dose: float = 1.0) -> dict[str, float]:
    """The doses that give every factor of some groups (see GROUPS) one dose, for `apply`."""
    return {factor: dose for group in groups for factor in GROUPS[group]}


__all__ = ["FACTORS", "GROUPS", "STATISTICS", "STATISTICS_OF", "TargetLevels", "apply", "check_doses",
           "doses_of", "energy_distance", "frechet", "frechet_parts", "image_statistics", "measured", "shapley",
           "shapley_sampled"]
