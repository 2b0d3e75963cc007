"""Example requests and answers for the documentation; a test holds the answers to their types."""

from typing import Any, Final

from apps.core.registry import TaskPage
from ml.generation import EDITS

_IMAGE: Final = "data:image/jpeg;base64,/9j/4AAQSkZJRg…"
_MODEL: Final = {"network": "face", "version": "1.9.0-int8", "licence": "…", "commercial": False}
_FACE: Final = {"box": {"x": 181, "y": 62, "width": 85, "height": 109}, "confidence": 0.999}
_POINTS: Final = {
    "left_eye": [205.1, 104.8],
    "right_eye": [244.0, 105.3],
    "nose": [224.2, 126.9],
    "mouth_left": [208.7, 148.0],
    "mouth_right": [240.3, 148.4],
}
_SCORES: Final = {
    "angry": 0.01,
    "disgust": 0.0,
    "fear": 0.01,
    "happy": 0.93,
    "sad": 0.01,
    "surprise": 0.01,
    "neutral": 0.03,
}
_RESULTS: Final[dict[str, Any]] = {
    "detect": {"points": _POINTS},
    "age": {"years": 31.4, "low": 26.0, "high": 37.5, "uncertain": False},
    "gender": {"label": "female", "probability": 0.98, "uncertain": False},
    "emotion": {"label": "happy", "probability": 0.93, "scores": _SCORES, "labels": "crowd", "uncertain": False},
    "landmarks": {"scheme": "5", "points": list(_POINTS.values())},
    "attributes": {"present": ["Smiling"], "scores": {"Smiling": 0.97, "Eyeglasses": 0.02}, "uncertain": False},
    "mask": {"label": "no_mask", "probability": 0.99, "uncertain": False},
}
_TAIL: Final = {"timing_ms": {"decode": 3.1, "detect": 14.0}, "request_id": "5f2c9d"}
_PHOTO: Final = {"image": {"width": 640, "height": 480}, "rotation": 0}


def request_example(task: TaskPage) -> dict[str, Any]:
    """A JSON body."""
    extras: dict[str, dict[str, Any]] = {
        "synthesis": {"count": 4, "seed": 7},
        "analyze": {"tasks": ["age", "gender"]},
    }
    return dict.fromkeys(task.images, _IMAGE) | extras.get(task.slug, {})


def answer_example(task: TaskPage) -> dict[str, Any]:
    """An answer."""
    if task.kind == "verify":
        return _verify()
    if task.kind == "synthesis":
        made = {
            "images": ["iVBORw0KGgo…"],
            "seed": 7,
            "truncation": 1.0,
            "to_seed": None,
            "edits": dict.fromkeys(EDITS, 0.0),
            "size": [64, 64],
            "genders": [_RESULTS["gender"]],
        }
        return {"task": task.slug, "model": _MODEL} | made | _TAIL
    if task.kind == "analyze":
        result = {slug: _RESULTS[slug] for slug in ("age", "gender")}
        models = dict.fromkeys(result, _MODEL)
        return {"task": task.slug, "models": models} | _PHOTO | {"faces": [_FACE | {"result": result}]} | _TAIL
    result = _RESULTS[task.slug]
    return {"task": task.slug, "model": _MODEL} | _PHOTO | {"faces": [_FACE | {"result": result}]} | _TAIL


def _verify() -> dict[str, Any]:
    return {
        "task": "verify",
        "model": _MODEL,
        "images": [_PHOTO["image"], _PHOTO["image"]],
        "verified": True,
        "similarity": 0.71,
        "distance": 0.29,
        "threshold": 0.36,
        "false_match_rate": 0.001,
        "faces": [_FACE | {"index": 0}, _FACE | {"index": 0}],
        "candidates": [[_FACE], [_FACE]],
    } | _TAIL
