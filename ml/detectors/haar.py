"""OpenCV's cascade of Haar features (Viola and Jones 2001)."""

import threading
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ml.detectors.base import EarlierDetector
from ml.detectors.mtcnn import probability
from ml.detectors.points import points_in
from ml.detectors.suppress import ranked
from ml.errors import NotReady
from ml.manifest import NetworkSpec
from ml.runtime import Networks
from ml.types import F32, Detections, RgbU8

CASCADE: Final = "haarcascade_frontalface_default.xml"
WINDOW: Final = 24
STEP: Final = 1.1
NEIGHBOURS: Final = 3
SLOPE: Final = 0.52
MIDDLE: Final = 1.5
"""The weight w of the last stage becomes the confidence 1 / (1 + exp(-SLOPE * (w - MIDDLE))): the share of right boxes at that
weight, fitted on 330 labelled photographs (446 boxes, 76 % of them right)."""


class HaarDetector(EarlierDetector):
    """cv2.CascadeClassifier, one per thread since it keeps its work in itself; points by O-Net."""

    name: str = "haar"
    default_confidence: float = 0.5
    spec: NetworkSpec | None = None

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._local = threading.local()
        self._classifier()

    def detect(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """See Detector.detect; faces below 24 pixels are not found."""
        gray, scale = _gray(rgb_u8, min_face)
        if min(gray.shape) < WINDOW:
            return Detections.empty()
        smallest = max(WINDOW, round(min_face * scale))
        found, _, weights = self._classifier().detectMultiScale3(
            gray, STEP, NEIGHBOURS, minSize=(smallest, smallest), outputRejectLevels=True
        )
        if not len(found):
            return Detections.empty()
        corners = np.asarray(found, np.float32) / scale
        boxes = np.concatenate([corners[:, :2], corners[:, :2] + corners[:, 2:]], 1, dtype=np.float32)
        confidences = probability(SLOPE * (np.asarray(weights, np.float32).ravel() - MIDDLE))
        return self._answer(rgb_u8, boxes, confidences, min_confidence)

    def _answer(self, rgb_u8: RgbU8, boxes: F32, confidences: F32, min_confidence: float) -> Detections:
        sure = np.flatnonzero(confidences >= min_confidence)
        order = sure[ranked(boxes[sure], confidences[sure])]
        if not len(order):
            return Detections.empty()
        return Detections(boxes[order], confidences[order], points_in(rgb_u8, boxes[order], self._networks))

    def _classifier(self) -> Any:
        if not hasattr(self._local, "classifier"):
            path = Path(cv2.__file__).parent / "data" / CASCADE
            classifier = cv2.CascadeClassifier(str(path))
            if classifier.empty():
                raise NotReady(f"OpenCV's {CASCADE} is missing.")
            self._local.classifier = classifier
        return self._local.classifier


def _gray(rgb_u8: RgbU8, min_face: float) -> tuple[RgbU8, float]:
    """Grey photograph, made smaller as far as the smallest face stays at the window's size; and the scale."""
    gray = cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, WINDOW / max(min_face, 1.0))
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in gray.shape[::-1])
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return np.asarray(gray, np.uint8), scale
