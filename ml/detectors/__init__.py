"""Face detectors, choosable by name."""

from ml.detectors.base import Detector
from ml.detectors.blazeface import BlazeFaceDetector
from ml.detectors.haar import HaarDetector
from ml.detectors.mtcnn import MtcnnDetector
from ml.detectors.points import TURNS, five_points, turn_of
from ml.runtime import Networks

__all__ = ["TURNS", "Detector", "build_detectors", "five_points", "turn_of"]


def build_detectors(networks: Networks) -> dict[str, Detector]:
    """All detectors by name; "mtcnn" is the default."""
    detectors: tuple[Detector, ...] = (MtcnnDetector(networks), HaarDetector(networks), BlazeFaceDetector(networks))
    return {detector.name: detector for detector in detectors}
