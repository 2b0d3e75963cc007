"""Can a network's outputs and description be made into every answer that a client may ask for?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np

from ml.contracts import Unfit
from ml.generation import LATENT, direction
from ml.manifest import NetworkSpec
from ml.tasks import FACE_TASKS
from ml.tasks.base import USUAL, Choices, Scene
from ml.tasks.emotion import LABELS
from ml.tasks.landmarks import SCHEMES
from ml.types import F32

_CHOICES: Final[Mapping[str, Sequence[Choices]]] = {
    "landmarks": [Choices(landmarks=scheme) for scheme in SCHEMES],
    "emotion": [Choices(emotion_labels=labels) for labels in LABELS],
}
"""What a client may ask a task for; USUAL alone where there is no choice."""


def check_answers(task: str, outputs: Mapping[str, F32], scene: Scene) -> None:
    """Whatever a client may choose, an answer comes of the outputs and the description, and so does the closer look; else Unfit."""
    question = FACE_TASKS[task]
    try:
        for choices in _CHOICES.get(task, (USUAL,)):
            _check_numbers(task, asdict(question.decode(outputs, replace(scene, choices=choices))))
        if question.again:
            question.again(outputs, scene)
    except Unfit:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise Unfit(f"{task} cannot be answered with the calibration that is described: {error!r}") from error


def check_directions(spec: NetworkSpec) -> None:
    """Raises Unfit when a direction of the generator is not LATENT finite numbers."""
    try:
        stored = {name: direction(spec, name) for name in spec.calibration.get("synthesis", {}).get("directions", {})}
    except (AttributeError, TypeError, ValueError) as error:
        raise Unfit(f"The directions cannot be read: {error}") from error
    for name, values in stored.items():
        if len(values) != LATENT or not np.isfinite(values).all():
            raise Unfit(f"The direction {name} must be {LATENT} finite numbers.")


def _check_numbers(task: str, value: Any) -> None:
    """Every number of a result is finite."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            _check_numbers(task, item)
    elif isinstance(value, float) and not np.isfinite(value):
        raise Unfit(f"The result of {task} is not finite.")
