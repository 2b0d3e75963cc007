"""Thresholds of face verification for any false-match rate of a range, kept with the weights.

    python -m ml.training.verification --data DIR --work DIR [--weights weights] [--network mobilefacenet]

A threshold is what keeps the rate among all pairs of different people of LFW's development training view and among all of
CelebA's training split: the higher of the two. The low end of the range is CelebA's, which has a hundred million such pairs. Figures
come from ml.training.evaluate, which uses other people.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.runtime import Network, Networks
from ml.training.corpus import open_corpus, read_rows
from ml.training.entries import annotate
from ml.training.evaluate import served
from ml.training.evaluate.images import of_corpus, of_folder
from ml.training.faces import read_labels
from ml.training.pairs import Gallery, Scores, embed_all, score_all

RATES: Final = (1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1)
DEFAULT_RATE: Final = 1e-3
_FEWEST: Final = 50  # pairs that must lie above a threshold for it to be believed


def calibrate(network: Network, data: Path, work: Path, networks: Networks) -> dict[str, Any]:
    """[network.calibration.verify]."""
    sources = {
        "lfw": lfw_train(network, data, work, networks),
        "celeba": celeba_scores(network, data, work, networks, "train", "hold"),
    }
    points = []
    for rate in RATES:
        able = [scores for scores in sources.values() if rate * int(scores.different.sum()) >= _FEWEST]
        points.append(
            {"false_match_rate": rate, "threshold": max(scores.threshold(rate) for scores in able)},
        )
    pairs = {f"{name}_pairs": int(scores.different.sum()) for name, scores in sources.items()}
    return {"default_false_match_rate": DEFAULT_RATE, **pairs, "operating_points": points}


def lfw_gallery(network: Network, data: Path, work: Path, networks: Networks) -> Gallery:
    """Embeddings of all images of the development views."""
    files = [row["file"] for row in read_labels(data / "lfw")]
    with of_folder(data / "lfw", files) as images:
        return embed_all(network, images, served.find(images, networks, work, "front"), work)


def lfw_scores(gallery: Gallery, data: Path, view: str) -> Scores:
    """All pairs of the images of one development view, "DevTrain" or "DevTest"."""
    person = {row["file"]: row["person"] for row in read_labels(data / "lfw")}
    rows = read_labels(data / "lfw", f"pairs{view}.csv")
    files = sorted({row[side] for row in rows for side in ("file1", "file2")})
    places = gallery.places([f"lfw/{file}" for file in files])
    kept = gallery.found[places]
    return score_all(gallery.embeddings[places][kept], np.array([person[file] for file in files])[kept])


def lfw_train(network: Network, data: Path, work: Path, networks: Networks) -> Scores:
    """All pairs of LFW's development training view."""
    return lfw_scores(lfw_gallery(network, data, work, networks), data, "DevTrain")


def celeba_scores(network: Network, data: Path, work: Path, networks: Networks, *splits: str) -> Scores:
    """All pairs of CelebA's images of these splits."""
    corpus = open_corpus(data, work)
    images = of_corpus(corpus, "celeba", np.sort(np.concatenate([corpus.rows("celeba", split) for split in splits])))
    gallery = embed_all(network, images, served.find(images, networks, work, "front"), work)
    identity = {f"celeba/{row['file']}": row["identity"] for row in read_rows(data, "celeba")}
    people = np.array([identity[file] for file in gallery.files])
    return score_all(gallery.embeddings[gallery.found], people[gallery.found])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.verification", description="Calibrate verification.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets lfw and celeba")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--network", default="mobilefacenet")
    arguments = parser.parse_args()
    networks = Networks(arguments.weights, threads=1)
    network = networks.get(arguments.network)
    found = calibrate(network, arguments.data, arguments.work, networks)
    for point in found["operating_points"]:
        print(f"{point['false_match_rate']:g}: {point['threshold']:.4f}", flush=True)
    annotate(arguments.weights, network.spec.name, network.spec.version, calibration={"verify": found}, metrics={})


if __name__ == "__main__":
    main()
