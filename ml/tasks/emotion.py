"""The seven expressions of FER-2013 (Goodfellow et al. 2013)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.errors import InvalidRequest
from ml.tasks.base import Scene, Task
from ml.types import F32

LABELS: Final = ("crowd", "fer2013")
OWN: Final = "own"
_FER2013: Final = "emotion_fer2013"
EMOTIONS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass(frozen=True, slots=True)
class EmotionResult:
    """The likeliest expression, its probability, and all seven; the scores sum to 1.

    labels: "crowd", what most people see in the face (FER+, Barsoum et al. 2016); "fer2013", what FER-2013 would call it; "own" of a
    network that knows one kind only.
    uncertain: the face is too small or too blurred to be judged.
    """

    label: str
    probability: float
    scores: dict[str, float]
    labels: str = OWN
    uncertain: bool = False


def _decode(outputs: Mapping[str, F32], scene: Scene) -> EmotionResult:
    chosen = scene.choices.emotion_labels
    if chosen not in LABELS:
        raise InvalidRequest(f"emotion_labels must be one of {', '.join(LABELS)}.", {"emotion_labels": chosen})
    labels = chosen if _FER2013 in outputs else OWN
    said = outputs[_FER2013 if labels == "fer2013" else "emotion"]
    scores = dict(zip(EMOTIONS, said[0].tolist(), strict=True))
    label = max(scores, key=scores.__getitem__)
    return EmotionResult(label, scores[label], scores, labels, scene.uncertain("emotion"))


EMOTION = Task("emotion", ("emotion",), EmotionResult, _decode)
