"""BlazeFace: the whole photograph at 256 pixels; fast, for few and large faces."""

from typing import Final

import cv2
import numpy as np

from ml.detectors.base import EarlierDetector
from ml.detectors.mtcnn import logit, probability
from ml.detectors.points import points_in
from ml.detectors.suppress import suppress
from ml.manifest import NetworkSpec
from ml.runtime import Networks
from ml.types import F32, Detections, RgbU8

SIDE: Final = 256
ANCHORS: Final = ((16, 2), (32, 6))  # stride and anchors per cell, as in ml.nets.blazeface
OVERLAP: Final = 0.3
NARROWEST: Final = 12


class BlazeFaceDetector(EarlierDetector):
    """BlazeFace over LiteRT, points by O-Net; thread-safe."""

    name: str = "blazeface"
    default_confidence: float = 0.5

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._network = networks.get("blazeface")
        self.spec: NetworkSpec | None = self._network.spec
        self._centres = _centres()

    def detect(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """See Detector.detect; a strip narrower than 12 pixels holds no face."""
        if min(rgb_u8.shape[:2]) < NARROWEST:
            return Detections.empty()
        batch, scale = _letterboxed(rgb_u8)
        answers = self._network.run(batch)["anchors"][0]
        sure = np.flatnonzero(answers[:, 0] > logit(min_confidence))
        answers, centres = answers[sure], self._centres[sure] + answers[sure, 1:3]
        half = answers[:, 3:5] / 2
        boxes = np.concatenate([centres - half, centres + half], 1, dtype=np.float32) / scale
        large = np.flatnonzero((boxes[:, 2:] - boxes[:, :2]).max(1, initial=0) >= min_face)
        boxes, logits = boxes[large], answers[large, 0]
        best = suppress(boxes, logits, OVERLAP)
        if not len(best):
            return Detections.empty()
        return Detections(boxes[best], probability(logits[best]), points_in(rgb_u8, boxes[best], self._networks))


def _letterboxed(rgb_u8: RgbU8) -> tuple[F32, F32]:
    """The photograph in the top left of a square of 256, black beside it, -1..1; and pixels of the square per pixel."""
    height, width = rgb_u8.shape[:2]
    scale = SIDE / max(height, width)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.full((1, SIDE, SIDE, 3), -1, np.float32)
    square[0, : inner[1], : inner[0]] = cv2.resize(rgb_u8, inner, interpolation=kind) / np.float32(127.5) - 1
    ratios = inner[0] / width, inner[1] / height
    return square, np.array(ratios * 2, np.float32)


def _centres() -> F32:
    """(896, 2) centres of the anchors in pixels of the square."""
    grids = []
    for stride, anchors in ANCHORS:
        steps = (np.arange(SIDE // stride, dtype=np.float32) + 0.5) * stride
        x, y = np.meshgrid(steps, steps)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), anchors, axis=0))
    return np.concatenate(grids)
