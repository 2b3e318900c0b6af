"""Does a probability of 0.8 mean eight times out of ten? In the band where it matters.

The band is chosen by the prediction and never by the label: pixels near the edge of
what is marked, and pixels whose probability is neither low nor high.
"""

import cv2
import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

UNSURE = (0.05, 0.95)
REACH = 2  # pixels on either side of the predicted edge
BINS = 10


def probability(levels: np.ndarray) -> np.ndarray:
    """256 levels as probabilities, each at the middle of its level: never 0 or 1."""
    return (levels.astype(np.float32) + 0.5) / 256


def band(levels: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The band of N predictions (uint8 NxHxW): bool NxHxW, of valid pixels only."""
    chance = probability(levels)
    unsure = (chance >= UNSURE[0]) & (chance <= UNSURE[1])
    return (unsure | near_edge(levels >= 128)) & valid


def near_edge(marked: np.ndarray) -> np.ndarray:
    """The pixels of N masks (bool NxHxW) within REACH of an edge."""
    kernel = np.ones((2 * REACH + 1,) * 2, np.uint8)
    found = np.empty(marked.shape, bool)
    for place, one in enumerate(marked.astype(np.uint8)):
        found[place] = cv2.dilate(one, kernel) != cv2.erode(one, kernel)
    return found


def reliability(chance: np.ndarray, blood: np.ndarray) -> pd.DataFrame:
    """A row per bin of equal width that holds a pixel: pixels, mean chance, share of
    blood."""
    place = np.minimum((chance * BINS).astype(int), BINS - 1)
    pixels = np.bincount(place, minlength=BINS)
    sums = {
        "chance": np.bincount(place, chance.astype(float), BINS),
        "blood": np.bincount(place, blood.astype(float), BINS),
    }
    held = pixels > 0
    columns = {name: values[held] / pixels[held] for name, values in sums.items()}
    return pd.DataFrame({"pixels": pixels[held], **columns})


def ece(chance: np.ndarray, blood: np.ndarray) -> float:
    """Expected calibration error (Naeini et al. 2015): the mean over pixels of the gap
    between a bin's chance and its share of blood; NaN without a pixel."""
    bins = reliability(np.asarray(chance), np.asarray(blood))
    if bins.empty:
        return float("nan")
    gap = (bins["chance"] - bins["blood"]).abs()
    return float((gap * bins["pixels"]).sum() / bins["pixels"].sum())


def cooled(chance: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities with their logits divided by a temperature: above 1, less sure."""
    return expit(logit(chance.astype(float)) / temperature)


def temperature(chance: np.ndarray, blood: np.ndarray) -> float:
    """The temperature (Guo et al. 2017) with the least negative log-likelihood on these
    pixels; 1 where there are none."""
    if not len(chance):
        return 1.0
    logits = logit(chance.astype(float))
    sign = np.where(blood, -1.0, 1.0)

    def loss(log_t: float) -> float:
        return float(np.logaddexp(0, sign * logits / np.exp(log_t)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.1), np.log(20)), method="bounded")
    return float(np.exp(best.x)) if best.fun < loss(0.0) else 1.0
