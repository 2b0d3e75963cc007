"""The maps from the face mesh to the 68 iBUG and the 76 MUCT points, learnt by ridge regression.

    python -m ml.training.landmarks --data DIR --cache DIR --package DIR [--weights weights]

DIR of --package is the unpacked npm package @vladmandic/human. The mesh runs once on the crop of each training face, exactly as it is
served; points and mesh are compared after taking away place and size of the mesh. 68: HELEN counts fully, the frames of YouTube
Faces with YOUTUBE_WEIGHT, for their points were set by a machine that places them a little differently. 76: 68 of them are
learnt from MUCT, points that are not visible are left out one by one; the eight on the eyelids, which the data set at hand lacks,
are the mesh's own eyelid half-way between corner and middle, moved by as much as MUCT's corner and middle differ from the mesh's.
"""

import argparse
import json
import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt

from ml.align import apply, crop_matrix, prepare, warp
from ml.detectors import build_detectors
from ml.manifest import InputSpec
from ml.nets import facemesh
from ml.nets.importers import MESH_ENTRY, install
from ml.runtime import Networks
from ml.training.entries import annotate
from ml.training.faces import detect_faces, read_image, read_labels
from ml.training.stats import bootstrap
from ml.types import F32, F64

POINTS: Final = 68
RIDGE: Final = 1e-4
YOUTUBE_WEIGHT: Final = 0.2
EYE_CORNERS: Final = (36, 45)
LIDS: Final = (
    # MUCT's point, its neighbours (corner, middle of the lid), the mesh's vertices from that corner to that middle
    (68, 27, 28, (33, 246, 161, 160, 159)),
    (69, 29, 28, (133, 173, 157, 158, 159)),
    (70, 29, 30, (133, 155, 154, 153, 145)),
    (71, 27, 30, (33, 7, 163, 144, 145)),
    (72, 32, 33, (263, 466, 388, 387, 386)),
    (73, 34, 33, (362, 398, 384, 385, 386)),
    (74, 34, 35, (362, 382, 381, 380, 374)),
    (75, 32, 35, (263, 249, 390, 373, 374)),
)
_LOG = logging.getLogger(__name__)
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Samples:
    """Meshes (n, 468, 3) and points (n, 68, 2) in 0..1 of the crop, nan where not visible, with the split and source of each."""

    meshes: F32
    points: F64
    split: Texts
    source: Texts
    without_face: int

    def part(self, split: str, source: str | None = None) -> "Samples":
        """The samples of one split, and of one source if given."""
        chosen = (self.split == split) & ((self.source == source) if source else True)
        return Samples(
            self.meshes[chosen], self.points[chosen], self.split[chosen], self.source[chosen], self.without_face
        )


def samples(folder: Path, networks: Networks, model: keras.Model, cache: Path) -> Samples:
    """Mesh and points of every image of a data set in which a face was found."""
    spec = InputSpec(**{**MESH_ENTRY["input"], "size": (facemesh.SIDE, facemesh.SIDE)})
    rows = read_labels(folder)
    detector = build_detectors(networks)["mtcnn"]
    faces = detect_faces(folder, [row["file"] for row in rows], detector, cache / f"faces-{folder.name}.npz")
    rows_found = [row for row in rows if row["file"] in faces]
    crops: list[F32] = []
    points: list[F64] = []
    with zipfile.ZipFile(folder / "images.zip") as archive:
        for row in rows_found:
            rgb_u8 = read_image(archive, row["file"])
            matrix = crop_matrix(spec, faces[row["file"]], rgb_u8.shape[:2])
            crops.append(prepare(spec, warp(rgb_u8, matrix, spec.fixed_size))[0])
            points.append(_labelled(row, matrix))
    meshes = model.predict(np.stack(crops), batch_size=32, verbose=0)["mesh"]
    split = np.array([row["split"] for row in rows_found])
    source = np.array([row.get("source", "muct") for row in rows_found])
    return Samples(meshes, np.stack(points), split, source, len(rows) - len(rows_found))


def _labelled(row: dict[str, str], matrix: F64) -> F64:
    points_xy = np.array([[float(row[f"x{index}"]), float(row[f"y{index}"])] for index in range(POINTS)])
    in_crop = apply(matrix, points_xy) / facemesh.SIDE
    in_crop[(points_xy == 0).all(axis=1)] = np.nan
    return in_crop


def ridge(features: F64, targets: F64, weights: F64) -> tuple[F64, F64]:
    """Weighted ridge regression with a free intercept: (n, d), (n, k), (n,) -> kernel (d, k), bias (k,)."""
    share = weights / weights.sum()
    middle, goal = share @ features, share @ targets
    centred = features - middle
    gram = (centred * share[:, None]).T @ centred
    gram[np.diag_indices(len(gram))] += RIDGE
    kernel = np.linalg.solve(gram, (centred * share[:, None]).T @ (targets - goal))
    return kernel, goal - middle @ kernel


def _regression(data: Samples) -> tuple[F64, F64]:
    features, centre, size = facemesh.normalise(data.meshes)
    return features.astype(np.float64), (data.points - centre[:, :, :2]) / size


def fit68(train: Samples) -> tuple[F32, F32]:
    """Kernel (1404, 136) and bias (136,) of the map to the iBUG points."""
    features, targets = _regression(train)
    weights = np.where(train.source == "helen", 1.0, YOUTUBE_WEIGHT)
    kernel, bias = ridge(features, targets.reshape(len(targets), -1), weights)
    return kernel.astype(np.float32), bias.astype(np.float32)


def fit76(train: Samples) -> tuple[F32, F32]:
    """Kernel (1404, 152) and bias (152,) of the map to the MUCT points."""
    features, targets = _regression(train)
    kernel, bias = np.zeros((facemesh.FEATURES, 76, 2)), np.zeros((76, 2))
    visible = ~np.isnan(targets[:, :, 0])
    patterns, which = np.unique(visible.T, axis=0, return_inverse=True)
    for index, pattern in enumerate(patterns):  # points visible in the same images are solved together
        alike = np.flatnonzero(which == index)
        solved, free = ridge(
            features[pattern], targets[pattern][:, alike].reshape(pattern.sum(), -1), np.ones(pattern.sum())
        )
        kernel[:, alike], bias[alike] = solved.reshape(-1, len(alike), 2), free.reshape(-1, 2)
    mean_mesh = features.mean(axis=0).reshape(facemesh.POINTS, 3)
    for point, corner, middle, vertices in LIDS:
        lid = _halfway(mean_mesh[:, :2], vertices)
        ends = 0.5 * (_vertex(vertices[0]) + _vertex(vertices[-1]))
        kernel[:, point] = lid - ends + 0.5 * (kernel[:, corner] + kernel[:, middle])
        bias[point] = 0.5 * (bias[corner] + bias[middle])
    return kernel.reshape(facemesh.FEATURES, -1).astype(np.float32), bias.reshape(-1).astype(np.float32)


def _vertex(index: int) -> F64:
    """Kernel (1404, 2) that picks x and y of one vertex."""
    kernel = np.zeros((facemesh.POINTS, 3, 2))
    kernel[index, 0, 0] = kernel[index, 1, 1] = 1
    return kernel.reshape(-1, 2)


def _halfway(mean_xy: F64, vertices: tuple[int, ...]) -> F64:
    """Kernel that picks the place half-way along a line of vertices, by its length on the mean face."""
    line = mean_xy[list(vertices)]
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    segment = int(np.searchsorted(along, along[-1] / 2)) - 1
    part = (along[-1] / 2 - along[segment]) / (along[segment + 1] - along[segment])
    return np.asarray((1 - part) * _vertex(vertices[segment]) + part * _vertex(vertices[segment + 1]), np.float64)


def predict(kernel: F32, bias: F32, data: Samples) -> F64:
    """(n, points, 2) in 0..1 of the crop."""
    features, centre, size = facemesh.normalise(data.meshes)
    return np.asarray((features @ kernel + bias).reshape(len(features), -1, 2) * size + centre[:, :, :2], np.float64)


def nme(found: F64, data: Samples) -> F64:
    """(n,) mean distance in per cent of the distance of the outer eye corners."""
    corners = np.linalg.norm(data.points[:, EYE_CORNERS[0]] - data.points[:, EYE_CORNERS[1]], axis=1)
    return np.asarray(100 * np.linalg.norm(found - data.points, axis=2).mean(axis=1) / corners, np.float64)


def squared_errors(found: F64, data: Samples) -> F64:
    """(n,) mean squared error of the visible coordinates, in 0..1 of the crop."""
    return np.asarray(np.nanmean((found[:, :POINTS] - data.points) ** 2, axis=(1, 2)), np.float64)


def run(data: Path, cache: Path, package: Path, weights: Path) -> dict[str, Any]:
    """Learn both maps, install the network with them and write its figures; returns the report."""
    networks = Networks(weights)
    keras.utils.clear_session()
    model = facemesh.import_mesh(package)
    ibug = samples(data / "landmarks68", networks, model, cache)
    muct = samples(data / "muct", networks, model, cache)
    map68, map76 = fit68(ibug.part("train")), fit76(muct.part("train"))
    facemesh.set_map(model, "points68", *map68)
    facemesh.set_map(model, "points76", *map76)
    install(model, MESH_ENTRY, weights, active=("landmarks",))
    report: dict[str, Any] = {"faces_not_found": {"landmarks68": ibug.without_face, "muct": muct.without_face}}
    for source in ("helen", "youtube_faces"):
        val = ibug.part("val", source)
        report[f"nme68_{source}"] = bootstrap(nme(predict(*map68, val), val))
    val = muct.part("val")
    report["mse76_muct"] = bootstrap(squared_errors(predict(*map76, val), val)) | {"points": "the 68 of the data set"}
    _write(weights, report)
    return report


def _write(weights: Path, report: dict[str, Any]) -> None:
    name, version = str(MESH_ENTRY["name"]), str(MESH_ENTRY["version"])
    path = weights / "reports" / f"{name}-{version}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    helen, youtube, muct = (report[key] for key in ("nme68_helen", "nme68_youtube_faces", "mse76_muct"))
    headline = {
        "nme": round(helen["value"], 3),
        "low": round(helen["low"], 3),
        "high": round(helen["high"], 3),
        "images": helen["count"],
        "data": "HELEN val, per cent of the distance of the outer eye corners",
        "nme_youtube_faces": round(youtube["value"], 3),
        "mse_muct": float(f"{muct['value']:.3g}"),
    }
    annotate(weights, name, version, calibration={}, metrics={"landmarks": headline})


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.landmarks", description="Learn the landmark maps.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets landmarks68 and muct")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the faces that were found")
    parser.add_argument("--package", type=Path, required=True, help="unpacked npm package @vladmandic/human")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    report = run(arguments.data, arguments.cache, arguments.package, arguments.weights)
    _LOG.info("%s", json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
