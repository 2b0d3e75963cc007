"""Recall and precision beside speed: every detecting peer on the same labelled photographs, if there is a folder of them.

The photographs are never copied into the results, nor are their names; the files that workers read are deleted at the end.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from bench.environments import PeerError
from bench.rounds import Candidate, summary
from ml.training.detection_scores import IOU, Outcome, Photo, outcome_of, photos, recall_and_precision, rounded
from ml.types import F32

PER_SOURCE: Final = 60


def accuracy(those: Sequence[Candidate], data: Path, *, per_source: int = PER_SOURCE) -> dict[str, Any]:
    """Per candidate and source: recall and precision with its own threshold, milliseconds per photograph."""
    chosen = _subset(photos(data), per_source)
    outcomes: dict[str, list[Outcome]] = {one.key: [] for one in those}
    taken: dict[str, list[float]] = {one.key: [] for one in those}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="hexaface-bench-") as folder:
        for number, photo in enumerate(chosen):
            path = Path(folder) / f"{number}.png"
            cv2.imwrite(str(path), cv2.cvtColor(photo.rgb_u8, cv2.COLOR_RGB2BGR))
            shift = number % max(len(those), 1)
            for one in [*those[shift:], *those[:shift]]:
                if one.key in failed:
                    continue
                try:
                    boxes, confidences, ms = _detect(one, path)
                except PeerError as failure:
                    failed[one.key] = str(failure)
                    continue
                outcomes[one.key].append(outcome_of(photo, boxes, confidences))
                taken[one.key].append(ms)
            path.unlink()
    sources = sorted({photo.source for photo in chosen})
    return {
        "iou": IOU,
        "photographs": {source: sum(photo.source == source for photo in chosen) for source in sources},
        "faces": {
            source: sum(len(photo.boxes_xyxy) for photo in chosen if photo.source == source) for source in sources
        },
        "detectors": {
            one.key: {"failed": failed[one.key]}
            if one.key in failed
            else {source: _figures(outcomes[one.key], source) for source in sources} | {"ms": summary(taken[one.key])}
            for one in those
        },
    }


def _subset(labelled: Sequence[Photo], per_source: int) -> list[Photo]:
    """The same photographs in every run: spread evenly over each source."""
    chosen: list[Photo] = []
    for source in sorted({photo.source for photo in labelled}):
        own = [photo for photo in labelled if photo.source == source]
        places = np.linspace(0, len(own) - 1, min(per_source, len(own))).astype(int)
        chosen += [own[place] for place in places]
    return chosen


def _detect(one: Candidate, path: Path) -> tuple[F32, F32, float]:
    """Boxes (n, 4), confidences (n,), milliseconds of the second call: the first meets the size for the first time."""
    request = {"do": "run", "task": one.task, "photo": str(path)}
    one.worker.ask(request)
    answer = one.worker.ask(request)
    boxes = np.array([face["box"] for face in answer["faces"]], np.float32).reshape(-1, 4)
    scores = np.array([face.get("score", 1.0) for face in answer["faces"]], np.float32)
    return boxes, scores, float(answer["ms"])


def _figures(outcomes: Sequence[Outcome], source: str) -> dict[str, float]:
    recall, precision = recall_and_precision([outcome for outcome in outcomes if outcome.source == source])
    return {"recall": rounded(recall), "precision": rounded(precision)}
