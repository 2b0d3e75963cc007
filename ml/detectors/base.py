"""What every detector offers."""

from typing import Protocol

from ml.manifest import NetworkSpec
from ml.types import Detections, RgbU8


class Detector(Protocol):
    """Finds faces; `detect` may be called from any thread.

    default_confidence: what a face must reach when the client names no min_confidence. spec: the network that answers in the
    detector's name, None when it is no network.
    """

    name: str
    default_confidence: float
    spec: NetworkSpec | None

    def detect(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """Faces of at least min_face pixels (roughly) and min_confidence 0..1, most confident first.

        Equal input gives equal output; a photograph without a face, or too small for one, gives none.
        """
        ...
