"""SCRFD: the whole photograph in one pass; small, masked and turned faces too (Guo et al. 2021)."""

from typing import Final

import cv2
import numpy as np

from ml.detectors.mtcnn import logit, probability
from ml.detectors.parts import Part, parts
from ml.detectors.shrink import resized
from ml.detectors.suppress import suppress
from ml.manifest import NetworkSpec
from ml.runtime import Networks
from ml.types import F32, Detections, RgbU8

SEEN: Final = 12.0  # pixels that the smallest wanted face has in the input; of smaller ones most are missed
USUAL: Final = 416  # longer side of the input when the client names no smallest face
GLANCE: Final = 192
"""Longer side of the input of a first, quick look. The look is enough when its faces are all CLEAR pixels or more and likely, the best is
sure, and nothing else is likelier a face than DOUBT: then 416 pixels find no other (docs/decisions.md)."""
WORTH_IT: Final = 1.5  # times GLANCE: from there on the usual look takes more than twice as long
CLEAR: Final = 32.0
DOUBT: Final = 0.12
CLOSER: Final = 960
"""Longer side to which a photograph is reduced for a closer look, in tiles. It is taken when something as likely as SIGN has fewer than
SMALL pixels in the usual look: where one such face is seen, most others are not (docs/decisions.md)."""
SIGN: Final = 0.2
SMALL: Final = 16.0
FINER: Final = 1.25  # times as many pixels as in the usual look: with fewer than that little more is found
ENLARGED: Final = 192
"""Longer side to which a smaller photograph is enlarged that shows no face: so do 78 of 700 of FER-2013, 48 pixels wide, as they are."""
OVERLAP: Final = 0.4
LEAST: Final = 0.05  # confidence; below it the network answers anywhere
MOST: Final = 2000  # boxes of a part that are compared with each other
ANCHORS: Final = 2  # per cell, as in ml.nets.scrfd
Rows = tuple[F32, F32, F32]
"""Boxes (n, 4), logits (n,), points (n, 5, 2)."""


class ScrfdDetector:
    """SCRFD over LiteRT; thread-safe."""

    name: str = "scrfd"
    default_confidence: float = 0.5
    sure_confidence: float = 0.75
    window: float = SEEN

    def __init__(self, networks: Networks) -> None:
        self._workers = networks.workers
        self._network = networks.get("scrfd")
        self.spec: NetworkSpec | None = self._network.spec

    def usual_face(self, longer: int) -> float:
        """See Detector.usual_face: that which is seen when the photograph is reduced to 416 pixels."""
        return SEEN * max(1.0, longer / USUAL)

    def glance(self, rgb_u8: RgbU8, *, min_confidence: float) -> Detections | None:
        """See Detector.glance."""
        longer = max(rgb_u8.shape[:2])
        if longer < WORTH_IT * GLANCE:
            return None
        scale = longer / GLANCE
        seen = self.detect(rgb_u8, min_face=SEEN * scale, min_confidence=min(min_confidence, DOUBT))
        likely = (_sides(seen) >= CLEAR * scale) & (seen.confidences >= self.default_confidence)
        if not likely.all() or seen.confidences.max(initial=0) < self.sure_confidence:
            return None
        return seen.take(seen.confidences >= min_confidence)

    def closest_face(self, longer: int) -> float:
        """See Detector.closest_face: that which is seen at 960 pixels."""
        return SEEN * max(1.0, longer / CLOSER)

    def look(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """See Detector.look."""
        seen = self.detect(rgb_u8, min_face=min_face, min_confidence=min(min_confidence, SIGN))
        small = (_sides(seen) < SMALL * min_face / SEEN) & (seen.confidences >= SIGN)
        closest = self.closest_face(max(rgb_u8.shape[:2]))
        if small.any() and FINER * closest <= min_face:
            return self.detect(rgb_u8, min_face=closest, min_confidence=min_confidence)
        found = seen.take(seen.confidences >= min_confidence)
        return found if len(found) else self._enlarged(rgb_u8, min_confidence)

    def _enlarged(self, rgb_u8: RgbU8, min_confidence: float) -> Detections:
        factor = ENLARGED / max(rgb_u8.shape[:2])
        if factor <= 1:
            return Detections.empty()
        large = np.asarray(cv2.resize(rgb_u8, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR), np.uint8)
        found = self.detect(large, min_face=SEEN, min_confidence=min_confidence)
        return Detections(found.boxes_xyxy / factor, found.confidences, found.points_xy / factor)

    def detect(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """See Detector.detect.

        A min_face below 12 pixels counts as 12, since the photograph is never enlarged, a min_confidence below 0.05 as that.
        """
        height, width = rgb_u8.shape[:2]
        threshold = logit(max(min_confidence, LEAST))
        # One part after the other, each on all cores: side by side they would take an interpreter's memory for every core.
        with self._workers.cores() as threads:
            views = parts(height, width, min(1.0, SEEN / min_face))
            seen = [self._seen(rgb_u8, part, threshold, threads) for part in views]
        boxes, logits, points = (np.concatenate(arrays) for arrays in zip(*seen, strict=True))
        best = suppress(boxes, logits, OVERLAP)
        return Detections(boxes[best], probability(logits[best]), points[best])

    def _seen(self, rgb_u8: RgbU8, part: Part, threshold: float, threads: int) -> Rows:
        """What is found in a part, in pixels of the photograph."""
        canvas = _canvas(rgb_u8, part)
        rows = [_decoded(cells[0], canvas.shape[1], threshold) for cells in self._network.run(canvas, threads).values()]
        boxes, logits, points = _surest([np.concatenate(arrays) for arrays in zip(*rows, strict=True)])
        corner = np.array([part.left, part.top], np.float32)
        boxes = boxes * np.tile(part.pixels, 2) + np.tile(corner, 2)
        whole = part.whole(boxes, (rgb_u8.shape[0], rgb_u8.shape[1]))
        return boxes[whole], logits[whole], (points * part.pixels + corner)[whole]


def _sides(seen: Detections) -> F32:
    """(n,) the longer side of each box."""
    return np.asarray((seen.boxes_xyxy[:, 2:] - seen.boxes_xyxy[:, :2]).max(1, initial=0), np.float32)


def _surest(rows: list[F32]) -> list[F32]:
    """Of boxes, logits and points the MOST with the highest logits."""
    if len(rows[1]) <= MOST:
        return rows
    kept = np.argpartition(-rows[1], MOST)[:MOST]
    return [array[kept] for array in rows]


def _canvas(rgb_u8: RgbU8, part: Part) -> F32:
    """(1, height, width, 3) as the network wants it: the part in the upper left, black beside it."""
    piece = rgb_u8[part.top : part.bottom, part.left : part.right]
    height, width = part.seen
    canvas = np.zeros((*part.canvas, 3), np.uint8)
    canvas[:height, :width] = _smaller(piece, height, width)
    values = canvas.astype(np.float32)
    values -= np.float32(127.5)
    values *= np.float32(1 / 128)  # exact
    return values[None]


def _smaller(rgb_u8: RgbU8, height: int, width: int) -> RgbU8:
    """(height, width, 3): halved by averages while that leaves enough, then sampled, which takes a tenth of exact averages' time."""
    while rgb_u8.shape[0] >= 2 * height and rgb_u8.shape[1] >= 2 * width:
        rgb_u8 = resized(rgb_u8, rgb_u8.shape[0] // 2, rgb_u8.shape[1] // 2)
    return np.asarray(cv2.resize(rgb_u8, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _decoded(cells: F32, height: int, threshold: float) -> Rows:
    """(h, w, 30) answers of a map -> those above the threshold, in pixels of an input of that height."""
    stride = height / cells.shape[0]
    answers = cells.reshape(*cells.shape[:2], ANCHORS, -1)
    y, x, anchor = np.nonzero(answers[..., 0] > threshold)
    sure = answers[y, x, anchor]
    corner = np.stack([x, y], 1)
    boxes = np.concatenate([corner - sure[:, 1:3], corner + sure[:, 3:5]], 1) * stride
    points = (corner[:, None] + sure[:, 5:].reshape(-1, 5, 2)) * stride
    return boxes.astype(np.float32), sure[:, 0], points.astype(np.float32)
