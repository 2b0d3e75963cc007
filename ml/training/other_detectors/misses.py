"""Which faces are missed, by their size and mask, and at which stage of the cascade they are lost."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.boxes import iou_matrix
from ml.detectors.mtcnn import PNET_CONFIDENCE, MtcnnDetector, logit
from ml.detectors.pyramid import propose
from ml.detectors.suppress import ranked
from ml.runtime import Networks
from ml.training.detection_scores import IOU, Bools, Photo, rounded
from ml.types import F32

BANDS: Final = ((0, 12), (12, 16), (16, 20), (20, 24), (24, 32), (32, 48), (48, 10_000))
"""Longer side of the labelled box in pixels, from and below."""
WORDS: Final = {"with_mask": "mask", "without_mask": "no mask", "mask_weared_incorrect": "mask worn wrongly"}
Found = tuple[F32, F32]
"""Boxes (n, 4) and confidences (n,) of one photograph."""


def mask_labels(folder: Path) -> list[list[str]]:
    """Per photograph the mask label of each labelled face, in the order of `photos`; none where the source has none."""
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        parts = [row["boxes_xyxy"].partition("|")[2] for row in csv.DictReader(stream)]
    return [part.split(";") if part else [] for part in parts]


def faces_found(found: Found, faces_xyxy: F32, threshold: float) -> Bools:
    """Which labelled faces (m,) are found by boxes of at least that confidence, each box for one face, the most confident first."""
    boxes, confidences = found
    seen = np.zeros(len(faces_xyxy), np.bool_)
    sure = confidences >= threshold
    overlaps = iou_matrix(boxes[sure], faces_xyxy)
    for index in ranked(boxes[sure], confidences[sure]):
        if overlaps.shape[1] and overlaps[index].max() >= IOU:
            face = int(overlaps[index].argmax())
            seen[face] = True
            overlaps[:, face] = 0
    return seen


def covered(boxes_xyxy: F32, faces_xyxy: F32) -> Bools:
    """Which faces (m,) any box overlaps enough."""
    return np.asarray((iou_matrix(boxes_xyxy, faces_xyxy) >= IOU).any(0), np.bool_)


def passed_on(networks: Networks, labelled: Sequence[Photo], min_face: float) -> dict[str, list[Bools]]:
    """Per photograph, which faces P-Net proposes and which of these R-Net passes on."""
    detector = MtcnnDetector(networks)
    pnet = networks.get("mtcnn-pnet")
    proposed, passed = [], []
    for photo in labelled:
        boxes, _ = propose(photo.rgb_u8, pnet, networks.workers, min_face=min_face, threshold=logit(PNET_CONFIDENCE))
        proposed.append(covered(boxes, photo.boxes_xyxy))
        kept = detector._refined(photo.rgb_u8, boxes)  # noqa: SLF001  the stage as it is served
        passed.append(covered(kept, photo.boxes_xyxy))
    return {"proposed by P-Net": proposed, "passed on by R-Net": passed}


def by_group(
    labelled: Sequence[Photo], labels: Sequence[Sequence[str]], results: Mapping[str, Sequence[Bools]]
) -> dict[str, dict[str, Any]]:
    """Share of the faces per band of sizes, and per label and whether they have 24 pixels; `results`: name -> per photograph (m,)."""
    sides = np.concatenate([(photo.boxes_xyxy[:, 2:] - photo.boxes_xyxy[:, :2]).max(1) for photo in labelled])
    names = np.array([WORDS[label] for own in labels for label in own])
    groups = {_band(low, high): (sides >= low) & (sides < high) for low, high in BANDS}
    for name in WORDS.values():
        groups[f"{name}, under 24"] = (names == name) & (sides < 24)
        groups[f"{name}, 24 and more"] = (names == name) & (sides >= 24)
    joined = {name: np.concatenate(list(found)) for name, found in results.items()}
    return {group: _shares(joined, chosen) for group, chosen in groups.items() if chosen.any()}


def _shares(joined: Mapping[str, Bools], chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {"faces": int(chosen.sum())} | {name: rounded(found[chosen].mean()) for name, found in joined.items()}


def _band(low: int, high: int) -> str:
    if not low:
        return f"under {high} pixels"
    return f"{low} pixels and more" if high == BANDS[-1][1] else f"{low} to {high} pixels"
