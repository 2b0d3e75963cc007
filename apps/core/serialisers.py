"""Reports of the engine as the plain values of the JSON contract; pages are drawn from the same values."""

import base64
import dataclasses
import functools
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from PIL import Image

from ml.errors import NoFace
from ml.reports import FaceReport, ModelRef, Report, SynthesisReport, VerifyReport
from ml.types import Face, RgbU8

DECIMALS: Final = {"points": 1, "years": 1, "low": 1, "high": 1, "vector": 6}
"""Decimals of a result's fields; what is not named here is a probability or a score."""
_SCORE_DECIMALS: Final = 4
_LISTS: Final = (list, tuple)
_SCALARS: Final = (str, int, type(None))


def face_report(report: Report, *, task: str, request_id: str) -> dict[str, Any]:
    """The answer of a task about faces; `result` of each face is that task's own."""
    head = {"task": task, "model": _model(report.models.get(task))}
    faces = [_face(entry.face) | {"result": plain(entry.results[task])} for entry in report.faces]
    return head | _photo_part(report) | {"faces": faces} | _tail(report.timing_ms, request_id)


def analyze_report(report: Report, *, request_id: str) -> dict[str, Any]:
    """The answer of analyze; `result` of each face maps task to result, `models` maps task to network."""
    head = {"task": "analyze", "models": {task: _model(model) for task, model in report.models.items()}}
    faces = [_face(entry.face) | {"result": _results(entry)} for entry in report.faces]
    return head | _photo_part(report) | {"faces": faces} | _tail(report.timing_ms, request_id)


def verify_report(report: VerifyReport, *, request_id: str) -> dict[str, Any]:
    """The answer of verify; `candidates` are all faces of each photograph, in the order that face1 and face2 count."""
    return {
        "task": "verify",
        "model": _model(report.model),
        "images": [_size(size) for size in report.sizes],
        "verified": report.verified,
        "similarity": _round(report.similarity, _SCORE_DECIMALS),
        "distance": _round(report.distance, _SCORE_DECIMALS),
        "threshold": _round(report.threshold, _SCORE_DECIMALS),
        "false_match_rate": float(f"{report.false_match_rate:.3g}"),
        "faces": [
            _face(face) | {"index": _index(face, faces)}
            for face, faces in zip(report.faces, report.candidates, strict=True)
        ],
        "candidates": [[_face(face) for face in faces] for faces in report.candidates],
    } | _tail(report.timing_ms, request_id)


def synthesis_report(report: SynthesisReport, *, wish: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """The answer of synthesis: faces as base64 PNG, the gender that each appears to have, and `wish` as it was asked."""
    return {
        "task": "synthesis",
        "model": _model(report.model),
        "images": [_png(image) for image in report.images],
        "seed": report.seed,
        **wish,
        "size": list(report.size),
        "genders": [plain(gender) for gender in report.genders],
    } | _tail(report.timing_ms, request_id)


def plain(value: Any, *, decimals: int = _SCORE_DECIMALS) -> Any:
    """A result dataclass as dicts, lists, rounded numbers and text. A list that begins with a fraction holds numbers only."""
    if isinstance(value, _LISTS):
        if value and isinstance(value[0], float):  # at once: a face has hundreds
            return _rounded(value, decimals)
        return [plain(item, decimals=decimals) for item in value]
    if isinstance(value, float):
        return _round(value, decimals)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return dict(zip(map(str, value), plain(list(value.values()), decimals=decimals), strict=True))
    names = _field_names(value.__class__)
    return {name: plain(getattr(value, name), decimals=DECIMALS.get(name, decimals)) for name in names}


@functools.cache
def _field_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def box(box_xyxy: Any) -> dict[str, int]:
    """A box in whole pixels by its upper left corner and size; it may reach outside the photograph."""
    x1, y1, x2, y2 = (round(value) for value in np.asarray(box_xyxy, np.float64).tolist())
    return {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1}


def _results(entry: FaceReport) -> dict[str, Any]:
    return {task: plain(result) for task, result in entry.results.items()}


def _photo_part(report: Report) -> dict[str, Any]:
    return {"image": _size(report.size), "rotation": report.rotation}


def _tail(timing_ms: Mapping[str, float], request_id: str) -> dict[str, Any]:
    return {"timing_ms": {step: _round(ms, 1) for step, ms in timing_ms.items()}, "request_id": request_id}


def _face(face: Face) -> dict[str, Any]:
    return {"box": box(face.box_xyxy), "confidence": _round(face.confidence, _SCORE_DECIMALS)}


def _index(face: Face, faces: list[Face]) -> int:
    return next(index for index, other in enumerate(faces) if other is face)


def _model(model: ModelRef | None) -> dict[str, Any] | None:
    return None if model is None else {name: getattr(model, name) for name in _field_names(ModelRef)}


def _size(size: tuple[int, int]) -> dict[str, int]:
    return {"width": size[0], "height": size[1]}


def _round(value: float, decimals: int) -> float:
    return _rounded((value,), decimals)[0]


def _rounded(values: Iterable[float], decimals: int) -> list[float]:
    """Raises NoFace for what is not a number: JSON has no word for it, and no face gives it."""
    scale = 10.0**decimals
    try:
        return [round(value * scale) / scale for value in values]  # four times as fast as round(value, decimals)
    except (ValueError, OverflowError) as error:
        raise NoFace("The network can make nothing of this picture. Is there a face in it?") from error


def _png(rgb_u8: RgbU8) -> str:
    stream = io.BytesIO()
    Image.fromarray(rgb_u8).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode("ascii")
