"""Three heads fitted anew on the finished trunk, each by all of its images at once, on faces as the portal finds them.

The fine-tuning sees the cascade's crops, and of a small set a few images to a batch; regression on the trunk's features errs less.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from ml.nets.face import MARGIN, SIDE
from ml.training import heads
from ml.training.batches import Faces
from ml.training.corpus import I64, SOURCES, Corpus, Labels
from ml.training.face_model import Affine
from ml.types import F32

_LEAST_SPREAD: Final = 0.05


@dataclass(frozen=True, slots=True)
class Lesson:
    """How much an image of each set counts, and the inverse of the penalty on the standardised features' weights; both chosen on val."""

    sets: Mapping[str, float]
    inverse_penalty: float


LESSONS: Final[Mapping[str, Lesson]] = {
    "gender": Lesson({"utkface": 1.0, "fairface": 2.0, "celeba": 0.6}, 3e-3),
    "attributes": Lesson({"celeba": 1.0}, 1e-3),
    # Faces of the other sets are taken to be bare.
    "mask": Lesson({"mask": 1.0, "utkface": 0.015, "fairface": 0.015, "celeba": 0.015}, 1e-1),
}


def rows(corpus: Corpus) -> I64:
    """The training images of every lesson."""
    sets = sorted({name for lesson in LESSONS.values() for name in lesson.sets})
    return np.concatenate([corpus.rows(name, "train") for name in sets])


def heads_of(model: keras.Model, faces: Faces, rows_: I64) -> dict[str, Affine]:
    """The heads of LESSONS, fitted to the training images `rows_`."""
    features = heads.features(model, faces.crops(rows_, SIDE, MARGIN))
    mean, spread = features.mean(0), features.std(0) + _LEAST_SPREAD
    standard, labels = (features - mean) / spread, faces.corpus.labels.take(rows_)
    fitted = {}
    for task, lesson in LESSONS.items():
        truth, weights = truth_of(labels, task), weights_of(labels, lesson.sets)
        known = (weights > 0) & (truth >= 0).all(1)
        kernel, bias = fit(standard[known], truth[known], weights[known], lesson.inverse_penalty)
        kernel /= spread[:, None]
        fitted[task] = kernel, np.asarray(bias - mean @ kernel, np.float32)
        print(f"{task}: fitted anew to {int(known.sum())} faces", flush=True)
    return fitted


def fit(features: F32, truth: F32, weights: F32, inverse_penalty: float) -> Affine:
    """Logistic regressions of (n, d) features on each column of (n, k) labels of 0 and 1: kernel (d, k) and bias (k,)."""
    fitted = [LogisticRegression(C=inverse_penalty, max_iter=500).fit(features, column, weights) for column in truth.T]
    kernel, bias = np.stack([one.coef_[0] for one in fitted], 1), np.array([one.intercept_[0] for one in fitted])
    return kernel.astype(np.float32), bias.astype(np.float32)


def weights_of(labels: Labels, sets: Mapping[str, float]) -> F32:
    """(n,) how much each image counts."""
    by_source = np.array([sets.get(name, 0.0) for name in SOURCES], np.float32)
    return np.asarray(by_source[labels.source.astype(int)], np.float32)


def truth_of(labels: Labels, task: str) -> F32:
    """(n, k) labels, UNKNOWN where there is none; of masks it means a bare face."""
    column = labels.named()[task].reshape(len(labels), -1)
    return np.maximum(column, 0.0) if task == "mask" else column
