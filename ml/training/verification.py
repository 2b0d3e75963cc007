"""Thresholds of face verification, and how well it does: Labeled Faces in the Wild (development view only) and AT&T.

    python -m ml.training.verification --data DIR --cache DIR [--weights weights]

Thresholds come from all pairs of different people in pairsDevTrain; everything else is reported on pairsDevTest, whose people are
others, and on AT&T. A pair with an image in which no face is found counts as an error. Writes calibration and figures into the
manifest and weights/reports/<network>-<version>.json.
"""

import argparse
import json
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.align import crop_matrix, prepare, warp
from ml.detectors import build_detectors
from ml.runtime import Network, Networks
from ml.training.entries import annotate
from ml.training.faces import detect_faces, read_image, read_labels
from ml.training.stats import bootstrap, threshold_at
from ml.types import F32, Face, RgbU8

RATES: Final = (1e-2, 1e-3, 1e-4)
DEFAULT_RATE: Final = 1e-3
BINS: Final = np.linspace(-0.4, 1.0, 71)
_LOG = logging.getLogger(__name__)
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Embeddings of a data set: plain and averaged with the mirrored crop, (n, 192) each, and the row of each file."""

    rows: dict[str, int]
    plain: F32
    mirrored: F32


@dataclass(frozen=True, slots=True)
class Pairs:
    """Scores of pairs that both have a face, which of them are one person's, and how many pairs lack a face."""

    scores: F32
    same: Bools
    missing: int

    def correct(self, threshold: float) -> Bools:
        """Right or wrong for every pair; those without a face are wrong."""
        right = (self.scores >= threshold) == self.same
        return np.concatenate([right, np.zeros(self.missing, bool)])


def embed_all(folder: Path, network: Network, faces: dict[str, Face], cache: Path) -> Gallery:
    """Embeddings of the faces of a data set, kept in `cache` (npz)."""
    rows = {name: index for index, name in enumerate(faces)}
    if cache.exists():
        with np.load(cache, allow_pickle=False) as arrays:
            return Gallery(rows, arrays["plain"], arrays["mirrored"])
    plain, mirrored = [], []
    spec = network.spec.input
    with zipfile.ZipFile(folder / "images.zip") as archive:
        for name, face in faces.items():
            rgb_u8 = read_image(archive, name)
            crop = warp(rgb_u8, crop_matrix(spec, face, rgb_u8.shape[:2]), spec.fixed_size)
            plain.append(_embed(network, crop))
            mirrored.append(_embed(network, np.ascontiguousarray(crop[:, ::-1])))
    both = np.stack(plain) + np.stack(mirrored)
    gallery = Gallery(rows, np.stack(plain), both / np.linalg.norm(both, axis=1, keepdims=True))
    np.savez(cache, plain=gallery.plain, mirrored=gallery.mirrored)
    return gallery


def _embed(network: Network, crop: RgbU8) -> F32:
    embedding: F32 = network.run(prepare(network.spec.input, crop))["embedding"][0]
    return embedding


def listed_pairs(gallery: Gallery, rows: Sequence[dict[str, str]], embeddings: F32) -> Pairs:
    """Scores of the pairs of a pairs*.csv."""
    present = [row for row in rows if row["file1"] in gallery.rows and row["file2"] in gallery.rows]
    first = [gallery.rows[row["file1"]] for row in present]
    second = [gallery.rows[row["file2"]] for row in present]
    scores = (embeddings[first] * embeddings[second]).sum(axis=1)
    return Pairs(scores, np.array([row["same"] == "1" for row in present]), len(rows) - len(present))


def all_pairs(gallery: Gallery, people: dict[str, str], embeddings: F32) -> Pairs:
    """Scores of every pair among the files in `people` (file -> person)."""
    names = [name for name in people if name in gallery.rows]
    chosen = embeddings[[gallery.rows[name] for name in names]]
    identity = np.unique([people[name] for name in names], return_inverse=True)[1]
    upper = np.triu_indices(len(names), 1)
    count, missing = len(people), len(people) - len(names)
    lost = missing * (count - missing) + missing * (missing - 1) // 2
    return Pairs((chosen @ chosen.T)[upper], identity[upper[0]] == identity[upper[1]], lost)


def best_threshold(pairs: Pairs) -> float:
    """The threshold with the most right answers."""
    candidates = np.unique(pairs.scores)
    rights = [pairs.correct(float(value)).sum() for value in candidates]
    return float(candidates[int(np.argmax(rights))])


def operating_points(train: Pairs, test: Pairs, test_all: Pairs) -> list[dict[str, float]]:
    """Threshold per false-match rate from `train`; what it gives on the other people of `test` (listed) and `test_all`."""
    points = []
    for rate in RATES:
        threshold = threshold_at(train.scores[~train.same], rate)
        points.append(
            {
                "false_match_rate": rate,
                "threshold": round(threshold, 4),
                "true_match_rate": round(float((test.scores[test.same] >= threshold).mean()), 4),
                "measured_false_match_rate": float(f"{(test_all.scores[~test_all.same] >= threshold).mean():.3g}"),
            }
        )
    return points


def lfw(folder: Path, gallery: Gallery, embeddings: F32) -> tuple[list[dict[str, float]], dict[str, Any]]:
    """Operating points and report of Labeled Faces in the Wild for one kind of embedding."""
    person = {row["file"]: row["person"] for row in read_labels(folder)}
    listed = {name: read_labels(folder, f"pairs{name}.csv") for name in ("DevTrain", "DevTest")}
    files = {name: {row[side] for row in rows for side in ("file1", "file2")} for name, rows in listed.items()}
    people = {name: {person[file] for file in found} for name, found in files.items()}
    if people["DevTrain"] & people["DevTest"]:
        raise ValueError("the development views share people")
    every = {
        name: all_pairs(gallery, {file: person[file] for file in sorted(found)}, embeddings)
        for name, found in files.items()
    }
    train, test = (listed_pairs(gallery, rows, embeddings) for rows in listed.values())
    points = operating_points(every["DevTrain"], test, every["DevTest"])
    best = best_threshold(train)
    default = next(point["threshold"] for point in points if point["false_match_rate"] == DEFAULT_RATE)
    scores, same = np.concatenate([train.scores, test.scores]), np.concatenate([train.same, test.same])
    report = {
        "accuracy": bootstrap(test.correct(best)) | {"threshold": round(best, 4)},
        "accuracy_at_default": bootstrap(test.correct(default)) | {"threshold": default},
        "true_match_rate_at_default": bootstrap((test.scores[test.same] >= default).astype(float)),
        "operating_points": points,
        "impostor_pairs": {name: int((~pairs.same).sum()) for name, pairs in every.items()},
        "people": {name: len(found) for name, found in people.items()},
        "pairs_without_a_face": {"DevTrain": train.missing, "DevTest": test.missing},
        "histogram": {
            "bin_edges": [round(float(edge), 4) for edge in BINS],
            "same": np.histogram(scores[same], BINS)[0].tolist(),
            "different": np.histogram(scores[~same], BINS)[0].tolist(),
            "data": "listed pairs of both development views",
        },
    }
    return points, report


def att(folder: Path, gallery: Gallery, embeddings: F32, threshold: float, best: float) -> dict[str, Any]:
    """Report of AT&T: all pairs, and 240 drawn half from one person, half from two."""
    labels = read_labels(folder)
    pairs = all_pairs(gallery, {row["file"]: row["subject"] for row in labels}, embeddings)
    rng = np.random.default_rng(0)
    drawn = np.concatenate(
        [rng.choice(np.flatnonzero(pairs.same == kind), 120, replace=False) for kind in (True, False)]
    )
    balanced = Pairs(pairs.scores[drawn], pairs.same[drawn], 0)
    own = threshold_at(pairs.scores[~pairs.same], DEFAULT_RATE)
    people = np.unique([row["subject"] for row in labels], return_counts=True)[1]
    lost = int((people * (people - 1) // 2).sum()) - int(pairs.same.sum())
    matched = np.concatenate([pairs.scores[pairs.same], np.full(lost, -np.inf)])  # without a face: not matched
    return {
        "true_match_rate": bootstrap((matched >= own).astype(float)) | {"threshold": round(own, 4)},
        "true_match_rate_at_default": bootstrap((matched >= threshold).astype(float)),
        "false_match_rate_at_default": float((pairs.scores[~pairs.same] >= threshold).mean()),
        "accuracy_240": bootstrap(balanced.correct(best)) | {"threshold": round(best, 4)},
        "accuracy_240_at_default": bootstrap(balanced.correct(threshold)),
        "same_pairs": len(matched),
        "different_pairs": int((~pairs.same).sum()),
        "images_without_a_face": len(labels) - len(gallery.rows),
    }


def run(data: Path, cache: Path, weights: Path, name: str) -> dict[str, Any]:
    """Calibrate and report the network; returns the report."""
    networks = Networks(weights)
    detector = build_detectors(networks)["mtcnn"]
    network = networks.get(name)
    galleries: dict[str, Gallery] = {}
    for kind in ("lfw", "att"):
        files = [row["file"] for row in read_labels(data / kind)]
        faces = detect_faces(data / kind, files, detector, cache / f"faces-{kind}.npz")
        galleries[kind] = embed_all(data / kind, network, faces, cache / f"{name}-{network.spec.version}-{kind}.npz")
        _LOG.info("%s: %d of %d images have a face", kind, len(faces), len(files))
    points, report = lfw(data / "lfw", galleries["lfw"], galleries["lfw"].plain)
    averaged = lfw(data / "lfw", galleries["lfw"], galleries["lfw"].mirrored)[1]
    default = report["accuracy_at_default"]["threshold"]
    best = report["accuracy"]["threshold"]
    full = {
        "lfw": report,
        "lfw_averaged_with_mirrored": {
            key: averaged[key] for key in ("accuracy", "accuracy_at_default", "operating_points")
        },
        "att": att(data / "att", galleries["att"], galleries["att"].plain, default, best),
    }
    _write(weights, network, points, full)
    return full


def _write(weights: Path, network: Network, points: list[dict[str, float]], full: dict[str, Any]) -> None:
    spec = network.spec
    path = weights / "reports" / f"{spec.name}-{spec.version}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(full, indent=1) + "\n", "utf-8")
    accuracy, matches, faces = full["lfw"]["accuracy"], full["att"]["true_match_rate"], full["lfw"]["impostor_pairs"]
    headline = {
        "accuracy": round(accuracy["value"], 4),
        "low": round(accuracy["low"], 4),
        "high": round(accuracy["high"], 4),
        "pairs": accuracy["count"],
        "data": "LFW pairsDevTest",
        "att_true_match_rate": round(matches["value"], 4),
        "impostor_pairs": faces["DevTrain"],
    }
    annotate(
        weights,
        spec.name,
        spec.version,
        calibration={"verify": {"default_false_match_rate": DEFAULT_RATE, "operating_points": points}},
        metrics={"verify": headline},
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.verification", description="Calibrate verification.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets lfw and att")
    parser.add_argument("--cache", type=Path, required=True, help="folder for found faces and embeddings")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--network", default="mobilefacenet")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    report = run(arguments.data, arguments.cache, arguments.weights, arguments.network)
    report["lfw"].pop("histogram")
    _LOG.info("%s", json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
