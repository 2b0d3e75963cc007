"""What the engine answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.manifest import NetworkSpec
from ml.tasks.gender import GenderResult
from ml.types import Face


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which network in which version answered, and under which terms."""

    network: str
    version: str
    licence: str
    commercial: bool

    @classmethod
    def of(cls, spec: NetworkSpec) -> "ModelRef":
        """The public part of a manifest entry."""
        return cls(spec.name, spec.version, spec.licence, spec.commercial)


@dataclass(frozen=True, slots=True, eq=False)
class FaceReport:
    """One face and the result of each asked task by name."""

    face: Face
    results: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Faces of a photograph, most confident first, and the clockwise turn (0, 90, 180, 270) in which they were found."""

    faces: list[Face]
    rotation: int
    tried: Mapping[str, Any]
    model: ModelRef | None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All faces of one photograph; coordinates are pixels of the upright photograph of size (width, height)."""

    size: tuple[int, int]
    rotation: int
    faces: list[FaceReport]
    models: Mapping[str, ModelRef]
    timing_ms: Mapping[str, float]
    tried: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class VerifyReport:
    """Whether two faces are one person's: cosine similarity against the threshold of a false-match rate."""

    verified: bool
    similarity: float
    threshold: float
    false_match_rate: float
    faces: tuple[Face, Face]
    candidates: tuple[list[Face], list[Face]]
    sizes: tuple[tuple[int, int], tuple[int, int]]
    model: ModelRef
    timing_ms: Mapping[str, float]

    @property
    def distance(self) -> float:
        """Cosine distance, 1 - similarity."""
        return 1.0 - self.similarity


@dataclass(frozen=True, slots=True, eq=False)
class SynthesisReport:
    """Generated faces (n, height, width, 3), the seed that gives them again, and the gender each one appears to have."""

    images: npt.NDArray[np.uint8]
    seed: int
    genders: list[GenderResult]
    model: ModelRef
    timing_ms: Mapping[str, float]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of each face."""
        return int(self.images.shape[2]), int(self.images.shape[1])
