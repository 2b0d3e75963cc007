"""Options of the tasks. Each model is the one source for validation, the page's form, the OpenAPI schema and the docs.

`title` is the label on the page, `description` the help text. Unknown names and wrong types are refused.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ml.finding import SMALLEST_FACE
from ml.tasks import FACE_TASKS

MAX_SEED = 2**32 - 1
LandmarkScheme = Literal["5", "15", "68", "76", "468"]
EmotionLabels = Literal["crowd", "fer2013"]
VersionName = Annotated[str, Field(min_length=1, max_length=151)]
_VERSION = (
    "The version that shall answer instead of the active one, for example `face 1.9.0-int8`; "
    "the network's name may be left out where only one has that version."
)
_FACE = "Its number as on its frame, from 0; empty: the one that is large and near the middle."
_LABELS = (
    "crowd: what most people see in the face; fer2013: what the FER-2013 data set would call it, "
    "which names rare expressions more often."
)


class Options(BaseModel):
    """Base of all options: strict types, no unknown names, no infinities."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    for_programs: ClassVar[frozenset[str]] = frozenset({"version"})
    """Options that the pages do not show."""


class DetectionOptions(Options):
    """How faces are looked for: common to all tasks that read a photograph."""

    max_faces: int = Field(50, ge=1, le=100, title="Most faces", description="Largest number of faces to answer for.")
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Least confidence",
        description="Faces the detector is less sure of are left out; empty: the detector's usual value.",
    )
    min_face: float | None = Field(
        None,
        ge=SMALLEST_FACE,
        le=10_000,
        title="Smallest face",
        description="In pixels; empty: chosen by the size of the photograph.",
    )
    detector: Literal["scrfd", "mtcnn", "blazeface", "haar", "skip"] = Field(
        "scrfd", title="Detector", description="skip: the photograph is already cut to one face."
    )
    rotate: bool = Field(
        default=True,
        title="Try turned photographs",
        description="If no face is found, or the best one seems to lie on its side, look again at 90, 180 and 270 degrees.",
    )


class FaceOptions(DetectionOptions):
    """Detection and the network that answers. Detection itself has no versions to choose, but a detector."""

    version: VersionName | None = Field(None, title="Model version", description=_VERSION)


class LandmarkOptions(FaceOptions):
    """Detection and the set of points."""

    scheme: LandmarkScheme = Field("68", title="Points", description="How many points, and which.")


class EmotionOptions(FaceOptions):
    """Detection and the kind of labels."""

    emotion_labels: EmotionLabels = Field("crowd", title="Labels", description=_LABELS)


class VerifyOptions(FaceOptions):
    """Detection, which face of each photograph, and how strict to be."""

    face1: int | None = Field(
        None,
        ge=0,
        le=99,
        title="Face of the first photograph",
        description=_FACE,
    )
    face2: int | None = Field(
        None,
        ge=0,
        le=99,
        title="Face of the second photograph",
        description=_FACE,
    )
    false_match_rate: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="False match rate",
        description="Share of different people that may be taken for the same person; empty: the recommended rate.",
    )


class SynthesisOptions(Options):
    """What to draw."""

    count: int = Field(16, ge=1, le=64, title="Faces", description="How many faces to make.")
    seed: int | None = Field(
        None, ge=0, le=MAX_SEED, title="Seed", description="The same seed gives the same faces; empty: random."
    )
    truncation: float = Field(
        1.0,
        ge=0,
        le=1,
        title="Variety",
        description="1: all the variety the model has; near 0: close to the average face.",
    )
    to_seed: int | None = Field(
        None,
        ge=0,
        le=MAX_SEED,
        title="Second seed",
        description="If given, the faces lead from the first face of the seed to the first face of this one.",
    )
    smile: float = Field(
        0.0, ge=-3, le=3, title="Smile", description="-3 to 3: less or more of it than the seed gives."
    )
    age: float = Field(0.0, ge=-3, le=3, title="Age", description="-3 to 3: younger or older.")
    male: float = Field(
        0.0, ge=-3, le=3, title="Female to male", description="-3 to 3: towards female or towards male."
    )
    glasses: float = Field(0.0, ge=-3, le=3, title="Glasses", description="-3 to 3: fewer or more faces with glasses.")
    version: VersionName | None = Field(None, title="Model version", description=_VERSION)


PHOTO_TASKS = ("detect", *FACE_TASKS)


def _known_tasks(tasks: list[str]) -> list[str]:
    unknown = sorted(set(tasks) - set(PHOTO_TASKS))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(PHOTO_TASKS)}")
    return list(dict.fromkeys(tasks))


def _tasks_schema(schema: dict[str, Any]) -> None:
    schema["items"] = {"type": "string", "enum": list(PHOTO_TASKS)}


class AnalyzeOptions(DetectionOptions):
    """Detection and the tasks to answer in one pass."""

    for_programs: ClassVar[frozenset[str]] = frozenset({"version", "embedding"})

    tasks: Annotated[list[str], AfterValidator(_known_tasks)] = Field(
        default_factory=lambda: list(PHOTO_TASKS),
        min_length=1,
        max_length=20,
        title="Tasks",
        description="What to say about each face.",
        json_schema_extra=_tasks_schema,
    )
    scheme: LandmarkScheme = Field("68", title="Landmark points", description="How many points, and which.")
    emotion_labels: EmotionLabels = Field("crowd", title="Labels of expressions", description=_LABELS)
    embedding: bool = Field(
        default=False,
        title="Embedding",
        description="Each face's embedding too: a vector of length 1; the product of two is the similarity that verify compares. "
        "It is personal data: who has it can tell the person again.",
    )
    version: dict[str, VersionName] = Field(
        default_factory=dict,
        max_length=20,
        title="Model versions",
        json_schema_extra={"example": {}},
        description='For some of the tasks, the version that shall answer: `{"age": "face 1.9.0-int8"}`.',
    )
