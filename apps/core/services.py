"""From a task's input to its report: decode, ask the engine, serialise; all inside the bound on concurrent work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from django.conf import settings

from apps.core import observers, serialisers, usage
from apps.core.engine import get_admission, get_engine
from apps.core.inputs import TaskInput
from apps.core.options import (
    AnalyzeOptions,
    DetectionOptions,
    EmotionOptions,
    FaceOptions,
    LandmarkOptions,
    Options,
    SynthesisOptions,
    VerifyOptions,
)
from apps.core.preview import preview
from apps.core.registry import Kind, TaskPage
from ml.errors import FaceError
from ml.finding import DetectOptions
from ml.generation import EDITS
from ml.images import Limits, decode
from ml.photo import Photo


@dataclass(frozen=True)
class Outcome:
    """The report of the contract, and pictures of the photographs for those who draw on them."""

    report: dict[str, Any]
    previews: tuple[dict[str, Any], ...]


def run(*, task: TaskPage, given: TaskInput, request_id: str, previews: bool = False) -> Outcome:
    """Answer one request. Decoded photographs are large: they live only while the place is held.

    Raises:
        FaceError: any of them; Busy when the server has as much work as it takes on.
    """
    with get_admission().place():
        limits = Limits(max_bytes=settings.HEXAFACE.max_upload_bytes, max_pixels=settings.HEXAFACE.max_pixels)
        photos = tuple(_decoded(name, data, task, limits) for name, data in zip(task.images, given.images, strict=True))
        report = _RUNNERS[task.kind](task=task, photos=photos, options=given.options, request_id=request_id)
        usage.count(report)
        return Outcome(report, tuple(preview(photo) for photo in photos) if previews else ())


def _decoded(name: str, data: bytes, task: TaskPage, limits: Limits) -> Photo:
    try:
        return decode(data, limits)
    except FaceError as error:
        if len(task.images) > 1:
            error.details["image"] = name
        raise


def _face(*, task: TaskPage, photos: tuple[Photo, ...], options: Options, request_id: str) -> dict[str, Any]:
    scheme = options.scheme if isinstance(options, LandmarkOptions) else "68"
    labels = options.emotion_labels if isinstance(options, EmotionOptions) else "crowd"
    version = options.version if isinstance(options, FaceOptions) else None
    report = get_engine().analyze(
        photos[0],
        [task.slug],
        detect=_detect_options(options),
        landmarks=scheme,
        emotion_labels=labels,
        versions={task.slug: version} if version else None,
    )
    observers.notify(photos, report)
    return serialisers.face_report(report, task=task.slug, request_id=request_id)


def _analyze(*, task: TaskPage, photos: tuple[Photo, ...], options: Options, request_id: str) -> dict[str, Any]:  # noqa: ARG001
    asked = cast("AnalyzeOptions", options)
    report = get_engine().analyze(
        photos[0],
        asked.tasks,
        detect=_detect_options(asked),
        landmarks=asked.scheme,
        emotion_labels=asked.emotion_labels,
        versions=asked.version,
        embedding=asked.embedding,
    )
    observers.notify(photos, report)
    return serialisers.analyze_report(report, request_id=request_id)


def _verify(*, task: TaskPage, photos: tuple[Photo, ...], options: Options, request_id: str) -> dict[str, Any]:  # noqa: ARG001
    asked = cast("VerifyOptions", options)
    report = get_engine().verify(
        photos[0],
        photos[1],
        face1=asked.face1,
        face2=asked.face2,
        false_match_rate=asked.false_match_rate,
        detect=_detect_options(asked),
        version=asked.version,
    )
    observers.notify(photos, report)
    return serialisers.verify_report(report, request_id=request_id)


def _synthesis(*, task: TaskPage, photos: tuple[Photo, ...], options: Options, request_id: str) -> dict[str, Any]:  # noqa: ARG001
    asked = cast("SynthesisOptions", options)
    wish = asked.model_dump(include={"truncation", "to_seed"}) | {"edits": asked.model_dump(include=set(EDITS))}
    report = get_engine().synthesize(count=asked.count, seed=asked.seed, version=asked.version, **wish)
    return serialisers.synthesis_report(report, wish=wish, request_id=request_id)


_RUNNERS: Final[dict[Kind, Callable[..., dict[str, Any]]]] = {
    "face": _face,
    "analyze": _analyze,
    "verify": _verify,
    "synthesis": _synthesis,
}


def _detect_options(options: Options) -> DetectOptions:
    """The common part of the options in the engine's words."""
    return DetectOptions(**options.model_dump(include=set(DetectionOptions.model_fields)))
