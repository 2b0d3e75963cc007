"""Where the face is in each image of the corpus: found by the cascade to train on, as the portal finds it to calibrate on."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np

from ml.detectors import Detector, build_detectors
from ml.runtime import Networks
from ml.training.corpus import I64, SOURCES, SPLITS, Corpus
from ml.training.evaluate import served
from ml.training.evaluate.images import of_corpus
from ml.types import F32, RgbU8

DETECTOR: Final = "mtcnn"
CONFIDENCE: Final = 0.9
SMALLEST: Final = 0.35  # of the image's shorter side: every image shows one large face
_LEAST: Final = 20.0
_CHUNK: Final = 4096


def locate(corpus: Corpus, weights_dir: Path, work_dir: Path) -> tuple[F32, F32, F32]:
    """(boxes_xyxy (n, 4), points_xy (n, 5, 2), confidences (n,)) of every image; kept in `work_dir`, resumable.

    Confidence 0 marks an image without a found face: its box is the median of its set, its eyes are level.
    """
    path = work_dir / "faces.npz"
    if not path.exists():
        boxes_xyxy, points_xy, confidences = find_all(corpus, np.arange(len(corpus)), weights_dir)
        fill(corpus, boxes_xyxy, points_xy, confidences)
        np.savez(path, boxes_xyxy=boxes_xyxy, points_xy=points_xy, confidences=confidences)
    with np.load(path) as arrays:
        return arrays["boxes_xyxy"], arrays["points_xy"], arrays["confidences"]


def as_served(corpus: Corpus, rows: I64, weights_dir: Path, work_dir: Path) -> tuple[F32, F32]:
    """(boxes_xyxy (n, 4), points_xy (n, 5, 2)) of the whole corpus, filled in for `rows`; kept in `work_dir`.

    The largest face that the portal finds by default; an image in which it finds none is framed as a face crop.
    """
    boxes_xyxy, points_xy = np.zeros((len(corpus), 4), np.float32), np.zeros((len(corpus), 5, 2), np.float32)
    networks = Networks(weights_dir, threads=2)
    labels = corpus.labels.take(rows)
    for number, split in product(range(len(SOURCES)), range(len(SPLITS))):
        mine = rows[(labels.source == number) & (labels.split == split)]
        if len(mine):
            found = served.find(of_corpus(corpus, SOURCES[number], mine), networks, work_dir)
            boxes_xyxy[mine], points_xy[mine] = found.boxes_xyxy, found.points_xy
    return boxes_xyxy, points_xy


def find_all(corpus: Corpus, rows: I64, weights_dir: Path) -> tuple[F32, F32, F32]:
    """The detector's largest face in each of the given images; confidence 0 where there is none."""
    detector = build_detectors(Networks(weights_dir, threads=2))[DETECTOR]
    boxes_xyxy = np.zeros((len(rows), 4), np.float32)
    points_xy = np.zeros((len(rows), 5, 2), np.float32)
    confidences = np.zeros(len(rows), np.float32)

    def look(place: int) -> None:
        found = largest(detector, np.ascontiguousarray(corpus.image(int(rows[place]))))
        if found is not None:
            boxes_xyxy[place], points_xy[place], confidences[place] = found

    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(rows), _CHUNK):
            places = range(start, min(start + _CHUNK, len(rows)))
            list(pool.map(look, places))
            print(f"faces: {places.stop} of {len(rows)}", flush=True)
    return boxes_xyxy, points_xy, confidences


def largest(detector: Detector, rgb_u8: RgbU8) -> tuple[F32, F32, float] | None:
    """Box, points and confidence of the largest face; None when there is none."""
    smallest = max(_LEAST, SMALLEST * min(rgb_u8.shape[:2]))
    faces = detector.detect(rgb_u8, min_face=smallest, min_confidence=CONFIDENCE).faces()
    if not faces:
        return None
    face = max(faces, key=lambda face: face.area)
    return face.box_xyxy, face.points_xy, face.confidence


def fill(corpus: Corpus, boxes_xyxy: F32, points_xy: F32, confidences: F32) -> None:
    """Give the images without a found face the median box and points of their set, in parts of the image."""
    size_xy = corpus.sizes[:, ::-1].astype(np.float32)
    for source in range(len(SOURCES)):
        mine = corpus.labels.source == source
        found, lost = mine & (confidences > 0), np.flatnonzero(mine & (confidences <= 0))
        if not found.any():
            raise ValueError(f"no face found in {SOURCES[source]}")
        box = np.median(boxes_xyxy[found].reshape(-1, 2, 2) / size_xy[found][:, None], axis=0)
        points = np.median(points_xy[found] / size_xy[found][:, None], axis=0)
        points[1, 1] = points[0, 1]  # the eyes level: no roll
        boxes_xyxy[lost] = (box * size_xy[lost][:, None]).reshape(-1, 4)
        points_xy[lost] = points * size_xy[lost][:, None]
