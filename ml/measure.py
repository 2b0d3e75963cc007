"""Figures with their uncertainty: every one comes with the number of images and a bootstrap interval of 95 %."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.types import F32

Figure = dict[str, float | int]
"""{"value", "low", "high", "images"}."""
Bools = npt.NDArray[np.bool_]
_DRAWS: Final = 1000
_SEED: Final = 7


def mean(values: Any) -> Figure:
    """Mean of one value per image with its bootstrap interval; an empty list gives zero images and no value."""
    array = np.asarray(values, np.float64)
    if not len(array):
        return {"images": 0}
    rng = np.random.default_rng(_SEED)
    draws = np.array([array[rng.integers(0, len(array), len(array))].mean() for _ in range(_DRAWS)])
    low, high = np.quantile(draws, (0.025, 0.975))
    return _figure(float(array.mean()), float(low), float(high), len(array))


def paired(first: Any, second: Any) -> dict[str, Figure]:
    """`mean` of two values per image, and of second minus first, all from the same draws of images."""
    both = np.stack([np.asarray(first, np.float64), np.asarray(second, np.float64)])
    values = np.vstack([both, both[1:] - both[:1]])
    names, count = ("first", "second", "difference"), values.shape[1]
    if not count:
        return {name: {"images": 0} for name in names}
    rng = np.random.default_rng(_SEED)
    draws = np.array([values[:, rng.integers(0, count, count)].mean(1) for _ in range(_DRAWS)])
    low, high = np.quantile(draws, (0.025, 0.975), axis=0)
    return {
        name: _figure(float(values[i].mean()), float(low[i]), float(high[i]), count) for i, name in enumerate(names)
    }


def balanced(predicted: Any, truth: Any) -> Figure:
    """Mean over the classes of the share of their images that are right."""
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    classes = np.unique(truth)
    right = predicted == truth
    rng = np.random.default_rng(_SEED)
    parts = [right[truth == label] for label in classes]
    draws = [
        np.mean([part[rng.integers(0, len(part), len(part))].mean() for part in parts]) for _ in range(_DRAWS // 2)
    ]
    low, high = np.quantile(draws, (0.025, 0.975))
    return _figure(float(np.mean([part.mean() for part in parts])), float(low), float(high), len(truth))


def _figure(value: float, low: float, high: float, images: int) -> Figure:
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "images": images}


def by_group(values: Any, keys: Any, names: Mapping[Any, str] | None = None) -> dict[str, Figure]:
    """`mean` of the values of each key, in the keys' order."""
    values, keys = np.asarray(values), np.asarray(keys)
    return {str(names[key] if names else key): mean(values[keys == key]) for key in np.unique(keys).tolist()}


def decade_names(ages: F32) -> npt.NDArray[np.str_]:
    """(n,) years -> "0-9", …, "90+"."""
    tens = np.minimum(ages // 10 * 10, 90).astype(int)
    return np.array([f"{ten:02d}-{ten + 9:02d}" if ten < 90 else "90+" for ten in tens.tolist()])


def confusion(predicted: Any, truth: Any, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """True class -> predicted class -> images."""
    predicted, truth = np.asarray(predicted).astype(int), np.asarray(truth).astype(int)
    table = np.zeros((len(names), len(names)), int)
    np.add.at(table, (truth, predicted), 1)
    return {row: dict(zip(names, counts, strict=True)) for row, counts in zip(names, table.tolist(), strict=True)}


def calibration_error(confidences: Any, right: Any, bins: int = 15) -> dict[str, Any]:
    """Expected calibration error over equal-width bins, and the reliability curve: [confidence, accuracy, images] per bin."""
    confidences, right = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    curve, error = [], 0.0
    for place in np.unique(places).tolist():
        mine = places == place
        confidence, accuracy = float(confidences[mine].mean()), float(right[mine].mean())
        curve.append([round(confidence, 4), round(accuracy, 4), int(mine.sum())])
        error += abs(confidence - accuracy) * float(mine.mean())
    return {"ece": round(error, 4), "curve": curve}
