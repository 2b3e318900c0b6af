"""Shift between two kinds of surgery: how far apart their frames are, and which difference does the harm."""

from helpers.shift.distance import STATISTICS, energy_distance, frechet, frechet_parts, image_statistics

__all__ = ["STATISTICS", "energy_distance", "frechet", "frechet_parts", "image_statistics"]
