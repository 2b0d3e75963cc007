"""What every task about a face declares: which outputs it reads and how they become a result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from ml.clarity import CLEAR, Clarity, uncertain
from ml.manifest import NetworkSpec
from ml.types import F32, F64, Face

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a client may choose about answers: the scheme of landmarks, and by whose labels expressions are named."""

    landmarks: str = "68"
    emotion_labels: str = "crowd"


USUAL: Final = Choices()


@dataclass(frozen=True, slots=True)
class Scene:
    """What decoding may need beside the outputs.

    The face, the network, the way from the photograph to the crop, what the client chose, and how clearly the face is seen.
    """

    face: Face
    spec: NetworkSpec
    matrix: F64
    choices: Choices = USUAL
    clarity: Clarity = CLEAR

    def calibration(self, task: str) -> Mapping[str, Any]:
        """The constants that the network's manifest entry gives for the task; empty when there are none."""
        values: Mapping[str, Any] = self.spec.calibration.get(task, {})
        return values

    def uncertain(self, task: str) -> bool:
        """Whether the face is too small or too blurred for the task."""
        return uncertain(task, self.clarity)


@dataclass(frozen=True, slots=True)
class Task(Generic[R]):
    """One question about a face.

    output_names: the outputs of the network that are read. result_type: the dataclass that `decode` gives. decode: outputs
    of one crop, each with a batch dimension of 1, and the scene -> the result in units for people. again: the same -> a (2, 3) matrix to a
    crop that frames the face better, which is then answered instead, or None.
    """

    name: str
    output_names: tuple[str, ...]
    result_type: type[R]
    decode: Callable[[Mapping[str, F32], Scene], R]
    again: Callable[[Mapping[str, F32], Scene], F64 | None] | None = None
