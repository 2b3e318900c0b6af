"""Six habits of measurement re-enacted where the truth is known, each the wrong way and the right way."""

from helpers.reenact.labels import (EPSILON, epsilon_correlation, rescored, smoothed_dice, smoothed_modes,
                                    without_overlap)
from helpers.reenact.nulls import LEVEL, PROPERTIES, drift, of_subject, p_values, rejected
from helpers.reenact.rates import climbing, rates
from helpers.reenact.recorded import controlled, coverage_grid, recorded, shown
from helpers.reenact.splits import BothWays, both_ways

__all__ = ["EPSILON", "LEVEL", "PROPERTIES", "BothWays", "both_ways", "climbing", "controlled", "coverage_grid",
           "drift", "epsilon_correlation", "of_subject", "p_values", "rates", "recorded", "rejected", "rescored",
           "shown", "smoothed_dice", "smoothed_modes", "without_overlap"]
