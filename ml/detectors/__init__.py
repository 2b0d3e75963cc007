"""Face detectors, choosable by name."""

from collections.abc import Callable

from ml.detectors.base import Detector
from ml.detectors.blazeface import BlazeFaceDetector
from ml.detectors.haar import HaarDetector
from ml.detectors.mtcnn import MtcnnDetector
from ml.detectors.points import TURNS, five_points, turn_of
from ml.detectors.scrfd import ScrfdDetector
from ml.runtime import Networks

__all__ = ["TURNS", "Detector", "build_detectors", "five_points", "turn_of"]


def build_detectors(networks: Networks) -> dict[str, Detector]:
    """All detectors by name; "scrfd" is the default."""
    kinds: tuple[Callable[[Networks], Detector], ...] = (ScrfdDetector, MtcnnDetector, BlazeFaceDetector, HaarDetector)
    detectors = [kind(networks) for kind in kinds]
    return {detector.name: detector for detector in detectors}
