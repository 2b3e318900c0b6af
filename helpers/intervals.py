"""Intervals for a mean, or a median, over few subjects.

Every function takes subject means as an array whose last axis is the subjects, so that
a benchmark can try thousands of samples at once, and returns (low, high). None of them
clips: a bound outside the possible range is a fact about the method. `level` is the
nominal coverage. Resampling uses draws with a fixed seed, so the same means give the
same interval.
"""

from functools import lru_cache

import numpy as np
from scipy import stats

DRAWS = 5_000


def bounded(
    means: np.ndarray, level: float = 0.90, draws: int = DRAWS
) -> tuple[np.ndarray, np.ndarray]:
    """For the mean of anything that lies in [0, 1], however it is distributed.

    A resampling interval that also gives the subjects nobody has seen their due: each
    draw spreads the weight 1 over the n subjects and one imagined subject more (uniform
    Dirichlet weights), who stands at 0 for the lower bound and at 1 for the upper one.
    Source: Gaffke (2005), Three test statistics for a nonparametric one-sided
    hypothesis on the mean of a nonnegative variable, Mathematical Methods of Statistics
    14; its coverage at every n is a conjecture that no known case contradicts
    (Learned-Miller and Thomas, arXiv 1905.06208). On zeros and ones it is the exact
    interval of Clopper and Pearson.
    """
    means = np.asarray(means, float)
    weights = _dirichlet(means.shape[-1], draws)
    # Sorting makes the interval independent of the subjects' order, which the drawn
    # weights are not.
    seen, imagined = np.sort(means) @ weights[:, :-1].T, weights[:, -1]
    tail = (1 - level) / 2
    return np.quantile(seen, tail, axis=-1), np.quantile(
        seen + imagined, 1 - tail, axis=-1
    )


def order_statistics(
    means: np.ndarray, level: float = 0.90
) -> tuple[np.ndarray, np.ndarray]:
    """For the median over subjects, with coverage of at least `level` whatever the
    distribution.

    The k-th smallest and the k-th largest mean, k as large as the binomial distribution
    allows: each subject is as likely above the median as below it. NaN where even the
    smallest and the largest are too few (n < 5 at 0.90).
    """
    means = np.sort(np.asarray(means, float))
    n = means.shape[-1]
    k = int(stats.binom.ppf((1 - level) / 2, n, 0.5))
    # ppf gives the least k whose tail P(X <= k) reaches the allowed share; the interval
    # may spend no more than that.
    k += int(stats.binom.cdf(k, n, 0.5) <= (1 - level) / 2)
    if k < 1:
        return np.full(means.shape[:-1], np.nan), np.full(means.shape[:-1], np.nan)
    return means[..., k - 1], means[..., n - k]


def student(
    means: np.ndarray, level: float = 0.95, arcsine: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Mean plus and minus Student's t times the standard error.

    arcsine: computed on arcsin(sqrt(mean)), a scale on which [0, 1] has no ends to run
    over, and taken back. The centre is then not quite the mean.
    """
    values = _to_scale(means, arcsine)
    n = values.shape[-1]
    half = stats.t.ppf((1 + level) / 2, n - 1) * values.std(-1, ddof=1) / np.sqrt(n)
    return _from_scale(values.mean(-1) - half, arcsine), _from_scale(
        values.mean(-1) + half, arcsine
    )


def percentile(
    means: np.ndarray, level: float = 0.95, arcsine: bool = False, draws: int = DRAWS
):
    """Quantiles of the mean over subjects drawn again with replacement (Efron's
    percentile bootstrap).
    """
    values = _to_scale(means, arcsine)
    resampled = np.sort(values) @ _multinomial(values.shape[-1], draws).T
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    return _from_scale(low, arcsine), _from_scale(high, arcsine)


def bca(
    means: np.ndarray, level: float = 0.95, arcsine: bool = False, draws: int = DRAWS
):
    """The percentile bootstrap, bias-corrected and accelerated (Efron 1987, J. Am.
    Stat. Assoc. 82: 171).
    """
    values = np.sort(_to_scale(means, arcsine))
    n = values.shape[-1]
    resampled = np.sort(values @ _multinomial(n, draws).T, axis=-1)
    mean = values.mean(-1, keepdims=True)
    # A tie with the mean itself counts half; the share is kept off 0 and 1, whose
    # quantiles are infinite.
    share = (
        (resampled < mean - 1e-12).mean(-1) + (resampled <= mean + 1e-12).mean(-1)
    ) / 2
    bias = stats.norm.ppf(np.clip(share, 0.5 / draws, 1 - 0.5 / draws))
    leaving_one_out = (values.sum(-1, keepdims=True) - values) / (n - 1)
    pull = leaving_one_out.mean(-1, keepdims=True) - leaving_one_out
    spread = 6 * (pull**2).sum(-1) ** 1.5
    acceleration = np.divide(
        (pull**3).sum(-1), spread, out=np.zeros_like(spread), where=spread > 0
    )
    bounds = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + stats.norm.ppf(tail)
        place = stats.norm.cdf(bias + z / (1 - acceleration * z)) * (draws - 1)
        picked = np.take_along_axis(
            resampled, np.round(place).astype(int)[..., None], axis=-1
        )[..., 0]
        bounds.append(_from_scale(picked, arcsine))
    return tuple(bounds)


def over_frames(means: np.ndarray, within_sd: float, frames: int, level: float = 0.95):
    """The habit to avoid: a standard error that takes every frame for an observation of
    its own.

    Each subject has `frames` frames that scatter around its mean with the standard
    deviation `within_sd`.
    """
    means = np.asarray(means, float)
    n = means.shape[-1] * frames
    between = frames * ((means - means.mean(-1, keepdims=True)) ** 2).sum(-1)
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(
        (between + n * within_sd**2) / (n - 1) / n
    )
    return means.mean(-1) - half, means.mean(-1) + half


def _to_scale(means, arcsine: bool) -> np.ndarray:
    means = np.asarray(means, float)
    return np.arcsin(np.sqrt(means)) if arcsine else means


def _from_scale(values, arcsine: bool) -> np.ndarray:
    # Past the ends of the scale the sine would turn back, so that a wider interval came
    # out narrower.
    return np.sin(np.clip(values, 0, np.pi / 2)) ** 2 if arcsine else values


@lru_cache(maxsize=32)
def _dirichlet(n: int, draws: int) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(n + 1), draws)


@lru_cache(maxsize=32)
def _multinomial(n: int, draws: int) -> np.ndarray:
    return np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), draws) / n
