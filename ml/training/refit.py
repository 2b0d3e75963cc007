"""All heads but that of the age fitted anew on the finished network, each by all of its images at once, on faces as the portal finds them.

The fine-tuning sees of a small set a few images to a batch, and the trunk's last map alone; regression on all that the network sees errs
less. Every face is seen twice, as the portal finds it and in a bad photograph (augment.ROUGH): earlier maps lead astray there otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from ml.nets.face import GRAY_WEIGHTS, LOGITS, MARGIN, SIDE
from ml.tasks.emotion import EMOTIONS
from ml.training import augment
from ml.training.batches import Faces
from ml.training.corpus import I64, SOURCES, Corpus, Labels
from ml.training.face_model import Affine, seen
from ml.types import F32, RgbU8

_LEAST_SPREAD: Final = 0.05


@dataclass(frozen=True, slots=True)
class Lesson:
    """How much an image of each set counts, and the inverse of the penalty on the standardised features' weights; both chosen on val.

    rough: which part of that is of the face in a bad photograph.
    """

    sets: Mapping[str, float]
    inverse_penalty: float
    rough: float = 0.5


LESSONS: Final[Mapping[str, Lesson]] = {
    "gender": Lesson({"utkface": 1.0, "fairface": 2.0, "celeba": 0.6}, 3e-3, rough=0.25),
    "attributes": Lesson({"celeba": 1.0}, 1e-3),
    "emotion": Lesson({"fer2013": 1.0}, 1e-2),
    "votes": Lesson({"fer2013": 1.0}, 3e-3),
    # Faces of the other sets are taken to be bare.
    "mask": Lesson({"mask": 1.0, "utkface": 0.015, "fairface": 0.015, "celeba": 0.015}, 3e-2, rough=0.1),
}


def rows(corpus: Corpus) -> I64:
    """The training images of every lesson."""
    sets = sorted({name for lesson in LESSONS.values() for name in lesson.sets})
    return np.concatenate([corpus.rows(name, "train") for name in sets])


def heads_of(network: keras.Model, faces: Faces, rows_: I64) -> dict[str, Affine]:
    """The heads of LESSONS, fitted to what the served network sees of the training images `rows_`, but for the logits beside the trunk."""
    # What the head of attributes sees begins with what each other sees.
    features = np.concatenate(
        [
            seen(network, crops, ["attributes"])["attributes"]
            for crops in (faces.crops(rows_, SIDE, MARGIN), _rough(faces, rows_))
        ]
    )
    mean, spread = features.mean(0), features.std(0) + _LEAST_SPREAD
    features -= mean  # in place: it is a gigabyte
    features /= spread
    labels = faces.corpus.labels.take(np.tile(rows_, 2))
    rough = np.arange(len(labels)) >= len(rows_)
    fitted = {}
    for task, lesson in LESSONS.items():
        truth, weights = truth_of(labels, task), weights_of(labels, lesson.sets)
        weights *= np.where(rough, lesson.rough, 1 - lesson.rough).astype(np.float32)
        known = (weights > 0) & (truth >= 0).all(1)
        width = network.get_layer(task).kernel.shape[0] - LOGITS.get(task, 0)
        chosen = fit_classes if task in GRAY_WEIGHTS else fit
        kernel, bias = chosen(features[known, :width], truth[known], weights[known], lesson.inverse_penalty)
        kernel /= spread[:width, None]
        fitted[task] = kernel, np.asarray(bias - mean[:width] @ kernel, np.float32)
        print(f"{task}: fitted anew to {int(known.sum())} faces", flush=True)
    return fitted


def _rough(faces: Faces, rows_: I64, size: int = 64) -> Iterator[RgbU8]:
    rng = np.random.default_rng(0)
    for start in range(0, len(rows_), size):
        chosen = rows_[start : start + size].tolist()
        yield np.stack([faces.varied(row, SIDE, MARGIN, rng, augment.ROUGH) for row in chosen])


def fit(features: F32, truth: F32, weights: F32, inverse_penalty: float) -> Affine:
    """Logistic regressions of (n, d) features on each column of (n, k) labels of 0 and 1: kernel (d, k) and bias (k,)."""
    fitted = [LogisticRegression(C=inverse_penalty, max_iter=500).fit(features, column, weights) for column in truth.T]
    kernel, bias = np.stack([one.coef_[0] for one in fitted], 1), np.array([one.intercept_[0] for one in fitted])
    return kernel.astype(np.float32), bias.astype(np.float32)


def fit_classes(features: F32, shares: F32, weights: F32, inverse_penalty: float) -> Affine:
    """Logistic regression of (n, d) features on (n, k) shares of exclusive classes: kernel (d, k) and bias (k,)."""
    rows_, classes = np.nonzero(shares)
    counts = weights[rows_] * shares[rows_, classes]
    fitted = LogisticRegression(C=inverse_penalty, max_iter=500).fit(features[rows_], classes, counts)
    return fitted.coef_.T.astype(np.float32), fitted.intercept_.astype(np.float32)


def weights_of(labels: Labels, sets: Mapping[str, float]) -> F32:
    """(n,) how much each image counts."""
    by_source = np.array([sets.get(name, 0.0) for name in SOURCES], np.float32)
    return np.asarray(by_source[labels.source.astype(int)], np.float32)


def truth_of(labels: Labels, task: str) -> F32:
    """(n, k) labels or, of expressions, shares of classes; UNKNOWN where there is none, which of masks means a bare face."""
    column = labels.named()[task].reshape(len(labels), -1)
    if task == "mask":
        return np.maximum(column, 0.0)
    if task == "emotion":
        return np.asarray(column == np.arange(len(EMOTIONS)), np.float32)
    if task == "votes":
        # What people saw besides the seven takes from the weight.
        return np.asarray(column / np.maximum(column.sum(1) + labels.votes_other, 1.0)[:, None], np.float32)
    return column
