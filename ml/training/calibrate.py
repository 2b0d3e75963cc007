"""Honest probabilities and intervals, from faces that were held out of the training split; of expressions see `expressive`.

Everything but the age interval is a scale of logits and goes into the heads' weights, so serving knows nothing of it.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from ml.tasks.age_interval import quantiles
from ml.training.corpus import Labels
from ml.training.face_model import Affine
from ml.types import F32

COVERAGE: Final = 0.9
ASKED: Final = 0.89  # with the correction for a finite sample that covers 90.0 % of the held-out faces
QUANTILES: Final = (0.05, 0.95)
KNOTS: Final = (2, 6, 12, 20, 30, 40, 50, 60, 70, 80)
"""Predicted years at which the interval's offsets are given."""
OLD: Final = 66
LIFT: Final = 0.09
"""From that year on the logit of each further one is raised by so much: of the very old there are few to learn from, and ages over 70 came
out six to eleven years too low. Chosen on val (docs/training)."""
_NEAR: Final = 250  # held-out faces around a knot that decide its offsets


def temperature(logits: F32, labels: F32) -> float:
    """The divisor of (n, k) logits that makes the classes `labels` (n,) likeliest."""
    rows = np.arange(len(labels))

    def surprise(log_t: float) -> float:
        return float(-log_softmax(logits / np.exp(log_t), axis=1)[rows, labels.astype(int)].mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2, 2), method="bounded").x))


def slope(logits: F32, labels: F32) -> float:
    """The factor of (n,) logits that makes 0/1 labels likeliest, with a weak pull towards 1.

    There is no shift: that of the heads is likeliest already for the training faces, and the held-out ones hold few errors to tell more.
    """

    def surprise(factor: float) -> float:
        z = factor * logits
        return float((np.logaddexp(0, z) - labels * z).sum() + 2.0 * (factor - 1) ** 2)

    return float(minimize_scalar(surprise, bounds=(0.1, 5.0), method="bounded").x)


def expressions(labels: Labels) -> tuple[Any, Any, Any]:
    """(rows with a FER label, FER+ majority class, rows where one of the seven has the most votes)."""
    majority = labels.votes.argmax(1)
    most = labels.votes.max(1)
    rivals = np.sort(labels.votes, axis=1)[:, -2]
    clear = (most > rivals) & (most > labels.votes_other) & (labels.emotion >= 0)
    return labels.emotion >= 0, majority, clear


def lifted(head: Affine) -> Affine:
    """The head of ages with its logits adjusted for how rare the old are (Menon et al. 2021)."""
    kernel, bias = head
    return kernel, np.asarray(bias + LIFT * np.clip(np.arange(len(bias)) - OLD, 0, None), np.float32)


def interval(probabilities: F32, ages: F32) -> dict[str, Any]:
    """[network.calibration.age]: offsets for ml.tasks.age_interval from held-out (n, 101) distributions and true ages (n,)."""
    years = probabilities @ np.arange(probabilities.shape[1])
    ends = np.array([quantiles(row.astype(np.float64), QUANTILES) for row in probabilities])
    tail = (1 - ASKED) / 2
    low, high = [], []
    for knot in KNOTS:
        near = np.argsort(np.abs(years - knot))[:_NEAR]
        level = min(1.0, (1 - tail) * (1 + 1 / len(near)))  # the conformal correction for a finite sample
        low.append(round(float(np.quantile((ends[:, 0] - ages)[near], level)), 2))
        high.append(round(float(np.quantile((ages - ends[:, 1])[near], level)), 2))
    return {
        "coverage": COVERAGE,
        "quantiles": list(QUANTILES),
        "knots": list(KNOTS),
        "low_offset": low,
        "high_offset": high,
    }


def calibrated(heads: Mapping[str, Affine], logits: Mapping[str, F32], labels: Labels) -> dict[str, Affine]:
    """The heads but those of ages and expressions, with scales fitted to held-out logits and labels."""
    result: dict[str, Affine] = {}
    for task in ("gender", "attributes", "mask"):
        truth = labels.named()[task].reshape(len(labels), -1)
        known = truth[:, 0] >= 0
        pairs = zip(logits[task][known].T, truth[known].T, strict=True)
        result[task] = _scaled(heads[task], np.array([slope(each, right) for each, right in pairs], np.float32))
    return result


def expressive(heads: Mapping[str, Affine], logits: Mapping[str, F32], labels: Labels) -> dict[str, Affine]:
    """The heads of expressions at their likeliest temperature.

    For the face network from FER-2013's validation split: the public networks beside its heads know the photographs of the training split.
    """
    plain, majority, clear = expressions(labels)
    return {
        head: _scaled(heads[head], 1 / temperature(logits[head][rows], truth[rows]))
        for head, rows, truth in (("emotion", plain, labels.emotion), ("votes", clear, majority))
    }


def _scaled(head: Affine, scale: float | F32) -> Affine:
    kernel, bias = head
    return np.asarray(kernel * scale, np.float32), np.asarray(bias * scale, np.float32)
