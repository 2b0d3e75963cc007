"""The seven expressions of FER-2013 (Goodfellow et al. 2013)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.tasks.base import Scene, Task
from ml.types import F32

EMOTIONS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass(frozen=True, slots=True)
class EmotionResult:
    """The likeliest expression, its probability, and all seven; the scores sum to 1.

    uncertain: the face is too small or too blurred to be judged.
    """

    label: str
    probability: float
    scores: dict[str, float]
    uncertain: bool = False


def _decode(outputs: Mapping[str, F32], scene: Scene) -> EmotionResult:
    scores = dict(zip(EMOTIONS, outputs["emotion"][0].tolist(), strict=True))
    label = max(scores, key=scores.__getitem__)
    return EmotionResult(label, scores[label], scores, scene.uncertain("emotion"))


EMOTION = Task("emotion", ("emotion",), EmotionResult, _decode)
