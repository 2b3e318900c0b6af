"""Frames of subjects with known relations, for the tests of correlations."""

import numpy as np


def frames(subjects=8, each=12, seed=0, between=0.0, within=0.0):
    """x, y and subject of frames whose subjects' levels, and frames about them, go together as said."""
    generator = np.random.default_rng(seed)
    level = generator.normal(size=(2, subjects, 1))
    level[1] = between * level[0] + np.sqrt(1 - between**2) * level[1]
    noise = generator.normal(size=(2, subjects, each))
    noise[1] = within * noise[0] + np.sqrt(1 - within**2) * noise[1]
    x, y = (3 * level + noise).reshape(2, -1)
    return x, y, np.repeat([f"pig{i}" for i in range(subjects)], each)


def course_of_time(generator, clips, each, memory):
    """Clips of an autoregressive series."""
    series = generator.normal(size=(clips, each + 60))
    for i in range(1, series.shape[1]):
        series[:, i] += memory * series[:, i - 1]
    return series[:, 60:].ravel()
