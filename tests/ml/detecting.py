"""What the tests of detectors share."""

from pathlib import Path

from ml.detectors import Detector
from ml.types import Detections, RgbU8

DATA = Path(__file__).parents[3] / "shared" / "data" / "detection"
NAMES = ("scrfd", "mtcnn", "blazeface", "haar")
BEST = ("scrfd", "mtcnn")


def found(detector: Detector, rgb_u8: RgbU8, *, min_face: float = 20, min_confidence: float = 0.5) -> Detections:
    return detector.detect(rgb_u8, min_face=min_face, min_confidence=min_confidence)
