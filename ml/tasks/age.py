"""Age as the expected value of a distribution over the years 0..100 (DEX, Rothe et al. 2015), with a calibrated interval."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml.tasks.age_interval import age_interval
from ml.tasks.base import Scene, Task
from ml.types import F32


@dataclass(frozen=True, slots=True)
class AgeResult:
    """Years of apparent age; the true age lies in low..high with the coverage that the model card states (90 %).

    uncertain: the face is too small or too blurred to be judged.
    """

    years: float
    low: float
    high: float
    uncertain: bool = False


def _decode(outputs: Mapping[str, F32], scene: Scene) -> AgeResult:
    years, low, high = age_interval(outputs["age"][0], scene.calibration("age"))
    return AgeResult(years, low, high, scene.uncertain("age"))


AGE = Task("age", ("age",), AgeResult, _decode)
