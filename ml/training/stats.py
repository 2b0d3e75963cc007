"""Small statistics shared by the reports."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000


def bootstrap(
    values: npt.NDArray[Any], statistic: Callable[[npt.NDArray[Any]], float] = np.mean, *, seed: int = 0
) -> dict[str, float]:
    """Statistic of values (n, …) and its 95 % percentile-bootstrap interval over the first axis: {"value", "low", "high", "count"}."""
    rng = np.random.default_rng(seed)
    samples = [statistic(values[rng.integers(0, len(values), len(values))]) for _ in range(RESAMPLES)]
    low, high = np.percentile(samples, [2.5, 97.5])
    return {"value": float(statistic(values)), "low": float(low), "high": float(high), "count": len(values)}
