"""Five-fold cross-validation of the landmark maps within the training splits; people and frames of one person stay in one fold."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

from ml.training.landmark_fit import RIDGE, SECOND, both, fit76, placed, predict76, ridge, space_of
from ml.training.landmark_samples import POINTS, Samples
from ml.types import F32, F64

FOLDS: Final = 5
EYE_CORNERS: Final = (36, 45)
ONE_PERSON: Final = 0.5  # mean cosine distance below which frames are taken for one person's
SHARES: Final = ((1.0, 0.1), (1.0, 0.3), (1.0, 1.0), (0.3, 1.0))
"""What a photograph annotated by hand and a frame annotated by machine count."""
Head = tuple[F32, F32]


def lines(ibug: Samples, muct: Samples, head: Head) -> Iterator[str]:
    """Mean errors, a line for each choice: NME of HELEN and of YouTube Faces, MSE of MUCT in 0..1 of the crop."""
    folds = _folds(np.where(ibug.source == "helen", "", "one"), ibug.embeddings)
    for second, strength in (
        (SECOND, RIDGE),
        (0.0, RIDGE),
        (SECOND / 2, RIDGE),
        (SECOND * 2, RIDGE),
        (SECOND, RIDGE / 4),
        (SECOND, RIDGE * 4),
    ):
        yield f"other network {second:g}, ridge {strength:g}"
        found = _out_of_fold(ibug, folds, head, second, strength)
        for shares, points in found.items():
            yield f"  shares {shares}: {_nme(points, ibug)}"
    yield f"muct: {_muct(muct, head):.3g}"


def _folds(kind: npt.NDArray[np.str_], embeddings: F32) -> npt.NDArray[np.intp]:
    """(n,) fold of each face; those of kind "one" are grouped by likeness, the others stand alone."""
    groups = np.arange(len(kind))
    alike = np.flatnonzero(kind == "one")
    clusters = fcluster(linkage(embeddings[alike], "average", "cosine"), ONE_PERSON, "distance")
    groups[alike] = len(kind) + clusters
    names, which = np.unique(groups, return_inverse=True)
    return np.asarray((np.random.default_rng(0).permutation(len(names)) % FOLDS)[which], np.intp)


def _out_of_fold(
    data: Samples, folds: npt.NDArray[np.intp], head: Head, second: float, strength: float
) -> dict[tuple[float, float], F64]:
    """Points (n, 68, 2) by the shares of the sources, each face by a fit that has not seen it."""
    found = {shares: np.zeros_like(data.points) for shares in SHARES}
    for fold in range(FOLDS):
        train, held = data.part(folds != fold), data.part(folds == fold)
        space = space_of(train.features[:, 0], head, second)
        features, targets = both(train)
        seen, by_hand = space.seen(features), np.tile(train.source == "helen", 2)
        for shares, points in found.items():
            kernel, bias = ridge(seen, targets.reshape(len(targets), -1), np.where(by_hand, *shares), strength)
            points[folds == fold] = placed(space.seen(held.features[:, 0]) @ kernel + bias, held)
    return found


def _nme(found: F64, data: Samples) -> str:
    corners = np.linalg.norm(data.points[:, EYE_CORNERS[0]] - data.points[:, EYE_CORNERS[1]], axis=1)
    errors = 100 * np.linalg.norm(found - data.points, axis=2).mean(axis=1) / corners
    by_hand = data.source == "helen"
    return f"{errors[by_hand].mean():.3f} {errors[~by_hand].mean():.3f}"


def _muct(data: Samples, head: Head) -> float:
    people, which = np.unique(data.subject, return_inverse=True)
    folds = (np.random.default_rng(0).permutation(len(people)) % FOLDS)[which]
    errors = np.zeros(len(folds))
    for fold in range(FOLDS):
        train, held = data.part(folds != fold), data.part(folds == fold)
        found = predict76(fit76(train, space_of(train.features[:, 0], head)), held)[:, :POINTS]
        errors[folds == fold] = np.nanmean((found - held.points) ** 2, axis=(1, 2))
    return float(errors.mean())
