"""The learning rate, epoch by epoch: a cosine, with the epochs that it falls for."""

import numpy as np


def rates(epochs: int, foot: int, start: float = 1.0) -> np.ndarray:
    """The rate in each epoch under cosine annealing to zero over `foot` epochs (PyTorch's closed form)."""
    return start * (1 + np.cos(np.pi * np.arange(epochs) / foot)) / 2


def climbing(epochs: int, foot: int = 30, ran: int = 49) -> int:
    """The foot that makes a run climb back as far as the published one: 30 epochs of 49."""
    return max(1, round(epochs * foot / ran))
