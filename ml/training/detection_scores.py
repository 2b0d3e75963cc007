"""Scores of detected boxes against labelled ones: average precision, recall, agreement of two detectors."""

import csv
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.boxes import iou_matrix
from ml.detectors.suppress import ranked
from ml.types import F32, F64, RgbU8

IOU: Final = 0.4
SAME_IOU: Final = 0.9
SURE: Final = 0.95
TOGETHER: Final = ", four together"
""""fddb" -> the source of four of its photographs on one."""
_TILE: Final = (480, 640)  # rows and columns of one of the four
SHIPPED: Final = 0.8  # the package's own lowest confidence
RESAMPLES: Final = 1000
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Photo:
    """One labelled photograph."""

    source: str
    rgb_u8: RgbU8
    boxes_xyxy: F32


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a detector said about one photograph: boxes, their confidences, which of them are right, how many faces there are."""

    source: str
    boxes_xyxy: F32
    confidences: F32
    right: Bools
    faces: int


def photos(folder: Path) -> list[Photo]:
    """All labelled photographs of the folder."""
    with zipfile.ZipFile(folder / "images.zip") as images, (folder / "labels.csv").open(encoding="utf-8") as labels:
        return [_photo(images.read(row["file"]), row) for row in csv.DictReader(labels)]


def _photo(data: bytes, row: Mapping[str, str]) -> Photo:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    boxes = [box.split() for box in row["boxes_xyxy"].split("|")[0].split(";")]
    rgb = np.asarray(cv2.cvtColor(np.asarray(bgr), cv2.COLOR_BGR2RGB), np.uint8)
    return Photo(row["source"], rgb, np.array(boxes, np.float32).reshape(-1, 4))


def laid_together(labelled: Sequence[Photo]) -> list[Photo]:
    """Each four photographs of a source on one of 1280x960, none enlarged: faces are small there, as in a crowd.

    Up to three of a source are left out.
    """
    sources = sorted({photo.source for photo in labelled})
    return [_four(four) for source in sources for four in _fours([one for one in labelled if one.source == source])]


def _fours(photos_: Sequence[Photo]) -> list[Sequence[Photo]]:
    return [photos_[start : start + 4] for start in range(0, len(photos_) - 3, 4)]


def _four(four: Sequence[Photo]) -> Photo:
    rows, columns = _TILE
    canvas, boxes = np.full((2 * rows, 2 * columns, 3), 127, np.uint8), []
    for number, photo in enumerate(four):
        height, width = photo.rgb_u8.shape[:2]
        scale = min(1.0, rows / height, columns / width)
        height, width = round(height * scale), round(width * scale)
        top, left = rows * (number // 2), columns * (number % 2)
        tile = canvas[top : top + height, left : left + width]
        tile[:] = cv2.resize(photo.rgb_u8, (width, height), interpolation=cv2.INTER_AREA)
        boxes.append(photo.boxes_xyxy * np.float32(scale) + np.array([left, top, left, top], np.float32))
    return Photo(four[0].source + TOGETHER, canvas, np.concatenate(boxes))


def right_ones(boxes_xyxy: F32, confidences: F32, faces_xyxy: F32) -> Bools:
    """Which boxes (n, 4) find a face that no more confident box has found."""
    right = np.zeros(len(boxes_xyxy), np.bool_)
    overlaps = iou_matrix(boxes_xyxy, faces_xyxy)
    for index in ranked(boxes_xyxy, confidences):
        if overlaps.shape[1] and overlaps[index].max() >= IOU:
            right[index] = True
            overlaps[:, overlaps[index].argmax()] = 0
    return right


def average_precision(confidences: F64 | F32, right: Bools, faces: int) -> float:
    """Area under the precision-recall curve, precision made falling."""
    ordered = right[np.argsort(-confidences, kind="stable")]
    precision = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((precision * ordered).sum() / max(faces, 1))


def recall_and_precision(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Of all that was said: the share of the faces found, and the share that is right."""
    right = np.concatenate([outcome.right for outcome in outcomes])
    faces = sum(outcome.faces for outcome in outcomes)
    return float(right.sum() / max(faces, 1)), float(right.mean()) if len(right) else 1.0


def recall_at(outcomes: Sequence[Outcome], precision: float) -> float:
    """The highest recall at any confidence from which on at least that precision is reached; 0 when it never is."""
    confidences = np.concatenate([outcome.confidences for outcome in outcomes])
    right = np.concatenate([outcome.right for outcome in outcomes])[np.argsort(-confidences, kind="stable")]
    reached = np.cumsum(right) / np.arange(1, len(right) + 1) >= precision
    faces = sum(outcome.faces for outcome in outcomes)
    return float((np.cumsum(right) * reached).max(initial=0) / max(faces, 1))


def figures(outcomes: Sequence[Outcome], seed: int = 0) -> dict[str, Any]:
    """AP with its 95 % bootstrap interval over photographs; recall and precision at 0.9 and 0.5."""
    counts = np.array([len(outcome.right) for outcome in outcomes])
    confidences = np.concatenate([outcome.confidences for outcome in outcomes])
    right = np.concatenate([outcome.right for outcome in outcomes])
    faces = np.array([outcome.faces for outcome in outcomes])
    starts = np.concatenate([[0], np.cumsum(counts)])
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(0, len(outcomes), len(outcomes))
        rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in chosen])
        drawn.append(average_precision(confidences[rows], right[rows], int(faces[chosen].sum())))
    low, high = np.percentile(drawn, [2.5, 97.5])
    result: dict[str, Any] = {
        "images": len(outcomes),
        "faces": int(faces.sum()),
        "ap": rounded(average_precision(confidences, right, int(faces.sum()))),
        "low": rounded(low),
        "high": rounded(high),
    }
    for level in (0.5, 0.9):
        above = confidences >= level
        result[f"recall_{level}"] = rounded(right[above].sum() / faces.sum())
        result[f"precision_{level}"] = rounded(right[above].mean()) if above.any() else None
    return result


def agreement(ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> float:
    """Share of their faces above SURE that one of our boxes covers with IoU above SAME_IOU."""
    best: list[float] = []
    for our, their in zip(ours, theirs, strict=True):
        sure = their.boxes_xyxy[their.confidences > SURE]
        overlaps = iou_matrix(sure, our.boxes_xyxy[our.confidences > SHIPPED])
        best += (overlaps.max(1) if overlaps.shape[1] else np.zeros(len(sure))).tolist()
    return float((np.array(best) > SAME_IOU).mean())


def outcome_of(photo: Photo, boxes_xyxy: F32, confidences: F32) -> Outcome:
    """Judge what a detector said about a photograph."""
    right = right_ones(boxes_xyxy, confidences, photo.boxes_xyxy)
    return Outcome(photo.source, boxes_xyxy, confidences, right, len(photo.boxes_xyxy))


def above(outcome: Outcome, confidence: float) -> Outcome:
    """The same answer without the boxes below a confidence: what is right among the rest does not change."""
    sure = outcome.confidences > confidence
    return replace(
        outcome,
        boxes_xyxy=outcome.boxes_xyxy[sure],
        confidences=outcome.confidences[sure],
        right=outcome.right[sure],
    )


def rounded(value: Any) -> float:
    """Four places, as a plain number."""
    return round(float(value), 4)
