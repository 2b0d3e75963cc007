"""Whether the face wears a mask over nose and mouth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ml.tasks.base import Scene, Task
from ml.types import F32


@dataclass(frozen=True, slots=True)
class MaskResult:
    """The likelier label and its probability, 0.5..1."""

    label: Literal["mask", "no_mask"]
    probability: float


def _decode(outputs: Mapping[str, F32], _scene: Scene) -> MaskResult:
    mask = float(outputs["mask"].reshape(-1)[0])
    return MaskResult("mask", mask) if mask >= 0.5 else MaskResult("no_mask", 1.0 - mask)


MASK = Task("mask", ("mask",), MaskResult, _decode)
