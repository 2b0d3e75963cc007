"""Small statistics shared by the reports."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.types import F64

RESAMPLES = 2000


def bootstrap(
    values: npt.NDArray[Any], statistic: Callable[[npt.NDArray[Any]], float] = np.mean, *, seed: int = 0
) -> dict[str, float]:
    """Statistic of values (n, …) and its 95 % percentile-bootstrap interval over the first axis: {"value", "low", "high", "count"}."""
    rng = np.random.default_rng(seed)
    samples = [statistic(values[rng.integers(0, len(values), len(values))]) for _ in range(RESAMPLES)]
    low, high = np.percentile(samples, [2.5, 97.5])
    return {"value": float(statistic(values)), "low": float(low), "high": float(high), "count": len(values)}


def threshold_at(different: npt.NDArray[Any], false_match_rate: float) -> float:
    """The lowest similarity of which at most that share of the scores of different people lie at or above."""
    allowed = int(false_match_rate * len(different))
    highest_rejected: F64 = np.sort(different)[len(different) - allowed - 1]
    return float(np.nextafter(np.float32(highest_rejected), np.float32(2)))
