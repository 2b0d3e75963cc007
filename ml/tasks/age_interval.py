"""The interval around an age: conformalised quantiles of the predicted distribution (Romano et al. 2019)."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ml.types import F32, F64

_QUANTILES: Final = (0.05, 0.95)


def age_interval(probabilities: F32, calibration: Mapping[str, Any]) -> tuple[float, float, float]:
    """Distribution (101,) over the years 0..100 -> (years, low, high), 0 <= low <= years <= high <= 100.

    years is the expected value. low and high are the quantiles `quantiles` of the distribution, moved outwards (inwards where
    negative) by `low_offset` and `high_offset`: tables over `knots` (predicted years), read with linear interpolation. They were
    chosen on held-out faces so that low..high holds the true age with the probability `coverage`. Without a calibration the
    bare quantiles are given.
    """
    distribution = np.asarray(probabilities, np.float64)
    years = float(distribution @ np.arange(len(distribution)))
    low, high = quantiles(distribution, calibration.get("quantiles", _QUANTILES))
    knots = calibration.get("knots")
    if knots:
        low -= float(np.interp(years, knots, calibration["low_offset"]))
        high += float(np.interp(years, knots, calibration["high_offset"]))
    oldest = float(len(distribution) - 1)
    return years, float(np.clip(low, 0.0, years)), float(np.clip(high, years, oldest))


def quantiles(distribution: F64, levels: tuple[float, float]) -> tuple[float, float]:
    """The years below which the given shares of the distribution lie; each year's share is spread over the year around it."""
    edges = np.arange(len(distribution) + 1) - 0.5
    shares = np.concatenate([[0.0], np.cumsum(distribution)])
    low, high = np.interp(levels, shares / shares[-1], edges)
    return float(low), float(high)
