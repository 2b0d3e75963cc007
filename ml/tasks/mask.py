"""Whether the face wears a mask over nose and mouth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ml.tasks.base import Scene, Task
from ml.types import F32


@dataclass(frozen=True, slots=True)
class MaskResult:
    """The likelier label and its probability, 0.5..1.

    uncertain: the face is too small or too blurred to be judged.
    """

    label: Literal["mask", "no_mask"]
    probability: float
    uncertain: bool = False


def _decode(outputs: Mapping[str, F32], scene: Scene) -> MaskResult:
    mask = float(outputs["mask"].reshape(-1)[0])
    if mask >= 0.5:
        return MaskResult("mask", mask, scene.uncertain("mask"))
    return MaskResult("no_mask", 1.0 - mask, scene.uncertain("mask"))


MASK = Task("mask", ("mask",), MaskResult, _decode)
