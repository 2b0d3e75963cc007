"""Gender as the training data label it: female or male."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ml.tasks.base import Scene, Task
from ml.types import F32


@dataclass(frozen=True, slots=True)
class GenderResult:
    """The likelier label and its probability, 0.5..1."""

    label: Literal["female", "male"]
    probability: float


def _decode(outputs: Mapping[str, F32], _scene: Scene) -> GenderResult:
    male = float(outputs["gender"].reshape(-1)[0])
    return GenderResult("male", male) if male >= 0.5 else GenderResult("female", 1.0 - male)


GENDER = Task("gender", ("gender",), GenderResult, _decode)
