"""What every detector offers."""

from abc import ABC, abstractmethod
from typing import Protocol

from ml.manifest import NetworkSpec
from ml.types import Detections, RgbU8


class Detector(Protocol):
    """Finds faces; `detect` may be called from any thread.

    default_confidence: what a face must reach when the client names no min_confidence. sure_confidence: a face this sure lies the right
    way up. window: pixels to which the smallest wanted face may be reduced before. spec: the network that answers in the detector's
    name, None when it is no network.
    """

    name: str
    default_confidence: float
    sure_confidence: float
    window: float
    spec: NetworkSpec | None

    def usual_face(self, longer: int) -> float:
        """The smallest face in pixels that is looked for in a photograph of that longer side when the client names none."""
        ...

    def glance(self, rgb_u8: RgbU8, *, min_confidence: float) -> Detections | None:
        """The faces of usual_face and more, when a quick look shows that there are no others; None when only `detect` can tell."""
        ...

    def closest_face(self, longer: int) -> float:
        """The smallest face that `look` may look for in a photograph of that longer side; at most usual_face."""
        ...

    def look(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """What `detect` finds, and smaller faces, from closest_face on, where there are signs of them; in a small photograph that
        shows none, what it shows enlarged.
        """
        ...

    def detect(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """Faces of at least min_face pixels (roughly) and min_confidence 0..1, most confident first.

        Equal input gives equal output; a photograph without a face, or too small for one, gives none.
        """
        ...


class EarlierDetector(ABC):
    """What those before SCRFD, the cascade, Haar and BlazeFace, have in common.

    window: R-Net's. Of 395 labelled faces of 48 pixels and more the cascade found 87.8 % in photographs of half the size and 86.6 % in
    whole ones, at a precision of 98.7 and 98.3 %.
    """

    sure_confidence: float = 0.999
    window: float = 24.0

    def usual_face(self, longer: int) -> float:
        """See Detector.usual_face: a fiftieth."""
        return max(20.0, longer / 50)

    def closest_face(self, longer: int) -> float:
        """See Detector.closest_face: they look once."""
        return self.usual_face(longer)

    def glance(self, rgb_u8: RgbU8, *, min_confidence: float) -> Detections | None:  # noqa: ARG002  the protocol's
        """See Detector.glance: they always look at everything."""
        return None

    def look(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """See Detector.look: what they detect."""
        return self.detect(rgb_u8, min_face=min_face, min_confidence=min_confidence)

    @abstractmethod
    def detect(self, rgb_u8: RgbU8, *, min_face: float, min_confidence: float) -> Detections:
        """See Detector.detect."""
