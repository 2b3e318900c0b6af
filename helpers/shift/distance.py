"""How far apart two domains are: statistics of frames, and two distances between tables
of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from helpers.errors import CourseError

STATISTICS = ["mean_R", "mean_G", "mean_B", "brightness", "saturation"]
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def image_statistics(
    images: Iterable[np.ndarray],
    valid: Iterable[np.ndarray] | None = None,
    seen: Iterable[np.ndarray] | None = None,
) -> pd.DataFrame:
    """Mean R, G, B, brightness and HSV saturation per frame, each in 0..1; a row per
    frame in their order.

    images: uint8 RGB frames, N of HxWx3. valid: bool, N of HxW, the pixels to average
    over; None for the whole frame, as the published study did. seen: bool, N of HxW,
    the view (see frames.views), to which the average is then restricted: a black
    surround says nothing of the scene. A frame without such a pixel has NaN. Brightness
    is 0.299 R + 0.587 G + 0.114 B; saturation is (max - min) / max of a pixel's three
    values, 0 for black.
    """
    masks = [mask for mask in (valid, seen) if mask is not None]
    rows = [
        _frame_statistics(
            image, np.logical_and.reduce([mask[i] for mask in masks]) if masks else None
        )
        for i, image in enumerate(images)
    ]
    return pd.DataFrame(rows, columns=STATISTICS, dtype=float)


def _frame_statistics(image: np.ndarray, valid: np.ndarray | None) -> list[float]:
    pixels = image.reshape(-1, 3) if valid is None else image[valid]
    if not len(pixels):
        return [np.nan] * len(STATISTICS)
    high, low = pixels.max(axis=1), pixels.min(axis=1)
    saturation = np.divide(high - low, high, out=np.zeros(len(pixels)), where=high > 0)
    colour = pixels.mean(axis=0, dtype=float) / 255
    return [*colour, float(LUMA @ colour), float(saturation.mean())]


def frechet(a: pd.DataFrame | np.ndarray, b: pd.DataFrame | np.ndarray) -> float:
    """Frechet distance between two tables (n x d) taken as Gaussians, in the columns'
    units squared.

    |mean_a - mean_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), Dowson and Landau 1982,
    with unbiased covariances. NaN with fewer than two rows on either side.
    """
    return sum(frechet_parts(a, b))


def frechet_parts(
    a: pd.DataFrame | np.ndarray, b: pd.DataFrame | np.ndarray
) -> tuple[float, float]:
    """The two terms of the Frechet distance: what the means contribute, and what the
    covariances do.

    With A and B the centred tables over sqrt(n - 1), S_a = A'A and S_b = B'B, so the
    trace of the root is the sum of the singular values of A B'. Neither a root of a
    covariance nor its inverse is taken, so collinear columns (brightness is a sum of R,
    G and B) need no epsilon.
    """
    a, b = _pair(a, b)
    if len(a) < 2 or len(b) < 2:
        return float("nan"), float("nan")
    shift = a.mean(axis=0) - b.mean(axis=0)
    # The triangular factor has the same A'A and is only d x d.
    half_a, half_b = (
        np.linalg.qr((x - x.mean(axis=0)) / np.sqrt(len(x) - 1), mode="r")
        for x in (a, b)
    )
    shared = np.linalg.svd(half_a @ half_b.T, compute_uv=False).sum()
    spread = (half_a**2).sum() + (half_b**2).sum() - 2 * shared
    # Of two equal spreads rounding may leave a difference a little below zero.
    return float(shift @ shift), max(float(spread), 0.0)


def energy_distance(
    a: pd.DataFrame | np.ndarray, b: pd.DataFrame | np.ndarray
) -> float:
    """Energy distance between two tables (n x d): 2 E|X - Y| - E|X - X'| - E|Y - Y'|.

    Szekely and Rizzo 2013, over all pairs of rows, in the columns' units. It is zero
    only for equal distributions, whatever their shape, and assumes no Gaussian. NaN
    without rows.
    """
    a, b = _pair(a, b)
    if not len(a) or not len(b):
        return float("nan")
    return max(
        2 * _mean_distance(a, b) - _mean_distance(a, a) - _mean_distance(b, b), 0.0
    )


def _mean_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean Euclidean distance over all pairs, some rows at a time to spare memory."""
    rows = 1024
    total = sum(
        cdist(a[start : start + rows], b).sum() for start in range(0, len(a), rows)
    )
    return float(total / (len(a) * len(b)))


def _pair(
    a: pd.DataFrame | np.ndarray, b: pd.DataFrame | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(a, pd.DataFrame) and isinstance(b, pd.DataFrame):
        if set(a.columns) != set(b.columns):
            raise CourseError(
                f"The two tables have different columns ({', '.join(a.columns)} and "
                f"{', '.join(b.columns)}): give the same statistics of both "
                "domains."
            )
        b = b[a.columns]
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    a, b = (x[:, None] if x.ndim == 1 else x for x in (a, b))
    for name, table in (("first", a), ("second", b)):
        if not np.isfinite(table).all():
            raise CourseError(
                f"The {name} table has values that are not numbers, from frames "
                "without a valid pixel: leave these frames out."
            )
    return a, b
