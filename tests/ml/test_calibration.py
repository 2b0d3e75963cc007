"""Intervals, temperatures and figures with their bounds."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from ml.tasks.age_interval import age_interval, quantiles
from ml.training import calibrate, measure

RNG = np.random.default_rng(3)


def test_quantiles_of_a_certain_age_span_that_year() -> None:
    assert quantiles(np.eye(101)[40], (0.05, 0.95)) == pytest.approx((39.55, 40.45))


@pytest.mark.parametrize("calibration", [{}, {"knots": [0, 100], "low_offset": [2, 4], "high_offset": [300, 300]}])
def test_intervals_hold_the_age_and_stay_within_the_years(calibration: dict[str, list[int]]) -> None:
    for row in RNG.dirichlet(np.full(101, 0.1), 50).astype(np.float32):
        years, low, high = age_interval(row, calibration)
        assert 0 <= low <= years <= high <= 100


def test_calibrated_intervals_cover_nine_in_ten() -> None:
    ages = RNG.uniform(5, 90, 4000).astype(np.float32)
    guesses = ages + RNG.normal(0, 4, 4000)
    bells = np.exp(-0.5 * (np.arange(101) - guesses[:, None]) ** 2 / 2**2)
    rows = (bells / bells.sum(1, keepdims=True)).astype(np.float32)
    table = calibrate.interval(rows[:2000], ages[:2000])

    def inside(calibration: dict[str, Any]) -> float:
        ends = [age_interval(row, calibration)[1:] for row in rows[2000:]]
        return float(np.mean([low <= age <= high for (low, high), age in zip(ends, ages[2000:], strict=True)]))

    assert inside({}) < 0.7  # the distributions are twice too narrow
    assert 0.87 < inside(table) < 0.93


def test_temperature_and_slope_undo_a_scaling() -> None:
    logits = RNG.normal(0, 1.5, (6000, 4)).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (shares.cumsum(1) > RNG.random((6000, 1))).argmax(1).astype(np.float32)
    assert calibrate.temperature(3 * logits, labels) == pytest.approx(3, rel=0.1)
    male = (RNG.random(6000) < 1 / (1 + np.exp(-logits[:, 0]))).astype(np.float32)
    assert calibrate.slope(2 * logits[:, 0], male) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("values", "expected"), [([], {"images": 0}), ([1, 1], {"value": 1.0, "low": 1.0, "high": 1.0, "images": 2})]
)
def test_means_with_their_bounds(values: list[float], expected: dict[str, float]) -> None:
    assert measure.mean(values) == expected


def test_calibration_error_of_a_boaster() -> None:
    assert measure.calibration_error([0.99] * 10, [True, False] * 5)["ece"] == pytest.approx(0.49)
