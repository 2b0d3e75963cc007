"""Figures of the landmarks: 68 points on HELEN and YouTube Faces, the 15 that follow from them, 68 of MUCT's 76.

- NME: mean distance in per cent of the distance of the outer eye corners (points 36 and 45), per image.
- MSE of 15 points: both coordinates in -1..1 of the face's box made square (its longer side, as the detector gives it), so that the
  crop of 96 pixels of the Kaggle set stands for -1..1. The true 15 are derived from the labelled 68 in the same way as the served ones
  (ml/landmark_schemes.py): eye centres are the means of the six eye points, the rest are single points of the 68.
- MSE of MUCT: coordinates in 0..1 of a crop; points that are not visible are left out. Three crops are given, for the figure depends on
  it: CROP times the box's longer side, the box itself, and the image of the data set (the face with a margin of 0.6).

The face is the found one that overlaps the labelled points most. Images without one count as crops, like everywhere.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml import measure
from ml.landmark_schemes import NAMES_15, points15_from_68
from ml.runtime import Network, Networks
from ml.tasks.base import Choices
from ml.training.evaluate import served
from ml.training.evaluate.images import Images, of_folder
from ml.training.evaluate.people import PIXELS
from ml.training.evaluate.worst import worst
from ml.training.faces import read_labels
from ml.training.stats import bootstrap
from ml.types import F32, F64

EYE_CORNERS: Final = (36, 45)
CROP: Final = 1.3
LABELLED: Final = 68
REGIONS: Final = {
    "jaw": range(17),
    "brows": range(17, 27),
    "nose": range(27, 36),
    "eyes": range(36, 48),
    "mouth": range(48, 68),
}


def report(network: Network, data: Path, networks: Networks, work: Path) -> dict[str, Any]:
    """All figures of one network."""
    return _ibug(network, data / "landmarks68", networks, work) | _muct(network, data / "muct", networks, work)


def headline(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest's entry shows."""
    helen = figures["nme68_helen"]
    return {
        "nme": helen["value"],
        "low": helen["low"],
        "high": helen["high"],
        "images": helen["images"],
        "data": "HELEN val, per cent of the distance of the outer eye corners",
        "nme_youtube_faces": figures["nme68_youtube_faces"]["value"],
        "mse_muct": figures["mse76_muct"]["value"],
        "mse_15": figures["mse15"]["value"],
    }


def figure(values: F64) -> measure.Figure:
    """Mean with its bootstrap interval, to four digits however small."""
    found = bootstrap(values)
    return {name: float(f"{found[name]:.4g}") for name in ("value", "low", "high")} | {"images": len(values)}


def _ibug(network: Network, folder: Path, networks: Networks, work: Path) -> dict[str, Any]:
    rows = [row for row in read_labels(folder) if row["split"] == "val"]
    truth = np.stack([labelled(row) for row in rows])
    source = np.array([row["source"] for row in rows])
    with of_folder(folder, [row["file"] for row in rows]) as images:
        faces = served.find(images, networks, work, meant_xyxy=_around(truth))
        found = _points(network, images, faces, "68")
        found15 = _points(network, images, faces, "15")
    distances = np.linalg.norm(found - truth, axis=2)
    corners = np.linalg.norm(truth[:, EYE_CORNERS[0]] - truth[:, EYE_CORNERS[1]], axis=1)
    errors = 100 * distances.mean(1) / corners
    squares = _squares15(found15, truth, faces.pixels)
    result: dict[str, Any] = {"without_a_face": {"landmarks68": int((faces.confidences == 0).sum())}}
    for name in ("helen", "youtube_faces"):
        mine = source == name
        result[f"nme68_{name}"] = figure(errors[mine])
        result[f"nme68_{name}_by_part"] = {
            part: figure(100 * distances[mine][:, list(points)].mean(1) / corners[mine])
            for part, points in REGIONS.items()
        }
        result[f"mse15_{name}"] = figure(squares[mine].mean(1))
    sizes = np.digitize(faces.pixels, PIXELS)
    result["nme68_by_face_pixels"] = measure.by_group(
        errors, sizes, {0: "under 40", 1: "40-63", 2: "64-95", 3: "96 and more"}
    )
    result["mse15"] = figure(squares.mean(1))
    result["mse15_by_point"] = dict(zip(NAMES_15, map(figure, squares.T), strict=True))
    result["worst"] = worst(images.files, np.arange(len(rows)), errors, {"nme": errors, "source": source})
    return result


def _squares15(found15: F64, truth68: F64, pixels: Any) -> F64:
    """(n, 15) mean squared error of both coordinates, in -1..1 of a square of `pixels` (n,)."""
    truth15 = np.stack([points15_from_68(points) for points in truth68])
    halves = np.asarray(pixels, np.float64)[:, None, None] / 2
    return np.asarray((((found15 - truth15) / halves) ** 2).mean(2), np.float64)


def _muct(network: Network, folder: Path, networks: Networks, work: Path) -> dict[str, Any]:
    rows = [row for row in read_labels(folder) if row["split"] == "val"]
    truth = np.stack([labelled(row) for row in rows])
    truth[(truth == 0).all(2)] = np.nan
    with of_folder(folder, [row["file"] for row in rows]) as images:
        faces = served.find(images, networks, work, meant_xyxy=_around(truth))
        found = _points(network, images, faces, "76")[:, :LABELLED]
        sides = np.array([max(images.read(place).shape[:2]) for place in range(len(images))], np.float64)
    squares = np.nanmean((found - truth) ** 2, axis=(1, 2))
    box = faces.pixels.astype(np.float64)
    crops = {"mse76_muct": CROP * box, "mse76_muct_box": box, "mse76_muct_image": sides}
    people = np.array([row["subject"] for row in rows])
    return {name: figure(squares / crop**2) for name, crop in crops.items()} | {
        "mse76_muct_points": "the 68 of the data set that are visible",
        "muct_subjects": len(np.unique(people)),
        "without_a_face_muct": int((faces.confidences == 0).sum()),
    }


def _around(points_xy: F64) -> F32:
    """(n, points, 2) -> (n, 4): the boxes around the visible points."""
    return np.concatenate([np.nanmin(points_xy, 1), np.nanmax(points_xy, 1)], 1).astype(np.float32)


def labelled(row: Mapping[str, str]) -> F64:
    """(68, 2) labelled points in pixels of the image."""
    return np.array([[float(row[f"x{index}"]), float(row[f"y{index}"])] for index in range(LABELLED)])


def _points(network: Network, images: Images, faces: served.Faces, scheme: str) -> F64:
    """(n, points, 2) served points in pixels of the image."""
    results: Sequence[Any] = served.answers(network, images, faces, ["landmarks"], Choices(landmarks=scheme))[
        "landmarks"
    ]
    return np.array([result.points for result in results], np.float64)
