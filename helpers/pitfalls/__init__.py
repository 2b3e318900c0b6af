"""Habits of measurement re-enacted where the truth is known: what lesson 05 does not
write out itself."""

from helpers.pitfalls.nulls import (
    LEVEL,
    PROPERTIES,
    drift,
    of_subject,
    p_values,
    rejected,
)
from helpers.pitfalls.recorded import coverage_grid, recorded, shown
from helpers.pitfalls.splits import BothWays, both_ways, puzzle

__all__ = [
    "LEVEL",
    "PROPERTIES",
    "BothWays",
    "both_ways",
    "coverage_grid",
    "drift",
    "of_subject",
    "p_values",
    "puzzle",
    "recorded",
    "rejected",
    "shown",
]
