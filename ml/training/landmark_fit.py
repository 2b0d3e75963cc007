"""Ridge regression from the features of ml.nets.facepoints to points, relative to place and size of the mesh.

Features are weighed as their part in the normalised mesh weighs there, points of lips and eyes alike, those of the other network after
standardising. For the iBUG points every face counts twice, as it is and mirrored. All constants below were chosen by cross-validation
within the training splits (see ml.training.landmarks).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ml.nets import facemesh, facepoints, mesh_regions
from ml.training.landmark_samples import POINTS, Samples
from ml.types import F32, F64

RIDGE: Final = 1e-4
SECOND: Final = 0.02  # standard deviation of the other network's features among those of the normalised mesh
SHARES: Final = (1.0, 0.3)  # what a photograph annotated by hand and a frame annotated by machine count
FILLINGS: Final = 2  # times that points which are not visible are set to what the map says
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
Linear = tuple[F64, F64]
"""Kernel (features, k) and bias (k,)."""


@dataclass(frozen=True, slots=True)
class Space:
    """The coordinates in which ridge regression sees the features: (features - offset) @ matrix.

    mesh (289, 1404) gives the normalised mesh at first sight from the first features.
    """

    offset: F64
    matrix: F64
    mesh: F64

    def seen(self, features: F32) -> F64:
        """(n, FEATURES) features -> (n, k)."""
        return np.asarray((features - self.offset) @ self.matrix, np.float64)

    def plain(self, kernel: F64, bias: F64) -> Linear:
        """A map of what is seen as a map of the features."""
        whole = self.matrix @ kernel
        return whole, bias - self.offset @ whole


def space_of(train_features: F32, head: tuple[F32, F32], second: float = SECOND) -> Space:
    """The space for training features (n, FEATURES), given kernel and bias of the layer that makes the mesh."""
    kernel, bias = np.asarray(head[0], np.float64).reshape(facepoints.TRUNK, -1), np.asarray(head[1], np.float64)
    mesh = np.vstack([kernel, bias]) / facemesh.SIDE
    shape = mesh.reshape(len(mesh), facemesh.POINTS, 3)
    mesh = (shape - shape.mean(axis=1, keepdims=True)).reshape(len(mesh), -1)
    power, axes = np.linalg.eigh(mesh @ mesh.T)
    mean, spread = train_features.mean(axis=0, dtype=np.float64), train_features.std(axis=0, dtype=np.float64)
    matrix = np.zeros((facepoints.FEATURES, facepoints.FEATURES))
    matrix[: len(mesh), : len(mesh)] = axes * np.sqrt(np.maximum(power, 0))
    points = np.arange(len(mesh), len(mesh) + facepoints.NEAR)
    matrix[points, points] = 1.0
    own = np.arange(points[-1] + 1, facepoints.FEATURES)
    matrix[own, own] = second / (spread[own] + 1e-3)
    return Space(mean, matrix, mesh)


def ridge(features: F64, targets: F64, weights: F64, strength: float = RIDGE) -> Linear:
    """Weighted ridge regression with a free intercept: (n, d), (n, k), (n,) -> kernel (d, k), bias (k,)."""
    share = weights / weights.sum()
    middle, goal = share @ features, share @ targets
    centred = features - middle
    gram = (centred * share[:, None]).T @ centred
    gram[np.diag_indices(len(gram))] += strength
    kernel = np.linalg.solve(gram, (centred * share[:, None]).T @ (targets - goal))
    return kernel, goal - middle @ kernel


def mirror_of(shape_xy: F64) -> npt.NDArray[np.intp]:
    """(n, 2) a shape that is nearly symmetric -> (n,) which of its points lies where each point comes to lie when it is mirrored."""
    centred = shape_xy - shape_xy.mean(axis=0)
    apart = np.square(centred[:, None] * (-1, 1) - centred[None]).sum(axis=2)
    mirror: npt.NDArray[np.intp] = linear_sum_assignment(apart)[1]
    if (mirror[mirror] != np.arange(len(mirror))).any():
        raise ValueError("the shape has no mirror image in its own points")
    return mirror


def both(data: Samples) -> tuple[F32, F64]:
    """Features (2n, FEATURES) of all faces and of all mirrored, and where their iBUG points lie relative to the mesh (2n, 68, 2)."""
    mirror = mirror_of(_relative(data.points, data.meshes[:, 0]).mean(axis=0))
    mirrored = data.points[:, mirror] * (-1, 1) + ((facemesh.SIDE - 1) / facemesh.SIDE, 0)
    plain = _relative(data.points, data.meshes[:, 0])
    mirrored = _relative(mirrored, data.meshes[:, 1])
    for source in np.unique(data.source):
        # All labels of a set lie a little to one side (YouTube Faces by up to 4 % of the eyes' distance); mirroring must not undo that.
        mine = data.source == source
        mirrored[mine] += plain[mine].mean(axis=0) - mirrored[mine].mean(axis=0)
    return np.concatenate([data.features[:, 0], data.features[:, 1]]), np.concatenate([plain, mirrored])


def _relative(points: F64, meshes: F32) -> F64:
    """(n, points, 2) in 0..1 of the crop -> the same relative to middle and spread of the mesh."""
    _, centre, size = facemesh.normalise(meshes)
    return np.asarray((points - centre[:, :, :2]) / size, np.float64)


def fit68(train: Samples, space: Space) -> Linear:
    """The map to the iBUG points."""
    features, targets = both(train)
    weights = np.where(np.tile(train.source == "helen", 2), *SHARES)
    return space.plain(*ridge(space.seen(features), targets.reshape(len(targets), -1), weights))


def fit76(train: Samples, space: Space) -> Linear:
    """The map to the MUCT points; its eight points on the eyelids follow from the mesh's own lids."""
    # Not mirrored: the cameras stood to one side of the faces, so mirrored ones would be of another kind.
    features = train.features[:, 0]
    seen, flat = space.seen(features), _relative(train.points, train.meshes[:, 0]).reshape(len(features), -1)
    missing, filled = np.isnan(flat), np.where(np.isnan(flat), np.nanmean(flat, axis=0), flat)
    for _ in range(FILLINGS + 1):
        kernel, bias = ridge(seen, filled, np.ones(len(seen)))
        filled = np.where(missing, seen @ kernel + bias, filled)
    kernel, bias = space.plain(kernel, bias)
    return _with_lids(kernel.reshape(-1, POINTS, 2), bias.reshape(POINTS, 2), features.mean(axis=0), space)


def _with_lids(kernel: F64, bias: F64, mean_features: F64 | F32, space: Space) -> Linear:
    vertices = _vertices(space)
    shape = np.tensordot(mean_features, vertices, 1)
    kernels, biases = [kernel], [bias]
    for _, corner, middle, line in LIDS:
        ends = 0.5 * (vertices[:, line[0]] + vertices[:, line[-1]])
        lid = _halfway(shape, line, vertices) - ends + 0.5 * (kernel[:, corner] + kernel[:, middle])
        kernels.append(lid[:, None])
        biases.append(0.5 * (bias[corner] + bias[middle])[None])
    whole = np.concatenate(kernels, axis=1)
    return whole.reshape(len(whole), -1), np.concatenate(biases).ravel()


def _vertices(space: Space) -> F64:
    """Kernel (features, 468, 2) of the refined mesh, relative to the mesh at first sight."""
    kernel = np.zeros((facepoints.FEATURES, facemesh.POINTS, 2))
    kernel[: len(space.mesh)] = space.mesh.reshape(-1, facemesh.POINTS, 3)[:, :, :2]
    for place, vertex in enumerate(mesh_regions.VERTICES):
        if vertex is not None:
            kernel[:, vertex] = 0
            for axis in (0, 1):
                kernel[len(space.mesh) + 2 * place + axis, vertex, axis] = 1
    return kernel


def _halfway(shape: F64, line: tuple[int, ...], vertices: F64) -> F64:
    """Kernel (features, 2) of the place half-way along a line of vertices, by its length on the mean face."""
    steps = np.linalg.norm(np.diff(shape[list(line)], axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    segment = int(np.searchsorted(along, along[-1] / 2)) - 1
    part = (along[-1] / 2 - along[segment]) / (along[segment + 1] - along[segment])
    return np.asarray((1 - part) * vertices[:, line[segment]] + part * vertices[:, line[segment + 1]], np.float64)


def placed(relative: F64, data: Samples) -> F64:
    """(n, 2 * points) relative to the mesh -> (n, points, 2) in 0..1 of the crop."""
    _, centre, size = facemesh.normalise(data.meshes[:, 0])
    return np.asarray(relative.reshape(len(relative), -1, 2) * size + centre[:, :, :2], np.float64)


def predict76(linear: Linear, data: Samples) -> F64:
    """(n, 76, 2) in 0..1 of the crop."""
    return placed(data.features[:, 0].astype(np.float64) @ linear[0] + linear[1], data)
