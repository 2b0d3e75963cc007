"""The figures of `ml.measure` under the name that the recipes use."""

from ml.measure import Bools, Figure, balanced, by_group, calibration_error, confusion, decade_names, mean

__all__ = ["Bools", "Figure", "balanced", "by_group", "calibration_error", "confusion", "decade_names", "mean"]
