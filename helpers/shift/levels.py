"""How strong an intervention has to be: its level at dose 1, estimated from unlabelled target frames, and
doses of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from helpers.errors import CourseError
from helpers.shift.interventions import INTERVENTIONS, Frame
from helpers.shift.measures import FACTORS, STATISTICS_OF, measure, visible

# Between these the level is sought; where the target lies beyond, the end is taken and the table shows it.
RANGES = {"speculars": (-1.0, 0.3), "smoke": (0.0, 0.95), "exposure": (-2.0, 2.0), "contrast": (-2.0, 2.0),
          "sharpness": (-4.0, 4.0), "falloff": (-8.0, 20.0), "noise": (-1.0, 0.2), "blocks": (0.0, 95.0)}
FAINT = 0.1  # fewer blocks than this, against the steps elsewhere, are chance rather than JPEG
FEWEST = 2


@dataclass(frozen=True)
class TargetLevels:
    """The strength of each factor's intervention at dose 1.

    strengths: by factor, see helpers.shift.interventions. table: a row per statistic with its factor, its
    value on the source's and on the target's frames, and the value `reached` by the source's frames at dose 1
    of that factor alone, which differs from the target's where no intervention of this kind leads there
    (smoke cannot be taken away).
    """

    strengths: dict[str, float | np.ndarray]
    table: pd.DataFrame

    @classmethod
    def estimate(cls, source_images: np.ndarray, target_images: np.ndarray,
                 source_valid: np.ndarray | None = None, target_valid: np.ndarray | None = None,
                 frames: int = 16, seed: int = 0, factors: Sequence[str] = FACTORS) -> TargetLevels:
        """Levels from `frames` evenly spread frames of each domain, uint8 NxHxWx3; no label is looked at.

        source_valid, target_valid: bool NxHxW, None for all. Each factor's strength is the one at which its
        statistic, over the source's frames, equals the target's; only those of `factors` are sought. Raises
        CourseError with fewer than two frames of a domain, or where they show nothing to measure.
        """
        check_doses(dict.fromkeys(factors, 1.0))
        source = _sample(source_images, source_valid, frames, "source")
        target = _sample(target_images, target_valid, frames, "target")
        strengths, rows = {}, []
        for factor in factors:
            before, goal = _summary(source, factor), _summary(target, factor)
            if not np.isfinite([before, goal]).all():
                raise CourseError(f"The {factor} of the "
                                  f"{'target' if np.isfinite(before).all() else 'source'} cannot be "
                                  "measured, because its frames show nothing or one flat colour: give other "
                                  "frames.")

            def reached(strength, factor=factor):
                # Measured against the pixels valid before, of which a round view leaves some outside.
                return _summary([(_chain(image, valid, {factor: strength}, seed, i)[0], valid)
                                 for i, (image, valid) in enumerate(source)], factor)

            strengths[factor] = _LEVELS.get(factor, _one_number)(factor, reached, before, goal)
            for values in zip(STATISTICS_OF[factor], before, goal, reached(strengths[factor]), strict=True):
                rows.append((values[0], factor, *values[1:]))
        columns = ["statistic", "factor", "source", "target", "reached"]
        return cls(strengths, pd.DataFrame(rows, columns=columns).set_index("statistic"))


def apply(images: np.ndarray, valid: np.ndarray, doses: Mapping[str, float], levels: TargetLevels,
          seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Frames with each factor at its dose, from 0 (untouched) to 1 (the target's level), and what is valid.

    images: uint8 NxHxWx3; valid: bool NxHxW; both are left as they are, and copies come back. The factors
    take effect in the order of FACTORS: gleams on the tissue, smoke before it, then tone (exposure, colour,
    contrast), the lens, the round view, the sensor and the file. A label stays true: no pixel moves, and one
    that leaves the round view is no longer valid. Chance depends on the seed, the factor and the frame's
    place among `images`, not on the other doses. Raises CourseError for an unknown factor, one without a
    level, or a dose outside 0..1.
    """
    check_doses(doses)
    images, valid = np.array(images), np.array(valid)
    unknown = [factor for factor, dose in doses.items() if dose and factor not in levels.strengths]
    if unknown:
        raise CourseError(f"These levels were not estimated for {', '.join(unknown)}: name it in `factors` "
                          "of TargetLevels.estimate.")
    strengths = {factor: np.multiply(levels.strengths[factor], dose)
                 for factor, dose in doses.items() if dose}
    for i in range(len(images)):
        image, valid[i] = _chain(images[i] / np.float32(255), valid[i], strengths, seed, i)
        images[i] = np.rint(image * 255).astype(np.uint8)
    return images, valid


def check_doses(doses: Mapping[str, float]) -> None:
    """CourseError unless every name is a factor's and every dose lies in 0..1."""
    for factor, dose in doses.items():
        if factor not in FACTORS:
            raise CourseError(f"There is no factor {factor!r}: take some of {', '.join(FACTORS)}.")
        if not 0 <= dose <= 1:
            raise CourseError(f"The dose {dose:g} of {factor} is not between 0 and 1: 0 leaves a frame "
                              "untouched, 1 brings it to the target's level.")


def _chain(image: np.ndarray, valid: np.ndarray, strengths: Mapping, seed: int, place: int
           ) -> tuple[np.ndarray, np.ndarray]:
    """The factors one after the other on one float image; what shows nothing stays as it was."""
    active = [factor for factor in FACTORS if np.any(strengths.get(factor, 0))]
    seen = visible(image, valid) if active else valid
    if not active or not (seen & valid).any():
        return image, valid
    frame = Frame(image.copy(), valid.copy(), seen.copy())
    for factor in active:
        frame.random = np.random.default_rng([seed, FACTORS.index(factor), place])
        INTERVENTIONS[factor](frame, strengths[factor])
        np.clip(frame.image, 0, 1, out=frame.image)
    frame.image[~seen] = image[~seen]
    return frame.image, frame.valid


def _sample(images, valid, frames: int, domain: str) -> list[tuple[np.ndarray, np.ndarray]]:
    if len(images) < FEWEST:
        raise CourseError(f"The {domain} has {len(images)} frames to estimate the levels from: give at least "
                          f"{FEWEST}.")
    rows = np.unique(np.linspace(0, len(images) - 1, frames).round().astype(int))
    everywhere = np.ones(images[0].shape[:2], bool)
    return [(np.asarray(images[i]) / np.float32(255), everywhere if valid is None else np.asarray(valid[i]))
            for i in rows]


def _summary(frames: Sequence[tuple[np.ndarray, np.ndarray]], factor: str) -> np.ndarray:
    """A domain's value of a factor's statistics: the mean over its frames.

    Smoke comes and goes, while clear tissue of one domain may well look more veiled than another's: its
    statistic is the mean excess over the domain's own median frame, as the share of smoke that would explain
    it.
    """
    table = np.array([measure(image, valid, factor) for image, valid in frames])
    table = table[np.isfinite(table).all(axis=1)]
    if not len(table):
        return np.full(len(STATISTICS_OF[factor]), np.nan)
    if factor == "smoke":
        clear = np.median(table)
        return np.maximum(table - clear, 0).mean(axis=0) / (1 - clear)
    return table.mean(axis=0)


def _one_number(factor: str, reached: Callable, before: np.ndarray, goal: np.ndarray) -> float:
    return _solve(lambda strength: reached(strength)[0] - goal[0], RANGES[factor], before[0] - goal[0])


def _colour_level(factor: str, reached: Callable, before: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Means and spreads hit the target but for colours that RGB cannot show; a few corrections make up for
    those."""
    strength = np.zeros(4)
    for _ in range(4):
        now = reached(strength) if strength.any() else before
        growth = np.log(goal[2:] / now[2:]) if (goal[2:] > 0).all() and (now[2:] > 0).all() else np.zeros(2)
        strength = strength + np.concatenate([goal[:2] - now[:2], growth])
    return strength


def _field_level(factor: str, reached: Callable, before: np.ndarray, goal: np.ndarray) -> np.ndarray:
    cut = max(goal[0] - before[0], 0.0)
    return np.array([cut, _solve(lambda v: reached(np.array([cut, v]))[1] - goal[1], RANGES["falloff"])])


def _noise_level(factor: str, reached: Callable, before: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """JPEG first, where the target shows its grid at all, since it takes noise away; then noise for what is
    left."""
    loss = 0.0
    if goal[1] - before[1] > FAINT:
        loss = _solve(lambda q: reached(np.array([0.0, q]))[1] - goal[1], RANGES["blocks"],
                      before[1] - goal[1])
    return np.array([_solve(lambda v: reached(np.array([v, loss]))[0] - goal[0], RANGES["noise"]), loss])


def _smoke_level(factor: str, reached: Callable, before: np.ndarray, goal: np.ndarray) -> float:
    # More smoke over frames that have some already may lessen the excess again, by way of the median.
    return _one_number(factor, reached, before, goal) if goal[0] > before[0] else 0.0


_LEVELS = {"colour": _colour_level, "field_of_view": _field_level, "noise": _noise_level,
           "smoke": _smoke_level}


def _solve(excess: Callable[[float], float], ends: tuple[float, float],
           at_zero: float | None = None) -> float:
    """Where a monotone excess is zero, to a hundredth of the range; the nearer end where it has no zero
    there."""
    low, high = ends
    at_zero = excess(0.0) if at_zero is None else at_zero
    if at_zero == 0:
        return 0.0
    # The sign at zero tells on which side to look, which halves the work and keeps "less" apart from "more".
    for end in (low, high):
        if end != 0 and at_zero * excess(end) <= 0:
            return float(brentq(excess, 0.0, end, xtol=abs(end) / 300, rtol=1e-3, maxiter=12, disp=False))
    nearer = min((low, 0.0, high), key=lambda end: abs(at_zero if end == 0 else excess(end)))
    return float(nearer)
