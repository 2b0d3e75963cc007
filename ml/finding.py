"""From a photograph to its faces: how small to look, which way up, and what counts as a face."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.detectors import TURNS, Detector, build_detectors, five_points, turn_of
from ml.errors import InvalidRequest
from ml.photo import Photo, View
from ml.reports import Found, ModelRef
from ml.runtime import Networks
from ml.turning import turned, turned_back
from ml.types import F32, Detections, Face, RgbU8

SKIP: Final = "skip"
SKIP_MARGIN: Final = 1.1  # a crop in which no face is found is taken to show this much around it
CROP_SIDE: Final = 160  # pixels at which a crop is looked through
CROP_CONFIDENCE: Final = 0.2  # the client knows that there is a face
DOUBTFUL: Final = 0.3
"""What fills the middle of a photograph counts as its face from here on, if there is no other and the client names no bound."""
MIRRORED: Final = 0.2
"""Of the sides: how much more is shown of a photograph without a face, whose edges may cut one off."""
CROP_FILLED: Final = 0.4  # of the crop's shorter side that its face takes at least
SMALLEST_FACE: Final = 12.0  # pixels; no detector sees smaller ones
FINEST: Final = 200  # faces below 1/200 of the longer side would cost more than any use of them
COARSER: Final = 2.0
"""Times min_face: from there on faces are looked for in turned photographs, so that one without a face takes two to three times as
long as one turn, not four to five times; in the turn that shows a face, all are looked for."""


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How faces are found.

    detector: a detector's name, or "skip" when the image is one face crop. min_confidence: None takes the detector's own.
    min_face: smallest side in pixels; None leaves it to the detector. rotate: when nothing is found, or the best face
    looks more like one from its side, quarter turns are tried: for faces of twice min_face and more, and if there is one, for all.
    """

    detector: str = "scrfd"
    max_faces: int = 50
    min_confidence: float | None = None
    min_face: float | None = None
    rotate: bool = True


AS_IT_IS: Final = DetectOptions(rotate=False, min_face=SMALLEST_FACE)
"""A small image, without turning it, enlarging it or doubt: what counts as a face that was generated."""


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for in a view. min_face: pixels of the view. usual: the client left min_face to the detector."""

    min_face: float
    min_confidence: float
    rotate: bool
    usual: bool

    def reduced(self, factor: float) -> "_Search":
        """The same in a view that is `factor` times smaller."""
        return replace(self, min_face=self.min_face / factor)

    def coarse(self) -> "_Search":
        """A search for larger faces only."""
        return replace(self, min_face=self.min_face * COARSER, usual=False)

    def run(self, detector: Detector, rgb_u8: RgbU8) -> Detections:
        """Everything that the detector finds."""
        find = detector.look if self.usual else detector.detect
        return find(rgb_u8, min_face=self.min_face, min_confidence=self.min_confidence)


class Finder:
    """All detectors behind one call."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._detectors = build_detectors(networks)
        self._default = self._detectors[DetectOptions().detector]

    @property
    def names(self) -> tuple[str, ...]:
        """What `DetectOptions.detector` may be."""
        return (*self._detectors, SKIP)

    def find(self, photo: Photo, options: DetectOptions) -> Found:
        """Faces of the photograph, most confident first, at most `max_faces`. Raises InvalidRequest on a wrong option."""
        if options.detector == SKIP:
            return self._cut_out(photo)
        detector = self._detectors.get(options.detector)
        if detector is None:
            raise InvalidRequest(f"There is no detector {options.detector!r}; there are {', '.join(self.names)}.")
        search = _search(options, detector, photo)
        smallest = detector.closest_face(max(photo.width, photo.height)) if search.usual else search.min_face
        view = _reduced(photo, smallest / detector.window)
        found, rotation = self._look(detector, view.rgb_u8, search.reduced(view.factor))
        if not len(found) and detector is self._default and search.usual and options.min_confidence is None:
            found, view = self._doubtful(view)
        return Found(
            _in_photo(found, view).faces()[: options.max_faces],
            rotation,
            _tried(photo, options, search, found=len(found) > 0),
            _model(detector),
        )

    def _look(self, detector: Detector, rgb_u8: RgbU8, search: _Search) -> tuple[Detections, int]:
        """A glance if that is enough; else everything, any way up. What is found, and the turn that shows it."""
        if search.usual:
            glanced = detector.glance(rgb_u8, min_confidence=search.min_confidence)
            if glanced:
                return glanced, 0
        upright = search.run(detector, rgb_u8)
        turn = self._better_turn(detector, rgb_u8, upright, search) if search.rotate else 0
        if not turn:
            return upright, 0
        other = search.run(detector, turned(rgb_u8, turn))
        if not len(other) or (len(upright) and other.confidences[0] <= upright.confidences[0]):
            return upright, 0
        return turned_back(other, turn, rgb_u8.shape[1], rgb_u8.shape[0]), turn

    def _better_turn(self, detector: Detector, rgb_u8: RgbU8, upright: Detections, search: _Search) -> int:
        """When nothing was found, the turn that shows the surest face; else that in which the best face is clearly more like one; or 0."""
        if len(upright):
            sure = upright.confidences[0] >= detector.sure_confidence
            return 0 if sure else turn_of(rgb_u8, upright.boxes_xyxy[0], self._networks)
        coarse, surest = search.coarse(), {0: 0.0}
        for turn in TURNS[1:]:
            faces = coarse.run(detector, turned(rgb_u8, turn))
            surest[turn] = float(faces.confidences.max(initial=0.0))
        return max(surest, key=surest.__getitem__)

    def _cut_out(self, photo: Photo) -> Found:
        """The face of a crop: what the default detector takes for one in its middle, even with doubt, else the crop itself."""
        view = photo.view(max(photo.width, photo.height) / CROP_SIDE).lit()
        found = self._in_middle(view, CROP_CONFIDENCE)
        box_xyxy = found.boxes_xyxy[0] if len(found) else _middle_of(view.rgb_u8)
        points_xy = found.points_xy[0] if len(found) else five_points(view.rgb_u8, box_xyxy, self._networks)
        face = Face(view.in_photo(box_xyxy.reshape(2, 2)).ravel(), 1.0, view.in_photo(points_xy))
        return Found([face], 0, {"detector": SKIP}, _model(self._default))

    def _doubtful(self, view: View) -> tuple[Detections, View]:
        """What fills the view's middle and may be a face, as it is or as if the photograph went on where it cuts the face off."""
        found = self._in_middle(view, DOUBTFUL)
        if len(found):
            return found, view
        wider = view.mirrored(MIRRORED)
        return self._in_middle(wider, DOUBTFUL), wider

    def _in_middle(self, view: View, least: float) -> Detections:
        """What the default detector, from a confidence on, takes for a face that fills the middle of the view."""
        smallest = max(SMALLEST_FACE, self._default.window * max(view.rgb_u8.shape[:2]) / CROP_SIDE)
        found = self._default.detect(view.rgb_u8, min_face=smallest, min_confidence=least)
        return found.take(np.flatnonzero(_fill(found.boxes_xyxy, view.rgb_u8))[:1])


def _reduced(photo: Photo, coarsest: float) -> View:
    """The photograph, halved as often as leaves it at most `coarsest` times smaller: every look then begins with fewer pixels."""
    view = photo.view(coarsest)
    while 2 * view.factor <= coarsest and min(view.rgb_u8.shape[:2]) > 1:
        view = view.halved()
    return view.lit()


def _fill(boxes_xyxy: F32, rgb_u8: RgbU8) -> npt.NDArray[np.bool_]:
    """Which boxes (n, 4) hold the middle of the crop and are large enough to be its face."""
    height, width = rgb_u8.shape[:2]
    low, high = boxes_xyxy[:, :2], boxes_xyxy[:, 2:]
    middle = np.array([width, height]) / 2
    large = (high - low).max(1, initial=0) >= CROP_FILLED * min(height, width)
    return np.asarray(((low < middle) & (high > middle)).all(1) & large, np.bool_)


def _middle_of(rgb_u8: RgbU8) -> F32:
    """(4,) the crop less its margin."""
    height, width = rgb_u8.shape[:2]
    centre, half = np.array([width, height]) / 2, np.array([width, height]) / (2 * SKIP_MARGIN)
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


def _search(options: DetectOptions, detector: Detector, photo: Photo) -> _Search:
    longer = max(photo.width, photo.height)
    finest = max(SMALLEST_FACE, longer / FINEST)
    usual = options.min_face is None
    min_face = detector.usual_face(longer) if options.min_face is None else options.min_face
    if min_face < finest:
        raise InvalidRequest(
            f"min_face must be at least {math.ceil(finest)} for a photograph of this size.",
            {"min_face": min_face, "at_least": math.ceil(finest)},
        )
    confidence = detector.default_confidence if options.min_confidence is None else options.min_confidence
    return _Search(min_face, confidence, rotate=options.rotate, usual=usual)


def _model(detector: Detector) -> ModelRef | None:
    return ModelRef.of(detector.spec) if detector.spec else None


def _in_photo(detections: Detections, view: View) -> Detections:
    boxes_xyxy = view.in_photo(detections.boxes_xyxy.reshape(-1, 2, 2)).reshape(-1, 4)
    return Detections(boxes_xyxy, detections.confidences, view.in_photo(detections.points_xy))


def _tried(photo: Photo, options: DetectOptions, search: _Search, *, found: bool) -> Mapping[str, Any]:
    """What a client is told when no face was found."""
    return {
        "width": photo.width,
        "height": photo.height,
        "detector": options.detector,
        "min_face": round(search.min_face, 1),
        "min_confidence": search.min_confidence,
        "rotations": list(TURNS) if options.rotate and not found else [0],
    }
