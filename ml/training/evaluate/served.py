"""What a client gets: the largest face that the portal finds by default, and a network's typed answer about it.

An image in which no face is found is asked about again as one face crop (detector "skip"), as the API's documentation tells a client
to do with crops; how many these are is in each report. Where labels say which face is meant, it is the one that overlaps them most.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from ml.answering import Question, answer
from ml.boxes import iou_matrix, prominent
from ml.finding import SKIP, DetectOptions, Finder
from ml.photo import Photo
from ml.runtime import Network, Networks
from ml.tasks.base import USUAL, Choices
from ml.training.evaluate.images import Images
from ml.types import F32, Face

Framing = Literal["found", "front", "crop"]
"""The largest face of a photograph; the most prominent one, as verification chooses; or the image as a face crop."""
_DETECTORS: Final = ("scrfd", "mtcnn-onet")  # O-Net frames what is asked about as a crop
_SAY_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class Faces:
    """The face of each of n images: boxes_xyxy (n, 4), points_xy (n, 5, 2), confidences (n,), 0 where none was found."""

    boxes_xyxy: F32
    points_xy: F32
    confidences: F32

    def __len__(self) -> int:
        return len(self.confidences)

    def face(self, place: int) -> Face:
        """The face of one image."""
        return Face(self.boxes_xyxy[place], float(self.confidences[place]), self.points_xy[place])

    @property
    def pixels(self) -> F32:
        """(n,) longer side of each box."""
        sides: F32 = (self.boxes_xyxy[:, 2:] - self.boxes_xyxy[:, :2]).max(1)
        return sides

    def take(self, places: Any) -> "Faces":
        """Some of them."""
        return Faces(self.boxes_xyxy[places], self.points_xy[places], self.confidences[places])


def find(
    images: Images, networks: Networks, work: Path, framing: Framing = "found", *, meant_xyxy: F32 | None = None
) -> Faces:
    """The largest face of each image, kept in `work`; another version of the detector looks again.

    meant_xyxy: (n, 4) where the labelled face is; then the face that overlaps it most is taken, if any does.
    """
    kind = framing if meant_xyxy is None else "meant"
    path = work / "evaluate" / f"faces-{images.name}-{kind}-{_mark(images, networks)}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = _look(images, Finder(networks), framing, meant_xyxy)
        np.savez(path, boxes_xyxy=found.boxes_xyxy, points_xy=found.points_xy, confidences=found.confidences)
    with np.load(path) as arrays:
        return Faces(arrays["boxes_xyxy"], arrays["points_xy"], arrays["confidences"])


def _mark(images: Images, networks: Networks) -> str:
    """Changes with the detector's weights and options and with the list of images."""
    specs = [networks.manifest.find(name) for name in _DETECTORS]
    weights = [f"{spec.sha256} {spec.precision}" for spec in specs]
    text = "\n".join([*weights, repr(DetectOptions()), *images.files])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _look(images: Images, finder: Finder, framing: Framing, meant_xyxy: F32 | None) -> Faces:
    rows = []
    for place in range(len(images)):
        meant = None if meant_xyxy is None else meant_xyxy[place]
        rows.append(_one(finder, Photo(images.read(place)), framing, meant))
        if place % _SAY_EVERY == _SAY_EVERY - 1:
            print(f"{images.name}: faces of {place + 1} of {len(images)} images", flush=True)
    boxes_xyxy, points_xy, confidences = zip(*rows, strict=True)
    return Faces(np.stack(boxes_xyxy), np.stack(points_xy), np.array(confidences, np.float32))


def _one(finder: Finder, photo: Photo, framing: Framing, meant_xyxy: F32 | None) -> tuple[F32, F32, float]:
    faces = finder.find(photo, DetectOptions()).faces if framing != "crop" else []
    if meant_xyxy is not None and faces:
        overlaps = iou_matrix(np.stack([face.box_xyxy for face in faces]), meant_xyxy[None])[:, 0]
        faces = [faces[int(overlaps.argmax())]] if overlaps.max() > 0 else []
    if faces:
        size = (photo.width, photo.height)
        face = prominent(faces, size) if framing == "front" else max(faces, key=lambda face: face.area)
        return face.box_xyxy, face.points_xy, face.confidence
    whole = finder.find(photo, DetectOptions(detector=SKIP)).faces[0]
    return whole.box_xyxy, whole.points_xy, 0.0


def answers(
    network: Network, images: Images, faces: Faces, tasks: Sequence[str], choices: Choices = USUAL, *, threads: int = 1
) -> dict[str, list[Any]]:
    """Task -> the typed result for each image. More than one thread only where images may be read from several."""
    groups = [(network, list(tasks))]

    def one(place: int) -> dict[str, Any]:
        return answer(Question(Photo(images.read(place)), groups, choices), faces.face(place))

    with ThreadPoolExecutor(threads) as pool:
        rows = list(pool.map(one, range(len(images))))
    return {task: [row[task] for row in rows] for task in tasks}
