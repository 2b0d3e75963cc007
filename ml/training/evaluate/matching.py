"""Figures of verification: LFW's development test view, AT&T, and CelebA's validation people.

Thresholds are those of the manifest (ml.training.verification) unless a figure says otherwise. The face of a photograph is the
most prominent one, as the endpoint takes it; a pair with a photograph in which none is found counts as wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.embedding import threshold_for
from ml.runtime import Network, Networks
from ml.training.evaluate.att import att, pairs
from ml.training.evaluate.worst import COUNT
from ml.training.faces import read_labels
from ml.training.pairs import Gallery, Scores
from ml.training.verification import DEFAULT_RATE, celeba_scores, lfw_gallery, lfw_scores
from ml.types import F32

BINS: Final = np.linspace(-0.4, 1.0, 71)
POINTS: Final = np.logspace(-5, -0.5, 28)
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Listed:
    """Pairs of a list: file names, scores (-1 where a face is missing), whether they are one person's, whether both have a face."""

    files: list[tuple[str, str]]
    scores: F32
    same: Bools
    complete: Bools

    def right(self, threshold: float) -> Bools:
        """Right or wrong for every pair."""
        return np.asarray(((self.scores >= threshold) == self.same) & self.complete, np.bool_)


def report(network: Network, data: Path, networks: Networks, work: Path) -> dict[str, Any]:
    """All figures of one network."""
    default = threshold_for(network.spec, DEFAULT_RATE)[0]
    gallery = lfw_gallery(network, data, work, networks)
    train, test = (listed(gallery, data, view) for view in ("DevTrain", "DevTest"))
    best = best_threshold(train)
    every = lfw_scores(gallery, data, "DevTest")
    celeba = celeba_scores(network, data, work, networks, "val")
    return {
        "lfw": {
            "accuracy": pairs(test.right(best)) | {"threshold": round(best, 4)},
            "accuracy_at_default": pairs(test.right(default)) | {"threshold": default},
            "true_match_rate_at_default": pairs(test.right(default)[test.same]),
            "pairs_without_a_face": int((~test.complete).sum()),
            "histogram": histogram(train, test),
            "worst": worst(test, best),
        },
        "operating_points": operating_points(network, every, celeba),
        "curve_lfw": curve(every),
        "curve_celeba": curve(celeba),
        "att": att(network, data, networks, work, default=default, best=best),
    }


def headline(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest's entry shows."""
    accuracy, att_ = figures["lfw"]["accuracy"], figures["att"]
    return {
        "accuracy": accuracy["value"],
        "low": accuracy["low"],
        "high": accuracy["high"],
        "pairs": accuracy["pairs"],
        "data": "LFW pairsDevTest",
        "att_accuracy": att_["accuracy_240_at_default"]["value"],
        "att_true_match_rate": att_["true_match_rate"]["value"],
    }


def listed(gallery: Gallery, data: Path, view: str) -> Listed:
    """The pairs of pairs<view>.csv."""
    rows = read_labels(data / "lfw", f"pairs{view}.csv")
    first, second = (gallery.places([f"lfw/{row[side]}" for row in rows]) for side in ("file1", "file2"))
    complete = gallery.found[first] & gallery.found[second]
    vectors = gallery.embeddings
    scores = np.where(complete, (vectors[first] * vectors[second]).sum(1), -1).astype(np.float32)
    same = np.array([row["same"] == "1" for row in rows])
    return Listed([(row["file1"], row["file2"]) for row in rows], scores, same, complete)


def best_threshold(pairs_: Listed) -> float:
    """The threshold with the most right answers."""
    candidates = np.unique(pairs_.scores)
    return float(candidates[int(np.argmax([pairs_.right(float(value)).sum() for value in candidates]))])


def histogram(train: Listed, test: Listed) -> dict[str, Any]:
    """Scores of the listed pairs of both views, for the page that draws them."""
    scores, same = np.concatenate([train.scores, test.scores]), np.concatenate([train.same, test.same])
    kept = np.concatenate([train.complete, test.complete])
    return {
        "bin_edges": [round(float(edge), 4) for edge in BINS],
        "same": np.histogram(scores[same & kept], BINS)[0].tolist(),
        "different": np.histogram(scores[~same & kept], BINS)[0].tolist(),
        "data": "listed pairs of both development views",
    }


def worst(pairs_: Listed, threshold: float) -> list[dict[str, Any]]:
    """The listed pairs farthest on the wrong side of the threshold, or nearest to it on the right one."""
    margin = np.where(pairs_.same, threshold - pairs_.scores, pairs_.scores - threshold)
    order = np.argsort(-margin, kind="stable")[:COUNT].tolist()
    return [
        {
            "file": " ".join(pairs_.files[i]),
            "similarity": round(float(pairs_.scores[i]), 4),
            "same": bool(pairs_.same[i]),
        }
        for i in order
    ]


def operating_points(network: Network, lfw: Scores, celeba: Scores) -> list[dict[str, float]]:
    """What the thresholds of the manifest give on people that did not set them."""
    points = []
    for point in network.spec.calibration["verify"]["operating_points"]:
        row = {"false_match_rate": point["false_match_rate"], "threshold": point["threshold"]}
        for name, scores in (("lfw", lfw), ("celeba", celeba)):
            matched, missed = scores.at(point["threshold"])
            row |= {
                f"{name}_false_match_rate": float(f"{matched:.3g}"),
                f"{name}_true_match_rate": round(1 - missed, 4),
            }
        points.append(row)
    return points


def curve(scores: Scores) -> dict[str, Any]:
    """The detection-error trade-off: [false-match rate, false-non-match rate, threshold] per point, over all pairs."""
    rows = []
    for rate in POINTS.tolist():
        threshold = scores.threshold(rate)
        matched, missed = scores.at(threshold)
        rows.append([float(f"{matched:.3g}"), round(missed, 4), threshold])
    _, above, below = scores.rates()
    place = int(np.argmin(np.abs(above - below)))
    return {
        "same_pairs": int(scores.same.sum()),
        "different_pairs": int(scores.different.sum()),
        "equal_error_rate": round(float(above[place] + below[place]) / 2, 5),
        "points": rows,
    }
