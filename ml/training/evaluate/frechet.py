"""Fréchet distance between two sets of features (Heusel et al. 2017), with an interval.

Of normal distributions with the sets' means and covariances: |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^(1/2)). It is 0 for equal sets
and above 0 even for two samples of one distribution, the more so the smaller they are: compare only distances of equally many images.
"""

from typing import Final

import numpy as np

from ml import measure
from ml.types import F32, F64

GROUPS: Final = 10
_NORMAL_95: Final = 1.96


def distance(first: F32 | F64, second: F32 | F64) -> float:
    """(n, d) and (m, d) -> the distance; ValueError for fewer than two rows, values that are not finite or unequal d."""
    if min(len(first), len(second)) < 2 or first.shape[1:] != second.shape[1:]:
        raise ValueError(
            f"two sets of at least two rows of equal length are needed, not {first.shape} and {second.shape}"
        )
    means, roots = zip(*(_moments(rows) for rows in (first, second)), strict=True)
    # tr((C1 C2)^(1/2)) with C = R'R is the sum of the singular values of R1 R2': no root of a matrix, any rank.
    shared = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    total = ((means[0] - means[1]) ** 2).sum() + sum((root**2).sum() for root in roots) - 2 * shared
    return max(0.0, float(total))


def figure(first: F32, second: F32, groups: int = GROUPS) -> measure.Figure:
    """The distance with its interval of 95 %, by a jackknife that leaves out one of `groups` parts of both sets at a time."""
    value = distance(first, second)
    parts = [
        distance(*(rows[np.arange(len(rows)) % groups != group] for rows in (first, second))) for group in range(groups)
    ]
    error = float(np.sqrt((groups - 1) * np.var(parts)))
    low, high = max(0.0, value - _NORMAL_95 * error), value + _NORMAL_95 * error
    images = min(len(first), len(second))
    return {"value": round(value, 3), "low": round(low, 3), "high": round(high, 3), "images": images}


def _moments(rows: F32 | F64) -> tuple[F64, F64]:
    """Mean (d,) and a root R (min(n, d), d) of the covariance R'R."""
    rows = np.asarray(rows, np.float64)
    if not np.isfinite(rows).all():
        raise ValueError("a feature is not finite")
    mean = rows.mean(0)
    root: F64 = np.asarray(np.linalg.qr((rows - mean) / np.sqrt(len(rows) - 1), mode="r"))
    return mean, root
