"""Habits of measurement re-enacted where the truth is known: what lesson 05 does not
write out itself."""

from helpers.pitfalls.nulls import of_subject, p_values, rejected
from helpers.pitfalls.puzzles import puzzle
from helpers.pitfalls.recorded import coverage_grid, recorded

__all__ = [
    "coverage_grid",
    "of_subject",
    "p_values",
    "puzzle",
    "recorded",
    "rejected",
]
