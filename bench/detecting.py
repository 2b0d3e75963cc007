"""Recall and precision beside speed: every detecting peer on the same labelled photographs, if there is a folder of them.

The photographs are never copied into the results, nor are their names; the files that workers read are deleted at the end.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from bench.environments import PeerError
from bench.rounds import Candidate, summary
from ml.training.detection_scores import IOU, Outcome, Photo, outcome_of, photos, recall_and_precision, rounded

PER_SOURCE: Final = 60
TIMED: Final = 4


@dataclass(slots=True)
class _Seen:
    """What became of one candidate."""

    outcomes: list[Outcome] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    failed: str = ""

    def figures(self, sources: Sequence[str]) -> dict[str, Any]:
        """Per source recall and precision; milliseconds."""
        if self.failed:
            return {"failed": self.failed}
        return {source: _figures(self.outcomes, source) for source in sources} | {"ms": summary(self.ms)}


def accuracy(those: Sequence[Candidate], data: Path, *, per_source: int = PER_SOURCE) -> dict[str, Any]:
    """Per candidate and source: recall and precision with its own threshold; milliseconds on every TIMED-th photograph."""
    chosen = _subset(photos(data), per_source)
    seen = {one.key: _Seen() for one in those}
    with tempfile.TemporaryDirectory(prefix="hexaface-bench-") as folder:
        for number, photo in enumerate(chosen):
            path = Path(folder) / f"{number}.png"
            cv2.imwrite(str(path), cv2.cvtColor(photo.rgb_u8, cv2.COLOR_RGB2BGR))
            shift = number % max(len(those), 1)
            for one in [*those[shift:], *those[:shift]]:
                _look(one, seen[one.key], photo, path, timed=number % TIMED == 0)
            path.unlink()
    sources = sorted({photo.source for photo in chosen})
    faces = {source: sum(len(photo.boxes_xyxy) for photo in chosen if photo.source == source) for source in sources}
    return {
        "iou": IOU,
        "photographs": {source: sum(photo.source == source for photo in chosen) for source in sources},
        "faces": faces,
        "detectors": {key: one.figures(sources) for key, one in seen.items()},
    }


def _look(one: Candidate, seen: _Seen, photo: Photo, path: Path, *, timed: bool) -> None:
    """Detect; when timed once more, since the first call may meet a size for the first time."""
    if seen.failed:
        return
    request = {"do": "run", "task": one.task, "photo": str(path)}
    try:
        answer = one.worker.ask(request)
        if timed:
            answer = one.worker.ask(request)
            seen.ms.append(float(answer["ms"]))
    except PeerError as failure:
        seen.failed = str(failure)
        return
    boxes = np.array([face["box"] for face in answer["faces"]], np.float32).reshape(-1, 4)
    scores = np.array([face.get("score", 1.0) for face in answer["faces"]], np.float32)
    seen.outcomes.append(outcome_of(photo, boxes, scores))


def _subset(labelled: Sequence[Photo], per_source: int) -> list[Photo]:
    """The same photographs in every run: spread evenly over each source."""
    chosen: list[Photo] = []
    for source in sorted({photo.source for photo in labelled}):
        own = [photo for photo in labelled if photo.source == source]
        places = np.linspace(0, len(own) - 1, min(per_source, len(own))).astype(int)
        chosen += [own[place] for place in places]
    return chosen


def _figures(outcomes: Sequence[Outcome], source: str) -> dict[str, float]:
    recall, precision = recall_and_precision([outcome for outcome in outcomes if outcome.source == source])
    return {"recall": rounded(recall), "precision": rounded(precision)}
