"""Tests by rearrangement, and what they can't say: with few rearrangements no p-value
reaches 0.05.

A p-value counts the rearrangements whose statistic is at least as far from zero as the
one seen, itself included.
"""

import itertools
import math
from functools import lru_cache

import numpy as np

from helpers.words import counted

LEVEL = 0.05
# All rearrangements are tried up to this many, a sample of DRAWS beyond.
EXACT = 50_000
DRAWS = 9_999


def p_value(observed: float, null: np.ndarray, complete: bool) -> float:
    """Two-sided p of the observed statistic among those of the rearrangements.

    complete: `null` holds every rearrangement, the observed one among them; otherwise
    it is a random sample, to which the observed one is added (Phipson and Smyth 2010,
    Stat. Appl. Genet. Mol. Biol. 9: 39), so that p is never 0.
    """
    # Statistics that are equal on paper differ in the last digits by the order of their
    # sums.
    largest = max(abs(observed), np.abs(null).max(initial=0.0))
    as_far = np.count_nonzero(np.abs(null) >= abs(observed) - 1e-9 * largest)
    return float(as_far / len(null) if complete else (as_far + 1) / (len(null) + 1))


def smallest_p(null: np.ndarray, complete: bool) -> float:
    """The p-value of the most extreme rearrangement: no data with these values could
    have given less.
    """
    return p_value(np.abs(null).max(initial=0.0), null, complete)


def judged(
    observed: float, null: np.ndarray, complete: bool, moved: str
) -> tuple[float | None, str]:
    """(p, note), p None where no rearrangement could reach 0.05. moved: what was
    rearranged, for the note.
    """
    if len(null) == 0 or not math.isfinite(observed):
        return None, f"No p-value: nothing to rearrange by {moved}."
    least = smallest_p(null, complete)
    if least > LEVEL:
        return (
            None,
            f"No p-value: {moved} cannot give one below {least:.2g} whatever the "
            "effect.",
        )
    return p_value(observed, null, complete), f"p by {moved}."


def sign_flip_test(means: np.ndarray, seed: int = 0) -> tuple[float | None, str]:
    """Is the mean of the subjects' differences zero? Flips the signs of whole subjects;
    (p, note).

    means: one difference per subject. Valid where, without an effect, a difference is
    as likely up as down. Exact up to 15 subjects; five or fewer cannot reach 0.05.
    """
    means = np.asarray(means, float)
    n = len(means)
    complete = 2**n <= EXACT
    if complete:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=n))).reshape(
            2**n, n
        )
    else:
        signs = np.random.default_rng(seed).choice((1.0, -1.0), (DRAWS, n))
    null = signs @ means / max(n, 1)
    observed = means.mean() if n else math.nan
    return judged(
        observed, null, complete, f"flipping the sign of {counted(n, 'subject')}"
    )


@lru_cache(maxsize=16)
def orders(n: int, seed: int = 0) -> tuple[np.ndarray, bool]:
    """Orders of n things, one per row: all (n up to 8) or a random sample; (orders, are
    they all?).
    """
    if math.factorial(n) <= EXACT:
        # Of no things there is one order, and it is empty: its type has to be said.
        every = np.array(list(itertools.permutations(range(n))), int)
        return every.reshape(math.factorial(n), n), True
    generator = np.random.default_rng(seed)
    return generator.permuted(np.tile(np.arange(n), (DRAWS, 1)), axis=1), False


def every_shift(clips: np.ndarray) -> np.ndarray:
    """All combinations of circular shifts within each clip, as rows of positions.

    clips: the clip of each frame, the frames of a clip in their order. A shift keeps
    every frame's neighbours but one, so that a slow drift stays a slow drift, which
    shuffling frames would destroy.
    """
    members = _members(clips)
    steps = np.array(
        list(itertools.product(*(range(len(places)) for places in members)))
    )
    return _shifted(members, steps, len(clips))


def random_shifts(
    clips: np.ndarray, draws: int, seed: int | tuple[int, ...] = 0
) -> np.ndarray:
    """A random sample of the shifts that every_shift lists."""
    members = _members(clips)
    lengths = [len(places) for places in members]
    steps = np.random.default_rng(seed).integers(0, lengths, (draws, len(members)))
    return _shifted(members, steps, len(clips))


def _members(clips: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(clips == clip) for clip in dict.fromkeys(clips)]


def _shifted(members: list[np.ndarray], steps: np.ndarray, n: int) -> np.ndarray:
    positions = np.empty((len(steps), n), int)
    for places, step in zip(members, steps.T):
        positions[:, places] = places[
            (np.arange(len(places)) + step[:, None]) % len(places)
        ]
    return positions
