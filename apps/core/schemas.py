"""The JSON contract as types: documents the answers in OpenAPI and lets tests hold the answers to it."""

import functools
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from apps.core.registry import TaskPage
from ml.tasks import FACE_TASKS
from ml.tasks.detect import DetectResult
from ml.tasks.embedding import EMBEDDING
from ml.tasks.gender import GenderResult

Code = Literal[
    "invalid_request",
    "invalid_image",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "too_large",
    "unsupported_media",
    "no_face",
    "busy",
    "internal",
    "not_ready",
]


class Part(BaseModel):
    """Base of all parts of an answer: nothing may come that is not declared."""

    model_config = ConfigDict(extra="forbid")


class ErrorPart(Part):
    """What went wrong."""

    code: Code
    message: str = Field(description="A sentence for people.")
    details: dict[str, Any] = Field(description="More for programs, depending on the code.")


class ErrorAnswer(Part):
    """Every error has this shape."""

    error: ErrorPart
    request_id: str


class Size(Part):
    """Width and height of the upright photograph in pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)


class Box(Part):
    """A face's box in pixels of the upright photograph; it may reach outside."""

    x: int
    y: int
    width: int = Field(ge=0)
    height: int = Field(ge=0)


class Model(Part):
    """The network that answered, and whether its licence allows commercial use."""

    network: str
    version: str
    licence: str
    commercial: bool


class Face(Part):
    """Where a face is and how sure the detector is."""

    box: Box
    confidence: float = Field(ge=0, le=1)


class ChosenFace(Face):
    """The face that was compared; index counts the faces of its photograph from 0."""

    index: int = Field(ge=0)


class Answer(Part):
    """What all answers have."""

    timing_ms: dict[str, float] = Field(description="Milliseconds per step.")
    request_id: str


class PhotoAnswer(Answer):
    """What all answers about one photograph have."""

    image: Size
    rotation: Literal[0, 90, 180, 270] = Field(description="Clockwise turn in which the faces were found.")


class VerifyAnswer(Answer):
    """Whether two faces are one person's."""

    task: Literal["verify"]
    model: Model
    images: list[Size] = Field(min_length=2, max_length=2)
    verified: bool = Field(description="similarity reaches threshold")
    similarity: float = Field(description="Cosine similarity, -1 to 1.")
    distance: float = Field(description="1 - similarity")
    threshold: float
    false_match_rate: float = Field(description="Share of different people that this threshold takes for one person.")
    faces: list[ChosenFace] = Field(min_length=2, max_length=2)
    candidates: list[list[Face]] = Field(min_length=2, max_length=2, description="All faces of each photograph.")


class SynthesisAnswer(Answer):
    """Generated faces."""

    task: Literal["synthesis"]
    model: Model
    images: list[str] = Field(description="PNG files as base64.")
    seed: int
    truncation: float
    to_seed: int | None
    edits: dict[str, float] = Field(description="Steps along each direction, 0 where nothing was changed.")
    size: list[int] = Field(min_length=2, max_length=2, description="Width and height of each face.")
    genders: list[GenderResult] = Field(description="The gender that each face appears to have.")


class ModelCard(Part):
    """The public part of a network's card."""

    network: str
    version: str
    title: str
    tasks: list[str]
    licence: str
    commercial: bool
    source: str
    training_data: str
    notes: str
    sha256: str = Field(description="Of the file, which versions of different precision may share.")
    precision: str = Field(description="In which its larger convolutions are counted: float32 or int8.")
    metrics: dict[str, dict[str, Any]]


class VersionCard(ModelCard):
    """A version that may answer."""

    size_bytes: int
    shipped: bool = Field(description="Whether it came with the portal; else an administrator added it.")
    active_for: list[str] = Field(description="Tasks that it answers now.")


class ModelsAnswer(Part):
    """The network that answers each task, and all versions that may."""

    models: dict[str, ModelCard]
    versions: list[VersionCard]
    request_id: str


def result_type(slug: str) -> Any:
    """The dataclass that a task about faces answers with."""
    return DetectResult if slug == "detect" else FACE_TASKS[slug].result_type


@functools.cache
def answer_type(task: TaskPage) -> type[BaseModel]:
    """The type of a task's answer."""
    if task.kind == "verify":
        return VerifyAnswer
    if task.kind == "synthesis":
        return SynthesisAnswer
    name = task.slug.title()
    fields: dict[str, Any] = {slug: (result_type(slug) | None, None) for slug in ("detect", *FACE_TASKS)}
    fields[EMBEDDING.name] = (EMBEDDING.result_type | None, None)
    result = (
        create_model("AnalyzeResult", __base__=Part, **fields) if task.kind == "analyze" else result_type(task.slug)
    )
    face = create_model(f"{name}Face", __base__=Face, result=(result, ...))
    models: dict[str, Any] = (
        {"models": (dict[str, Model], ...)} if task.kind == "analyze" else {"model": (Model | None, ...)}
    )
    tag: Any = Literal[task.slug]
    return create_model(f"{name}Answer", __base__=PhotoAnswer, task=(tag, ...), faces=(list[face], ...), **models)
