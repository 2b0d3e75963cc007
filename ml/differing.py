"""When do two versions disagree about a face? One rule per task, for comparisons and for candidates beside the active version."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ml.tasks.age import AgeResult
from ml.tasks.attributes import ATTRIBUTE_NAMES, AttributesResult
from ml.tasks.landmarks import LandmarksResult

AGE_YEARS: Final = 5.0
ATTRIBUTES_SHARE: Final = 0.1
LANDMARKS_SHARE: Final = 0.05
EYES: Final = {"68": (36, 45), "5": (0, 1), "15": (3, 5), "76": (27, 32), "468": (33, 263)}
"""The two points of each scheme whose distance is the measure: outer corners, or centres where there are no corners."""

Difference = tuple[bool, float]
"""Whether they disagree, and by how much in the task's unit (UNITS)."""

UNITS: Final = {
    "age": "years",
    "gender": "share of faces",
    "emotion": "share of faces",
    "mask": "share of faces",
    "attributes": "share of the forty",
    "landmarks": "of the distance between the eyes",
    "verify": "share of pairs",
}
RULES: Final = {
    "age": "the ranges do not meet, or the ages are more than 5 years apart",
    "gender": "the labels differ",
    "emotion": "the labels differ",
    "mask": "the labels differ",
    "attributes": "more than a tenth of the forty attributes differ",
    "landmarks": "the points lie more than 5 % of the distance between the eyes apart, on average",
    "verify": "the verdicts differ",
}


def difference(task: str, first: Any, second: Any) -> Difference:
    """Compare two results of one face (or, for verify, two verdicts as booleans) by the task's rule."""
    return _COMPARE[task](first, second)


def _age(first: AgeResult, second: AgeResult) -> Difference:
    years = abs(first.years - second.years)
    apart = first.high < second.low or second.high < first.low
    return apart or years > AGE_YEARS, years


def _label(first: Any, second: Any) -> Difference:
    differs = first.label != second.label
    return differs, float(differs)


def _attributes(first: AttributesResult, second: AttributesResult) -> Difference:
    share = len(set(first.present) ^ set(second.present)) / len(ATTRIBUTE_NAMES)
    return share > ATTRIBUTES_SHARE, share


def _landmarks(first: LandmarksResult, second: LandmarksResult) -> Difference:
    one, other = np.asarray(first.points, np.float64), np.asarray(second.points, np.float64)
    left, right = EYES[first.scheme]
    eyes = max(float(np.linalg.norm(one[left] - one[right])), 1e-6)
    share = float(np.linalg.norm(one - other, axis=1).mean()) / eyes
    return share > LANDMARKS_SHARE, share


def _verdict(first: bool, second: bool) -> Difference:  # noqa: FBT001
    return first != second, float(first != second)


_COMPARE: Final[dict[str, Callable[[Any, Any], Difference]]] = {
    "age": _age,
    "gender": _label,
    "emotion": _label,
    "mask": _label,
    "attributes": _attributes,
    "landmarks": _landmarks,
    "verify": _verdict,
}
