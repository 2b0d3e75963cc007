"""What bad photographs do to the answers, and which faces ml.clarity then doubts: weights/reports/clarity.json.

Some validation images of each set are shrunk until the face has so many pixels, shrunk and enlarged again, blurred by a Gaussian
whose width is a part of the face's side, darkened, washed out, made grey, noisy or compressed, or cut through the face; the found face is
kept, so that only the answers change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np

from ml.answering import Question, answer
from ml.photo import Photo
from ml.runtime import Network, Networks
from ml.tasks.attributes import ATTRIBUTE_NAMES
from ml.tasks.base import Choices
from ml.tasks.emotion import EMOTIONS
from ml.training.augment import window
from ml.training.corpus import Corpus, open_corpus
from ml.training.evaluate import served
from ml.training.evaluate.images import of_corpus
from ml.training.evaluate.writer import dump
from ml.types import F32, Face, RgbU8

Kind = Literal["as it is", "shrunk", "enlarged", "blurred", "dark", "pale", "grey", "noisy", "compressed", "cut"]
CONDITIONS: Final[tuple[tuple[Kind, float], ...]] = (
    ("as it is", 0),
    *(("shrunk", side) for side in (12, 16, 20, 24, 32)),
    *(("enlarged", side) for side in (12, 16, 24)),
    *(("blurred", part) for part in (0.01, 0.02, 0.03, 0.04, 0.06)),
    *(("dark", part) for part in (0.4, 0.15, 0.05)),
    *(("pale", part) for part in (0.5, 0.25, 0.1)),
    ("grey", 0),
    *(("noisy", levels) for levels in (8, 15)),
    *(("compressed", quality) for quality in (30, 15)),
    *(("cut", part) for part in (0.0, 0.1, 0.2)),
)
PALE: Final = 140  # the grey level that washing out leads to
SETS: Final[Mapping[str, tuple[str, int]]] = {
    "age": ("utkface", 300),
    "gender": ("fairface", 200),
    "emotion": ("fer2013", 500),
    "attributes": ("celeba", 200),
    "mask": ("mask", 882),
}
"""Task -> the set and how many of its validation images."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer: how wrong it is (years, or 0..1) and whether it was doubted."""

    error: float
    doubted: bool


def write(data: Path, work: Path, weights: Path, networks: Networks) -> None:
    """Measure the active network of each task and write the report."""
    corpus = open_corpus(data, work)
    report = {}
    for task in SETS:
        network = networks.get(*networks.manifest.active[task].split(" "))
        print(f"{network.spec.key}: {task} of spoilt faces", flush=True)
        report[task] = {"network": network.spec.key, "set": SETS[task][0]} | _measured(
            task, network, corpus, networks, work
        )
    dump(weights / "reports" / "clarity.json", report)


def _measured(task: str, network: Network, corpus: Corpus, networks: Networks, work: Path) -> dict[str, Any]:
    source, count = SETS[task]
    rows = corpus.rows(source, "val")
    images = of_corpus(corpus, source, rows)
    faces = served.find(images, networks, work)
    chosen = np.random.default_rng(0).permutation(len(rows))[:count].tolist()
    conditions = {}
    for kind, value in CONDITIONS:
        asked = []
        for place in chosen:
            spoilt = spoil(images.read(place), faces.face(place), kind, value)
            if spoilt is not None:
                question = Question(Photo(spoilt[0]), [(network, [task])], Choices(emotion_labels="fer2013"))
                result = answer(question, spoilt[1])[task]
                asked.append(Asked(error(task, result, corpus, int(rows[place])), result.uncertain))
        conditions[named(kind, value)] = summary(asked)
    return {"conditions": conditions}


def spoil(rgb_u8: RgbU8, face: Face, kind: Kind, value: float) -> tuple[RgbU8, Face] | None:
    """The image and the face in it; None when the face is too small to be made smaller."""
    side = float((face.box_xyxy[2:] - face.box_xyxy[:2]).max())
    if kind == "blurred":
        return np.asarray(cv2.GaussianBlur(rgb_u8, (0, 0), value * side), np.uint8), face
    if kind == "cut":
        return _cut(rgb_u8, face, value)
    if kind not in {"shrunk", "enlarged"}:
        return _with_other_levels(rgb_u8, kind, value), face
    if side <= value:
        return None
    height, width = rgb_u8.shape[:2]
    size = (max(1, round(width * value / side)), max(1, round(height * value / side)))
    small = np.asarray(cv2.resize(rgb_u8, size, interpolation=cv2.INTER_AREA), np.uint8)
    if kind == "enlarged":
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8), face
    scale: F32 = np.array([size[0] / width, size[1] / height], np.float32)
    box = (face.box_xyxy.reshape(2, 2) * scale).reshape(4)
    return small, Face(box, face.confidence, face.points_xy * scale)


def _cut(rgb_u8: RgbU8, face: Face, part: float) -> tuple[RgbU8, Face]:
    part_u8, before_xy = window(rgb_u8, face, np.full(4, part, np.float32))
    box_xyxy = face.box_xyxy - np.tile(before_xy, 2)
    return np.ascontiguousarray(part_u8), Face(box_xyxy, face.confidence, face.points_xy - before_xy)


def _with_other_levels(rgb_u8: RgbU8, kind: Kind, value: float) -> RgbU8:
    if kind == "dark":
        return np.asarray(rgb_u8 * value, np.uint8)
    if kind == "pale":
        return np.asarray(PALE + value * (rgb_u8.astype(np.float32) - PALE), np.uint8)
    if kind == "grey":
        return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
    if kind == "noisy":
        grain = np.random.default_rng(0).normal(0, value, rgb_u8.shape)
        return np.asarray(np.clip(rgb_u8 + grain, 0, 255), np.uint8)
    if kind == "compressed":
        _, data = cv2.imencode(".jpg", rgb_u8[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(value)])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
    return rgb_u8


def error(task: str, result: Any, corpus: Corpus, row: int) -> float:
    """How wrong an answer is: years of the age, the share of wrong attributes, 0 or 1 otherwise."""
    labels = corpus.labels
    if task == "age":
        return abs(float(result.years) - float(labels.age_low[row]))
    if task == "attributes":
        said = np.array([result.scores[name] >= 0.5 for name in ATTRIBUTE_NAMES])
        return float((said != (labels.attributes[row] == 1)).mean())
    truth = {
        "gender": "male" if labels.gender[row] == 1 else "female",
        "mask": "mask" if labels.mask[row] == 1 else "no_mask",
        "emotion": EMOTIONS[int(labels.emotion[row])] if labels.emotion[row] >= 0 else "",
    }[task]
    return float(result.label != truth)


def summary(asked: Sequence[Asked]) -> dict[str, float | int]:
    """Mean error, share of doubted answers, mean error of these and of the rest (left out where there are none)."""
    parts = {
        "error": asked,
        "error_doubted": [one for one in asked if one.doubted],
        "error_rest": [one for one in asked if not one.doubted],
    }
    means = {name: round(float(np.mean([one.error for one in part])), 4) for name, part in parts.items() if part}
    return means | {"doubted": round(sum(one.doubted for one in asked) / max(len(asked), 1), 4), "images": len(asked)}


def named(kind: Kind, value: float) -> str:
    """A condition in words."""
    return {
        "as it is": "as it is",
        "shrunk": f"shrunk to {value:g} pixels",
        "enlarged": f"enlarged from {value:g} pixels",
        "blurred": f"blurred by {100 * value:g} % of the side",
        "dark": f"levels times {value:g}",
        "pale": f"washed out to {value:g} of the contrast",
        "grey": "grey",
        "noisy": f"noise of {value:g} grey levels",
        "compressed": f"JPEG of quality {value:g}",
        "cut": f"cut {100 * value:g} % inside the box" if value else "cut at the box",
    }[kind]
