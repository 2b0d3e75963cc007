"""Faces of a data set: images out of its zip, and the face our own detector finds in each, kept in a file for the next run."""

import csv
import io
import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ml.boxes import prominent
from ml.detectors import Detector
from ml.types import F32, Face, RgbU8

_LOG = logging.getLogger(__name__)


def read_labels(folder: Path, name: str = "labels.csv") -> list[dict[str, str]]:
    """Rows of a CSV file beside images.zip."""
    with (folder / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def read_image(archive: zipfile.ZipFile, name: str) -> RgbU8:
    """One image of a data set as RGB."""
    with Image.open(io.BytesIO(archive.read(name))) as image:
        return np.asarray(image.convert("RGB"))


def detect_faces(
    folder: Path, files: Sequence[str], detector: Detector, cache: Path, *, min_confidence: float = 0.6
) -> dict[str, Face]:
    """The most prominent face of each image, by file name; images without a face are left out. Results are kept in `cache` (npz)."""
    if cache.exists():
        return _read(cache)
    faces: dict[str, Face] = {}
    with zipfile.ZipFile(folder / "images.zip") as archive:
        for index, name in enumerate(files):
            rgb_u8 = read_image(archive, name)
            found = detector.detect(
                rgb_u8, min_face=max(20.0, min(rgb_u8.shape[:2]) / 6), min_confidence=min_confidence
            )
            if len(found):
                faces[name] = prominent(found.faces(), (rgb_u8.shape[1], rgb_u8.shape[0]))
            if index % 500 == 499:
                _LOG.info("%s: %d of %d images, %d faces", folder.name, index + 1, len(files), len(faces))
    _write(cache, faces)
    return faces


def _write(path: Path, faces: dict[str, Face]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.array([[*face.box_xyxy, face.confidence, *face.points_xy.ravel()] for face in faces.values()], np.float32)
    np.savez(path, files=np.array(list(faces)), rows=rows.reshape(-1, 15))


def _read(path: Path) -> dict[str, Face]:
    with np.load(path, allow_pickle=False) as arrays:
        rows: F32 = arrays["rows"]
        return {
            str(name): Face(row[:4].copy(), float(row[4]), row[5:].reshape(5, 2).copy())
            for name, row in zip(arrays["files"], rows, strict=True)
        }
