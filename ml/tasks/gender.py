"""Gender as the training data label it: female or male."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ml.tasks.base import Scene, Task
from ml.types import F32


@dataclass(frozen=True, slots=True)
class GenderResult:
    """The likelier label and its probability, 0.5..1.

    uncertain: the face is too small or too blurred to be judged.
    """

    label: Literal["female", "male"]
    probability: float
    uncertain: bool = False


def _decode(outputs: Mapping[str, F32], scene: Scene) -> GenderResult:
    male = float(outputs["gender"].reshape(-1)[0])
    if male >= 0.5:
        return GenderResult("male", male, scene.uncertain("gender"))
    return GenderResult("female", 1.0 - male, scene.uncertain("gender"))


GENDER = Task("gender", ("gender",), GenderResult, _decode)
